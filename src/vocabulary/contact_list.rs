//! Contact lists: users under nicknames, private to their owner (IMPS 1.3 architecture, C.1; docs/wire-notes.md,
//! "Lists").

use super::property::Properties;
use super::record::record;
use super::status::Outcome;
use super::{DecodeError, Element, List, Sink, Slot, Source, Text, Value};

record! {
    /// Asks which contact lists there are.
    pub struct GetListRequest {}

    /// The contact lists of a user.
    pub struct GetListResponse {
        /// The outcome (SSP only; on CSP a failure is a `Status`).
        outcome: Option<Outcome> = Result @ SSP_ONLY,
        /// All but the default one.
        lists: List<Text> = ContactListIdList | ContactList,
        /// The default one.
        default: Option<Text> = DefaultContactList,
    }

    /// Makes a contact list.
    pub struct CreateListRequest {
        /// Its id, below the owner's address.
        list: Text = ContactList,
        /// Its users.
        nicks: Option<NickList> = NickList,
        /// `DisplayName` (text), `Default` (`T`, `F`).
        properties: Option<Properties> = ContactListProperties,
    }

    /// The contact list as it was made (1.3).
    pub struct CreateListResponse {
        /// Its id.
        list: Option<Text> = ContactList,
        /// Its properties.
        properties: Option<Properties> = ContactListProperties,
    }

    /// Deletes a contact list.
    pub struct DeleteListRequest {
        /// Its id.
        list: Text = ContactList,
    }

    /// Changes a contact list, or asks for it if nothing is to be changed.
    pub struct ListManageRequest {
        /// Its id.
        list: Text = ContactList,
        /// Users to add, or to give another nickname.
        add: Option<NickList> = AddNickList,
        /// Users to remove.
        remove: Option<RemoveNickList> = RemoveNickList,
        /// Properties to set.
        properties: Option<Properties> = ContactListProperties,
        /// Whether the answer shall hold the whole list (1.2 and later).
        receive: Option<bool> = ReceiveList,
        /// Whether the users added are also authorised and put on the grant list (1.3).
        authorize_and_grant: Option<bool> = AuthorizeAndGrant,
    }

    /// The outcome of a change, and the list if wanted.
    pub struct ListManageResponse {
        /// The outcome.
        outcome: Outcome = Result,
        /// Its users.
        nicks: Option<NickList> = NickList,
        /// Its properties.
        properties: Option<Properties> = ContactListProperties,
    }

    /// Users under nicknames: `NickList`, `AddNickList`.
    pub struct NickList {
        /// In the order of the document.
        nicks: Vec<NickName> = NickName | UserId,
    }

    /// Users to be removed.
    pub struct RemoveNickList {
        /// Their addresses.
        users: Vec<Text> = UserId,
    }
}

/// A user and what the owner of the list calls him. A bare `UserID` is read as one without a name, and `Name` is
/// always written: a phone exists that needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NickName {
    /// The nickname.
    pub name: Option<Text>,
    /// The address.
    pub user: Text,
}

impl Value for NickName {
    fn decode<'a>(of: Element, from: &mut impl Source<'a>) -> Result<Self, DecodeError> {
        if of == Element::UserId {
            return Ok(Self { name: None, user: Value::decode(of, from)? });
        }
        let (mut name, mut user) = (None, None);
        while let Some(child) = from.child()? {
            match child {
                Some(e @ Element::Name) => name = Some(Text::decode(e, from)?),
                Some(e @ Element::UserId) => user = Some(Value::decode(e, from)?),
                _ => from.skip()?,
            }
        }
        let user = user.ok_or(DecodeError::Missing(Element::UserId))?;
        Ok(Self { name: name.filter(|name| !name.is_empty()), user })
    }
    fn encode(&self, to: &mut impl Sink) {
        self.name.clone().unwrap_or_default().put(Element::Name, to);
        self.user.put(Element::UserId, to);
    }
}
