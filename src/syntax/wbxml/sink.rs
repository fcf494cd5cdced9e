//! CSP-WBXML as a sink.

use std::collections::HashMap;

use super::values::token;
use super::{ATTRIBUTES, CONTENT, END, EXT_T_0, LITERAL, OPAQUE, STR_I, SWITCH_PAGE, UTF_8};
use crate::syntax::dialect::{PREFIXES, namespace, public_id};
use crate::syntax::loss::{Loss, Losses};
use crate::vocabulary::element::Kind;
use crate::vocabulary::{Element, Sink, Text, Version};

/// Where the length of the string table stands.
const TABLE: usize = 3;
/// Bytes before the root where there is no string table.
pub(in crate::syntax) const HEADER: usize = TABLE + 1;
/// How many bytes at a time a widespread client reads.
const BLOCK: usize = 1024;

/// Writes CSP-WBXML: numeric public identifier, UTF-8, no string table unless unknown names need it. Text with a NUL inside is written as
/// opaque data, since a NUL ends a string. Elements without a token (of SSP only) are left out with their content.
pub(in crate::syntax) struct WbxmlSink {
    out: Vec<u8>,
    version: Version,
    page: u8,
    /// The place of the last tag, while it has no content.
    bare: Option<usize>,
    /// The element opened last, unless no table knows it.
    element: Option<Element>,
    /// Open elements that are left out.
    hidden: usize,
    /// The string table: names that have no token, and where in it each begins.
    names: Vec<u8>,
    places: HashMap<Text, usize>,
    losses: Losses,
}

impl WbxmlSink {
    /// Writes the header.
    pub(in crate::syntax) fn new(version: Version) -> Self {
        let mut out = Vec::with_capacity(512);
        out.extend_from_slice(&[0x03, public_id(version), UTF_8, 0]);
        Self {
            out,
            version,
            page: 0,
            bare: None,
            element: None,
            hidden: 0,
            names: Vec::new(),
            places: HashMap::new(),
            losses: Losses::default(),
        }
    }

    /// The document, and what had no place in it.
    pub(in crate::syntax) fn finish(mut self) -> (Vec<u8>, Vec<Loss>) {
        if !self.names.is_empty() {
            let body = self.out.split_off(TABLE + 1);
            self.out.truncate(TABLE);
            let length = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
            self.number(length);
            self.out.append(&mut self.names);
            self.out.extend_from_slice(&body);
        }
        (self.out, self.losses.done())
    }

    /// Opens an element that no table knows.
    pub(in crate::syntax) fn literal(&mut self, name: &str) {
        self.content();
        self.bare = Some(self.out.len());
        self.element = None;
        self.out.push(LITERAL);
        self.name(name);
    }

    /// Gives the element just opened an attribute that has no token.
    pub(in crate::syntax) fn attribute(&mut self, name: &str, value: &str) {
        let Some(tag) = self.bare.and_then(|at| self.out.get_mut(at)) else { return };
        if *tag & ATTRIBUTES == 0 {
            *tag |= ATTRIBUTES;
        } else {
            // The list goes on.
            self.out.pop();
        }
        self.out.push(LITERAL);
        self.name(name);
        self.string(value);
        self.out.push(END);
    }

    /// Refers to a name in the string table.
    fn name(&mut self, name: &str) {
        let end = self.names.len();
        let at = *self.places.entry(name.into()).or_insert(end);
        if at == end {
            self.names.extend(name.bytes().filter(|b| *b != 0));
            self.names.push(0);
        }
        self.number(u32::try_from(at).unwrap_or(u32::MAX));
    }

    fn kind(&self) -> Kind {
        self.element.map_or(Kind::Plain, Element::kind)
    }

    fn content(&mut self) {
        if let Some(tag) = self.bare.take().and_then(|at| self.out.get_mut(at)) {
            *tag |= CONTENT;
        }
    }

    /// Keeps the end of a string that comes next, `before` other bytes, off the end of a block: the client that reads
    /// so loses it there. A switch to the page that is current moves it, and all that follows.
    fn aside(&mut self, before: usize, text: &str) {
        if (self.out.len() + before + text.len() + 2).is_multiple_of(BLOCK)
            && let Some(at) = self.bare
        {
            self.out.splice(at..at, [SWITCH_PAGE, self.page]);
            self.bare = Some(at + 2);
        }
    }

    fn number(&mut self, number: u32) {
        for shift in [28, 21, 14, 7] {
            if number >> shift != 0 {
                self.out.push(0x80 | (number >> shift & 0x7F) as u8);
            }
        }
        self.out.push((number & 0x7F) as u8);
    }

    fn string(&mut self, text: &str) {
        if text.as_bytes().contains(&0) {
            return self.bytes(text.as_bytes());
        }
        self.out.push(STR_I);
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(0);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.out.push(OPAQUE);
        self.number(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.out.extend_from_slice(bytes);
    }
}

impl Sink for WbxmlSink {
    fn version(&self) -> Version {
        self.version
    }

    fn omit(&mut self, element: Element) {
        self.losses.omit(element);
    }

    fn start(&mut self, element: Element) {
        let Some((page, tag)) = element.wbxml().filter(|_| self.hidden == 0) else {
            if self.hidden == 0 {
                self.losses.omit(element);
            }
            self.hidden += 1;
            return;
        };
        self.losses.open(element);
        self.content();
        if page != self.page {
            self.page = page;
            self.out.extend_from_slice(&[SWITCH_PAGE, page]);
        }
        self.bare = Some(self.out.len());
        self.element = Some(element);
        self.out.push(tag);
        if let Some(uri) = namespace(element, self.version) {
            let prefix = PREFIXES.iter().find_map(|(token, prefix)| Some((*token, uri.strip_prefix(prefix)?)));
            if let (Some((start, digits)), Some(tag)) = (prefix, self.out.last_mut()) {
                *tag |= ATTRIBUTES;
                self.aside(1, digits);
                self.out.push(start);
                self.string(digits);
                self.out.push(END);
            }
        }
    }

    fn text(&mut self, text: &str) {
        if text.is_empty() || self.hidden > 0 {
            return;
        }
        match token(text, self.element, self.version).filter(|_| self.kind() != Kind::Binary) {
            Some(token) => {
                self.content();
                self.out.push(EXT_T_0);
                self.number(u32::from(token));
            }
            None => {
                self.aside(0, text);
                self.content();
                self.string(text);
            }
        }
    }

    fn integer(&mut self, number: u32) {
        if self.hidden > 0 {
            return;
        }
        self.content();
        if self.kind() == Kind::Integer {
            let bytes = number.to_be_bytes();
            let zeros = usize::try_from(number.leading_zeros() / 8).unwrap_or_default();
            self.bytes(bytes.get(zeros.min(3)..).unwrap_or_default());
        } else {
            self.string(&number.to_string());
        }
    }

    fn opaque(&mut self, bytes: &[u8]) {
        if self.hidden == 0 {
            self.content();
            self.bytes(bytes);
        }
    }

    fn end(&mut self, _: Element) {
        if self.hidden > 0 {
            self.hidden -= 1;
            return;
        }
        self.losses.close();
        if self.bare.take().is_none() {
            self.out.push(END);
        }
    }
}
