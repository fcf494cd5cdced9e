//! Sessions of clients: who they are, what they can take, when they die (IMPS 1.3 architecture, C.5).

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use super::capability::{Capabilities, SHTTP};
use super::hold::Arrival;
use super::pts::Numbers;
use super::services::Agreed;
use crate::address::Address;
use crate::ident::{self, SessionId};
use crate::store::{Changes, Key};
use crate::syntax::csp;
use crate::time::Timestamp;
use crate::vocabulary::party::ClientId;
use crate::vocabulary::{Text, Version};

/// Answers kept per session, so that a repeated request is answered alike.
const REMEMBERED: usize = 64;

/// A client that was told that something waits and did not ask is told again when more arrives, but no sooner.
const WAKE_AGAIN: Duration = Duration::from_secs(60);

/// What of a session survives a restart of the node: record `session/<id>`.
#[derive(Clone, Serialize, Deserialize)]
pub struct SessionRecord {
    /// The id, a credential.
    pub id: SessionId,
    /// The user.
    pub user: Address,
    /// The client.
    pub client: ClientId,
    /// The application (1.3).
    #[serde(default)]
    pub application: Option<Text>,
    /// The client's secret for wake-ups.
    #[serde(default)]
    pub cookie: Text,
    /// The version it logged in with.
    pub version: Version,
    /// Seconds of silence it survives.
    pub keep_alive: u32,
    /// Where it logged in from.
    pub from: IpAddr,
    /// When it logged in.
    pub since: Timestamp,
    /// What the client can take.
    #[serde(default)]
    pub capabilities: Capabilities,
    /// Which services were agreed.
    #[serde(default)]
    pub agreed: Agreed,
    /// General notifications the client wants (1.3), by type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notifications: Vec<Text>,
}

/// An answer on its way: whoever repeats the request waits for the same one.
pub(super) type PendingAnswer = Arc<OnceCell<Option<csp::Transaction>>>;

struct Live {
    record: SessionRecord,
    last_heard: Timestamp,
    answers: HashMap<(Text, u128), PendingAnswer>,
    /// The requests answered, oldest first, and until when.
    order: VecDeque<((Text, u128), Timestamp)>,
    /// Of our requests, where the client writes PTS.
    numbers: Numbers,
    /// When the client was told that something waits; `None` if nothing does.
    stirred: Option<Timestamp>,
    /// Wakes a poll that waits for something.
    arrival: Option<Arc<Arrival>>,
}

/// Every client session of the node.
#[derive(Default)]
pub struct Sessions {
    live: DashMap<SessionId, Live>,
    of_user: DashMap<Address, Vec<SessionId>>,
    /// Keys of wake-up URLs, of sessions that agreed on one.
    by_key: DashMap<Text, SessionId>,
}

/// A session as the operator sees it.
#[derive(Clone, Debug, Serialize)]
pub struct SessionView {
    /// First characters of its id.
    pub id: String,
    /// The user.
    pub user: Address,
    /// The version.
    pub version: Version,
    /// Milliseconds since login.
    pub age_ms: u64,
    /// Milliseconds since it was last heard.
    pub idle_ms: u64,
    /// Seconds of silence it survives.
    pub ttl_s: u32,
}

// === impl SessionRecord ===

impl SessionRecord {
    /// The prefix of every session's key.
    pub fn prefix() -> Key {
        Key::of(&["session", ""])
    }

    fn key(id: &SessionId) -> Key {
        Key::of(&["session", id.expose()])
    }

    /// Writes the session.
    pub fn save(&self, changes: &mut Changes) {
        // Plain data with string keys: serialising cannot fail.
        changes.put(Self::key(&self.id), serde_json::to_vec(self).unwrap_or_default());
    }

    /// Removes the session.
    pub fn erase(id: &SessionId, changes: &mut Changes) {
        changes.delete(Self::key(id));
    }

