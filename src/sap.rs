//! The Service Access Point (IMPS 1.3 architecture, 5.3.6): authenticates clients, negotiates with them, hands
//! their requests to a service element or to the relay, and carries out what those decide.
//!
//! ```text
//!  CSP bytes ─ csp ─ door ─┬─ login, capability, services
//!                          ├─ send ──── messaging / relay          what a client asks
//!                          └─ delivery ─ mailbox                   what waits for a client
//!  SSP bytes ─ peer ─ relay ─ jobs ─ messaging                     what a peer asks
//!                      └──── carry: commit, then answers and POSTs
//! ```

pub mod account;
mod call;
pub mod capability;
mod carry;
mod csp;
mod delivery;
mod discovery;
mod door;
pub mod life;
pub mod login;
mod peer;
pub mod profile;
pub mod provider;
mod pts;
mod report;
pub mod secret;
mod send;
pub mod services;
pub mod session;
#[cfg(test)]
pub(crate) mod testing;
mod via;
pub mod wake;
mod written;

use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use dashmap::DashMap;
use tokio::sync::{Notify, oneshot};

pub use call::{Call, Reply};
pub use carry::Acknowledgement;
pub use via::Via;
pub use wake::reach::Reach;

use crate::address::{Address, Domain};
use crate::config;
use crate::messaging::Messaging;
use crate::relay::{Bearer, Relay, RowId};
use crate::store::{Store, StoreError};
use crate::syntax::Limits;
use crate::vocabulary::Version;
use crate::vocabulary::status::Code;

use self::account::Accounts;
use self::capability::Offer;
use self::delivery::claims::Claims;
use self::delivery::hold::Hold;
use self::delivery::outbox::Outbox;
use self::delivery::segment::Segments;
use self::life::{Events, Farewells};
use self::login::Login;
use self::provider::ProviderInfo;
use self::services::Offered;
use self::session::{Sessions, Turns};
use self::wake::Bell;

/// What the Service Access Point needs to know of the configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The home domain.
    pub domain: Domain,
    /// Further domains served here.
    pub aliases: Vec<Domain>,
    /// Who gets in.
    pub access: config::Access,
    /// Messages.
    pub messages: config::Messages,
    /// Timers.
    pub timers: config::Timers,
    /// Bounds of what is read.
    pub limits: Limits,
    /// Where the services are.
    pub services: config::Services,
    /// What clients are told about the provider.
    pub provider: ProviderInfo,
    /// Where clients find the ways by which they are woken.
    pub reach: Reach,
}

/// The result of a request at another domain: the response fragment with its version, or a failure's code.
type RemoteResult = Result<(Bytes, Version), Code>;

/// The Service Access Point of one node.
pub struct Sap {
    settings: Settings,
    store: Store,
    accounts: Arc<Accounts>,
    login: Login,
    sessions: Sessions,
    /// Logins of one user come one after the other.
    logins: Turns,
    /// And changes of one session.
    changes: Turns,
    offered: Offered,
    offer: Offer,
    messaging: Messaging,
    relay: Arc<Relay>,
    /// Set once, after the transport exists.
    bearer: OnceLock<Arc<dyn Bearer>>,
    /// Set once, where there are ways to wake clients.
    bell: OnceLock<Arc<dyn Bell>>,
    /// Clients' answers that wait for a result of another domain.
    waiting: DashMap<RowId, oneshot::Sender<RemoteResult>>,
    /// Which session has which entry of a mailbox in hand.
    claims: Claims,
    /// What else is to be said to sessions.
    outbox: Outbox,
    /// Long answers, in parts.
    segments: Segments,
    /// Polls that wait for something to come.
    hold: Hold,
    /// Clients to be told that their session is over.
    farewells: Farewells,
    /// Who hears of sessions that open and end.
    events: Events,
    /// The node goes out of service: nobody logs in any more.
    leaving: AtomicBool,
    /// Wakes the timer loop when an earlier timer may exist.
    poke: Notify,
}

// === impl Sap ===

impl Sap {
    /// A Service Access Point over its rooms. [`Sap::connect`] gives it the way to peers.
    pub fn new(
        settings: Settings,
        store: Store,
        accounts: Arc<Accounts>,
        login: Login,
        offered: Offered,
        relay: Arc<Relay>,
    ) -> Arc<Self> {
        let offer = Offer {
            max_size: u32::try_from(settings.messages.max_size).unwrap_or(u32::MAX),
            sessions: settings.access.sessions_per_user,
            ..Offer::default()
        };
        let messaging = Messaging::new(Arc::clone(&store), settings.messages.clone());
        Arc::new(Self {
            settings,
            store,
            accounts,
            login,
            sessions: Sessions::default(),
            logins: Turns::default(),
            changes: Turns::default(),
            offered,
            offer,
            messaging,
            relay,
            bearer: OnceLock::new(),
            bell: OnceLock::new(),
            waiting: DashMap::new(),
            claims: Claims::default(),
            outbox: Outbox::default(),
            segments: Segments::default(),
            hold: Hold::default(),
            farewells: Farewells::default(),
            events: Events::default(),
            leaving: AtomicBool::new(false),
            poke: Notify::new(),
        })
    }

    /// Gives the way to peers; a second call changes nothing.
    pub fn connect(&self, bearer: Arc<dyn Bearer>) {
        let _ = self.bearer.set(bearer);
    }

    /// How a request with these headers (name, value) came in.
    pub fn via<'a>(&self, remote: SocketAddr, tls: bool, headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Via {
        Via::of(&self.settings.access, remote, tls, headers)
    }

    /// The sessions of clients.
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// The accounts of the domain.
    pub fn accounts(&self) -> &Arc<Accounts> {
        &self.accounts
    }

    /// The relay node.
    pub fn relay(&self) -> &Arc<Relay> {
        &self.relay
    }

    /// The home domain.
    pub fn domain(&self) -> &Domain {
        &self.settings.domain
    }

    /// Whether a domain is served by this node.
    fn is_local(&self, domain: &Domain) -> bool {
        *domain == self.settings.domain || self.settings.aliases.contains(domain)
    }

    /// The user of this node the address names, under the home domain's name; `None` if there is none.
    async fn local_user(&self, address: &Address) -> Result<Option<Address>, StoreError> {
        if !address.is_user() || !self.is_local(address.domain()) || !self.accounts.exists(address).await? {
            return Ok(None);
        }
        Ok(Address::user_at(address.user(), &self.settings.domain).ok())
    }
}
