//! How much of what the server asks a client fits into one message: its parser's size against the size as written
//! (`docs/wire-notes.md`, "Parser size").

use crate::ident::SessionId;
use crate::sap::session::SessionRecord;
use crate::syntax::Encoding;
use crate::syntax::csp::{self, Message, Transaction};
use crate::vocabulary::Version;

/// The room in one message for a client.
///
/// A transaction counts as if it stood alone, with the whole envelope: several together are then never larger.
#[derive(Clone, Debug)]
pub(in crate::sap) struct Space {
    version: Version,
    session: SessionId,
    encoding: Encoding,
    most: Option<usize>,
    used: usize,
}

// === impl Space ===

impl Space {
    /// The room in a message behind the answers that are in it.
    pub(in crate::sap) fn new(record: &SessionRecord, out: &Message, encoding: Encoding) -> Self {
        let mut space = Self::empty(record, out.version, encoding);
        if space.most.is_some() && !out.transactions.is_empty() {
            space.used = csp::write(out, encoding).len();
        }
        space
    }

    /// The room in an empty message.
    pub(in crate::sap) fn empty(record: &SessionRecord, version: Version, encoding: Encoding) -> Self {
        let most = record.capabilities.parser_size.and_then(|size| usize::try_from(size).ok());
        Self { version, session: record.id.clone(), encoding, most, used: 0 }
    }

    /// The version of the message.
    pub(in crate::sap) fn version(&self) -> Version {
        self.version
    }

    /// The bytes of a message that holds a transaction alone; 0 where the client has set no bound.
    pub(in crate::sap) fn size_of(&self, transaction: &Transaction) -> usize {
        if self.most.is_none() {
            return 0;
        }
        let alone = Message {
            version: self.version,
            session: Some(self.session.clone()),
            transactions: vec![transaction.clone()],
            poll: Some(true),
        };
        csp::write(&alone, self.encoding).len()
    }

    /// Whether the client can read a message of so many bytes.
    pub(in crate::sap) fn holds(&self, bytes: usize) -> bool {
        self.most.is_none_or(|most| bytes <= most)
    }

    /// Puts a transaction of so many bytes into the message, if it fits behind what is there.
    pub(in crate::sap) fn take(&mut self, bytes: usize) -> bool {
        let fits = self.holds(self.used + bytes);
        if fits {
            self.used += bytes;
        }
        fits
    }
}
