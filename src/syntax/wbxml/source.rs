//! CSP-WBXML as a source.

use std::borrow::Cow;

use super::charset::Strings;
use super::values;
use super::{ATTRIBUTES, CONTENT, END, ENTITY, EXT_T_0, LITERAL, OPAQUE, PI, STR_I, STR_T, SWITCH_PAGE};
use crate::syntax::Limits;
use crate::syntax::chars::joined;
use crate::syntax::date::Date;
use crate::syntax::dialect::{PREFIXES, Told, told, told_by_number};
use crate::syntax::document::Document;
use crate::syntax::limits::Meter;
use crate::syntax::stack::Stack;
use crate::vocabulary::element::Kind;
use crate::vocabulary::{DecodeError, Element, Event, Source, Text, Version};

/// Names of elements longer than this are nobody's.
const LONGEST_NAME: usize = 256;

/// Reads CSP-WBXML.
pub(in crate::syntax) struct WbxmlSource<'a> {
    document: &'a [u8],
    /// Where reading goes on, and where the last event began.
    next: usize,
    at: usize,
    table: &'a [u8],
    strings: Strings,
    page: u8,
    version: Version,
    told: Option<Told>,
    meter: Meter,
    open: Stack<Open, 16>,
    /// The innermost element is empty: its end comes next.
    empty: bool,
    /// The end of the innermost element was yielded; it leaves `open` with the next event, so that a fault still
    /// knows it.
    ended: bool,
    rooted: bool,
    /// Bytes taken from the string table so far: references may repeat.
    referred: usize,
    /// Whether attributes are kept, and values without a meaning shown: for people who look at a document.
    all: bool,
    /// The attributes of the last start.
    attributes: Vec<(Text, String)>,
}

/// An open element: what it is, or where its name is found.
#[derive(Clone, Copy, Debug, Default)]
struct Open {
    element: Option<Element>,
    page: u8,
    token: u8,
    /// Place in the string table, of a literal.
    literal: u32,
}

// === impl WbxmlSource ===

impl<'a> WbxmlSource<'a> {
    /// Reads the header.
    pub(in crate::syntax) fn new(document: &'a [u8], limits: &Limits) -> Result<Self, DecodeError> {
        let meter = Meter::new(limits);
        meter.document(document.len())?;
        let mut source = Self {
            document,
            next: 0,
            at: 0,
            table: &[],
            strings: Strings::Utf8,
            page: 0,
            version: Version::default(),
            told: None,
            meter,
            open: Stack::new(),
            empty: false,
            ended: false,
            rooted: false,
            referred: 0,
            all: false,
            attributes: Vec::new(),
        };
        let release = source.byte()?;
        if !(1..=3).contains(&release) {
            return Err(DecodeError::Unsupported(format!("WBXML version byte {release:#04x}")));
        }
        let number = source.number()?;
        let literal = if number == 0 { Some(source.number()?) } else { None };
        source.strings = Strings::new(source.number()?)?;
        let length = source.length()?;
        source.table = source.take(length)?;
        source.told = match literal {
            Some(at) => told(source.table_text(at, LONGEST_NAME)?.as_ref(), "CSP "),
            None => told_by_number(number),
        };
        if let Some(Told::Spoken(version)) = source.told {
            source.version = version;
        }
        Ok(source)
    }

    /// Keeps attributes, and shows values that nobody knows.
    pub(in crate::syntax) fn with_all(mut self) -> Self {
        self.all = true;
        self
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        let byte = *self.document.get(self.next).ok_or(DecodeError::Eof)?;
        self.next += 1;
        Ok(byte)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let rest = self.document.get(self.next..).unwrap_or_default();
        let taken = rest.get(..length).ok_or(DecodeError::Eof)?;
        self.next += length;
        Ok(taken)
    }

    /// A multi-byte integer.
    fn number(&mut self) -> Result<u32, DecodeError> {
        let mut number = 0_u32;
        loop {
            let byte = self.byte()?;
            if number >> 25 != 0 {
                return Err(malformed("a number is too large"));
            }
            number = number << 7 | u32::from(byte & 0x7F);
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
    }

    fn length(&mut self) -> Result<usize, DecodeError> {
        usize::try_from(self.number()?).map_err(|_| DecodeError::Eof)
    }

    fn inline(&mut self) -> Result<Cow<'a, str>, DecodeError> {
        let rest = self.document.get(self.next..).unwrap_or_default();
        let (bytes, length) = self.strings.terminated(rest).ok_or(DecodeError::Eof)?;
        self.next += length;
        self.strings.text(bytes)
    }

