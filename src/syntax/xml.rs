//! XML: the tokens of a document, and CSP-XML as a source and a sink.
//!
//! Prefixes are ignored, entities are only the five of XML itself and character references, a DOCTYPE without an
//! internal subset is stepped over (`docs/wire-notes.md`, "XML").

mod attributes;
pub(super) mod bytes;
pub(super) mod escape;
pub(super) mod sink;
pub(super) mod source;
pub(super) mod tokens;

pub(super) use sink::XmlSink;
pub(super) use source::XmlSource;
pub(super) use tokens::{Tag, Token, Tokens};
