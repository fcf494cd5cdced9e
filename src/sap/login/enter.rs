//! How a client gets a session: a new one for who proved who it is, or one that it still knows
//! (`docs/wire-notes.md`, "Access").

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tracing::info;

use crate::address::Address;
use crate::ident::SessionId;
use crate::sap::capability::{self, Capabilities};
use crate::sap::life::seconds;
use crate::sap::login::{self, Admission, Answer, Refusal};
use crate::sap::services::Agreed;
use crate::sap::session::{SessionRecord, Sessions};
use crate::sap::{Sap, Via};
use crate::store::Changes;
use crate::time::Timestamp;
use crate::vocabulary::access::{LoginRequest, LoginResponse};
use crate::vocabulary::capability::ClientCapabilityRequest;
use crate::vocabulary::status::Code;
use crate::vocabulary::{Text, Version};

impl Sap {
    /// Puts a session of an earlier run in force.
    pub fn reopen(&self, now: Timestamp, record: SessionRecord) {
        self.login.remembers(now, &record.user, &record.client, record.from);
        self.sessions.open(now, record);
    }

    /// Answers a login, either step of one, or the wish to take up a session.
    pub(in crate::sap) async fn log_in(
        self: &Arc<Self>,
        now: Timestamp,
        request: &LoginRequest,
        version: Version,
        via: &Via,
    ) -> LoginResponse {
        if self.leaving.load(Ordering::Relaxed) {
            return refuse(Refusal::Fault(Code::UNAVAILABLE), request, version);
        }
        if let Some(id) = request.session.as_deref().filter(|id| !id.is_empty()) {
            return self.take_up(now, request, version, &SessionId::new(id), via).await;
        }
        match self.login.handle(now, request, version, via).await {
            Answer::Challenge(challenge) => challenge.response(),
            Answer::Admit(admission) => self.admit(now, &admission, request, version, via).await,
            Answer::Refuse(refusal) => refuse(refusal, request, version),
        }
    }

    /// Opens a session for somebody who has proven who it is. What stands in its way ends.
    async fn admit(
        self: &Arc<Self>,
        now: Timestamp,
        admission: &Admission,
        request: &LoginRequest,
        version: Version,
        via: &Via,
    ) -> LoginResponse {
        let offered = match self.accounts.get(admission.user.user()).await {
            Ok(account) => self.offered.to(&account.profile),
            Err(error) => {
                tracing::error!(%error, user = %admission.user, "an account is gone or can't be read");
                return refuse(Refusal::Fault(Code::UNAVAILABLE), request, version);
            }
        };
        let mut record = SessionRecord {
            id: Sessions::new_id(),
            user: admission.user.clone(),
            client: admission.client.clone(),
            application: admission.application.clone(),
            cookie: Text::from(admission.cookie.expose()),
            version,
            keep_alive: seconds(admission.ttl),
            from: via.client,
            since: now,
            capabilities: Capabilities::default(),
            agreed: Agreed::of(offered),
            notifications: Vec::new(),
        };
        let mut answer = admission.response(&record.id);
        if version == Version::V13 {
            self.negotiate_at_login(request, via, &mut record, &mut answer);
        }
        // Who logs in at the same time sees this session, or is seen here.
        let turn = self.logins.of(&record.user).await;
        let mut changes = Changes::default();
        let leaving = self.make_room(&record);
        for (old, _) in &leaving {
            SessionRecord::erase(&old.id, &mut changes);
        }
        record.save(&mut changes);
        if let Err(error) = self.store.commit(changes).await {
            tracing::error!(%error, "a login could not be stored");
            leaving.iter().for_each(|(old, _)| self.sessions.spare(&old.id));
            return refuse(Refusal::Fault(Code::UNAVAILABLE), request, version);
        }
        for (old, reason) in &leaving {
            self.ended(now, old, *reason);
        }
        self.opened(now, record.clone());
        drop(turn);
        // The account may have changed before the session was there to be told.
        if let Err(error) = self.follow_account(&record.user).await {
            tracing::error!(%error, user = %record.user, "a new session may not go by its user's profile");
        }
        if !self.sessions.lives(&record.id) {
            return refuse(Refusal::Barred, request, version);
        }
        self.wake_again(&record);
        answer
    }

