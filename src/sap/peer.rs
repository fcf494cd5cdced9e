//! A peer's POST, and what it asks of the service elements here (`docs/wire-notes.md`, "SSP").

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tracing::{Instrument, debug, info, info_span, warn};

use super::Sap;
use super::carry::Acknowledgement;
use super::send::failure::{Failure, summary};
use crate::address::{Address, Domain};
use crate::ident;
use crate::messaging::{Message as Kept, Report};
use crate::relay::{Job, Turn};
use crate::sap::delivery::targets::Targets;
use crate::syntax::{Said, ssp};
use crate::time::Timestamp;
use crate::vocabulary::message::{DeliveryReportRequest, SendMessageRequest, SendMessageResponse};
use crate::vocabulary::provider::GetSpInfoResponse;
use crate::vocabulary::status::{Code, Outcome, Status};
use crate::vocabulary::{DecodeError, Primitive};

/// A peer's clock is believed within this span of ours; else the time of receipt counts.
const CLOCK_TRUST: Duration = Duration::from_secs(86_400);

impl Sap {
    /// Takes a POST of an authenticated peer. The caller sends the status, then calls
    /// [`Acknowledgement::sent`]: only then do posts of our own go out.
    pub async fn ssp(self: &Arc<Self>, from: &Domain, body: Bytes) -> Acknowledgement {
        let (sap, from) = (Arc::clone(self), from.clone());
        let task = async move { sap.take_post(&from, &body).await }.in_current_span();
        match tokio::spawn(task).await {
            Ok(acknowledgement) => acknowledgement,
            Err(_) => Acknowledgement::new(self, 500, Vec::new()),
        }
    }

    async fn take_post(self: &Arc<Self>, from: &Domain, body: &Bytes) -> Acknowledgement {
        let now = Timestamp::now();
        let envelope = match ssp::scan(body, &self.settings.limits) {
            Ok(envelope) => envelope,
            Err(error) => {
                warn!(peer = %from, %error, "unreadable SSP message");
                return Acknowledgement::new(self, 400, Vec::new());
            }
        };
        let turn = self.relay.receive(now, from, &envelope);
        drop(envelope);
        match self.conclude(now, turn).await {
            Ok((status, posts)) => Acknowledgement::new(self, status.unwrap_or(200), posts),
            Err(error) => {
                tracing::error!(%error, peer = %from, "a peer's request could not be stored");
                Acknowledgement::new(self, 503, Vec::new())
            }
        }
    }

    /// Does what a peer asks; the answer goes back as a transaction of our own.
    pub(super) async fn execute(&self, now: Timestamp, job: &Job, turn: &mut Turn) -> Bytes {
        let span = info_span!("transaction", peer = %job.peer, primitive = %job.name, id = %job.transaction);
        let answer = self.do_job(now, job, turn).instrument(span).await;
        self.fragment_for(&job.peer, None, &answer, job.version)
    }

    async fn do_job(&self, now: Timestamp, job: &Job, turn: &mut Turn) -> Primitive {
        let said = match ssp::read_fragment(&job.fragment, job.version, &self.settings.limits) {
            Ok((_, said)) => said,
            Err(error) => {
                debug!(%error, "unreadable primitive");
                let code = match error.fault {
                    DecodeError::Value(_) => Code::BAD_PARAMETER,
                    _ => Code::BAD_REQUEST,
                };
                return Status { outcome: Outcome::new(code, error.to_string()), client: None }.into();
            }
        };
        match said {
            Said::Known(Primitive::SendMessageRequest(request)) => self.take_message(now, job, &request, turn).await,
            Said::Known(Primitive::DeliveryReportRequest(report)) => self.take_report(now, job, &report, turn).await,
            Said::Known(Primitive::GetUserProfileRequest(request)) => {
                self.tell_profiles(&asker(job), &request).await.into()
            }
            Said::Known(Primitive::UpdateUserProfileRequest(request)) => {
                self.take_profiles(&asker(job), &request).await.into()
            }
            Said::Known(Primitive::GetSpInfoRequest(request)) => {
                let outcome = Some(Code::SUCCESS.into());
                GetSpInfoResponse { outcome, ..self.settings.provider.answer(&request, None) }.into()
            }
            Said::Known(Primitive::Status(_) | Primitive::SendMessageResponse(_)) => Status::from(Code::SUCCESS).into(),
            Said::Known(_) | Said::Unknown(_) => Status::from(Code::NOT_SUPPORTED).into(),
        }
    }

