//! CSP-XML as a source.

use std::borrow::Cow;

use super::bytes::local;
use super::tokens::{Tag, Token, Tokens};
use crate::syntax::Limits;
use crate::syntax::dialect::{Told, told};
use crate::syntax::document::Document;
use crate::vocabulary::{DecodeError, Element, Event, Source, Text, Version};

/// Reads CSP-XML.
pub(in crate::syntax) struct XmlSource<'a> {
    tokens: Tokens<'a>,
    version: Version,
    told: Option<Told>,
    name: &'a str,
}

impl<'a> XmlSource<'a> {
    /// Starts reading a document.
    pub(in crate::syntax) fn new(document: &'a str, limits: &Limits) -> Result<Self, DecodeError> {
        Ok(Self { tokens: Tokens::new(document, limits)?, version: Version::default(), told: None, name: "" })
    }

    #[inline]
    fn start(&mut self, tag: Tag<'a>) -> Option<Element> {
        if self.tokens.depth() == 1 {
            self.root();
        }
        self.name = tag.name;
        tag.element
    }

    /// A namespace of the root names the version, or else the public identifier of a DOCTYPE.
    fn root(&mut self) {
        let namespaces = self.tokens.attributes().filter(|(name, _)| *name == "xmlns" || name.starts_with("xmlns:"));
        self.told = namespaces.map(|(_, uri)| uri).find_map(|uri| told(uri, "CSP"));
        if self.told.is_none() {
            self.told = self.tokens.declared_type().and_then(|declared| told(declared, "CSP "));
        }
        if let Some(Told::Spoken(version)) = self.told {
            self.version = version;
        }
    }
}

impl<'a> Source<'a> for XmlSource<'a> {
    #[inline]
    fn next(&mut self) -> Result<Event<'a>, DecodeError> {
        Ok(match self.tokens.next_element()? {
            Token::Start(tag) => Event::Start(self.start(tag)),
            Token::Text(text) => Event::Text(text),
            Token::End => Event::End,
            Token::Eof => Event::Eof,
        })
    }

    fn version(&self) -> Version {
        self.version
    }

    fn child(&mut self) -> Result<Option<Option<Element>>, DecodeError> {
        loop {
            match self.tokens.next_element()? {
                Token::Start(tag) => return Ok(Some(self.start(tag))),
                Token::Text(_) => {}
                Token::End => return Ok(None),
                Token::Eof => return Err(DecodeError::Eof),
            }
        }
    }

    fn skip(&mut self) -> Result<(), DecodeError> {
        self.tokens.skip()
    }

    fn text(&mut self, _: Element) -> Result<Cow<'a, str>, DecodeError> {
        self.tokens.text()
    }
}

impl<'a> Document<'a> for XmlSource<'a> {
    fn told(&self) -> Option<Told> {
        self.told
    }

    fn speak(&mut self, version: Version) {
        self.version = version;
    }

    fn name(&self) -> Text {
        local(self.name).chars().take(64).collect()
    }

    fn place(&self) -> (usize, String) {
        (self.tokens.at(), self.tokens.path(self.tokens.at()))
    }
}
