//! Crashes: nothing acknowledged is lost, nothing is delivered twice, whenever a node is killed.
//!
//! `POSTERN_KILLS` is the count of kills (10 here; the full run is 1000). The seed is printed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use tokio::task::JoinHandle;

use crate::support::handset::Handset;
use crate::support::world::{Phone, World};
use crate::support::{GLANCE, count, seed};

const NORTH: &str = "north.example";
const SOUTH: &str = "south.example";

/// How long stragglers may take after the last crash.
const STRAGGLERS: Duration = Duration::from_secs(60);

#[tokio::test]
async fn nothing_acknowledged_is_lost_and_nothing_delivered_twice_when_nodes_are_killed() {
    let world = World::new().domain(NORTH).domain(SOUTH).processes().start().await;
    let mut random = SmallRng::seed_from_u64(seed("POSTERN_SEED"));
    let done = Arc::new(AtomicBool::new(false));
    let mut talks = Vec::new();
    for (number, phone) in Phone::ALL.into_iter().enumerate() {
        let (from, to) = if number % 2 == 0 { (NORTH, SOUTH) } else { (SOUTH, NORTH) };
        let speaker = world.login("alice", from, phone).await;
        let listener = world.login("bob", to, phone.next()).await;
        let target = listener.user.clone();
        talks.push((speak(speaker, target, done.clone()), listen(listener, done.clone())));
    }
    for _ in 0..count("POSTERN_KILLS", 10) {
        tokio::time::sleep(Duration::from_millis(random.random_range(20..700))).await;
        let domain = if random.random() { NORTH } else { SOUTH };
        world.kill(domain).await;
        tokio::time::sleep(Duration::from_millis(random.random_range(0..300))).await;
        world.revive(domain).await;
    }
    done.store(true, Ordering::Relaxed);
    let (mut said, mut lost, mut twice) = (0, Vec::new(), Vec::new());
    for (speaker, listener) in talks {
        let accepted = speaker.await.unwrap();
        said += accepted.len();
        let (sender, receiver) = listener;
        sender.send(accepted.clone()).unwrap();
        let listened = receiver.await.unwrap();
        lost.extend(accepted.difference(&listened.heard).cloned());
        twice.extend(listened.twice);
    }
    println!("{said} messages acknowledged");
    assert!(said > 20, "a real conversation: {said}");
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert!(twice.is_empty(), "twice: {twice:?}");
}

#[tokio::test]
async fn two_phones_of_a_user_that_race_for_each_message_both_hear_all_though_the_node_is_killed() {
    let world = World::new().domain(NORTH).processes().start().await;
    let mut random = SmallRng::seed_from_u64(seed("POSTERN_SEED"));
    let done = Arc::new(AtomicBool::new(false));
    let mut talks = Vec::new();
    for phone in Phone::ALL {
        let speaker = world.login("alice", NORTH, phone).await;
        let one = world.login("bob", NORTH, phone).await;
        let mut two = world.phone("bob", NORTH, phone);
        (two.syntax, two.version) = (phone.next().syntax, phone.next().version);
        two.login().await;
        let sessions = [one.session.clone(), two.session.clone()];
        let target = one.user.clone();
        let listeners = [listen(one, done.clone()), listen(two, done.clone())];
        talks.push((speak(speaker, target, done.clone()), listeners, sessions));
    }
    for _ in 0..count("POSTERN_KILLS", 10) {
        tokio::time::sleep(Duration::from_millis(random.random_range(20..700))).await;
        world.kill(NORTH).await;
        world.revive(NORTH).await;
    }
    done.store(true, Ordering::Relaxed);
    for (speaker, listeners, sessions) in talks {
        let accepted = speaker.await.unwrap();
        assert!(accepted.len() > 5, "a real conversation: {}", accepted.len());
        for ((sender, receiver), session) in listeners.into_iter().zip(sessions) {
            sender.send(accepted.clone()).unwrap();
            let listened = receiver.await.unwrap();
            assert_eq!(listened.session, session, "the same session all the time");
            let lost: Vec<_> = accepted.difference(&listened.heard).collect();
            assert!(lost.is_empty(), "lost: {lost:?}");
            assert!(listened.twice.is_empty(), "twice: {:?}", listened.twice);
        }
    }
}

