//! SSP-XML as a sink: events in the shape of CSP are collected, then written in the shape of SSP.

mod special;

use std::ops::{Range, RangeInclusive};

use super::Quirks;
use super::forms::{Body, Form, Rule, is_transparent};
use crate::syntax::date::Date;
use crate::syntax::dialect::namespace;
use crate::syntax::loss::{Loss, Losses};
use crate::syntax::xml::escape::{Place, escape};
use crate::vocabulary::base64::encode;
use crate::vocabulary::element::Kind;
use crate::vocabulary::{Element, Sink, Version};

/// Collects one element.
pub(super) struct SspSink {
    version: Version,
    quirks: Quirks,
    nodes: Vec<Node>,
    open: Vec<usize>,
    bytes: Vec<u8>,
    losses: Losses,
}

struct Node {
    element: Element,
    parent: Option<usize>,
    /// Its characters or bytes, in `bytes`.
    content: Range<usize>,
    binary: bool,
    first: Option<usize>,
    last: Option<usize>,
    next: Option<usize>,
}

/// What is written, and which nodes had no place in it.
struct Out {
    xml: Vec<u8>,
    lost: Vec<usize>,
}

// === impl SspSink ===

impl SspSink {
    pub(super) fn new(version: Version, quirks: Quirks) -> Self {
        Self {
            version,
            quirks,
            nodes: Vec::with_capacity(32),
            open: Vec::with_capacity(8),
            bytes: Vec::with_capacity(512),
            losses: Losses::default(),
        }
    }

    /// Writes the first element collected, with what `first` holds before its own children, and tells what had no
    /// place.
    pub(super) fn finish(mut self, first: &[u8]) -> (Vec<u8>, Vec<Loss>) {
        let mut out = Out { xml: Vec::with_capacity(self.bytes.len() * 2 + 512), lost: Vec::new() };
        match self.nodes.first() {
            // The primitive `Status` is its own outcome.
            Some(Node { element: Element::Status, .. }) => {
                out.lost.extend(self.children(0).filter(|at| self.nodes[*at].element != Element::Result));
                match self.find(0, Element::Result) {
                    Some(outcome) => self.whole(outcome, first, &mut out),
                    None => out.text("<Status/>"),
                }
            }
            Some(_) => self.whole(0, first, &mut out),
            None => {}
        }
        for lost in out.lost {
            let mut around = Vec::new();
            let mut parent = self.nodes[lost].parent;
            while let Some(at) = parent {
                around.push(self.nodes[at].element);
                parent = self.nodes[at].parent;
            }
            around.iter().rev().for_each(|element| self.losses.open(*element));
            self.losses.omit(self.nodes[lost].element);
            around.iter().for_each(|_| self.losses.close());
        }
        (out.xml, self.losses.done())
    }

    fn children(&self, of: usize) -> impl Iterator<Item = usize> {
        let mut next = self.nodes.get(of).and_then(|node| node.first);
        std::iter::from_fn(move || {
            let at = next?;
            next = self.nodes.get(at).and_then(|node| node.next);
            Some(at)
        })
    }

    fn find(&self, of: usize, element: Element) -> Option<usize> {
        self.children(of).find(|at| self.nodes[*at].element == element)
    }

    fn content(&self, of: usize) -> &[u8] {
        self.bytes.get(self.nodes[of].content.clone()).unwrap_or_default()
    }

    fn characters(&self, of: usize) -> &str {
        std::str::from_utf8(self.content(of)).unwrap_or_default()
    }

    /// The characters of an element, as SSP writes them.
    fn text(&self, of: usize, place: Place, out: &mut Out) {
        let text = self.characters(of);
        match self.nodes[of].element.kind() {
            _ if self.nodes[of].binary => out.text(&encode(self.content(of))),
            Kind::Boolean => out.text(if text == "T" { "Yes" } else { "No" }),
            Kind::Date => match Date::parse(text) {
                Some(date) => out.text(&date.extended()),
                None => escape(text, place, &mut out.xml),
            },
            _ => escape(text, place, &mut out.xml),
        }
    }

