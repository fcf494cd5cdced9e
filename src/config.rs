//! The configuration as plain data: `postern.toml`, peer files and `users.toml`.
//!
//! This room is data and its reading only; every room above takes its own part of it. Reading reports every
//! fault at once, each with file and line. What each key means stands once, with its declaration;
//! `docs/configuration.md` is made from there.

mod certificates;
mod document;
mod environment;
mod findings;
mod kind;
mod load;
mod node;
mod peer;
mod peers;
mod picture;
mod reader;
mod reference;
mod secrets;
mod section;
mod timers;
mod users;

pub use self::environment::Environment;
pub use self::findings::{Finding, Severity};
pub use self::kind::{domain as parse_domain, property_fault};
pub use self::load::{Loaded, load};
pub use self::node::{
    Access, AddressRange, Admin, Advertise, ClearPasswords, Config, CspTls, Listen, Messages, Offline, Provider, Pse,
    Services, StoreConfig, Tls,
};
pub use self::peer::{Agreement, Peer, PeerLimits, QUIRKS, SERVICES, agreed_functions};
pub use self::peers::{PeerFiles, load_peers, read_peer};
pub use self::picture::{Picture, PictureError};
pub use self::reference::reference;
pub use self::timers::Timers;
pub use self::users::{LoginClass, UserEntry};

#[cfg(test)]
mod tests;
