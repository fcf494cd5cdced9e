//! `postern.toml`: what one node is told.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::kind::{Bytes, HeaderName, HostPort, Languages, NameServer, WebUrl};
use super::section::section;
use super::timers::Timers;
use crate::address::Domain;

/// Everything `postern.toml` says, defaults filled in, paths made absolute against the file's folder.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder of the file itself.
    pub folder: PathBuf,
    /// The home domain.
    pub domain: Domain,
    /// Further domains served by this node.
    pub aliases: Vec<Domain>,
    /// Where the embedded store lives.
    pub data_dir: PathBuf,
    /// Users made at start if they don't exist.
    pub users: Option<PathBuf>,
    /// Folder of peer files.
    pub peers: PathBuf,
    /// Addresses to listen on.
    pub listen: Listen,
    /// What phones are told.
    pub advertise: Advertise,
    /// Identity towards peers; needed for `listen.ssp`.
    pub tls: Option<Tls>,
    /// Identity towards phones; needed for `listen.csp_tls`.
    pub csp_tls: Option<CspTls>,
    /// Where each service's primary service element is.
    pub services: Services,
    /// Who gets in, and how.
    pub access: Access,
    /// Messages.
    pub messages: Messages,
    /// Service provider information.
    pub provider: Provider,
    /// Which store.
    pub store: StoreConfig,
    /// File of the key that seals secrets.
    pub key_file: PathBuf,
    /// Name servers; empty = the system's.
    pub dns_servers: Vec<SocketAddr>,
    /// Protocol timers.
    pub timers: Timers,
    /// The admin address.
    pub admin: Admin,
}

section! {
    /// The node itself. These keys stand above the first table.
    pub(super) struct Node = "" {
        /// The home domain.
        domain: Domain,
        /// Further domains served by this node.
        aliases: Vec<Domain> = Vec::new(),
        /// Folder of the embedded store; made with mode 0700 if missing.
        data_dir: PathBuf = PathBuf::from("data"),
        /// File of users made at start if they don't exist.
        users: Option<PathBuf> = None,
        /// Folder of the peer files; made if missing.
        peers: PathBuf = PathBuf::from("peers"),
    }
}

section! {
    /// Addresses to listen on. Port 0 is any free port; an address that is left out is switched off.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Listen = "listen" {
        /// CSP over HTTP: phones and other clients.
        csp: Option<SocketAddr> = None,
        /// CSP over HTTPS. Needs `[csp_tls]`.
        csp_tls: Option<SocketAddr> = None,
        /// SSP over HTTPS with mutual TLS: peers. Needs `[tls]`.
        ssp: Option<SocketAddr> = None,
        /// CIR, the wake-up channel of phones, over TCP and UDP with the same number.
        cir: Option<SocketAddr> = None,
        /// API, metrics, health. Off loopback it needs `[admin]` `cert` and `key`.
        admin: Option<SocketAddr> = None,
    }
}

section! {
    /// What phones are told of where they find us. Without it: the host by which a phone reached us, with the real
    /// port of the listener.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Advertise = "advertise" {
        /// Host and port of CIR over TCP.
        cir: Option<String> as Option<HostPort> = None,
        /// URL of CSP, for wake-up pages below it.
        csp_url: Option<String> as Option<WebUrl> = None,
    }
}

section! {
    /// Identity towards peers.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Tls = "tls" {
        /// PEM file: own certificate, then intermediates. It carries the home domain as a DNS name.
        cert: PathBuf,
        /// PEM file: its private key, mode 0600.
        key: PathBuf,
        /// PEM file: who may vouch for peers; a peer file may narrow it.
        ca: PathBuf,
        /// PEM or DER files: revocation lists.
        crl: Vec<PathBuf> = Vec::new(),
    }
}

section! {
    /// Identity towards phones, which trust other authorities than peers do.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct CspTls = "csp_tls" {
        /// PEM file: certificate, then intermediates.
        cert: PathBuf,
        /// PEM file: its private key, mode 0600.
        key: PathBuf,
    }
}

section! {
    /// Where the primary service element of our users is: `"local"`, `"none"` (not offered: absent from every
    /// service tree, refused with 405), or a domain with a peer file or on some `[route]`.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Services = "services" {
        /// Presence; contact lists live with it.
        presence: Pse = Pse::Local,
        /// Instant messaging.
        im: Pse = Pse::Local,
        /// Groups.
        group: Pse = Pse::Local,
        /// Shared content.
        content: Pse = Pse::Local,
    }
}

