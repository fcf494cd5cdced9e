//! The relay node: sessions with peers, the transaction table and the lanes (IMPS 1.3 architecture, C.7).
//!
//! Sans-I/O: no sockets, no clock, no waiting. Every method decides and returns a [`Turn`]: changes to make
//! durable, what the HTTP answer is, what a service element must do, which requests of our own are settled.
//! The caller commits the changes, *then* calls [`Relay::apply`] with the turn's steps: only then are they in
//! force and posts go out. A turn whose commit failed goes to [`Relay::abandon`].
//!
//! ```text
//!  submit ──► row, durable ──► lane ──► POST ──► acknowledged ──► result ──► Settled, row gone
//!               │                ▲        │           │                          ▲
//!               │                └─ failed, 404,      └─ no result in time:      │
//!               │                   peer down            posted again            │
//!               └────────── expires: Settled with 504, 542 or 503 ───────────────┘
//!
//!  receive ─► session, requestor, agreement, duplicate? ─► Job ─► answer, durable ─► 200 ─► lane ─► POST
//! ```
//!
//! A POST of a peer is acknowledged with 200 only by a turn that was committed; 503 means "again, later".

mod answered;
mod apply;
mod dice;
mod durable;
mod lane;
mod link;
mod peer;
mod posted;
mod receive;
mod service_table;
mod session_record;
mod setup;
mod submit;
mod tick;
mod transaction_table;
mod view;

pub use dice::{Dice, Random, Settings};
pub use view::{End, LaneView, PeerView, SessionView, TransactionView};

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use dashmap::DashMap;
use serde::{Deserialize, Serialize};

use crate::address::{Address, Domain};
use crate::config;
use crate::ident::SessionId;
use crate::store::{Changes, Key};
use crate::syntax::ssp;
use crate::time::Timestamp;
use crate::vocabulary::interop::MetaInfo;
use crate::vocabulary::primitive::Service;
use crate::vocabulary::status::Code;
use crate::vocabulary::{Element, Text, Version};

/// What a decision leads to. Its `Debug` hides what is written: there are session ids in it.
#[derive(Default)]
pub struct Turn {
    /// To commit before anything else.
    pub changes: Changes,
    /// HTTP status for the POST that caused the turn, given after the commit; `None` if there is none.
    pub ack: Option<u16>,
    /// Requests for local service elements; each is answered by [`Relay::answer`] into the same turn.
    pub jobs: Vec<Job>,
    /// Requests of our own that have found their end.
    pub settled: Vec<Settled>,
    /// What comes into force after the commit.
    pub steps: Vec<Step>,
}

/// Something that comes into force after the commit. Made and understood by the relay alone.
#[derive(Debug)]
pub struct Step {
    peer: Domain,
    kind: apply::StepKind,
}

/// The relay node of a domain.
///
/// State of a peer stands behind one lock of its own, held for a decision, never while anything waits.
#[derive(Debug)]
pub struct Relay {
    cx: dice::Context,
    peers: peer::Peers,
    /// What the POSTs on their way carry.
    errands: DashMap<PostId, (Domain, peer::Errand)>,
}

/// A request of a peer for a local service element. The relay has checked session, requestor and agreement.
/// Its `Debug` hides the primitive.
#[derive(Clone)]
pub struct Job {
    /// The peer that sent it.
    pub peer: Domain,
    /// Its transaction id.
    pub transaction: Text,
    /// The version of the session.
    pub version: Version,
    /// Who asks.
    pub meta: Option<MetaInfo>,
    /// The primitive's element.
    pub element: Option<Element>,
    /// The primitive's name as written.
    pub name: Text,
    /// The primitive's bytes.
    pub fragment: Bytes,
}

/// A request for another domain. Its `Debug` hides the primitive.
#[derive(Clone)]
pub struct Request {
    /// The domain addressed.
    pub target: Domain,
    /// Its service.
    pub service: Service,
    /// Its primitive.
    pub element: Element,
    /// The function it needs an agreement for, if not the service's mandatory part: `MDELIV`, ….
    pub function: Option<&'static str>,
    /// The primitive's bytes, `MetaInfo` included.
    pub fragment: Bytes,
    /// Who asks.
    pub requestor: Option<Address>,
    /// The message it carries, for the operator's eyes.
    pub message: Option<Text>,
    /// When it is given up.
    pub expires: Timestamp,
    /// Where the result goes.
    pub upstream: Upstream,
}

/// Where a result goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Upstream {
    /// To a client's transaction.
    Client {
        /// The user.
        user: Address,
        /// The CSP session, if it still lives.
        session: SessionId,
        /// The CSP transaction.
        transaction: Text,
        /// What the Service Access Point wants back with the result.
        context: String,
    },
    /// Nobody waits: the node itself asked (delivery reports, notices).
    Node,
}

