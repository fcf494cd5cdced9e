//! How a client's request came in, and what the network says about the client (`docs/wire-notes.md`, "The way in").

mod forwarded;
mod number;

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use crate::config::Access;
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
    /// The host by which the client reached us, without port, an IPv6 address without brackets.
    pub host: Option<Text>,
    /// The client's telephone number as a trusted gateway asserts it, digits only.
    pub msisdn: Option<Text>,
    /// The other end is a trusted gateway.
    pub gateway: bool,
    /// Somebody who is no trusted gateway stated a telephone number; it does not count.
    pub foreign_number: bool,
}

// === impl Via ===

impl Via {
    /// A connection of a client's own, without a gateway.
    pub fn direct(remote: SocketAddr, tls: bool) -> Self {
        Self {
            remote,
            client: remote.ip().to_canonical(),
            tls,
            host: None,
            msisdn: None,
            gateway: false,
            foreign_number: false,
        }
    }

    /// A request with these headers (name, value). Only of a trusted gateway the number and the forwarded address
    /// count.
    pub fn of<'a>(
        access: &Access,
        remote: SocketAddr,
        tls: bool,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let mut via = Self::direct(remote, tls);
        via.gateway = is_trusted(access, via.client);
        let mut hops = forwarded::Hops::default();
        let mut stated: Vec<Vec<&str>> = vec![Vec::new(); access.msisdn_headers.len()];
        for (name, value) in headers {
            if name.eq_ignore_ascii_case("host") && via.host.is_none() {
                via.host = host(value);
            }
            hops.read(name, value);
            let rank = access.msisdn_headers.iter().position(|header| header.eq_ignore_ascii_case(name));
            if let Some(values) = rank.and_then(|rank| stated.get_mut(rank)) {
                values.push(value);
            }
        }
        if via.gateway {
            via.client = hops.client(via.client, |address| is_trusted(access, address));
            via.msisdn = number::asserted(&stated);
        } else {
            via.foreign_number = stated.iter().flatten().any(|value| !value.trim().is_empty());
        }
        via
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
            .field("gateway", &self.gateway)
            .field("foreign_number", &self.foreign_number)
            .finish()
    }
}

fn is_trusted(access: &Access, address: IpAddr) -> bool {
    access.trusted_gateways.iter().any(|range| range.contains(address))
}

