//! The documents of `tests/corpus`: that they cover the vocabulary, and that they are read alike in both encodings.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use postern::syntax::tree::{self, Tree};
use postern::syntax::{Encoding, Limits, csp};
use postern::vocabulary::{Element, Version};

use crate::document::{Node, difference};

/// A document.
#[derive(Debug)]
pub(crate) struct Sample {
    /// `1.2/login-request`.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: Version,
    /// The document.
    pub(crate) xml: String,
}

/// Every document of these versions.
pub(crate) fn corpus(versions: &[Version]) -> Vec<Sample> {
    let mut samples = Vec::new();
    for version in versions {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(version.as_str());
        let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(files.len() >= 150, "only {} documents in {}", files.len(), folder.display());
        for file in files {
            let name = format!("{version}/{}", file.file_stem().unwrap().to_str().unwrap());
            samples.push(Sample { name, version: *version, xml: fs::read_to_string(&file).unwrap() });
        }
    }
    samples
}

// === impl Sample ===

impl Sample {
    /// The document as WBXML.
    pub(crate) fn wbxml(&self) -> Vec<u8> {
        let tree = Tree::read(self.xml.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(tree.version, self.version, "{}", self.name);
        tree.to_wbxml(self.version).unwrap()
    }
}

/// What Postern read, in the form the other readers have.
pub(crate) fn plain(node: &tree::Node) -> Node {
    let namespace = node.attributes.iter().find(|(name, _)| name == "xmlns").map(|(_, uri)| uri.clone());
    Node {
        name: node.name.to_string(),
        namespace,
        text: node.text.clone(),
        bytes: node.bytes.clone(),
        children: node.children.iter().map(plain).collect(),
    }
}

/// Elements that tables hold and no primitive.
const NOWHERE: [&str; 2] = ["AnswerOptionsText", "Capability"];

#[test]
fn the_corpus_holds_every_element_of_every_version() {
    for version in Version::ALL {
        let documents: Vec<Node> = corpus(&[version]).iter().map(|sample| Node::read(&sample.xml)).collect();
        let used: BTreeSet<&str> = documents.iter().flat_map(Node::names).collect();
        let of_version = |element: &&Element| element.wbxml().is_some() && element.versions().contains(&version);
        let known: BTreeSet<&str> = Element::ALL.iter().filter(of_version).map(|element| element.xml()).collect();
        let missing: Vec<&&str> = known.difference(&used).filter(|name| !NOWHERE.contains(*name)).collect();
        assert!(missing.is_empty(), "no document of {version} holds {missing:?}");
        let nowhere: Vec<&&str> = NOWHERE.iter().filter(|name| used.contains(**name)).collect();
        assert!(nowhere.is_empty(), "{nowhere:?} have a place in {version} after all");
        for document in &documents {
            let foreign = outside_blocks(document).into_iter().filter(|name| !known.contains(name));
            assert_eq!(foreign.collect::<Vec<_>>(), [] as [&str; 0], "{version} {:?}", document.names());
        }
    }
}

/// The names in a document but for those inside vendors' blocks.
fn outside_blocks(node: &Node) -> Vec<&str> {
    let below = node.children.iter().filter(|_| node.name != "ExtBlock").flat_map(outside_blocks);
    std::iter::once(node.name.as_str()).chain(below).collect()
}

#[test]
fn every_document_comes_back_from_wbxml_and_xml() {
    for sample in corpus(&Version::ALL) {
        let expected = Node::read(&sample.xml);
        let binary = Tree::read(&sample.wbxml(), &Limits::default()).unwrap();
        assert_eq!(binary.version, sample.version, "{}", sample.name);
        let found = Node::read(&binary.to_xml(sample.version));
        let difference = difference(&expected, &found);
        assert!(difference.is_none(), "{}: {}", sample.name, difference.unwrap());
    }
}

#[test]
fn every_document_says_the_same_in_both_encodings() {
    for sample in corpus(&Version::ALL) {
        let said = |body: &[u8], encoding| {
            let read = csp::read(body, encoding, &Limits::default(), |_| None);
            let message = read.unwrap_or_else(|error| panic!("{}: {error}", sample.name));
            // Content that is bytes in WBXML is base64 in XML: one form for both.
            csp::write(&message, Encoding::Xml)
        };
        let (text, binary) = (said(sample.xml.as_bytes(), Encoding::Xml), said(&sample.wbxml(), Encoding::Wbxml));
        assert_eq!(text, binary, "{}", sample.name);
    }
}

/// Documents that come back otherwise when they were read as records, and why.
const WRITTEN_OTHERWISE: [(&str, &str); 12] = [
    ("block-entity-request-change", "InUse without a value says nothing"),
    ("create-list-request", "a contact without a name has an empty one"),
    ("envelope-cir", "CIR is never written"),
    ("envelope-ext-block", "vendors' blocks are dropped"),
    ("group-change-notice", "in 1.1, screen names stand without a list"),
    ("list-manage-request-add", "a contact without a name has an empty one"),
    ("login-request-bare-client", "the text of a ClientID is its URL"),
    ("login-response-refused", "the text of a ClientID is its URL"),
    ("polling-request-empty-id", "an empty id is none"),
    ("search-request-autojoin", "1.3 has SearchPair around what 1.2 has without"),
    ("search-request-groups", "1.3 has SearchPair around what 1.2 has without"),
    ("search-request-number", "1.3 has SearchPair around what 1.2 has without"),
];

#[test]
fn every_document_is_written_again_as_it_was_read() {
    // The order of children is Postern's own.
    fn sort(node: &mut Node) {
        node.children.iter_mut().for_each(sort);
        node.children.sort_by_cached_key(|child| format!("{child:?}"));
    }
    let (mut faults, mut used) = (Vec::new(), BTreeSet::new());
    for sample in corpus(&Version::ALL) {
        let message = csp::read(sample.xml.as_bytes(), Encoding::Xml, &Limits::default(), |_| None).unwrap();
        let (xml, losses) = csp::write_telling(&message, Encoding::Xml);
        assert!(losses.is_empty(), "{}: {losses:?}", sample.name);
        let mut expected = Node::read(&sample.xml);
        let mut found = Node::read(std::str::from_utf8(&xml).unwrap());
        sort(&mut expected);
        sort(&mut found);
        let listed = WRITTEN_OTHERWISE.iter().find(|(name, _)| sample.name.ends_with(&format!("/{name}")));
        match (difference(&expected, &found), listed) {
            (None, _) => {}
            (Some(_), Some((name, _))) => {
                used.insert(*name);
            }
            (Some(difference), None) => faults.push(format!("{}: {difference}", sample.name)),
        }
    }
    let unused = WRITTEN_OTHERWISE.iter().filter(|(name, _)| !used.contains(name));
    faults.extend(unused.map(|(name, reason)| format!("{name}: listed ({reason}), but nothing differs")));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
