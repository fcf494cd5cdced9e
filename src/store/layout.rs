//! How records and mailboxes lie in one ordered map of bytes, and what a commit does to it.
//!
//! Every engine that is an ordered map shares this file, so that they can't disagree. A commit is one set of
//! writes to one map: whoever applies it at once has all of it or none, also after a crash.
//!
//! | key | value |
//! |---|---|
//! | `r` key | revision, expires, value |
//! | `x` expires, key | nothing: finds records to drop |
//! | `m` length of owner, owner, seq | expires, body |
//! | `d` expires, seq, owner | nothing: finds overdue entries |
//! | `s` | the last seq given out, for all mailboxes together |
//!
//! Numbers are 8 bytes big-endian (the length 4). There is one counter for all mailboxes and it is never taken
//! back, so a place is not used twice, not even in a mailbox that was emptied before a restart.

use std::collections::HashMap;
use std::ops::Bound;

use bytes::{BufMut, Bytes, BytesMut};

use super::{Change, Changes, Committed, Entry, Expect, Key, Revision, Seq, StoreError, Versioned};
use crate::time::Timestamp;

/// A key of the ordered map.
pub(super) type Raw = Vec<u8>;

/// What a scan calls for every pair; answers whether to go on.
pub(super) type Each<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> bool;

/// An ordered map of bytes, as it can be read.
pub(super) trait Ordered {
    /// The value of a key.
    fn lookup(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError>;

    /// Calls `each` for the pairs from `from` on, in the order of keys, until it answers false.
    fn scan(&self, from: Bound<Raw>, each: Each<'_>) -> Result<(), StoreError>;
}

/// Commits in the making: sees what earlier commits of the same draft did, before the map does.
pub(super) struct Draft<'a, B> {
    base: &'a B,
    done: HashMap<Raw, Option<Bytes>>,
    open: HashMap<Raw, Option<Bytes>>,
}

const SEQ: &[u8] = b"s";

// === reading ===

/// See [`super::Engine::get`].
pub(super) fn get(map: &impl Ordered, key: &Key) -> Result<Option<Versioned>, StoreError> {
    Ok(map.lookup(&record_key(key))?.and_then(|raw| Record::read(&raw)).map(Record::into_versioned))
}

/// See [`super::Engine::list`].
pub(super) fn list(
    map: &impl Ordered,
    prefix: &Key,
    after: Option<&Key>,
    limit: usize,
) -> Result<Vec<(Key, Versioned)>, StoreError> {
    let mut found = Vec::new();
    if limit == 0 {
        return Ok(found);
    }
    let start = record_key(prefix);
    let from = match after.map(record_key) {
        Some(after) if after >= start => Bound::Excluded(after),
        _ => Bound::Included(start.clone()),
    };
    map.scan(from, &mut |key, raw| {
        if !key.starts_with(&start) {
            return false;
        }
        if let Some(record) = Record::read(&Bytes::copy_from_slice(raw)) {
            found.push((Key(Bytes::copy_from_slice(&key[1..])), record.into_versioned()));
        }
        found.len() < limit
    })?;
    Ok(found)
}

/// See [`super::Engine::read`].
pub(super) fn read(map: &impl Ordered, owner: &Key, after: Seq, limit: usize) -> Result<Vec<Entry>, StoreError> {
    let mut found = Vec::new();
    let Some(first) = after.checked_add(1).filter(|_| limit > 0) else { return Ok(found) };
    let mailbox = mailbox_prefix(owner);
    map.scan(Bound::Included(entry_key(owner, first)), &mut |key, raw| {
        let Some(seq) = key.strip_prefix(&mailbox[..]).and_then(number) else { return false };
        found.extend(entry(seq, &Bytes::copy_from_slice(raw)));
        found.len() < limit
    })?;
    Ok(found)
}

/// See [`super::Engine::count`].
pub(super) fn count(map: &impl Ordered, owner: &Key, limit: usize) -> Result<usize, StoreError> {
    let mut count = 0;
    if limit == 0 {
        return Ok(count);
    }
    let mailbox = mailbox_prefix(owner);
    map.scan(Bound::Included(mailbox.clone()), &mut |key, _| {
        if key.strip_prefix(&mailbox[..]).and_then(number).is_none() {
            return false;
        }
        count += 1;
        count < limit
    })?;
    Ok(count)
}

/// See [`super::Engine::overdue`].
pub(super) fn overdue(map: &impl Ordered, now: Timestamp, limit: usize) -> Result<Vec<(Key, Entry)>, StoreError> {
    let mut found = Vec::new();
    for (_, rest) in timed(map, b'd', now, limit)? {
        let Some((seq, owner)) = rest.split_at_checked(8) else { continue };
        let (Some(seq), owner) = (number(seq), Key(Bytes::copy_from_slice(owner))) else { continue };
        // Gone in the meantime: then somebody else has dealt with it.
        if let Some(raw) = map.lookup(&entry_key(&owner, seq))? {
            found.extend(entry(seq, &raw).map(|entry| (owner, entry)));
        }
    }
    Ok(found)
}

// === impl Draft ===

impl<'a, B: Ordered> Draft<'a, B> {
    /// Nothing done yet.
    pub(super) fn new(base: &'a B) -> Self {
        Self { base, done: HashMap::new(), open: HashMap::new() }
    }

