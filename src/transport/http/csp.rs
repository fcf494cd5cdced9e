//! CSP over HTTP and HTTPS: POST to any path, answered with 200 and a length (`docs/wire-notes.md`, "Transport").

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use bytes::Bytes;
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::syntax::csp::encoding_of;
use crate::transport::BoxFuture;
use crate::transport::tls::ServerTls;

use super::body::{Budget, read};
use super::connection::Security;
use super::{Limits, Remote, Server, empty, last, protect, traced};

/// The largest body a phone may send, whatever is configured.
const LARGEST: usize = 1024 * 1024;

/// The longest name of a host, characters.
const LONGEST_NAME: usize = 253;

/// A client's POST. Its `Debug` hides body and headers: there are passwords in them.
#[derive(Clone)]
pub struct CspRequest {
    /// The message.
    pub body: Bytes,
    /// Its type as the client wrote it.
    pub content_type: String,
    /// Where it came from.
    pub remote: SocketAddr,
    /// The host it was sent to, without port: as the request names it, else our end of the connection.
    pub host: String,
    /// Whether it came over TLS.
    pub tls: bool,
    /// All headers; a gateway's identity headers are among them.
    pub headers: HeaderMap,
}

impl fmt::Debug for CspRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CspRequest")
            .field("bytes", &self.body.len())
            .field("content_type", &self.content_type)
            .field("remote", &self.remote)
            .field("host", &self.host)
            .field("tls", &self.tls)
            .field("headers", &self.headers.len())
            .finish()
    }
}

/// The answer to a client's POST; always goes out with status 200 and a length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CspAnswer {
    /// Its type; not sent with an empty body.
    pub content_type: String,
    /// The message; may be empty.
    pub body: Bytes,
}

/// Who answers clients.
pub trait Clients: Send + Sync + 'static {
    /// Answers a POST.
    fn csp(&self, request: CspRequest) -> BoxFuture<'_, CspAnswer>;
}

/// Serves CSP. `pages` gets every request that is no POST; what it does not know is answered with 405.
pub fn serve_csp(
    listener: TcpListener,
    tls: Option<Arc<ServerTls>>,
    clients: Arc<dyn Clients>,
    pages: Router,
    limits: Limits,
) -> std::io::Result<Server> {
    let name = if tls.is_some() { "csp_tls" } else { "csp" };
    let gate = Gate {
        limit: limits.body.min(LARGEST),
        budget: Budget::new(limits.buffered),
        pages: protect(pages.fallback(not_allowed), &limits),
    };
    let router = protect(Router::new().fallback(answer).with_state(clients), &limits)
        .layer(from_fn_with_state(gate, enter))
        .layer(traced());
    Server::start(name, listener, Security::of(tls), router, limits)
}

#[derive(Clone)]
struct Gate {
    limit: usize,
    budget: Budget,
    pages: Router,
}

/// Refuses what is no CSP message, and reads the body before the request counts as work.
async fn enter(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return match gate.pages.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
    }
    if !is_csp(content_type(request.headers())) {
        return last(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let (parts, body) = request.into_parts();
    match read(&parts, body, gate.limit, &gate.budget).await {
        Ok((bytes, _held)) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(refused) => refused,
    }
}

async fn answer(State(clients): State<Arc<dyn Clients>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    // HTTP/2 has the host in the URI.
    if let Some(host) = parts.uri.authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok()) {
        parts.headers.entry(header::HOST).or_insert(host);
    }
    // The gate has read it and bounded it.
    let Ok(body) = axum::body::to_bytes(body, LARGEST).await else { return last(StatusCode::BAD_REQUEST) };
    let Some(&Remote { address, local, tls }) = parts.extensions.get::<Remote>() else {
        return empty(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let content_type = content_type(&parts.headers).to_owned();
    let host = host(&parts).unwrap_or_else(|| local.ip().to_canonical().to_string());
    let request = CspRequest { body, content_type, remote: address, host, tls, headers: parts.headers };
    let answer = clients.csp(request).await;
    let length = answer.body.len();
    let mut response = Response::new(Body::from(answer.body));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    if let Ok(value) = HeaderValue::from_str(&answer.content_type)
        && length > 0
    {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response
}

async fn not_allowed() -> Response {
    let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    response
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The host a request was sent to, without port and brackets.
fn host(parts: &Parts) -> Option<String> {
    let named = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok()?.parse::<Authority>().ok());
    let authority = parts.uri.authority().cloned().or(named)?;
    let host = authority.host().trim_matches(['[', ']']);
    (!host.is_empty() && host.len() <= LONGEST_NAME).then(|| host.to_owned())
}

/// Many names occur in the field; "wbxml" holds "xml", and the type of PTS ends in "sms".
fn is_csp(content_type: &str) -> bool {
    content_type.to_ascii_lowercase().contains("xml") || encoding_of(content_type).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_what_the_request_names_without_its_port() {
        let of = |uri: &str, host: &'static str| {
            let mut request = Request::new(());
            *request.uri_mut() = uri.parse().unwrap();
            request.headers_mut().insert(header::HOST, HeaderValue::from_static(host));
            super::host(&request.into_parts().0)
        };
        assert_eq!(of("/", "chat.north.example:8080").as_deref(), Some("chat.north.example"));
        assert_eq!(of("/", "[::1]:8080").as_deref(), Some("::1"));
        assert_eq!(of("http://proxy.example:1/", "chat.north.example").as_deref(), Some("proxy.example"));
        assert_eq!(of("/", "no host"), None);
        assert_eq!(of("/", ""), None);
    }

    #[test]
    fn the_debug_of_a_request_shows_neither_body_nor_headers() {
        let request = CspRequest {
            body: Bytes::from_static(b"<Password>hunter2"),
            content_type: "text/xml".to_owned(),
            remote: ([127, 0, 0, 1], 9).into(),
            host: "chat.north.example".to_owned(),
            tls: true,
            headers: [(header::AUTHORIZATION, HeaderValue::from_static("hunter3"))].into_iter().collect(),
        };
        let shown = format!("{request:?}");
        assert!(!shown.contains("hunter") && shown.contains("17"), "{shown}");
    }
}
