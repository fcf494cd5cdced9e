//! Telling a client that its session is over: `Disconnect` where it listens, a `Status` where it asks
//! (`docs/wire-notes.md`, "Sessions of clients").

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Reason;
use crate::ident::{self, SessionId};
use crate::sap::Sap;
use crate::sap::call::{Call, response};
use crate::sap::session::{SessionRecord, Sessions};
use crate::syntax::csp::{Message, Transaction};
use crate::syntax::{Encoding, Said};
use crate::time::Timestamp;
use crate::vocabulary::access::Disconnect;
use crate::vocabulary::status::{Outcome, Status};
use crate::vocabulary::{Mode, Primitive, Text, Version};

/// Sessions remembered at once; the oldest are forgotten first.
const MOST: usize = 10_000;

/// Sessions that are over and whose clients have to be told so. It lives in memory: after a restart they hear that
/// the session is unknown.
#[derive(Default)]
pub(in crate::sap) struct Farewells {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: HashMap<SessionId, Farewell>,
    /// Oldest first, and until when each is remembered.
    order: VecDeque<(Timestamp, SessionId)>,
    /// Keys of wake-up URLs.
    by_key: HashMap<Text, SessionId>,
}

struct Farewell {
    reason: Reason,
    version: Version,
    from: IpAddr,
    key: Option<Text>,
    told: bool,
}

/// What is known of a session that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// Its client hears it now, once.
    Now(Reason),
    /// Its client was told.
    Before,
}

// === impl Farewells ===

impl Farewells {
    /// Remembers that a client has to be told. Returns sessions forgotten to make room.
    pub(super) fn add(&self, until: Timestamp, record: &SessionRecord, reason: Reason) -> Vec<SessionId> {
        let key = record.capabilities.cir_methods.iter().any(|method| method == "SHTTP");
        let key = key.then(|| Sessions::key_of(&record.id));
        let farewell = Farewell { reason, version: record.version, from: record.from, key: key.clone(), told: false };
        let mut state = self.lock();
        state.by_key.extend(key.map(|key| (key, record.id.clone())));
        state.known.insert(record.id.clone(), farewell);
        state.order.push_back((until, record.id.clone()));
        let mut forgotten = Vec::new();
        while state.order.len() > MOST {
            forgotten.extend(state.forget_oldest());
        }
        forgotten
    }

    /// Forgets those whose time is over; which they were, if they were never told.
    pub(in crate::sap) fn sweep(&self, now: Timestamp) -> Vec<SessionId> {
        let mut state = self.lock();
        let mut forgotten = Vec::new();
        while state.order.front().is_some_and(|(until, _)| *until <= now) {
            forgotten.extend(state.forget_oldest());
        }
        forgotten
    }

    /// The version of a session that is over.
    pub(in crate::sap) fn version(&self, id: &SessionId) -> Option<Version> {
        self.lock().known.get(id).map(|farewell| farewell.version)
    }

    /// Whether a client has to be told behind a key of the wake-up URL.
    pub(in crate::sap) fn waits_behind(&self, key: &str) -> bool {
        let state = self.lock();
        state.by_key.get(key).and_then(|id| state.known.get(id)).is_some_and(|farewell| !farewell.told)
    }

    /// How many were ended for this reason and not told yet.
    pub(super) fn untold(&self, reason: Reason) -> usize {
        self.lock().known.values().filter(|farewell| !farewell.told && farewell.reason == reason).count()
    }

