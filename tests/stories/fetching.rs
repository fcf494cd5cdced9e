//! Messages that are announced and fetched, refused, listed: what waits for a user of this domain.

use std::sync::Arc;

use crate::support::handset::Handset;
use crate::support::unique;
use crate::support::wire::Version;
use crate::support::wire::tree::{Node, leaf, node};
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";
const SOUTH: &str = "south.example";

async fn two_domains() -> Arc<World> {
    World::new().domain(NORTH).domain(SOUTH).start().await
}

async fn one_domain() -> Arc<World> {
    World::new().domain(NORTH).start().await
}

/// A phone that wants to be told and not to be pushed to.
async fn told(world: &World, name: &str, domain: &str, phone: Phone) -> Handset {
    let mut handset = world.phone(name, domain, phone);
    handset.login_as([leaf("InitialDeliveryMethod", "N")]).await;
    handset
}

fn message_id(info: &Node) -> &str {
    info.text_at("MessageID").unwrap()
}

#[tokio::test]
async fn a_phone_that_wants_to_be_told_fetches_what_it_was_told_of() {
    two_domains().await.with_every_phone(told_and_fetched).await;
}

async fn told_and_fetched(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone.next()).await;
    let mut bob = told(&world, "bob", SOUTH, phone).await;
    let text = unique("worth fetching");
    let id = alice.says(&text).report().to([&bob.user]).await.accepted();
    let notification = bob.is_told(&id).await;
    let info = notification.find("MessageInfo").unwrap();
    assert_eq!(info.text_at("Sender/User/UserID"), Some(alice.user.as_str()));
    assert_eq!(info.number_at("ContentSize"), Some(u32::try_from(text.len()).unwrap()));
    assert!(notification.any("ContentData").is_none() && bob.inbox.messages.is_empty(), "not the message itself");
    bob.poll().await;
    assert!(bob.inbox.others.is_empty(), "it is told once");

    let (listed, total) = bob.lists(None).await;
    assert_eq!(listed.iter().map(message_id).collect::<Vec<_>>(), [id.as_str()]);
    assert_eq!(total, (phone.version == Version::V13).then_some(1));
    for _ in 0..2 {
        let heard = bob.fetches(&id).await.unwrap();
        assert_eq!((heard.text(), heard.sender.as_str()), (text.as_str(), alice.user.as_str()));
    }
    alice.poll().await;
    assert!(alice.inbox.reports.is_empty(), "fetched is not yet delivered");
    assert_eq!(bob.confirms(&id).await, 200);
    assert_eq!(alice.report_for(&id).await.code, 200);
    assert_eq!((bob.confirms(&id).await, bob.fetches(&id).await.err()), (426, Some(426)));
    assert!(bob.listed().await.is_empty());
}

#[tokio::test]
async fn a_message_that_is_refused_is_gone_and_its_sender_hears_of_it() {
    two_domains().await.with_every_phone(refused).await;
}

async fn refused(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone.next()).await;
    let mut bob = told(&world, "bob", SOUTH, phone).await;
    let one = alice.says("one").report().to([&bob.user]).await.accepted();
    let two = alice.says("two").report().to([&bob.user]).await.accepted();
    bob.is_told(&one).await;
    bob.is_told(&two).await;
    assert_eq!(bob.rejects([&one]).await.number_at("Code"), Some(200));
    let report = alice.report_for(&one).await;
    assert_eq!((report.code, report.recipient.as_str()), (538, bob.user.as_str()));
    assert_eq!(bob.fetches(&one).await.err(), Some(426));

    let result = bob.rejects([&one, &two]).await;
    assert_eq!(result.number_at("Code"), Some(201), "{result:?}");
    let detail = result.find("DetailedResult").unwrap();
    assert_eq!(detail.number_at("Code"), Some(426));
    // 1.1 has no place for the id.
    let named = (phone.version > Version::V11).then_some(one.as_str());
    assert_eq!(detail.text_at("MessageID"), named);
    assert_eq!(alice.report_for(&two).await.code, 538);
    assert_eq!(bob.rejects(["nothing@nowhere"]).await.number_at("Code"), Some(426));
    assert!(bob.listed().await.is_empty());
}

