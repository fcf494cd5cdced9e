//! What an operator sees of the relay; session ids show their first six characters.

use serde::Serialize;

use crate::address::Domain;
use crate::time::Timestamp;

use super::peer::Peer;
use super::transaction_table::{Row, State};
use super::{Relay, Upstream, service_table};

/// A session with a peer, open or being set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SessionView {
    /// The peer.
    pub peer: Domain,
    /// `requestor` or `provider`: what we are on it. A pair serves both; the initiator counts as requestor.
    pub role: &'static str,
    /// Whether we initiated it.
    pub initiator: bool,
    /// `opening`, `open` or `closing`.
    pub state: &'static str,
    /// While opening: our last step, 1 to 6.
    pub step: Option<u8>,
    /// Our own id, shortened.
    pub own_id: Option<String>,
    /// The peer's id, shortened.
    pub peer_id: Option<String>,
    /// Since it began, milliseconds.
    pub age_ms: u64,
    /// Since the last traffic, milliseconds.
    pub idle_ms: u64,
    /// Life without traffic, seconds; `None` = for ever.
    pub ttl_s: Option<u64>,
}

/// One end of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct End {
    /// `csp`, `ssp` or `node`.
    pub kind: &'static str,
    /// The peer, for `ssp`.
    pub peer: Option<Domain>,
    /// The session, shortened.
    pub session: Option<String>,
    /// The transaction id.
    pub transaction: Option<String>,
}

/// A row of the transaction table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TransactionView {
    /// The service.
    pub service: &'static str,
    /// The primitive.
    pub primitive: &'static str,
    /// Who asks.
    pub requestor: Option<String>,
    /// The message it carries.
    pub message_id: Option<String>,
    /// `queued`, `sent`, `acked`, `answered` or `failed`.
    pub state: &'static str,
    /// POSTs that carried it.
    pub attempts: u32,
    /// Since it was taken, milliseconds.
    pub age_ms: u64,
    /// Until it is given up or forgotten, milliseconds.
    pub expires_in_ms: u64,
    /// Where the request came from.
    pub upstream: End,
    /// Where it went.
    pub downstream: End,
}

/// A lane of a peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LaneView {
    /// `management`, `messages` or `presence`.
    pub lane: &'static str,
    /// Transactions that wait.
    pub depth: usize,
    /// Bytes of their primitives.
    pub bytes: usize,
    /// Age of the oldest request that waits, milliseconds.
    pub oldest_ms: Option<u64>,
    /// Transactions in the POST on its way.
    pub in_flight: usize,
}

/// A peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PeerView {
    /// Its domain.
    pub domain: Domain,
    /// `idle` (no session, nothing waits), `opening`, `open`, `retrying` (POSTs fail) or `down` (set-ups fail).
    pub state: &'static str,
    /// The session posted on, shortened.
    pub session: Option<String>,
    /// Its lanes.
    pub lanes: Vec<LaneView>,
    /// Requests whose result is waited for.
    pub in_flight: usize,
    /// Failures in a row.
    pub attempts: u32,
    /// Until the next attempt, milliseconds; only after a failure.
    pub next_attempt_ms: Option<u64>,
    /// What failed last.
    pub last_error: Option<String>,
}

// === impl Relay ===

impl Relay {
    /// Sessions with peers, those being set up included.
    pub fn sessions(&self, now: Timestamp) -> Vec<SessionView> {
        let mut views = Vec::new();
        self.peers.each(|peer| peer.view_sessions(now, &mut views));
        views.sort_by(|a, b| (&a.peer, b.age_ms).cmp(&(&b.peer, a.age_ms)));
        views
    }

    /// The transaction table: open rows, or with `answered` those answered to peers and kept.
    pub fn transactions(&self, now: Timestamp, answered: bool) -> Vec<TransactionView> {
        let mut views = Vec::new();
        self.peers.each(|peer| {
            if answered {
                peer.view_answered(now, &mut views);
            } else {
                views.extend(peer.table.iter().map(|row| peer.view_row(now, row)));
            }
        });
        views.sort_by_key(|view| std::cmp::Reverse(view.age_ms));
        views
    }

    /// The peers in service.
    pub fn peers(&self, now: Timestamp) -> Vec<PeerView> {
        let mut views = Vec::new();
        self.peers.each(|peer| views.extend(peer.active().map(|_| peer.view(now))));
        views.sort_by(|a: &PeerView, b| a.domain.cmp(&b.domain));
        views
    }
}

// === impl Peer ===

