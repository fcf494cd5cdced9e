//! A client sends a message: local recipients get it in their mailboxes, others through the relay, and the
//! client's answer waits for what the other domains say (`docs/wire-notes.md`, "Sending").

mod accept;
pub(super) mod failure;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tracing::{info, warn};

use self::failure::{Failure, failures_of, summary};

use super::csp::fingerprint;
use super::session::SessionRecord;
use super::{RemoteResult, Sap};
use crate::address::{Address, Domain};
use crate::ident::{self, SessionId};
use crate::messaging::{Message as Kept, Report};
use crate::relay::{Request, RowId, Settled, Turn, Upstream};
use crate::sap::delivery::targets::Targets;
use crate::store::{Changes, Key, StoreError};
use crate::syntax::csp::Transaction;
use crate::time::Timestamp;
use crate::vocabulary::interop::{MetaInfo, Requestor};
use crate::vocabulary::message::{self, MessageInfo, SendMessageRequest, SendMessageResponse};
use crate::vocabulary::party::{ClientId, Recipient, Sender, User};
use crate::vocabulary::primitive::Service;
use crate::vocabulary::status::{Code, Outcome};
use crate::vocabulary::{Element, Primitive, Text, Version};

/// What comes back with the result of another domain.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SendContext {
    /// The message's recipients in that domain.
    pub(super) recipients: Vec<Address>,
    /// A report on the message, to be filled in for each of them.
    pub(super) report: Report,
    /// What the request said, for its [`SentRecord`].
    pub(super) said: String,
}

/// What a repetition of a request is answered if the node was restarted meanwhile: record
/// `sent/<session>/<transaction>/<what it said>`.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct SentRecord {
    message: Text,
    total: usize,
    failures: Vec<Failure>,
}

/// Where a message is bound for.
#[derive(Default)]
struct Bound {
    here: Vec<Address>,
    elsewhere: BTreeMap<Domain, Vec<Address>>,
    targets: Targets,
    failures: Vec<Failure>,
    total: usize,
}

/// A client's request on its way out.
#[derive(Clone, Copy)]
struct Sending<'a> {
    session: &'a SessionRecord,
    transaction: &'a Transaction,
    said: &'a str,
    message: &'a Kept,
    targets: &'a Targets,
}

/// A result that is awaited.
struct Awaited {
    row: RowId,
    recipients: Vec<Address>,
    result: oneshot::Receiver<RemoteResult>,
}

impl Sap {
    /// Answers `SendMessage-Request`.
    pub(super) async fn send(
        self: &Arc<Self>,
        now: Timestamp,
        session: &SessionRecord,
        transaction: &Transaction,
        request: &SendMessageRequest,
    ) -> SendMessageResponse {
        match self.try_send(now, session, transaction, request).await {
            Ok(answer) => answer,
            Err(SendError::Refused(outcome)) => SendMessageResponse { outcome, message: None },
            Err(SendError::Store(error)) => {
                tracing::error!(%error, user = %session.user, "a message could not be stored");
                SendMessageResponse { outcome: Code::UNAVAILABLE.into(), message: None }
            }
        }
    }

    async fn try_send(
        self: &Arc<Self>,
        now: Timestamp,
        session: &SessionRecord,
        transaction: &Transaction,
        request: &SendMessageRequest,
    ) -> Result<SendMessageResponse, SendError> {
        // A repetition that outlived a restart of the node.
        let said = format!("{:032x}", fingerprint(session.version, transaction));
        let sent = sent_key(&session.id, transaction.id.as_deref().unwrap_or_default(), &said);
        if let Some(known) = self.sent_before(&sent).await? {
            return Ok(known.answer());
        }
        let mut message = self.message_of(now, session, request)?;
        let mut bound = self.sort_recipients(request).await?;
        message.recipients = bound.here.clone();
        let mut turn = Turn::default();
        for recipient in std::mem::take(&mut bound.here) {
            message.targets = bound.targets.of(&recipient);
            if let Err(code) = self.accept(now, &message, &recipient, &mut turn.changes).await {
                bound.failures.push(Failure::of(&recipient, code));
            }
        }
        let targets = std::mem::take(&mut bound.targets);
        let sending = Sending { session, transaction, said: &said, message: &message, targets: &targets };
        let awaited = self.submit_elsewhere(now, sending, &mut bound, &mut turn);
        if bound.failures.len() < bound.total {
            let record =
                SentRecord { message: message.id.clone(), total: bound.total, failures: bound.failures.clone() };
            record.save(sent, now + self.settings.timers.client_repeat, &mut turn.changes);
            if let Err(error) = self.carry(now, turn).await {
                awaited.iter().for_each(|one| drop(self.waiting.remove(&one.row)));
                return Err(error.into());
            }
            metrics::counter!("postern_messages_taken_total", "from" => "client").increment(1);
            info!(message = %message.id, sender = %message.sender, recipients = bound.total, "message taken");
        } else {
            self.relay.abandon(turn.steps);
        }
        self.await_results(awaited, &mut bound.failures).await;
        Ok(SentRecord { message: message.id, total: bound.total, failures: bound.failures }.answer())
    }

