//! The instant messaging element: store and forward (IMPS 1.3 architecture, C.2).
//!
//! One mailbox per user, the entries of `mail/` and the address: messages for the user and reports on the
//! user's own messages, in the order they came. An entry stays until the user has confirmed it, each of
//! the sessions it is for ([`Copies`]), or its validity ended; whoever takes it out is told which report is due. The
//! element knows neither phones nor peers: it adds to [`Changes`] and returns reports, and the caller commits and delivers.
//!
//! **Once.** Taking an entry out asks the store that it is still there. The caller puts the report (into the
//! sender's mailbox with [`Messaging::report`], or onto the relay's rows) into the *same* changes; if the commit
//! answers [`StoreError::Conflict`], somebody else was faster and nothing was done: ask again with fresh changes,
//! which then finds the entry gone.

mod copies;
mod mail;
#[cfg(test)]
mod tests;

pub use copies::{Copies, Settled};
pub use mail::{Font, Mail, Message, Report, Target, Waiting};

use std::time::Duration;

use crate::address::Address;
use crate::config;
use crate::store::{Change, Changes, Entry, Key, Seq, Store, StoreError};
use crate::time::Timestamp;
use crate::vocabulary::status::Code;

/// The instant messaging element.
#[derive(Clone)]
pub struct Messaging {
    store: Store,
    settings: config::Messages,
}

/// Entries read at a time while looking for one.
const PAGE: usize = 100;

// === impl Messaging ===

impl Messaging {
    /// Entries a mailbox may have; a message beyond them is refused with 507, unless one goes for it that a session
    /// of the user has and another has not. Reports are taken nevertheless,
    /// those of peers up to [`Messaging::REPORTS_MAX`].
    /// Messages that arrive at the same instant may exceed it by as many as they are.
    pub const MAILBOX_MAX: usize = 1_000;

    /// Entries of a mailbox above which a peer's report is dropped.
    pub const REPORTS_MAX: usize = 2 * Self::MAILBOX_MAX;

    /// The longest validity granted, whatever the sender asks for: 30 days.
    pub const VALIDITY_MAX: Duration = Duration::from_secs(30 * 86_400);

    /// The element over a store.
    pub fn new(store: Store, settings: config::Messages) -> Self {
        Self { store, settings }
    }

    /// Adds the message to the recipient's mailbox; `online` = the recipient has a session.
    ///
    /// Whether the recipient exists, and each recipient only once, is the caller's to see to. Errors: 410
    /// content larger than the settings allow, 507 mailbox full, 533 not logged in and nothing is kept for such
    /// users, 542 validity already over, 503 the store failed.
    pub async fn accept(
        &self,
        now: Timestamp,
        message: &Message,
        recipient: &Address,
        online: bool,
        changes: &mut Changes,
    ) -> Result<(), Code> {
        if message.content.len() > self.settings.max_size {
            return Err(Code::UNABLE_TO_DELIVER);
        }
        if message.expires <= now {
            return Err(Code::EXPIRED);
        }
        if !online && self.settings.offline == config::Offline::Refuse {
            return Err(Code::NOT_LOGGED_IN);
        }
        let mailbox = mailbox(recipient);
        let count = self.store.count(&mailbox, Self::MAILBOX_MAX).await.map_err(|_| Code::UNAVAILABLE)?;
        if count >= Self::MAILBOX_MAX && !self.make_room(recipient, changes).await.map_err(|_| Code::UNAVAILABLE)? {
            return Err(Code::QUEUE_FULL);
        }
        changes.append(mailbox, Mail::Message(message.clone()).write(), message.expires);
        Ok(())
    }

    /// Adds the report to the mailbox of [`Report::to`], a user of this domain; it waits as long as a message
    /// that states no validity.
    pub fn report(&self, now: Timestamp, report: &Report, changes: &mut Changes) {
        let expires = self.validity(now, None);
        changes.append(mailbox(&report.to), Mail::Report(report.clone()).write(), expires);
    }

    /// As [`Messaging::report`], for a report of a peer; `false` = the mailbox is so full that it was dropped.
    pub async fn report_of_peer(&self, now: Timestamp, report: &Report, changes: &mut Changes) -> bool {
        let count = self.store.count(&mailbox(&report.to), Self::REPORTS_MAX).await;
        // A store that can't count can't commit either: the peer is told then to try again.
        let full = count.is_ok_and(|count| count >= Self::REPORTS_MAX);
        if !full {
            self.report(now, report, changes);
        }
        !full
    }

    /// What waits for a user behind a place (0 = from the beginning), in order; entries whose validity ended
    /// are among them until [`Messaging::expire`] has come by.
    pub async fn waiting(&self, user: &Address, after: Seq, limit: usize) -> Result<Vec<Waiting>, StoreError> {
        let mailbox = mailbox(user);
        let mut found = Vec::new();
        let mut after = after;
        while found.len() < limit {
            let asked = limit - found.len();
            let page = self.store.read(&mailbox, after, asked).await?;
            let last = page.len() < asked;
            after = page.last().map_or(after, |entry| entry.seq);
            found.extend(page.iter().filter_map(|entry| waiting(&mailbox, entry)));
            if last {
                break;
            }
        }
        Ok(found)
    }

    /// Whether anything waits for a user.
    pub async fn has_mail(&self, user: &Address) -> Result<bool, StoreError> {
        Ok(self.store.count(&mailbox(user), 1).await? > 0)
    }

