//! Numbers, spans of time and sizes.

use std::borrow::Cow;
use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use super::{Form, Kind, from_text, mistyped};
use crate::config::reader::At;

/// A size in bytes: `262144`, `"256 KiB"`, `"1 MiB"`.
pub(in crate::config) struct Bytes;

const SPANS: [(&str, u64); 7] =
    [("ms", 1), ("s", 1000), ("min", 60_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000)];

const SIZES: [(&str, u64); 7] =
    [("", 1), ("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("kB", 1000), ("MB", 1_000_000)];

/// Reads `5s`, `300ms`, `1h 30m`, `0`.
fn duration(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err("it is empty".into());
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().map_err(|_| "a whole number with a unit".to_owned())?;
        rest = rest[digits..].trim_start();
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = &rest[..letters];
        rest = rest[letters..].trim_start();
        let (_, factor) = SPANS.iter().find(|(name, _)| *name == unit).ok_or("the units are ms, s, m, h, d and w")?;
        total = number.checked_mul(*factor).and_then(|n| total.checked_add(n)).ok_or("it is too long")?;
    }
    Ok(Duration::from_millis(total))
}

fn show_duration(value: Duration) -> String {
    let millis = u64::try_from(value.as_millis()).unwrap_or(u64::MAX);
    let fits = |factor: u64| millis > 0 && millis.is_multiple_of(factor);
    let (unit, factor) = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)]
        .into_iter()
        .find(|(_, factor)| fits(*factor))
        .unwrap_or(("ms", 1));
    format!("\"{}{unit}\"", millis / factor)
}

/// Reads `256 KiB`, `1MiB`, `4096`.
fn size(text: &str) -> Result<usize, String> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text[..digits].parse().map_err(|_| "a whole number, perhaps with a unit".to_owned())?;
    let unit = text[digits..].trim();
    let (_, factor) =
        SIZES.iter().find(|(name, _)| *name == unit).ok_or("the units are B, KiB, MiB, GiB, kB and MB")?;
    let bytes = number.checked_mul(*factor).and_then(|n| usize::try_from(n).ok()).ok_or("it is too large")?;
    if bytes == 0 { Err("it must be more than 0".into()) } else { Ok(bytes) }
}

fn positive(value: &Spanned<DeValue<'_>>) -> Option<u64> {
    let DeValue::Integer(number) = value.get_ref() else { return None };
    u64::from_str_radix(number.as_str(), number.radix()).ok().filter(|n| *n > 0)
}

// === impl Kind ===

impl Kind for Duration {
    type Value = Self;
    fn name() -> Cow<'static, str> {
        "duration".into()
    }
    fn example() -> String {
        "\"30s\"".into()
    }
    fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<Self> {
        match value.get_ref() {
            DeValue::Integer(number) if number.as_str() == "0" => Some(Self::ZERO),
            DeValue::Integer(number) => at.refuse(
                value,
                format!("is {number}, a duration without a unit"),
                format!("say which, like \"{number}s\" or \"{number}ms\""),
            ),
            _ => from_text::<Self>(value, at, duration),
        }
    }
    fn show(value: &Self) -> Option<String> {
        Some(show_duration(*value))
    }
}

impl Kind for Bytes {
    type Value = usize;
    fn name() -> Cow<'static, str> {
        "size".into()
    }
    fn example() -> String {
        "\"256 KiB\"".into()
    }
    fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<usize> {
        match value.get_ref() {
            DeValue::Integer(number) => match positive(value).and_then(|n| usize::try_from(n).ok()) {
                Some(bytes) => Some(bytes),
                None => at.refuse(
                    value,
                    format!("is {number}, which is no size"),
                    format!("write bytes, more than 0, or a unit, like {}", Self::example()),
                ),
            },
            _ => from_text::<Self>(value, at, size),
        }
    }
    fn show(value: &usize) -> Option<String> {
        let fits = |factor: usize| *value > 0 && value.is_multiple_of(factor);
        let (unit, factor) =
            [("MiB", 1 << 20), ("KiB", 1 << 10)].into_iter().find(|(_, f)| fits(*f)).unwrap_or(("B", 1));
        Some(format!("\"{} {unit}\"", value / factor))
    }
}

macro_rules! count {
    ($($ty:ty),+) => { $(
        impl Kind for $ty {
            type Value = Self;
            fn name() -> Cow<'static, str> {
                "number".into()
            }
            fn example() -> String {
                "100".into()
            }
            fn form() -> Form {
                Form::Toml
            }
            fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<Self> {
                let DeValue::Integer(number) = value.get_ref() else { return mistyped::<Self>(value, at) };
                match positive(value).and_then(|n| Self::try_from(n).ok()) {
                    Some(count) => Some(count),
                    None => at.refuse(
                        value,
                        format!("is {number}, which is out of range"),
                        format!("write a whole number from 1 to {}", Self::MAX),
                    ),
                }
            }
            fn show(value: &Self) -> Option<String> {
                Some(value.to_string())
            }
        }
    )+ };
}
count!(u32, usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_units() {
        for (text, millis) in
            [("5s", 5000), ("300ms", 300), ("2h", 7_200_000), ("1d", 86_400_000), ("1h 30m", 5_400_000), ("0", 0)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "5", "s", "5 parsecs", "-5s", "1.5s", "99999999999999999999s", "18446744073709551615d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_read_with_their_units() {
        for (text, bytes) in [("256 KiB", 262_144), ("1MiB", 1_048_576), ("4096", 4096), ("10 kB", 10_000)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "KiB", "1 TB", "0", "-1", "99999999999999999999 GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_shown_duration_reads_alike() {
        for millis in [1, 300, 1000, 1200, 60_000, 5_400_000, 86_400_000] {
            let span = Duration::from_millis(millis);
            assert_eq!(duration(show_duration(span).trim_matches('"')), Ok(span));
        }
    }
}