    async fn sent_before(&self, key: &Key) -> Result<Option<SentRecord>, StoreError> {
        let known = self.store.get(key).await?;
        Ok(known.and_then(|known| serde_json::from_slice(&known.value).ok()))
    }

    /// Another domain's refusal, noted in the commit that settles it: whoever repeats the request hears of it too.
    pub(super) async fn note_failures(&self, now: Timestamp, settled: &Settled, changes: &mut Changes) {
        let Upstream::Client { session, transaction, context, .. } = &settled.upstream else { return };
        let Ok(context) = serde_json::from_str::<SendContext>(context) else { return };
        let failures = failures_of(&settled.outcome, &context.recipients);
        let key = sent_key(session, transaction, &context.said);
        if !failures.is_empty()
            && let Ok(Some(mut record)) = self.sent_before(&key).await
        {
            record.failures.extend(failures);
            record.save(key, now + self.settings.timers.client_repeat, changes);
        }
    }

    /// The message as kept; its sender is who logged in, whatever the client claims.
    fn message_of(
        &self,
        now: Timestamp,
        session: &SessionRecord,
        request: &SendMessageRequest,
    ) -> Result<Kept, SendError> {
        let content = request
            .body()
            .map_err(|_| SendError::refused(Code::BAD_PARAMETER, "ContentData does not match its ContentEncoding"))?;
        let most = self.settings.messages.max_size;
        if content.len() > most {
            let why = format!("the content has {} bytes, {most} are allowed", content.len());
            return Err(SendError::refused(Code::BAD_PARAMETER, &why));
        }
        let info = &request.info;
        Ok(Kept {
            id: format!("{}@{}", ident::fresh(), self.settings.domain).into(),
            sender: session.user.clone(),
            sender_name: None,
            sender_client: Some(session.client.clone()).filter(|client| *client != ClientId::default()),
            recipients: Vec::new(),
            targets: Vec::new(),
            // Who did not agree to be told reports is told none.
            report: request.report.unwrap_or(false) && session.agreed.reports(&self.offered),
            content_type: info.content_type.clone().unwrap_or_else(|| "text/plain".into()),
            content_name: info.name.clone(),
            content,
            font: info.font.clone().map(Into::into),
            uri: info.uri.clone(),
            sent: now,
            expires: self.messaging.validity(now, info.validity),
        })
    }

    async fn sort_recipients(&self, request: &SendMessageRequest) -> Result<Bound, SendError> {
        let recipient = request.info.recipient.clone().unwrap_or_default();
        let mut bound = Bound::default();
        for user in &recipient.users {
            match Address::parse(&user.id, &self.settings.domain) {
                Ok(address) if address.is_user() => self.sort_user(address, user, &mut bound).await?,
                Ok(_) | Err(_) => bound.fail(Failure::user(&user.id, Code::UNKNOWN_USER)),
            }
        }
        for list in &recipient.contact_lists {
            bound.fail(Failure::contact_list(list, Code::NO_CONTACT_LIST));
        }
        for group in &recipient.groups {
            let id = group.id.as_ref().or_else(|| group.screen_name.as_ref().map(|name| &name.group));
            bound.fail(Failure::group(id.map_or("", |id| id.as_str()), Code::NO_GROUP));
        }
        if bound.total == 0 {
            return Err(SendError::refused(Code::BAD_PARAMETER, "the message names no recipient"));
        }
        Ok(bound)
    }

    async fn sort_user(&self, address: Address, named: &User, bound: &mut Bound) -> Result<(), StoreError> {
        if !self.is_local(address.domain()) {
            bound.targets.name(&address, named);
            let there = bound.elsewhere.entry(address.domain().clone()).or_default();
            if !there.contains(&address) {
                there.push(address);
                bound.total += 1;
            }
            return Ok(());
        }
        match self.local_user(&address).await? {
            Some(user) => {
                bound.targets.name(&user, named);
                if !bound.here.contains(&user) {
                    bound.here.push(user);
                    bound.total += 1;
                }
            }
            None => bound.fail(Failure::of(&address, Code::UNKNOWN_USER)),
        }
        Ok(())
    }

