//! The client of one peer: its connections, its addresses in order, its POSTs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::{HeaderValue, Request, Uri, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::relay::{Post, Posted};
use crate::transport::identity::Trust;
use crate::transport::tls::client_config;

use super::failure::describe;

/// How long an idle connection is kept; shorter than servers keep theirs, so that it isn't used as it closes.
const POOL_IDLE: Duration = Duration::from_secs(60);
/// Idle HTTP/1 connections kept per address.
const POOL_SIZE: usize = 32;
/// How often a connection is asked whether it lives, idle or not.
const PING: Duration = Duration::from_secs(15);
/// How long it may take to say so.
const PONG: Duration = Duration::from_secs(5);
/// How long an address that failed is tried last.
const AVOID: Duration = Duration::from_secs(30);
/// Bytes of an answer that are read and thrown away.
const ANSWER: usize = 64 * 1024;

/// What a client depends on; differs when it must be built anew.
pub(super) type Fingerprint = [u8; 32];

/// The client of one peer.
pub(super) struct PeerClient {
    pub(super) fingerprint: Fingerprint,
    label: String,
    endpoints: Vec<Endpoint>,
    client: Result<Client<HttpsConnector<HttpConnector>, Full<Bytes>>, String>,
    born: Instant,
}

struct Endpoint {
    url: String,
    uri: Result<Uri, String>,
    /// Milliseconds after the client's birth until which it is tried last.
    avoid_until: AtomicU64,
}

/// How an attempt failed.
struct Failure {
    reason: String,
    /// Whether the connection came to nothing, so that nothing was sent.
    unsent: bool,
}

// === impl PeerClient ===

impl PeerClient {
    pub(super) fn new(
        trust: &Arc<Trust>,
        own: Option<&Arc<CertifiedKey>>,
        fingerprint: Fingerprint,
        timeout: Duration,
    ) -> Self {
        let endpoints: Vec<_> = trust.urls.iter().map(|url| Endpoint::new(url)).collect();
        let share = timeout / u32::try_from(endpoints.len() + 1).unwrap_or(u32::MAX);
        let client = build(trust, own, share);
        Self { fingerprint, label: trust.label(), endpoints, client, born: Instant::now() }
    }

    /// Posts to the first address that can be reached, within `timeout` altogether.
    pub(super) async fn post(&self, post: &Post, timeout: Duration) -> Posted {
        let client = match &self.client {
            Ok(client) => client,
            Err(reason) => return Posted::Unreachable(reason.clone()),
        };
        if self.endpoints.is_empty() {
            return Posted::Unreachable(format!("{} names no url: add url = \"https://host:port/\"", self.label));
        }
        let deadline = Instant::now() + timeout;
        let (good, doubtful): (Vec<_>, Vec<_>) = self.endpoints.iter().partition(|endpoint| !self.avoided(endpoint));
        let mut reasons = Vec::new();
        for endpoint in good.into_iter().chain(doubtful) {
            let attempt = attempt(client, endpoint, post, deadline);
            let failure = match tokio::time::timeout_at(deadline, attempt).await {
                Ok(Ok(status)) => {
                    endpoint.avoid_until.store(0, Ordering::Relaxed);
                    return match status {
                        200..=299 => Posted::Accepted,
                        other => Posted::Refused(other),
                    };
                }
                Ok(Err(failure)) => failure,
                Err(_) => Failure { reason: format!("no answer within {timeout:?}"), unsent: false },
            };
            self.avoid(endpoint);
            reasons.push(format!("{}: {}", endpoint.url, failure.reason));
            // What may have arrived is repeated by the relay alone, after its own time.
            if !failure.unsent {
                break;
            }
        }
        Posted::Unreachable(reasons.join("; "))
    }

    fn avoided(&self, endpoint: &Endpoint) -> bool {
        self.age() < endpoint.avoid_until.load(Ordering::Relaxed)
    }

