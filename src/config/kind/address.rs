//! Addresses, names and URLs.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use toml::Spanned;
use toml::de::DeValue;

use super::{Kind, from_text, quoted};
use crate::address::Domain;
use crate::config::AddressRange;
use crate::config::reader::At;

/// A name server: an address, with port 53 unless it says otherwise.
pub(in crate::config) struct NameServer;

/// `host:port`.
pub(in crate::config) struct HostPort;

/// An `http` or `https` URL.
pub(in crate::config) struct WebUrl;

/// An `https` URL of a peer.
pub(in crate::config) struct PeerUrl;

/// An exact DNS name, no wildcard.
pub(in crate::config) struct DnsName;

/// Reads a provider's domain as configurations and command lines take it, or says what is wrong with it.
pub fn domain(text: &str) -> Result<Domain, String> {
    host_name(text)?;
    text.parse().map_err(|error: crate::address::AddressError| error.to_string())
}

fn host_name(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("it is empty".into());
    }
    if text.parse::<IpAddr>().is_ok() {
        return Err("it is an IP address".into());
    }
    if text.contains('*') {
        return Err("no wildcards".into());
    }
    if text.contains("://") {
        return Err("it is a URL".into());
    }
    for label in text.split('.') {
        if label.is_empty() || label.len() > 63 || label.starts_with('-') || label.ends_with('-') {
            return Err("between dots stand 1 to 63 characters, no - at either end".into());
        }
        if !label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return Err("letters, digits, - and dots only; others as xn--…".into());
        }
    }
    Ok(())
}

fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
        match (host, port) {
            _ if text.parse::<IpAddr>().is_ok() => format!("the port is missing, like {text}:8080"),
            ("", port) if port.parse::<u16>().is_ok() => format!("the address is missing, like 0.0.0.0:{port}"),
            (host, port) if !port.is_empty() && host_name(host).is_ok() => {
                "names are not looked up here; give the IP address".into()
            }
            _ => "IP:PORT, port up to 65535".into(),
        }
    })
}

fn range(text: &str) -> Result<AddressRange, String> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let network: IpAddr = address.trim().parse().map_err(|_| "an IP address, perhaps with /BITS".to_owned())?;
    let most = if network.is_ipv4() { 32 } else { 128 };
    let prefix = match bits {
        None => most,
        Some(bits) => bits.parse().ok().filter(|bits| *bits <= most).ok_or_else(|| format!("/0 to /{most}"))?,
    };
    let range = AddressRange { network, prefix };
    if range.lowest() == network { Ok(range) } else { Err(format!("the range begins at {}/{prefix}", range.lowest())) }
}

fn url(text: &str, schemes: &[&str]) -> Result<String, String> {
    let uri: hyper::Uri = text.parse().map_err(|_| "SCHEME://HOST:PORT/".to_owned())?;
    let scheme = uri.scheme_str().unwrap_or_default();
    if !schemes.contains(&scheme) {
        return Err(format!("it begins with {}://", schemes.join(":// or ")));
    }
    let authority = uri.authority().map(|a| a.as_str()).unwrap_or_default();
    if authority.contains('@') {
        return Err("no user and password in it".into());
    }
    let host = uri.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_err() {
        host_name(host)?;
    }
    let port = authority.strip_prefix(host).unwrap_or_default().strip_prefix(':');
    if port.is_some_and(|port| !port.parse::<u16>().is_ok_and(|port| port > 0)) {
        return Err("ports are 1 to 65535".into());
    }
    Ok(text.to_owned())
}

// === impl Kind ===

macro_rules! texts {
    ($($ty:ty => $value:ty, $name:literal, $example:literal, $read:expr;)+) => { $(
        impl Kind for $ty {
            type Value = $value;
            fn name() -> Cow<'static, str> {
                $name.into()
            }
            fn example() -> String {
                format!("{:?}", $example)
            }
            fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<$value> {
                from_text::<Self>(value, at, $read)
            }
            fn show(value: &$value) -> Option<String> {
                quoted(&value.to_string())
            }
        }
    )+ };
}

texts! {
    SocketAddr => SocketAddr, "address with port", "127.0.0.1:8080", socket_address;
    NameServer => SocketAddr, "name server", "192.0.2.53", |text| match text.parse::<IpAddr>() {
        Ok(ip) => Ok(SocketAddr::new(ip, 53)),
        Err(_) => socket_address(text),
    };
    Domain => Domain, "domain", "north.example", domain;
    DnsName => String, "DNS name", "imps.south.example", |text| {
        host_name(text).map(|()| text.to_ascii_lowercase())
    };
    AddressRange => AddressRange, "address range", "10.0.0.0/8", range;
    HostPort => String, "host with port", "chat.north.example:8081", |text| {
        let (host, port) = text.rsplit_once(':').ok_or("HOST:PORT")?;
        if port.parse::<u16>().is_ok_and(|port| port > 0) && (text.parse::<SocketAddr>().is_ok() || host_name(host).is_ok()) {
            Ok(text.to_owned())
        } else {
            Err("HOST:PORT, port 1 to 65535".into())
        }
    };
    WebUrl => String, "URL", "https://chat.north.example/", |text| url(text, &["http", "https"]);
    PeerUrl => String, "https URL", "https://south.example:8083/", |text| url(text, &["https"]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_their_addresses() {
        let net = range("10.1.0.0/16").unwrap();
        assert!(net.contains("10.1.255.3".parse().unwrap()));
        assert!(net.contains("::ffff:10.1.2.3".parse().unwrap()));
        assert!(!net.contains("10.2.0.1".parse().unwrap()));
        assert!(range("::1").unwrap().contains("::1".parse().unwrap()));
        assert!(range("0.0.0.0/0").unwrap().contains("8.8.8.8".parse().unwrap()));
        for text in ["", "10.0.0.1/8", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "ten"] {
            assert!(range(text).is_err(), "{text}");
        }
    }

    #[test]
    fn peers_are_reached_by_https_only() {
        for text in ["https://south.example/", "https://127.0.0.1:9443/", "https://[::1]:9443/"] {
            assert!(url(text, &["https"]).is_ok(), "{text}");
        }
        for text in [
            "http://south.example/",
            "south.example:9443",
            "https://",
            "https://u:p@south.example/",
            "https://a b/",
            "https://south.example:0/",
            "https://south.example:99999/",
        ] {
            assert!(url(text, &["https"]).is_err(), "{text}");
        }
    }

    #[test]
    fn names_are_exact() {
        assert!(domain("north.example").is_ok());
        for text in
            ["", "*.north.example", "north..example", ".north", "north.", "no rth", "-a.b", "192.0.2.1", "https://a.b"]
        {
            assert!(domain(text).is_err(), "{text}");
        }
    }
}
