//! How a client's request came in, and what the network says about the client (`docs/wire-notes.md`, "Access").

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use crate::vocabulary::Text;

/// How a client's request came in. Its `Debug` hides the telephone number.
#[derive(Clone)]
pub struct Via {
    /// The other end of the connection: a client or a gateway.
    pub remote: SocketAddr,
    /// The client's own address: the one a trusted gateway forwards, else that of the other end.
    pub client: IpAddr,
    /// Over TLS.
    pub tls: bool,
    /// The host by which the client reached us, without port.
    pub host: Option<Text>,
    /// The client's telephone number as a trusted gateway asserts it, digits only.
    pub msisdn: Option<Text>,
}

// === impl Via ===

impl Via {
    /// A connection of a client's own, without a gateway.
    pub fn direct(remote: SocketAddr, tls: bool) -> Self {
        Self { remote, client: remote.ip().to_canonical(), tls, host: None, msisdn: None }
    }
}

impl fmt::Debug for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Via")
            .field("remote", &self.remote)
            .field("client", &self.client)
            .field("tls", &self.tls)
            .field("host", &self.host)
            .field("msisdn", &self.msisdn.as_ref().map(|_| "…"))
            .finish()
    }
}
