//! The Plain Text Syntax of CSP: short lines of two-letter codes, made for SMS (`docs/wire-notes.md`, "PTS").

pub(super) mod codes;
pub(super) mod grammar;
pub mod parts;
mod sink;
mod source;

pub(super) use sink::PtsSink;
pub(super) use source::PtsSource;

#[cfg(test)]
mod tests;
