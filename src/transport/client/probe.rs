//! Trying the way to a peer layer by layer, to name the one that fails.

use std::sync::Arc;

use axum::http::Uri;
use rustls::pki_types::ServerName;
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::address::Domain;
use crate::transport::pki::explain;
use crate::transport::tls::client_config;

use super::PeerClients;
use super::failure::describe;

/// A layer of the way to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// The URL's host has an address.
    Address,
    /// The address takes connections.
    Tcp,
    /// TLS is spoken there.
    Tls,
    /// The certificates are good on both sides.
    Certificate,
}

/// What trying a layer showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// The URL tried.
    pub url: String,
    /// The layer.
    pub layer: Layer,
    /// Whether it held.
    pub ok: bool,
    /// What was found; if it failed, also what to do.
    pub detail: String,
}

// === impl PeerClients ===

impl PeerClients {
    /// Tries every URL of a peer on connections of their own, each layer after the other up to the first that
    /// fails. `None` if the domain is no peer.
    pub async fn probe(&self, peer: &Domain) -> Option<Vec<Probe>> {
        let roster = self.identity.roster();
        let trust = roster.peer(peer)?;
        let mut found = Vec::new();
        if trust.urls.is_empty() {
            let detail = format!("{} names no url: add url = \"https://host:port/\"", trust.label());
            found.push(Probe { url: String::new(), layer: Layer::Address, ok: false, detail });
        }
        for url in &trust.urls {
            let mut layers = Layers { url, found: &mut found };
            let walk = self.walk(url, peer, &mut layers);
            if tokio::time::timeout(self.timeout, walk).await.is_err() {
                layers.fail_next("no answer in time: is it the right port, and does a firewall let us through?");
            }
        }
        Some(found)
    }

    async fn walk(&self, url: &str, peer: &Domain, layers: &mut Layers<'_>) {
        let roster = self.identity.roster();
        let (Some(trust), Some(own)) = (roster.peer(peer), roster.own()) else {
            layers.fail(Layer::Certificate, "[tls] is missing in postern.toml".to_owned());
            return;
        };
        let Some((host, port)) = host_and_port(url) else {
            layers.fail(Layer::Address, "the url must have the form https://host:port/".to_owned());
            return;
        };
        let addresses: Vec<_> = match tokio::net::lookup_host((host.as_str(), port)).await {
            Ok(found) => found.collect(),
            Err(error) => {
                layers.fail(Layer::Address, format!("{host} has no address ({error}): correct the url or the DNS"));
                return;
            }
        };
        layers.hold(Layer::Address, format!("{addresses:?}"));
        let stream = match TcpStream::connect(&*addresses).await {
            Ok(stream) => stream,
            Err(error) => {
                let detail = format!("{error}: is the peer running, and is the port right?");
                layers.fail(Layer::Tcp, detail);
                return;
            }
        };
        layers.hold(Layer::Tcp, stream.peer_addr().map(|address| address.to_string()).unwrap_or_default());
        let name = trust.names().first().map_or_else(|| peer.as_str(), String::as_str).to_owned();
        let (config, name) = match (client_config(trust.clone(), own.clone()), ServerName::try_from(name)) {
            (Ok(config), Ok(name)) => (config, name),
            (Err(error), _) => return layers.fail(Layer::Tls, error.to_string()),
            (_, Err(error)) => return layers.fail(Layer::Tls, format!("{}: {error}", trust.label())),
        };
        let mut stream = match TlsConnector::from(Arc::new(config)).connect(name, stream).await {
            Ok(stream) => stream,
            Err(error) => {
                let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
                if matches!(cause, Some(rustls::Error::InvalidCertificate(_) | rustls::Error::AlertReceived(_))) {
                    layers.hold(Layer::Tls, "spoken".to_owned());
                    layers.fail(Layer::Certificate, describe(&error));
                } else {
                    layers.fail(Layer::Tls, format!("{}: is this the peer's ssp port?", describe(&error)));
                }
                return;
            }
        };
        let session = stream.get_ref().1;
        let version = session.protocol_version().map(|version| format!("{version:?}")).unwrap_or_default();
        let shown = session.peer_certificates().and_then(|chain| chain.first()).and_then(|leaf| explain(leaf).ok());
        layers.hold(Layer::Tls, version);
        // Whether our own certificate is taken shows only when the peer answers something.
        let hello = format!("GET / HTTP/1.1\r\nhost: {host}\r\nuser-agent: postern\r\nconnection: close\r\n\r\n");
        let mut answer = [0; 12];
        let asked = async {
            stream.write_all(hello.as_bytes()).await?;
            stream.read_exact(&mut answer).await
        };
        match asked.await {
            Ok(_) if answer.starts_with(b"HTTP/1.") => {
                let shown = shown.map(|certificate| {
                    format!("theirs for {:?} until {}; ours taken", certificate.names, certificate.not_after)
                });
                layers.hold(Layer::Certificate, shown.unwrap_or_default());
            }
            Ok(_) => layers.fail(Layer::Certificate, "the answer is no HTTP: is this the peer's ssp port?".to_owned()),
            Err(error) => layers.fail(Layer::Certificate, describe(&error)),
        }
    }
}

/// The layers tried of one URL.
struct Layers<'a> {
    url: &'a str,
    found: &'a mut Vec<Probe>,
}

// === impl Layers ===

impl Layers<'_> {
    fn hold(&mut self, layer: Layer, detail: String) {
        self.found.push(Probe { url: self.url.to_owned(), layer, ok: true, detail });
    }

    fn fail(&mut self, layer: Layer, detail: String) {
        self.found.push(Probe { url: self.url.to_owned(), layer, ok: false, detail });
    }

    fn fail_next(&mut self, detail: &str) {
        let last = self.found.iter().rev().find(|probe| probe.url == self.url).map(|probe| probe.layer);
        let next = match last {
            None => Layer::Address,
            Some(Layer::Address) => Layer::Tcp,
            Some(Layer::Tcp) => Layer::Tls,
            Some(Layer::Tls | Layer::Certificate) => Layer::Certificate,
        };
        self.fail(next, detail.to_owned());
    }
}

fn host_and_port(url: &str) -> Option<(String, u16)> {
    let uri: Uri = url.parse().ok()?;
    if uri.scheme_str() != Some("https") {
        return None;
    }
    let host = uri.host()?.trim_matches(['[', ']']).to_owned();
    Some((host, uri.port_u16().unwrap_or(443)))
}
