//! Fields that say how a phone is woken, in which language it is spoken to, and what it is.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::{NORTH, one_domain};
use crate::clients::book::all_tests;
use crate::support::handset::wake::{Ear, own_address};
use crate::support::unique;
use crate::support::wire::Version;
use crate::support::wire::tree::{leaf, node};
use crate::support::world::{Phone, World};

/// Every field of the lists, in any version.
const FIELDS: [&str; 33] = [
    "AcceptedCharset",
    "AcceptedContentLength",
    "AcceptedContentType",
    "AcceptedPullLength",
    "AcceptedPushLength",
    "AcceptedRichContentLength",
    "AcceptedTextContentLength",
    "AcceptedTransferEncoding",
    "AnyContent",
    "CIRHTTPAddress",
    "CIRSMSAddress",
    "CIRURL",
    "ClientType",
    "ContentPolicy",
    "ContentPolicyLimit",
    "DefaultLanguage",
    "InitialDeliveryMethod",
    "MultiTrans",
    "MultiTransPerMessage",
    "OfflineETEMHandling",
    "OnlineETEMHandling",
    "ParserSize",
    "PlainTextCharset",
    "ServerPollMin",
    "SessionPriority",
    "SupportedBearer",
    "SupportedCIRMethod",
    "SupportedOfflineBearer",
    "TCPAddress",
    "TCPPort",
    "UDPAddress",
    "UDPPort",
    "UserSessionLimit",
];

