//! How sessions of clients go on and end, and who hears of it (IMPS 1.3 architecture, C.5; `docs/wire-notes.md`,
//! "Sessions of clients").
//!
//! Every end takes the same way: somebody begins it and is the only one (`Sessions::begin_end`), the record is
//! erased, and only then `Sap::ended` lets go of the session and tells whom it concerns.

mod dismiss;
mod events;
mod farewell;
mod notify;
#[cfg(test)]
mod tests;

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tracing::{error, info};

pub use events::{Events, Happening, SessionEvent};
pub(super) use farewell::Farewells;

use super::Sap;
use super::session::SessionRecord;
use crate::address::Address;
use crate::ident::SessionId;
use crate::store::{Changes, StoreError};
use crate::time::Timestamp;
use crate::vocabulary::access::{Disconnect, KeepAliveRequest, KeepAliveResponse};
use crate::vocabulary::status::{Code, Status};
use crate::vocabulary::{Primitive, Version};

/// Sessions ended in one commit.
pub(super) const BATCH: usize = 256;
/// Between two looks at whether every client was told, when the node goes out of service.
const GLANCE: Duration = Duration::from_millis(100);

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// The client logged out.
    Logout,
    /// The client was silent for too long.
    Expired,
    /// The same client logged in again.
    Replaced,
    /// The operator ended it.
    Operator,
    /// The user may not log in any more, has a new password, or has too many sessions.
    Policy,
    /// The node goes out of service.
    Drain,
}

// === impl Reason ===

impl Reason {
    /// Its name in events and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::Expired => "expired",
            Self::Replaced => "replaced",
            Self::Operator => "operator",
            Self::Policy => "policy",
            Self::Drain => "drain",
        }
    }

    /// What the client hears.
    const fn code(self) -> Code {
        match self {
            Self::Logout => Code::INVALID_SESSION,
            Self::Expired => Code::SESSION_EXPIRED,
            Self::Replaced | Self::Operator | Self::Policy | Self::Drain => Code::FORCED_LOGOUT,
        }
    }

    /// The same for people.
    const fn words(self) -> &'static str {
        match self {
            Self::Logout => "logged out",
            Self::Expired => "session expired",
            Self::Replaced => "forced logout: this client logged in again",
            Self::Operator => "forced logout by the operator",
            Self::Policy => "forced logout: log in again",
            Self::Drain => "forced logout: the server goes out of service",
        }
    }
}

// === impl Sap ===

impl Sap {
    /// Tells who listens of sessions that open and end.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// Puts a session in force, which is stored already.
    pub(super) fn opened(&self, now: Timestamp, record: SessionRecord) {
        info!(user = %record.user, session = %record.id, version = %record.version, "logged in");
        let event = SessionEvent::of(now, &record, Happening::Opened);
        self.sessions.open(now, record);
        self.events.tell(|| event);
    }

    /// Begins to end what stands in the way of a new session: those of the same client, and if the user has too many
    /// besides, those that were silent the longest.
    pub(super) fn make_room(&self, new: &SessionRecord) -> Vec<(SessionRecord, Reason)> {
        let same = self.sessions.same_client(&new.user, &new.client, new.application.as_ref());
        let ending = |id: &SessionId, reason| Some((self.sessions.begin_end(id)?, reason));
        let mut leaving: Vec<_> = same.iter().filter_map(|id| ending(id, Reason::Replaced)).collect();
        let others: Vec<_> = self.sessions.quietest(&new.user).into_iter().filter(|id| !same.contains(id)).collect();
        let surplus = (others.len() + 1).saturating_sub(self.settings.access.sessions_per_user as usize);
        leaving.extend(others.iter().take(surplus).filter_map(|id| ending(id, Reason::Policy)));
        leaving
    }

    /// Answers `Logout-Request`.
    pub(super) async fn log_out(&self, now: Timestamp, id: &SessionId, version: Version) -> Primitive {
        if let Err(error) = self.end_sessions(now, std::slice::from_ref(id), Reason::Logout).await {
            error!(%error, session = %id, "the end of a session could not be stored");
        }
        match version {
            Version::V11 => Disconnect { outcome: Code::SUCCESS.into() }.into(),
            _ => Status::from(Code::SUCCESS).into(),
        }
    }

    /// Answers `KeepAlive-Request`.
    pub(super) async fn keep_alive(&self, id: &SessionId, request: &KeepAliveRequest) -> KeepAliveResponse {
        let Some(asked) = request.time_to_live else {
            let keep_alive = self.sessions.get(id).map(|record| record.keep_alive);
            return KeepAliveResponse { outcome: Code::SUCCESS.into(), keep_alive };
        };
        let granted = seconds(self.login.granted(Some(asked)));
        self.change_session(id, |record| record.keep_alive = granted).await;
        // What is granted may be less or more than asked: that is no failure, and one client takes 605 for one.
        KeepAliveResponse { outcome: Code::SUCCESS.into(), keep_alive: Some(granted) }
    }

