//! Talking to a running node: where its admin address is, and one JSON exchange with it.

mod trust;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use postern::config;
use postern::operate::token::{self, Token, TokenError};
use postern::time::Timestamp;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long an exchange may take: a reload answers once it is in force.
const PATIENCE: Duration = Duration::from_secs(60);
/// Most bytes of an answer.
const MOST_ANSWER: usize = 16 * 1024 * 1024;

/// Which node is meant.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Access {
    /// Find the admin address and the token through the node's configuration file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The admin address, as in http://127.0.0.1:8084
    #[arg(long, value_name = "URL")]
    admin: Option<Uri>,
    /// File of the admin token
    #[arg(long, value_name = "FILE")]
    token: Option<PathBuf>,
    /// PEM file of the authority that vouches for an https admin address
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// A way to the admin address of a node.
pub(crate) struct Client {
    url: Uri,
    token: Token,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

// === impl Access ===

impl Access {
    /// The way to the node.
    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        let config = self.config.as_deref().map(read_config).transpose()?;
        let (url, token) = match (&self.admin, &self.token, &config) {
            (Some(url), Some(file), _) => (url.clone(), read_token(file)?),
            (url, file, Some(config)) => {
                let url = url.clone().map_or_else(|| url_of(config), Ok)?;
                (url, read_token(file.as_ref().unwrap_or(&config.admin.token_file))?)
            }
            _ => {
                let usage = "give --config FILE, or --admin URL and --token FILE\n";
                return Err(clap::Error::raw(clap::error::ErrorKind::MissingRequiredArgument, usage).into());
            }
        };
        let host = url.host().ok_or_else(|| anyhow!("{url} names no host: give --admin http://HOST:PORT"))?;
        let tls = match url.scheme_str() {
            Some("http") => None,
            Some("https") => Some((self.connector(config.as_ref())?, server_name(host)?)),
            _ => bail!("{url} is no address of a node: give --admin http://HOST:PORT or https://HOST:PORT"),
        };
        Ok(Client { url, token, tls })
    }

    /// Trusts whom `--ca` vouches for, or else the very certificate the configuration names.
    fn connector(&self, config: Option<&config::Config>) -> anyhow::Result<TlsConnector> {
        match (&self.ca, config.and_then(|c| c.admin.cert.as_ref())) {
            (Some(authority), _) => trust::vouched_by(authority),
            (None, Some(certificate)) => trust::exactly(certificate),
            (None, None) => bail!("nobody vouches for the admin address: give --ca FILE or --config FILE"),
        }
    }
}

// === impl Client ===

impl Client {
    /// One exchange; what the node answers, or its error in one line.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        timeout(PATIENCE, self.exchange(method, path, body))
            .await
            .map_err(|_| anyhow!("{} does not answer: is the node well?", self.url))?
    }

    /// Every item of a list, page after page.
    pub(crate) async fn list(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let mut items = Vec::new();
        let mut after = String::new();
        loop {
            let mut page = self.call(Method::GET, &format!("{path}?limit=1000{after}"), None).await?;
            if let Some(Value::Array(more)) = page.get_mut("items").map(Value::take) {
                items.extend(more);
            }
            match page.get("next").and_then(Value::as_str) {
                Some(next) => after = format!("&after={}", encode(next)),
                None => return Ok(items),
            }
        }
    }

    async fn exchange(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let authority = self.url.authority().map_or("", |a| a.as_str());
        let body = body.map_or_else(Bytes::new, |value| value.to_string().into());
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, authority)
            .header(AUTHORIZATION, format!("Bearer {}", self.token.expose()))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))?;
        let host = self.url.host().unwrap_or_default().trim_matches(['[', ']']);
        let port = self.url.port_u16().unwrap_or_else(|| if self.tls.is_some() { 443 } else { 80 });
        let unreachable = || format!("no node answers at {}: is it running?", self.url);
        let stream = TcpStream::connect((host, port)).await.with_context(unreachable)?;
        match &self.tls {
            None => send(stream, request).await,
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await;
                send(stream.with_context(|| format!("{} is not trusted", self.url))?, request).await
            }
        }
    }
}

/// A text as it can stand in a path or a query.
pub(crate) fn encode(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

async fn send<S>(stream: S, request: Request<Full<Bytes>>) -> anyhow::Result<Value>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let response = sender.send_request(request).await.context("the node ended the connection")?;
    let status = response.status();
    let body = http_body_util::Limited::new(response.into_body(), MOST_ANSWER).collect().await;
    let body = body.map_err(|error| anyhow!("the answer could not be read: {error}"))?.to_bytes();
    driver.abort();
    understand(status, &body)
}

/// The answer's body, or its error.
fn understand(status: StatusCode, body: &[u8]) -> anyhow::Result<Value> {
    if status.is_success() && body.is_empty() {
        return Ok(Value::Null);
    }
    let value: Value = serde_json::from_slice(body)
        .map_err(|_| anyhow!("the answer ({status}) is no JSON: is this the admin address of a node?"))?;
    if status.is_success() {
        return Ok(value);
    }
    let text = |key: &str| value.pointer(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (message, remedy) = (text("/error/message"), text("/error/remedy"));
    if message.is_empty() {
        bail!("the node answered {status}");
    }
    bail!("{message}: {remedy}")
}

fn read_config(file: &Path) -> anyhow::Result<config::Config> {
    let loaded = config::load(file, &config::Environment::of_process(), Timestamp::now());
    loaded.config.ok_or_else(|| anyhow!("{} is at fault: run `postern check --config {0}`", file.display()))
}

fn read_token(file: &Path) -> anyhow::Result<Token> {
    token::load(file).map_err(|error| match error {
        TokenError::File { fault, .. } if fault.kind() == std::io::ErrorKind::NotFound => {
            anyhow!("there is no token file {}: name that of the node, which makes it when it starts", file.display())
        }
        other => other.into(),
    })
}

/// Where a node with this configuration is reached from its own machine.
fn url_of(config: &config::Config) -> anyhow::Result<Uri> {
    let address = config.listen.admin.ok_or_else(|| anyhow!("[listen] admin is off: the node can't be asked"))?;
    if address.port() == 0 {
        bail!("[listen] admin has port 0: give --admin URL with the address of the node's ready line");
    }
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    let scheme = if config.admin.cert.is_some() { "https" } else { "http" };
    Ok(format!("{scheme}://{}/", SocketAddr::new(ip, address.port())).parse()?)
}

fn server_name(host: &str) -> anyhow::Result<ServerName<'static>> {
    let host = host.trim_matches(['[', ']']).to_owned();
    ServerName::try_from(host.clone()).map_err(|_| anyhow!("{host} is neither a name nor an address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_node_becomes_one_line() {
        let body = br#"{"error":{"code":"not_found","message":"there is no user bob","remedy":"list the users"}}"#;
        let error = understand(StatusCode::NOT_FOUND, body).unwrap_err();
        assert_eq!(error.to_string(), "there is no user bob: list the users");
        let error = understand(StatusCode::OK, b"<html>").unwrap_err();
        assert!(error.to_string().contains("no JSON"), "{error}");
        assert_eq!(understand(StatusCode::NO_CONTENT, b"").unwrap(), Value::Null);
    }

    #[test]
    fn names_are_encoded_for_paths() {
        assert_eq!(encode("al/ice+ä"), "al%2Fice%2B%C3%A4");
    }
}
