//! A node: every room built from one configuration, started, reloaded, drained and stopped.

mod ports;
mod reload;
mod shown;
mod tap;
mod watch;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;
use tracing::info;

pub use self::tap::Tapped;
pub use crate::operate::ReloadReport;

use self::ports::Ports;
use self::reload::PeersInForce;
use self::shown::Shown;
use self::tap::TappedBearer;
use crate::address::Domain;
use crate::config::{Config, Finding, Loaded, Severity};
use crate::operate::{self, AdminState, Metrics};
use crate::relay::{Bearer, Relay};
use crate::sap::account::Accounts;
use crate::sap::login::Login;
use crate::sap::secret::Keyring;
use crate::sap::services::Offered;
use crate::sap::session::SessionRecord;
use crate::sap::{Sap, Settings};
use crate::store::{self, Key, Store, StoreError};
use crate::time::Timestamp;
use crate::transport::{self, Identity, Limits, PeerClients, Server, ServerTls};

/// How long open exchanges may take to end when a node stops.
const DRAIN: Duration = Duration::from_secs(10);
/// Records read at once while a node starts.
const PAGE: usize = 1_000;

/// What a caller may add to a node.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Hears of every POST to a peer.
    pub tap: Option<UnboundedSender<Tapped>>,
}

/// What is bound, with real ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// The home domain.
    pub domain: Domain,
    /// CSP over HTTP.
    pub csp: Option<SocketAddr>,
    /// CSP over HTTPS.
    pub csp_tls: Option<SocketAddr>,
    /// SSP.
    pub ssp: Option<SocketAddr>,
    /// Admin.
    pub admin: Option<SocketAddr>,
}

/// Why a node did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration has errors.
    #[error("the configuration has errors; `postern check` lists them all. The first: {}", first(.0))]
    Config(Vec<Finding>),
    /// The store can't be opened or read.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// An address can't be bound.
    #[error("[listen] {what} = {address} can't be bound: {error}")]
    Bind {
        /// The key in `[listen]`.
        what: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// A key, certificate or token can't be used.
    #[error("{0}")]
    Secret(String),
}

/// A running node.
pub struct Running {
    ready: Ready,
    sap: Arc<Sap>,
    store: Store,
    peers: Arc<PeersInForce>,
    servers: Vec<Server>,
    draining: Arc<AtomicBool>,
    stop: tokio::sync::watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    _watcher: Option<watch::Watcher>,
}

/// Starts a node: when this returns, every listener is bound and answers.
pub async fn start(loaded: Loaded, options: Options) -> Result<Running, StartError> {
    let Loaded { config, peers, users, findings, .. } = loaded;
    let errors: Vec<Finding> = findings.into_iter().filter(|f| f.severity == Severity::Error).collect();
    let config = match config {
        Some(config) if errors.is_empty() => config,
        _ => return Err(StartError::Config(errors)),
    };
    let store = store::open(&config.data_dir)?;
    let sap = build_sap(&config, &store).await?;
    sap.accounts().seed(&users).await.map_err(|(id, error)| secret(format!("users: {id}: {error}")))?;
    restore(&sap, &store).await?;

    let identity = match &config.tls {
        Some(_) => Some(load_identity(&config, &peers)?),
        None => None,
    };
    let clients =
        identity.as_ref().map(|identity| Arc::new(PeerClients::new(Arc::clone(identity), config.timers.http_timeout)));
    if let Some(clients) = &clients {
        let bearer: Arc<dyn Bearer> = Arc::<PeerClients>::clone(clients);
        sap.connect(match options.tap {
            Some(tell) => Arc::new(TappedBearer::new(config.domain.clone(), bearer, tell)),
            None => bearer,
        });
    }
    let shown = Arc::new(Shown::default());
    let files = PeersInForce::new(config.clone(), Arc::clone(&sap), identity.clone(), clients, Arc::clone(&shown));
    let files = Arc::new(files);
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let mut node = Running {
        ready: Ready { domain: config.domain.clone(), csp: None, csp_tls: None, ssp: None, admin: None },
        sap: Arc::clone(&sap),
        store,
        peers: Arc::clone(&files),
        servers: Vec::new(),
        draining: Arc::default(),
        stop,
        tasks: Vec::new(),
        _watcher: watch::Watcher::start(&config.peers, Arc::clone(&files)),
    };
    node.listen(&config, identity.as_ref(), &shown).await?;
    files.begin(peers).await;
    node.tasks.push(tokio::spawn(sap.run(stopping)));
    info!(domain = %node.ready.domain, "ready");
    Ok(node)
}

// === impl Running ===

impl Running {
    /// What is bound.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// The Service Access Point, for tests and tools in the same process.
    pub fn sap(&self) -> &Arc<Sap> {
        &self.sap
    }

    /// Reads the peer files again and puts in force what changed; with `plan`, only says what it would do.
    pub async fn reload(&self, plan: bool) -> ReloadReport {
        self.peers.reload(plan).await
    }

    /// Drains: no new connections, open exchanges end, everything is on disk.
    pub async fn stop(self) {
        self.draining.store(true, Ordering::Relaxed);
        let mut draining = tokio::task::JoinSet::new();
        for server in self.servers {
            draining.spawn(server.drain(DRAIN));
        }
        draining.join_all().await;
        let _ = self.stop.send(true);
        for task in self.tasks {
            let _ = task.await;
        }
        if let Err(error) = self.store.close().await {
            tracing::error!(%error, "the store did not close cleanly");
        }
    }

