//! Bounds of what is read; they live in the sources, so that no record can forget them.

use crate::vocabulary::DecodeError;

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

/// Counts a document against its limits while it is read.
#[derive(Debug)]
pub(super) struct Meter {
    limits: Limits,
    /// Open elements.
    pub(super) depth: usize,
    elements: usize,
    text: usize,
}

// === impl Meter ===

impl Meter {
    pub(super) const fn new(limits: &Limits) -> Self {
        Self { limits: *limits, depth: 0, elements: 0, text: 0 }
    }

    /// Checks the size of a whole document.
    pub(super) fn document(&self, bytes: usize) -> Result<(), DecodeError> {
        within("bytes", bytes, self.limits.bytes)
    }

    /// Counts a start.
    #[inline]
    pub(super) fn open(&mut self) -> Result<(), DecodeError> {
        self.depth += 1;
        self.elements += 1;
        self.text = 0;
        within("levels", self.depth, self.limits.depth)?;
        within("elements", self.elements, self.limits.elements)
    }

    /// Counts an end; `false` if nothing is open.
    #[inline]
    pub(super) fn close(&mut self) -> bool {
        self.text = 0;
        match self.depth.checked_sub(1) {
            Some(depth) => {
                self.depth = depth;
                true
            }
            None => false,
        }
    }

    /// Counts characters or bytes of the innermost element.
    #[inline]
    pub(super) fn text(&mut self, bytes: usize) -> Result<(), DecodeError> {
        self.text = self.text.saturating_add(bytes);
        within("bytes of text", self.text, self.limits.text)
    }

    /// Checks how many attributes an element has.
    #[inline]
    pub(super) fn attributes(&self, count: usize) -> Result<(), DecodeError> {
        within("attributes", count, self.limits.attributes)
    }

    /// The limit of the whole document.
    pub(super) const fn bytes(&self) -> usize {
        self.limits.bytes
    }
}

#[inline]
fn within(what: &'static str, count: usize, most: usize) -> Result<(), DecodeError> {
    if count > most { Err(passed(what, most)) } else { Ok(()) }
}

#[cold]
const fn passed(what: &'static str, most: usize) -> DecodeError {
    DecodeError::Limit { what, most }
}
