//! Test authorities and the certificates they issue; reading and explaining any certificate.
//!
//! Good for `postern init`, `postern demo` and tests. Carriers bring certificates of their own authority.

mod explain;

use std::net::IpAddr;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
    date_time_ymd,
};

use crate::time::Timestamp;

pub use explain::{Certificate, explain};

/// A day's length.
const DAY: Duration = Duration::from_secs(86_400);

/// The longest validity, days; more is cut.
const LONGEST: u32 = 36_500;

/// A certificate authority for tests and trials: its certificate and its key.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    cert_pem: String,
    serial: SerialNumber,
}

/// A certificate and its private key, as PEM texts.
#[derive(Clone)]
pub struct Issued {
    /// The certificate.
    pub cert_pem: String,
    /// Its private key (PKCS#8): a secret.
    pub key_pem: String,
}

/// Why a certificate was not made or not understood.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A name that can't stand in a certificate.
    #[error("{0:?} is no DNS name")]
    Name(String),
    /// No name at all.
    #[error("a certificate needs at least one DNS name")]
    NoName,
    /// The key can't be used.
    #[error("the authority's private key can't be used: {0}")]
    Key(String),
    /// The certificate can't be used.
    #[error("the authority's certificate can't be used: {0}")]
    Certificate(rcgen::Error),
    /// The certificate is not that of an authority.
    #[error("the certificate is not that of an authority (basicConstraints lack CA)")]
    NotAnAuthority,
    /// Making it failed.
    #[error("the certificate could not be made: {0}")]
    Make(rcgen::Error),
    /// It is not a certificate.
    #[error("this is no X.509 certificate in PEM or DER form")]
    Unreadable,
}

// === impl Authority ===

impl Authority {
    /// Makes an authority with a fresh key, valid from an hour ago for `days`.
    pub fn new(name: &str, days: u32) -> Result<Self, PkiError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let serial = serial();
        params.serial_number = Some(serial.clone());
        validity(&mut params, days);
        let key = KeyPair::generate().map_err(PkiError::Make)?;
        let cert_pem = params.self_signed(&key).map_err(PkiError::Make)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), cert_pem, serial })
    }

    /// Takes up an authority from its PEM texts.
    pub fn load(cert_pem: &str, key_pem: &str) -> Result<Self, PkiError> {
        let key = KeyPair::from_pem(key_pem).map_err(|error| PkiError::Key(error.to_string()))?;
        let shown = explain(cert_pem.as_bytes())?;
        if !shown.authority {
            return Err(PkiError::NotAnAuthority);
        }
        let public = rcgen::PublicKeyData::subject_public_key_info(&key);
        if spki_sha256(&public) != shown.spki_sha256 {
            return Err(PkiError::Key("it belongs to another certificate".into()));
        }
        let issuer = Issuer::from_ca_cert_pem(cert_pem, key).map_err(PkiError::Certificate)?;
        Ok(Self { issuer, cert_pem: cert_pem.to_owned(), serial: serial() })
    }

    /// Its certificate, as PEM text.
    pub fn cert_pem(&self) -> &str {
        &self.cert_pem
    }

    /// Its private key, as PEM text (PKCS#8): a secret.
    pub fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// Issues a certificate for servers and clients with `names` as DNS names, valid from an hour ago for `days`.
    pub fn issue(&self, names: &[&str], days: u32) -> Result<Issued, PkiError> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        self.issue_for(&names, vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth], days)
    }

    /// Issues a certificate that is good for a server alone, with `names` as DNS names or IP addresses.
    pub fn issue_to_server(&self, names: &[String], days: u32) -> Result<Issued, PkiError> {
        self.issue_for(names, vec![ExtendedKeyUsagePurpose::ServerAuth], days)
    }

    fn issue_for(&self, names: &[String], uses: Vec<ExtendedKeyUsagePurpose>, days: u32) -> Result<Issued, PkiError> {
        let first = names.first().ok_or(PkiError::NoName)?;
        let lower: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        if let Some(bad) = lower.iter().find(|name| !is_name(name) && name.parse::<IpAddr>().is_err()) {
            return Err(PkiError::Name(bad.clone()));
        }
        let mut params = CertificateParams::new(lower).map_err(PkiError::Make)?;
        params.distinguished_name = named(first);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = uses;
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(serial());
        validity(&mut params, days);
        let key = KeyPair::generate().map_err(PkiError::Make)?;
        let cert_pem = params.signed_by(&key, &self.issuer).map_err(PkiError::Make)?.pem();
        Ok(Issued { cert_pem, key_pem: key.serialize_pem() })
    }

    /// A revocation list (PEM) for the certificates with these serial numbers (hex, as [`Certificate::serial`]
    /// shows them), valid for `days`.
    pub fn revoke(&self, serials: &[&str], days: u32) -> Result<String, PkiError> {
        let now = date_time_ymd(1970, 1, 1) + since_epoch();
        let revoked_certs = serials
            .iter()
            .map(|hex| RevokedCertParams {
                serial_number: SerialNumber::from(unhex(hex)),
                revocation_time: now,
                reason_code: None,
                invalidity_date: None,
            })
            .collect();
        let list = CertificateRevocationListParams {
            this_update: now - Duration::from_secs(3_600),
            next_update: now + DAY * days.min(LONGEST),
            crl_number: self.serial.clone(),
            issuing_distribution_point: None,
            revoked_certs,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).and_then(|list| list.pem()).map_err(PkiError::Make)
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("serial", &self.serial.to_string()).finish_non_exhaustive()
    }
}

