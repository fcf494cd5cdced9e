//! A reader of CSP-WBXML that shares neither code nor tables with `src/`. It is strict: it takes what the tables of
//! `tokens.txt` say and nothing beyond, in the shortest form, and panics at the rest.

use std::collections::BTreeSet;

use crate::document::Node;
use crate::tokens::{Row, rows};

/// What was read.
#[derive(Debug)]
pub(crate) struct Reading {
    /// The version the public identifier tells.
    pub(crate) version: &'static str,
    pub(crate) root: Node,
    /// The tags used, by page and token.
    pub(crate) tags: BTreeSet<(u8, u8)>,
    /// The value tokens used.
    pub(crate) values: BTreeSet<u8>,
}

struct Reader<'a> {
    rest: &'a [u8],
    rows: &'a [Row],
    names: &'a [u8],
    page: u8,
    reading: Reading,
}

/// Reads a document.
pub(crate) fn read(document: &[u8]) -> Reading {
    let rows = rows();
    let reading = Reading { version: "", root: Node::default(), tags: BTreeSet::new(), values: BTreeSet::new() };
    let mut reader = Reader { rest: document, rows: &rows, names: &[], page: 0, reading };
    assert_eq!(reader.byte(), 0x03, "WBXML 1.3");
    let public = reader.byte();
    let public = rows.iter().find(|row| row.of == "public" && row.token == public).unwrap();
    reader.reading.version = public.read[0];
    assert_eq!(reader.byte(), 0x6A, "UTF-8");
    let length = reader.number();
    reader.names = reader.bytes(length);
    let mut tag = reader.byte();
    while tag == 0x00 {
        reader.page = reader.byte();
        tag = reader.byte();
    }
    let mut root = reader.element(tag);
    root.spell_out();
    assert!(reader.rest.is_empty(), "{} bytes behind the document", reader.rest.len());
    Reading { root, ..reader.reading }
}

// === impl Reader ===

impl<'a> Reader<'a> {
    fn byte(&mut self) -> u8 {
        self.bytes(1)[0]
    }

    fn bytes(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn number(&mut self) -> usize {
        let mut number = 0;
        loop {
            let byte = self.byte();
            number = number * 128 + usize::from(byte % 128);
            if byte < 128 {
                return number;
            }
        }
    }

    fn string(&mut self) -> &'a str {
        let length = self.rest.iter().position(|b| *b == 0).unwrap();
        let text = std::str::from_utf8(self.bytes(length)).unwrap();
        self.byte();
        text
    }

    fn name(&mut self) -> &'a str {
        let from = &self.names[self.number()..];
        std::str::from_utf8(&from[..from.iter().position(|b| *b == 0).unwrap()]).unwrap()
    }

    /// The one row that this version writes.
    fn row(&self, of: &str, page: u8, token: u8) -> Row {
        let is = |row: &&Row| row.of == of && row.page == page && row.token == token;
        let mut found = self.rows.iter().filter(is).filter(|row| row.written.contains(&self.reading.version));
        let row = found.next().unwrap_or_else(|| panic!("no {of} {page}:{token:#04X} in {}", self.reading.version));
        assert_eq!(found.next(), None, "{row:?}");
        row.clone()
    }

    fn element(&mut self, tag: u8) -> Node {
        let token = tag & 0x3F;
        let (name, kind) = if token == 0x04 {
            (self.name().to_owned(), "plain")
        } else {
            self.reading.tags.insert((self.page, token));
            let row = self.row("tag", self.page, token);
            (row.name.to_owned(), row.kind)
        };
        let mut node = Node { name, ..Node::default() };
        if tag & 0x80 != 0 {
            node.namespace = Some(self.namespace());
        }
        if tag & 0x40 != 0 {
            self.content(&mut node, kind);
        }
        node.settle();
        node
    }

    fn namespace(&mut self) -> String {
        let start = self.byte();
        let mut uri = if start == 0x04 {
            assert_eq!(self.name(), "xmlns");
            String::new()
        } else {
            self.row("prefix", 0, start).name.to_owned()
        };
        assert_eq!(self.byte(), 0x03);
        uri.push_str(self.string());
        assert_eq!(self.byte(), 0x01, "one attribute");
        uri
    }

    fn content(&mut self, node: &mut Node, kind: &str) {
        loop {
            match self.byte() {
                0x00 => self.page = self.byte(),
                0x01 => return,
                0x03 => {
                    let text = self.string();
                    let number: Option<u32> = text.parse().ok();
                    assert!(kind != "integer" || number.is_none(), "{}: {text:?} as text", node.name);
                    node.text.push_str(text);
                }
                0x80 => {
                    let token = u8::try_from(self.number()).unwrap();
                    self.reading.values.insert(token);
                    node.text.push_str(self.row("value", 0, token).name);
                }
                0xC3 => {
                    let length = self.number();
                    let bytes = self.bytes(length);
                    match kind {
                        "integer" => node.text = integer(bytes).to_string(),
                        "binary" => node.bytes = Some(bytes.to_vec()),
                        _ => panic!("{}: opaque", node.name),
                    }
                }
                global @ (0x02 | 0x40..=0x43 | 0x81..=0x83 | 0xC0..=0xC2) => panic!("token {global:#04X}"),
                tag => {
                    let child = self.element(tag);
                    node.children.push(child);
                }
            }
        }
    }
}

fn integer(bytes: &[u8]) -> u64 {
    assert!(matches!(bytes.len(), 1..=4), "{bytes:02X?}");
    assert!(bytes.len() == 1 || bytes[0] != 0, "not the shortest: {bytes:02X?}");
    bytes.iter().fold(0, |number, byte| number * 256 + u64::from(*byte))
}
