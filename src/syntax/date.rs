//! Dates and times in their three forms: ISO 8601 basic (CSP), extended (SSP) and six bytes (WBXML).

use std::fmt::Write as _;

/// A date and time of the calendar with its zone as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Date<'a> {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    /// `Z`, a military letter, an offset as written, or nothing.
    zone: &'a str,
}

const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

impl<'a> Date<'a> {
    /// Reads the basic or the extended form, or a mixture of both.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut rest = text.trim();
        let year = number(&mut rest, 4)?;
        let mut part = |before: &str| {
            rest = rest.strip_prefix(|c| before.contains(c)).unwrap_or(rest);
            number(&mut rest, 2).and_then(|n| u8::try_from(n).ok())
        };
        let (month, day) = (part("-")?, part("-")?);
        let (hour, minute) = (part("Tt ")?, part(":")?);
        let second = part(":").unwrap_or(0);
        let zone = match rest.strip_prefix('.') {
            // Fractions of a second are not kept.
            Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
            None => rest,
        };
        let fits = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61;
        let zoned = match zone.as_bytes() {
            [] => true,
            [letter] => letter.is_ascii_alphabetic(),
            [b'+' | b'-', offset @ ..] => offset.len() <= 5 && offset.iter().all(|b| b.is_ascii_digit() || *b == b':'),
            _ => false,
        };
        (fits && zoned).then_some(Self { year, month, day, hour, minute, second, zone })
    }

    /// `20010925T165859Z`; a zone is kept as written.
    pub(super) fn basic(&self) -> String {
        let mut text = String::with_capacity(16);
        let Self { year, month, day, hour, minute, second, zone } = self;
        // Writing into a string cannot fail.
        let _ = write!(text, "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}{zone}");
        text
    }

    /// `2001-09-25T16:58:59Z`; a zone is kept as written, none is taken for UTC.
    pub(super) fn extended(&self) -> String {
        let mut text = String::with_capacity(20);
        let Self { year, month, day, hour, minute, second, .. } = self;
        let zone = if self.zone.is_empty() { "Z" } else { self.zone };
        let _ = write!(text, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}");
        text
    }
}

impl Date<'static> {
    /// Reads the six bytes: two bits unused, year 12, month 4, day 5, hour 5, minute 6, second 6, zone letter 8.
    pub(super) fn unpack(bytes: &[u8]) -> Option<Self> {
        let [a, b, c, d, e, letter] = *<&[u8; 6]>::try_from(bytes).ok()?;
        let bits = [a, b, c, d, e].iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let field = |shift: u32, width: u32| (bits >> shift & ((1 << width) - 1)) as u8;
        let zone = match letter.to_ascii_uppercase() {
            0 => "Z",
            letter => {
                let at = usize::from(letter.checked_sub(b'A')?);
                LETTERS.get(at..=at)?
            }
        };
        Some(Self {
            year: (bits >> 26 & 0xFFF) as u16,
            month: field(22, 4),
            day: field(17, 5),
            hour: field(12, 5),
            minute: field(6, 6),
            second: field(0, 6),
            zone,
        })
    }
}

fn number(rest: &mut &str, digits: usize) -> Option<u16> {
    let (number, after) = rest.split_at_checked(digits)?;
    if !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    *rest = after;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_are_read() {
        for text in ["20010925T165859Z", "2001-09-25T16:58:59Z", " 2001-09-25 16:58:59.123Z "] {
            let date = Date::parse(text).unwrap();
            assert_eq!(date.basic(), "20010925T165859Z");
            assert_eq!(date.extended(), "2001-09-25T16:58:59Z");
        }
        assert_eq!(Date::parse("20010925T1340Z").unwrap().extended(), "2001-09-25T13:40:00Z");
        assert_eq!(Date::parse("20010925T134000+02:00").unwrap().extended(), "2001-09-25T13:40:00+02:00");
        assert_eq!(Date::parse("20010925T134000").unwrap().basic(), "20010925T134000");
    }

    #[test]
    fn six_bytes_are_read() {
        let date = Date::unpack(&[0x1F, 0x46, 0x73, 0x0E, 0xBB, 0x5A]).unwrap();
        assert_eq!(date.basic(), "20010925T165859Z");
        assert_eq!(Date::unpack(&[0x1F, 0x46, 0x73, 0x0E, 0xBB, 0x00]).unwrap().basic(), "20010925T165859Z");
        assert_eq!(Date::unpack(&[0x1F, 0x46, 0x73, 0x0E, 0xBB, 0x01]), None);
        assert_eq!(Date::unpack(&[0x1F]), None);
    }

    #[test]
    fn nonsense_is_no_date() {
        for text in ["", "yesterday", "20011325T165859Z", "20010925", "20010925T1", "20010925T165859Zulu", "2001é"] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }
}
