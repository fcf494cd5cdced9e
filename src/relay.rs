//! The relay node: sessions with peers, the transaction table and the lanes (IMPS 1.3 architecture, C.7).
//!
//! Sans-I/O: no sockets, no clock, no waiting. Every method decides and returns a [`Turn`]: changes to make
//! durable, what the HTTP answer is, what a service element must do, which requests of our own are settled.
//! The caller commits the changes, *then* calls [`Relay::apply`] with the turn's steps: only then are they in
//! force and posts go out. A turn whose commit failed goes to [`Relay::abandon`].

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::address::{Address, Domain};
use crate::ident::SessionId;
use crate::store::Changes;
use crate::time::Timestamp;
use crate::vocabulary::interop::MetaInfo;
use crate::vocabulary::primitive::Service;
use crate::vocabulary::status::Code;
use crate::vocabulary::{Element, Text, Version};

/// What a decision leads to.
#[derive(Debug, Default)]
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
pub struct Step(#[allow(dead_code)] StepKind);

#[derive(Debug)]
enum StepKind {}

/// A request of a peer for a local service element. The relay has checked session, requestor and agreement.
#[derive(Clone, Debug)]
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

/// A request for another domain.
#[derive(Clone, Debug)]
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

/// A POST to make.
#[derive(Clone, Debug)]
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
