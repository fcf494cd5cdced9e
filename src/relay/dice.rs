//! Chance and counting: where ids, secrets and jitter come from, so that a test can repeat them.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::address::Domain;
use crate::config::Timers;
use crate::ident::{self, SessionId};
use crate::time::Timestamp;
use crate::vocabulary::Text;

use super::{PostId, RowId};

/// A source of random bits.
pub trait Dice: Send + Sync {
    /// 128 bits nobody can guess.
    fn roll(&self) -> u128;
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Random;

/// What a relay is built from.
pub struct Settings {
    /// The home domain.
    pub domain: Domain,
    /// Further domains served by this node.
    pub aliases: Vec<Domain>,
    /// Protocol timers.
    pub timers: Timers,
    /// Where ids, secrets and jitter come from.
    pub dice: Box<dyn Dice>,
}

/// Settings and counters, as every rule of the relay needs them.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) settings: Settings,
    /// How many answered requests of a peer are kept in memory.
    pub(super) remembered: usize,
    /// Distinguishes this run's transaction ids from every other run's.
    epoch: Text,
    transactions: AtomicU64,
    rows: AtomicU64,
    posts: AtomicU64,
}

// === impl Random ===

impl Dice for Random {
    fn roll(&self) -> u128 {
        rand::random()
    }
}

// === impl Settings ===

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("domain", &self.domain).field("aliases", &self.aliases).finish_non_exhaustive()
    }
}

// === impl Context ===

impl Context {
    pub(super) fn new(settings: Settings) -> Self {
        let epoch = ident::base32(settings.dice.roll())[..16].into();
        Self {
            settings,
            remembered: 50_000,
            epoch,
            transactions: AtomicU64::new(0),
            rows: AtomicU64::new(0),
            posts: AtomicU64::new(0),
        }
    }

    pub(super) fn timers(&self) -> &Timers {
        &self.settings.timers
    }

    /// Whether this node serves the domain itself.
    pub(super) fn is_home(&self, domain: &Domain) -> bool {
        *domain == self.settings.domain || self.settings.aliases.contains(domain)
    }

    /// A transaction id no run of this node has used or will use.
    pub(super) fn transaction(&self) -> Text {
        let count = self.transactions.fetch_add(1, Ordering::Relaxed);
        compact_str::format_compact!("{}-{count}", self.epoch)
    }

    /// A row number above every earlier one, also of earlier runs (the clock is in its upper bits).
    pub(super) fn row(&self, now: Timestamp) -> RowId {
        let next = |last: u64| (last + 1).max(now.0 << 20);
        let last = self.rows.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
        RowId(next(last.unwrap_or_default()))
    }

    /// Takes note of a row number of an earlier run.
    pub(super) fn saw_row(&self, row: RowId) {
        self.rows.fetch_max(row.0, Ordering::Relaxed);
    }

    pub(super) fn post(&self) -> PostId {
        PostId(self.posts.fetch_add(1, Ordering::Relaxed))
    }

    /// A session id of ours: 128 random bits and the home domain.
    pub(super) fn session(&self) -> SessionId {
        let local = ident::base32(self.settings.dice.roll());
        SessionId::new(compact_str::format_compact!("{local}@{}", self.settings.domain))
    }

    /// A secret of ours: printable, 128 random bits.
    pub(super) fn secret(&self) -> String {
        format!("{:032x}", self.settings.dice.roll())
    }

    /// The span, up to 20 % shorter or longer.
    pub(super) fn jitter(&self, span: Duration) -> Duration {
        // 0 to 400: parts of a thousand, from 80 % on.
        let part = u32::try_from(self.settings.dice.roll() % 401).unwrap_or(200);
        span * (800 + part) / 1000
    }
}
