//! What differs between the versions of a syntax: namespaces and public identifiers
//! (`docs/wire-notes.md`, "Namespaces").

use crate::vocabulary::{DecodeError, Element, Version};

/// What a namespace or public identifier says about the version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// A version spoken here.
    Spoken(Version),
    /// Another version.
    Foreign(u8, u8),
}

impl Told {
    /// The version, or why not.
    pub(super) fn spoken(self, family: &str) -> Result<Version, DecodeError> {
        match self {
            Self::Spoken(version) => Ok(version),
            Self::Foreign(major, minor) => Err(DecodeError::Unsupported(format!("{family} {major}.{minor}"))),
        }
    }
}

/// The elements a document of CSP begins with.
macro_rules! root {
    () => {
        Element::WvCspMessage | Element::VersionDiscoveryRequest | Element::VersionDiscoveryResponse
    };
}

/// The namespace CSP binds on an element, if it binds one.
pub(super) const fn namespace(element: Element, version: Version) -> Option<&'static str> {
    Some(match (element, version) {
        (root!(), Version::V11) => "http://www.wireless-village.org/CSP1.1",
        (root!(), Version::V12) => "http://www.openmobilealliance.org/DTD/WV-CSP1.2",
        (root!(), Version::V13) => "http://www.openmobilealliance.org/DTD/IMPS-CSP1.3",
        (Element::TransactionContent, Version::V11) => "http://www.wireless-village.org/TRC1.1",
        (Element::TransactionContent, Version::V12) => "http://www.openmobilealliance.org/DTD/WV-TRC1.2",
        (Element::TransactionContent, Version::V13) => "http://www.openmobilealliance.org/DTD/IMPS-TRC1.3",
        (Element::PresenceSubList, Version::V11) => "http://www.wireless-village.org/PA1.1",
        (Element::PresenceSubList, Version::V12) => "http://www.openmobilealliance.org/DTD/WV-PA1.2",
        (Element::PresenceSubList, Version::V13) => "http://www.openmobilealliance.org/DTD/IMPS-PA1.3",
        _ => return None,
    })
}

/// The namespace of SSP.
pub(super) const fn ssp_namespace(version: Version) -> &'static str {
    match version {
        Version::V11 => "http://www.wireless-village.org/SSP1.1",
        Version::V12 => "http://www.openmobilealliance.org/DTD/WV-SSP1.2",
        Version::V13 => "http://www.openmobilealliance.org/DTD/WV-SSP1.3",
    }
}

/// The namespaces WBXML has attribute tokens for: the token and what it stands for, up to the version's digits.
pub(super) const PREFIXES: [(u8, &str); 9] = [
    (0x05, "http://www.wireless-village.org/CSP"),
    (0x06, "http://www.wireless-village.org/PA"),
    (0x07, "http://www.wireless-village.org/TRC"),
    (0x08, "http://www.openmobilealliance.org/DTD/WV-CSP"),
    (0x09, "http://www.openmobilealliance.org/DTD/WV-PA"),
    (0x0A, "http://www.openmobilealliance.org/DTD/WV-TRC"),
    (0x0B, "http://www.openmobilealliance.org/DTD/IMPS-CSP"),
    (0x0C, "http://www.openmobilealliance.org/DTD/IMPS-PA"),
    (0x0D, "http://www.openmobilealliance.org/DTD/IMPS-TRC"),
];

/// What the digits after `family` (`CSP`, `SSP`) say, as in `…/WV-CSP1.2` or `-//OMA//DTD WV-CSP 1.2//EN`.
pub(super) fn told(name: &str, family: &str) -> Option<Told> {
    let mut parts = name.as_bytes().windows(family.len()).rev();
    let after = parts.position(|part| part.eq_ignore_ascii_case(family.as_bytes()))?;
    let at = name.len() - family.len() - after;
    let digits = name.get(at + family.len()..)?.trim_start();
    let digits = digits.get(..digits.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(digits.len()))?;
    if let Some(version) = Version::from_digits(digits) {
        return Some(Told::Spoken(version));
    }
    let (major, minor) = digits.split_once('.')?;
    Some(Told::Foreign(major.parse().ok()?, minor.parse().ok()?))
}

/// What a numeric public identifier of WBXML says.
pub(super) const fn told_by_number(id: u32) -> Option<Told> {
    match id {
        0x0F => Some(Told::Foreign(1, 0)),
        0x10 => Some(Told::Spoken(Version::V11)),
        0x11 => Some(Told::Spoken(Version::V12)),
        0x12 => Some(Told::Spoken(Version::V13)),
        _ => None,
    }
}

/// The numeric public identifier of a version.
pub(super) const fn public_id(version: Version) -> u8 {
    match version {
        Version::V11 => 0x10,
        Version::V12 => 0x11,
        Version::V13 => 0x12,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_versions() {
        use Told::{Foreign, Spoken};
        let cases = [
            ("http://www.wireless-village.org/CSP1.1", "CSP", Some(Spoken(Version::V11))),
            ("http://www.openmobilealliance.org/WV-CSP1.2", "CSP", Some(Spoken(Version::V12))),
            ("http://www.openmobilealliance.org/DTD/IMPS-CSP1.3", "CSP", Some(Spoken(Version::V13))),
            ("-//OMA//DTD IMPS-CSP 1.2//EN", "CSP", Some(Spoken(Version::V12))),
            ("-//WIRELESSVILLAGE//DTD CSP 1.1//EN", "CSP", Some(Spoken(Version::V11))),
            ("http://www.wireless-village.org/CSP1.0", "CSP", Some(Foreign(1, 0))),
            ("http://www.openmobilealliance.org/DTD/IMPS-SSP1.3", "SSP", Some(Spoken(Version::V13))),
            ("http://www.w3.org/2001/XMLSchema", "CSP", None),
            ("CSP", "CSP", None),
            ("", "CSP", None),
        ];
        for (name, family, told_version) in cases {
            assert_eq!(told(name, family), told_version, "{name}");
        }
    }

    #[test]
    fn every_namespace_has_a_token_and_digits() {
        for version in Version::ALL {
            for element in [Element::WvCspMessage, Element::TransactionContent, Element::PresenceSubList] {
                let uri = namespace(element, version).unwrap();
                let prefix = uri.strip_suffix(version.as_str()).unwrap();
                assert!(PREFIXES.iter().any(|(_, known)| *known == prefix), "{uri}");
            }
        }
    }
}