#[tokio::test]
async fn a_session_and_what_waits_in_it_survive_a_crash_of_the_node() {
    let world = World::new().domain(NORTH).processes().start().await;
    let mut phones = Vec::new();
    for phone in Phone::ALL {
        let mut alice = world.login("alice", NORTH, phone).await;
        let bob = world.login("bob", NORTH, phone).await;
        alice.says("kept").report().to([&bob.user]).await.accepted();
        phones.push((alice, bob));
    }
    world.kill(NORTH).await;
    world.revive(NORTH).await;
    for (alice, bob) in &mut phones {
        bob.hears("kept").await;
        alice.awaits("a report", |inbox| inbox.reports.pop()).await;
        alice.says("and on").to([&bob.user]).await.accepted();
        bob.hears("and on").await;
        assert!(bob.journal.twice().is_empty());
    }
}

/// Talks until told to stop; what was acknowledged.
fn speak(mut phone: Handset, to: String, done: Arc<AtomicBool>) -> JoinHandle<BTreeSet<String>> {
    tokio::spawn(async move {
        let mut accepted = BTreeSet::new();
        for number in 0.. {
            if done.load(Ordering::Relaxed) {
                break;
            }
            if !ensure_session(&mut phone).await {
                continue;
            }
            let text = format!("{} says {number}", phone.user);
            match phone.says(&text).to([&to]).attempt().await {
                Ok(sent) if sent.code == 200 => _ = accepted.insert(text),
                Ok(sent) if matches!(sent.code, 600 | 601 | 604) => phone.session = None,
                Ok(_) => {}
                Err(_) => tokio::time::sleep(GLANCE).await,
            }
        }
        accepted
    })
}

type Accepted = tokio::sync::oneshot::Sender<BTreeSet<String>>;

/// What a phone heard, what came twice, and its session at the end.
struct Listened {
    heard: BTreeSet<String>,
    twice: Vec<String>,
    session: Option<String>,
}

/// Listens until everything acknowledged was heard.
fn listen(mut phone: Handset, done: Arc<AtomicBool>) -> (Accepted, JoinHandle<Listened>) {
    let (accepted, mut awaited) = tokio::sync::oneshot::channel::<BTreeSet<String>>();
    let heard = tokio::spawn(async move {
        let (mut heard, mut wanted, mut until) = (BTreeSet::new(), None, None);
        loop {
            if ensure_session(&mut phone).await && phone.try_poll().await.is_err() {
                tokio::time::sleep(GLANCE).await;
            }
            heard.extend(phone.inbox.messages.drain(..).map(|m| m.text().to_owned()));
            if done.load(Ordering::Relaxed) && wanted.is_none() {
                wanted = awaited.try_recv().ok();
                until = Some(tokio::time::Instant::now() + STRAGGLERS);
            }
            let complete = wanted.as_ref().is_some_and(|wanted: &BTreeSet<String>| wanted.is_subset(&heard));
            if complete || until.is_some_and(|until| tokio::time::Instant::now() > until) {
                break;
            }
            tokio::time::sleep(GLANCE).await;
        }
        _ = phone.try_poll().await;
        Listened { heard, twice: phone.journal.twice(), session: phone.session }
    });
    (accepted, heard)
}

/// Logs in again where the session is gone; false if that did not work now.
async fn ensure_session(phone: &mut Handset) -> bool {
    if phone.session.is_some() {
        return true;
    }
    let there = phone.attempt_login().await.is_ok();
    if !there {
        phone.session = None;
        tokio::time::sleep(GLANCE).await;
    }
    there
}
