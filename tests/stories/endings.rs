//! How sessions of phones end, and who hears of it.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::handset::Handset;
use crate::support::handset::wake::{Ear, own_address};
use crate::support::wire::Version;
use crate::support::wire::tree::{Node, node};
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";

async fn one_domain() -> Arc<World> {
    World::new().domain(NORTH).start().await
}

/// What answers a keep-alive: its name and code.
async fn asks(phone: &mut Handset) -> (String, u32) {
    let answer = phone.ask(node("KeepAlive-Request", [])).await;
    (answer.name.clone(), answer.number_at("Result/Code").unwrap())
}

/// A poll finds a `Disconnect` with this code, and what the phone says on that session later is answered 604.
async fn hears_the_end(phone: &mut Handset, code: u32) {
    let session = phone.session.clone();
    phone.poll().await;
    let told = phone.inbox.others.pop();
    let told = told.unwrap_or_else(|| phone.choke("nothing is told", None));
    assert_eq!((told.name.as_str(), told.number_at("Result/Code")), ("Disconnect", Some(code)), "{told:?}");
    assert!(phone.session.is_none());
    phone.session = session;
    assert_eq!(asks(phone).await, ("Status".into(), 604));
    phone.poll().await;
    let told = phone.inbox.others.pop().unwrap();
    assert_eq!((told.name.as_str(), told.number_at("Result/Code")), ("Status", Some(604)));
}

/// The id of a session as it is shown.
fn shown(phone: &Handset) -> String {
    phone.session.as_ref().unwrap().chars().take(6).chain(['…']).collect()
}

fn of<'a>(phone: &Handset) -> impl Fn(&str, &Value) -> bool + 'a {
    let (user, session) = (phone.user.clone(), shown(phone));
    move |_, data| data["user"] == user.as_str() && data["session"] == session.as_str()
}

#[tokio::test]
async fn a_phone_that_falls_silent_is_logged_out_and_its_mail_waits() {
    let world = World::new().domain(NORTH).with("[access]\nkeep_alive_max = \"6s\"\n").start().await;
    world.with_every_phone(silent).await;
}

async fn silent(world: Arc<World>, phone: Phone) {
    let mut events = world.listen(NORTH, "session-opened,session-ended").await;
    let mut alice = world.login("alice", NORTH, phone).await;
    let opened = events.next(of(&alice)).await.unwrap();
    assert_eq!(opened["version"], format!("1.{}", phone.version.digit()));
    assert_eq!(opened["client"].as_str(), alice.client_id().text_at("URL"));
    let mut bob = world.login("bob", NORTH, phone.next()).await;
    bob.says("Are you there?").to([&alice.user]).await.accepted();
    let ended = events.next(of(&alice)).await.unwrap();
    assert_eq!(ended["reason"], "expired");
    assert_eq!(asks(&mut alice).await, ("Status".into(), 600));
    assert_eq!(asks(&mut alice).await, ("Status".into(), 604));
    alice.login().await;
    alice.hears("Are you there?").await;
}

#[tokio::test]
async fn an_operator_ends_all_sessions_of_a_user_or_one() {
    one_domain().await.with_every_phone(by_the_operator).await;
}

async fn by_the_operator(world: Arc<World>, phone: Phone) {
    let mut events = world.listen(NORTH, "session-ended").await;
    let mut first = world.login("alice", NORTH, phone).await;
    let mut second = world.login("alice", NORTH, phone).await;
    let path = format!("/api/v1/users/{}", phone.local("alice"));
    let list = world.admin("GET", NORTH, &format!("{path}/sessions")).await;
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{list}");
    let item = items.iter().find(|item| item["id"] == shown(&first).as_str()).unwrap();
    assert_eq!((&item["address"], &item["capabilities"]["client_type"]), (&json!("127.0.0.1"), &json!("MOBILE_PHONE")));
    assert_eq!(item["client"].as_str(), first.client_id().text_at("URL"));
    assert!(!list.to_string().contains(first.session.as_deref().unwrap()), "{list}");

    let body = json!({ "session": shown(&first) });
    let (_, answer) = world.operates("POST", NORTH, &format!("{path}/disconnect"), Some(body.clone())).await;
    assert_eq!(answer, json!({ "disconnected": [shown(&first)] }));
    assert_eq!(events.next(of(&first)).await.unwrap()["reason"], "operator");
    hears_the_end(&mut first, 601).await;
    assert_eq!(asks(&mut second).await.1, 200);
    let (status, again) = world.operates("POST", NORTH, &format!("{path}/disconnect"), Some(body)).await;
    assert_eq!(status, 404, "{again}");

    first.login().await;
    let answer = world.admin("POST", NORTH, &format!("{path}/disconnect")).await;
    assert_eq!(answer["disconnected"].as_array().map(Vec::len), Some(2), "{answer}");
    hears_the_end(&mut first, 601).await;
    assert_eq!(asks(&mut second).await, ("Status".into(), 601));
    assert_eq!(asks(&mut second).await, ("Status".into(), 604));
}

