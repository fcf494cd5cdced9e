//! What the server says to a session of its own accord, besides mail: in order, once at a time, bounded
//! (`docs/wire-notes.md`, "Delivery"). It lives in memory; what must survive a restart is mail.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use compact_str::{CompactString, format_compact};
use dashmap::DashMap;
use tracing::warn;

use super::fit::Space;
use crate::ident::{self, SessionId};
use crate::sap::Sap;
use crate::sap::session::SessionRecord;
use crate::syntax::csp;
use crate::syntax::{Encoding, Said};
use crate::time::Timestamp;
use crate::vocabulary::{Element, Mode, Primitive, Text};

/// Requests that wait for one session; more are dropped, since a client that never polls would gather them for ever.
const MOST: usize = 200;
/// Times a request is handed out. Some clients never answer some requests, and what waits behind must go on.
const TURNS: u32 = 2;

/// The requests that wait, by session; a session for which nothing waits has no place here.
pub(in crate::sap) struct Outbox {
    waiting: DashMap<SessionId, VecDeque<Entry>>,
    /// Tells the ids of one run of the node from those of another.
    run: CompactString,
    next: AtomicU64,
}

struct Entry {
    id: Text,
    said: Primitive,
    handed: Option<Timestamp>,
    times: u32,
    /// It was not answered in time, and that is known.
    lapsed: bool,
}

/// How much a client takes, and when.
#[derive(Clone, Copy, Debug)]
pub(in crate::sap) struct Limits {
    pub(in crate::sap) now: Timestamp,
    /// How long an answer may take.
    pub(in crate::sap) patience: Duration,
    /// Requests it may have in hand at once.
    pub(in crate::sap) in_hand: usize,
    /// Requests that have room in the message.
    pub(in crate::sap) in_message: usize,
}

/// What was taken for a client.
#[derive(Debug, Default)]
pub(in crate::sap) struct Taken {
    /// To hand out, in order.
    pub(in crate::sap) requests: Vec<csp::Transaction>,
    /// How many requests the client has in hand, these included.
    pub(in crate::sap) in_hand: usize,
    /// Whether some had to stay.
    pub(in crate::sap) more: bool,
}

// === impl Outbox ===

impl Default for Outbox {
    fn default() -> Self {
        let run = ident::fresh().chars().take(8).collect();
        Self { waiting: DashMap::new(), run, next: AtomicU64::new(1) }
    }
}

impl Outbox {
    /// Adds a request; false if so many wait that it was dropped.
    fn push(&self, session: &SessionId, said: Primitive) -> bool {
        let mut queue = self.waiting.entry(session.clone()).or_default();
        if queue.len() >= MOST {
            return false;
        }
        let id = format_compact!("s{}-{}", self.run, self.next.fetch_add(1, Ordering::Relaxed));
        queue.push_back(Entry { id, said, handed: None, times: 0, lapsed: false });
        true
    }

    /// Whether a request waits that may be handed out now, to a client that may have `free` of them in hand.
    pub(in crate::sap) fn waits(
        &self,
        now: Timestamp,
        record: &SessionRecord,
        encoding: Encoding,
        free: usize,
        patience: Duration,
    ) -> bool {
        let Some(queue) = self.waiting.get(&record.id) else { return false };
        let in_hand = queue.iter().filter(|entry| entry.is_fresh(now, patience)).count();
        let may_go =
            |entry: &Entry| entry.may_go(now, patience) && csp::carries(encoding, record.version, entry.element());
        in_hand < free && queue.iter().any(may_go)
    }

    /// How many requests a client has in hand.
    pub(in crate::sap) fn in_hand(&self, now: Timestamp, session: &SessionId, patience: Duration) -> usize {
        let queue = self.waiting.get(session);
        queue.map_or(0, |queue| queue.iter().filter(|entry| entry.is_fresh(now, patience)).count())
    }

