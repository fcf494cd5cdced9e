//! How primitives are written: CSP-XML, CSP-WBXML, CSP-PTS and SSP-XML over one vocabulary.

mod chars;
pub mod convert;
pub mod csp;
mod date;
mod dialect;
mod document;
pub mod limits;
mod loss;
pub mod pts;
mod repertoire;
pub mod ssp;
mod stack;
pub mod tree;
mod wbxml;
mod xml;

#[cfg(test)]
mod conversions;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod reference;

pub use limits::Limits;
pub use loss::Loss;
pub use repertoire::without_foreign;

use crate::ident::SessionId;
use crate::vocabulary::{DecodeError, Primitive, Text, Version};

/// An encoding of CSP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// XML.
    Xml,
    /// WAP binary XML.
    Wbxml,
    /// Plain text of two-letter codes: fewer primitives, and one transaction in a message.
    Pts,
}

/// What a transaction says.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly everything said is known")]
pub enum Said {
    /// A primitive known here.
    Known(Primitive),
    /// Another element; its name as written.
    Unknown(Text),
}

/// A document that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault} (byte {at}, at /{path})")]
pub struct ReadError {
    /// What is wrong.
    pub fault: DecodeError,
    /// Byte offset where it was noticed.
    pub at: usize,
    /// Names of the open elements, joined by `/`.
    pub path: String,
    /// What could be read before, to address an answer.
    pub seen: Seen,
}

/// What was read of a broken document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Its version.
    pub version: Option<Version>,
    /// Its session.
    pub session: Option<SessionId>,
    /// The id of the transaction that was being read.
    pub transaction: Option<Text>,
}
