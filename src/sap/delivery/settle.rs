//! What clients say of what they were handed: they have it, know of it, or do not want it (`docs/wire-notes.md`,
//! "Delivery", "Several sessions").

use std::sync::Arc;

use tracing::{debug, error};

use super::audience::Audience;
use super::claims::{Kind, Taker};
use super::handed::Place;
use crate::address::Address;
use crate::messaging::{Copies, Mail, Waiting};
use crate::relay::Turn;
use crate::sap::Sap;
use crate::sap::session::SessionRecord;
use crate::store::{Changes, Key, Seq, StoreError};
use crate::syntax::Said;
use crate::syntax::csp::{Message, Transaction};
use crate::time::Timestamp;
use crate::vocabulary::Primitive;
use crate::vocabulary::message::MessageDelivered;
use crate::vocabulary::status::Code;

/// Attempts at a change that somebody else's change overtook.
const ATTEMPTS: usize = 8;
/// Entries of a mailbox read together: each may hold a whole content.
const PAGE: usize = 8;

impl Sap {
    /// A client answers a request of ours.
    pub(in crate::sap) async fn take_client_answer(
        self: &Arc<Self>,
        now: Timestamp,
        message: &Message,
        answer: &Transaction,
    ) {
        let Some(record) = message.session.as_ref().and_then(|id| self.sessions.get(id)) else { return };
        if answer.id.as_deref().is_some_and(|id| self.outbox.answered(&record.id, id)) {
            return;
        }
        let settled = match (answer.id.as_deref().and_then(Place::of), &answer.said) {
            (Some(Place { seq, kind: Kind::Notice }), _) => {
                self.claims.told(&record.user, &record.id, seq);
                return;
            }
            (Some(Place { seq, kind: Kind::Whole }), said) => {
                let fate = match said {
                    Said::Known(Primitive::Status(status)) if !status.outcome.code.is_success() => status.outcome.code,
                    _ => Code::SUCCESS,
                };
                self.settle_for(now, &record, seq, fate).await.map(|_| ())
            }
            // Some confirm what they fetched so, with the id of their own request.
            (None, Said::Known(Primitive::MessageDelivered(delivered))) => {
                self.delivered(now, &record, delivered).await.map(|_| ())
            }
            (None, _) => {
                debug!(session = %record.id, "an answer to nothing we asked");
                return;
            }
        };
        if let Err(error) = settled {
            error!(%error, user = %record.user, "a delivery could not be stored");
        }
    }

    /// A client has a message; 426 if nothing with that id waits for it.
    pub(in crate::sap) async fn delivered(
        self: &Arc<Self>,
        now: Timestamp,
        session: &SessionRecord,
        delivered: &MessageDelivered,
    ) -> Result<Code, StoreError> {
        let Some(waiting) = self.find_for(now, session, &delivered.message).await? else {
            return Ok(Code::INVALID_MESSAGE);
        };
        let settled = self.settle_for(now, session, waiting.seq, Code::SUCCESS).await?;
        Ok(if settled { Code::SUCCESS } else { Code::INVALID_MESSAGE })
    }

    /// The message with an id that waits for a session; `None` if there is none, or the session has it.
    pub(in crate::sap) async fn find_for(
        &self,
        now: Timestamp,
        session: &SessionRecord,
        message: &str,
    ) -> Result<Option<Waiting>, StoreError> {
        let user = &session.user;
        let mut after = match self.claims.place_of(user, message) {
            Ok(seq) => {
                let found = self.messaging.entry(user, seq).await?;
                return Ok(
                    found.filter(|waiting| id_of(waiting) == Some(message) && self.is_open_to(now, session, waiting))
                );
            }
            Err(known) => known,
        };
        loop {
            let page = self.messaging.waiting(user, after, PAGE).await?;
            let Some(last) = page.last().map(|waiting| waiting.seq) else { return Ok(None) };
            let ids = page.iter().filter_map(|waiting| Some((id_of(waiting)?.into(), waiting.seq)));
            self.claims.learn(user, &session.id, ids.collect(), last);
            let whole = page.len() < PAGE;
            if let Some(found) = page.into_iter().find(|waiting| id_of(waiting) == Some(message)) {
                return Ok(Some(found).filter(|waiting| self.is_open_to(now, session, waiting)));
            }
            if whole {
                return Ok(None);
            }
            after = last;
        }
    }

    fn is_open_to(&self, now: Timestamp, session: &SessionRecord, waiting: &Waiting) -> bool {
        self.is_open_among(now, session, &self.audience(&session.user), waiting)
    }

