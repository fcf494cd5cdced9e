//! Which phones a story is told with.

use crate::support::wire::{Syntax, Version};

/// A kind of phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phone {
    /// How it writes.
    pub syntax: Syntax,
    /// What it speaks.
    pub version: Version,
}

/// Users that each domain has, once for every kind of phone.
pub const NAMES: [&str; 4] = ["alice", "bob", "carol", "dave"];

// === impl Phone ===

impl Phone {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self { syntax: Syntax::Xml, version: Version::V11 },
        Self { syntax: Syntax::Wbxml, version: Version::V11 },
        Self { syntax: Syntax::Xml, version: Version::V12 },
        Self { syntax: Syntax::Wbxml, version: Version::V12 },
        Self { syntax: Syntax::Xml, version: Version::V13 },
        Self { syntax: Syntax::Wbxml, version: Version::V13 },
    ];

    /// The commonest.
    pub const USUAL: Self = Self { syntax: Syntax::Xml, version: Version::V12 };

    /// The address of the user of this name who has this kind of phone.
    pub fn user(self, name: &str, domain: &str) -> String {
        format!("wv:{}@{domain}", self.local(name))
    }

    /// The next kind, so that the two ends of a story differ.
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|p| *p == self).unwrap();
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// The user's id without domain.
    pub fn local(self, name: &str) -> String {
        let syntax = match self.syntax {
            Syntax::Xml => "x",
            Syntax::Wbxml => "w",
        };
        format!("{name}.1{}{syntax}", self.version.digit())
    }
}

/// The password of every user of this name.
pub fn password(name: &str) -> String {
    format!("secret of {name}")
}
