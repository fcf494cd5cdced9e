//! What is measured: the memory and the time of a process, and how long things took.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow};
use serde::Serialize;

/// Ticks of a second in `/proc/PID/stat`, on every Linux.
const TICKS: u64 = 100;

/// What a process has cost so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    /// Memory resident, bytes.
    pub(super) resident: u64,
    /// Processor time, of user and system.
    pub(super) time: Duration,
}

/// How long many things took, milliseconds.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Spread {
    /// Half took no longer.
    pub(super) p50_ms: f64,
    /// 95 of 100.
    pub(super) p95_ms: f64,
    /// 99 of 100.
    pub(super) p99_ms: f64,
    /// The longest.
    pub(super) max_ms: f64,
}

// === impl Cost ===

impl Cost {
    /// Of the process whose folder in `/proc` this is.
    pub(super) fn of(process: &Path) -> anyhow::Result<Self> {
        let read = |name: &str| {
            let file = process.join(name);
            fs::read_to_string(&file).with_context(|| format!("{} can't be read: is --pid right?", file.display()))
        };
        Self::parse(&read("status")?, &read("stat")?).ok_or_else(|| anyhow!("{} is not understood", process.display()))
    }

    fn parse(status: &str, stat: &str) -> Option<Self> {
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kilobytes: u64 = resident.split_whitespace().next()?.parse().ok()?;
        // The name of the program stands in parentheses and may hold anything; after it come state, …, times.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        let mut ticks = || fields.next()?.parse::<u64>().ok();
        let time = Duration::from_millis((ticks()? + ticks()?) * 1000 / TICKS);
        Some(Self { resident: kilobytes * 1024, time })
    }
}

// === impl Spread ===

impl Spread {
    pub(super) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |share: usize| {
            let place = (times.len() * share).div_ceil(1000).max(1) - 1;
            times.get(place).map_or(0.0, |time| (time.as_secs_f64() * 10_000.0).round() / 10.0)
        };
        Self { p50_ms: at(500), p95_ms: at(950), p99_ms: at(990), max_ms: at(1000) }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { p50_ms, p95_ms, p99_ms, max_ms } = self;
        write!(f, "p50 {p50_ms} ms, p95 {p95_ms} ms, p99 {p99_ms} ms, longest {max_ms} ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_whatever_its_name() {
        let status = "Name:\tx\nVmHWM:\t  9 kB\nVmRSS:\t   2048 kB\n";
        let stat = "7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0";
        let cost = Cost::parse(status, stat).unwrap();
        assert_eq!((cost.resident, cost.time), (2048 * 1024, Duration::from_secs(2)));
        assert!(Cost::parse("", stat).is_none() && Cost::parse(status, "7 (a").is_none());
    }

    #[test]
    fn shares_are_of_all_that_happened() {
        let spread = Spread::of((1..=200).map(Duration::from_millis).collect());
        assert_eq!((spread.p50_ms, spread.p95_ms, spread.p99_ms, spread.max_ms), (100.0, 190.0, 198.0, 200.0));
        assert_eq!(Spread::of(vec![Duration::from_millis(3)]).p50_ms, 3.0);
        assert_eq!(Spread::of(Vec::new()).max_ms, 0.0);
    }
}
