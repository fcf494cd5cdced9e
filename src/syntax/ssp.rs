//! The SSP envelope: scanned without reading the primitives, and put around primitives that stay as they are.
//!
//! A *fragment* is the bytes of one primitive element, from `<` to `>`, `MetaInfo` included. The relay keeps
//! and forwards fragments; only the ends of a path decode them.

mod forms;
mod meta;
mod scan;
mod sink;
mod source;
mod transactions;

use std::borrow::Cow;

use bytes::Bytes;

#[cfg(test)]
pub(super) use self::forms::names_of;
use self::sink::SspSink;
use self::source::{Replay, Shaper};
pub use self::transactions::Transactions;
use super::dialect::ssp_namespace;
use super::xml::escape::{Place, escape};
use super::xml::sink::DECLARATION;
use super::{Limits, Loss, ReadError, Said, Seen};
use crate::vocabulary::interop::MetaInfo;
use crate::vocabulary::primitive::service_of;
use crate::vocabulary::{DecodeError, Element, Mode, Primitive, Sink, Value, Version};

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
        session: Cow<'a, str>,
        /// The transactions.
        transactions: Transactions<'a>,
    },
}

/// A transaction whose primitive was not read.
#[derive(Clone, Debug, PartialEq)]
pub struct Scanned<'a> {
    /// Asks or answers.
    pub mode: Mode,
    /// Its id, verbatim.
    pub id: Cow<'a, str>,
    /// The primitive's element; `None` if the table doesn't know it.
    pub element: Option<Element>,
    /// The primitive's name as written, without a prefix; at most 64 bytes of it.
    pub name: &'a str,
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
///
/// All of it has to be well-formed XML in UTF-8. [`DecodeError::Malformed`]: it is not; [`DecodeError::Unexpected`]:
/// the root, or its first child, is none of SSP's; [`DecodeError::Missing`]: the root holds nothing, or a session id,
/// mode, transaction id, transaction or primitive is absent; [`DecodeError::Doctype`]: an internal subset.
pub fn scan<'a>(body: &'a [u8], limits: &Limits) -> Result<Envelope<'a>, ReadError> {
    scan::scan(body, limits)
}

/// Reads a fragment.
pub fn read_fragment(
    fragment: &[u8],
    version: Version,
    limits: &Limits,
) -> Result<(Option<MetaInfo>, Said), ReadError> {
    let seen = || Seen { version: Some(version), ..Seen::default() };
    let unread = |fault| ReadError { fault, at: 0, path: String::new(), seen: seen() };
    let text = std::str::from_utf8(fragment)
        .map_err(|_| unread(DecodeError::Unsupported("an encoding other than UTF-8".into())))?;
    let mut shaper = Shaper::new(text, limits).map_err(unread)?;
    let shaped = shaper.shape().map_err(|fault| {
        let (at, path) = shaper.place();
        ReadError { fault, at, path, seen: seen() }
    })?;
    let placed = |fault, at| ReadError { fault, at, path: shaper.path(at), seen: seen() };
    let primitive = match shaped.element {
        Some(element) => {
            let mut replay = Replay::new(shaped.events, version);
            Primitive::decode(element, &mut replay).map_err(|fault| placed(fault, replay.at))?
        }
        None => None,
    };
    let said = match primitive {
        Some(primitive) => Said::Known(primitive),
        None => Said::Unknown(shaped.name.chars().take(64).collect()),
    };
    Ok((shaped.meta, said))
}

/// How documents for a peer differ from what is written otherwise (`docs/wire-notes.md`, "SSP").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quirks {
    /// `double-spelling`: attributes of which a peer reads a misspelling alone are written in both spellings.
    pub double_spelling: bool,
}

/// Whether SSP has a primitive.
pub fn has_form(primitive: Element) -> bool {
    primitive == Element::Status || service_of(primitive).is_some() && forms::Form::of(primitive).is_some()
}

