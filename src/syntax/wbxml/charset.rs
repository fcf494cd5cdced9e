//! Character sets of WBXML strings, by their number in the IANA registry.

use std::borrow::Cow;
use std::ffi::CStr;

use encoding_rs::Encoding as Charset;

use crate::syntax::chars::utf8;
use crate::vocabulary::DecodeError;

/// How the strings of a document are written.
#[derive(Clone, Copy, Debug)]
pub(in crate::syntax) enum Strings {
    /// UTF-8, or near it.
    Utf8,
    /// One of the old sets; a NUL byte ends a string.
    Old(&'static Charset),
    /// UTF-16; two NUL bytes end a string.
    Wide(&'static Charset),
}

impl Strings {
    /// The set with a number; 0 means unknown and is read as UTF-8.
    pub(in crate::syntax) fn new(number: u32) -> Result<Self, DecodeError> {
        let label: &[u8] = match number {
            0 | 3 | 106 => return Ok(Self::Utf8),
            1000 | 1013 | 1015 => return Ok(Self::Wide(encoding_rs::UTF_16BE)),
            1014 => return Ok(Self::Wide(encoding_rs::UTF_16LE)),
            4 => b"iso-8859-1",
            5 => b"iso-8859-2",
            6 => b"iso-8859-3",
            7 => b"iso-8859-4",
            8 => b"iso-8859-5",
            9 => b"iso-8859-6",
            10 => b"iso-8859-7",
            11 => b"iso-8859-8",
            12 => b"iso-8859-9",
            13 => b"iso-8859-10",
            17 => b"shift_jis",
            18 => b"euc-jp",
            38 => b"euc-kr",
            109 => b"iso-8859-13",
            110 => b"iso-8859-14",
            111 => b"iso-8859-15",
            112 => b"iso-8859-16",
            113 => b"gbk",
            114 => b"gb18030",
            2025 => b"gb2312",
            2026 => b"big5",
            2084 => b"koi8-r",
            2088 => b"koi8-u",
            2250 => b"windows-1250",
            2251 => b"windows-1251",
            2252 => b"windows-1252",
            2253 => b"windows-1253",
            2254 => b"windows-1254",
            2255 => b"windows-1255",
            2256 => b"windows-1256",
            2257 => b"windows-1257",
            2258 => b"windows-1258",
            _ => b"",
        };
        match Charset::for_label(label) {
            Some(charset) => Ok(Self::Old(charset)),
            None => Err(DecodeError::Unsupported(format!("character set {number}"))),
        }
    }

    /// The bytes of the string that begins here, without its end; `None` if it has none.
    pub(in crate::syntax) fn terminated(self, bytes: &[u8]) -> Option<(&[u8], usize)> {
        match self {
            Self::Utf8 | Self::Old(_) => {
                let text = CStr::from_bytes_until_nul(bytes).ok()?.to_bytes();
                Some((text, text.len() + 1))
            }
            Self::Wide(_) => {
                let units = bytes.chunks_exact(2).position(|unit| unit == [0, 0])?;
                Some((bytes.get(..units * 2)?, units * 2 + 2))
            }
        }
    }

    /// The characters of a string; one of UTF-16 may say its byte order.
    pub(in crate::syntax) fn text<'a>(self, bytes: &'a [u8]) -> Result<Cow<'a, str>, DecodeError> {
        match (self, bytes) {
            (Self::Utf8, _) => utf8(bytes),
            (Self::Wide(_), [0xFE, 0xFF, rest @ ..]) => Self::Old(encoding_rs::UTF_16BE).text(rest),
            (Self::Wide(_), [0xFF, 0xFE, rest @ ..]) => Self::Old(encoding_rs::UTF_16LE).text(rest),
            (Self::Old(charset) | Self::Wide(charset), _) => {
                match charset.decode_without_bom_handling_and_without_replacement(bytes) {
                    Some(text) => Ok(text),
                    None => Err(DecodeError::Malformed(format!("a string is no {}", charset.name()))),
                }
            }
        }
    }
}