    /// Whether a session, among those of its user, may see an entry: a message meant for it that it does not have.
    pub(in crate::sap) fn is_open_among(
        &self,
        now: Timestamp,
        session: &SessionRecord,
        audience: &Audience<'_>,
        waiting: &Waiting,
    ) -> bool {
        let Mail::Message(message) = &waiting.mail else { return false };
        waiting.expires > now
            && self.claims.sees(&session.user, &session.id, waiting.seq)
            && audience.may_see(&session.id, message)
    }

    /// A session has an entry (200) or will not take it: it stays for the others it is for, and the sender hears
    /// of it if he asked. False if there was nothing to do.
    async fn settle_for(
        self: &Arc<Self>,
        now: Timestamp,
        session: &SessionRecord,
        seq: Seq,
        fate: Code,
    ) -> Result<bool, StoreError> {
        let patience = self.settings.timers.client_answer;
        self.claims.hold(Taker { now, user: &session.user, session: &session.id, patience }, seq);
        for _ in 0..ATTEMPTS {
            let mut turn = Turn::default();
            let others = |mail: &Mail| match self.sessions.of_user(&session.user).len() {
                0 | 1 => Vec::new(),
                _ => self.audience(&session.user).others(&session.id, mail),
            };
            let place = (&session.user, seq);
            let settled = self.messaging.settle_for(now, place, &session.id, others, fate, &mut turn.changes).await?;
            // Gone, or taken before; its report is on its way.
            let Some(settled) = settled else { return Ok(false) };
            if let Some(report) = &settled.report {
                self.send_report(now, report, &mut turn);
            }
            match self.carry(now, turn).await {
                Ok(()) => {
                    if fate.is_success() && settled.first {
                        metrics::counter!("postern_messages_delivered_total").increment(1);
                    }
                    if !settled.open.is_empty() {
                        self.claims.had(now, &session.user, &session.id, seq, settled.open);
                    }
                    return Ok(true);
                }
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// An entry leaves the mailbox for all sessions of its user, and the sender hears of it if he asked.
    pub(in crate::sap) async fn settle_entry(
        self: &Arc<Self>,
        now: Timestamp,
        user: &Address,
        seq: Seq,
        fate: Code,
    ) -> Result<(), StoreError> {
        for _ in 0..ATTEMPTS {
            let mut turn = Turn::default();
            let report = self.messaging.settle(now, user, seq, fate, &mut turn.changes).await?;
            if turn.changes.is_empty() {
                break;
            }
            if let Some(report) = report {
                self.send_report(now, &report, &mut turn);
            }
            match self.carry(now, turn).await {
                Err(StoreError::Conflict { .. }) => {}
                done => return done,
            }
        }
        Ok(())
    }

    /// A session refuses a message: for all sessions of its user, unless one of them has it already.
    pub(in crate::sap) async fn reject(
        self: &Arc<Self>,
        now: Timestamp,
        session: &SessionRecord,
        seq: Seq,
    ) -> Result<(), StoreError> {
        match self.messaging.copies(&session.user, seq).await? {
            Some(copies) if copies.taken => self.settle_for(now, session, seq, Code::REJECTED).await.map(|_| ()),
            _ => self.settle_entry(now, &session.user, seq, Code::REJECTED).await,
        }
    }

    /// Takes up a record of who has yet to take an entry, after a restart.
    pub fn restore_copies(&self, key: &Key, value: &[u8]) {
        if let Some(((user, seq), copies)) = Copies::entry_of(key).zip(Copies::read(value)) {
            self.claims.set_copies(&user, seq, copies.open);
        }
    }

    /// Waits no longer for sessions that are over to take what others have.
    pub(in crate::sap) async fn tidy_copies(self: &Arc<Self>) -> Result<(), StoreError> {
        let is_over = |session: &_| self.sessions.version(session).is_none();
        for (user, seq) in self.claims.forsaken(is_over) {
            for _ in 0..ATTEMPTS {
                let mut changes = Changes::default();
                let open = self.messaging.forsake(&user, seq, is_over, &mut changes).await?;
                let Some(open) = open else { break };
                match self.carry(Timestamp::now(), Turn { changes, ..Turn::default() }).await {
                    Ok(()) => {
                        self.claims.set_copies(&user, seq, open);
                        break;
                    }
                    Err(StoreError::Conflict { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }
}

fn id_of(waiting: &Waiting) -> Option<&str> {
    match &waiting.mail {
        Mail::Message(message) => Some(&message.id),
        Mail::Report(_) => None,
    }
}
