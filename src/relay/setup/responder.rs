//! The side that answers a set-up: expects steps 1, 3 and 5, sends 2, 4 and 6.

use std::time::Duration;

use crate::address::Domain;
use crate::ident::SessionId;
use crate::vocabulary::status::Code;
use crate::vocabulary::{Text, Version};

use super::{Heard, Next, Pair, Say, Secret, shorter};

/// Where the responder stands.
#[derive(Clone, Debug)]
pub(in super::super) enum State {
    ExpectDigest(ExpectDigest),
    ExpectSession(ExpectSession),
    /// Step 6 is said; the session of this own id is open.
    Done(SessionId),
}

/// Step 2 is sent.
#[derive(Clone, Debug)]
pub(in super::super) struct ExpectDigest {
    own: Own,
    theirs: Secret,
}

/// Step 4 is sent.
#[derive(Clone, Debug)]
pub(in super::super) struct ExpectSession {
    own: Own,
    ttl: Option<u32>,
}

/// What the responder brings along.
#[derive(Clone, Debug)]
pub(in super::super) struct Own {
    pub(in super::super) home: Domain,
    /// TA, the initiator's.
    pub(in super::super) transaction: Text,
    pub(in super::super) secret: Secret,
    pub(in super::super) session: SessionId,
    pub(in super::super) ttl: Duration,
}

/// Answers step 1 with step 2 under a transaction id `ours` of our own.
pub(in super::super) fn begin(own: Own, ours: Text, theirs: Secret, version: Version) -> (State, Say) {
    let say = Say::secret(2, ours, &own.home, version, &own.secret);
    (State::ExpectDigest(ExpectDigest { own, theirs }), say)
}

// === impl State ===

impl State {
    /// Takes a step of the initiator, sent under its transaction id.
    pub(in super::super) fn handle(self, heard: Heard) -> Next<Self> {
        match self {
            Self::ExpectDigest(state) => state.handle(heard),
            Self::ExpectSession(state) => state.handle(heard),
            Self::Done(_) => match heard {
                Heard::Session { .. } => Next::Repeat,
                _ => Next::Ignore,
            },
        }
    }

    /// Our id of the open session.
    pub(in super::super) fn session(&self) -> Option<&SessionId> {
        match self {
            Self::Done(own) => Some(own),
            Self::ExpectDigest(_) | Self::ExpectSession(_) => None,
        }
    }

    /// Whether the session is open.
    pub(in super::super) fn is_done(&self) -> bool {
        self.session().is_some()
    }
}

// === impl ExpectDigest ===

impl ExpectDigest {
    fn handle(self, heard: Heard) -> Next<State> {
        match heard {
            Heard::Secret(_) => Next::Repeat,
            Heard::Digest(proof, ttl) if self.own.secret.is_proven_by(&proof) => {
                let Own { home, transaction, ttl: ours, .. } = &self.own;
                let say = Say::digest(4, transaction.clone(), home, *ours, &self.theirs);
                Next::Answer(State::ExpectSession(ExpectSession { own: self.own, ttl }), say)
            }
            Heard::Digest(..) => Next::Refuse(
                Say::refusal(4, self.own.transaction, Code::UNAUTHORIZED),
                "its digest is not that of our secret".to_owned(),
            ),
            Heard::Refusal(why) => Next::GiveUp(why),
            Heard::Session { .. } => Next::Unexpected,
        }
    }
}

// === impl ExpectSession ===

impl ExpectSession {
    fn handle(self, heard: Heard) -> Next<State> {
        match heard {
            Heard::Digest(..) => Next::Repeat,
            Heard::Session { theirs, ttl } => {
                let Own { transaction, session, ttl: ours, .. } = self.own;
                let say = Say::session(6, transaction, &session, ours);
                let ttl = shorter(ours, ttl.or(self.ttl));
                let done = State::Done(session.clone());
                Next::Open(Pair { own: session, theirs, ttl }, Some((done, say)))
            }
            Heard::Refusal(why) => Next::GiveUp(why),
            Heard::Secret(_) => Next::Ignore,
        }
    }
}
