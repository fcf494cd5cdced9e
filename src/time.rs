//! Instants as the product counts them: milliseconds since the Unix epoch.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
///
/// Rooms below `transport` receive it as an argument; only the outermost rooms call [`Timestamp::now`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The latest instant there is: "never".
    pub const NEVER: Self = Self(u64::MAX);

    /// The wall clock.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    /// How long ago `earlier` was; zero if it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// ISO 8601 basic form in UTC, as CSP writes it: `20261125T022200Z`.
    pub fn iso_basic(self) -> String {
        self.civil().strftime("%Y%m%dT%H%M%SZ").to_string()
    }

    /// ISO 8601 extended form in UTC, as SSP writes it: `2026-11-25T02:22:00Z`.
    pub fn iso_extended(self) -> String {
        self.civil().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// Reads ISO 8601, basic or extended, with `Z`, an offset, a military zone letter, or no zone (taken as UTC).
    pub fn parse_iso(text: &str) -> Option<Self> {
        let text = text.trim();
        let (date, clock) = text.split_once(['T', 't'])?;
        let date: String = date.chars().filter(|c| *c != '-').collect();
        let zone_at = clock.find(|c: char| c == '+' || c == '-' || c.is_ascii_alphabetic()).unwrap_or(clock.len());
        let (clock, zone) = clock.split_at(zone_at);
        let clock: String = clock.chars().filter(|c| *c != ':').collect();
        let clock = clock.split_once(['.', ',']).map_or(clock.as_str(), |(whole, _)| whole);
        let number = |text: &str, from: usize, to: usize| text.get(from..to)?.parse::<i8>().ok();
        let year = date.get(..4)?.parse().ok()?;
        let second = if clock.len() >= 6 { number(clock, 4, 6)? } else { 0 };
        let civil = jiff::civil::DateTime::new(
            year,
            number(&date, 4, 6)?,
            number(&date, 6, 8)?,
            number(clock, 0, 2)?,
            number(clock, 2, 4)?,
            second.min(59),
            0,
        );
        let instant = jiff::tz::Offset::UTC.to_timestamp(civil.ok()?).ok()?;
        let millis = instant.as_millisecond() - i64::from(zone_minutes(zone)?) * 60_000;
        u64::try_from(millis).ok().map(Self)
    }

    fn civil(self) -> jiff::civil::DateTime {
        let millis = i64::try_from(self.0).unwrap_or(i64::MAX);
        let instant = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
        jiff::tz::Offset::UTC.to_datetime(instant)
    }
}

/// Minutes east of Greenwich.
fn zone_minutes(zone: &str) -> Option<i32> {
    let mut chars = zone.chars();
    let sign = match chars.next() {
        None | Some('Z' | 'z') => return Some(0),
        Some('+') => 1,
        Some('-') => -1,
        // Military letters: A to M without J lie east, N to Y west.
        Some(letter) => {
            let letter = letter.to_ascii_uppercase();
            let hours = match letter {
                'A'..='I' => letter as i32 - 'A' as i32 + 1,
                'K'..='M' => letter as i32 - 'A' as i32,
                'N'..='Y' => 'M' as i32 - letter as i32,
                _ => return None,
            };
            return Some(hours * 60);
        }
    };
    let digits: String = chars.filter(|c| *c != ':').collect();
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = digits.get(2..4).map_or(Some(0), |m| m.parse().ok())?;
    Some(sign * (hours * 60 + minutes))
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
    }
}

impl Sub for Timestamp {
    type Output = Duration;
    fn sub(self, other: Self) -> Duration {
        self.since(other)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso_extended())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_every_form_seen() {
        let noon = Timestamp::parse_iso("20260102T120000Z").unwrap();
        for text in [
            "2026-01-02T12:00:00Z",
            "20260102T1200Z",
            "20260102T120000",
            "2026-01-02T14:00:00+02:00",
            "20260102T130000A",
            "20260102T070000R",
            "2026-01-02T12:00:00.5Z",
        ] {
            assert_eq!(Timestamp::parse_iso(text), Some(noon), "{text}");
        }
        assert_eq!(noon.iso_basic(), "20260102T120000Z");
        assert_eq!(noon.iso_extended(), "2026-01-02T12:00:00Z");
        for text in ["", "T", "20261302T120000Z", "2026010T12", "20260102T120000J", "ürgh"] {
            assert_eq!(Timestamp::parse_iso(text), None, "{text}");
        }
    }
}
