//! Why a certificate is not taken, in words that say what to change.

use rustls::CertificateError;

/// Why a certificate is not taken. Its text tells an operator what to change, and where.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// None was shown.
    NoCertificate,
    /// It can't be read.
    Unreadable,
    /// It carries no DNS name.
    NoNames {
        /// Its subject.
        subject: String,
    },
    /// No peer file lists any of its names.
    UnknownName {
        /// The names it carries.
        names: Vec<String>,
        /// The peer file probably meant, and the names it lists.
        near: Option<(String, Vec<String>)>,
    },
    /// Two peer files list its names.
    Ambiguous {
        /// The names it carries.
        names: Vec<String>,
        /// The peer files.
        files: Vec<String>,
    },
    /// A server's certificate carries none of the names its peer file lists.
    OtherName {
        /// The names it carries.
        names: Vec<String>,
        /// The peer file.
        file: String,
        /// The names the file lists.
        expected: Vec<String>,
    },
    /// The peer's authority does not vouch for it.
    Chain {
        /// The names it carries.
        names: Vec<String>,
        /// Who issued it.
        issuer: String,
        /// The peer file.
        file: String,
        /// What is wrong.
        error: Box<CertificateError>,
    },
    /// Its key is not among the pins.
    Pin {
        /// The names it carries.
        names: Vec<String>,
        /// The peer file.
        file: String,
        /// SHA-256 of its SubjectPublicKeyInfo.
        spki_sha256: String,
    },
}

// === impl Refusal ===

impl Refusal {
    /// The names the certificate carries.
    pub fn names(&self) -> &[String] {
        match self {
            Self::NoCertificate | Self::Unreadable | Self::NoNames { .. } => &[],
            Self::UnknownName { names, .. }
            | Self::Ambiguous { names, .. }
            | Self::OtherName { names, .. }
            | Self::Chain { names, .. }
            | Self::Pin { names, .. } => names,
        }
    }

    /// What rustls tells the other end in an alert.
    pub(crate) fn error(&self) -> CertificateError {
        match self {
            Self::NoCertificate | Self::Unreadable => CertificateError::BadEncoding,
            Self::Chain { error, .. } => (**error).clone(),
            _ => CertificateError::ApplicationVerificationFailure,
        }
    }
}

impl std::error::Error for Refusal {}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoCertificate => f.write_str("no certificate was shown: the peer must present its own"),
            Self::Unreadable => {
                f.write_str("the certificate can't be read: the peer must present an X.509 certificate")
            }
            Self::NoNames { subject } => write!(
                f,
                "the certificate of {subject} carries no DNS name: it must be issued with the peer's name as \
                 subject alternative name"
            ),
            Self::UnknownName { names, near: Some((file, expected)) } => {
                let wanted = names.first().map_or("", String::as_str);
                write!(
                    f,
                    "the certificate shows names {names:?} but {file} expects names {expected:?}: add {wanted:?} to \
                     its names, or have the peer present a certificate for one of them"
                )
            }
            Self::UnknownName { names, near: None } => {
                let first = names.first().map_or("", String::as_str);
                write!(
                    f,
                    "no peer file names {}: add names = {names:?} to peers/{first}.toml if this is a peer of yours",
                    names.join(", ")
                )
            }
            Self::Ambiguous { names, files } => write!(
                f,
                "the certificate shows names {names:?}, listed by {}: a certificate must speak for one peer only; take \
                 the name out of all but one file",
                files.join(" and by ")
            ),
            Self::OtherName { names, file, expected } => write!(
                f,
                "the server shows a certificate for names {names:?} but {file} expects names {expected:?}: correct its \
                 url or its names"
            ),
            Self::Chain { names, issuer, file, error } => {
                write!(f, "the certificate for names {names:?}, issued by {issuer}, is not good for {file}: ")?;
                chain(f, file, error)
            }
            Self::Pin { names, file, spki_sha256 } => write!(
                f,
                "the key of the certificate for names {names:?} is not among the pins of {file}: add {spki_sha256:?} to \
                 its pins if the peer changed its key on purpose"
            ),
        }
    }
}

fn chain(f: &mut std::fmt::Formatter<'_>, file: &str, error: &CertificateError) -> std::fmt::Result {
    match error {
        CertificateError::UnknownIssuer => write!(
            f,
            "the authority that {file} trusts did not sign it: set ca in {file} to the authority's certificate; if it is \
             set, the peer may have left out an intermediate certificate"
        ),
        CertificateError::BadSignature => write!(
            f,
            "its signature is not by the authority that {file} trusts, though the name is the same: set ca in {file} to \
             the authority's present certificate"
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            f.write_str("it has expired: the peer must renew it")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            f.write_str("it is not valid yet: check both clocks")
        }
        CertificateError::Revoked => f.write_str("a revocation list names it: the peer must present another"),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => f.write_str(
            "it is not issued for this use: a peer's certificate needs both server and client authentication",
        ),
        other => write!(f, "{other}: have the peer's certificate issued again"),
    }
}
