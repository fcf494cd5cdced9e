//! Watchers, in the three forms they have by version (docs/wire-notes.md, "Presence").

use crate::vocabulary::party::User;
use crate::vocabulary::record::range;
use crate::vocabulary::{DecodeError, Element, Sink, Slot, Source, Text, Value};

/// Who watches: `User` in 1.1, `Watcher` around a `User` in 1.2, `Watcher` with the address in 1.3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watcher {
    /// Who.
    pub user: User,
    /// `CURRENT_SUBSCRIBER`, `FORMER_SUBSCRIBER`, `PRESENCE_ACCESS` (1.2 and later).
    pub status: Option<Text>,
}

impl Value for Watcher {
    fn decode<'a>(of: Element, from: &mut impl Source<'a>) -> Result<Self, DecodeError> {
        if of == Element::User {
            return Ok(Self { user: Value::decode(of, from)?, status: None });
        }
        let (mut user, mut id, mut name, mut status) = (None, None, None, None);
        while let Some(child) = from.child()? {
            match child {
                Some(e @ Element::User) => user = Some(User::decode(e, from)?),
                Some(e @ Element::UserId) => id = Some(Text::decode(e, from)?),
                Some(e @ Element::FriendlyName) => name = Some(Text::decode(e, from)?),
                Some(e @ Element::WatcherStatus) => status = Some(Text::decode(e, from)?),
                _ => from.skip()?,
            }
        }
        let bare = |id| User { id, friendly_name: name, ..User::default() };
        let user = user.or_else(|| id.map(bare)).ok_or(DecodeError::Missing(Element::UserId))?;
        Ok(Self { user, status })
    }
    fn encode(&self, to: &mut impl Sink) {
        if !to.takes(Element::Watcher, range!()) {
            self.user.encode(to);
            if self.status.is_some() {
                to.omit(Element::WatcherStatus);
            }
            return;
        }
        // Where there are friendly names, they stand beside the address.
        if to.takes(Element::FriendlyName, range!()) {
            self.user.id.put(Element::UserId, to);
            self.user.friendly_name.put(Element::FriendlyName, to);
            for (element, lost) in [
                (Element::ClientId, self.user.client.is_some()),
                (Element::ApplicationId, self.user.application.is_some()),
            ] {
                if lost {
                    to.omit(element);
                }
            }
        } else {
            self.user.put(Element::User, to);
        }
        self.status.put(Element::WatcherStatus, to);
    }
}
