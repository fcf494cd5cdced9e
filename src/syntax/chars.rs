//! Characters: encodings of documents, repairs of broken UTF-8, and what XML 1.0 may hold.

use std::borrow::Cow;

use encoding_rs::Encoding as Charset;

use crate::vocabulary::DecodeError;

/// UTF-8 as it should be, or with characters beyond the BMP as two surrogates of three bytes each (some phones
/// send that); a surrogate without its pair becomes U+FFFD.
pub(super) fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, DecodeError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(_) => repaired(bytes).map(Cow::Owned),
    }
}

fn repaired(mut bytes: &[u8]) -> Result<String, DecodeError> {
    let mut text = String::with_capacity(bytes.len());
    loop {
        let fault = match std::str::from_utf8(bytes) {
            Ok(rest) => {
                text.push_str(rest);
                return Ok(text);
            }
            Err(fault) => fault,
        };
        let (good, bad) = bytes.split_at(fault.valid_up_to());
        text.push_str(std::str::from_utf8(good).unwrap_or_default());
        let (unit, rest) = surrogate(bad).ok_or_else(|| DecodeError::Malformed("the text is no UTF-8".into()))?;
        bytes = rest;
        let pair = if (0xD800..0xDC00).contains(&unit) { surrogate(rest) } else { None };
        match pair.and_then(|(low, rest)| joined(unit, low).map(|c| (c, rest))) {
            Some((character, rest)) => {
                text.push(character);
                bytes = rest;
            }
            None => text.push(char::REPLACEMENT_CHARACTER),
        }
    }
}

/// A UTF-16 surrogate written in three bytes at the start of `bytes`.
fn surrogate(bytes: &[u8]) -> Option<(u32, &[u8])> {
    match bytes {
        [0xED, b @ 0xA0..=0xBF, c @ 0x80..=0xBF, rest @ ..] => {
            Some((0xD000 | u32::from(b & 0x3F) << 6 | u32::from(c & 0x3F), rest))
        }
        _ => None,
    }
}

/// The character of a surrogate pair, if the second is a low surrogate.
pub(super) fn joined(high: u32, low: u32) -> Option<char> {
    let low = low.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
    char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + low)
}

/// The characters of a whole XML document: its byte order mark or declaration says how they are written; UTF-8
/// otherwise. White space before the document is cut.
pub(super) fn document(bytes: &[u8]) -> Result<Cow<'_, str>, DecodeError> {
    let text = match (Charset::for_bom(bytes), bytes) {
        (Some((charset, mark)), _) if charset == encoding_rs::UTF_8 => utf8(bytes.get(mark..).unwrap_or_default())?,
        (Some((charset, _)), _) => converted(charset, bytes)?,
        (None, [b'<', 0, ..]) => converted(encoding_rs::UTF_16LE, bytes)?,
        (None, [0, b'<', ..]) => converted(encoding_rs::UTF_16BE, bytes)?,
        (None, _) => match declared(bytes) {
            None | Some(b"UTF-8") => utf8(bytes)?,
            Some(label) => match Charset::for_label(label) {
                // A document in bytes can't be UTF-16; whoever says so forgot to change the declaration.
                Some(charset) if charset == encoding_rs::UTF_8 || !charset.is_ascii_compatible() => utf8(bytes)?,
                Some(charset) => converted(charset, bytes)?,
                None => {
                    let label: String = String::from_utf8_lossy(label).chars().take(32).collect();
                    return Err(DecodeError::Unsupported(format!("the encoding {label}")));
                }
            },
        },
    };
    Ok(match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_start_matches(is_space)),
        Cow::Owned(text) if text.starts_with(is_space) => Cow::Owned(text.trim_start_matches(is_space).to_owned()),
        owned @ Cow::Owned(_) => owned,
    })
}

fn converted<'a>(charset: &'static Charset, bytes: &'a [u8]) -> Result<Cow<'a, str>, DecodeError> {
    let (text, used, broken) = charset.decode(bytes);
    if broken {
        return Err(DecodeError::Malformed(format!("the text is no {}", used.name())));
    }
    Ok(text)
}

