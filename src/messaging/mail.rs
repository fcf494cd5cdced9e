//! What lies in a mailbox: messages and reports, and how they are kept (IMPS 1.3 architecture, C.2.1).
//!
//! An entry is a letter (`m` or `r`), the length of the header (4 bytes, big-endian), the header as JSON, and
//! the content's bytes as they are. Fields may be added to the header; old entries then read as without them.

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::store::Seq;
use crate::time::Timestamp;
use crate::vocabulary::party::ClientId;
use crate::vocabulary::status::Code;
use crate::vocabulary::{Text, message};

/// A message as it is kept: the content is bytes; how a syntax writes them is decided at delivery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The MessageID, given by the sender's domain.
    pub id: Text,
    /// Who sent it.
    pub sender: Address,
    /// The sender's name shown to people.
    pub sender_name: Option<Text>,
    /// The client it was sent from, to which reports go.
    pub sender_client: Option<ClientId>,
    /// The recipients in this domain, as the sender addressed them.
    pub recipients: Vec<Address>,
    /// Of the recipient whose mailbox it lies in, the clients it is for; empty = all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
    /// Whether the sender wants a delivery report.
    pub report: bool,
    /// MIME type of the content.
    pub content_type: Text,
    /// File name of the content.
    pub content_name: Option<Text>,
    /// The content.
    #[serde(with = "content", default, skip_serializing_if = "Bytes::is_empty")]
    pub content: Bytes,
    /// Font and colour.
    pub font: Option<Font>,
    /// Where the content lies, if not in the message.
    pub uri: Option<Text>,
    /// When it was sent.
    pub sent: Timestamp,
    /// Until when it is worth delivering.
    pub expires: Timestamp,
}

/// A client or an application of a user, as a sender addresses it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
    /// The application (1.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<Text>,
}

/// Font and colour of a message, as the sender named them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Font {
    /// The size.
    pub size: Option<Text>,
    /// Bold and the like.
    #[serde(default)]
    pub styles: Vec<Text>,
    /// The colour.
    pub color: Option<Text>,
}

/// What became of a message, for its sender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The MessageID.
    pub message: Text,
    /// Who sent the message and receives the report.
    pub to: Address,
    /// The client the message was sent from.
    pub to_client: Option<ClientId>,
    /// The one recipient concerned.
    pub recipient: Address,
    /// 200 delivered, 410 not deliverable, 538 rejected, 541 forwarded, 542 expired.
    pub code: Code,
    /// Free text; clients show it.
    pub description: Option<Text>,
    /// When it happened.
    pub at: Timestamp,
    /// MIME type of the message's content.
    pub content_type: Text,
    /// File name of the message's content.
    pub content_name: Option<Text>,
    /// Bytes of the message's content.
    pub size: u64,
    /// When the message was sent.
    pub sent: Timestamp,
}

/// An entry of a mailbox: a mailbox keeps both kinds in the order they came.
#[derive(Clone, Debug, PartialEq)]
pub enum Mail {
    /// A message for the user.
    Message(Message),
    /// What became of a message of the user.
    Report(Report),
}

/// An entry that waits for the user.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// Its place in the mailbox.
    pub seq: Seq,
    /// The entry.
    pub mail: Mail,
    /// When its validity ends; it may be later than that already.
    pub expires: Timestamp,
}

// === impl Message ===

impl Message {
    /// The report on this message and one of its recipients.
    pub fn report_on(&self, recipient: &Address, code: Code, at: Timestamp) -> Report {
        Report {
            message: self.id.clone(),
            to: self.sender.clone(),
            to_client: self.sender_client.clone(),
            recipient: recipient.clone(),
            code,
            description: (!code.is_success()).then(|| code.meaning().into()),
            at,
            content_type: self.content_type.clone(),
            content_name: self.content_name.clone(),
            size: self.content.len() as u64,
            sent: self.sent,
        }
    }
}

// === impl Target ===

impl Target {
    /// Whether a client with this id and application is meant.
    pub fn means(&self, client: &ClientId, application: Option<&Text>) -> bool {
        self.client.as_ref().is_none_or(|meant| meant == client)
            && self.application.as_ref().is_none_or(|meant| Some(meant) == application)
    }
}

// === impl Mail ===

