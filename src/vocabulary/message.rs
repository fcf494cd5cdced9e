//! Instant messaging: send, deliver, report.

use bytes::Bytes;

use super::base64;
use super::party::{Recipient, Sender, User};
use super::record::record;
use super::status::Outcome;
use super::{Content, DecodeError, Element, Text};

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
        user: Option<User> = User @ SSP_ONLY,
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
        name: Option<Text> = ContentName @ ONLY_13,
        /// Who receives.
        recipient: Option<Recipient> = Recipient,
        /// Who sends.
        sender: Option<Sender> = Sender,
        /// When it was sent, ISO 8601.
        date: Option<Text> = DateTime,
        /// Font and colour (1.3).
        font: Option<Font> = Font @ ONLY_13,
        /// Seconds it is worth keeping.
        validity: Option<u32> = Validity,
        /// Of extension blocks (1.3), the characters: what they hold no source tells.
        extensions: Vec<Text> = ExtBlockEtem @ ONLY_13,
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

impl SendMessageRequest {
    /// The content's bytes, whatever way they came.
    ///
    /// # Errors
    /// [`DecodeError::Value`] if the content is not the base64 its encoding says.
    pub fn body(&self) -> Result<Bytes, DecodeError> {
        body(self.info.encoding.as_ref(), self.content.as_ref())
    }
}

impl NewMessage {
    /// The content's bytes, whatever way they came.
    ///
    /// # Errors
    /// [`DecodeError::Value`] if the content is not the base64 its encoding says.
    pub fn body(&self) -> Result<Bytes, DecodeError> {
        body(self.info.encoding.as_ref(), self.content.as_ref())
    }
}

/// The bytes of content beside which `ContentEncoding` stands, whatever way they came.
pub(super) fn body(encoding: Option<&Text>, content: Option<&Content>) -> Result<Bytes, DecodeError> {
    let is_base64 = encoding.is_some_and(|encoding| encoding.trim().eq_ignore_ascii_case("base64"));
    match content {
        None => Ok(Bytes::new()),
        Some(Content::Binary(bytes)) => Ok(bytes.clone()),
        Some(Content::Text(text)) if is_base64 => {
            base64::decode(text).map(Bytes::from).ok_or(DecodeError::Value(Element::ContentData))
        }
        Some(Content::Text(text)) => Ok(Bytes::copy_from_slice(text.as_bytes())),
    }
}

/// How bytes of a MIME type go into a message: text as it is, everything else as binary marked `BASE64`. Returns
/// the `ContentEncoding` and the content.
pub fn content_of(mime: &str, bytes: &Bytes) -> (Option<Text>, Content) {
    match text_of(mime, bytes) {
        Some(text) => (None, Content::Text(text.to_owned())),
        None => (Some("BASE64".into()), Content::Binary(bytes.clone())),
    }
}

/// Whether bytes of a MIME type go into a message as text.
pub fn is_text(mime: &str, bytes: &Bytes) -> bool {
    text_of(mime, bytes).is_some()
}

fn text_of<'a>(mime: &str, bytes: &'a Bytes) -> Option<&'a str> {
    let legal = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..) && c != '\u{7F}';
    mime.get(..5).filter(|start| start.eq_ignore_ascii_case("text/"))?;
    std::str::from_utf8(bytes).ok().filter(|text| text.chars().all(legal))
}
