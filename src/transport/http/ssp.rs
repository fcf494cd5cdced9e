//! SSP over HTTPS: POST / with an empty answer; the connection's certificate says who sends (`docs/wire-notes.md`,
//! "Transport").

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use bytes::Bytes;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Instrument;

use crate::address::Domain;
use crate::config::PeerLimits;
use crate::transport::BoxFuture;
use crate::transport::identity::{Identity, PeerIdentity};

use super::body::{Budget, announced, read};
use super::connection::Security;
use super::io::Deferred;
use super::{Limits, Server, busy, empty, last, protect, traced};

/// Who answers peers.
pub trait Peers: Send + Sync + 'static {
    /// Takes a POST; the answer goes back once it is taken care of.
    fn ssp(&self, from: PeerIdentity, headers: HeaderMap, body: Bytes) -> BoxFuture<'_, SspAnswer>;
}

/// What a peer is told, and what must wait until it was.
pub struct SspAnswer {
    /// HTTP status; the body is empty.
    pub status: u16,
    /// Called when the status has been written, or can't be any more: posts of our own come after it.
    pub after: Box<dyn FnOnce() + Send>,
}

/// Serves SSP. Size and rate are checked against the peer's limits before anything is read.
pub fn serve_ssp(
    listener: TcpListener,
    identity: Arc<Identity>,
    peers: Arc<dyn Peers>,
    limits: Limits,
) -> std::io::Result<Server> {
    let gate = Gate { identity: identity.clone(), budget: Budget::new(limits.buffered), meters: Arc::default() };
    let router = protect(Router::new().fallback(answer).with_state(peers), &limits)
        .layer(from_fn_with_state(gate, enter))
        .layer(traced());
    Server::start("ssp", listener, Security::Mutual(identity), router, limits)
}

#[derive(Clone)]
struct Gate {
    identity: Arc<Identity>,
    budget: Budget,
    meters: Arc<Meters>,
}

/// How much each peer sends.
#[derive(Default)]
struct Meters(Mutex<HashMap<Domain, Meter>>);

struct Meter {
    limits: PeerLimits,
    rate: DefaultDirectRateLimiter,
    in_flight: Arc<Semaphore>,
}

// === impl Meters ===

impl Meters {
    /// Counts a request of a peer; `None` if it is one too many.
    fn admit(&self, peer: &Domain, limits: PeerLimits) -> Option<OwnedSemaphorePermit> {
        let mut meters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let meter = match meters.get_mut(peer) {
            Some(meter) if meter.fits(limits) => meter,
            _ => {
                meters.insert(peer.clone(), Meter::new(limits));
                meters.get_mut(peer)?
            }
        };
        let permit = meter.in_flight.clone().try_acquire_owned().ok()?;
        meter.rate.check().is_ok().then_some(permit)
    }
}

// === impl Meter ===

impl Meter {
    fn new(limits: PeerLimits) -> Self {
        let at_least_one = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(limits.requests_per_second)).allow_burst(at_least_one(limits.burst));
        let in_flight = Arc::new(Semaphore::new(limits.in_flight.clamp(1, Semaphore::MAX_PERMITS)));
        Self { limits, rate: RateLimiter::direct(quota), in_flight }
    }

    fn fits(&self, limits: PeerLimits) -> bool {
        let of = |limits: PeerLimits| (limits.requests_per_second, limits.burst, limits.in_flight);
        of(self.limits) == of(limits)
    }
}

/// Refuses what is no SSP message or too much, and reads the body before the request counts as work.
async fn enter(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if let Some(refused) = refusal(&parts) {
        return refused;
    }
    let Some(peer) = parts.extensions.get::<PeerIdentity>() else { return last(StatusCode::FORBIDDEN) };
    let roster = gate.identity.roster();
    let Some(limits) = roster.peer(&peer.domain).map(|trust| trust.limits) else {
        return last(StatusCode::FORBIDDEN);
    };
    let Some(_in_flight) = gate.meters.admit(&peer.domain, limits) else {
        metrics::counter!("postern_peer_requests_refused_total", "peer" => peer.domain.to_string()).increment(1);
        return busy();
    };
    match read(&parts, body, limits.body, &gate.budget).await {
        Ok((bytes, _held)) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(refused) => refused,
    }
}

/// Why a request is no SSP message.
fn refusal(parts: &Parts) -> Option<Response> {
    if parts.uri.path() != "/" {
        return Some(empty(StatusCode::NOT_FOUND));
    }
    if parts.method != Method::POST {
        let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        return Some(response);
    }
    let media = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !matches!(media.as_str(), "application/vnd.wv.ssp+xml" | "application/xml" | "text/xml") {
        return Some(last(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let chunked = parts.headers.contains_key(header::TRANSFER_ENCODING);
    if parts.version < Version::HTTP_2 && announced(parts).is_none() && !chunked {
        return Some(last(StatusCode::LENGTH_REQUIRED));
    }
    None
}

async fn answer(State(peers): State<Arc<dyn Peers>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    // The gate has read it and bounded it.
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else { return last(StatusCode::BAD_REQUEST) };
    let Some(from) = parts.extensions.remove::<PeerIdentity>() else { return last(StatusCode::FORBIDDEN) };
    // A task of its own: what has begun is done to its end, also when the peer hangs up.
    let taking = tokio::spawn(
        async move {
            let SspAnswer { status, after } = peers.ssp(from, parts.headers, body).await;
            (status, Deferred::new(after))
        }
        .in_current_span(),
    );
    let Ok((status, after)) = taking.await else { return empty(StatusCode::INTERNAL_SERVER_ERROR) };
    let mut response = empty(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    response.extensions_mut().insert(after);
    response
}
