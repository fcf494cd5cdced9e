//! What a group is like, and what it is to one of its people (IMPS 1.3 architecture, C.3).

use bytes::Bytes;

use crate::vocabulary::message::body;
use crate::vocabulary::property::{Properties, Property};
use crate::vocabulary::record::record;
use crate::vocabulary::status::Outcome;
use crate::vocabulary::{Content, DecodeError, Text};

record! {
    /// Asks for a group's properties.
    pub struct GetGroupPropsRequest {
        /// The group.
        group: Text = GroupId,
    }

    /// A group's properties.
    pub struct GetGroupPropsResponse {
        /// The outcome (SSP only; on CSP a failure is a `Status`).
        outcome: Option<Outcome> = Result @ SSP_ONLY,
        /// What the group is like.
        properties: Option<GroupProperties> = GroupProperties,
        /// What it is to the user: names of [`own_property`].
        own: Option<Properties> = OwnProperties,
    }

    /// Changes properties.
    pub struct SetGroupPropsRequest {
        /// The group.
        group: Text = GroupId,
        /// What the group is to be like; what is not named stays.
        properties: Option<GroupProperties> = GroupProperties,
        /// What it is to be to the user; what is not named stays.
        own: Option<Properties> = OwnProperties,
    }

    /// What a group is like.
    pub struct GroupProperties {
        /// Names of [`group_property`]; unknown ones are answered 806.
        list: Vec<Property> = Property,
        /// What those who join are shown.
        welcome: Option<WelcomeNote> = WelcomeNote,
    }

    /// What those who join a group are shown. Set by its admins and moderators.
    pub struct WelcomeNote {
        /// MIME type of the content; `text/plain` if absent.
        content_type: Option<Text> = ContentType,
        /// `BASE64` or `None`; absent = None.
        encoding: Option<Text> = ContentEncoding,
        /// The content.
        content: Option<Content> = ContentData,
    }
}

/// Names of the properties of a group. Values are text; `T` and `F` stand for yes and no.
pub mod group_property {
    /// The name shown; the group's address if none is set. Set by admins.
    pub const NAME: &str = "Name";
    /// `Open` or `Restricted`: whether only members may join. Set by admins. One table spells it `AccessType`.
    pub const ACCESS_TYPE: &str = "Accesstype";
    /// `Public` or `Private`. Set by the server.
    pub const TYPE: &str = "Type";
    /// `T`/`F`: whether people in the group may write to each other alone (else 812). Set by admins.
    pub const PRIVATE_MESSAGING: &str = "PrivateMessaging";
    /// `T`/`F`: whether searches find it; `T` needs a name or a topic (else 822). Set by admins.
    pub const SEARCHABLE: &str = "Searchable";
    /// What is talked about. Set by admins and moderators.
    pub const TOPIC: &str = "Topic";
    /// How many users are in it now. Set by the server.
    pub const ACTIVE_USERS: &str = "ActiveUsers";
    /// How many users may be in it at a time (then 817). Set by admins.
    pub const MAX_ACTIVE_USERS: &str = "MaxActiveUsers";
    /// `T`/`F`: whether it ends when the last user leaves. Set by admins; 1.2, and used by phones of 1.1.
    pub const AUTO_DELETE: &str = "AutoDelete";
    /// Seconds after which it ends. Set by admins; 1.2.
    pub const VALIDITY: &str = "Validity";
    /// `T`/`F`: whether what was said can be listed (else 821). Set by admins; 1.3.
    pub const HISTORY: &str = "History";
    /// `T`/`F`: whether only who was invited may join. Set by admins; 1.3.
    pub const REQUIRE_INVITATION: &str = "RequireInvitation";
    /// Years one must be old to join. Set by admins; 1.3.
    pub const MINIMUM_AGE: &str = "MinimumAge";
}

/// Names of the properties a group has to one user. Values are text; `T` and `F` stand for yes and no.
pub mod own_property {
    /// `T`/`F`: whether the user is on the list of members. Set by the server.
    pub const IS_MEMBER: &str = "IsMember";
    /// `User`, `Mod` or `Admin`. Set by the server, by way of `MemberAccess`.
    pub const PRIVILEGE_LEVEL: &str = "PrivilegeLevel";
    /// The name used in the group. Set by the user.
    pub const SCREEN_NAME: &str = "ScreenName";
    /// `T`/`F`: whether others in the group may write to the user alone (else 813). Set by the user.
    pub const PRIVATE_MESSAGING: &str = "PrivateMessaging";
    /// `T`/`F`: whether others see the user's address. Set by the user; 1.2.
    pub const SHOW_ID: &str = "ShowID";
    /// `T`/`F`: whether the server lets the user join at each login. Set by the user; 1.2.
    pub const AUTO_JOIN: &str = "AutoJoin";
}

// === impl GroupProperties ===

impl GroupProperties {
    /// The property of that name, in any spelling.
    pub fn get(&self, name: &str) -> Option<&Property> {
        self.list.iter().find(|property| property.name.eq_ignore_ascii_case(name))
    }
}

// === impl WelcomeNote ===

impl WelcomeNote {
    /// The content's bytes, whatever way they came.
    ///
    /// # Errors
    /// [`DecodeError::Value`] if the content is not the base64 its encoding says.
    pub fn body(&self) -> Result<Bytes, DecodeError> {
        body(self.encoding.as_ref(), self.content.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_found_in_any_spelling() {
        let access = Property::new("AccessType", "Open");
        let properties = GroupProperties { list: vec![access.clone()], welcome: None };
        assert_eq!(properties.get(group_property::ACCESS_TYPE), Some(&access));
        assert_eq!(properties.get(group_property::TYPE), None);
    }

    #[test]
    fn a_welcome_note_is_read_whatever_way_it_came() {
        let note = |encoding: Option<&str>, content| WelcomeNote {
            content_type: None,
            encoding: encoding.map(Into::into),
            content: Some(content),
        };
        assert_eq!(note(Some("BASE64"), Content::Text("SGk=".into())).body().unwrap(), "Hi");
        assert_eq!(note(Some("None"), Content::Text("SGk=".into())).body().unwrap(), "SGk=");
        assert_eq!(note(Some("base64"), Content::Binary(Bytes::from_static(b"Hi"))).body().unwrap(), "Hi");
        assert!(note(Some("BASE64"), Content::Text("Hi!".into())).body().is_err());
    }
}
