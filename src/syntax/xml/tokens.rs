//! The tokens of an XML document: the events of `quick-xml`, checked for what it leaves to its users (characters,
//! names, attributes, references, a single root) and against the limits.

use std::borrow::Cow;
use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::Event as Raw;

use super::attributes::Attributes;
use super::bytes::{COLON, FOREIGN, START, class, is_space, letters, local};
use super::escape::{resolve, unescape};
use crate::syntax::Limits;
use crate::syntax::chars::{Holds, holds};
use crate::syntax::limits::Meter;
use crate::vocabulary::{DecodeError, Element};

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
    /// The name has a prefix.
    prefixed: bool,
    /// The element of CSP it names, if that was asked for.
    pub(in crate::syntax) element: Option<Element>,
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
    attributes: Attributes,
}

/// What most events are: a tag, by the lengths of its name and of all in it; characters; the end of an element.
enum Seen {
    Tag(usize, usize),
    Text,
    End,
}

// === impl Tag ===

impl<'a> Tag<'a> {
    /// The name without its prefix.
    #[inline]
    pub(in crate::syntax) fn local(&self) -> &'a str {
        if self.prefixed { local(self.name) } else { self.name }
    }

    /// Whether it is this name, in any spelling, with or without a prefix.
    #[inline]
    pub(in crate::syntax) fn is(&self, name: &str) -> bool {
        let local = self.local();
        local == name || local.eq_ignore_ascii_case(name)
    }
}

// === impl Tokens ===

