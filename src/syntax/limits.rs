//! Bounds of what is read; they live in the sources, so that no record can forget them.

/// How much of everything a document may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole document.
    pub bytes: usize,
    /// Levels of nesting.
    pub depth: usize,
    /// Elements in all.
    pub elements: usize,
    /// Bytes of one element's text.
    pub text: usize,
    /// Attributes of one element.
    pub attributes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 1024 * 1024, depth: 32, elements: 20_000, text: 1024 * 1024, attributes: 32 }
    }
}
