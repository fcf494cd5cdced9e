//! Answers longer than a client can parse: cut into segments where it agreed on them, else refused with 432 (IMPS 1.3
//! architecture, C.8.1; docs/wire-notes.md, "Segments").

use std::time::Duration;

use dashmap::DashMap;
use tracing::debug;

use crate::ident::SessionId;
use crate::sap::Sap;
use crate::sap::call::response;
use crate::sap::session::SessionRecord;
use crate::syntax::csp::{self, Message, Transaction};
use crate::syntax::{Encoding, Said};
use crate::time::Timestamp;
use crate::vocabulary::segment::{DropSegmentRequest, GetSegmentRequest, GetSegmentResponse, SegmentId, SegmentInfo};
use crate::vocabulary::status::{Code, Status};
use crate::vocabulary::{Content, Element, Primitive, Text, Version};

/// Long answers kept per session; the oldest gives way.
const MOST: usize = 4;
/// Parts of one answer; a client with so small a parser could not do anything with more.
const MOST_PARTS: usize = 1_000;
/// How long an answer is kept for a client that does not fetch it.
const KEPT: Duration = Duration::from_secs(300);

/// The long answers of every session, in parts.
#[derive(Default)]
pub(in crate::sap) struct Segments {
    kept: DashMap<SessionId, Vec<Cut>>,
}

/// An answer in parts.
struct Cut {
    transaction: Text,
    parts: Vec<Content>,
    since: Timestamp,
}

// === impl Segments ===

impl Segments {
    /// Keeps an answer; the first part, and which it is.
    fn keep(&self, session: &SessionId, cut: Cut) -> Option<(Content, SegmentInfo)> {
        let (id, first) =
            (SegmentId { transaction: cut.transaction.clone(), reference: 1 }, cut.parts.first()?.clone());
        let info = info(&cut, id);
        let mut kept = self.kept.entry(session.clone()).or_default();
        kept.retain(|other| other.transaction != cut.transaction);
        if kept.len() >= MOST {
            kept.remove(0);
        }
        kept.push(cut);
        Some((first, info))
    }

    fn part(&self, session: &SessionId, id: &SegmentId) -> Option<(Content, SegmentInfo)> {
        let kept = self.kept.get(session)?;
        let cut = kept.iter().find(|cut| cut.transaction == id.transaction)?;
        let at = usize::try_from(id.reference).ok()?.checked_sub(1)?;
        Some((cut.parts.get(at)?.clone(), info(cut, id.clone())))
    }

    /// Forgets an answer; false if there is none.
    fn drop(&self, session: &SessionId, id: &SegmentId) -> bool {
        let Some(mut kept) = self.kept.get_mut(session) else { return false };
        let before = kept.len();
        kept.retain(|cut| cut.transaction != id.transaction);
        kept.len() < before
    }

    /// Forgets a session.
    pub(in crate::sap) fn release(&self, session: &SessionId) {
        self.kept.remove(session);
    }

    /// Forgets what nobody fetched.
    pub(in crate::sap) fn sweep(&self, now: Timestamp) {
        self.kept.retain(|_, kept| {
            kept.retain(|cut| now.since(cut.since) < KEPT);
            !kept.is_empty()
        });
    }
}

// === impl Sap ===

impl Sap {
    /// Makes of answers to a client what its parser can take. An answer that is too long comes in segments, or as a
    /// status where the client can't have those.
    pub(in crate::sap) fn fit_parser(
        &self,
        now: Timestamp,
        session: &SessionRecord,
        encoding: Encoding,
        out: &mut Message,
    ) {
        let Some(most) = session.capabilities.parser_size.map(|size| size as usize) else { return };
        if size(out, encoding) <= most {
            return;
        }
        let mut fitting = Message { transactions: Vec::new(), ..out.clone() };
        for answer in std::mem::take(&mut out.transactions) {
            fitting.transactions.push(answer);
            if size(&fitting, encoding) > most
                && let Some(answer) = fitting.transactions.pop()
            {
                let shorter = self.shorter(now, session, encoding, &fitting, &answer, most);
                fitting.transactions.push(shorter);
            }
        }
        out.transactions = fitting.transactions;
    }

    /// What is answered instead of an answer that makes a message too long.
    fn shorter(
        &self,
        now: Timestamp,
        session: &SessionRecord,
        encoding: Encoding,
        others: &Message,
        answer: &Transaction,
        most: usize,
    ) -> Transaction {
        let refused = response(answer.id.clone(), Status::from(Code::RESPONSE_TOO_LARGE));
        let (Some(id), Said::Known(said)) = (&answer.id, &answer.said) else { return refused };
        let agreed = others.version == Version::V13 && session.agreed.has(Element::Sgmnt, &self.offered);
        if !agreed || said.element() == Element::GetSegmentResponse {
            return refused;
        }
        // The largest envelope that a part can have.
        let widest =
            SegmentInfo { count: Some(u32::MAX), id: Some(SegmentId { transaction: id.clone(), reference: u32::MAX }) };
        let mut envelope = others.clone();
        envelope.transactions.push(segment(id.clone(), Content::Text(String::from("x")), widest));
        let room = most.saturating_sub(size(&envelope, encoding));
        let parts = csp::segments(said, others.version, encoding, room).filter(|parts| parts.len() <= MOST_PARTS);
        let Some(parts) = parts else { return refused };
        debug!(session = %session.id, answer = said.element().xml(), parts = parts.len(), "a long answer in segments");
        let cut = Cut { transaction: id.clone(), parts, since: now };
        match self.segments.keep(&session.id, cut) {
            Some((first, info)) => segment(id.clone(), first, info),
            None => refused,
        }
    }

