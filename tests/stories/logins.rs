//! Logins in every form that clients of each version write, many at once, and in versions nobody speaks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::count;
use crate::support::handset::Handset;
use crate::support::handset::access::Schema;
use crate::support::wire::tree::{Node, leaf, node};
use crate::support::wire::{Syntax, Version, xml};
use crate::support::world::phone::password;
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";

async fn one_domain() -> Arc<World> {
    World::new().domain(NORTH).start().await
}

fn code(answer: &Node) -> u32 {
    answer.number_at("Result/Code").unwrap()
}

/// A nonce for a phone that lists these schemas, in elements as given.
async fn challenged(phone: &mut Handset, schemas: &[&str]) -> (u32, Node) {
    let mut request = phone.login_request([]);
    let at = request.children.iter().position(|child| child.name == "TimeToLive").unwrap();
    request.children.splice(at..at, schemas.iter().map(|schema| leaf("DigestSchema", schema)));
    let answer = phone.ask(request).await;
    assert!(answer.find("SessionID").is_none(), "a session in a challenge ends the login: {answer:?}");
    (code(&answer), answer)
}

#[tokio::test]
async fn schemas_are_understood_in_one_list_and_in_one_element_each_in_every_version() {
    one_domain().await.with_every_phone(schemas).await;
}

async fn schemas(world: Arc<World>, phone: Phone) {
    let challenge = if phone.version == Version::V11 { 200 } else { 401 };
    for (listed, chosen) in [
        (&["PWD,SHA,MD4,MD5,MD6"][..], "MD5"),
        (&["PWD", "SHA", "MD4", "MD5", "MD6"], "MD5"),
        (&["SHA"], "SHA"),
        (&["MD4,SHA"], "SHA"),
        (&["MD6", "SHA", "PWD"], "SHA"),
        // The password itself, over loopback, for who knows nothing else.
        (&["PWD"], "PWD"),
        (&["PWD,MD4"], "PWD"),
        (&[], "MD5"),
    ] {
        let mut alice = world.phone("alice", NORTH, phone);
        let (code, answer) = challenged(&mut alice, listed).await;
        assert_eq!((code, answer.text_at("DigestSchema")), (challenge, Some(chosen)), "{listed:?}: {answer:?}");
        let nonce = answer.text_at("Nonce").unwrap().to_owned();
        let proof = match chosen {
            "MD5" => leaf("DigestBytes", Schema::Md5.digest(&nonce, &password("alice"))),
            "SHA" => leaf("DigestBytes", Schema::Sha.digest(&nonce, &password("alice"))),
            _ => leaf("Password", password("alice")),
        };
        let answer = alice.ask(alice.login_request([proof])).await;
        assert_eq!(self::code(&answer), 200, "{listed:?}: {answer:?}");
        assert!(answer.text_at("SessionID").is_some_and(|id| id.len() <= 50));
        assert_eq!(answer.text_at("CapabilityRequest"), Some("T"));
        assert_eq!(answer.number_at("KeepAliveTime"), Some(3600));
        assert!(answer.find("Nonce").is_none() && answer.find("Password").is_none(), "{answer:?}");
    }
}

#[tokio::test]
async fn a_client_id_is_echoed_in_whatever_form_it_came() {
    one_domain().await.with_every_phone(client_ids).await;
}

async fn client_ids(world: Arc<World>, phone: Phone) {
    for id in [
        node("ClientID", [leaf("URL", "WV:InstantMessenger-1.0.2309.16485@COLIBRIA.PC-CLIENT")]),
        node("ClientID", [leaf("MSISDN", "+358401234567")]),
        node("ClientID", [leaf("URL", "http://127.0.0.1:56732/APP"), leaf("MSISDN", "+358401234567")]),
        leaf("ClientID", "http://phone.example/bare"),
    ] {
        let mut alice = world.phone("alice", NORTH, phone);
        let mut request = alice.login_request([leaf("Password", password("alice"))]);
        request.children[1] = id.clone();
        let body = phone.syntax.write(&alice.message("Request", Some("1"), request), phone.version);
        let answer = alice.raw(body, phone.syntax.content_type(phone.version)).await.unwrap();
        let answer = phone.syntax.read(&answer.body).unwrap();
        let login = answer.any("Login-Response").unwrap();
        assert_eq!(code(login), 200, "{login:?}");
        let echoed = login.find("ClientID").unwrap();
        let url = |id: &Node| id.text_at("URL").unwrap_or_else(|| id.text.trim()).to_owned();
        assert_eq!((url(echoed), echoed.text_at("MSISDN")), (url(&id), id.text_at("MSISDN")), "{echoed:?}");
        alice.session = login.text_at("SessionID").map(str::to_owned);
        alice.keep_alive().await;
    }
}

