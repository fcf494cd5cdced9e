//! Capability negotiation: what a session's client can take, corrected by what the server does
//! (docs/wire-notes.md, "Capabilities").

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::vocabulary::capability::{
    AcceptedContentType, AgreedCapabilityList, CapabilityList, ClientCapabilityRequest, ClientCapabilityResponse,
    HttpAddress,
};
use crate::vocabulary::{Text, Version};

/// How messages reach the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delivery {
    /// In `NewMessage`.
    #[default]
    Push,
    /// Announced by `MessageNotification`, fetched by `GetMessage`.
    Notify,
}

/// A content type the client takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentType {
    /// MIME type, lower case, without parameters.
    pub mime: Text,
    /// Largest content of this type, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u32>,
    /// What is done with content of this type that is larger than `policy_limit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// Bytes; absent, the policy begins where `length` ends, or counts for all content of the type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_limit: Option<u32>,
}

/// What is done with large content of a type (`ContentPolicy`, 1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Policy {
    /// `N`: it is only announced.
    Notify,
    /// `C`: the same, where what is paid for counts: what travels.
    Cost,
    /// `R`: it is refused.
    Reject,
}

/// What a session keeps of its client's capabilities. The default is what holds without any negotiation: push,
/// plain text, one transaction, no wake-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// How messages reach the client.
    pub delivery: Delivery,
    /// Any content type is taken.
    pub any_content: bool,
    /// Content types taken besides `text/plain`.
    pub content_types: Vec<ContentType>,
    /// Character sets of plain text, IANA MIB numbers; empty = UTF-8.
    pub charsets: Vec<u32>,
    /// Whether base64 in `ContentData` is understood.
    pub base64: bool,
    /// Largest content pushed, bytes.
    pub push_length: Option<u32>,
    /// The same, as `SetDeliveryMethod` said it last; it counts in place of `push_length`.
    pub method_length: Option<u32>,
    /// Largest content fetched, bytes.
    pub pull_length: Option<u32>,
    /// Largest plain text, bytes.
    pub text_length: Option<u32>,
    /// Largest message the client can parse, bytes.
    pub parser_size: Option<u32>,
    /// Transactions open at once per side, from 1.
    pub multi_trans: u32,
    /// Transactions in one message, from 1.
    pub multi_trans_per_message: u32,
    /// Seconds between polls, at least, as agreed.
    pub poll_min: Option<u32>,
    /// Wake-up methods agreed, the client's favourite first.
    pub cir_methods: Vec<Text>,
    /// The client's port for wake-up datagrams.
    pub udp_port: Option<u16>,
    /// ISO 639 code.
    pub language: Option<Text>,
    /// `MOBILE_PHONE`, `COMPUTER`, `PDA`, `CLI` or `OTHER`.
    pub client_type: Option<Text>,
    /// Rank among the user's sessions, 0 first.
    pub priority: u32,
}

/// What the server is willing to agree to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Bearers, in the server's order; the first one stands in when none is common.
    pub bearers: Vec<Text>,
    /// Wake-up methods.
    pub cir_methods: Vec<Text>,
    /// Host and port for wake-up over TCP; without it `STCP` is never agreed.
    pub tcp: Option<(Text, u16)>,
    /// URL for wake-up over HTTP; without it `SHTTP` is never agreed.
    pub http: Option<Text>,
    /// Where wake-up datagrams of the session go.
    pub udp: Option<IpAddr>,
    /// Seconds between polls, at least.
    pub poll_min: u32,
    /// Most transactions open at once per side.
    pub multi_trans: u32,
    /// Largest content, bytes.
    pub max_size: u32,
    /// Sessions a user may have.
    pub sessions: u32,
}

// === impl Capabilities ===

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            delivery: Delivery::Push,
            any_content: false,
            content_types: Vec::new(),
            charsets: Vec::new(),
            base64: true,
            push_length: None,
            method_length: None,
            pull_length: None,
            text_length: None,
            parser_size: None,
            multi_trans: 1,
            multi_trans_per_message: 1,
            poll_min: None,
            cir_methods: Vec::new(),
            udp_port: None,
            language: None,
            client_type: None,
            priority: 0,
        }
    }
}

