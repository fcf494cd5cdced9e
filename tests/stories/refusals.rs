//! Every way to be kept out: what the client is told, what is counted, and that nobody got in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::support::handset::Handset;
use crate::support::handset::access::Schema;
use crate::support::wire::tree::{Node, leaf, node};
use crate::support::world::{Phone, World};
use crate::support::{GLANCE, PATIENCE};

const NORTH: &str = "north.example";

async fn alone(more: &str) -> Arc<World> {
    World::new().domain(NORTH).with(more).processes().start().await
}

fn code(answer: &Node) -> u32 {
    answer.number_at("Result/Code").unwrap()
}

async fn refusals(world: &World, reason: &str) -> u64 {
    world.counter(NORTH, &format!("postern_client_refusals_total{{reason=\"{reason}\"}}")).await
}

/// Nobody got in, and so many were kept out for this reason and no other.
async fn kept_out(world: &World, reason: &str, times: u64) {
    assert_eq!(refusals(world, reason).await, times, "{reason}");
    assert_eq!(world.counter(NORTH, "postern_client_sessions").await, 0);
    let opened = world.counter(NORTH, "postern_client_logins_total{code=\"200\"}").await;
    // In 1.1 a challenge is 200 as well.
    assert!(opened == 0 || Phone::ALL.len() as u64 >= opened, "{opened} logins with 200");
}

/// The second step of a login by digest, with the nonce of the first.
async fn proof(handset: &mut Handset, schema: Schema, password: &str) -> Node {
    let first = handset.offer_schemas(&[schema.name()]).await;
    let digest = schema.digest(first.text_at("Nonce").unwrap(), password);
    handset.login_request([leaf("DigestBytes", digest)])
}

#[tokio::test]
async fn a_wrong_password_is_409_in_clear_and_by_digest() {
    let world = alone("").await;
    world.with_every_phone(wrong_password).await;
    kept_out(&world, "wrong-password", 18).await;
}

async fn wrong_password(world: Arc<World>, phone: Phone) {
    let mut liar = world.phone("alice", NORTH, phone).of(&phone.user("alice", NORTH), "not hers");
    assert_eq!(liar.try_login().await, 409);
    for schema in [Schema::Md5, Schema::Sha] {
        let second = proof(&mut liar, schema, "not hers").await;
        assert_eq!(code(&liar.ask(second).await), 409);
    }
}

#[tokio::test]
async fn an_unknown_user_is_531_and_only_at_the_second_step() {
    let world = alone("").await;
    world.with_every_phone(unknown_user).await;
    kept_out(&world, "unknown-user", 12).await;
}

async fn unknown_user(world: Arc<World>, phone: Phone) {
    let mut nobody = world.phone("alice", NORTH, phone).of("wv:nobody@north.example", "any");
    assert_eq!(nobody.try_login().await, 531);
    let second = proof(&mut nobody, Schema::Md5, "any").await;
    assert_eq!(code(&nobody.ask(second).await), 531);
}

#[tokio::test]
async fn an_expired_nonce_is_401_and_the_phone_begins_again() {
    let world = alone("[timers]\nnonce = \"50ms\"\n").await;
    world.with_every_phone(expired).await;
    kept_out(&world, "nonce-expired", 6).await;
}

async fn expired(world: Arc<World>, phone: Phone) {
    let mut alice = world.phone("alice", NORTH, phone);
    let begun = tokio::time::Instant::now();
    let second = proof(&mut alice, Schema::Md5, "secret of alice").await;
    tokio::time::sleep_until(begun + Duration::from_millis(1_000)).await;
    let answer = alice.ask(second).await;
    assert_eq!((code(&answer), answer.find("SessionID")), (401, None), "{answer:?}");
}

#[tokio::test]
async fn a_digest_that_comes_again_is_401_and_opens_nothing() {
    let world = alone("").await;
    world.with_every_phone(replayed).await;
    assert_eq!(refusals(&world, "nonce-unknown").await, 18);
    assert_eq!(world.counter(NORTH, "postern_client_sessions").await, 0);
}

