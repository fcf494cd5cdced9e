//! Scanning: one pass over a message that checks the form of everything and reads the envelope.

use std::borrow::Cow;

use crate::syntax::chars::{declared, document};
use crate::syntax::dialect::{Told, told};
use crate::syntax::xml::attributes::local;
use crate::syntax::xml::escape::unescape;
use crate::syntax::xml::{Tag, Token, Tokens};
use crate::syntax::{Limits, ReadError, Seen};
use crate::vocabulary::{DecodeError, Element, Mode, Text, Value, Version};

use super::forms::Form;
use super::source::{Replay, Shaper};
use super::{Body, Envelope, MetaInfo, Scanned};

/// Scans a message.
pub(super) fn scan<'a>(body: &'a [u8], limits: &Limits) -> Result<Envelope<'a>, ReadError> {
    let unread = |fault| ReadError { fault, at: 0, path: String::new(), seen: Seen::default() };
    if body.len() > limits.bytes {
        return Err(unread(DecodeError::Limit { what: "bytes", most: limits.bytes }));
    }
    let text = characters(body).map_err(unread)?;
    let before = body.len() - text.len();
    let tokens = Tokens::new(text, limits).map_err(unread)?;
    let mut scan = Scan { text, tokens, limits: *limits, seen: Seen::default() };
    match scan.message() {
        Ok(envelope) => Ok(envelope),
        Err(fault) => {
            let at = scan.tokens.at();
            Err(ReadError { fault, at: at + before, path: scan.tokens.path(at), seen: scan.seen })
        }
    }
}

/// The message as characters. A fragment is a part of the message as it came, so only UTF-8 will do.
fn characters(body: &[u8]) -> Result<&str, DecodeError> {
    let foreign = declared(body).is_some_and(|label| !label.eq_ignore_ascii_case(b"utf-8") && !body.is_ascii());
    match document(body)? {
        Cow::Borrowed(text) if !foreign => Ok(text),
        _ => Err(DecodeError::Unsupported("an encoding other than UTF-8".into())),
    }
}

struct Scan<'a> {
    text: &'a str,
    tokens: Tokens<'a>,
    limits: Limits,
    seen: Seen,
}

