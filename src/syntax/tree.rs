//! Any document as a tree of elements, for people and tools that look at messages: read from every syntax, written
//! as XML, WBXML or JSON. Unlike [`super::csp`] and [`super::ssp`] it knows no primitives and loses none.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::dialect::{Told, namespace, ssp_namespace, told};
use super::document::Document;
use super::pts::{self, PtsSource};
use super::wbxml::{WbxmlSink, WbxmlSource};
use super::xml::bytes::local;
use super::xml::escape::{Place, escape, unescape};
use super::xml::sink::DECLARATION;
use super::xml::{Tag, Token, Tokens};
use super::{Encoding, Limits, ReadError, Seen, chars};
use crate::vocabulary::element::Kind;
use crate::vocabulary::{DecodeError, Element, Event, Sink, Text, Version, base64};

/// A way IMPS is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// CSP in XML.
    CspXml,
    /// CSP in WAP binary XML.
    CspWbxml,
    /// CSP in plain text.
    CspPts,
    /// SSP in XML.
    SspXml,
}

/// A document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// How it was written.
    pub syntax: Syntax,
    /// Its version: what the document says, or else 1.2 for CSP and 1.3 for SSP.
    pub version: Version,
    /// The root.
    pub root: Node,
}

/// An element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Its name without prefix.
    pub name: Text,
    /// Its attributes; namespaces only where they are a vendor's.
    pub attributes: Vec<(Text, String)>,
    /// Its characters, trimmed unless it is content.
    pub text: String,
    /// Its bytes, if it holds bytes rather than characters.
    pub bytes: Option<Vec<u8>>,
    /// Its children.
    pub children: Vec<Self>,
}

// === impl Syntax ===

impl Syntax {
    /// `csp-xml`, `csp-wbxml`, `csp-pts` or `ssp-xml`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CspXml => "csp-xml",
            Self::CspWbxml => "csp-wbxml",
            Self::CspPts => "csp-pts",
            Self::SspXml => "ssp-xml",
        }
    }

    /// Whether it is a syntax of SSP.
    pub const fn is_ssp(self) -> bool {
        matches!(self, Self::SspXml)
    }

    /// The encoding of CSP it is; `None` for SSP.
    pub const fn encoding(self) -> Option<Encoding> {
        match self {
            Self::CspXml => Some(Encoding::Xml),
            Self::CspWbxml => Some(Encoding::Wbxml),
            Self::CspPts => Some(Encoding::Pts),
            Self::SspXml => None,
        }
    }
}

// === impl Tree ===

impl Tree {
    /// Reads a document; its syntax is found out. XML with a root that is neither CSP's nor SSP's is read as CSP.
    pub fn read(body: &[u8], limits: &Limits) -> Result<Self, ReadError> {
        let unread = |fault| ReadError { fault, at: 0, path: String::new(), seen: Seen::default() };
        if body.len() > limits.bytes {
            return Err(unread(DecodeError::Limit { what: "bytes", most: limits.bytes }));
        }
        if matches!(body.first(), Some(1..=3)) {
            return Self::of(WbxmlSource::new(body, limits).map_err(unread)?.with_all(), Syntax::CspWbxml);
        }
        if pts::is_message(body) {
            let text = chars::utf8(body).map_err(unread)?;
            return Self::of(PtsSource::new(&text, limits).map_err(unread)?, Syntax::CspPts);
        }
        let document = chars::document(body).map_err(unread)?;
        let before = if let Cow::Borrowed(text) = document { body.len() - text.len() } else { 0 };
        let mut tokens = Tokens::new(&document, limits).map_err(unread)?;
        match textual(&mut tokens) {
            Ok(tree) => Ok(tree),
            Err(fault) => {
                let at = tokens.at();
                Err(ReadError { fault, at: at + before, path: tokens.path(at), seen: Seen::default() })
            }
        }
    }

