//! Requests of a peer that are being executed or have been answered: a repeated one is answered alike and
//! executed once.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;

use crate::ident;
use crate::time::Timestamp;
use crate::vocabulary::{Element, Text};

use super::lane::Track;

/// What identifies a request's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Fingerprint(pub(super) u128);

/// A request that was answered.
#[derive(Clone, Debug)]
pub(super) struct Done {
    /// The peer's transaction id.
    pub(super) id: Text,
    pub(super) fingerprint: Fingerprint,
    /// The peer's session it came on, unrecognisable: ids may be used again on a later session.
    pub(super) session: Fingerprint,
    pub(super) element: Element,
    pub(super) response: Bytes,
    pub(super) at: Timestamp,
    pub(super) expires: Timestamp,
}

/// A request that is being executed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Executing {
    pub(super) fingerprint: Fingerprint,
    pub(super) session: Fingerprint,
    pub(super) element: Element,
    pub(super) track: Track,
}

/// What is known of a transaction id.
#[derive(Clone, Copy, Debug)]
pub(super) enum Known<'a> {
    /// Nothing: execute it.
    Fresh,
    /// It is being executed right now.
    Executing,
    /// It was executed: answer alike.
    Done(&'a Done),
    /// It names another request.
    Reused,
}

/// The requests of one peer, by transaction id.
#[derive(Clone, Debug, Default)]
pub(super) struct Answered {
    executing: HashMap<Text, Executing>,
    /// By the hash of their transaction id.
    done: HashMap<Fingerprint, Done>,
    /// In order of expiry.
    ends: VecDeque<(Timestamp, Fingerprint)>,
}

// === impl Fingerprint ===

impl Fingerprint {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(ident::fingerprint(bytes))
    }
}

// === impl Answered ===

impl Answered {
    pub(super) fn look_up(&self, id: &str, fingerprint: Fingerprint, session: Fingerprint) -> Known<'_> {
        if let Some(executing) = self.executing.get(id) {
            return if executing.fingerprint == fingerprint { Known::Executing } else { Known::Reused };
        }
        match self.done.get(&Fingerprint::of(id.as_bytes())) {
            Some(done) if done.fingerprint == fingerprint => Known::Done(done),
            Some(done) if done.session == session => Known::Reused,
            // The peer counts anew since it set up another session.
            Some(_) | None => Known::Fresh,
        }
    }

    pub(super) fn begin(&mut self, id: Text, executing: Executing) {
        self.executing.insert(id, executing);
    }

    pub(super) fn executing(&self, id: &str) -> Option<Executing> {
        self.executing.get(id).copied()
    }

    pub(super) fn end(&mut self, id: &str) {
        self.executing.remove(id);
    }

    /// Whether an answered request of this id is known, whatever it asked for.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.done.contains_key(&Fingerprint::of(id.as_bytes()))
    }

    /// Takes note of an answered request; of more than `most` the oldest are left to the store.
    pub(super) fn remember(&mut self, done: Done, most: usize) {
        let id = Fingerprint::of(done.id.as_bytes());
        // Entries come in order of expiry, but for those read from the store.
        let place = self.ends.iter().rposition(|(at, _)| *at <= done.expires).map_or(0, |at| at + 1);
        self.ends.insert(place, (done.expires, id));
        self.done.insert(id, done);
        while self.done.len() > most {
            let Some((at, id)) = self.ends.pop_front() else { break };
            self.drop_if(id, |done| done.expires <= at);
        }
    }

    fn drop_if(&mut self, id: Fingerprint, over: impl FnOnce(&Done) -> bool) {
        if self.done.get(&id).is_some_and(over) {
            self.done.remove(&id);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Done> {
        self.done.values()
    }

    /// When the oldest entry's time is over.
    pub(super) fn wake(&self) -> Timestamp {
        self.ends.front().map_or(Timestamp::NEVER, |(at, _)| *at)
    }

    /// Forgets what is over.
    pub(super) fn forget(&mut self, now: Timestamp) {
        while let Some((_, id)) = self.ends.pop_front_if(|(at, _)| *at <= now) {
            self.drop_if(id, |done| done.expires <= now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(id: &str, fragment: &[u8], session: &[u8], expires: u64) -> Done {
        Done {
            id: id.into(),
            fingerprint: Fingerprint::of(fragment),
            session: Fingerprint::of(session),
            element: Element::SendMessageRequest,
            response: Bytes::from_static(b"<Status/>"),
            at: Timestamp(0),
            expires: Timestamp(expires),
        }
    }

    #[test]
    fn the_same_id_with_another_content_is_reuse_on_the_same_session_and_fresh_on_a_new_one() {
        let mut answered = Answered::default();
        answered.remember(done("7-0", b"one", b"s1", 10), 9);
        let look = |fragment: &[u8], session: &[u8]| match answered.look_up(
            "7-0",
            Fingerprint::of(fragment),
            Fingerprint::of(session),
        ) {
            Known::Fresh => "fresh",
            Known::Executing => "executing",
            Known::Done(_) => "done",
            Known::Reused => "reused",
        };
        assert_eq!(look(b"one", b"s1"), "done");
        assert_eq!(look(b"one", b"s2"), "done");
        assert_eq!(look(b"two", b"s1"), "reused");
        assert_eq!(look(b"two", b"s2"), "fresh");
    }

    #[test]
    fn an_entry_is_forgotten_when_its_time_is_over() {
        let mut answered = Answered::default();
        answered.remember(done("late", b"x", b"s", 20), 9);
        answered.remember(done("early", b"x", b"s", 10), 9);
        assert_eq!(answered.wake(), Timestamp(10));
        answered.forget(Timestamp(10));
        let left: Vec<&str> = answered.iter().map(|done| done.id.as_str()).collect();
        assert_eq!(left, ["late"]);
        answered.forget(Timestamp(20));
        assert_eq!(answered.wake(), Timestamp::NEVER);
    }
    #[test]
    fn of_too_many_entries_the_oldest_are_forgotten() {
        let mut answered = Answered::default();
        for (id, expires) in [("a", 1), ("b", 2), ("a", 3), ("c", 4), ("d", 5)] {
            answered.remember(done(id, b"x", b"s", expires), 3);
        }
        assert!(!answered.knows("b"));
        assert!(answered.knows("a") && answered.knows("c") && answered.knows("d"));
    }
}