    fn ttl(&self) -> Duration {
        Duration::from_secs(u64::from(self.keep_alive))
    }
}

// === impl Sessions ===

impl Sessions {
    /// A new id: 128 random bits, short enough for every client (50 characters at most).
    pub fn new_id() -> SessionId {
        SessionId::new(ident::fresh())
    }

    /// Puts a session in force.
    pub fn open(&self, now: Timestamp, record: SessionRecord) {
        let (id, user) = (record.id.clone(), record.user.clone());
        let live = Live {
            record,
            last_heard: now,
            answers: HashMap::new(),
            order: VecDeque::new(),
            numbers: Numbers::default(),
            stirred: None,
            arrival: None,
        };
        if live.record.capabilities.wakes_by(SHTTP) {
            self.open_url(&id);
        }
        self.live.insert(id.clone(), live);
        let mut of_user = self.of_user.entry(user).or_default();
        if !of_user.contains(&id) {
            of_user.push(id);
        }
    }

    /// Ends a session; what it was, if it lived.
    pub fn close(&self, id: &SessionId) -> Option<SessionRecord> {
        let (_, live) = self.live.remove(id)?;
        if let Some(mut of_user) = self.of_user.get_mut(&live.record.user) {
            of_user.retain(|other| other != id);
        }
        self.of_user.remove_if(&live.record.user, |_, ids| ids.is_empty());
        self.by_key.remove(&Self::key_of(id));
        if let Some(arrival) = &live.arrival {
            arrival.tell();
        }
        Some(live.record)
    }

    /// A living session's record.
    pub fn get(&self, id: &SessionId) -> Option<SessionRecord> {
        self.live.get(id).map(|live| live.record.clone())
    }

    /// The version a session logged in with.
    pub fn version(&self, id: &SessionId) -> Option<Version> {
        self.live.get(id).map(|live| live.record.version)
    }

    /// Notes a sign of life; false if there is no such session.
    pub fn heard(&self, now: Timestamp, id: &SessionId) -> bool {
        self.live.get_mut(id).map(|mut live| live.last_heard = now).is_some()
    }

    /// Changes a session's record; the new one, to be saved.
    pub fn update(&self, id: &SessionId, change: impl FnOnce(&mut SessionRecord)) -> Option<SessionRecord> {
        let mut live = self.live.get_mut(id)?;
        change(&mut live.record);
        let record = live.record.clone();
        drop(live);
        if record.capabilities.wakes_by(SHTTP) {
            self.open_url(id);
        }
        Some(record)
    }

    /// The place of the answer to a client's transaction: the same for every repetition of it until `until`. After
    /// that the same id and words are a new request.
    pub(super) fn answer_slot(
        &self,
        now: Timestamp,
        until: Timestamp,
        id: &SessionId,
        transaction: &Text,
        said: u128,
    ) -> Option<PendingAnswer> {
        let mut live = self.live.get_mut(id)?;
        let live = &mut *live;
        while live.order.front().is_some_and(|(_, until)| *until <= now || live.order.len() > REMEMBERED) {
            if let Some((oldest, _)) = live.order.pop_front() {
                live.answers.remove(&oldest);
            }
        }
        let key = (transaction.clone(), said);
        if let Some(known) = live.answers.get(&key) {
            return Some(Arc::clone(known));
        }
        let slot = PendingAnswer::default();
        live.answers.insert(key.clone(), Arc::clone(&slot));
        live.order.push_back((key, until));
        Some(slot)
    }

    /// Forgets answers whose time is over: a client that says nothing more would keep them as long as its session.
    pub(super) fn forget_answers(&self, now: Timestamp) {
        for mut live in self.live.iter_mut() {
            let live = &mut *live;
            if live.order.is_empty() || live.order.iter().any(|(_, until)| *until > now) {
                continue;
            }
            live.order = VecDeque::new();
            live.answers = HashMap::new();
        }
    }

