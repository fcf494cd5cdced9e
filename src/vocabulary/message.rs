//! Instant messaging: send, deliver, report.

use super::Version::V13;
use super::party::{Recipient, Sender, User};
use super::record::record;
use super::status::Outcome;
use super::{Content, Text};

record! {
    /// Hands a message to the IM service element.
    pub struct SendMessageRequest {
        /// Whether the sender wants delivery reports.
        report: Option<bool> = DeliveryReport,
        /// About the message.
        info: MessageInfo = MessageInfo,
        /// The message itself.
        content: Option<Content> = ContentData,
    }

    /// Whether the message was taken, and its id.
    pub struct SendMessageResponse {
        /// The outcome.
        outcome: Outcome = Result,
        /// The id given to the message.
        message: Option<Text> = MessageId,
    }

    /// A message for a client.
    pub struct NewMessage {
        /// The user it is for (SSP only: a service element serving another domain's user).
        user: Option<User> = User,
        /// About the message.
        info: MessageInfo = MessageInfo,
        /// The message itself.
        content: Option<Content> = ContentData,
    }

    /// The client has the message.
    pub struct MessageDelivered {
        /// Which.
        message: Text = MessageId,
    }

    /// What became of a message.
    pub struct DeliveryReportRequest {
        /// 200 delivered, 538 rejected, 541 forwarded, 542 expired, ….
        outcome: Outcome = Result,
        /// When, ISO 8601.
        time: Option<Text> = DeliveryTime,
        /// About the message reported on.
        info: MessageInfo = MessageInfo,
    }

    /// About a message.
    pub struct MessageInfo {
        /// The id, given by the sender's domain.
        id: Option<Text> = MessageId,
        /// Where the content lies, if not in the message.
        uri: Option<Text> = MessageUri,
        /// MIME type of the content; `text/plain` if absent.
        content_type: Option<Text> = ContentType,
        /// `BASE64` or `None`; absent = None.
        encoding: Option<Text> = ContentEncoding,
        /// Size of the content as sent, bytes; never trusted.
        size: Option<u32> = ContentSize,
        /// File name of the content (1.3).
        name: Option<Text> = ContentName @ V13..=V13,
        /// Who receives.
        recipient: Option<Recipient> = Recipient,
        /// Who sends.
        sender: Option<Sender> = Sender,
        /// When it was sent, ISO 8601.
        date: Option<Text> = DateTime,
        /// Font and colour (1.3).
        font: Option<Font> = Font @ V13..=V13,
        /// Seconds it is worth keeping.
        validity: Option<u32> = Validity,
    }

    /// Font and colour of an announcement (1.3).
    pub struct Font {
        /// `Tiny`, `Small`, `Medium`, `Big`, `Huge`.
        size: Option<Text> = Size,
        /// `Bold`, `Italic`, `Underline`.
        styles: Vec<Text> = Style,
        /// One of the 16 HTML colour names.
        color: Option<Text> = Color,
    }
}
