//! Who hears of sessions that open and end (`docs/wire-notes.md`, "Sessions of clients").

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;

use super::Reason;
use crate::address::Address;
use crate::ident::SessionId;
use crate::sap::session::SessionRecord;
use crate::time::Timestamp;
use crate::vocabulary::party::ClientId;
use crate::vocabulary::{Text, Version};

/// Events kept for a listener that is slow; one that is slower misses the oldest.
const KEPT: usize = 1024;

/// A session opened or ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionEvent {
    /// What happened to it.
    pub what: Happening,
    /// Its id.
    pub session: SessionId,
    /// Its user.
    pub user: Address,
    /// Its client.
    pub client: ClientId,
    /// Its application (1.3).
    pub application: Option<Text>,
    /// The version it logged in with.
    pub version: Version,
    /// When it happened.
    pub at: Timestamp,
}

/// What happened to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A user logged in. A session taken up again, or restored after a restart, does not open anew.
    Opened,
    /// It is over.
    Ended(Reason),
}

/// Tells listeners of sessions. Nobody is waited for.
pub struct Events {
    tell: Mutex<Option<broadcast::Sender<Arc<SessionEvent>>>>,
}

// === impl SessionEvent ===

impl SessionEvent {
    pub(super) fn of(at: Timestamp, record: &SessionRecord, what: Happening) -> Self {
        Self {
            what,
            session: record.id.clone(),
            user: record.user.clone(),
            client: record.client.clone(),
            application: record.application.clone(),
            version: record.version,
            at,
        }
    }
}

// === impl Events ===

impl Default for Events {
    fn default() -> Self {
        Self { tell: Mutex::new(Some(broadcast::Sender::new(KEPT))) }
    }
}

impl Events {
    /// Every event from now on; `None` once the node tells no more.
    pub fn subscribe(&self) -> Option<broadcast::Receiver<Arc<SessionEvent>>> {
        self.lock().as_ref().map(broadcast::Sender::subscribe)
    }

    /// Tells no more: listeners come to an end once they have heard what was told.
    pub fn close(&self) {
        self.lock().take();
    }

    pub(super) fn tell(&self, event: impl FnOnce() -> SessionEvent) {
        if let Some(tell) = self.lock().as_ref().filter(|tell| tell.receiver_count() > 0) {
            // Whoever stopped listening since is not missed.
            let _ = tell.send(Arc::new(event()));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<broadcast::Sender<Arc<SessionEvent>>>> {
        self.tell.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sap::session::tests::record;
    use tokio::sync::broadcast::error::TryRecvError;

    fn event(at: u64) -> SessionEvent {
        SessionEvent::of(Timestamp(at), &record("ann"), Happening::Ended(Reason::Expired))
    }

    #[test]
    fn a_listener_that_is_too_slow_misses_the_oldest_and_holds_nobody_up() {
        let events = Events::default();
        events.tell(|| unreachable!("nobody listens"));
        let (mut slow, mut quick) = (events.subscribe().unwrap(), events.subscribe().unwrap());
        for at in 0..KEPT as u64 + 3 {
            events.tell(|| event(at));
            assert_eq!(quick.try_recv().unwrap().at, Timestamp(at));
        }
        assert!(matches!(slow.try_recv(), Err(TryRecvError::Lagged(3))));
        assert_eq!(slow.try_recv().unwrap().at, Timestamp(3));
    }

    #[test]
    fn listeners_come_to_an_end_when_no_more_is_told() {
        let events = Events::default();
        let mut listener = events.subscribe().unwrap();
        events.tell(|| event(1));
        events.close();
        assert_eq!(listener.try_recv().unwrap().what, Happening::Ended(Reason::Expired));
        assert!(matches!(listener.try_recv(), Err(TryRecvError::Closed)) && events.subscribe().is_none());
    }
}
