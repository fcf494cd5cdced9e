//! A client's POST and what it gets (`docs/wire-notes.md`, "CSP over HTTP").

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::Via;
use crate::syntax::csp::Transaction;
use crate::syntax::{Encoding, Said};
use crate::vocabulary::{Mode, Primitive, Text};

/// A client's POST. Its `Debug` hides the body: there are passwords in it.
#[derive(Clone)]
pub struct Call {
    /// The CSP message.
    pub body: Bytes,
    /// How it is encoded.
    pub encoding: Encoding,
    /// How it came.
    pub via: Via,
    /// How long the client wants a poll to wait for something to come; zero: not at all.
    pub wait: Duration,
}

/// What the client gets: a CSP message in the encoding it used, or nothing where nothing is a legal answer.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// The message; empty = nothing waits.
    pub body: Bytes,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("bytes", &self.body.len())
            .field("encoding", &self.encoding)
            .field("via", &self.via)
            .finish()
    }
}

/// A transaction that answers.
pub(super) fn response(id: Option<Text>, primitive: impl Into<Primitive>) -> Transaction {
    Transaction { mode: Mode::Response, id, said: Said::Known(primitive.into()), segment: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_debug_of_a_call_shows_no_password() {
        let via = Via::direct(([127, 0, 0, 1], 9).into(), true);
        let call =
            Call { body: Bytes::from_static(b"<Password>hunter2"), encoding: Encoding::Xml, via, wait: Duration::ZERO };
        let shown = format!("{call:?}");
        assert!(!shown.contains("hunter2") && shown.contains("17"), "{shown}");
    }
}