    /// Changes a session and keeps the change over a restart.
    pub(super) async fn change_session(&self, id: &SessionId, change: impl FnOnce(&mut SessionRecord)) {
        // What is changed last is stored last.
        let _turn = self.changes.of(id).await;
        let Some(record) = self.sessions.update(id, change) else { return };
        let mut changes = Changes::default();
        record.save(&mut changes);
        let mut stored = self.store.commit(changes).await;
        if !self.sessions.lives(id) {
            // It ended meanwhile, and must not come back with the next start.
            let mut changes = Changes::default();
            SessionRecord::erase(id, &mut changes);
            stored = self.store.commit(changes).await;
        }
        if let Err(error) = stored {
            error!(%error, session = %id, "a change of a session could not be stored");
        }
    }

    /// Ends the sessions of a user, or the one whose id begins with the characters given; which those were.
    ///
    /// # Errors
    /// If the store fails: the sessions are over, but may come back with the next start.
    pub async fn end_sessions_of(
        &self,
        now: Timestamp,
        user: &Address,
        only: Option<&str>,
        reason: Reason,
    ) -> Result<Vec<SessionId>, StoreError> {
        let mut ids = self.sessions.of_user(user);
        ids.retain(|id| only.is_none_or(|shown| id.expose().starts_with(shown)));
        for some in ids.chunks(BATCH) {
            self.end_sessions(now, some, reason).await?;
        }
        Ok(ids)
    }

    /// Ends sessions that were silent for too long, some at a time.
    pub(super) async fn expire_sessions(&self, now: Timestamp) -> Result<(), StoreError> {
        self.farewells.sweep(now).iter().for_each(|id| self.hang_up(id));
        loop {
            let over = self.sessions.expire(now, BATCH);
            if over.is_empty() {
                return Ok(());
            }
            self.end(now, over, Reason::Expired).await?;
        }
    }

    /// Takes the node out of service, if that is configured: nobody logs in any more, every session ends, and clients
    /// that ask within `grace` are told. The listeners have to be served meanwhile.
    pub async fn take_leave(&self, grace: Duration) {
        if !self.settings.access.disconnect_on_stop {
            return;
        }
        let until = Instant::now() + grace;
        self.leaving.store(true, Ordering::Relaxed);
        loop {
            let ids = self.sessions.some(BATCH);
            if ids.is_empty() && (self.farewells.untold(Reason::Drain) == 0 || Instant::now() >= until) {
                return;
            }
            if let Err(error) = self.end_sessions(Timestamp::now(), &ids, Reason::Drain).await {
                error!(%error, "the end of sessions could not be stored");
            }
            if ids.is_empty() {
                sleep_until(until.min(Instant::now() + GLANCE)).await;
            }
        }
    }

    async fn end_sessions(&self, now: Timestamp, ids: &[SessionId], reason: Reason) -> Result<(), StoreError> {
        let records = ids.iter().filter_map(|id| self.sessions.begin_end(id)).collect();
        self.end(now, records, reason).await
    }

    /// Ends sessions whose end was begun, in one commit.
    async fn end(&self, now: Timestamp, records: Vec<SessionRecord>, reason: Reason) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        let mut changes = Changes::default();
        records.iter().for_each(|record| SessionRecord::erase(&record.id, &mut changes));
        let stored = self.store.commit(changes).await.map(|_| ());
        records.iter().for_each(|record| self.ended(now, record, reason));
        stored
    }

    /// Lets go of a session that is over and stored so: its client is told, and everybody who listens.
    pub(super) fn ended(&self, now: Timestamp, record: &SessionRecord, reason: Reason) {
        let id = &record.id;
        let told = reason == Reason::Logout;
        if !told {
            // Before the session is gone: its client must not hear in between that nobody knows it.
            let until = now + self.settings.timers.farewell;
            self.farewells.add(until, record, reason).iter().for_each(|id| self.hang_up(id));
        }
        self.sessions.close(id);
        self.outbox.release(id);
        self.segments.release(id);
        // What it had in hand is free for the user's other sessions.
        self.claims.release(&record.user, id);
        if told {
            self.hang_up(id);
        } else {
            self.ring(record);
        }
        metrics::counter!("postern_client_sessions_ended_total", "reason" => reason.as_str()).increment(1);
        info!(user = %record.user, session = %id, reason = reason.as_str(), "session ended");
        self.events.tell(|| SessionEvent::of(now, record, Happening::Ended(reason)));
    }

    /// Closes the wake-up channels of a session whose client has heard all.
    fn hang_up(&self, id: &SessionId) {
        if let Some(bell) = self.bell.get() {
            bell.hang_up(id);
        }
    }
}

/// Seconds as sessions count them.
pub(super) fn seconds(span: Duration) -> u32 {
    u32::try_from(span.as_secs()).unwrap_or(u32::MAX)
}
