//! TLS 1.3 and 1.2 for phones, peers and the admin address (`docs/wire-notes.md`, "Transport").

use std::path::Path;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, OtherError, ServerConfig,
    SignatureScheme, SupportedProtocolVersion,
};

use super::identity::{PeerIdentity, Refusal, Roster, Trust};
use super::pem::{self, LoadError};

static VERSIONS: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];

/// The certificate of a server whose clients show none; reloads in place.
pub struct ServerTls {
    current: ArcSwap<ServerConfig>,
}

/// What a peer's certificate was found to be, during the handshake.
pub(crate) type Verdict = Arc<OnceLock<Result<PeerIdentity, Refusal>>>;

/// Asks callers for a certificate and decides for which peer it speaks; one per connection.
struct Gate {
    roster: Arc<Roster>,
    verdict: Verdict,
}

/// Checks that a server we call is the peer.
struct Called(Arc<Trust>);

// === impl ServerTls ===

impl ServerTls {
    /// Loads a certificate chain and its key, PEM files both.
    pub fn load(cert: &Path, key: &Path) -> Result<Arc<Self>, LoadError> {
        Ok(Arc::new(Self { current: ArcSwap::from_pointee(server_config(certified_key(cert, key)?, cert)?) }))
    }

    /// Loads again, for new connections; after an error the old certificate stays.
    pub fn reload(&self, cert: &Path, key: &Path) -> Result<(), LoadError> {
        self.current.store(Arc::new(server_config(certified_key(cert, key)?, cert)?));
        Ok(())
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        self.current.load_full()
    }
}

impl std::fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerTls").finish_non_exhaustive()
    }
}

/// How a handshake's signatures are checked, whosever the certificate is: as the cryptography has it.
macro_rules! signatures_as_usual {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls12_signature(message, cert, dss, &provider().signature_verification_algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls13_signature(message, cert, dss, &provider().signature_verification_algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            provider().signature_verification_algorithms.supported_schemes()
        }
    };
}

// === impl Gate ===

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("generation", &self.roster.generation).finish_non_exhaustive()
    }
}

impl ClientCertVerifier for Gate {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let chain: Vec<_> = std::iter::once(end_entity).chain(intermediates).cloned().collect();
        let verdict = self.roster.admit(&chain, now);
        let error = verdict.as_ref().err().map(Refusal::error);
        // A handshake asks once; were it to ask again, the first verdict would stand.
        let _ = self.verdict.set(verdict);
        error.map_or_else(|| Ok(ClientCertVerified::assertion()), |error| Err(Error::InvalidCertificate(error)))
    }

    signatures_as_usual!();
}

// === impl Called ===

impl std::fmt::Debug for Called {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Called").field(self.0.domain()).finish()
    }
}

impl ServerCertVerifier for Called {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.0.check_server(end_entity, intermediates, ocsp_response, now) {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            Err(refusal) => Err(Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refusal))))),
        }
    }

    signatures_as_usual!();
}

/// The cryptography: aws-lc-rs.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(aws_lc_rs::default_provider())).clone()
}

/// A certificate chain and the key that belongs to it.
pub(crate) fn certified_key(cert: &Path, key: &Path) -> Result<Arc<CertifiedKey>, LoadError> {
    let chain = pem::certificates(cert)?;
    let private = pem::private_key(key)?;
    let loaded = CertifiedKey::from_der(chain, private, &provider());
    loaded.map(Arc::new).map_err(|error| match error {
        Error::InconsistentKeys(_) => LoadError::new(
            key,
            format!("does not belong to the certificate {}", cert.display()),
            "name the key that was made with the certificate, and put the own certificate first in its file",
        ),
        other => LoadError::new(key, format!("can't be used ({other})"), "use an ECDSA, Ed25519 or RSA key"),
    })
}

/// How a peer's connection is met: it must show a certificate, and `Verdict` tells for whom it speaks.
/// `None` if we have no identity of our own.
pub(crate) fn peer_config(roster: Arc<Roster>) -> Option<(Arc<ServerConfig>, Verdict)> {
    let own = roster.own()?.clone();
    let verdict = Verdict::default();
    let gate = Gate { roster, verdict: verdict.clone() };
    let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(VERSIONS).ok()?;
    let mut config =
        builder.with_client_cert_verifier(Arc::new(gate)).with_cert_resolver(Arc::new(SingleCertAndKey::from(own)));
    config.alpn_protocols = protocols();
    // A resumed session would skip the look at the certificate, so there are none.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Some((Arc::new(config), verdict))
}

/// How we call a peer, showing our own certificate.
pub(crate) fn client_config(trust: Arc<Trust>, own: Arc<CertifiedKey>) -> Result<ClientConfig, Error> {
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(VERSIONS)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Called(trust)))
        .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(own)));
    Ok(config)
}

fn server_config(own: Arc<CertifiedKey>, cert: &Path) -> Result<ServerConfig, LoadError> {
    let builder =
        ServerConfig::builder_with_provider(provider()).with_protocol_versions(VERSIONS).map_err(|error| {
            LoadError::new(cert, format!("can't be used ({error})"), "use an ECDSA, Ed25519 or RSA key")
        })?;
    let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::new(SingleCertAndKey::from(own)));
    config.alpn_protocols = protocols();
    Ok(config)
}

fn protocols() -> Vec<Vec<u8>> {
    vec![b"h2".to_vec(), b"http/1.1".to_vec()]
}