async fn replayed(world: Arc<World>, phone: Phone) {
    let mut alice = world.phone("alice", NORTH, phone);
    let password = crate::support::world::phone::password("alice");
    let second = proof(&mut alice, Schema::Sha, &password).await;
    let answer = alice.ask(second.clone()).await;
    assert_eq!(code(&answer), 200, "{answer:?}");
    alice.session = answer.text_at("SessionID").map(str::to_owned);
    alice.logout().await;
    // Whoever heard it says it again, as another transaction and from another connection.
    let mut thief = world.phone("alice", NORTH, phone);
    for who in [&mut alice, &mut thief] {
        let answer = who.ask(second.clone()).await;
        assert_eq!((code(&answer), answer.find("SessionID")), (401, None), "{answer:?}");
    }
    // Nor does the digest serve for another nonce.
    alice.offer_schemas(&["SHA"]).await;
    let invented = alice.login_request([leaf("DigestBytes", "bm9uZQ==")]);
    assert_eq!(code(&alice.ask(invented).await), 409);
    let answer = alice.ask(second).await;
    assert_eq!((code(&answer), answer.find("SessionID")), (401, None), "{answer:?}");
}

#[tokio::test]
async fn a_barred_user_is_403_and_only_if_the_password_is_right() {
    let world = alone("").await;
    for phone in Phone::ALL {
        world.change_user(NORTH, &phone.local("alice"), json!({"active": false})).await;
        let mut alice = world.phone("alice", NORTH, phone);
        assert_eq!(alice.try_login().await, 403, "{phone:?}");
        assert_eq!(alice.try_login_digest(Schema::Md5).await, 403, "{phone:?}");
        let mut liar = world.phone("alice", NORTH, phone).of(&phone.user("alice", NORTH), "not hers");
        assert_eq!(liar.try_login().await, 409, "{phone:?}");
    }
    kept_out(&world, "barred", 12).await;
}

#[tokio::test]
async fn a_phone_without_a_usable_schema_is_543() {
    let world = alone("[access]\nclear_passwords = \"never\"\n").await;
    world.with_every_phone(no_schema).await;
    kept_out(&world, "no-schema", 12).await;
}

async fn no_schema(world: Arc<World>, phone: Phone) {
    let mut alice = world.phone("alice", NORTH, phone);
    for schemas in [&["MD4", "MD6"][..], &["PWD"]] {
        let answer = alice.offer_schemas(schemas).await;
        assert_eq!((code(&answer), answer.find("Nonce")), (543, None), "{answer:?}");
    }
}

#[tokio::test]
async fn a_missing_user_id_is_531_and_in_1_3_a_missing_number_920() {
    let world = alone("").await;
    world.with_every_phone(no_user).await;
    kept_out(&world, "no-number", 12).await;
}

async fn no_user(world: Arc<World>, phone: Phone) {
    let mut alice = world.phone("alice", NORTH, phone);
    let wanted = if phone.version == crate::support::wire::Version::V13 { 920 } else { 531 };
    let mut request = alice.login_request([leaf("Password", "secret of alice")]);
    request.children[0] = leaf("UserID", "");
    assert_eq!(code(&alice.ask(request.clone()).await), wanted);
    request.children.remove(0);
    assert_eq!(code(&alice.ask(request).await), wanted);
}

#[tokio::test]
async fn a_session_taken_up_by_another_client_or_user_is_422_and_an_unknown_one_502() {
    let world = alone("").await;
    world.with_every_phone(taken_up).await;
    assert_eq!(refusals(&world, "other-client").await, 12);
    assert_eq!(refusals(&world, "unknown-session").await, 6 + 6);
}

async fn taken_up(world: Arc<World>, phone: Phone) {
    let alice = world.login("alice", NORTH, phone).await;
    let session = alice.session.clone().unwrap();
    let again = |handset: &Handset| handset.login_request([leaf("SessionID", &session)]);
    // Another client id; another user.
    let mut other = world.phone("alice", NORTH, phone);
    let mut bob = world.phone("bob", NORTH, phone);
    for thief in [&mut other, &mut bob] {
        let answer = thief.ask(again(thief)).await;
        assert_eq!((code(&answer), answer.find("SessionID")), (422, None), "{answer:?}");
    }
    // Its own phone, at another address of the machine.
    let mut alice = alice.at(world.http_from([127, 0, 0, 5]));
    let answer = alice.ask(again(&alice)).await;
    assert_eq!((code(&answer), answer.text_at("SessionID")), (200, Some(session.as_str())), "{answer:?}");
    assert_eq!(answer.text_at("CapabilityRequest"), Some("F"), "what was agreed is still agreed");
    alice.keep_alive().await;
    alice.logout().await;
    let answer = alice.ask(again(&alice)).await;
    assert_eq!((code(&answer), answer.find("SessionID")), (502, None), "{answer:?}");
    alice.session = Some(session);
    let answer = alice.ask(node("KeepAlive-Request", [])).await;
    assert_eq!((answer.name.as_str(), code(&answer)), ("Status", 604), "{answer:?}");
}

