//! The tokens of an XML document: the events of `quick-xml`, checked for what it leaves to its users (characters,
//! names, attributes, references, a single root) and against the limits.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::Event as Raw;

use super::bytes::{is_name_byte, is_name_start, local};
use super::escape::{resolve, unescape};
use crate::syntax::Limits;
use crate::syntax::chars::{Holds, holds, is_space};
use crate::syntax::limits::Meter;
use crate::syntax::stack::Stack;
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

/// A start tag; its attributes are with [`Tokens::attributes`].
#[derive(Clone, Copy, Debug)]
pub(in crate::syntax) struct Tag<'a> {
    /// The name with its prefix.
    pub(in crate::syntax) name: &'a str,
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
    /// What occurs anywhere in the document (brackets: only as `]]>`); texts are searched only if they may hold it.
    holds: Holds,
    doctype: Option<&'a str>,
    /// How many names with a prefix were read.
    prefixes: usize,
    attributes: Stack<(&'a str, &'a str), 12>,
}

// === impl Tag ===

impl<'a> Tag<'a> {
    /// The name without its prefix.
    #[inline]
    pub(in crate::syntax) fn local(&self) -> &'a str {
        local(self.name)
    }
}

// === impl Tokens ===

impl<'a> Tokens<'a> {
    /// Starts reading a document (or one element standing alone).
    pub(in crate::syntax) fn new(document: &'a str, limits: &Limits) -> Result<Self, DecodeError> {
        let meter = Meter::new(limits);
        meter.document(document.len())?;
        let mut holds = holds(document).ok_or_else(|| malformed("a character that XML cannot hold"))?;
        holds.brackets = holds.brackets && document.contains("]]>");
        let mut reader = Reader::from_str(document);
        reader.config_mut().check_comments = true;
        let attributes = Stack::new();
        Ok(Self {
            document,
            reader,
            meter,
            at: 0,
            empty: false,
            rooted: false,
            holds,
            doctype: None,
            prefixes: 0,
            attributes,
        })
    }

