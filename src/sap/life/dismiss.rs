//! What goes with an account: the sessions of its user, and what waits for him.

use std::sync::Arc;

use super::Reason;
use crate::address::Address;
use crate::sap::Sap;
use crate::store::StoreError;
use crate::time::Timestamp;
use crate::vocabulary::status::Code;

/// Entries of the mailbox looked at together.
const BATCH: usize = 256;

impl Sap {
    /// Ends the sessions of a user who is gone and empties his mailbox, so that nobody who gets his name later
    /// reads it. Senders who wanted a report hear that there is no such user.
    ///
    /// # Errors
    /// If the store fails; to be called again then.
    pub async fn dismiss(self: &Arc<Self>, now: Timestamp, user: &Address) -> Result<(), StoreError> {
        self.end_sessions_of(now, user, None, Reason::Policy).await?;
        let mut after = 0;
        loop {
            let waiting = self.messaging.waiting(user, after, BATCH).await?;
            let Some(last) = waiting.last() else { return Ok(()) };
            after = last.seq;
            for entry in &waiting {
                self.settle_entry(now, user, entry.seq, Code::UNKNOWN_USER).await?;
            }
        }
    }
}
