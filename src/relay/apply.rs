//! Putting a committed turn into force, or giving up one that was not committed.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::address::Domain;
use crate::config;
use crate::ident::SessionId;
use crate::syntax::ssp;
use crate::time::Timestamp;
use crate::vocabulary::{Mode, Text};

use super::answered::Done;
use super::dice::Context;
use super::durable::{self, Kept};
use super::lane::{Answer, Track};
use super::link::Link;
use super::peer::{Errand, Peer, Peers, Quirks};
use super::session_record::Session;
use super::setup::{Attempt, Outgoing, Role, initiator, responder};
use super::transaction_table::{Row, State};
use super::{Post, PostId, RowId, Step, tick};

/// What comes into force.
#[derive(Debug)]
pub(super) enum StepKind {
    /// A request of the peer was executed and is answered.
    Answered(Track, Answer, Done),
    CloseSession(u64),
    /// The peer is known to hold a pair.
    Confirm(u64),
    Configure(Arc<config::Peer>),
    /// A row of our own takes its place in the lane.
    Enqueue(Box<Row>),
    /// A last word outside the lanes.
    Farewell(Farewell),
    /// The POST of a lane came to its end.
    Landed {
        track: Track,
        post: PostId,
        landing: Landing,
    },
    Link(Link),
    /// A pair is open; others give way to it.
    OpenSession(Box<Session>, Vec<u64>),
    /// A sign of life is asked for on a session.
    Probe(u64, Box<Row>),
    Remove,
    /// An answer for which nothing was executed.
    Reply(Track, Answer),
    /// No result came in time: the row is posted again.
    Requeue(RowId),
    /// The peer had lost the session: the row is posted again, once.
    Resend(RowId),
    Settle(RowId),
    Setup(Role, Text, SetupStep),
    /// A request of the peer is being executed, until the turn's end.
    Started(Text),
    /// Traffic passed on a session.
    Touch(u64),
    /// Time has passed.
    Wake,
}

/// A last word outside the lanes. Its `Debug` hides the body: there is a session id in it.
pub(super) struct Farewell {
    pub(super) body: Bytes,
    pub(super) session: Option<SessionId>,
    pub(super) transaction: Text,
}

/// What becomes of the load of a POST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Landing {
    /// The peer has it.
    Accepted,
    /// The peer will never take it.
    Dropped,
    /// Posted again later.
    Failed,
    /// Posted again one by one.
    Split,
}

/// What becomes of a set-up.
#[derive(Debug)]
pub(super) enum SetupStep {
    /// Our step was acknowledged.
    Acked(PostId),
    /// The peer began one.
    Begin(Box<Attempt<responder::State>>),
    /// Ours led to a session; remembered until then.
    Concluded(Timestamp),
    Drop,
    /// The initiator's next state and step.
    Initiator(Box<initiator::State>, Box<Outgoing>),
    /// A repeated step of the peer is answered again, or ours was not acknowledged.
    Repeat {
        due: Timestamp,
        refused: Option<PostId>,
    },
    /// The responder's next state and step.
    Responder(Box<responder::State>, Box<Outgoing>),
    /// A repeated step needs no answer.
    Stay,
}

// === impl Farewell ===

impl fmt::Debug for Farewell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Farewell").field("transaction", &self.transaction).finish_non_exhaustive()
    }
}

pub(super) fn apply(peers: &Peers, cx: &Context, now: Timestamp, steps: Vec<Step>) -> Vec<(Post, Errand)> {
    let mut posts = Vec::new();
    let mut touched: Vec<Domain> = Vec::new();
    let mut started = Vec::new();
    for Step { peer: domain, kind } in steps {
        match kind {
            StepKind::Configure(config) => peers.with_new(&domain, |peer| {
                peer.quirks = Quirks::of(&config.quirks);
                peer.config = Some(config);
                peer.leaving = false;
            }),
            StepKind::Remove => {
                peers.with(&domain, |peer| {
                    posts.extend(peer.farewells(cx));
                    peer.retire();
                });
            }
            StepKind::Started(transaction) => started.push((domain.clone(), transaction)),
            kind => {
                peers.with(&domain, |peer| peer.apply(now, cx, kind, &mut posts));
            }
        }
        if !touched.contains(&domain) {
            touched.push(domain);
        }
    }
    for (domain, transaction) in started {
        peers.with(&domain, |peer| peer.answered.end(&transaction));
    }
    for domain in touched {
        peers.with(&domain, |peer| posts.extend(peer.pump(now, cx)));
    }
    posts
}

