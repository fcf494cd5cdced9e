//! The CSP envelope: sessions and transactions around primitives, in XML or WBXML.

use bytes::Bytes;

use super::{Encoding, Limits, ReadError, Said};
use crate::ident::SessionId;
use crate::vocabulary::{Mode, Text, Version};

/// One CSP message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The version it is written in.
    pub version: Version,
    /// The session; `None` = outband.
    pub session: Option<SessionId>,
    /// What is said.
    pub transactions: Vec<Transaction>,
    /// More is queued: the client shall poll. Written where the version wants it.
    pub poll: Option<bool>,
}

/// One transaction of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Transaction {
    /// Asks or answers.
    pub mode: Mode,
    /// Chosen by whoever asks; polls have none.
    pub id: Option<Text>,
    /// What is said.
    pub said: Said,
}

/// The encoding a content type stands for; `None` if it is none of CSP's.
pub fn encoding_of(content_type: &str) -> Option<Encoding> {
    let _ = content_type;
    unimplemented!("syntax helper")
}

/// Reads a message. `version_of_session` tells the version of a session for documents that don't say theirs.
pub fn read(
    body: &[u8],
    encoding: Encoding,
    limits: &Limits,
    version_of_session: impl Fn(&SessionId) -> Option<Version>,
) -> Result<Message, ReadError> {
    let _ = (body, encoding, limits, version_of_session);
    unimplemented!("syntax helper")
}

/// Writes a message.
pub fn write(message: &Message, encoding: Encoding) -> Bytes {
    let _ = (message, encoding);
    unimplemented!("syntax helper")
}
