//! Scanning: one pass over a message that checks the form of everything and reads the envelope.

use std::borrow::Cow;

use crate::syntax::chars::{declared, document};
use crate::syntax::dialect::{Told, ssp_namespace, told};
use crate::syntax::xml::{Tag, Token, Tokens};
use crate::syntax::{Limits, ReadError, Seen};
use crate::vocabulary::{DecodeError, Element, Mode, Primitive, Text, Version};

use super::forms::Form;
use super::meta::{self, attribute};
use super::{Body, Envelope, Scanned};

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
        if !root.local().eq_ignore_ascii_case("WV-SSP-Message") {
            return Err(DecodeError::Unexpected(shown(root.local())));
        }
        let version = spoken(&self.tokens);
        self.seen.version = Some(version);
        let mut body = None;
        while let Some(tag) = self.child()? {
            body = match (body, tag.local()) {
                // Only the first element counts.
                (Some(body), _) => {
                    self.tokens.skip()?;
                    Some(body)
                }
                (None, name) if name.eq_ignore_ascii_case("Session") => Some(self.session()?),
                (None, name) if name.eq_ignore_ascii_case("SetupTransaction") => Some(Body::Setup(self.transaction()?)),
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
                Token::Start(tag) => return Ok(Some(tag)),
                Token::Text(_) => {}
                Token::End => return Ok(None),
                Token::Eof => return Err(DecodeError::Eof),
            }
        }
    }

    fn session(&mut self) -> Result<Body<'a>, DecodeError> {
        let session = attribute(&self.tokens, "sessionID")?.ok_or(DecodeError::Missing(Element::SessionId))?;
        let session = Text::from(session);
        self.seen.session = Some(crate::ident::SessionId::new(session.clone()));
        let mut transactions = Vec::with_capacity(1);
        while let Some(tag) = self.child()? {
            if tag.local().eq_ignore_ascii_case("Transaction") {
                transactions.push(self.transaction()?);
            } else {
                self.tokens.skip()?;
            }
        }
        if transactions.is_empty() {
            return Err(DecodeError::Missing(Element::Transaction));
        }
        Ok(Body::Session { session, transactions })
    }

    fn transaction(&mut self) -> Result<Scanned<'a>, DecodeError> {
        let mode = attribute(&self.tokens, "mode")?.ok_or(DecodeError::Missing(Element::TransactionMode))?;
        // Whatever is no request answers one.
        let mode = if mode.eq_ignore_ascii_case("Request") { Mode::Request } else { Mode::Response };
        let id = attribute(&self.tokens, "transactionID")?.ok_or(DecodeError::Missing(Element::TransactionId))?;
        let id = Text::from(id);
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
        let prefixed = self.tokens.prefixes();
        let own = tag.name.contains(':') || self.tokens.attributes().any(|(name, _)| name.contains(':'));
        let mut meta = None;
        loop {
            match self.tokens.next()? {
                Token::Start(tag) => {
                    let direct = self.tokens.depth() == outside + 2;
                    if direct && meta.is_none() && tag.local().eq_ignore_ascii_case("MetaInfo") {
                        meta = Some(meta::read(&mut self.tokens)?);
                    }
                }
                Token::End if self.tokens.depth() == outside => break,
                Token::End | Token::Text(_) => {}
                Token::Eof => return Err(DecodeError::Eof),
            }
        }
        let fragment = self.text.get(start..self.tokens.offset()).unwrap_or_default();
        let element = match Form::named(tag.local()).map(|form| form.element) {
            Some(Element::Result) => Some(Element::Status),
            element => element.filter(|element| Primitive::ELEMENTS.contains(element)),
        };
        Ok(Scanned {
            mode,
            id,
            element,
            name: tag.local().chars().take(64).collect(),
            meta,
            fragment: fragment.as_bytes(),
            splices: (!own && prefixed == self.tokens.prefixes()) || self.binds_its_prefixes(fragment)?,
        })
    }

    /// Whether every prefix used in a fragment is bound inside it, there where it is used.
    fn binds_its_prefixes(&self, fragment: &'a str) -> Result<bool, DecodeError> {
        let mut tokens = Tokens::new(fragment, &self.limits)?;
        let mut bound: Vec<(usize, &str)> = Vec::new();
        loop {
            match tokens.next()? {
                Token::Start(tag) => {
                    let depth = tokens.depth();
                    bound.retain(|(level, _)| *level < depth);
                    let binds = tokens.attributes().filter_map(|(name, _)| name.strip_prefix("xmlns:"));
                    bound.extend(binds.map(|prefix| (depth, prefix)));
                    let known = |name: &str| match name.split_once(':') {
                        Some((prefix, _)) => {
                            matches!(prefix, "xml" | "xmlns") || bound.iter().any(|(_, bound)| *bound == prefix)
                        }
                        None => true,
                    };
                    if !known(tag.name) || !tokens.attributes().all(|(name, _)| known(name)) {
                        return Ok(false);
                    }
                }
                Token::Eof => return Ok(true),
                Token::End | Token::Text(_) => {}
            }
        }
    }
}

/// The version a namespace of the root names. Another version than those spoken is read like 1.3.
fn spoken(tokens: &Tokens<'_>) -> Version {
    if tokens.attribute_of("xmlns") == Some(ssp_namespace(Version::V13)) {
        return Version::V13;
    }
    let namespaces = tokens.attributes().filter(|(name, _)| name.starts_with("xmlns"));
    match namespaces.filter_map(|(_, uri)| told(uri, "SSP")).next() {
        Some(Told::Spoken(version)) => version,
        _ => Version::V13,
    }
}

fn shown(name: &str) -> String {
    name.chars().take(64).collect()
}
