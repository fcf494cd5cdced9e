//! Getting in, staying in, coming back.

use std::sync::Arc;

use super::{Android, NORTH, SERVICES, capabilities};
use crate::clients::PATIENT;
use crate::support::handset::access::Schema;
use crate::support::wire::Version;
use crate::support::world::{Phone, World};

async fn one_domain() -> Arc<World> {
    World::new().domain(NORTH).with(PATIENT).start().await
}

#[tokio::test]
async fn android_gets_through_its_first_messages_in_every_version_and_syntax() {
    one_domain().await.with_every_phone(first_messages).await;
}

async fn first_messages(world: Arc<World>, phone: Phone) {
    let mut android = Android::of(&world, "alice", phone).await;
    let last = android.logs_in(Schema::Md5).await;
    assert_eq!(last.primitive.text_at("ClientID/URL"), Some(android.client.as_str()), "echoed as it came");
    android.agrees().await;
    let itself = format!("<GetPresence-Request><User><UserID>{}</UserID></User></GetPresence-Request>", android.user);
    let update = "<UpdatePresence-Request><PresenceSubList xmlns=\"http://www.openmobilealliance.org/DTD/WV-PA1.2\">\
        <ClientInfo><Qualifier>T</Qualifier><ClientType>MOBILE_PHONE</ClientType><ClientVersion>1.0</ClientVersion>\
        <ClientProducer>android.example</ClientProducer></ClientInfo></PresenceSubList></UpdatePresence-Request>";
    for primitive in [&itself, update, "<GetList-Request/>"] {
        let answer = android.asks(primitive).await;
        // Until there is presence; what it says is understood.
        assert!(!matches!(answer.code(), Some(400 | 402)), "{answer:?} answers {primitive}");
    }
    let blocked = android.asks("<GetBlockedList-Request/>").await;
    assert!(
        blocked.primitive.name == "GetBlockedList-Response" || blocked.code() == Some(501),
        "the one error it forgives here: {blocked:?}"
    );
    assert!(android.polls().await.is_none());
    let alive = android.asks("<KeepAlive-Request><TimeToLive>7205</TimeToLive></KeepAlive-Request>").await;
    assert_eq!((alive.primitive.name.as_str(), alive.code()), ("KeepAlive-Response", Some(200)), "{alive:?}");
    assert!(alive.primitive.number_at("KeepAliveTime").is_none_or(|seconds| seconds > 5), "{alive:?}");
    let out = android.asks("<Logout-Request/>").await;
    let expected = if phone.version == Version::V11 { "Disconnect" } else { "Status" };
    assert_eq!((out.primitive.name.as_str(), out.code()), (expected, Some(200)), "{out:?}");
}

#[tokio::test]
async fn android_is_never_told_to_poll_in_a_login_response_though_mail_waits() {
    one_domain().await.with_every_phone(mail_at_login).await;
}

async fn mail_at_login(world: Arc<World>, phone: Phone) {
    let mut bob = world.login("bob", NORTH, phone).await;
    bob.says("before you came").to([&phone.user("alice", NORTH)]).await.accepted();
    // `is_in` looks at the flag; afterwards it may be told.
    let mut android = Android::at_home(&world, "alice", phone).await;
    assert!(android.more, "something waits");
    let first = android.asks(&android.login("<DigestSchema>MD5</DigestSchema>")).await;
    assert!(first.primitive.find("Nonce").is_some() && !android.more, "not even within a session: {first:?}");
    // A login on top of a session that lives.
    let login = android.login(&format!("<Password>{}</Password>", android.password));
    let last = android.asks(&login).await;
    android.is_in(&last);
    android.agrees().await;
    let heard = android.awaits().await;
    assert_eq!(heard[0].primitive.text_at("ContentData"), Some("before you came"));
}

#[tokio::test]
async fn android_finds_its_list_first_in_the_capability_answer_though_it_names_itself() {
    one_domain().await.with_every_phone(named_capabilities).await;
}

async fn named_capabilities(world: Arc<World>, phone: Phone) {
    let mut android = Android::at_home(&world, "alice", phone).await;
    let itself = format!("<ClientID><URL>{}</URL></ClientID><CapabilityList>", android.client);
    let request = capabilities("").replacen("<CapabilityList>", &itself, 1);
    let answer = android.asks(&request).await;
    assert!(answer.primitive.children[0].name.ends_with("CapabilityList"), "{answer:?}");
    // Wake-up methods nobody knows are stepped over, and none is agreed without an address to give.
    let odd = "<SupportedCIRMethod>PIGEON</SupportedCIRMethod><SupportedCIRMethod>STCP</SupportedCIRMethod>";
    let answer = android.asks(&capabilities(odd)).await;
    let list = &answer.primitive.children[0];
    assert!(list.all("SupportedCIRMethod").all(|method| method.text != "PIGEON"), "{answer:?}");
    let stcp = list.all("SupportedCIRMethod").any(|method| method.text == "STCP");
    assert_eq!(stcp, list.find("TCPAddress").is_some(), "{answer:?}");
    assert!(list.number_at("ServerPollMin").is_some_and(|seconds| seconds >= 30), "its own, or more: {answer:?}");
}

#[tokio::test]
async fn android_reads_all_functions_whenever_it_asks_for_them() {
    one_domain().await.with_every_phone(services).await;
}