    /// Takes requests for a client, as many as the limits allow and fit into its message. What it can't be told in
    /// its version and encoding stays; what its parser can't hold is dropped.
    pub(in crate::sap) fn take(
        &self,
        session: &SessionId,
        encoding: Encoding,
        Limits { now, patience, in_hand, in_message }: Limits,
        space: &mut Space,
    ) -> Taken {
        let mut taken = Taken::default();
        let Some(mut queue) = self.waiting.get_mut(session) else { return taken };
        let mut dropped = 0;
        queue.retain(|entry| entry.times < TURNS || entry.is_fresh(now, patience));
        taken.in_hand = queue.iter().filter(|entry| entry.is_fresh(now, patience)).count();
        queue.retain_mut(|entry| {
            if taken.more || !entry.may_go(now, patience) || !csp::carries(encoding, space.version(), entry.element()) {
                return true;
            }
            let request = entry.request();
            let bytes = space.size_of(&request);
            if !space.holds(bytes) {
                dropped += 1;
                return false;
            }
            if taken.in_hand >= in_hand || taken.requests.len() >= in_message || !space.take(bytes) {
                taken.more = true;
                return true;
            }
            (entry.handed, entry.times, entry.lapsed) = (Some(now), entry.times + 1, false);
            taken.in_hand += 1;
            taken.requests.push(request);
            true
        });
        // What a client has in hand already may keep all others back: then a poll would bring nothing.
        taken.more &= !taken.requests.is_empty() || taken.in_hand < in_hand;
        drop(queue);
        self.waiting.remove_if(session, |_, queue| queue.is_empty());
        if dropped > 0 {
            metrics::counter!("postern_server_requests_dropped_total").increment(dropped);
            warn!(%session, dropped, "larger than the client's parser; dropped");
        }
        taken
    }

    /// Sessions for which a request waits again that was not answered in time.
    pub(in crate::sap) fn lapsed(&self, now: Timestamp, patience: Duration) -> Vec<SessionId> {
        let mut sessions = Vec::new();
        for mut queue in self.waiting.iter_mut() {
            let (mut lapsed, mut again) = (false, false);
            for entry in queue.iter_mut().filter(|entry| entry.handed.is_some() && !entry.lapsed) {
                entry.lapsed = !entry.is_fresh(now, patience);
                lapsed |= entry.lapsed;
                again |= entry.lapsed && entry.times < TURNS;
            }
            // What had to wait behind one that is given up waits no longer.
            again |= lapsed && queue.iter().any(|entry| entry.handed.is_none());
            if again {
                sessions.push(queue.key().clone());
            }
        }
        sessions
    }

    /// A client answers; false if it was asked nothing under this id.
    pub(in crate::sap) fn answered(&self, session: &SessionId, id: &str) -> bool {
        let Some(mut queue) = self.waiting.get_mut(session) else { return false };
        let before = queue.len();
        queue.retain(|entry| entry.id != id);
        let found = queue.len() < before;
        drop(queue);
        self.waiting.remove_if(session, |_, queue| queue.is_empty());
        found
    }

    /// Forgets a session.
    pub(in crate::sap) fn release(&self, session: &SessionId) {
        self.waiting.remove(session);
    }
}

// === impl Entry ===

impl Entry {
    fn element(&self) -> Element {
        self.said.element()
    }

    fn is_fresh(&self, now: Timestamp, patience: Duration) -> bool {
        self.handed.is_some_and(|since| now.since(since) < patience)
    }

    /// Whether it may be handed out.
    fn may_go(&self, now: Timestamp, patience: Duration) -> bool {
        self.times < TURNS && !self.is_fresh(now, patience)
    }

    fn request(&self) -> csp::Transaction {
        let said = Said::Known(self.said.clone());
        csp::Transaction { mode: Mode::Request, id: Some(self.id.clone()), said, segment: None }
    }
}

// === impl Sap ===

