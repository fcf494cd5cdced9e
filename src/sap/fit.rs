//! What fits into one message for a client: its parser's size against the size as written (`docs/wire-notes.md`,
//! "Parser size"). Whatever is put into a message for a client asks here first.

use super::session::SessionRecord;
use super::csp::response;
use crate::ident::SessionId;
use crate::syntax::csp::{self, Message, Transaction};
use crate::syntax::Encoding;
use crate::vocabulary::status::{Code, Status};
use crate::vocabulary::{Mode, Version};

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
    /// An empty message for a session's client, in a version and an encoding.
    pub(super) fn new(record: &SessionRecord, version: Version, encoding: Encoding) -> Self {
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
        if used > most {
            return false;
        }
        self.used = used;
        true
    }

    /// Puts answers into the message, which must be there: what is too large becomes 432.
    pub(super) fn take_answers(&mut self, answers: &mut [Transaction]) {
        if self.most.is_none() {
            return;
        }
        // Those that come later are told first that there was no room, so that one large answer costs no other.
        let refused: usize = answers.iter().map(|answer| self.written(&too_large(answer))).sum();
        self.used += refused;
        for answer in answers {
            let refusal = too_large(answer);
            self.used -= self.written(&refusal);
            if !self.take(answer) {
                self.used += self.written(&refusal);
                *answer = refusal;
            }
        }
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

fn too_large(answer: &Transaction) -> Transaction {
    debug_assert_eq!(answer.mode, Mode::Response, "a request of ours is refused to nobody");
    response(answer.id.clone(), Status::from(Code::RESPONSE_TOO_LARGE))
}
