//! The link to a peer: what failed last, how often, and when to try again. Survives a restart.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

use super::dice::Context;

/// Failures in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Backoff {
    /// How many.
    pub(super) attempts: u32,
    /// When to try again.
    pub(super) next: Timestamp,
    /// The first of them.
    pub(super) since: Timestamp,
    /// The last of them.
    pub(super) last: Timestamp,
}

/// The link to a peer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Link {
    /// Failed POSTs on a session.
    pub(super) posts: Backoff,
    /// Failed session set-ups.
    pub(super) setup: Backoff,
    /// What failed last, for the operator.
    pub(super) error: Option<String>,
}

// === impl Backoff ===

impl Backoff {
    fn failed(self, now: Timestamp, wait: Duration) -> Self {
        Self {
            attempts: self.attempts.saturating_add(1),
            next: now + wait,
            since: if self.attempts == 0 { now } else { self.since },
            last: now,
        }
    }
}

// === impl Link ===

impl Link {
    /// Whether nothing has failed since the last success.
    pub(super) fn is_clear(&self) -> bool {
        self.posts.attempts == 0 && self.setup.attempts == 0
    }

    /// After a success: nothing waits; the last error stays to be read.
    pub(super) fn cleared(&self) -> Self {
        Self { error: self.error.clone(), ..Self::default() }
    }

    /// After a failed POST that was sent at `sent`.
    pub(super) fn post_failed(&self, now: Timestamp, sent: Timestamp, error: String, cx: &Context) -> Self {
        if self.posts.attempts > 0 && sent < self.posts.last {
            // Another lane's POST of the same try.
            return self.clone();
        }
        let waits = &cx.timers().retry;
        let nth = waits.len().saturating_sub(1).min(self.posts.attempts as usize);
        let wait = waits.get(nth).copied().unwrap_or(Duration::from_secs(1));
        Self { posts: self.posts.failed(now, cx.jitter(wait)), setup: self.setup, error: Some(error) }
    }

    /// After a failed set-up.
    pub(super) fn setup_failed(&self, now: Timestamp, error: String, cx: &Context) -> Self {
        let timers = cx.timers();
        let doubled = timers.setup_backoff.saturating_mul(1 << self.setup.attempts.min(16));
        let wait = cx.jitter(doubled.min(timers.setup_backoff_max));
        Self { posts: self.posts, setup: self.setup.failed(now, wait), error: Some(error) }
    }
}
