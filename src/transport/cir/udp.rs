//! Datagrams to clients. Nothing is read, and nothing is waited for: what can't be sent at once is lost.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU8, Ordering};

use tracing::debug;

use super::push;

/// The socket datagrams leave by.
#[derive(Debug)]
pub(super) struct Datagrams {
    socket: UdpSocket,
    ipv6: bool,
    /// Transaction id of the next push.
    next: AtomicU8,
}

// === impl Datagrams ===

impl Datagrams {
    pub(super) fn new(socket: UdpSocket) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let ipv6 = socket.local_addr()?.is_ipv6();
        Ok(Self { socket, ipv6, next: AtomicU8::new(0) })
    }

    /// Sends a datagram; whether it left.
    pub(super) fn send(&self, to: SocketAddr, bytes: &[u8]) -> bool {
        let ip = match to.ip() {
            IpAddr::V4(ip) if self.ipv6 => ip.to_ipv6_mapped().into(),
            ip => ip,
        };
        match self.socket.send_to(bytes, SocketAddr::new(ip, to.port())) {
            Ok(_) => true,
            Err(error) => {
                debug!(%to, %error, "a wake-up could not be sent");
                false
            }
        }
    }

    /// Sends a WAP push; whether it left.
    pub(super) fn push(&self, to: SocketAddr, text: &str) -> bool {
        let transaction = self.next.fetch_add(1, Ordering::Relaxed);
        self.send(to, &push::unit(transaction, text))
    }
}
