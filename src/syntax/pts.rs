//! The Plain Text Syntax of CSP: short lines of two-letter codes, made for SMS (`docs/wire-notes.md`, "PTS").

pub(super) mod codes;
pub(super) mod grammar;
pub mod parts;
mod sink;
mod source;

pub(super) use sink::PtsSink;
pub(super) use source::PtsSource;

/// Whether a document looks like one of PTS: the first letters of its preamble.
pub(super) fn is_message(body: &[u8]) -> bool {
    match body {
        [b'W' | b'w', b'V' | b'v', major, minor, first, second, ..] => {
            let digit = |b: &u8| b.is_ascii_digit() || b.eq_ignore_ascii_case(&b'X');
            digit(major) && digit(minor) && first.is_ascii_alphabetic() && second.is_ascii_alphabetic()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
