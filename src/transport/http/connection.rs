//! One connection: accepted, identified, served, watched and drained.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::http::{Request, Response, StatusCode};
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tower::ServiceExt;
use tracing::{debug, warn};

use crate::transport::BoxFuture;
use crate::transport::identity::{Identity, PeerIdentity, Refusal};
use crate::transport::tls::{ServerTls, peer_config};

use super::body::ReadBy;
use super::io::{Active, Deferred, Pulse, Watched};
use super::{Limits, Phase, Remote, last};

/// Wait after an accept that failed, for want of file descriptors most likely.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Longest head of a request over HTTP/2, bytes.
const HEADER_LIST: u32 = 32 * 1024;
/// Largest buffer for reading HTTP/1, bytes.
const READ_BUFFER: usize = 64 * 1024;
/// How often a silent HTTP/2 connection is asked whether it lives.
const PING: Duration = Duration::from_secs(30);
/// How long it may take to say so.
const PONG: Duration = Duration::from_secs(20);

/// How a listener's connections are secured.
pub(crate) enum Security {
    Plain,
    Tls(Arc<ServerTls>),
    Mutual(Arc<Identity>),
}

/// Takes a listener's connections.
pub(crate) struct Acceptor {
    pub(crate) name: &'static str,
    pub(crate) security: Security,
    pub(crate) router: Router,
    pub(crate) limits: Limits,
    pub(crate) connections: Arc<Semaphore>,
    pub(crate) phase: watch::Receiver<Phase>,
}

/// For whom a connection speaks; checked again when our files have changed.
pub(crate) struct Admission {
    identity: Arc<Identity>,
    chain: Vec<CertificateDer<'static>>,
    remote: SocketAddr,
    current: Mutex<Result<PeerIdentity, ()>>,
}

/// A connection's service.
struct Front {
    router: Router,
    remote: Remote,
    admission: Option<Arc<Admission>>,
    pulse: Arc<Pulse>,
    request_read: Duration,
}

/// A body that keeps its connection busy until it is handed over.
struct Counted {
    body: Body,
    active: Active,
    after: Option<Deferred>,
}

// === impl Security ===

impl Security {
    pub(crate) fn of(tls: Option<Arc<ServerTls>>) -> Self {
        tls.map_or(Self::Plain, Self::Tls)
    }
}

// === impl Acceptor ===

impl Acceptor {
    /// Accepts until told to drain.
    pub(crate) async fn run(self, listener: TcpListener) {
        let mut phase = self.phase.clone();
        let this = Arc::new(self);
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = phase.wait_for(|phase| *phase != Phase::Serving) => return,
            };
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    warn!(listener = this.name, %error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let Ok(permit) = this.connections.clone().try_acquire_owned() else {
                metrics::counter!("postern_connections_refused_total", "listener" => this.name).increment(1);
                debug!(listener = this.name, %address, "closed: too many connections");
                continue;
            };
            let this = this.clone();
            tokio::spawn(async move {
                let gauge = metrics::gauge!("postern_connections", "listener" => this.name);
                gauge.increment(1.0);
                this.meet(stream, address).await;
                gauge.decrement(1.0);
                drop(permit);
            });
        }
    }

    async fn meet(&self, stream: TcpStream, address: SocketAddr) {
        // Without it answers wait for acknowledgements; a socket that refuses it still works.
        let _ = stream.set_nodelay(true);
        let Ok(local) = stream.local_addr() else { return };
        match &self.security {
            Security::Plain => self.serve(stream, false, Remote { address, local, tls: false }, None).await,
            Security::Tls(tls) => {
                let acceptor = TlsAcceptor::from(tls.config());
                if let Some(stream) = self.handshake(acceptor, stream, address).await {
                    let h2 = is_h2(&stream);
                    self.serve(stream, h2, Remote { address, local, tls: true }, None).await;
                }
            }
            Security::Mutual(identity) => {
                let Some((config, verdict)) = peer_config(identity.roster()) else {
                    warn!(%address, "a peer's connection is refused: [tls] is missing in postern.toml");
                    return;
                };
                let stream = self.handshake(TlsAcceptor::from(config), stream, address).await;
                match (stream, verdict.get()) {
                    (Some(stream), Some(Ok(peer))) => {
                        let chain = stream.get_ref().1.peer_certificates().unwrap_or_default().to_vec();
                        let current = Mutex::new(Ok(peer.clone()));
                        let admission = Admission { identity: identity.clone(), chain, remote: address, current };
                        let h2 = is_h2(&stream);
                        self.serve(stream, h2, Remote { address, local, tls: true }, Some(Arc::new(admission))).await;
                    }
                    (_, Some(Err(refusal))) => refused(address, refusal),
                    (_, _) => {}
                }
            }
        }
    }

    async fn handshake(
        &self,
        acceptor: TlsAcceptor,
        stream: TcpStream,
        address: SocketAddr,
    ) -> Option<TlsStream<TcpStream>> {
        match tokio::time::timeout(self.limits.handshake, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(error)) => {
                let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
                if matches!(cause, Some(rustls::Error::NoCertificatesPresented)) {
                    refused(address, &Refusal::NoCertificate);
                } else {
                    debug!(listener = self.name, %address, %error, "the TLS handshake failed");
                }
                None
            }
            Err(_) => {
                debug!(listener = self.name, %address, "the TLS handshake took too long");
                None
            }
        }
    }

    async fn serve<I>(&self, stream: I, h2: bool, remote: Remote, admission: Option<Arc<Admission>>)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let limits = &self.limits;
        let pulse = Pulse::new();
        let io = TokioIo::new(Watched::new(stream, pulse.clone(), !h2, limits.request_read, limits.write_stall));
        let mut changes = admission.as_ref().map(|admission| admission.identity.changes());
        let front = Front {
            router: self.router.clone(),
            remote,
            admission: admission.clone(),
            pulse: pulse.clone(),
            request_read: limits.request_read,
        };
        let builder = builder(h2, limits);
        let mut connection = std::pin::pin!(builder.serve_connection(io, front));
        let mut phase = self.phase.clone();
        let mut ending: Option<Instant> = None;
        loop {
            // A deadline only ever moves later, so the timer may be early and look again.
            let idle = pulse.idle_at(limits.request_read, limits.idle);
            let wake = ending.or(idle).unwrap_or_else(|| Instant::now() + limits.idle);
            tokio::select! {
                result = connection.as_mut() => {
                    if let Err(error) = result {
                        debug!(listener = self.name, address = %remote.address, %error, "the connection failed");
                    }
                    return;
                }
                changed = phase.changed() => {
                    let now = *phase.borrow_and_update();
                    if changed.is_err() || now == Phase::Ended {
                        return;
                    }
                    connection.as_mut().graceful_shutdown();
                    ending.get_or_insert_with(|| Instant::now() + limits.answer);
                }
                () = changed(&mut changes) => {
                    if admission.as_ref().is_some_and(|admission| admission.current().is_none()) {
                        connection.as_mut().graceful_shutdown();
                        ending.get_or_insert_with(|| Instant::now() + limits.request_read);
                    }
                }
                () = tokio::time::sleep_until(wake) => {
                    if ending.is_some() {
                        return;
                    }
                    if pulse.idle_at(limits.request_read, limits.idle).is_some_and(|idle| idle <= Instant::now()) {
                        connection.as_mut().graceful_shutdown();
                        ending = Some(Instant::now() + limits.write_stall);
                    }
                }
            }
        }
    }
}