impl Peer {
    fn view(&self, now: Timestamp) -> PeerView {
        let open = self.sessions.current();
        let backoff = if open.is_some() { self.link.posts } else { self.link.setup };
        let state = match open {
            Some(_) if self.link.posts.attempts > 0 => "retrying",
            Some(_) => "open",
            None if self.setup.progress().is_some() => "opening",
            None if self.link.setup.attempts > 0 => "down",
            None => "idle",
        };
        PeerView {
            domain: self.domain.clone(),
            state,
            session: open.map(|session| session.own.to_string()),
            lanes: self.lanes().map(|(track, lane)| self.view_lane(now, track.as_str(), lane)).collect(),
            in_flight: self.table.in_flight(),
            attempts: backoff.attempts,
            next_attempt_ms: (backoff.attempts > 0).then(|| ms(backoff.next, now)),
            last_error: self.link.error.clone(),
        }
    }

    fn view_lane(&self, now: Timestamp, name: &'static str, lane: &super::lane::Lane) -> LaneView {
        let rows = || lane.requests.iter().filter_map(|id| self.table.get(*id));
        let answers: usize = lane.answers.iter().map(|answer| answer.fragment.len()).sum();
        LaneView {
            lane: name,
            depth: lane.answers.len() + rows().count(),
            bytes: answers + rows().map(|row| row.request.fragment.len()).sum::<usize>(),
            oldest_ms: rows().map(|row| ms(now, row.created)).max(),
            in_flight: lane.flight.as_ref().map_or(0, |flight| flight.answers.len() + flight.requests.len()),
        }
    }

    fn view_sessions(&self, now: Timestamp, views: &mut Vec<SessionView>) {
        let role = |initiator| if initiator { "requestor" } else { "provider" };
        if let Some((of, step, started)) = self.setup.progress() {
            let initiator = of == super::setup::Role::Initiator;
            views.push(SessionView {
                peer: self.domain.clone(),
                role: role(initiator),
                initiator,
                state: "opening",
                step: Some(step),
                own_id: None,
                peer_id: None,
                age_ms: ms(now, started),
                idle_ms: ms(now, started),
                ttl_s: None,
            });
        }
        views.extend(self.sessions.iter().map(|session| SessionView {
            peer: self.domain.clone(),
            role: role(session.initiator),
            initiator: session.initiator,
            state: if self.leaving { "closing" } else { "open" },
            step: None,
            own_id: Some(session.own.to_string()),
            peer_id: Some(session.theirs.to_string()),
            age_ms: ms(now, session.established),
            idle_ms: ms(now, session.used),
            ttl_s: session.ttl.filter(|_| !self.quirks.sticky_session).map(|ttl| ttl.as_secs()),
        }));
    }

    fn view_row(&self, now: Timestamp, row: &Row) -> TransactionView {
        let request = &row.request;
        let upstream = match &request.upstream {
            Upstream::Client { session, transaction, .. } => End {
                kind: "csp",
                peer: None,
                session: Some(session.to_string()),
                transaction: Some(transaction.to_string()),
            },
            Upstream::Node => End { kind: "node", ..End::default() },
        };
        TransactionView {
            service: service_table::name(request.service),
            primitive: request.element.xml(),
            requestor: request.requestor.as_ref().map(ToString::to_string),
            message_id: request.message.as_ref().map(ToString::to_string),
            state: match row.state {
                State::Queued => "queued",
                State::Posted => "sent",
                State::Acked { .. } => "acked",
            },
            attempts: row.attempts,
            age_ms: ms(now, row.created),
            expires_in_ms: ms(request.expires, now),
            upstream,
            downstream: self.end(row.transaction.to_string()),
        }
    }

    fn view_answered(&self, now: Timestamp, views: &mut Vec<TransactionView>) {
        views.extend(self.answered.iter().map(|done| TransactionView {
            service: super::receive::service_name(done.element),
            primitive: done.element.xml(),
            requestor: None,
            message_id: None,
            state: "answered",
            attempts: 0,
            age_ms: ms(now, done.at),
            expires_in_ms: ms(done.expires, now),
            upstream: self.end(done.id.to_string()),
            downstream: End { kind: "node", ..End::default() },
        }));
    }

    fn end(&self, transaction: String) -> End {
        End {
            kind: "ssp",
            peer: Some(self.domain.clone()),
            session: self.sessions.current().map(|session| session.own.to_string()),
            transaction: Some(transaction),
        }
    }
}

fn ms(later: Timestamp, earlier: Timestamp) -> u64 {
    later.0.saturating_sub(earlier.0)
}
