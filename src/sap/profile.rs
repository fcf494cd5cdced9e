//! What is known of a user beside his account: services and how he wants them, what networks may do with him, what
//! his terminal can do (IMPS 1.3 architecture, 5.3.6.3; docs/wire-notes.md, "User profile").

mod change;
mod domain;
mod view;

pub(super) use change::place;
pub use change::{PrivacyChange, ProfileChange, PropertiesChange, SubscriptionChange};
pub use view::{ProfileView, TerminalView};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::{self, Pse};

/// Free properties: name → value.
pub type Properties = BTreeMap<String, String>;

/// `pse` of a service that this node does.
pub(super) const LOCAL: &str = "local";
/// `pse` of a service that the user has nowhere.
pub(super) const NONE: &str = "none";

/// A user's profile, kept with the account. Fields may be added; stored profiles without them read as their default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Each service, and what the user has of it.
    pub services: Subscriptions,
    /// Preferences that concern no single service.
    pub preferences: Properties,
    /// How far networks may go.
    pub privacy: Privacy,
    /// What the terminal can do and how its interface is preferred, beside what its sessions negotiate.
    pub terminal: Properties,
}

/// A service that users subscribe to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Presence and contact lists.
    Presence,
    /// Instant messaging.
    Im,
    /// Groups.
    Group,
    /// Shared content.
    Content,
}

/// What a user has of each service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Subscriptions {
    /// Presence and contact lists.
    pub presence: Subscription,
    /// Instant messaging.
    pub im: Subscription,
    /// Groups.
    pub group: Subscription,
    /// Shared content.
    pub content: Subscription,
}

/// What a user has of one service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Subscription {
    /// Whether the user has it at all.
    pub subscribed: bool,
    /// Whether it is in use at present.
    pub active: bool,
    /// Where its primary service element is for this user: a domain, `local` or `none`. `None` = where `[services]`
    /// says.
    pub pse: Option<String>,
    /// How the user wants it.
    pub preferences: Properties,
}

/// How far networks may go with a user; what is not stated is not permitted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Privacy {
    /// Whether the user may be located.
    pub location: Option<bool>,
    /// Whether the user may be interacted with.
    pub user_interaction: Option<bool>,
    /// More of the kind.
    pub properties: Properties,
}

// === impl Service ===

impl Service {
    /// Every service.
    pub const ALL: [Self; 4] = [Self::Presence, Self::Im, Self::Group, Self::Content];

    /// Its name in configurations and at the admin address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Presence => "presence",
            Self::Im => "im",
            Self::Group => "group",
            Self::Content => "content",
        }
    }

    /// The service of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name().eq_ignore_ascii_case(name))
    }

    /// Its name between domains.
    pub const fn ssp_name(self) -> &'static str {
        match self {
            Self::Presence => "Presence",
            Self::Im => "IM",
            Self::Group => "Group",
            Self::Content => "SharedContent",
        }
    }

    /// The service of a name between domains; contact lists live with presence.
    pub(super) fn of_ssp(name: &str) -> Option<Self> {
        let lists = name.eq_ignore_ascii_case("ContactList").then_some(Self::Presence);
        lists.or_else(|| Self::ALL.into_iter().find(|service| service.ssp_name().eq_ignore_ascii_case(name)))
    }

    /// Where its primary service element is.
    pub(super) const fn place(self, services: &config::Services) -> &Pse {
        match self {
            Self::Presence => &services.presence,
            Self::Im => &services.im,
            Self::Group => &services.group,
            Self::Content => &services.content,
        }
    }
}

// === impl Subscriptions ===

impl Subscriptions {
    /// What the user has of a service.
    pub const fn get(&self, service: Service) -> &Subscription {
        match service {
            Service::Presence => &self.presence,
            Service::Im => &self.im,
            Service::Group => &self.group,
            Service::Content => &self.content,
        }
    }

    /// The same, to be changed.
    pub const fn get_mut(&mut self, service: Service) -> &mut Subscription {
        match service {
            Service::Presence => &mut self.presence,
            Service::Im => &mut self.im,
            Service::Group => &mut self.group,
            Service::Content => &mut self.content,
        }
    }
}

// === impl Subscription ===

impl Default for Subscription {
    fn default() -> Self {
        Self { subscribed: true, active: true, pse: None, preferences: Properties::new() }
    }
}

impl Subscription {
    /// Whether the service is offered to the user, as far as he decides.
    pub const fn in_use(&self) -> bool {
        self.subscribed && self.active
    }
}

// === impl Profile ===

impl Profile {
    /// Services whose primary service element is elsewhere for this user: service → domain.
    pub(super) fn elsewhere(&self) -> BTreeMap<String, String> {
        let place = |service: Service| Some((service.name().to_owned(), self.services.get(service).pse.clone()?));
        Service::ALL.into_iter().filter_map(place).collect()
    }

    /// Replaces the whole table of [`elsewhere`](Self::elsewhere).
    pub(super) fn set_elsewhere(&mut self, places: &BTreeMap<String, String>) {
        for service in Service::ALL {
            self.services.get_mut(service).pse = places.get(service.name()).map(|place| place.to_ascii_lowercase());
        }
    }
}
