//! What the envelope readers want from a source beside its events.

use super::dialect::Told;
use super::{ReadError, Seen};
use crate::vocabulary::{DecodeError, Source, Text, Version};

/// A document being read.
pub(super) trait Document<'a>: Source<'a> {
    /// What the document itself says about its version; known once the root's start was read.
    fn told(&self) -> Option<Told>;

    /// Settles the version.
    fn speak(&mut self, version: Version);

    /// The name of the element whose start was read last, as written.
    fn name(&self) -> Text;

    /// Takes the attributes of the element whose start was read last, where the source keeps them.
    fn attributes(&mut self) -> Vec<(Text, String)> {
        Vec::new()
    }

    /// Byte offset of what was read last, and the names of the open elements.
    fn place(&self) -> (usize, String);

    /// A fault at the current place.
    fn fail(&self, fault: DecodeError, seen: Seen) -> ReadError {
        let (at, path) = self.place();
        ReadError { fault, at, path, seen }
    }
}
