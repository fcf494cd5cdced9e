//! Waking a phone that sleeps: by connection, datagram and page, in every version and syntax.

use std::sync::Arc;

use crate::support::handset::Handset;
use crate::support::handset::wake::{Channel, Ear, own_address};
use crate::support::unique;
use crate::support::wire::Version;
use crate::support::wire::tree::{leaf, node};
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";

async fn world() -> Arc<World> {
    World::new().domain(NORTH).start().await
}

/// Alice writes to the owner of this phone.
async fn alice_writes(alice: &mut Handset, to: &Handset) -> String {
    let text = unique("wake up");
    alice.says(&text).to([to.user.as_str()]).await.accepted();
    text
}

/// From login to logout with one way to be woken.
async fn a_day_with(method: &'static str, world: Arc<World>, phone: Phone) {
    let address = own_address();
    let mut bob = world.phone_at(address, "bob", NORTH, phone);
    let mut ear = bob.login_with(method, address).await;
    let mut alice = world.login("alice", NORTH, phone.next()).await;
    bob.poll().await;
    assert!(bob.is_left_alone(&mut ear).await, "nothing waits yet");
    for round in 0..2 {
        let first = alice_writes(&mut alice, &bob).await;
        bob.is_woken(&mut ear).await;
        assert!(bob.is_left_alone(&mut ear).await, "woken once, round {round}");
        let second = alice_writes(&mut alice, &bob).await;
        assert!(bob.is_left_alone(&mut ear).await, "and not again before it polled, round {round}");
        bob.hears(&first).await;
        bob.hears(&second).await;
        bob.took_it(&mut ear);
        assert!(bob.is_left_alone(&mut ear).await, "it has taken all, round {round}");
    }
    bob.logout().await;
    match &mut ear {
        Ear::Channel(channel) => assert_eq!(channel.end().await, "", "the channel ends with the session"),
        Ear::Page(url, _) => {
            let answer = alice.http().ask(hyper::Method::GET, url, &[], Vec::new()).await.unwrap();
            assert_eq!(answer.status, 404, "the page ends with the session");
        }
        Ear::Datagrams(_) => {
            alice_writes(&mut alice, &bob).await;
            assert!(bob.is_left_alone(&mut ear).await, "nobody is woken after logging out");
        }
    }
}

#[tokio::test]
async fn a_phone_is_woken_over_its_connection() {
    world().await.with_every_phone(|world, phone| a_day_with("STCP", world, phone)).await;
}

#[tokio::test]
async fn a_phone_is_woken_by_a_datagram() {
    world().await.with_every_phone(|world, phone| a_day_with("SUDP", world, phone)).await;
}

#[tokio::test]
async fn a_phone_is_woken_by_a_wap_push() {
    world().await.with_every_phone(|world, phone| a_day_with("WAPUDP", world, phone)).await;
}

#[tokio::test]
async fn a_phone_is_woken_by_a_page_it_asks() {
    let story = |world: Arc<World>, phone: Phone| async move {
        if phone.version == Version::V11 {
            // There is no element for the URL: the method is not agreed.
            let mut bob = world.phone("bob", NORTH, phone);
            bob.wakes_by = vec!["SHTTP", "STCP"];
            assert_eq!(bob.try_login().await, 200);
            let list = bob.capabilities().await;
            let agreed: Vec<_> = list.all("SupportedCIRMethod").map(|method| method.text.as_str()).collect();
            assert_eq!(agreed, ["STCP"]);
            return;
        }
        a_day_with("SHTTP", world, phone).await;
    };
    world().await.with_every_phone(story).await;
}

