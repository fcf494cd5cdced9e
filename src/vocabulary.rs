//! The primitives and information elements of IMPS, free of any syntax.
//!
//! Three layers: the [`Element`] table, the event stream a syntax reads and writes ([`event`]), and typed
//! records ([`record`]) declared once for all syntaxes. [`Primitive`] is the list of what can be said.

pub mod access;
pub mod agreement;
pub(crate) mod base64;
pub mod block;
pub mod capability;
pub mod conversation;
pub mod element;
pub mod event;
pub mod group;
pub mod interop;
pub mod list;
mod lookup;
pub mod message;
pub(crate) mod names;
pub mod party;
pub mod primitive;
pub mod property;
pub mod record;
pub mod retrieval;
#[cfg(test)]
pub(crate) mod sample;
pub mod secret;
pub mod service;
pub mod status;
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