section! {
    /// Who gets in, and how.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Access = "access" {
        /// Gateways whose MSISDN and forwarded-address headers count.
        trusted_gateways: Vec<AddressRange> = Vec::new(),
        /// Headers in which such a gateway states the MSISDN.
        msisdn_headers: Vec<String> as Vec<HeaderName> = vec!["X-Network-MSISDN".into()],
        /// Whether accounts are made for unknown numbers.
        auto_register: bool = false,
        /// When a password in clear is taken: over TLS, from loopback or from a trusted gateway; never; always.
        clear_passwords: ClearPasswords = ClearPasswords::TlsOrLoopback,
        /// Whether a session stays with the address it logged in from.
        bind_session_to_address: bool = false,
        /// Longest keep-alive time granted to a client.
        keep_alive_max: Duration = Duration::from_secs(7200),
        /// Sessions a user may have at once; clients of CSP 1.3 are told. A login beyond ends the one that was silent the
        /// longest.
        sessions_per_user: u32 = 10,
        /// Whether sessions of clients end when the node stops, as when it goes out of service for good; else they
        /// survive until it is started again.
        disconnect_on_stop: bool = false,
    }
}

section! {
    /// Messages.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Messages = "messages" {
        /// For users who are not logged in: keep them until delivered or expired, or refuse them with 533.
        offline: Offline = Offline::Store,
        /// Validity of a message that states none.
        default_validity: Duration = Duration::from_secs(86_400),
        /// Largest content.
        max_size: usize as Bytes = 256 * 1024,
    }
}

section! {
    /// Service provider information, for clients to show.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Provider = "provider" {
        /// Name. Empty: the domain.
        name: String = String::new(),
        /// A text.
        description: String = String::new(),
        /// The text in other languages, each under its ISO 639 code: a client that says which language it prefers
        /// (`DefaultLanguage`) is told that one, if it is here, or else `description`.
        descriptions: BTreeMap<String, String> as Languages = BTreeMap::new(),
        /// Web address.
        url: String = String::new(),
        /// Image file: PNG, GIF, JPEG or WBMP, up to 64 KiB. Read at start.
        logo: Option<PathBuf> = None,
    }
}

section! {
    /// The store.
    pub(super) struct Store = "store" {
        /// The engine. `"postgres"` (several nodes per domain) is not in this version.
        engine: StoreConfig = StoreConfig::Sled,
    }
}

section! {
    /// What must stay readable, and the key that seals it.
    pub(super) struct Secrets = "secrets" {
        /// File of the key; made with mode 0600 at the first start. Lost, it must be restored from its backup.
        key_file: PathBuf = PathBuf::from("secret.key"),
    }
}

section! {
    /// Name resolution.
    pub(super) struct Dns = "dns" {
        /// Name servers; empty: the system's.
        servers: Vec<SocketAddr> as Vec<NameServer> = Vec::new(),
    }
}

section! {
    /// The admin address.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Admin = "admin" {
        /// File of the bearer token; made at first start with mode 0600 if missing.
        token_file: PathBuf = PathBuf::from("admin.token"),
        /// PEM file: certificate, needed off loopback.
        cert: Option<PathBuf> = None,
        /// PEM file: its private key, needed off loopback.
        key: Option<PathBuf> = None,
    }
}

/// Where a primary service element is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pse {
    /// In this node.
    Local,
    /// Nowhere: the service is not offered.
    None,
    /// In another domain.
    Domain(Domain),
}

/// When a password in clear is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClearPasswords {
    /// Over TLS, from loopback or from a trusted gateway.
    TlsOrLoopback,
    /// Never.
    Never,
    /// Always.
    Always,
}

/// A range of addresses, `10.0.0.0/8` or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    /// The network's address.
    pub network: IpAddr,
    /// Leading bits that count.
    pub prefix: u8,
}

/// What becomes of messages for users who are not logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offline {
    /// Kept until delivered or expired.
    Store,
    /// Refused with 533.
    Refuse,
}

/// The store's engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StoreConfig {
    /// The embedded store.
    #[default]
    Sled,
}

// === impl AddressRange ===

impl AddressRange {
    /// Whether an address lies in it. IPv4 addresses written as IPv6 count as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        Self { network: address.to_canonical(), prefix: self.prefix }.lowest() == self.lowest()
    }

    /// Its first address.
    pub(super) fn lowest(&self) -> IpAddr {
        match self.network {
            IpAddr::V4(ip) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix.min(32))).unwrap_or(0);
                IpAddr::V4((u32::from(ip) & mask).into())
            }
            IpAddr::V6(ip) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix.min(128))).unwrap_or(0);
                IpAddr::V6((u128::from(ip) & mask).into())
            }
        }
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

// === impl Services ===

impl Services {
    /// Each service with the place of its primary service element.
    pub fn each(&self) -> [(&'static str, &Pse); 4] {
        [("presence", &self.presence), ("im", &self.im), ("group", &self.group), ("content", &self.content)]
    }
}
