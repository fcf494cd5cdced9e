//! What phones do at the same time, and what is left when they are through.

use std::sync::Arc;

use crate::support::handset::Handset;
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
