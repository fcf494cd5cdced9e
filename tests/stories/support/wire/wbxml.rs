//! WBXML, written and read over a table of facts (`tokens.txt`).

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::Version;
use super::tree::Node;

const SWITCH_PAGE: u8 = 0x00;
const END: u8 = 0x01;
const ENTITY: u8 = 0x02;
const STR_I: u8 = 0x03;
const EXT_T_0: u8 = 0x80;
const STR_T: u8 = 0x83;
const OPAQUE: u8 = 0xC3;
const CONTENT: u8 = 0x40;
const ATTRIBUTES: u8 = 0x80;

/// What one phone reads at once, bytes.
const BLOCK: usize = 1024;

/// Attribute starts: token, what it says of the namespace.
const PREFIXES: [(u8, &str); 9] = [
    (0x05, "http://www.wireless-village.org/CSP"),
    (0x06, "http://www.wireless-village.org/PA"),
    (0x07, "http://www.wireless-village.org/TRC"),
    (0x08, "http://www.openmobilealliance.org/DTD/WV-CSP"),
    (0x09, "http://www.openmobilealliance.org/DTD/WV-PA"),
    (0x0A, "http://www.openmobilealliance.org/DTD/WV-TRC"),
    (0x0B, "http://www.openmobilealliance.org/DTD/IMPS-CSP"),
    (0x0C, "http://www.openmobilealliance.org/DTD/IMPS-PA"),
    (0x0D, "http://www.openmobilealliance.org/DTD/IMPS-TRC"),
];

/// The tokens of one version.
#[derive(Default)]
struct Tokens {
    tags: HashMap<(u8, u8), &'static str>,
    tag_of: HashMap<&'static str, (u8, u8)>,
    words: HashMap<u32, &'static str>,
    word_of: HashMap<&'static str, u32>,
    integers: HashSet<&'static str>,
}

static TOKENS: LazyLock<[Tokens; 3]> = LazyLock::new(|| ['1', '2', '3'].map(Tokens::load));

fn tokens(version: Version) -> &'static Tokens {
    match version {
        Version::V11 => &TOKENS[0],
        Version::V12 => &TOKENS[1],
        Version::V13 => &TOKENS[2],
    }
}

/// How an encoder in the field writes.
#[derive(Clone, Debug)]
pub struct Dialect {
    /// What stands before the root: release, public id, character set, string table.
    pub head: Vec<u8>,
    /// Whose tokens it uses, whatever the document says; the first that has one counts.
    pub tokens: &'static [Version],
    /// Empty elements have their content bit set and end at once.
    pub content_bit: bool,
    /// It writes namespaces.
    pub namespaces: bool,
    /// Numbers that it writes as text.
    pub numbers_as_text: &'static [&'static str],
    /// Characters beyond the BMP are two surrogates of three bytes each.
    pub surrogates: bool,
}

/// Writes a message with public id and tokens of `version`.
pub fn write(root: &Node, version: Version) -> Vec<u8> {
    write_as(root, Dialect::of(version))
}

/// Writes a message in a dialect.
pub fn write_as(root: &Node, dialect: Dialect) -> Vec<u8> {
    let mut writer = Writer { out: dialect.head.clone(), page: 0, dialect };
    writer.element(root);
    writer.out
}

/// Reads a message the way the strictest phone does: numeric public id, UTF-8, no unknown token, dates as text.
pub fn read(body: &[u8]) -> Result<Node, String> {
    let mut reader = Reader { body, at: 0, page: 0, table: &[], tokens: tokens(Version::V12) };
    if !(1..=3).contains(&reader.byte()?) {
        return Err("not WBXML 1.1 to 1.3".into());
    }
    let version = match reader.number()? {
        0x10 => Version::V11,
        0x11 => Version::V12,
        0x12 => Version::V13,
        other => return Err(format!("public id {other:#x}")),
    };
    reader.tokens = tokens(version);
    if reader.number()? != 106 {
        return Err("not UTF-8".into());
    }
    let length = reader.number()? as usize;
    reader.table = reader.take(length)?;
    let root = reader.element()?;
    match reader.at == body.len() {
        true => Ok(root),
        false => Err(format!("{} bytes behind the root", body.len() - reader.at)),
    }
}

