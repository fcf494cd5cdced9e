//! Documents as trees, read from XML by `quick-xml` alone, so that they can be held against what other readers make
//! of the same document.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesStart, Event};

/// An element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Node {
    /// Its name.
    pub(crate) name: String,
    /// The namespace it binds.
    pub(crate) namespace: Option<String>,
    /// Its characters: trimmed, but as they are in `ContentData`.
    pub(crate) text: String,
    /// Its content, if that came as bytes and not as characters.
    pub(crate) bytes: Option<Vec<u8>>,
    /// Its children.
    pub(crate) children: Vec<Self>,
}

// === impl Node ===

impl Node {
    /// Reads XML.
    pub(crate) fn read(xml: &str) -> Self {
        let mut reader = Reader::from_str(xml);
        let mut open = vec![Self::default()];
        loop {
            match reader.read_event().unwrap_or_else(|error| panic!("{error}: {xml}")) {
                Event::Start(tag) => open.push(Self::opened(&tag)),
                Event::Empty(tag) => open.last_mut().unwrap().children.push(Self::opened(&tag)),
                Event::End(_) => {
                    let mut node = open.pop().unwrap();
                    node.settle();
                    open.last_mut().unwrap().children.push(node);
                }
                Event::Text(text) => open.last_mut().unwrap().text.push_str(&text),
                Event::CData(text) => open.last_mut().unwrap().text.push_str(&text),
                Event::GeneralRef(name) => {
                    let text = &mut open.last_mut().unwrap().text;
                    match name.resolve_char_ref().unwrap() {
                        Some(character) => text.push(character),
                        None => text.push_str(resolve_predefined_entity(&name).unwrap()),
                    }
                }
                Event::Eof => break,
                _ => {}
            }
        }
        let [root] = &open[..] else { panic!("not closed: {xml}") };
        root.children.first().cloned().unwrap_or_else(|| panic!("no root: {xml}"))
    }

    fn opened(tag: &BytesStart<'_>) -> Self {
        let mut node = Self { name: tag.name().as_ref().to_owned(), ..Self::default() };
        for attribute in tag.attributes().map(Result::unwrap) {
            assert_eq!(attribute.key.as_ref(), "xmlns");
            node.namespace = Some(unescape(&attribute.value).unwrap().into_owned());
        }
        node
    }

    /// Cuts the white space that means nothing.
    pub(crate) fn settle(&mut self) {
        if self.name != "ContentData" {
            self.text = self.text.trim().to_owned();
        }
    }

    /// Whether the content inside is base64 in XML: beside it, or in the `MessageInfo` beside it, it says so.
    pub(crate) fn is_encoded(&self) -> bool {
        let info = self.children.iter().find(|child| child.name == "MessageInfo").unwrap_or(self);
        info.children.iter().any(|child| child.name == "ContentEncoding" && child.text == "BASE64")
    }

    /// Turns bytes into the characters XML has in their place.
    pub(crate) fn spell_out(&mut self) {
        let encoded = self.is_encoded();
        for child in &mut self.children {
            if let Some(bytes) = child.bytes.take() {
                child.text = if encoded { STANDARD.encode(bytes) } else { String::from_utf8(bytes).unwrap() };
            }
            child.spell_out();
        }
    }

    /// Does something to this element and to all below.
    pub(crate) fn each(&mut self, change: &mut impl FnMut(&mut Self)) {
        change(self);
        for child in &mut self.children {
            child.each(change);
        }
    }

    /// The names of this element and of all below.
    pub(crate) fn names(&self) -> Vec<&str> {
        std::iter::once(self.name.as_str()).chain(self.children.iter().flat_map(Self::names)).collect()
    }

    fn lines(&self, depth: usize, out: &mut String) {
        let bound = self.namespace.as_ref().map(|uri| format!(" [{uri}]")).unwrap_or_default();
        let bytes = self.bytes.as_ref().map(|bytes| format!(" {bytes:02X?}")).unwrap_or_default();
        let _ = writeln!(out, "{:width$}{}{bound} {:?}{bytes}", "", self.name, self.text, width = depth * 2);
        for child in &self.children {
            child.lines(depth + 1, out);
        }
    }
}

/// Where two trees differ first, with the line of each.
pub(crate) fn difference(expected: &Node, found: &Node) -> Option<String> {
    if expected == found {
        return None;
    }
    let (mut wanted, mut got) = (String::new(), String::new());
    expected.lines(0, &mut wanted);
    found.lines(0, &mut got);
    let place = wanted.lines().zip(got.lines()).position(|(a, b)| a != b);
    let place = place.unwrap_or_else(|| wanted.lines().count().min(got.lines().count()));
    let line = |text: &str| text.lines().nth(place).unwrap_or("the end").trim().to_owned();
    Some(format!("expected {} but found {}", line(&wanted), line(&got)))
}
