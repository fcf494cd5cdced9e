//! Who takes part: users, clients, groups, senders and recipients.

use super::record::{once, record};
use super::{DecodeError, Element, Event, Secret, Sink, Slot, Source, Text, Value};

record! {
    /// A user, perhaps at one of several clients.
    pub struct User {
        /// The address.
        id: Text = UserId,
        /// The name shown to people.
        friendly_name: Option<Text> = FriendlyName @ ONLY_13,
        /// The client.
        client: Option<ClientId> = ClientId,
        /// The application.
        application: Option<Text> = ApplicationId @ ONLY_13,
        /// The session the user's home domain keeps for a phone connected elsewhere (SSP only).
        session: Option<Secret> = UserSessionId @ SSP_ONLY,
    }

    /// Users and names in groups, together.
    pub struct UserList {
        /// Users.
        users: Vec<User> = User,
        /// People known by the name they use in a group.
        screen_names: Vec<ScreenName> = ScreenName,
    }

    /// Whoever can be blocked, granted or rejected: what stands in `EntityList`, `AddList` and `RemoveList`.
    pub struct EntityList {
        /// Users' addresses.
        users: Vec<Text> = UserId,
        /// Names used in groups.
        screen_names: Vec<ScreenName> = ScreenName,
        /// Groups' addresses.
        groups: Vec<Text> = GroupId,
        /// Contact lists of the user (1.3).
        contact_lists: Vec<Text> = ContactList @ ONLY_13,
        /// Applications (1.3).
        applications: Vec<Text> = ApplicationId @ ONLY_13,
    }

    /// A group, or somebody in a group known only by a screen name.
    pub struct Group {
        /// The group's address.
        id: Option<Text> = GroupId,
        /// Somebody in the group.
        screen_name: Option<ScreenName> = ScreenName,
    }

    /// A name used in one group.
    pub struct ScreenName {
        /// The name.
        name: Text = SName,
        /// The group's address.
        group: Text = GroupId,
    }

    /// Who receives.
    pub struct Recipient {
        /// Users.
        users: Vec<User> = User,
        /// Groups, or people in groups.
        groups: Vec<Group> = Group,
        /// Contact lists of the sender.
        contact_lists: Vec<Text> = ContactList,
    }

    /// Ids of all kinds.
    pub struct IdList {
        /// Users.
        users: Vec<Text> = UserId,
        /// Contact lists.
        contact_lists: Vec<Text> = ContactList,
        /// Groups.
        groups: Vec<Text> = GroupId,
        /// Screen names.
        screen_names: Vec<ScreenName> = ScreenName,
        /// Domains.
        domains: Vec<Text> = Domain,
    }
}

/// Who sends; a bare `User` in its place is read as one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sender {
    /// A user.
    pub user: Option<User>,
    /// A group or somebody in it.
    pub group: Option<Group>,
}

/// The device or application instance of a user: `URL`, `MSISDN`, or bare text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct ClientId {
    /// A URL-like text.
    pub url: Option<Text>,
    /// A telephone number.
    pub msisdn: Option<Text>,
}

impl Value for Sender {
    fn decode<'a>(of: Element, from: &mut impl Source<'a>) -> Result<Self, DecodeError> {
        if of == Element::User {
            return Ok(Self { user: Some(Value::decode(of, from)?), group: None });
        }
        let (mut user, mut group) = (None, None);
        while let Some(child) = from.child()? {
            match child {
                Some(e @ Element::User) => once(&mut user, e, from)?,
                Some(e @ Element::Group) => once(&mut group, e, from)?,
                _ => from.skip()?,
            }
        }
        Ok(Self { user, group })
    }
    fn encode(&self, to: &mut impl Sink) {
        self.user.put(Element::User, to);
        self.group.put(Element::Group, to);
    }
}

impl Value for ClientId {
    fn decode<'a>(_: Element, from: &mut impl Source<'a>) -> Result<Self, DecodeError> {
        let mut id = Self::default();
        let mut bare = String::new();
        loop {
            match from.next()? {
                Event::Start(Some(e @ Element::Url)) => id.url = Some(Text::decode(e, from)?),
                Event::Start(Some(e @ Element::Msisdn)) => id.msisdn = Some(Text::decode(e, from)?),
                Event::Start(_) => from.skip()?,
                Event::Text(text) => bare.push_str(&text),
                Event::Opaque(_) => {}
                Event::End => break,
                Event::Eof => return Err(DecodeError::Eof),
            }
        }
        if id.url.is_none() && id.msisdn.is_none() && !bare.trim().is_empty() {
            id.url = Some(bare.trim().into());
        }
        Ok(id)
    }
    fn encode(&self, to: &mut impl Sink) {
        for (element, text) in [(Element::Url, &self.url), (Element::Msisdn, &self.msisdn)] {
            if let Some(text) = text {
                to.start(element);
                to.text(text);
                to.end(element);
            }
        }
    }
}