impl Sap {
    /// Says something to a session as soon as its client asks for more, and wakes it.
    pub(in crate::sap) fn tell_session(&self, session: &SessionId, said: impl Into<Primitive>) {
        let said = said.into();
        let element = said.element().xml();
        if self.outbox.push(session, said) {
            self.wake(session);
        } else {
            metrics::counter!("postern_server_requests_dropped_total").increment(1);
            warn!(%session, primitive = element, "too much waits for a client that takes nothing; dropped");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sap::session::tests::record;
    use crate::vocabulary::Version;
    use crate::vocabulary::access::Disconnect;
    use crate::vocabulary::status::{Code, Outcome};

    const PATIENCE: Duration = Duration::from_secs(60);

    fn told(count: usize) -> (Outbox, SessionId) {
        let (outbox, session) = (Outbox::default(), SessionId::new("s"));
        for _ in 0..count {
            assert!(outbox.push(&session, Disconnect { outcome: Code::SUCCESS.into() }.into()));
        }
        (outbox, session)
    }

    fn take(outbox: &Outbox, session: &SessionId, second: u64, room: usize) -> Vec<String> {
        let now = Timestamp(second * 1000);
        let limits = Limits { now, patience: PATIENCE, in_hand: room, in_message: room };
        let mut space = Space::empty(&record("ann"), Version::V12, Encoding::Xml);
        let taken = outbox.take(session, Encoding::Xml, limits, &mut space);
        let number = |id: &Text| id.rsplit('-').next().unwrap().to_owned();
        taken.requests.iter().map(|transaction| number(transaction.id.as_ref().unwrap())).collect()
    }

    #[test]
    fn requests_come_in_order_and_only_as_many_at_once_as_the_client_takes() {
        let (outbox, session) = told(3);
        assert_eq!(take(&outbox, &session, 0, 1), ["1"]);
        assert_eq!(take(&outbox, &session, 1, 1), [] as [&str; 0]);
        let id = format!("s{}-1", outbox.run);
        assert!(id.len() <= 50 && outbox.answered(&session, &id) && !outbox.answered(&session, &id));
        assert_eq!(take(&outbox, &session, 2, 2), ["2", "3"]);
    }

    #[test]
    fn a_request_that_is_never_answered_comes_again_under_its_id_and_then_makes_room() {
        let (outbox, session) = told(2);
        assert_eq!(take(&outbox, &session, 0, 1), ["1"]);
        assert_eq!(take(&outbox, &session, 61, 1), ["1"]);
        assert_eq!(take(&outbox, &session, 122, 1), ["2"]);
    }

    #[test]
    fn no_more_is_put_into_a_message_than_its_client_can_parse() {
        let outbox = Outbox::default();
        let mut record = record("ann");
        record.capabilities.parser_size = Some(2000);
        for letters in [500, 500, 1900, 500] {
            let outcome = Outcome::new(Code::FORCED_LOGOUT, "x".repeat(letters));
            assert!(outbox.push(&record.id, Disconnect { outcome }.into()));
        }
        let limits = Limits { now: Timestamp(0), patience: PATIENCE, in_hand: 9, in_message: 9 };
        let mut space = Space::empty(&record, Version::V12, Encoding::Xml);
        let taken = outbox.take(&record.id, Encoding::Xml, limits, &mut space);
        assert_eq!((taken.requests.len(), taken.more), (1, true));
        let mut space = Space::empty(&record, Version::V12, Encoding::Wbxml);
        let taken = outbox.take(&record.id, Encoding::Wbxml, limits, &mut space);
        assert_eq!((taken.requests.len(), taken.in_hand, taken.more), (2, 3, false), "what is too large is dropped");
        assert!(!outbox.waits(Timestamp(0), &record, Encoding::Xml, 9, PATIENCE));
    }

    #[test]
    fn what_is_not_answered_in_time_is_told_once() {
        let (outbox, session) = told(2);
        assert_eq!(take(&outbox, &session, 0, 1), ["1"]);
        for (second, lapsed) in [(59, 0), (60, 1), (61, 0), (62, 0)] {
            let sessions = outbox.lapsed(Timestamp(second * 1000), PATIENCE);
            assert_eq!(sessions.len(), lapsed, "{second}");
        }
    }

    #[test]
    fn a_client_that_takes_nothing_gathers_no_more_than_the_bound() {
        let (outbox, session) = told(MOST);
        assert!(!outbox.push(&session, Disconnect { outcome: Code::SUCCESS.into() }.into()));
        outbox.release(&session);
        assert!(outbox.push(&session, Disconnect { outcome: Code::SUCCESS.into() }.into()));
    }
}