#[tokio::test]
async fn a_phone_is_told_the_ways_it_knows_in_its_own_order_and_where_they_are() {
    let world = world().await;
    let mut bob = world.phone("bob", NORTH, Phone::USUAL);
    bob.wakes_by = vec!["WAPSMS", "WAPUDP", "STCP", "SSMS", "SUDP", "SHTTP"];
    assert_eq!(bob.try_login().await, 200);
    let list = bob.capabilities().await;
    let agreed: Vec<_> = list.all("SupportedCIRMethod").map(|method| method.text.as_str()).collect();
    assert_eq!(agreed, ["WAPUDP", "STCP", "SUDP", "SHTTP"], "there is no bearer for SMS");
    let cir = world.ports(NORTH).cir;
    assert_eq!(list.text_at("TCPAddress"), Some("127.0.0.1"));
    assert_eq!(list.number_at("TCPPort"), Some(u32::from(cir.port())));
    let base = format!("http://{}/cir/", world.ports(NORTH).csp);
    let page = bob.page(&list);
    let key = page.strip_prefix(&base).unwrap_or_else(|| panic!("{page}"));
    assert!(!bob.session.as_deref().unwrap().contains(key) && key.len() >= 22, "a key of its own: {key}");
    // A port that can't be a client's is not agreed on.
    (bob.wakes_by, bob.udp_port) = (vec!["SUDP"], Some(53));
    let list = bob.capabilities().await;
    assert!(list.find("SupportedCIRMethod").is_none() && list.find("TCPAddress").is_none(), "{list:?}");
}

