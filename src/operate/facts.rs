//! What the node knows of its peers beyond the relay: their files in force, and the certificates they showed.

use std::collections::BTreeMap;
use std::pin::Pin;

use serde::Serialize;

use crate::address::Domain;
use crate::config::Agreement;
use crate::time::Timestamp;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// What is known of a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerFacts {
    /// Where it is reached, in order; empty = it is not posted to.
    pub urls: Vec<String>,
    /// What was agreed.
    pub agreement: Agreement,
    /// The certificate it showed last.
    pub certificate: Option<CertificateFacts>,
}

/// What is known of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Its DNS names.
    pub names: Vec<String>,
    /// The end of its time.
    pub not_after: Timestamp,
}

/// Tells what is known of peers; the node implements it.
pub trait Facts: Send + Sync + 'static {
    /// Every peer with a file in force.
    fn peers(&self) -> Pin<Box<dyn Future<Output = BTreeMap<Domain, PeerFacts>> + Send + '_>>;
}

/// A certificate as the operator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct CertificateView {
    names: Vec<String>,
    not_after: String,
    days_left: i64,
}

/// An agreement as the operator sees it, with the names of the peer file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct AgreementView {
    provide: Vec<String>,
    #[serde(rename = "use")]
    use_: Vec<String>,
    relay_for: Vec<Domain>,
    relay_to: Vec<Domain>,
    valid_until: Option<String>,
}

// === impl CertificateFacts ===

impl CertificateFacts {
    /// Whole days until it ends; negative once it has.
    pub(super) fn days_left(&self, now: Timestamp) -> i64 {
        let ms = |at: Timestamp| i64::try_from(at.0).unwrap_or(i64::MAX);
        ms(self.not_after).saturating_sub(ms(now)).div_euclid(DAY)
    }

    pub(super) fn view(&self, now: Timestamp) -> CertificateView {
        CertificateView {
            names: self.names.clone(),
            not_after: self.not_after.iso_extended(),
            days_left: self.days_left(now),
        }
    }
}

// === impl AgreementView ===

impl From<&Agreement> for AgreementView {
    fn from(agreement: &Agreement) -> Self {
        Self {
            provide: agreement.provide.clone(),
            use_: agreement.use_.clone(),
            relay_for: agreement.relay_for.clone(),
            relay_to: agreement.relay_to.clone(),
            valid_until: agreement.valid_until.map(Timestamp::iso_extended),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_left_turn_negative_when_the_time_is_over() {
        let certificate = CertificateFacts { names: Vec::new(), not_after: Timestamp(10 * 86_400_000) };
        assert_eq!(certificate.days_left(Timestamp(0)), 10);
        assert_eq!(certificate.days_left(Timestamp(9 * 86_400_000 + 1)), 0);
        assert_eq!(certificate.days_left(Timestamp(10 * 86_400_000 + 1)), -1);
    }
}
