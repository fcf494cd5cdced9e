//! CSP-WBXML before judges of its own.
#![expect(clippy::unwrap_used, reason = "in a test a failure is a panic")]
mod document;
mod judge;