pub(super) fn abandon(peers: &Peers, cx: &Context, steps: Vec<Step>) {
    for Step { peer: domain, kind } in steps {
        peers.with(&domain, |peer| peer.abandon(cx, kind));
    }
}

// === impl Peer ===

impl Peer {
    fn apply(&mut self, now: Timestamp, cx: &Context, kind: StepKind, posts: &mut Vec<(Post, Errand)>) {
        match kind {
            StepKind::Answered(track, answer, done) => {
                self.answered.end(&answer.transaction);
                self.answered.remember(done, cx.remembered);
                self.lane(track).answers.push_back(answer);
            }
            StepKind::CloseSession(number) => self.sessions.close(number),
            StepKind::Confirm(number) => {
                if let Some(session) = self.sessions.get(number) {
                    session.confirmed = true;
                }
            }
            StepKind::Enqueue(row) => {
                self.reserved = self.reserved.saturating_sub(1);
                self.enqueue(*row);
            }
            StepKind::Farewell(farewell) => posts.push((self.farewell(farewell, cx), Errand::Farewell)),
            StepKind::Landed { track, post, landing } => self.landed(now, cx, track, post, landing),
            StepKind::Link(link) => {
                self.link_kept = !link.is_clear();
                self.link = link;
            }
            StepKind::OpenSession(session, gone) => {
                for number in gone {
                    self.sessions.close(number);
                }
                self.sessions.open(*session);
            }
            StepKind::Probe(number, row) => {
                if let Some(session) = self.sessions.get(number) {
                    session.probed = true;
                    self.enqueue(*row);
                }
            }
            StepKind::Reply(track, answer) => self.lane(track).answers.push_back(answer),
            StepKind::Requeue(id) => self.requeue(id, |row| row.reposts += 1),
            StepKind::Resend(id) => self.requeue(id, |row| {
                row.resent = true;
                row.busy = false;
            }),
            StepKind::Settle(id) => {
                self.table.remove(id);
                self.sweep_lanes();
            }
            StepKind::Setup(role, transaction, step) => self.apply_setup(now, role, transaction, step),
            StepKind::Touch(number) => self.sessions.touch(number, now),
            StepKind::Wake => {
                self.answered.forget(now);
                self.setup.concluded.retain(|(_, until)| *until > now);
            }
            // Handled before a peer is locked.
            StepKind::Configure(_) | StepKind::Remove | StepKind::Started(_) => {}
        }
    }

    fn abandon(&mut self, cx: &Context, kind: StepKind) {
        match kind {
            StepKind::Enqueue(_) => self.reserved = self.reserved.saturating_sub(1),
            StepKind::Landed { track, post, .. } => {
                // What the peer took is posted again; it knows it by its transaction ids.
                if let Some(flight) = self.land(track, post) {
                    self.link = self.link.post_failed(flight.sent, flight.sent, "the store failed".to_owned(), cx);
                    self.put_back(track, flight);
                }
            }
            StepKind::Remove => self.leaving = false,
            StepKind::Resend(id) | StepKind::Settle(id) => self.table.change(id, |row| row.busy = false),
            StepKind::Setup(role, transaction, step) => {
                self.setup.set_busy(role, &transaction, false);
                if let SetupStep::Acked(post) | SetupStep::Repeat { refused: Some(post), .. } = step
                    && let Some(step) = self.setup.step(role, &transaction).filter(|step| step.post == Some(post))
                {
                    step.post = None;
                }
            }
            StepKind::Started(transaction) => self.answered.end(&transaction),
            _ => {}
        }
    }

    fn enqueue(&mut self, row: Row) {
        self.lane(Track::of(row.request.service)).requests.push_back(row.id);
        self.table.insert(row);
    }

    /// Puts an acknowledged row back into its lane.
    fn requeue(&mut self, id: RowId, change: impl FnOnce(&mut Row)) {
        let Some(row) = self.table.get(id).filter(|row| matches!(row.state, State::Acked { .. })) else {
            return self.table.change(id, change);
        };
        self.lane(Track::of(row.request.service)).requests.push_back(id);
        self.table.change(id, |row| {
            row.state = State::Queued;
            change(row);
        });
    }