    async fn listen(
        &mut self,
        config: &Config,
        identity: Option<&Arc<Identity>>,
        shown: &Arc<Shown>,
    ) -> Result<(), StartError> {
        let ports = Arc::new(Ports { sap: Arc::clone(&self.sap), shown: Arc::clone(shown) });
        let limits = Limits::new(&config.timers);
        if let Some((listener, address)) = bind("csp", config.listen.csp).await? {
            self.ready.csp = Some(address);
            let server = transport::serve_csp(listener, None, ports.clone(), Router::new(), limits.clone());
            self.servers.push(server.map_err(|error| StartError::Bind { what: "csp", address, error })?);
        }
        if let (Some((listener, address)), Some(tls)) = (bind("csp_tls", config.listen.csp_tls).await?, &config.csp_tls)
        {
            let tls = ServerTls::load(&tls.cert, &tls.key).map_err(secret)?;
            self.ready.csp_tls = Some(address);
            let server = transport::serve_csp(listener, Some(tls), ports.clone(), Router::new(), limits.clone());
            self.servers.push(server.map_err(|error| StartError::Bind { what: "csp_tls", address, error })?);
        }
        if let (Some((listener, address)), Some(identity)) = (bind("ssp", config.listen.ssp).await?, identity) {
            self.ready.ssp = Some(address);
            let server = transport::serve_ssp(listener, Arc::clone(identity), ports, limits.clone());
            self.servers.push(server.map_err(|error| StartError::Bind { what: "ssp", address, error })?);
        }
        if let Some((listener, address)) = bind("admin", config.listen.admin).await? {
            let tls = match (&config.admin.cert, &config.admin.key) {
                (Some(cert), Some(key)) => Some(ServerTls::load(cert, key).map_err(secret)?),
                _ => None,
            };
            self.ready.admin = Some(address);
            let state = AdminState {
                sap: Arc::clone(&self.sap),
                store: Arc::clone(&self.store),
                reload: Arc::<PeersInForce>::clone(&self.peers),
                facts: Arc::<PeersInForce>::clone(&self.peers),
                token: operate::token::load_or_make(&config.admin.token_file).map_err(secret)?,
                draining: Arc::clone(&self.draining),
                metrics: Metrics::install(),
            };
            let server = transport::serve_admin(listener, tls, operate::router(state), limits);
            self.servers.push(server.map_err(|error| StartError::Bind { what: "admin", address, error })?);
        }
        Ok(())
    }
}

impl fmt::Display for Ready {
    /// The ready line of `postern serve`; a listener that is off is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "postern ready domain={}", self.domain)?;
        let listeners = [("csp", self.csp), ("csp_tls", self.csp_tls), ("ssp", self.ssp), ("admin", self.admin)];
        for (name, address) in listeners {
            if let Some(address) = address {
                write!(f, " {name}={address}")?;
            }
        }
        Ok(())
    }
}

async fn build_sap(config: &Config, store: &Store) -> Result<Arc<Sap>, StartError> {
    let keyring = Keyring::open(&config.key_file).map_err(secret)?;
    let accounts = Arc::new(Accounts::new(Arc::clone(store), keyring, config.domain.clone(), config.aliases.clone()));
    let login = Login::new(Arc::clone(&accounts), &config.access, &config.timers);
    let offered = Offered::new(&config.services);
    let relay = Arc::new(Relay::new(crate::relay::Settings {
        domain: config.domain.clone(),
        aliases: config.aliases.clone(),
        timers: config.timers.clone(),
        dice: Box::new(crate::relay::Random),
    }));
    let settings = Settings {
        domain: config.domain.clone(),
        aliases: config.aliases.clone(),
        access: config.access.clone(),
        messages: config.messages.clone(),
        timers: config.timers.clone(),
        limits: crate::syntax::Limits::default(),
    };
    Ok(Sap::new(settings, Arc::clone(store), accounts, login, offered, relay))
}

/// Takes up what was promised before the last stop.
async fn restore(sap: &Arc<Sap>, store: &Store) -> Result<(), StoreError> {
    let now = Timestamp::now();
    for kind in Relay::KINDS {
        let prefix = Key::of(&[kind, ""]);
        each_record(store, &prefix, |key, value| sap.relay().restore(now, key, value)).await?;
    }
    each_record(store, &SessionRecord::prefix(), |_, value| {
        if let Ok(record) = serde_json::from_slice::<SessionRecord>(value) {
            sap.sessions().open(now, record);
        }
    })
    .await
}

async fn each_record(store: &Store, prefix: &Key, mut take: impl FnMut(&Key, &[u8])) -> Result<(), StoreError> {
    let mut after: Option<Key> = None;
    loop {
        let page = store.list(prefix, after.as_ref(), PAGE).await?;
        for (key, record) in &page {
            take(key, &record.value);
        }
        match page.into_iter().next_back() {
            Some((last, _)) => after = Some(last),
            None => return Ok(()),
        }
    }
}

fn load_identity(config: &Config, peers: &[crate::config::Peer]) -> Result<Arc<Identity>, StartError> {
    let (identity, faults) = Identity::load(config.tls.as_ref(), peers).map_err(secret)?;
    for fault in faults {
        tracing::warn!("{fault}");
    }
    Ok(identity)
}

async fn bind(
    what: &'static str,
    address: Option<SocketAddr>,
) -> Result<Option<(TcpListener, SocketAddr)>, StartError> {
    let Some(address) = address else { return Ok(None) };
    let failed = |error| StartError::Bind { what, address, error };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let real = listener.local_addr().map_err(failed)?;
    Ok(Some((listener, real)))
}

fn secret(error: impl fmt::Display) -> StartError {
    StartError::Secret(error.to_string())
}

fn first(findings: &[Finding]) -> String {
    findings
        .first()
        .map_or_else(|| "the file can't be read".into(), |f| format!("{}:{}: {}: {}", f.file, f.line, f.what, f.remedy))
}