struct Writer {
    out: Vec<u8>,
    page: u8,
    dialect: Dialect,
}

struct Reader<'a> {
    body: &'a [u8],
    at: usize,
    page: u8,
    table: &'a [u8],
    tokens: &'static Tokens,
}

// === impl Dialect ===

impl Dialect {
    /// As the standard has it.
    pub fn of(version: Version) -> Self {
        let public_id = match version {
            Version::V11 => 0x10,
            Version::V12 => 0x11,
            Version::V13 => 0x12,
        };
        let tokens = match version {
            Version::V11 => &[Version::V11],
            Version::V12 => &[Version::V12],
            Version::V13 => &[Version::V13],
        };
        Self {
            head: vec![0x03, public_id, 0x6A, 0x00],
            tokens,
            content_bit: false,
            namespaces: true,
            numbers_as_text: &[],
            surrogates: false,
        }
    }
}

// === impl Tokens ===

impl Tokens {
    fn load(version: char) -> Self {
        let mut tokens = Self::default();
        for line in include_str!("tokens.txt").lines().filter(|l| !l.starts_with('#')) {
            let mut fields = line.split(' ');
            let (kind, versions) = (fields.next(), fields.next().unwrap());
            if !versions.contains(version) {
                continue;
            }
            match kind {
                Some("tag") => {
                    let page = fields.next().unwrap().parse().unwrap();
                    let token = u8::from_str_radix(fields.next().unwrap(), 16).unwrap();
                    let name = fields.next().unwrap();
                    tokens.tags.insert((page, token), name);
                    tokens.tag_of.insert(name, (page, token));
                }
                Some("val") => {
                    let index = u32::from_str_radix(fields.next().unwrap(), 16).unwrap();
                    let word = fields.next().unwrap();
                    tokens.words.insert(index, word);
                    tokens.word_of.insert(word, index);
                }
                Some("int") => _ = tokens.integers.insert(fields.next().unwrap()),
                _ => panic!("tokens.txt: {line}"),
            }
        }
        tokens
    }
}

// === impl Writer ===

impl Writer {
    fn element(&mut self, node: &Node) {
        let tag = self.tables().find_map(|tokens| tokens.tag_of.get(node.name.as_str()));
        let (page, token) = *tag.unwrap_or_else(|| panic!("no token for {}", node.name));
        if page != self.page {
            self.out.extend([SWITCH_PAGE, page]);
            self.page = page;
        }
        let empty = node.text.is_empty() && node.bytes.is_none() && node.children.is_empty();
        let content = !empty || self.dialect.content_bit;
        let attributes = self.dialect.namespaces && !node.attrs.is_empty();
        let flags = if content { CONTENT } else { 0 } | if attributes { ATTRIBUTES } else { 0 };
        self.out.push(token | flags);
        if attributes {
            for (name, value) in &node.attrs {
                assert_eq!(name, "xmlns", "an attribute WBXML can't write");
                let (token, prefix) = PREFIXES.iter().find(|(_, prefix)| value.starts_with(prefix)).unwrap();
                self.out.push(*token);
                self.inline(&value[prefix.len()..]);
            }
            self.out.push(END);
        }
        if content {
            if let Some(bytes) = &node.bytes {
                self.opaque(bytes);
            } else if !node.text.is_empty() {
                self.text(node);
            }
            for child in &node.children {
                self.element(child);
            }
            self.out.push(END);
        }
    }

    fn text(&mut self, node: &Node) {
        let text = node.text.as_str();
        match text.parse::<u32>() {
            Ok(number) if self.is_number(&node.name) => {
                let bytes = number.to_be_bytes();
                self.opaque(&bytes[bytes.iter().position(|b| *b != 0).unwrap_or(3)..]);
            }
            _ => match self.tables().find_map(|tokens| tokens.word_of.get(text)) {
                Some(index) if node.name != "ContentData" => {
                    self.out.push(EXT_T_0);
                    self.number(*index);
                }
                _ => self.inline(text),
            },
        }
    }

