//! Presence: subscribe, notify, get, update, authorise (IMPS 1.3 architecture, C.1; docs/wire-notes.md, "Presence").

pub mod attribute;
mod watcher;

pub use attribute::PresenceSubList;
pub use watcher::Watcher;

use super::list::plain_items;
use super::party::User;
use super::record::record;
use super::status::Outcome;
use super::{List, Text};

record! {
    /// Asks to be told of changes, from now on. It replaces what was subscribed of the same before.
    pub struct SubscribePresenceRequest {
        /// Publishers.
        users: List<User> = UserIdList | User | UserId,
        /// Contact lists of the watcher.
        lists: List<Text> = ContactListIdList | ContactList,
        /// The attributes wanted, empty elements; absent = all.
        attributes: Option<PresenceSubList> = PresenceSubList,
        /// Whether users added to these lists later are subscribed too (1.2; in 1.3 they always are).
        auto_subscribe: Option<bool> = AutoSubscribe,
    }

    /// Asks to be told no more.
    pub struct UnsubscribePresenceRequest {
        /// Publishers.
        users: List<User> = UserIdList | User | UserId,
        /// Contact lists of the watcher.
        lists: List<Text> = ContactListIdList | ContactList,
    }

    /// The server tells what changed.
    pub struct PresenceNotificationRequest {
        /// Who is told (SSP only).
        watchers: Vec<User> = User @ SSP_ONLY,
        /// What is told, of each publisher.
        presences: Vec<Presence> = Presence,
    }

    /// The attributes of a publisher, or those authorised for a user or a contact list.
    pub struct Presence {
        /// The user.
        user: Option<Text> = UserId,
        /// Whether the publisher is told when this user asks for more (1.3).
        user_notify: Option<bool> = UserNotify,
        /// The contact list.
        list: Option<Text> = ContactList,
        /// Whether the publisher is told when members of the list ask for more (1.3).
        list_notify: Option<bool> = ContactListNotify,
        /// The version of the attributes, given by the publisher's domain (SSP only).
        version: Option<Text> = PresenceVersion @ SSP_ONLY,
        /// The attributes; mostly one list.
        attributes: Vec<PresenceSubList> = PresenceSubList,
    }

    /// Asks for attributes once.
    pub struct GetPresenceRequest {
        /// Publishers.
        users: List<User> = UserIdList | User | UserId,
        /// Contact lists of the watcher.
        lists: List<Text> = ContactListIdList | ContactList,
        /// The attributes wanted, empty elements; absent = all.
        attributes: Option<PresenceSubList> = PresenceSubList,
    }

    /// The attributes asked for.
    pub struct GetPresenceResponse {
        /// The outcome.
        outcome: Outcome = Result,
        /// Of each publisher; what is not authorised is left out.
        presences: Vec<Presence> = Presence,
    }

    /// Publishes attributes; those not named stay as they are.
    pub struct UpdatePresenceRequest {
        /// The attributes.
        attributes: PresenceSubList = PresenceSubList,
    }

    /// Asks who watches.
    pub struct GetWatcherListRequest {
        /// How far to look back (1.2 and later); the unit is taken as seconds.
        history: Option<u32> = HistoryPeriod,
        /// How many to list, at most (1.2 and later).
        most: Option<u32> = MaxWatcherList,
    }

    /// Who watches.
    pub struct GetWatcherListResponse {
        /// The outcome (SSP only; on CSP a failure is a `Status`).
        outcome: Option<Outcome> = Result @ SSP_ONLY,
        /// How far was looked back (1.2 and later).
        history: Option<u32> = HistoryPeriod,
        /// How many there are (1.3).
        count: Option<u32> = WatcherCount,
        /// The watchers.
        watchers: Vec<Watcher> = Watcher | User,
    }

    /// The server asks the publisher to authorise (up to 1.2; 1.3 has a notification for it).
    pub struct PresenceAuthRequest {
        /// Who asks.
        user: Text = UserId,
        /// The publisher (SSP only).
        publisher: Option<User> = User @ SSP_ONLY,
        /// What was asked for.
        attributes: Option<PresenceSubList> = PresenceSubList,
    }

    /// The publisher authorises, or refuses (up to 1.2).
    pub struct PresenceAuthUser {
        /// Who asked.
        user: Text = UserId,
        /// Whether it is authorised.
        acceptance: bool = Acceptance,
        /// What is authorised (1.2; absent = what was asked for).
        attributes: Option<PresenceSubList> = PresenceSubList @ SINCE_12,
    }

    /// The publisher takes an authorisation back (up to 1.2).
    pub struct CancelAuthRequest {
        /// Whose.
        users: Vec<Text> = UserId,
    }

    /// The publisher asks what he authorised (1.2).
    pub struct GetReactiveAuthStatusRequest {
        /// For whom; nobody = all.
        users: Vec<Text> = UserId,
    }

    /// What was authorised (1.2).
    pub struct GetReactiveAuthStatusResponse {
        /// The outcome (SSP only; on CSP a failure is a `Status`).
        outcome: Option<Outcome> = Result @ SSP_ONLY,
        /// For each user.
        statuses: List<ReactiveAuthStatus> = ReactiveAuthStatusList | ReactiveAuthStatus,
    }

    /// How it stands with a user who asked (1.2).
    pub struct ReactiveAuthStatus {
        /// The user.
        user: Text = UserId,
        /// `GRANTED`, `DENIED`, `PENDING`.
        state: Option<Text> = ReactiveAuthState,
        /// The attributes concerned.
        attributes: Option<PresenceSubList> = PresenceSubList,
    }
}

// === impl Presence ===

impl Presence {
    /// The attributes of a user.
    pub fn of_user(user: impl Into<Text>, attributes: PresenceSubList) -> Self {
        Self { user: Some(user.into()), attributes: vec![attributes], ..Self::default() }
    }
}

plain_items!(ReactiveAuthStatus);