    async fn take_message(
        &self,
        now: Timestamp,
        job: &Job,
        request: &SendMessageRequest,
        turn: &mut Turn,
    ) -> Primitive {
        let echo = request.info.id.clone();
        let message = match self.message_from(now, job, request) {
            Ok(message) => message,
            Err(outcome) => return SendMessageResponse { outcome, message: echo }.into(),
        };
        let recipients = request.info.recipient.clone().unwrap_or_default();
        let (mut total, mut failures, mut here, mut targets) = (0, Vec::new(), Vec::new(), Targets::default());
        for user in &recipients.users {
            total += 1;
            match Address::parse(&user.id, &self.settings.domain) {
                Ok(address) if !self.is_local(address.domain()) => {
                    failures.push(Failure::of(&address, Code::DOMAIN_NOT_SUPPORTED));
                }
                Ok(address) => match self.local_user(&address).await {
                    Ok(Some(local)) => {
                        targets.name(&local, user);
                        if here.contains(&local) {
                            total -= 1;
                        } else {
                            here.push(local);
                        }
                    }
                    Ok(None) => failures.push(Failure::of(&address, Code::UNKNOWN_USER)),
                    Err(_) => failures.push(Failure::of(&address, Code::UNAVAILABLE)),
                },
                Err(_) => failures.push(Failure::user(&user.id, Code::UNKNOWN_USER)),
            }
        }
        for group in &recipients.groups {
            total += 1;
            failures.push(Failure::group(group.id.as_deref().unwrap_or_default(), Code::NO_GROUP));
        }
        if total == 0 {
            let outcome = Outcome::new(Code::BAD_PARAMETER, "the message names no recipient");
            return SendMessageResponse { outcome, message: echo }.into();
        }
        let mut message = Kept { recipients: here.clone(), ..message };
        for recipient in here {
            message.targets = targets.of(&recipient);
            if let Err(code) = self.accept(now, &message, &recipient, &mut turn.changes).await {
                failures.push(Failure::of(&recipient, code));
            }
        }
        if failures.len() < total {
            metrics::counter!("postern_messages_taken_total", "from" => "peer").increment(1);
        }
        info!(message = %message.id, sender = %message.sender, failed = failures.len(), total, "message from a peer");
        SendMessageResponse { outcome: summary(total, &failures), message: Some(message.id) }.into()
    }

    /// The message as kept. Its sender must live in the domain that asks: the requestor's, of which the relay has
    /// made sure that the peer speaks for it.
    fn message_from(&self, now: Timestamp, job: &Job, request: &SendMessageRequest) -> Result<Kept, Outcome> {
        let info = &request.info;
        let requestor = job.meta.as_ref().and_then(|meta| meta.requestor.as_ref());
        let sender = info.sender.as_ref().and_then(|sender| sender.user.as_ref());
        let named = sender.or_else(|| requestor.and_then(|requestor| requestor.user.as_ref()));
        let service = requestor.and_then(|r| r.service.as_deref()).and_then(Domain::of_service_id);
        let service = service.unwrap_or_else(|| job.peer.clone());
        let user = requestor.and_then(|r| r.user.as_ref()).and_then(|user| Address::parse(&user.id, &service).ok());
        let home = user.map_or(service, |user| user.domain().clone());
        let sender = named.and_then(|user| Some((user, Address::parse(&user.id, &home).ok()?)));
        let Some((user, sender)) = sender.filter(|(_, address)| address.is_user()) else {
            return Err(Outcome::new(Code::BAD_PARAMETER, "the message names no sender"));
        };
        if *sender.domain() != home {
            return Err(Outcome::new(Code::ADDRESS_ERROR, "the sender lives in another domain than the requestor"));
        }
        let content =
            request.body().map_err(|_| Outcome::new(Code::BAD_PARAMETER, "ContentData does not match its encoding"))?;
        let most = self.settings.messages.max_size;
        if content.len() > most {
            let why = format!("the content has {} bytes, {most} are allowed", content.len());
            return Err(Outcome::new(Code::BAD_PARAMETER, why));
        }
        Ok(Kept {
            id: info.id.clone().unwrap_or_else(|| format!("{}@{}", ident::fresh(), self.settings.domain).into()),
            sender_name: user.friendly_name.clone(),
            sender_client: user.client.clone(),
            sender,
            recipients: Vec::new(),
            targets: Vec::new(),
            report: request.report.unwrap_or(false),
            content_type: info.content_type.clone().unwrap_or_else(|| "text/plain".into()),
            content_name: info.name.clone(),
            content,
            font: info.font.clone().map(Into::into),
            uri: info.uri.clone(),
            sent: info.date.as_deref().and_then(|date| believable(now, date)).unwrap_or(now),
            expires: self.messaging.validity(now, info.validity),
        })
    }

