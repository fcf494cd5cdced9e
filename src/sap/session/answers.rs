//! Answers a session may ask for again (`docs/wire-notes.md`, "Sending").

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::syntax::csp::{self, Message, Transaction};
use crate::syntax::{Encoding, Limits};
use crate::time::Timestamp;
use crate::vocabulary::{Text, Version};

/// Answers kept per session.
const MOST: usize = 64;
/// The answers were written here.
const TRUSTED: Limits =
    Limits { bytes: usize::MAX, depth: 64, elements: usize::MAX, text: usize::MAX, attributes: usize::MAX };

/// An answer on its way: whoever repeats the request waits for the same one. It is kept as it is written, which is a
/// tenth of what it takes otherwise.
#[derive(Default)]
pub(in crate::sap) struct PendingAnswer {
    written: OnceCell<Option<Box<[u8]>>>,
}

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
    answer: Arc<PendingAnswer>,
}

// === impl PendingAnswer ===

impl PendingAnswer {
    /// The answer, which `work` makes if nobody has asked for it before.
    pub(in crate::sap) async fn get(
        &self,
        version: Version,
        work: impl Future<Output = Option<Transaction>>,
    ) -> Option<Transaction> {
        let mut made = None;
        let make = async {
            made = Some(work.await);
            made.iter().flatten().next().map(|answer| written(version, answer))
        };
        let known = self.written.get_or_init(|| make).await;
        match made {
            Some(made) => made,
            None => known.as_deref().and_then(read),
        }
    }
}

// === impl Answers ===

impl Answers {
    /// The place of the answer to a request, kept until `until` if it is a new one.
    pub(super) fn slot(
        &mut self,
        now: Timestamp,
        until: Timestamp,
        transaction: &Text,
        said: u128,
    ) -> Arc<PendingAnswer> {
        self.forget(now);
        if let Some(known) = self.kept.iter().find(|kept| kept.said == said && kept.transaction == *transaction) {
            return Arc::clone(&known.answer);
        }
        if self.kept.len() >= MOST {
            self.kept.pop_front();
        }
        let answer = Arc::<PendingAnswer>::default();
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

fn written(version: Version, answer: &Transaction) -> Box<[u8]> {
    let message = Message { version, session: None, transactions: vec![answer.clone()], poll: None };
    csp::write(&message, Encoding::Wbxml).as_ref().into()
}

fn read(written: &[u8]) -> Option<Transaction> {
    match csp::read(written, Encoding::Wbxml, &TRUSTED, |_| None) {
        Ok(mut message) => message.transactions.pop(),
        Err(fault) => {
            tracing::error!(%fault, "an answer that was kept can't be read");
            None
        }
    }
}