    /// 1.3 may negotiate capabilities and services in the login itself.
    fn negotiate_at_login(
        &self,
        request: &LoginRequest,
        via: &Via,
        record: &mut SessionRecord,
        answer: &mut LoginResponse,
    ) {
        if let Some(list) = &request.capabilities {
            let asked = ClientCapabilityRequest { client: None, list: Some(list.clone()) };
            let (kept, told) = capability::negotiate(&asked, Version::V13, &self.offer_to(record, Version::V13, via));
            record.capabilities = kept;
            answer.capabilities = told.agreed;
            answer.capability_request = Some(false);
        }
        if let Some(wanted) = &request.functions {
            answer.functions = record.agreed.agree(wanted, Version::V13, &self.offered);
        }
    }

    /// A client takes up a session it still knows: the id is its credential. From then on the session is where the
    /// client is, unless it is bound to where it began.
    async fn take_up(
        self: &Arc<Self>,
        now: Timestamp,
        request: &LoginRequest,
        version: Version,
        id: &SessionId,
        via: &Via,
    ) -> LoginResponse {
        let Some(record) = self.sessions.get(id) else {
            Refusal::UnknownSession.count();
            return login::refused(request, Code::NOT_RECOVERED);
        };
        if self.settings.access.bind_session_to_address && record.from != via.client {
            info!(user = %record.user, session = %id, client = %via.client, "taken up from another address: refused");
            Refusal::OtherAddress.count();
            // With this code clients log in anew.
            return login::refused(request, Code::NOT_RECOVERED);
        }
        match self.owns(request, version, &record).await {
            Ok(true) => {}
            Ok(false) => {
                info!(user = %record.user, session = %id, client = %via.client, "taken up by another client: refused");
                return refuse(Refusal::OtherClient, request, version);
            }
            Err(refusal) => return refuse(refusal, request, version),
        }
        if !self.sessions.heard(now, id) {
            // It ended meanwhile.
            Refusal::UnknownSession.count();
            return login::refused(request, Code::NOT_RECOVERED);
        }
        let keep_alive = request.time_to_live.map(|asked| seconds(self.login.granted(Some(asked))));
        let keep_alive = keep_alive.unwrap_or(record.keep_alive);
        let mut answer = LoginResponse {
            client: request.client.clone(),
            outcome: Code::SUCCESS.into(),
            session: Some(id.expose().into()),
            keep_alive: Some(keep_alive),
            capability_request: Some(false),
            ..LoginResponse::default()
        };
        self.change_session(id, |record| {
            record.from = via.client;
            record.version = version;
            record.keep_alive = keep_alive;
            if let Some(cookie) = request.cookie.as_deref().filter(|cookie| !cookie.is_empty()) {
                record.cookie = cookie.into();
            }
            if version == Version::V13 {
                self.negotiate_at_login(request, via, record, &mut answer);
            }
        })
        .await;
        if let Some(record) = self.sessions.get(id) {
            self.wake_again(&record);
        }
        answer
    }

    /// Whether a session belongs to the user and client that a request names. What 1.3 may leave out it need not
    /// name.
    async fn owns(&self, request: &LoginRequest, version: Version, record: &SessionRecord) -> Result<bool, Refusal> {
        let named = request.user.as_deref().filter(|user| !user.trim().is_empty());
        let same_user = match named.map(|text| Address::parse(text, &self.settings.domain)) {
            None => version == Version::V13,
            Some(Err(_)) => false,
            Some(Ok(address)) if address == record.user => true,
            // By a number, or under another domain's name.
            Some(Ok(address)) => match self.accounts.known(&address).await {
                Ok(known) => known.is_some_and(|known| known.address == record.user),
                Err(error) => {
                    tracing::error!(%error, "a session could not be taken up");
                    return Err(Refusal::Fault(Code::UNAVAILABLE));
                }
            },
        };
        let same_client = request.client.as_ref().is_none_or(|client| *client == record.client);
        let same_application = request.application.is_none() || request.application == record.application;
        Ok(same_user && same_client && same_application)
    }
}

fn refuse(refusal: Refusal, request: &LoginRequest, version: Version) -> LoginResponse {
    refusal.count();
    refusal.response(request, version)
}
