//! The configuration as plain data: `postern.toml`, peer files and `users.toml`.
//!
//! This room is data and its reading only; every room above takes its own part of it. Reading reports every
//! fault at once, each with file and line.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::address::Domain;
use crate::time::Timestamp;
use crate::vocabulary::Version;

/// Everything `postern.toml` says, defaults filled in, paths made absolute against the file's folder.
#[derive(Clone, Debug)]
pub struct Config {
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

/// `[listen]`: an address that is absent is switched off.
#[derive(Clone, Debug, Default)]
pub struct Listen {
    /// CSP over HTTP.
    pub csp: Option<SocketAddr>,
    /// CSP over HTTPS.
    pub csp_tls: Option<SocketAddr>,
    /// SSP over HTTPS with mutual TLS.
    pub ssp: Option<SocketAddr>,
    /// CIR over TCP and UDP.
    pub cir: Option<SocketAddr>,
    /// Admin.
    pub admin: Option<SocketAddr>,
}

/// `[advertise]`.
#[derive(Clone, Debug, Default)]
pub struct Advertise {
    /// `host:port` of CIR.
    pub cir: Option<String>,
    /// URL of CSP.
    pub csp_url: Option<String>,
}

/// `[tls]`.
#[derive(Clone, Debug)]
pub struct Tls {
    /// PEM file: own certificate, then intermediates.
    pub cert: PathBuf,
    /// PEM file: private key.
    pub key: PathBuf,
    /// PEM file: default trust for peers.
    pub ca: PathBuf,
    /// PEM or DER files: revocation lists.
    pub crl: Vec<PathBuf>,
}

/// `[csp_tls]`.
#[derive(Clone, Debug)]
pub struct CspTls {
    /// PEM file: certificate chain.
    pub cert: PathBuf,
    /// PEM file: private key.
    pub key: PathBuf,
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

/// `[services]`.
#[derive(Clone, Debug)]
pub struct Services {
    /// Presence and contact lists.
    pub presence: Pse,
    /// Instant messaging.
    pub im: Pse,
    /// Groups.
    pub group: Pse,
    /// Shared content.
    pub content: Pse,
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
    pub network: std::net::IpAddr,
    /// Leading bits that count.
    pub prefix: u8,
}

/// `[access]`.
#[derive(Clone, Debug)]
pub struct Access {
    /// Gateways whose identity headers count.
    pub trusted_gateways: Vec<AddressRange>,
    /// Header names that carry an MSISDN.
    pub msisdn_headers: Vec<String>,
    /// Make accounts for unknown numbers.
    pub auto_register: bool,
    /// When a password in clear is taken.
    pub clear_passwords: ClearPasswords,
    /// A session stays with the address it logged in from.
    pub bind_session_to_address: bool,
    /// Longest keep-alive time granted.
    pub keep_alive_max: Duration,
}

/// What becomes of messages for users who are not logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offline {
    /// Kept until delivered or expired.
    Store,
    /// Refused with 533.
    Refuse,
}

/// `[messages]`.
#[derive(Clone, Debug)]
pub struct Messages {
    /// For users who are not logged in.
    pub offline: Offline,
    /// Validity of a message that states none.
    pub default_validity: Duration,
    /// Largest content, bytes.
    pub max_size: usize,
}

/// `[provider]`.
#[derive(Clone, Debug, Default)]
pub struct Provider {
    /// Name.
    pub name: String,
    /// Text.
    pub description: String,
    /// URL.
    pub url: String,
    /// Image file.
    pub logo: Option<PathBuf>,
}

/// `[store]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StoreConfig {
    /// The embedded store.
    #[default]
    Sled,
}

/// `[timers]`: every protocol timer.
#[derive(Clone, Debug)]
pub struct Timers {
    /// How long a client's answer waits for a remote result of a message (5 s).
    pub result_wait: Duration,
    /// How long a client's answer waits for a remote result of a query (30 s).
    pub query_wait: Duration,
    /// How long one HTTP exchange with a peer may take (10 s).
    pub http_timeout: Duration,
    /// How long a peer may take for a result after its acknowledgement, before the request is posted again (30 s).
    pub response_wait: Duration,
    /// Waits between attempts to post to a peer, the last one repeating (1, 2, 5, 15, 30, 60 s).
    pub retry: Vec<Duration>,
    /// One step of a session set-up (10 s).
    pub setup_step: Duration,
    /// A whole session set-up (60 s).
    pub setup_total: Duration,
    /// Waits before a set-up step is posted again within its time (0.3, 0.6, 1.2, 2.5, 5 s).
    pub setup_retry: Vec<Duration>,
    /// Wait after a failed set-up, doubling (15 s).
    pub setup_backoff: Duration,
    /// The longest wait after a failed set-up (10 min).
    pub setup_backoff_max: Duration,
    /// Life of a session with a peer without traffic, offered in set-up; 0 = for ever (1 d).
    pub session_ttl: Duration,
    /// How long answered transactions are remembered, so that a repeated request is answered alike (24 h).
    pub dedup: Duration,
    /// How long a phone may take to answer a server request before it is handed out again (60 s).
    pub client_answer: Duration,
    /// Keep-alive time of a client session that asks for none (2 h).
    pub keep_alive: Duration,
    /// Life of a login nonce (60 s).
    pub nonce: Duration,
    /// How long a connection may take to send a whole request (15 s).
    pub request_read: Duration,
}