    /// A peer tells what became of a message of ours. Notices are never answered with an error.
    async fn take_report(
        &self,
        now: Timestamp,
        job: &Job,
        report: &DeliveryReportRequest,
        turn: &mut Turn,
    ) -> Primitive {
        let info = &report.info;
        let address = |user: Option<&crate::vocabulary::party::User>, home: &Domain| {
            user.and_then(|user| Address::parse(&user.id, home).ok()).filter(Address::is_user)
        };
        let told = info.recipient.as_ref().and_then(|r| r.users.first());
        let to = match address(told, &self.settings.domain) {
            Some(to) => self.local_user(&to).await.ok().flatten(),
            None => None,
        };
        let recipient = address(info.sender.as_ref().and_then(|s| s.user.as_ref()), &job.peer);
        match (to, recipient, &info.id) {
            (_, Some(recipient), _) if !self.relay.may_speak_for(&job.peer, recipient.domain()) => {
                debug!(%recipient, "a report on a recipient the peer does not speak for was dropped");
            }
            (Some(to), Some(recipient), Some(message)) => {
                let report = Report {
                    message: message.clone(),
                    to,
                    to_client: told.and_then(|user| user.client.clone()),
                    recipient,
                    code: report.outcome.code,
                    description: report.outcome.description.clone(),
                    at: report.time.as_deref().and_then(|time| believable(now, time)).unwrap_or(now),
                    content_type: info.content_type.clone().unwrap_or_default(),
                    content_name: info.name.clone(),
                    size: info.size.unwrap_or_default().into(),
                    sent: info.date.as_deref().and_then(|date| believable(now, date)).unwrap_or(now),
                };
                if !self.messaging.report_of_peer(now, &report, &mut turn.changes).await {
                    warn!(to = %report.to, "a report was dropped: the mailbox is full");
                }
            }
            _ => debug!("a report for nobody here"),
        }
        Status::from(Code::SUCCESS).into()
    }
}

/// The domain that asks: the requestor's, of which the relay has made sure that the peer speaks for it.
fn asker(job: &Job) -> Domain {
    let requestor = job.meta.as_ref().and_then(|meta| meta.requestor.as_ref());
    let service = requestor.and_then(|requestor| requestor.service.as_deref()).and_then(Domain::of_service_id);
    let service = service.unwrap_or_else(|| job.peer.clone());
    let user = requestor.and_then(|requestor| requestor.user.as_ref());
    let home = user.and_then(|user| Address::parse(&user.id, &service).ok()).map(|user| user.domain().clone());
    home.unwrap_or(service)
}

fn believable(now: Timestamp, text: &str) -> Option<Timestamp> {
    let told = Timestamp::parse_iso(text)?;
    (told.since(now) <= CLOCK_TRUST && now.since(told) <= CLOCK_TRUST).then_some(told)
}
