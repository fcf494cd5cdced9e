//! What the provider tells: about itself, and maps (IMPS 1.3 architecture, C.5 and C.8.10).

use super::party::ClientId;
use super::presence::PresenceSubList;
use super::record::record;
use super::status::Outcome;
use super::{Content, Text};

record! {
    /// Asks who the provider is.
    pub struct GetSpInfoRequest {
        /// The client.
        client: Option<ClientId> = ClientId,
    }

    /// Who the provider is.
    pub struct GetSpInfoResponse {
        /// The outcome (SSP only; on CSP a failure is a `Status`).
        outcome: Option<Outcome> = Result @ SSP_ONLY,
        /// Echo of the request.
        client: Option<ClientId> = ClientId,
        /// Its name.
        name: Option<Text> = Name,
        /// Its logo.
        logo: Option<Picture> = Logo,
        /// Some words.
        description: Option<Text> = Description,
        /// Its pages.
        url: Option<Text> = Url,
    }

    /// A picture: `Logo`, `Map`.
    pub struct Picture {
        /// MIME type.
        content_type: Option<Text> = ContentType,
        /// Size as sent, bytes; never trusted.
        size: Option<u32> = ContentSize,
        /// `BASE64` or `None`; absent = None.
        encoding: Option<Text> = ContentEncoding,
        /// The picture itself.
        content: Option<Content> = ContentData,
    }

    /// Asks for a map of where a friend or a place is (1.3).
    pub struct GetMapRequest {
        /// The friend, who must have authorised that he is located.
        user: Option<Text> = UserId,
        /// The place: `Address` or `GeoLocation`.
        place: Option<PresenceSubList> = PresenceSubList,
    }

    /// The map (1.3).
    pub struct GetMapResponse {
        /// The outcome (SSP only; on CSP a failure is a `Status`).
        outcome: Option<Outcome> = Result @ SSP_ONLY,
        /// The map itself.
        map: Option<Picture> = Map,
        /// Where it lies.
        url: Option<Text> = Url,
    }
}