    fn table_text(&mut self, at: u32, most: usize) -> Result<Cow<'a, str>, DecodeError> {
        let from = usize::try_from(at).ok().and_then(|at| self.table.get(at..));
        let from = from.ok_or_else(|| malformed("a reference beyond the string table"))?;
        let within = from.get(..most.saturating_add(2)).unwrap_or(from);
        let (bytes, _) = match self.strings.terminated(within) {
            Some(found) => found,
            // The last string of a table may lack its end.
            None if within.len() == from.len() => (from, 0),
            None => return Err(malformed("a string of the table is too long")),
        };
        self.referred = self.referred.saturating_add(bytes.len());
        if self.referred > self.meter.bytes() {
            return Err(DecodeError::Limit { what: "bytes by reference", most: self.meter.bytes() });
        }
        self.strings.text(bytes)
    }

    /// An entity; two for the halves of a surrogate pair are one character.
    fn character(&mut self) -> Result<char, DecodeError> {
        let unit = self.number()?;
        let place = self.next;
        if (0xD800..0xDC00).contains(&unit) && self.document.get(place) == Some(&ENTITY) {
            self.next += 1;
            match joined(unit, self.number()?) {
                Some(character) => return Ok(character),
                None => self.next = place,
            }
        }
        match unit {
            0xD800..0xE000 => Ok(char::REPLACEMENT_CHARACTER),
            _ => char::from_u32(unit).ok_or_else(|| malformed("an entity is no character")),
        }
    }

    fn element(&self) -> Option<Element> {
        self.open.last().and_then(|open| open.element)
    }

    fn text(&mut self, text: Cow<'a, str>) -> Result<Event<'a>, DecodeError> {
        if self.open.len() == 0 {
            return Err(malformed("characters outside the document"));
        }
        self.meter.text(text.len())?;
        Ok(Event::Text(text))
    }

    fn opaque(&mut self) -> Result<Event<'a>, DecodeError> {
        let length = self.length()?;
        let bytes = self.take(length)?;
        if self.open.len() == 0 {
            return Err(malformed("characters outside the document"));
        }
        self.meter.text(bytes.len())?;
        let text = match self.element().map(Element::kind) {
            Some(Kind::Date) => match Date::unpack(bytes) {
                Some(date) => Some(Cow::Owned(date.basic())),
                // The six bytes of a phone that counts wrong are no reason to lose its message.
                None => match self.strings.text(bytes).ok().filter(|text| Date::parse(text).is_some()) {
                    None if !self.all => Some(Cow::Borrowed("")),
                    text => text,
                },
            },
            Some(Kind::Plain | Kind::Boolean) => self.strings.text(bytes).ok(),
            Some(Kind::Integer | Kind::Binary) | None => None,
        };
        Ok(text.map_or(Event::Opaque(Cow::Borrowed(bytes)), Event::Text))
    }

    fn tag(&mut self, byte: u8) -> Result<Event<'a>, DecodeError> {
        self.attributes.clear();
        let mut open = Open { page: self.page, token: byte & 0x3F, ..Open::default() };
        open.element = if open.token == LITERAL {
            open.literal = self.number()?;
            Element::from_xml(self.table_text(open.literal, LONGEST_NAME)?.trim())
        } else {
            Element::from_wbxml(open.page, open.token, self.version)
        };
        if self.open.len() == 0 && std::mem::replace(&mut self.rooted, true) {
            return Err(malformed("more than one root"));
        }
        self.open.push(open);
        self.meter.open()?;
        if byte & ATTRIBUTES != 0 {
            self.read_attributes()?;
        }
        self.empty = byte & CONTENT == 0;
        Ok(Event::Start(open.element))
    }

    /// Reads attributes; a namespace of the root names the version.
    fn read_attributes(&mut self) -> Result<(), DecodeError> {
        let mut count = 0;
        let (mut name, mut value) = (Cow::Borrowed(""), String::new());
        let kept = self.all || self.open.len() == 1;
        loop {
            let byte = self.byte()?;
            let part = match byte {
                END => break,
                SWITCH_PAGE => {
                    self.byte()?;
                    continue;
                }
                ENTITY => Cow::Owned(self.character()?.to_string()),
                STR_I => self.inline()?,
                STR_T => {
                    let at = self.number()?;
                    self.table_text(at, usize::MAX)?
                }
                OPAQUE => {
                    let length = self.length()?;
                    self.take(length)?;
                    continue;
                }
                0x40..=0x42 | 0x80..=0x82 | 0xC0..=0xC2 => {
                    self.extension(byte)?;
                    continue;
                }
                0x85..=0xBF | 0xC5.. => continue,
                PI | 0x44 | 0x84 | 0xC4 => return Err(malformed("no attribute")),
                start => {
                    count += 1;
                    self.meter.attributes(count)?;
                    self.attribute(&name, &value);
                    value.clear();
                    let prefix = PREFIXES.iter().find(|(token, _)| *token == start).map(|(_, prefix)| *prefix);
                    name = match (start, prefix) {
                        (LITERAL, _) => {
                            let at = self.number()?;
                            self.table_text(at, LONGEST_NAME)?
                        }
                        (_, Some(_)) => Cow::Borrowed("xmlns"),
                        (_, None) => Cow::Borrowed(""),
                    };
                    prefix.unwrap_or_default().into()
                }
            };
            // What is counted here is no text.
            self.meter.text(part.len())?;
            if kept {
                value.push_str(&part);
            }
        }
        self.attribute(&name, &value);
        Ok(())
    }

    fn attribute(&mut self, name: &str, value: &str) {
        if self.open.len() == 1
            && let Some(told) = told(value, "CSP")
        {
            self.told = Some(told);
            if let Told::Spoken(version) = told {
                self.version = version;
            }
        }
        if self.all && !name.is_empty() {
            self.attributes.push((name.into(), value.to_owned()));
        }
    }

    /// Steps over an extension token that CSP gives no meaning.
    fn extension(&mut self, token: u8) -> Result<(), DecodeError> {
        match token {
            0x40..=0x42 => self.inline().map(drop),
            0x80..=0x82 => self.number().map(drop),
            _ => Ok(()),
        }
    }

    /// The name of an element, or of its token.
    fn shown(&self, open: Open) -> Text {
        match (open.element, open.token) {
            (Some(element), _) => element.xml().into(),
            (None, LITERAL) => {
                let from = usize::try_from(open.literal).ok().and_then(|at| self.table.get(at..)).unwrap_or_default();
                let name = self.strings.terminated(from).map_or(from, |(name, _)| name);
                self.strings.text(name).unwrap_or_default().chars().take(64).collect()
            }
            (None, token) => compact_str::format_compact!("token-{:02X}-{token:02X}", open.page),
        }
    }
}