    /// Answers `GetSegment-Request`; the transaction tells which segment it is.
    pub(in crate::sap) fn get_segment(
        &self,
        session: &SessionRecord,
        asked: Option<Text>,
        request: &GetSegmentRequest,
    ) -> Transaction {
        match self.segments.part(&session.id, &request.id) {
            Some((content, info)) => {
                Transaction { segment: Some(info), ..response(asked, GetSegmentResponse { content: Some(content) }) }
            }
            None => response(asked, Status::from(Code::NOT_FOUND)),
        }
    }

    /// Answers `DropSegment-Request`.
    pub(in crate::sap) fn drop_segment(&self, session: &SessionRecord, request: &DropSegmentRequest) -> Primitive {
        let code = if self.segments.drop(&session.id, &request.id) { Code::SUCCESS } else { Code::NOT_FOUND };
        Status::from(code).into()
    }
}

fn info(cut: &Cut, id: SegmentId) -> SegmentInfo {
    SegmentInfo { count: u32::try_from(cut.parts.len()).ok(), id: Some(id) }
}

fn segment(id: Text, content: Content, info: SegmentInfo) -> Transaction {
    Transaction { segment: Some(info), ..response(Some(id), GetSegmentResponse { content: Some(content) }) }
}

/// The bytes of a message with the flag that more waits, which may come yet.
fn size(message: &Message, encoding: Encoding) -> usize {
    csp::write(&Message { poll: Some(true), ..message.clone() }, encoding).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(transaction: &str, second: u64) -> Cut {
        let parts = ["one", "two"].map(|part| Content::Text(part.into())).to_vec();
        Cut { transaction: transaction.into(), parts, since: Timestamp(second * 1000) }
    }

    fn id(transaction: &str, reference: u32) -> SegmentId {
        SegmentId { transaction: transaction.into(), reference }
    }

    #[test]
    fn parts_are_counted_from_one_and_fetched_as_often_as_asked_until_dropped() {
        let (segments, session) = (Segments::default(), SessionId::new("s"));
        let (first, info) = segments.keep(&session, cut("7", 0)).unwrap();
        assert_eq!((first, info), (Content::Text("one".into()), SegmentInfo { count: Some(2), id: Some(id("7", 1)) }));
        for _ in 0..2 {
            let (second, info) = segments.part(&session, &id("7", 2)).unwrap();
            assert_eq!((second, info.id), (Content::Text("two".into()), Some(id("7", 2))));
        }
        for unknown in [id("7", 0), id("7", 3), id("8", 1)] {
            assert_eq!(segments.part(&session, &unknown), None);
        }
        assert!(segments.part(&SessionId::new("other"), &id("7", 1)).is_none());
        assert!(segments.drop(&session, &id("7", 1)) && !segments.drop(&session, &id("7", 1)));
        assert_eq!(segments.part(&session, &id("7", 1)), None);
    }

    #[test]
    fn a_client_that_fetches_nothing_has_few_answers_kept_and_not_for_long() {
        let (segments, session) = (Segments::default(), SessionId::new("s"));
        for transaction in ["1", "2", "3", "4", "5"] {
            segments.keep(&session, cut(transaction, 0));
        }
        assert_eq!(segments.part(&session, &id("1", 1)), None);
        assert!(segments.part(&session, &id("2", 1)).is_some());
        segments.keep(&session, cut("6", 299));
        segments.sweep(Timestamp(300_000));
        assert_eq!(segments.part(&session, &id("5", 1)), None);
        assert!(segments.part(&session, &id("6", 1)).is_some());
    }

    #[test]
    fn the_flag_that_more_waits_is_counted_before_it_is_there() {
        let session = Some(SessionId::new("s"));
        let transactions = vec![response(Some("7".into()), Status::from(Code::SUCCESS))];
        for version in Version::ALL {
            for encoding in [Encoding::Xml, Encoding::Wbxml] {
                let plain =
                    Message { version, session: session.clone(), transactions: transactions.clone(), poll: None };
                let flagged = csp::write(&Message { poll: Some(true), ..plain.clone() }, encoding).len();
                assert!(csp::write(&plain, encoding).len() < flagged);
                assert_eq!(size(&plain, encoding), flagged);
            }
        }
    }
}
