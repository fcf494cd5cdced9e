//! Repeated items that newer versions put into an element of their own (`docs/wire-notes.md`, "Lists").

use std::ops::{Deref, DerefMut};

use super::party::User;
use super::{DecodeError, Element, Sink, Slot, Source, Text, Value};

/// Items that stand one by one in a primitive (up to 1.2), or together in a list element (1.3): `UserID` or
/// `UserIDList`, `ContactList` or `ContactListIDList`, `MessageInfo` or `MessageInfoList`, `User` or `UserList`
/// (also within `Admin`, `Mod` and `Users`), ….
/// Both forms are read in every version, even mixed; the element it is written as decides on the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

/// Something that can stand in a [`List`].
pub trait Item: Sized {
    /// Reads the item from an element whose start was just read.
    fn decode_as<'a>(of: Element, from: &mut impl Source<'a>) -> Result<Self, DecodeError>;
    /// Writes the item between the start and end of an element.
    fn encode_as(&self, of: Element, to: &mut impl Sink);
}

/// What a list element holds.
const fn item_of(list: Element) -> Option<Element> {
    match list {
        Element::UserIdList => Some(Element::UserId),
        Element::ContactListIdList => Some(Element::ContactList),
        Element::MessageInfoList => Some(Element::MessageInfo),
        Element::UserList => Some(Element::User),
        Element::GroupList => Some(Element::GroupId),
        Element::UrlList => Some(Element::Url),
        Element::NotificationTypeList => Some(Element::NotificationType),
        Element::SystemMessageList => Some(Element::SystemMessage),
        Element::SystemMessageResponseList => Some(Element::SystemMessageResponse),
        Element::AnswerOptions => Some(Element::AnswerOption),
        Element::ReactiveAuthStatusList => Some(Element::ReactiveAuthStatus),
        _ => None,
    }
}

/// What the list of those in a role of a group stands in.
const fn is_role(of: Element) -> bool {
    matches!(of, Element::Admin | Element::Mod | Element::Users)
}

// === impl List ===

impl<T: Item> Slot for List<T> {
    type Partial = ();
    fn fill<'a>(&mut self, _: &mut (), of: Element, from: &mut impl Source<'a>) -> Result<(), DecodeError> {
        if is_role(of) {
            while let Some(child) = from.child()? {
                match child {
                    Some(e @ (Element::UserList | Element::UserIdList | Element::User | Element::UserId)) => {
                        self.fill(&mut (), e, from)?;
                    }
                    _ => from.skip()?,
                }
            }
            return Ok(());
        }
        let Some(item) = item_of(of) else {
            self.0.push(T::decode_as(of, from)?);
            return Ok(());
        };
        while let Some(child) = from.child()? {
            if child == Some(item) {
                self.0.push(T::decode_as(item, from)?);
            } else {
                from.skip()?;
            }
        }
        Ok(())
    }
    fn is_absent(&self) -> bool {
        self.0.is_empty()
    }
    fn put(&self, of: Element, to: &mut impl Sink) {
        if is_role(of) {
            to.start(of);
            self.put(Element::UserList, to);
            return to.end(of);
        }
        let item = item_of(of);
        if item.is_some() {
            to.start(of);
        }
        for value in &self.0 {
            let of = item.unwrap_or(of);
            to.start(of);
            value.encode_as(of, to);
            to.end(of);
        }
        if item.is_some() {
            to.end(of);
        }
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for List<T> {
    type Target = Vec<T>;
    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T> DerefMut for List<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        Self(items)
    }
}

// === impl Item ===

/// Makes values items that are the same in every element.
macro_rules! plain_items {
    ($( $item:ty ),+) => { $(
        impl $crate::vocabulary::list::Item for $item {
            fn decode_as<'a>(
                of: $crate::vocabulary::Element,
                from: &mut impl $crate::vocabulary::Source<'a>,
            ) -> Result<Self, $crate::vocabulary::DecodeError> {
                $crate::vocabulary::Value::decode(of, from)
            }
            fn encode_as(&self, _: $crate::vocabulary::Element, to: &mut impl $crate::vocabulary::Sink) {
                $crate::vocabulary::Value::encode(self, to);
            }
        }

        #[cfg(test)]
        impl $crate::vocabulary::sample::Sample for $crate::vocabulary::List<$item> {
            fn sample(dice: &mut $crate::vocabulary::sample::Dice) -> Self {
                Self($crate::vocabulary::sample::Sample::sample(dice))
            }
        }
    )+ };
}

pub(super) use plain_items;

plain_items!(Text);

/// A user in full, or where only `UserID` has a place, the address alone.
impl Item for User {
    fn decode_as<'a>(of: Element, from: &mut impl Source<'a>) -> Result<Self, DecodeError> {
        if of == Element::UserId {
            return Ok(Self { id: Value::decode(of, from)?, ..Self::default() });
        }
        Value::decode(of, from)
    }
    fn encode_as(&self, of: Element, to: &mut impl Sink) {
        if of != Element::UserId {
            return self.encode(to);
        }
        self.id.encode(to);
        let lost = [
            (Element::FriendlyName, self.friendly_name.is_some()),
            (Element::ClientId, self.client.is_some()),
            (Element::ApplicationId, self.application.is_some()),
            (Element::UserSessionId, self.session.is_some()),
        ];
        for (element, _) in lost.into_iter().filter(|(_, set)| *set) {
            to.omit(element);
        }
    }
}
