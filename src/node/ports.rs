//! Plugs the Service Access Point into the transport.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use bytes::Bytes;

use super::shown::Shown;
use crate::ident::SessionId;
use crate::sap::wake::Greeting;
use crate::sap::{Call, Sap};
use crate::syntax::{Encoding, csp};
use crate::transport::{BoxFuture, Callers, Clients, CspAnswer, CspRequest, PeerIdentity, Peers, SspAnswer};

/// The Service Access Point as the transport sees it.
pub(super) struct Ports {
    pub(super) sap: Arc<Sap>,
    pub(super) shown: Arc<Shown>,
}

impl Clients for Ports {
    fn csp(&self, request: CspRequest) -> BoxFuture<'_, CspAnswer> {
        Box::pin(async move {
            // The transport has refused every other content type.
            let encoding = csp::encoding_of(&request.content_type).unwrap_or(Encoding::Xml);
            let headers = request.headers.iter();
            let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
            let mut via = self.sap.via(request.remote, request.tls, headers);
            via.host.get_or_insert_with(|| request.host.as_str().into());
            let reply = self.sap.csp(Call { body: request.body, encoding, via, wait: wait_of(&request.headers) }).await;
            CspAnswer { content_type: request.content_type, body: reply.body }
        })
    }
}

impl Callers for Ports {
    fn admits(&self, session: &SessionId, from: IpAddr) -> bool {
        self.sap.admits(session, from)
    }

    fn greet(&self, session: SessionId) -> BoxFuture<'_, Option<Greeting>> {
        Box::pin(async move { self.sap.greet(&session).await })
    }

    fn waits_behind(&self, key: String) -> BoxFuture<'_, Option<bool>> {
        Box::pin(async move { self.sap.waits_behind(&key).await })
    }
}

impl Peers for Ports {
    fn ssp(&self, from: PeerIdentity, _: HeaderMap, body: Bytes) -> BoxFuture<'_, SspAnswer> {
        self.shown.keep(&from);
        Box::pin(async move {
            let acknowledgement = self.sap.ssp(&from.domain, body).await;
            SspAnswer { status: acknowledgement.status, after: Box::new(|| acknowledgement.sent()) }
        })
    }
}

/// How long a client wants to wait for an answer (`Prefer: wait=SECONDS`, RFC 7240).
fn wait_of(headers: &HeaderMap) -> Duration {
    let preferences = headers.get_all("prefer").into_iter().filter_map(|value| value.to_str().ok());
    let wait = |preference: &str| {
        let (name, value) = preference.split_once('=')?;
        let seconds = value.trim().trim_matches('"').parse().ok()?;
        name.trim().eq_ignore_ascii_case("wait").then(|| Duration::from_secs(seconds))
    };
    preferences.flat_map(|value| value.split([',', ';'])).find_map(wait).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(values: &[&'static str]) -> u64 {
        let header = |value: &&'static str| ("prefer".parse().unwrap(), value.parse().unwrap());
        let headers: HeaderMap =
            values.iter().map(header).collect::<Vec<(axum::http::HeaderName, _)>>().into_iter().collect();
        wait_of(&headers).as_secs()
    }

    #[test]
    fn a_client_says_how_long_it_wants_to_wait() {
        assert_eq!(waits(&["wait=20"]), 20);
        assert_eq!(waits(&["respond-async, Wait = \"7\""]), 7);
        assert_eq!(waits(&["return=minimal", "wait=3"]), 3);
        for nothing in [&[][..], &["wait"], &["wait=-1"], &["wait=soon"], &["await=9"]] {
            assert_eq!(waits(nothing), 0, "{nothing:?}");
        }
    }
}
