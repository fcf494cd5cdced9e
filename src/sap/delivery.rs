//! What waits for a client: handed out in order, one session at a time, until the client says it has it
//! (`docs/wire-notes.md`, "Delivery").

use std::sync::Arc;

use tracing::{debug, error};

use super::Sap;
use super::claims::{Round, Taker};
use super::session::SessionRecord;
use crate::address::Address;
use crate::messaging::{Mail, Message as Kept, Report, Waiting};
use crate::relay::Turn;
use crate::store::{Seq, StoreError};
use crate::syntax::csp::{self, Message, Transaction};
use crate::syntax::{Encoding, Said};
use crate::time::Timestamp;
use crate::vocabulary::message::{DeliveryReportRequest, MessageDelivered, MessageInfo, NewMessage};
use crate::vocabulary::party::{Recipient, Sender, User};
use crate::vocabulary::status::{Code, Outcome, Status};
use crate::vocabulary::{Element, Mode, Primitive, Text};

/// Attempts at a change that somebody else's change overtook.
const ATTEMPTS: usize = 8;
/// Entries of a mailbox read together: each may hold a whole content.
const PAGE: usize = 8;
/// Pages looked at for something to hand out.
const PAGES: usize = 16;
/// What entries of a mailbox are handed out as.
const MAIL: [Element; 2] = [Element::NewMessage, Element::DeliveryReportRequest];

impl Sap {
    /// Adds what waits for the session: to a poll or a client's answer as much as the client takes at once, to
    /// other answers only where the client takes several transactions.
    pub(super) async fn add_server_requests(
        &self,
        now: Timestamp,
        asked: &Message,
        encoding: Encoding,
        hungry: bool,
        out: &mut Message,
    ) {
        let Some(record) = asked.session.as_ref().and_then(|id| self.sessions.get(id)) else { return };
        let most = match encoding {
            Encoding::Pts => 1,
            Encoding::Xml | Encoding::Wbxml => record.capabilities.multi_trans_per_message as usize,
        };
        let room = if hungry { most } else { most.saturating_sub(out.transactions.len()) };
        if room == 0 || (!hungry && most <= 1) {
            out.poll = self.something_waits(&record).await.then_some(true);
            return;
        }
        // Before anything is read: what arrives meanwhile wakes the client again.
        self.sessions.settle(&record.id);
        let patience = self.settings.timers.client_answer;
        let told = self.outbox.take(now, &record.id, encoding, room, patience);
        let room = room.saturating_sub(told.in_hand);
        out.transactions.extend(told.requests);
        out.poll = told.more.then_some(true);
        if room > 0 {
            self.add_mail(now, &record, encoding, room, out).await;
        }
        if out.poll.is_some() {
            self.sessions.stir(now, &record.id);
        }
    }

    /// Adds what waits in the user's mailbox.
    async fn add_mail(
        &self,
        now: Timestamp,
        record: &SessionRecord,
        encoding: Encoding,
        room: usize,
        out: &mut Message,
    ) {
        // What the client could not be told stays for another session of the user.
        if !MAIL.iter().any(|primitive| csp::carries(encoding, *primitive)) {
            return;
        }
        let taker = Taker { now, record, room, patience: self.settings.timers.client_answer };
        let found = match self.look_for(&taker, Round::InTurn).await {
            Ok((taken, false)) if taken.is_empty() => self.look_for(&taker, Round::Behind).await,
            found => found,
        };
        match found {
            Ok((taken, more)) => {
                out.transactions.extend(taken.iter().map(hand_out));
                out.poll = out.poll.or(more.then_some(true));
            }
            Err(error) => error!(%error, user = %record.user, "the mailbox could not be read"),
        }
    }

    /// Takes what a session may have in hand, page by page; whether more waits.
    async fn look_for(&self, taker: &Taker<'_>, round: Round) -> Result<(Vec<Waiting>, bool), StoreError> {
        let (mut found, mut after) = (Vec::new(), 0);
        for _ in 0..PAGES {
            let page = self.messaging.waiting(&taker.record.user, after, PAGE).await?;
            let Some(last) = page.last().map(|entry| entry.seq) else { return Ok((found, false)) };
            let whole = page.len() < PAGE;
            after = last;
            let (taken, more) = self.claims.take(taker, page, round);
            found.extend(taken);
            if more || whole {
                return Ok((found, more));
            }
        }
        Ok((found, true))
    }

