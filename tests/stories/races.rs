//! What phones do at the same time, and what is left when they are through.

use std::sync::Arc;

use crate::polling::held_poll;
use crate::support::handset::Handset;
use crate::support::wire::Version;
use crate::support::wire::tree::{Node, leaf, node};
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";

/// How many do the same at once.
const CROWD: usize = 12;

async fn one_domain(more: &str) -> Arc<World> {
    World::new().domain(NORTH).with(more).start().await
}

fn code(answer: &Node) -> u32 {
    answer.number_at("Result/Code").unwrap()
}

/// Posts one request of each phone at the same time; the answers in the order of the phones.
async fn at_once(phones: Vec<(Handset, Node)>) -> Vec<(Handset, Node)> {
    let ask = |(mut phone, request): (Handset, Node)| async move {
        let answer = phone.ask(request).await;
        (phone, answer)
    };
    let asking: Vec<_> = phones.into_iter().map(|asking| tokio::spawn(ask(asking))).collect();
    let mut answered = Vec::new();
    for asking in asking {
        answered.push(asking.await.unwrap());
    }
    answered
}

/// Logs in with all of them at the same time. Whoever got a session keeps it.
async fn log_in_at_once(phones: Vec<Handset>) -> Vec<Handset> {
    let logins = phones.into_iter().map(|phone| {
        let request = phone.login_request([leaf("Password", phone.password())]);
        (phone, request)
    });
    let mut in_session = Vec::new();
    for (mut phone, answer) in at_once(logins.collect()).await {
        assert_eq!(code(&answer), 200, "{answer:?}");
        phone.session = answer.text_at("SessionID").map(str::to_owned);
        in_session.push(phone);
    }
    in_session
}

/// The phones whose sessions live; the others are told that theirs are over.
async fn alive(phones: Vec<Handset>) -> Vec<Handset> {
    let mut alive = Vec::new();
    for mut phone in phones {
        match code(&phone.ask(node("KeepAlive-Request", [])).await) {
            200 => alive.push(phone),
            601 => {}
            other => panic!("{other}"),
        }
    }
    alive
}

#[tokio::test]
async fn of_many_phones_that_log_in_at_once_as_many_stay_as_a_user_may_have() {
    one_domain("[access]\nsessions_per_user = 3\n").await.with_every_phone(too_many_at_once).await;
}

async fn too_many_at_once(world: Arc<World>, phone: Phone) {
    let phones = (0..CROWD).map(|_| world.phone("alice", NORTH, phone)).collect();
    let mut alive = alive(log_in_at_once(phones).await).await;
    assert_eq!(alive.len(), 3);
    let mut bob = world.login("bob", NORTH, phone).await;
    bob.says("who is there?").to([&alive[0].user]).await.accepted();
    for phone in &mut alive {
        phone.hears("who is there?").await;
    }
}

#[tokio::test]
async fn of_many_logins_of_one_phone_at_once_one_stays() {
    one_domain("").await.with_every_phone(one_phone_at_once).await;
}

async fn one_phone_at_once(world: Arc<World>, phone: Phone) {
    let first = world.phone("alice", NORTH, phone);
    let phones = (0..CROWD).map(|_| world.phone("alice", NORTH, phone).in_place_of(&first)).collect();
    assert_eq!(alive(log_in_at_once(phones).await).await.len(), 1);
}

#[tokio::test]
async fn a_login_during_a_poll_that_is_held_ends_it_and_the_new_session_hears_what_comes() {
    one_domain("").await.with_every_phone(login_during_poll).await;
}

async fn login_during_poll(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone.next()).await;
    let mut bob = world.login("bob", NORTH, phone).await;
    for round in 0..4 {
        let poll = held_poll(&world, &bob, 20);
        let text = format!("round {round}");
        let user = bob.user.clone();
        // The message is for whichever session is there.
        let (sent, ()) = tokio::join!(alice.says(&text).report().to([&user]), bob.login());
        let id = sent.accepted();
        let told = phone.syntax.read(&poll.await.unwrap().body).unwrap();
        let names = ["Disconnect", "NewMessage"].map(|name| told.any(name).is_some());
        assert!(names == [true, false] || names == [false, true], "{told:?}");
        // What the old session was handed and did not confirm is not lost.
        bob.hears(&text).await;
        assert_eq!(alice.report_for(&id).await.code, 200);
    }
}

#[tokio::test]
async fn a_request_that_comes_twice_at_once_is_done_once_and_answered_alike() {
    one_domain("").await.with_every_phone(twice_at_once).await;
}

