//! What a certificate says, in words an operator can use.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Serialize;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::time::Timestamp;

use super::{PkiError, hex, spki_sha256};

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// Distinguished name of its subject.
    pub subject: String,
    /// Distinguished name of who issued it.
    pub issuer: String,
    /// Serial number, lower-case hex.
    pub serial: String,
    /// DNS names (subject alternative names), lower case. A peer is known by these alone.
    pub names: Vec<String>,
    /// Other subject alternative names (addresses, URIs), for the eye only.
    pub other_names: Vec<String>,
    /// Valid from.
    #[serde(serialize_with = "iso")]
    pub not_before: Timestamp,
    /// Valid until.
    #[serde(serialize_with = "iso")]
    pub not_after: Timestamp,
    /// SHA-256 of the SubjectPublicKeyInfo, lower-case hex: a pin.
    pub spki_sha256: String,
    /// SHA-256 of the whole certificate, lower-case hex.
    pub sha256: String,
    /// The key: `P-256`, `RSA 2048`, `Ed25519`, ….
    pub key: String,
    /// Object identifier or name of the signature's algorithm.
    pub signature: String,
    /// Whether it may issue others.
    pub authority: bool,
    /// Key usage; empty = not restricted.
    pub key_usage: Vec<String>,
    /// Extended key usage: `server`, `client`, …; empty = not restricted.
    pub extended_key_usage: Vec<String>,
}

// === impl Certificate ===

impl Certificate {
    /// Whole days until it ends; negative when it has ended.
    pub fn days_left(&self, now: Timestamp) -> i64 {
        let (end, now) = (i128::from(self.not_after.0), i128::from(now.0));
        i64::try_from((end - now).div_euclid(86_400_000)).unwrap_or(i64::MAX)
    }
}

/// Reads a certificate in DER form, or the first one of a PEM text.
pub fn explain(content: &[u8]) -> Result<Certificate, PkiError> {
    let der = match CertificateDer::from_pem_slice(content) {
        Ok(der) => der,
        Err(_) => CertificateDer::from(content),
    };
    let (_, certificate) = X509Certificate::from_der(&der).map_err(|_| PkiError::Unreadable)?;
    let mut names = Vec::new();
    let mut other_names = Vec::new();
    if let Ok(Some(alternative)) = certificate.subject_alternative_name() {
        for name in &alternative.value.general_names {
            match name {
                GeneralName::DNSName(dns) => names.push(clean(&dns.to_ascii_lowercase())),
                other => other_names.push(clean(&plain(other))),
            }
        }
    }
    let authority = matches!(certificate.basic_constraints(), Ok(Some(constraints)) if constraints.value.ca);
    let key_usage = match certificate.key_usage() {
        Ok(Some(usage)) => usage.value.to_string().split(", ").map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    Ok(Certificate {
        subject: clean(&certificate.subject().to_string()),
        issuer: clean(&certificate.issuer().to_string()),
        serial: hex(certificate.raw_serial()),
        names,
        other_names,
        not_before: stamp(certificate.validity().not_before),
        not_after: stamp(certificate.validity().not_after),
        spki_sha256: spki_sha256(certificate.public_key().raw),
        sha256: spki_sha256(&der),
        key: key(&certificate),
        signature: signature(&certificate),
        authority,
        key_usage,
        extended_key_usage: purposes(&certificate),
    })
}

/// Text of a stranger's certificate, fit for a log line and a terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

fn plain(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::IPAddress(bytes) => match **bytes {
            [a, b, c, d] => std::net::Ipv4Addr::new(a, b, c, d).to_string(),
            _ => match <[u8; 16]>::try_from(*bytes) {
                Ok(bytes) => std::net::Ipv6Addr::from(bytes).to_string(),
                Err(_) => hex(bytes),
            },
        },
        GeneralName::URI(text) | GeneralName::RFC822Name(text) => (*text).to_owned(),
        GeneralName::DirectoryName(name) => name.to_string(),
        other => other.to_string(),
    }
}

