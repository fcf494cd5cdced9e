//! The SSP envelope: scanned without reading the primitives, and put around primitives that stay as they are.
//!
//! A *fragment* is the bytes of one primitive element, from `<` to `>`, `MetaInfo` included. The relay keeps
//! and forwards fragments; only the ends of a path decode them.

use bytes::Bytes;

use super::{Limits, ReadError, Said};
use crate::vocabulary::interop::MetaInfo;
use crate::vocabulary::{Element, Mode, Primitive, Text, Version};

/// The content type of SSP.
pub const CONTENT_TYPE: &str = "application/vnd.wv.ssp+xml";

/// A scanned SSP message.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope<'a> {
    /// The version its namespace names; 1.3 if it names none.
    pub version: Version,
    /// What it holds.
    pub body: Body<'a>,
}

/// What an SSP message holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Body<'a> {
    /// A step of a session set-up.
    Setup(Scanned<'a>),
    /// Transactions of a session.
    Session {
        /// The sender's own session id.
        session: Text,
        /// The transactions.
        transactions: Vec<Scanned<'a>>,
    },
}

/// A transaction whose primitive was not read.
#[derive(Clone, Debug, PartialEq)]
pub struct Scanned<'a> {
    /// Asks or answers.
    pub mode: Mode,
    /// Its id, verbatim.
    pub id: Text,
    /// The primitive's element; `None` if the table doesn't know it.
    pub element: Option<Element>,
    /// The primitive's name as written.
    pub name: Text,
    /// On whose behalf; absent in answers and some notices.
    pub meta: Option<MetaInfo>,
    /// The primitive's bytes.
    pub fragment: &'a [u8],
    /// Whether the fragment can stand in another envelope as it is (no prefix bound outside is used inside).
    pub splices: bool,
}

/// A transaction to put into an envelope.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// Asks or answers.
    pub mode: Mode,
    /// Its id.
    pub id: &'a str,
    /// The primitive's bytes.
    pub fragment: &'a [u8],
}

/// Scans a message: envelope and `MetaInfo` are read, primitives are only checked for form.
pub fn scan<'a>(body: &'a [u8], limits: &Limits) -> Result<Envelope<'a>, ReadError> {
    let _ = (body, limits);
    unimplemented!("syntax helper")
}

/// Reads a fragment.
pub fn read_fragment(
    fragment: &[u8],
    version: Version,
    limits: &Limits,
) -> Result<(Option<MetaInfo>, Said), ReadError> {
    let _ = (fragment, version, limits);
    unimplemented!("syntax helper")
}

/// Writes a primitive as a fragment.
pub fn write_fragment(meta: Option<&MetaInfo>, primitive: &Primitive, version: Version) -> Bytes {
    let _ = (meta, primitive, version);
    unimplemented!("syntax helper")
}

/// Puts a session envelope around fragments.
pub fn session_message(version: Version, session: &str, parts: &[Part<'_>]) -> Bytes {
    let _ = (version, session, parts);
    unimplemented!("syntax helper")
}

/// Puts a set-up envelope around a fragment.
pub fn setup_message(version: Version, part: &Part<'_>) -> Bytes {
    let _ = (version, part);
    unimplemented!("syntax helper")
}