#[tokio::test]
async fn a_message_may_be_refused_though_nobody_was_told_of_it() {
    one_domain().await.with_every_phone(refused_unseen).await;
}

async fn refused_unseen(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone.next()).await;
    let mut bob = world.login("bob", NORTH, phone).await;
    let id = alice.says("too late").report().to([&bob.user]).await.accepted();
    assert_eq!(bob.rejects([&id]).await.number_at("Code"), Some(200));
    assert_eq!(alice.report_for(&id).await.code, 538);
    bob.poll().await;
    assert!(bob.inbox.messages.is_empty());
}

#[tokio::test]
async fn the_way_of_delivery_changes_in_the_middle_of_a_session() {
    one_domain().await.with_every_phone(changed).await;
}

async fn changed(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone.next()).await;
    let mut bob = world.login("bob", NORTH, phone).await;
    alice.says("pushed").to([&bob.user]).await.accepted();
    bob.hears("pushed").await;
    assert_eq!(bob.delivery_method("N", None).await, 200);
    let id = alice.says("announced").to([&bob.user]).await.accepted();
    bob.is_told(&id).await;
    assert!(bob.inbox.messages.is_empty());
    assert_eq!(bob.delivery_method("P", None).await, 200);
    bob.hears("announced").await;
    alice.says("pushed again").to([&bob.user]).await.accepted();
    bob.hears("pushed again").await;
    assert_eq!(bob.delivery_method("X", None).await, 402);
    let group =
        node("SetDeliveryMethod-Request", [leaf("DeliveryMethod", "N"), leaf("GroupID", "wv:bob/chess@north.example")]);
    assert_eq!(bob.ask(group).await.number_at("Result/Code"), Some(800), "groups come later");
    assert!(bob.journal.twice().is_empty(), "{:?}", bob.journal.all());
}

#[tokio::test]
async fn a_length_given_with_the_method_counts_until_another_is_given() {
    one_domain().await.with_every_phone(lengths).await;
}

async fn lengths(world: Arc<World>, phone: Phone) {
    if phone.version == Version::V13 {
        // 1.3 has it for groups alone.
        return;
    }
    let mut alice = world.login("alice", NORTH, phone.next()).await;
    let mut bob = world.login("bob", NORTH, phone).await;
    assert_eq!(bob.delivery_method("P", Some(10)).await, 200);
    let long = alice.says("longer than that").to([&bob.user]).await.accepted();
    alice.says("short").to([&bob.user]).await.accepted();
    bob.is_told(&long).await;
    bob.hears("short").await;
    assert!(bob.inbox.messages.is_empty());
    assert_eq!(bob.delivery_method("P", None).await, 200);
    bob.hears("longer than that").await;
}

#[tokio::test]
async fn what_waited_while_a_phone_was_away_is_listed_in_order_as_far_as_it_asks() {
    two_domains().await.with_every_phone(away).await;
}

async fn away(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone.next()).await;
    let mut bob = world.phone("bob", SOUTH, phone);
    let mut sent = Vec::new();
    for number in 0..12 {
        sent.push(alice.says(&format!("number {number}")).to([&bob.user]).await.accepted());
    }
    bob.login_as([leaf("InitialDeliveryMethod", "N")]).await;
    assert_eq!(bob.listed().await, sent);
    let (some, total) = bob.lists(Some(5)).await;
    assert_eq!(some.iter().map(message_id).collect::<Vec<_>>(), sent[..5].iter().collect::<Vec<_>>());
    assert_eq!(total, (phone.version == Version::V13).then_some(12));
    assert_eq!(bob.fetches(&sent[11]).await.unwrap().text(), "number 11");
    for id in &sent {
        bob.is_told(id).await;
    }
    for id in &sent {
        assert_eq!(bob.confirms(id).await, 200);
    }
    assert!(bob.listed().await.is_empty());
}

#[tokio::test]
async fn only_the_ways_that_were_agreed_are_used() {
    one_domain().await.with_every_phone(agreed).await;
}

