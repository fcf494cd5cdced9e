//! Connections that have not named their session yet, counted by address: the others are bounded by the sessions.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Strangers by address; of IPv6, by network of a site.
#[derive(Debug)]
pub(super) struct Strangers {
    most: usize,
    by_address: Mutex<HashMap<IpAddr, usize>>,
}

/// The place of one stranger, until dropped.
#[derive(Debug)]
pub(super) struct Place {
    strangers: Arc<Strangers>,
    address: IpAddr,
}

// === impl Strangers ===

impl Strangers {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, by_address: Mutex::default() })
    }

    /// A place for one more from there, if there is one.
    pub(super) fn enter(self: &Arc<Self>, from: IpAddr) -> Option<Place> {
        let address = site(from);
        let mut by_address = self.state();
        let count = by_address.entry(address).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        drop(by_address);
        Some(Place { strangers: Arc::clone(self), address })
    }

    fn state(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Place ===

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_address = self.strangers.state();
        if let Some(count) = by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&self.address);
            }
        }
    }
}

/// Whoever has one address of IPv6 has 2^64 of them.
fn site(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
        ip => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_counted_by_address_and_forgotten_when_they_go() {
        let strangers = Strangers::new(2);
        let here: IpAddr = "192.0.2.1".parse().unwrap();
        let first = strangers.enter(here).unwrap();
        let second = strangers.enter("::ffff:192.0.2.1".parse().unwrap()).unwrap();
        assert!(strangers.enter(here).is_none());
        assert!(strangers.enter("192.0.2.2".parse().unwrap()).is_some());
        drop(first);
        drop((second, strangers.enter(here).unwrap()));
        assert!(strangers.state().is_empty());
    }

    #[test]
    fn a_site_of_ipv6_counts_as_one_address() {
        let strangers = Strangers::new(1);
        let _place = strangers.enter("2001:db8::1".parse().unwrap()).unwrap();
        assert!(strangers.enter("2001:db8::ffff:2".parse().unwrap()).is_none());
        assert!(strangers.enter("2001:db8:0:1::1".parse().unwrap()).is_some());
    }
}
