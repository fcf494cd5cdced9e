//! What Postern writes is read with the tables of `tokens.txt`, and what these tables hold is read by Postern.

use std::collections::BTreeSet;

use postern::syntax::Limits;
use postern::syntax::tree::Tree;
use postern::vocabulary::Version;

use crate::corpus::{corpus, plain};
use crate::document::{Node, difference};
use crate::reader::read;
use crate::tokens::{Row, rows};

fn tree(body: &[u8]) -> Tree {
    Tree::read(body, &Limits::default()).unwrap()
}

fn written(version: Version, of: &str) -> Vec<Row> {
    let mut rows = rows();
    rows.retain(|row| row.of == of && row.written.contains(&version.as_str()));
    assert!(rows.len() > 90, "{version}: only {}", rows.len());
    rows
}

#[test]
fn the_independent_reader_reads_every_document_we_write() {
    for sample in corpus(&Version::ALL) {
        let reading = read(&sample.wbxml());
        assert_eq!(reading.version, sample.version.as_str(), "{}", sample.name);
        let difference = difference(&Node::read(&sample.xml), &reading.root);
        assert!(difference.is_none(), "{}: {}", sample.name, difference.unwrap());
    }
}

#[test]
fn every_element_is_written_with_the_token_of_its_version() {
    for version in Version::ALL {
        let tags = written(version, "tag");
        let value = |row: &Row| match row.kind {
            "integer" => "70000",
            "boolean" => "F",
            "date" => "20010925T165859Z",
            _ => "any",
        };
        let elements: String = tags.iter().map(|row| format!("<{0}>{1}</{0}>", row.name, value(row))).collect();
        let xml = format!("<WV-CSP-Message>{elements}</WV-CSP-Message>");
        let reading = read(&tree(xml.as_bytes()).to_wbxml(version).unwrap());
        assert_eq!(reading.version, version.as_str());
        let expected: BTreeSet<(u8, u8)> = tags.iter().map(|row| (row.page, row.token)).collect();
        assert_eq!(reading.tags, expected);
        let mut root = reading.root;
        root.each(&mut |node| node.namespace = None);
        assert_eq!(difference(&Node::read(&xml), &root), None, "{version}");
    }
}

#[test]
fn an_element_that_the_version_lacks_is_written_by_name() {
    let xml = "<WV-CSP-Message><Session><CIR>T</CIR><UserIDList/><Users>any</Users></Session></WV-CSP-Message>";
    for version in Version::ALL {
        let mut reading = read(&tree(xml.as_bytes()).to_wbxml(version).unwrap());
        reading.root.each(&mut |node| node.namespace = None);
        assert_eq!(difference(&Node::read(xml), &reading.root), None, "{version}");
    }
}

#[test]
fn every_value_is_written_with_the_token_of_its_version() {
    let all: BTreeSet<&str> = rows().iter().filter(|row| row.of == "value").map(|row| row.name).collect();
    for version in Version::ALL {
        for parent in ["Value", "Name"] {
            let elements: String = all.iter().map(|text| format!("<{parent}>{text}</{parent}>")).collect();
            let xml = format!("<WV-CSP-Message>{elements}</WV-CSP-Message>");
            let reading = read(&tree(xml.as_bytes()).to_wbxml(version).unwrap());
            let mut expected: BTreeSet<u8> = written(version, "value").iter().map(|row| row.token).collect();
            if parent == "Name" && version == Version::V13 {
                // Here it would be read as `History`.
                expected.remove(&0x3D);
            }
            assert_eq!(reading.values, expected, "{version} in {parent}");
            let texts: Vec<&str> = reading.root.children.iter().map(|node| node.text.as_str()).collect();
            assert_eq!(texts, all.iter().copied().collect::<Vec<_>>(), "{version} in {parent}");
        }
    }
}

/// A document of one element with this content.
fn document(version: &str, page: u8, token: u8, content: &[u8]) -> Vec<u8> {
    let public = match version {
        "1.1" => 0x10,
        "1.2" => 0x11,
        _ => 0x12,
    };
    [&[0x03, public, 0x6A, 0x00, 0x49, 0x00, page, token | 0x40], content, &[0x01, 0x01]].concat()
}

#[test]
fn every_tag_of_every_table_is_read() {
    for row in rows().iter().filter(|row| row.of == "tag") {
        for version in &row.read {
            let mut content: &[u8] = &[0x03, b'a', b'n', b'y', 0x00];
            let mut text = "any";
            match row.kind {
                "integer" => (content, text) = (&[0xC3, 0x03, 0x01, 0x11, 0x70], "70000"),
                "boolean" => (content, text) = (&[0x80, 0x2C], "T"),
                "date" => {
                    (content, text) = (&[0xC3, 0x06, 0x1F, 0x46, 0x73, 0x0E, 0xBB, 0x5A], "20010925T165859Z");
                }
                _ => {}
            }
            let read = tree(&document(version, row.page, row.token, content));
            assert_eq!(read.version.as_str(), *version);
            let child = &plain(&read.root).children[0];
            assert_eq!((child.name.as_str(), child.text.as_str()), (row.name, text), "{row:?} in {version}");
        }
    }
}

#[test]
fn every_value_of_every_table_is_read() {
    let rows: Vec<Row> = rows().into_iter().filter(|row| row.of == "value").collect();
    for version in Version::ALL.map(Version::as_str) {
        for token in 0..=0xFF_u8 {
            let of_version = rows.iter().filter(|row| row.token == token && row.read.contains(&version));
            let expected: BTreeSet<&str> = of_version.map(|row| row.name).collect();
            if expected.is_empty() {
                continue;
            }
            // A token of two meanings has one of them as the name of a property. Page 0: Name, Value.
            let content: &[u8] = if token < 0x80 { &[0x80, token] } else { &[0x80, 0x81, token & 0x7F] };
            let texts =
                [0x1E, 0x3D].map(|tag| plain(&tree(&document(version, 0, tag, content)).root).children.remove(0).text);
            assert_eq!(
                texts.iter().map(String::as_str).collect::<BTreeSet<_>>(),
                expected,
                "{token:#04X} in {version}"
            );
        }
    }
}

#[test]
fn no_string_ends_with_a_block_of_1024_bytes() {
    // A widespread client reads so many bytes at a time, and loses a string that ends just there.
    let document = |padding: usize| {
        let strings: String = (0..250).map(|at| format!("<Description>{at}</Description>")).collect();
        let lists = "<PresenceSubList/>".repeat(200);
        format!("<WV-CSP-Message><Name>{}</Name>{strings}{lists}</WV-CSP-Message>", "x".repeat(padding))
    };
    let mut switched = 0;
    for padding in 1..60 {
        let tree = tree(document(padding).as_bytes());
        let wbxml = tree.to_wbxml(Version::V12).unwrap();
        let ends = wbxml.chunks_exact(1024).filter(|block| block.ends_with(b"\0"));
        // A block may also end with the first byte of a page switch.
        assert_eq!(ends.filter(|block| block[1022] != 0x01).count(), 0, "{padding}");
        switched += wbxml.windows(3).filter(|bytes| *bytes == [0x01, 0x00, 0x00]).count();
        let read = read(&wbxml).root;
        assert_eq!(difference(&plain(&tree.root).children[1], &read.children[1]), None);
        assert_eq!(read.children.len(), tree.root.children.len());
    }
    assert!(switched > 10, "{switched}");
}
