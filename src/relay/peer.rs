//! Everything known of one peer, and what is to be posted to it next.

use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

use bytes::Bytes;
use dashmap::DashMap;

use crate::address::Domain;
use crate::config;
use crate::syntax::ssp::{self, Part};
use crate::time::Timestamp;
use crate::vocabulary::{Mode, Text};

use super::answered::Answered;
use super::dice::Context;
use super::lane::{Flight, Lane, Room, Track};
use super::link::Link;
use super::session_record::SessionRecord;
use super::setup::{Attempt, Role, Secret, Setup, initiator};
use super::transaction_table::{State, TransactionTable};
use super::{Post, PostId};

/// The peers of the node. Guards of the map never leave its methods.
///
/// Its hasher has no random seed: names of peers are the operator's, and a simulated run stays repeatable.
#[derive(Debug)]
pub(super) struct Peers(DashMap<Domain, Peer, BuildHasherDefault<DefaultHasher>>);

/// One peer.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) domain: Domain,
    /// Its peer file; `None` while only records of it were read.
    pub(super) config: Option<Arc<config::Peer>>,
    pub(super) quirks: Quirks,
    pub(super) sessions: SessionRecord,
    pub(super) setup: Setup,
    pub(super) table: TransactionTable,
    lanes: [Lane; 3],
    pub(super) answered: Answered,
    pub(super) link: Link,
    /// Whether the link has a durable record.
    pub(super) link_kept: bool,
    /// Requests whose row is being made durable.
    pub(super) reserved: usize,
    /// Whether its removal is being made durable.
    pub(super) leaving: bool,
}

/// Deviations of a peer that matter to the relay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Quirks {
    /// Steps 2 and 3 of a set-up only 300 ms after the acknowledgement of 1 and 2.
    pub(super) setup_delay: bool,
    /// One transaction per POST.
    pub(super) one_per_post: bool,
    /// Its sessions never end, and ids forgotten here are still in use there.
    pub(super) sticky_session: bool,
    /// How documents for it are written.
    pub(super) written: ssp::Quirks,
}

/// What a POST carries, to know what its outcome means.
#[derive(Clone, Debug)]
pub(super) enum Errand {
    /// Transactions of a lane.
    Load(Track),
    /// A step of a set-up.
    Step(Role, Text),
    /// A last word: nobody minds what becomes of it.
    Farewell,
}

/// Most transactions in a POST.
const MOST_PER_POST: usize = 64;
/// Most bytes of primitives in a POST, but for a single larger one.
const MOST_BYTES: usize = 200 * 1024;

// === impl Peers ===

impl Default for Peers {
    fn default() -> Self {
        Self(DashMap::with_capacity_and_hasher_and_shard_amount(0, BuildHasherDefault::default(), 32))
    }
}

impl Peers {
    /// Works on a peer; `None` if there is none.
    pub(super) fn with<R>(&self, domain: &Domain, work: impl FnOnce(&mut Peer) -> R) -> Option<R> {
        self.0.get_mut(domain).map(|mut peer| work(&mut peer))
    }

    /// Works on a peer, made if there is none.
    pub(super) fn with_new<R>(&self, domain: &Domain, work: impl FnOnce(&mut Peer) -> R) -> R {
        let mut peer = self.0.entry(domain.clone()).or_insert_with(|| Peer::new(domain.clone()));
        work(&mut peer)
    }

    /// Works on every peer in turn.
    pub(super) fn each(&self, mut work: impl FnMut(&mut Peer)) {
        for mut peer in self.0.iter_mut() {
            work(&mut peer);
        }
    }
}

// === impl Peer ===

impl Peer {
    pub(super) fn new(domain: Domain) -> Self {
        Self {
            domain,
            config: None,
            quirks: Quirks::default(),
            sessions: SessionRecord::default(),
            setup: Setup::default(),
            table: TransactionTable::default(),
            lanes: Default::default(),
            answered: Answered::default(),
            link: Link::default(),
            link_kept: false,
            reserved: 0,
            leaving: false,
        }
    }