    /// The message of that id that waits for a user; `None` if it is unknown or gone.
    pub async fn find(&self, user: &Address, message: &str) -> Result<Option<Waiting>, StoreError> {
        let mut after = 0;
        loop {
            let page = self.waiting(user, after, PAGE).await?;
            let Some(last) = page.last().map(|waiting| waiting.seq) else { return Ok(None) };
            after = last;
            let is_it = |waiting: &Waiting| matches!(&waiting.mail, Mail::Message(kept) if kept.id == message);
            if let Some(found) = page.into_iter().find(is_it) {
                return Ok(Some(found));
            }
        }
    }

    /// The entry at a place; `None` if it is gone.
    pub async fn entry(&self, user: &Address, seq: Seq) -> Result<Option<Waiting>, StoreError> {
        Ok(self.read_entry(user, seq).await?.and_then(|entry| waiting(&mailbox(user), &entry)))
    }

    async fn read_entry(&self, user: &Address, seq: Seq) -> Result<Option<Entry>, StoreError> {
        let Some(before) = seq.checked_sub(1) else { return Ok(None) };
        let entry = self.store.read(&mailbox(user), before, 1).await?.pop();
        Ok(entry.filter(|entry| entry.seq == seq))
    }

    /// The user has the entry: removes it; the report to send if one was asked for. `None` too if the entry is
    /// gone, or was a report.
    pub async fn delivered(
        &self,
        now: Timestamp,
        user: &Address,
        seq: Seq,
        changes: &mut Changes,
    ) -> Result<Option<Report>, StoreError> {
        self.settle(now, user, seq, Code::SUCCESS, changes).await
    }

    /// Removes an entry for all sessions of its user, because of what became of it: 200 delivered, 410 not
    /// deliverable, 538 rejected, 541 forwarded. No report if one of them has it. Otherwise as
    /// [`Messaging::delivered`].
    pub async fn settle(
        &self,
        now: Timestamp,
        user: &Address,
        seq: Seq,
        fate: Code,
        changes: &mut Changes,
    ) -> Result<Option<Report>, StoreError> {
        let Some(entry) = self.read_entry(user, seq).await? else { return Ok(None) };
        let taken = self.drop_copies(user, seq, changes).await?;
        let mailbox = mailbox(user);
        changes.take(mailbox.clone(), seq);
        let waiting = waiting(&mailbox, &entry).filter(|_| !taken);
        Ok(waiting.and_then(|waiting| due(&waiting.mail, user, fate, now)))
    }

    /// Removes entries whose validity ended, at most `limit`; the reports (542) for senders who asked for them,
    /// of this domain or of others.
    pub async fn expire(&self, now: Timestamp, limit: usize, changes: &mut Changes) -> Result<Vec<Report>, StoreError> {
        let mut reports = Vec::new();
        for (mailbox, entry) in self.store.overdue(now, limit).await? {
            changes.take(mailbox.clone(), entry.seq);
            let Some(user) = owner(&mailbox) else { continue };
            let taken = self.drop_copies(&user, entry.seq, changes).await?;
            if let Some(waiting) = waiting(&mailbox, &entry).filter(|_| !taken) {
                reports.extend(due(&waiting.mail, &user, Code::EXPIRED, now));
            }
        }
        Ok(reports)
    }

    /// The entries that these changes take out of mailboxes.
    pub fn departures(changes: &Changes) -> Vec<(Address, Seq)> {
        let taken = changes.list.iter().filter_map(|change| match change {
            Change::Take { owner: mailbox, seq } | Change::Forget { owner: mailbox, seq } => {
                Some((owner(mailbox)?, *seq))
            }
            _ => None,
        });
        taken.collect()
    }

    /// The users whose mailboxes these changes add to.
    pub fn addressees(changes: &Changes) -> Vec<Address> {
        let added = changes.list.iter().filter_map(|change| match change {
            Change::Append { owner: mailbox, .. } => owner(mailbox),
            _ => None,
        });
        let mut users = Vec::new();
        for user in added {
            if !users.contains(&user) {
                users.push(user);
            }
        }
        users
    }

    /// When the validity of a message ends that arrives now and asks for so many seconds; none and 0 ask for
    /// the default. At most [`Messaging::VALIDITY_MAX`].
    pub fn validity(&self, now: Timestamp, asked: Option<u32>) -> Timestamp {
        let asked = asked.filter(|seconds| *seconds > 0).map(|seconds| Duration::from_secs(seconds.into()));
        now + asked.unwrap_or(self.settings.default_validity).min(Self::VALIDITY_MAX)
    }
}

const MAILBOX: &str = "mail";

fn mailbox(user: &Address) -> Key {
    Key::of(&[MAILBOX, &user.to_string()])
}

fn owner(mailbox: &Key) -> Option<Address> {
    let (_, address) = mailbox.as_str().split_once('/').filter(|(kind, _)| *kind == MAILBOX)?;
    address.to_owned().try_into().ok()
}

/// An entry as mail. One that can't be read is passed over: it goes when its validity ends.
fn waiting(mailbox: &Key, entry: &Entry) -> Option<Waiting> {
    let Some(mail) = Mail::read(&entry.body) else {
        tracing::error!(mailbox = mailbox.as_str(), seq = entry.seq, "an entry of a mailbox can't be read");
        return None;
    };
    Some(Waiting { seq: entry.seq, mail, expires: entry.expires })
}

/// The report that is due when an entry leaves its mailbox: none on reports.
fn due(mail: &Mail, user: &Address, fate: Code, now: Timestamp) -> Option<Report> {
    match mail {
        Mail::Message(message) if message.report => Some(message.report_on(user, fate, now)),
        _ => None,
    }
}
