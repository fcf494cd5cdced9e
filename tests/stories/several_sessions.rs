//! Several sessions of one user: which of them a message is for, and what becomes of it when some have it.

use std::sync::Arc;

use crate::support::handset::Handset;
use crate::support::handset::messages::Heard;
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

/// Another phone of a user who has this kind of phone: of the next kind, but in the same hands.
fn second(world: &World, name: &str, domain: &str, phone: Phone) -> Handset {
    let mut second = world.phone(name, domain, phone);
    (second.syntax, second.version) = (phone.next().syntax, phone.next().version);
    second
}

async fn second_login(world: &World, name: &str, domain: &str, phone: Phone) -> Handset {
    let mut second = second(world, name, domain, phone);
    second.login().await;
    second
}

/// A text to users at these clients.
async fn says_to_clients<const N: usize>(sender: &mut Handset, text: &str, to: [(&str, Node); N]) -> String {
    let mut request = sender.says(text).report().request();
    let info = request.children.iter_mut().find(|child| child.name == "MessageInfo").unwrap();
    let recipient = info.children.iter_mut().find(|child| child.name == "Recipient").unwrap();
    recipient.children = to.map(|(user, client)| node("User", [leaf("UserID", user), client])).into();
    let answer = sender.ask(request).await;
    assert_eq!(answer.number_at("Result/Code"), Some(200), "{answer:?}");
    answer.text_at("MessageID").unwrap().to_owned()
}

async fn hears_nothing(phone: &mut Handset) {
    phone.poll().await;
    let heard: Vec<_> = phone.inbox.messages.iter().map(Heard::text).collect();
    assert!(heard.is_empty(), "{heard:?}");
}

#[tokio::test]
async fn both_phones_of_a_user_hear_every_message_and_the_sender_hears_of_it_once() {
    two_domains().await.with_every_phone(both).await;
}

async fn both(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    let mut one = world.login("bob", SOUTH, phone).await;
    let mut two = second_login(&world, "bob", SOUTH, phone).await;
    for round in 0..2 {
        let text = format!("round {round}");
        let id = alice.says(&text).report().to([&one.user]).await.accepted();
        assert_eq!(one.hears(&text).await.message_id, id);
        assert_eq!(alice.report_for(&id).await.code, 200);
        assert_eq!(two.hears(&text).await.message_id, id);
        std::mem::swap(&mut one, &mut two);
    }
    alice.poll().await;
    assert!(alice.inbox.reports.is_empty(), "one report each: {:?}", alice.inbox.reports);
    for bob in [&mut one, &mut two] {
        hears_nothing(bob).await;
        assert!(bob.listed().await.is_empty() && bob.journal.twice().is_empty());
    }
}

#[tokio::test]
async fn both_phones_of_a_user_may_have_a_message_in_hand_at_once() {
    one_domain().await.with_every_phone(at_once).await;
}

async fn at_once(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    let mut one = world.login("bob", NORTH, phone).await;
    let mut two = second_login(&world, "bob", NORTH, phone).await;
    let id = alice.says("here and there").report().to([&one.user]).await.accepted();
    let (first, second) = (one.glances().await, two.glances().await);
    assert_eq!(first.only().id, second.only().id, "one entry, one transaction id");
    let delivered = || node("MessageDelivered", [leaf("MessageID", &id)]);
    assert!(two.replies(second.only(), delivered()).await.said.is_empty());
    assert!(one.replies(first.only(), delivered()).await.said.is_empty());
    assert_eq!(alice.report_for(&id).await.code, 200);
    hears_nothing(&mut one).await;
    hears_nothing(&mut two).await;
}

#[tokio::test]
async fn a_phone_that_comes_after_the_first_has_confirmed_does_not_hear_it() {
    one_domain().await.with_every_phone(late).await;
}

async fn late(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    let mut one = world.login("bob", NORTH, phone).await;
    let mut two = second_login(&world, "bob", NORTH, phone).await;
    alice.says("before").to([&one.user]).await.accepted();
    one.hears("before").await;
    let mut three = second_login(&world, "bob", NORTH, phone).await;
    hears_nothing(&mut three).await;
    assert!(three.listed().await.is_empty());
    two.hears("before").await;
    alice.says("after").to([&one.user]).await.accepted();
    for bob in [&mut one, &mut two, &mut three] {
        bob.hears("after").await;
        assert!(bob.journal.twice().is_empty());
    }
}