impl Capabilities {
    /// Whether the client takes a content type; no type means plain text, which every client takes.
    pub fn accepts(&self, content_type: Option<&str>) -> bool {
        let mime = bare_mime(content_type.unwrap_or(PLAIN));
        self.any_content || mime == PLAIN || self.taken(&mime).is_some()
    }

    /// Largest content of a type that may be pushed, bytes; `None` = no limit stated.
    pub fn push_limit(&self, content_type: Option<&str>) -> Option<u32> {
        self.limit(content_type, self.method_length.or(self.push_length))
    }

    /// Largest content of a type that may be fetched, bytes; `None` = no limit stated.
    pub fn pull_limit(&self, content_type: Option<&str>) -> Option<u32> {
        self.limit(content_type, self.pull_length)
    }

    /// What is done with content of a type and size that is too large for more; `None` = nothing special. `travels`
    /// counts the bytes as they are written for the client.
    pub fn policy(&self, content_type: Option<&str>, size: usize, travels: impl FnOnce() -> usize) -> Option<Policy> {
        let taken = self.taken(&bare_mime(content_type.unwrap_or(PLAIN)))?;
        let policy = taken.policy?;
        let size = if policy == Policy::Cost { travels() } else { size };
        let limit = taken.policy_limit.or(taken.length).unwrap_or(0);
        (size > limit as usize).then_some(policy)
    }

    fn taken(&self, mime: &str) -> Option<&ContentType> {
        self.content_types.iter().find(|taken| taken.mime == mime)
    }

    fn limit(&self, content_type: Option<&str>, of_way: Option<u32>) -> Option<u32> {
        let mime = bare_mime(content_type.unwrap_or(PLAIN));
        let of_type = self.taken(&mime).and_then(|taken| taken.length);
        let of_text = self.text_length.filter(|_| mime == PLAIN);
        [of_type, of_text, of_way].into_iter().flatten().min()
    }

    /// Whether a wake-up method was agreed.
    pub fn wakes_by(&self, method: &str) -> bool {
        self.cir_methods.iter().any(|agreed| agreed == method)
    }

    /// What the list of a client says, corrected by the offer.
    fn of(list: &CapabilityList, version: Version, offer: &Offer) -> Self {
        let least = |wanted: Option<u32>| wanted.map(|length| length.min(offer.max_size));
        let multi_trans = list.multi_trans.unwrap_or(1).clamp(1, offer.multi_trans.max(1));
        // Until 1.2 one number says both; in 1.3 a client that states only one may lose all but the first.
        let per_message = match list.multi_trans_per_message {
            Some(number) => number,
            None if version < Version::V13 => multi_trans,
            None => 1,
        };
        let mut cir_methods = offer.methods(&list.cir_methods);
        let udp_port = match list.udp_port {
            Some(port) => u16::try_from(port).ok().filter(|port| *port >= FIRST_PORT),
            None => cir_methods.iter().any(|method| method == SUDP).then_some(USUAL_UDP_PORT),
        };
        // No datagram would ever go to a port that can't be a client's.
        cir_methods.retain(|method| method != SUDP || udp_port.is_some());
        let notify = list.delivery.as_deref().is_some_and(|method| method.eq_ignore_ascii_case("N"));
        let charsets = list.charsets.iter().chain(&list.text_charsets).copied().collect();
        Self {
            delivery: if notify { Delivery::Notify } else { Delivery::Push },
            any_content: list.any_content.unwrap_or(false),
            content_types: list.content_types.iter().map(|taken| content_type(taken, offer)).collect(),
            charsets,
            base64: list.encodings.is_empty() || list.encodings.iter().any(|e| e.eq_ignore_ascii_case("BASE64")),
            push_length: least(list.push_length.or(list.content_length)),
            method_length: None,
            pull_length: least(list.pull_length),
            text_length: least(list.text_length),
            // Smaller than any envelope: a mistake, and nothing could be said to such a client.
            parser_size: list.parser_size.filter(|size| *size >= SMALLEST_PARSER),
            multi_trans,
            multi_trans_per_message: per_message.clamp(1, multi_trans),
            poll_min: list.poll_min.map(|seconds| seconds.max(offer.poll_min)),
            cir_methods,
            udp_port,
            language: list.language.clone(),
            client_type: list.client_type.clone(),
            priority: list.priority.unwrap_or(0),
        }
    }
}

