//! Answers a session may ask for again (`docs/wire-notes.md`, "Sending").

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::syntax::csp;
use crate::time::Timestamp;
use crate::vocabulary::Text;

/// Answers kept per session.
const MOST: usize = 64;

/// An answer on its way: whoever repeats the request waits for the same one.
pub(in crate::sap) type PendingAnswer = Arc<OnceCell<Option<csp::Transaction>>>;

/// The answers of one session, oldest first.
#[derive(Default)]
pub(super) struct Answers {
    kept: VecDeque<Kept>,
}

struct Kept {
    transaction: Text,
    /// What the request said.
    said: u128,
    until: Timestamp,
    answer: PendingAnswer,
}

// === impl Answers ===

impl Answers {
    /// The place of the answer to a request, kept until `until` if it is a new one.
    pub(super) fn slot(&mut self, now: Timestamp, until: Timestamp, transaction: &Text, said: u128) -> PendingAnswer {
        self.forget(now);
        if let Some(known) = self.kept.iter().find(|kept| kept.said == said && kept.transaction == *transaction) {
            return Arc::clone(&known.answer);
        }
        if self.kept.len() >= MOST {
            self.kept.pop_front();
        }
        let answer = PendingAnswer::default();
        self.kept.push_back(Kept { transaction: transaction.clone(), said, until, answer: Arc::clone(&answer) });
        answer
    }

    /// When the first of them may be forgotten.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        self.kept.front().map(|kept| kept.until)
    }

    /// Forgets those whose time is over, and gives their memory back.
    pub(super) fn forget(&mut self, now: Timestamp) {
        while self.kept.front().is_some_and(|kept| kept.until <= now) {
            self.kept.pop_front();
        }
        if self.kept.is_empty() {
            self.kept = VecDeque::new();
        }
    }
}
