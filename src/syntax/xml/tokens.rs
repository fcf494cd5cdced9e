//! The tokens of an XML document: tags and text, checked for form and against the limits.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::Event as Raw;

use super::attributes::{Attributes, is_name, local};
use super::escape::{resolve, unescape};
use crate::syntax::Limits;
use crate::syntax::chars::{all_legal, is_space};
use crate::syntax::limits::Meter;
use crate::vocabulary::DecodeError;

/// One token.
#[derive(Debug)]
pub(in crate::syntax) enum Token<'a> {
    /// An element begins.
    Start(Tag<'a>),
    /// Characters of an element.
    Text(Cow<'a, str>),
    /// The innermost open element ends.
    End,
    /// The document ends.
    Eof,
}

/// A start tag.
#[derive(Clone, Copy, Debug)]
pub(in crate::syntax) struct Tag<'a> {
    /// The name with its prefix.
    pub(in crate::syntax) name: &'a str,
    /// What stands behind the name.
    rest: &'a str,
}

/// Reads tokens.
pub(in crate::syntax) struct Tokens<'a> {
    document: &'a str,
    reader: Reader<&'a [u8]>,
    meter: Meter,
    /// Where the last token begins.
    at: usize,
    /// The element whose start was yielded last was empty.
    empty: bool,
    rooted: bool,
    /// `]]>` occurs somewhere: texts have to be searched for it.
    brackets: bool,
    doctype: Option<&'a str>,
    names: Vec<&'a str>,
}

// === impl Tag ===

impl<'a> Tag<'a> {
    /// The name without its prefix.
    pub(in crate::syntax) fn local(&self) -> &'a str {
        local(self.name)
    }

    /// The attributes, raw.
    pub(in crate::syntax) fn attributes(&self) -> Attributes<'a> {
        Attributes::new(self.rest)
    }

    /// Whether it has any.
    pub(in crate::syntax) fn is_bare(&self) -> bool {
        self.rest.is_empty()
    }
}

// === impl Tokens ===

impl<'a> Tokens<'a> {
    /// Starts reading a document (or one element standing alone).
    pub(in crate::syntax) fn new(document: &'a str, limits: &Limits) -> Result<Self, DecodeError> {
        let meter = Meter::new(limits);
        meter.document(document.len())?;
        if !all_legal(document) {
            return Err(DecodeError::Malformed("a character that XML cannot hold".into()));
        }
        let mut reader = Reader::from_str(document);
        reader.config_mut().check_comments = true;
        let brackets = document.contains("]]>");
        let names = Vec::new();
        Ok(Self { document, reader, meter, at: 0, empty: false, rooted: false, brackets, doctype: None, names })
    }

