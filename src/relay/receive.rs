//! A POST of a peer on an open session: who asks, whether it may, whether it was asked before, what it answers.

use bytes::Bytes;

use crate::address::{Address, Domain};
use crate::config;
use crate::store::Expect;
use crate::syntax::ssp::{self, Scanned};
use crate::syntax::{Limits, Said};
use crate::time::Timestamp;
use crate::vocabulary::access::KeepAliveResponse;
use crate::vocabulary::interop::MetaInfo;
use crate::vocabulary::primitive::{Service, is_promised, service_of};
use crate::vocabulary::status::{Code, Outcome, Status};
use crate::vocabulary::{Element, Mode, Primitive, Text, Version};

use super::answered::{Done, Executing, Fingerprint, Known};
use super::apply::{Farewell, StepKind};
use super::lane::{Answer, Track};
use super::peer::Peer;
use super::service_table::{self, Way};
use super::{Job, Relay, Turn, durable};

/// How long an answer without a promise behind it is kept for the peer, milliseconds.
const MEMORY_MS: u64 = 20 * 60 * 1000;

/// A POST under decision.
struct Post<'a> {
    now: Timestamp,
    version: Version,
    config: &'a config::Peer,
    /// Our own id of its session; a session taken up by quirk has none.
    own: Option<(u64, crate::ident::SessionId)>,
    session: Fingerprint,
}

// === impl Relay ===

impl Relay {
    /// The element's response to a job of this same turn; `None` = nothing better than `Status` 200.
    pub fn answer(&self, now: Timestamp, job: &Job, response: Option<Bytes>, turn: &mut Turn) {
        let response = response.unwrap_or_else(|| status(Code::SUCCESS, job.version));
        self.peers.with(&job.peer, |peer| {
            let Some(executing) = peer.answered.executing(&job.transaction) else { return };
            let promised = is_promised(executing.element);
            let memory = Timestamp(now.0.saturating_add(MEMORY_MS));
            let window = now + self.cx.timers().dedup;
            let expires = if promised { window } else { window.min(memory) };
            let done = Done {
                id: job.transaction.clone(),
                fingerprint: executing.fingerprint,
                session: executing.session,
                element: executing.element,
                response: response.clone(),
                at: now,
                expires,
            };
            let mut owed = None;
            if promised {
                // What memory has forgotten, the store still knows: then the commit fails and nothing is executed.
                let known = peer.answered.knows(&job.transaction);
                let expected = if known { Expect::Any } else { Expect::Absent };
                durable::put_done(&mut turn.changes, &job.peer, &done, expected);
                owed = Some(durable::owed_key(&job.peer, &job.transaction));
            }
            let answer = Answer { transaction: job.transaction.clone(), fragment: response, expires, owed };
            turn.step(&job.peer, StepKind::Answered(executing.track, answer, done));
        });
    }
}

// === impl Peer ===

