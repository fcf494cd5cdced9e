//! Which of a user's sessions mail is for (`docs/wire-notes.md`, "Several sessions").

use super::manner::Manner;
use crate::address::Address;
use crate::ident::SessionId;
use crate::messaging::{Mail, Message as Kept, Report};
use crate::sap::Sap;
use crate::sap::session::SessionRecord;

/// The sessions of one user, and how each takes mail.
pub(in crate::sap) struct Audience<'a> {
    sap: &'a Sap,
    sessions: Vec<SessionRecord>,
}

impl Sap {
    /// The sessions of a user that mail may be for.
    pub(in crate::sap) fn audience(&self, user: &Address) -> Audience<'_> {
        // What a session that writes PTS can't be told is for the others.
        let ids = self.sessions.of_user(user).into_iter().filter(|id| !self.sessions.is_plain(id));
        Audience { sap: self, sessions: ids.filter_map(|id| self.sessions.get(&id)).collect() }
    }
}

// === impl Audience ===

impl Audience<'_> {
    /// Whether mail is for a session.
    pub(in crate::sap) fn has(&self, session: &SessionId, mail: &Mail) -> bool {
        match mail {
            Mail::Message(message) => self.of_message(message).any(|one| one.id == *session),
            Mail::Report(report) => self.of_report(report).any(|one| one.id == *session),
        }
    }

    /// The further sessions that a session's mail is for: a report is for one alone.
    pub(in crate::sap) fn others(&self, session: &SessionId, mail: &Mail) -> Vec<SessionId> {
        match mail {
            Mail::Message(message) => {
                self.of_message(message).map(|one| one.id.clone()).filter(|id| id != session).collect()
            }
            Mail::Report(_) => Vec::new(),
        }
    }

    /// Whether a message may be seen in a session: it is not meant for other clients.
    pub(in crate::sap) fn may_see(&self, session: &SessionId, message: &Kept) -> bool {
        self.addressed(message).any(|one| one.id == *session)
    }

    /// Whether nobody takes a message, and somebody refuses it.
    pub(in crate::sap) fn refuses(&self, message: &Kept) -> bool {
        let manners = || self.addressed(message).map(|one| self.sap.manner(one, message, true));
        !manners().any(Manner::takes) && manners().any(|manner| manner == Manner::Refuse)
    }

    /// The sessions of the best rank that can take a message.
    fn of_message<'a>(&'a self, message: &'a Kept) -> impl Iterator<Item = &'a SessionRecord> {
        let takers = || self.addressed(message).filter(|one| self.sap.manner(one, message, true).takes());
        let best = takers().map(|one| one.capabilities.priority).min();
        takers().filter(move |one| Some(one.capabilities.priority) == best)
    }

    /// The sessions that the sender meant: those he named, as far as there are any, else all.
    fn addressed<'a>(&'a self, message: &'a Kept) -> impl Iterator<Item = &'a SessionRecord> {
        let named = |one: &SessionRecord| {
            message.targets.iter().any(|target| target.means(&one.client, one.application.as_ref()))
        };
        let all = !self.sessions.iter().any(named);
        self.sessions.iter().filter(move |one| all || named(one))
    }

    /// The session whose client sent the message, if it is there and takes reports, else all that do.
    fn of_report<'a>(&'a self, report: &'a Report) -> impl Iterator<Item = &'a SessionRecord> {
        let takes = move |one: &SessionRecord| one.agreed.reports(&self.sap.offered);
        let sent = move |one: &SessionRecord| takes(one) && report.to_client.as_ref() == Some(&one.client);
        let all = !self.sessions.iter().any(sent);
        self.sessions.iter().filter(move |one| if all { takes(one) } else { sent(one) })
    }
}