async fn agreed(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone.next()).await;
    let mut bob = world.login("bob", NORTH, phone).await;
    bob.agrees_on(&["NOTIF", "GETM", "SETD"]).await;
    let id = alice.says("cannot be pushed").to([&bob.user]).await.accepted();
    bob.is_told(&id).await;
    assert_eq!(bob.delivery_method("P", None).await, 506);
    bob.agrees_on(&["NEWM", "SETD"]).await;
    assert_eq!(bob.delivery_method("N", None).await, 506);
    bob.hears("cannot be pushed").await;
    assert_eq!(bob.fetches(&id).await.err(), Some(506), "fetching is not agreed");
    bob.states([leaf("InitialDeliveryMethod", "N")]).await;
    alice.says("cannot be announced").to([&bob.user]).await.accepted();
    bob.hears("cannot be announced").await;
}

#[tokio::test]
async fn a_phone_that_never_answers_announcements_hears_everything_else() {
    one_domain().await.with_every_phone(deaf).await;
}

async fn deaf(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone.next()).await;
    let mut bob = world.phone("bob", NORTH, phone);
    bob.login_as([leaf("AnyContent", ""), bob.taking("text/plain", [])]).await;
    for round in 0..2 {
        alice.shows(&[0, 1, 2], "image/png").to([&bob.user]).await.accepted();
        let text = format!("text {round}");
        alice.says(&text).to([&bob.user]).await.accepted();
        let first = bob.glances().await;
        assert_eq!((first.names(), first.more), (vec!["MessageNotification"], true));
        let next = bob.glances().await;
        assert_eq!(next.names(), ["NewMessage"], "it does not wait for an answer");
        let delivered = leaf("MessageID", next.only().primitive.text_at("MessageInfo/MessageID").unwrap());
        bob.replies(next.only(), node("MessageDelivered", [delivered])).await;
    }
    assert_eq!(bob.listed().await.len(), 2, "both pictures wait");
}

#[tokio::test]
async fn an_announcement_that_was_lost_comes_again_under_the_same_transaction() {
    one_domain().await.with_every_phone(lost).await;
}

async fn lost(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone.next()).await;
    let mut bob = told(&world, "bob", NORTH, phone).await;
    let id = alice.says("hear, hear").to([&bob.user]).await.accepted();
    let first = bob.glances().await.only().id.clone();
    bob.answers = false;
    bob.is_told(&id).await;
    bob.answers = true;
    assert_eq!(bob.delivery_method("P", None).await, 200);
    let pushed = bob.glances().await;
    assert_eq!(pushed.names(), ["NewMessage"]);
    assert_ne!(pushed.only().id, first, "what was announced under one transaction is pushed under another");
}

#[tokio::test]
async fn what_was_announced_expires_like_anything_else() {
    one_domain().await.with_every_phone(expired).await;
}

async fn expired(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone.next()).await;
    let mut bob = told(&world, "bob", NORTH, phone).await;
    let id = alice.says("now or never").report().validity(3).to([&bob.user]).await.accepted();
    bob.is_told(&id).await;
    assert_eq!(alice.report_for(&id).await.code, 542);
    assert_eq!(bob.fetches(&id).await.err(), Some(426));
    assert!(bob.listed().await.is_empty());
}

#[tokio::test]
async fn what_waits_for_others_is_neither_listed_nor_given() {
    let world = one_domain().await;
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let mut bob = told(&world, "bob", NORTH, Phone::USUAL).await;
    let mut eve = told(&world, "carol", NORTH, Phone::USUAL).await;
    let id = alice.says("for bob alone").to([&bob.user]).await.accepted();
    bob.is_told(&id).await;
    assert!(eve.listed().await.is_empty());
    assert_eq!((eve.fetches(&id).await.err(), eve.confirms(&id).await), (Some(426), 426));
    assert_eq!(eve.rejects([&id]).await.number_at("Code"), Some(426));
    assert_eq!(bob.fetches(&id).await.unwrap().text(), "for bob alone");
}
