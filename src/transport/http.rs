//! HTTP servers: bounded in connections, time, memory and work (`docs/wire-notes.md`, "Transport").

mod body;
mod connection;
pub(crate) mod csp;
mod io;
pub(crate) mod ssp;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::error_handling::HandleErrorLayer;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tower::limit::GlobalConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower::{BoxError, ServiceBuilder};
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::{HttpMakeClassifier, TraceLayer};
use tracing::Span;

use crate::config::Timers;

use super::tls::ServerTls;
use body::Budget;
use connection::{Acceptor, Security};

/// Bounds of one listener.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once; more are closed at once (10,000).
    pub connections: usize,
    /// Time for a TLS handshake (5 s).
    pub handshake: Duration,
    /// Time for a whole request to arrive, from its first byte; also for a connection's first byte
    /// (`[timers] request_read`).
    pub request_read: Duration,
    /// How long a connection may stay open without a request (75 s).
    pub idle: Duration,
    /// How long a connection may take no byte of an answer (30 s).
    pub write_stall: Duration,
    /// Time for an answer, once the request has arrived; then 503 (60 s).
    pub answer: Duration,
    /// Requests answered at once, counted from their arrival; then 503 (4,096).
    pub requests: usize,
    /// Largest body, bytes (1 MiB).
    pub body: usize,
    /// Bytes of bodies held at once; then 503 (256 MiB).
    pub buffered: usize,
    /// HTTP/2 streams at once on a connection (256).
    pub streams: u32,
}

/// Where a request came from; an extension of each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Address and port.
    pub address: SocketAddr,
    /// Our end of the connection.
    pub local: SocketAddr,
    /// Whether it came over TLS.
    pub tls: bool,
}

/// A running server. Dropping it stops it without grace.
#[derive(Debug)]
pub struct Server {
    local_addr: SocketAddr,
    phase: watch::Sender<Phase>,
    connections: Arc<Semaphore>,
    most: u32,
    accepting: JoinHandle<()>,
}

/// What a server's connections are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Serving,
    Draining,
    Ended,
}

// === impl Limits ===

impl Limits {
    /// The usual bounds with the configured timers.
    pub fn new(timers: &Timers) -> Self {
        Self {
            request_read: timers.request_read,
            answer: Duration::from_secs(60).max(timers.query_wait + Duration::from_secs(15)),
            ..Self::default()
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            handshake: Duration::from_secs(5),
            request_read: Duration::from_secs(15),
            idle: Duration::from_secs(75),
            write_stall: Duration::from_secs(30),
            answer: Duration::from_secs(60),
            requests: 4_096,
            body: 1024 * 1024,
            buffered: 256 * 1024 * 1024,
            streams: 256,
        }
    }
}

// === impl Server ===

impl Server {
    fn start(
        name: &'static str,
        listener: TcpListener,
        security: Security,
        router: Router,
        limits: Limits,
    ) -> std::io::Result<Self> {
        let local_addr = listener.local_addr()?;
        let (phase, seen) = watch::channel(Phase::Serving);
        let most = u32::try_from(limits.connections).unwrap_or(u32::MAX);
        let connections = Arc::new(Semaphore::new(limits.connections));
        let acceptor = Acceptor { name, security, router, limits, connections: connections.clone(), phase: seen };
        let accepting = tokio::spawn(acceptor.run(listener));
        Ok(Self { local_addr, phase, connections, most, accepting })
    }

    /// The bound address, with the real port.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Connections open now.
    pub fn connections(&self) -> usize {
        (self.most as usize).saturating_sub(self.connections.available_permits())
    }

    /// Takes no more connections, lets requests that are being answered finish for at most `grace`, then ends
    /// what is left. `true` if nothing had to be cut off.
    pub async fn drain(self, grace: Duration) -> bool {
        self.phase.send_replace(Phase::Draining);
        let finished = tokio::time::timeout(grace, self.connections.acquire_many(self.most)).await.is_ok();
        self.phase.send_replace(Phase::Ended);
        finished
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.phase.send_replace(Phase::Ended);
        self.accepting.abort();
    }
}

/// Serves the admin address: a router of the caller's, over TLS if a certificate is given.
pub fn serve_admin(
    listener: TcpListener,
    tls: Option<Arc<ServerTls>>,
    router: Router,
    limits: Limits,
) -> std::io::Result<Server> {
    let bound = BodyBound { limit: limits.body, budget: Budget::new(limits.buffered) };
    let router = protect(router, &limits).layer(from_fn_with_state(bound, hold_body)).layer(traced());
    Server::start("admin", listener, Security::of(tls), router, limits)
}

#[derive(Clone)]
struct BodyBound {
    limit: usize,
    budget: Budget,
}

/// Reads a request's body before a handler sees the request.
async fn hold_body(State(bound): State<BodyBound>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match body::read(&parts, body, bound.limit, &bound.budget).await {
        Ok((bytes, _held)) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(refused) => refused,
    }
}

/// Bounds the work: so many requests in handlers at once, each for so long; the rest gets 503.
fn protect(router: Router, limits: &Limits) -> Router {
    router.layer(
        ServiceBuilder::new()
            .layer(HandleErrorLayer::new(shed))
            .layer(LoadShedLayer::new())
            .layer(GlobalConcurrencyLimitLayer::new(limits.requests))
            .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, limits.answer)),
    )
}

/// Tells of requests without their paths, which may be a key or name a user.
fn traced() -> TraceLayer<HttpMakeClassifier, fn(&Request) -> Span> {
    let span: fn(&Request) -> Span =
        |request| tracing::debug_span!("request", method = %request.method(), version = ?request.version());
    TraceLayer::new_for_http().make_span_with(span)
}

async fn shed(_: BoxError) -> Result<Response, Infallible> {
    Ok(busy())
}

/// 503: come back in a second.
fn busy() -> Response {
    let mut response = empty(StatusCode::SERVICE_UNAVAILABLE);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// An answer without a body, which says so by `Content-Length: 0`.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    response
}

/// The same, after which an HTTP/1 connection ends.
fn last(status: StatusCode) -> Response {
    let mut response = empty(status);
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
