//! Groups: create and delete, join and leave (IMPS 1.3 architecture, C.3).

pub mod members;
pub mod notice;
pub mod people;
pub mod properties;

use super::party::{ScreenName, User};
use super::property::Properties;
use super::record::{once, put, record};
use super::status::Outcome;
use super::version::{SINCE_12, SSP_ONLY};
use super::{DecodeError, Element, Sink, Slot, Source, Text, Value};
use people::People;
use properties::{GroupProperties, WelcomeNote};

record! {
    /// Makes a group; its maker is an admin for ever.
    pub struct CreateGroupRequest {
        /// Its address: below the maker's own.
        group: Text = GroupId,
        /// What it is like.
        properties: Option<GroupProperties> = GroupProperties,
        /// What it is to its maker (1.3).
        own: Option<Properties> = OwnProperties @ ONLY_13,
        /// Whether its maker joins at once.
        join: Option<bool> = JoinGroup,
        /// The name its maker uses in it.
        screen_name: Option<ScreenName> = ScreenName,
        /// Whether to tell its maker of changes.
        subscribe: Option<bool> = SubscribeNotification,
    }

    /// Ends a group; whoever is in it is told by a `LeaveGroup-Response` with 800.
    pub struct DeleteGroupRequest {
        /// Which.
        group: Text = GroupId,
    }

    /// Enters a group.
    pub struct JoinGroupRequest {
        /// Which.
        group: Text = GroupId,
        /// The name to use in it; absent = the last one used.
        screen_name: Option<ScreenName> = ScreenName,
        /// Whether to tell who is in it.
        joined_request: Option<bool> = JoinedRequest,
        /// Whether to tell of changes.
        subscribe: Option<bool> = SubscribeNotification,
        /// What the group is to be to the user (1.2).
        own: Option<Properties> = OwnProperties @ SINCE_12,
    }

    /// Leaves a group.
    pub struct LeaveGroupRequest {
        /// Which.
        group: Text = GroupId,
    }

    /// The user is out of the group: as answer, or unasked as a request of the server.
    pub struct LeaveGroupResponse {
        /// Who (SSP only; in an answer, who asked).
        user: Option<User> = User @ SSP_ONLY,
        /// Out of which group.
        group: Option<Text> = GroupId,
        /// The outcome; unasked 800 = the group was deleted, 809 = rejected, 810 or 816 = no member any more,
        /// 824 = the session ended.
        outcome: Outcome = Result,
        /// Why, for people (SSP only).
        reason: Option<Text> = ReasonText @ SSP_ONLY,
    }
}

/// The user is in the group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JoinGroupResponse {
    /// The outcome (SSP only; on CSP a failure is a `Status`).
    pub outcome: Option<Outcome>,
    /// The group, which 1.1 writes into every name; elsewhere the request tells it.
    pub group: Option<Text>,
    /// Who is in it, if that was asked.
    pub joined: People,
    /// What those who join are shown.
    pub welcome: Option<WelcomeNote>,
}

// === impl JoinGroupResponse ===

impl Value for JoinGroupResponse {
    fn decode<'a>(_: Element, from: &mut impl Source<'a>) -> Result<Self, DecodeError> {
        let mut said = Self::default();
        while let Some(child) = from.child()? {
            match child {
                Some(e @ Element::Result) => once(&mut said.outcome, e, from)?,
                Some(e @ Element::GroupId) => once(&mut said.group, e, from)?,
                Some(Element::UserMapList | Element::UserList | Element::Joined) => {
                    said.joined.read(&mut said.group, from)?;
                }
                Some(e @ Element::WelcomeNote) => once(&mut said.welcome, e, from)?,
                _ => from.skip()?,
            }
        }
        Ok(said)
    }

    fn encode(&self, to: &mut impl Sink) {
        put(&self.outcome, Element::Result, SSP_ONLY, to);
        if to.takes(Element::GroupId, SSP_ONLY) {
            self.group.put(Element::GroupId, to);
        }
        if to.takes(Element::UserMapList, SINCE_12) {
            self.joined.put_if_any(Element::UserMapList, to);
        } else {
            self.joined.put_names(Element::UserList, self.group.as_ref(), to);
        }
        self.welcome.put(Element::WelcomeNote, to);
    }
}

#[cfg(test)]
mod tests {
    use super::people::tests::names;
    use super::*;
    use crate::vocabulary::sample::{Dice, Sample};

    impl Sample for JoinGroupResponse {
        fn sample(dice: &mut Dice) -> Self {
            let maps = dice.takes(Element::UserMapList, SINCE_12);
            let joined: People = if maps { Sample::sample(dice) } else { names(dice, true) };
            // Without a name nothing tells the group.
            let named = !maps && joined.iter().any(|person| person.name.is_some());
            Self {
                outcome: if dice.ssp { Sample::sample(dice) } else { None },
                group: named.then(|| Sample::sample(dice)),
                joined,
                welcome: Sample::sample(dice),
            }
        }
    }
}
