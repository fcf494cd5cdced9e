//! What the embedded store acknowledged survives `kill -9` (goals: no acknowledged write lost).
//!
//! The test starts itself as a writer in another process, reads the acknowledgements the writer prints, kills
//! it after a random number of them, and looks into the store. Every round goes on with the same store.
//!
//! `POSTERN_KILLS` = rounds (3), `POSTERN_SEED` = seed of the random numbers (printed).

#![expect(clippy::unwrap_used, reason = "in a test a failure is a panic")]

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use postern::store::{Changes, Expect, Key, Store, open};
use postern::time::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const FOLDER: &str = "POSTERN_STORE_KILL_FOLDER";
const WRITERS: u64 = 20;
/// Every tenth body is so large that sled writes it apart.
const LARGE: usize = 200_000;
/// Entries a writer leaves in its mailbox.
const KEPT: usize = 20;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// What a writer has been told, or what lies in the store.
#[derive(Default, Debug)]
struct Told {
    count: u64,
    /// Entries appended and not forgotten: place → number.
    entries: BTreeMap<u64, u64>,
}

fn record(writer: u64, half: &str) -> Key {
    Key::of(&["writer", &writer.to_string(), half])
}

fn mailbox(writer: u64) -> Key {
    Key::of(&["box", &writer.to_string()])
}

fn body(count: u64) -> Bytes {
    let mut body = count.to_string().into_bytes();
    if count.is_multiple_of(10) {
        body.resize(LARGE, b' ');
    }
    body.into()
}

fn number(body: &[u8]) -> u64 {
    std::str::from_utf8(body).unwrap().trim().parse().unwrap()
}

/// Writes until it is killed: two records and a mailbox entry at a time, and forgets the oldest entry.
async fn write(store: Store, writer: u64) {
    let found = store.get(&record(writer, "a")).await.unwrap();
    let (mut count, mut revision) = found.map_or((0, 0), |found| (number(&found.value), found.revision));
    let entries = store.read(&mailbox(writer), 0, usize::MAX).await.unwrap();
    let mut kept: VecDeque<u64> = entries.iter().map(|entry| entry.seq).collect();
    loop {
        count += 1;
        let mut changes = Changes::default();
        let expect = if revision == 0 { Expect::Absent } else { Expect::Revision(revision) };
        changes.put_if(record(writer, "a"), count.to_string(), expect);
        changes.append(mailbox(writer), body(count), Timestamp(count));
        let forget = if kept.len() < KEPT { None } else { kept.pop_front() };
        if let Some(seq) = forget {
            changes.forget(mailbox(writer), seq);
        }
        changes.put(record(writer, "b"), count.to_string());
        let seq = store.commit(changes).await.unwrap().appended[0];
        let mut out = std::io::stdout().lock();
        writeln!(out, "ACK {writer} {count} {seq} {}", forget.unwrap_or(0)).unwrap();
        out.flush().unwrap();
        revision += 1;
        kept.push_back(seq);
    }
}

/// The writer's process: does nothing unless the test below started it.
#[test]
fn writer_of_the_kill_test() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let store = open(Path::new(&folder)).unwrap();
        let writers: Vec<_> = (0..WRITERS).map(|writer| tokio::spawn(write(Arc::clone(&store), writer))).collect();
        for writer in writers {
            writer.await.unwrap();
        }
    });
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_by_kill_9() {
    let rounds = setting("POSTERN_KILLS", 3);
    let seed = setting("POSTERN_SEED", rand::random());
    println!("POSTERN_SEED={seed} POSTERN_KILLS={rounds}");
    let mut random = StdRng::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let mut told: Vec<Told> = (0..WRITERS).map(|_| Told::default()).collect();
    for round in 0..rounds {
        let mut acks_left = random.random_range(1..2_000);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writer_of_the_kill_test", "--nocapture", "--test-threads", "1"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        for line in out.lines() {
            // The test harness writes before the first line without ending its own.
            let line = line.unwrap();
            let Some((_, ack)) = line.split_once("ACK ") else { continue };
            let fields: Vec<u64> = ack.split(' ').map_while(|field| field.parse().ok()).collect();
            let [writer, count, seq, forgotten] = fields[..] else { continue };
            let told = &mut told[usize::try_from(writer).unwrap()];
            assert!(count > told.count, "round {round}: writer {writer} was told {count} after {}", told.count);
            told.count = count;
            assert!(told.entries.insert(seq, count).is_none(), "round {round}: place {seq} was given twice");
            told.entries.remove(&forgotten);
            acks_left -= 1;
            if acks_left == 0 {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(acks_left <= 0, "round {round}: the writer ended by itself");
        let store = open(folder.path()).unwrap();
        for (writer, told) in (0..).zip(&mut told) {
            compare(&store, writer, told, round).await;
        }
        store.close().await.unwrap();
    }
}

/// The store holds what was told and at most one commit more per round; that one whole or not at all.
async fn compare(store: &Store, writer: u64, told: &mut Told, round: u64) {
    let mut counts = Vec::new();
    for half in ["a", "b"] {
        let found = store.get(&record(writer, half)).await.unwrap();
        counts.push(found.map_or(0, |found| number(&found.value)));
    }
    let context = format!("round {round}, writer {writer}, store {counts:?}, told {}", told.count);
    assert_eq!(counts[0], counts[1], "half a commit: {context}");
    let unanswered = counts[0].checked_sub(told.count).unwrap_or_else(|| panic!("a commit is lost: {context}"));
    assert!(unanswered <= 1, "{context}");
    let entries = store.read(&mailbox(writer), 0, usize::MAX).await.unwrap();
    let mut found: BTreeMap<u64, u64> = entries.iter().map(|entry| (entry.seq, number(&entry.body))).collect();
    for entry in &entries {
        assert_eq!(entry.body, body(number(&entry.body)), "a body is damaged: {context}");
    }
    if unanswered == 1 {
        let (seq, count) = found.pop_last().unwrap();
        assert_eq!(count, counts[0], "half a commit: {context}");
        // It may have forgotten the oldest entry.
        if told.entries.first_key_value().is_some_and(|(oldest, _)| !found.contains_key(oldest)) {
            told.entries.pop_first();
        }
        assert_eq!(found, told.entries, "entries are lost or came back: {context}");
        told.entries.insert(seq, count);
        told.count = count;
    } else {
        assert_eq!(found, told.entries, "entries are lost or came back: {context}");
    }
}
