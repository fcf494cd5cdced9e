//! Behind a WAP gateway: the network says who the subscriber is and where, and makes accounts for new ones.

use std::sync::Arc;

use serde_json::json;

use crate::support::handset::Handset;
use crate::support::wire::Version;
use crate::support::wire::tree::{Node, leaf, node};
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";
const NUMBER: &str = "X-Network-MSISDN";

/// The gateway is at 127.0.0.1, and nobody else is trusted.
const TRUSTED: &str = "[access]\ntrusted_gateways = [\"127.0.0.1/32\"]\nauto_register = true\n";

async fn behind_a_gateway(access: &str) -> Arc<World> {
    let world = World::new().domain(NORTH).with(access).processes().start().await;
    for (index, phone) in Phone::ALL.into_iter().enumerate() {
        let id = phone.local("erin");
        world.add_user(NORTH, json!({"id": id, "password": "of erin", "msisdn": erins_number(index)})).await;
    }
    world
}

fn erins_number(index: usize) -> String {
    format!("+35840100200{index}")
}

fn number_of(phone: Phone) -> String {
    erins_number(Phone::ALL.iter().position(|other| *other == phone).unwrap())
}

/// A login that leaves it to the network who it is. Before 1.3 the user id is empty, since it must be there.
fn nameless(handset: &Handset) -> Node {
    let user = (handset.version < Version::V13).then(|| leaf("UserID", ""));
    let rest = [handset.client_id(), leaf("TimeToLive", 3600), leaf("SessionCookie", "a cookie")];
    node("Login-Request", []).with_some(user).with_all(rest)
}

/// The same from a client that says its number itself.
fn claiming(handset: &Handset, number: &str) -> Node {
    let mut login = nameless(handset);
    let at = login.children.iter().position(|child| child.name == "ClientID").unwrap();
    login.children[at] = node("ClientID", [leaf("MSISDN", number)]);
    login
}

fn code(answer: &Node) -> u32 {
    answer.number_at("Result/Code").unwrap()
}

fn refused(version: Version) -> u32 {
    if version == Version::V13 { 920 } else { 531 }
}

async fn sessions(world: &World) -> u64 {
    world.counter(NORTH, "postern_client_sessions").await
}

async fn refusals(world: &World, reason: &str) -> u64 {
    world.counter(NORTH, &format!("postern_client_refusals_total{{reason=\"{reason}\"}}")).await
}

#[tokio::test]
async fn a_subscriber_gets_in_by_the_number_the_gateway_states() {
    behind_a_gateway(TRUSTED).await.with_every_phone(by_number).await;
}

async fn by_number(world: Arc<World>, phone: Phone) {
    let address = phone.user("erin", NORTH);
    for stated in [number_of(phone), number_of(phone)[1..].to_owned(), format!("<tel:{}>", number_of(phone))] {
        let mut erin = world.phone("erin", NORTH, phone).with_header(NUMBER, &stated);
        let answer = erin.ask(nameless(&erin)).await;
        assert_eq!(code(&answer), 200, "{stated}: {answer:?}");
        let told = answer.text_at("UserID");
        assert_eq!(told, (phone.version == Version::V13).then_some(address.as_str()), "{answer:?}");
        assert!(answer.find("Password").is_none(), "nobody is told a password twice");
        erin.session = answer.text_at("SessionID").map(str::to_owned);
        // It is erin's session: what is sent to her arrives in it.
        let mut bob = world.login("bob", NORTH, phone).await;
        bob.says(&stated).to([&address]).await.accepted();
        erin.hears(&stated).await;
        erin.logout().await;
    }
    // Whoever names the user proves it by the number as well.
    let mut erin = world.phone("erin", NORTH, phone).with_header(NUMBER, &number_of(phone));
    let request = erin.login_request([]);
    assert_eq!(code(&erin.ask(request).await), 200);
}

#[tokio::test]
async fn the_number_of_another_opens_no_account_and_a_client_does_not_vouch_for_itself() {
    let world = behind_a_gateway(TRUSTED).await;
    world.with_every_phone(not_by_number).await;
    assert_eq!(sessions(&world).await, 0);
    assert!(refusals(&world, "other-msisdn").await > 0 && refusals(&world, "no-number").await > 0);
}

