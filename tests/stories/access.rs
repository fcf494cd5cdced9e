//! Getting in and out: login in two and four ways, refusals, keep-alive, unknown sessions.

use std::sync::Arc;

use crate::support::handset::access::Schema;
use crate::support::wire::Version;
use crate::support::wire::tree::{leaf, node};
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";

async fn one_domain() -> Arc<World> {
    World::new().domain(NORTH).start().await
}

#[tokio::test]
async fn a_password_opens_a_session_that_lives_until_logout() {
    one_domain().await.with_every_phone(in_and_out).await;
}

async fn in_and_out(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    alice.poll().await;
    let granted = alice.keep_alive().await;
    assert!(granted.is_none_or(|time| time > 5), "{granted:?}");
    let session = alice.session.clone();
    alice.logout().await;
    alice.session = session;
    let answer = alice.ask(node("KeepAlive-Request", [])).await;
    assert_eq!(answer.number_at("Result/Code"), Some(604), "{answer:?}");
}

#[tokio::test]
async fn a_password_opens_a_session_over_tls_as_well() {
    one_domain().await.with_every_phone(over_tls).await;
}

async fn over_tls(world: Arc<World>, phone: Phone) {
    let mut alice = world.tls_phone("alice", NORTH, phone);
    alice.login().await;
    alice.logout().await;
}

#[tokio::test]
async fn a_digest_opens_a_session_without_the_password_on_the_wire() {
    one_domain().await.with_every_phone(by_digest).await;
}

async fn by_digest(world: Arc<World>, phone: Phone) {
    for schema in [Schema::Md5, Schema::Sha] {
        let mut alice = world.phone("alice", NORTH, phone);
        alice.login_digest(schema).await;
        alice.poll().await;
        alice.logout().await;
    }
}

#[tokio::test]
async fn wrong_passwords_and_unknown_users_stay_outside() {
    one_domain().await.with_every_phone(refused).await;
}

async fn refused(world: Arc<World>, phone: Phone) {
    let name = phone.user("alice", NORTH);
    let mut liar = world.phone("alice", NORTH, phone).of(&name, "not the password");
    assert_eq!(liar.try_login().await, 409);
    assert_eq!(liar.try_login_digest(Schema::Md5).await, 409);
    let mut stranger = world.phone("alice", NORTH, phone).of("wv:stranger@north.example", "any");
    assert_eq!(stranger.try_login().await, 531);
    assert_eq!(stranger.try_login_digest(Schema::Sha).await, 531);
    assert!(liar.session.is_none() && stranger.session.is_none());
}

#[tokio::test]
async fn a_phone_that_knows_no_common_schema_is_told_so() {
    let world = World::new().domain(NORTH).with("[access]\nclear_passwords = \"never\"\n").start().await;
    world.with_every_phone(no_common_schema).await;
}

async fn no_common_schema(world: Arc<World>, phone: Phone) {
    let mut alice = world.phone("alice", NORTH, phone);
    let answer = alice.offer_schemas(&["MD4", "MD6"]).await;
    assert_eq!(answer.number_at("Result/Code"), Some(543), "{answer:?}");
    assert!(answer.find("Nonce").is_none());
    let answer = alice.offer_schemas(&["PWD", "SHA", "MD4", "MD5", "MD6"]).await;
    assert!(matches!(answer.text_at("DigestSchema"), Some("MD5" | "SHA")), "{answer:?}");
    assert_ne!(alice.try_login().await, 200, "a password in clear");
}

#[tokio::test]
async fn a_nonce_serves_once() {
    let world = one_domain().await;
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    alice.logout().await;
    let first = alice.offer_schemas(&["MD5"]).await;
    let second = alice.offer_schemas(&["MD5"]).await;
    assert_ne!(first.text_at("Nonce"), second.text_at("Nonce"));
}

#[tokio::test]
async fn a_message_of_an_unknown_session_is_answered_604_with_its_id() {
    one_domain().await.with_every_phone(unknown_session).await;
}

async fn unknown_session(world: Arc<World>, phone: Phone) {
    let mut alice = world.phone("alice", NORTH, phone);
    alice.session = Some("nobody-knows-it".into());
    for request in [node("KeepAlive-Request", []), node("Logout-Request", []), node("GetSPInfo-Request", [])] {
        let answer = alice.ask(request).await;
        assert_eq!((answer.name.as_str(), answer.number_at("Result/Code")), ("Status", Some(604)), "{answer:?}");
    }
    alice.poll().await;
    assert!(alice.session.is_none(), "a poll of an unknown session is answered 604 as well");
}

#[tokio::test]
async fn a_user_logs_in_under_every_spelling_of_the_name() {
    one_domain().await.with_every_phone(spellings).await;
}

