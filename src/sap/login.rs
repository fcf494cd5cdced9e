//! Login: who may open a session, proved by a password in clear or by a digest over a nonce
//! (docs/wire-notes.md, "Access").

mod digest;
mod nonce;

pub use digest::Schema;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::address::Address;
use crate::config::{Access, ClearPasswords, LoginClass, Timers};
use crate::ident::SessionId;
use crate::sap::account::{AccountError, Accounts, Known};
use crate::sap::secret::Password;
use crate::store::StoreError;
use crate::time::Timestamp;
use crate::vocabulary::access::{LoginRequest, LoginResponse};
use crate::vocabulary::party::ClientId;
use crate::vocabulary::status::Code;
use crate::vocabulary::{Secret, Text, Version};
use nonce::{Challenged, Nonces};

/// How a login reached us.
#[derive(Clone, Copy, Debug)]
pub struct Via {
    /// A password in clear may be taken.
    pub clear_ok: bool,
    /// The other end.
    pub remote: SocketAddr,
}

/// What is answered to a login.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Prove it first.
    Challenge(Challenge),
    /// Come in: the caller opens the session.
    Admit(Admission),
    /// No.
    Refuse(Code),
}

/// A nonce for the client to hash with its password, or the demand for the password itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Challenge {
    /// The nonce.
    pub nonce: Text,
    /// The schema chosen.
    pub schema: Schema,
    code: Code,
    client: Option<ClientId>,
}

/// A user who proved who it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Admission {
    /// The user, in the home domain.
    pub user: Address,
    /// The device or application instance; empty if it named none.
    pub client: ClientId,
    /// The application (1.3).
    pub application: Option<Text>,
    /// The client's secret for wake-up; empty if it named none.
    pub cookie: Secret,
    /// Silence the session survives.
    pub ttl: Duration,
    /// How the password was proved.
    pub schema: Schema,
    /// Whether the client shall state its capabilities: always, since the session is new.
    pub capability_request: bool,
    echo: Option<ClientId>,
    renamed: bool,
}

/// Decides over logins.
#[derive(Debug)]
pub struct Login {
    accounts: Arc<Accounts>,
    nonces: Nonces,
    keep_alive: Duration,
    keep_alive_max: Duration,
}

/// Shorter times kill a client: one takes off 5 s and waits for what is left.
const KEEP_ALIVE_MIN: Duration = Duration::from_secs(10);

// === impl Via ===

impl Via {
    /// What `[access] clear_passwords` says about a way: over TLS or not, from there.
    pub fn of(access: &Access, tls: bool, remote: SocketAddr) -> Self {
        let address = remote.ip().to_canonical();
        let gateway = || access.trusted_gateways.iter().any(|range| range.contains(address));
        let clear_ok = match access.clear_passwords {
            ClearPasswords::Always => true,
            ClearPasswords::Never => false,
            ClearPasswords::TlsOrLoopback => tls || address.is_loopback() || gateway(),
        };
        Self { clear_ok, remote }
    }
}

// === impl Login ===

impl Login {
    /// Logins to these accounts.
    pub fn new(accounts: Arc<Accounts>, access: &Access, timers: &Timers) -> Self {
        Self {
            accounts,
            nonces: Nonces::new(timers.nonce),
            keep_alive: timers.keep_alive,
            keep_alive_max: access.keep_alive_max,
        }
    }

    /// Answers either step of a login. The session a request may name is not looked at.
    pub async fn handle(&self, now: Timestamp, request: &LoginRequest, version: Version, via: &Via) -> Answer {
        let answer = match self.decide(now, request, version, via).await {
            Ok(answer) => answer,
            Err(AccountError::Store(StoreError::Closed)) => Answer::Refuse(Code::UNAVAILABLE),
            Err(fault) => {
                tracing::error!(%fault, "a login could not be decided");
                Answer::Refuse(Code::SERVER_ERROR)
            }
        };
        if let Answer::Refuse(code) = &answer {
            let user = request.user.as_deref().unwrap_or_default();
            tracing::info!(user, remote = %via.remote, %code, "login refused");
        }
        answer
    }

    /// Seconds granted to a client that wants a session to survive so much silence; also for keep-alives.
    pub fn granted(&self, wanted: Option<u32>) -> Duration {
        let wanted = match wanted {
            Some(seconds) if seconds > 0 => Duration::from_secs(u64::from(seconds)),
            _ => self.keep_alive,
        };
        wanted.max(KEEP_ALIVE_MIN).min(self.keep_alive_max)
    }

    /// How many nonces are out, for metrics.
    pub fn nonces(&self) -> usize {
        self.nonces.len()
    }

