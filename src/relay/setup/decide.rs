//! What a step of the other side, the fate of our own step, and time do to a set-up.

use std::time::Duration;

use crate::syntax::ssp::Scanned;
use crate::time::Timestamp;
use crate::vocabulary::{Mode, Text, Version};

use super::super::apply::{Farewell, SetupStep, StepKind};
use super::super::dice::Context;
use super::super::peer::Peer;
use super::super::session_record::Session;
use super::super::{PostId, Posted, Turn, durable};
use super::responder::Own;
use super::step::Misread;
use super::{Attempt, Heard, Next, Outgoing, Pair, Role, Say, Secret, Setup, responder};

/// Wait before steps 2 and 3 towards peers whose step before takes effect late (quirk `setup-delay`).
const DELAY: Duration = Duration::from_millis(300);

/// A step of the other side under decision.
struct Hearing<'a> {
    now: Timestamp,
    cx: &'a Context,
    version: Version,
    role: Role,
    /// The initiator's transaction id.
    transaction: Text,
}

// === impl Peer ===

impl Peer {
    /// A set-up step of the peer.
    pub(in super::super) fn receive_setup(
        &mut self,
        now: Timestamp,
        cx: &Context,
        version: Version,
        scanned: &Scanned<'_>,
        turn: &mut Turn,
    ) {
        if self.active().is_none() {
            turn.ack = Some(403);
            return;
        }
        let heard = match Heard::read(&self.domain, scanned, version) {
            Ok(heard) => heard,
            Err(misread) => {
                turn.ack = Some(if misread == Misread::OtherDomain { 403 } else { 400 });
                return;
            }
        };
        match scanned.mode {
            Mode::Request => {
                let transaction = Text::from(&*scanned.id);
                let hearing = Hearing { now, cx, version, role: Role::Responder, transaction };
                self.hear_initiator(&hearing, heard, turn);
            }
            Mode::Response => self.hear_responder(now, cx, version, scanned, heard, turn),
        }
    }

    /// A step of the peer as initiator.
    fn hear_initiator(&mut self, hearing: &Hearing<'_>, heard: Heard, turn: &mut Turn) {
        match self.setup.of_peer(&hearing.transaction) {
            Some(attempt) if attempt.busy => turn.ack = Some(503),
            Some(attempt) => {
                let next = attempt.state.clone().handle(heard);
                self.advance(hearing, next, |state, step| SetupStep::Responder(Box::new(state), Box::new(step)), turn);
            }
            None => match heard {
                Heard::Secret(_) if self.setup.theirs.len() >= Setup::MOST => turn.ack = Some(503),
                Heard::Secret(theirs) => self.respond(hearing, theirs, turn),
                _ => turn.ack = Some(404),
            },
        }
    }

    /// A step of the peer as responder: it belongs to our own attempt or to none.
    fn hear_responder(
        &mut self,
        now: Timestamp,
        cx: &Context,
        version: Version,
        scanned: &Scanned<'_>,
        heard: Heard,
        turn: &mut Turn,
    ) {
        match &self.setup.ours {
            Some(attempt) if attempt.busy => turn.ack = Some(503),
            Some(attempt) if attempt.transaction == scanned.id || matches!(heard, Heard::Secret(_)) => {
                let transaction = attempt.transaction.clone();
                let next = attempt.state.clone().handle(&scanned.id, heard);
                let hearing = Hearing { now, cx, version, role: Role::Initiator, transaction };
                self.advance(&hearing, next, |state, step| SetupStep::Initiator(Box::new(state), Box::new(step)), turn);
            }
            _ => {
                let concluded = self.setup.concluded.iter().any(|(id, _)| *id == scanned.id);
                turn.ack = Some(if concluded { 200 } else { 404 });
            }
        }
    }

    /// Answers step 1 of the peer.
    fn respond(&self, hearing: &Hearing<'_>, theirs: Secret, turn: &mut Turn) {
        let (cx, version) = (hearing.cx, hearing.version);
        let own = Own {
            home: cx.settings.domain.clone(),
            transaction: hearing.transaction.clone(),
            secret: Secret::new(cx.secret()),
            session: cx.session(),
            ttl: cx.timers().session_ttl,
        };
        let (state, say) = responder::begin(own, cx.transaction(), theirs, version);
        let due = self.step_due(&say, hearing.now);
        let attempt = Attempt::new(state, &say, hearing.transaction.clone(), version, hearing.now, due);
        turn.ack = Some(200);
        self.setup_step(Role::Responder, &hearing.transaction, SetupStep::Begin(Box::new(attempt)), turn);
    }

    /// Turns the next state into what is to happen.
    fn advance<S>(
        &mut self,
        hearing: &Hearing<'_>,
        next: Next<S>,
        moved: impl FnOnce(S, Outgoing) -> SetupStep,
        turn: &mut Turn,
    ) {
        let &Hearing { now, cx, version, role, ref transaction } = hearing;
        turn.ack = Some(200);
        let step = match next {
            Next::Answer(state, say) => moved(state, Outgoing::new(&say, version, self.step_due(&say, now))),
            Next::Open(pair, last) => {
                self.open_session(hearing, pair, turn);
                match last {
                    Some((state, say)) => moved(state, Outgoing::new(&say, version, now)),
                    None => SetupStep::Concluded(now + cx.timers().setup_total),
                }
            }
            Next::Repeat => SetupStep::Repeat { due: now, refused: None },
            Next::Ignore => SetupStep::Stay,
            Next::Refuse(say, why) => {
                let body = say.write(version);
                let farewell = Farewell { body, session: None, transaction: say.transaction };
                turn.step(&self.domain, StepKind::Farewell(farewell));
                self.give_up(now, cx, role, why, turn);
                SetupStep::Drop
            }
            Next::GiveUp(why) => {
                self.give_up(now, cx, role, why, turn);
                SetupStep::Drop
            }
            Next::Unexpected => {
                turn.ack = Some(404);
                return;
            }
        };
        self.setup.set_busy(role, transaction, true);
        self.setup_step(role, transaction, step, turn);
    }