    /// Adds one commit; after an error nothing of it is left.
    pub(super) fn commit(&mut self, changes: Changes) -> Result<Committed, StoreError> {
        let mut committed = Committed::default();
        for change in changes.list {
            match self.change(change) {
                Ok(appended) => committed.appended.extend(appended),
                Err(error) => {
                    self.open.clear();
                    return Err(error);
                }
            }
        }
        self.done.extend(self.open.drain());
        Ok(committed)
    }

    /// Adds the removal of records whose time has passed; returns how many.
    pub(super) fn sweep(&mut self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let mut dropped = 0;
        for (index, key) in timed(self.base, b'x', now, limit)? {
            let key = Key(Bytes::from(key));
            // A commit of this draft may have written it anew.
            if self.record(&key)?.is_some_and(|record| record.expires <= now) {
                self.remove_record(&key)?;
                dropped += 1;
            } else {
                self.open.insert(index, None);
            }
        }
        self.done.extend(self.open.drain());
        Ok(dropped)
    }

    /// What has to be written: a value, or `None` to remove the key.
    pub(super) fn into_writes(self) -> HashMap<Raw, Option<Bytes>> {
        self.done
    }

    fn change(&mut self, change: Change) -> Result<Option<Seq>, StoreError> {
        match change {
            Change::Put { key, value, expect, expires } => {
                let before = self.expect(&key, expect)?;
                if let Some(before) = &before {
                    self.index(before.expires, drop_key(before.expires, &key), None);
                }
                let revision = before.map_or(1, |before| before.revision + 1);
                self.index(expires, drop_key(expires, &key), Some(Bytes::new()));
                self.open.insert(record_key(&key), Some(Record { revision, expires, value }.write()));
                Ok(None)
            }
            Change::Delete { key, expect } => {
                if self.expect(&key, expect)?.is_some() {
                    self.remove_record(&key)?;
                }
                Ok(None)
            }
            Change::Append { owner, body, expires } => {
                let seq = self.lookup(SEQ)?.as_deref().and_then(number).unwrap_or(0) + 1;
                self.open.insert(SEQ.to_vec(), Some(Bytes::copy_from_slice(&seq.to_be_bytes())));
                let mut raw = BytesMut::with_capacity(8 + body.len());
                raw.put_u64(expires.0);
                raw.put_slice(&body);
                self.open.insert(entry_key(&owner, seq), Some(raw.freeze()));
                self.index(expires, due_key(expires, &owner, seq), Some(Bytes::new()));
                Ok(Some(seq))
            }
            Change::Forget { owner, seq } => self.remove_entry(&owner, seq).map(|_| None),
            Change::Require { owner, seq } => match self.lookup(&entry_key(&owner, seq))? {
                Some(_) => Ok(None),
                None => Err(StoreError::Conflict { key: owner }),
            },
            Change::Take { owner, seq } => match self.remove_entry(&owner, seq)? {
                true => Ok(None),
                false => Err(StoreError::Conflict { key: owner }),
            },
        }
    }

    fn expect(&self, key: &Key, expect: Expect) -> Result<Option<Record>, StoreError> {
        let there = self.record(key)?;
        let fits = match expect {
            Expect::Any => true,
            Expect::Absent => there.is_none(),
            Expect::Revision(revision) => there.as_ref().is_some_and(|record| record.revision == revision),
        };
        if fits { Ok(there) } else { Err(StoreError::Conflict { key: key.clone() }) }
    }

