//! Login: who may open a session, proved by a password in clear, by a digest over a nonce, or by the network
//! (`docs/wire-notes.md`, "Access").

mod digest;
mod nonce;
mod number;
mod pace;
mod recent;
mod refusal;

pub use digest::Schema;
pub use refusal::Refusal;
pub(in crate::sap) use refusal::refused;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::address::Address;
use crate::config::{Access, ClearPasswords, LoginClass, Timers};
use crate::ident::SessionId;
use crate::sap::Via;
use crate::sap::account::{AccountError, Accounts, Known};
use crate::sap::secret::{Password, SecretError};
use crate::store::StoreError;
use crate::time::Timestamp;
use crate::vocabulary::access::{LoginRequest, LoginResponse};
use crate::vocabulary::party::ClientId;
use crate::vocabulary::status::Code;
use crate::vocabulary::{Secret, Text, Version};
use nonce::{Challenged, Nonces};
use pace::{Attempt, Pace};

/// What is answered to a login.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Prove it first.
    Challenge(Challenge),
    /// Come in: the caller opens the session.
    Admit(Admission),
    /// No.
    Refuse(Refusal),
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
    /// How the password was proved; `None` if the network vouched for the user.
    pub schema: Option<Schema>,
    /// The password of an account made just now, told this once.
    pub password: Option<Secret>,
    /// Whether the client shall state its capabilities: always, since the session is new.
    pub capability_request: bool,
    echo: Option<ClientId>,
    /// Whether the client is told its user's address.
    named: bool,
}

/// Decides over logins.
#[derive(Debug)]
pub struct Login {
    accounts: Arc<Accounts>,
    nonces: Nonces,
    pace: Pace,
    clear_passwords: ClearPasswords,
    auto_register: bool,
    keep_alive: Duration,
    keep_alive_max: Duration,
}

/// A login that goes no further.
enum Stop {
    /// Refused; the user, if there is one.
    Refused(Refusal, Option<Address>),
    /// Something failed.
    Fault(AccountError),
}

/// Shorter times kill a client: one takes off 5 s and waits for what is left.
const KEEP_ALIVE_MIN: Duration = Duration::from_secs(10);

// === impl Login ===

impl Login {
    /// Logins to these accounts.
    pub fn new(accounts: Arc<Accounts>, access: &Access, timers: &Timers) -> Self {
        Self {
            accounts,
            nonces: Nonces::new(timers.nonce),
            pace: Pace::new(),
            clear_passwords: access.clear_passwords,
            auto_register: access.auto_register,
            keep_alive: timers.keep_alive,
            keep_alive_max: access.keep_alive_max,
        }
    }

    /// Answers either step of a login. The session a request may name is not looked at.
    pub async fn handle(&self, now: Timestamp, request: &LoginRequest, version: Version, via: &Via) -> Answer {
        let (refusal, user) = match self.decide(now, request, version, via).await {
            Ok(answer) => return answer,
            Err(Stop::Refused(refusal, user)) => (refusal, user),
            Err(Stop::Fault(AccountError::Store(StoreError::Closed) | AccountError::Secret(SecretError::Busy))) => {
                (Refusal::Fault(Code::UNAVAILABLE), None)
            }
            Err(Stop::Fault(fault)) => {
                tracing::error!(%fault, "a login could not be decided");
                (Refusal::Fault(Code::SERVER_ERROR), None)
            }
        };
        // A name nobody has may be a number, or a password in the wrong field: it is not shown.
        let user = user.map(tracing::field::display);
        tracing::info!(user, client = %via.client, reason = refusal.reason(), "login refused");
        Answer::Refuse(refusal)
    }

    /// Whether a password may be sent in clear this way (`[access] clear_passwords`).
    pub fn takes_clear(&self, via: &Via) -> bool {
        match self.clear_passwords {
            ClearPasswords::Always => true,
            ClearPasswords::Never => false,
            ClearPasswords::TlsOrLoopback => via.tls || via.gateway || via.remote.ip().to_canonical().is_loopback(),
        }
    }

    /// Seconds granted to a client that wants a session to survive so much silence; also for keep-alives.
    pub fn granted(&self, wanted: Option<u32>) -> Duration {
        let wanted = match wanted {
            Some(seconds) if seconds > 0 => Duration::from_secs(u64::from(seconds)),
            _ => self.keep_alive,
        };
        wanted.max(KEEP_ALIVE_MIN).min(self.keep_alive_max)
    }

