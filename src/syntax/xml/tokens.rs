//! The tokens of an XML document: tags and text, checked for form and against the limits.
//!
//! Written for this vocabulary rather than taken from a library: a relay reads every message once and forwards its
//! bytes, so reading must be strict (others will have to read what is passed on) and cost less than a general
//! parser. The tests hold it against `quick-xml`.

use std::borrow::Cow;

use super::bytes::{Class, class, is_legal_at, is_name_byte, is_name_start, local, plain_groups};
use super::escape::{newlines, resolve, unescape};
use crate::syntax::Limits;
use crate::syntax::chars::{all_legal, is_space};
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
    meter: Meter,
    /// Where the last token begins, and where it ends.
    at: usize,
    next: usize,
    /// The element whose start was yielded last was empty.
    empty: bool,
    rooted: bool,
    doctype: Option<&'a str>,
    /// How many names with a prefix were read.
    prefixes: usize,
    open: Stack<&'a str, 16>,
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
        Ok(Self {
            document,
            meter,
            at: 0,
            next: 0,
            empty: false,
            rooted: false,
            doctype: None,
            prefixes: 0,
            open: Stack::new(),
            attributes: Stack::new(),
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
            self.at = self.next;
            let rest = self.document.as_bytes().get(self.at..).unwrap_or_default();
            return match rest {
                [b'<', b'/', ..] => self.end(),
                [b'<', b'?', ..] => {
                    self.instruction()?;
                    continue;
                }
                [b'<', b'!', ..] => match self.declaration()? {
                    Some(token) => Ok(token),
                    None => continue,
                },
                [b'<', ..] => self.start(),
                [] => self.eof(),
                [b'&', ..] => self.reference(),
                _ => match self.characters()? {
                    Some(token) => Ok(token),
                    None => continue,
                },
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
    pub(in crate::syntax) const fn offset(&self) -> usize {
        self.next
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

    #[inline]
    fn end(&mut self) -> Result<Token<'a>, DecodeError> {
        let Some(name) = self.open.pop() else { return Err(malformed("an end without a start")) };
        let rest = self.document.as_bytes().get(self.at + 2..).unwrap_or_default();
        let Some(rest) = rest.strip_prefix(name.as_bytes()) else { return Err(malformed("an end of another name")) };
        let spaces = rest.iter().take_while(|b| is_space(char::from(**b))).count();
        match rest.get(spaces) {
            Some(b'>') => {
                self.next = self.at + 2 + name.len() + spaces + 1;
                self.meter.close();
                Ok(Token::End)
            }
            Some(_) => Err(malformed("an end of another name")),
            None => Err(DecodeError::Eof),
        }
    }

    #[inline]
    fn start(&mut self) -> Result<Token<'a>, DecodeError> {
        let bytes = self.document.as_bytes();
        let from = self.at + 1;
        let name = self.name(from)?;
        if self.meter.depth == 0 && std::mem::replace(&mut self.rooted, true) {
            return Err(malformed("more than one root"));
        }
        self.meter.open()?;
        self.attributes.clear();
        let mut at = from + name.len();
        loop {
            match bytes.get(at) {
                Some(b'>') => {
                    self.open.push(name);
                    self.next = at + 1;
                    return Ok(Token::Start(Tag { name }));
                }
                Some(b'/') if bytes.get(at + 1) == Some(&b'>') => {
                    self.empty = true;
                    self.next = at + 2;
                    return Ok(Token::Start(Tag { name }));
                }
                Some(b) if is_space(char::from(*b)) => {
                    at += 1;
                    if bytes.get(at).is_some_and(|b| is_name_start(*b)) {
                        at = self.attribute(at)?;
                    }
                }
                Some(_) => return Err(malformed("a tag that is none")),
                None => return Err(DecodeError::Eof),
            }
        }
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
        if all_legal(name) { Ok(name) } else { Err(malformed("a name that is none")) }
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
        let mut at = from;
        let mut refers = false;
        at += plain_groups(bytes.get(at..).unwrap_or_default(), quote);
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let Some(length) = rest.iter().position(|b| *b == quote || class(*b) != Class::Plain) else {
                return Err(DecodeError::Eof);
            };
            at += length;
            match class(bytes[at]) {
                _ if bytes[at] == quote => break,
                Class::Markup if bytes[at] == b'<' => return Err(malformed("the value of an attribute holds a <")),
                Class::Markup => refers = true,
                Class::Illegal => return Err(illegal()),
                Class::Rare if !is_legal_at(bytes, at) => return Err(illegal()),
                Class::Plain | Class::Rare => {}
            }
            at += 1;
        }
        let value = self.slice(from, at);
        if refers {
            unescape(value)?;
        }
        self.meter.attributes(self.attributes.len() + 1)?;
        if self.attributes.find(|(known, _)| *known == name).is_some() {
            return Err(malformed("two attributes have the same name"));
        }
        self.attributes.push((name, value));
        Ok(at + 1)
    }

    /// Reads characters up to the next tag or reference; nothing if they are space outside the document.
    #[inline]
    fn characters(&mut self) -> Result<Option<Token<'a>>, DecodeError> {
        let bytes = self.document.as_bytes();
        let mut at = self.at;
        let mut returns = false;
        loop {
            at += plain_groups(bytes.get(at..).unwrap_or_default(), b'<');
            let rest = bytes.get(at..).unwrap_or_default();
            let Some(length) = rest.iter().position(|b| class(*b) != Class::Plain) else {
                at = bytes.len();
                break;
            };
            at += length;
            match class(bytes[at]) {
                Class::Markup => break,
                Class::Illegal => return Err(illegal()),
                Class::Rare if !is_legal_at(bytes, at) => return Err(illegal()),
                Class::Rare if bytes[at] == b'\r' => returns = true,
                Class::Rare if bytes.get(at..at + 3) == Some(b"]]>") => {
                    return Err(malformed("]]> in characters"));
                }
                Class::Plain | Class::Rare => {}
            }
            at += 1;
        }
        self.next = at;
        let text = self.slice(self.at, at);
        if self.meter.depth == 0 {
            return if text.chars().all(is_space) { Ok(None) } else { Err(malformed("characters outside the document")) };
        }
        self.text(if returns { newlines(text) } else { Cow::Borrowed(text) }).map(Some)
    }

    #[inline]
    fn text(&mut self, text: Cow<'a, str>) -> Result<Token<'a>, DecodeError> {
        self.meter.text(text.len())?;
        Ok(Token::Text(text))
    }

    fn reference(&mut self) -> Result<Token<'a>, DecodeError> {
        let rest = self.document.as_bytes().get(self.at..).unwrap_or_default();
        let Some(length) = rest.iter().take(64).position(|b| *b == b';') else {
            return Err(malformed("a reference has no end"));
        };
        if self.meter.depth == 0 {
            return Err(malformed("characters outside the document"));
        }
        self.next = self.at + length + 1;
        let text = resolve(self.slice(self.at + 1, self.at + length))?;
        self.text(text)
    }

    /// Steps over a processing instruction or the declaration of the document.
    fn instruction(&mut self) -> Result<(), DecodeError> {
        let target = self.name(self.at + 2)?;
        let rest = self.slice(self.at, self.document.len());
        let length = rest.find("?>").ok_or(DecodeError::Eof)?;
        let declares = target == "xml" && self.at == 0;
        if !all_legal(&rest[..length]) || (target.eq_ignore_ascii_case("xml") && !declares) {
            return Err(malformed("a processing instruction that is none"));
        }
        self.next = self.at + length + 2;
        Ok(())
    }

    /// Steps over a comment or document type declaration; yields a CDATA section.
    fn declaration(&mut self) -> Result<Option<Token<'a>>, DecodeError> {
        let rest = self.slice(self.at, self.document.len());
        if let Some(comment) = rest.strip_prefix("<!--") {
            let length = comment.find("--").ok_or(DecodeError::Eof)?;
            if !comment[length..].starts_with("-->") || !all_legal(&comment[..length]) {
                return Err(malformed("a comment that is none"));
            }
            self.next = self.at + 4 + length + 3;
            return Ok(None);
        }
        if let Some(data) = rest.strip_prefix("<![CDATA[") {
            let length = data.find("]]>").ok_or(DecodeError::Eof)?;
            let data = &data[..length];
            if self.meter.depth == 0 || !all_legal(data) {
                return Err(malformed("a CDATA section that is none"));
            }
            self.next = self.at + 9 + length + 3;
            return self.text(newlines(data)).map(Some);
        }
        if !rest.starts_with("<!DOCTYPE") {
            return Err(malformed("a declaration that is none"));
        }
        let mut quote = None;
        let end = rest.bytes().position(|b| {
            match (quote, b) {
                (None, b'"' | b'\'') => quote = Some(b),
                (Some(open), b) if open == b => quote = None,
                _ => {}
            }
            quote.is_none() && matches!(b, b'>' | b'[')
        });
        let end = end.ok_or(DecodeError::Eof)?;
        if rest.as_bytes()[end] == b'[' {
            return Err(DecodeError::Doctype);
        }
        if self.rooted || self.doctype.is_some() || !all_legal(&rest[..end]) {
            return Err(malformed("a DOCTYPE that is none"));
        }
        self.doctype = Some(&rest[..end]);
        self.next = self.at + end + 1;
        Ok(None)
    }
}

#[cold]
fn malformed(what: &str) -> DecodeError {
    DecodeError::Malformed(what.into())
}

#[cold]
fn illegal() -> DecodeError {
    malformed("a character that XML cannot hold")
}

#[cfg(test)]
mod tests;
