//! Documents as trees, read from XML by `quick-xml` alone, so that they can be held against what other readers make
//! of the same document.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesStart, Event};

/// An element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// The namespace it binds.
    pub namespace: Option<String>,
    /// Its characters: trimmed, but as they are in `ContentData`.
    pub text: String,
    /// Its children.
    pub children: Vec<Node>,
}

/// A document of `tests/corpus`.
#[derive(Debug)]
pub struct Sample {
    /// `1.2/login-request`.
    pub name: String,
    /// `1.1`, `1.2` or `1.3`.
    pub version: &'static str,
    /// The document.
    pub xml: String,
}

pub const VERSIONS: [&str; 3] = ["1.1", "1.2", "1.3"];

/// Every document of these versions.
pub fn corpus(versions: &[&'static str]) -> Vec<Sample> {
    let mut samples = Vec::new();
    for version in versions.iter().copied() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(version);
        let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(files.len() > 50, "only {} documents in {}", files.len(), folder.display());
        for file in files {
            let name = format!("{version}/{}", file.file_stem().unwrap().to_str().unwrap());
            samples.push(Sample { name, version, xml: fs::read_to_string(&file).unwrap() });
        }
    }
    samples
}

// === impl Node ===

impl Node {
    /// Reads XML.
    pub fn read(xml: &str) -> Self {
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
    pub fn settle(&mut self) {
        if self.name != "ContentData" {
            self.text = self.text.trim().to_owned();
        }
    }

    /// This element and all below, depth first.
    pub fn all(&self) -> Vec<&Self> {
        let below = self.children.iter().flat_map(Self::all);
        std::iter::once(self).chain(below).collect()
    }

    /// Does something to this element and to all below.
    pub fn each(&mut self, change: &mut impl FnMut(&mut Self)) {
        change(self);
        for child in &mut self.children {
            child.each(change);
        }
    }

    fn lines(&self, depth: usize, out: &mut String) {
        let bound = self.namespace.as_ref().map(|uri| format!(" [{uri}]")).unwrap_or_default();
        let _ = writeln!(out, "{:width$}{}{bound} {:?}", "", self.name, self.text, width = depth * 2);
        for child in &self.children {
            child.lines(depth + 1, out);
        }
    }
}

/// Where two trees differ first, with a line of each.
pub fn difference(expected: &Node, found: &Node) -> Option<String> {
    if expected == found {
        return None;
    }
    let (mut wanted, mut got) = (String::new(), String::new());
    expected.lines(0, &mut wanted);
    found.lines(0, &mut got);
    let place = wanted.lines().zip(got.lines()).position(|(a, b)| a != b);
    let line = |text: &str| text.lines().nth(place.unwrap_or(usize::MAX)).unwrap_or("the end").trim().to_owned();
    Some(format!("expected {} but found {}", line(&wanted), line(&got)))
}