    /// The pair is durable before the step that brought it is acknowledged.
    fn open_session(&self, hearing: &Hearing<'_>, pair: Pair, turn: &mut Turn) {
        let &Hearing { now, cx, version, role, .. } = hearing;
        let session = Session {
            number: cx.row(now).0,
            own: pair.own,
            theirs: pair.theirs,
            version,
            initiator: role == Role::Initiator,
            established: now,
            used: now,
            ttl: pair.ttl,
            // The responder posts on it only once its last step has arrived.
            confirmed: role == Role::Initiator,
            proven: false,
            probed: false,
        };
        tracing::info!(peer = %self.domain, session = %session.own, role = role.as_str(), "session open");
        self.count_setup(role, "open");
        let gone = self.sessions.superseded(&session.theirs);
        for number in &gone {
            turn.changes.delete(durable::session_key(&self.domain, *number));
        }
        durable::put_session(&mut turn.changes, &self.domain, &session);
        self.clear_link(turn);
        turn.step(&self.domain, StepKind::OpenSession(Box::new(session), gone));
    }

    /// How the POST of one of our steps went.
    pub(in super::super) fn step_posted(
        &mut self,
        now: Timestamp,
        cx: &Context,
        (role, transaction): (Role, &Text),
        post: PostId,
        outcome: Posted,
        turn: &mut Turn,
    ) {
        let Some(step) = self.setup.step(role, transaction).filter(|step| step.post == Some(post)) else { return };
        let (number, refusals) = (step.number, step.refusals);
        let why = match outcome {
            Posted::Accepted => {
                if number == 6 {
                    self.confirm(transaction, turn);
                }
                return self.setup_step(role, transaction, SetupStep::Acked(post), turn);
            }
            Posted::Refused(status) => format!("step {number} of the set-up was answered with HTTP {status}"),
            Posted::Unreachable(why) => format!("step {number} of the set-up could not be posted: {why}"),
        };
        match cx.timers().setup_retry.get(refusals) {
            // A step may come before the other side has put the one before into force.
            Some(wait) if number > 1 => {
                let repeat = SetupStep::Repeat { due: now + *wait, refused: Some(post) };
                self.setup_step(role, transaction, repeat, turn);
            }
            _ => {
                self.give_up(now, cx, role, why, turn);
                self.setup_step(role, transaction, SetupStep::Drop, turn);
            }
        }
    }

    /// Set-ups whose time is over, or whose other side is overdue.
    pub(in super::super) fn setup_due(&mut self, now: Timestamp, cx: &Context, turn: &mut Turn) {
        let timers = cx.timers();
        let mut late = Vec::new();
        if let Some(ours) = self.setup.ours.as_ref().filter(|a| !a.busy) {
            late.push((Role::Initiator, ours.transaction.clone(), ours.ends(timers), ours.overdue(timers), false));
        }
        for theirs in self.setup.theirs.iter().filter(|a| !a.busy) {
            let done = theirs.state.is_done();
            late.push((Role::Responder, theirs.transaction.clone(), theirs.ends(timers), theirs.overdue(timers), done));
        }
        for (role, transaction, ends, overdue, done) in late {
            if ends <= now {
                if !done {
                    self.give_up(now, cx, role, "the set-up was not finished in its time".to_owned(), turn);
                }
                self.setup_step(role, &transaction, SetupStep::Drop, turn);
            } else if overdue <= now && !done {
                self.setup_step(role, &transaction, SetupStep::Repeat { due: now, refused: None }, turn);
            }
        }
    }

    /// Step 6 has arrived: the peer holds the pair too.
    fn confirm(&mut self, transaction: &Text, turn: &mut Turn) {
        let own = self.setup.of_peer(transaction).and_then(|attempt| attempt.state.session().cloned());
        if let Some(session) = self.sessions.iter().find(|session| Some(&session.own) == own.as_ref()) {
            turn.step(&self.domain, StepKind::Confirm(session.number));
        }
    }

    fn give_up(&self, now: Timestamp, cx: &Context, role: Role, why: String, turn: &mut Turn) {
        tracing::warn!(peer = %self.domain, role = role.as_str(), "session set-up failed: {why}");
        self.count_setup(role, "failed");
        let link = match role {
            Role::Initiator => self.link.setup_failed(now, why, cx),
            // The peer's attempt says nothing about our own, but the operator shall see it.
            Role::Responder => super::super::link::Link { error: Some(why), ..self.link.clone() },
        };
        self.set_link(link, turn);
    }

    fn step_due(&self, say: &Say, now: Timestamp) -> Timestamp {
        if self.quirks.setup_delay && matches!(say.number, 2 | 3) { now + DELAY } else { now }
    }

    fn setup_step(&self, role: Role, transaction: &Text, step: SetupStep, turn: &mut Turn) {
        turn.step(&self.domain, StepKind::Setup(role, transaction.clone(), step));
    }

    fn count_setup(&self, role: Role, outcome: &'static str) {
        let labels =
            [("peer", self.domain.to_string()), ("role", role.as_str().to_owned()), ("outcome", outcome.to_owned())];
        metrics::counter!("postern_relay_setups_total", &labels).increment(1);
    }
}