    /// Its peer file, unless it is on its way out.
    pub(super) fn active(&self) -> Option<Arc<config::Peer>> {
        self.config.clone().filter(|_| !self.leaving)
    }

    pub(super) fn lane(&mut self, track: Track) -> &mut Lane {
        &mut self.lanes[track as usize]
    }

    pub(super) fn lanes(&self) -> impl Iterator<Item = (Track, &Lane)> {
        Track::ALL.into_iter().map(|track| (track, &self.lanes[track as usize]))
    }

    /// Takes it out of service. What it was answered stays known, should it come back.
    pub(super) fn retire(&mut self) {
        let answered = std::mem::take(&mut self.answered);
        *self = Self { answered, ..Self::new(self.domain.clone()) };
    }

    /// How many answers wait to be posted.
    pub(super) fn answers_waiting(&self) -> usize {
        self.lanes.iter().map(|lane| lane.answers.len()).sum()
    }

    /// What is to be posted now.
    pub(super) fn pump(&mut self, now: Timestamp, cx: &Context) -> Vec<(Post, Errand)> {
        let mut posts = Vec::new();
        if self.active().is_none() {
            return posts;
        }
        self.begin_setup(now, cx);
        for (role, transaction, step) in self.setup.steps() {
            if step.is_due(now) {
                let id = cx.post();
                step.post = Some(id);
                let post = Post {
                    id,
                    peer: self.domain.clone(),
                    body: step.body.clone(),
                    session: None,
                    transaction: Some(step.transaction.clone()),
                };
                posts.push((post, Errand::Step(role, transaction.clone())));
            }
        }
        if self.link.posts.next <= now {
            for track in Track::ALL {
                posts.extend(self.load(track, now, cx).map(|post| (post, Errand::Load(track))));
            }
        }
        posts
    }

    /// When something is to be done.
    pub(super) fn wake(&self, cx: &Context) -> Timestamp {
        let mut at = self.setup.wake(cx.timers()).min(self.table.wake()).min(self.answered.wake());
        if self.quirks.sticky_session {
            // Never ends, never asked for a sign of life.
        } else {
            at = at.min(self.sessions.wake());
        }
        at = self.lanes.iter().filter_map(|lane| lane.flight.as_ref()).fold(at, |at, flight| at.min(flight.until));
        if self.active().is_none() {
            return at;
        }
        let budget = self.budget();
        if self.sessions.current().is_some() {
            if self.lanes.iter().any(|lane| lane.is_ready(budget)) {
                at = at.min(self.link.posts.next);
            }
        } else if self.setup.is_idle() && self.lanes.iter().any(Lane::is_waiting) {
            at = at.min(self.link.setup.next);
        }
        at
    }

    /// How many more requests may be on their way.
    fn budget(&self) -> usize {
        let most = self.config.as_ref().map_or(0, |config| config.limits.in_flight);
        most.saturating_sub(self.table.in_flight())
    }

    /// Begins a set-up if something waits, no session is open and none is being set up.
    fn begin_setup(&mut self, now: Timestamp, cx: &Context) {
        let wanted = self.sessions.current().is_none() && self.lanes.iter().any(Lane::is_waiting);
        if !wanted || !self.setup.is_idle() || self.link.setup.next > now {
            return;
        }
        let Some(config) = &self.config else { return };
        let transaction = cx.transaction();
        let (state, say) = initiator::begin(
            cx.settings.domain.clone(),
            transaction.clone(),
            Secret::new(cx.secret()),
            cx.session(),
            cx.timers().session_ttl,
            config.ssp_version,
        );
        self.setup.ours = Some(Attempt::new(state, &say, transaction, config.ssp_version, now, now));
    }

