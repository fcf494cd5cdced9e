//! The addresses a request came by, as gateways write them: `X-Forwarded-For` and `Forwarded` (RFC 7239).

use std::net::{IpAddr, SocketAddr};

/// The hops that each of the two headers tells of, the client's first.
#[derive(Debug, Default)]
pub(super) struct Hops<'a> {
    customary: Vec<&'a str>,
    standard: Vec<&'a str>,
}

// === impl Hops ===

impl<'a> Hops<'a> {
    /// Reads a header if it is one of the two.
    pub(super) fn read(&mut self, name: &str, value: &'a str) {
        if name.eq_ignore_ascii_case("x-forwarded-for") {
            self.customary.extend(value.split(','));
        } else if name.eq_ignore_ascii_case("forwarded") {
            self.standard.extend(value.split(',').map(forwarded_for));
        }
    }

    /// The client's address for a request whose last hop is the trusted gateway `gateway`: the right-most that is
    /// none. Where the two headers disagree, one may be the client's own invention, and neither counts.
    pub(super) fn client(&self, gateway: IpAddr, trusted: impl Fn(IpAddr) -> bool) -> IpAddr {
        let end_of = |hops: &[&str]| {
            let mut last = gateway;
            for hop in hops.iter().rev() {
                // Beyond a hop that hides its address there is nothing to believe.
                let Some(address) = address(hop) else { break };
                last = address;
                if !trusted(address) {
                    break;
                }
            }
            last
        };
        match (end_of(&self.customary), end_of(&self.standard)) {
            (client, _) if self.standard.is_empty() => client,
            (_, client) if self.customary.is_empty() => client,
            (one, other) if one == other => one,
            _ => gateway,
        }
    }
}

/// What an element of `Forwarded` says the request came from.
fn forwarded_for(element: &str) -> &str {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let mut named = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    named.next().map_or("", |(_, value)| value.trim().trim_matches('"'))
}

/// An address, perhaps in brackets and with a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address = text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|at| at.ip())).or_else(bare);
    address.map(|address: IpAddr| address.to_canonical())
}
