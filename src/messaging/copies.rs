//! One entry for several sessions of its user (docs/wire-notes.md, "Several sessions"): the entry keeps its place in the
//! mailbox until each of them has it, and a record beside it says who has yet to take it.
//!
//! The record is written when the first session takes the entry, in the commit that carries the report, and changed
//! with compare-and-set. Whoever removes an entry removes its record and states what he read of it, so that of two
//! sessions that take an entry at once one is the first, and one report goes out.

use serde::{Deserialize, Serialize};

use super::{Mail, Messaging, due};
use crate::address::Address;
use crate::ident::SessionId;
use crate::messaging::Report;
use crate::store::{Changes, Expect, Key, Revision, Seq, StoreError};
use crate::time::Timestamp;
use crate::vocabulary::status::Code;

/// Who has yet to take an entry that others are done with: record `copies/<user>/<place>`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copies {
    /// The sessions that have yet to take it; never empty in a record.
    pub open: Vec<SessionId>,
    /// One of the user's sessions has it: its sender hears no more of it.
    pub taken: bool,
}

/// What a session's answer did to an entry.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settled {
    /// The report to send.
    pub report: Option<Report>,
    /// Who has yet to take the entry; if nobody, it left the mailbox.
    pub open: Vec<SessionId>,
    /// Nobody had taken it before.
    pub first: bool,
}

const COPIES: &str = "copies";

// === impl Copies ===

impl Copies {
    /// The prefix of every record's key.
    pub fn prefix() -> Key {
        Key::of(&[COPIES, ""])
    }

    /// The entry that a record belongs to.
    pub fn entry_of(key: &Key) -> Option<(Address, Seq)> {
        let (user, seq) = key.as_str().strip_prefix(COPIES)?.strip_prefix('/')?.rsplit_once('/')?;
        Some((user.to_owned().try_into().ok()?, seq.parse().ok()?))
    }

    /// Reads a record's value.
    pub fn read(value: &[u8]) -> Option<Self> {
        serde_json::from_slice(value).ok()
    }

    fn save(&self, key: Key, expect: Expect, changes: &mut Changes) {
        // Plain data: serialising cannot fail.
        changes.put_if(key, serde_json::to_vec(self).unwrap_or_default(), expect);
    }
}

// === impl Messaging ===

impl Messaging {
    /// Who has yet to take an entry; `None` if nobody has taken it.
    pub async fn copies(&self, user: &Address, seq: Seq) -> Result<Option<Copies>, StoreError> {
        Ok(self.copies_at(&key(user, seq)).await?.map(|(copies, _)| copies))
    }

    /// A session has an entry (200), or will not take it (another code). `others` tells, while nobody has taken it,
    /// which further sessions it is for: it stays for them. The sender hears of the first who has it, or of the
    /// refusal of the last. `None` = nothing to do: the entry is gone, or the session has it already.
    pub async fn settle_for(
        &self,
        now: Timestamp,
        (user, seq): (&Address, Seq),
        session: &SessionId,
        others: impl FnOnce(&Mail) -> Vec<SessionId>,
        fate: Code,
        changes: &mut Changes,
    ) -> Result<Option<Settled>, StoreError> {
        let Some(entry) = self.entry(user, seq).await? else { return Ok(None) };
        let key = key(user, seq);
        let (before, expect, first) = match self.copies_at(&key).await? {
            Some((copies, _)) if !copies.open.contains(session) => return Ok(None),
            Some((copies, revision)) => (copies, Expect::Revision(revision), false),
            None => (Copies { open: others(&entry.mail), taken: false }, Expect::Absent, true),
        };
        let open: Vec<SessionId> = before.open.into_iter().filter(|other| other != session).collect();
        let tells = !before.taken && (fate.is_success() || open.is_empty());
        let report = if tells { due(&entry.mail, user, fate, now) } else { None };
        if open.is_empty() {
            changes.delete_if(key, expect);
            changes.take(super::mailbox(user), seq);
        } else {
            let taken = before.taken || fate.is_success();
            // Somebody for whom there were no others may have taken it meanwhile, and left no record.
            changes.require(super::mailbox(user), seq);
            Copies { open: open.clone(), taken }.save(key, expect, changes);
        }
        Ok(Some(Settled { report, open, first }))
    }

    /// Takes sessions that are over off the list of those who have yet to take an entry. Who is left; with nobody
    /// left an entry that was taken goes, and one that was not is as if nobody had seen it. `None` = nothing to do.
    pub async fn forsake(
        &self,
        user: &Address,
        seq: Seq,
        is_over: impl Fn(&SessionId) -> bool,
        changes: &mut Changes,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let key = key(user, seq);
        let Some((copies, revision)) = self.copies_at(&key).await? else { return Ok(None) };
        let expect = Expect::Revision(revision);
        let before = copies.open.len();
        let open: Vec<SessionId> = copies.open.into_iter().filter(|session| !is_over(session)).collect();
        if open.len() == before {
            return Ok(None);
        }
        if open.is_empty() {
            changes.delete_if(key, expect);
            if copies.taken {
                changes.forget(super::mailbox(user), seq);
            }
        } else {
            Copies { open: open.clone(), taken: copies.taken }.save(key, expect, changes);
        }
        Ok(Some(open))
    }

    /// Adds the removal of the oldest entry that a session has already; false if there is none. A session that takes
    /// nothing must not keep others from getting messages.
    pub(super) async fn make_room(&self, user: &Address, changes: &mut Changes) -> Result<bool, StoreError> {
        let records = self.store.list(&Key::of(&[COPIES, &user.to_string(), ""]), None, Self::MAILBOX_MAX).await?;
        let taken = records.iter().filter(|(_, record)| Copies::read(&record.value).is_some_and(|copies| copies.taken));
        let Some((_, seq)) = taken.filter_map(|(of, _)| Copies::entry_of(of)).min_by_key(|(_, seq)| *seq) else {
            return Ok(false);
        };
        // Whatever becomes of it meanwhile, it goes.
        changes.delete(key(user, seq));
        changes.forget(super::mailbox(user), seq);
        Ok(true)
    }

    /// Adds the removal of an entry's record, as it is now; whether somebody has taken the entry.
    pub(super) async fn drop_copies(
        &self,
        user: &Address,
        seq: Seq,
        changes: &mut Changes,
    ) -> Result<bool, StoreError> {
        let key = key(user, seq);
        let (taken, expect) = match self.copies_at(&key).await? {
            Some((copies, revision)) => (copies.taken, Expect::Revision(revision)),
            None => (false, Expect::Absent),
        };
        changes.delete_if(key, expect);
        Ok(taken)
    }

    async fn copies_at(&self, key: &Key) -> Result<Option<(Copies, Revision)>, StoreError> {
        let Some(record) = self.store.get(key).await? else { return Ok(None) };
        // A record that can't be read is one of a later version: whoever has yet to take the entry is unknown.
        Ok(Some((Copies::read(&record.value).unwrap_or_default(), record.revision)))
    }
}

fn key(user: &Address, seq: Seq) -> Key {
    Key::of(&[COPIES, &user.to_string(), &seq.to_string()])
}

#[cfg(test)]
mod tests;