/// The encoding that an XML declaration names.
pub(super) fn declared(bytes: &[u8]) -> Option<&[u8]> {
    if bytes.starts_with(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>") {
        return Some(b"UTF-8");
    }
    let start = bytes.iter().position(|b| !b.is_ascii_whitespace())?;
    let declaration = bytes.get(start..)?.strip_prefix(b"<?xml")?;
    let end = declaration.iter().take(256).position(|b| *b == b'>')?;
    let declaration = declaration.get(..end)?;
    let at = declaration.windows(8).position(|w| w == b"encoding")?;
    let value = declaration.get(at + 8..)?.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, value) = value.split_first().filter(|(quote, _)| matches!(**quote, b'"' | b'\''))?;
    value.get(..value.iter().position(|b| b == quote)?)
}

/// The white space of XML.
pub(super) const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// Whether XML 1.0 may hold the character, be it as a reference.
pub(crate) const fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{1_0000}'..)
}

/// What a text holds somewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Holds {
    /// A return: line ends have to be made one character.
    pub(super) returns: bool,
    /// A tab, line feed or return: blanks in values of attributes.
    pub(super) breaks: bool,
    /// A closing bracket, perhaps one of `]]>`.
    pub(super) brackets: bool,
}

/// Looks at a whole text; `None` if it holds a character that XML 1.0 cannot.
pub(super) fn holds(text: &str) -> Option<Holds> {
    let bytes = text.as_bytes();
    // Without branches, so that it is done for many bytes at once; and mostly that is all.
    let special = bytes.iter().fold(false, |found, b| found | (b.cast_signed() < 0x20) | (*b == b']'));
    if special { look(text) } else { Some(Holds::default()) }
}

fn look(text: &str) -> Option<Holds> {
    let bytes = text.as_bytes();
    let controls =
        bytes.iter().fold(false, |found, b| found | ((*b < 0x20) & (*b != b'\t') & (*b != b'\n') & (*b != b'\r')));
    let has = |sought: u8| bytes.iter().fold(false, |found, b| found | (*b == sought));
    if controls || (has(0xEF) && text.contains(['\u{FFFE}', '\u{FFFF}'])) {
        return None;
    }
    let breaks = bytes.iter().fold(false, |found, b| found | (*b < 0x20));
    Some(Holds { returns: breaks && has(b'\r'), breaks, brackets: has(b']') })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surrogate_pairs_of_three_bytes_each_become_one_character() {
        assert_eq!(utf8(b"a\xED\xA0\xBD\xED\xB8\x80b").unwrap(), "a\u{1F600}b");
        assert_eq!(utf8(b"a\xED\xA0\xBDb").unwrap(), "a\u{FFFD}b");
        assert_eq!(utf8(b"\xED\xB8\x80\xED\xA0\xBD").unwrap(), "\u{FFFD}\u{FFFD}");
        assert_eq!(utf8(b"\xED\xA0\xBD\xED\xA0\xBD\xED\xB8\x80").unwrap(), "\u{FFFD}\u{1F600}");
        assert!(utf8(b"a\xFF").is_err());
        assert!(utf8(b"\xED\xA0").is_err());
    }

    #[test]
    fn a_document_says_its_encoding() {
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xE9</a>";
        assert!(document(latin).unwrap().ends_with("<a>\u{e9}</a>"));
        let mut wide = vec![0xFF, 0xFE];
        wide.extend("<a>\u{20AC}</a>".encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(document(&wide).unwrap(), "<a>\u{20AC}</a>");
        assert_eq!(document(&wide[2..]).unwrap(), "<a>\u{20AC}</a>");
        assert_eq!(document(b"\xEF\xBB\xBF \r\n<a/>").unwrap(), "<a/>");
        assert_eq!(
            document(b"<?xml version='1.0' encoding='KOI-9'?><a/>"),
            Err(DecodeError::Unsupported("the encoding KOI-9".into()))
        );
    }

    #[test]
    fn what_xml_may_hold() {
        let all = holds("a\tb\r\n\u{E9}\u{FFFD}]\u{1F600}");
        assert_eq!(all, Some(Holds { returns: true, breaks: true, brackets: true }));
        assert_eq!(holds("a\nb"), Some(Holds { breaks: true, ..Holds::default() }));
        assert_eq!(holds("a\u{E9}]\u{7F}"), Some(Holds { brackets: true, ..Holds::default() }));
        assert_eq!(holds("plain <text>"), Some(Holds::default()));
        for text in ["\0", "a\u{1}", "\u{FFFE}", "\u{FFFF}"] {
            assert!(holds(text).is_none() && !text.chars().all(is_legal), "{text:?}");
        }
    }
}