    async fn decide(
        &self,
        now: Timestamp,
        request: &LoginRequest,
        version: Version,
        via: &Via,
    ) -> Result<Answer, AccountError> {
        let Some(user) = request.user.as_deref().filter(|user| !user.is_empty()) else {
            // Only 1.3 lets the network say who it is, and it did not.
            let code = if version == Version::V13 { Code::MSISDN_ERROR } else { Code::UNKNOWN_USER };
            return Ok(Answer::Refuse(code));
        };
        let Ok(address) = Address::parse(user, self.accounts.domain()) else {
            return Ok(Answer::Refuse(Code::UNKNOWN_USER));
        };
        let known = self.accounts.known(&address).await?;
        let who = Challenged::of(&address, request);
        if let Some(digest) = given(request.digest.as_ref()) {
            let Some(issued) = self.nonces.take(now, &who) else {
                return Ok(Answer::Refuse(Code::UNAUTHORIZED));
            };
            let Some(known) = known else { return Ok(Answer::Refuse(Code::UNKNOWN_USER)) };
            let right = match self.accounts.password(&known)? {
                Some(password) => issued.schema.verifies(&issued.nonce, &password, digest),
                None => false,
            };
            return Ok(self.verdict(request, version, &address, known, issued.schema, right));
        }
        if let Some(password) = given(request.password.as_ref()).filter(|_| via.clear_ok) {
            self.nonces.take(now, &who);
            let Some(known) = known else { return Ok(Answer::Refuse(Code::UNKNOWN_USER)) };
            let right = self.accounts.check(&known, Password::new(password)).await?;
            return Ok(self.verdict(request, version, &address, known, Schema::Pwd, right));
        }
        // An unknown user is challenged like any other; the second step tells.
        let class = known.map_or(LoginClass::Digest, |known| known.login());
        let Some(schema) = Schema::choose(&request.schemas, class, via.clear_ok) else {
            return Ok(Answer::Refuse(Code::NO_DIGEST_SCHEMA));
        };
        let nonce = self.nonces.issue(now, who, schema);
        // As the samples of 1.1 have it; later servers say 401, which tells more to a client that can't go on.
        let code = if version == Version::V11 { Code::SUCCESS } else { Code::UNAUTHORIZED };
        Ok(Answer::Challenge(Challenge { nonce, schema, code, client: request.client.clone() }))
    }

    /// The one place where a proof, right or wrong, becomes an answer.
    fn verdict(
        &self,
        request: &LoginRequest,
        version: Version,
        asked: &Address,
        known: Known,
        schema: Schema,
        right: bool,
    ) -> Answer {
        if !right {
            return Answer::Refuse(Code::INVALID_PASSWORD);
        }
        if !known.active {
            return Answer::Refuse(Code::FORBIDDEN);
        }
        Answer::Admit(Admission {
            renamed: version == Version::V13 && known.address != *asked,
            user: known.address,
            client: request.client.clone().unwrap_or_default(),
            application: request.application.clone(),
            cookie: request.cookie.clone().unwrap_or_default(),
            ttl: self.granted(request.time_to_live),
            schema,
            capability_request: true,
            echo: request.client.clone(),
        })
    }
}

// === impl Challenge ===

impl Challenge {
    /// What the client is told: a nonce and one schema, and no session.
    pub fn response(&self) -> LoginResponse {
        LoginResponse {
            client: self.client.clone(),
            outcome: self.code.into(),
            nonce: Some(self.nonce.clone()),
            schema: Some(self.schema.as_str().into()),
            ..LoginResponse::default()
        }
    }
}

// === impl Admission ===

impl Admission {
    /// What the client is told once its session is open.
    pub fn response(&self, session: &SessionId) -> LoginResponse {
        LoginResponse {
            // Who logged in by a number or another domain's name learns its address.
            user: self.renamed.then(|| self.user.to_string().into()),
            client: self.echo.clone(),
            outcome: Code::SUCCESS.into(),
            session: Some(session.expose().into()),
            keep_alive: Some(u32::try_from(self.ttl.as_secs()).unwrap_or(u32::MAX)),
            capability_request: Some(self.capability_request),
            ..LoginResponse::default()
        }
    }
}

/// What a refused client is told.
pub fn refusal(request: &LoginRequest, code: Code) -> LoginResponse {
    LoginResponse { client: request.client.clone(), outcome: code.into(), ..LoginResponse::default() }
}

/// An element that says something.
fn given(secret: Option<&Secret>) -> Option<&str> {
    secret.map(Secret::expose).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