    /// What the client of a session is to be told; `from` is where it asks from, if that counts.
    fn take(&self, id: &SessionId, from: Option<IpAddr>) -> Option<Known> {
        let mut state = self.lock();
        let farewell = state.known.get_mut(id).filter(|farewell| from.is_none_or(|from| farewell.from == from))?;
        let told = std::mem::replace(&mut farewell.told, true);
        Some(if told { Known::Before } else { Known::Now(farewell.reason) })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl State ===

impl State {
    /// Forgets the oldest; which it was, if it was never told.
    fn forget_oldest(&mut self) -> Option<SessionId> {
        let (_, id) = self.order.pop_front()?;
        let farewell = self.known.remove(&id)?;
        if let Some(key) = &farewell.key {
            self.by_key.remove(key);
        }
        (!farewell.told).then_some(id)
    }
}

// === impl Sap ===

impl Sap {
    /// What a client gets whose session is over: once, why; nothing, if it only answers that. `None` if it is told
    /// like one whose session nobody knows.
    pub(in crate::sap) fn farewell(&self, message: &Message, call: &Call) -> Option<Message> {
        let id = message.session.as_ref()?;
        let from = self.settings.access.bind_session_to_address.then_some(call.via.client);
        let reason = match self.farewells.take(id, from)? {
            Known::Now(reason) => reason,
            Known::Before if message.transactions.iter().all(|t| t.mode == Mode::Response) => {
                return Some(Message { transactions: Vec::new(), poll: None, ..message.clone() });
            }
            Known::Before => return None,
        };
        self.hang_up(id);
        let requests = message.transactions.iter().filter(|transaction| asks(transaction));
        let mut transactions: Vec<_> =
            requests.map(|transaction| response(transaction.id.clone(), status(reason))).collect();
        if transactions.is_empty() {
            transactions.push(disconnect(message, call.encoding, reason));
        }
        Some(Message { transactions, poll: None, ..message.clone() })
    }
}

/// A request that wants an answer of its own.
fn asks(transaction: &Transaction) -> bool {
    transaction.mode == Mode::Request && !matches!(transaction.said, Said::Known(Primitive::PollingRequest(_)))
}

fn outcome(reason: Reason) -> Outcome {
    Outcome::new(reason.code(), reason.words())
}

fn status(reason: Reason) -> Status {
    Status { outcome: outcome(reason), client: None }
}

/// `Disconnect` as a request of the server. PTS, which does not tell requests from answers and counts them, has it
/// under the client's own id.
fn disconnect(message: &Message, encoding: Encoding, reason: Reason) -> Transaction {
    let said = Disconnect { outcome: outcome(reason) };
    if encoding == Encoding::Pts {
        return response(message.transactions.first().and_then(|t| t.id.clone()), said);
    }
    let id = format!("bye-{}", ident::fresh());
    Transaction { mode: Mode::Request, id: Some(id.into()), ..response(None, said) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sap::session::tests::record;

    #[test]
    fn a_client_is_told_once_and_remembered_as_told() {
        let (farewells, record) = (Farewells::default(), record("ann"));
        assert_eq!(farewells.take(&record.id, None), None);
        farewells.add(Timestamp(1000), &record, Reason::Operator);
        assert_eq!(farewells.untold(Reason::Operator), 1);
        assert_eq!(farewells.take(&record.id, Some([127, 0, 0, 9].into())), None, "from elsewhere");
        assert_eq!(farewells.take(&record.id, Some([127, 0, 0, 1].into())), Some(Known::Now(Reason::Operator)));
        assert_eq!(farewells.take(&record.id, None), Some(Known::Before));
        assert_eq!(farewells.untold(Reason::Operator), 0);
        assert!(farewells.sweep(Timestamp(1000)).is_empty(), "it was told");
        assert_eq!(farewells.take(&record.id, None), None);
    }

    #[test]
    fn who_never_asks_is_forgotten_in_time_and_the_oldest_first() {
        let (farewells, first) = (Farewells::default(), record("ann"));
        farewells.add(Timestamp(1000), &first, Reason::Expired);
        for _ in 1..MOST {
            assert!(farewells.add(Timestamp(2000), &record("bob"), Reason::Expired).is_empty());
        }
        assert_eq!(farewells.add(Timestamp(2000), &record("bob"), Reason::Expired), [first.id]);
        assert_eq!(farewells.sweep(Timestamp(1999)), []);
        assert_eq!(farewells.sweep(Timestamp(2000)).len(), MOST);
    }

    #[test]
    fn a_key_of_the_wake_up_url_says_that_something_waits_until_it_was_told() {
        let (farewells, mut record) = (Farewells::default(), record("ann"));
        record.capabilities.cir_methods = vec!["SHTTP".into()];
        let key = Sessions::key_of(&record.id);
        farewells.add(Timestamp(1000), &record, Reason::Operator);
        assert!(farewells.waits_behind(&key));
        farewells.take(&record.id, None);
        assert!(!farewells.waits_behind(&key));
        farewells.sweep(Timestamp(1000));
        assert!(farewells.lock().by_key.is_empty());
    }
}