#[tokio::test]
async fn a_clear_password_is_not_looked_at_where_it_may_not_be_sent() {
    let world = World::new().domain(NORTH).with("[access]\nclear_passwords = \"never\"\n").start().await;
    world.with_every_phone(not_in_clear).await;
}

async fn not_in_clear(world: Arc<World>, phone: Phone) {
    let name = phone.user("alice", NORTH);
    let mut answers = Vec::new();
    for word in [password("alice"), "wrong".to_owned()] {
        let mut alice = world.phone("alice", NORTH, phone).of(&name, &word);
        let answer = alice.ask(alice.login_request([leaf("Password", word)])).await;
        assert!(answer.find("Nonce").is_some() && answer.find("SessionID").is_none(), "{answer:?}");
        answers.push((code(&answer), answer.text_at("DigestSchema").map(str::to_owned)));
    }
    assert_eq!(answers[0], answers[1], "right or wrong is answered alike");
    let mut alice = world.phone("alice", NORTH, phone);
    alice.login_digest(Schema::Md5).await;
}

#[tokio::test]
async fn applications_and_devices_of_a_user_each_have_a_session() {
    one_domain().await.with_every_phone(applications).await;
}

async fn applications(world: Arc<World>, phone: Phone) {
    let mut first = world.login("alice", NORTH, phone).await;
    // Another device.
    let mut second = world.login("alice", NORTH, phone).await;
    first.keep_alive().await;
    if phone.version < Version::V13 {
        return;
    }
    // Another application on the first device; it has the same client id.
    let with_application = |handset: &Handset, id: &str| {
        let mut request = handset.login_request([leaf("Password", password("alice"))]);
        request.children.insert(2, leaf("ApplicationID", id));
        request
    };
    let chat = first.ask(with_application(&first, "chat")).await;
    let game = first.ask(with_application(&first, "game")).await;
    let sessions = [&chat, &game].map(|answer| answer.text_at("SessionID").unwrap().to_owned());
    for session in [first.session.clone().unwrap(), sessions[0].clone(), sessions[1].clone()] {
        first.session = Some(session);
        first.keep_alive().await;
    }
    // The same application again replaces its session and no other.
    let again = first.ask(with_application(&first, "chat")).await.text_at("SessionID").unwrap().to_owned();
    let mut alive = Vec::new();
    for session in [sessions[0].clone(), sessions[1].clone(), again] {
        first.session = Some(session);
        let answer = first.ask(node("KeepAlive-Request", [])).await;
        alive.push(code(&answer));
    }
    assert!(matches!(alive[0], 600 | 601 | 604) && alive[1..] == [200, 200], "{alive:?}");
    second.keep_alive().await;
}

#[tokio::test]
async fn a_session_is_taken_up_with_new_terms() {
    one_domain().await.with_every_phone(taken_up).await;
}

async fn taken_up(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    let session = alice.session.clone().unwrap();
    let mut again = alice.login_request([leaf("SessionID", &session)]);
    for child in &mut again.children {
        if child.name == "TimeToLive" {
            child.text = "600".into();
        }
    }
    // Under a short form of the name as well.
    for name in [phone.user("alice", NORTH), phone.local("alice"), phone.local("alice").to_uppercase()] {
        again.children[0].text = name;
        let answer = alice.ask(again.clone()).await;
        assert_eq!((code(&answer), answer.text_at("SessionID")), (200, Some(session.as_str())), "{answer:?}");
        assert_eq!(answer.number_at("KeepAliveTime"), Some(600));
    }
    alice.keep_alive().await;
    let mut bob = world.login("bob", NORTH, phone).await;
    bob.says("still there?").to([&alice.user]).await.accepted();
    alice.hears("still there?").await;
}

#[tokio::test]
async fn a_client_of_1_3_agrees_on_everything_in_the_login_itself() {
    one_domain().await.with_every_phone(all_in_one).await;
}

