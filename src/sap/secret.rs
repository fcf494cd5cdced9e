//! Secrets at rest: the node's key, sealed passwords, hashed passwords (docs/wire-notes.md, "Access").

mod hash;
mod key;

pub use hash::{Hasher, Turn};
pub use key::{KeyError, Keyring};

use std::fmt;

use serde::{Deserialize, Deserializer};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A password in clear, wiped when dropped. `Debug` hides it.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// Why a secret could not be made or checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The sealed text is damaged, was sealed with another key or for another user.
    #[error("a sealed secret does not open with this key; restore the key file that belongs to this store")]
    Sealed,
    /// The stored hash is damaged.
    #[error("a stored password hash is damaged; set the password anew")]
    Hash,
    /// The cipher or the random source failed, or the node is stopping.
    #[error("the cryptographic library failed")]
    Library,
    /// So many passwords wait to be hashed that this one's turn did not come in time.
    #[error("too many passwords wait to be checked; try again later")]
    Busy,
}

/// Compares without telling by its time where the difference is.
pub fn same(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

/// A password nobody can guess: 80 bits in four groups of letters and digits that a phone can type.
pub fn generate_password() -> Password {
    let letters = Zeroizing::new(crate::ident::fresh().into_string());
    let groups: Vec<&str> = (0..4).map(|n| &letters[n * 4..n * 4 + 4]).collect();
    Password(Zeroizing::new(groups.join("-")))
}

// === impl Password ===

impl Password {
    /// Takes a password.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The password itself: for the check, never for a log.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_password_is_long_and_new_each_time() {
        let (one, two) = (generate_password(), generate_password());
        assert_eq!(one.expose().len(), 19);
        assert_ne!(one.expose(), two.expose());
        assert_eq!(format!("{one:?}"), "…");
    }

    #[test]
    fn comparing_looks_at_every_byte_and_the_length() {
        assert!(same(b"abc", b"abc"));
        assert!(!same(b"abc", b"abd"));
        assert!(!same(b"abc", b"ab"));
    }
}
