//! Taking a message for a user of this node (`docs/wire-notes.md`, "Sending").

use super::Sap;
use super::account::AccountError;
use crate::address::Address;
use crate::messaging::Message;
use crate::store::Changes;
use crate::time::Timestamp;
use crate::vocabulary::status::Code;

impl Sap {
    /// Puts a message into the user's mailbox, if he has messaging; where he doesn't use it, as if he were not logged
    /// in.
    ///
    /// # Errors
    /// 405 if there is no messaging here, 534 if he has not subscribed to it, and the codes of the mailbox.
    pub(super) async fn accept(
        &self,
        now: Timestamp,
        message: &Message,
        recipient: &Address,
        changes: &mut Changes,
    ) -> Result<(), Code> {
        let account = self.accounts.get(recipient.user()).await.map_err(|fault| match fault {
            AccountError::NotFound { .. } => Code::UNKNOWN_USER,
            _ => Code::UNAVAILABLE,
        })?;
        let messaging = &account.profile.services.im;
        if !self.offered.has_messaging(&account.profile) {
            return Err(Code::NOT_SUPPORTED);
        }
        if !messaging.subscribed {
            return Err(Code::RECIPIENT_UNAUTHORIZED);
        }
        let online = messaging.active && self.sessions.is_online(recipient);
        self.messaging.accept(now, message, recipient, online, changes).await
    }
}