    /// A session of an earlier run: its client is known where it logged in.
    pub fn remembers(&self, now: Timestamp, user: &Address, client: &ClientId, from: IpAddr) {
        self.pace.proved(now, &Attempt::behind(user, client, from));
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
    ) -> Result<Answer, Stop> {
        let Some(user) = request.user.as_deref().filter(|user| !user.trim().is_empty()) else {
            return self.by_network(request, version, via).await;
        };
        let Ok(address) = Address::parse(user, self.accounts.domain()) else {
            return Err(Refusal::UnknownUser.into());
        };
        let known = self.accounts.known(&address).await?;
        if self.vouched(known.as_ref(), &address, request, via) {
            return self.by_network(request, version, via).await;
        }
        let attempt = Attempt::of(known.as_ref().map(|known| &known.address), request, via);
        if let Some(wait) = self.pace.wait(now, &attempt) {
            return Err(Stop::Refused(Refusal::TooManyAttempts(wait), known.map(|known| known.address)));
        }
        let who = Challenged::of(&address, request);
        if let Some(digest) = given(request.digest.as_ref()) {
            let issued = self.nonces.take(now, &who).map_err(|refusal| Stop::of(refusal, known.as_ref()))?;
            let Some(known) = known else { return Err(self.nobody(now, &attempt)) };
            let right = match self.accounts.password(&known)? {
                Some(password) => issued.schema.verifies(&issued.nonce, &password, digest),
                None => false,
            };
            self.verdict(now, &attempt, &known, right)?;
            let renamed = known.address != address;
            return Ok(Answer::Admit(self.admission(request, version, known, Some(issued.schema), renamed)));
        }
        if let Some(password) = given(request.password.as_ref()).filter(|_| self.takes_clear(via)) {
            // The challenge that may have asked for it is answered.
            let _ = self.nonces.take(now, &who);
            let Some(known) = known else { return Err(self.nobody(now, &attempt)) };
            let arrived = Instant::now();
            let turn = self.accounts.turn(&known).await?;
            // Others may have failed while this one waited for its turn.
            let now = now + arrived.elapsed();
            if let Some(wait) = self.pace.wait(now, &attempt) {
                return Err(Stop::of(Refusal::TooManyAttempts(wait), Some(&known)));
            }
            let right = self.accounts.check(turn, &known, Password::new(password)).await?;
            self.verdict(now, &attempt, &known, right)?;
            let renamed = known.address != address;
            return Ok(Answer::Admit(self.admission(request, version, known, Some(Schema::Pwd), renamed)));
        }
        // An unknown user is challenged like any other; the second step tells.
        let class = known.as_ref().map_or(LoginClass::Digest, Known::login);
        let Some(schema) = Schema::choose(&request.schemas, class, self.takes_clear(via)) else {
            return Err(Stop::of(Refusal::NoSchema, known.as_ref()));
        };
        let nonce = self.nonces.issue(now, who, attempt.place(), schema);
        // As the samples of 1.1 have it; later servers say 401, which tells more to a client that can't go on.
        let code = if version == Version::V11 { Code::SUCCESS } else { Code::UNAUTHORIZED };
        Ok(Answer::Challenge(Challenge { nonce, schema, code, client: request.client.clone() }))
    }

    /// The one place where a proof is found right or wrong.
    fn verdict(&self, now: Timestamp, attempt: &Attempt, known: &Known, right: bool) -> Result<(), Stop> {
        if !right {
            self.pace.failed(now, attempt);
            return Err(Stop::of(Refusal::WrongPassword, Some(known)));
        }
        self.pace.proved(now, attempt);
        if !known.active {
            return Err(Stop::of(Refusal::Barred, Some(known)));
        }
        Ok(())
    }

    /// A proof for a name nobody has.
    fn nobody(&self, now: Timestamp, attempt: &Attempt) -> Stop {
        self.pace.failed(now, attempt);
        Refusal::UnknownUser.into()
    }

    fn admission(
        &self,
        request: &LoginRequest,
        version: Version,
        known: Known,
        schema: Option<Schema>,
        renamed: bool,
    ) -> Admission {
        Admission {
            named: version == Version::V13 && renamed,
            user: known.address,
            client: request.client.clone().unwrap_or_default(),
            application: request.application.clone(),
            cookie: request.cookie.clone().unwrap_or_default(),
            ttl: self.granted(request.time_to_live),
            schema,
            password: None,
            capability_request: true,
            echo: request.client.clone(),
        }
    }
}

// === impl Stop ===

impl Stop {
    fn of(refusal: Refusal, known: Option<&Known>) -> Self {
        Self::Refused(refusal, known.map(|known| known.address.clone()))
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal, None)
    }
}

impl From<AccountError> for Stop {
    fn from(fault: AccountError) -> Self {
        Self::Fault(fault)
    }
}

impl From<SecretError> for Stop {
    fn from(fault: SecretError) -> Self {
        Self::Fault(fault.into())
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
            user: self.named.then(|| self.user.to_string().into()),
            client: self.echo.clone(),
            password: self.password.clone(),
            outcome: Code::SUCCESS.into(),
            session: Some(session.expose().into()),
            keep_alive: Some(u32::try_from(self.ttl.as_secs()).unwrap_or(u32::MAX)),
            capability_request: Some(self.capability_request),
            ..LoginResponse::default()
        }
    }
}

/// An element that says something.
fn given(secret: Option<&Secret>) -> Option<&str> {
    secret.map(Secret::expose).filter(|text| !text.is_empty())
}

#[cfg(test)]
pub(in crate::sap) mod tests;