    fn attribute(&self, name: &str, of: usize, out: &mut Out) {
        out.open_attribute(name);
        match (self.nodes[of].element, self.characters(of)) {
            // The one flag that is no flag elsewhere.
            (Element::Value, flag) => out.text(if flag == "T" { "Yes" } else { "No" }),
            _ => self.text(of, Place::Attribute, out),
        }
        out.text("\"");
    }

    /// Writes an element in its own form, with all that belongs to it.
    fn whole(&self, of: usize, first: &[u8], out: &mut Out) {
        match Form::of(self.nodes[of].element) {
            Some(form) => self.element(of, form, None, first, out),
            None => out.lost.push(of),
        }
    }

    /// Writes an element in a form, perhaps with an attribute that marks it.
    fn element(&self, of: usize, form: &Form, mark: Option<(&str, &str)>, first: &[u8], out: &mut Out) {
        if form.body == Body::Plain {
            return self.plain(of, out);
        }
        let name = self.name(of, form);
        out.text("<");
        out.text(name);
        if let Some((attribute, value)) = mark {
            out.open_attribute(attribute);
            out.text(value);
            out.text("\"");
        }
        self.attributes(of, form, name, out);
        let at = out.xml.len();
        out.text(">");
        out.xml.extend_from_slice(first);
        match form.body {
            Body::Attribute(_) | Body::Plain => {}
            Body::Text => {
                if form.element == Element::DateTime {
                    out.xml.truncate(at);
                    out.text(" format=\"iso8601\">");
                }
                self.text(of, Place::Text, out);
            }
            Body::TextOf(child) => {
                for at in self.children(of) {
                    match self.nodes[at].element {
                        element if element == child => self.text(at, Place::Text, out),
                        element if form.attribute(element).is_some() => {}
                        _ => out.lost.push(at),
                    }
                }
            }
            Body::Data => {
                out.xml.truncate(at);
                self.data(of, out);
            }
            Body::Content => self.content_data(of, out),
            Body::Children => self.inside(of, form, out),
        }
        if out.xml.len() == at + 1 {
            out.xml.truncate(at);
            out.text("/>");
        } else {
            out.close(name);
        }
    }

    fn attributes(&self, of: usize, form: &Form, name: &str, out: &mut Out) {
        if let Body::Attribute(name) = form.body {
            return self.attribute(name, of, out);
        }
        for child in self.children(of) {
            match (self.nodes[child].element, form.attribute(self.nodes[child].element)) {
                // Styles share one attribute.
                (Element::Style, _) | (_, None) => {}
                // The type is in the primitive's name.
                (Element::SubscribeType, _) if form.names.last() != Some(&name) => {}
                (element, Some(name)) => {
                    self.attribute(name, child, out);
                    if self.quirks.double_spelling {
                        form.misspelling(element).into_iter().for_each(|name| self.attribute(name, child, out));
                    }
                }
            }
        }
        if form.element == Element::Font {
            self.styles(of, out);
        }
    }

    fn inside(&self, of: usize, form: &Form, out: &mut Out) {
        // The outcome comes first, wherever CSP has it.
        let is_outcome = |at: &usize| self.nodes[*at].element == Element::Result;
        if form.element != Element::DeliveryReportRequest {
            self.children(of).filter(is_outcome).for_each(|outcome| self.whole(outcome, &[], out));
        }
        for child in self.children(of).filter(|at| !is_outcome(at) || form.element == Element::DeliveryReportRequest) {
            self.child(of, child, form, out);
        }
    }