// === impl Offer ===

impl Default for Offer {
    fn default() -> Self {
        Self {
            bearers: ["HTTP", "HTTPS", "WSP"].map(Text::from).to_vec(),
            cir_methods: Vec::new(),
            tcp: None,
            http: None,
            udp: None,
            poll_min: 2,
            multi_trans: 100,
            max_size: 256 * 1024,
            sessions: 10,
        }
    }
}

impl Offer {
    /// The methods wanted that are offered too, in the client's order.
    fn methods(&self, wanted: &[Text]) -> Vec<Text> {
        let usable = |method: &Text| match method.as_str() {
            STCP => self.tcp.is_some(),
            SHTTP => self.http.is_some(),
            _ => true,
        };
        common(wanted, &self.cir_methods).into_iter().filter(usable).collect()
    }

    /// The bearers wanted that are offered too; never none, since one is in use right now.
    fn bearers(&self, wanted: &[Text]) -> Vec<Text> {
        let bearers = common(wanted, &self.bearers);
        if bearers.is_empty() { self.bearers.first().cloned().into_iter().collect() } else { bearers }
    }
}

/// Answers a capability request: what the session keeps, and what the client is told.
///
/// 1.1 gets its own list back, corrected; later versions what is agreed, which is never empty.
pub fn negotiate(
    request: &ClientCapabilityRequest,
    version: Version,
    offer: &Offer,
) -> (Capabilities, ClientCapabilityResponse) {
    let nothing_said = CapabilityList::default();
    let list = request.list.as_ref().unwrap_or(&nothing_said);
    let kept = Capabilities::of(list, version, offer);
    let response = if version == Version::V11 {
        ClientCapabilityResponse {
            agreed: None,
            // Echoed only if it came: one client reads nothing but the first child.
            client: request.client.clone(),
            list: Some(corrected(list, &kept, offer)),
        }
    } else {
        ClientCapabilityResponse { agreed: Some(agreed(list, &kept, version, offer)), client: None, list: None }
    };
    (kept, response)
}

/// What a client of 1.2 or later is told: also for a 1.3 login that carries its capabilities.
pub fn agreed(list: &CapabilityList, kept: &Capabilities, version: Version, offer: &Offer) -> AgreedCapabilityList {
    let tcp = offer.tcp.as_ref().filter(|_| kept.wakes_by(STCP));
    let mut agreed = AgreedCapabilityList {
        http_address: offer.http.clone().filter(|_| kept.wakes_by(SHTTP)).map(|url| HttpAddress { url }),
        bearers: offer.bearers(&list.bearers),
        cir_methods: kept.cir_methods.clone(),
        tcp_address: tcp.map(|(host, _)| host.clone()),
        tcp_port: tcp.map(|(_, port)| u32::from(*port)),
        poll_min: kept.poll_min,
        ..AgreedCapabilityList::default()
    };
    if version >= Version::V13 {
        agreed.content_types = corrected_types(list, offer);
        agreed.any_content = list.any_content;
        agreed.pull_length = kept.pull_length;
        agreed.push_length = kept.push_length;
        agreed.text_length = kept.text_length;
        agreed.encodings = known_encodings(list);
        agreed.multi_trans = list.multi_trans.map(|_| kept.multi_trans);
        agreed.multi_trans_per_message = list.multi_trans_per_message.map(|_| kept.multi_trans_per_message);
        agreed.priority = list.priority;
        agreed.session_limit = Some(offer.sessions);
        // Nothing comes from outside IMPS: of that nobody is told, and nothing of it is kept.
        agreed.online_etem = list.online_etem.as_ref().map(|_| "DoNotNotify".into());
        agreed.offline_etem = list.offline_etem.as_ref().map(|_| "REJECT".into());
        // Where they go in truth, whatever address the client named.
        if let Some(address) = offer.udp.filter(|_| kept.wakes_by(SUDP)) {
            agreed.udp_address = Some(address.to_string().into());
            agreed.udp_port = kept.udp_port.map(u32::from);
        }
    }
    agreed
}

