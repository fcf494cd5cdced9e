//! What every engine must do; one case is one function, run for each engine.

use std::sync::Arc;

use bytes::Bytes;
use tempfile::TempDir;

use super::{Change, Changes, Entry, Expect, Key, Store, StoreError, memory, open};
use crate::time::Timestamp;

/// A store and the folder it lies in, if it does.
struct Engine {
    store: Store,
    folder: Option<TempDir>,
}

fn in_memory() -> Engine {
    Engine { store: memory(), folder: None }
}

fn on_disk() -> Engine {
    let folder = tempfile::tempdir().unwrap();
    Engine { store: open(folder.path()).unwrap(), folder: Some(folder) }
}

impl Engine {
    /// The same store after a restart, if it survives one.
    async fn restarted(self) -> Self {
        let Some(folder) = self.folder else { return self };
        self.store.close().await.unwrap();
        drop(self.store);
        Self { store: open(folder.path()).unwrap(), folder: Some(folder) }
    }
}

macro_rules! conformance {
    ($( $case:ident )*) => {
        mod memory_engine {
            $( #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { super::$case(super::in_memory()).await; } )*
        }
        mod sled_engine {
            $( #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { super::$case(super::on_disk()).await; } )*
        }
    };
}

conformance! {
    a_record_is_read_as_written_and_counts_its_changes
    a_change_that_expects_something_else_conflicts
    a_commit_is_done_completely_or_not_at_all
    a_change_sees_what_the_commit_did_before_it
    of_many_writers_that_expect_the_same_revision_one_wins
    records_are_listed_in_order_page_by_page
    a_list_knows_where_its_prefix_ends
    a_mailbox_keeps_the_order_and_is_read_from_a_place
    mailboxes_with_like_names_do_not_mix
    a_forgotten_entry_is_gone_and_forgetting_twice_is_no_fault
    an_entry_is_taken_once
    an_entry_that_is_required_must_be_there
    entries_are_counted_up_to_a_limit
    a_place_is_never_used_twice
    a_refused_commit_appends_nothing
    overdue_entries_are_found_earliest_first
    records_are_dropped_after_their_time_only
    a_record_written_anew_is_kept_for_its_new_time
    many_callers_at_once_all_get_their_answer
    an_empty_commit_is_answered
    large_values_come_back_whole
    a_closed_store_says_so
    everything_survives_a_restart
}

fn key(text: &str) -> Key {
    Key::of(&[text])
}

fn text(bytes: &Bytes) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

async fn put(store: &Store, at: &str, value: &str, expect: Expect) -> Result<(), StoreError> {
    let mut changes = Changes::default();
    changes.put_if(key(at), value.to_owned(), expect);
    store.commit(changes).await.map(drop)
}

async fn append(store: &Store, owner: &str, body: &str, expires: u64) -> u64 {
    let mut changes = Changes::default();
    changes.append(key(owner), body.to_owned(), Timestamp(expires));
    store.commit(changes).await.unwrap().appended[0]
}

async fn value(store: &Store, at: &str) -> Option<(String, u64)> {
    store.get(&key(at)).await.unwrap().map(|found| (text(&found.value).to_owned(), found.revision))
}

async fn bodies(store: &Store, owner: &str) -> Vec<String> {
    let entries = store.read(&key(owner), 0, 1_000).await.unwrap();
    assert!(entries.is_sorted_by(|one, two| one.seq < two.seq));
    entries.iter().map(|entry| text(&entry.body).to_owned()).collect()
}

async fn names(store: &Store, prefix: &str, after: Option<&str>, limit: usize) -> Vec<String> {
    let after = after.map(key);
    let found = store.list(&key(prefix), after.as_ref(), limit).await.unwrap();
    found.iter().map(|(key, _)| key.as_str().to_owned()).collect()
}

async fn a_record_is_read_as_written_and_counts_its_changes(on: Engine) {
    assert_eq!(value(&on.store, "a").await, None);
    for revision in 1..4 {
        put(&on.store, "a", &format!("v{revision}"), Expect::Any).await.unwrap();
        assert_eq!(value(&on.store, "a").await, Some((format!("v{revision}"), revision)));
    }
    let mut changes = Changes::default();
    changes.delete(key("a"));
    on.store.commit(changes).await.unwrap();
    assert_eq!(value(&on.store, "a").await, None);
}

async fn a_change_that_expects_something_else_conflicts(on: Engine) {
    let conflict = |result| matches!(result, Err(StoreError::Conflict { key: at }) if at == key("a"));
    assert!(conflict(put(&on.store, "a", "x", Expect::Revision(1)).await));
    put(&on.store, "a", "one", Expect::Absent).await.unwrap();
    assert!(conflict(put(&on.store, "a", "x", Expect::Absent).await));
    put(&on.store, "a", "two", Expect::Revision(1)).await.unwrap();
    assert!(conflict(put(&on.store, "a", "x", Expect::Revision(1)).await));
    assert_eq!(value(&on.store, "a").await, Some(("two".into(), 2)));
    for (expect, fails) in [(Expect::Revision(1), true), (Expect::Absent, true), (Expect::Revision(2), false)] {
        let mut changes = Changes::default();
        changes.delete_if(key("a"), expect);
        assert_eq!(conflict(on.store.commit(changes).await.map(drop)), fails, "{expect:?}");
    }
    assert_eq!(value(&on.store, "a").await, None);
}

async fn a_commit_is_done_completely_or_not_at_all(on: Engine) {
    put(&on.store, "kept", "old", Expect::Absent).await.unwrap();
    let seq = append(&on.store, "box", "first", 50).await;
    let mut changes = Changes::default();
    changes.put(key("new"), "x");
    changes.put(key("kept"), "x");
    changes.append(key("box"), "x", Timestamp(10));
    changes.forget(key("box"), seq);
    changes.delete(key("kept"));
    changes.put_if(key("absent"), "x", Expect::Revision(7));
    assert!(matches!(on.store.commit(changes).await, Err(StoreError::Conflict { .. })));
    assert_eq!(value(&on.store, "new").await, None);
    assert_eq!(value(&on.store, "kept").await, Some(("old".into(), 1)));
    assert_eq!(bodies(&on.store, "box").await, ["first"]);
    assert_eq!(on.store.overdue(Timestamp(49), 10).await.unwrap(), []);
}

async fn a_change_sees_what_the_commit_did_before_it(on: Engine) {
    let mut changes = Changes::default();
    changes.put_if(key("a"), "1", Expect::Absent);
    changes.put_if(key("a"), "2", Expect::Revision(1));
    changes.delete_if(key("a"), Expect::Revision(2));
    changes.put_if(key("a"), "3", Expect::Absent);
    changes.append(key("box"), "one", Timestamp(1));
    changes.append(key("box"), "two", Timestamp(1));
    let committed = on.store.commit(changes).await.unwrap();
    assert_eq!(value(&on.store, "a").await, Some(("3".into(), 1)));
    assert!(committed.appended[0] < committed.appended[1]);
    assert_eq!(bodies(&on.store, "box").await, ["one", "two"]);
}

async fn of_many_writers_that_expect_the_same_revision_one_wins(on: Engine) {
    put(&on.store, "a", "start", Expect::Absent).await.unwrap();
    let mut writers = Vec::new();
    for writer in 0..32 {
        let store = Arc::clone(&on.store);
        writers.push(tokio::spawn(async move {
            put(&store, "a", &writer.to_string(), Expect::Revision(1)).await.ok().map(|()| writer)
        }));
    }
    let mut winners = Vec::new();
    for writer in writers {
        winners.extend(writer.await.unwrap());
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(value(&on.store, "a").await, Some((winners[0].to_string(), 2)));
}

async fn records_are_listed_in_order_page_by_page(on: Engine) {
    for at in ["p/c", "p/a", "p/b", "p/d"] {
        put(&on.store, at, "v", Expect::Absent).await.unwrap();
    }
    assert_eq!(names(&on.store, "p/", None, 3).await, ["p/a", "p/b", "p/c"]);
    assert_eq!(names(&on.store, "p/", Some("p/c"), 3).await, ["p/d"]);
    assert_eq!(names(&on.store, "p/", Some("p/bb"), 1).await, ["p/c"]);
    assert!(names(&on.store, "p/", None, 0).await.is_empty());
    assert_eq!(names(&on.store, "", None, 9).await.len(), 4);
}

async fn a_list_knows_where_its_prefix_ends(on: Engine) {
    for at in ["o/z", "p", "p/a", "p0", "q/a"] {
        put(&on.store, at, "v", Expect::Absent).await.unwrap();
    }
    assert_eq!(names(&on.store, "p/", None, 9).await, ["p/a"]);
    assert_eq!(names(&on.store, "p/", Some("a"), 9).await, ["p/a"]);
    assert!(names(&on.store, "p/", Some("q"), 9).await.is_empty());
    assert!(names(&on.store, "r/", None, 9).await.is_empty());
}

async fn a_mailbox_keeps_the_order_and_is_read_from_a_place(on: Engine) {
    let mut seqs = Vec::new();
    for n in 0..5_usize {
        seqs.push(append(&on.store, "box", &n.to_string(), u64::MAX).await);
    }
    assert_eq!(bodies(&on.store, "box").await, ["0", "1", "2", "3", "4"]);
    let page = on.store.read(&key("box"), seqs[1], 2).await.unwrap();
    assert_eq!(page.iter().map(|entry| entry.seq).collect::<Vec<_>>(), seqs[2..4]);
    assert!(on.store.read(&key("box"), seqs[4], 2).await.unwrap().is_empty());
    assert!(on.store.read(&key("box"), u64::MAX, 2).await.unwrap().is_empty());
    assert!(on.store.read(&key("box"), 0, 0).await.unwrap().is_empty());
    assert!(on.store.read(&key("other"), 0, 9).await.unwrap().is_empty());
}

async fn mailboxes_with_like_names_do_not_mix(on: Engine) {
    for owner in ["al", "al\0", "al\0\0\0\0\0\0\0\0\0", "alice", "b"] {
        append(&on.store, owner, owner, 5).await;
    }
    for owner in ["al", "al\0", "al\0\0\0\0\0\0\0\0\0", "alice", "b"] {
        assert_eq!(bodies(&on.store, owner).await, [owner]);
    }
    assert_eq!(on.store.overdue(Timestamp(5), 9).await.unwrap().len(), 5);
}

async fn a_forgotten_entry_is_gone_and_forgetting_twice_is_no_fault(on: Engine) {
    let seq = append(&on.store, "box", "one", 5).await;
    append(&on.store, "box", "two", 5).await;
    for _ in 0..2 {
        let mut changes = Changes::default();
        changes.forget(key("box"), seq);
        changes.forget(key("nobody"), 77);
        on.store.commit(changes).await.unwrap();
        assert_eq!(bodies(&on.store, "box").await, ["two"]);
        assert_eq!(on.store.overdue(Timestamp(5), 9).await.unwrap().len(), 1);
    }
}

async fn an_entry_that_is_required_must_be_there(on: Engine) {
    let seq = append(&on.store, "box", "one", 5).await;
    let commit = |take: bool| {
        let mut changes = Changes::default();
        changes.append(key("noted"), "x", Timestamp::NEVER);
        changes.require(key("box"), seq);
        if take {
            changes.take(key("box"), seq);
        }
        on.store.commit(changes)
    };
    commit(false).await.unwrap();
    assert_eq!(bodies(&on.store, "box").await, ["one"], "it is still there");
    commit(true).await.unwrap();
    let gone = commit(false).await;
    assert!(matches!(gone, Err(StoreError::Conflict { key: at }) if at == key("box")));
    assert_eq!(bodies(&on.store, "noted").await.len(), 2, "nothing of the last one happened");
}

async fn an_entry_is_taken_once(on: Engine) {
    let seq = append(&on.store, "box", "one", 5).await;
    let mut takers = Vec::new();
    for taker in 0..16 {
        let store = Arc::clone(&on.store);
        takers.push(tokio::spawn(async move {
            let mut changes = Changes::default();
            changes.append(key("taken"), taker.to_string(), Timestamp::NEVER);
            changes.take(key("box"), seq);
            store.commit(changes).await
        }));
    }
    let mut taken = 0;
    for taker in takers {
        match taker.await.unwrap() {
            Ok(_) => taken += 1,
            Err(error) => assert!(matches!(error, StoreError::Conflict { key: at } if at == key("box"))),
        }
    }
    assert_eq!(taken, 1);
    assert_eq!(bodies(&on.store, "taken").await.len(), 1);
    assert!(bodies(&on.store, "box").await.is_empty());
    assert!(on.store.overdue(Timestamp(5), 9).await.unwrap().is_empty());
}

async fn entries_are_counted_up_to_a_limit(on: Engine) {
    for owner in ["al", "alice", "alice", "alice", "bob"] {
        append(&on.store, owner, "x", 5).await;
    }
    for (owner, limit, count) in [("alice", 9, 3), ("alice", 2, 2), ("alice", 0, 0), ("al", 9, 1), ("carol", 9, 0)] {
        assert_eq!(on.store.count(&key(owner), limit).await.unwrap(), count, "{owner} {limit}");
    }
}

async fn a_place_is_never_used_twice(mut on: Engine) {
    let mut last = 0;
    for _ in 0..3 {
        for _ in 0..2 {
            let seq = append(&on.store, "box", "x", u64::MAX).await;
            assert!(seq > last);
            last = seq;
            let mut changes = Changes::default();
            changes.forget(key("box"), seq);
            on.store.commit(changes).await.unwrap();
        }
        on = on.restarted().await;
    }
}

async fn a_refused_commit_appends_nothing(on: Engine) {
    let mut changes = Changes::default();
    changes.append(key("box"), "x", Timestamp(1));
    changes.put_if(key("a"), "x", Expect::Revision(1));
    assert!(on.store.commit(changes).await.is_err());
    assert!(bodies(&on.store, "box").await.is_empty());
    assert!(on.store.overdue(Timestamp(9), 9).await.unwrap().is_empty());
    append(&on.store, "box", "y", 1).await;
    assert_eq!(bodies(&on.store, "box").await, ["y"]);
}

async fn overdue_entries_are_found_earliest_first(on: Engine) {
    for (owner, body, expires) in [("a", "late", 30), ("b", "early", 10), ("a", "middle", 20), ("c", "never", u64::MAX)]
    {
        append(&on.store, owner, body, expires).await;
    }
    let overdue = async |now, limit| {
        let found = on.store.overdue(Timestamp(now), limit).await.unwrap();
        found.into_iter().map(|(owner, entry)| format!("{} {}", owner.as_str(), text(&entry.body))).collect::<Vec<_>>()
    };
    assert!(overdue(9, 10).await.is_empty());
    assert_eq!(overdue(10, 10).await, ["b early"]);
    assert_eq!(overdue(100, 10).await, ["b early", "a middle", "a late"]);
    assert_eq!(overdue(100, 2).await, ["b early", "a middle"]);
    assert_eq!(bodies(&on.store, "a").await, ["late", "middle"], "the engine never drops entries by itself");
}

async fn records_are_dropped_after_their_time_only(on: Engine) {
    let mut changes = Changes::default();
    changes.put_until(key("a"), "1", Timestamp(10));
    changes.put_until(key("b"), "2", Timestamp(20));
    changes.put_until(key("c"), "3", Timestamp(20));
    changes.put(key("d"), "4");
    on.store.commit(changes).await.unwrap();
    append(&on.store, "box", "kept", 5).await;
    assert_eq!(on.store.sweep(Timestamp(9), 10).await.unwrap(), 0);
    assert_eq!(on.store.sweep(Timestamp(10), 10).await.unwrap(), 1);
    assert_eq!(names(&on.store, "", None, 9).await, ["b", "c", "d"]);
    assert_eq!(on.store.sweep(Timestamp(99), 1).await.unwrap(), 1);
    assert_eq!(on.store.sweep(Timestamp(99), 9).await.unwrap(), 1);
    assert_eq!(on.store.sweep(Timestamp(99), 9).await.unwrap(), 0);
    assert_eq!(names(&on.store, "", None, 9).await, ["d"]);
    assert_eq!(bodies(&on.store, "box").await, ["kept"]);
}

async fn a_record_written_anew_is_kept_for_its_new_time(on: Engine) {
    for expires in [10, 30] {
        let mut changes = Changes::default();
        changes.put_until(key("a"), "x", Timestamp(expires));
        changes.put_until(key("b"), "x", Timestamp(expires));
        on.store.commit(changes).await.unwrap();
    }
    let mut changes = Changes::default();
    changes.delete(key("b"));
    changes.put(key("b"), "for ever");
    on.store.commit(changes).await.unwrap();
    assert_eq!(on.store.sweep(Timestamp(20), 10).await.unwrap(), 0);
    assert_eq!(on.store.sweep(Timestamp(30), 10).await.unwrap(), 1);
    assert_eq!(names(&on.store, "", None, 9).await, ["b"]);
}

/// Twice as many callers as a batch takes, each with several commits in a row: with sled's own asynchronous
/// flush eight callers stop for ever.
async fn many_callers_at_once_all_get_their_answer(on: Engine) {
    let mut callers = Vec::new();
    for caller in 0..1_024 {
        let store = Arc::clone(&on.store);
        callers.push(tokio::spawn(async move {
            for round in 0..3_u64 {
                let mut changes = Changes::default();
                changes.put_if(
                    Key::of(&["w", &caller.to_string()]),
                    round.to_string(),
                    if round == 0 { Expect::Absent } else { Expect::Revision(round) },
                );
                changes.append(key("box"), caller.to_string(), Timestamp::NEVER);
                store.commit(changes).await.unwrap();
            }
        }));
    }
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(names(&on.store, "w/", None, 9_999).await.len(), 1_024);
    let entries: Vec<Entry> = on.store.read(&key("box"), 0, 9_999).await.unwrap();
    assert_eq!(entries.len(), 3 * 1_024);
}

async fn an_empty_commit_is_answered(on: Engine) {
    assert!(on.store.commit(Changes::default()).await.unwrap().appended.is_empty());
}

async fn large_values_come_back_whole(on: Engine) {
    let body = |n: u8| Bytes::from(vec![n; 300_000 + usize::from(n)]);
    let mut changes = Changes::default();
    for n in 0..40 {
        changes.list.push(Change::Append { owner: key("box"), body: body(n), expires: Timestamp(1) });
    }
    changes.put(key("large"), body(99));
    on.store.commit(changes).await.unwrap();
    let on = on.restarted().await;
    let entries = on.store.read(&key("box"), 0, 100).await.unwrap();
    assert_eq!(entries.len(), 40);
    for (n, entry) in (0..).zip(entries) {
        assert_eq!(entry.body, body(n), "{n}");
    }
    assert_eq!(on.store.get(&key("large")).await.unwrap().unwrap().value, body(99));
}

async fn a_closed_store_says_so(on: Engine) {
    put(&on.store, "a", "x", Expect::Any).await.unwrap();
    on.store.close().await.unwrap();
    assert!(matches!(put(&on.store, "a", "x", Expect::Any).await, Err(StoreError::Closed)));
    assert!(matches!(on.store.commit(Changes::default()).await, Err(StoreError::Closed)));
    assert!(matches!(on.store.get(&key("a")).await, Err(StoreError::Closed)));
    assert!(matches!(on.store.list(&key("a"), None, 1).await, Err(StoreError::Closed)));
    assert!(matches!(on.store.read(&key("a"), 0, 1).await, Err(StoreError::Closed)));
    assert!(matches!(on.store.overdue(Timestamp(1), 1).await, Err(StoreError::Closed)));
    assert!(matches!(on.store.sweep(Timestamp(1), 1).await, Err(StoreError::Closed)));
    assert!(matches!(on.store.close().await, Err(StoreError::Closed)));
    assert_eq!(on.store.size(), 0);
}

async fn everything_survives_a_restart(on: Engine) {
    let mut changes = Changes::default();
    changes.put(key("a"), "1");
    changes.put_until(key("b"), "2", Timestamp(10));
    changes.append(key("box"), "one", Timestamp(10));
    changes.append(key("box"), "two", Timestamp::NEVER);
    on.store.commit(changes).await.unwrap();
    put(&on.store, "a", "3", Expect::Revision(1)).await.unwrap();
    let on = on.restarted().await;
    assert_eq!(value(&on.store, "a").await, Some(("3".into(), 2)));
    assert_eq!(bodies(&on.store, "box").await, ["one", "two"]);
    assert_eq!(on.store.overdue(Timestamp(10), 9).await.unwrap().len(), 1);
    assert_eq!(on.store.sweep(Timestamp(10), 9).await.unwrap(), 1);
}

#[tokio::test]
async fn a_store_that_is_open_elsewhere_is_refused_with_a_remedy() {
    let on = on_disk();
    let error = open(on.folder.as_ref().unwrap().path()).err().unwrap().to_string();
    assert!(error.contains("another process") && error.contains("data_dir"), "{error}");
    put(&on.store, "a", "still works", Expect::Any).await.unwrap();
}

#[tokio::test]
async fn a_store_of_another_layout_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let config = ::sled::Config::new().path(folder.path()).segment_size(2 << 20);
    config.open().unwrap().insert("something", "else").unwrap();
    let error = open(folder.path()).err().unwrap().to_string();
    assert!(error.contains("another version"), "{error}");
}

#[tokio::test]
async fn a_store_dropped_without_close_is_complete() {
    let on = on_disk();
    put(&on.store, "a", "x", Expect::Any).await.unwrap();
    drop(on.store);
    let store = open(on.folder.as_ref().unwrap().path()).unwrap();
    assert_eq!(value(&store, "a").await, Some(("x".into(), 1)));
    assert!(store.size() > 0);
}

/// sled's own threads may hold the file for a while after its last handle was dropped.
#[tokio::test]
async fn a_closed_store_can_be_opened_again_at_once() {
    let mut on = on_disk();
    for round in 0..20 {
        for n in 0..5_usize {
            let mut changes = Changes::default();
            changes.append(key("box"), vec![round; 200_000 * n], Timestamp::NEVER);
            on.store.commit(changes).await.unwrap();
        }
        on = on.restarted().await;
    }
    assert_eq!(on.store.count(&key("box"), 1_000).await.unwrap(), 100);
}

#[tokio::test]
async fn commits_that_wait_when_the_store_closes_are_done_or_told() {
    let on = on_disk();
    let mut waiting = Vec::new();
    for n in 0..100 {
        let store = Arc::clone(&on.store);
        waiting.push(tokio::spawn(async move { (n, put(&store, &n.to_string(), "x", Expect::Any).await) }));
    }
    tokio::task::yield_now().await;
    on.store.close().await.unwrap();
    let mut done = Vec::new();
    for answer in waiting {
        match answer.await.unwrap() {
            (n, Ok(())) => done.push(n.to_string()),
            (_, Err(error)) => assert!(matches!(error, StoreError::Closed), "{error}"),
        }
    }
    drop(on.store);
    let store = open(on.folder.as_ref().unwrap().path()).unwrap();
    for n in done {
        assert!(value(&store, &n).await.is_some(), "{n}");
    }
}

#[tokio::test]
async fn after_a_failure_nothing_is_promised_any_more() {
    let on = on_disk();
    put(&on.store, "a", "x", Expect::Any).await.unwrap();
    // What the committer has to sync has gone.
    std::fs::remove_dir_all(on.folder.as_ref().unwrap().path().join("blobs")).unwrap();
    let failed = |result| matches!(result, Err(StoreError::Engine(_)));
    assert!(failed(put(&on.store, "a", "y", Expect::Any).await));
    assert!(failed(put(&on.store, "a", "y", Expect::Any).await));
    assert!(failed(on.store.commit(Changes::default()).await.map(drop)));
    assert!(failed(on.store.get(&key("a")).await.map(drop)));
    assert!(failed(on.store.read(&key("a"), 0, 1).await.map(drop)));
    assert!(failed(on.store.sweep(Timestamp(1), 1).await.map(drop)));
    assert!(failed(on.store.close().await));
}

#[test]
fn a_folder_that_cannot_be_used_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let error = open(&file).err().unwrap().to_string();
    assert!(error.contains(file.to_str().unwrap()) && error.contains("writable"), "{error}");
}
