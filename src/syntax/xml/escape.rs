//! Escaping and references.

use std::borrow::Cow;

use crate::syntax::chars::is_legal;
use crate::vocabulary::DecodeError;

/// Where characters are written: what must be escaped differs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::syntax) enum Place {
    /// Between tags.
    Text,
    /// In a value in double quotes.
    Attribute,
}

/// The bytes that may have to be written otherwise.
static SPECIAL: [bool; 256] = special();

const fn special() -> [bool; 256] {
    let mut special = [false; 256];
    let mut b = 0;
    while b < 256 {
        special[b] = matches!(b as u8, b'&' | b'<' | b'>' | b'"' | 0..=0x1F | 0xEF);
        b += 1;
    }
    special
}

/// Writes text so that a reader gets the same characters back. What XML 1.0 cannot hold at all (control
/// characters, U+FFFE and U+FFFF) becomes U+FFFD.
pub(in crate::syntax) fn escape(text: &str, place: Place, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|b| SPECIAL[usize::from(*b)]) {
        let (plain, from) = rest.split_at(at);
        out.extend_from_slice(plain);
        let (written, length): (&[u8], usize) = match (from, place) {
            ([b'&', ..], _) => (b"&amp;", 1),
            ([b'<', ..], _) => (b"&lt;", 1),
            ([b'>', ..], _) => (b"&gt;", 1),
            ([b'"', ..], Place::Attribute) => (b"&quot;", 1),
            ([b'\r', ..], _) => (b"&#13;", 1),
            ([b'\n', ..], Place::Attribute) => (b"&#10;", 1),
            ([b'\t', ..], Place::Attribute) => (b"&#9;", 1),
            ([b @ (b'"' | b'\n' | b'\t'), ..], Place::Text) => (std::slice::from_ref(b), 1),
            ([0xEF, 0xBF, 0xBE | 0xBF, ..], _) => ("\u{FFFD}".as_bytes(), 3),
            ([b @ 0xEF, ..], _) => (std::slice::from_ref(b), 1),
            _ => ("\u{FFFD}".as_bytes(), 1),
        };
        out.extend_from_slice(written);
        rest = from.get(length..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

/// Bytes that [`escape`] writes between tags for a character that XML can hold.
pub(in crate::syntax) const fn escaped_length(char: char) -> usize {
    match char {
        '&' | '\r' => 5,
        '<' | '>' => 4,
        other => other.len_utf8(),
    }
}

/// The character that a reference `&name;` stands for.
pub(in crate::syntax) fn resolve(name: &str) -> Result<Cow<'static, str>, DecodeError> {
    let known = match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => {
            let number = name.strip_prefix('#').and_then(|number| match number.strip_prefix('x') {
                Some(hex) => digits(hex, 16),
                None => digits(number, 10),
            });
            return match number.and_then(char::from_u32).filter(|c| is_legal(*c)) {
                Some(character) => Ok(Cow::Owned(character.to_string())),
                None => {
                    let name: String = name.chars().take(32).collect();
                    Err(DecodeError::Malformed(format!("the reference &{name}; stands for nothing")))
                }
            };
        }
    };
    Ok(Cow::Borrowed(known))
}

fn digits(text: &str, radix: u32) -> Option<u32> {
    text.chars().all(|c| c.is_digit(radix)).then(|| u32::from_str_radix(text, radix).ok()).flatten()
}

/// The value of an attribute as a reader sees it: references resolved, white space made plain.
pub(in crate::syntax) fn unescape(raw: &str) -> Result<Cow<'_, str>, DecodeError> {
    if !raw.bytes().any(|b| matches!(b, b'&' | b'\t' | b'\n' | b'\r')) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['&', '\t', '\n', '\r']) {
        let (plain, from) = rest.split_at(at);
        value.push_str(plain);
        rest = match from.strip_prefix('&') {
            Some(from) => {
                let (name, rest) = from
                    .split_once(';')
                    .ok_or_else(|| DecodeError::Malformed("a reference in an attribute has no end".into()))?;
                value.push_str(&resolve(name)?);
                rest
            }
            None => {
                value.push(' ');
                from.strip_prefix("\r\n").or_else(|| from.get(1..)).unwrap_or_default()
            }
        };
    }
    value.push_str(rest);
    Ok(Cow::Owned(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str, place: Place) -> String {
        let mut out = Vec::new();
        escape(text, place, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn escaped_text_is_well_formed() {
        assert_eq!(
            escaped("a<b>&\"c\"\r\n\t\u{1}\u{FFFF}\u{FEFF}", Place::Text),
            "a&lt;b&gt;&amp;\"c\"&#13;\n\t\u{FFFD}\u{FFFD}\u{FEFF}"
        );
        assert_eq!(escaped("\"\n\t\r<", Place::Attribute), "&quot;&#10;&#9;&#13;&lt;");
    }

    #[test]
    fn values_come_back() {
        for value in ["", "plain", "a&b<c>\"'", "tab\tline\nreturn\r", "\u{FEFF}\u{1F600}"] {
            assert_eq!(unescape(&escaped(value, Place::Attribute)).unwrap(), value);
        }
        assert_eq!(unescape("a\r\nb\nc").unwrap(), "a b c");
        for bad in ["&", "&amp", "&nbsp;", "&#0;", "&#xD800;", "&#+65;", "&#;", "&;", "&#99999999999;"] {
            assert!(unescape(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_length_of_a_character_is_what_is_written_for_it() {
        for char in ('\0'..=char::MAX).filter(|char| is_legal(*char)) {
            let mut out = Vec::new();
            escape(char.encode_utf8(&mut [0; 4]), Place::Text, &mut out);
            assert_eq!(escaped_length(char), out.len(), "{char:?}");
        }
    }
}