/// Writes a primitive as a fragment, and tells what SSP cannot carry; `None` if SSP has no such primitive.
pub fn write_fragment_telling(
    meta: Option<&MetaInfo>,
    primitive: &Primitive,
    version: Version,
    quirks: Quirks,
) -> Option<(Bytes, Vec<Loss>)> {
    if !has_form(primitive.element()) {
        return None;
    }
    let meta = meta.map(|meta| {
        let mut sink = SspSink::new(version, quirks);
        sink.start(Element::MetaInfo);
        meta.encode(&mut sink);
        sink.end(Element::MetaInfo);
        sink.finish(&[]).0
    });
    let mut sink = SspSink::new(version, quirks);
    primitive.encode(&mut sink);
    let (fragment, losses) = sink.finish(meta.as_deref().unwrap_or_default());
    Some((fragment.into(), losses))
}

/// Writes a primitive as a fragment: one of those with a form, or else a `Status` 501 in its place.
pub fn write_fragment(meta: Option<&MetaInfo>, primitive: &Primitive, version: Version) -> Bytes {
    let written = write_fragment_telling(meta, primitive, version, Quirks::default());
    written.map_or_else(|| Bytes::from_static(b"<Status code=\"501\"/>"), |(fragment, _)| fragment)
}

/// Puts a session envelope around fragments. Allocates once, unless an id has to be escaped.
pub fn session_message(version: Version, session: &str, parts: &[Part<'_>]) -> Bytes {
    const SESSION: [&str; 3] = ["<Session sessionID=\"", "\">", "</Session>"];
    let inside: usize = parts.iter().map(|part| length(TRANSACTION, part)).sum();
    let mut out = begin(version, SESSION.map(str::len).iter().sum::<usize>() + session.len() + inside);
    out.extend_from_slice(SESSION[0].as_bytes());
    escape(session, Place::Attribute, &mut out);
    out.extend_from_slice(SESSION[1].as_bytes());
    for part in parts {
        transaction(TRANSACTION, part, &mut out);
    }
    out.extend_from_slice(SESSION[2].as_bytes());
    out.extend_from_slice(END);
    out.into()
}

/// Puts a set-up envelope around a fragment.
pub fn setup_message(version: Version, part: &Part<'_>) -> Bytes {
    let mut out = begin(version, length(SETUP, part));
    transaction(SETUP, part, &mut out);
    out.extend_from_slice(END);
    out.into()
}

const TRANSACTION: &[u8] = b"Transaction";
const SETUP: &[u8] = b"SetupTransaction";
const BEGIN: &[u8] = b"<WV-SSP-Message xmlns=\"";
const END: &[u8] = b"</WV-SSP-Message>";

fn begin(version: Version, inside: usize) -> Vec<u8> {
    let namespace = ssp_namespace(version).as_bytes();
    let outside = DECLARATION.len() + BEGIN.len() + namespace.len() + b"\">".len() + END.len();
    let mut out = Vec::with_capacity(outside + inside);
    out.extend_from_slice(DECLARATION);
    out.extend_from_slice(BEGIN);
    out.extend_from_slice(namespace);
    out.extend_from_slice(b"\">");
    out
}

/// How many bytes [`transaction`] writes if the id needs no escaping.
fn length(name: &[u8], part: &Part<'_>) -> usize {
    let marks = b"< mode=\"\" transactionID=\"\"></>".len();
    2 * name.len() + marks + part.mode.as_str().len() + part.id.len() + part.fragment.len()
}

fn transaction(name: &[u8], part: &Part<'_>, out: &mut Vec<u8>) {
    out.push(b'<');
    out.extend_from_slice(name);
    out.extend_from_slice(b" mode=\"");
    out.extend_from_slice(part.mode.as_str().as_bytes());
    out.extend_from_slice(b"\" transactionID=\"");
    escape(part.id, Place::Attribute, out);
    out.extend_from_slice(b"\">");
    out.extend_from_slice(part.fragment);
    out.extend_from_slice(b"</");
    out.extend_from_slice(name);
    out.push(b'>');
}

#[cfg(test)]
mod tests;
