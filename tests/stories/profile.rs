//! Profiles: shown and changed by operators, asked and changed by the domain that hosts a user's service, in force at
//! once and after a restart.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::handset::Handset;
use crate::support::peer::{ScriptedPeer, message, ssp};
use crate::support::unique;
use crate::support::wire::Version;
use crate::support::wire::tree::{Node, leaf, node};
use crate::support::world::builder::ALL;
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";
const EAST: &str = "east.example";
const WITH_PROFILES: &[&str] = &["common", "im", "profile"];

async fn set(world: &World, user: &str, change: Value) -> Value {
    let (status, profile) = world.operates("PUT", NORTH, &path(user), Some(change)).await;
    assert_eq!(status, 200, "{profile}");
    profile
}

fn path(user: &str) -> String {
    let id = user.trim_start_matches("wv:").split('@').next().unwrap();
    format!("/api/v1/users/{id}/profile")
}

async fn says(phone: &mut Handset, to: &str) -> u32 {
    let request = phone.says("hello").to([to]).request();
    phone.ask(request).await.number_at("Result/Code").unwrap()
}

#[tokio::test]
async fn an_operator_sees_what_a_phone_negotiated_and_takes_a_service_from_it() {
    World::new().domain(NORTH).start().await.with_every_phone(seen_and_taken).await;
}

async fn seen_and_taken(world: Arc<World>, phone: Phone) {
    let mut carol = world.login("carol", NORTH, phone).await;
    let user = carol.user.clone();
    let seen = world.admin("GET", NORTH, &path(&user)).await;
    let session = &seen["sessions"][0];
    let id = carol.session.clone().unwrap();
    assert!(session["id"].as_str().is_some_and(|shown| shown.len() <= 9 && !shown.contains(&id)), "{session}");
    assert_eq!((&session["client_type"], &session["language"]), (&json!("MOBILE_PHONE"), &json!("eng")), "{session}");
    assert_eq!((&session["parser_size"], &session["any_content"]), (&json!(262_144), &json!(true)), "{session}");
    assert_eq!(seen["services"]["im"]["subscribed"], json!(true));
    assert_eq!(says(&mut carol, &user).await, 200);
    carol.hears("hello").await;

    set(&world, &user, json!({"services": {"im": {"active": false}}})).await;
    assert_eq!(says(&mut carol, &user).await, 405, "at once, in the running session");
    let answer = carol.services().await;
    assert!(answer.find("AllFunctions/WVCSPFeat/IMFeat").is_none(), "{answer:?}");
    assert!(answer.find("Functions/WVCSPFeat/IMFeat").is_some_and(|im| im.children.is_empty()), "{answer:?}");
    set(&world, &user, json!({"services": {"im": {"active": true}}})).await;
    assert_eq!(says(&mut carol, &user).await, 506, "offered again, but this session agreed without it");
    carol.services().await;
    assert_eq!(says(&mut carol, &user).await, 200);
    carol.hears("hello").await;

    set(&world, &user, json!({"active": false})).await;
    let answer = carol.ask(node("KeepAlive-Request", [])).await;
    assert!(matches!(answer.number_at("Result/Code"), Some(600 | 601 | 604)), "{answer:?}");
    assert_eq!(carol.try_login().await, 403);
    set(&world, &user, json!({"active": true})).await;
    carol.login().await;
}