/// The number of a row of the transaction table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RowId(pub u64);

/// A request of our own that has found its end: exactly one result or one honest failure each.
#[derive(Clone, Debug)]
pub struct Settled {
    /// Its row.
    pub row: RowId,
    /// Where the result goes.
    pub upstream: Upstream,
    /// The peer asked.
    pub peer: Domain,
    /// The request's primitive.
    pub element: Element,
    /// The response fragment and its version, or the code of a failure found here (503, 504, 542, …).
    pub outcome: Result<(Bytes, Version), Code>,
}

/// Why a request is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {reason}")]
pub struct Refusal {
    /// For the requestor: 516 no route, 506 not agreed, 507 queue full.
    pub code: Code,
    /// For the operator: what is missing where.
    pub reason: String,
}

/// The number of a POST on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PostId(pub u64);

/// A POST to make. Its `Debug` hides the body: there are secrets and session ids in it.
#[derive(Clone)]
pub struct Post {
    /// Its number; [`Relay::posted`] tells how it went.
    pub id: PostId,
    /// To whom.
    pub peer: Domain,
    /// The body.
    pub body: Bytes,
    /// Header `x-wv-sessionid`: our own session id.
    pub session: Option<SessionId>,
    /// Header `x-wv-transactionid`.
    pub transaction: Option<Text>,
}

/// How a POST went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Posted {
    /// Acknowledged with 2xx.
    Accepted,
    /// Answered with another HTTP status.
    Refused(u16),
    /// Not answered; why.
    Unreachable(String),
}

/// The way to peers; the transport implements it.
pub trait Bearer: Send + Sync + 'static {
    /// Makes a POST; never longer than `[timers] http_timeout`.
    fn post(&self, post: Post) -> std::pin::Pin<Box<dyn Future<Output = Posted> + Send + '_>>;
}

// === impl Relay ===

