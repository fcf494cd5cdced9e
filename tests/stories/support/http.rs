//! An HTTP client as phones and peers have one: POST, wait, read the answer whole.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;

/// A client with connections of its own.
#[derive(Clone)]
pub struct Http {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// No answer came; why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost(pub String);

// === impl Http ===

impl Http {
    /// Over TLS with these settings; `name` is the name the server must show. Without TLS for `http:` URLs.
    pub fn new(tls: ClientConfig, name: &str) -> Self {
        Self::leaving(tls, name, None)
    }

    /// The same, from this address of the machine.
    pub fn leaving(tls: ClientConfig, name: &str, from: Option<IpAddr>) -> Self {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_local_address(from);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .with_server_name_resolver(FixedServerNameResolver::new(name))
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build(connector);
        Self { client }
    }

    /// Posts a body.
    pub async fn post(&self, url: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Result<Answer, Lost> {
        self.ask(Method::POST, url, headers, body).await
    }

    /// Asks with any method.
    pub async fn ask(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, Lost> {
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = method;
        *request.uri_mut() = url.parse().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        let exchange = async {
            let answer = self.client.request(request).await.map_err(|e| Lost(chain(&e)))?;
            let (head, body) = answer.into_parts();
            let body = body.collect().await.map_err(|e| Lost(chain(&e)))?.to_bytes();
            Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
        };
        let limit = Duration::from_secs(60);
        tokio::time::timeout(limit, exchange).await.unwrap_or_else(|_| Err(Lost("no answer in time".into())))
    }
}

// === impl Answer ===

impl Answer {
    /// The header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