    /// A client answers a request of ours.
    pub(super) async fn take_client_answer(self: &Arc<Self>, now: Timestamp, message: &Message, answer: &Transaction) {
        let Some(record) = message.session.as_ref().and_then(|id| self.sessions.get(id)) else { return };
        if answer.id.as_deref().is_some_and(|id| self.outbox.answered(&record.id, id)) {
            return;
        }
        let Some(seq) = answer.id.as_deref().and_then(seq_of) else {
            debug!(session = %record.id, "an answer to nothing we asked");
            return;
        };
        let refused = match &answer.said {
            Said::Known(Primitive::Status(status)) if !status.outcome.code.is_success() => Some(status.outcome.code),
            _ => None,
        };
        if let Err(error) = self.settle_entry(now, &record.user, seq, refused).await {
            error!(%error, user = %record.user, "a delivery could not be stored");
        }
    }

    /// `MessageDelivered` as a request of its own.
    pub(super) async fn delivered_later(
        self: &Arc<Self>,
        now: Timestamp,
        session: &SessionRecord,
        delivered: &MessageDelivered,
    ) -> Status {
        let code = match self.messaging.find(&session.user, &delivered.message).await {
            Ok(Some(waiting)) => match self.settle_entry(now, &session.user, waiting.seq, None).await {
                Ok(()) => Code::SUCCESS,
                Err(_) => Code::UNAVAILABLE,
            },
            Ok(None) => Code::INVALID_MESSAGE,
            Err(_) => Code::UNAVAILABLE,
        };
        code.into()
    }

    /// The phone has the entry, or refused it: it leaves the mailbox, and the sender hears of it if he asked.
    pub(super) async fn settle_entry(
        self: &Arc<Self>,
        now: Timestamp,
        user: &Address,
        seq: Seq,
        refused: Option<Code>,
    ) -> Result<(), StoreError> {
        let fate = refused.unwrap_or(Code::SUCCESS);
        for _ in 0..ATTEMPTS {
            let mut turn = Turn::default();
            let report = self.messaging.settle(now, user, seq, fate, &mut turn.changes).await?;
            if turn.changes.is_empty() {
                // Another session of the user was faster: the entry is gone, and its report is on its way.
                break;
            }
            if let Some(report) = report {
                self.send_report(now, &report, &mut turn);
            }
            match self.carry(now, turn).await {
                Ok(()) => {
                    if fate.is_success() {
                        metrics::counter!("postern_messages_delivered_total").increment(1);
                    }
                    break;
                }
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.claims.done(now, user, seq);
        Ok(())
    }
}

/// The server's transaction id of a mailbox entry: the same whenever it is handed out again.
fn transaction_id(seq: Seq) -> Text {
    format!("m{seq}").into()
}

fn seq_of(id: &str) -> Option<Seq> {
    id.strip_prefix('m')?.parse().ok()
}

fn hand_out(entry: &Waiting) -> Transaction {
    let primitive = match &entry.mail {
        Mail::Message(message) => Primitive::NewMessage(new_message(message)),
        Mail::Report(report) => Primitive::DeliveryReportRequest(delivery_report(report)),
    };
    Transaction {
        mode: Mode::Request,
        id: Some(transaction_id(entry.seq)),
        said: Said::Known(primitive),
        segment: None,
    }
}

fn new_message(message: &Kept) -> NewMessage {
    let (encoding, content) = crate::vocabulary::message::content_of(&message.content_type, &message.content);
    let sender = User {
        id: message.sender.to_string().into(),
        friendly_name: message.sender_name.clone(),
        client: message.sender_client.clone(),
        ..User::default()
    };
    let info = MessageInfo {
        id: Some(message.id.clone()),
        uri: message.uri.clone(),
        content_type: Some(message.content_type.clone()),
        encoding,
        size: u32::try_from(message.content.len()).ok(),
        name: message.content_name.clone(),
        recipient: Some(users(message.recipients.iter())),
        sender: Some(Sender { user: Some(sender), group: None }),
        date: Some(message.sent.iso_basic().into()),
        font: message.font.clone().map(Into::into),
        ..MessageInfo::default()
    };
    NewMessage { user: None, info, content: Some(content) }
}

fn delivery_report(report: &Report) -> DeliveryReportRequest {
    let outcome = Outcome { code: report.code, description: report.description.clone(), ..Outcome::default() };
    let info = MessageInfo {
        id: Some(report.message.clone()),
        content_type: Some(report.content_type.clone()),
        size: u32::try_from(report.size).ok(),
        name: report.content_name.clone(),
        recipient: Some(users(std::iter::once(&report.recipient))),
        sender: Some(Sender { user: Some(user(&report.to)), group: None }),
        date: Some(report.sent.iso_basic().into()),
        ..MessageInfo::default()
    };
    DeliveryReportRequest { outcome, time: Some(report.at.iso_basic().into()), info }
}

fn user(address: &Address) -> User {
    User { id: address.to_string().into(), ..User::default() }
}

fn users<'a>(addresses: impl Iterator<Item = &'a Address>) -> Recipient {
    Recipient { users: addresses.map(user).collect(), ..Recipient::default() }
}
