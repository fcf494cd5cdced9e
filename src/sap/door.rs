//! A client's requests: who may say what, and who answers it (IMPS 1.3 architecture, C.5).

use std::sync::Arc;
use std::time::Duration;

use tracing::{Instrument, debug, info, info_span};

use super::capability::{self, Capabilities};
use super::csp::{Call, response};
use super::discovery;
use super::login::{self, Admission, Answer};
use super::services::{self, Agreed};
use super::session::{SessionRecord, Sessions};
use super::{Sap, Via};
use crate::address::Address;
use crate::ident::SessionId;
use crate::store::{Changes, StoreError};
use crate::syntax::Said;
use crate::syntax::csp::{Message, Transaction};
use crate::time::Timestamp;
use crate::vocabulary::access::{Disconnect, KeepAliveRequest, KeepAliveResponse, LoginRequest, LoginResponse};
use crate::vocabulary::capability::ClientCapabilityRequest;
use crate::vocabulary::primitive::{self, SentBy};
use crate::vocabulary::service::ServiceRequest;
use crate::vocabulary::status::{Code, Outcome, Status};
use crate::vocabulary::{Primitive, Text, Version};

impl Sap {
    /// Answers one request of a client; `None` where there is no answer.
    pub(super) async fn answer_request(
        self: &Arc<Self>,
        now: Timestamp,
        message: &Message,
        transaction: &Transaction,
        call: &Call,
    ) -> Option<Transaction> {
        let said = match &transaction.said {
            Said::Known(primitive) => primitive,
            Said::Unknown(name) => {
                debug!(%name, "unknown primitive");
                let name: String = name.chars().take(64).collect();
                let outcome = Outcome::new(Code::NOT_IMPLEMENTED, format!("{name} is not implemented"));
                return Some(response(transaction.id.clone(), Status { outcome, client: None }));
            }
        };
        metrics::counter!("postern_client_transactions_total", "primitive" => said.element().xml()).increment(1);
        let span = info_span!("transaction", primitive = said.element().xml(), id = transaction.id.as_deref());
        let answer = match self.permit(message, said) {
            Ok(session) => self.dispatch(now, message.version, session, transaction, said, call).instrument(span).await,
            Err(code) => Some(Status::from(code).into()),
        };
        answer.map(|primitive| response(transaction.id.clone(), primitive))
    }

    /// The session the request is made in, if it needs one and may be made.
    fn permit(&self, message: &Message, said: &Primitive) -> Result<Option<SessionRecord>, Code> {
        let element = said.element();
        if matches!(primitive::sent_by(element), Some(SentBy::Server | SentBy::Domain)) {
            return Err(Code::BAD_REQUEST);
        }
        let session = message.session.as_ref().and_then(|id| self.sessions.get(id));
        match &session {
            Some(session) => session.agreed.allows(element, &self.offered)?,
            None if primitive::needs_session(element) => return Err(Code::INVALID_SESSION),
            None => {}
        }
        Ok(session)
    }

    async fn dispatch(
        self: &Arc<Self>,
        now: Timestamp,
        version: Version,
        session: Option<SessionRecord>,
        transaction: &Transaction,
        said: &Primitive,
        call: &Call,
    ) -> Option<Primitive> {
        if let Primitive::LoginRequest(request) = said {
            let answer = self.log_in(now, request, version, &call.via).await;
            let code = answer.outcome.code.to_string();
            metrics::counter!("postern_client_logins_total", "code" => code).increment(1);
            return Some(answer.into());
        }
        if let Primitive::VersionDiscoveryRequest(request) = said {
            return Some(discovery::answer(request).into());
        }
        // Whoever is let through without a session asks for what is not done here.
        let Some(session) = session else { return Some(Status::from(Code::NOT_IMPLEMENTED).into()) };
        Some(match said {
            Primitive::LogoutRequest(_) => self.log_out(&session.id, version).await,
            Primitive::KeepAliveRequest(request) => self.keep_alive(&session.id, request).await.into(),
            Primitive::ClientCapabilityRequest(request) => self.agree_capabilities(&session, request, version).await,
            Primitive::ServiceRequest(request) => self.agree_services(&session, request, version).await,
            Primitive::SendMessageRequest(request) => self.send(now, &session, transaction, request).await.into(),
            Primitive::MessageDelivered(delivered) => self.delivered_later(now, &session, delivered).await.into(),
            Primitive::SetDeliveryMethodRequest(request) => self.set_delivery_method(&session, request).await.into(),
            Primitive::GetMessageListRequest(request) => {
                self.list_messages(now, &session, request, transaction, (version, call)).await
            }
            Primitive::GetMessageRequest(request) => self.give_message(now, &session, request, call.encoding).await,
            Primitive::RejectMessageRequest(request) => self.reject_messages(now, &session, request).await.into(),
            // A status in request mode asks for nothing.
            Primitive::Status(_) => return None,
            _ => Status::from(Code::NOT_IMPLEMENTED).into(),
        })
    }

    async fn log_in(&self, now: Timestamp, request: &LoginRequest, version: Version, via: &Via) -> LoginResponse {
        if let Some(id) = request.session.as_deref().filter(|id| !id.is_empty()) {
            return self.take_up(now, request, &SessionId::new(id));
        }
        let from = login::Via::of(&self.settings.access, via.tls, via.remote);
        match self.login.handle(now, request, version, &from).await {
            Answer::Challenge(challenge) => challenge.response(),
            Answer::Admit(admission) => self.admit(now, &admission, request, version, via).await,
            Answer::Refuse(code) => login::refusal(request, code),
        }
    }

