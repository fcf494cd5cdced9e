//! What time demands: rows that expire or lack a result, set-ups that stall, sessions that fell silent.

use bytes::Bytes;

use crate::syntax::ssp;
use crate::time::Timestamp;
use crate::vocabulary::access::KeepAliveRequest;
use crate::vocabulary::primitive::Service;
use crate::vocabulary::status::Code;
use crate::vocabulary::{Element, Primitive, Version};

use super::apply::StepKind;
use super::dice::Context;
use super::lane::Track;
use super::peer::Peer;
use super::session_record::Silence;
use super::transaction_table::{Row, State};
use super::{Posted, Request, RowId, Turn, Upstream, durable, receive, service_table};

impl Peer {
    pub(super) fn tick(&mut self, now: Timestamp, cx: &Context, turn: &mut Turn) {
        if self.wake(cx) > now {
            return;
        }
        for row in self.table.due(now) {
            self.row_due(now, row, turn);
        }
        self.flights_due(now, cx, turn);
        self.setup_due(now, cx, turn);
        if !self.quirks.sticky_session {
            self.silence(now, cx, turn);
        }
        turn.step(&self.domain, StepKind::Wake);
    }

    fn flights_due(&mut self, now: Timestamp, cx: &Context, turn: &mut Turn) {
        for track in Track::ALL {
            let late = self.lane(track).flight.as_ref().filter(|flight| flight.until <= now);
            if let Some(post) = late.map(|flight| flight.post) {
                let lost = Posted::Unreachable("the outcome of a POST was never told".to_owned());
                self.load_posted(now, cx, track, post, lost, turn);
            }
        }
    }

    fn row_due(&mut self, now: Timestamp, id: RowId, turn: &mut Turn) {
        let Some(row) = self.table.get(id) else { return };
        if row.request.expires <= now {
            let code = verdict(row);
            self.settle(id, Err(code), turn);
        } else if let State::Acked { until } = row.state
            && until <= now
        {
            if service_table::is_notice(row.request.element) {
                let version = self.version();
                self.settle(id, Ok((receive::status(Code::SUCCESS, version), version)), turn);
            } else {
                turn.step(&self.domain, StepKind::Requeue(id));
            }
        }
    }

    fn silence(&mut self, now: Timestamp, cx: &Context, turn: &mut Turn) {
        for (number, demand) in self.sessions.silent(now) {
            match demand {
                Silence::Expired => {
                    tracing::info!(peer = %self.domain, "a session ended after its time without traffic");
                    self.close_session(number, turn);
                }
                Silence::Probe => {
                    let mut row = Row::new(cx.row(now), cx.transaction(), self.sign_of_life(now, cx), now);
                    row.own = true;
                    turn.step(&self.domain, StepKind::Probe(number, Box::new(row)));
                }
            }
        }
    }

    fn sign_of_life(&self, now: Timestamp, cx: &Context) -> Request {
        let alive = Primitive::KeepAliveRequest(KeepAliveRequest { time_to_live: None });
        Request {
            target: self.domain.clone(),
            service: Service::Access,
            element: Element::KeepAliveRequest,
            function: None,
            fragment: ssp::write_fragment(None, &alive, self.version()),
            requestor: None,
            message: None,
            expires: now + cx.timers().response_wait,
            upstream: Upstream::Node,
        }
    }

    fn version(&self) -> Version {
        let configured = || self.config.as_ref().map_or(Version::V13, |config| config.ssp_version);
        self.sessions.current().map_or_else(configured, |session| session.version)
    }

    /// Removes the peer: everything open ends, sessions are logged out.
    pub(super) fn leave(&mut self, turn: &mut Turn) {
        self.leaving = true;
        let rows: Vec<RowId> = self.table.iter().map(|row| row.id).collect();
        for row in rows {
            self.settle(row, Err(Code::DOMAIN_NOT_SUPPORTED), turn);
        }
        for session in self.sessions.iter() {
            turn.changes.delete(durable::session_key(&self.domain, session.number));
        }
        if self.link_kept {
            turn.changes.delete(durable::link_key(&self.domain));
        }
        turn.step(&self.domain, StepKind::Remove);
    }
}

/// What to tell about a request whose time is over.
fn verdict(row: &Row) -> Code {
    match row.request.service {
        _ if row.acked => Code::TIMEOUT,
        Service::Im => Code::EXPIRED,
        _ => Code::UNAVAILABLE,
    }
}

/// The fragment of a logout.
pub(super) fn logout(version: Version) -> Bytes {
    let logout = Primitive::LogoutRequest(crate::vocabulary::access::LogoutRequest { outcome: None });
    ssp::write_fragment(None, &logout, version)
}