    fn of<'a>(mut source: impl Document<'a>, syntax: Syntax) -> Result<Self, ReadError> {
        let root = elements(&mut source).map_err(|fault| source.fail(fault, Seen::default()))?;
        let version = match source.told() {
            Some(Told::Spoken(version)) => version,
            _ => Version::default(),
        };
        Ok(Self { syntax, version, root })
    }

    /// The document as XML of a version, indented. Only what depends on the version by itself changes with it:
    /// namespaces.
    pub fn to_xml(&self, version: Version) -> String {
        let mut out = DECLARATION.to_vec();
        out.push(b'\n');
        self.root.xml(version, self.syntax, 0, &mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// The document as WBXML of a version; `None` for SSP, which has none.
    pub fn to_wbxml(&self, version: Version) -> Option<Vec<u8>> {
        if self.syntax == Syntax::SspXml {
            return None;
        }
        let mut sink = WbxmlSink::new(version);
        self.root.wbxml(false, &mut sink);
        Some(sink.finish().0)
    }

    /// The document as a JSON object: `syntax`, `version` and `root`; an element has `name` and, if not empty,
    /// `attributes`, `text`, `base64` and `children`.
    pub fn to_json(&self) -> Value {
        json!({ "syntax": self.syntax.as_str(), "version": self.version.as_str(), "root": self.root.json() })
    }
}

// === impl Node ===

impl Node {
    fn element(&self, syntax: Syntax) -> Option<Element> {
        if syntax == Syntax::SspXml { None } else { Element::from_xml(&self.name) }
    }

    /// The child that says how the content beside it is encoded, in the `MessageInfo` that describes it or beside
    /// it.
    fn info(&self) -> &Self {
        self.children.iter().find(|child| child.name == "MessageInfo").unwrap_or(self)
    }

    /// Whether the content below is base64 once it is characters.
    fn is_encoded(&self) -> bool {
        let encoding = self.info().children.iter().find(|child| child.name == "ContentEncoding");
        encoding.is_some_and(|encoding| encoding.text.eq_ignore_ascii_case("BASE64"))
    }

    /// The children as XML has them: where bytes become base64, the encoding says so.
    fn spelled(&self) -> Cow<'_, [Self]> {
        if self.is_encoded() || self.children.iter().all(|child| child.bytes.is_none()) {
            return Cow::Borrowed(&self.children);
        }
        let mut children = self.children.clone();
        let said = Self { name: "ContentEncoding".into(), text: "BASE64".into(), ..Self::default() };
        let info = match children.iter().position(|child| child.name == "MessageInfo") {
            Some(at) => &mut children[at].children,
            None => &mut children,
        };
        info.retain(|child| child.name != "ContentEncoding");
        info.insert(info.iter().position(|child| child.bytes.is_some()).unwrap_or(info.len()), said);
        Cow::Owned(children)
    }

    fn xml(&self, version: Version, syntax: Syntax, depth: usize, out: &mut Vec<u8>) {
        let element = self.element(syntax);
        let name = element.map_or(self.name.as_str(), |element| element.xml());
        out.resize(out.len() + depth * 2, b' ');
        out.push(b'<');
        out.extend_from_slice(name.as_bytes());
        let bound = match element {
            Some(element) => namespace(element, version),
            None if syntax == Syntax::SspXml && depth == 0 => Some(ssp_namespace(version)),
            None => None,
        };
        let bound = bound.map(|uri| ("xmlns", uri));
        let others = self.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in bound.into_iter().chain(others.filter(|(name, _)| bound.is_none() || *name != "xmlns")) {
            out.push(b' ');
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"=\"");
            escape(value, Place::Attribute, out);
            out.push(b'"');
        }
        let text = self.bytes.as_ref().map_or(Cow::Borrowed(&self.text), |bytes| Cow::Owned(base64::encode(bytes)));
        if text.is_empty() && self.children.is_empty() {
            out.extend_from_slice(b"/>\n");
            return;
        }
        out.push(b'>');
        escape(&text, Place::Text, out);
        if !self.children.is_empty() {
            out.push(b'\n');
            for child in self.spelled().iter() {
                child.xml(version, syntax, depth + 1, out);
            }
            out.resize(out.len() + depth * 2, b' ');
        }
        out.extend_from_slice(b"</");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b">\n");
    }

    fn wbxml(&self, encoded: bool, sink: &mut WbxmlSink) {
        // What the version's table lacks goes by its name.
        let element = Element::from_xml(&self.name);
        let element = element.filter(|element| element.versions().contains(&sink.version()));
        match element {
            Some(element) => sink.start(element),
            None => sink.literal(&self.name),
        }
        for (name, value) in &self.attributes {
            sink.attribute(name, value);
        }
        let number = if element.is_some_and(|e| e.kind() == Kind::Integer) { self.text.parse().ok() } else { None };
        let content = || base64::decode(&self.text).filter(|_| encoded && element == Some(Element::ContentData));
        match (&self.bytes, number) {
            (Some(bytes), _) => sink.opaque(bytes),
            (None, Some(number)) => sink.integer(number),
            (None, None) => match content() {
                Some(bytes) => sink.opaque(&bytes),
                None => sink.text(&self.text),
            },
        }
        let encoded = self.is_encoded();
        for child in &self.children {
            child.wbxml(encoded, sink);
        }
        // Elements are closed alike, whatever they are.
        sink.end(element.unwrap_or(Element::ExtBlock));
    }

    fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("name".into(), self.name.as_str().into());
        if !self.attributes.is_empty() {
            let attributes = self.attributes.iter().map(|(name, value)| (name.to_string(), value.as_str().into()));
            object.insert("attributes".into(), Value::Object(attributes.collect()));
        }
        if !self.text.is_empty() {
            object.insert("text".into(), self.text.as_str().into());
        }
        if let Some(bytes) = &self.bytes {
            object.insert("base64".into(), base64::encode(bytes).into());
        }
        if !self.children.is_empty() {
            object.insert("children".into(), self.children.iter().map(Self::json).collect());
        }
        Value::Object(object)
    }

    /// Content keeps its white space; elsewhere it means nothing.
    fn settle(&mut self) {
        if self.name != "ContentData" || !self.children.is_empty() {
            self.text = self.text.trim().to_owned();
        }
    }
}

