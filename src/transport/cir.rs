//! CIR: the channels by which clients are told that something waits (`docs/wire-notes.md`, "Waking").
//!
//! A phone without a request open hears of it over a connection it keeps (`STCP`), by a datagram (`SUDP`, `WAPUDP`),
//! or by asking a small page (`SHTTP`). Nothing but "ask for more" ever travels this way.

mod channel;
mod page;
mod push;
mod strangers;
mod tcp;
mod udp;

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Weak};
use std::time::Duration;

use dashmap::DashMap;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::ident::SessionId;
use crate::sap::wake::{Bell, Greeting, WakeUp, Way};

use super::BoxFuture;
use channel::Ear;
use tcp::Acceptor;
use udp::Datagrams;

pub use page::wake_pages;

/// Who knows the sessions that callers name.
pub trait Callers: Send + Sync + 'static {
    /// Whether a session may be woken over a connection from there.
    fn admits(&self, session: &SessionId, from: IpAddr) -> bool;

    /// A client has opened its channel; `None` if its session is over.
    fn greet(&self, session: SessionId) -> BoxFuture<'_, Option<Greeting>>;

    /// Whether something waits behind the key of a wake-up URL; `None` if the key is unknown.
    fn waits_behind(&self, key: String) -> BoxFuture<'_, Option<bool>>;
}

/// Bounds of the wake-up listener.
#[derive(Clone, Debug)]
pub struct CirLimits {
    /// Connections at once; more are closed at once (100,000). Those that named a session are one per session.
    pub connections: usize,
    /// Connections of one address that have not named their session yet (1,000).
    pub strangers: usize,
    /// Time to name a session (15 s).
    pub hello: Duration,
    /// How long a connection may take no byte of a wake-up (30 s).
    pub write_stall: Duration,
    /// Longest line, bytes (256).
    pub line: usize,
    /// Lines that say nothing we know, in the life of a connection (8).
    pub odd_lines: u32,
    /// Bytes a client may send within a minute (4 KiB).
    pub per_minute: usize,
}

/// The running wake-up listener. Dropping it closes every channel.
#[derive(Debug)]
pub struct CirServer {
    local_addr: SocketAddr,
    bells: Arc<Bells>,
    /// Whoever still has the bells does not keep the port.
    _datagrams: Arc<Datagrams>,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

/// Every way to clients: channels by session, and the socket datagrams leave by.
#[derive(Debug)]
struct Bells {
    open: DashMap<SessionId, Arc<Ear>>,
    datagrams: Weak<Datagrams>,
}

/// Serves wake-ups over TCP and sends datagrams from the UDP socket, which should have the same port. What comes in
/// over UDP is never read.
pub fn serve_cir(
    listener: TcpListener,
    datagrams: UdpSocket,
    callers: Arc<dyn Callers>,
    limits: CirLimits,
) -> std::io::Result<CirServer> {
    let local_addr = listener.local_addr()?;
    let datagrams = Arc::new(Datagrams::new(datagrams)?);
    let bells = Arc::new(Bells { open: DashMap::new(), datagrams: Arc::downgrade(&datagrams) });
    let (stop, stopping) = watch::channel(false);
    let acceptor = Acceptor::new(Arc::clone(&bells), callers, limits);
    let accepting = tokio::spawn(acceptor.run(listener, stopping));
    Ok(CirServer { local_addr, bells, _datagrams: datagrams, stop, accepting })
}

// === impl CirLimits ===

impl Default for CirLimits {
    fn default() -> Self {
        Self {
            connections: 100_000,
            strangers: 1_000,
            hello: Duration::from_secs(15),
            write_stall: Duration::from_secs(30),
            line: 256,
            odd_lines: 8,
            per_minute: 4 * 1024,
        }
    }
}

// === impl CirServer ===

impl CirServer {
    /// The bound address, with the real port.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// The ways to clients.
    pub fn bell(&self) -> Arc<dyn Bell> {
        Arc::<Bells>::clone(&self.bells)
    }

    /// Sessions whose channel is open.
    pub fn open(&self) -> usize {
        self.bells.open.len()
    }

    /// Takes no more connections and closes those there are. Nothing is lost: what waits is told to whoever calls
    /// again.
    pub async fn drain(mut self) {
        self.stop.send_replace(true);
        // It fails only if it was aborted, and then its connections are closed as well.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for CirServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

// === impl Bells ===

impl Bell for Bells {
    /// An open connection is the surest way, whatever the client likes best; else the first datagram it agreed on.
    fn ring(&self, call: WakeUp) {
        let ear = self.open.get(&call.session).map(|ear| Arc::clone(&ear));
        if let Some(ear) = ear.filter(|_| call.ways.contains(&Way::Tcp)) {
            ear.ring(call.line);
            return count("STCP");
        }
        let Some(datagrams) = self.datagrams.upgrade() else { return };
        let text = call.line.expose();
        let sent = call.ways.iter().find_map(|way| match way {
            Way::Tcp => None,
            Way::Udp(to) => Some(("SUDP", datagrams.send(*to, text.as_bytes()))),
            Way::WapUdp(to) => Some(("WAPUDP", datagrams.push(*to, text))),
        });
        count(sent.filter(|(_, left)| *left).map_or("none", |(method, _)| method));
    }

    fn hang_up(&self, session: &SessionId) {
        if let Some((_, ear)) = self.open.remove(session) {
            ear.hang_up();
        }
    }
}

/// Counts a wake-up; `none`: there was no way at the moment, and the client finds out when it calls or polls.
fn count(method: &'static str) {
    metrics::counter!("postern_wake_ups_total", "method" => method).increment(1);
}

#[cfg(test)]
mod tests;