async fn all_in_one(world: Arc<World>, phone: Phone) {
    if phone.version < Version::V13 {
        return;
    }
    let mut alice = world.phone("alice", NORTH, phone);
    let list = alice.capability_request().find("CapabilityList").unwrap().clone();
    let with = |features: Vec<Node>| node("Functions", [node("WVCSPFeat", []).with_all(features)]);
    let plain = alice.login_request([leaf("Password", password("alice"))]);
    // What is not asked for is not agreed.
    let answer = alice.ask(plain.clone().with(with(vec![node("FundamentalFeat", [])]))).await;
    alice.session = answer.text_at("SessionID").map(str::to_owned);
    let own = alice.user.clone();
    let request = alice.says("not agreed").to([&own]).request();
    let answer = alice.ask(request).await;
    assert_eq!(code(&answer), 506, "{answer:?}");
    let features = vec![node("FundamentalFeat", []), node("IMFeat", [])];
    let answer = alice.ask(plain.clone().with(with(features)).with(list.clone())).await;
    assert_eq!(code(&answer), 200, "{answer:?}");
    assert_eq!(answer.text_at("CapabilityRequest"), Some("F"), "{answer:?}");
    assert!(answer.find("AgreedCapabilityList").is_some(), "{answer:?}");
    alice.session = answer.text_at("SessionID").map(str::to_owned);
    let mut bob = world.login("bob", NORTH, phone).await;
    bob.says("in one").to([&alice.user]).await.accepted();
    alice.hears("in one").await;
    // The capabilities alone.
    let answer = alice.ask(plain.with(list)).await;
    assert!(answer.find("AgreedCapabilityList").is_some() && answer.find("Functions").is_none(), "{answer:?}");
}

#[tokio::test]
async fn a_version_nobody_speaks_is_answered_505_in_a_version_the_client_can_read() {
    let world = one_domain().await;
    let alice = world.phone("alice", NORTH, Phone::USUAL);
    let login = alice.login_request([leaf("Password", password("alice"))]);
    for (namespace, content_type) in [
        ("http://www.openmobilealliance.org/DTD/IMPS-CSP1.4", "application/vnd.wv.csp+xml"),
        ("http://www.openmobilealliance.org/DTD/WV-CSP2.0", "application/vnd.wv.csp.xml"),
        ("http://www.wireless-village.org/CSP1.0", "application/vnd.wv.csp.xml"),
    ] {
        let message = alice.message("Request", Some("of old"), login.clone());
        let text = xml::write(&message).replace(Version::V12.csp(), namespace);
        let answer = alice.raw(text, content_type).await.unwrap();
        assert_eq!(answer.status, 200);
        let answer = Syntax::Xml.read(&answer.body).unwrap();
        let spoken = [Version::V11, Version::V12, Version::V13].map(Version::csp);
        assert!(spoken.contains(&answer.get("xmlns").unwrap()), "{answer:?}");
        let status = answer.any("Status").unwrap();
        assert_eq!(code(status), 505, "{answer:?}");
        assert_eq!(answer.any("TransactionID").map(|id| id.text.as_str()), Some("of old"));
        assert_eq!(answer.any("TransactionMode").map(|mode| mode.text.as_str()), Some("Response"));
    }
}

/// A storm of logins: digests of as many phones, and passwords of users whose hash alone is kept. All get in, and
/// nobody waits for ever. `POSTERN_LOGINS` is the count of digests (1000; the hashes are a tenth of it).
#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_logins_lets_everybody_in() {
    let world = World::new().domain(NORTH).processes().start().await;
    let digests = count("POSTERN_LOGINS", 1000);
    let hashes = digests / 10;
    // Of one user not more come at once than a person may have devices.
    let user = |class: &str, number: usize| format!("{class}{}", number % 200);
    for number in 0..digests.min(200) {
        let sealed = json!({"id": user("sealed", number), "password": "sealed"});
        world.add_user(NORTH, sealed).await;
    }
    for number in 0..hashes.min(10) {
        let hashed = json!({"id": user("hashed", number), "password": "hashed", "login": "hashed"});
        world.add_user(NORTH, hashed).await;
    }
    let began = Instant::now();
    let mut all = tokio::task::JoinSet::new();
    for number in 0..digests + hashes {
        let world = Arc::clone(&world);
        all.spawn(async move {
            let phone = Phone::ALL[number % Phone::ALL.len()];
            let mut handset = world.phone("alice", NORTH, phone);
            if number < digests {
                handset = handset.of(&user("sealed", number), "sealed");
                assert_eq!(handset.try_login_digest(Schema::Md5).await, 200);
            } else {
                handset = handset.of(&user("hashed", number % 10), "hashed");
                assert_eq!(handset.try_login().await, 200);
            }
            (number < digests, began.elapsed())
        });
    }
    let mut slowest = [Duration::ZERO; 2];
    while let Some(login) = all.join_next().await {
        let (digest, took) = login.unwrap();
        let slowest = &mut slowest[usize::from(digest)];
        *slowest = took.max(*slowest);
    }
    println!("the last hash after {:?}, the last digest after {:?}", slowest[0], slowest[1]);
    assert_eq!(world.counter(NORTH, "postern_client_sessions").await as usize, digests + hashes);
    assert_eq!(world.counter(NORTH, "postern_client_refusals_total{reason=\"too-many-attempts\"}").await, 0);
}