impl<'a> Scan<'a> {
    fn message(&mut self) -> Result<Envelope<'a>, DecodeError> {
        let Token::Start(root) = self.tokens.next()? else { return Err(DecodeError::Eof) };
        self.tokens.check(&root)?;
        if !root.local().eq_ignore_ascii_case("WV-SSP-Message") {
            return Err(DecodeError::Unexpected(shown(root.local())));
        }
        let version = spoken(&root)?;
        self.seen.version = Some(version);
        let mut body = None;
        while let Some(tag) = self.child()? {
            body = match (body, tag.local()) {
                // Only the first element counts.
                (Some(body), _) => {
                    self.tokens.skip()?;
                    Some(body)
                }
                (None, name) if name.eq_ignore_ascii_case("Session") => Some(self.session(&tag)?),
                (None, name) if name.eq_ignore_ascii_case("SetupTransaction") => {
                    Some(Body::Setup(self.transaction(&tag)?))
                }
                (None, name) => return Err(DecodeError::Unexpected(shown(name))),
            };
        }
        // Only comments and white space may follow.
        self.tokens.next()?;
        let body = body.ok_or(DecodeError::Missing(Element::Session))?;
        Ok(Envelope { version, body })
    }

    /// The next child, its attributes checked.
    fn child(&mut self) -> Result<Option<Tag<'a>>, DecodeError> {
        loop {
            match self.tokens.next()? {
                Token::Start(tag) => {
                    self.tokens.check(&tag)?;
                    return Ok(Some(tag));
                }
                Token::Text(_) => {}
                Token::End => return Ok(None),
                Token::Eof => return Err(DecodeError::Eof),
            }
        }
    }

    fn session(&mut self, tag: &Tag<'a>) -> Result<Body<'a>, DecodeError> {
        let session = attribute(tag, "sessionID")?.ok_or(DecodeError::Missing(Element::SessionId))?;
        self.seen.session = Some(crate::ident::SessionId::new(session.clone()));
        let mut transactions = Vec::with_capacity(1);
        while let Some(tag) = self.child()? {
            if tag.local().eq_ignore_ascii_case("Transaction") {
                transactions.push(self.transaction(&tag)?);
            } else {
                self.tokens.skip()?;
            }
        }
        if transactions.is_empty() {
            return Err(DecodeError::Missing(Element::Transaction));
        }
        Ok(Body::Session { session, transactions })
    }

    fn transaction(&mut self, tag: &Tag<'a>) -> Result<Scanned<'a>, DecodeError> {
        let mode = attribute(tag, "mode")?.ok_or(DecodeError::Missing(Element::TransactionMode))?;
        // Whatever is no request answers one.
        let mode = if mode.eq_ignore_ascii_case("Request") { Mode::Request } else { Mode::Response };
        let id = attribute(tag, "transactionID")?.ok_or(DecodeError::Missing(Element::TransactionId))?;
        self.seen.transaction = Some(id.clone());
        let mut scanned = None;
        while let Some(tag) = self.child()? {
            if scanned.is_some() {
                self.tokens.skip()?;
            } else {
                scanned = Some(self.primitive(&tag, mode, id.clone())?);
            }
        }
        scanned.ok_or(DecodeError::Missing(Element::TransactionContent))
    }

    /// Steps over a primitive; its `MetaInfo` is read.
    fn primitive(&mut self, tag: &Tag<'a>, mode: Mode, id: Text) -> Result<Scanned<'a>, DecodeError> {
        let start = self.tokens.at();
        let outside = self.tokens.depth() - 1;
        let mut bound = Bound::default();
        bound.start(tag, outside + 1, self.tokens.names());
        let mut info = None;
        let mut meta = None;
        loop {
            match self.tokens.next()? {
                Token::Start(tag) => {
                    self.tokens.check(&tag)?;
                    let depth = self.tokens.depth();
                    bound.start(&tag, depth, if tag.is_bare() { &[] } else { self.tokens.names() });
                    if depth == outside + 2 && info.is_none() && tag.local().eq_ignore_ascii_case("MetaInfo") {
                        info = Some(self.tokens.at());
                    }
                }
                Token::End => {
                    let depth = self.tokens.depth();
                    bound.end(depth);
                    if depth == outside {
                        break;
                    }
                    if let (true, Some(at), None) = (depth == outside + 1, info, &meta) {
                        meta = Some(self.text.get(at..self.tokens.offset()).unwrap_or_default());
                    }
                }
                Token::Text(_) => {}
                Token::Eof => return Err(DecodeError::Eof),
            }
        }
        let meta = match meta {
            Some(text) => Some(self.meta(text)?),
            None => None,
        };
        let element = Form::named(tag.local()).map(|form| form.element);
        Ok(Scanned {
            mode,
            id,
            element: match element {
                Some(Element::Result) => Some(Element::Status),
                element => element.filter(|element| crate::vocabulary::Primitive::ELEMENTS.contains(element)),
            },
            name: tag.local().chars().take(64).collect(),
            meta,
            fragment: self.text.as_bytes().get(start..self.tokens.offset()).unwrap_or_default(),
            splices: bound.splices,
        })
    }

    fn meta(&self, text: &'a str) -> Result<MetaInfo, DecodeError> {
        let shaped = Shaper::new(text, &self.limits)?.shape()?;
        MetaInfo::decode(Element::MetaInfo, &mut Replay::new(shaped.events, Version::V13))
    }
}

/// The prefixes bound inside a fragment, with the depth of their elements.
struct Bound<'a> {
    prefixes: Vec<(usize, &'a str)>,
    splices: bool,
}

impl Default for Bound<'_> {
    fn default() -> Self {
        Self { prefixes: Vec::new(), splices: true }
    }
}

impl<'a> Bound<'a> {
    fn start(&mut self, tag: &Tag<'a>, depth: usize, attributes: &[&'a str]) {
        for name in attributes {
            if let Some(prefix) = name.strip_prefix("xmlns:") {
                self.prefixes.push((depth, prefix));
            }
        }
        self.used(tag.name);
        for name in attributes {
            self.used(name);
        }
    }

    fn used(&mut self, name: &str) {
        if let Some((prefix, _)) = name.split_once(':') {
            let known = matches!(prefix, "xml" | "xmlns") || self.prefixes.iter().any(|(_, bound)| *bound == prefix);
            self.splices &= known;
        }
    }

    /// The element at `depth` + 1 ended.
    fn end(&mut self, depth: usize) {
        while self.prefixes.last().is_some_and(|(bound, _)| *bound > depth) {
            self.prefixes.pop();
        }
    }
}

/// The version a namespace of the root names. Another version than those spoken is read like 1.3.
fn spoken(root: &Tag<'_>) -> Result<Version, DecodeError> {
    for attribute in root.attributes() {
        let (name, value) = attribute?;
        if let (true, Some(Told::Spoken(version))) = (name.starts_with("xmlns"), told(value, "SSP")) {
            return Ok(version);
        }
    }
    Ok(Version::V13)
}

fn attribute(tag: &Tag<'_>, wanted: &str) -> Result<Option<Text>, DecodeError> {
    for attribute in tag.attributes() {
        let (name, value) = attribute?;
        if local(name).eq_ignore_ascii_case(wanted) {
            return Ok(Some(unescape(value)?.into()));
        }
    }
    Ok(None)
}

fn shown(name: &str) -> String {
    name.chars().take(64).collect()
}