// === impl Issued ===

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued").field("cert_pem", &self.cert_pem).finish_non_exhaustive()
    }
}

/// SHA-256 of a SubjectPublicKeyInfo in DER form, as lower-case hex: what `pins` of a peer file hold.
pub(crate) fn spki_sha256(spki: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    hex(&Sha256::digest(spki))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).filter_map(|d| u8::try_from(d).ok()).collect();
    let odd = digits.len() % 2;
    let head = digits[..odd].to_vec();
    head.into_iter().chain(digits[odd..].chunks(2).map(|pair| pair[0] << 4 | pair[1])).collect()
}

/// A common name; it may not be longer than 64 characters.
fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name.chars().take(64).collect::<String>());
    distinguished
}

/// A positive serial number of 127 random bits.
fn serial() -> SerialNumber {
    let number = rand::random::<u128>() >> 1 | 1 << 120;
    SerialNumber::from(number.to_be_bytes().to_vec())
}

/// From an hour ago, against clocks that lag, for `days`.
fn validity(params: &mut CertificateParams, days: u32) {
    let now = date_time_ymd(1970, 1, 1) + since_epoch();
    params.not_before = now - Duration::from_secs(3_600);
    params.not_after = now + DAY * days.min(LONGEST);
}

fn since_epoch() -> Duration {
    Duration::from_secs(Timestamp::now().0 / 1_000)
}

/// `localhost` and the like are fine in tests; wildcards are not, since peers are named exactly.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 253
        && name.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
                && !label.starts_with('-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issued_certificate_says_what_was_asked_for() {
        let authority = Authority::new("Test CA", 3650).unwrap();
        let issued = authority.issue(&["North.example", "chat.north.example"], 90).unwrap();
        let shown = explain(issued.cert_pem.as_bytes()).unwrap();
        assert_eq!(shown.names, ["north.example", "chat.north.example"]);
        assert_eq!(shown.issuer, "CN=Test CA");
        assert_eq!(shown.subject, "CN=North.example");
        assert!(!shown.authority);
        assert_eq!(shown.extended_key_usage, ["server", "client"]);
        assert_eq!(shown.days_left(Timestamp::now() + Duration::from_secs(60)), 89);
        assert!(explain(authority.cert_pem().as_bytes()).unwrap().authority);
    }

    #[test]
    fn an_authority_is_taken_up_from_its_files() {
        let first = Authority::new("Test CA", 30).unwrap();
        let again = Authority::load(first.cert_pem(), &first.key_pem()).unwrap();
        let issued = again.issue(&["north.example"], 30).unwrap();
        assert_eq!(explain(issued.cert_pem.as_bytes()).unwrap().issuer, "CN=Test CA");
    }

    #[test]
    fn foreign_keys_and_ordinary_certificates_make_no_authority() {
        let one = Authority::new("One", 30).unwrap();
        let two = Authority::new("Two", 30).unwrap();
        assert!(matches!(Authority::load(one.cert_pem(), &two.key_pem()), Err(PkiError::Key(_))));
        let issued = one.issue(&["north.example"], 30).unwrap();
        assert!(matches!(Authority::load(&issued.cert_pem, &issued.key_pem), Err(PkiError::NotAnAuthority)));
    }

    #[test]
    fn names_that_cannot_name_a_peer_are_refused() {
        let authority = Authority::new("Test CA", 30).unwrap();
        for bad in ["*.example", "", "a..b", "north example", "-x.example"] {
            assert!(matches!(authority.issue(&[bad], 30), Err(PkiError::Name(_))), "{bad:?}");
        }
        assert!(matches!(authority.issue(&[], 30), Err(PkiError::NoName)));
    }

    #[test]
    fn debugging_shows_no_key() {
        let authority = Authority::new("Test CA", 30).unwrap();
        let issued = authority.issue(&["north.example"], 30).unwrap();
        assert!(!format!("{authority:?}{issued:?}").contains("PRIVATE"));
    }
}
