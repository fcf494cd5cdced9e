//! What it does when an answer is lost: the same transaction id on the spot, a new one after a while.

use std::sync::Arc;

use super::{Android, NORTH, SERVICES};
use crate::clients::PATIENT;
use crate::clients::line::Line;
use crate::clients::said::{Said, send};
use crate::support::wire::tree::Node;
use crate::support::world::{Phone, World};

async fn one_domain() -> Arc<World> {
    World::new().domain(NORTH).with(PATIENT).start().await
}

fn texts(heard: &[Said]) -> Vec<&str> {
    heard.iter().filter_map(|said| said.primitive.text_at("ContentData")).collect()
}

#[tokio::test]
async fn a_request_of_android_whose_answer_got_lost_is_not_done_again_under_the_same_id() {
    one_domain().await.with_every_phone(same_id).await;
}

async fn same_id(world: Arc<World>, phone: Phone) {
    let mut alice = Android::at_home(&world, "alice", phone).await;
    let mut bob = Android::at_home(&world, "bob", phone).await;
    let id = alice.next();
    let request = send(&bob.user, &alice.user, "once only");
    let body = alice.encodes(&alice.request(&id, &request));
    // Three times the connection goes before the answer is read.
    for _ in 0..3 {
        let head = alice.line.head("/", &format!("Content-Type: {}\r\n", alice.kind()), body.len());
        alice.line.writes([head.as_bytes(), &body].concat()).await;
        alice.line = Line::to(alice.address).await;
    }
    let answer = alice.asks_as(&id, &request).await;
    assert_eq!((answer.primitive.name.as_str(), answer.code()), ("SendMessage-Response", Some(200)), "{answer:?}");
    let again = alice.asks_as(&id, &request).await;
    assert_eq!(answer.primitive, again.primitive);
    assert_eq!(texts(&bob.awaits().await), ["once only"]);
    assert!(bob.hears().await.is_empty());
}

#[tokio::test]
async fn a_request_of_android_under_a_new_id_is_harmless_where_it_changes_nothing() {
    one_domain().await.with_every_phone(new_id).await;
}

async fn new_id(world: Arc<World>, phone: Phone) {
    let mut alice = Android::at_home(&world, "alice", phone).await;
    let mut bob = Android::at_home(&world, "bob", phone).await;
    for primitive in [SERVICES, "<KeepAlive-Request><TimeToLive>7205</TimeToLive></KeepAlive-Request>"] {
        let first: Node = alice.asks(primitive).await.primitive;
        assert_eq!(first, alice.asks(primitive).await.primitive);
    }
    alice.agrees().await;
    // A message is another message: nobody but its writer can tell whether it was meant twice.
    let request = send(&bob.user, &alice.user, "ok");
    let (first, second) = (alice.asks(&request).await, alice.asks(&request).await);
    assert_eq!((first.code(), second.code()), (Some(200), Some(200)));
    assert_ne!(first.primitive.text_at("MessageID"), second.primitive.text_at("MessageID"));
    assert_eq!(texts(&bob.awaits().await), ["ok", "ok"]);
}

#[tokio::test]
async fn a_logout_that_android_repeats_ends_nothing_twice() {
    one_domain().await.with_every_phone(logout_twice).await;
}

async fn logout_twice(world: Arc<World>, phone: Phone) {
    let mut alice = Android::at_home(&world, "alice", phone).await;
    let id = alice.next();
    assert_eq!(alice.asks_as(&id, "<Logout-Request/>").await.code(), Some(200));
    alice.line = Line::to(alice.address).await;
    let again = alice.asks_as(&id, "<Logout-Request/>").await;
    assert_eq!((again.primitive.name.as_str(), again.code()), ("Status", Some(604)), "{again:?}");
}

#[tokio::test]
async fn a_server_request_that_android_never_answers_holds_up_nothing_for_longer_than_its_time() {
    World::new().domain(NORTH).start().await.with_every_phone(unanswered).await;
}

async fn unanswered(world: Arc<World>, phone: Phone) {
    let mut alice = Android::at_home(&world, "alice", phone).await;
    let mut bob = Android::at_home(&world, "bob", phone).await;
    for text in ["dropped", "taken"] {
        let request = send(&alice.user, &bob.user, text);
        assert_eq!(bob.asks(&request).await.code(), Some(200));
    }
    // It drops the first, and polls on as if nothing had been said.
    let dropped = alice.polls().await.unwrap();
    assert_eq!(dropped.primitive.text_at("ContentData"), Some("dropped"));
    let mut repeated = 0;
    let taken = async {
        loop {
            match alice.polls().await {
                Some(said) if said.id == dropped.id => repeated += 1,
                Some(said) => return said,
                None => tokio::time::sleep(crate::support::GLANCE).await,
            }
        }
    };
    let taken = tokio::time::timeout(crate::support::PATIENCE, taken).await.expect("the next one comes");
    assert_eq!(taken.primitive.text_at("ContentData"), Some("taken"));
    assert_eq!(repeated, 1, "once more under its id, then the others");
}

#[tokio::test]
async fn a_message_that_was_lost_with_the_answer_to_androids_poll_comes_again_when_it_polls_again() {
    one_domain().await.with_every_phone(lost_poll).await;
}

async fn lost_poll(world: Arc<World>, phone: Phone) {
    let mut alice = Android::at_home(&world, "alice", phone).await;
    let mut bob = Android::at_home(&world, "bob", phone).await;
    for text in ["lost", "behind it"] {
        assert_eq!(alice.asks(&send(&bob.user, &alice.user, text)).await.code(), Some(200));
    }
    let lost = bob.polls().await.unwrap();
    bob.line = Line::to(bob.address).await;
    let begun = tokio::time::Instant::now();
    // An error it takes for no answer: it polls again after 5, 10, 20 s.
    assert!(bob.polls().await.is_none(), "it might be about to answer");
    let heard = bob.awaits().await;
    assert_eq!((heard[0].id.as_str(), texts(&heard)), (lost.id.as_str(), vec!["lost", "behind it"]));
    assert!(begun.elapsed() < crate::support::PATIENCE, "long before the time for an answer is over");
    assert!(bob.hears().await.is_empty());
}

#[tokio::test]
async fn a_restart_of_the_node_costs_android_its_connection_and_nothing_else() {
    let world = one_domain().await;
    let mut homes = Vec::new();
    for phone in Phone::ALL {
        let mut alice = Android::at_home(&world, "alice", phone).await;
        let bob = Android::at_home(&world, "bob", phone).await;
        let (id, request) = (alice.next(), send(&bob.user, &alice.user, "before and after"));
        let answer = alice.asks_as(&id, &request).await.primitive;
        homes.push((alice, bob, id, request, answer));
    }
    world.stop(NORTH).await;
    world.revive(NORTH).await;
    for (mut alice, mut bob, id, request, answer) in homes {
        for phone in [&mut alice, &mut bob] {
            assert!(phone.line.ended().await, "closed, so that the next request fails at once");
            phone.line = Line::to(phone.address).await;
        }
        // It thinks that its request was lost with the connection, and so it might have been.
        assert_eq!(alice.asks_as(&id, &request).await.primitive.text_at("MessageID"), answer.text_at("MessageID"));
        assert_eq!(texts(&bob.awaits().await), ["before and after"]);
        assert!(bob.hears().await.is_empty());
    }
}