    fn remove_record(&mut self, key: &Key) -> Result<(), StoreError> {
        if let Some(record) = self.record(key)? {
            self.index(record.expires, drop_key(record.expires, key), None);
            self.open.insert(record_key(key), None);
        }
        Ok(())
    }

    /// Removes an entry; whether it was there.
    fn remove_entry(&mut self, owner: &Key, seq: Seq) -> Result<bool, StoreError> {
        let place = entry_key(owner, seq);
        let Some(entry) = self.lookup(&place)?.and_then(|raw| entry(seq, &raw)) else { return Ok(false) };
        self.index(entry.expires, due_key(entry.expires, owner, seq), None);
        self.open.insert(place, None);
        Ok(true)
    }

    /// Writes or removes a key of an index by time; what never expires stands in none.
    fn index(&mut self, expires: Timestamp, key: Raw, value: Option<Bytes>) {
        if expires != Timestamp::NEVER {
            self.open.insert(key, value);
        }
    }

    fn record(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        Ok(self.lookup(&record_key(key))?.and_then(|raw| Record::read(&raw)))
    }

    fn lookup(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        match self.open.get(key).or_else(|| self.done.get(key)) {
            Some(written) => Ok(written.clone()),
            None => self.base.lookup(key),
        }
    }
}

// === impl Record ===

struct Record {
    revision: Revision,
    expires: Timestamp,
    value: Bytes,
}

impl Record {
    fn read(raw: &Bytes) -> Option<Self> {
        Some(Self {
            revision: number(raw.get(..8)?)?,
            expires: Timestamp(number(raw.get(8..16)?)?),
            value: raw.slice(16..),
        })
    }

    fn write(&self) -> Bytes {
        let mut raw = BytesMut::with_capacity(16 + self.value.len());
        raw.put_u64(self.revision);
        raw.put_u64(self.expires.0);
        raw.put_slice(&self.value);
        raw.freeze()
    }

    fn into_versioned(self) -> Versioned {
        Versioned { value: self.value, revision: self.revision }
    }
}

// === keys ===

fn record_key(key: &Key) -> Raw {
    [b"r", &key.0[..]].concat()
}

fn drop_key(expires: Timestamp, key: &Key) -> Raw {
    [b"x", &expires.0.to_be_bytes()[..], &key.0[..]].concat()
}

fn mailbox_prefix(owner: &Key) -> Raw {
    // The length keeps one owner's entries apart from those of an owner whose name begins with the same bytes.
    let length = u32::try_from(owner.0.len()).unwrap_or(u32::MAX);
    [b"m", &length.to_be_bytes()[..], &owner.0[..]].concat()
}

fn entry_key(owner: &Key, seq: Seq) -> Raw {
    let mut key = mailbox_prefix(owner);
    key.extend_from_slice(&seq.to_be_bytes());
    key
}

fn due_key(expires: Timestamp, owner: &Key, seq: Seq) -> Raw {
    [b"d", &expires.0.to_be_bytes()[..], &seq.to_be_bytes()[..], &owner.0[..]].concat()
}

fn entry(seq: Seq, raw: &Bytes) -> Option<Entry> {
    Some(Entry { seq, body: raw.slice_ref(raw.get(8..)?), expires: Timestamp(number(raw.get(..8)?)?) })
}

fn number(raw: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(raw.try_into().ok()?))
}

/// Keys of an index by time up to `now`: the whole key, and what stands behind its time.
fn timed(map: &impl Ordered, index: u8, now: Timestamp, limit: usize) -> Result<Vec<(Raw, Raw)>, StoreError> {
    let mut found = Vec::new();
    if limit == 0 {
        return Ok(found);
    }
    map.scan(Bound::Included(vec![index]), &mut |key, _| {
        let time = key.strip_prefix(&[index]).and_then(|rest| rest.split_at_checked(8));
        let Some((time, rest)) = time else { return false };
        if number(time).is_none_or(|time| time > now.0) {
            return false;
        }
        found.push((key.to_vec(), rest.to_vec()));
        found.len() < limit
    })?;
    Ok(found)
}
