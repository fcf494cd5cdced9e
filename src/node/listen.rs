//! Addresses to listen on: bound first, so that whoever calls waits in the queue, and served once all is in place.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;

use super::StartError;
use super::ports::Ports;
use super::reload::ServerCertificate;
use crate::address::Domain;
use crate::config::{Config, Listen};
use crate::operate::{self, AdminState};
use crate::transport::{self, Identity, Limits, Server, ServerTls};

/// What is bound, with real ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// The home domain.
    pub domain: Domain,
    /// CSP over HTTP.
    pub csp: Option<SocketAddr>,
    /// CSP over HTTPS.
    pub csp_tls: Option<SocketAddr>,
    /// SSP.
    pub ssp: Option<SocketAddr>,
    /// Admin.
    pub admin: Option<SocketAddr>,
}

/// Bound sockets nobody is served on yet.
pub(super) struct Sockets {
    csp: Option<Socket>,
    csp_tls: Option<Socket>,
    ssp: Option<Socket>,
    admin: Option<Socket>,
}

struct Socket {
    what: &'static str,
    address: SocketAddr,
    listener: TcpListener,
}

/// The certificates of the servers that ask for none of the client.
pub(super) struct ServerCertificates {
    csp_tls: Option<ServerCertificate>,
    admin: Option<ServerCertificate>,
}

// === impl Sockets ===

impl Sockets {
    pub(super) async fn bind(listen: &Listen) -> Result<Self, StartError> {
        Ok(Self {
            csp: Socket::bind("csp", listen.csp).await?,
            csp_tls: Socket::bind("csp_tls", listen.csp_tls).await?,
            ssp: Socket::bind("ssp", listen.ssp).await?,
            admin: Socket::bind("admin", listen.admin).await?,
        })
    }

    pub(super) fn ready(&self, domain: Domain) -> Ready {
        let address = |socket: &Option<Socket>| socket.as_ref().map(|socket| socket.address);
        Ready {
            domain,
            csp: address(&self.csp),
            csp_tls: address(&self.csp_tls),
            ssp: address(&self.ssp),
            admin: address(&self.admin),
        }
    }

    /// Serves on every socket; the admin address apart, because it ends last.
    pub(super) fn serve(
        self,
        config: &Config,
        certificates: &ServerCertificates,
        identity: Option<Arc<Identity>>,
        ports: &Arc<Ports>,
        admin: AdminState,
    ) -> Result<(Vec<Server>, Option<Server>), StartError> {
        let limits = Limits::new(&config.timers);
        let mut servers = Vec::new();
        for (socket, tls) in [(self.csp, None), (self.csp_tls, tls_of(certificates.csp_tls.as_ref()))] {
            if let Some(socket) = socket {
                let (ports, pages, limits) = (Arc::<Ports>::clone(ports), Router::new(), limits.clone());
                servers.push(socket.serve(|listener| transport::serve_csp(listener, tls, ports, pages, limits))?);
            }
        }
        if let (Some(socket), Some(identity)) = (self.ssp, identity) {
            let (ports, limits) = (Arc::<Ports>::clone(ports), limits.clone());
            servers.push(socket.serve(|listener| transport::serve_ssp(listener, identity, ports, limits))?);
        }
        let (tls, router) = (tls_of(certificates.admin.as_ref()), operate::router(admin));
        let admin = self.admin.map(|s| s.serve(|listener| transport::serve_admin(listener, tls, router, limits)));
        Ok((servers, admin.transpose()?))
    }
}

// === impl Socket ===

impl Socket {
    async fn bind(what: &'static str, address: Option<SocketAddr>) -> Result<Option<Self>, StartError> {
        let Some(address) = address else { return Ok(None) };
        let failed = |error| StartError::Bind { what, address, error };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Some(Self { what, address, listener }))
    }

    fn serve(self, serve: impl FnOnce(TcpListener) -> std::io::Result<Server>) -> Result<Server, StartError> {
        let Self { what, address, listener } = self;
        serve(listener).map_err(|error| StartError::Bind { what, address, error })
    }
}

// === impl ServerCertificates ===

impl ServerCertificates {
    pub(super) fn load(config: &Config) -> Result<Self, StartError> {
        let csp_tls = config.csp_tls.as_ref().map(|tls| ServerCertificate::load(&tls.cert, &tls.key));
        let admin = config.admin.cert.as_ref().zip(config.admin.key.as_ref());
        let admin = admin.map(|(cert, key)| ServerCertificate::load(cert, key));
        let secret = |error: transport::LoadError| StartError::Secret(error.to_string());
        Ok(Self { csp_tls: csp_tls.transpose().map_err(secret)?, admin: admin.transpose().map_err(secret)? })
    }

    /// All of them, to be read again when the node reloads.
    pub(super) fn list(&self) -> Vec<ServerCertificate> {
        self.csp_tls.iter().chain(&self.admin).cloned().collect()
    }
}

fn tls_of(certificate: Option<&ServerCertificate>) -> Option<Arc<ServerTls>> {
    certificate.map(ServerCertificate::tls)
}

impl fmt::Display for Ready {
    /// The ready line of `postern serve`; a listener that is off is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "postern ready domain={}", self.domain)?;
        let listeners = [("csp", self.csp), ("csp_tls", self.csp_tls), ("ssp", self.ssp), ("admin", self.admin)];
        for (name, address) in listeners {
            if let Some(address) = address {
                write!(f, " {name}={address}")?;
            }
        }
        Ok(())
    }
}
