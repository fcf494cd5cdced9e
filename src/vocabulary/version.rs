//! Versions of the protocol family.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A version of CSP and SSP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Version {
    /// Wireless Village 1.1.
    #[serde(rename = "1.1")]
    V11,
    /// OMA IMPS 1.2; assumed where nothing tells (`docs/wire-notes.md`).
    #[default]
    #[serde(rename = "1.2")]
    V12,
    /// OMA IMPS 1.3.
    #[serde(rename = "1.3")]
    V13,
}

/// A range of versions a field is written in.
type Range = std::ops::RangeInclusive<Version>;

/// 1.1 alone.
pub(super) const ONLY_11: Range = Version::V11..=Version::V11;
/// 1.3 alone.
pub(super) const ONLY_13: Range = Version::V13..=Version::V13;
/// 1.1 and 1.2.
pub(super) const UNTIL_12: Range = Version::V11..=Version::V12;
/// 1.2 and 1.3.
pub(super) const SINCE_12: Range = Version::V12..=Version::V13;
/// No version of CSP: the field is SSP's.
pub(super) const SSP_ONLY: Range = Version::V13..=Version::V11;

/// No version at all: the form is read, never written.
pub(super) const READ_ONLY: Range = Version::V13..=Version::V11;

impl Version {
    /// Every version, oldest first.
    pub const ALL: [Self; 3] = [Self::V11, Self::V12, Self::V13];

    /// `1.1`, `1.2` or `1.3`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V11 => "1.1",
            Self::V12 => "1.2",
            Self::V13 => "1.3",
        }
    }

    /// The version named by its digits.
    pub fn from_digits(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.as_str() == text)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
