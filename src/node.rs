//! A node: every room built from one configuration, started, reloaded, drained and stopped.

mod folders;
mod key;
mod listen;
mod ports;
mod reload;
mod shown;
mod tap;
mod watch;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch::{Sender, channel as watch_channel};
use tokio::task::JoinHandle;
use tracing::{error, info, warn};

pub use self::listen::Ready;
pub use self::tap::Tapped;
pub use crate::operate::ReloadReport;

use self::listen::{ServerCertificates, Servers, Sockets};
use self::ports::Ports;
use self::reload::{Outside, PeersInForce};
use self::shown::Shown;
use self::tap::TappedBearer;
use crate::address::Domain;
use crate::config::{Config, Finding, Loaded, Peer, Severity, Tls};
use crate::messaging::Copies;
use crate::operate::{self, AdminState, Metrics};
use crate::relay::{Bearer, Relay};
use crate::sap::account::Accounts;
use crate::sap::login::Login;
use crate::sap::provider::ProviderInfo;
use crate::sap::services::Offered;
use crate::sap::session::SessionRecord;
use crate::sap::{Reach, Sap, Settings};
use crate::store::{self, Key, Store, StoreError};
use crate::time::Timestamp;
use crate::transport::{Identity, PeerClients};

/// How long open exchanges may take to end when a node stops; before that, how long clients may take to hear that
/// they are disconnected, if they are.
const DRAIN: Duration = Duration::from_secs(10);
/// Records read at once while a node starts.
const PAGE: usize = 1_000;

