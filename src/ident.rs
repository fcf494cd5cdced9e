//! Identifiers nobody can guess, and how much of them may be seen.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// 128 random bits in 26 lower-case base32 letters, from the operating system's generator.
pub fn fresh() -> CompactString {
    base32(rand::random())
}

/// 26 lower-case base32 letters for 128 bits.
pub fn base32(mut bits: u128) -> CompactString {
    let mut text = CompactString::with_capacity(26);
    for _ in 0..26 {
        text.push(char::from(ALPHABET[(bits & 31) as usize]));
        bits >>= 5;
    }
    text
}

/// Half of the SHA-256 of some bytes: tells contents apart, the same in every run.
pub fn fingerprint(bytes: &[u8]) -> u128 {
    let hash = Sha256::digest(bytes);
    hash.iter().take(16).fold(0, |all, byte| all << 8 | u128::from(*byte))
}

/// A session id: whoever knows it can speak for the session, so it is a credential on the wire.
///
/// `Display` and `Debug` show the first six characters and `…`; only [`SessionId::expose`] shows all.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(CompactString);

impl SessionId {
    /// Takes an id read from the wire or the store.
    pub fn new(text: impl Into<CompactString>) -> Self {
        Self(text.into())
    }

    /// The whole id: for the wire and the store, never for a log or an answer of the admin address.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.0.chars().take(6).collect();
        write!(f, "{shown}…")
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_id_shows_six_characters() {
        let id = SessionId::new("abcdefghijkl@north.example");
        assert_eq!(id.to_string(), "abcdef…");
        assert_eq!(format!("{id:?}"), "abcdef…");
    }

    #[test]
    fn fresh_ids_differ_and_need_no_escaping() {
        let (one, two) = (fresh(), fresh());
        assert_ne!(one, two);
        assert_eq!(one.len(), 26);
        assert!(one.bytes().all(|b| ALPHABET.contains(&b)));
    }
}