    /// The next token. Attributes are not looked at: see [`Tokens::check`].
    pub(in crate::syntax) fn next(&mut self) -> Result<Token<'a>, DecodeError> {
        if self.empty {
            self.empty = false;
            self.meter.close();
            return Ok(Token::End);
        }
        loop {
            self.at = self.offset();
            let raw = match self.reader.read_event() {
                Ok(raw) => raw,
                Err(fault) => {
                    self.at = usize::try_from(self.reader.error_position()).unwrap_or(self.at);
                    return Err(DecodeError::Malformed(fault.to_string()));
                }
            };
            return match raw {
                Raw::Start(tag) => self.start(tag.len(), tag.name().0.len()),
                Raw::Empty(tag) => {
                    let token = self.start(tag.len(), tag.name().0.len());
                    self.empty = true;
                    token
                }
                Raw::End(_) => {
                    self.meter.close();
                    Ok(Token::End)
                }
                Raw::Text(text) => {
                    if self.meter.depth == 0 {
                        if text.chars().all(is_space) {
                            continue;
                        }
                        return Err(DecodeError::Malformed("characters outside the document".into()));
                    }
                    if self.brackets && text.contains("]]>") {
                        return Err(DecodeError::Malformed("]]> in characters".into()));
                    }
                    self.text(text.xml10_content())
                }
                Raw::CData(text) => self.text(text.xml10_content()),
                Raw::GeneralRef(name) => resolve(&name).and_then(|text| self.text(text)),
                Raw::Eof if self.meter.depth > 0 => Err(DecodeError::Eof),
                Raw::Eof if !self.rooted => Err(DecodeError::Malformed("no element at all".into())),
                Raw::Eof => Ok(Token::Eof),
                Raw::DocType(_) => {
                    self.doctype()?;
                    continue;
                }
                Raw::Decl(_) if self.at > 0 => Err(DecodeError::Malformed("a declaration inside the document".into())),
                Raw::Decl(_) | Raw::Comment(_) | Raw::PI(_) => continue,
            };
        }
    }

    /// Checks the attributes of a tag: their form, number, names and references.
    pub(in crate::syntax) fn check(&mut self, tag: &Tag<'a>) -> Result<(), DecodeError> {
        if tag.is_bare() {
            return Ok(());
        }
        self.names.clear();
        for attribute in tag.attributes() {
            let (name, value) = attribute?;
            self.meter.attributes(self.names.len() + 1)?;
            if self.names.contains(&name) {
                return Err(DecodeError::Malformed("two attributes have the same name".into()));
            }
            self.names.push(name);
            if value.contains('&') {
                unescape(value)?;
            }
        }
        Ok(())
    }

    /// Steps over the rest of the current element.
    pub(in crate::syntax) fn skip(&mut self) -> Result<(), DecodeError> {
        let outside = self.meter.depth - 1;
        loop {
            match self.next()? {
                Token::Start(tag) => self.check(&tag)?,
                Token::End if self.meter.depth == outside => return Ok(()),
                Token::Eof => return Err(DecodeError::Eof),
                Token::End | Token::Text(_) => {}
            }
        }
    }

    /// Open elements.
    pub(in crate::syntax) const fn depth(&self) -> usize {
        self.meter.depth
    }

    /// Where the last token begins.
    pub(in crate::syntax) const fn at(&self) -> usize {
        self.at
    }

    /// Where the last token ends.
    pub(in crate::syntax) fn offset(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    /// The document type declaration, if there was one.
    pub(in crate::syntax) const fn declared_type(&self) -> Option<&'a str> {
        self.doctype
    }

    /// The names of the attributes of the tag checked last (a bare tag changes nothing).
    pub(in crate::syntax) fn names(&self) -> &[&'a str] {
        &self.names
    }

    /// The names of the elements open at the token that begins at `place`, joined by `/`. Reads the document again:
    /// for faults only.
    pub(in crate::syntax) fn path(&self, place: usize) -> String {
        let mut reader = Reader::from_str(self.document);
        let mut open: Vec<String> = Vec::new();
        loop {
            let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            match reader.read_event() {
                _ if at > place => break,
                Ok(Raw::Start(tag)) => open.push(shown(tag.name().0)),
                Ok(Raw::Empty(tag)) if at == place => open.push(shown(tag.name().0)),
                Ok(Raw::End(_)) if at < place => {
                    open.pop();
                }
                Ok(Raw::Eof) | Err(_) => break,
                Ok(_) => {}
            }
        }
        open.join("/")
    }

    fn start(&mut self, length: usize, name: usize) -> Result<Token<'a>, DecodeError> {
        if self.meter.depth == 0 && std::mem::replace(&mut self.rooted, true) {
            return Err(DecodeError::Malformed("more than one root".into()));
        }
        self.meter.open()?;
        // The tag's characters stand behind its `<`, which is where the token begins.
        let tag = self.document.get(self.at + 1..self.at + 1 + length).unwrap_or_default();
        let (name, rest) = tag.split_at_checked(name).unwrap_or_default();
        if !is_name(name) {
            return Err(DecodeError::Malformed("an element has no proper name".into()));
        }
        Ok(Token::Start(Tag { name, rest }))
    }

    fn text(&mut self, text: Cow<'a, str>) -> Result<Token<'a>, DecodeError> {
        if self.meter.depth == 0 {
            return Err(DecodeError::Malformed("characters outside the document".into()));
        }
        self.meter.text(text.len())?;
        Ok(Token::Text(text))
    }

    fn doctype(&mut self) -> Result<(), DecodeError> {
        let declared = self.document.get(self.at..self.offset()).unwrap_or_default();
        if declared.contains('[') {
            return Err(DecodeError::Doctype);
        }
        if self.rooted || self.doctype.is_some() {
            return Err(DecodeError::Malformed("a DOCTYPE inside the document".into()));
        }
        self.doctype = Some(declared);
        Ok(())
    }
}

fn shown(name: &str) -> String {
    name.chars().take(64).collect()
}