    fn child(&self, of: usize, child: usize, form: &Form, out: &mut Out) {
        let element = self.nodes[child].element;
        if form.attribute(element).is_some() || self.special(of, child, form, out) {
            return;
        }
        match form.rule(element) {
            // Somebody without a name, where only names travel.
            Some(Rule::Named(Form { body: Body::TextOf(name), .. })) if self.find(child, *name).is_none() => {
                out.lost.push(child);
            }
            Some(Rule::Named(inner)) => self.element(child, inner, None, &[], out),
            Some(Rule::Marked(inner, attribute, value)) => {
                self.element(child, inner, Some((attribute, value)), &[], out);
            }
            Some(Rule::Within(names, inner)) => {
                let name = names.first().copied().unwrap_or_default();
                out.open(name);
                self.element(child, inner, None, &[], out);
                out.close(name);
            }
            Some(Rule::Spliced(_, items)) if self.nodes[child].first.is_none() && !items.is_empty() => {
                self.whole(child, &[], out);
            }
            Some(Rule::Spliced(..)) if element == Element::Map => self.content_data(child, out),
            Some(Rule::Spliced(..)) => self.inside(child, form, out),
            Some(Rule::Each(..)) => match self.entity(child, out) {
                Some(entity) => self.whole(entity, &[], out),
                None => out.lost.push(child),
            },
            Some(Rule::Lost(_)) => out.lost.push(child),
            None if is_transparent(element) => self.inside(child, form, out),
            None => self.whole(child, &[], out),
        }
    }

    /// An element and all below it as CSP writes them.
    fn plain(&self, of: usize, out: &mut Out) {
        let element = self.nodes[of].element;
        out.text("<");
        out.text(element.xml());
        if let Some(uri) = namespace(element, self.version) {
            out.open_attribute("xmlns");
            out.text(uri);
            out.text("\"");
        }
        let at = out.xml.len();
        out.text(">");
        match self.nodes[of].binary {
            true => out.text(&encode(self.content(of))),
            false => escape(self.characters(of), Place::Text, &mut out.xml),
        }
        self.children(of).for_each(|child| self.plain(child, out));
        if out.xml.len() == at + 1 {
            out.xml.truncate(at);
            out.text("/>");
        } else {
            out.close(element.xml());
        }
    }
}

// === impl Out ===

impl Out {
    fn text(&mut self, text: &str) {
        self.xml.extend_from_slice(text.as_bytes());
    }

    fn open_attribute(&mut self, name: &str) {
        self.text(" ");
        self.text(name);
        self.text("=\"");
    }

    fn open(&mut self, name: &str) {
        self.text("<");
        self.text(name);
        self.text(">");
    }

    fn close(&mut self, name: &str) {
        self.text("</");
        self.text(name);
        self.text(">");
    }
}

impl Sink for SspSink {
    fn version(&self) -> Version {
        self.version
    }

    /// SSP is one form of all versions.
    fn takes(&self, _: Element, _: RangeInclusive<Version>) -> bool {
        true
    }

    fn omit(&mut self, element: Element) {
        self.losses.omit(element);
    }

    fn start(&mut self, element: Element) {
        self.losses.open(element);
        let at = self.nodes.len();
        let parent = self.open.last().copied();
        if let Some(parent) = parent {
            if let Some(last) = self.nodes[parent].last.replace(at) {
                self.nodes[last].next = Some(at);
            } else {
                self.nodes[parent].first = Some(at);
            }
        }
        let content = self.bytes.len()..self.bytes.len();
        self.nodes.push(Node { element, parent, content, binary: false, first: None, last: None, next: None });
        self.open.push(at);
    }

    fn text(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn integer(&mut self, number: u32) {
        self.bytes.extend_from_slice(number.to_string().as_bytes());
    }

    fn opaque(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        if let Some(node) = self.open.last().and_then(|at| self.nodes.get_mut(*at)) {
            node.binary = true;
        }
    }

    fn end(&mut self, _: Element) {
        self.losses.close();
        let length = self.bytes.len();
        if let Some(node) = self.open.pop().and_then(|at| self.nodes.get_mut(at)) {
            // Only leaves hold characters; those of other elements are their children's.
            node.content.end = if node.first.is_none() { length } else { node.content.start };
        }
    }
}
