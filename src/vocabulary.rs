//! The primitives and information elements of IMPS, free of any syntax.
//!
//! Three layers: the [`Element`] table, the event stream a syntax reads and writes ([`event`]), and typed
//! records ([`record`]) declared once for all syntaxes. [`Primitive`] is the list of what can be said.

pub mod access;
pub mod agreement;
pub mod attribute_list;
pub(crate) mod base64;
pub mod block;
pub mod capability;
pub mod contact_list;
pub mod conversation;
pub mod discovery;
pub mod element;
pub mod event;
pub mod extended;
pub mod group;
pub mod interop;
pub mod invitation;
pub mod list;
mod lookup;
pub mod message;
pub(crate) mod names;
pub mod notification;
pub mod party;
pub mod presence;
pub mod primitive;
pub mod property;
pub mod provider;
pub mod public_profile;
pub mod record;
pub mod retrieval;
#[cfg(test)]
pub(crate) mod sample;
pub mod search;
pub mod secret;
pub mod segment;
pub mod service;
mod settle;
pub mod status;
pub mod system_message;
pub mod user_profile;
pub mod user_session;
pub mod version;

pub use element::Element;
pub use event::{DecodeError, Event, Sink, Source};
pub use list::List;
pub use primitive::Primitive;
pub use record::{Content, Slot, Text, Value};
pub use secret::Secret;
pub use version::Version;

use serde::{Deserialize, Serialize};

/// Whether a transaction asks or answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Mode {
    /// It asks.
    Request,
    /// It answers a request with the same transaction id.
    Response,
}

impl Mode {
    /// As written on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "Request",
            Self::Response => "Response",
        }
    }
}
