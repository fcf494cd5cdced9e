//! XML, written by hand and read from plain parser events.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::tree::Node;

/// Writes a document without declaration, as phones do.
pub fn write(root: &Node) -> String {
    let mut out = String::new();
    put(root, &mut out);
    out
}

/// A tree for people's eyes, whatever is in it.
pub fn show(node: &Node) -> String {
    let inside: String = node.children.iter().map(show).collect();
    let bytes = node.bytes.as_ref().map(|b| format!("({} bytes)", b.len())).unwrap_or_default();
    format!("<{0}>{1}{bytes}{inside}</{0}>", node.name, node.text)
}

/// Reads a document. Doctypes, entities of its own and text outside the root are faults.
pub fn read(body: &[u8]) -> Result<Node, String> {
    let text = std::str::from_utf8(body).map_err(|e| format!("not UTF-8: {e}"))?;
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Node> = Vec::new();
    let mut root = None;
    loop {
        match reader.read_event().map_err(|e| format!("not XML: {e}"))? {
            Event::Start(tag) => open.push(start(&tag)?),
            Event::Empty(tag) => close(start(&tag)?, &mut open, &mut root)?,
            Event::End(_) => {
                let node = open.pop().ok_or("an end without a start")?;
                close(node, &mut open, &mut root)?;
            }
            Event::Text(text) => push(&text.xml10_content(), &mut open)?,
            Event::CData(text) => push(&text.xml10_content(), &mut open)?,
            Event::GeneralRef(reference) => {
                let name = reference.xml10_content();
                let character = match reference.resolve_char_ref().map_err(|e| e.to_string())? {
                    Some(character) => character,
                    None => match name.as_ref() {
                        "lt" => '<',
                        "gt" => '>',
                        "amp" => '&',
                        "apos" => '\'',
                        "quot" => '"',
                        other => return Err(format!("unknown entity {other}")),
                    },
                };
                push(character.encode_utf8(&mut [0; 4]), &mut open)?;
            }
            Event::DocType(_) => return Err("a DOCTYPE".into()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof if open.is_empty() => return root.ok_or_else(|| "no element".into()),
            Event::Eof => return Err("ends inside an element".into()),
        }
    }
}

fn put(node: &Node, out: &mut String) {
    out.push('<');
    out.push_str(&node.name);
    for (name, value) in &node.attrs {
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        escape(value, out);
        out.push('"');
    }
    assert!(node.bytes.is_none(), "bytes in XML");
    if node.text.is_empty() && node.children.is_empty() {
        out.push_str("/>");
        return;
    }
    out.push('>');
    escape(&node.text, out);
    for child in &node.children {
        put(child, out);
    }
    out.push_str("</");
    out.push_str(&node.name);
    out.push('>');
}

fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            other => out.push(other),
        }
    }
}

fn start(tag: &BytesStart<'_>) -> Result<Node, String> {
    let mut node = Node { name: tag.local_name().as_ref().to_owned(), ..Node::default() };
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|e| format!("attribute: {e}"))?;
        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).map_err(|e| e.to_string())?;
        node = node.attr(attribute.key.as_ref(), value);
    }
    Ok(node)
}

fn close(node: Node, open: &mut [Node], root: &mut Option<Node>) -> Result<(), String> {
    match open.last_mut() {
        Some(parent) => parent.children.push(node),
        None if root.is_none() => *root = Some(node),
        None => return Err("two roots".into()),
    }
    Ok(())
}

fn push(text: &str, open: &mut [Node]) -> Result<(), String> {
    match open.last_mut() {
        Some(node) => node.text.push_str(text),
        None if text.trim_matches(['\u{feff}', ' ', '\n', '\r', '\t']).is_empty() => {}
        None => return Err("text outside the root".into()),
    }
    Ok(())
}

#[test]
fn text_survives_writing_and_reading() {
    use super::tree::{leaf, node};
    let tree = node("a", [leaf("b", "  1 < 2 & \u{1f600} \"'\u{d} ").attr("x", "<&>\"")]);
    assert_eq!(read(write(&tree).as_bytes()), Ok(tree));
}

#[test]
fn doctypes_and_broken_documents_are_faults() {
    for bad in ["<!DOCTYPE a><a/>", "<a>", "<a/><b/>", "", "<a>&nbsp;</a>", "x<a/>"] {
        assert!(read(bad.as_bytes()).is_err(), "{bad}");
    }
}
