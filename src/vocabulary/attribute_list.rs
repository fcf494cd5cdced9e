//! Attribute lists: which presence attributes whom are shown without being asked (IMPS 1.3 architecture, C.1).

use super::party::User;
use super::presence::{Presence, PresenceSubList};
use super::record::record;
use super::status::Outcome;
use super::{List, Text};

record! {
    /// Sets what users, members of contact lists and all others may see. It replaces what was set for them before.
    pub struct CreateAttributeListRequest {
        /// The attributes shown, empty elements; an empty list shows nothing.
        attributes: Option<PresenceSubList> = PresenceSubList,
        /// Users.
        users: List<User> = UserIdList | UserId | User,
        /// Contact lists of the publisher.
        lists: List<Text> = ContactListIdList | ContactList,
        /// Whether it is for all others.
        default: Option<bool> = DefaultList,
        /// Whether to tell the publisher when others ask for more (1.3).
        default_notify: Option<bool> = DefaultNotify,
        /// Whether to tell the publisher when these users ask for more (1.3).
        user_notify: Option<bool> = UserNotify,
        /// Whether to tell the publisher when members of these lists ask for more (1.3).
        list_notify: Option<bool> = ContactListNotify,
    }

    /// Takes back what was set.
    pub struct DeleteAttributeListRequest {
        /// For users.
        users: List<User> = UserIdList | UserId | User,
        /// For contact lists.
        lists: List<Text> = ContactListIdList | ContactList,
        /// Whether for all others.
        default: Option<bool> = DefaultList,
    }

    /// Asks what was set; for everybody if it names nobody.
    pub struct GetAttributeListRequest {
        /// Whether also for all others.
        default: Option<bool> = DefaultList,
        /// For contact lists.
        lists: List<Text> = ContactListIdList | ContactList,
        /// For users.
        users: List<User> = UserIdList | User | UserId,
    }

    /// What was set.
    pub struct GetAttributeListResponse {
        /// The outcome.
        outcome: Outcome = Result,
        /// For all others.
        default: Option<DefaultAttributeList> = DefaultAttributeList,
        /// For users and contact lists.
        presences: Vec<Presence> = Presence,
    }

    /// What all others may see.
    pub struct DefaultAttributeList {
        /// Whether the publisher is told when they ask for more (1.3).
        notify: Option<bool> = DefaultNotify,
        /// The attributes shown.
        attributes: Option<PresenceSubList> = PresenceSubList,
    }
}
