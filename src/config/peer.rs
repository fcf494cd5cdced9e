//! A peer file: who a peer is, what was agreed with it, and its limits (IMPS 1.3 architecture, C.7).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::DeValue;

use super::kind::{Bytes, DnsName, Kind, PeerUrl, from_text, one_of};
use super::reader::{At, nearest};
use super::section::section;
use crate::address::Domain;
use crate::time::Timestamp;
use crate::vocabulary::Version;

/// A peer file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The file it was read from.
    pub file: PathBuf,
    /// The peer's domain.
    pub domain: Domain,
    /// Where it is reached, in order; empty = it can post to us, but not be posted to.
    pub urls: Vec<String>,
    /// Who may vouch for it: PEM text; `None` = `[tls] ca`.
    pub ca_pem: Option<String>,
    /// Revocation lists: PEM or DER files.
    pub crl: Vec<PathBuf>,
    /// DNS names, one of which its certificate must carry; lower case.
    pub names: Vec<String>,
    /// SHA-256 of its SubjectPublicKeyInfo, lower-case hex; empty = any key.
    pub pins: Vec<String>,
    /// Version to speak.
    pub ssp_version: Version,
    /// Named deviations.
    pub quirks: Vec<String>,
    /// What was agreed.
    pub agreement: Agreement,
    /// Domains reached through this peer as next hop.
    pub route_domains: Vec<Domain>,
    /// Limits.
    pub limits: PeerLimits,
    /// Line of each table, key and list element in the file, for messages: `agreement.provide` → 7.
    pub lines: BTreeMap<String, usize>,
}

section! {
    /// Who the peer is and how it is reached. These keys stand above the first table.
    pub(super) struct Identity = "" {
        /// The peer's domain.
        domain: Domain,
        /// Where it is reached. Without any it is not posted to: looking it up by DNS SRV is not in this version.
        url: Option<String> as Option<PeerUrl> = None,
        /// Where it is reached, several in order; instead of `url`.
        urls: Vec<String> as Vec<PeerUrl> = Vec::new(),
        /// PEM file: who may vouch for this peer. Left out: `[tls] ca` of the node.
        ca: Option<PathBuf> = None,
        /// The same as PEM text; instead of `ca`.
        ca_pem: Option<String> = None,
        /// PEM or DER files: revocation lists.
        crl: Vec<PathBuf> = Vec::new(),
        /// Exact DNS names, one of which its certificate must carry; no wildcard, no name of another peer. Left
        /// out: the domain.
        names: Vec<String> as Vec<DnsName> = Vec::new(),
        /// SHA-256 of the DER SubjectPublicKeyInfo of its keys, lower-case hex. Empty: any key.
        pins: Vec<String> as Vec<Pin> = Vec::new(),
        /// Version of SSP to speak with it.
        ssp_version: Version = Version::V13,
        /// Named deviations of the peer's implementation; `"baraza"` is the set for that server.
        quirks: Vec<String> as Vec<Quirk> = Vec::new(),
    }
}

section! {
    /// What was agreed: what is not listed is refused. An entry is a service (`"im"`) or one function of it
    /// (`"presence:GETPR"`). Services: `common`, `im`, `presence`, `contact-list`, `group`, `content`,
    /// `profile`, `user-session` (remote user sessions).
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Agreement = "agreement" {
        /// What we provide to the peer.
        provide: Vec<String> as Vec<Agreed> = Vec::new(),
        /// What we use from the peer.
        use_: Vec<String> as Vec<Agreed> = Vec::new(),
        /// Third domains whose requests the peer may hand to us.
        relay_for: Vec<Domain> = Vec::new(),
        /// Third domains to which we carry the peer's requests.
        relay_to: Vec<Domain> = Vec::new(),
        /// End of the agreement. Left out: it has none.
        valid_until: Option<Timestamp> = None,
    }
}

section! {
    /// What is reached through this peer.
    pub(super) struct Route = "route" {
        /// Domains reached through this peer as next hop.
        domains: Vec<Domain> = Vec::new(),
    }
}

section! {
    /// Limits of the peer.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PeerLimits = "limits" {
        /// Requests per second, sustained.
        requests_per_second: u32 = 500,
        /// Requests at once.
        burst: u32 = 1000,
        /// Largest body.
        body: usize as Bytes = 256 * 1024,
        /// Transactions in flight.
        in_flight: usize = 256,
        /// Transactions waiting.
        queue: usize = 10_000,
    }
}