// === impl Admission ===

impl Admission {
    /// For whom the connection speaks now; `None` if for nobody any more, which is logged once.
    pub(crate) fn current(&self) -> Option<PeerIdentity> {
        let roster = self.identity.roster();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let before = current.as_ref().ok()?;
        if before.generation == roster.generation {
            return Some(before.clone());
        }
        let admitted = roster.admit(&self.chain, rustls::pki_types::UnixTime::now());
        match admitted {
            Ok(peer) if peer.domain == before.domain => {
                *current = Ok(peer.clone());
                Some(peer)
            }
            Ok(peer) => {
                warn!(address = %self.remote, was = %before.domain, is = %peer.domain, "the certificate now speaks for another peer: its connection ends");
                *current = Err(());
                None
            }
            Err(refusal) => {
                refused(self.remote, &refusal);
                *current = Err(());
                None
            }
        }
    }
}

// === impl Front ===

impl hyper::service::Service<Request<Incoming>> for Front {
    type Response = Response<Counted>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Counted>, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (began, active) = self.pulse.begin();
        let mut request = request.map(Body::new);
        let extensions = request.extensions_mut();
        extensions.insert(self.remote);
        extensions.insert(ReadBy(began + self.request_read));
        if let Some(admission) = &self.admission {
            match admission.current() {
                Some(peer) => {
                    extensions.insert(peer);
                }
                None => {
                    let response = last(StatusCode::FORBIDDEN).map(|body| Counted { body, active, after: None });
                    return Box::pin(std::future::ready(Ok(response)));
                }
            }
        }
        let answering = self.router.clone().oneshot(request);
        Box::pin(async move {
            let mut response = answering.await?;
            let after = response.extensions_mut().remove::<Deferred>();
            Ok(response.map(|body| Counted { body, active, after }))
        })
    }
}

// === impl Counted ===

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(after) = self.after.take() {
            self.active.pulse().defer(after);
        }
    }
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn builder(h2: bool, limits: &Limits) -> auto::Builder<TokioExecutor> {
    let builder = auto::Builder::new(TokioExecutor::new());
    let mut builder = if h2 { builder.http2_only() } else { builder.http1_only() };
    // Slow heads are watched by the socket, which knows idle connections from slow ones.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(READ_BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(HEADER_LIST)
        .initial_stream_window_size(64 * 1024)
        .initial_connection_window_size(1024 * 1024)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PONG);
    builder
}

fn is_h2(stream: &TlsStream<TcpStream>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(b"h2")
}

/// The one log line about a certificate that is not taken.
fn refused(address: SocketAddr, refusal: &Refusal) {
    metrics::counter!("postern_peer_certificates_refused_total").increment(1);
    warn!(%address, names = ?refusal.names(), "a peer's connection is refused: {refusal}");
}

async fn changed(changes: &mut Option<watch::Receiver<u64>>) {
    if let Some(changes) = changes
        && changes.changed().await.is_ok()
    {
        return;
    }
    std::future::pending().await
}