impl<'a> Tokens<'a> {
    /// Starts reading a document (or one element standing alone).
    pub(in crate::syntax) fn new(document: &'a str, limits: &Limits) -> Result<Self, DecodeError> {
        let meter = Meter::new(limits);
        meter.document(document.len())?;
        // Places in a document are kept in 32 bits.
        u32::try_from(document.len()).map_err(|_| DecodeError::Limit { what: "bytes", most: u32::MAX as usize })?;
        let mut holds = holds(document).ok_or_else(|| malformed("a character that XML cannot hold"))?;
        holds.brackets = holds.brackets && document.contains("]]>");
        // A second byte order mark; the reader would step over it uncounted.
        if document.starts_with('\u{FEFF}') {
            return Err(malformed("characters outside the document"));
        }
        let mut reader = Reader::from_str(document);
        reader.config_mut().check_comments = true;
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
            attributes: Attributes::new(),
        })
    }

    /// The next token.
    pub(in crate::syntax) fn next(&mut self) -> Result<Token<'a>, DecodeError> {
        self.read(|_| None)
    }

    /// The next token; tags are given their element.
    #[inline(always)]
    pub(in crate::syntax) fn next_element(&mut self) -> Result<Token<'a>, DecodeError> {
        self.read(Element::from_xml)
    }

    /// Steps over the rest of the current element.
    pub(in crate::syntax) fn skip(&mut self) -> Result<(), DecodeError> {
        let outside = self.meter.depth.saturating_sub(1);
        loop {
            match self.read(|_| None)? {
                Token::End if self.meter.depth == outside => return Ok(()),
                Token::Eof => return Err(DecodeError::Eof),
                Token::Start(_) | Token::End | Token::Text(_) => {}
            }
        }
    }

    /// The characters up to the end of the current element; its children are stepped over.
    pub(in crate::syntax) fn text(&mut self) -> Result<Cow<'a, str>, DecodeError> {
        let mut all = Cow::Borrowed("");
        loop {
            match self.read(|_| None)? {
                Token::Text(part) if all.is_empty() => all = part,
                Token::Text(part) => all.to_mut().push_str(&part),
                Token::Start(_) => self.skip()?,
                Token::End => return Ok(all),
                Token::Eof => return Err(DecodeError::Eof),
            }
        }
    }

    /// A name that `known` knows is taken as it is; others are looked at.
    #[inline(always)]
    fn read(&mut self, known: impl Fn(&str) -> Option<Element>) -> Result<Token<'a>, DecodeError> {
        if self.empty {
            self.empty = false;
            self.meter.close();
            return Ok(Token::End);
        }
        loop {
            self.at = self.offset();
            let raw = self.reader.read_event();
            // What quick-xml says is looked at where it lies; the characters are in the document.
            let seen = match &raw {
                Ok(Raw::Start(tag)) => Seen::Tag(tag.name().as_ref().len(), tag.len()),
                Ok(Raw::Empty(tag)) => {
                    self.empty = true;
                    Seen::Tag(tag.name().as_ref().len(), tag.len())
                }
                Ok(Raw::End(_)) => Seen::End,
                Ok(Raw::Text(_)) if self.meter.depth > 0 && !self.holds.returns && !self.holds.brackets => Seen::Text,
                _ => match self.rare(raw)? {
                    Some(token) => return Ok(token),
                    None => continue,
                },
            };
            // An event of a document in memory borrows from it: nothing is to be freed.
            std::mem::forget(raw);
            return match seen {
                Seen::Tag(name, length) => self.start(name, length, known),
                Seen::Text => self.characters(Cow::Borrowed(self.slice(self.at..self.offset()))),
                Seen::End => {
                    self.meter.close();
                    Ok(Token::End)
                }
            };
        }
    }

    /// What is neither a tag nor plain text; `None` if it means nothing.
    #[inline(never)]
    fn rare(&mut self, raw: Result<Raw<'a>, quick_xml::Error>) -> Result<Option<Token<'a>>, DecodeError> {
        match raw.map_err(|fault| self.fault(&fault))? {
            Raw::Text(text) if self.meter.depth == 0 => {
                if text.bytes().all(is_space) {
                    return Ok(None);
                }
                return Err(malformed("characters outside the document"));
            }
            Raw::Text(text) => {
                if self.holds.brackets && text.contains("]]>") {
                    return Err(malformed("]]> in characters"));
                }
                self.characters(if self.holds.returns { text.xml10_content() } else { text.into_inner() })
            }
            Raw::CData(text) => self.characters(text.xml10_content()),
            Raw::GeneralRef(name) => resolve(&name).and_then(|text| self.characters(text)),
            Raw::Eof => self.eof(),
            Raw::DocType(_) => return self.document_type().map(|()| None),
            Raw::Decl(_) if self.at > 0 => Err(malformed("a declaration inside the document")),
            Raw::PI(instruction) if !is_target(instruction.target()) => Err(malformed("an instruction that is none")),
            Raw::Decl(_) | Raw::Comment(_) | Raw::PI(_) | Raw::Start(_) | Raw::Empty(_) | Raw::End(_) => {
                return Ok(None);
            }
        }
        .map(Some)
    }

    #[cold]
    fn fault(&mut self, fault: &quick_xml::Error) -> DecodeError {
        self.at = usize::try_from(self.reader.error_position()).unwrap_or(self.at);
        DecodeError::Malformed(fault.to_string())
    }

    /// The attributes of the tag read last: names with prefixes, raw values. Checked for form, number, repeated
    /// names and references.
    #[inline]
    pub(in crate::syntax) fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.attributes.iter().map(|at| (self.slice(at.name()), self.slice(at.value())))
    }

    /// Whether the tag read last has an attribute, in any spelling of its name.
    pub(in crate::syntax) fn has(&self, name: &str) -> bool {
        self.attribute_of(name).is_some()
    }

    /// The raw value of an attribute of the tag read last, in any spelling of its name.
    #[inline]
    pub(in crate::syntax) fn attribute_of(&self, name: &str) -> Option<&'a str> {
        self.attributes.find(self.document, name).map(|at| self.slice(at.value()))
    }

    /// The value of an attribute of the tag read last as a reader sees it, in any spelling of its name.
    #[inline]
    pub(in crate::syntax) fn value_of(&self, name: &str) -> Result<Option<Cow<'a, str>>, DecodeError> {
        match self.attribute_of(name) {
            Some(value) if self.attributes.references() || self.holds.breaks => unescape(value).map(Some),
            value => Ok(value.map(Cow::Borrowed)),
        }
    }

    /// How many names with a prefix were read so far, of elements and attributes.
    pub(in crate::syntax) const fn prefixes(&self) -> usize {
        self.prefixes
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
    fn slice(&self, place: Range<usize>) -> &'a str {
        self.document.get(place).unwrap_or_default()
    }

    fn eof(&self) -> Result<Token<'a>, DecodeError> {
        match (self.meter.depth, self.rooted) {
            (0, true) => Ok(Token::Eof),
            (0, false) => Err(malformed("no element at all")),
            _ => Err(DecodeError::Eof),
        }
    }

    /// Reads the tag that begins at the last token's `<` with a name so many bytes long, and is so many bytes long.
    #[inline(always)]
    fn start(
        &mut self,
        name: usize,
        length: usize,
        known: impl Fn(&str) -> Option<Element>,
    ) -> Result<Token<'a>, DecodeError> {
        if self.meter.depth == 0 && std::mem::replace(&mut self.rooted, true) {
            return Err(malformed("more than one root"));
        }
        self.meter.open()?;
        self.attributes.clear();
        let from = self.at + 1;
        let (after, end) = (from + name, from + length);
        let name = self.slice(from..after);
        if after < end {
            self.prefixes += self.attributes.read(self.document, after, end, &self.meter)?;
        }
        if let Some(element) = known(name) {
            return Ok(Token::Start(Tag { name, prefixed: false, element: Some(element) }));
        }
        let mut element = None;
        let mut prefixed = false;
        if name.is_empty()
            || letters(self.document.as_bytes().get(from..).unwrap_or_default())
                .is_none_or(|letters| letters < name.len())
        {
            prefixed = self.rare_name(name)?;
            if prefixed {
                element = known(local(name));
            }
        }
        Ok(Token::Start(Tag { name, prefixed, element }))
    }

    /// Looks at a name that is more than letters; tells whether it has a prefix.
    #[inline(never)]
    fn rare_name(&mut self, name: &str) -> Result<bool, DecodeError> {
        let classes = name.bytes().fold(0, |all, b| all | class(b));
        if classes & FOREIGN != 0 || name.bytes().next().is_none_or(|b| class(b) & START == 0) {
            return Err(malformed("a tag that is none"));
        }
        let prefixed = classes & COLON != 0;
        self.prefixes += usize::from(prefixed);
        Ok(prefixed)
    }

    #[inline]
    fn characters(&mut self, text: Cow<'a, str>) -> Result<Token<'a>, DecodeError> {
        if self.meter.depth == 0 {
            return Err(malformed("characters outside the document"));
        }
        self.meter.text(text.len())?;
        Ok(Token::Text(text))
    }

    fn document_type(&mut self) -> Result<(), DecodeError> {
        let declared = self.slice(self.at..self.offset());
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
    name.bytes().next().is_some_and(|b| class(b) & START != 0) && !name.eq_ignore_ascii_case("xml")
}

#[cold]
fn malformed(what: &str) -> DecodeError {
    DecodeError::Malformed(what.into())
}

#[cfg(test)]
mod tests;
