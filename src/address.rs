//! `wv:` addresses of users, contact lists, groups, services and domains.
//!
//! Grammar: `wv:` \[user\] \[`/` resource\] \[`@` domain\]. Compared without case, kept in lower case,
//! written with the scheme (`docs/wire-notes.md`, "Addresses").

use std::fmt;
use std::str::FromStr;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// A provider's domain, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Domain(CompactString);

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No text at all.
    #[error("the address is empty")]
    Empty,
    /// More than one `@`.
    #[error("the address has more than one @")]
    ManyAts,
    /// A character that may not stand in the named part.
    #[error("the {part} part of the address holds a character that may not stand there")]
    Character {
        /// Which part: `user`, `resource` or `domain`.
        part: &'static str,
    },
    /// Longer than [`Address::MAX`].
    #[error("the address is longer than {} characters", Address::MAX)]
    TooLong,
}

/// An address: a user, a resource of a user, a public resource, or a domain's server.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    user: CompactString,
    resource: CompactString,
    domain: Domain,
}

// === impl Domain ===

impl Domain {
    /// The domain as text, lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `wv:@domain`: the name of the domain's server on SSP (serviceID).
    pub fn service_id(&self) -> String {
        format!("wv:@{}", self.0)
    }

    /// The domain named by a serviceID or session id: everything after its first `@`.
    pub fn of_service_id(text: &str) -> Option<Self> {
        text.trim().split_once('@').and_then(|(_, domain)| domain.parse().ok())
    }
}

impl FromStr for Domain {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if text.len() > 253 {
            return Err(AddressError::TooLong);
        }
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
        if !text.bytes().all(fits) || text.starts_with(['.', '-']) || text.contains("..") {
            return Err(AddressError::Character { part: "domain" });
        }
        Ok(Self(text.to_ascii_lowercase().into()))
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Domain {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl From<Domain> for String {
    fn from(domain: Domain) -> Self {
        domain.0.into()
    }
}

// === impl Address ===

impl Address {
    /// Characters an address may have.
    pub const MAX: usize = 512;

    /// Reads an address; one without a domain belongs to `home`. The scheme may be missing.
    pub fn parse(text: &str, home: &Domain) -> Result<Self, AddressError> {
        let text = text.trim();
        if text.len() > Self::MAX {
            return Err(AddressError::TooLong);
        }
        let rest = match text.get(..3) {
            Some(scheme) if scheme.eq_ignore_ascii_case("wv:") => &text[3..],
            _ => text,
        };
        let (local, domain) = match rest.rsplit_once('@') {
            Some((local, domain)) => (local, domain.parse()?),
            None => (rest, home.clone()),
        };
        if local.contains('@') {
            return Err(AddressError::ManyAts);
        }
        let (user, resource) = local.split_once('/').unwrap_or((local, ""));
        if user.is_empty() && resource.is_empty() && !rest.contains('@') {
            return Err(AddressError::Empty);
        }
        let number = user.strip_prefix('+').unwrap_or(user);
        let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'+' | b'<' | b'>' | b'&' | b'"');
        if !number.bytes().all(plain) {
            return Err(AddressError::Character { part: "user" });
        }
        if resource.chars().any(|c| c.is_control() || c.is_whitespace() || c == '/') {
            return Err(AddressError::Character { part: "resource" });
        }
        Ok(Self { user: user.to_lowercase().into(), resource: resource.to_lowercase().into(), domain })
    }

    /// The user of that name in a domain.
    pub fn user_at(user: &str, domain: &Domain) -> Result<Self, AddressError> {
        Self::parse(&format!("wv:{user}@{domain}"), domain)
    }

    /// The user part without scheme or domain; empty for public resources and servers.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The resource part; empty for users and servers.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The home domain.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// Whether it names a user, not a list, group or server.
    pub fn is_user(&self) -> bool {
        !self.user.is_empty() && self.resource.is_empty()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wv:{}", self.user)?;
        if !self.resource.is_empty() {
            write!(f, "/{}", self.resource)?;
        }
        write!(f, "@{}", self.domain)
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        if !text.contains('@') {
            return Err(AddressError::Character { part: "domain" });
        }
        Self::parse(&text, &Domain(CompactString::const_new("invalid")))
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> Domain {
        "North.Example".parse().unwrap()
    }

    #[test]
    fn an_address_is_normalised() {
        for text in ["wv:Alice@North.example", "alice", "WV:ALICE", "alice@north.EXAMPLE", " wv:alice "] {
            assert_eq!(Address::parse(text, &home()).unwrap().to_string(), "wv:alice@north.example", "{text}");
        }
    }

    #[test]
    fn resources_and_numbers_are_read() {
        let list = Address::parse("wv:john/My_friends@smith.com", &home()).unwrap();
        assert_eq!((list.user(), list.resource(), list.domain().as_str()), ("john", "my_friends", "smith.com"));
        let group = Address::parse("wv:/chat@server.com", &home()).unwrap();
        assert!(!group.is_user());
        assert!(Address::parse("+358401234567", &home()).unwrap().is_user());
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "wv:", "a@b@c", "a b@c", "a+b@c", "a@exa mple", "a@", "<a>@b.c"] {
            assert!(Address::parse(text, &home()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_service_id_names_its_domain() {
        assert_eq!(Domain::of_service_id("wv:@North.Example"), Some(home()));
        assert_eq!(Domain::of_service_id("s-1@north.example"), Some(home()));
        assert_eq!(Domain::of_service_id("north.example"), None);
        assert_eq!(home().service_id(), "wv:@north.example");
    }
}