/// An element being read.
#[derive(Default)]
struct Open {
    element: Option<Element>,
    node: Node,
    content: Vec<u8>,
    /// Whether the content came as characters, at least in part.
    characters: bool,
    opaque: bool,
}

// === impl Open ===

impl Open {
    /// Bytes beside characters are characters, unless they are none.
    fn close(mut self) -> Node {
        if self.opaque && !self.characters {
            self.node.bytes = Some(self.content);
        } else {
            match String::from_utf8(self.content) {
                Ok(text) => self.node.text = text,
                Err(fault) => self.node.bytes = Some(fault.into_bytes()),
            }
        }
        self.node.settle();
        self.node
    }
}

fn elements<'a>(source: &mut impl Document<'a>) -> Result<Node, DecodeError> {
    let mut open: Vec<Open> = Vec::new();
    loop {
        match (source.next()?, open.last_mut()) {
            (Event::Start(element), _) => {
                let mut attributes = source.attributes();
                attributes.retain(|(name, value)| !is_own(name, value));
                let node = Node { name: source.name(), attributes, ..Node::default() };
                open.push(Open { element, node, ..Open::default() });
            }
            (Event::Text(text), Some(inner)) => {
                inner.characters = true;
                inner.content.extend_from_slice(text.as_bytes());
            }
            (Event::Opaque(bytes), Some(inner)) => {
                if bytes.len() <= 4 && inner.element.is_some_and(|element| element.kind() == Kind::Integer) {
                    let number = bytes.iter().fold(0_u32, |number, b| number << 8 | u32::from(*b));
                    inner.characters = true;
                    inner.content = number.to_string().into_bytes();
                } else {
                    inner.opaque = true;
                    inner.content.extend_from_slice(&bytes);
                }
            }
            (Event::End, Some(_)) => {
                let Some(node) = open.pop().map(Open::close) else { return Err(DecodeError::Eof) };
                match open.last_mut() {
                    Some(outer) => outer.node.children.push(node),
                    None => return Ok(node),
                }
            }
            (Event::Text(_) | Event::Opaque(_) | Event::End, None) | (Event::Eof, _) => return Err(DecodeError::Eof),
        }
    }
}

fn textual(tokens: &mut Tokens<'_>) -> Result<Tree, DecodeError> {
    let mut open: Vec<Node> = Vec::new();
    let mut kind = (Syntax::CspXml, Version::default());
    loop {
        match tokens.next()? {
            Token::Start(tag) => {
                if open.is_empty() {
                    kind = kind_of(&tag, tokens);
                }
                open.push(Node { name: tag.local().into(), attributes: attributes(tokens)?, ..Node::default() });
            }
            Token::Text(text) => {
                if let Some(node) = open.last_mut() {
                    node.text.push_str(&text);
                }
            }
            Token::End => {
                let Some(mut node) = open.pop() else { return Err(DecodeError::Eof) };
                node.settle();
                match open.last_mut() {
                    Some(parent) => parent.children.push(node),
                    None => {
                        tokens.next()?;
                        return Ok(Tree { syntax: kind.0, version: kind.1, root: node });
                    }
                }
            }
            Token::Eof => return Err(DecodeError::Eof),
        }
    }
}

fn kind_of(root: &Tag<'_>, tokens: &Tokens<'_>) -> (Syntax, Version) {
    let ssp = root.local().eq_ignore_ascii_case("WV-SSP-Message");
    let (syntax, family, default) =
        if ssp { (Syntax::SspXml, "SSP", Version::V13) } else { (Syntax::CspXml, "CSP", Version::default()) };
    let spaces = tokens.attributes().filter(|(name, _)| name.starts_with("xmlns")).map(|(_, uri)| uri);
    match spaces.chain(tokens.declared_type()).find_map(|name| told(name, family)) {
        Some(Told::Spoken(version)) => (syntax, version),
        _ => (syntax, default),
    }
}

/// Whether an attribute binds a namespace of IMPS.
fn is_own(name: &str, value: &str) -> bool {
    name == "xmlns" && ["CSP", "TRC", "PA", "SSP"].iter().any(|family| told(value, family).is_some())
}

/// Attributes but namespaces: those that IMPS itself binds are written anew, prefixes are gone.
fn attributes(tokens: &Tokens<'_>) -> Result<Vec<(Text, String)>, DecodeError> {
    let mut kept = Vec::new();
    for (name, value) in tokens.attributes() {
        if !is_own(name, value) && (name.starts_with("xml:") || local(name) == name) {
            kept.push((name.into(), unescape(value)?.into_owned()));
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests;
