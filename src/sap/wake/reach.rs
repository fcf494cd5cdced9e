//! Where clients are told to find the ways by which they are woken (`docs/wire-notes.md`, "Capabilities").

use std::net::{IpAddr, SocketAddr};

use compact_str::format_compact;

use crate::sap::capability::Offer;
use crate::sap::session::{SessionRecord, Sessions};
use crate::sap::{Sap, Via};
use crate::vocabulary::{Text, Version};

/// Where the node listens, and what its clients are told instead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The wake-up listener; `None` = off, and neither `STCP` nor `SUDP` nor `WAPUDP` is offered.
    pub cir: Option<SocketAddr>,
    /// Host and port of the wake-up listener as clients see it.
    pub advertised_cir: Option<(Text, u16)>,
    /// CSP over HTTP.
    pub csp: Option<SocketAddr>,
    /// CSP over HTTPS.
    pub csp_tls: Option<SocketAddr>,
    /// The URL of CSP as clients see it.
    pub advertised_csp: Option<Text>,
}

// === impl Reach ===

impl Reach {
    /// Host and port for wake-up over TCP, where this client can get there.
    fn tcp(&self, via: &Via) -> Option<(Text, u16)> {
        let listener = self.cir?;
        if let Some(advertised) = &self.advertised_cir {
            return Some(advertised.clone());
        }
        Some((host_for(via, listener)?.clone(), listener.port()))
    }

    /// The URL below which wake-up pages are, where this client can get there.
    fn url(&self, via: &Via) -> Option<Text> {
        if let Some(advertised) = &self.advertised_csp {
            return Some(advertised.trim_end_matches('/').into());
        }
        let listener = if via.tls { self.csp_tls? } else { self.csp? };
        let host = host_for(via, listener)?;
        let scheme = if via.tls { "https" } else { "http" };
        Some(match host.parse::<IpAddr>() {
            Ok(ip) => format_compact!("{scheme}://{}", SocketAddr::new(ip, listener.port())),
            Err(_) => format_compact!("{scheme}://{host}:{}", listener.port()),
        })
    }
}

// === impl Sap ===

impl Sap {
    /// What is offered to a session of that version, whose client came that way.
    pub(in crate::sap) fn offer_to(&self, record: &SessionRecord, version: Version, via: &Via) -> Offer {
        let reach = &self.settings.reach;
        let listens = reach.cir.is_some();
        let tcp = reach.tcp(via);
        // The element for the URL came with 1.2.
        let base = reach.url(via).filter(|_| version >= Version::V12);
        let http = base.map(|base| format_compact!("{base}/cir/{}", Sessions::key_of(&record.id)));
        let methods = [("STCP", tcp.is_some()), ("SUDP", listens), ("WAPUDP", listens), ("SHTTP", http.is_some())];
        let cir_methods = methods.iter().filter(|(_, offered)| *offered).map(|(method, _)| Text::from(*method));
        Offer { cir_methods: cir_methods.collect(), tcp, http, udp: Some(record.from), ..self.offer.clone() }
    }
}

/// The host by which the client reached us, unless from where the client is that name or the listener leads nowhere:
/// a phone that is given an address it can't reach does not finish its login.
fn host_for(via: &Via, listener: SocketAddr) -> Option<&Text> {
    let host = via.host.as_ref()?;
    let beside = via.client.is_loopback();
    let named = match host.parse::<IpAddr>() {
        Ok(ip) => !ip.is_unspecified() && !ip.is_multicast() && (beside || !ip.to_canonical().is_loopback()),
        Err(_) => !host.is_empty() && (beside || !host.eq_ignore_ascii_case("localhost")),
    };
    (named && (beside || !listener.ip().is_loopback())).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn via(client: &str, host: &str, tls: bool) -> Via {
        let client: IpAddr = client.parse().unwrap();
        Via { host: Some(host.into()), ..Via::direct(SocketAddr::new(client, 40_000), tls) }
    }

    fn reach(listen: &str) -> Reach {
        let at = |port| Some(SocketAddr::new(listen.parse().unwrap(), port));
        Reach { cir: at(8081), csp: at(8080), csp_tls: at(8082), ..Reach::default() }
    }

    #[test]
    fn a_client_is_told_the_host_by_which_it_came_and_the_real_port() {
        let reach = reach("0.0.0.0");
        let phone = via("192.0.2.7", "chat.north.example", false);
        assert_eq!(reach.tcp(&phone), Some(("chat.north.example".into(), 8081)));
        assert_eq!(reach.url(&phone).as_deref(), Some("http://chat.north.example:8080"));
        let phone = via("192.0.2.7", "192.0.2.1", true);
        assert_eq!(reach.tcp(&phone), Some(("192.0.2.1".into(), 8081)));
        assert_eq!(reach.url(&phone).as_deref(), Some("https://192.0.2.1:8082"));
        assert_eq!(reach.url(&via("2001:db8::7", "2001:db8::1", false)).as_deref(), Some("http://[2001:db8::1]:8080"));
    }

    #[test]
    fn an_address_that_leads_nowhere_is_never_told() {
        for host in ["0.0.0.0", "::", "", "127.0.0.1", "::1", "localhost", "224.0.0.1", "::ffff:127.0.0.1"] {
            let phone = via("192.0.2.7", host, false);
            assert_eq!((reach("0.0.0.0").tcp(&phone), reach("0.0.0.0").url(&phone)), (None, None), "{host}");
        }
        assert_eq!(reach("127.0.0.1").tcp(&via("192.0.2.7", "chat.north.example", false)), None);
        assert_eq!(reach("127.0.0.1").tcp(&via("127.0.0.1", "localhost", false)), Some(("localhost".into(), 8081)));
        let unnamed = Via::direct(([192, 0, 2, 7], 1).into(), false);
        assert_eq!(reach("0.0.0.0").tcp(&unnamed), None);
        assert_eq!(Reach::default().tcp(&via("192.0.2.7", "chat.north.example", false)), None);
    }

    #[test]
    fn what_the_operator_says_clients_see_is_told_to_all() {
        let reach = Reach {
            advertised_cir: Some(("wake.north.example".into(), 443)),
            advertised_csp: Some("https://chat.north.example/imps/".into()),
            ..reach("127.0.0.1")
        };
        let phone = via("192.0.2.7", "localhost", false);
        assert_eq!(reach.tcp(&phone), Some(("wake.north.example".into(), 443)));
        assert_eq!(reach.url(&phone).as_deref(), Some("https://chat.north.example/imps"));
        assert_eq!(Reach { cir: None, ..reach }.tcp(&phone), None);
    }
}
