//! Why a client is kept out: what it is told, and what is counted (`docs/wire-notes.md`, "Access").

use std::time::Duration;

use crate::vocabulary::Version;
use crate::vocabulary::access::{LoginRequest, LoginResponse};
use crate::vocabulary::status::{Code, Outcome};

/// Why a client is kept out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody has this name or number.
    UnknownUser,
    /// The password or digest is wrong.
    WrongPassword,
    /// The nonce of this digest has expired.
    NonceExpired,
    /// No nonce is out for this digest: it was used before, or never given.
    NonceUnknown,
    /// No schema that both sides know and the account allows.
    NoSchema,
    /// The account is not active.
    Barred,
    /// Neither a user id nor a number.
    NoNumber,
    /// A number stated by somebody who is no trusted gateway, and no user id.
    ForeignNumber,
    /// The client names another number than the gateway.
    OtherNumber,
    /// Too many wrong proofs; how long to wait.
    TooManyAttempts(Duration),
    /// The store or the library failed, or the node goes out of service.
    Fault(Code),
    /// There is no such session.
    UnknownSession,
    /// The session is bound to another address.
    OtherAddress,
    /// The session belongs to another user or client.
    OtherClient,
}

// === impl Refusal ===

impl Refusal {
    /// The code a client of this version understands.
    pub fn code(self, version: Version) -> Code {
        match self {
            Self::UnknownUser => Code::UNKNOWN_USER,
            Self::WrongPassword => Code::INVALID_PASSWORD,
            Self::NonceExpired | Self::NonceUnknown => Code::UNAUTHORIZED,
            Self::NoSchema => Code::NO_DIGEST_SCHEMA,
            Self::Barred => Code::FORBIDDEN,
            // Only 1.3 lets the network say who it is.
            Self::NoNumber | Self::ForeignNumber | Self::OtherNumber => match version {
                Version::V13 => Code::MSISDN_ERROR,
                _ => Code::UNKNOWN_USER,
            },
            Self::TooManyAttempts(_) => Code::UNAVAILABLE,
            Self::Fault(code) => code,
            Self::UnknownSession | Self::OtherAddress => Code::INVALID_SESSION,
            Self::OtherClient => Code::CLIENT_MISMATCH,
        }
    }

    /// The label of its metric.
    pub fn reason(self) -> &'static str {
        match self {
            Self::UnknownUser => "unknown-user",
            Self::WrongPassword => "wrong-password",
            Self::NonceExpired => "nonce-expired",
            Self::NonceUnknown => "nonce-unknown",
            Self::NoSchema => "no-schema",
            Self::Barred => "barred",
            Self::NoNumber => "no-number",
            Self::ForeignNumber => "foreign-msisdn",
            Self::OtherNumber => "other-msisdn",
            Self::TooManyAttempts(_) => "too-many-attempts",
            Self::Fault(_) => "fault",
            Self::UnknownSession => "unknown-session",
            Self::OtherAddress => "other-address",
            Self::OtherClient => "other-client",
        }
    }

    /// Counts it.
    pub(in crate::sap) fn count(self) {
        metrics::counter!("postern_client_refusals_total", "reason" => self.reason()).increment(1);
    }

    /// What a client whose login is refused is told.
    pub fn response(self, request: &LoginRequest, version: Version) -> LoginResponse {
        let code = self.code(version);
        let outcome = match self {
            Self::TooManyAttempts(wait) => {
                let seconds = wait.as_millis().div_ceil(1000);
                Outcome::new(code, format!("too many attempts, try again in {seconds} s"))
            }
            _ => code.into(),
        };
        refused(request, outcome)
    }
}

/// The answer to a login that opens no session.
pub(in crate::sap) fn refused(request: &LoginRequest, outcome: impl Into<Outcome>) -> LoginResponse {
    LoginResponse { client: request.client.clone(), outcome: outcome.into(), ..LoginResponse::default() }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    const ALL: [Refusal; 14] = [
        Refusal::UnknownUser,
        Refusal::WrongPassword,
        Refusal::NonceExpired,
        Refusal::NonceUnknown,
        Refusal::NoSchema,
        Refusal::Barred,
        Refusal::NoNumber,
        Refusal::ForeignNumber,
        Refusal::OtherNumber,
        Refusal::TooManyAttempts(Duration::from_secs(4)),
        Refusal::Fault(Code::UNAVAILABLE),
        Refusal::UnknownSession,
        Refusal::OtherAddress,
        Refusal::OtherClient,
    ];

    #[test]
    fn the_operators_guide_tells_every_reason_with_its_codes() {
        let guide = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md")).unwrap();
        for refusal in ALL {
            let named = format!("`{}`", refusal.reason());
            let row = guide.lines().find(|line| line.split('|').nth(1).is_some_and(|cell| cell.contains(&named)));
            let told = row.and_then(|row| row.split('|').nth(3)).unwrap_or_else(|| panic!("{named} is not there"));
            for version in Version::ALL {
                assert!(told.contains(&refusal.code(version).to_string()), "{named} in {version}: {told}");
            }
        }
    }

    #[test]
    fn who_has_to_wait_is_told_how_long() {
        let response =
            Refusal::TooManyAttempts(Duration::from_millis(3_200)).response(&LoginRequest::default(), Version::V12);
        assert_eq!(response.outcome.description.as_deref(), Some("too many attempts, try again in 4 s"));
    }
}
