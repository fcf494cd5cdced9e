//! What a phone was handed, nothing left out, so that doubles can be counted.

use std::collections::{BTreeMap, BTreeSet};

/// A message as handed to the phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handed {
    /// Its id.
    pub message: String,
    /// The server's transaction.
    pub transaction: String,
    /// Whether an earlier `MessageDelivered` for it had already reached the server.
    pub after_answer: bool,
}

/// Everything a phone was handed.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    handed: Vec<Handed>,
    answered: BTreeSet<String>,
}

// === impl Journal ===

impl Journal {
    /// Notes a message.
    pub fn handed(&mut self, message: &str, transaction: &str) {
        let after_answer = self.answered.contains(message);
        self.handed.push(Handed { message: message.into(), transaction: transaction.into(), after_answer });
    }

    /// Notes that its `MessageDelivered` reached the server.
    pub fn answered(&mut self, message: &str) {
        self.answered.insert(message.into());
    }

    /// Every message, in the order it came.
    pub fn all(&self) -> &[Handed] {
        &self.handed
    }

    /// The ids of messages delivered twice: under a new transaction, or again after the answer.
    pub fn twice(&self) -> Vec<String> {
        let mut transactions = BTreeMap::<&str, BTreeSet<&str>>::new();
        for handed in &self.handed {
            transactions.entry(&handed.message).or_default().insert(&handed.transaction);
        }
        let again: BTreeSet<_> = self.handed.iter().filter(|h| h.after_answer).map(|h| h.message.as_str()).collect();
        transactions
            .into_iter()
            .filter(|(message, ids)| ids.len() > 1 || again.contains(message))
            .map(|(message, _)| message.to_owned())
            .collect()
    }
}

#[test]
fn a_repeat_under_the_same_transaction_is_no_double_but_anything_else_is() {
    let mut journal = Journal::default();
    journal.handed("m1", "t1");
    journal.handed("m1", "t1");
    assert!(journal.twice().is_empty());
    journal.handed("m2", "t2");
    journal.handed("m2", "t3");
    journal.answered("m1");
    assert_eq!(journal.twice(), ["m2"]);
    journal.handed("m1", "t1");
    assert_eq!(journal.twice(), ["m1", "m2"]);
}