impl Peer {
    pub(super) fn receive_session(
        &mut self,
        now: Timestamp,
        version: Version,
        session: &str,
        transactions: &[Scanned<'_>],
        turn: &mut Turn,
    ) {
        let Some(config) = self.active() else {
            turn.ack = Some(403);
            return;
        };
        if transactions.len() > Relay::TRANSACTIONS_MAX {
            tracing::warn!(peer = %self.domain, transactions = transactions.len(), "a POST of too many was refused");
            turn.ack = Some(413);
            return;
        }
        let own = self.sessions.by_theirs(session).map(|s| (s.number, s.own.clone()));
        let adopted = self.quirks.sticky_session && Domain::of_service_id(session).as_ref() == Some(&self.domain);
        if own.is_none() && !adopted {
            self.count("postern_relay_unknown_sessions_total");
            turn.ack = Some(404);
            return;
        }
        let post = Post { now, version, config: &config, own, session: Fingerprint::of(session.as_bytes()) };
        if transactions.iter().any(|t| self.must_wait(t, &post)) {
            turn.ack = Some(503);
            return;
        }
        turn.ack = Some(200);
        if let Some((number, _)) = post.own {
            turn.step(&self.domain, StepKind::Touch(number));
        }
        self.clear_link(turn);
        for scanned in transactions {
            match scanned.mode {
                Mode::Request => self.request(scanned, &post, turn),
                Mode::Response => self.response(scanned, &post, turn),
            }
        }
    }

    /// Whether the peer must post again later: an earlier copy is being worked on, or there is no room.
    fn must_wait(&self, scanned: &Scanned<'_>, post: &Post<'_>) -> bool {
        match scanned.mode {
            Mode::Request => {
                self.answered.executing(&scanned.id).is_some() || self.answers_waiting() >= post.config.limits.queue
            }
            Mode::Response => self.table.by_transaction(&scanned.id).is_some_and(|row| row.busy),
        }
    }

    fn request(&mut self, scanned: &Scanned<'_>, post: &Post<'_>, turn: &mut Turn) {
        match scanned.element {
            Some(Element::KeepAliveRequest) => {
                let alive = KeepAliveResponse { outcome: Outcome::from(Code::SUCCESS), keep_alive: None };
                let alive = ssp::write_fragment(None, &Primitive::KeepAliveResponse(alive), post.version);
                self.reply(Track::Management, scanned, alive, post, turn);
            }
            Some(Element::LogoutRequest) => self.logout(scanned, post, turn),
            Some(Element::Disconnect) => self.closed_by_peer("Disconnect", post, turn),
            Some(element) => match service_of(element) {
                Some(service) if !matches!(service, Service::Access | Service::Interop) => {
                    self.execute(element, service, scanned, post, turn);
                }
                _ => self.refuse(Track::Management, Code::NOT_SUPPORTED, scanned, post, turn),
            },
            None => self.refuse(Track::Management, Code::NOT_SUPPORTED, scanned, post, turn),
        }
    }

    /// A request for a service element.
    fn execute(&mut self, element: Element, service: Service, scanned: &Scanned<'_>, post: &Post<'_>, turn: &mut Turn) {
        let track = Track::of(service);
        let fingerprint = Fingerprint::of(scanned.fragment);
        match self.answered.look_up(&scanned.id, fingerprint, post.session) {
            Known::Fresh => {}
            // The same twice in one POST: answered once.
            Known::Executing => return,
            Known::Done(done) => {
                let (again, expires) = (done.response.clone(), done.expires);
                self.count("postern_relay_duplicates_total");
                let answer = Answer { transaction: Text::from(&*scanned.id), fragment: again, expires, owed: None };
                turn.step(&self.domain, StepKind::Reply(track, answer));
                return;
            }
            Known::Reused => return self.refuse(track, Code::INVALID_TRANSACTION, scanned, post, turn),
        }
        if !self.may_name(scanned.meta.as_ref()) {
            return self.refuse(track, Code::ADDRESS_ERROR, scanned, post, turn);
        }
        let function = service_table::function_of(element);
        if let Err(why) = service_table::covers(post.config, post.now, Way::In, element, service, function) {
            tracing::info!(peer = %self.domain, primitive = %scanned.name, "refused with 506: {why}");
            return self.refuse(track, Code::NOT_AGREED, scanned, post, turn);
        }
        let executing = Executing { fingerprint, session: post.session, element, track };
        self.answered.begin(Text::from(&*scanned.id), executing);
        self.count("postern_relay_requests_total");
        turn.step(&self.domain, StepKind::Started(Text::from(&*scanned.id)));
        turn.jobs.push(Job {
            peer: self.domain.clone(),
            transaction: Text::from(&*scanned.id),
            version: post.version,
            meta: scanned.meta.clone(),
            element: Some(element),
            name: scanned.name.into(),
            fragment: Bytes::copy_from_slice(scanned.fragment),
        });
    }

    /// Whether the peer may speak for the requestor it names, by its user and by its service; one without a name
    /// is the element's affair.
    fn may_name(&self, meta: Option<&MetaInfo>) -> bool {
        let Some(requestor) = meta.and_then(|meta| meta.requestor.as_ref()) else { return true };
        let service = requestor.service.as_deref().map(Domain::of_service_id);
        let home = service.as_ref().and_then(Option::as_ref).unwrap_or(&self.domain);
        let user = requestor.user.as_ref().map(|user| Address::parse(&user.id, home).ok());
        let user = user.map(|address| address.map(|address| address.domain().clone()));
        let stranger = [user, service]
            .into_iter()
            .flatten()
            .find(|named| !named.as_ref().is_some_and(|domain| self.may_speak_for(domain)));
        if let Some(named) = &stranger {
            let named = named.as_ref().map_or("nobody", Domain::as_str);
            tracing::info!(peer = %self.domain, requestor = %named,
                "refused with 901: [agreement] relay_for of the peer does not list the requestor's domain");
        }
        stranger.is_none()
    }

    /// Whether the peer may speak for users of a domain: its own, and those it relays for.
    pub(super) fn may_speak_for(&self, domain: &Domain) -> bool {
        let relays_for = |config: &config::Peer| config.agreement.relay_for.contains(domain);
        *domain == self.domain || self.config.as_deref().is_some_and(relays_for)
    }

    fn logout(&mut self, scanned: &Scanned<'_>, post: &Post<'_>, turn: &mut Turn) {
        let Some((_, own)) = &post.own else {
            return self.refuse(Track::Management, Code::INVALID_SESSION, scanned, post, turn);
        };
        let fragment = status(Code::SUCCESS, post.version);
        let part = ssp::Part { mode: Mode::Response, id: &scanned.id, fragment: &fragment };
        let farewell = Farewell {
            body: ssp::session_message(post.version, own.expose(), &[part]),
            session: Some(own.clone()),
            transaction: Text::from(&*scanned.id),
        };
        turn.step(&self.domain, StepKind::Farewell(farewell));
        self.closed_by_peer("LogoutRequest", post, turn);
    }

    fn closed_by_peer(&self, how: &str, post: &Post<'_>, turn: &mut Turn) {
        if let Some((number, own)) = &post.own {
            tracing::info!(peer = %self.domain, session = %own, "the peer ended the session with {how}");
            self.close_session(*number, turn);
        }
    }

    /// Ends a session.
    pub(super) fn close_session(&self, number: u64, turn: &mut Turn) {
        turn.changes.delete(durable::session_key(&self.domain, number));
        turn.step(&self.domain, StepKind::CloseSession(number));
    }

    fn refuse(&self, track: Track, code: Code, scanned: &Scanned<'_>, post: &Post<'_>, turn: &mut Turn) {
        let labels = [("peer", self.domain.to_string()), ("code", code.to_string())];
        metrics::counter!("postern_relay_refused_total", &labels).increment(1);
        self.reply(track, scanned, status(code, post.version), post, turn);
    }

    /// Answers without having executed anything: a repeated request is simply answered again.
    fn reply(&self, track: Track, scanned: &Scanned<'_>, fragment: Bytes, post: &Post<'_>, turn: &mut Turn) {
        let expires = Timestamp(post.now.0.saturating_add(MEMORY_MS));
        let answer = Answer { transaction: Text::from(&*scanned.id), fragment, expires, owed: None };
        turn.step(&self.domain, StepKind::Reply(track, answer));
    }

    /// An answer to a request of ours.
    fn response(&mut self, scanned: &Scanned<'_>, post: &Post<'_>, turn: &mut Turn) {
        let Some(row) = self.table.by_transaction(&scanned.id) else {
            self.count("postern_relay_stray_responses_total");
            tracing::debug!(peer = %self.domain, transaction = %scanned.id, "an answer nobody waits for was dropped");
            return;
        };
        if row.busy {
            return;
        }
        let id = row.id;
        if !row.resent && session_is_gone(scanned, post.version) {
            if row.is_durable() {
                let mut row = row.clone();
                row.resent = true;
                durable::put_row(&mut turn.changes, &row);
            }
            self.table.change(id, |row| row.busy = true);
            turn.step(&self.domain, StepKind::Resend(id));
            if let Some(current) = self.sessions.current() {
                self.close_session(current.number, turn);
            }
            return;
        }
        // Whoever asked reads it here, so prefixes bound outside the fragment do no harm.
        self.settle(id, Ok((Bytes::copy_from_slice(scanned.fragment), post.version)), turn);
    }

    pub(super) fn count(&self, name: &'static str) {
        metrics::counter!(name, "peer" => self.domain.to_string()).increment(1);
    }
}

/// A `Status` fragment.
pub(super) fn status(code: Code, version: Version) -> Bytes {
    ssp::write_fragment(None, &Primitive::Status(Status::from(code)), version)
}

/// Whether an answer says that the peer no longer knows the session.
fn session_is_gone(scanned: &Scanned<'_>, version: Version) -> bool {
    if scanned.element != Some(Element::Status) {
        return false;
    }
    match ssp::read_fragment(scanned.fragment, version, &Limits::default()) {
        Ok((_, Said::Known(Primitive::Status(status)))) => {
            matches!(status.outcome.code, Code::SESSION_EXPIRED | Code::INVALID_SESSION)
        }
        _ => false,
    }
}

/// The lane a primitive travels in.
pub(super) fn track_of(element: Element) -> Track {
    service_of(element).map_or(Track::Management, Track::of)
}

/// The name of a primitive's service in peer files.
pub(super) fn service_name(element: Element) -> &'static str {
    service_of(element).map_or("access", service_table::name)
}
