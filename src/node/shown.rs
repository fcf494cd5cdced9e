//! The certificates peers showed last, for the operator's eyes.

use std::sync::Arc;

use dashmap::DashMap;

use crate::address::Domain;
use crate::operate::CertificateFacts;
use crate::transport::PeerIdentity;
use crate::transport::pki::Certificate;

/// The certificate each peer showed last.
#[derive(Debug, Default)]
pub(super) struct Shown(DashMap<Domain, Arc<Certificate>>);

impl Shown {
    /// Keeps what a peer showed.
    pub(super) fn keep(&self, peer: &PeerIdentity) {
        let same = |known: &Arc<Certificate>| Arc::ptr_eq(known, &peer.certificate);
        if !self.0.get(&peer.domain).is_some_and(|known| same(&known)) {
            self.0.insert(peer.domain.clone(), Arc::clone(&peer.certificate));
        }
    }

    /// What is known of a peer's certificate.
    pub(super) fn facts(&self, peer: &Domain) -> Option<CertificateFacts> {
        self.0.get(peer).map(|c| CertificateFacts { names: c.names.clone(), not_after: c.not_after })
    }
}
