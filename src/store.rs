//! Records with compare-and-set, and mailboxes: ordered, expiring, taken once.
//!
//! Every engine passes one conformance suite (`store/suite.rs`). What [`Engine::commit`] has answered is on
//! disk, all of it or none: [`open`] gives the embedded engine, [`memory`] one that forgets.

mod layout;
mod memory;
mod sled;
#[cfg(test)]
mod suite;

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use crate::time::Timestamp;

/// A future of the store.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The store as every room holds it.
pub type Store = Arc<dyn Engine>;

/// Name of a record or mailbox: `kind/part/part…`. Kinds are documented where they are written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub Bytes);

/// The revision of a record: counts its changes, from 1, and from 1 again once it was removed.
pub type Revision = u64;

/// Place of an entry in its mailbox: grows, never used twice in one mailbox.
pub type Seq = u64;

/// A record's value and revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// The value.
    pub value: Bytes,
    /// Its revision.
    pub revision: Revision,
}

/// What a change expects to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Whatever is there.
    Any,
    /// Nothing.
    Absent,
    /// This revision.
    Revision(Revision),
}

/// One change.
#[derive(Clone, Debug)]
pub enum Change {
    /// Writes a record.
    Put {
        /// Which.
        key: Key,
        /// The new value.
        value: Bytes,
        /// What must be there.
        expect: Expect,
        /// When the engine may drop it unasked; [`Timestamp::NEVER`] = never.
        expires: Timestamp,
    },
    /// Removes a record.
    Delete {
        /// Which.
        key: Key,
        /// What must be there.
        expect: Expect,
    },
    /// Adds an entry at the end of a mailbox.
    Append {
        /// The mailbox.
        owner: Key,
        /// The entry.
        body: Bytes,
        /// When it becomes overdue; the engine never drops it by itself.
        expires: Timestamp,
    },
    /// Removes an entry of a mailbox; no fault if it is gone.
    Forget {
        /// The mailbox.
        owner: Key,
        /// The entry.
        seq: Seq,
    },
    /// Removes an entry of a mailbox that must be there: of those who take it at once, one succeeds.
    Take {
        /// The mailbox.
        owner: Key,
        /// The entry.
        seq: Seq,
    },
    /// Changes nothing; an entry of a mailbox must be there.
    Require {
        /// The mailbox.
        owner: Key,
        /// The entry.
        seq: Seq,
    },
}

/// Changes that happen together or not at all, in the order given.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The changes.
    pub list: Vec<Change>,
}

/// What a commit did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// The places of the appended entries, in order.
    pub appended: Vec<Seq>,
}

/// An entry of a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place.
    pub seq: Seq,
    /// What was appended.
    pub body: Bytes,
    /// When it becomes overdue.
    pub expires: Timestamp,
}

/// Why the store did not do as asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// A record or entry was not as a change expected; nothing was changed. Read again and decide again.
    #[error("a record of the kind {} was changed by somebody else", key.kind())]
    Conflict {
        /// The record or mailbox.
        key: Key,
    },
    /// The engine failed; nothing may be promised.
    #[error("the store failed: {0}")]
    Engine(Arc<str>),
    /// The engine was closed.
    #[error("the store is closed")]
    Closed,
}

/// A store.
pub trait Engine: Send + Sync + 'static {
    /// Reads a record.
    fn get<'a>(&'a self, key: &'a Key) -> Answer<'a, Option<Versioned>>;

    /// Makes changes; durable once answered. Each change sees what those before it did.
    ///
    /// Whoever drops the future before its answer doesn't know whether the changes were made.
    fn commit(&self, changes: Changes) -> Answer<'_, Committed>;

    /// Records whose key begins with `prefix`, in order of keys, after `after`.
    fn list<'a>(&'a self, prefix: &'a Key, after: Option<&'a Key>, limit: usize) -> Answer<'a, Vec<(Key, Versioned)>>;

    /// Entries of a mailbox after a place (0 = from the beginning), overdue ones included.
    fn read<'a>(&'a self, owner: &'a Key, after: Seq, limit: usize) -> Answer<'a, Vec<Entry>>;

    /// How many entries a mailbox has, counted up to `limit`.
    fn count<'a>(&'a self, owner: &'a Key, limit: usize) -> Answer<'a, usize>;

    /// Entries of all mailboxes that are overdue at `now` (`expires` ≤ `now`), earliest first.
    fn overdue(&self, now: Timestamp, limit: usize) -> Answer<'_, Vec<(Key, Entry)>>;

    /// Drops records whose time has passed (`expires` ≤ `now`); returns how many. Until then they are read as
    /// any other.
    fn sweep(&self, now: Timestamp, limit: usize) -> Answer<'_, usize>;

    /// Bytes on disk, for metrics; 0 if unknown.
    fn size(&self) -> u64;

    /// Writes what is open and closes; later calls answer [`StoreError::Closed`].
    fn close(&self) -> Answer<'_, ()>;
}