    /// The next token.
    #[inline]
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
                Raw::Start(tag) => self.start(tag.len()),
                Raw::Empty(tag) => {
                    self.empty = true;
                    self.start(tag.len())
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
                        return Err(malformed("characters outside the document"));
                    }
                    if self.holds.brackets && text.contains("]]>") {
                        return Err(malformed("]]> in characters"));
                    }
                    self.text(if self.holds.returns { text.xml10_content() } else { text.into_inner() })
                }
                Raw::CData(text) => self.text(text.xml10_content()),
                Raw::GeneralRef(name) => resolve(&name).and_then(|text| self.text(text)),
                Raw::Eof => self.eof(),
                Raw::DocType(_) => {
                    self.document_type()?;
                    continue;
                }
                Raw::Decl(_) if self.at > 0 => Err(malformed("a declaration inside the document")),
                Raw::PI(instruction) if !is_target(instruction.target()) => {
                    Err(malformed("an instruction that is none"))
                }
                Raw::Decl(_) | Raw::Comment(_) | Raw::PI(_) => continue,
            };
        }
    }

    /// The attributes of the tag read last: names with prefixes, raw values. Checked for form, number, repeated
    /// names and references.
    #[inline]
    pub(in crate::syntax) fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.attributes.iter()
    }

    /// Whether the tag read last has an attribute, in any spelling of its name.
    pub(in crate::syntax) fn has(&self, name: &str) -> bool {
        self.attribute_of(name).is_some()
    }

    /// The raw value of an attribute of the tag read last, in any spelling of its name.
    #[inline]
    pub(in crate::syntax) fn attribute_of(&self, name: &str) -> Option<&'a str> {
        self.attributes.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// How many names with a prefix were read so far, of elements and attributes.
    pub(in crate::syntax) const fn prefixes(&self) -> usize {
        self.prefixes
    }

    /// Steps over the rest of the current element.
    pub(in crate::syntax) fn skip(&mut self) -> Result<(), DecodeError> {
        let outside = self.meter.depth.saturating_sub(1);
        loop {
            match self.next()? {
                Token::End if self.meter.depth == outside => return Ok(()),
                Token::Eof => return Err(DecodeError::Eof),
                Token::Start(_) | Token::End | Token::Text(_) => {}
            }
        }
    }

    /// Open elements.
    #[inline]
    pub(in crate::syntax) const fn depth(&self) -> usize {
        self.meter.depth
    }

    /// Where the last token begins.
    #[inline]
    pub(in crate::syntax) const fn at(&self) -> usize {
        self.at
    }

    /// Where the last token ends.
    #[inline]
    pub(in crate::syntax) fn offset(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    /// The document type declaration, if there was one.
    pub(in crate::syntax) const fn declared_type(&self) -> Option<&'a str> {
        self.doctype
    }

    /// The names of the elements open at the token that begins at `place`, joined by `/`. Reads the document again:
    /// for faults only.
    pub(in crate::syntax) fn path(&self, place: usize) -> String {
        let most = usize::MAX;
        let limits = Limits { bytes: most, depth: most, elements: most, text: most, attributes: most };
        let mut open: Vec<String> = Vec::new();
        let Ok(mut again) = Self::new(self.document, &limits) else { return String::new() };
        loop {
            match again.next() {
                Ok(Token::Start(tag)) if again.at <= place => open.push(tag.name.chars().take(64).collect()),
                Ok(Token::End) if again.at < place => drop(open.pop()),
                Ok(Token::Eof) | Err(_) => break,
                Ok(_) => {}
            }
            if again.at >= place {
                break;
            }
        }
        open.join("/")
    }

    #[inline]
    fn slice(&self, from: usize, to: usize) -> &'a str {
        self.document.get(from..to).unwrap_or_default()
    }

    fn eof(&self) -> Result<Token<'a>, DecodeError> {
        match (self.meter.depth, self.rooted) {
            (0, true) => Ok(Token::Eof),
            (0, false) => Err(malformed("no element at all")),
            _ => Err(DecodeError::Eof),
        }
    }

    /// Reads the tag that begins at the last token's `<` and is so many bytes long.
    #[inline]
    fn start(&mut self, length: usize) -> Result<Token<'a>, DecodeError> {
        if self.meter.depth == 0 && std::mem::replace(&mut self.rooted, true) {
            return Err(malformed("more than one root"));
        }
        self.meter.open()?;
        self.attributes.clear();
        let from = self.at + 1;
        let end = from + length;
        let name = self.name(from)?;
        let mut at = from + name.len();
        let bytes = self.document.as_bytes();
        while at < end {
            if !bytes.get(at).is_some_and(|b| is_space(char::from(*b))) {
                return Err(malformed("a tag that is none"));
            }
            at += 1;
            if at < end && bytes.get(at).is_some_and(|b| is_name_start(*b)) {
                at = self.attribute(at)?;
            }
        }
        Ok(Token::Start(Tag { name }))
    }

    /// Reads the name that begins at a place.
    #[inline]
    fn name(&mut self, from: usize) -> Result<&'a str, DecodeError> {
        let rest = self.document.as_bytes().get(from..).unwrap_or_default();
        if !rest.first().is_some_and(|b| is_name_start(*b)) {
            return Err(malformed("a name that is none"));
        }
        let length = rest.iter().position(|b| !is_name_byte(*b)).unwrap_or(rest.len());
        match rest.get(length) {
            Some(b':' | 0x80..) => self.rare_name(from),
            _ => Ok(self.slice(from, from + length)),
        }
    }

    /// Reads a name with a prefix, or with characters beyond ASCII.
    #[cold]
    fn rare_name(&mut self, from: usize) -> Result<&'a str, DecodeError> {
        let rest = self.document.as_bytes().get(from..).unwrap_or_default();
        let part = |b: &u8| is_name_byte(*b) || *b == b':' || *b >= 0x80;
        let length = rest.iter().position(|b| !part(b)).unwrap_or(rest.len());
        let name = self.slice(from, from + length);
        self.prefixes += usize::from(name.contains(':'));
        Ok(name)
    }

    /// Reads one attribute; gives back where it ends.
    #[inline]
    fn attribute(&mut self, from: usize) -> Result<usize, DecodeError> {
        let bytes = self.document.as_bytes();
        let spaces = |at: usize| {
            let rest = bytes.get(at..).unwrap_or_default();
            at + rest.iter().take_while(|b| is_space(char::from(**b))).count()
        };
        let name = self.name(from)?;
        let equals = spaces(from + name.len());
        if bytes.get(equals) != Some(&b'=') {
            return Err(malformed("an attribute has no value"));
        }
        let open = spaces(equals + 1);
        let quote = match bytes.get(open) {
            Some(quote @ (b'"' | b'\'')) => *quote,
            _ => return Err(malformed("the value of an attribute is not quoted")),
        };
        let from = open + 1;
        let rest = bytes.get(from..).unwrap_or_default();
        let Some(length) = rest.iter().position(|b| *b == quote) else { return Err(DecodeError::Eof) };
        let value = self.slice(from, from + length);
        if value.as_bytes().contains(&b'<') {
            return Err(malformed("the value of an attribute holds a <"));
        }
        if value.as_bytes().contains(&b'&') {
            unescape(value)?;
        }
        self.meter.attributes(self.attributes.len() + 1)?;
        if self.attributes.find(|(known, _)| *known == name).is_some() {
            return Err(malformed("two attributes have the same name"));
        }
        self.attributes.push((name, value));
        Ok(from + length + 1)
    }

    #[inline]
    fn text(&mut self, text: Cow<'a, str>) -> Result<Token<'a>, DecodeError> {
        if self.meter.depth == 0 {
            return Err(malformed("characters outside the document"));
        }
        self.meter.text(text.len())?;
        Ok(Token::Text(text))
    }

    fn document_type(&mut self) -> Result<(), DecodeError> {
        let declared = self.slice(self.at, self.offset());
        if declared.contains('[') {
            return Err(DecodeError::Doctype);
        }
        if self.rooted || self.doctype.is_some() || !declared.starts_with("<!DOCTYPE") {
            return Err(malformed("a DOCTYPE inside the document"));
        }
        self.doctype = Some(declared);
        Ok(())
    }
}

fn is_target(name: &str) -> bool {
    name.bytes().next().is_some_and(is_name_start) && !name.eq_ignore_ascii_case("xml")
}

#[cold]
fn malformed(what: &str) -> DecodeError {
    DecodeError::Malformed(what.into())
}

#[cfg(test)]
mod tests;
