//! base64 as it is found: with white space and without padding.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Text from the field lacks its padding now and then.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The bytes, or `None` if the text is no base64.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let compact: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    LENIENT.decode(compact).ok()
}

/// The text, padded, in one line.
pub(crate) fn encode(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_missing_padding_are_tolerated() {
        for text in ["SGVsbG8=", "SGVsbG8", " SGVs\r\n bG8= \n"] {
            assert_eq!(decode(text).unwrap(), b"Hello", "{text:?}");
        }
        assert_eq!(decode(""), Some(Vec::new()));
        assert_eq!(decode("S"), None);
        assert_eq!(decode("SGV*"), None);
        assert_eq!(encode(b"Hello"), "SGVsbG8=");
    }
}