    /// One request per domain; the client's answer will wait for each.
    fn submit_elsewhere(
        &self,
        now: Timestamp,
        sending: Sending<'_>,
        bound: &mut Bound,
        turn: &mut Turn,
    ) -> Vec<Awaited> {
        let mut awaited = Vec::new();
        for (domain, recipients) in std::mem::take(&mut bound.elsewhere) {
            let request = self.request_to(domain, sending, &recipients);
            match self.relay.submit(now, request, turn) {
                Ok(row) => {
                    let (tell, result) = oneshot::channel();
                    self.waiting.insert(row, tell);
                    awaited.push(Awaited { row, recipients, result });
                }
                Err(refusal) => {
                    warn!(message = %sending.message.id, reason = %refusal.reason, "not sent to another domain");
                    bound.failures.extend(recipients.iter().map(|r| Failure::of(r, refusal.code)));
                }
            }
        }
        awaited
    }

    fn request_to(
        &self,
        target: Domain,
        Sending { session, transaction, said, message, targets }: Sending<'_>,
        recipients: &[Address],
    ) -> Request {
        let report = message.report_on(&message.sender, Code::SUCCESS, message.sent);
        let context = SendContext { recipients: recipients.to_vec(), report, said: said.to_owned() };
        Request {
            fragment: self.fragment_for(
                &target,
                Some(&meta_of(&message.sender)),
                &ssp_message(message, recipients.iter().flat_map(|user| targets.named(user)).collect()),
                Version::V13,
            ),
            target,
            service: Service::Im,
            element: Element::SendMessageRequest,
            function: None,
            requestor: Some(message.sender.clone()),
            message: Some(message.id.clone()),
            expires: message.expires,
            upstream: Upstream::Client {
                user: session.user.clone(),
                session: session.id.clone(),
                transaction: transaction.id.clone().unwrap_or_default(),
                // Plain data with string keys: serialising cannot fail.
                context: serde_json::to_string(&context).unwrap_or_default(),
            },
        }
    }

    /// Waits for the other domains' results, no longer than `[timers] result_wait` for all of them. A result
    /// that comes later is told by a delivery report.
    async fn await_results(&self, awaited: Vec<Awaited>, failures: &mut Vec<Failure>) {
        let deadline = Instant::now() + self.settings.timers.result_wait;
        for Awaited { row, recipients, mut result } in awaited {
            let known = match timeout_at(deadline, &mut result).await {
                Ok(known) => known.ok(),
                // Whoever removes the entry decides: if it is gone, the result is being told right now.
                Err(_) if self.waiting.remove(&row).is_none() => result.await.ok(),
                Err(_) => None,
            };
            if let Some(result) = known {
                failures.extend(failures_of(&result, &recipients));
            }
        }
    }
}

impl SentRecord {
    fn save(&self, key: Key, until: Timestamp, changes: &mut Changes) {
        // Plain data with string keys: serialising cannot fail.
        changes.put_until(key, serde_json::to_vec(self).unwrap_or_default(), until);
    }

    fn answer(self) -> SendMessageResponse {
        let taken = self.failures.len() < self.total;
        SendMessageResponse { outcome: summary(self.total, &self.failures), message: taken.then_some(self.message) }
    }
}

impl Bound {
    fn fail(&mut self, failure: Failure) {
        self.total += 1;
        self.failures.push(failure);
    }
}

/// Why a message is not taken at all.
#[derive(Debug)]
enum SendError {
    Refused(Outcome),
    Store(StoreError),
}

impl SendError {
    fn refused(code: Code, why: &str) -> Self {
        Self::Refused(Outcome::new(code, why))
    }
}

impl From<StoreError> for SendError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn sent_key(session: &SessionId, transaction: &str, said: &str) -> Key {
    Key::of(&["sent", session.expose(), transaction, said])
}

/// On whose behalf a user's request is made.
pub(super) fn meta_of(user: &Address) -> MetaInfo {
    MetaInfo {
        client_originated: Some(true),
        requestor: Some(Requestor {
            service: Some(user.domain().service_id().into()),
            user: Some(User { id: user.to_string().into(), ..User::default() }),
        }),
    }
}

fn ssp_message(kept: &Kept, users: Vec<User>) -> Primitive {
    let sender = User { id: kept.sender.to_string().into(), client: kept.sender_client.clone(), ..User::default() };
    let (encoding, content) = message::content_of(&kept.content_type, &kept.content);
    let info = MessageInfo {
        id: Some(kept.id.clone()),
        uri: kept.uri.clone(),
        content_type: Some(kept.content_type.clone()),
        encoding,
        size: u32::try_from(kept.content.len()).ok(),
        name: kept.content_name.clone(),
        recipient: Some(Recipient { users, ..Recipient::default() }),
        sender: Some(Sender { user: Some(sender), group: None }),
        date: Some(kept.sent.iso_extended().into()),
        font: kept.font.clone().map(Into::into),
        validity: u32::try_from(kept.expires.since(kept.sent).as_secs()).ok(),
        ..MessageInfo::default()
    };
    let request = SendMessageRequest { report: Some(kept.report), info, content: Some(content) };
    Primitive::SendMessageRequest(request)
}