    /// The number that stands for a transaction id of ours in a session whose client writes PTS.
    pub(super) fn number_of(&self, session: &SessionId, id: &Text) -> Option<Text> {
        self.live.get_mut(session).map(|mut live| live.numbers.number_of(id))
    }

    /// The transaction id of ours that a number stands for.
    pub(super) fn id_of(&self, session: &SessionId, number: &str) -> Option<Text> {
        self.live.get(session)?.numbers.id_of(number)
    }

    /// Something waits: whether the client is to be told, which it was not yet, or long ago. Then that is noted.
    pub(super) fn stir(&self, now: Timestamp, id: &SessionId) -> bool {
        let Some(mut live) = self.live.get_mut(id) else { return false };
        let tell = live.stirred.is_none_or(|since| now.since(since) >= WAKE_AGAIN);
        if tell {
            live.stirred = Some(now);
        }
        tell
    }

    /// The client asks for what waits: it may be told again of what arrives from now on.
    pub(super) fn settle(&self, id: &SessionId) {
        if let Some(mut live) = self.live.get_mut(id) {
            live.stirred = None;
        }
    }

    /// What tells a poll that waits that something arrived.
    pub(super) fn arrival(&self, id: &SessionId) -> Option<Arc<Arrival>> {
        self.live.get_mut(id).map(|mut live| Arc::clone(live.arrival.get_or_insert_default()))
    }

    /// Something arrived: a poll that waits for it goes on.
    pub(super) fn arrived(&self, id: &SessionId) {
        if let Some(arrival) = self.live.get(id).and_then(|live| live.arrival.clone()) {
            arrival.tell();
        }
    }

    /// The key of a session in its wake-up URL: from it nobody learns the session's id.
    pub(super) fn key_of(id: &SessionId) -> Text {
        ident::base32(ident::fingerprint(format!("wake-up {}", id.expose()).as_bytes()))
    }

    /// Lets a session be found by the key of its wake-up URL.
    fn open_url(&self, id: &SessionId) {
        self.by_key.insert(Self::key_of(id), id.clone());
    }

    /// The session behind the key of a wake-up URL.
    pub(super) fn behind(&self, key: &str) -> Option<SessionRecord> {
        let id = self.by_key.get(key)?.clone();
        self.get(&id)
    }

    /// Who has a session.
    pub fn users(&self) -> Vec<Address> {
        self.of_user.iter().map(|entry| entry.key().clone()).collect()
    }

    /// Whether the user has a session.
    pub fn is_online(&self, user: &Address) -> bool {
        self.of_user.contains_key(user)
    }

    /// The user's sessions with that client and application.
    pub fn same_client(&self, user: &Address, client: &ClientId, application: Option<&Text>) -> Vec<SessionId> {
        let ids = self.of_user.get(user).map(|ids| ids.clone()).unwrap_or_default();
        let same = |id: &SessionId| {
            self.live
                .get(id)
                .is_some_and(|live| live.record.client == *client && live.record.application.as_ref() == application)
        };
        ids.into_iter().filter(same).collect()
    }

    /// Sessions of a user.
    pub fn of_user(&self, user: &Address) -> Vec<SessionId> {
        self.of_user.get(user).map(|ids| ids.clone()).unwrap_or_default()
    }

    /// Sessions that were silent for too long.
    pub fn expired(&self, now: Timestamp) -> Vec<SessionId> {
        let dead = |live: &Live| now.since(live.last_heard) > live.record.ttl();
        self.live.iter().filter(|entry| dead(entry.value())).map(|entry| entry.key().clone()).collect()
    }

