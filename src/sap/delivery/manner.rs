//! How a message reaches a session: what its client's capabilities, the services agreed and the delivery method make
//! of it (`docs/wire-notes.md`, "Capabilities", "Fetching messages").

use crate::messaging::Message as Kept;
use crate::sap::Sap;
use crate::sap::capability::{Delivery, Policy};
use crate::sap::session::SessionRecord;
use crate::vocabulary::message::is_text;

/// How a message reaches a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sap) enum Manner {
    /// In `NewMessage`.
    Push,
    /// Announced by `MessageNotification`.
    Notify,
    /// The client wants it refused.
    Refuse,
    /// Not at all: it stays for another session.
    Not,
}

// === impl Manner ===

impl Manner {
    /// Whether the session is told of the message.
    pub(in crate::sap) fn takes(self) -> bool {
        matches!(self, Self::Push | Self::Notify)
    }
}

// === impl Sap ===

impl Sap {
    /// How a message reaches a session that is written to in a way that carries bytes as they are (`opaque`), or
    /// only as base64.
    pub(in crate::sap) fn manner(&self, session: &SessionRecord, message: &Kept, opaque: bool) -> Manner {
        let client = &session.capabilities;
        let (mime, size) = (Some(message.content_type.as_str()), message.content.len());
        let bare = || opaque || is_text(&message.content_type, &message.content);
        let policy = client.policy(mime, size, || if bare() { size } else { size.div_ceil(3) * 4 });
        if policy == Some(Policy::Reject) {
            return Manner::Refuse;
        }
        let may_notify = session.agreed.notifies(&self.offered);
        let may_push = session.agreed.pushes(&self.offered)
            && policy.is_none()
            && client.accepts(mime)
            && client.push_limit(mime).is_none_or(|most| size <= most as usize)
            && (client.base64 || bare());
        match client.delivery {
            Delivery::Push if may_push => Manner::Push,
            _ if may_notify => Manner::Notify,
            _ if may_push => Manner::Push,
            _ => Manner::Not,
        }
    }
}