#[test]
fn every_field_has_a_test_in_which_only_it_changes() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories/capabilities.rs");
    let (text, tests) = (fs::read_to_string(file).unwrap(), all_tests());
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! | `"));
    let told: BTreeMap<&str, &str> = rows
        .map(|row| {
            let (field, rest) = row.split_once('`').unwrap();
            (field, rest.rsplit('`').nth(1).unwrap())
        })
        .collect();
    assert_eq!(told.keys().copied().collect::<Vec<_>>(), FIELDS);
    let missing: Vec<_> = told.values().filter(|test| !tests.contains(**test)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn the_kind_of_client_comes_back_in_1_1_and_is_shown_to_the_operator() {
    one_domain().await.with_every_phone(kinds).await;
}

async fn kinds(world: Arc<World>, phone: Phone) {
    let mut bob = world.phone("bob", NORTH, phone);
    assert_eq!(bob.try_login().await, 200);
    let mut before = None;
    for kind in ["MOBILE_PHONE", "COMPUTER", "PDA", "CLI", "OTHER"] {
        let mut list = bob.states([leaf("ClientType", kind)]).await;
        assert_eq!(list.text_at("ClientType"), (phone.version == Version::V11).then_some(kind));
        list.children.retain(|child| child.name != "ClientType");
        assert_eq!(before.get_or_insert_with(|| list.clone()), &list, "nothing else depends on it");
        let sessions = world.admin("GET", NORTH, &format!("/api/v1/users/{}/sessions", phone.local("bob"))).await;
        assert_eq!(sessions["items"][0]["capabilities"]["client_type"], kind, "{sessions}");
    }
}

#[tokio::test]
async fn what_is_told_of_the_provider_is_in_the_language_of_the_phone() {
    let more = "[provider]\ndescription = \"hello\"\ndescriptions = { fi = \"terve\" }\n";
    World::new().domain(NORTH).with(more).start().await.with_every_phone(languages).await;
}

async fn languages(world: Arc<World>, phone: Phone) {
    let mut bob = world.phone("bob", NORTH, phone);
    bob.login_as([]).await;
    for (language, expected) in [("eng", "hello"), ("fin", "terve"), ("fi-FI", "terve"), ("swe", "hello")] {
        bob.states([leaf("DefaultLanguage", language)]).await;
        let request = match phone.version {
            Version::V13 => node("GetSPInfo-Request", []),
            _ => node("GetSPInfo-Request", [bob.client_id()]),
        };
        assert_eq!(bob.ask(request).await.text_at("Description"), Some(expected), "{language}");
    }
}

#[tokio::test]
async fn datagrams_go_to_the_port_the_phone_states() {
    one_domain().await.with_every_phone(ports).await;
}

async fn ports(world: Arc<World>, phone: Phone) {
    let address = own_address();
    let mut bob = world.phone_at(address, "bob", NORTH, phone);
    let mut alice = world.login("alice", NORTH, phone.next()).await;
    let mut first = bob.login_with("SUDP", address).await;
    // One engine listens there and does not say so.
    for port in [None, Some(0)] {
        let socket = tokio::net::UdpSocket::bind((address, port.unwrap_or(3717))).await.unwrap();
        bob.udp_port = port.map(|_| socket.local_addr().unwrap().port());
        let list = bob.capabilities().await;
        if phone.version != Version::V12 {
            let told = list.number_at("UDPPort");
            assert_eq!(told, Some(u32::from(socket.local_addr().unwrap().port())), "{list:?}");
        }
        let mut ear = Ear::Datagrams(socket);
        let text = unique("wake up");
        alice.says(&text).to([&bob.user]).await.accepted();
        bob.is_woken(&mut ear).await;
        bob.hears(&text).await;
        assert!(bob.is_left_alone(&mut first).await, "the port of before is forgotten");
    }
}

#[tokio::test]
async fn of_datagrams_the_phone_gets_the_kind_it_likes_best() {
    one_domain().await.with_every_phone(favourites).await;
}

async fn favourites(world: Arc<World>, phone: Phone) {
    let address = own_address();
    let mut bob = world.phone_at(address, "bob", NORTH, phone);
    let mut alice = world.login("alice", NORTH, phone.next()).await;
    let mut bare = bob.login_with("SUDP", address).await;
    let mut push = Ear::Datagrams(tokio::net::UdpSocket::bind((address, 2948)).await.unwrap());
    for methods in [["SUDP", "WAPUDP"], ["WAPUDP", "SUDP"]] {
        bob.wakes_by = methods.to_vec();
        let list = bob.capabilities().await;
        let agreed: Vec<_> = list.all("SupportedCIRMethod").map(|method| method.text.trim()).collect();
        assert_eq!(agreed, methods);
        let text = unique("wake up");
        alice.says(&text).to([&bob.user]).await.accepted();
        let [liked, other] = if methods[0] == "SUDP" { [&mut bare, &mut push] } else { [&mut push, &mut bare] };
        bob.is_woken(liked).await;
        assert!(bob.is_left_alone(other).await);
        bob.hears(&text).await;
        bob.is_left_alone(liked).await;
    }
    bob.wakes_by = Vec::new();
    bob.capabilities().await;
    alice.says("sleep well").to([&bob.user]).await.accepted();
    assert!(bob.is_left_alone(&mut bare).await && bob.is_left_alone(&mut push).await);
}

#[tokio::test]
async fn where_connections_go_is_for_the_server_to_say() {
    one_domain().await.with_every_phone(addresses).await;
}

async fn addresses(world: Arc<World>, phone: Phone) {
    let mut bob = world.phone("bob", NORTH, phone);
    bob.wakes_by = vec!["STCP", "SSMS"];
    assert_eq!(bob.try_login().await, 200);
    let list = bob.capabilities().await;
    let real = Some(u32::from(world.ports(NORTH).cir.port()));
    assert_eq!((list.text_at("TCPAddress"), list.number_at("TCPPort")), (Some("127.0.0.1"), real));
    assert!(list.find("CIRSMSAddress").is_none(), "{list:?}");
    let stated = bob.states([leaf("TCPAddress", "phone.example"), leaf("TCPPort", 9)]).await;
    assert_eq!(stated, list);
    bob.wakes_by = Vec::new();
    let stated = bob.states([leaf("TCPAddress", "phone.example"), leaf("TCPPort", 9)]).await;
    assert!(stated.find("TCPAddress").is_none() && stated.find("TCPPort").is_none(), "{stated:?}");
}