/// Services an agreement may name, with the functions of each as the CSP service tree calls them.
pub const SERVICES: [(&str, &[&str]); 8] = [
    ("common", &["MF", "GETSPI", "GETMAP", "SGMNT", "SRCH", "ADVSR", "STSRC", "INVIT", "CAINV", "VRID"]),
    ("im", &["MM", "MDELIV", "FWMSG", "SETD", "GETLM", "GETM", "REJCM", "NOTIF", "NEWM", "OFFNOTIF", "GLBLU", "BLENT"]),
    ("presence", &["MP", "GETPR", "UPDPR", "GETWL", "REACT", "CAAUT", "GETAUT", "CALI", "DALI", "GALS"]),
    ("contact-list", &["GCLI", "CCLI", "DCLI", "MCLS"]),
    (
        "group",
        &[
            "MG", "CREAG", "DELGR", "GETGP", "SETGP", "SUBGCN", "GRCHN", "EXCON", "GETGM", "ADDGM", "RMVGM", "MBRAC",
            "REJEC", "GETJU",
        ],
    ),
    ("content", &[]),
    ("profile", &[]),
    ("user-session", &[]),
];

/// Deviations a peer file may name; `baraza` stands for the others together.
pub const QUIRKS: [&str; 14] = [
    "baraza",
    "double-spelling",
    "sticky-session",
    "setup-delay",
    "one-transaction-per-post",
    "no-cancel-invite",
    "get-presence-as-subscribe",
    "reports-as-response",
    "invite-response-as-response",
    "swap-invite-roles-on-read",
    "no-group-sender",
    "no-pretty-print",
    "static-agreement",
    "no-keepalive",
];

/// A SHA-256 in lower-case hex.
pub(super) struct Pin;

/// The name of a deviation.
pub(super) struct Quirk;

/// `service` or `service:FUNCTION`.
pub(super) struct Agreed;

/// What a list of an agreement says of a service: `None` not agreed; `Some(empty)` all of it; else the functions.
pub fn agreed_functions<'a>(list: &'a [String], service: &str) -> Option<Vec<&'a str>> {
    let mut functions = Vec::new();
    let mut found = false;
    for entry in list {
        match entry.split_once(':') {
            None if entry == service => return Some(Vec::new()),
            Some((name, function)) if name == service => {
                functions.push(function);
                found = true;
            }
            _ => {}
        }
    }
    found.then_some(functions)
}

// === impl Kind ===

impl Kind for Pin {
    type Value = String;
    fn name() -> Cow<'static, str> {
        "pin".into()
    }
    fn example() -> String {
        "\"9f86d081…\"".into()
    }
    fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<String> {
        from_text::<Self>(value, at, |text| {
            let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
            if text.len() == 64 && text.bytes().all(hex) {
                Ok(text.to_owned())
            } else {
                Err("a SHA-256 is 64 lower-case hex digits".into())
            }
        })
    }
    fn show(value: &String) -> Option<String> {
        Some(format!("{value:?}"))
    }
}

impl Kind for Quirk {
    type Value = String;
    fn name() -> Cow<'static, str> {
        "quirk".into()
    }
    fn example() -> String {
        "\"baraza\"".into()
    }
    fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<String> {
        one_of::<Self, _>(value, at, &QUIRKS.map(|name| (name, name))).map(str::to_owned)
    }
    fn show(value: &String) -> Option<String> {
        Some(format!("{value:?}"))
    }
}

impl Kind for Agreed {
    type Value = String;
    fn name() -> Cow<'static, str> {
        "service".into()
    }
    fn example() -> String {
        "\"im\"".into()
    }
    fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<String> {
        let DeValue::String(text) = value.get_ref() else { return super::kind::mistyped::<Self>(value, at) };
        let (service, function) = text.split_once(':').map_or((&**text, None), |(s, f)| (s, Some(f)));
        let names = || SERVICES.iter().map(|(name, _)| *name);
        let Some((_, functions)) = SERVICES.iter().find(|(name, _)| *name == service) else {
            let remedy = match nearest(service, names()) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("the services are {}", names().collect::<Vec<_>>().join(", ")),
            };
            return at.refuse(value, format!("names {service:?}, which is no service"), remedy);
        };
        let Some(function) = function else { return Some(service.to_owned()) };
        if functions.contains(&function) {
            return Some(text.to_string());
        }
        let remedy = match nearest(function, functions.iter().copied()) {
            Some(near) => format!("did you mean \"{service}:{near}\"?"),
            None if functions.is_empty() => format!("agree on {service:?} as a whole"),
            None => format!("the functions of {service} are {}", functions.join(", ")),
        };
        at.refuse(value, format!("names {function:?}, which is no function of {service}"), remedy)
    }
    fn show(value: &String) -> Option<String> {
        Some(format!("{value:?}"))
    }
}