#[tokio::test]
async fn without_the_listener_only_the_page_is_offered() {
    let world = World::new().domain(NORTH).start().await;
    let file = world.folder(NORTH).join("postern.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let kept: Vec<_> = text.lines().filter(|line| !line.starts_with("cir = ")).collect();
    world.stop(NORTH).await;
    std::fs::write(&file, kept.join("\n")).unwrap();
    world.start_again(NORTH).await;
    let mut bob = world.phone("bob", NORTH, Phone::USUAL);
    bob.wakes_by = vec!["STCP", "SUDP", "WAPUDP", "SHTTP"];
    assert_eq!(bob.try_login().await, 200);
    let list = bob.capabilities().await;
    let agreed: Vec<_> = list.all("SupportedCIRMethod").map(|method| method.text.as_str()).collect();
    assert_eq!(agreed, ["SHTTP"]);
    assert!(list.find("TCPAddress").is_none(), "{list:?}");
}

#[tokio::test]
async fn what_the_operator_advertises_is_told() {
    let more = "[advertise]\ncir = \"wake.north.example:443\"\ncsp_url = \"https://chat.north.example/imps/\"\n";
    let world = World::new().domain(NORTH).with(more).start().await;
    let mut bob = world.phone("bob", NORTH, Phone::USUAL);
    bob.wakes_by = vec!["STCP", "SHTTP"];
    assert_eq!(bob.try_login().await, 200);
    let list = bob.capabilities().await;
    assert_eq!(list.text_at("TCPAddress"), Some("wake.north.example"));
    assert_eq!(list.number_at("TCPPort"), Some(443));
    let page = bob.page(&list);
    let path = page.strip_prefix("https://chat.north.example").unwrap_or_else(|| panic!("{page}"));
    // A gateway that hands on the path as it is finds the page, as does one that strips its own.
    for path in [path, path.strip_prefix("/imps").unwrap()] {
        assert!(!bob.asks(&format!("http://{}{path}", world.ports(NORTH).csp)).await, "{path}");
    }
}

#[tokio::test]
async fn a_phone_that_calls_again_is_told_what_waits() {
    let world = world().await;
    let mut bob = world.phone("bob", NORTH, Phone::USUAL);
    bob.wakes_by = vec!["STCP"];
    assert_eq!(bob.try_login().await, 200);
    let list = bob.capabilities().await;
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let text = alice_writes(&mut alice, &bob).await;
    // The connection came late; then it broke; then another took its place.
    let mut ear = Ear::Channel(bob.channel(&list).await);
    bob.is_woken(&mut ear).await;
    drop(ear);
    let mut older = bob.channel(&list).await;
    assert!(older.line().await.unwrap().starts_with("WVCI "));
    let mut ear = Ear::Channel(bob.channel(&list).await);
    assert_eq!(older.end().await, "", "one channel for one session");
    bob.is_woken(&mut ear).await;
    bob.hears(&text).await;
    let mut ear = Ear::Channel(bob.channel(&list).await);
    assert!(bob.is_left_alone(&mut ear).await, "nothing waits any more");
}

#[tokio::test]
async fn a_phone_that_states_its_capabilities_again_or_comes_back_is_woken_for_what_waits() {
    let world = world().await;
    let address = own_address();
    let mut bob = world.phone_at(address, "bob", NORTH, Phone::USUAL);
    let mut ear = bob.login_with("SUDP", address).await;
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let text = alice_writes(&mut alice, &bob).await;
    bob.is_woken(&mut ear).await;
    bob.capabilities().await;
    bob.is_woken(&mut ear).await;
    // It was switched off, and takes up its session.
    let session = bob.session.clone().unwrap();
    let request = bob.login_request([leaf("SessionID", &session)]);
    let answer = bob.ask(request).await;
    assert_eq!(answer.number_at("Result/Code"), Some(200), "{answer:?}");
    bob.is_woken(&mut ear).await;
    // It lost its session, and opens another.
    let mut ear = bob.login_with("STCP", address).await;
    bob.is_woken(&mut ear).await;
    bob.hears(&text).await;
}

#[tokio::test]
async fn channels_outlive_a_restart_of_the_node_in_what_was_agreed() {
    let world = world().await;
    let mut bob = world.phone("bob", NORTH, Phone::USUAL);
    bob.wakes_by = vec!["STCP", "SHTTP"];
    assert_eq!(bob.try_login().await, 200);
    let list = bob.capabilities().await;
    let mut channel = bob.channel(&list).await;
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let text = alice_writes(&mut alice, &bob).await;
    assert!(channel.line().await.unwrap().starts_with("WVCI "));
    world.stop(NORTH).await;
    assert_eq!(channel.end().await, "", "a node that drains lets go");
    world.revive(NORTH).await;
    let page = bob.page(&list);
    assert!(bob.asks(&page).await, "something waits still");
    let mut ear = Ear::Channel(bob.channel(&list).await);
    bob.is_woken(&mut ear).await;
    bob.hears(&text).await;
    assert!(!bob.asks(&page).await);
}

#[tokio::test]
async fn a_phone_that_is_woken_by_datagram_is_woken_when_the_node_has_started() {
    let world = world().await;
    let address = own_address();
    let mut bob = world.phone_at(address, "bob", NORTH, Phone::USUAL);
    let mut ear = bob.login_with("SUDP", address).await;
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let text = alice_writes(&mut alice, &bob).await;
    bob.is_woken(&mut ear).await;
    world.stop(NORTH).await;
    world.revive(NORTH).await;
    bob.is_woken(&mut ear).await;
    bob.hears(&text).await;
}

#[tokio::test]
async fn a_report_wakes_the_sender() {
    let world = world().await;
    let mut bob = world.phone("bob", NORTH, Phone::USUAL);
    let mut ear = bob.login_with("STCP", own_address()).await;
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let text = unique("did you get it");
    let id = bob.says(&text).report().to([alice.user.as_str()]).await.accepted();
    assert!(bob.is_left_alone(&mut ear).await);
    alice.hears(&text).await;
    bob.is_woken(&mut ear).await;
    assert_eq!(bob.report_for(&id).await.code, 200);
}

#[tokio::test]
async fn a_cookie_stays_on_its_line() {
    let world = world().await;
    let mut bob = world.phone("bob", NORTH, Phone::USUAL);
    bob.wakes_by = vec!["STCP"];
    let mut request = bob.login_request([leaf("Password", "secret of bob")]);
    let cookie = request.children.iter_mut().find(|c| c.name == "SessionCookie").unwrap();
    cookie.text = "one\r\nOK\r\ntwo".into();
    let answer = bob.ask(request).await;
    bob.session = answer.text_at("SessionID").map(str::to_owned);
    let list = bob.capabilities().await;
    let mut channel = bob.channel(&list).await;
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    alice_writes(&mut alice, &bob).await;
    let line = channel.line().await.unwrap();
    assert!(line.starts_with("WVCI 1.2 one") && line.ends_with("two"), "{line:?}");
    assert!(channel.is_quiet().await);
}

#[tokio::test]
async fn strangers_wake_nobody_and_disturb_nobody() {
    let world = world().await;
    let mut bob = world.phone("bob", NORTH, Phone::USUAL);
    let mut ear = bob.login_with("STCP", own_address()).await;
    let at = world.ports(NORTH).cir;
    let session = bob.session.clone().unwrap();
    let wrong = [
        "HELO nobody\r\n".to_owned(),
        format!("HELO {}\r\n", &session[..session.len() - 1]),
        format!("HELO {}\r\n", session.to_ascii_uppercase()),
        "x".repeat(10_000),
        "GET / HTTP/1.1\r\n".repeat(20),
        "\0\u{1}\u{2}\r\n".repeat(20),
    ];
    for text in wrong {
        let mut stranger = Channel::connect(at).await;
        stranger.says(&text).await;
        assert_eq!(stranger.end().await, "", "{text:?}");
    }
    let flood = (0..200).map(|n| async move {
        let mut stranger = Channel::connect(at).await;
        stranger.says(&format!("HELO {n}\r\n")).await;
        stranger.end().await
    });
    for flooded in flood.map(tokio::spawn).collect::<Vec<_>>() {
        assert_eq!(flooded.await.unwrap(), "");
    }
    // A session that agreed on no channel has none.
    let carol = world.login("carol", NORTH, Phone::USUAL).await;
    let mut channel = Channel::connect(at).await;
    channel.says(&format!("HELO {}\r\n", carol.session.as_deref().unwrap())).await;
    assert_eq!(channel.end().await, "");
    // Bob's channel works through all of it.
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let text = alice_writes(&mut alice, &bob).await;
    bob.is_woken(&mut ear).await;
    bob.hears(&text).await;
    // Pages of nobody's.
    for path in ["/cir/", "/cir/nobody", &format!("/cir/{session}"), "/cir/a/b"] {
        let url = format!("http://{}{path}", world.ports(NORTH).csp);
        let answer = bob.http().ask(hyper::Method::GET, &url, &[], Vec::new()).await.unwrap();
        assert!(matches!(answer.status, 404 | 405), "{path}: {}", answer.status);
    }
}

#[tokio::test]
async fn a_stolen_id_opens_no_channel_where_sessions_stay_with_their_address() {
    let world = World::new().domain(NORTH).with("[access]\nbind_session_to_address = true\n").start().await;
    let address = own_address();
    let mut bob = world.phone_at(address, "bob", NORTH, Phone::USUAL);
    bob.wakes_by = vec!["STCP"];
    assert_eq!(bob.try_login().await, 200);
    bob.capabilities().await;
    let hello = format!("HELO {}\r\n", bob.session.as_deref().unwrap());
    let mut thief = Channel::connect(world.ports(NORTH).cir).await;
    thief.says(&hello).await;
    assert_eq!(thief.end().await, "");
    let mut channel = Channel::connect_from(address, world.ports(NORTH).cir).await;
    channel.says(&hello).await;
    assert_eq!(channel.line().await.as_deref(), Some("OK"));
    let mut thief = Channel::connect(world.ports(NORTH).cir).await;
    thief.says(&hello).await;
    assert_eq!(thief.end().await, "");
    assert!(channel.is_quiet().await, "and the owner keeps his");
}

#[tokio::test]
async fn datagrams_go_to_the_address_of_the_login_whatever_the_phone_says() {
    let world = world().await;
    let phone = Phone { version: Version::V13, ..Phone::USUAL };
    let (address, victim) = (own_address(), own_address());
    let mut bob = world.phone_at(address, "bob", NORTH, phone);
    let mut ear = bob.login_with("SUDP", address).await;
    let port = bob.udp_port.unwrap();
    let elsewhere = tokio::net::UdpSocket::bind((victim, port)).await.unwrap();
    let list = node("CapabilityList", [leaf("ClientType", "OTHER"), leaf("InitialDeliveryMethod", "P")]);
    let list = list.with(leaf("SupportedCIRMethod", "SUDP")).with(leaf("UDPPort", port));
    let request = node("ClientCapability-Request", [list.with(leaf("UDPAddress", victim))]);
    let answer = bob.ask(request).await;
    assert_eq!(answer.text_at("AgreedCapabilityList/UDPAddress"), Some(address.to_string().as_str()));
    assert_eq!(answer.number_at("AgreedCapabilityList/UDPPort"), Some(u32::from(port)));
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    alice_writes(&mut alice, &bob).await;
    bob.is_woken(&mut ear).await;
    assert!(elsewhere.try_recv(&mut [0; 512]).is_err());
}