/// What a caller may add to a node.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Hears of every POST to a peer.
    pub tap: Option<UnboundedSender<Tapped>>,
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
    #[error("[listen] {what} = {address} can't be bound: {error}: {}", remedy(.what, .error))]
    Bind {
        /// The key in `[listen]`.
        what: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// The key file is not the one the store was written with, or there is none.
    #[error("restore {} from its backup: it seals the passwords in {}", .file.display(), .data_dir.display())]
    Key {
        /// The key file.
        file: PathBuf,
        /// The folder of the store.
        data_dir: PathBuf,
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
    servers: Servers,
    draining: Arc<AtomicBool>,
    stop: Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    _watcher: Option<watch::Watcher>,
}

/// Starts a node: when this returns, every listener is bound and answers. A fault in a peer file or a user keeps
/// only that peer or user out.
pub async fn start(loaded: Loaded, options: Options) -> Result<Running, StartError> {
    let Loaded { config, peers, users, findings, .. } = loaded;
    let Some(config) = config else {
        return Err(StartError::Config(findings.into_iter().filter(|f| f.severity == Severity::Error).collect()));
    };
    for finding in findings {
        match finding.severity {
            Severity::Error => error!("{finding}"),
            Severity::Warning => warn!("{finding}"),
        }
    }
    let sockets = Sockets::bind(&config.listen)?;
    let ready = sockets.ready(config.domain.clone());
    let certificates = ServerCertificates::load(&config)?;
    folders::make_data_dir(&config.data_dir)?;
    let store = store::open(&config.data_dir)?;
    let sap = build_sap(&config, &store, sockets.reach(&config.advertise)).await?;
    sap.accounts().seed(&users).await.map_err(|(id, error)| secret(format!("users: {id}: {error}")))?;
    restore(&sap, &store).await?;

    let identity = config.tls.as_ref().map(|tls| load_identity(tls, &peers)).transpose()?;
    let clients = identity.as_ref().map(|identity| {
        let clients = Arc::new(PeerClients::new(Arc::clone(identity), config.timers.http_timeout));
        sap.connect(tapped(Arc::<PeerClients>::clone(&clients), &config.domain, options));
        clients
    });
    let shown = Arc::new(Shown::default());
    let outside = Outside { identity: identity.clone(), clients, certificates: certificates.list() };
    let files = Arc::new(PeersInForce::new(config.clone(), Arc::clone(&sap), outside, Arc::clone(&shown)));
    let (stop, stopping) = watch_channel(false);
    let draining = Arc::new(AtomicBool::new(false));
    let state = AdminState {
        sap: Arc::clone(&sap),
        store: Arc::clone(&store),
        reload: Arc::<PeersInForce>::clone(&files),
        facts: Arc::<PeersInForce>::clone(&files),
        token: operate::token::load_or_make(&config.admin.token_file).map_err(secret)?,
        draining: Arc::clone(&draining),
        metrics: Metrics::install(),
    };
    folders::make_peers_folder(&config.peers);
    files.begin(peers).await;
    let ports = Arc::new(Ports { sap: Arc::clone(&sap), shown });
    let servers = sockets.serve(&config, &certificates, identity, &ports, state)?;
    if let Some(cir) = &servers.cir {
        sap.connect_bell(cir.bell());
    }
    let watcher = watch::Watcher::start(&config.peers, Arc::clone(&files));
    let tasks = vec![tokio::spawn(Arc::clone(&sap).run(stopping))];
    info!(domain = %ready.domain, "ready");
    Ok(Running { ready, sap, store, peers: files, servers, draining, stop, tasks, _watcher: watcher })
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

    /// Drains: no new connections, open exchanges end, everything is on disk. The admin address goes last, so that
    /// `/readyz` can say so meanwhile. With `[access] disconnect_on_stop` clients take their leave before.
    pub async fn stop(self) {
        self.draining.store(true, Ordering::Relaxed);
        self.sap.take_leave(DRAIN).await;
        let begun = Instant::now();
        self.sap.release_polls();
        let mut draining = tokio::task::JoinSet::new();
        for server in self.servers.open {
            draining.spawn(server.drain(DRAIN));
        }
        if let Some(cir) = self.servers.cir {
            cir.drain().await;
        }
        draining.join_all().await;
        self.sap.events().close();
        if let Some(admin) = self.servers.admin {
            admin.drain(DRAIN.saturating_sub(begun.elapsed())).await;
        }
        let _ = self.stop.send(true);
        for task in self.tasks {
            let _ = task.await;
        }
        if let Err(error) = self.store.close().await {
            tracing::error!(%error, "the store did not close cleanly");
        }
    }
}

async fn build_sap(config: &Config, store: &Store, reach: Reach) -> Result<Arc<Sap>, StartError> {
    let keyring = key::open(&config.key_file, &config.data_dir, store).await?;
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
        services: config.services.clone(),
        provider: ProviderInfo::load(&config.provider, &config.domain),
        reach,
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
            sap.reopen(now, record);
        }
    })
    .await?;
    each_record(store, &Copies::prefix(), |key, value| sap.restore_copies(key, value)).await?;
    if let Err(error) = sap.follow_profiles().await {
        error!(%error, "not all sessions go by their user's profile");
    }
    Ok(())
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

fn load_identity(tls: &Tls, peers: &[Peer]) -> Result<Arc<Identity>, StartError> {
    let (identity, faults) = Identity::load(Some(tls), peers).map_err(secret)?;
    for fault in faults {
        warn!("{fault}");
    }
    Ok(identity)
}

fn tapped(clients: Arc<PeerClients>, own: &Domain, options: Options) -> Arc<dyn Bearer> {
    match options.tap {
        Some(tell) => Arc::new(TappedBearer::new(own.clone(), clients, tell)),
        None => clients,
    }
}

fn secret(error: impl fmt::Display) -> StartError {
    StartError::Secret(error.to_string())
}

/// What to do about an address that can't be bound.
fn remedy(what: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => format!("stop what uses it, or change [listen] {what}"),
        io::ErrorKind::PermissionDenied => {
            format!("take a port from 1024 in [listen] {what}, or let this user bind it")
        }
        _ => format!("change [listen] {what} to an address of this machine"),
    }
}

fn first(findings: &[Finding]) -> String {
    findings
        .first()
        .map_or_else(|| "the file can't be read".into(), |f| format!("{}:{}: {}: {}", f.file, f.line, f.what, f.remedy))
}

#[cfg(test)]
mod tests;
