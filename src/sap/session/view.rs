//! Sessions of clients as the operator sees them.

use std::net::IpAddr;
use std::time::Duration;

use serde::Serialize;

use super::{Live, Sessions};
use crate::address::Address;
use crate::sap::capability::{Capabilities, Delivery};
use crate::time::Timestamp;
use crate::vocabulary::party::ClientId;
use crate::vocabulary::{Text, Version};

/// A session as the operator sees it.
#[derive(Clone, Debug, Serialize)]
pub struct SessionView {
    /// First characters of its id.
    pub id: String,
    /// The user.
    pub user: Address,
    /// The client, as it names itself.
    pub client: Option<Text>,
    /// The application (1.3).
    pub application: Option<Text>,
    /// Where it logged in from.
    pub address: IpAddr,
    /// The version.
    pub version: Version,
    /// What the client can take.
    pub capabilities: CapabilityView,
    /// Milliseconds since login.
    pub age_ms: u64,
    /// Milliseconds since it was last heard.
    pub idle_ms: u64,
    /// Seconds of silence it survives.
    pub ttl_s: u32,
}

/// A client's capabilities in brief.
#[derive(Clone, Debug, Serialize)]
pub struct CapabilityView {
    /// `MOBILE_PHONE`, `COMPUTER`, `PDA`, `CLI` or `OTHER`.
    pub client_type: Option<Text>,
    /// ISO 639 code.
    pub language: Option<Text>,
    /// `push` or `notify`.
    pub delivery: &'static str,
    /// Transactions open at once.
    pub transactions: u32,
    /// Wake-up methods agreed.
    pub wake_up: Vec<Text>,
    /// Seconds between polls, at least.
    pub poll_min_s: Option<u32>,
}

// === impl SessionView ===

impl SessionView {
    fn of(now: Timestamp, live: &Live) -> Self {
        let millis = |d: Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
        let record = &live.record;
        Self {
            id: record.id.to_string(),
            user: record.user.clone(),
            client: name_of(&record.client),
            application: record.application.clone(),
            address: record.from,
            version: record.version,
            capabilities: CapabilityView::from(&record.capabilities),
            age_ms: millis(now.since(record.since)),
            idle_ms: millis(now.since(live.last_heard)),
            ttl_s: record.keep_alive,
        }
    }
}

// === impl CapabilityView ===

impl From<&Capabilities> for CapabilityView {
    fn from(capabilities: &Capabilities) -> Self {
        Self {
            client_type: capabilities.client_type.clone(),
            language: capabilities.language.clone(),
            delivery: match capabilities.delivery {
                Delivery::Push => "push",
                Delivery::Notify => "notify",
            },
            transactions: capabilities.multi_trans,
            wake_up: capabilities.cir_methods.clone(),
            poll_min_s: capabilities.poll_min,
        }
    }
}

// === impl Sessions ===

impl Sessions {
    /// A user's sessions for the operator's eyes.
    pub fn views_of(&self, now: Timestamp, user: &Address) -> Vec<SessionView> {
        let view = |id| self.live.get(id).map(|live| SessionView::of(now, &live));
        self.of_user(user).iter().filter_map(view).collect()
    }
}

/// What a client calls itself.
pub(in crate::sap) fn name_of(client: &ClientId) -> Option<Text> {
    client.url.clone().or_else(|| client.msisdn.clone())
}
