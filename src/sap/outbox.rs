//! What the server says to a session of its own accord, besides mail: in order, once at a time, bounded
//! (`docs/wire-notes.md`, "Delivery"). It lives in memory; what must survive a restart is mail.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use compact_str::{CompactString, format_compact};
use dashmap::DashMap;
use tracing::warn;

use super::Sap;
use crate::ident::{self, SessionId};
use crate::syntax::csp;
use crate::syntax::{Encoding, Said};
use crate::time::Timestamp;
use crate::vocabulary::{Mode, Primitive, Text};

/// Requests that wait for one session; more are dropped, since a client that never polls would gather them for ever.
const MOST: usize = 200;
/// Times a request is handed out. Some clients never answer some requests, and what waits behind must go on.
const TURNS: u32 = 2;

/// The requests that wait, by session; a session for which nothing waits has no place here.
pub(super) struct Outbox {
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
}

/// What was taken for a client.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// To hand out, in order.
    pub(super) requests: Vec<csp::Transaction>,
    /// How many requests the client has in hand, these included.
    pub(super) in_hand: usize,
    /// Whether some had to stay.
    pub(super) more: bool,
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
        queue.push_back(Entry { id, said, handed: None, times: 0 });
        true
    }

    /// Whether a request waits that no client has in hand.
    pub(super) fn waits(&self, session: &SessionId) -> bool {
        self.waiting.get(session).is_some_and(|queue| queue.iter().any(|entry| entry.handed.is_none()))
    }

    /// Takes requests for a client that may have `room` of them in hand at once and needs no longer than `patience`
    /// to answer one. What it can't be told in its encoding stays.
    pub(super) fn take(
        &self,
        now: Timestamp,
        session: &SessionId,
        encoding: Encoding,
        room: usize,
        patience: Duration,
    ) -> Taken {
        let mut taken = Taken::default();
        let Some(mut queue) = self.waiting.get_mut(session) else { return taken };
        let fresh = |entry: &Entry| entry.handed.is_some_and(|since| now.since(since) < patience);
        queue.retain(|entry| entry.times < TURNS || fresh(entry));
        taken.in_hand = queue.iter().filter(|entry| fresh(entry)).count();
        for entry in queue.iter_mut().filter(|entry| !fresh(entry)) {
            if !csp::carries(encoding, entry.said.element()) {
                continue;
            }
            if taken.in_hand >= room {
                taken.more = true;
                break;
            }
            (entry.handed, entry.times) = (Some(now), entry.times + 1);
            taken.in_hand += 1;
            let said = Said::Known(entry.said.clone());
            taken.requests.push(csp::Transaction {
                mode: Mode::Request,
                id: Some(entry.id.clone()),
                said,
                segment: None,
            });
        }
        drop(queue);
        self.waiting.remove_if(session, |_, queue| queue.is_empty());
        taken
    }

    /// A client answers; false if it was asked nothing under this id.
    pub(super) fn answered(&self, session: &SessionId, id: &str) -> bool {
        let Some(mut queue) = self.waiting.get_mut(session) else { return false };
        let before = queue.len();
        queue.retain(|entry| entry.id != id);
        let found = queue.len() < before;
        drop(queue);
        self.waiting.remove_if(session, |_, queue| queue.is_empty());
        found
    }

    /// Forgets a session.
    pub(super) fn release(&self, session: &SessionId) {
        self.waiting.remove(session);
    }
}

// === impl Sap ===

impl Sap {
    /// Says something to a session as soon as its client asks for more, and wakes it.
    pub(super) fn tell_session(&self, session: &SessionId, said: impl Into<Primitive>) {
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
    use crate::vocabulary::access::Disconnect;
    use crate::vocabulary::status::Code;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn told(count: usize) -> (Outbox, SessionId) {
        let (outbox, session) = (Outbox::default(), SessionId::new("s"));
        for _ in 0..count {
            assert!(outbox.push(&session, Disconnect { outcome: Code::SUCCESS.into() }.into()));
        }
        (outbox, session)
    }

    fn take(outbox: &Outbox, session: &SessionId, second: u64, room: usize) -> Vec<String> {
        let taken = outbox.take(Timestamp(second * 1000), session, Encoding::Xml, room, PATIENCE);
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
    fn a_client_that_takes_nothing_gathers_no_more_than_the_bound() {
        let (outbox, session) = told(MOST);
        assert!(!outbox.push(&session, Disconnect { outcome: Code::SUCCESS.into() }.into()));
        outbox.release(&session);
        assert!(outbox.push(&session, Disconnect { outcome: Code::SUCCESS.into() }.into()));
    }
}
