//! Version discovery: which versions both ends speak (1.2 and later; outside of any session).

use super::Text;
use super::record::record;

record! {
    /// The client tells what it speaks (1.2 and later).
    pub struct VersionDiscoveryRequest {
        /// The versions.
        versions: Option<VersionList> = VersionList,
        /// Vendors' additions.
        extended: Vec<Text> = ExtendedData,
    }

    /// What both speak (1.2 and later).
    pub struct VersionDiscoveryResponse {
        /// The versions.
        versions: Option<VersionList> = VersionList,
        /// Where other versions are spoken.
        servers: Vec<OtherServer> = OtherServer,
        /// Vendors' additions.
        extended: Vec<Text> = ExtendedData,
    }

    /// Versions, as the URIs of their namespaces (1.2 and later).
    pub struct VersionList {
        /// Namespaces of messages (CSP).
        messages: Vec<Text> = SessionNsName,
        /// Namespaces of transactions (TRC).
        transactions: Vec<Text> = TransactionNsName,
        /// Namespaces of presence attributes (PA).
        attributes: Vec<Text> = PresenceAttributeNsName,
    }

    /// Another way in (1.2 and later).
    pub struct OtherServer {
        /// Over HTTP.
        url: Option<Text> = Url,
        /// By SMS.
        msisdn: Option<Text> = Msisdn,
    }
}
