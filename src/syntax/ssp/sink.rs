//! SSP-XML as a sink: events in the shape of CSP are collected, then written in the shape of SSP.

use std::ops::{Range, RangeInclusive};

use crate::syntax::date::Date;
use crate::syntax::loss::Losses;
use crate::syntax::xml::escape::{Place, escape};
use crate::vocabulary::base64::encode;
use crate::vocabulary::element::Kind;
use crate::vocabulary::{Element, Sink, Version};

use super::forms::{Body, Form};

/// Collects one element.
pub(super) struct SspSink {
    version: Version,
    nodes: Vec<Node>,
    open: Vec<usize>,
    bytes: Vec<u8>,
    losses: Losses,
}

struct Node {
    element: Element,
    /// Its characters or bytes, in `bytes`.
    content: Range<usize>,
    binary: bool,
    first: Option<usize>,
    last: Option<usize>,
    next: Option<usize>,
}

// === impl SspSink ===

impl SspSink {
    pub(super) fn new(version: Version) -> Self {
        Self {
            version,
            nodes: Vec::with_capacity(32),
            open: Vec::with_capacity(8),
            bytes: Vec::with_capacity(512),
            losses: Losses::default(),
        }
    }

    /// Writes the first element collected, with what `first` holds before its own children.
    pub(super) fn finish(&self, first: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes.len() * 2 + 512);
        match self.nodes.first() {
            // The primitive `Status` is its own outcome.
            Some(Node { element: Element::Status, .. }) => match self.find(0, Element::Result) {
                Some(outcome) => self.element(outcome, None, first, &mut out),
                None => out.extend_from_slice(b"<Status/>"),
            },
            Some(_) => self.element(0, None, first, &mut out),
            None => {}
        }
        out
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

    /// The characters of an element, as SSP writes them.
    fn text(&self, of: usize, place: Place, out: &mut Vec<u8>) {
        let text = std::str::from_utf8(self.content(of)).unwrap_or_default();
        match self.nodes[of].element.kind() {
            _ if self.nodes[of].binary => out.extend_from_slice(encode(self.content(of)).as_bytes()),
            Kind::Boolean => out.extend_from_slice(if text == "T" { b"Yes" } else { b"No" }),
            Kind::Date => match Date::parse(text) {
                Some(date) => out.extend_from_slice(date.extended().as_bytes()),
                None => escape(text, place, out),
            },
            _ => escape(text, place, out),
        }
    }

    fn attribute(&self, name: &str, of: usize, out: &mut Vec<u8>) {
        open_attribute(name, out);
        self.text(of, Place::Attribute, out);
        out.push(b'"');
    }

    /// Writes an element with all that belongs to it.
    fn element(&self, of: usize, parent: Option<usize>, first: &[u8], out: &mut Vec<u8>) {
        let element = self.nodes[of].element;
        let Some(form) = Form::of(element) else { return self.plain(of, first, out) };
        match element {
            Element::Recipient => return self.recipients(of, out),
            Element::Sender => return self.sender(of, out),
            _ => {}
        }
        out.push(b'<');
        out.extend_from_slice(form.name().as_bytes());
        self.attributes(of, form, out);
        let at = out.len();
        out.push(b'>');
        out.extend_from_slice(first);
        match form.body {
            Body::Attribute(_) => {}
            Body::Text => {
                if element == Element::DateTime {
                    out.truncate(at);
                    out.extend_from_slice(b" format=\"iso8601\">");
                }
                self.text(of, Place::Text, out);
            }
            Body::TextOf(child) => {
                if let Some(child) = self.find(of, child) {
                    self.text(child, Place::Text, out);
                }
            }
            Body::Data => {
                out.truncate(at);
                self.data(of, parent, out);
            }
            Body::Children => self.inside(of, form, out),
        }
        if out.len() == at + 1 {
            out.truncate(at);
            out.extend_from_slice(b"/>");
        } else {
            close(form.name(), out);
        }
    }

    fn attributes(&self, of: usize, form: &Form, out: &mut Vec<u8>) {
        if let Body::Attribute(name) = form.body {
            return self.attribute(name, of, out);
        }
        for child in self.children(of) {
            let element = self.nodes[child].element;
            // Styles share one attribute.
            let name = form.attribute(element).filter(|_| element != Element::Style);
            if let Some(name) = name {
                self.attribute(name, child, out);
            }
        }
        if form.element == Element::Font && self.find(of, Element::Style).is_some() {
            open_attribute("style", out);
            for (at, style) in self.children(of).filter(|at| self.nodes[*at].element == Element::Style).enumerate() {
                if at > 0 {
                    out.push(b' ');
                }
                self.text(style, Place::Attribute, out);
            }
            out.push(b'"');
        }
    }