/// The host of a `Host` header; `None` if it is no name and no address.
fn host(value: &str) -> Option<Text> {
    let value = value.trim();
    let host = match value.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => value.split_once(':').map_or(value, |(host, _)| host),
    };
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':');
    ((1..=253).contains(&host.len()) && host.bytes().all(fits)).then(|| host.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AddressRange;
    use crate::sap::login::tests::access;

    const GATEWAY: &str = "10.0.0.1:4000";
    const STRANGER: &str = "192.0.2.7:4000";

    fn through(remote: &str, headers: &[(&str, &str)]) -> Via {
        let access = Access {
            trusted_gateways: vec![
                AddressRange { network: "10.0.0.0".parse().unwrap(), prefix: 24 },
                AddressRange { network: "2001:db8::".parse().unwrap(), prefix: 64 },
            ],
            msisdn_headers: vec!["X-Network-MSISDN".into(), "X-Up-Calling-Line-ID".into()],
            ..access()
        };
        Via::of(&access, remote.parse().unwrap(), false, headers.iter().copied())
    }

    fn number(headers: &[(&str, &str)]) -> Option<String> {
        through(GATEWAY, headers).msisdn.map(|number| number.to_string())
    }

    fn client(headers: &[(&str, &str)]) -> String {
        through(GATEWAY, headers).client.to_string()
    }

    #[test]
    fn a_trusted_gateway_says_who_the_subscriber_is_and_where() {
        let via = through(GATEWAY, &[("x-network-msisdn", "358401234567"), ("X-Forwarded-For", "192.0.2.9")]);
        assert_eq!((via.msisdn.as_deref(), via.client.to_string().as_str()), (Some("358401234567"), "192.0.2.9"));
        assert!(via.gateway && !via.foreign_number && via.remote.to_string() == GATEWAY);
    }

    #[test]
    fn of_anybody_else_neither_counts_and_a_number_is_noted_as_foreign() {
        let via = through(STRANGER, &[("X-Network-MSISDN", "358401234567"), ("X-Forwarded-For", "10.0.0.9")]);
        assert_eq!((via.msisdn.as_deref(), via.client.to_string().as_str()), (None, "192.0.2.7"));
        assert!(via.foreign_number && !via.gateway);
        assert!(!through(STRANGER, &[("X-Network-MSISDN", " "), ("From", "1234567")]).foreign_number);
    }

    #[test]
    fn the_first_header_configured_that_is_a_number_counts() {
        assert_eq!(number(&[("X-Up-Calling-Line-ID", "2222222"), ("X-Network-MSISDN", "1111111")]).unwrap(), "1111111");
        assert_eq!(number(&[("X-Up-Calling-Line-ID", "2222222"), ("X-Network-MSISDN", "unknown")]).unwrap(), "2222222");
        assert_eq!(number(&[("MSISDN", "1111111")]), None, "not configured");
    }

    #[test]
    fn a_header_that_comes_twice_must_say_the_same() {
        assert_eq!(number(&[("X-Network-MSISDN", "1111111"), ("X-Network-MSISDN", "+1111111")]).unwrap(), "1111111");
        assert_eq!(number(&[("X-Network-MSISDN", "1111111"), ("X-Network-MSISDN", "2222222")]), None);
        assert_eq!(number(&[("X-Network-MSISDN", "1111111, 2222222"), ("X-Up-Calling-Line-ID", "1111111")]), None);
    }

    #[test]
    fn the_client_is_the_right_most_address_that_is_no_trusted_gateway() {
        for (value, right) in [
            ("192.0.2.9", "192.0.2.9"),
            ("198.51.100.1, 192.0.2.9", "192.0.2.9"),
            ("198.51.100.1, 192.0.2.9, 10.0.0.2", "192.0.2.9"),
            ("192.0.2.9:4711,10.0.0.2", "192.0.2.9"),
            ("[2001:db8:1::9]:4711", "2001:db8:1::9"),
            ("2001:db8:1::9, 2001:db8::1", "2001:db8:1::9"),
            ("::ffff:192.0.2.9", "192.0.2.9"),
            ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("192.0.2.9, unknown, 10.0.0.2", "10.0.0.2"),
            ("nonsense", "10.0.0.1"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(client(&[("X-Forwarded-For", value)]), right, "{value:?}");
        }
        assert_eq!(client(&[("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-For", "192.0.2.9")]), "192.0.2.9");
    }

    #[test]
    fn the_standard_header_is_read_as_well() {
        for (value, right) in [
            ("for=192.0.2.9;proto=http;by=10.0.0.1", "192.0.2.9"),
            ("For=\"[2001:db8:1::9]:4711\"", "2001:db8:1::9"),
            ("for=198.51.100.1, proto=https; for=192.0.2.9, for=10.0.0.2", "192.0.2.9"),
            ("for=192.0.2.9, for=_hidden", "10.0.0.1"),
            ("for=192.0.2.9, by=10.0.0.2", "10.0.0.1"),
        ] {
            assert_eq!(client(&[("Forwarded", value)]), right, "{value:?}");
        }
    }

    #[test]
    fn two_headers_that_disagree_say_nothing() {
        let both = |one, other| client(&[("Forwarded", one), ("X-Forwarded-For", other)]);
        assert_eq!(both("for=192.0.2.9", "192.0.2.9"), "192.0.2.9");
        assert_eq!(both("for=192.0.2.9", "192.0.2.8"), "10.0.0.1");
    }

    #[test]
    fn everybody_says_by_which_name_we_were_reached() {
        for (value, right) in [
            ("chat.north.example:8080", Some("chat.north.example")),
            ("192.0.2.1", Some("192.0.2.1")),
            ("[2001:db8::1]:80", Some("2001:db8::1")),
            ("", None),
            ("a b", None),
            ("<script>", None),
        ] {
            assert_eq!(through(STRANGER, &[("Host", value)]).host.as_deref(), right, "{value:?}");
        }
    }

    #[test]
    fn the_number_is_not_shown() {
        let shown = format!("{:?}", through(GATEWAY, &[("X-Network-MSISDN", "358401234567")]));
        assert!(!shown.contains("3584"), "{shown}");
    }
}