#[tokio::test]
async fn a_message_goes_with_the_last_session_that_had_yet_to_take_it() {
    one_domain().await.with_every_phone(left_alone).await;
}

async fn left_alone(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    let mut one = world.login("bob", NORTH, phone).await;
    let mut two = second_login(&world, "bob", NORTH, phone).await;
    let id = alice.says("for two").report().validity(3).to([&one.user]).await.accepted();
    one.hears("for two").await;
    two.logout().await;
    let mut three = second_login(&world, "bob", NORTH, phone).await;
    hears_nothing(&mut one).await;
    hears_nothing(&mut three).await;
    assert_eq!(alice.report_for(&id).await.code, 200);
    // It would have expired by now: nothing is told of it a second time.
    let other = alice.says("a mark").report().validity(3).to([&phone.user("dave", NORTH)]).await.accepted();
    assert_eq!(alice.report_for(&other).await.code, 542);
    assert!(alice.inbox.reports.is_empty(), "{:?}", alice.inbox.reports);
}

#[tokio::test]
async fn whoever_has_a_message_is_remembered_over_a_crash_of_the_node() {
    let world = World::new().domain(NORTH).processes().start().await;
    let mut homes = Vec::new();
    for phone in Phone::ALL {
        let mut alice = world.login("alice", NORTH, phone).await;
        let mut one = world.login("bob", NORTH, phone).await;
        let mut two = second_login(&world, "bob", NORTH, phone).await;
        let id = alice.says("before the crash").report().to([&one.user]).await.accepted();
        one.hears("before the crash").await;
        let handed = two.glances().await.only().id.clone();
        homes.push((alice, one, two, id, handed));
    }
    world.kill(NORTH).await;
    world.revive(NORTH).await;
    for (alice, one, two, id, handed) in &mut homes {
        hears_nothing(one).await;
        two.hears("before the crash").await;
        assert_eq!(&two.journal.all().last().unwrap().transaction, handed, "under the same transaction id");
        assert_eq!(alice.report_for(id).await.code, 200);
    }
    world.kill(NORTH).await;
    world.revive(NORTH).await;
    for (alice, one, two, _, _) in &mut homes {
        for bob in [&mut *one, two] {
            hears_nothing(bob).await;
            assert!(bob.listed().await.is_empty() && bob.journal.twice().is_empty());
        }
        alice.poll().await;
        assert!(alice.inbox.reports.is_empty(), "{:?}", alice.inbox.reports);
    }
}

#[tokio::test]
async fn a_message_for_one_client_reaches_that_client_alone() {
    two_domains().await.with_every_phone(one_client).await;
}

async fn one_client(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    for domain in [NORTH, SOUTH] {
        let mut one = world.login("bob", domain, phone).await;
        let mut two = second_login(&world, "bob", domain, phone).await;
        let user = one.user.clone();
        let id = says_to_clients(&mut alice, "for the second", [(&user, two.client_id())]).await;
        hears_nothing(&mut one).await;
        assert!(one.listed().await.is_empty() && one.fetches(&id).await.is_err(), "it is none of his business");
        two.hears("for the second").await;
        assert_eq!(alice.report_for(&id).await.code, 200);
        hears_nothing(&mut one).await;

        let clients = [(user.as_str(), two.client_id()), (user.as_str(), one.client_id())];
        let id = says_to_clients(&mut alice, "for either", clients).await;
        one.hears("for either").await;
        two.hears("for either").await;
        alice.report_for(&id).await;

        let stranger = node("ClientID", [leaf("URL", "http://phone.example/lost")]);
        says_to_clients(&mut alice, "for a phone that is lost", [(&user, stranger)]).await;
        one.hears("for a phone that is lost").await;
        two.hears("for a phone that is lost").await;
    }
}

#[tokio::test]
async fn only_the_sessions_of_the_best_rank_are_handed_messages() {
    one_domain().await.with_every_phone(ranks).await;
}

