//! What is written for clients and peers; what had no place in it is counted and logged (`docs/conversions.md`).

use bytes::Bytes;
use tracing::debug;

use super::Sap;
use crate::address::Domain;
use crate::syntax::csp::{self, Message};
use crate::syntax::{Encoding, Loss, ssp};
use crate::vocabulary::interop::MetaInfo;
use crate::vocabulary::{Primitive, Version};

/// Writes what a client gets.
pub(super) fn for_client(message: &Message, encoding: Encoding) -> Bytes {
    let (bytes, losses) = csp::write_telling(message, encoding);
    for loss in &losses {
        count(loss);
        debug!(version = %message.version, ?encoding, %loss, "left out for a client");
    }
    bytes
}

impl Sap {
    /// Writes what a peer gets: a primitive that SSP has.
    pub(super) fn fragment_for(
        &self,
        peer: &Domain,
        meta: Option<&MetaInfo>,
        primitive: &Primitive,
        version: Version,
    ) -> Bytes {
        let quirks = self.relay.quirks_of(peer);
        let Some((bytes, losses)) = ssp::write_fragment_telling(meta, primitive, version, quirks) else {
            return ssp::write_fragment(meta, primitive, version);
        };
        for loss in &losses {
            count(loss);
            debug!(%peer, %loss, "left out for a peer");
        }
        bytes
    }
}

fn count(loss: &Loss) {
    metrics::counter!("postern_conversion_losses_total", "element" => loss.element.xml()).increment(1);
}
