//! Addresses to listen on: bound first, so that whoever calls waits in the queue, and served once all is in place.

use std::fmt;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;

use rustix::process::{Resource, getrlimit};
use tokio::net::{TcpListener, TcpSocket};

use super::StartError;
use super::ports::Ports;
use super::reload::ServerCertificate;
use crate::address::Domain;
use crate::config::{Advertise, Config, Listen};
use crate::operate::{self, AdminState};
use crate::sap::Reach;
use crate::transport::{self, CirLimits, CirServer, Identity, Limits, Server, ServerTls};

/// Connections that wait to be accepted; the operating system may allow fewer (`net.core.somaxconn`).
const BACKLOG: u32 = 4_096;
/// Free ports tried for TCP and UDP.
const ATTEMPTS: usize = 16;

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
    /// Wake-up of clients, over TCP and UDP.
    pub cir: Option<SocketAddr>,
    /// Admin.
    pub admin: Option<SocketAddr>,
}

/// Bound sockets nobody is served on yet.
pub(super) struct Sockets {
    csp: Option<Socket>,
    csp_tls: Option<Socket>,
    ssp: Option<Socket>,
    cir: Option<(Socket, UdpSocket)>,
    admin: Option<Socket>,
}

/// The servers of a node; the admin address apart, because it ends last.
pub(super) struct Servers {
    pub(super) open: Vec<Server>,
    pub(super) cir: Option<CirServer>,
    pub(super) admin: Option<Server>,
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
    pub(super) fn bind(listen: &Listen) -> Result<Self, StartError> {
        Ok(Self {
            csp: Socket::bind("csp", listen.csp)?,
            csp_tls: Socket::bind("csp_tls", listen.csp_tls)?,
            ssp: Socket::bind("ssp", listen.ssp)?,
            cir: Socket::bind_twice("cir", listen.cir)?,
            admin: Socket::bind("admin", listen.admin)?,
        })
    }

    pub(super) fn ready(&self, domain: Domain) -> Ready {
        let address = |socket: &Option<Socket>| socket.as_ref().map(|socket| socket.address);
        Ready {
            domain,
            csp: address(&self.csp),
            csp_tls: address(&self.csp_tls),
            ssp: address(&self.ssp),
            cir: self.cir.as_ref().map(|(socket, _)| socket.address),
            admin: address(&self.admin),
        }
    }

    /// Where clients find what is bound.
    pub(super) fn reach(&self, advertise: &Advertise) -> Reach {
        let ready = |socket: &Option<Socket>| socket.as_ref().map(|socket| socket.address);
        let host_and_port = |text: &String| {
            let (host, port) = text.rsplit_once(':')?;
            Some((host.trim_matches(['[', ']']).into(), port.parse().ok()?))
        };
        Reach {
            cir: self.cir.as_ref().map(|(socket, _)| socket.address),
            advertised_cir: advertise.cir.as_ref().and_then(host_and_port),
            csp: ready(&self.csp),
            csp_tls: ready(&self.csp_tls),
            advertised_csp: advertise.csp_url.as_deref().map(Into::into),
        }
    }

    /// Serves on every socket.
    pub(super) fn serve(
        self,
        config: &Config,
        certificates: &ServerCertificates,
        identity: Option<Arc<Identity>>,
        ports: &Arc<Ports>,
        admin: AdminState,
    ) -> Result<Servers, StartError> {
        let limits = Limits::new(&config.timers);
        let pages = transport::wake_pages(Arc::<Ports>::clone(ports), base_path(&config.advertise));
        let mut servers = Vec::new();
        for (socket, tls) in [(self.csp, None), (self.csp_tls, tls_of(certificates.csp_tls.as_ref()))] {
            if let Some(socket) = socket {
                let (ports, pages, limits) = (Arc::<Ports>::clone(ports), pages.clone(), limits.clone());
                servers.push(socket.serve(|listener| transport::serve_csp(listener, tls, ports, pages, limits))?);
            }
        }
        if let (Some(socket), Some(identity)) = (self.ssp, identity) {
            let (ports, limits) = (Arc::<Ports>::clone(ports), limits.clone());
            servers.push(socket.serve(|listener| transport::serve_ssp(listener, identity, ports, limits))?);
        }
        let cir = self.cir.map(|(socket, datagrams)| {
            let ports = Arc::<Ports>::clone(ports);
            socket.serve(|listener| transport::serve_cir(listener, datagrams, ports, cir_limits()))
        });
        let (tls, router) = (tls_of(certificates.admin.as_ref()), operate::router(admin));
        let admin = self.admin.map(|s| s.serve(|listener| transport::serve_admin(listener, tls, router, limits)));
        Ok(Servers { open: servers, cir: cir.transpose()?, admin: admin.transpose()? })
    }
}

// === impl Socket ===

impl Socket {
    fn bind(what: &'static str, address: Option<SocketAddr>) -> Result<Option<Self>, StartError> {
        let Some(address) = address else { return Ok(None) };
        let failed = |error| StartError::Bind { what, address, error };
        let listener = listen(address).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Some(Self { what, address, listener }))
    }

    /// Binds an address for TCP and UDP alike; of free ports, one that is free for both.
    fn bind_twice(what: &'static str, address: Option<SocketAddr>) -> Result<Option<(Self, UdpSocket)>, StartError> {
        for attempt in 1.. {
            let Some(socket) = Self::bind(what, address)? else { break };
            match UdpSocket::bind(socket.address) {
                Ok(datagrams) => return Ok(Some((socket, datagrams))),
                Err(error) if attempt == ATTEMPTS || address.is_some_and(|address| address.port() != 0) => {
                    return Err(StartError::Bind { what, address: socket.address, error });
                }
                Err(_) => {}
            }
        }
        Ok(None)
    }

    fn serve<S>(self, serve: impl FnOnce(TcpListener) -> io::Result<S>) -> Result<S, StartError> {
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

/// A listener with room for a whole crowd that comes back in the same moment: who finds no room tries again a second
/// later, and a phone may be impatient.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A node that starts again finds its port though old connections still linger.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A connection is a file. Those of wake-ups may not take the files that requests need.
fn cir_limits() -> CirLimits {
    let limits = CirLimits::default();
    let files = getrlimit(Resource::Nofile).current.and_then(|files| usize::try_from(files).ok());
    CirLimits { connections: files.map_or(limits.connections, |files| limits.connections.min(files / 4 * 3)), ..limits }
}

/// The path of the URL that clients are told.
fn base_path(advertise: &Advertise) -> &str {
    let beyond_scheme = advertise.csp_url.as_deref().and_then(|url| url.split_once("://")).map_or("", |(_, rest)| rest);
    beyond_scheme.find('/').map_or("", |at| &beyond_scheme[at..])
}

fn tls_of(certificate: Option<&ServerCertificate>) -> Option<Arc<ServerTls>> {
    certificate.map(ServerCertificate::tls)
}

impl fmt::Display for Ready {
    /// The ready line of `postern serve`; a listener that is off is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "postern ready domain={}", self.domain)?;
        let listeners =
            [("csp", self.csp), ("csp_tls", self.csp_tls), ("ssp", self.ssp), ("cir", self.cir), ("admin", self.admin)];
        for (name, address) in listeners {
            if let Some(address) = address {
                write!(f, " {name}={address}")?;
            }
        }
        Ok(())
    }
}
