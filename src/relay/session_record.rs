//! The session record: pairs of session ids with one peer (IMPS 1.3 architecture, C.7).
//!
//! A pair serves both directions, whoever initiated it. Several may be open after both sides initiated at
//! once; traffic is accepted on any of them and posted on the newest the peer is known to hold.

use std::time::Duration;

use crate::ident::SessionId;
use crate::time::Timestamp;
use crate::vocabulary::Version;

/// An open pair.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// Its number here.
    pub(super) number: u64,
    /// What we write.
    pub(super) own: SessionId,
    /// What the peer writes.
    pub(super) theirs: SessionId,
    /// The version it was set up in.
    pub(super) version: Version,
    /// Whether we initiated it.
    pub(super) initiator: bool,
    pub(super) established: Timestamp,
    /// Last traffic in either direction.
    pub(super) used: Timestamp,
    /// Life without traffic; `None` = for ever.
    pub(super) ttl: Option<Duration>,
    /// Whether the peer is known to hold it too.
    pub(super) confirmed: bool,
    /// Whether it has carried anything.
    pub(super) proven: bool,
    /// Whether the peer still has to answer a keep-alive.
    pub(super) probed: bool,
}

/// The open pairs of a peer, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct SessionRecord(Vec<Session>);

/// What silence demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// A sign of life is due.
    Probe,
    /// The session has ended.
    Expired,
}

// === impl Session ===

impl Session {
    /// When silence demands something.
    fn wake(&self) -> Timestamp {
        match self.ttl {
            None => Timestamp::NEVER,
            Some(ttl) if self.probed => self.used + ttl,
            Some(ttl) => self.used + ttl / 3,
        }
    }
}

// === impl SessionRecord ===

impl SessionRecord {
    /// How many pairs are kept per peer.
    const MOST: usize = 4;

    /// The pair whose other id this is.
    pub(super) fn by_theirs(&self, theirs: &str) -> Option<&Session> {
        self.0.iter().find(|s| s.theirs.expose() == theirs)
    }

    /// The pair to post on.
    pub(super) fn current(&self) -> Option<&Session> {
        self.0.iter().rev().find(|s| s.confirmed)
    }

    pub(super) fn get(&mut self, number: u64) -> Option<&mut Session> {
        self.0.iter_mut().find(|s| s.number == number)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Session> {
        self.0.iter()
    }

    /// The pairs a new one would replace.
    pub(super) fn superseded(&self, theirs: &SessionId) -> Vec<u64> {
        let mut gone: Vec<u64> = self.0.iter().filter(|s| s.theirs == *theirs).map(|s| s.number).collect();
        let spare = (self.0.len() + 1).saturating_sub(gone.len() + Self::MOST);
        let others: Vec<u64> = self.0.iter().map(|s| s.number).filter(|n| !gone.contains(n)).take(spare).collect();
        gone.extend(others);
        gone
    }

    pub(super) fn open(&mut self, session: Session) {
        self.close(session.number);
        self.0.push(session);
    }

    pub(super) fn close(&mut self, number: u64) {
        self.0.retain(|s| s.number != number);
    }

    /// Traffic passed.
    pub(super) fn touch(&mut self, number: u64, now: Timestamp) {
        if let Some(session) = self.get(number) {
            session.used = now;
            session.confirmed = true;
            session.proven = true;
            session.probed = false;
        }
    }

    /// When silence demands something of one of the pairs.
    pub(super) fn wake(&self) -> Timestamp {
        self.0.iter().map(Session::wake).min().unwrap_or(Timestamp::NEVER)
    }

    /// What silence demands now: pair and demand.
    pub(super) fn silent(&self, now: Timestamp) -> Vec<(u64, Silence)> {
        let due = |s: &&Session| s.wake() <= now;
        let demand = |s: &Session| match s.ttl {
            Some(ttl) if s.used + ttl <= now => (s.number, Silence::Expired),
            _ => (s.number, Silence::Probe),
        };
        self.0.iter().filter(due).map(demand).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(number: u64, theirs: &str) -> Session {
        Session {
            number,
            own: SessionId::new(format!("own{number}@north.example")),
            theirs: SessionId::new(theirs),
            version: Version::V13,
            initiator: true,
            established: Timestamp(0),
            used: Timestamp(0),
            ttl: Some(Duration::from_secs(30)),
            confirmed: true,
            proven: false,
            probed: false,
        }
    }

    #[test]
    fn a_new_pair_replaces_the_one_with_the_same_other_id_and_the_oldest_beyond_four() {
        let mut record = SessionRecord::default();
        for number in 1..=4 {
            record.open(session(number, &format!("{number}@south.example")));
        }
        assert_eq!(record.superseded(&SessionId::new("3@south.example")), [3]);
        assert_eq!(record.superseded(&SessionId::new("9@south.example")), [1]);
    }

    #[test]
    fn posts_go_on_the_newest_pair_the_peer_is_known_to_hold() {
        let mut record = SessionRecord::default();
        record.open(session(1, "1@south.example"));
        record.open(Session { confirmed: false, ..session(2, "2@south.example") });
        assert_eq!(record.current().map(|s| s.number), Some(1));
        record.touch(2, Timestamp(5));
        assert_eq!(record.current().map(|s| s.number), Some(2));
    }

    #[test]
    fn silence_first_asks_for_a_sign_of_life_then_ends_the_session() {
        let mut record = SessionRecord::default();
        record.open(session(1, "1@south.example"));
        assert_eq!(record.wake(), Timestamp(10_000));
        assert_eq!(record.silent(Timestamp(10_000)), [(1, Silence::Probe)]);
        record.get(1).unwrap().probed = true;
        assert_eq!(record.silent(Timestamp(20_000)), []);
        assert_eq!(record.silent(Timestamp(30_000)), [(1, Silence::Expired)]);
    }
}