async fn not_by_number(world: Arc<World>, phone: Phone) {
    let own = number_of(phone);
    // Another's number, and no proof: the user is challenged like anybody.
    let mut mallory = world.phone("alice", NORTH, phone).with_header(NUMBER, &own);
    let answer = mallory.ask(mallory.login_request([])).await;
    assert!(answer.find("Nonce").is_some() && answer.find("SessionID").is_none(), "{answer:?}");
    // The client states a number that the gateway doesn't.
    let answer = mallory.ask(claiming(&mallory, "+1234567")).await;
    assert_eq!(code(&answer), refused(phone.version), "{answer:?}");
    // The client states a number and the gateway none, or nonsense.
    let mut mallory = world.phone("alice", NORTH, phone);
    assert_eq!(code(&mallory.ask(claiming(&mallory, &own)).await), refused(phone.version));
    let mut mallory = mallory.with_header(NUMBER, "anonymous");
    assert_eq!(code(&mallory.ask(nameless(&mallory)).await), refused(phone.version));
}

#[tokio::test]
async fn a_header_of_a_foreign_gateway_opens_nothing_and_is_counted() {
    let world = behind_a_gateway("[access]\ntrusted_gateways = [\"127.0.0.3/32\"]\nauto_register = true\n").await;
    world.with_every_phone(foreign).await;
    assert_eq!(refusals(&world, "foreign-msisdn").await, 6);
    assert_eq!(sessions(&world).await, 0);
    assert_eq!(world.counter(NORTH, "postern_client_registrations_total").await, 0);
    let log = world.log(NORTH).await;
    assert!(log.contains("foreign-msisdn") && !log.contains("40100200"), "without the number");
}

async fn foreign(world: Arc<World>, phone: Phone) {
    let mut mallory = world.phone("erin", NORTH, phone).with_header(NUMBER, &number_of(phone));
    assert_eq!(code(&mallory.ask(nameless(&mallory)).await), refused(phone.version));
    // With a user id the header is as good as not there.
    let answer = mallory.ask(mallory.login_request([])).await;
    assert!(answer.find("Nonce").is_some() && answer.find("SessionID").is_none(), "{answer:?}");
}

#[tokio::test]
async fn a_new_subscriber_is_given_an_account() {
    let world = behind_a_gateway(TRUSTED).await;
    for (index, phone) in Phone::ALL.into_iter().enumerate() {
        new_subscriber(&world, phone, &format!("35850999000{index}")).await;
    }
    assert_eq!(world.counter(NORTH, "postern_client_registrations_total").await, 2, "one for each phone of 1.3");
}

async fn new_subscriber(world: &Arc<World>, phone: Phone, number: &str) {
    let mut frank = world.phone("alice", NORTH, phone).with_header(NUMBER, number);
    let answer = frank.ask(nameless(&frank)).await;
    if phone.version < Version::V13 {
        assert_eq!(code(&answer), 531, "there is no way to tell it who it is: {answer:?}");
        return;
    }
    assert_eq!(code(&answer), 200, "{answer:?}");
    let (user, password) = (answer.text_at("UserID").unwrap(), answer.text_at("Password").unwrap());
    assert!(answer.text_at("SessionID").is_some());
    let id = user.strip_prefix("wv:").and_then(|user| user.strip_suffix("@north.example")).unwrap();
    assert!(!id.contains(&number[4..]), "an address tells no number: {id}");
    let account = world.admin("GET", NORTH, &format!("/api/v1/users/{id}")).await;
    assert_eq!(account["msisdn"], *number, "{account}");
    assert_eq!((&account["auto_registered"], &account["friendly_name"]), (&json!(true), &json!(null)), "{account}");
    // The same subscriber again, with another phone.
    let mut again = world.phone("alice", NORTH, phone).with_header(NUMBER, number);
    let answer = again.ask(nameless(&again)).await;
    assert_eq!((code(&answer), answer.text_at("UserID")), (200, Some(user)));
    assert!(answer.find("Password").is_none());
    // What it was told serves where no gateway is.
    let elsewhere = world.tls_phone("alice", NORTH, phone).of(user, password);
    let mut elsewhere = elsewhere;
    elsewhere.login().await;
    elsewhere.logout().await;
    let mut by_digest = world.phone("alice", NORTH, phone).of(user, password);
    by_digest.login_digest(crate::support::handset::access::Schema::Md5).await;
}

