//! What we trust about one peer: its names, its authority, revocation lists and pins.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{CertificateError, RootCertStore};
use sha2::{Digest, Sha256};

use crate::address::Domain;
use crate::config::{Peer, PeerLimits};
use crate::transport::pem::{self, LoadError};
use crate::transport::pki::{Certificate, explain};
use crate::transport::tls::provider;

use super::{Refusal, label, revocation, shown};

/// What we trust about one peer.
pub(crate) struct Trust {
    domain: Domain,
    label: String,
    names: Vec<String>,
    pins: Vec<String>,
    /// Where it is reached, in order.
    pub(crate) urls: Vec<String>,
    /// Its limits.
    pub(crate) limits: PeerLimits,
    /// Differs when anything differs on which an open connection to the peer depends.
    pub(crate) fingerprint: [u8; 32],
    client: Arc<dyn ClientCertVerifier>,
    server: Arc<WebPkiServerVerifier>,
}

// === impl Trust ===

impl Trust {
    /// Loads a peer's part; `authorities` and `lists` are those of `[tls]`.
    pub(crate) fn load(
        peer: &Peer,
        authorities: &[CertificateDer<'static>],
        lists: &[CertificateRevocationListDer<'static>],
    ) -> Result<Self, LoadError> {
        let own = match &peer.ca_pem {
            Some(text) => Some(pem::certificates_in(text.as_bytes(), &peer.file)?),
            None => None,
        };
        let authorities = own.as_deref().unwrap_or(authorities);
        let mut roots = RootCertStore::empty();
        for authority in authorities {
            roots.add(authority.clone()).map_err(|error| {
                let what = format!("its ca can't be used ({error})");
                LoadError::new(&peer.file, what, "set ca to the certificate of an authority")
            })?;
        }
        if roots.is_empty() {
            return Err(LoadError::new(
                &peer.file,
                "nobody may vouch for this peer",
                "set ca in the file, or [tls] ca in postern.toml",
            ));
        }
        let mut lists = lists.to_vec();
        lists.extend(revocation(&peer.crl)?);

        let mut digest = Sha256::new();
        for part in peer.names.iter().chain(&peer.pins).chain(&peer.urls) {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        }
        authorities.iter().for_each(|authority| digest.update(authority));
        lists.iter().for_each(|list| digest.update(list));

        let unusable = |error: rustls::server::VerifierBuilderError| {
            let what = format!("a revocation list can't be used ({error})");
            LoadError::new(&peer.file, what, "fetch the list again from the authority")
        };
        let roots = Arc::new(roots);
        // A list speaks about its own issuer's certificates; those of other issuers are not refused for lack of one.
        let client = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider())
            .with_crls(lists.clone())
            .allow_unknown_revocation_status()
            .build()
            .map_err(unusable)?;
        let server = WebPkiServerVerifier::builder_with_provider(roots, provider())
            .with_crls(lists)
            .allow_unknown_revocation_status()
            .build()
            .map_err(unusable)?;
        Ok(Self {
            domain: peer.domain.clone(),
            label: label(&peer.file),
            names: peer.names.iter().filter(|name| !name.contains('*')).map(|name| name.to_ascii_lowercase()).collect(),
            pins: peer.pins.clone(),
            urls: peer.urls.clone(),
            limits: peer.limits,
            fingerprint: digest.finalize().into(),
            client,
            server,
        })
    }

    pub(crate) fn domain(&self) -> &Domain {
        &self.domain
    }

    pub(crate) fn label(&self) -> String {
        self.label.clone()
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Checks the chain and the pins of a client's certificate; its name is known to be the peer's.
    pub(super) fn check_client(
        &self,
        certificate: &Certificate,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Refusal> {
        let result = self.client.verify_client_cert(leaf, intermediates, now).map(|_| ());
        self.judge(certificate, result)
    }

    /// Checks the certificate a server shows when we call the peer: its name, not the URL's host, says who it is.
    pub(crate) fn check_server(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<(), Refusal> {
        let certificate = explain(leaf).map_err(|_| Refusal::Unreadable)?;
        let shared = certificate.names.iter().find(|name| self.names.contains(name));
        let Some(name) = shared.and_then(|name| ServerName::try_from(name.clone()).ok()) else {
            let expected = self.names.clone();
            return Err(Refusal::OtherName { names: shown(&certificate.names), file: self.label(), expected });
        };
        let result = self.server.verify_server_cert(leaf, intermediates, &name, ocsp, now).map(|_| ());
        self.judge(&certificate, result)
    }

    fn judge(&self, certificate: &Certificate, chain: Result<(), rustls::Error>) -> Result<(), Refusal> {
        if let Err(error) = chain {
            let error = match error {
                rustls::Error::InvalidCertificate(error) => error,
                other => CertificateError::Other(rustls::OtherError(Arc::new(other))),
            };
            let (names, issuer) = (shown(&certificate.names), certificate.issuer.clone());
            return Err(Refusal::Chain { names, issuer, file: self.label(), error: Box::new(error) });
        }
        if !self.pins.is_empty() && !self.pins.contains(&certificate.spki_sha256) {
            let (names, spki_sha256) = (shown(&certificate.names), certificate.spki_sha256.clone());
            return Err(Refusal::Pin { names, file: self.label(), spki_sha256 });
        }
        Ok(())
    }
}