    /// The next POST of a lane.
    fn load(&mut self, track: Track, now: Timestamp, cx: &Context) -> Option<Post> {
        let budget = self.budget();
        let session = self.sessions.current()?;
        let (number, version, own) = (session.number, session.version, session.own.clone());
        let lane = &mut self.lanes[track as usize];
        if !lane.is_ready(budget) {
            return None;
        }
        let transactions = if self.quirks.one_per_post { 1 } else { MOST_PER_POST };
        let room = Room { transactions, bytes: MOST_BYTES, requests: budget };
        let open = |id| self.table.get(id).filter(|row| !row.busy && row.state == State::Queued);
        let size = |id| open(id).map(|row| row.request.fragment.len());
        let (answers, requests) = lane.load(now, room, size);
        let asked: Vec<(Text, Bytes)> = requests
            .iter()
            .filter_map(|id| self.table.get(*id))
            .map(|row| (row.transaction.clone(), row.request.fragment.clone()))
            .collect();
        let said = answers.iter().map(|a| Part {
            mode: Mode::Response,
            id: a.transaction.as_str(),
            fragment: a.fragment.as_ref(),
        });
        let ask = asked.iter().map(|(id, fragment)| Part { mode: Mode::Request, id, fragment });
        let parts: Vec<Part<'_>> = said.chain(ask).collect();
        let first = parts.first()?;
        let post = Post {
            id: cx.post(),
            peer: self.domain.clone(),
            transaction: Some(asked.first().map_or_else(|| first.id.into(), |(id, _)| id.clone())),
            body: ssp::session_message(version, own.expose(), &parts),
            session: Some(own),
        };
        for id in &requests {
            self.table.change(*id, |row| {
                row.state = State::Posted;
                row.attempts += 1;
            });
        }
        // The bearer keeps to its own timeout; this is for outcomes that got lost on the way here.
        let until = now + cx.timers().http_timeout * 4;
        lane.flight = Some(Flight { post: post.id, answers, requests, session: number, sent: now, until });
        Some(post)
    }

    /// Takes the load of a POST out of its lane; `None` if the lane has none of that number.
    pub(super) fn land(&mut self, track: Track, post: PostId) -> Option<Flight> {
        let lane = self.lane(track);
        match lane.flight.take() {
            Some(flight) if flight.post == post => Some(flight),
            other => {
                lane.flight = other;
                None
            }
        }
    }

    /// Puts the load of a failed POST back in front of its lane.
    pub(super) fn put_back(&mut self, track: Track, mut flight: Flight) {
        flight.requests.retain(|id| self.table.get(*id).is_some());
        for id in &flight.requests {
            self.table.change(*id, |row| row.state = State::Queued);
        }
        self.lane(track).put_back(flight);
    }
}

// === impl Quirks ===

impl Quirks {
    /// Reads the names of a peer file; names of other rooms' quirks are not for the relay.
    pub(super) fn of(names: &[String]) -> Self {
        let has = |name: &str| names.iter().any(|n| n == name || n == "baraza");
        Self {
            setup_delay: has("setup-delay"),
            one_per_post: has("one-transaction-per-post"),
            sticky_session: has("sticky-session"),
            written: ssp::Quirks { double_spelling: has("double-spelling") },
        }
    }
}

#[cfg(test)]
pub(in crate::relay) mod tests {
    use super::*;
    use crate::vocabulary::Version;

    pub(in crate::relay) fn config(domain: &str, agreement: config::Agreement) -> config::Peer {
        config::Peer {
            file: format!("peers/{domain}.toml").into(),
            domain: domain.parse().unwrap(),
            urls: Vec::new(),
            ca_pem: None,
            crl: Vec::new(),
            names: Vec::new(),
            pins: Vec::new(),
            ssp_version: Version::V13,
            quirks: Vec::new(),
            agreement,
            route_domains: Vec::new(),
            limits: config::PeerLimits::default(),
            lines: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn the_set_of_quirks_implies_its_members() {
        let written = ssp::Quirks { double_spelling: true };
        let all = Quirks { setup_delay: true, one_per_post: true, sticky_session: true, written };
        assert_eq!(Quirks::of(&["baraza".to_owned()]), all);
        assert_eq!(Quirks::of(&["setup-delay".to_owned()]), Quirks { setup_delay: true, ..Quirks::default() });
    }
}