#[tokio::test]
async fn a_phone_that_sleeps_is_woken_to_hear_that_its_session_is_over() {
    one_domain().await.with_every_phone(woken).await;
}

async fn woken(world: Arc<World>, phone: Phone) {
    let methods = ["STCP", "SUDP", "SHTTP"];
    // 1.1 has no element for the URL of SHTTP.
    for method in methods.into_iter().filter(|method| phone.version > Version::V11 || *method != "SHTTP") {
        let address = own_address();
        let mut bob = world.phone_at(address, "bob", NORTH, phone);
        let mut ear = bob.login_with(method, address).await;
        bob.poll().await;
        assert!(bob.is_left_alone(&mut ear).await);
        world.admin("POST", NORTH, &format!("/api/v1/users/{}/disconnect", phone.local("bob"))).await;
        bob.is_woken(&mut ear).await;
        hears_the_end(&mut bob, 601).await;
        match &mut ear {
            Ear::Channel(channel) => assert_eq!(channel.end().await, "", "the channel ends once it was told"),
            Ear::Page(url, _) => {
                let answer = bob.http().ask(hyper::Method::GET, url, &[], Vec::new()).await.unwrap();
                assert_eq!(answer.status, 404, "the page ends once it was told");
            }
            Ear::Datagrams(_) => {}
        }
    }
}

#[tokio::test]
async fn an_ended_session_stays_ended_over_a_crash_and_the_others_live_on() {
    let world = World::new().domain(NORTH).processes().start().await;
    let mut phones = Vec::new();
    for phone in Phone::ALL {
        phones.push((world.login("alice", NORTH, phone).await, world.login("alice", NORTH, phone).await));
    }
    for ((alice, _), phone) in phones.iter().zip(Phone::ALL) {
        let path = format!("/api/v1/users/{}/disconnect", phone.local("alice"));
        world.operates("POST", NORTH, &path, Some(json!({ "session": shown(alice) }))).await;
    }
    world.kill(NORTH).await;
    world.revive(NORTH).await;
    for (ended, other) in &mut phones {
        assert_eq!(asks(ended).await, ("Status".into(), 604));
        assert_eq!(asks(other).await.1, 200);
    }
}

#[tokio::test]
async fn a_new_login_of_a_phone_takes_the_place_of_its_session() {
    one_domain().await.with_every_phone(replaced).await;
}

async fn replaced(world: Arc<World>, phone: Phone) {
    let mut events = world.listen(NORTH, "session-ended").await;
    let mut alice = world.login("alice", NORTH, phone).await;
    let (old, ended) = (alice.session.clone(), of(&alice));
    alice.login().await;
    assert_eq!(events.next(ended).await.unwrap()["reason"], "replaced");
    let fresh = std::mem::replace(&mut alice.session, old);
    hears_the_end(&mut alice, 601).await;
    alice.session = fresh;
    assert_eq!(asks(&mut alice).await.1, 200);
}

#[tokio::test]
async fn a_login_too_many_ends_the_session_that_was_silent_the_longest() {
    let world = World::new().domain(NORTH).with("[access]\nsessions_per_user = 2\n").start().await;
    world.with_every_phone(too_many).await;
}

async fn too_many(world: Arc<World>, phone: Phone) {
    let mut one = world.login("alice", NORTH, phone).await;
    let mut two = world.login("alice", NORTH, phone).await;
    one.poll().await;
    let mut three = world.login("alice", NORTH, phone).await;
    hears_the_end(&mut two, 601).await;
    assert_eq!((asks(&mut one).await.1, asks(&mut three).await.1), (200, 200));
}

