//! The steps of a set-up as both roles hear and say them: secrets, digests, session ids.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use md5::{Digest, Md5};
use subtle::ConstantTimeEq;

use crate::address::Domain;
use crate::ident::SessionId;
use crate::syntax::ssp::{self, Part, Scanned};
use crate::syntax::{Limits, Said};
use crate::vocabulary::interop::{SendSecretToken, SspLoginRequest, SspLoginResponse};
use crate::vocabulary::status::{Code, Outcome};
use crate::vocabulary::{Content, Mode, Primitive, Text, Version};

/// What one side hands the other to prove it is reached at its address.
#[derive(Clone, PartialEq, Eq)]
pub(in super::super) struct Secret(Bytes);

/// A step of the other side.
#[derive(Clone, Debug)]
pub(in super::super) enum Heard {
    /// `SendSecretToken`.
    Secret(Secret),
    /// `LoginRequest`.
    Digest(Proof, Option<u32>),
    /// `LoginResponse` with its session id.
    Session { theirs: SessionId, ttl: Option<u32> },
    /// `LoginResponse` that refuses.
    Refusal(String),
}

/// The digest of a secret.
#[derive(Clone, Debug)]
pub(in super::super) struct Proof(Vec<u8>);

/// Why a step could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Misread {
    /// It is no step of a set-up, or malformed.
    Malformed,
    /// It names another domain than the one that sent it.
    OtherDomain,
}

/// A step of ours. Its `Debug` hides what is said: there are secrets in it.
#[derive(Clone)]
pub(in super::super) struct Say {
    /// 1 to 6.
    pub(in super::super) number: u8,
    pub(in super::super) mode: Mode,
    pub(in super::super) transaction: Text,
    primitive: Primitive,
}

/// The ids of a new session.
#[derive(Clone, Debug)]
pub(in super::super) struct Pair {
    pub(in super::super) own: SessionId,
    pub(in super::super) theirs: SessionId,
    pub(in super::super) ttl: Option<Duration>,
}

/// Where a step of the other side leads.
#[derive(Clone, Debug)]
pub(in super::super) enum Next<S> {
    /// A new state, and our next step.
    Answer(S, Say),
    /// The session is open; a responder still says its last step.
    Open(Pair, Option<(S, Say)>),
    /// The step was answered before: say it again.
    Repeat,
    /// The step was answered before and so was our answer.
    Ignore,
    /// The other side is not who it says: tell it, and give up.
    Refuse(Say, String),
    /// The other side refuses: give up.
    GiveUp(String),
    /// Not what this state waits for.
    Unexpected,
}

// === impl Secret ===

impl Secret {
    pub(in super::super) fn new(text: String) -> Self {
        Self(text.into())
    }

    fn of(content: Content) -> Self {
        match content {
            Content::Text(text) => Self(Bytes::copy_from_slice(text.trim().as_bytes())),
            Content::Binary(bytes) => Self(bytes),
        }
    }

    fn digest(&self) -> Vec<u8> {
        Md5::digest(&self.0).to_vec()
    }

    /// Whether the proof is of this secret.
    pub(super) fn is_proven_by(&self, proof: &Proof) -> bool {
        self.digest().ct_eq(&proof.0).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

// === impl Heard ===

impl Heard {
    /// Reads a step `from` a domain, and checks that it speaks for that domain.
    pub(in super::super) fn read(from: &Domain, scanned: &Scanned<'_>, version: Version) -> Result<Self, Misread> {
        let (_, said) =
            ssp::read_fragment(scanned.fragment, version, &Limits::default()).map_err(|_| Misread::Malformed)?;
        let names = |service: &str| match Domain::of_service_id(service) {
            Some(domain) if domain == *from => Ok(()),
            _ => Err(Misread::OtherDomain),
        };
        match said {
            Said::Known(Primitive::SendSecretToken(token)) => {
                names(&token.service)?;
                Ok(Self::Secret(Secret::of(token.token)))
            }
            Said::Known(Primitive::SspLoginRequest(login)) => {
                names(&login.service)?;
                Ok(Self::Digest(Proof::of(login.digest), login.time_to_live))
            }
            Said::Known(Primitive::SspLoginResponse(response)) => Self::session(from, response),
            _ => Err(Misread::Malformed),
        }
    }

    fn session(from: &Domain, response: SspLoginResponse) -> Result<Self, Misread> {
        let Some(outcome) = response.outcome else {
            return Ok(Self::Refusal("its LoginResponse has no Status".to_owned()));
        };
        let code = outcome.code;
        if !code.is_success() {
            let words = outcome.description.unwrap_or_else(|| code.meaning().into());
            let redirect = match response.redirect {
                Some(list) if (300..400).contains(&code.0) => {
                    format!(
                        "; it asks to set up at {} instead, which is not followed: change [url] of its peer file",
                        { list.urls.join(", ") }
                    )
                }
                _ => String::new(),
            };
            return Ok(Self::Refusal(format!("it refuses the session with {code} ({words}){redirect}")));
        }
        let theirs = response.session.unwrap_or_default();
        match Domain::of_service_id(&theirs) {
            Some(domain) if domain == *from && theirs.len() <= 255 => {
                Ok(Self::Session { theirs: SessionId::new(theirs), ttl: response.time_to_live })
            }
            _ => Ok(Self::Refusal("the session id of its LoginResponse does not end in @ and its domain".to_owned())),
        }
    }
}

// === impl Proof ===

impl Proof {
    fn of(content: Content) -> Self {
        match content {
            Content::Binary(bytes) => Self(bytes.to_vec()),
            // Some forget to say that it is base64.
            Content::Text(text) => Self(STANDARD.decode(text.trim()).unwrap_or_default()),
        }
    }
}

// === impl Say ===

impl fmt::Debug for Say {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Say")
            .field("number", &self.number)
            .field("transaction", &self.transaction)
            .finish_non_exhaustive()
    }
}

impl Say {
    /// Steps 1 and 2: our secret.
    pub(super) fn secret(number: u8, transaction: Text, home: &Domain, version: Version, secret: &Secret) -> Self {
        let token = SendSecretToken {
            service: home.service_id().into(),
            protocol: Some(Text::const_new("WV-SSP")),
            version: Some(version.as_str().into()),
            token: Content::Text(String::from_utf8_lossy(&secret.0).into_owned()),
        };
        Self::new(number, transaction, Primitive::SendSecretToken(token))
    }