    fn landed(&mut self, now: Timestamp, cx: &Context, track: Track, post: PostId, landing: Landing) {
        let Some(flight) = self.land(track, post) else { return };
        match landing {
            Landing::Accepted => {
                for id in flight.requests {
                    self.table.change(id, |row| {
                        // Whoever is slow is asked less often.
                        let wait = cx.timers().response_wait.saturating_mul(1 << row.reposts.min(5));
                        row.state = State::Acked { until: now + wait };
                        row.acked = true;
                    });
                }
            }
            Landing::Dropped => {}
            Landing::Failed => self.put_back(track, flight),
            Landing::Split => {
                self.lane(track).alone = flight.answers.len() + flight.requests.len();
                self.put_back(track, flight);
            }
        }
    }

    fn apply_setup(&mut self, now: Timestamp, role: Role, transaction: Text, step: SetupStep) {
        self.setup.set_busy(role, &transaction, false);
        match step {
            SetupStep::Acked(post) => {
                let Some(step) = self.setup.step(role, &transaction).filter(|step| step.post == Some(post)) else {
                    return;
                };
                step.post = None;
                step.acked = Some(now);
                step.refusals = 0;
            }
            SetupStep::Begin(attempt) => {
                if self.setup.of_peer(&transaction).is_none() {
                    self.setup.theirs.push(*attempt);
                }
            }
            SetupStep::Concluded(until) => {
                self.setup.drop(role, &transaction);
                self.setup.concluded.push((transaction, until));
            }
            SetupStep::Drop => self.setup.drop(role, &transaction),
            SetupStep::Initiator(state, step) => {
                if let Some(attempt) = self.setup.ours.as_mut().filter(|a| a.transaction == transaction) {
                    attempt.state = *state;
                    attempt.step = *step;
                }
            }
            SetupStep::Responder(state, step) => {
                if let Some(attempt) = self.setup.of_peer(&transaction) {
                    attempt.state = *state;
                    attempt.step = *step;
                }
            }
            SetupStep::Repeat { due, refused } => {
                let Some(step) = self.setup.step(role, &transaction) else { return };
                if refused.is_some() && step.post == refused {
                    step.post = None;
                    step.refusals += 1;
                }
                step.repeat(due);
            }
            SetupStep::Stay => {}
        }
    }

    fn farewell(&self, farewell: Farewell, cx: &Context) -> Post {
        let Farewell { body, session, transaction } = farewell;
        Post { id: cx.post(), peer: self.domain.clone(), body, session, transaction: Some(transaction) }
    }

    /// A logout on every session.
    fn farewells(&self, cx: &Context) -> Vec<(Post, Errand)> {
        let word = |session: &Session| {
            let (transaction, fragment) = (cx.transaction(), tick::logout(session.version));
            let part = ssp::Part { mode: Mode::Request, id: &transaction, fragment: &fragment };
            let body = ssp::session_message(session.version, session.own.expose(), &[part]);
            let farewell = Farewell { body, session: Some(session.own.clone()), transaction };
            (self.farewell(farewell, cx), Errand::Farewell)
        };
        self.sessions.iter().map(word).collect()
    }

    /// Drops what is no longer open from the front of the lanes.
    fn sweep_lanes(&mut self) {
        for track in Track::ALL {
            while let Some(id) = self.lane(track).requests.front().copied() {
                if self.table.get(id).is_some() {
                    break;
                }
                self.lane(track).requests.pop_front();
            }
        }
    }

    /// Takes up a record of an earlier run.
    pub(super) fn restore(&mut self, kept: Kept, now: Timestamp, cx: &Context) {
        match kept {
            Kept::Link(link) => {
                self.link = link;
                self.link_kept = true;
            }
            Kept::Session(session) => {
                cx.saw_row(RowId(session.number));
                self.sessions.open(session);
            }
            Kept::Done(done) if done.expires > now => self.answered.remember(done, cx.remembered),
            Kept::Done(_) => {}
            Kept::Owed(done) if done.expires > now => {
                let owed = Some(durable::owed_key(&self.domain, &done.id));
                let Done { id, response, expires, element, .. } = done;
                let answer = Answer { transaction: id, fragment: response, expires, owed };
                self.lane(super::receive::track_of(element)).answers.push_back(answer);
            }
            Kept::Owed(_) => {}
            Kept::Row(mut row) => {
                cx.saw_row(row.id);
                // Whether it was acknowledged before the restart is known only if the peer was down all its life.
                let down = self.link.posts.attempts > 0 && self.link.posts.since <= row.created;
                row.acked = !down;
                self.enqueue(*row);
            }
        }
    }
}
