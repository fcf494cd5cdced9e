//! The wire as the tests see it: trees of elements, in XML and WBXML, written from the format's description alone.

pub mod tree;
pub mod wbxml;
pub mod xml;

use tree::Node;

/// An encoding of CSP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// XML.
    Xml,
    /// WAP binary XML.
    Wbxml,
}

/// A version of CSP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 1.1
    V11,
    /// 1.2
    V12,
    /// 1.3
    V13,
}

// === impl Syntax ===

impl Syntax {
    /// Writes a message.
    pub fn write(self, root: &Node, version: Version) -> Vec<u8> {
        match self {
            Self::Xml => xml::write(root).into_bytes(),
            Self::Wbxml => wbxml::write(root, version),
        }
    }

    /// Reads a message; `Err` says what a phone would stumble over.
    pub fn read(self, body: &[u8]) -> Result<Node, String> {
        match self {
            Self::Xml => xml::read(body),
            Self::Wbxml => wbxml::read(body),
        }
    }

    /// The content type in this version.
    pub fn content_type(self, version: Version) -> &'static str {
        match (self, version) {
            (Self::Xml, Version::V13) => "application/vnd.wv.csp+xml",
            (Self::Wbxml, Version::V13) => "application/vnd.wv.csp+wbxml",
            (Self::Xml, _) => "application/vnd.wv.csp.xml",
            (Self::Wbxml, _) => "application/vnd.wv.csp.wbxml",
        }
    }
}

// === impl Version ===

impl Version {
    /// `1`, `2` or `3`.
    pub fn digit(self) -> char {
        match self {
            Self::V11 => '1',
            Self::V12 => '2',
            Self::V13 => '3',
        }
    }

    /// The namespace of `WV-CSP-Message`.
    pub fn csp(self) -> &'static str {
        match self {
            Self::V11 => "http://www.wireless-village.org/CSP1.1",
            Self::V12 => "http://www.openmobilealliance.org/DTD/WV-CSP1.2",
            Self::V13 => "http://www.openmobilealliance.org/DTD/IMPS-CSP1.3",
        }
    }

    /// The namespace of `TransactionContent`.
    pub fn trc(self) -> &'static str {
        match self {
            Self::V11 => "http://www.wireless-village.org/TRC1.1",
            Self::V12 => "http://www.openmobilealliance.org/DTD/WV-TRC1.2",
            Self::V13 => "http://www.openmobilealliance.org/DTD/IMPS-TRC1.3",
        }
    }
}
