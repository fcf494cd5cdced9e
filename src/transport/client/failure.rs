//! Why a peer was not reached, in words.

use std::error::Error;

use rustls::CertificateError;

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
    let text = texts.join(": ");
    alerted(&text).unwrap_or(text)
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
        alert @ rustls::Error::AlertReceived(_) => alerted(&alert.to_string()),
        _ => None,
    }
}

/// What the peer thinks of our certificate. An alert that comes on an HTTP/2 connection is known by its text only.
fn alerted(text: &str) -> Option<String> {
    let (_, alert) = text.split_once("received fatal alert: ")?;
    let alert: String = alert.chars().take_while(char::is_ascii_alphanumeric).collect();
    let what = match alert.as_str() {
        "AccessDenied" => "no peer file of its lists a name of our certificate, or the key is not pinned",
        "UnknownCA" => "it does not trust the authority that issued it",
        "CertificateRevoked" => "it has been revoked",
        "CertificateExpired" => "it has expired: renew it",
        "CertificateRequired" => "it wants one",
        "BadCertificate" | "CertificateUnknown" | "UnsupportedCertificate" => "it finds it unacceptable",
        _ => return None,
    };
    Some(format!(
        "the peer refuses our certificate ({alert}): {what}; compare [tls] cert in postern.toml with what the peer has on \
         file about us"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_understood_typed_or_as_text() {
        let typed = rustls::Error::AlertReceived(rustls::AlertDescription::UnknownCA);
        let wrapped = std::io::Error::new(std::io::ErrorKind::InvalidData, typed.clone());
        for error in [&typed as &(dyn Error + 'static), &wrapped, &std::io::Error::other(typed.to_string())] {
            assert!(describe(error).contains("(UnknownCA): it does not trust the authority"), "{}", describe(error));
        }
    }

    #[test]
    fn other_causes_are_told_from_outside_to_inside() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert_eq!(describe(&refused), "connection refused");
    }
}
