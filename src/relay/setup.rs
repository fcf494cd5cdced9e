//! Session set-up: three steps of each side, every step a POST of its own (`docs/wire-notes.md`, "Set-up").
//!
//! ```text
//!  initiator                                   responder
//!   1  SendSecretToken  Request  TA      →
//!                                        ←      2  SendSecretToken  Response TB
//!   3  LoginRequest     Request  TA      →           MD5 of the secret of 2
//!                                        ←      4  LoginRequest     Response TA   MD5 of the secret of 1
//!   5  LoginResponse    Request  TA      →           our session id
//!                                        ←      6  LoginResponse    Response TA   its session id
//! ```
//!
//! The states of either role are types that [`handle`](initiator::State::handle) consumes; what travels around
//! them (posting, repeating, timers) is the same for both and lives in [`Attempt`].

pub(super) mod decide;
pub(super) mod initiator;
pub(super) mod responder;
pub(super) mod step;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::config::Timers;
use crate::time::Timestamp;
use crate::vocabulary::{Text, Version};

use super::PostId;

pub(super) use step::{Heard, Next, Pair, Say, Secret};

/// Our part in a set-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Initiator,
    Responder,
}

/// The set-ups in progress with a peer.
#[derive(Clone, Debug, Default)]
pub(super) struct Setup {
    /// The one we initiated.
    pub(super) ours: Option<Attempt<initiator::State>>,
    /// Those the peer initiated.
    pub(super) theirs: Vec<Attempt<responder::State>>,
    /// Transaction ids of ours that led to a session, and until when to remember them.
    pub(super) concluded: Vec<(Text, Timestamp)>,
}

/// A set-up in progress.
#[derive(Clone, Debug)]
pub(super) struct Attempt<S> {
    /// The initiator's transaction id.
    pub(super) transaction: Text,
    pub(super) started: Timestamp,
    pub(super) state: S,
    pub(super) step: Outgoing,
    /// Whether a transition is being made durable.
    pub(super) busy: bool,
}

/// Our last step and how it travels. Its `Debug` hides the body: there are secrets in it.
#[derive(Clone)]
pub(super) struct Outgoing {
    /// 1 to 6.
    pub(super) number: u8,
    /// Its transaction id.
    pub(super) transaction: Text,
    pub(super) body: Bytes,
    /// Not before.
    pub(super) due: Timestamp,
    /// How often it was not acknowledged.
    pub(super) refusals: usize,
    pub(super) post: Option<PostId>,
    pub(super) acked: Option<Timestamp>,
}

// === impl Role ===

impl Role {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Initiator => "initiator",
            Self::Responder => "responder",
        }
    }
}

// === impl Outgoing ===

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("number", &self.number)
            .field("transaction", &self.transaction)
            .field("due", &self.due)
            .field("refusals", &self.refusals)
            .field("post", &self.post)
            .field("acked", &self.acked)
            .finish_non_exhaustive()
    }
}

impl Outgoing {
    pub(super) fn new(say: &Say, version: Version, due: Timestamp) -> Self {
        Self {
            number: say.number,
            transaction: say.transaction.clone(),
            body: say.write(version),
            due,
            refusals: 0,
            post: None,
            acked: None,
        }
    }

    /// Posts it once more; does nothing while it is on its way.
    pub(super) fn repeat(&mut self, due: Timestamp) {
        if self.post.is_none() {
            self.acked = None;
            self.due = due;
        }
    }

    /// Whether to post it now.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.post.is_none() && self.acked.is_none() && self.due <= now
    }
}

// === impl Attempt ===

impl<S> Attempt<S> {
    pub(super) fn new(
        state: S,
        say: &Say,
        transaction: Text,
        version: Version,
        now: Timestamp,
        due: Timestamp,
    ) -> Self {
        let step = Outgoing::new(say, version, due);
        Self { transaction, started: now, state, step, busy: false }
    }

    /// When its total time is over.
    pub(super) fn ends(&self, timers: &Timers) -> Timestamp {
        self.started + timers.setup_total
    }

