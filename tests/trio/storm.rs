//! Whatever befalls POSTs, commits and nodes: every request finds exactly one end and is executed at most once.

use std::time::Duration;

use postern::time::Timestamp;

use crate::node::{Chance, message, timers};
use crate::world::{Faults, START, World};

/// How long things go wrong.
const STORM: Duration = Duration::from_secs(180);
/// How long messages are valid that must arrive.
const LONG: Duration = Duration::from_secs(4 * 3600);

fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match number("TRIO_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("TRIO_SEEDS").unwrap_or(1000),
    }
}

/// One run; the text of what is wrong, if anything is.
fn run(seed: u64) -> Result<(), String> {
    let mut chance = Chance(seed ^ 0x7472_696f);
    let names: &[&str] = if chance.happens(50) { &["north", "south"] } else { &["north", "south", "west"] };
    let mut world = World::with_timers(names, seed, &timers());
    world.faults = Faults {
        lost: chance.below(25),
        ack_lost: chance.below(25),
        doubled: chance.below(25),
        slow: chance.below(20),
        commit_fails: 1 + chance.below(8),
        crash: chance.below(4),
        amnesia: chance.below(50),
    };
    if chance.happens(30) {
        for node in &mut world.nodes {
            node.remember(3);
        }
    }
    let mut long = Vec::new();
    for nth in 0..10 + chance.below(15) {
        let from = chance.below(names.len() as u64) as usize;
        let to = (from + 1 + chance.below(names.len() as u64 - 1) as usize) % names.len();
        let when = START + Duration::from_millis(chance.below(STORM.as_millis() as u64));
        let id = format!("m{nth}");
        let lasting = chance.happens(60);
        let validity = if lasting { LONG } else { Duration::from_secs(5 + chance.below(240)) };
        if lasting {
            long.push(id.clone());
        }
        let (sender, receiver) = (world.nodes[from].domain.clone(), world.nodes[to].domain.clone());
        let request = message(&id, &sender, &receiver, when + validity);
        world.submit_at(when, from, request);
    }
    world.run_until(START + STORM);
    world.faults = Faults::default();
    world.run_until(START + LONG * 2);
    judge(&world, &long)
}

fn judge(world: &World, long: &[String]) -> Result<(), String> {
    let executed = |id: &str| world.nodes.iter().map(|n| n.disk.executed.get(id).copied().unwrap_or(0)).sum::<u32>();
    let now = world.now;
    for node in &world.nodes {
        for id in &node.disk.submitted {
            let ends = node.disk.settled.get(id).cloned().unwrap_or_default();
            let times = executed(id);
            let [end] = ends.as_slice() else {
                return Err(format!("{id} of {} was settled {} times: {ends:?}", node.domain, ends.len()));
            };
            if times > 1 {
                return Err(format!("{id} was executed {times} times"));
            }
            if end.is_ok() && times != 1 {
                return Err(format!("{id} was answered {end:?} and never executed"));
            }
            if long.contains(id) && end.is_err() {
                return Err(format!("{id} had all the time and ended with {end:?}"));
            }
        }
        let open = node.relay.transactions(now, false);
        if !open.is_empty() {
            return Err(format!("{} still has {open:?}", node.domain));
        }
        for kind in ["peer-row/", "peer-owed/"] {
            let left = node.records(kind, now);
            if left > 0 {
                return Err(format!("{} still keeps {left} records {kind}", node.domain));
            }
        }
        if node.relay.wake_at() < now && node.relay.wake_at() != Timestamp::NEVER {
            return Err(format!("{} is late", node.domain));
        }
    }
    Ok(())
}

#[test]
fn every_request_finds_one_end_and_is_executed_at_most_once() {
    let seeds = seeds();
    let half = seeds.start + (seeds.end - seeds.start) / 2;
    let work = |range: std::ops::Range<u64>| {
        range.filter_map(|seed| run(seed).err().map(|wrong| format!("TRIO_SEED={seed}: {wrong}"))).collect::<Vec<_>>()
    };
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let other = scope.spawn(move || work(half..seeds.end));
        let mut wrong = work(seeds.start..half);
        wrong.extend(other.join().unwrap());
        wrong
    });
    assert!(wrong.is_empty(), "{} seeds failed, among them:\n{}", wrong.len(), wrong[..wrong.len().min(5)].join("\n"));
}
