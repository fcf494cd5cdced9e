//! Plugs the Service Access Point into the transport.

use std::sync::Arc;

use axum::http::HeaderMap;
use bytes::Bytes;

use super::shown::Shown;
use crate::sap::{Call, Sap};
use crate::syntax::{Encoding, csp};
use crate::transport::{BoxFuture, Clients, CspAnswer, CspRequest, PeerIdentity, Peers, SspAnswer};

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
            let via = self.sap.via(request.remote, request.tls, headers);
            let reply = self.sap.csp(Call { body: request.body, encoding, via }).await;
            CspAnswer { content_type: request.content_type, body: reply.body }
        })
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
