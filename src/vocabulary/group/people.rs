//! Who is in a group: a name, and the user behind it if that is no secret (docs/wire-notes.md, "Groups").

use std::ops::{Deref, DerefMut};

use crate::vocabulary::party::User;
use crate::vocabulary::record::record;
use crate::vocabulary::{DecodeError, Element, Sink, Slot, Source, Text, Value};

record! {
    /// Somebody in a group.
    pub struct Mapping {
        /// The name used in the group.
        name: Option<Text> = SName,
        /// The user's address, if the user shows it (`ShowID`).
        user: Option<Text> = UserId,
    }
}

/// People in one group. 1.2 and later write `Mapping`s; 1.1, and lists of those who left, write `ScreenName`s, or
/// a `User` where no name is known. Both are read everywhere, in whatever lists they stand. An empty list is
/// written like none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct People(pub Vec<Mapping>);

// === impl Mapping ===

impl Mapping {
    /// Somebody known by a name.
    pub fn named(name: impl Into<Text>) -> Self {
        Self { name: Some(name.into()), user: None }
    }

    /// Somebody known by an address.
    pub fn user(id: impl Into<Text>) -> Self {
        Self { name: None, user: Some(id.into()) }
    }
}

// === impl People ===

impl People {
    /// Reads whoever stands below the current element; a group that names belong to is noted if none is yet.
    pub(super) fn read<'a>(&mut self, group: &mut Option<Text>, from: &mut impl Source<'a>) -> Result<(), DecodeError> {
        while let Some(child) = from.child()? {
            match child {
                Some(e @ Element::Mapping) => self.push(Mapping::decode(e, from)?),
                Some(Element::ScreenName) => {
                    let mut name = None;
                    while let Some(child) = from.child()? {
                        match child {
                            Some(e @ Element::SName) => name = Some(Text::decode(e, from)?),
                            Some(e @ Element::GroupId) => {
                                let named = Text::decode(e, from)?;
                                group.get_or_insert(named);
                            }
                            _ => from.skip()?,
                        }
                    }
                    self.push(Mapping { name, user: None });
                }
                Some(e @ Element::User) => self.push(Mapping::user(User::decode(e, from)?.id)),
                Some(e @ Element::UserId) => self.push(Mapping::user(Text::decode(e, from)?)),
                Some(
                    Element::UserList
                    | Element::UserIdList
                    | Element::UserMapList
                    | Element::AdminMapping
                    | Element::ModMapping
                    | Element::UserMapping,
                ) => self.read(group, from)?,
                _ => from.skip()?,
            }
        }
        Ok(())
    }

    /// Writes them as mappings, if there are any.
    pub(super) fn put_if_any(&self, of: Element, to: &mut impl Sink) {
        if !self.is_empty() {
            self.put(of, to);
        }
    }

    /// Writes them as users and names into a `UserList`, or as names alone into another element. A user behind a
    /// name has no place there.
    pub(super) fn put_names(&self, of: Element, group: Option<&Text>, to: &mut impl Sink) {
        let nameless = || self.iter().filter(|person| person.name.is_none()).filter_map(|person| person.user.as_ref());
        let takes_users = of == Element::UserList;
        if self.iter().all(|person| person.name.is_none()) {
            match nameless().next() {
                None => return,
                Some(_) if !takes_users => return to.omit(of),
                Some(_) => {}
            }
        }
        to.start(of);
        for id in nameless() {
            if takes_users {
                to.start(Element::User);
                id.put(Element::UserId, to);
                to.end(Element::User);
            } else {
                to.omit(Element::User);
            }
        }
        for person in self.iter() {
            let Some(name) = &person.name else { continue };
            to.start(Element::ScreenName);
            name.put(Element::SName, to);
            if let Some(group) = group {
                group.put(Element::GroupId, to);
            }
            if person.user.is_some() {
                to.omit(Element::UserId);
            }
            to.end(Element::ScreenName);
        }
        to.end(of);
    }
}

/// As mappings.
impl Slot for People {
    type Partial = ();
    fn fill<'a>(&mut self, _: &mut (), _: Element, from: &mut impl Source<'a>) -> Result<(), DecodeError> {
        self.read(&mut None, from)
    }
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
    fn put(&self, of: Element, to: &mut impl Sink) {
        to.start(of);
        match of {
            Element::Joined | Element::JoinedBlocked => self.put(Element::UserMapList, to),
            Element::UserMapList => self.put(Element::UserMapping, to),
            _ => self.0.put(Element::Mapping, to),
        }
        to.end(of);
    }
}

impl Deref for People {
    type Target = Vec<Mapping>;
    fn deref(&self) -> &Vec<Mapping> {
        &self.0
    }
}

impl DerefMut for People {
    fn deref_mut(&mut self) -> &mut Vec<Mapping> {
        &mut self.0
    }
}

impl From<Vec<Mapping>> for People {
    fn from(people: Vec<Mapping>) -> Self {
        Self(people)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::vocabulary::sample::{Dice, Sample};

    impl Sample for People {
        fn sample(dice: &mut Dice) -> Self {
            Self(Sample::sample(dice))
        }
    }

    /// People as a list of names has them: users first if there may be any, then names.
    pub(in crate::vocabulary::group) fn names(dice: &mut Dice, users: bool) -> People {
        let users: Vec<Text> = if users { Sample::sample(dice) } else { Vec::new() };
        let names: Vec<Text> = Sample::sample(dice);
        People(users.into_iter().map(Mapping::user).chain(names.into_iter().map(Mapping::named)).collect())
    }
}