fn purposes(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(usage)) = certificate.extended_key_usage() else { return Vec::new() };
    let usage = usage.value;
    let mut found: Vec<String> = [
        (usage.any, "any"),
        (usage.server_auth, "server"),
        (usage.client_auth, "client"),
        (usage.code_signing, "code signing"),
        (usage.email_protection, "e-mail"),
        (usage.time_stamping, "time stamping"),
        (usage.ocsp_signing, "OCSP signing"),
    ]
    .into_iter()
    .filter(|(set, _)| *set)
    .map(|(_, name)| name.to_owned())
    .collect();
    found.extend(usage.other.iter().map(|oid| oid.to_id_string()));
    found
}

fn key(certificate: &X509Certificate<'_>) -> String {
    use x509_parser::public_key::PublicKey;
    match certificate.public_key().parsed() {
        Ok(PublicKey::RSA(rsa)) => format!("RSA {}", rsa.key_size()),
        Ok(PublicKey::EC(point)) => match point.key_size() {
            256 => "P-256".to_owned(),
            384 => "P-384".to_owned(),
            521 | 528 => "P-521".to_owned(),
            bits => format!("EC {bits}"),
        },
        _ => match certificate.public_key().algorithm.algorithm.to_id_string().as_str() {
            "1.3.101.112" => "Ed25519".to_owned(),
            "1.3.101.113" => "Ed448".to_owned(),
            other => other.to_owned(),
        },
    }
}

fn signature(certificate: &X509Certificate<'_>) -> String {
    match certificate.signature_algorithm.algorithm.to_id_string().as_str() {
        "1.2.840.10045.4.3.2" => "ECDSA with SHA-256",
        "1.2.840.10045.4.3.3" => "ECDSA with SHA-384",
        "1.2.840.10045.4.3.4" => "ECDSA with SHA-512",
        "1.2.840.113549.1.1.5" => "RSA with SHA-1",
        "1.2.840.113549.1.1.11" => "RSA with SHA-256",
        "1.2.840.113549.1.1.12" => "RSA with SHA-384",
        "1.2.840.113549.1.1.13" => "RSA with SHA-512",
        "1.2.840.113549.1.1.10" => "RSA-PSS",
        "1.3.101.112" => "Ed25519",
        other => return other.to_owned(),
    }
    .to_owned()
}

fn stamp(at: x509_parser::time::ASN1Time) -> Timestamp {
    Timestamp(u64::try_from(at.timestamp()).unwrap_or(0).saturating_mul(1_000))
}

fn iso<S: serde::Serializer>(at: &Timestamp, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&at.iso_extended())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::pki::Authority;

    #[test]
    fn what_is_no_certificate_is_refused() {
        for content in [&b""[..], b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(matches!(explain(content), Err(PkiError::Unreadable)));
        }
    }

    #[test]
    fn control_characters_do_not_get_through() {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, "a\nWARN b\u{1b}[31m");
        let name = rcgen::SanType::DnsName("a\r\nb.example".try_into().unwrap());
        params.subject_alt_names.push(name);
        let der = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        let shown = explain(der.der()).unwrap();
        assert_eq!(shown.names, ["a??b.example"]);
        assert!(!format!("{}{}", shown.subject, shown.issuer).contains(char::is_control));
    }

    #[test]
    fn pem_and_der_say_the_same() {
        let issued = Authority::new("Test CA", 30).unwrap().issue(&["a.example"], 30).unwrap();
        let der = CertificateDer::from_pem_slice(issued.cert_pem.as_bytes()).unwrap();
        assert_eq!(explain(issued.cert_pem.as_bytes()).unwrap(), explain(&der).unwrap());
        assert_eq!(explain(&der).unwrap().key, "P-256");
    }

    #[test]
    fn days_are_counted_down_and_below_zero() {
        let issued = Authority::new("Test CA", 30).unwrap().issue(&["a.example"], 2).unwrap();
        let shown = explain(issued.cert_pem.as_bytes()).unwrap();
        let day = std::time::Duration::from_secs(86_400);
        assert_eq!(shown.days_left(shown.not_after), 0);
        assert_eq!(shown.days_left(shown.not_before), 2);
        assert_eq!(shown.days_left(shown.not_after + day), -1);
    }
}
