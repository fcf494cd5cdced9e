//! The test authority and the certificates of a new node.

use postern::time::Timestamp;
use rcgen::ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};

/// Days an authority made here is in force.
const AUTHORITY_DAYS: i64 = 3650;

/// Days a certificate issued here is in force.
const CERTIFICATE_DAYS: i64 = 825;

/// A certificate or authority with its key, as PEM.
pub(super) struct Issued {
    /// The certificate.
    pub(super) cert_pem: String,
    /// Its private key.
    pub(super) key_pem: String,
}

/// What a new node needs.
pub(super) struct NodeCertificates {
    /// The test authority.
    pub(super) authority: Issued,
    /// The node's identity towards peers.
    pub(super) node: Issued,
    /// Its identity towards phones.
    pub(super) chat: Issued,
}

/// Makes a test authority named after `domain`, a certificate for peers with that DNS name, and one for phones
/// with `chat_names`. Only the first may speak for the domain: a peer wants a client's certificate for that.
pub(super) fn make(domain: &str, chat_names: Vec<String>, now: Timestamp) -> Result<NodeCertificates, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = named(&format!("Postern test CA of {domain}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    in_force(&mut params, now, AUTHORITY_DAYS);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    Ok(NodeCertificates {
        node: issue(&authority, domain, vec![domain.to_owned()], &[ServerAuth, ClientAuth], now)?,
        chat: issue(&authority, domain, chat_names, &[ServerAuth], now)?,
        authority: Issued { cert_pem: authority.pem(), key_pem: authority.key().serialize_pem() },
    })
}

fn issue(
    authority: &CertifiedIssuer<'_, KeyPair>,
    name: &str,
    names: Vec<String>,
    uses: &[ExtendedKeyUsagePurpose],
    now: Timestamp,
) -> Result<Issued, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = named(name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = uses.to_vec();
    params.use_authority_key_identifier_extension = true;
    in_force(&mut params, now, CERTIFICATE_DAYS);
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, authority)?;
    Ok(Issued { cert_pem: certificate.pem(), key_pem: key.serialize_pem() })
}

/// A common name; it may not be longer than 64 characters.
fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name.chars().take(64).collect::<String>());
    distinguished
}

/// From yesterday, for clocks that are behind.
fn in_force(params: &mut CertificateParams, now: Timestamp, days: i64) {
    const DAY_MS: i64 = 86_400_000;
    let now = i64::try_from(now.0).unwrap_or(0);
    let date = |days: i64| {
        let instant = jiff::Timestamp::from_millisecond(now.saturating_add(days * DAY_MS)).unwrap_or_default();
        let date = jiff::tz::Offset::UTC.to_datetime(instant).date();
        rcgen::date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    params.not_before = date(-1);
    params.not_after = date(days);
}
