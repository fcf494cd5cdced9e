//! A client's requests: who may say what, and who answers it (IMPS 1.3 architecture, C.5).

use std::sync::Arc;

use tracing::{Instrument, debug, info_span};

use super::call::{Call, response};
use super::capability;
use super::discovery;
use super::session::SessionRecord;
use super::{Sap, Via};
use crate::syntax::Said;
use crate::syntax::csp::{Message, Transaction};
use crate::time::Timestamp;
use crate::vocabulary::capability::ClientCapabilityRequest;
use crate::vocabulary::primitive::{self, SentBy};
use crate::vocabulary::service::ServiceRequest;
use crate::vocabulary::status::{Code, Outcome, Status};
use crate::vocabulary::{Primitive, Version};

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
            Ok(Some(session)) if let Primitive::GetSegmentRequest(request) = said => {
                return Some(self.get_segment(&session, transaction.id.clone(), request));
            }
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
        if let Primitive::GetSpInfoRequest(request) = said {
            let known = session.as_ref().map(|session| &session.capabilities);
            return Some(self.settings.provider.answer(request, known).into());
        }
        // Whoever is let through without a session asks for what is not done here.
        let Some(session) = session else { return Some(Status::from(Code::NOT_IMPLEMENTED).into()) };
        Some(match said {
            Primitive::LogoutRequest(_) => self.log_out(now, &session.id, version).await,
            Primitive::KeepAliveRequest(request) => self.keep_alive(&session.id, request).await.into(),
            Primitive::ClientCapabilityRequest(request) => {
                self.agree_capabilities(&session, request, version, &call.via).await
            }
            Primitive::ServiceRequest(request) => self.agree_services(&session, request, version).await,
            Primitive::SubscribeNotificationRequest(request) => self.subscribe_notifications(&session, request).await,
            Primitive::UnsubscribeNotificationRequest(request) => {
                self.unsubscribe_notifications(&session, request).await
            }
            Primitive::DropSegmentRequest(request) => self.drop_segment(&session, request),
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

    async fn agree_capabilities(
        self: &Arc<Self>,
        session: &SessionRecord,
        request: &ClientCapabilityRequest,
        version: Version,
        via: &Via,
    ) -> Primitive {
        let offer = self.offer_to(session, version, via);
        let (capabilities, answer) = capability::negotiate(request, version, &offer);
        let priority = capabilities.priority;
        self.change_session(&session.id, |record| record.capabilities = capabilities).await;
        self.claims.look_again(&session.user);
        if priority != session.capabilities.priority {
            self.tell_priority(session, priority);
        }
        if let Some(record) = self.sessions.get(&session.id) {
            self.wake_again(&record);
        }
        answer.into()
    }

    async fn agree_services(&self, session: &SessionRecord, request: &ServiceRequest, version: Version) -> Primitive {
        let mut answer = None;
        let negotiate = |record: &mut SessionRecord| {
            answer = Some(record.agreed.negotiate(request, version, &self.offered));
        };
        self.change_session(&session.id, negotiate).await;
        self.claims.look_again(&session.user);
        answer.map_or_else(|| Status::from(Code::INVALID_SESSION).into(), Into::into)
    }
}
