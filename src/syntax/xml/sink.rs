//! CSP-XML as a sink.

use std::io::Write as _;

use super::escape::{Place, escape};
use crate::syntax::dialect::namespace;
use crate::syntax::loss::{Loss, Losses};
use crate::vocabulary::base64::encode;
use crate::vocabulary::{Element, Sink, Version};

/// The declaration every document begins with.
pub(in crate::syntax) const DECLARATION: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

/// Writes CSP-XML. Characters that XML cannot hold become U+FFFD; bytes are written as base64.
pub(in crate::syntax) struct XmlSink {
    out: Vec<u8>,
    version: Version,
    /// The last start tag still lacks its `>`.
    open: bool,
    losses: Losses,
}

impl XmlSink {
    /// Starts a document.
    pub(in crate::syntax) fn new(version: Version) -> Self {
        let mut out = Vec::with_capacity(1024);
        out.extend_from_slice(DECLARATION);
        Self { out, version, open: false, losses: Losses::default() }
    }

    /// The document, and what had no place in it.
    pub(in crate::syntax) fn finish(self) -> (Vec<u8>, Vec<Loss>) {
        (self.out, self.losses.done())
    }

    fn content(&mut self) {
        if std::mem::take(&mut self.open) {
            self.out.push(b'>');
        }
    }
}

impl Sink for XmlSink {
    fn version(&self) -> Version {
        self.version
    }

    fn omit(&mut self, element: Element) {
        self.losses.omit(element);
    }

    fn start(&mut self, element: Element) {
        self.losses.open(element);
        self.content();
        self.out.push(b'<');
        self.out.extend_from_slice(element.xml().as_bytes());
        if let Some(uri) = namespace(element, self.version) {
            self.out.extend_from_slice(b" xmlns=\"");
            self.out.extend_from_slice(uri.as_bytes());
            self.out.push(b'"');
        }
        self.open = true;
    }

    fn text(&mut self, text: &str) {
        if !text.is_empty() {
            self.content();
            escape(text, Place::Text, &mut self.out);
        }
    }

    fn integer(&mut self, number: u32) {
        self.content();
        // Writing into a vector cannot fail.
        let _ = write!(self.out, "{number}");
    }

    fn opaque(&mut self, bytes: &[u8]) {
        self.text(&encode(bytes));
    }

    fn end(&mut self, element: Element) {
        self.losses.close();
        if std::mem::take(&mut self.open) {
            self.out.extend_from_slice(b"/>");
        } else {
            self.out.extend_from_slice(b"</");
            self.out.extend_from_slice(element.xml().as_bytes());
            self.out.push(b'>');
        }
    }
}