async fn twice_at_once(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    let mut bob = world.login("bob", NORTH, phone.next()).await;
    let request = alice.says("once").to([&bob.user]).request();
    let body = phone.syntax.write(&alice.message("Request", Some("the same"), request), phone.version);
    let posts = (0..CROWD).map(|_| alice.raw(body.clone(), phone.syntax.content_type(phone.version)));
    let answers: Vec<_> = futures(posts.collect()).await.into_iter().map(|answer| answer.unwrap().body).collect();
    let first = phone.syntax.read(&answers[0]).unwrap();
    let id = first.any("MessageID").unwrap();
    for answer in &answers {
        // Only the flag, which tells of now, may differ.
        assert_eq!(phone.syntax.read(answer).unwrap().any("MessageID"), Some(id));
    }
    bob.hears("once").await;
    bob.poll().await;
    assert!(bob.inbox.messages.is_empty() && bob.listed().await.is_empty());
}

/// Waits for all of them, which go on side by side.
async fn futures<F: Future>(all: Vec<F>) -> Vec<F::Output> {
    let mut all: Vec<_> = all.into_iter().map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|context| {
        for (one, done) in &mut all {
            if done.is_none()
                && let std::task::Poll::Ready(output) = one.as_mut().poll(context)
            {
                *done = Some(output);
            }
        }
        if all.iter().all(|(_, done)| done.is_some()) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    all.into_iter().filter_map(|(_, done)| done).collect()
}

#[tokio::test]
async fn what_several_connections_change_in_a_session_at_once_is_in_force_after_a_crash_as_before() {
    let world = World::new().domain(NORTH).processes().start().await;
    let mut phones = Vec::new();
    for phone in Phone::ALL {
        phones.push((phone, world.login("alice", NORTH, phone).await));
    }
    for round in 1..6_u32 {
        let mut before = Vec::new();
        for (phone, alice) in &phones {
            let method = |method: &str| node("SetDeliveryMethod-Request", [leaf("DeliveryMethod", method)]);
            let again = alice.login_request([leaf("SessionID", alice.session.as_ref().unwrap())]);
            let mut requests = vec![method("N"), method("P"), again, alice.capability_request(), method("N")];
            requests.extend((0..4).map(|n| node("KeepAlive-Request", [leaf("TimeToLive", 1000 * round + n)])));
            let posts = requests.into_iter().enumerate().map(|(number, request)| {
                let message = alice.message("Request", Some(&format!("{round}-{number}")), request);
                alice.raw(phone.syntax.write(&message, phone.version), phone.syntax.content_type(phone.version))
            });
            for answer in futures(posts.collect()).await {
                let answer = phone.syntax.read(&answer.unwrap().body).unwrap();
                assert!(answer.any("Code").is_none_or(|code| code.text == "200"), "{answer:?}");
            }
            before.push(stored(&world, *phone).await);
        }
        world.kill(NORTH).await;
        world.revive(NORTH).await;
        for ((phone, _), before) in phones.iter().zip(before) {
            assert_eq!(stored(&world, *phone).await, before, "{phone:?}, round {round}");
        }
    }
}

/// What is known of alice's only session, without what goes with the time.
async fn stored(world: &World, phone: Phone) -> serde_json::Value {
    let path = format!("/api/v1/users/{}/sessions", phone.local("alice"));
    let mut items = world.admin("GET", NORTH, &path).await["items"].take();
    assert_eq!(items.as_array().map(Vec::len), Some(1), "{items}");
    let session = items[0].as_object_mut().unwrap();
    session.retain(|name, _| !name.ends_with("_ms"));
    items[0].take()
}

#[tokio::test]
async fn a_session_that_is_taken_up_in_an_older_version_is_told_nothing_that_version_lacks() {
    let world = one_domain("").await;
    for (newer, older) in [(4, 2), (5, 3), (4, 0), (5, 1)].map(|(newer, older)| (Phone::ALL[newer], Phone::ALL[older]))
    {
        let mut bob = world.login("bob", NORTH, newer).await;
        let mut other = world.login("bob", NORTH, newer).await;
        let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
        let every_type = node("SubscribeNotification-Request", []);
        assert_eq!(code(&bob.ask(every_type).await), 200);
        other.states([leaf("SessionPriority", 0)]).await;
        other.states([leaf("SessionPriority", 3)]).await;
        alice.says("behind it").to([&bob.user]).await.accepted();
        // The phone has another program now, which is older.
        (bob.version, bob.syntax) = (older.version, older.syntax);
        let again = bob.login_request([leaf("SessionID", bob.session.as_ref().unwrap())]);
        assert_eq!(code(&bob.ask(again).await), 200);
        assert!(bob.version < Version::V13);
        bob.hears("behind it").await;
        assert!(bob.inbox.others.is_empty(), "{:?}", bob.inbox.others);
    }
}
