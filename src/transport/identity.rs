//! Our own identity, and which certificate speaks for which peer (`docs/wire-notes.md`, "Transport").
//!
//! A certificate speaks for the one peer whose file lists one of its DNS names, exactly; then the peer's
//! authority must vouch for it, no revocation list may name it, and its key must be among the pins, if any.

mod refusal;
#[cfg(test)]
mod tests;
mod trust;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use rustls::sign::CertifiedKey;
use tokio::sync::watch;

use crate::address::Domain;
use crate::config::{Peer, Tls};

use super::pem::{self, LoadError};
use super::pki::{Certificate, explain};
use super::tls;

pub use refusal::Refusal;
pub(crate) use trust::Trust;

/// Names of a refused certificate that are shown.
const NAMES: usize = 8;
/// Peers of which it is tried whether a certificate of unknown name was meant for them.
const GUESSES: usize = 32;

/// Who is at the other end of a connection, as its certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerIdentity {
    /// The peer's domain.
    pub domain: Domain,
    /// The certificate's DNS name that its peer file lists.
    pub name: String,
    /// The certificate.
    pub certificate: Arc<Certificate>,
    /// The state of our files it was checked against; grows with each reload.
    pub generation: u64,
}

/// Our own identity and everything we know about peers' certificates; reloads in place.
///
/// New connections use what is loaded, and open ones are checked again: those of a peer that is gone, or whose
/// certificate is not good any more, end.
pub struct Identity {
    current: ArcSwap<Roster>,
    changed: watch::Sender<u64>,
}

/// One loaded state.
pub(crate) struct Roster {
    pub(crate) generation: u64,
    materials: Arc<Materials>,
    peers: HashMap<Domain, Arc<Trust>>,
    names: HashMap<String, Vec<Domain>>,
}

/// What `[tls]` names.
struct Materials {
    own: Option<Arc<CertifiedKey>>,
    authorities: Vec<CertificateDer<'static>>,
    revocation: Vec<CertificateRevocationListDer<'static>>,
}

// === impl Identity ===

impl Identity {
    /// Loads what `[tls]` and the peer files name. Without `[tls]` there is no identity, and peers can't be
    /// reached. Peers whose files are at fault are left out and reported; a fault in `[tls]` is an error.
    pub fn load(tls: Option<&Tls>, peers: &[Peer]) -> Result<(Arc<Self>, Vec<LoadError>), LoadError> {
        let materials = Arc::new(Materials::load(tls)?);
        let (roster, faults) = Roster::build(1, materials, peers, None);
        let this = Self { changed: watch::Sender::new(1), current: ArcSwap::from_pointee(roster) };
        Ok((Arc::new(this), faults))
    }

    /// Loads again and puts it in force. Where files are at fault the old state stays in force, and they are
    /// reported. Only one reload may run at a time.
    pub fn reload(&self, tls: Option<&Tls>, peers: &[Peer]) -> Vec<LoadError> {
        let old = self.current.load_full();
        let mut faults = Vec::new();
        let materials = match Materials::load(tls) {
            Ok(materials) => Arc::new(materials),
            Err(fault) => {
                faults.push(fault);
                old.materials.clone()
            }
        };
        let generation = old.generation + 1;
        let (roster, more) = Roster::build(generation, materials, peers, Some(&old));
        faults.extend(more);
        self.current.store(Arc::new(roster));
        self.changed.send_replace(generation);
        faults
    }

    /// What our own certificate says; `None` without `[tls]`.
    pub fn own_certificate(&self) -> Option<Certificate> {
        let roster = self.current.load();
        roster.materials.own.as_ref().and_then(|own| own.cert.first()).and_then(|leaf| explain(leaf).ok())
    }

    /// Says for which peer a certificate chain (DER, leaf first) would be taken, at this moment.
    pub fn admit(&self, chain: &[CertificateDer<'_>]) -> Result<PeerIdentity, Refusal> {
        self.roster().admit(chain, UnixTime::now())
    }

    pub(crate) fn roster(&self) -> Arc<Roster> {
        self.current.load_full()
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("generation", &self.roster().generation).finish_non_exhaustive()
    }
}

// === impl Roster ===

impl Roster {
    fn build(generation: u64, materials: Arc<Materials>, files: &[Peer], old: Option<&Self>) -> (Self, Vec<LoadError>) {
        let mut faults = Vec::new();
        let mut peers: HashMap<Domain, Arc<Trust>> = HashMap::new();
        for file in files {
            if let Some(first) = peers.get(&file.domain) {
                let what = format!("is about {}, like {}", file.domain, first.label());
                faults.push(LoadError::new(&file.file, what, "keep one file per peer"));
                continue;
            }
            match Trust::load(file, &materials.authorities, &materials.revocation) {
                Ok(trust) => {
                    peers.insert(file.domain.clone(), Arc::new(trust));
                }
                Err(fault) => {
                    faults.push(fault);
                    if let Some(kept) = old.and_then(|old| old.peers.get(&file.domain)) {
                        peers.insert(file.domain.clone(), kept.clone());
                    }
                }
            }
        }
        let mut names: HashMap<String, Vec<Domain>> = HashMap::new();
        for trust in peers.values() {
            for name in trust.names() {
                names.entry(name.clone()).or_default().push(trust.domain().clone());
            }
        }
        (Self { generation, materials, peers, names }, faults)
    }

