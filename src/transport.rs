//! How bytes travel: HTTP, TLS, who is at the other end, one client per peer (`docs/wire-notes.md`, "Transport").
//!
//! - [`pki`] makes test authorities and certificates, and reads any certificate.
//! - [`Identity`] knows our own certificate and which certificate speaks for which peer; it reloads in place.
//! - [`serve_csp`], [`serve_ssp`] and [`serve_admin`] answer on a bound listener until drained.
//! - [`serve_cir`] wakes clients for which something waits.
//! - [`PeerClients`] posts to peers; the relay sees it as its [`crate::relay::Bearer`].

use std::pin::Pin;

pub(crate) mod cir;
mod client;
mod http;
mod identity;
mod pem;
pub mod pki;
#[cfg(test)]
mod testing;
mod tls;

pub use cir::{Callers, CirLimits, CirServer, serve_cir, wake_pages};
pub use client::{Layer, PeerClients, Probe};
pub use http::csp::{Clients, CspAnswer, CspRequest, serve_csp};
pub use http::ssp::{Peers, SspAnswer, serve_ssp};
pub use http::{Limits, Remote, Server, serve_admin};
pub use identity::{Identity, PeerIdentity, Refusal};
pub use pem::LoadError;
pub use tls::ServerTls;

/// A future on the heap, as traits give them.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