    fn tables(&self) -> impl Iterator<Item = &'static Tokens> + use<> {
        self.dialect.tokens.iter().map(|version| tokens(*version))
    }

    fn is_number(&self, name: &str) -> bool {
        let listed = self.tables().any(|tokens| tokens.integers.contains(name));
        listed && !self.dialect.numbers_as_text.contains(&name)
    }

    fn inline(&mut self, text: &str) {
        assert!(!text.contains('\0'), "a NUL in a string");
        self.out.push(STR_I);
        for character in text.chars() {
            if self.dialect.surrogates && character > '\u{FFFF}' {
                for half in character.encode_utf16(&mut [0; 2]) {
                    let bits = |shift: u16, mask: u16| (*half >> shift & mask) as u8;
                    self.out.extend([0xE0 | bits(12, 0xF), 0x80 | bits(6, 0x3F), 0x80 | bits(0, 0x3F)]);
                }
            } else {
                self.out.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        self.out.push(0);
    }

    fn opaque(&mut self, bytes: &[u8]) {
        self.out.push(OPAQUE);
        self.number(bytes.len() as u32);
        self.out.extend(bytes);
    }

    fn number(&mut self, number: u32) {
        for shift in [28, 21, 14, 7] {
            if number >> shift != 0 {
                self.out.push(0x80 | (number >> shift & 0x7F) as u8);
            }
        }
        self.out.push((number & 0x7F) as u8);
    }
}

// === impl Reader ===

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8, String> {
        let byte = *self.body.get(self.at).ok_or("ends too soon")?;
        self.at += 1;
        Ok(byte)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let taken = self.body.get(self.at..self.at + length).ok_or("ends too soon")?;
        self.at += length;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, String> {
        let mut number = 0u32;
        for _ in 0..5 {
            let byte = self.byte()?;
            number = number << 7 | u32::from(byte & 0x7F);
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err("a number of more than 5 bytes".into())
    }

    fn string(&mut self) -> Result<&'a str, String> {
        let rest = &self.body[self.at..];
        let length = rest.iter().position(|b| *b == 0).ok_or("a string without end")?;
        self.at += length + 1;
        if self.at.is_multiple_of(BLOCK) {
            return Err(format!("a string ends with a block, at {}: one phone loses it", self.at));
        }
        std::str::from_utf8(&rest[..length]).map_err(|e| format!("not UTF-8: {e}"))
    }

    fn table_string(&mut self) -> Result<&'a str, String> {
        let start = self.number()? as usize;
        let rest = self.table.get(start..).ok_or("outside the string table")?;
        let length = rest.iter().position(|b| *b == 0).unwrap_or(rest.len());
        std::str::from_utf8(&rest[..length]).map_err(|e| format!("not UTF-8: {e}"))
    }

    fn switches(&mut self) -> Result<(), String> {
        while self.body.get(self.at) == Some(&SWITCH_PAGE) {
            self.page = self.body.get(self.at + 1).copied().ok_or("ends too soon")?;
            self.at += 2;
        }
        Ok(())
    }

    fn element(&mut self) -> Result<Node, String> {
        self.switches()?;
        let tag = self.byte()?;
        let name = match tag & 0x3F {
            0x04 => self.table_string()?,
            token => self
                .tokens
                .tags
                .get(&(self.page, token))
                .ok_or_else(|| format!("unknown tag {token:#04x} on page {} at {}", self.page, self.at))?,
        };
        let mut node = Node { name: name.to_owned(), ..Node::default() };
        if tag & ATTRIBUTES != 0 {
            self.attributes(&mut node)?;
        }
        if tag & CONTENT != 0 {
            self.content(&mut node)?;
        }
        Ok(node)
    }

    fn attributes(&mut self, node: &mut Node) -> Result<(), String> {
        let mut value = String::new();
        loop {
            match self.byte()? {
                END => break,
                STR_I => value.push_str(self.string()?),
                STR_T => value.push_str(self.table_string()?),
                token => {
                    let (_, prefix) = PREFIXES.iter().find(|(t, _)| *t == token).ok_or("unknown attribute")?;
                    value.push_str(prefix);
                }
            }
        }
        node.attrs.push(("xmlns".into(), value));
        Ok(())
    }

    fn content(&mut self, node: &mut Node) -> Result<(), String> {
        loop {
            self.switches()?;
            match *self.body.get(self.at).ok_or("ends inside an element")? {
                END => {
                    self.at += 1;
                    return Ok(());
                }
                STR_I => {
                    self.at += 1;
                    node.text.push_str(self.string()?);
                }
                STR_T => {
                    self.at += 1;
                    node.text.push_str(self.table_string()?);
                }
                ENTITY => {
                    self.at += 1;
                    node.text.push(char::from_u32(self.number()?).ok_or("no character")?);
                }
                EXT_T_0 => {
                    self.at += 1;
                    let index = self.number()?;
                    node.text
                        .push_str(self.tokens.words.get(&index).ok_or_else(|| format!("unknown value {index:#x}"))?);
                }
                OPAQUE => {
                    self.at += 1;
                    let length = self.number()? as usize;
                    let bytes = self.take(length)?;
                    self.opaque(node, bytes)?;
                }
                _ => node.children.push(self.element()?),
            }
        }
    }

    fn opaque(&self, node: &mut Node, bytes: &[u8]) -> Result<(), String> {
        if self.tokens.integers.contains(node.name.as_str()) {
            if bytes.len() > 4 {
                return Err(format!("a number of {} bytes in {}", bytes.len(), node.name));
            }
            node.text = bytes.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)).to_string();
            return Ok(());
        }
        match node.name.as_str() {
            "ContentData" | "SegmentContent" => node.bytes.get_or_insert_default().extend(bytes),
            other => return Err(format!("opaque data in {other}")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::xml;
    use super::*;

    /// An XML document and the same in WBXML, as hexadecimal text.
    fn vectors() -> impl Iterator<Item = (Version, &'static str, Vec<u8>)> {
        include_str!("vectors.txt").split("\n\n").map(|vector| {
            let mut lines = vector.lines().filter(|l| !l.starts_with('#'));
            let version = match lines.next().unwrap() {
                "1.1" => Version::V11,
                "1.2" => Version::V12,
                _ => Version::V13,
            };
            let document = lines.next().unwrap();
            let bytes = lines.flat_map(str::split_whitespace).map(|b| u8::from_str_radix(b, 16).unwrap()).collect();
            (version, document, bytes)
        })
    }

    #[test]
    fn the_vectors_are_written_byte_for_byte() {
        assert_eq!(vectors().count(), 5);
        for (version, document, bytes) in vectors() {
            assert_eq!(write(&xml::read(document.as_bytes()).unwrap(), version), bytes, "{document}");
        }
    }

    #[test]
    fn the_vectors_are_read_to_the_same_tree() {
        for (_, document, bytes) in vectors() {
            assert_eq!(read(&bytes), xml::read(document.as_bytes()), "{document}");
        }
    }

    #[test]
    fn a_dialect_differs_where_it_says_so() {
        let tree =
            xml::read("<SessionID xmlns=\"x\"><Code>7</Code><Poll/><Name>\u{1f600}</Name></SessionID>".as_bytes());
        let tree = tree.unwrap();
        let dialect = Dialect {
            content_bit: true,
            namespaces: false,
            numbers_as_text: &["Code"],
            surrogates: true,
            ..Dialect::of(Version::V12)
        };
        let bytes = write_as(&tree, dialect);
        let expected = b"\x03\x11\x6A\x00\x6F\x4B\x037\0\x01\x61\x01\x5E\x03\xED\xA0\xBD\xED\xB8\x80\0\x01\x01";
        assert_eq!(bytes, expected, "{bytes:02X?}");
    }

    #[test]
    fn what_a_phone_could_not_read_is_a_fault() {
        let (_, _, good) = vectors().next().unwrap();
        assert!(read(&good[..good.len() - 1]).is_err());
        assert!(read(&[&good[..], &[0x01]].concat()).is_err());
        let mut literal = good.clone();
        literal[1] = 0x01;
        assert!(read(&literal).is_err(), "unknown public id");
        let message = |length| {
            let id = super::super::tree::leaf("SessionID", "x".repeat(length));
            write(&super::super::tree::node("WV-CSP-Message", [id]), Version::V12)
        };
        let faults: Vec<_> = (900..1100).filter(|length| read(&message(*length)).is_err()).collect();
        assert_eq!(faults.len(), 1, "a text that ends with a block: {faults:?}");
    }
}