/// Opens the embedded store in a folder, making it if there is none.
///
/// Blocks while it recovers after a crash. The error's text says what to do; another process that has the
/// store open is one cause.
pub fn open(path: &Path) -> Result<Store, StoreError> {
    Ok(Arc::new(sled::Sled::open(path)?))
}

/// A store in memory, for tests and simulations.
pub fn memory() -> Store {
    Arc::new(memory::Memory::new())
}

// === impl Key ===

impl Key {
    /// A key from its parts, joined by `/`.
    pub fn of(parts: &[&str]) -> Self {
        Self(Bytes::from(parts.join("/")))
    }

    /// What the record is, for logs: the rest of a key may be a session id or a telephone number.
    pub fn kind(&self) -> &str {
        self.as_str().split('/').next().unwrap_or_default()
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("?")
    }
}

// === impl Change ===

impl Change {
    /// Bytes it asks to write, keys included.
    fn bytes(&self) -> usize {
        match self {
            Self::Put { key, value, .. } => key.0.len() + value.len(),
            Self::Append { owner, body, .. } => owner.0.len() + body.len(),
            Self::Delete { key, .. } => key.0.len(),
            Self::Forget { owner, .. } | Self::Take { owner, .. } | Self::Require { owner, .. } => owner.0.len(),
        }
    }
}

// === impl Changes ===

impl Changes {
    /// Writes a record whatever is there.
    pub fn put(&mut self, key: Key, value: impl Into<Bytes>) {
        self.put_until(key, value, Timestamp::NEVER);
    }

    /// Writes a record whatever is there, dropped by the engine after `expires`.
    pub fn put_until(&mut self, key: Key, value: impl Into<Bytes>, expires: Timestamp) {
        self.list.push(Change::Put { key, value: value.into(), expect: Expect::Any, expires });
    }

    /// Writes a record if it is as expected.
    pub fn put_if(&mut self, key: Key, value: impl Into<Bytes>, expect: Expect) {
        self.list.push(Change::Put { key, value: value.into(), expect, expires: Timestamp::NEVER });
    }

    /// Removes a record whatever is there.
    pub fn delete(&mut self, key: Key) {
        self.list.push(Change::Delete { key, expect: Expect::Any });
    }

    /// Removes a record if it is as expected.
    pub fn delete_if(&mut self, key: Key, expect: Expect) {
        self.list.push(Change::Delete { key, expect });
    }

    /// Adds an entry to a mailbox.
    pub fn append(&mut self, owner: Key, body: impl Into<Bytes>, expires: Timestamp) {
        self.list.push(Change::Append { owner, body: body.into(), expires });
    }

    /// Removes an entry of a mailbox.
    pub fn forget(&mut self, owner: Key, seq: Seq) {
        self.list.push(Change::Forget { owner, seq });
    }

    /// Removes an entry of a mailbox that must be there.
    pub fn take(&mut self, owner: Key, seq: Seq) {
        self.list.push(Change::Take { owner, seq });
    }

    /// Changes nothing; an entry of a mailbox must be there.
    pub fn require(&mut self, owner: Key, seq: Seq) {
        self.list.push(Change::Require { owner, seq });
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Takes over the changes of another, behind its own.
    pub fn extend(&mut self, other: Self) {
        self.list.extend(other.list);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conflict_names_the_kind_of_the_record_and_not_what_may_be_a_credential() {
        let error = StoreError::Conflict { key: Key::of(&["session", "tguieiummt5jrtxmp4b5"]) };
        let shown = error.to_string();
        assert!(shown.contains("session") && !shown.contains("tgui"), "{shown}");
    }
}
