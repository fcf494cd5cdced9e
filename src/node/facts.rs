//! What the admin address asks about peers beyond the relay: their files in force, the certificates they showed.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use dashmap::DashMap;

use super::reload::PeersInForce;
use crate::address::Domain;
use crate::operate::{CertificateFacts, Facts, PeerFacts};
use crate::transport::PeerIdentity;

/// Remembers what peers showed.
pub(super) struct PeerRegister {
    files: Arc<PeersInForce>,
    shown: DashMap<Domain, CertificateFacts>,
}

impl PeerRegister {
    pub(super) fn new(files: Arc<PeersInForce>) -> Self {
        Self { files, shown: DashMap::new() }
    }

    /// Notes the certificate of a peer's connection.
    pub(super) fn saw(&self, peer: &PeerIdentity) {
        let known = self.shown.get(&peer.domain).is_some_and(|facts| facts.not_after == peer.certificate.not_after);
        if !known {
            let facts = CertificateFacts {
                names: peer.certificate.names.clone(),
                not_after: peer.certificate.not_after,
            };
            self.shown.insert(peer.domain.clone(), facts);
        }
    }
}

impl Facts for PeerRegister {
    fn peers(&self) -> Pin<Box<dyn Future<Output = BTreeMap<Domain, PeerFacts>> + Send + '_>> {
        Box::pin(async {
            let files = self.files.in_force().await;
            let facts = files.into_values().map(|peer| {
                let certificate = self.shown.get(&peer.domain).map(|facts| facts.clone());
                (peer.domain, PeerFacts { urls: peer.urls, agreement: peer.agreement, certificate })
            });
            facts.collect()
        })
    }
}