    /// The ids of all sessions.
    pub(super) fn ids(&self) -> Vec<SessionId> {
        self.live.iter().map(|entry| entry.key().clone()).collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.live.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    /// Every session for the operator's eyes.
    pub fn views(&self, now: Timestamp) -> Vec<SessionView> {
        let millis = |d: Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
        let view = |live: &Live| SessionView {
            id: live.record.id.to_string(),
            user: live.record.user.clone(),
            version: live.record.version,
            age_ms: millis(now.since(live.record.since)),
            idle_ms: millis(now.since(live.last_heard)),
            ttl_s: live.record.keep_alive,
        };
        self.live.iter().map(|entry| view(entry.value())).collect()
    }
}

#[cfg(test)]
pub(crate) use tests::record as sample;

#[cfg(test)]
pub(in crate::sap) mod tests {
    use super::*;

    /// A session of a user of north.example, with an id of its own.
    pub(crate) fn record(user: &str) -> SessionRecord {
        SessionRecord {
            id: Sessions::new_id(),
            user: format!("wv:{user}@north.example").try_into().unwrap(),
            client: ClientId::default(),
            application: None,
            cookie: Text::default(),
            version: Version::V12,
            keep_alive: 60,
            from: IpAddr::from([127, 0, 0, 1]),
            since: Timestamp(0),
            capabilities: Capabilities::default(),
            agreed: Agreed::default(),
            notifications: Vec::new(),
        }
    }

    #[test]
    fn a_repetition_gets_the_same_answer_until_its_time_is_over() {
        let sessions = Sessions::default();
        let record = record("ann");
        let id = record.id.clone();
        sessions.open(Timestamp(0), record);
        let slot = |now| sessions.answer_slot(Timestamp(now), Timestamp(now + 10), &id, &"1".into(), 7).unwrap();
        let first = slot(0);
        assert!(Arc::ptr_eq(&first, &slot(5)));
        sessions.forget_answers(Timestamp(9));
        assert!(Arc::ptr_eq(&first, &slot(9)));
        let second = slot(11);
        assert!(!Arc::ptr_eq(&first, &second));
        sessions.forget_answers(Timestamp(21));
        assert!(!Arc::ptr_eq(&second, &slot(15)), "it was forgotten");
    }

    #[test]
    fn a_client_is_told_once_until_it_asks_or_a_minute_has_passed() {
        let sessions = Sessions::default();
        let record = record("ann");
        let id = record.id.clone();
        assert!(!sessions.stir(Timestamp(0), &id), "there is no such session");
        sessions.open(Timestamp(0), record);
        assert!(sessions.stir(Timestamp(0), &id) && !sessions.stir(Timestamp(59_999), &id));
        assert!(sessions.stir(Timestamp(60_000), &id) && !sessions.stir(Timestamp(60_001), &id));
        sessions.settle(&id);
        assert!(sessions.stir(Timestamp(60_002), &id));
    }

    #[test]
    fn the_key_of_a_page_finds_its_session_as_long_as_it_lives() {
        let sessions = Sessions::default();
        let record = record("ann");
        let (id, key) = (record.id.clone(), Sessions::key_of(&record.id));
        sessions.open(Timestamp(0), record.clone());
        assert!(sessions.behind(&key).is_none(), "no page was agreed on");
        sessions.update(&id, |record| record.capabilities.cir_methods = vec![SHTTP.into()]);
        assert_eq!(sessions.behind(&key).map(|record| record.id), Some(id.clone()));
        let restored = sessions.close(&id).unwrap();
        assert!(sessions.behind(&key).is_none());
        sessions.open(Timestamp(1), restored);
        assert!(sessions.behind(&key).is_some(), "also after a restart");
    }

    #[test]
    fn a_silent_session_expires_and_a_closed_one_is_forgotten() {
        let sessions = Sessions::default();
        let record = record("ann");
        let (id, user) = (record.id.clone(), record.user.clone());
        sessions.open(Timestamp(0), record);
        assert!(sessions.is_online(&user) && sessions.expired(Timestamp(60_000)).is_empty());
        assert_eq!(sessions.expired(Timestamp(60_001)), std::slice::from_ref(&id));
        assert!(sessions.close(&id).is_some() && !sessions.is_online(&user) && sessions.is_empty());
    }
}