#[tokio::test]
async fn first_logins_of_one_subscriber_at_once_make_one_account() {
    let world = behind_a_gateway(TRUSTED).await;
    let phone = Phone::ALL[4];
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let mut frank = world.phone("alice", NORTH, phone).with_header(NUMBER, "358509990000");
        all.spawn(async move { frank.ask(nameless(&frank)).await });
    }
    let answers = all.join_all().await;
    let first = answers[0].text_at("UserID").unwrap();
    assert!(answers.iter().all(|answer| code(answer) == 200 && answer.text_at("UserID") == Some(first)));
    assert_eq!(answers.iter().filter(|answer| answer.find("Password").is_some()).count(), 1);
    assert_eq!(world.counter(NORTH, "postern_client_registrations_total").await, 1);
    assert_eq!(sessions(&world).await, 10, "as many as a user may have");
}

#[tokio::test]
async fn a_subscriber_who_is_barred_stays_outside() {
    let world = behind_a_gateway(TRUSTED).await;
    for phone in Phone::ALL {
        world.change_user(NORTH, &phone.local("erin"), json!({"active": false})).await;
        let mut erin = world.phone("erin", NORTH, phone).with_header(NUMBER, &number_of(phone));
        assert_eq!(code(&erin.ask(nameless(&erin)).await), 403, "{phone:?}");
    }
    assert_eq!((sessions(&world).await, refusals(&world, "barred").await), (0, 6));
}

#[tokio::test]
async fn without_auto_registration_a_new_subscriber_is_an_unknown_user() {
    let world = behind_a_gateway("[access]\ntrusted_gateways = [\"127.0.0.1/32\"]\n").await;
    for phone in Phone::ALL {
        let mut frank = world.phone("alice", NORTH, phone).with_header(NUMBER, "358509990000");
        assert_eq!(code(&frank.ask(nameless(&frank)).await), 531, "{phone:?}");
    }
    assert_eq!((sessions(&world).await, refusals(&world, "unknown-user").await), (0, 6));
}

#[tokio::test]
async fn a_session_may_be_bound_to_the_address_behind_the_gateway() {
    let access = format!("{TRUSTED}bind_session_to_address = true\n");
    let world = behind_a_gateway(&access).await;
    world.with_every_phone(bound).await;
    // One message and one attempt to take it up for each phone, by a subscriber and by a stranger.
    assert_eq!(refusals(&world, "other-address").await, 24);
    assert_eq!(sessions(&world).await, 6, "the owners' own");
}

async fn bound(world: Arc<World>, phone: Phone) {
    let mut alice = world.phone("alice", NORTH, phone).with_header("X-Forwarded-For", "192.0.2.1");
    alice.login().await;
    // The thief behind the same gateway, and one who claims to be behind it.
    let behind = world.phone("alice", NORTH, phone).with_header("X-Forwarded-For", "192.0.2.2");
    let beside = world.phone("alice", NORTH, phone).with_header("X-Forwarded-For", "192.0.2.1");
    for mut thief in [behind, beside.at(world.http_from([127, 0, 0, 2]))] {
        thief.session.clone_from(&alice.session);
        let answer = thief.ask(node("KeepAlive-Request", [])).await;
        assert_eq!((answer.name.as_str(), code(&answer)), ("Status", 604), "{answer:?}");
        let again = retaking(&alice);
        thief.session = None;
        let answer = thief.ask(again).await;
        assert_eq!((code(&answer), answer.find("SessionID")), (502, None), "{answer:?}");
    }
    alice.keep_alive().await;
}

/// A login that takes up the session of a phone.
fn retaking(handset: &Handset) -> Node {
    let session = handset.session.clone().unwrap();
    handset.login_request([leaf("SessionID", session)])
}
