//! Certificates, keys and revocation lists that a configuration names: that they are there and fit.

use std::path::Path;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};
use x509_parser::revocation_list::CertificateRevocationList;

use super::document::Places;
use super::findings::Findings;
use crate::address::Domain;
use crate::time::Timestamp;

/// Days before its end from which a certificate is warned about.
const EXPIRES_SOON_DAYS: i64 = 30;

const DAY_S: i64 = 86_400;

/// What an inspection needs: the time, where keys stand, and where findings go.
pub(super) struct Inspection<'a> {
    /// The time now.
    pub(super) now: Timestamp,
    /// Where the keys stand that name files.
    pub(super) places: &'a Places,
    /// Where findings go.
    pub(super) findings: &'a mut Findings,
}

/// A certificate and its key: both parse, belong together, and the certificate carries `name` and is in force.
pub(super) fn identity(section: &str, cert: &Path, key: &Path, name: Option<&Domain>, on: &mut Inspection<'_>) {
    let (cert_key, key_key) = (format!("{section}.cert"), format!("{section}.key"));
    let chain = open(cert, &cert_key, on).and_then(|bytes| chain(&bytes, cert, &cert_key, on));
    let private = open(key, &key_key, on).and_then(|bytes| match PrivateKeyDer::from_pem_slice(&bytes) {
        Ok(private) => Some(private),
        Err(_) => {
            on.error(
                &key_key,
                format!("names {}, which holds no private key", key.display()),
                "write it as PEM, PKCS#8",
            );
            None
        }
    });
    closed(key, &key_key, on);
    if let Some(first) = chain.as_ref().and_then(|chain| chain.first()) {
        in_force(first, name, cert, &cert_key, on);
    }
    let (Some(chain), Some(private)) = (chain, private) else { return };
    let Ok(signing) = rustls::crypto::aws_lc_rs::sign::any_supported_type(&private) else {
        return on.error(&key_key, "is of a kind that is not supported", "use an ECDSA, Ed25519 or RSA key");
    };
    if let Err(rustls::Error::InconsistentKeys(_)) = CertifiedKey::new(chain, signing).keys_match() {
        let what = format!("doesn't belong to the certificate in {}", cert.display());
        on.error(&key_key, what, "name the key the certificate was issued for");
    }
}

/// Certificates of authorities; whether any was found and all of them parse.
pub(super) fn authorities(pem: &[u8], key: &str, on: &mut Inspection<'_>) -> bool {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let all = all.unwrap_or_default();
    let parsed: Vec<_> = all.iter().filter_map(|der| X509Certificate::from_der(der).ok()).map(|(_, c)| c).collect();
    if parsed.is_empty() || parsed.len() < all.len() {
        on.error(key, "holds no certificate that can be read", "give the authority's certificate as PEM");
        return false;
    }
    for certificate in parsed {
        let days = (certificate.validity().not_after.timestamp() - on.seconds()).div_euclid(DAY_S);
        if days < 0 {
            let what = format!("holds an authority that has expired ({})", certificate.subject());
            on.warning(key, what, "ask for its successor");
        }
    }
    true
}

/// A file of authorities.
pub(super) fn authority_file(file: &Path, key: &str, on: &mut Inspection<'_>) {
    if let Some(bytes) = open(file, key, on) {
        authorities(&bytes, key, on);
    }
}

/// A revocation list, PEM or DER.
pub(super) fn revocations(file: &Path, key: &str, on: &mut Inspection<'_>) {
    let Some(bytes) = open(file, key, on) else { return };
    let lists: Vec<Vec<u8>> = if bytes.starts_with(b"\x30") {
        vec![bytes]
    } else {
        CertificateRevocationListDer::pem_slice_iter(&bytes).filter_map(|l| Some(l.ok()?.as_ref().to_vec())).collect()
    };
    let parsed: Vec<_> = lists.iter().filter_map(|der| CertificateRevocationList::from_der(der).ok()).collect();
    if parsed.is_empty() || parsed.len() < lists.len() {
        let what = format!("names {}, which holds no revocation list", file.display());
        return on.error(key, what, "give it as PEM or DER");
    }
    if parsed.iter().any(|(_, list)| list.next_update().is_some_and(|next| next.timestamp() < on.seconds())) {
        on.warning(key, format!("names {}, which is out of date", file.display()), "fetch the next one");
    }
}

