//! What tells a poll of a session that waits that something arrived.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// Tells the polls of one session that something arrived, and which of them is the latest.
#[derive(Debug, Default)]
pub(in crate::sap) struct Arrival {
    notify: Notify,
    latest: AtomicU64,
}

// === impl Arrival ===

impl Arrival {
    /// Something arrived, or the session is over.
    pub(in crate::sap) fn tell(&self) {
        self.notify.notify_waiters();
    }

    /// A new poll is held in place of the one before; its number.
    pub(in crate::sap) fn displace(&self) -> u64 {
        let number = self.latest.fetch_add(1, Ordering::Relaxed) + 1;
        self.tell();
        number
    }

    pub(in crate::sap) fn is_latest(&self, number: u64) -> bool {
        self.latest.load(Ordering::Relaxed) == number
    }

    pub(in crate::sap) fn notified(&self) -> Notified<'_> {
        self.notify.notified()
    }
}
