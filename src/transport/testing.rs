//! What this room's tests share: a folder of certificates, peer files, servers that note what they get.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::HeaderMap;
use bytes::Bytes;
use tokio::net::TcpListener;

use crate::config::{Agreement, Peer, PeerLimits, Tls};
use crate::relay::{Bearer, Post, PostId, Posted};
use crate::vocabulary::Version;

use super::pki::{Authority, Issued};
use super::{BoxFuture, Identity, Limits, PeerClients, PeerIdentity, Peers, Server, serve_ssp};

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

impl Peers for Inbox {
    fn ssp(&self, from: PeerIdentity, headers: HeaderMap, body: Bytes) -> BoxFuture<'_, u16> {
        Box::pin(async move {
            self.got.lock().unwrap().push((from, headers, body));
            if let Some(gate) = &self.gate {
                gate.acquire().await.unwrap().forget();
            }
            200
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
