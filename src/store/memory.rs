//! The engine in memory: for tests and simulations; nothing survives it.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use super::layout::{self, Draft, Each, Ordered, Raw};
use super::{Answer, Changes, Committed, Engine, Entry, Key, Seq, StoreError, Versioned};
use crate::time::Timestamp;

/// An ordered map behind a mutex; `None` once closed.
pub(super) struct Memory {
    map: Mutex<Option<Map>>,
}

struct Map(BTreeMap<Raw, Bytes>);

// === impl Memory ===

impl Memory {
    /// An empty store.
    pub(super) fn new() -> Self {
        Self { map: Mutex::new(Some(Map(BTreeMap::new()))) }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Map) -> Result<T, StoreError>) -> Result<T, StoreError> {
        // A panic elsewhere can't leave the map half written: writes are applied after everything was decided.
        work(self.map.lock().unwrap_or_else(PoisonError::into_inner).as_mut().ok_or(StoreError::Closed)?)
    }
}

impl Engine for Memory {
    fn get<'a>(&'a self, key: &'a Key) -> Answer<'a, Option<Versioned>> {
        Box::pin(async move { self.with(|map| layout::get(map, key)) })
    }

    fn commit(&self, changes: Changes) -> Answer<'_, Committed> {
        Box::pin(async move {
            self.with(|map| {
                let mut draft = Draft::new(map);
                let committed = draft.commit(changes)?;
                let writes = draft.into_writes();
                map.apply(writes);
                Ok(committed)
            })
        })
    }

    fn list<'a>(&'a self, prefix: &'a Key, after: Option<&'a Key>, limit: usize) -> Answer<'a, Vec<(Key, Versioned)>> {
        Box::pin(async move { self.with(|map| layout::list(map, prefix, after, limit)) })
    }

    fn read<'a>(&'a self, owner: &'a Key, after: Seq, limit: usize) -> Answer<'a, Vec<Entry>> {
        Box::pin(async move { self.with(|map| layout::read(map, owner, after, limit)) })
    }

    fn count<'a>(&'a self, owner: &'a Key, limit: usize) -> Answer<'a, usize> {
        Box::pin(async move { self.with(|map| layout::count(map, owner, limit)) })
    }

    fn overdue(&self, now: Timestamp, limit: usize) -> Answer<'_, Vec<(Key, Entry)>> {
        Box::pin(async move { self.with(|map| layout::overdue(map, now, limit)) })
    }

    fn sweep(&self, now: Timestamp, limit: usize) -> Answer<'_, usize> {
        Box::pin(async move {
            self.with(|map| {
                let mut draft = Draft::new(map);
                let dropped = draft.sweep(now, limit)?;
                let writes = draft.into_writes();
                map.apply(writes);
                Ok(dropped)
            })
        })
    }

    fn size(&self) -> u64 {
        0
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            let map = self.map.lock().unwrap_or_else(PoisonError::into_inner).take();
            map.map(drop).ok_or(StoreError::Closed)
        })
    }
}

// === impl Map ===

impl Map {
    fn apply(&mut self, writes: impl IntoIterator<Item = (Raw, Option<Bytes>)>) {
        for (key, value) in writes {
            match value {
                Some(value) => self.0.insert(key, value),
                None => self.0.remove(&key),
            };
        }
    }
}

impl Ordered for Map {
    fn lookup(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        Ok(self.0.get(key).cloned())
    }

    fn scan(&self, from: Bound<Raw>, each: Each<'_>) -> Result<(), StoreError> {
        for (key, value) in self.0.range((from, Bound::Unbounded)) {
            if !each(key, value) {
                break;
            }
        }
        Ok(())
    }
}
