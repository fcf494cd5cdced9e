//! What happens in a group, for those in it (IMPS 1.3 architecture, C.3; docs/wire-notes.md, "Groups").

use super::people::People;
use super::properties::GroupProperties;
use crate::vocabulary::party::User;
use crate::vocabulary::property::Properties;
use crate::vocabulary::record::{once, put, record};
use crate::vocabulary::status::Outcome;
use crate::vocabulary::version::{ONLY_13, SINCE_12, SSP_ONLY};
use crate::vocabulary::{DecodeError, Element, Sink, Slot, Source, Text, Value};

record! {
    /// Asks whether the user is told of changes, or changes that.
    pub struct SubscribeGroupNoticeRequest {
        /// The group.
        group: Text = GroupId,
        /// `G` = asks, `S` = wants to be told, `U` = does not.
        kind: Option<Text> = SubscribeType,
    }

    /// Whether the user is told of changes.
    pub struct SubscribeGroupNoticeResponse {
        /// The group (SSP only).
        group: Option<Text> = GroupId @ SSP_ONLY,
        /// The outcome (SSP only; on CSP a failure is a `Status`).
        outcome: Option<Outcome> = Result @ SSP_ONLY,
        /// Whether.
        subscribed: Option<bool> = Value,
    }
}

/// Something changed in a group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupChangeNotice {
    /// Who is told (SSP only).
    pub users: Vec<User>,
    /// The group.
    pub group: Text,
    /// Who came.
    pub joined: People,
    /// Who went.
    pub left: People,
    /// Who was refused (1.3).
    pub joined_blocked: People,
    /// Who was thrown out (1.3).
    pub left_blocked: People,
    /// Properties of the group that changed.
    pub properties: Option<GroupProperties>,
    /// Properties it has to the user that changed.
    pub own: Option<Properties>,
}

// === impl GroupChangeNotice ===

impl Value for GroupChangeNotice {
    fn decode<'a>(_: Element, from: &mut impl Source<'a>) -> Result<Self, DecodeError> {
        let mut said = Self::default();
        let mut group = None;
        // Names tell their group again.
        let mut named = None;
        while let Some(child) = from.child()? {
            match child {
                Some(e @ Element::User) => said.users.push(User::decode(e, from)?),
                Some(e @ Element::GroupId) => once(&mut group, e, from)?,
                Some(Element::Joined) => said.joined.read(&mut named, from)?,
                Some(Element::Left) => said.left.read(&mut named, from)?,
                Some(Element::JoinedBlocked) => said.joined_blocked.read(&mut named, from)?,
                Some(Element::LeftBlocked) => said.left_blocked.read(&mut named, from)?,
                Some(e @ Element::GroupProperties) => once(&mut said.properties, e, from)?,
                Some(e @ Element::OwnProperties) => once(&mut said.own, e, from)?,
                _ => from.skip()?,
            }
        }
        said.group = group.or(named).ok_or(DecodeError::Missing(Element::GroupId))?;
        Ok(said)
    }

    fn encode(&self, to: &mut impl Sink) {
        put(&self.users, Element::User, SSP_ONLY, to);
        self.group.put(Element::GroupId, to);
        let group = Some(&self.group);
        if to.takes(Element::UserMapList, SINCE_12) {
            self.joined.put_if_any(Element::Joined, to);
            put_list(&self.left, Element::Left, group, to);
        } else {
            self.joined.put_names(Element::Joined, group, to);
            self.left.put_names(Element::Left, group, to);
        }
        put(&self.joined_blocked, Element::JoinedBlocked, ONLY_13, to);
        if to.takes(Element::LeftBlocked, ONLY_13) {
            put_list(&self.left_blocked, Element::LeftBlocked, group, to);
        } else if !self.left_blocked.is_empty() {
            to.omit(Element::LeftBlocked);
        }
        self.properties.put(Element::GroupProperties, to);
        self.own.put(Element::OwnProperties, to);
    }
}

/// Writes people into a `UserList` of an element.
fn put_list(people: &People, of: Element, group: Option<&Text>, to: &mut impl Sink) {
    if !people.is_empty() {
        to.start(of);
        people.put_names(Element::UserList, group, to);
        to.end(of);
    }
}

#[cfg(test)]
mod tests {
    use super::super::people::tests::names;
    use super::*;
    use crate::vocabulary::sample::{Dice, Sample};

    impl Sample for GroupChangeNotice {
        fn sample(dice: &mut Dice) -> Self {
            let maps = dice.takes(Element::UserMapList, SINCE_12);
            let blocked = dice.takes(Element::LeftBlocked, ONLY_13);
            Self {
                users: if dice.ssp { Sample::sample(dice) } else { Vec::new() },
                group: Sample::sample(dice),
                joined: if maps { Sample::sample(dice) } else { names(dice, false) },
                left: names(dice, maps),
                joined_blocked: if blocked { Sample::sample(dice) } else { People::default() },
                left_blocked: if blocked { names(dice, true) } else { People::default() },
                properties: Sample::sample(dice),
                own: Sample::sample(dice),
            }
        }
    }
}