    /// Opens a session for somebody who has proven who it is. An older one of the same client ends.
    async fn admit(
        &self,
        now: Timestamp,
        admission: &Admission,
        request: &LoginRequest,
        version: Version,
        via: &Via,
    ) -> LoginResponse {
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
            agreed: Agreed::default(),
        };
        let mut answer = admission.response(&record.id);
        if version == Version::V13 {
            self.negotiate_at_login(request, &mut record, &mut answer);
        }
        let mut changes = Changes::default();
        let old = self.sessions.same_client(&record.user, &record.client, record.application.as_ref());
        for id in &old {
            SessionRecord::erase(id, &mut changes);
        }
        record.save(&mut changes);
        if let Err(error) = self.store.commit(changes).await {
            tracing::error!(%error, "a login could not be stored");
            return login::refusal(request, Code::UNAVAILABLE);
        }
        old.iter().for_each(|id| self.forget_session(id));
        info!(user = %record.user, session = %record.id, %version, "logged in");
        self.sessions.open(now, record);
        answer
    }

    /// 1.3 may negotiate capabilities and services in the login itself.
    fn negotiate_at_login(&self, request: &LoginRequest, record: &mut SessionRecord, answer: &mut LoginResponse) {
        if let Some(list) = &request.capabilities {
            let asked = ClientCapabilityRequest { client: None, list: Some(list.clone()) };
            let (kept, told) = capability::negotiate(&asked, Version::V13, &self.offer);
            record.capabilities = kept;
            answer.capabilities = told.agreed;
            answer.capability_request = Some(false);
        }
        if let Some(wanted) = &request.functions {
            let (agreed, refused) = services::agree(wanted, Version::V13, &self.offered);
            record.agreed = agreed;
            answer.functions = refused;
        }
    }

    /// A client takes up a session it still knows: the id is its credential.
    fn take_up(&self, now: Timestamp, request: &LoginRequest, id: &SessionId) -> LoginResponse {
        let Some(record) = self.sessions.get(id) else { return login::refusal(request, Code::NOT_RECOVERED) };
        let user = request.user.as_deref().map(|text| Address::parse(text, &self.settings.domain));
        let same_user = matches!(user, Some(Ok(user)) if user == record.user);
        if !same_user || request.client.as_ref().is_some_and(|client| *client != record.client) {
            return login::refusal(request, Code::CLIENT_MISMATCH);
        }
        self.sessions.heard(now, id);
        LoginResponse {
            client: request.client.clone(),
            outcome: Code::SUCCESS.into(),
            session: Some(id.expose().into()),
            keep_alive: Some(record.keep_alive),
            capability_request: Some(false),
            ..LoginResponse::default()
        }
    }

    async fn log_out(&self, id: &SessionId, version: Version) -> Primitive {
        self.end_session(id).await;
        match version {
            Version::V11 => Disconnect { outcome: Code::SUCCESS.into() }.into(),
            _ => Status::from(Code::SUCCESS).into(),
        }
    }

    /// Ends a session for good.
    pub(super) async fn end_session(&self, id: &SessionId) {
        if let Err(error) = self.end_sessions(std::slice::from_ref(id)).await {
            tracing::error!(%error, session = %id, "the end of a session could not be stored");
        }
    }

    /// Ends sessions for good, in one commit.
    pub(super) async fn end_sessions(&self, ids: &[SessionId]) -> Result<(), StoreError> {
        let mut changes = Changes::default();
        ids.iter().for_each(|id| SessionRecord::erase(id, &mut changes));
        let stored = self.store.commit(changes).await.map(|_| ());
        ids.iter().for_each(|id| self.forget_session(id));
        stored
    }

    fn forget_session(&self, id: &SessionId) {
        if let Some(record) = self.sessions.close(id) {
            self.claims.release(&record.user, id);
            self.outbox.release(id);
            if let Some(bell) = self.bell.get() {
                bell.hang_up(id);
            }
            info!(user = %record.user, session = %id, "session ended");
        }
    }

    async fn keep_alive(&self, id: &SessionId, request: &KeepAliveRequest) -> KeepAliveResponse {
        let Some(asked) = request.time_to_live else {
            let keep_alive = self.sessions.get(id).map(|record| record.keep_alive);
            return KeepAliveResponse { outcome: Code::SUCCESS.into(), keep_alive };
        };
        let granted = seconds(self.login.granted(Some(asked)));
        self.change_session(id, |record| record.keep_alive = granted).await;
        // What is granted may be less or more than asked: that is no failure, and one client takes 605 for one.
        KeepAliveResponse { outcome: Code::SUCCESS.into(), keep_alive: Some(granted) }
    }

    async fn agree_capabilities(
        &self,
        session: &SessionRecord,
        request: &ClientCapabilityRequest,
        version: Version,
    ) -> Primitive {
        let (capabilities, answer) = capability::negotiate(request, version, &self.offer);
        self.change_session(&session.id, |record| record.capabilities = capabilities).await;
        self.claims.look_again(&session.user);
        answer.into()
    }

    async fn agree_services(&self, session: &SessionRecord, request: &ServiceRequest, version: Version) -> Primitive {
        let (agreed, answer) = services::negotiate(request, version, &self.offered);
        if let Some(agreed) = agreed {
            self.change_session(&session.id, |record| record.agreed = agreed).await;
            self.claims.look_again(&session.user);
        }
        answer.into()
    }

    /// Changes a session and keeps the change over a restart.
    pub(super) async fn change_session(&self, id: &SessionId, change: impl FnOnce(&mut SessionRecord)) {
        let Some(record) = self.sessions.update(id, change) else { return };
        let mut changes = Changes::default();
        record.save(&mut changes);
        if let Err(error) = self.store.commit(changes).await {
            tracing::error!(%error, session = %id, "a change of a session could not be stored");
        }
    }
}

fn seconds(span: Duration) -> u32 {
    u32::try_from(span.as_secs()).unwrap_or(u32::MAX)
}
