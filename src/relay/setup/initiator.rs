//! The side that initiates a set-up: sends steps 1, 3 and 5, expects 2, 4 and 6.

use std::time::Duration;

use crate::address::Domain;
use crate::ident::SessionId;
use crate::vocabulary::status::Code;
use crate::vocabulary::{Text, Version};

use super::{Heard, Next, Pair, Say, Secret, shorter};

/// Where the initiator stands.
#[derive(Clone, Debug)]
#[expect(clippy::enum_variant_names, reason = "a state of a set-up is named by what it waits for")]
pub(in super::super) enum State {
    ExpectSecret(ExpectSecret),
    ExpectDigest(ExpectDigest),
    ExpectSession(ExpectSession),
}

/// Step 1 is sent.
#[derive(Clone, Debug)]
pub(in super::super) struct ExpectSecret {
    own: Own,
}

/// Step 3 is sent.
#[derive(Clone, Debug)]
pub(in super::super) struct ExpectDigest {
    own: Own,
    answered: Secret,
}

/// Step 5 is sent.
#[derive(Clone, Debug)]
pub(in super::super) struct ExpectSession {
    own: Own,
    ttl: Option<u32>,
}

/// What the initiator brings along.
#[derive(Clone, Debug)]
struct Own {
    home: Domain,
    /// TA.
    transaction: Text,
    secret: Secret,
    session: SessionId,
    ttl: Duration,
}

/// Begins a set-up: the state after step 1, and step 1.
pub(in super::super) fn begin(
    home: Domain,
    transaction: Text,
    secret: Secret,
    session: SessionId,
    ttl: Duration,
    version: Version,
) -> (State, Say) {
    let say = Say::secret(1, transaction.clone(), &home, version, &secret);
    (State::ExpectSecret(ExpectSecret { own: Own { home, transaction, secret, session, ttl } }), say)
}

// === impl State ===

impl State {
    /// Takes a step of the responder, sent under transaction id `transaction`.
    pub(in super::super) fn handle(self, transaction: &str, heard: Heard) -> Next<Self> {
        match self {
            Self::ExpectSecret(state) => state.handle(transaction, heard),
            Self::ExpectDigest(state) => state.handle(transaction, heard),
            Self::ExpectSession(state) => state.handle(transaction, heard),
        }
    }
}

// === impl ExpectSecret ===

impl ExpectSecret {
    fn handle(self, transaction: &str, heard: Heard) -> Next<State> {
        match heard {
            // It has its own transaction id, never used again.
            Heard::Secret(theirs) => self.own.prove(theirs),
            Heard::Refusal(why) if transaction == self.own.transaction => Next::GiveUp(why),
            _ => Next::Unexpected,
        }
    }
}

// === impl ExpectDigest ===

impl ExpectDigest {
    fn handle(self, transaction: &str, heard: Heard) -> Next<State> {
        match heard {
            Heard::Secret(theirs) if theirs == self.answered => Next::Repeat,
            // The responder has begun anew.
            Heard::Secret(theirs) => self.own.prove(theirs),
            _ if transaction != self.own.transaction => Next::Unexpected,
            Heard::Digest(proof, ttl) if self.own.secret.is_proven_by(&proof) => {
                let Own { transaction, session, ttl: ours, .. } = &self.own;
                let say = Say::session(5, transaction.clone(), session, *ours);
                Next::Answer(State::ExpectSession(ExpectSession { own: self.own, ttl }), say)
            }
            Heard::Digest(..) => Next::Refuse(
                Say::refusal(5, self.own.transaction, Code::UNAUTHORIZED),
                "its digest is not that of our secret".to_owned(),
            ),
            Heard::Refusal(why) => Next::GiveUp(why),
            Heard::Session { .. } => Next::Unexpected,
        }
    }
}

// === impl ExpectSession ===

impl ExpectSession {
    fn handle(self, transaction: &str, heard: Heard) -> Next<State> {
        if transaction != self.own.transaction {
            return match heard {
                Heard::Secret(_) => Next::Ignore,
                _ => Next::Unexpected,
            };
        }
        match heard {
            Heard::Session { theirs, ttl } => {
                let ttl = shorter(self.own.ttl, ttl.or(self.ttl));
                Next::Open(Pair { own: self.own.session, theirs, ttl }, None)
            }
            Heard::Digest(..) => Next::Repeat,
            Heard::Refusal(why) => Next::GiveUp(why),
            Heard::Secret(_) => Next::Ignore,
        }
    }
}

// === impl Own ===

impl Own {
    fn prove(self, theirs: Secret) -> Next<State> {
        let say = Say::digest(3, self.transaction.clone(), &self.home, self.ttl, &theirs);
        Next::Answer(State::ExpectDigest(ExpectDigest { own: self, answered: theirs }), say)
    }
}
