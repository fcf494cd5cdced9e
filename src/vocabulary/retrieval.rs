//! Instant messaging for a client that fetches: delivery method, lists of what waits, get, reject, forward (IMPS 1.3
//! architecture, C.2; docs/wire-notes.md, "Fetching messages").

use bytes::Bytes;

use super::list::plain_items;
use super::message::{MessageInfo, body};
use super::party::{Recipient, Sender, User};
use super::record::record;
use super::status::Outcome;
use super::{Content, DecodeError, List, Text};

record! {
    /// Chooses how messages reach the session, or those of one group.
    pub struct SetDeliveryMethodRequest {
        /// `P` = pushed as `NewMessage`, `N` = announced by `MessageNotification` and fetched.
        method: Option<Text> = DeliveryMethod,
        /// Bytes of content that may be pushed; what is longer is announced (up to 1.2).
        length: Option<u32> = AcceptedContentLength @ UNTIL_12,
        /// The group meant; absent = all messages.
        group: Option<Text> = GroupId,
        /// Bytes of content that the group may push (1.3).
        group_limit: Option<u32> = GroupContentLimit @ ONLY_13,
    }

    /// Asks what waits, or what was said in a group that keeps a history.
    pub struct GetMessageListRequest {
        /// The group; absent = the user's own messages.
        group: Option<Text> = GroupId,
        /// Most messages to list.
        count: Option<u32> = MessageCount,
    }

    /// What waits.
    pub struct GetMessageListResponse {
        /// The outcome (SSP only; on CSP a failure is a `Status`).
        outcome: Option<Outcome> = Result @ SSP_ONLY,
        /// The messages, without their content.
        messages: List<MessageInfo> = MessageInfo @ UNTIL_12 | MessageInfoList @ ONLY_13,
        /// How many there are, listed or not (1.3).
        total: Option<u32> = MessageTotalCount @ ONLY_13,
    }

    /// Refuses messages that wait, unread.
    pub struct RejectMessageRequest {
        /// Which.
        messages: Vec<Text> = MessageId,
    }

    /// A message waits.
    pub struct MessageNotification {
        /// The user it is for (SSP only: a service element serving another domain's user).
        user: Option<User> = User @ SSP_ONLY,
        /// About the message.
        info: MessageInfo = MessageInfo,
    }

    /// Fetches a message that waits.
    pub struct GetMessageRequest {
        /// Which.
        message: Text = MessageId,
    }

    /// The message fetched.
    pub struct GetMessageResponse {
        /// The outcome (SSP only; on CSP a failure is a `Status`).
        outcome: Option<Outcome> = Result @ SSP_ONLY,
        /// About the message; absent only beside a failure.
        info: Option<MessageInfo> = MessageInfo,
        /// The message itself.
        content: Option<Content> = ContentData,
    }

    /// Sends a message that waits on to others, unread.
    pub struct ForwardMessageRequest {
        /// Which.
        message: Text = MessageId,
        /// Who forwards (1.3).
        sender: Option<Sender> = Sender @ ONLY_13,
        /// Who receives.
        recipient: Option<Recipient> = Recipient,
    }

    /// The message was sent on (1.3; before, a `Status` tells).
    pub struct ForwardMessageResponse {
        /// The outcome (SSP only; on CSP a failure is a `Status`).
        outcome: Option<Outcome> = Result @ SSP_ONLY,
        /// The id of the message as forwarded.
        message: Option<Text> = MessageId,
    }
}

plain_items!(MessageInfo);

// === impl GetMessageResponse ===

impl GetMessageResponse {
    /// The content's bytes, whatever way they came.
    ///
    /// # Errors
    /// [`DecodeError::Value`] if the content is not the base64 its encoding says.
    pub fn body(&self) -> Result<Bytes, DecodeError> {
        body(self.info.as_ref().and_then(|info| info.encoding.as_ref()), self.content.as_ref())
    }
}
