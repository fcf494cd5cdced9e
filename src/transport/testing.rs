//! What this room's tests share: a folder of certificates, peer files, servers that note what they get.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::HeaderMap;
use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::config::{Agreement, Peer, PeerLimits, Tls};
use crate::relay::{Bearer, Post, PostId, Posted};
use crate::vocabulary::Version;

use super::pki::{Authority, Issued};
use super::tls::client_config;
use super::{BoxFuture, Identity, Limits, PeerClients, PeerIdentity, Peers, Server, SspAnswer, serve_ssp};

/// A folder with an authority and what it issued.
pub(crate) struct Folder {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) authority: Authority,
}

/// Notes every POST of peers and answers 200, or what it is told.
#[derive(Default)]
pub(crate) struct Inbox {
    pub(crate) got: Mutex<Vec<(PeerIdentity, HeaderMap, Bytes)>>,
    /// Taken from by each request that must wait; `None` = nobody waits.
    pub(crate) gate: Option<tokio::sync::Semaphore>,
    /// How often what comes after an answer was done.
    pub(crate) after: Arc<Mutex<usize>>,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let authority = Authority::new("Test CA", 30).unwrap();
        let this = Self { dir: tempfile::tempdir().unwrap(), authority };
        this.write("ca.pem", this.authority.cert_pem());
        this
    }

    pub(crate) fn write(&self, name: &str, content: &str) -> PathBuf {
        let file = self.dir.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, content).unwrap();
        file
    }

    /// `[tls]` of a domain whose certificate carries `names`.
    pub(crate) fn tls(&self, names: &[&str]) -> Tls {
        self.tls_of(&self.authority.issue(names, 30).unwrap())
    }

    pub(crate) fn tls_of(&self, issued: &Issued) -> Tls {
        let number: u64 = rand::random();
        Tls {
            cert: self.write(&format!("{number}.pem"), &issued.cert_pem),
            key: self.write(&format!("{number}.key"), &issued.key_pem),
            ca: self.dir.path().join("ca.pem"),
            crl: Vec::new(),
        }
    }

    pub(crate) fn peer(&self, domain: &str, urls: &[String]) -> Peer {
        Peer {
            file: self.dir.path().join(format!("peers/{domain}.toml")),
            domain: domain.parse().unwrap(),
            urls: urls.to_vec(),
            ca_pem: None,
            crl: Vec::new(),
            names: vec![domain.to_owned()],
            pins: Vec::new(),
            ssp_version: Version::V13,
            quirks: Vec::new(),
            agreement: Agreement::default(),
            route_domains: Vec::new(),
            limits: PeerLimits::default(),
            lines: BTreeMap::new(),
        }
    }

    /// South's SSP server, which knows the peers given.
    pub(crate) async fn south(&self, peers: &[Peer], inbox: Arc<Inbox>, limits: Limits) -> (Server, Arc<Identity>) {
        let (identity, faults) = Identity::load(Some(&self.tls(&["south.example"])), peers).unwrap();
        assert_eq!(faults, []);
        let server = serve_ssp(listener().await, identity.clone(), inbox, limits).unwrap();
        (server, identity)
    }

    /// North's clients, whose certificate carries `names`, and who know south at `urls`.
    pub(crate) fn north(&self, names: &[&str], urls: &[String]) -> PeerClients {
        self.calling(&self.tls(names), &self.peer("south.example", urls))
    }

    pub(crate) fn calling(&self, tls: &Tls, peer: &Peer) -> PeerClients {
        let (identity, faults) = Identity::load(Some(tls), std::slice::from_ref(peer)).unwrap();
        assert_eq!(faults, []);
        PeerClients::new(identity, Duration::from_secs(10))
    }
}

/// A connection to `address` that shows a certificate for `names` and offers one protocol.
pub(crate) async fn connect(folder: &Folder, names: &[&str], address: SocketAddr, alpn: &str) -> TlsStream<TcpStream> {
    let south = folder.peer("south.example", &[]);
    let (identity, _) = Identity::load(Some(&folder.tls(names)), std::slice::from_ref(&south)).unwrap();
    let roster = identity.roster();
    let mut config = client_config(roster.peer(&south.domain).unwrap().clone(), roster.own().unwrap().clone()).unwrap();
    config.alpn_protocols = vec![alpn.as_bytes().to_vec()];
    let socket = TcpStream::connect(address).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect("south.example".try_into().unwrap(), socket).await.unwrap()
}

/// Writes a request as it is and reads to the end of the connection.
pub(crate) async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A server that closes while we still send resets the connection; what it said counts.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

impl Peers for Inbox {
    fn ssp(&self, from: PeerIdentity, headers: HeaderMap, body: Bytes) -> BoxFuture<'_, SspAnswer> {
        Box::pin(async move {
            self.got.lock().unwrap().push((from, headers, body));
            if let Some(gate) = &self.gate {
                gate.acquire().await.unwrap().forget();
            }
            let after = self.after.clone();
            SspAnswer { status: 200, after: Box::new(move || *after.lock().unwrap() += 1) }
        })
    }
}

pub(crate) async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

pub(crate) fn url(server: &Server) -> String {
    format!("https://{}/", server.local_addr())
}

/// Posts a body to south.
pub(crate) async fn post(clients: &PeerClients, body: impl Into<Bytes>) -> Posted {
    let post = Post {
        id: PostId(1),
        peer: "south.example".parse().unwrap(),
        body: body.into(),
        session: Some(crate::ident::SessionId::new("secret@north.example")),
        transaction: Some("t-1".into()),
    };
    clients.post(post).await
}

/// Why a POST came to nothing.
pub(crate) fn reason(posted: Posted) -> String {
    match posted {
        Posted::Unreachable(reason) => reason,
        other => panic!("the POST arrived: {other:?}"),
    }
}

/// Waits until something holds; fails after ten seconds.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(std::time::Instant::now() < deadline, "{what} did not come true");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Collects log lines of this thread: works in single-threaded tests.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::INFO)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        String::from_utf8_lossy(&self.0.lock().unwrap()).lines().map(str::to_owned).collect()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
