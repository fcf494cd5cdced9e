//! One pooled client per peer, which shows our certificate and accepts only the peer's (`docs/wire-notes.md`,
//! "Transport").

mod failure;
mod pool;
mod probe;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::address::Domain;
use crate::relay::{Bearer, Post, Posted};

use super::identity::{Identity, Roster};
use pool::PeerClient;

pub use probe::{Layer, Probe};

/// The way to all peers: one client each, with a pool of connections of its own.
///
/// A client whose peer file or whose own certificate changed is built anew, so that no old connection is used;
/// the others keep theirs.
pub struct PeerClients {
    identity: Arc<Identity>,
    timeout: Duration,
    pools: ArcSwap<Pools>,
    building: Mutex<()>,
}

#[derive(Default)]
struct Pools {
    generation: u64,
    clients: HashMap<Domain, Arc<PeerClient>>,
}

// === impl PeerClients ===

impl PeerClients {
    /// Clients for all peers that `identity` knows; `timeout` bounds each POST (`[timers] http_timeout`).
    pub fn new(identity: Arc<Identity>, timeout: Duration) -> Self {
        let this = Self { identity, timeout, pools: ArcSwap::default(), building: Mutex::new(()) };
        this.reload();
        this
    }

    /// Takes over what [`Identity::reload`] loaded. The next POST would do it too; doing it at once closes idle
    /// connections to peers that are gone.
    pub fn reload(&self) {
        let _one_at_a_time = self.building.lock().unwrap_or_else(PoisonError::into_inner);
        let roster = self.identity.roster();
        let old = self.pools.load();
        if old.generation != roster.generation {
            self.pools.store(Arc::new(Pools::build(&roster, &old, self.timeout)));
        }
    }

    fn client(&self, peer: &Domain) -> Option<Arc<PeerClient>> {
        if self.pools.load().generation != self.identity.roster().generation {
            self.reload();
        }
        self.pools.load().clients.get(peer).cloned()
    }
}

impl std::fmt::Debug for PeerClients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pools = self.pools.load();
        f.debug_struct("PeerClients").field("generation", &pools.generation).finish_non_exhaustive()
    }
}

impl Bearer for PeerClients {
    fn post(&self, post: Post) -> Pin<Box<dyn Future<Output = Posted> + Send + '_>> {
        Box::pin(async move {
            match self.client(&post.peer) {
                Some(client) => client.post(&post, self.timeout).await,
                None => Posted::Unreachable(format!("{} is no peer: it has no peer file", post.peer)),
            }
        })
    }
}

// === impl Pools ===

impl Pools {
    fn build(roster: &Roster, old: &Self, timeout: Duration) -> Self {
        let mut clients = HashMap::new();
        for trust in roster.peers() {
            let print = pool::fingerprint(trust, roster.own());
            let client = match old.clients.get(trust.domain()) {
                Some(client) if client.fingerprint == print => client.clone(),
                _ => Arc::new(PeerClient::new(trust, roster.own(), print, timeout)),
            };
            clients.insert(trust.domain().clone(), client);
        }
        Self { generation: roster.generation, clients }
    }
}
