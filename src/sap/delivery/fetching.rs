//! Clients that fetch: how messages reach a session, what waits, fetching and refusing it (`docs/wire-notes.md`,
//! "Fetching messages").

use std::sync::Arc;

use tracing::error;

use super::fit::Space;
use super::handed;
use crate::messaging::Mail;
use crate::sap::Sap;
use crate::sap::call::{Call, response};
use crate::sap::capability::Delivery;
use crate::sap::send::failure::{Failure, summary};
use crate::sap::session::SessionRecord;
use crate::store::StoreError;
use crate::syntax::Encoding;
use crate::syntax::csp::Transaction;
use crate::time::Timestamp;
use crate::vocabulary::message::{MessageDelivered, MessageInfo, is_text};
use crate::vocabulary::retrieval::{
    GetMessageListRequest, GetMessageListResponse, GetMessageRequest, RejectMessageRequest, SetDeliveryMethodRequest,
};
use crate::vocabulary::status::{Code, Status};
use crate::vocabulary::{Element, List, Primitive, Text, Version};

/// Messages listed for a client that does not say how many it wants.
const LISTED: usize = 100;
/// Entries of a mailbox read together: each may hold a whole content.
const PAGE: usize = 8;

impl Sap {
    /// Answers `SetDeliveryMethod-Request`.
    pub(in crate::sap) async fn set_delivery_method(
        &self,
        session: &SessionRecord,
        request: &SetDeliveryMethodRequest,
    ) -> Status {
        if request.group.is_some() {
            return Code::NO_GROUP.into();
        }
        let (delivery, is_agreed) = match request.method.as_deref().map(str::trim) {
            Some("P" | "p") => (Delivery::Push, session.agreed.pushes(&self.offered)),
            Some("N" | "n") => (Delivery::Notify, session.agreed.notifies(&self.offered)),
            Some(_) => return Code::BAD_PARAMETER.into(),
            None => return Code::BAD_REQUEST.into(),
        };
        if !is_agreed {
            return Code::NOT_AGREED.into();
        }
        let length = request.length.map(|length| length.min(self.offer.max_size));
        self.change_session(&session.id, |record| {
            record.capabilities.delivery = delivery;
            record.capabilities.method_length = length;
        })
        .await;
        self.claims.look_again(&session.user);
        Code::SUCCESS.into()
    }

    /// Answers `GetMessageList-Request`: the oldest first, and no more than the client's parser holds.
    pub(in crate::sap) async fn list_messages(
        &self,
        now: Timestamp,
        session: &SessionRecord,
        request: &GetMessageListRequest,
        transaction: &Transaction,
        (version, call): (Version, &Call),
    ) -> Primitive {
        if request.group.is_some() {
            return Status::from(Code::NO_GROUP).into();
        }
        let most = request.count.map_or(LISTED, |count| count as usize);
        let (mut listed, total) = match self.messages_for(now, session, most, version >= Version::V13).await {
            Ok(found) => found,
            Err(error) => return unavailable(session, &error).into(),
        };
        let answer = |listed: &[MessageInfo]| {
            let total = u32::try_from(total).ok().filter(|_| version >= Version::V13);
            GetMessageListResponse { outcome: None, messages: List(listed.to_vec()), total }
        };
        let space = Space::empty(session, version, call.encoding);
        let fits =
            |listed: &[MessageInfo]| space.holds(space.size_of(&response(transaction.id.clone(), answer(listed))));
        let in_segments = version >= Version::V13 && session.agreed.has(Element::Sgmnt, &self.offered);
        if !in_segments && !fits(&listed) {
            let (mut good, mut bad) = (0, listed.len());
            while good + 1 < bad {
                let middle = usize::midpoint(good, bad);
                if fits(&listed[..middle]) { good = middle } else { bad = middle }
            }
            listed.truncate(good);
        }
        answer(&listed).into()
    }

    /// The messages that wait for a session, at most so many, and how many there are if that is asked.
    async fn messages_for(
        &self,
        now: Timestamp,
        session: &SessionRecord,
        most: usize,
        count: bool,
    ) -> Result<(Vec<MessageInfo>, usize), StoreError> {
        let audience = self.audience(&session.user);
        let (mut listed, mut total, mut after) = (Vec::new(), 0, 0);
        loop {
            let page = self.messaging.waiting(&session.user, after, PAGE).await?;
            for waiting in page.iter().filter(|waiting| self.is_open_among(now, session, &audience, waiting)) {
                if let Mail::Message(message) = &waiting.mail {
                    total += 1;
                    if listed.len() < most {
                        listed.push(handed::info(message));
                    }
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE && (count || listed.len() < most) => after = last.seq,
                _ => return Ok((listed, total)),
            }
        }
    }

    /// Answers `GetMessage-Request`. The message waits on until the client says that it has it.
    pub(in crate::sap) async fn give_message(
        &self,
        now: Timestamp,
        session: &SessionRecord,
        request: &GetMessageRequest,
        encoding: Encoding,
    ) -> Primitive {
        let found = match self.find_for(now, session, &request.message).await {
            Ok(found) => found,
            Err(error) => return unavailable(session, &error).into(),
        };
        let Some(Mail::Message(message)) = found.map(|waiting| waiting.mail) else {
            return Status::from(Code::INVALID_MESSAGE).into();
        };
        let client = &session.capabilities;
        let limit = client.pull_limit(Some(&message.content_type));
        if limit.is_some_and(|most| message.content.len() > most as usize) {
            return Status::from(Code::RESPONSE_TOO_LARGE).into();
        }
        let bare = encoding == Encoding::Wbxml || client.base64;
        if !bare && !is_text(&message.content_type, &message.content) {
            return Status::from(Code::UNSUPPORTED_MEDIA).into();
        }
        handed::fetched(client, &message).into()
    }

    /// Answers `RejectMessage-Request`.
    pub(in crate::sap) async fn reject_messages(
        self: &Arc<Self>,
        now: Timestamp,
        session: &SessionRecord,
        request: &RejectMessageRequest,
    ) -> Status {
        let mut ids: Vec<&Text> = Vec::new();
        for id in &request.messages {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        if ids.is_empty() {
            return Code::BAD_REQUEST.into();
        }
        let mut failures = Vec::new();
        for id in &ids {
            let rejected = match self.find_for(now, session, id).await {
                Ok(Some(waiting)) => self.reject(now, session, waiting.seq).await.map(|()| true),
                Ok(None) => Ok(false),
                Err(error) => Err(error),
            };
            match rejected {
                Ok(true) => {}
                Ok(false) => failures.push(Failure::message(id, Code::INVALID_MESSAGE)),
                Err(error) => return unavailable(session, &error),
            }
        }
        Status { outcome: summary(ids.len(), &failures), client: None }
    }

    /// Answers `MessageDelivered` as a request of its own.
    pub(in crate::sap) async fn delivered_later(
        self: &Arc<Self>,
        now: Timestamp,
        session: &SessionRecord,
        delivered: &MessageDelivered,
    ) -> Status {
        match self.delivered(now, session, delivered).await {
            Ok(code) => code.into(),
            Err(error) => unavailable(session, &error),
        }
    }
}

fn unavailable(session: &SessionRecord, error: &StoreError) -> Status {
    error!(%error, user = %session.user, "the mailbox could not be used");
    Code::UNAVAILABLE.into()
}