impl<'a> Source<'a> for WbxmlSource<'a> {
    fn next(&mut self) -> Result<Event<'a>, DecodeError> {
        if std::mem::take(&mut self.ended) {
            self.open.pop();
        }
        if std::mem::take(&mut self.empty) {
            self.meter.close();
            self.ended = true;
            return Ok(Event::End);
        }
        loop {
            self.at = self.next;
            if self.rooted && self.open.len() == 0 {
                return Ok(Event::Eof);
            }
            return match self.byte()? {
                SWITCH_PAGE => {
                    self.page = self.byte()?;
                    continue;
                }
                END => {
                    self.meter.close();
                    self.ended = true;
                    if self.open.len() == 0 { Err(malformed("an end without a start")) } else { Ok(Event::End) }
                }
                ENTITY => {
                    let character = self.character()?;
                    self.text(Cow::Owned(character.to_string()))
                }
                STR_I => {
                    let text = self.inline()?;
                    self.text(text)
                }
                STR_T => {
                    let at = self.number()?;
                    let text = self.table_text(at, usize::MAX)?;
                    self.text(text)
                }
                EXT_T_0 => {
                    let token = self.number()?;
                    match values::text(token, self.element(), self.version) {
                        Some(text) => self.text(Cow::Borrowed(text)),
                        None if self.all => self.text(Cow::Owned(format!("value-{token:02X}"))),
                        // One value of a later version is no reason to lose the message.
                        None => self.text(Cow::Borrowed("")),
                    }
                }
                OPAQUE => self.opaque(),
                PI => {
                    self.read_attributes()?;
                    continue;
                }
                byte @ (0x40..=0x42 | 0x81 | 0x82 | 0xC0..=0xC2) => {
                    self.extension(byte)?;
                    continue;
                }
                byte => self.tag(byte),
            };
        }
    }

    fn version(&self) -> Version {
        self.version
    }
}

impl<'a> Document<'a> for WbxmlSource<'a> {
    fn told(&self) -> Option<Told> {
        self.told
    }

    fn speak(&mut self, version: Version) {
        self.version = version;
    }

    fn name(&self) -> Text {
        self.open.last().map_or_else(Text::default, |open| self.shown(open))
    }

    fn attributes(&mut self) -> Vec<(Text, String)> {
        std::mem::take(&mut self.attributes)
    }

    fn place(&self) -> (usize, String) {
        let names: Vec<Text> = self.open.iter().map(|open| self.shown(open)).collect();
        (self.at, names.join("/"))
    }
}

fn malformed(what: &str) -> DecodeError {
    DecodeError::Malformed(what.into())
}
