//! Postern: a Service Access Point, relay node and SSP federation gateway for OMA IMPS.
//!
//! A message walks the rooms in one direction:
//!
//! ```text
//!  phone ─ transport ─ syntax(CSP) ─ sap ─┬─ messaging ─ store
//!                                         └─ relay ─ syntax(SSP) ─ transport ─ peer domain
//! ```
//!
//! | room | what it knows |
//! |---|---|
//! | [`ident`], [`time`], [`address`] | secrets and ids, instants, `wv:` addresses |
//! | [`config`] | `postern.toml`, peer files, `users.toml`; every fault with its line |
//! | [`vocabulary`] | the primitives, free of any syntax |
//! | [`syntax`] | how primitives are written: CSP-XML, CSP-WBXML, SSP-XML |
//! | [`store`] | records with compare-and-set, mailboxes |
//! | [`messaging`] | the IM service element |
//! | [`relay`] | the relay node: sessions with peers, transaction records and table |
//! | [`sap`] | the Service Access Point: clients' sessions, dispatch, delivery |
//! | [`transport`] | how bytes travel: HTTP, TLS, one client per peer |
//! | [`operate`] | the admin address |
//! | [`node`] | builds a node from its configuration |
//! | [`phone`], [`stage`] | a small client, and several domains on one machine: for demos and examples |
//!
//! Who may import whom is kept true by `tests/directions.rs`.

pub mod address;
pub mod config;
pub mod ident;
pub mod messaging;
pub mod node;
pub mod operate;
pub mod phone;
pub mod relay;
pub mod sap;
pub mod stage;
pub mod store;
pub mod syntax;
pub mod time;
pub mod transport;
pub mod vocabulary;
