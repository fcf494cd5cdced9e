//! When each session has to be looked at, in order of time: a look at the clock costs what is due, not what there is.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::ident::SessionId;
use crate::time::Timestamp;

/// The places of sessions in time. A place that its session no longer knows of means nothing: whoever takes it
/// compares.
#[derive(Default)]
pub(super) struct Due {
    places: Mutex<BTreeSet<(Timestamp, SessionId)>>,
    #[cfg(test)]
    taken: std::sync::atomic::AtomicUsize,
}

// === impl Due ===

impl Due {
    /// Gives a session another place, or its first.
    pub(super) fn put(&self, from: Option<Timestamp>, to: Timestamp, id: &SessionId) {
        let mut places = self.lock();
        if let Some(from) = from {
            places.remove(&(from, id.clone()));
        }
        places.insert((to, id.clone()));
    }

    /// Drops a session's place.
    pub(super) fn drop(&self, at: Timestamp, id: &SessionId) {
        self.lock().remove(&(at, id.clone()));
    }

    /// Takes the earliest place, if its time has come.
    pub(super) fn next(&self, now: Timestamp) -> Option<(Timestamp, SessionId)> {
        let mut places = self.lock();
        if places.first().is_none_or(|(due, _)| *due > now) {
            return None;
        }
        #[cfg(test)]
        self.taken.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        places.pop_first()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<(Timestamp, SessionId)>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
impl Due {
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// How many places were taken so far.
    pub(super) fn taken(&self) -> usize {
        self.taken.load(std::sync::atomic::Ordering::Relaxed)
    }
}