#[tokio::test]
async fn a_user_who_is_barred_gets_a_new_password_or_is_removed_is_logged_out() {
    one_domain().await.with_every_phone(barred).await;
}

async fn barred(world: Arc<World>, phone: Phone) {
    let mut events = world.listen(NORTH, "session-ended").await;
    let path = format!("/api/v1/users/{}", phone.local("carol"));
    let mut carol = world.login("carol", NORTH, phone).await;
    world.change_user(NORTH, &phone.local("carol"), json!({ "active": false })).await;
    assert_eq!(events.next(of(&carol)).await.unwrap()["reason"], "policy");
    hears_the_end(&mut carol, 601).await;
    assert_eq!(carol.try_login().await, 403);
    world.change_user(NORTH, &phone.local("carol"), json!({ "active": true })).await;
    carol.login().await;
    world.change_user(NORTH, &phone.local("carol"), json!({ "password": "another one" })).await;
    hears_the_end(&mut carol, 601).await;
    assert_eq!(carol.try_login().await, 409);
    let user = carol.user.clone();
    carol = world.phone("carol", NORTH, phone).of(&user, "another one");
    carol.login().await;
    world.admin("DELETE", NORTH, &path).await;
    assert_eq!(asks(&mut carol).await, ("Status".into(), 601));
    carol.session = None;
    assert_eq!(carol.try_login().await, 531);
}

#[tokio::test]
async fn a_logout_is_told_to_listeners_and_nothing_is_left_of_the_session() {
    one_domain().await.with_every_phone(logged_out).await;
}

async fn logged_out(world: Arc<World>, phone: Phone) {
    let mut events = world.listen(NORTH, "session-ended").await;
    let mut alice = world.login("alice", NORTH, phone).await;
    let (session, ended) = (alice.session.clone(), of(&alice));
    alice.logout().await;
    assert_eq!(events.next(ended).await.unwrap()["reason"], "logout");
    alice.session = session;
    assert_eq!(asks(&mut alice).await, ("Status".into(), 604));
}

#[tokio::test]
async fn a_stop_of_the_node_ends_no_session_and_ends_the_stream_of_events() {
    let world = one_domain().await;
    let mut events = world.listen(NORTH, "session-ended").await;
    let mut phones = logins(&world).await;
    world.stop(NORTH).await;
    assert_eq!(events.next(|_, _| true).await, None);
    world.revive(NORTH).await;
    for phone in &mut phones {
        assert_eq!(asks(phone).await.1, 200);
        phone.poll().await;
    }
}

#[tokio::test]
async fn a_node_that_goes_out_of_service_takes_leave_of_its_phones() {
    let world = World::new().domain(NORTH).with("[access]\ndisconnect_on_stop = true\n").start().await;
    let mut events = world.listen(NORTH, "session-ended").await;
    let mut phones = logins(&world).await;
    let sessions: Vec<_> = phones.iter().map(|phone| phone.session.clone()).collect();
    let leave = async {
        let mut told: Vec<Node> = Vec::new();
        for phone in &mut phones {
            while phone.session.is_some() {
                phone.poll().await;
            }
            told.append(&mut phone.inbox.others);
        }
        told
    };
    let ((), told) = tokio::join!(world.stop(NORTH), leave);
    assert_eq!(told.len(), phones.len());
    for told in told {
        assert_eq!((told.name.as_str(), told.number_at("Result/Code")), ("Disconnect", Some(601)));
    }
    let mut ended = 0;
    while let Some(event) = events.next(|_, _| true).await {
        assert_eq!(event["reason"], "drain");
        ended += 1;
    }
    assert_eq!(ended, phones.len());
    world.revive(NORTH).await;
    for (phone, session) in phones.iter_mut().zip(sessions) {
        phone.session = session;
        assert_eq!(asks(phone).await, ("Status".into(), 604));
        phone.login().await;
    }
}

async fn logins(world: &World) -> Vec<Handset> {
    let mut phones = Vec::new();
    for phone in Phone::ALL {
        phones.push(world.login("alice", NORTH, phone).await);
    }
    phones
}