#[tokio::test]
async fn a_session_that_expired_is_not_taken_up_again() {
    let world = alone("[access]\nkeep_alive_max = \"1s\"\n").await;
    let mut alice = world.phone("alice", NORTH, Phone::USUAL);
    let answer = alice.ask(alice.login_request([leaf("Password", "secret of alice")])).await;
    let session = answer.text_at("SessionID").unwrap().to_owned();
    let until = tokio::time::Instant::now() + PATIENCE;
    while world.counter(NORTH, "postern_client_sessions").await > 0 {
        assert!(tokio::time::Instant::now() < until, "it never expires");
        tokio::time::sleep(GLANCE).await;
    }
    let answer = alice.ask(alice.login_request([leaf("SessionID", session)])).await;
    assert_eq!((code(&answer), answer.find("SessionID")), (502, None), "{answer:?}");
}

#[tokio::test]
async fn who_guesses_has_to_wait_and_the_owner_does_not() {
    let world = alone("[access]\ntrusted_gateways = [\"127.0.0.1/32\"]\n").await;
    let waits = Arc::new(AtomicU64::new(0));
    let counting = Arc::clone(&waits);
    world.with_every_phone(move |world, phone| guessing(world, phone, Arc::clone(&counting))).await;
    assert_eq!(refusals(&world, "too-many-attempts").await, waits.load(Ordering::SeqCst));
    assert_eq!(refusals(&world, "wrong-password").await, 6 * 8);
    assert_eq!(world.counter(NORTH, "postern_client_sessions").await, 6 * 2, "the owner's two phones");
}

/// A login with this password: its code and, if the phone has to wait, for how many seconds.
async fn guess(phone: &mut Handset, password: &str) -> (u32, Option<u64>) {
    let answer = phone.ask(phone.login_request([leaf("Password", password)])).await;
    let told = answer.text_at("Result/Description").and_then(|text| text.split_once("try again in "));
    let wait = told.and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
    assert!(answer.find("SessionID").is_none() || code(&answer) == 200, "{answer:?}");
    assert_eq!(code(&answer) == 503, wait.is_some(), "{answer:?}");
    (code(&answer), wait)
}

async fn guessing(world: Arc<World>, phone: Phone, waits: Arc<AtomicU64>) {
    // Each phone of this story has a network of its own.
    let network = Phone::ALL.iter().position(|other| *other == phone).unwrap();
    let at = |last: u8| {
        world.phone("alice", NORTH, phone).with_header("X-Forwarded-For", &format!("192.0.{network}.{last}"))
    };
    let right = crate::support::world::phone::password("alice");
    let mut alice = at(1);
    alice.login().await;
    let mut thief = at(2);
    let mut wrong = 0;
    // Until the waits are so long that even a slow machine sees them.
    while wrong < 8 {
        match guess(&mut thief, "a guess").await {
            (409, None) => wrong += 1,
            (503, Some(wait)) => {
                assert!(wrong >= 6 && wait <= 2, "{wait} s after {wrong} guesses");
                waits.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(GLANCE).await;
            }
            other => panic!("{other:?}"),
        }
    }
    let (code, wait) = guess(&mut thief, &right).await;
    assert_eq!(code, 503, "even the right password has to wait");
    assert!(wait.is_some_and(|wait| (3..=4).contains(&wait)), "{wait:?}");
    assert_eq!(thief.try_login_digest(Schema::Md5).await, 503);
    waits.fetch_add(2, Ordering::SeqCst);
    // Another phone of hers elsewhere, and the one that is known.
    at(3).login().await;
    alice.login().await;
    alice.keep_alive().await;
}
