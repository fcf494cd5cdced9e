//! Peer files in force: which ones, and how others take their place while the node runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Mutex;
use tracing::{error, info, warn};

use super::shown::Shown;
use crate::address::Domain;
use crate::config::{self, Config, Peer};
use crate::operate::{Facts, PeerFacts, Reload, ReloadReport};
use crate::sap::Sap;
use crate::time::Timestamp;
use crate::transport::{Identity, LoadError, PeerClients, ServerTls};

/// The peer files in force.
pub(super) struct PeersInForce {
    config: Config,
    sap: Arc<Sap>,
    outside: Outside,
    shown: Arc<Shown>,
    in_force: Mutex<BTreeMap<Domain, Peer>>,
}

/// What of the transport is read again from files.
pub(super) struct Outside {
    pub(super) identity: Option<Arc<Identity>>,
    pub(super) clients: Option<Arc<PeerClients>>,
    pub(super) certificates: Vec<ServerCertificate>,
}

/// What a server that asks for no client certificate shows, and where it is read from.
#[derive(Clone)]
pub(super) struct ServerCertificate {
    tls: Arc<ServerTls>,
    cert: PathBuf,
    key: PathBuf,
}

impl ServerCertificate {
    pub(super) fn load(cert: &Path, key: &Path) -> Result<Self, LoadError> {
        Ok(Self { tls: ServerTls::load(cert, key)?, cert: cert.to_owned(), key: key.to_owned() })
    }

    pub(super) fn tls(&self) -> Arc<ServerTls> {
        Arc::clone(&self.tls)
    }
}

impl PeersInForce {
    pub(super) fn new(config: Config, sap: Arc<Sap>, outside: Outside, shown: Arc<Shown>) -> Self {
        Self { config, sap, outside, shown, in_force: Mutex::default() }
    }

    /// Puts the first set in force.
    pub(super) async fn begin(&self, peers: Vec<Peer>) {
        let mut in_force = self.in_force.lock().await;
        for peer in peers {
            self.put_in_force(&peer).await;
            in_force.insert(peer.domain.clone(), peer);
        }
    }

    /// Reads the folder and puts in force what changed; other peers notice nothing.
    pub(super) async fn reload(&self, plan: bool) -> ReloadReport {
        let mut in_force = self.in_force.lock().await;
        let config::PeerFiles { peers, failed, findings } = config::load_peers(&self.config, Timestamp::now());
        let mut report = ReloadReport { plan, findings, ..ReloadReport::default() };
        let mut next: BTreeMap<Domain, Peer> = peers.into_iter().map(|peer| (peer.domain.clone(), peer)).collect();
        for (domain, peer) in &next {
            match in_force.get(domain) {
                None => report.added.push(domain.clone()),
                Some(old) if old != peer => report.changed.push(domain.clone()),
                Some(_) => {}
            }
        }
        for (domain, old) in in_force.iter().filter(|(domain, _)| !next.contains_key(*domain)).collect::<Vec<_>>() {
            // A file that is there but broken leaves the old terms in force.
            if failed.contains(&old.file) {
                next.insert(domain.clone(), old.clone());
            } else {
                report.removed.push(domain.clone());
            }
        }
        for finding in &report.findings {
            warn!("{}:{}: {}: {}", finding.file, finding.line, finding.what, finding.remedy);
        }
        if plan {
            return report;
        }
        self.reload_transport(&next);
        for domain in &report.removed {
            let now = Timestamp::now();
            self.carry_out(self.sap.relay().remove_peer(now, domain)).await;
            info!(peer = %domain, "peer removed");
        }
        for domain in report.added.iter().chain(&report.changed) {
            if let Some(peer) = next.get(domain) {
                self.put_in_force(peer).await;
                info!(peer = %domain, "peer file in force");
            }
        }
        *in_force = next;
        report
    }

    fn reload_transport(&self, peers: &BTreeMap<Domain, Peer>) {
        for ServerCertificate { tls, cert, key } in &self.outside.certificates {
            if let Err(fault) = tls.reload(cert, key) {
                warn!("{fault}");
            }
        }
        let list: Vec<Peer> = peers.values().cloned().collect();
        if let Some(identity) = &self.outside.identity {
            for fault in identity.reload(self.config.tls.as_ref(), &list) {
                warn!("{fault}");
            }
        }
        if let Some(clients) = &self.outside.clients {
            clients.reload();
        }
    }

    async fn put_in_force(&self, peer: &Peer) {
        let turn = self.sap.relay().set_peer(Timestamp::now(), peer);
        self.carry_out(turn).await;
    }

    async fn carry_out(&self, turn: crate::relay::Turn) {
        if let Err(error) = self.sap.carry_out(turn).await {
            error!(%error, "a change of peers could not be stored");
        }
    }
}

impl Reload for PeersInForce {
    fn reload(&self, plan: bool) -> Pin<Box<dyn Future<Output = ReloadReport> + Send + '_>> {
        Box::pin(Self::reload(self, plan))
    }
}

impl Facts for PeersInForce {
    fn peers(&self) -> Pin<Box<dyn Future<Output = BTreeMap<Domain, PeerFacts>> + Send + '_>> {
        let facts = |(domain, peer): (&Domain, &Peer)| {
            let certificate = self.shown.facts(domain);
            (domain.clone(), PeerFacts { urls: peer.urls.clone(), agreement: peer.agreement.clone(), certificate })
        };
        Box::pin(async move { self.in_force.lock().await.iter().map(facts).collect() })
    }
}