    /// Steps 3 and 4: the digest of the other side's secret.
    pub(super) fn digest(number: u8, transaction: Text, home: &Domain, ttl: Duration, theirs: &Secret) -> Self {
        let login = SspLoginRequest {
            service: home.service_id().into(),
            time_to_live: seconds(ttl),
            digest: Content::Binary(theirs.digest().into()),
        };
        Self::new(number, transaction, Primitive::SspLoginRequest(login))
    }

    /// Steps 5 and 6: our session id.
    pub(super) fn session(number: u8, transaction: Text, own: &SessionId, ttl: Duration) -> Self {
        let response = SspLoginResponse {
            session: Some(own.expose().into()),
            time_to_live: seconds(ttl),
            outcome: Some(Outcome::from(Code::SUCCESS)),
            redirect: None,
        };
        Self::new(number, transaction, Primitive::SspLoginResponse(response))
    }

    /// A refusal in place of step 4 or 5.
    pub(super) fn refusal(number: u8, transaction: Text, code: Code) -> Self {
        let response = SspLoginResponse { outcome: Some(Outcome::from(code)), ..SspLoginResponse::default() };
        Self::new(number, transaction, Primitive::SspLoginResponse(response))
    }

    /// The initiator asks, the responder answers, whatever the step.
    fn new(number: u8, transaction: Text, primitive: Primitive) -> Self {
        let mode = if number % 2 == 1 { Mode::Request } else { Mode::Response };
        Self { number, mode, transaction, primitive }
    }

    /// The message.
    pub(in super::super) fn write(&self, version: Version) -> Bytes {
        let fragment = ssp::write_fragment(None, &self.primitive, version);
        ssp::setup_message(version, &Part { mode: self.mode, id: &self.transaction, fragment: &fragment })
    }
}

fn seconds(ttl: Duration) -> Option<u32> {
    Some(u32::try_from(ttl.as_secs()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_secret_is_hashed_not_the_bytes_it_denotes() {
        let worked = [
            ("d7227329f32f041665e30dd1d994be84", "JLPcQuEJsW0yJQeOtazzBA=="),
            ("4f6d0b0c9a1e47b2a1d5", "IYdeSauVmyznm+g+4OD0hw=="),
        ];
        for (secret, digest) in worked {
            let secret = Secret::of(Content::Text(format!("\n  {secret} ")));
            assert_eq!(STANDARD.encode(secret.digest()), digest);
            assert!(secret.is_proven_by(&Proof::of(Content::Text(digest.to_owned()))));
            assert!(secret.is_proven_by(&Proof::of(Content::Binary(STANDARD.decode(digest).unwrap().into()))));
        }
    }

    #[test]
    fn a_proof_of_another_secret_or_of_nothing_proves_nothing() {
        let secret = Secret::new("one".to_owned());
        assert!(!secret.is_proven_by(&Proof::of(Content::Binary(Secret::new("two".to_owned()).digest().into()))));
        assert!(!secret.is_proven_by(&Proof::of(Content::Text("no base64!".to_owned()))));
        assert!(!secret.is_proven_by(&Proof::of(Content::Text(String::new()))));
    }

    #[test]
    fn a_secret_is_never_shown() {
        assert_eq!(format!("{:?}", Secret::new("hush".to_owned())), "Secret(…)");
    }
}