#[tokio::test]
async fn a_service_nobody_subscribed_to_is_not_agreed_in_a_login_either() {
    let world = World::new().domain(NORTH).start().await;
    let phone = Phone { version: Version::V13, ..Phone::USUAL };
    let mut dave = world.phone("dave", NORTH, phone);
    let user = dave.user.clone();
    set(&world, &user, json!({"services": {"im": {"subscribed": false}}})).await;
    let send = node("IMFeat", [node("IMSendFunc", [leaf("MDELIV", "")])]);
    let info = node("FundamentalFeat", [node("ServiceFunc", [leaf("GETSPI", "")])]);
    let functions = node("Functions", [node("WVCSPFeat", [info, send])]);
    let password = crate::support::world::phone::password("dave");
    let request = dave.login_request([leaf("Password", password)]).with(functions);
    let answer = dave.ask(request).await;
    assert_eq!(answer.number_at("Result/Code"), Some(200), "{answer:?}");
    let refused = answer.find("Functions/WVCSPFeat").unwrap();
    assert!(refused.find("IMFeat/IMSendFunc/MDELIV").is_some() && refused.children.len() == 1, "{answer:?}");
    dave.session = answer.text_at("SessionID").map(str::to_owned);
    assert_eq!(says(&mut dave, &user).await, 405);
    let answer = dave.ask(node("GetSPInfo-Request", [])).await;
    assert_eq!(answer.name, "GetSPInfo-Response", "{answer:?}");
    let answer = dave.ask(node("GetList-Request", [])).await;
    assert!(matches!(answer.number_at("Result/Code"), Some(501 | 506)), "{answer:?}");

    // Taking up the session negotiates anew.
    set(&world, &user, json!({"services": {"im": {"subscribed": true}}})).await;
    assert_eq!(says(&mut dave, &user).await, 506);
    let session = leaf("SessionID", dave.session.clone().unwrap());
    let functions = node("Functions", [node("WVCSPFeat", [node("IMFeat", [node("MM", [])])])]);
    let again = dave.login_request([session]).with(functions);
    let answer = dave.ask(again).await;
    assert_eq!(answer.number_at("Result/Code"), Some(200), "{answer:?}");
    assert!(answer.find("Functions").is_none(), "{answer:?}");
    assert_eq!(says(&mut dave, &user).await, 200);
}

#[tokio::test]
async fn a_profile_outlives_a_crash_and_so_does_what_it_means_for_a_session() {
    let world = World::new().domain(NORTH).processes().start().await;
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let mut bob = world.login("bob", NORTH, Phone::USUAL).await;
    let user = alice.user.clone();
    let change = json!({"services": {"im": {"subscribed": false, "preferences": {"greeting": "hi"}}},
        "privacy": {"location": true}, "terminal": {"screen": "176x208"}});
    set(&world, &user, change).await;
    world.kill(NORTH).await;
    world.revive(NORTH).await;
    let profile = world.admin("GET", NORTH, &path(&user)).await;
    assert_eq!(profile["services"]["im"]["preferences"]["greeting"], json!("hi"), "{profile}");
    assert_eq!((&profile["privacy"]["location"], &profile["terminal"]["screen"]), (&json!(true), &json!("176x208")));
    alice.keep_alive().await;
    assert_eq!(says(&mut alice, &user).await, 405);
    let other = bob.user.clone();
    assert_eq!(says(&mut bob, &other).await, 200, "others have what they had");
}

/// East with a session, agreed on profiles.
async fn north_and_east() -> Arc<World> {
    let world = World::new().domain(NORTH).scripted(EAST).start().await;
    {
        let peer = world.peer(EAST).await;
        world.peers_with(NORTH, EAST, &peer.url(), [WITH_PROFILES, ALL]).await;
        peer.initiates().await;
    }
    world
}

/// East itself asks, on behalf of nobody.
fn east() -> Node {
    let requestor = node("Requestor", []).attr("serviceID", "wv:@east.example");
    node("MetaInfo", [requestor]).attr("clientOriginated", "No")
}

fn user_id(user: &str) -> Node {
    leaf("UserID", "").attr("userID", user)
}

async fn profiles(peer: &ScriptedPeer, users: &[&str], sections: Option<&str>) -> Node {
    let fields = sections.map(|names| node("ProfileFields", []).attr("names", names));
    let request = node("GetUserProfileRequest", [east()]).with_all(users.iter().map(|user| user_id(user)));
    peer.asks(request.with_some(fields)).await
}

async fn changes(peer: &ScriptedPeer, profiles: impl IntoIterator<Item = Node>) -> Node {
    peer.asks(node("UpdateUserProfileRequest", [east()]).with_all(profiles)).await
}

fn property(name: &str, value: &str) -> Node {
    node("Property", [leaf("Name", name), leaf("Value", value)])
}

fn values(section: &Node) -> Vec<(&str, &str)> {
    section.all("Property").map(|p| (p.text_at("Name").unwrap(), p.text_at("Value").unwrap())).collect()
}

fn im_is(status: &str) -> Node {
    node("SubscribedServices", [node("Service", []).attr("name", "IM").attr("status", status)])
}

fn of(user: &str, sections: impl IntoIterator<Item = Node>) -> Node {
    node("UserProfile", []).attr("userID", user).with_all(sections)
}