impl Mail {
    /// As kept in a mailbox.
    pub(super) fn write(&self) -> Bytes {
        match self {
            Self::Message(message) => {
                let header = Message { content: Bytes::new(), ..message.clone() };
                assemble(b'm', &header, &message.content)
            }
            Self::Report(report) => assemble(b'r', report, &[]),
        }
    }

    /// Reads what [`Mail::write`] wrote; `None` if it is damaged or of a later version.
    pub(super) fn read(body: &Bytes) -> Option<Self> {
        let (kind, rest) = body.split_first()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (header, content) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        match kind {
            b'm' => {
                let message: Message = serde_json::from_slice(header).ok()?;
                Some(Self::Message(Message { content: body.slice_ref(content), ..message }))
            }
            b'r' => serde_json::from_slice(header).ok().map(Self::Report),
            _ => None,
        }
    }
}

// === impl Font ===

impl From<message::Font> for Font {
    fn from(font: message::Font) -> Self {
        Self { size: font.size, styles: font.styles, color: font.color }
    }
}

impl From<Font> for message::Font {
    fn from(font: Font) -> Self {
        Self { size: font.size, styles: font.styles, color: font.color }
    }
}

fn assemble(kind: u8, header: &impl Serialize, content: &[u8]) -> Bytes {
    // Structs of texts and numbers: there is nothing JSON could not write.
    let header = serde_json::to_vec(header).unwrap_or_default();
    let mut body = BytesMut::with_capacity(5 + header.len() + content.len());
    body.put_u8(kind);
    body.put_u32(u32::try_from(header.len()).unwrap_or(u32::MAX));
    body.put_slice(&header);
    body.put_slice(content);
    body.freeze()
}

/// The content in JSON: base64. In a mailbox it stands behind the header instead.
mod content {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use bytes::Bytes;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(content: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&BASE64_STANDARD.encode(content))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(from)?;
        BASE64_STANDARD.decode(text).map(Bytes::from).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Message {
        Message {
            id: "1@north.example".into(),
            sender: "wv:alice@north.example".to_owned().try_into().unwrap(),
            sender_name: Some("Alice".into()),
            sender_client: Some(ClientId { url: Some("phone".into()), msisdn: None }),
            recipients: vec!["wv:bob@south.example".to_owned().try_into().unwrap()],
            targets: vec![Target { client: None, application: Some("chess".into()) }],
            report: true,
            content_type: "image/png".into(),
            content_name: Some("cat.png".into()),
            content: Bytes::from_static(b"\0\xff\x89PNG \"{"),
            font: Some(Font { size: Some("Big".into()), styles: vec!["Bold".into()], color: None }),
            uri: None,
            sent: Timestamp(1),
            expires: Timestamp::NEVER,
        }
    }

    #[test]
    fn a_message_is_kept_with_every_byte() {
        let mail = Mail::Message(message());
        let body = mail.write();
        assert_eq!(Mail::read(&body), Some(mail));
        assert!(body.ends_with(b"\0\xff\x89PNG \"{"));
    }

    #[test]
    fn a_report_is_kept() {
        let recipient = "wv:bob@south.example".to_owned().try_into().unwrap();
        let report = message().report_on(&recipient, Code::EXPIRED, Timestamp(5));
        assert_eq!((report.size, report.at, &report.to), (9, Timestamp(5), &message().sender));
        assert_eq!(report.description.as_deref(), Some(Code::EXPIRED.meaning()));
        let mail = Mail::Report(report);
        assert_eq!(Mail::read(&mail.write()), Some(mail));
    }

    #[test]
    fn damaged_entries_are_told_apart() {
        let body = Mail::Message(message()).write();
        for (what, bytes) in [
            ("nothing", Bytes::new()),
            ("only a letter", body.slice(..1)),
            ("half a header", body.slice(..40)),
            ("another letter", [b"z", &body[1..]].concat().into()),
            ("no header", Bytes::from_static(b"m\0\0\0\0")),
        ] {
            assert_eq!(Mail::read(&bytes), None, "{what}");
        }
    }

    #[test]
    fn in_json_a_message_carries_its_content() {
        let text = serde_json::to_string(&message()).unwrap();
        assert_eq!(serde_json::from_str::<Message>(&text).unwrap(), message());
    }
}
