//! Scanning: one pass over a message that checks the form of everything and reads the envelope.

use std::borrow::Cow;

use crate::ident::SessionId;
use crate::syntax::chars::{declared, document};
use crate::syntax::dialect::{Told, ssp_namespace, told};
use crate::syntax::xml::{Tag, Token, Tokens};
use crate::syntax::{Limits, ReadError, Seen};
use crate::vocabulary::primitive::service_of;
use crate::vocabulary::{DecodeError, Element, Mode, Version};

use super::forms::Form;
use super::{Body, Envelope, Scanned, Transactions, meta};

/// Scans a message.
pub(super) fn scan<'a>(body: &'a [u8], limits: &Limits) -> Result<Envelope<'a>, ReadError> {
    let unread = |fault| ReadError { fault, at: 0, path: String::new(), seen: Seen::default() };
    if body.len() > limits.bytes {
        return Err(unread(DecodeError::Limit { what: "bytes", most: limits.bytes }));
    }
    let text = characters(body).map_err(unread)?;
    let before = body.len() - text.len();
    let tokens = Tokens::new(text, limits).map_err(unread)?;
    let mut scan = Scan {
        text,
        tokens,
        limits,
        version: None,
        session: None,
        transaction: None,
        transactions: Transactions::default(),
    };
    match scan.message() {
        Ok(()) => Ok(scan.envelope()),
        Err(fault) => Err(scan.fail(fault, before)),
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

struct Scan<'a, 'l> {
    text: &'a str,
    tokens: Tokens<'a>,
    limits: &'l Limits,
    /// What was seen so far. Without a session, the transaction is a step of a set-up.
    version: Option<Version>,
    session: Option<Cow<'a, str>>,
    transaction: Option<Cow<'a, str>>,
    transactions: Transactions<'a>,
}

impl<'a> Scan<'a, '_> {
    #[cold]
    fn fail(&self, fault: DecodeError, before: usize) -> ReadError {
        let at = self.tokens.at();
        let seen = Seen {
            version: self.version,
            session: self.session.as_deref().map(SessionId::new),
            transaction: self.transaction.as_deref().map(Into::into),
        };
        ReadError { fault, at: at + before, path: self.tokens.path(at), seen }
    }

    fn message(&mut self) -> Result<(), DecodeError> {
        let Token::Start(root) = self.tokens.next()? else { return Err(DecodeError::Eof) };
        if !root.is("WV-SSP-Message") {
            return Err(DecodeError::Unexpected(shown(root.local()).into()));
        }
        self.version = Some(spoken(&self.tokens));
        let Some(first) = child(&mut self.tokens)? else {
            self.tokens.next()?;
            return Err(DecodeError::Missing(Element::Session));
        };
        match first {
            tag if tag.is("Session") => self.session()?,
            tag if tag.is("SetupTransaction") => self.transaction()?,
            tag => return Err(DecodeError::Unexpected(shown(tag.local()).into())),
        }
        // Only the first element counts.
        while child(&mut self.tokens)?.is_some() {
            self.tokens.skip()?;
        }
        // Only comments and white space may follow.
        self.tokens.next().map(drop)
    }

    /// What was read, once all was.
    fn envelope(self) -> Envelope<'a> {
        let version = self.version.unwrap_or(Version::V13);
        let body = match (self.session, self.transactions) {
            (None, Transactions::One([step])) => Body::Setup(step),
            (session, transactions) => Body::Session { session: session.unwrap_or_default(), transactions },
        };
        Envelope { version, body }
    }

    fn session(&mut self) -> Result<(), DecodeError> {
        self.session = Some(self.tokens.value_of("sessionID")?.ok_or(DecodeError::Missing(Element::SessionId))?);
        while let Some(tag) = child(&mut self.tokens)? {
            if tag.is("Transaction") {
                self.transaction()?;
            } else {
                self.tokens.skip()?;
            }
        }
        if self.transactions.is_empty() {
            return Err(DecodeError::Missing(Element::Transaction));
        }
        Ok(())
    }

    fn transaction(&mut self) -> Result<(), DecodeError> {
        let mode = self.tokens.value_of("mode")?.ok_or(DecodeError::Missing(Element::TransactionMode))?;
        // Whatever is no request answers one.
        let mode = if mode.eq_ignore_ascii_case("Request") { Mode::Request } else { Mode::Response };
        let id = self.tokens.value_of("transactionID")?.ok_or(DecodeError::Missing(Element::TransactionId))?;
        self.transaction = Some(id.clone());
        let prefixes = self.tokens.prefixes();
        let tag = child(&mut self.tokens)?.ok_or(DecodeError::Missing(Element::TransactionContent))?;
        let start = self.tokens.at();
        let element = match Form::named(tag.local()).map(|form| form.element) {
            Some(Element::Result) => Some(Element::Status),
            element => element.filter(|element| service_of(*element).is_some()),
        };
        let name = shown(tag.local());
        let blank = Scanned { mode, id, element, name, meta: None, fragment: &[], splices: false };
        let scanned = self.transactions.push(blank);
        while let Some(tag) = child(&mut self.tokens)? {
            if scanned.meta.is_none() && tag.is("MetaInfo") {
                meta::read(&mut self.tokens, &mut scanned.meta)?;
            } else {
                self.tokens.skip()?;
            }
        }
        let fragment = self.text.get(start..self.tokens.offset()).unwrap_or_default();
        scanned.fragment = fragment.as_bytes();
        scanned.splices = prefixes == self.tokens.prefixes() || binds_its_prefixes(fragment, self.limits)?;
        while child(&mut self.tokens)?.is_some() {
            self.tokens.skip()?;
        }
        Ok(())
    }
}

/// The next child of the current element.
pub(super) fn child<'a>(tokens: &mut Tokens<'a>) -> Result<Option<Tag<'a>>, DecodeError> {
    loop {
        match tokens.next()? {
            Token::Start(tag) => return Ok(Some(tag)),
            Token::Text(_) => {}
            Token::End => return Ok(None),
            Token::Eof => return Err(DecodeError::Eof),
        }
    }
}

/// Whether every prefix used in a fragment is bound inside it, there where it is used.
fn binds_its_prefixes(fragment: &str, limits: &Limits) -> Result<bool, DecodeError> {
    let mut tokens = Tokens::new(fragment, limits)?;
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

/// A name, or what of a long one is worth showing.
fn shown(name: &str) -> &str {
    name.get(..name.floor_char_boundary(64)).unwrap_or_default()
}
