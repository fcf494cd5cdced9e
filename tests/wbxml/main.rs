//! CSP-WBXML before outside judges, with the documents of `tests/corpus`: libwbxml (1.1 and 1.2), and a reader of our
//! own that shares nothing with `src/` but the standard's names (all versions; 1.3 has no other judge).

#![expect(clippy::unwrap_used, reason = "in a test a failure is a panic")]

mod corpus;
mod document;
mod judge;
mod phones;
mod reader;
mod table;
mod tokens;
