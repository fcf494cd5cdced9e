//! Polls: answered at once, or held for a client that asks for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::PATIENCE;
use crate::support::handset::Handset;
use crate::support::http::Answer;
use crate::support::unique;
use crate::support::wire::tree::node;
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";

/// A poll that asks to be held, on a connection of its own.
pub fn held_poll(world: &World, phone: &Handset, seconds: u64) -> tokio::task::JoinHandle<Answer> {
    let poll = phone.message("Request", None, node("Polling-Request", []));
    let body = phone.syntax.write(&poll, phone.version);
    let content_type = phone.syntax.content_type(phone.version);
    let (http, url) = (phone.http().clone(), format!("http://{}/", world.ports(NORTH).csp));
    let wait = format!("wait={seconds}");
    tokio::spawn(
        async move { http.post(&url, &[("content-type", content_type), ("prefer", &wait)], body).await.unwrap() },
    )
}

#[tokio::test]
async fn a_poll_that_asks_for_it_is_held_until_a_message_comes() {
    World::new().domain(NORTH).start().await.with_every_phone(held).await;
}

async fn held(world: Arc<World>, phone: Phone) {
    let bob = world.login("bob", NORTH, phone).await;
    let mut alice = world.login("alice", NORTH, phone.next()).await;
    let begun = Instant::now();
    let poll = held_poll(&world, &bob, 20);
    let text = unique("worth the wait");
    alice.says(&text).to([&bob.user]).await.accepted();
    let answer = tokio::time::timeout(PATIENCE, poll).await.expect("woken by the message").unwrap();
    assert!(begun.elapsed() < Duration::from_secs(20), "it came with the message, not with the end of the wait");
    let root = phone.syntax.read(&answer.body).unwrap();
    assert_eq!(root.any("ContentData").map(|data| data.text.as_str()), Some(text.as_str()), "{root:?}");
}

#[tokio::test]
async fn one_poll_of_a_session_is_held_and_none_longer_than_the_session_lives() {
    World::new().domain(NORTH).start().await.with_every_phone(displaced).await;
}

async fn displaced(world: Arc<World>, phone: Phone) {
    let mut bob = world.login("bob", NORTH, phone).await;
    let first = held_poll(&world, &bob, 20);
    let second = held_poll(&world, &bob, 20);
    // Which of the two came first is theirs to settle: one has to go, and the other stays.
    tokio::select! {
        first = first => assert!(first.unwrap().body.is_empty()),
        second = second => assert!(second.unwrap().body.is_empty()),
    }
    let third = held_poll(&world, &bob, 20);
    bob.logout().await;
    let ended = tokio::time::timeout(Duration::from_secs(15), third).await.expect("the session's end ends it");
    assert_eq!(ended.unwrap().status, 200);
}

#[tokio::test]
async fn a_poll_of_a_phone_that_does_not_ask_for_it_is_never_held() {
    let world = World::new().domain(NORTH).start().await;
    let mut bob = world.login("bob", NORTH, Phone::USUAL).await;
    let begun = Instant::now();
    for _ in 0..20 {
        bob.poll().await;
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "twenty polls take less than one wait");
}

#[tokio::test]
async fn the_stop_of_the_node_ends_polls_that_are_held() {
    let world = World::new().domain(NORTH).start().await;
    let bob = world.login("bob", NORTH, Phone::USUAL).await;
    let (first, second) = (held_poll(&world, &bob, 20), held_poll(&world, &bob, 20));
    let begun = Instant::now();
    let ((), first, second) = tokio::join!(world.stop(NORTH), first, second);
    assert!(begun.elapsed() < Duration::from_secs(9), "the node does not wait for them");
    drop((first, second));
}
