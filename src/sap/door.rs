//! A client's requests: who may say what, and who answers it (IMPS 1.3 architecture, C.5).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tracing::{Instrument, debug, info_span};

use super::capability::{self, Capabilities};
use super::csp::response;
use super::discovery;
use super::life::seconds;
use super::login::{self, Admission, Answer};
use super::services::{self, Agreed};
use super::session::{SessionRecord, Sessions};
use super::{Sap, Via};
use crate::address::Address;
use crate::ident::SessionId;
use crate::store::Changes;
use crate::syntax::Said;
use crate::syntax::csp::{Message, Transaction};
use crate::time::Timestamp;
use crate::vocabulary::access::{LoginRequest, LoginResponse};
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
        via: &Via,
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
            Ok(session) => self.dispatch(now, message.version, session, transaction, said, via).instrument(span).await,
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
        via: &Via,
    ) -> Option<Primitive> {
        if let Primitive::LoginRequest(request) = said {
            let answer = self.log_in(now, request, version, via).await;
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
            Primitive::LogoutRequest(_) => self.log_out(now, &session.id, version).await,
            Primitive::KeepAliveRequest(request) => self.keep_alive(&session.id, request).await.into(),
            Primitive::ClientCapabilityRequest(request) => self.agree_capabilities(&session, request, version).await,
            Primitive::ServiceRequest(request) => self.agree_services(&session, request, version).await,
            Primitive::SendMessageRequest(request) => self.send(now, &session, transaction, request).await.into(),
            Primitive::MessageDelivered(delivered) => self.delivered_later(now, &session, delivered).await.into(),
            // A status in request mode asks for nothing.
            Primitive::Status(_) => return None,
            _ => Status::from(Code::NOT_IMPLEMENTED).into(),
        })
    }

    async fn log_in(&self, now: Timestamp, request: &LoginRequest, version: Version, via: &Via) -> LoginResponse {
        if self.leaving.load(Ordering::Relaxed) {
            return login::refusal(request, Code::UNAVAILABLE);
        }
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

    /// Opens a session for somebody who has proven who it is. What stands in its way ends.
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
        let leaving = self.make_room(&record);
        for (old, _) in &leaving {
            SessionRecord::erase(&old.id, &mut changes);
        }
        record.save(&mut changes);
        if let Err(error) = self.store.commit(changes).await {
            tracing::error!(%error, "a login could not be stored");
            leaving.iter().for_each(|(old, _)| self.sessions.spare(&old.id));
            return login::refusal(request, Code::UNAVAILABLE);
        }
        for (old, reason) in &leaving {
            self.ended(now, old, *reason);
        }
        let (user, id) = (record.user.clone(), record.id.clone());
        self.opened(now, record);
        if !self.still_welcome(&user).await {
            self.bar(now, &id).await;
            return login::refusal(request, Code::FORBIDDEN);
        }
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

    async fn agree_capabilities(
        &self,
        session: &SessionRecord,
        request: &ClientCapabilityRequest,
        version: Version,
    ) -> Primitive {
        let (capabilities, answer) = capability::negotiate(request, version, &self.offer);
        self.change_session(&session.id, |record| record.capabilities = capabilities).await;
        answer.into()
    }

    async fn agree_services(&self, session: &SessionRecord, request: &ServiceRequest, version: Version) -> Primitive {
        let (agreed, answer) = services::negotiate(request, version, &self.offered);
        if let Some(agreed) = agreed {
            self.change_session(&session.id, |record| record.agreed = agreed).await;
        }
        answer.into()
    }
}
