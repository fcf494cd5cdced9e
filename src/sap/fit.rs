//! How much of what the server asks a client fits into one message: its parser's size against the size as written
//! (`docs/wire-notes.md`, "Parser size").

use super::session::SessionRecord;
use crate::ident::SessionId;
use crate::syntax::Encoding;
use crate::syntax::csp::{self, Message, Transaction};
use crate::vocabulary::Version;

/// The room in one message for a client.
///
/// A transaction counts as if it stood alone, with the whole envelope: several together are then never larger.
#[derive(Clone, Debug)]
pub(super) struct Space {
    version: Version,
    session: SessionId,
    encoding: Encoding,
    most: Option<usize>,
    used: usize,
}

// === impl Space ===

impl Space {
    /// The room in a message behind the answers that are in it.
    pub(super) fn new(record: &SessionRecord, out: &Message, encoding: Encoding) -> Self {
        let mut space = Self::empty(record, out.version, encoding);
        if space.most.is_some() && !out.transactions.is_empty() {
            space.used = csp::write(out, encoding).len();
        }
        space
    }

    /// The room in an empty message.
    pub(super) fn empty(record: &SessionRecord, version: Version, encoding: Encoding) -> Self {
        let most = record.capabilities.parser_size.and_then(|size| usize::try_from(size).ok());
        Self { version, session: record.id.clone(), encoding, most, used: 0 }
    }

    /// Whether the client can read a transaction that stands alone in a message.
    pub(super) fn holds(&self, transaction: &Transaction) -> bool {
        self.most.is_none_or(|most| self.written(transaction) <= most)
    }

    /// Puts a transaction into the message, if it fits behind what is there.
    pub(super) fn take(&mut self, transaction: &Transaction) -> bool {
        let Some(most) = self.most else { return true };
        let used = self.used + self.written(transaction);
        let fits = used <= most;
        if fits {
            self.used = used;
        }
        fits
    }

    /// The bytes of a message that holds a transaction alone.
    fn written(&self, transaction: &Transaction) -> usize {
        let alone = Message {
            version: self.version,
            session: Some(self.session.clone()),
            transactions: vec![transaction.clone()],
            poll: Some(true),
        };
        csp::write(&alone, self.encoding).len()
    }
}
