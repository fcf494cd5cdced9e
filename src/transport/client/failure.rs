//! Why a peer was not reached, in words.

use std::error::Error;

use rustls::{AlertDescription, CertificateError};

use crate::transport::Refusal;

/// The innermost causes that matter, as one text.
pub(crate) fn describe(error: &(dyn Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(current) = next {
        if let Some(known) = known(current) {
            return known;
        }
        let text = current.to_string();
        if texts.last() != Some(&text) {
            texts.push(text);
        }
        next = current.source();
    }
    texts.join(": ")
}

/// A cause that says everything by itself.
fn known(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(io) = error.downcast_ref::<std::io::Error>() {
        // An I/O error hides what it wraps from `source`.
        return io.get_ref().and_then(|inner| known(inner));
    }
    match error.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(CertificateError::Other(other)) => {
            let refusal = other.0.downcast_ref::<Refusal>()?;
            Some(refusal.to_string())
        }
        rustls::Error::AlertReceived(alert) => alerted(*alert),
        _ => None,
    }
}

/// What the peer thinks of our certificate.
fn alerted(alert: AlertDescription) -> Option<String> {
    let what = match alert {
        AlertDescription::AccessDenied => {
            "no peer file of its lists a name of our certificate, or the key is not pinned"
        }
        AlertDescription::UnknownCA => "it does not trust the authority that issued it",
        AlertDescription::CertificateRevoked => "it has been revoked",
        AlertDescription::CertificateExpired => "it has expired: renew it",
        AlertDescription::CertificateRequired => "it wants one",
        AlertDescription::BadCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnsupportedCertificate => "it finds it unacceptable",
        _ => return None,
    };
    Some(format!(
        "the peer refuses our certificate ({alert:?}): {what}; compare [tls] cert in postern.toml with what the peer has \
         on file about us"
    ))
}