#[tokio::test]
async fn the_domain_that_hosts_a_service_reads_what_concerns_it() {
    let world = north_and_east().await;
    let peer = world.peer(EAST).await;
    let alice = world.login("alice", NORTH, Phone::USUAL).await;
    let change = json!({
        "services": {"im": {"pse": EAST, "preferences": {"greeting": "hi"}},
                     "group": {"active": false, "preferences": {"color": "red"}}},
        "preferences": {"tone": "soft"}, "privacy": {"location": false, "properties": {"pay": "ask"}},
        "terminal": {"screen": "176x208"}});
    set(&world, &alice.user, change).await;
    let answer = profiles(&peer, &[&alice.user], None).await;
    assert_eq!((answer.name.as_str(), ssp::code(&answer)), ("GetUserProfileResponse", 200), "{answer:?}");
    let profile = answer.find("UserProfile").unwrap();
    assert_eq!(profile.get("userID"), Some(alice.user.as_str()));
    let services = profile.find("SubscribedServices").unwrap();
    assert_eq!(services.children.len(), 1, "not what others host: {services:?}");
    let im = services.find("Service").unwrap();
    assert_eq!((im.get("name"), im.get("status"), im.get("pse")), (Some("IM"), Some("Active"), Some(EAST)));
    assert_eq!(values(profile.find("Preferences").unwrap()), [("tone", "soft"), ("IM.greeting", "hi")]);
    let privacy = profile.find("Privacy").unwrap();
    assert_eq!((privacy.get("location"), privacy.get("userInteraction")), (Some("No"), None));
    assert_eq!(values(privacy), [("pay", "ask")]);
    let terminal = values(profile.find("Terminal").unwrap());
    for known in [("screen", "176x208"), ("ClientType", "MOBILE_PHONE"), ("ParserSize", "262144")] {
        assert!(terminal.contains(&known), "{terminal:?}");
    }
    let answer = profiles(&peer, &[&alice.user], Some("Privacy")).await;
    let profile = answer.find("UserProfile").unwrap();
    assert!(profile.find("Privacy").is_some() && profile.children.len() == 1, "{profile:?}");
}

#[tokio::test]
async fn others_are_refused_each_for_himself() {
    let world = north_and_east().await;
    let peer = world.peer(EAST).await;
    let [alice, bob] = ["alice", "bob"].map(|name| Phone::USUAL.user(name, NORTH));
    set(&world, &alice, json!({"services": {"im": {"pse": EAST}}})).await;
    let nobody = "wv:nobody@north.example";
    let answer = profiles(&peer, &[&alice, &bob, nobody, "wv:will@west.example"], None).await;
    assert_eq!(ssp::code(&answer), 201, "{answer:?}");
    assert_eq!(answer.all("UserProfile").count(), 1);
    let shown = format!("{answer:?}");
    for code in ["403", "531", "516"] {
        assert!(shown.contains(code), "{code} is not in {shown}");
    }
    assert_eq!(ssp::code(&profiles(&peer, &[&bob], None).await), 403);
    assert_eq!(ssp::code(&profiles(&peer, &[nobody], None).await), 531);
    assert_eq!(ssp::code(&profiles(&peer, &[&bob, nobody], None).await), 900);
}

