//! Polls that wait for something to come, for clients that ask for it (docs/wire-notes.md, "CSP over HTTP").
//!
//! Kept polite: a phone of the field sends one request at a time and would be struck dumb by an answer that waits, so
//! only a poll with the HTTP header `Prefer: wait=SECONDS` is held; a later poll of the session ends it; and the polls
//! held never fill the places of requests that want an answer now.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout_at};

use super::Hunger;
use crate::sap::Sap;
use crate::sap::call::Call;
use crate::syntax::Said;
use crate::syntax::csp::{Message, Transaction};
use crate::time::Timestamp;
use crate::vocabulary::{Mode, Primitive};

/// Polls held at once, of all sessions; more are answered at once.
const PLACES: usize = 1_024;
/// The longest wait, whatever is configured: answers have 60 s.
const LONGEST: Duration = Duration::from_secs(45);

/// The polls that are held.
pub(in crate::sap) struct Hold {
    places: Semaphore,
    over: watch::Sender<bool>,
}

// === impl Hold ===

impl Default for Hold {
    fn default() -> Self {
        Self { places: Semaphore::new(PLACES), over: watch::Sender::new(false) }
    }
}

// === impl Sap ===

impl Sap {
    /// Answers every poll that is held, now and from now on: the node is about to stop.
    pub fn release_polls(&self) {
        self.hold.over.send_replace(true);
    }

    /// Holds a poll to which there is nothing to say until there is, or its time is over.
    pub(in crate::sap) async fn hold_poll(self: &Arc<Self>, asked: &Message, call: &Call, out: &mut Message) {
        let wait = call.wait.min(self.settings.timers.long_poll).min(LONGEST);
        if wait.is_zero() || !out.transactions.is_empty() || !asked.transactions.iter().all(is_poll) {
            return;
        }
        let Some(session) = &asked.session else { return };
        let (Some(arrival), Ok(_place)) = (self.sessions.arrival(session), self.hold.places.try_acquire()) else {
            return;
        };
        let number = arrival.displace();
        let mut over = self.hold.over.subscribe();
        let until = Instant::now() + wait;
        while arrival.is_latest(number) && !*over.borrow_and_update() && self.sessions.get(session).is_some() {
            let arrived = arrival.notified();
            tokio::pin!(arrived);
            // From here on nothing that arrives is missed.
            arrived.as_mut().enable();
            self.add_server_requests(Timestamp::now(), asked, call.encoding, Hunger::POLLS, out).await;
            if !out.transactions.is_empty() {
                return;
            }
            tokio::select! {
                woken = timeout_at(until, arrived) => if woken.is_err() { return },
                _ = over.changed() => return,
            }
        }
    }
}

fn is_poll(transaction: &Transaction) -> bool {
    transaction.mode == Mode::Request && matches!(transaction.said, Said::Known(Primitive::PollingRequest(_)))
}