    /// The peer for which a certificate chain speaks.
    pub(crate) fn admit(&self, chain: &[CertificateDer<'_>], now: UnixTime) -> Result<PeerIdentity, Refusal> {
        let (leaf, intermediates) = chain.split_first().ok_or(Refusal::NoCertificate)?;
        let certificate = explain(leaf).map_err(|_| Refusal::Unreadable)?;
        if certificate.names.is_empty() {
            return Err(Refusal::NoNames { subject: certificate.subject });
        }
        let mut found: Option<(&Arc<Trust>, &String)> = None;
        for name in &certificate.names {
            for domain in self.names.get(name).into_iter().flatten() {
                let Some(trust) = self.peers.get(domain) else { continue };
                match found {
                    Some((first, _)) if first.domain() != domain => {
                        let files = vec![first.label(), trust.label()];
                        return Err(Refusal::Ambiguous { names: shown(&certificate.names), files });
                    }
                    Some(_) => {}
                    None => found = Some((trust, name)),
                }
            }
        }
        let Some((trust, name)) = found else {
            let near = self.near(&certificate, leaf, intermediates, now);
            return Err(Refusal::UnknownName {
                names: shown(&certificate.names),
                near: near.map(|trust| (trust.label(), trust.names().to_vec())),
            });
        };
        trust.check_client(&certificate, leaf, intermediates, now)?;
        let name = name.clone();
        let generation = self.generation;
        Ok(PeerIdentity { domain: trust.domain().clone(), name, certificate: Arc::new(certificate), generation })
    }

    /// The one peer file that was probably meant for a certificate none of them lists.
    fn near(
        &self,
        certificate: &Certificate,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Option<&Arc<Trust>> {
        let related = |trust: &&Arc<Trust>| {
            let domain = trust.domain().as_str();
            let below =
                |name: &str| name.strip_suffix(domain).is_some_and(|host| host.is_empty() || host.ends_with('.'));
            certificate.names.iter().any(|name| below(name))
        };
        let vouched = |trust: &&Arc<Trust>| trust.check_client(certificate, leaf, intermediates, now).is_ok();
        let mut likely: Vec<_> = self.peers.values().filter(related).collect();
        if likely.len() != 1 {
            // Strangers must not make us check signatures without bound.
            let among = if likely.is_empty() { self.peers.values().take(GUESSES).collect() } else { likely };
            likely = among.into_iter().filter(vouched).collect();
        }
        (likely.len() == 1).then(|| likely[0])
    }

    pub(crate) fn peer(&self, domain: &Domain) -> Option<&Arc<Trust>> {
        self.peers.get(domain)
    }

    pub(crate) fn peers(&self) -> impl Iterator<Item = &Arc<Trust>> {
        self.peers.values()
    }

    pub(crate) fn own(&self) -> Option<&Arc<CertifiedKey>> {
        self.materials.own.as_ref()
    }
}

// === impl Materials ===

impl Materials {
    fn load(config: Option<&Tls>) -> Result<Self, LoadError> {
        let Some(tls) = config else {
            return Ok(Self { own: None, authorities: Vec::new(), revocation: Vec::new() });
        };
        let own = tls::certified_key(&tls.cert, &tls.key)?;
        let authorities = pem::certificates(&tls.ca)?;
        Ok(Self { own: Some(own), authorities, revocation: revocation(&tls.crl)? })
    }
}

fn revocation(files: &[PathBuf]) -> Result<Vec<CertificateRevocationListDer<'static>>, LoadError> {
    let mut lists = Vec::new();
    for file in files {
        let found = pem::revocation_lists(file)?;
        if found.iter().any(|list| pem::is_outdated(list)) {
            tracing::warn!(file = %file.display(), "a revocation list is out of date: fetch the present one");
        }
        lists.extend(found);
    }
    Ok(lists)
}

/// The names of a certificate as far as a log line should show them.
fn shown(names: &[String]) -> Vec<String> {
    names.iter().take(NAMES).cloned().collect()
}

/// A path as operators know it: its folder and its name.
fn label(file: &Path) -> String {
    let mut parts: Vec<_> = file.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
    parts.reverse();
    parts.join("/")
}