async fn ranks(world: Arc<World>, phone: Phone) {
    if phone.version != Version::V13 {
        return;
    }
    let mut alice = world.login("alice", NORTH, phone).await;
    let mut low = world.phone("bob", NORTH, phone);
    low.login_as([leaf("SessionPriority", 5)]).await;
    let mut high = world.phone("bob", NORTH, phone);
    high.login_as([leaf("SessionPriority", 2)]).await;
    alice.says("for the best").to([&low.user]).await.accepted();
    hears_nothing(&mut low).await;
    assert_eq!(low.listed().await.len(), 1, "it may be fetched all the same");
    high.hears("for the best").await;
    assert!(low.listed().await.is_empty());

    low.states([leaf("SessionPriority", 2)]).await;
    alice.says("for equals").to([&low.user]).await.accepted();
    low.hears("for equals").await;
    high.hears("for equals").await;

    low.states([leaf("SessionPriority", 9)]).await;
    alice.says("left behind").to([&low.user]).await.accepted();
    hears_nothing(&mut low).await;
    high.logout().await;
    low.hears("left behind").await;
    let mut unranked = world.login("bob", NORTH, phone).await;
    alice.says("nobody is better than who states no rank").to([&low.user]).await.accepted();
    hears_nothing(&mut low).await;
    unranked.hears("nobody is better than who states no rank").await;
}

#[tokio::test]
async fn what_the_best_session_cannot_take_goes_to_the_next() {
    let world = one_domain().await;
    let phone = Phone::ALL[4];
    let mut alice = world.login("alice", NORTH, phone).await;
    let mut low = world.phone("bob", NORTH, phone);
    low.login_as([leaf("SessionPriority", 5)]).await;
    let mut high = world.phone("bob", NORTH, phone);
    high.login_as([leaf("AnyContent", "F")]).await;
    high.agrees_on(&["NEWM"]).await;
    alice.shows(&[1, 2, 3], "image/png").to([&low.user]).await.accepted();
    hears_nothing(&mut high).await;
    low.hears_bytes(&[1, 2, 3]).await;
    alice.says("text").to([&low.user]).await.accepted();
    high.hears("text").await;
    hears_nothing(&mut low).await;
}

#[tokio::test]
async fn a_report_goes_to_the_client_that_sent_the_message() {
    two_domains().await.with_every_phone(reports).await;
}

async fn reports(world: Arc<World>, phone: Phone) {
    for domain in [NORTH, SOUTH] {
        let mut other = second_login(&world, "alice", NORTH, phone).await;
        let mut alice = world.login("alice", NORTH, phone).await;
        let mut bob = world.login("bob", domain, phone.next()).await;
        let text = unique("report to me");
        let id = alice.says(&text).report().to([&bob.user]).await.accepted();
        bob.hears(&text).await;
        for _ in 0..3 {
            other.poll().await;
        }
        assert!(other.inbox.reports.is_empty());
        assert_eq!(alice.report_for(&id).await.code, 200);

        let text = unique("report to whoever is there");
        let id = alice.says(&text).report().to([&bob.user]).await.accepted();
        alice.logout().await;
        bob.hears(&text).await;
        assert_eq!(other.report_for(&id).await.code, 200, "the sending client is gone");
        other.logout().await;
        bob.logout().await;
    }
}

#[tokio::test]
async fn a_session_that_fetches_takes_only_its_own_copy() {
    one_domain().await.with_every_phone(fetched).await;
}

async fn fetched(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    let mut one = world.phone("bob", NORTH, phone);
    one.login_as([leaf("InitialDeliveryMethod", "N")]).await;
    let mut two = second_login(&world, "bob", NORTH, phone).await;
    let id = alice.says("one tells, one pushes").report().to([&one.user]).await.accepted();
    one.is_told(&id).await;
    assert_eq!(one.fetches(&id).await.unwrap().text(), "one tells, one pushes");
    assert_eq!(one.confirms(&id).await, 200);
    assert_eq!((one.confirms(&id).await, one.fetches(&id).await.err()), (426, Some(426)));
    two.hears("one tells, one pushes").await;

    let id = alice.says("refused by one").report().to([&one.user]).await.accepted();
    one.is_told(&id).await;
    assert_eq!(one.rejects([&id]).await.number_at("Code"), Some(200));
    assert_eq!(alice.report_for(&id).await.code, 538, "the user has refused it");
    hears_nothing(&mut two).await;

    let id = alice.says("heard by one, refused by the other").report().to([&one.user]).await.accepted();
    two.hears("heard by one, refused by the other").await;
    assert_eq!(alice.report_for(&id).await.code, 200);
    assert_eq!(one.rejects([&id]).await.number_at("Code"), Some(200));
    alice.poll().await;
    assert!(alice.inbox.reports.iter().all(|report| report.message_id != id), "no second report");
    assert!(one.listed().await.is_empty());
}