async fn services(world: Arc<World>, phone: Phone) {
    let mut android = Android::at_home(&world, "alice", phone).await;
    for functions in ["", "<Functions/>", "<Functions><WVCSPFeat/></Functions>"] {
        let request =
            format!("<Service-Request>{functions}<AllFunctionsRequest>T</AllFunctionsRequest></Service-Request>");
        let answer = android.asks(&request).await;
        let all = answer.primitive.find("AllFunctions/WVCSPFeat").unwrap_or_else(|| panic!("{answer:?}"));
        assert!(all.find("IMFeat").is_some(), "{answer:?}");
    }
    // What was asked for and is refused, and nothing else, stands in `Functions`.
    let answer = android.asks(SERVICES).await;
    let refused = answer.primitive.find("Functions/WVCSPFeat");
    assert!(refused.is_none_or(|tree| tree.find("IMFeat").is_none_or(|im| !im.children.is_empty())), "{answer:?}");
}

#[tokio::test]
async fn android_takes_its_session_up_again_or_is_told_502() {
    let world = one_domain().await;
    world.with_every_phone(taken_up).await;
    let mut homes = Vec::new();
    for phone in Phone::ALL {
        homes.push((Android::at_home(&world, "bob", phone).await, phone));
    }
    world.stop(NORTH).await;
    world.revive(NORTH).await;
    for (old, phone) in homes {
        let mut android = Android::of(&world, "bob", phone).await;
        (android.client, android.cookie) = (old.client, old.cookie);
        comes_back(&mut android, old.session.unwrap()).await;
    }
}

async fn taken_up(world: Arc<World>, phone: Phone) {
    let old = Android::at_home(&world, "alice", phone).await;
    let session = old.session.unwrap();
    let mut android = Android::of(&world, "alice", phone).await;
    (android.client, android.cookie) = (old.client, old.cookie);
    comes_back(&mut android, session).await;
    android.session = None;
    let unknown = android.asks(&android.login("<SessionID>long-gone</SessionID>")).await;
    assert_eq!((unknown.primitive.name.as_str(), unknown.code()), ("Login-Response", Some(502)), "{unknown:?}");
    assert!(unknown.primitive.find("SessionID").is_none(), "{unknown:?}");
    // Then it logs in afresh.
    android.logs_in(Schema::Md5).await;
}

async fn comes_back(android: &mut Android, session: String) {
    let schemas = "<DigestSchema>MD5</DigestSchema>";
    let again = android.asks(&android.login(&format!("{schemas}<SessionID>{session}</SessionID>"))).await;
    android.is_in(&again);
    assert!(android.polls().await.is_none() && android.session.is_some(), "the session serves");
    android.agrees().await;
}

#[tokio::test]
async fn android_learns_of_the_end_of_its_session_in_whatever_it_does_next() {
    one_domain().await.with_every_phone(session_over).await;
}

async fn session_over(world: Arc<World>, phone: Phone) {
    let keep_alive = "<KeepAlive-Request/>";
    let mut android = Android::at_home(&world, "alice", phone).await;
    // A session that the same client replaced, one that it left, and one that nobody ever had.
    for asks_first in [true, false] {
        let old = android.session.take();
        android.logs_in(Schema::Md5).await;
        android.agrees().await;
        let fresh = std::mem::replace(&mut android.session, old);
        if asks_first {
            let over = android.asks(keep_alive).await;
            assert_eq!((over.primitive.name.as_str(), over.code()), ("Status", Some(601)), "{over:?}");
        } else {
            let over = android.polls().await.unwrap();
            assert_eq!((over.primitive.name.as_str(), over.code()), ("Disconnect", Some(601)), "{over:?}");
            assert!(over.asks, "a request of the server, which it does not answer: {over:?}");
        }
        android.session = fresh;
        assert!(android.polls().await.is_none() && android.session.is_some(), "the new one lives");
    }
    let left = android.session.clone();
    assert_eq!(android.asks("<Logout-Request/>").await.code(), Some(200));
    for gone in [left, Some("nobody-had-it".to_owned())] {
        android.session.clone_from(&gone);
        let over = android.asks(keep_alive).await;
        assert_eq!((over.primitive.name.as_str(), over.code()), ("Status", Some(604)), "{over:?}");
        let over = android.polls().await.unwrap();
        assert!(!over.asks && over.code() == Some(604), "in mode Response: {over:?}");
    }
}

#[tokio::test]
async fn android_without_a_password_that_fits_is_told_a_code_in_the_login_response() {
    one_domain().await.with_every_phone(refused).await;
}

async fn refused(world: Arc<World>, phone: Phone) {
    let mut android = Android::of(&world, "alice", phone).await;
    let wrong = android.asks(&android.login("<Password>guess</Password>")).await;
    assert_eq!((wrong.primitive.name.as_str(), wrong.code()), ("Login-Response", Some(409)), "{wrong:?}");
    let right = format!("<Password>{}</Password>", android.password);
    android.user = format!("wv:nobody@{NORTH}");
    let unknown = android.asks(&android.login(&right)).await;
    assert_eq!((unknown.primitive.name.as_str(), unknown.code()), ("Login-Response", Some(531)), "{unknown:?}");
    assert!(unknown.primitive.find("SessionID").is_none() && unknown.primitive.find("Nonce").is_none());
}
