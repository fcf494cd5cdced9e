//! Messages between two domains and inside one: I-01 to I-08, T-03, T-04.

use std::sync::Arc;

use crate::support::unique;
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";
const SOUTH: &str = "south.example";

/// Text that breaks whoever does not know UTF-8 or XML well.
const HARD: &str = "  \u{1f600} zażółć gęślą jaźń <b>&amp;</b> ]]> \"quoted\" 'single'\nsecond line\tand a tab  ";

async fn two_domains() -> Arc<World> {
    World::new().domain(NORTH).domain(SOUTH).start().await
}

#[tokio::test]
async fn a_message_reaches_the_other_domain_in_both_directions() {
    two_domains().await.with_every_phone(both_directions).await;
}

async fn both_directions(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    let mut bob = world.login("bob", SOUTH, phone.next()).await;
    let id = alice.says("Dinner at eight?").to([&bob.user]).await.accepted();
    let heard = bob.hears("Dinner at eight?").await;
    assert_eq!((heard.sender.as_str(), heard.content_type.as_str()), (alice.user.as_str(), "text/plain"));
    assert_eq!(heard.message_id, id, "one message, one id");
    bob.says("Make it nine.").to([&alice.user]).await.accepted();
    assert_eq!(alice.hears("Make it nine.").await.sender, bob.user);
    assert!(alice.journal.twice().is_empty() && bob.journal.twice().is_empty());
    alice.logout().await;
    bob.logout().await;
}

#[tokio::test]
async fn a_message_reaches_a_neighbour_in_the_same_domain() {
    World::new().domain(NORTH).start().await.with_every_phone(neighbours).await;
}

async fn neighbours(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    let mut bob = world.login("bob", NORTH, phone.next()).await;
    let id = alice.says("Psst").report().to([&bob.user]).await.accepted();
    let heard = bob.hears("Psst").await;
    assert_eq!((heard.sender.as_str(), heard.message_id.as_str()), (alice.user.as_str(), id.as_str()));
    let report = alice.report_for(&id).await;
    assert_eq!((report.code, report.recipient.as_str()), (200, bob.user.as_str()));
}

#[tokio::test]
async fn text_and_bytes_arrive_as_they_were_sent() {
    two_domains().await.with_every_phone(intact).await;
}

async fn intact(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    let mut bob = world.login("bob", SOUTH, phone.next()).await;
    let mut carol = world.login("carol", NORTH, phone.next()).await;
    let picture: Vec<u8> = (0..=255).cycle().take(3000).collect();
    alice.says(HARD).to([&bob.user, &carol.user]).await.accepted();
    alice.shows(&picture, "image/jpeg").to([&bob.user, &carol.user]).await.accepted();
    for friend in [&mut bob, &mut carol] {
        friend.hears(HARD).await;
        assert_eq!(friend.hears_bytes(&picture).await.content_type, "image/jpeg");
    }
}

#[tokio::test]
async fn the_sender_of_a_message_hears_when_it_was_delivered() {
    two_domains().await.with_every_phone(reports).await;
}

async fn reports(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    let mut bob = world.login("bob", SOUTH, phone.next()).await;
    for _ in 0..2 {
        let text = unique("tell me");
        let id = alice.says(&text).report().to([&bob.user]).await.accepted();
        bob.hears(&text).await;
        let report = alice.report_for(&id).await;
        assert_eq!((report.code, report.recipient.as_str()), (200, bob.user.as_str()));
        assert!(report.node.find("DeliveryTime").is_some(), "when");
        std::mem::swap(&mut alice, &mut bob);
    }
}

#[tokio::test]
async fn nobody_hears_of_a_message_without_a_report_asked_for() {
    let world = two_domains().await;
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let mut bob = world.login("bob", SOUTH, Phone::USUAL).await;
    alice.says("quiet").to([&bob.user]).await.accepted();
    bob.hears("quiet").await;
    let id = alice.says("loud").report().to([&bob.user]).await.accepted();
    bob.hears("loud").await;
    alice.report_for(&id).await;
    assert!(alice.inbox.reports.is_empty(), "{:?}", alice.inbox.reports);
}

#[tokio::test]
async fn an_unknown_recipient_is_told_to_the_sender() {
    two_domains().await.with_every_phone(unknown_recipient).await;
}

async fn unknown_recipient(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    for nobody in ["wv:nobody@south.example", "wv:nobody@north.example"] {
        let sent = alice.says("Hello?").to([nobody]).await;
        assert!(matches!(sent.code, 531 | 427), "{nobody}: {sent:?}");
    }
    let sent = alice.says("Hello?").to(["wv:nobody@nowhere.example"]).await;
    assert_eq!(sent.code, 516, "a domain nobody knows: {sent:?}");
}

#[tokio::test]
async fn one_unknown_recipient_among_several_is_named() {
    two_domains().await.with_every_phone(partly_unknown).await;
}

