//! Sessions of clients: who they are, what they can take, when they die (IMPS 1.3 architecture, C.5).

mod answers;
mod arrival;
mod due;
mod turns;
mod view;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::capability::{Capabilities, SHTTP};
use dashmap::DashMap;
use serde::{Deserialize, Serialize};

pub(super) use answers::PendingAnswer;
pub(super) use turns::Turns;
pub use view::SessionView;

use self::answers::Answers;
use self::arrival::Arrival;
use self::due::Due;
use super::pts::Numbers;
use super::services::Agreed;
use crate::address::Address;
use crate::ident::{self, SessionId};
use crate::store::{Changes, Key};
use crate::time::Timestamp;
use crate::vocabulary::party::ClientId;
use crate::vocabulary::{Text, Version};

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

struct Live {
    record: SessionRecord,
    last_heard: Timestamp,
    /// When it has its place among the due: no later than something about it is over.
    due: Timestamp,
    /// Somebody is ending it.
    ending: bool,
    /// So that a repeated request is answered alike.
    answers: Answers,
    /// Of our requests, where the client writes PTS.
    numbers: Numbers,
    /// The client wrote PTS last, which has no word for mail.
    plain: bool,
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
    /// When each has to be looked at.
    due: Due,
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

// === impl Live ===

impl Live {
    fn new(now: Timestamp, record: SessionRecord) -> Self {
        let mut live = Self {
            record,
            last_heard: now,
            due: now,
            ending: false,
            answers: Answers::default(),
            numbers: Numbers::default(),
            plain: false,
            stirred: None,
            arrival: None,
        };
        live.due = live.next();
        live
    }

    fn silent(&self, now: Timestamp) -> bool {
        now.since(self.last_heard) > self.record.ttl()
    }

    /// When something about it is over as things stand: its life, or an answer's memory.
    fn next(&self) -> Timestamp {
        let death = self.last_heard + self.record.ttl() + Duration::from_millis(1);
        self.answers.oldest().map_or(death, |until| until.min(death))
    }

    /// The place it has among the due and the one it needs, if that is earlier.
    fn moved(&mut self) -> Option<(Timestamp, Timestamp)> {
        let next = self.next();
        (next < self.due).then(|| (std::mem::replace(&mut self.due, next), next))
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
        let live = Live::new(now, record);
        if live.record.capabilities.wakes_by(SHTTP) {
            self.open_url(&id);
        }
        let due = live.due;
        let before = self.live.insert(id.clone(), live);
        self.due.put(before.map(|live| live.due), due, &id);
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
        self.due.drop(live.due, id);
        if let Some(arrival) = &live.arrival {
            arrival.tell();
        }
        Some(live.record)
    }

    /// Begins to end a session: what it is, for the one caller who then has to [`close`](Self::close) it or to
    /// [`spare`](Self::spare) it. Until then it lives, but nothing about it is stored any more.
    pub(super) fn begin_end(&self, id: &SessionId) -> Option<SessionRecord> {
        let mut live = self.live.get_mut(id)?;
        (!std::mem::replace(&mut live.ending, true)).then(|| live.record.clone())
    }

    /// A session that somebody began to end lives on.
    pub(super) fn spare(&self, id: &SessionId) {
        let Some(mut live) = self.live.get_mut(id) else { return };
        live.ending = false;
        let next = live.next();
        let before = std::mem::replace(&mut live.due, next);
        drop(live);
        self.due.put(Some(before), next, id);
    }

    /// Whether a session lives and nobody is ending it.
    pub(super) fn lives(&self, id: &SessionId) -> bool {
        self.live.get(id).is_some_and(|live| !live.ending)
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

    /// Notes whether the client wrote PTS; true if it did not write so before, or did.
    pub(super) fn wrote(&self, id: &SessionId, plain: bool) -> bool {
        self.live.get_mut(id).is_some_and(|mut live| std::mem::replace(&mut live.plain, plain) != plain)
    }

    /// Whether the client wrote PTS last.
    pub(super) fn is_plain(&self, id: &SessionId) -> bool {
        self.live.get(id).is_some_and(|live| live.plain)
    }

    /// Changes a session's record; the new one, to be saved if the session still `lives` then.
    pub fn update(&self, id: &SessionId, change: impl FnOnce(&mut SessionRecord)) -> Option<SessionRecord> {
        let mut live = self.live.get_mut(id)?;
        change(&mut live.record);
        let (record, moved) = (live.record.clone(), live.moved());
        drop(live);
        if record.capabilities.wakes_by(SHTTP) {
            self.open_url(id);
        }
        self.move_due(moved, id);
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
    ) -> Option<Arc<PendingAnswer>> {
        let mut live = self.live.get_mut(id)?;
        let slot = live.answers.slot(now, until, transaction, said);
        let moved = live.moved();
        drop(live);
        self.move_due(moved, id);
        Some(slot)
    }

    fn move_due(&self, moved: Option<(Timestamp, Timestamp)>, id: &SessionId) {
        if let Some((from, to)) = moved {
            self.due.put(Some(from), to, id);
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

    /// The user's sessions, those first that were silent the longest.
    pub(super) fn quietest(&self, user: &Address) -> Vec<SessionId> {
        let heard = |id: SessionId| self.live.get(&id).map(|live| (live.last_heard, id.clone()));
        let mut heard: Vec<_> = self.of_user(user).into_iter().filter_map(heard).collect();
        heard.sort();
        heard.into_iter().map(|(_, id)| id).collect()
    }

    /// Some of the sessions, for whoever ends all of them.
    pub(super) fn some(&self, most: usize) -> Vec<SessionId> {
        self.live.iter().filter(|live| !live.ending).take(most).map(|live| live.key().clone()).collect()
    }

    /// Begins to end sessions that were silent for too long, `most` of them, as [`begin_end`](Self::begin_end) does;
    /// and forgets answers whose time is over. Only sessions are looked at about which something is due.
    pub(super) fn expire(&self, now: Timestamp, most: usize) -> Vec<SessionRecord> {
        let mut over = Vec::new();
        while over.len() < most {
            let Some((due, id)) = self.due.next(now) else { break };
            let Some(mut live) = self.live.get_mut(&id).filter(|live| live.due == due) else { continue };
            if live.silent(now) {
                if !std::mem::replace(&mut live.ending, true) {
                    over.push(live.record.clone());
                }
                continue;
            }
            live.answers.forget(now);
            live.due = live.next();
            let next = live.due;
            drop(live);
            self.due.put(None, next, &id);
        }
        over
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
}

#[cfg(test)]
pub(crate) use tests::record as sample;

#[cfg(test)]
pub(in crate::sap) mod tests;
