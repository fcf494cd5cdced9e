//! What a conversion between versions or syntaxes could not carry.

use crate::vocabulary::Element;

/// Something that stood in a message and has no place in the syntax and version it was written in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Names of the elements around it, outermost first, joined by `/`; empty at the root.
    pub path: String,
    /// What was left out.
    pub element: Element,
}

impl std::fmt::Display for Loss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.path, self.element.xml())
    }
}

/// Collects losses while a sink writes.
#[derive(Debug, Default)]
pub(super) struct Losses {
    open: Vec<Element>,
    lost: Vec<Loss>,
}

// === impl Losses ===

impl Losses {
    /// An element begins.
    pub(super) fn open(&mut self, element: Element) {
        self.open.push(element);
    }

    /// The innermost open element ends.
    pub(super) fn close(&mut self) {
        self.open.pop();
    }

    /// Something inside the innermost open element is left out.
    pub(super) fn omit(&mut self, element: Element) {
        let mut path = String::new();
        for open in &self.open {
            path.push('/');
            path.push_str(open.xml());
        }
        self.lost.push(Loss { path, element });
    }

    /// All that was left out.
    pub(super) fn done(self) -> Vec<Loss> {
        self.lost
    }
}
