//! What a client is handed: mail as primitives, and what is told of it (`docs/wire-notes.md`, "Delivery", "Content").

use std::borrow::Cow;

use super::claims::Kind;
use crate::address::Address;
use crate::messaging::{Mail, Message as Kept, Report, Waiting};
use crate::sap::capability::{Capabilities, is_plain_text};
use crate::store::Seq;
use crate::syntax::csp::Transaction;
use crate::syntax::{Said, without_foreign};
use crate::vocabulary::message::{DeliveryReportRequest, MessageInfo, NewMessage, content_of};
use crate::vocabulary::party::{Recipient, Sender, User};
use crate::vocabulary::retrieval::{GetMessageResponse, MessageNotification};
use crate::vocabulary::status::Outcome;
use crate::vocabulary::{Content, Mode, Primitive, Text};

/// A mailbox entry as a request to a client. Its transaction id is the same whenever it is handed out again, and
/// another one for the notification than for the message.
pub(in crate::sap) fn request(client: &Capabilities, entry: &Waiting, kind: Kind) -> Transaction {
    let said: Primitive = match (&entry.mail, kind) {
        (Mail::Message(message), Kind::Whole) => {
            let (info, content) = whole(client, message);
            NewMessage { user: None, info, content: Some(content) }.into()
        }
        (Mail::Message(message), Kind::Notice) => MessageNotification { user: None, info: info(message) }.into(),
        (Mail::Report(report), _) => delivery_report(report).into(),
    };
    let id = Place { seq: entry.seq, kind }.id();
    Transaction { mode: Mode::Request, id: Some(id), said: Said::Known(said), segment: None }
}

/// The message that a client fetches.
pub(in crate::sap) fn fetched(client: &Capabilities, message: &Kept) -> GetMessageResponse {
    let (info, content) = whole(client, message);
    GetMessageResponse { outcome: None, info: Some(info), content: Some(content) }
}

/// About a message that waits.
pub(in crate::sap) fn info(message: &Kept) -> MessageInfo {
    // The sender's client is for reports: who answers a message writes to the user.
    let sender =
        User { id: message.sender.to_string().into(), friendly_name: message.sender_name.clone(), ..User::default() };
    MessageInfo {
        id: Some(message.id.clone()),
        uri: message.uri.clone(),
        content_type: Some(message.content_type.clone()),
        size: u32::try_from(message.content.len()).ok(),
        name: message.content_name.clone(),
        recipient: Some(users(message.recipients.iter())),
        sender: Some(Sender { user: Some(sender), group: None }),
        date: Some(message.sent.iso_basic().into()),
        font: message.font.clone().map(Into::into),
        ..MessageInfo::default()
    }
}

/// A message with its content, in characters that the client has.
fn whole(client: &Capabilities, message: &Kept) -> (MessageInfo, Content) {
    let (encoding, content) = content_of(&message.content_type, &message.content);
    let mut info = MessageInfo { encoding, ..info(message) };
    let content = match content {
        Content::Text(text) if is_plain_text(&message.content_type) => match without_foreign(&text, &client.charsets) {
            Cow::Owned(replaced) => {
                info.size = u32::try_from(replaced.len()).ok();
                Content::Text(replaced)
            }
            Cow::Borrowed(_) => Content::Text(text),
        },
        content => content,
    };
    (info, content)
}

fn delivery_report(report: &Report) -> DeliveryReportRequest {
    let outcome = Outcome { code: report.code, description: report.description.clone(), ..Outcome::default() };
    let info = MessageInfo {
        id: Some(report.message.clone()),
        content_type: Some(report.content_type.clone()),
        size: u32::try_from(report.size).ok(),
        name: report.content_name.clone(),
        recipient: Some(users(std::iter::once(&report.recipient))),
        sender: Some(Sender { user: Some(user(&report.to)), group: None }),
        date: Some(report.sent.iso_basic().into()),
        ..MessageInfo::default()
    };
    DeliveryReportRequest { outcome, time: Some(report.at.iso_basic().into()), info }
}

fn user(address: &Address) -> User {
    User { id: address.to_string().into(), ..User::default() }
}

fn users<'a>(addresses: impl Iterator<Item = &'a Address>) -> Recipient {
    Recipient { users: addresses.map(user).collect(), ..Recipient::default() }
}

/// What a transaction id of the server's stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sap) struct Place {
    pub(in crate::sap) seq: Seq,
    pub(in crate::sap) kind: Kind,
}

// === impl Place ===

impl Place {
    /// What an id stands for.
    pub(in crate::sap) fn of(id: &str) -> Option<Self> {
        let (kind, seq) = match id.split_at_checked(1)? {
            ("m", seq) => (Kind::Whole, seq),
            ("n", seq) => (Kind::Notice, seq),
            _ => return None,
        };
        Some(Self { seq: seq.parse().ok()?, kind })
    }

    fn id(self) -> Text {
        let letter = match self.kind {
            Kind::Whole => 'm',
            Kind::Notice => 'n',
        };
        compact_str::format_compact!("{letter}{}", self.seq)
    }
}
