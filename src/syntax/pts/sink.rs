//! PTS as a sink: the events of a CSP document become a line (`docs/wire-notes.md`, "PTS").
//!
//! A line puts together what stands apart in a document, so that the document is kept until its end.

mod line;
mod values;

use self::line::Line;
use crate::syntax::loss::{Loss, Losses};
use crate::vocabulary::{Element, Sink, Version};

/// Writes PTS: the first transaction of a message that has a code. All that has none is told as a loss.
pub(in crate::syntax) struct PtsSink {
    version: Version,
    open: Vec<Node>,
    root: Option<Node>,
    losses: Losses,
}

/// An element.
struct Node {
    element: Element,
    text: String,
    children: Vec<Self>,
}

// === impl PtsSink ===

impl PtsSink {
    /// An empty document.
    pub(in crate::syntax) fn new(version: Version) -> Self {
        Self { version, open: Vec::new(), root: None, losses: Losses::default() }
    }

    /// The line, empty if nothing in the document has a code; and what had no place in it.
    pub(in crate::syntax) fn finish(self) -> (Vec<u8>, Vec<Loss>) {
        let mut line = Line { version: self.version, losses: self.losses };
        let written = self.root.and_then(|root| line.message(&root)).unwrap_or_default();
        (written.into_bytes(), line.losses.done())
    }
}

impl Sink for PtsSink {
    fn version(&self) -> Version {
        self.version
    }

    fn omit(&mut self, element: Element) {
        self.losses.omit(element);
    }

    fn start(&mut self, element: Element) {
        self.losses.open(element);
        self.open.push(Node { element, text: String::new(), children: Vec::new() });
    }

    fn text(&mut self, text: &str) {
        if let Some(node) = self.open.last_mut() {
            node.text.push_str(text);
        }
    }

    fn integer(&mut self, number: u32) {
        self.text(&number.to_string());
    }

    /// No element that has a code holds bytes.
    fn opaque(&mut self, bytes: &[u8]) {
        self.text(&String::from_utf8_lossy(bytes));
    }

    fn end(&mut self, _: Element) {
        self.losses.close();
        let Some(node) = self.open.pop() else { return };
        match self.open.last_mut() {
            Some(parent) => parent.children.push(node),
            None => self.root = Some(node),
        }
    }
}

// === impl Node ===

impl Node {
    fn child(&self, element: Element) -> Option<&Self> {
        self.children.iter().find(|child| child.element == element)
    }

    /// The text of a child, empty if there is none.
    fn text_of(&self, element: Element) -> &str {
        self.child(element).map_or("", |child| &child.text)
    }

    /// The child that is a primitive.
    fn primitive(&self) -> Option<&Self> {
        self.child(Element::TransactionContent)?.children.first()
    }
}