#[tokio::test]
async fn the_domain_that_hosts_a_service_changes_its_status_and_preferences_and_no_more() {
    let world = north_and_east().await;
    let peer = world.peer(EAST).await;
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let user = alice.user.clone();
    let change = json!({"services": {"im": {"pse": EAST}}, "preferences": {"tone": "soft"}});
    set(&world, &user, change).await;
    let wants = |name: &str, value: &str| node("Preferences", [property(name, value)]);
    let sections = [im_is("Inactive"), wants("IM.greeting", "away")];
    assert_eq!(ssp::code(&changes(&peer, [of(&user, sections)]).await), 200);
    let profile = world.admin("GET", NORTH, &path(&user)).await;
    assert_eq!(profile["services"]["im"]["active"], json!(false), "{profile}");
    assert_eq!(profile["services"]["im"]["preferences"]["greeting"], json!("away"), "{profile}");
    assert_eq!(says(&mut alice, &user).await, 405, "in force at once");
    assert_eq!(ssp::code(&changes(&peer, [of(&user, [wants("greeting", "gone")])]).await), 200, "it hosts one service");

    let group = node("SubscribedServices", [node("Service", []).attr("name", "Group").attr("status", "Active")]);
    let mine = node("SubscribedServices", [node("Service", []).attr("name", "IM").attr("pse", "west.example")]);
    for (sections, code) in [
        (vec![group], 403),
        (vec![mine], 403),
        (vec![wants("Presence.color", "red")], 403),
        (vec![node("Privacy", []).attr("location", "Yes")], 403),
        (vec![node("Terminal", [property("screen", "1x1")])], 403),
        (vec![im_is("Active"), node("Privacy", []).attr("location", "Yes")], 403),
        (vec![im_is("Asleep")], 402),
        (vec![wants("IM.long", &"x".repeat(300))], 402),
    ] {
        let shown = format!("{sections:?}");
        assert_eq!(ssp::code(&changes(&peer, [of(&user, sections)]).await), code, "{shown}");
    }
    let after = world.admin("GET", NORTH, &path(&user)).await;
    assert_eq!(after["services"]["im"]["preferences"], json!({"greeting": "gone"}), "{after}");
    assert_eq!((&after["services"]["im"]["active"], &after["privacy"]), (&json!(false), &profile["privacy"]));

    let bob = Phone::USUAL.user("bob", NORTH);
    let answer = changes(&peer, [of(&user, [im_is("Active")]), of(&bob, [im_is("Inactive")])]).await;
    assert_eq!((answer.name.as_str(), ssp::code(&answer)), ("Status", 201), "{answer:?}");
    assert!(format!("{answer:?}").contains("403"), "{answer:?}");
    assert_eq!(says(&mut alice, &user).await, 200, "in use again");
    set(&world, &user, json!({"services": {"im": {"subscribed": false}}})).await;
    let answer = changes(&peer, [of(&user, [im_is("Active")])]).await;
    assert_eq!(ssp::code(&answer), 403, "only the home domain gives a user a service: {answer:?}");
}

#[tokio::test]
async fn without_an_agreement_on_profiles_nothing_is_told() {
    let world = World::new().domain(NORTH).scripted(EAST).start().await;
    let peer = world.peer(EAST).await;
    peer.initiates().await;
    let alice = Phone::USUAL.user("alice", NORTH);
    set(&world, &alice, json!({"services": {"im": {"pse": EAST}}})).await;
    assert_eq!(ssp::code(&profiles(&peer, &[&alice], None).await), 506);
    assert_eq!(ssp::code(&changes(&peer, [of(&alice, [im_is("Inactive")])]).await), 506);
}

#[tokio::test]
async fn nobody_sends_to_a_user_without_messaging_and_what_he_does_not_use_waits() {
    let world = World::new().domain(NORTH).scripted(EAST).start().await;
    let peer = world.peer(EAST).await;
    peer.initiates().await;
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let mut bob = world.login("bob", NORTH, Phone::USUAL).await;
    let user = bob.user.clone();
    set(&world, &user, json!({"services": {"im": {"subscribed": false}}})).await;
    assert_eq!(says(&mut alice, &user).await, 534);
    let from_east = |text: &str| message("wv:eve@east.example", &[&user], &unique("m"), text, false);
    assert_eq!(ssp::code(&peer.asks(from_east("hello")).await), 534);
    set(&world, &user, json!({"services": {"im": {"subscribed": true, "active": false}}})).await;
    assert_eq!(says(&mut alice, &user).await, 200);
    assert_eq!(ssp::code(&peer.asks(from_east("from afar")).await), 200);
    bob.poll().await;
    assert!(bob.inbox.messages.is_empty(), "he doesn't use it");
    set(&world, &user, json!({"services": {"im": {"active": true}}})).await;
    bob.hears("hello").await;
    bob.hears("from afar").await;
}

#[tokio::test]
async fn a_domain_without_messaging_takes_none_from_others() {
    let world = World::new().domain(NORTH).scripted(EAST).with("[services]\nim = \"none\"\n").start().await;
    let peer = world.peer(EAST).await;
    peer.initiates().await;
    let bob = Phone::USUAL.user("bob", NORTH);
    let answer = peer.asks(message("wv:eve@east.example", &[&bob], &unique("m"), "hello", false)).await;
    assert_eq!(ssp::code(&answer), 405, "{answer:?}");
}