/// Reads a file a key names.
pub(super) fn open(file: &Path, key: &str, on: &mut Inspection<'_>) -> Option<Vec<u8>> {
    match std::fs::read(file) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let what = format!("names {}, which doesn't exist", file.display());
            on.error(key, what, "correct the path, or make the file; certs/README.md says how");
            None
        }
        Err(error) => {
            let what = format!("names {}, which can't be read ({error})", file.display());
            on.error(key, what, "let the user that runs postern read it");
            None
        }
    }
}

/// Warns of a secret file that others may read.
pub(super) fn closed(file: &Path, key: &str, on: &mut Inspection<'_>) {
    use std::os::unix::fs::PermissionsExt;
    let Ok(metadata) = std::fs::metadata(file) else { return };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let what = format!("names {}, which others may read (mode {mode:04o})", file.display());
        on.warning(key, what, format!("chmod 600 {}", file.display()));
    }
}

fn chain(bytes: &[u8], file: &Path, key: &str, on: &mut Inspection<'_>) -> Option<Vec<CertificateDer<'static>>> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(bytes).filter_map(Result::ok).collect();
    if chain.is_empty() || chain.iter().any(|der| X509Certificate::from_der(der).is_err()) {
        let what = format!("names {}, which holds no certificate that can be read", file.display());
        on.error(key, what, "give the certificate as PEM, its intermediates behind it");
        return None;
    }
    Some(chain)
}

fn in_force(der: &CertificateDer<'_>, name: Option<&Domain>, file: &Path, key: &str, on: &mut Inspection<'_>) {
    let Ok((_, certificate)) = x509_parser::parse_x509_certificate(der) else { return };
    let validity = certificate.validity();
    let now = on.seconds();
    let shown = file.display();
    if validity.not_before.timestamp() > now {
        on.error(key, format!("names {shown}, which is not in force yet"), "wait, or set this machine's clock");
    }
    let left = validity.not_after.timestamp() - now;
    if left < 0 {
        on.error(key, format!("names {shown}, which has expired"), "renew the certificate");
    } else if left < EXPIRES_SOON_DAYS * DAY_S {
        on.warning(key, format!("names {shown}, which expires in {} days", left / DAY_S), "renew the certificate");
    }
    let Some(name) = name else { return };
    if let Ok(Some(usage)) = certificate.extended_key_usage()
        && !(usage.value.any || usage.value.client_auth && usage.value.server_auth)
    {
        let what = format!("names {shown}, which may not be used both as client and as server");
        on.error(key, what, "have it issued with the key usages clientAuth and serverAuth");
    }
    let names: Vec<String> = certificate
        .subject_alternative_name()
        .ok()
        .flatten()
        .into_iter()
        .flat_map(|san| &san.value.general_names)
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
            _ => None,
        })
        .collect();
    if !names.iter().any(|n| n == name.as_str()) {
        let has = if names.is_empty() { "no DNS name".into() } else { format!("only {}", names.join(", ")) };
        let what = format!("names {shown}, which doesn't carry the DNS name {name} ({has})");
        on.error(key, what, format!("have a certificate issued for {name}"));
    }
}

// === impl Inspection ===

impl Inspection<'_> {
    /// Reports an error at a key.
    pub(super) fn error(&mut self, key: &str, what: impl AsRef<str>, remedy: impl Into<String>) {
        let what = format!("{} {}", self.places.name(key), what.as_ref());
        self.findings.error(self.places.of(key), what, remedy);
    }

    /// Reports a warning at a key.
    pub(super) fn warning(&mut self, key: &str, what: impl AsRef<str>, remedy: impl Into<String>) {
        let what = format!("{} {}", self.places.name(key), what.as_ref());
        self.findings.warning(self.places.of(key), what, remedy);
    }

    fn seconds(&self) -> i64 {
        i64::try_from(self.now.0 / 1000).unwrap_or(i64::MAX)
    }
}