async fn spellings(world: Arc<World>, phone: Phone) {
    let local = phone.local("carol");
    for spelling in [local.clone(), format!("wv:{local}"), format!("{}@NORTH.example", local.to_uppercase())] {
        let password = crate::support::world::phone::password("carol");
        let mut carol = world.phone("carol", NORTH, phone).of(&spelling, &password);
        carol.login().await;
        carol.logout().await;
    }
}

#[tokio::test]
async fn a_second_phone_of_the_user_leaves_the_first_alone_but_a_new_login_replaces_the_old() {
    one_domain().await.with_every_phone(two_phones).await;
}

async fn two_phones(world: Arc<World>, phone: Phone) {
    let mut first = world.login("dave", NORTH, phone).await;
    let second = world.login("dave", NORTH, phone).await;
    first.keep_alive().await;
    let old = first.session.clone();
    first.login().await;
    assert_ne!(first.session, old);
    let fresh = std::mem::replace(&mut first.session, old);
    let answer = first.ask(node("KeepAlive-Request", [])).await;
    assert!(matches!(answer.number_at("Result/Code"), Some(600 | 601 | 604)), "{answer:?}");
    first.session = fresh;
    first.keep_alive().await;
    drop(second);
}

#[tokio::test]
async fn a_repeated_request_is_answered_alike() {
    one_domain().await.with_every_phone(repeated).await;
}

async fn repeated(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    let mut bob = world.login("bob", NORTH, phone.next()).await;
    let request = alice.says("Twice").to([&bob.user]).request();
    let id = alice.next_transaction();
    let first = alice.try_ask_as(&id, request.clone()).await.unwrap();
    let second = alice.try_ask_as(&id, request).await.unwrap();
    assert_eq!(first, second);
    bob.hears("Twice").await;
    bob.poll().await;
    assert!(bob.inbox.messages.is_empty() && bob.journal.all().len() == 1, "{:?}", bob.journal.all());
}

#[tokio::test]
async fn a_transaction_id_used_again_for_something_else_is_a_new_request() {
    one_domain().await.with_every_phone(reused_id).await;
}

async fn reused_id(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    let mut bob = world.login("bob", NORTH, phone.next()).await;
    for text in ["one", "two", "three"] {
        let request = alice.says(text).to([&bob.user]).request();
        let answer = alice.try_ask_as("1", request).await.unwrap();
        assert_eq!(answer.number_at("Result/Code"), Some(200));
        bob.hears(text).await;
    }
}

#[tokio::test]
async fn a_keep_alive_time_that_is_too_long_is_shortened_without_an_error() {
    one_domain().await.with_every_phone(long_keep_alive).await;
}

async fn long_keep_alive(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    let answer = alice.ask(node("KeepAlive-Request", [leaf("TimeToLive", 7205)])).await;
    assert_eq!(answer.number_at("Result/Code"), Some(200), "{answer:?}");
    assert!(answer.number_at("KeepAliveTime").is_some_and(|time| (6..=7205).contains(&time)), "{answer:?}");
}

#[tokio::test]
async fn what_is_not_offered_is_refused_with_a_status() {
    one_domain().await.with_every_phone(not_offered).await;
}

async fn not_offered(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    let mut requests = vec![
        node("GetList-Request", []),
        node("GetBlockedList-Request", []),
        node("Search-Request", [node("SearchPairList", [])]),
    ];
    if phone.version == Version::V13 {
        requests.push(node("GetMap-Request", []));
    }
    for request in requests {
        let name = request.name.clone();
        let answer = alice.ask(request).await;
        let code = answer.number_at("Result/Code");
        assert!(answer.name != "Status" || code.is_some_and(|c| c >= 200), "{name}: {answer:?}");
    }
    alice.keep_alive().await;
}

#[tokio::test]
async fn http_as_phones_and_gateways_speak_it_is_understood() {
    one_domain().await.with_every_phone(http_habits).await;
}

async fn http_habits(world: Arc<World>, phone: Phone) {
    let alice = world.phone("alice", NORTH, phone);
    let request = alice.login_request([leaf("Password", crate::support::world::phone::password("alice"))]);
    let body = phone.syntax.write(&alice.message("Request", Some("1"), request), phone.version);
    let plain = phone.syntax.content_type(phone.version).to_owned();
    let url = format!("http://{}/any/path?at=all", world.ports(NORTH).csp);
    for headers in [
        vec![("content-type", plain.clone() + "; charset=utf-8")],
        vec![("content-type", plain.to_uppercase())],
        vec![("content-type", plain.clone()), ("expect", "100-continue".into()), ("x-up-calling-line-id", "1".into())],
    ] {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = alice.http().post(&url, &headers, body.clone()).await.unwrap();
        assert_eq!(answer.status, 200, "{headers:?}");
        let login = phone.syntax.read(&answer.body).unwrap();
        assert_eq!(login.any("Code").map(|c| c.text.as_str()), Some("200"), "{headers:?}");
    }
}