    fn avoid(&self, endpoint: &Endpoint) {
        let span = u64::try_from(AVOID.as_millis()).unwrap_or(u64::MAX);
        endpoint.avoid_until.store(self.age() + span, Ordering::Relaxed);
    }

    fn age(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

// === impl Endpoint ===

impl Endpoint {
    fn new(url: &str) -> Self {
        let uri = match url.parse::<Uri>() {
            Ok(uri) if uri.scheme_str() == Some("https") && uri.host().is_some() => Ok(uri),
            Ok(_) => Err("the url must have the form https://host:port/".to_owned()),
            Err(error) => Err(format!("the url can't be understood ({error})")),
        };
        Self { url: url.to_owned(), uri, avoid_until: AtomicU64::new(0) }
    }
}

/// What a client depends on: the peer's trust and addresses, and our own certificate.
pub(super) fn fingerprint(trust: &Trust, own: Option<&Arc<CertifiedKey>>) -> Fingerprint {
    let mut digest = Sha256::new_with_prefix(trust.fingerprint);
    if let Some(own) = own {
        own.cert.iter().for_each(|certificate| digest.update(certificate));
    }
    digest.finalize().into()
}

fn build(
    trust: &Arc<Trust>,
    own: Option<&Arc<CertifiedKey>>,
    connect_timeout: Duration,
) -> Result<Client<HttpsConnector<HttpConnector>, Full<Bytes>>, String> {
    let own = own.ok_or("[tls] is missing in postern.toml: without a certificate of our own no peer can be called")?;
    let config = client_config(trust.clone(), own.clone()).map_err(|error| error.to_string())?;
    let name = trust.names().first().map_or_else(|| trust.domain().as_str(), String::as_str).to_owned();
    let name = ServerName::try_from(name).map_err(|error| format!("{}: {error}", trust.label()))?;
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(connect_timeout));
    tcp.set_keepalive(Some(POOL_IDLE));
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_only()
        .with_server_name_resolver(FixedServerNameResolver::new(name))
        .enable_http1()
        .enable_http2()
        .wrap_connector(tcp);
    let client = Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(POOL_SIZE)
        .http2_keep_alive_interval(PING)
        .http2_keep_alive_timeout(PONG)
        .http2_keep_alive_while_idle(true)
        .build(connector);
    Ok(client)
}

async fn attempt(
    client: &Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    endpoint: &Endpoint,
    post: &Post,
    deadline: Instant,
) -> Result<u16, Failure> {
    let unsent = |reason: String| Failure { reason, unsent: true };
    let uri = endpoint.uri.clone().map_err(unsent)?;
    let request = request(uri, post).map_err(unsent)?;
    let response = client
        .request(request)
        .await
        .map_err(|error| Failure { reason: describe(&error), unsent: error.is_connect() })?;
    let status = response.status().as_u16();
    // The status is the answer; the rest is only read so that the connection can be used again.
    let _ = tokio::time::timeout_at(deadline, discard(response.into_body())).await;
    Ok(status)
}

fn request(uri: Uri, post: &Post) -> Result<Request<Full<Bytes>>, String> {
    let mut request = Request::post(uri)
        .header(header::CONTENT_TYPE, "application/vnd.wv.ssp+xml")
        .header(header::USER_AGENT, "postern");
    if let Some(session) = &post.session {
        let mut value =
            HeaderValue::from_str(session.expose()).map_err(|_| "the session id is no header value".to_owned())?;
        value.set_sensitive(true);
        request = request.header("x-wv-sessionid", value);
    }
    if let Some(transaction) = &post.transaction {
        request = request.header("x-wv-transactionid", transaction.as_str());
    }
    request.body(Full::new(post.body.clone())).map_err(|error| error.to_string())
}

async fn discard(mut body: Incoming) {
    let mut taken = 0;
    while taken < ANSWER {
        let Some(Ok(frame)) = body.frame().await else { return };
        taken += frame.data_ref().map_or(0, Bytes::len);
    }
}