impl Relay {
    /// First parts of the keys of the records to list at start and hand to [`Relay::restore`], in this order.
    pub const KINDS: &'static [&'static str] = durable::KINDS;

    /// Transactions a POST may hold; one of more is answered 413, and nothing of it is carried out.
    pub const TRANSACTIONS_MAX: usize = 256;

    /// A relay without peers.
    pub fn new(settings: Settings) -> Self {
        Self { cx: dice::Context::new(settings), peers: peer::Peers::default(), errands: DashMap::new() }
    }

    /// Takes up a record of an earlier run; call before anything else.
    pub fn restore(&self, now: Timestamp, key: &Key, value: &[u8]) {
        match durable::read(key, value, now) {
            Some((domain, kept)) => self.peers.with_new(&domain, |peer| peer.restore(kept, now, &self.cx)),
            None => tracing::warn!(key = key.as_str(), "a record of the relay is damaged and left alone"),
        }
    }

    /// Keeps at most so many answered requests of a peer in memory (50,000); older ones are left to the store.
    #[must_use]
    pub fn remembering(mut self, most: usize) -> Self {
        self.cx.remembered = most;
        self
    }

    /// Takes up a record that stood in the way of a commit ([`StoreError::Conflict`](crate::store::StoreError)):
    /// an answered request that memory had forgotten. Once the peer repeats the request, it is answered alike.
    pub fn recall(&self, now: Timestamp, key: &Key, value: &[u8]) {
        if let Some((domain, durable::Kept::Done(mut done))) = durable::read(key, value, now) {
            // As if answered now: it has to stay until the repetition comes, though its time be over or memory full.
            done.expires = done.expires.max(now + self.cx.timers().dedup);
            self.peers.with(&domain, |peer| peer.answered.remember(done, self.cx.remembered));
        }
    }

    /// Takes a peer into service, or its changed peer file into force.
    ///
    /// Nothing is to be committed for it; it is in force once applied.
    pub fn set_peer(&self, _now: Timestamp, peer: &config::Peer) -> Turn {
        let mut turn = Turn::default();
        turn.step(&peer.domain, apply::StepKind::Configure(Arc::new(peer.clone())));
        turn
    }

    /// Takes a peer out of service: its sessions are logged out, its open requests end with 516.
    pub fn remove_peer(&self, _now: Timestamp, domain: &Domain) -> Turn {
        let mut turn = Turn::default();
        self.peers.with(domain, |peer| peer.leave(&mut turn));
        turn
    }

    /// Ends the wait after failures: the peer is tried at once. `false` = no such peer.
    pub fn retry(&self, domain: &Domain, turn: &mut Turn) -> bool {
        self.peers.with(domain, |peer| peer.active().map(|_| peer.clear_link(turn))).flatten().is_some()
    }

    /// Whether a peer may speak for users of a domain: its own, and those its agreement lists in `relay_for`.
    pub fn may_speak_for(&self, peer: &Domain, domain: &Domain) -> bool {
        self.peers.with(peer, |peer| peer.may_speak_for(domain)).unwrap_or(false)
    }

    /// How documents for a domain are written: as its peer file says, if it has one.
    pub fn quirks_of(&self, domain: &Domain) -> ssp::Quirks {
        self.peers.with(domain, |peer| peer.quirks.written).unwrap_or_default()
    }

    /// A POST of an authenticated peer.
    pub fn receive(&self, now: Timestamp, from: &Domain, envelope: &ssp::Envelope<'_>) -> Turn {
        let mut turn = Turn::default();
        let known = self.peers.with(from, |peer| match &envelope.body {
            ssp::Body::Setup(scanned) => peer.receive_setup(now, &self.cx, envelope.version, scanned, &mut turn),
            ssp::Body::Session { session, transactions } => {
                peer.receive_session(now, envelope.version, session, transactions, &mut turn);
            }
        });
        if known.is_none() {
            turn.ack = Some(403);
        }
        turn
    }

    /// How a POST went.
    pub fn posted(&self, now: Timestamp, post: PostId, outcome: Posted) -> Turn {
        let mut turn = Turn::default();
        if let Some((_, (domain, errand))) = self.errands.remove(&post) {
            self.peers.with(&domain, |peer| match errand {
                peer::Errand::Load(track) => peer.load_posted(now, &self.cx, track, post, outcome, &mut turn),
                peer::Errand::Step(role, transaction) => {
                    peer.step_posted(now, &self.cx, (role, &transaction), post, outcome, &mut turn);
                }
                peer::Errand::Farewell => {}
            });
        }
        turn
    }

    /// What time demands. Call it at [`Relay::wake_at`].
    pub fn tick(&self, now: Timestamp) -> Turn {
        let mut turn = Turn::default();
        self.peers.each(|peer| peer.tick(now, &self.cx, &mut turn));
        turn
    }

    /// When to call [`Relay::tick`]; look again after every [`Relay::apply`].
    pub fn wake_at(&self) -> Timestamp {
        let mut at = Timestamp::NEVER;
        self.peers.each(|peer| at = at.min(peer.wake(&self.cx)));
        at
    }

    /// Puts a committed turn's steps into force; returns what to post, after the turn's `ack` was given.
    pub fn apply(&self, now: Timestamp, steps: Vec<Step>) -> Vec<Post> {
        let posts = apply::apply(&self.peers, &self.cx, now, steps);
        posts
            .into_iter()
            .map(|(post, errand)| {
                self.errands.insert(post.id, (post.peer.clone(), errand));
                post
            })
            .collect()
    }

    /// Gives up a turn whose changes were not committed, as if it had never been decided.
    pub fn abandon(&self, steps: Vec<Step>) {
        apply::abandon(&self.peers, &self.cx, steps);
    }
}

// === impl Job ===

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("peer", &self.peer)
            .field("transaction", &self.transaction)
            .field("version", &self.version)
            .field("name", &self.name)
            .field("bytes", &self.fragment.len())
            .finish_non_exhaustive()
    }
}

// === impl Request ===

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("target", &self.target)
            .field("element", &self.element)
            .field("requestor", &self.requestor)
            .field("message", &self.message)
            .field("expires", &self.expires)
            .field("bytes", &self.fragment.len())
            .finish_non_exhaustive()
    }
}

// === impl Post ===

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post")
            .field("id", &self.id)
            .field("peer", &self.peer)
            .field("session", &self.session)
            .field("transaction", &self.transaction)
            .finish_non_exhaustive()
    }
}

// === impl Turn ===

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn")
            .field("changes", &self.changes.list.len())
            .field("ack", &self.ack)
            .field("jobs", &self.jobs)
            .field("settled", &self.settled)
            .field("steps", &self.steps)
            .finish()
    }
}

impl Turn {
    fn step(&mut self, peer: &Domain, kind: apply::StepKind) {
        self.steps.push(Step { peer: peer.clone(), kind });
    }

    /// Takes over another turn's changes, jobs, ends and steps, behind its own.
    pub fn extend(&mut self, other: Self) {
        self.changes.extend(other.changes);
        self.ack = other.ack.or(self.ack);
        self.jobs.extend(other.jobs);
        self.settled.extend(other.settled);
        self.steps.extend(other.steps);
    }

    /// Whether there is nothing to commit, to do or to tell.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
            && self.ack.is_none()
            && self.jobs.is_empty()
            && self.settled.is_empty()
            && self.steps.is_empty()
    }
}