    /// When the other side's next step is overdue.
    pub(super) fn overdue(&self, timers: &Timers) -> Timestamp {
        self.step.acked.map_or(Timestamp::NEVER, |acked| acked + timers.setup_step)
    }

    fn wake(&self, timers: &Timers) -> Timestamp {
        if self.busy {
            return Timestamp::NEVER;
        }
        let due = if self.step.post.is_none() && self.step.acked.is_none() { self.step.due } else { Timestamp::NEVER };
        due.min(self.ends(timers)).min(self.overdue(timers))
    }
}

// === impl Setup ===

impl Setup {
    /// How many set-ups of one peer may be open at once.
    pub(super) const MOST: usize = 8;

    /// Whether no set-up is under way that may still bring a session.
    pub(super) fn is_idle(&self) -> bool {
        self.ours.is_none() && !self.theirs.iter().any(|a| !a.state.is_done() || a.step.acked.is_none())
    }

    pub(super) fn of_peer(&mut self, transaction: &str) -> Option<&mut Attempt<responder::State>> {
        self.theirs.iter_mut().find(|a| a.transaction == transaction)
    }

    pub(super) fn drop(&mut self, role: Role, transaction: &str) {
        match role {
            Role::Initiator if self.ours.as_ref().is_some_and(|a| a.transaction == transaction) => self.ours = None,
            Role::Initiator => {}
            Role::Responder => self.theirs.retain(|a| a.transaction != transaction),
        }
    }

    /// Our last step of a set-up.
    pub(super) fn step(&mut self, role: Role, transaction: &str) -> Option<&mut Outgoing> {
        match role {
            Role::Initiator => self.ours.as_mut().filter(|a| a.transaction == transaction).map(|a| &mut a.step),
            Role::Responder => self.of_peer(transaction).map(|a| &mut a.step),
        }
    }

    /// Marks a set-up whose transition is being made durable.
    pub(super) fn set_busy(&mut self, role: Role, transaction: &str, busy: bool) {
        match role {
            Role::Initiator => {
                if let Some(attempt) = self.ours.as_mut().filter(|a| a.transaction == transaction) {
                    attempt.busy = busy;
                }
            }
            Role::Responder => {
                if let Some(attempt) = self.of_peer(transaction) {
                    attempt.busy = busy;
                }
            }
        }
    }

    /// Our steps with the transaction id of their set-up.
    pub(super) fn steps(&mut self) -> impl Iterator<Item = (Role, &Text, &mut Outgoing)> {
        let ours = self.ours.iter_mut().map(|a| (Role::Initiator, &a.transaction, &mut a.step));
        ours.chain(self.theirs.iter_mut().map(|a| (Role::Responder, &a.transaction, &mut a.step)))
    }

    /// The step of the set-up an operator sees: role and number of our last step.
    pub(super) fn progress(&self) -> Option<(Role, u8, Timestamp)> {
        let ours = self.ours.as_ref().map(|a| (Role::Initiator, a.step.number, a.started));
        let open = |a: &&Attempt<responder::State>| !a.state.is_done();
        ours.or_else(|| self.theirs.iter().find(open).map(|a| (Role::Responder, a.step.number, a.started)))
    }

    /// When something is to be done.
    pub(super) fn wake(&self, timers: &Timers) -> Timestamp {
        let ours = self.ours.iter().map(|a| a.wake(timers));
        let theirs = self.theirs.iter().map(|a| match a.state.is_done() && a.step.acked.is_some() {
            true => a.ends(timers),
            false => a.wake(timers),
        });
        let concluded = self.concluded.iter().map(|(_, until)| *until);
        ours.chain(theirs).chain(concluded).min().unwrap_or(Timestamp::NEVER)
    }
}

/// The smaller of two lives of a session; 0 or none is for ever.
pub(super) fn shorter(ours: Duration, theirs: Option<u32>) -> Option<Duration> {
    let theirs = Duration::from_secs(theirs.unwrap_or(0).into());
    [ours, theirs].into_iter().filter(|ttl| !ttl.is_zero()).min()
}