async fn partly_unknown(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    let mut bob = world.login("bob", SOUTH, phone.next()).await;
    let mut carol = world.login("carol", NORTH, phone.next()).await;
    for nobody in ["wv:nobody@south.example", "wv:nobody@north.example"] {
        let text = unique("all of you");
        let sent = alice.says(&text).to([&bob.user, nobody, &carol.user]).await;
        assert_eq!(sent.code, 201, "{sent:?}");
        let [(code, users)] = &sent.details[..] else { panic!("one detail: {sent:?}") };
        assert!(matches!(code, 531 | 427), "{sent:?}");
        assert_eq!(users[..], [nobody]);
        bob.hears(&text).await;
        carol.hears(&text).await;
    }
}

#[tokio::test]
async fn whoever_was_away_hears_everything_in_order_after_login() {
    two_domains().await.with_every_phone(away).await;
}

async fn away(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    let mut bob = world.phone("bob", SOUTH, phone.next());
    for number in 0..7 {
        alice.says(&format!("number {number}")).to([&bob.user]).await.accepted();
    }
    bob.login().await;
    bob.hears("number 6").await;
    let earlier: Vec<_> = bob.inbox.messages.iter().map(|m| m.text().to_owned()).collect();
    assert_eq!(earlier, ["number 0", "number 1", "number 2", "number 3", "number 4", "number 5"]);
    assert!(bob.journal.twice().is_empty());
}

#[tokio::test]
async fn a_message_that_nobody_fetched_in_time_is_reported_as_expired() {
    two_domains().await.with_every_phone(expired).await;
}

async fn expired(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    for (name, domain) in [("bob", SOUTH), ("carol", NORTH)] {
        let mut friend = world.phone(name, domain, phone.next());
        let id = alice.says("Now or never").report().validity(1).to([&friend.user]).await.accepted();
        assert_eq!(alice.report_for(&id).await.code, 542, "{domain}");
        friend.login().await;
        friend.poll().await;
        assert!(friend.inbox.messages.is_empty(), "{domain}");
    }
}

#[tokio::test]
async fn messages_for_a_domain_that_is_down_arrive_after_its_return() {
    let world = two_domains().await;
    let mut homes = Vec::new();
    for phone in Phone::ALL {
        homes.push((world.login("alice", NORTH, phone).await, phone.user("bob", SOUTH), phone));
    }
    world.stop(SOUTH).await;
    let sending = homes.iter_mut().map(|(alice, bob, _)| async move {
        alice.says("Are you there?").to([bob]).await.accepted();
    });
    futures_join(sending).await;
    world.revive(SOUTH).await;
    for (_, _, phone) in &homes {
        let mut bob = world.login("bob", SOUTH, *phone).await;
        bob.hears("Are you there?").await;
        assert!(bob.journal.twice().is_empty());
    }
}

#[tokio::test]
async fn the_sender_hears_when_validity_passes_while_the_domain_is_down() {
    let world = two_domains().await;
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let bob = Phone::USUAL.user("bob", SOUTH);
    world.stop(SOUTH).await;
    let sent = alice.says("Quick!").report().validity(7).to([&bob]).await;
    let code = alice.report_for(&sent.accepted()).await.code;
    assert!(matches!(code, 504 | 542), "{code}");
    world.revive(SOUTH).await;
    let mut bob = world.login("bob", SOUTH, Phone::USUAL).await;
    alice.says("Slow.").to([&bob.user]).await.accepted();
    bob.hears("Slow.").await;
    assert!(bob.inbox.messages.is_empty(), "the expired one does not arrive");
}

#[tokio::test]
async fn a_message_that_a_phone_did_not_confirm_comes_again_under_the_same_transaction() {
    two_domains().await.with_every_phone(unconfirmed).await;
}

async fn unconfirmed(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    let mut bob = world.login("bob", SOUTH, phone.next()).await;
    bob.answers = false;
    alice.says("Can you hear me?").to([&bob.user]).await.accepted();
    bob.hears("Can you hear me?").await;
    bob.hears("Can you hear me?").await;
    bob.login().await;
    bob.hears("Can you hear me?").await;
    bob.answers = true;
    bob.hears("Can you hear me?").await;
    assert!(bob.journal.all().len() >= 4 && bob.journal.twice().is_empty(), "{:?}", bob.journal.all());
    alice.says("Good.").to([&bob.user]).await.accepted();
    bob.hears("Good.").await;
    assert!(bob.journal.twice().is_empty(), "{:?}", bob.journal.all());
}

#[tokio::test]
async fn content_above_the_limit_is_refused_with_a_code() {
    let world = World::new().domain(NORTH).with("[messages]\nmax_size = \"4 KiB\"\n").start().await;
    world.with_every_phone(too_big).await;
}

async fn too_big(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    let bob = phone.user("bob", NORTH);
    let sent = alice.says(&"x".repeat(5000)).to([&bob]).await;
    assert!((400..500).contains(&sent.code), "{sent:?}");
    alice.says(&"x".repeat(4000)).to([&bob]).await.accepted();
}

/// Runs futures side by side on this task.
async fn futures_join(futures: impl IntoIterator<Item = impl Future<Output = ()>>) {
    let mut running: Vec<_> = futures.into_iter().map(Box::pin).collect();
    std::future::poll_fn(|cx| {
        running.retain_mut(|future| future.as_mut().poll(cx).is_pending());
        if running.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}