/// `[admin]`.
#[derive(Clone, Debug)]
pub struct Admin {
    /// File of the bearer token; made at first start.
    pub token_file: PathBuf,
    /// PEM file: certificate, needed off loopback.
    pub cert: Option<PathBuf>,
    /// PEM file: private key, needed off loopback.
    pub key: Option<PathBuf>,
}

/// A peer file.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The file it was read from.
    pub file: PathBuf,
    /// The peer's domain.
    pub domain: Domain,
    /// Where it is reached, in order; empty = DNS SRV.
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
    /// Line of each table and key in the file, for messages: `agreement.provide` → 7.
    pub lines: BTreeMap<String, usize>,
}

/// `[agreement]` of a peer file: `service` or `service:FUNCTION` each.
#[derive(Clone, Debug, Default)]
pub struct Agreement {
    /// What we provide to the peer.
    pub provide: Vec<String>,
    /// What we use from the peer.
    pub use_: Vec<String>,
    /// Third domains whose requests the peer may hand to us.
    pub relay_for: Vec<Domain>,
    /// Third domains to which we carry the peer's requests.
    pub relay_to: Vec<Domain>,
    /// End of the agreement.
    pub valid_until: Option<Timestamp>,
}

/// `[limits]` of a peer file.
#[derive(Clone, Copy, Debug)]
pub struct PeerLimits {
    /// Requests per second, sustained.
    pub requests_per_second: u32,
    /// Requests at once.
    pub burst: u32,
    /// Largest body, bytes.
    pub body: usize,
    /// Transactions in flight.
    pub in_flight: usize,
    /// Transactions waiting.
    pub queue: usize,
}

/// An entry of `users.toml`.
#[derive(Clone, Debug)]
pub struct UserEntry {
    /// Without domain.
    pub id: String,
    /// The password.
    pub password: String,
    /// How the password is kept.
    pub login: LoginClass,
    /// Telephone number.
    pub msisdn: Option<String>,
    /// Names and e-mail.
    pub friendly_name: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Whether the user may log in.
    pub active: bool,
    /// Services whose primary service element is elsewhere for this user: service → domain.
    pub services: BTreeMap<String, String>,
}

/// How a password is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoginClass {
    /// Sealed, so that digest logins can be checked.
    #[default]
    Digest,
    /// argon2 only: logins with a clear password.
    Hashed,
}

/// One thing wrong in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// The file, relative to the configuration's folder.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// How bad.
    pub severity: Severity,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The node can't run with it.
    Error,
    /// The node runs, but look at it.
    Warning,
}

// === impl Timers ===

impl Default for Timers {
    fn default() -> Self {
        let s = Duration::from_secs;
        let ms = Duration::from_millis;
        Self {
            result_wait: s(5),
            query_wait: s(30),
            http_timeout: s(10),
            response_wait: s(30),
            retry: [1, 2, 5, 15, 30, 60].map(s).to_vec(),
            setup_step: s(10),
            setup_total: s(60),
            setup_retry: [300, 600, 1200, 2500, 5000].map(ms).to_vec(),
            setup_backoff: s(15),
            setup_backoff_max: s(600),
            session_ttl: s(86_400),
            dedup: s(86_400),
            client_answer: s(60),
            keep_alive: s(7_200),
            nonce: s(60),
            request_read: s(15),
        }
    }
}

impl Default for PeerLimits {
    fn default() -> Self {
        Self { requests_per_second: 500, burst: 1000, body: 256 * 1024, in_flight: 256, queue: 10_000 }
    }
}

// === impl AddressRange ===

impl AddressRange {
    /// Whether an address lies in the range.
    pub fn contains(&self, address: std::net::IpAddr) -> bool {
        use std::net::IpAddr;
        let (network, address, width) = match (self.network, address.to_canonical()) {
            (IpAddr::V4(n), IpAddr::V4(a)) => (u128::from(u32::from(n)), u128::from(u32::from(a)), 32),
            (IpAddr::V6(n), IpAddr::V6(a)) => (u128::from(n), u128::from(a), 128),
            _ => return false,
        };
        let ignored = width - u32::from(self.prefix).min(width);
        network.checked_shr(ignored) == address.checked_shr(ignored)
    }
}