    fn inside(&self, of: usize, form: &Form, out: &mut Vec<u8>) {
        let element = form.element;
        for child in self.children(of) {
            match (element, self.nodes[child].element) {
                (_, child_element) if form.attribute(child_element).is_some() => {}
                // How content is encoded stands beside the content.
                (Element::MessageInfo, Element::ContentEncoding) => {}
                (Element::DeliveryReportRequest, Element::Result) => {
                    out.extend_from_slice(b"<DeliveryResult>");
                    self.element(child, Some(of), &[], out);
                    close("DeliveryResult", out);
                }
                (Element::User, Element::ClientId) => self.client(Some(child), of, out),
                (Element::User, Element::ApplicationId) => {
                    if self.find(of, Element::ClientId).is_none() {
                        self.client(None, of, out);
                    }
                }
                _ => self.element(child, Some(of), &[], out),
            }
        }
    }

    /// A user's client with the application at it.
    fn client(&self, client: Option<usize>, user: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(b"<ClientID");
        match client.and_then(|client| self.find(client, Element::Url)) {
            Some(url) => self.attribute("url", url, out),
            None => out.extend_from_slice(b" url=\"\""),
        }
        if let Some(number) = client.and_then(|client| self.find(client, Element::Msisdn)) {
            self.attribute("msisdn", number, out);
        }
        match self.find(user, Element::ApplicationId) {
            Some(application) => {
                out.push(b'>');
                self.element(application, Some(user), &[], out);
                close("ClientID", out);
            }
            None => out.extend_from_slice(b"/>"),
        }
    }

    /// One element for each recipient. Contact lists mean nothing to another domain and are left out: whoever
    /// sends has put their members in their place.
    fn recipients(&self, of: usize, out: &mut Vec<u8>) {
        for child in self.children(of) {
            let entity = match self.nodes[child].element {
                Element::User => Some(child),
                Element::Group => self.find(child, Element::ScreenName).or_else(|| self.find(child, Element::GroupId)),
                _ => None,
            };
            if let Some(entity) = entity {
                out.extend_from_slice(b"<Recipient>");
                self.element(entity, Some(of), &[], out);
                close("Recipient", out);
            }
        }
    }

    fn sender(&self, of: usize, out: &mut Vec<u8>) {
        let user = self.find(of, Element::User);
        let group = self.find(of, Element::Group);
        let screen_name = group.and_then(|group| self.find(group, Element::ScreenName));
        let id = group.and_then(|group| self.find(group, Element::GroupId));
        out.extend_from_slice(b"<Sender>");
        match (user, id, screen_name.and_then(|name| self.find(name, Element::GroupId))) {
            (Some(entity), ..) | (None, Some(entity), _) | (None, None, Some(entity)) => {
                self.element(entity, Some(of), &[], out);
            }
            _ => {}
        }
        if let Some(display) = screen_name.or_else(|| id.filter(|_| user.is_some())) {
            out.extend_from_slice(b"<SenderDisplay>");
            self.element(display, Some(of), &[], out);
            close("SenderDisplay", out);
        }
        close("Sender", out);
    }

    /// Characters as they are, bytes in base64: content, secrets and digests.
    fn data(&self, of: usize, parent: Option<usize>, out: &mut Vec<u8>) {
        let mut encoded = self.nodes[of].binary;
        if self.nodes[of].element == Element::ContentData {
            let info = parent.and_then(|parent| self.find(parent, Element::MessageInfo));
            if let Some(kind) = info.and_then(|info| self.find(info, Element::ContentType)) {
                self.attribute("contentType", kind, out);
            }
            let encoding = info.and_then(|info| self.find(info, Element::ContentEncoding));
            encoded |= encoding.is_some_and(|at| self.content(at).eq_ignore_ascii_case(b"BASE64"));
        }
        out.extend_from_slice(if encoded { b" encoding=\"base64\">" } else { b">" });
        self.text(of, Place::Text, out);
    }

    /// An element SSP has no form for: CSP's, without hyphens in the name.
    fn plain(&self, of: usize, first: &[u8], out: &mut Vec<u8>) {
        let name: String = self.nodes[of].element.xml().chars().filter(|c| *c != '-').collect();
        out.push(b'<');
        out.extend_from_slice(name.as_bytes());
        out.push(b'>');
        out.extend_from_slice(first);
        self.text(of, Place::Text, out);
        for child in self.children(of) {
            self.element(child, Some(of), &[], out);
        }
        close(&name, out);
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
        if let Some(parent) = self.open.last().copied() {
            if let Some(last) = self.nodes[parent].last.replace(at) {
                self.nodes[last].next = Some(at);
            } else {
                self.nodes[parent].first = Some(at);
            }
        }
        let content = self.bytes.len()..self.bytes.len();
        self.nodes.push(Node { element, content, binary: false, first: None, last: None, next: None });
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

fn open_attribute(name: &str, out: &mut Vec<u8>) {
    out.push(b' ');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"=\"");
}

fn close(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"</");
    out.extend_from_slice(name.as_bytes());
    out.push(b'>');
}
