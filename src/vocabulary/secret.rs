//! Text that is a credential: read and written like any other, shown to nobody.

use std::fmt;
use std::ops::Deref;

use super::{DecodeError, Element, Sink, Source, Text, Value};

/// A password, digest, cookie or session id. `Debug` hides it.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Secret(Text);

impl Secret {
    /// The text itself: for the wire and the check, never for a log.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Deref for Secret {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<Text> for Secret {
    fn from(text: Text) -> Self {
        Self(text)
    }
}

impl From<Secret> for Text {
    fn from(secret: Secret) -> Self {
        secret.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Value for Secret {
    fn decode<'a>(of: Element, from: &mut impl Source<'a>) -> Result<Self, DecodeError> {
        Text::decode(of, from).map(Self)
    }
    fn encode(&self, to: &mut impl Sink) {
        to.text(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Some(Secret::from("pw"))), "Some(…)");
    }
}