/// Whether a content type is plain text, whatever its parameters.
pub(super) fn is_plain_text(content_type: &str) -> bool {
    bare_mime(content_type) == PLAIN
}

const PLAIN: &str = "text/plain";
const STCP: &str = "STCP";
const SUDP: &str = "SUDP";
pub(super) const SHTTP: &str = "SHTTP";
/// Where a client listens for datagrams that named no port: one engine's default.
const USUAL_UDP_PORT: u16 = 3717;
/// Ports below belong to the system of whoever has the address, not to a client.
pub(super) const FIRST_PORT: u16 = 1024;
/// Every envelope with a status in it is smaller.
const SMALLEST_PARSER: u32 = 1000;

/// The client's list with the server's corrections (1.1).
fn corrected(list: &CapabilityList, kept: &Capabilities, offer: &Offer) -> CapabilityList {
    let tcp = offer.tcp.as_ref().filter(|_| kept.wakes_by(STCP));
    CapabilityList {
        delivery: Some(if kept.delivery == Delivery::Notify { "N" } else { "P" }.into()),
        content_types: corrected_types(list, offer),
        encodings: known_encodings(list),
        content_length: list.content_length.map(|length| length.min(offer.max_size)),
        bearers: offer.bearers(&list.bearers),
        multi_trans: Some(kept.multi_trans),
        parser_size: kept.parser_size,
        cir_methods: kept.cir_methods.clone(),
        udp_port: kept.udp_port.map(u32::from),
        tcp_address: tcp.map(|(host, _)| host.clone()),
        tcp_port: tcp.map(|(_, port)| u32::from(*port)),
        poll_min: kept.poll_min,
        ..list.clone()
    }
}

fn corrected_types(list: &CapabilityList, offer: &Offer) -> Vec<AcceptedContentType> {
    let correct = |taken: &AcceptedContentType| AcceptedContentType {
        mime: taken.mime.clone(),
        length: taken.length.map(|length| length.min(offer.max_size)),
        policy: taken.policy.clone().filter(|word| policy(word).is_some()),
        policy_limit: taken.policy_limit,
    };
    list.content_types.iter().map(correct).collect()
}

fn known_encodings(list: &CapabilityList) -> Vec<Text> {
    common(&list.encodings, &["BASE64", "None"].map(Text::from))
}

fn content_type(taken: &AcceptedContentType, offer: &Offer) -> ContentType {
    ContentType {
        mime: bare_mime(&taken.mime).into(),
        length: taken.length.map(|length| length.min(offer.max_size)),
        policy: taken.policy.as_deref().and_then(policy),
        policy_limit: taken.policy_limit,
    }
}

fn policy(word: &str) -> Option<Policy> {
    match word.trim() {
        "N" | "n" => Some(Policy::Notify),
        "C" | "c" => Some(Policy::Cost),
        "R" | "r" => Some(Policy::Reject),
        _ => None,
    }
}

/// A MIME type in lower case without its parameters.
fn bare_mime(text: &str) -> String {
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// What both know, each once, in the order of the first and the spelling of the second.
fn common(wanted: &[Text], known: &[Text]) -> Vec<Text> {
    let mut both: Vec<Text> = Vec::new();
    for word in wanted {
        let found = known.iter().find(|known| known.eq_ignore_ascii_case(word.trim()));
        both.extend(found.filter(|known| !both.contains(*known)).cloned());
    }
    both
}

#[cfg(test)]
mod tests;
