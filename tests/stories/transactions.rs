//! Transactions between domains, with a peer played by the test: T-01, T-02, T-05 to T-08, reports, liberal reading.

use std::sync::Arc;

use crate::support::peer::{ScriptedPeer, message, ssp};
use crate::support::unique;
use crate::support::wire::tree::{Node, leaf, node};
use crate::support::wire::xml;
use crate::support::world::builder::ALL;
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";
const EAST: &str = "east.example";
const EVE: &str = "wv:eve@east.example";

async fn north_and_east() -> Arc<World> {
    let world = World::new().domain(NORTH).scripted(EAST).start().await;
    world.peer(EAST).await.initiates().await;
    world
}

#[tokio::test]
async fn t01_several_transactions_in_one_post_are_all_answered() {
    let world = north_and_east().await;
    let peer = world.peer(EAST).await;
    let mut bob = world.login("bob", NORTH, Phone::USUAL).await;
    let texts = [unique("one"), unique("two"), unique("three")];
    let ids = peer.requests(texts.iter().map(|t| message(EVE, &[&bob.user], &unique("m"), t, false))).await;
    for id in &ids {
        assert_eq!(ssp::code(&peer.takes_answer(id).await.primitive), 200);
    }
    for text in &texts {
        bob.hears(text).await;
    }
}

#[tokio::test]
async fn t02_a_repeated_request_is_executed_once_and_answered_twice_alike() {
    let world = World::new().domain(NORTH).scripted(EAST).processes().start().await;
    let peer = world.peer(EAST).await;
    peer.initiates().await;
    let mut bob = world.login("bob", NORTH, Phone::USUAL).await;
    let request = message(EVE, &[&bob.user], "m-1@east.example", "once", false);
    assert_eq!(peer.requests_as("t-1", request.clone()).await, 200);
    let first = peer.takes_answer("t-1").await;
    assert_eq!(peer.requests_as("t-1", request.clone()).await, 200);
    let second = peer.takes_answer("t-1").await;
    assert_eq!(first.primitive, second.primitive);
    world.kill(NORTH).await;
    world.revive(NORTH).await;
    assert_eq!(peer.requests_as("t-1", request).await, 200);
    assert_eq!(peer.takes_answer("t-1").await.primitive, first.primitive, "after a crash as well");
    bob.hears("once").await;
    peer.asks(message(EVE, &[&bob.user], &unique("m"), "last", false)).await;
    bob.hears("last").await;
    assert_eq!(bob.journal.all().len(), 2, "{:?}", bob.journal.all());
}

#[tokio::test]
async fn t05_an_unknown_primitive_is_answered_405() {
    let world = north_and_east().await;
    let peer = world.peer(EAST).await;
    let answer = peer.asks(node("TeleportRequest", [ssp::meta(EVE)])).await;
    assert_eq!(ssp::code(&answer), 405, "{answer:?}");
}

#[tokio::test]
async fn t06_a_peer_speaks_only_for_its_own_users_and_only_to_ours() {
    let world = north_and_east().await;
    let peer = world.peer(EAST).await;
    let bob = Phone::USUAL.user("bob", NORTH);
    let answer = peer.asks(message("wv:mallory@west.example", &[&bob], &unique("m"), "lies", false)).await;
    assert_eq!(ssp::code(&answer), 901, "{answer:?}");
    let alice = Phone::USUAL.user("alice", NORTH);
    let answer = peer.asks(message(&alice, &[&bob], &unique("m"), "lies", false)).await;
    assert_eq!(ssp::code(&answer), 901, "in the name of one of ours: {answer:?}");
    let answer = peer.asks(message(EVE, &["wv:x@west.example"], &unique("m"), "pass on", false)).await;
    assert_eq!(ssp::code(&answer), 516, "{answer:?}");
    let mallory = "wv:mallory@west.example";
    let mixed = [(EVE, "west.example", mallory), (mallory, EAST, EVE), (EVE, EAST, mallory)];
    for (user, service, sender) in mixed {
        let answer =
            peer.asks(speaking_for(user, service, message(sender, &[&bob], &unique("m"), "lies", false))).await;
        assert_eq!(ssp::code(&answer), 901, "{user} of {service} as {sender}: {answer:?}");
    }
    let mut bob = world.login("bob", NORTH, Phone::USUAL).await;
    bob.poll().await;
    assert!(bob.inbox.messages.is_empty());
}

/// With a requestor put together from a user and a service.
fn speaking_for(user: &str, service: &str, mut request: Node) -> Node {
    let user = node("User", []).attr("userID", user);
    let requestor = node("Requestor", [user]).attr("serviceID", format!("wv:@{service}"));
    request.children.retain(|child| child.name != "MetaInfo");
    request.children.insert(0, node("MetaInfo", [requestor]).attr("clientOriginated", "Yes"));
    request
}

#[tokio::test]
async fn t06_a_peer_with_a_relay_right_speaks_for_the_users_of_the_third_domain() {
    let world = north_and_east().await;
    let peer = world.peer(EAST).await;
    let file = world.peer_files(NORTH).join(format!("{EAST}.toml"));
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("[agreement]", "[agreement]\nrelay_for = [\"west.example\"]")).unwrap();
    world.reload(NORTH).await;
    let mut bob = world.login("bob", NORTH, Phone::USUAL).await;
    let walt = "wv:walt@west.example";
    let request = message(walt, &[&bob.user], &unique("m"), "from the west", false);
    let answer = peer.asks(speaking_for(walt, EAST, request)).await;
    assert_eq!(ssp::code(&answer), 200, "the user's domain counts, not the service's: {answer:?}");
    assert_eq!(bob.hears("from the west").await.sender, walt);
    let lies = message(EVE, &[&bob.user], &unique("m"), "lies", false);
    let answer = peer.asks(speaking_for(walt, EAST, lies)).await;
    assert_eq!(ssp::code(&answer), 901, "{answer:?}");
}

#[tokio::test]
async fn t07_an_unknown_session_is_not_served() {
    let world = north_and_east().await;
    let peer = world.peer(EAST).await;
    let mut bob = world.login("bob", NORTH, Phone::USUAL).await;
    let id = unique("t");
    let request = ssp::transaction(true, &id, message(EVE, &[&bob.user], &unique("m"), "from nowhere", false));
    match peer.posts_tree(&ssp::session("s-unknown@east.example", [request])).await {
        200 => {
            let code = ssp::code(&peer.takes_answer(&id).await.primitive);
            assert!(matches!(code, 600 | 604), "{code}");
        }
        status => assert_eq!(status, 404),
    }
    bob.poll().await;
    assert!(bob.inbox.messages.is_empty());
}

#[tokio::test]
async fn t08_malformed_documents_and_bombs_cost_their_sender_a_400_and_nobody_else_anything() {
    let world = north_and_east().await;
    let peer = world.peer(EAST).await;
    for (what, body) in bombs(&peer).await {
        let answer = peer.posts(body).await.unwrap();
        let also = match what {
            "nothing" => 411,
            // Without declarations inside, it is no danger: nobody fetches what it names.
            "a DOCTYPE" => 200,
            _ => 400,
        };
        assert!(answer.status == 400 || answer.status == also, "{what}: {}", answer.status);
    }
    let mut bob = world.login("bob", NORTH, Phone::USUAL).await;
    assert_eq!(ssp::code(&peer.asks(message(EVE, &[&bob.user], &unique("m"), "unharmed", false)).await), 200);
    bob.hears("unharmed").await;
}

async fn bombs(peer: &ScriptedPeer) -> Vec<(&'static str, Vec<u8>)> {
    let pair = peer.session().await;
    let good = xml::write(&ssp::session(&pair.own, [ssp::transaction(true, "1", node("TeleportRequest", []))]));
    let laughs: String =
        (1..10).map(|n| format!("<!ENTITY a{n} \"{}\">", format!("&a{};", n - 1).repeat(10))).collect();
    let bomb = format!("<!DOCTYPE x [<!ENTITY a0 \"ha\">{laughs}]>{}", good.replace("\"1\"", "\"&a9;\""));
    vec![
        ("nothing", Vec::new()),
        ("no XML", b"Hello".to_vec()),
        ("cut off", good.as_bytes()[..good.len() - 5].to_vec()),
        (
            "not UTF-8",
            good.replace("Teleport", "Tele\u{fffd}port")
                .replace('\u{fffd}', "\u{ff}")
                .into_bytes()
                .into_iter()
                .map(|b| if b == 0xC3 { 0xFF } else { b })
                .collect(),
        ),
        ("another root", b"<WV-CSP-Message/>".to_vec()),
        ("an empty root", b"<WV-SSP-Message/>".to_vec()),
        ("a DOCTYPE", format!("<!DOCTYPE WV-SSP-Message SYSTEM \"file:///etc/passwd\">{good}").into_bytes()),
        ("entities in entities", bomb.into_bytes()),
        ("depth", format!("<WV-SSP-Message><Session sessionID=\"{}\">{}", pair.own, "<x>".repeat(20_000)).into_bytes()),
        ("two roots", format!("{good}{good}").into_bytes()),
        ("an undefined entity", good.replace("\"1\"", "\"&nothing;\"").into_bytes()),
    ]
}

#[tokio::test]
async fn a_peer_hears_when_its_message_was_delivered() {
    let world = north_and_east().await;
    let peer = world.peer(EAST).await;
    let mut bob = world.login("bob", NORTH, Phone::USUAL).await;
    let id = unique("m");
    let answer = peer.asks(message(EVE, &[&bob.user], &id, "confirm, please", true)).await;
    assert_eq!((ssp::code(&answer), answer.get("messageID")), (200, Some(id.as_str())), "{answer:?}");
    bob.hears("confirm, please").await;
    let report = peer.takes_request("DeliveryStatusReport").await.primitive;
    let info = report.find("MessageInfo").unwrap();
    assert_eq!(ssp::code(report.find("DeliveryResult").unwrap()), 200);
    assert_eq!(info.get("messageID"), Some(id.as_str()));
    assert_eq!(info.find("Recipient/User").and_then(|u| u.get("userID")), Some(EVE), "who gets the report");
    assert_eq!(info.find("Sender/User").and_then(|u| u.get("userID")), Some(bob.user.as_str()), "who reports");
}

#[tokio::test]
async fn a_report_of_the_peer_reaches_the_phone_that_asked_for_it() {
    World::new().domain(NORTH).scripted(EAST).start().await.with_every_phone(report_of_the_peer).await;
}

async fn report_of_the_peer(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    let text = unique("report");
    let id = alice.says(&text).report().to([EVE]).await.accepted();
    let peer = world.peer(EAST).await;
    let request = peer.takes(&text, |i| i.primitive.find("MessageInfo").and_then(|m| m.get("messageID")) == Some(&id));
    assert_eq!(request.await.primitive.get("deliveryReport"), Some("Yes"));
    for recipient in ["wv:mallory@west.example", EVE] {
        let info = node(
            "MessageInfo",
            [
                node("Recipient", [node("User", []).attr("userID", &alice.user)]),
                node("Sender", [node("User", []).attr("userID", recipient)]),
            ],
        );
        let report = node(
            "DeliveryStatusReport",
            [
                ssp::meta(EVE),
                node("DeliveryResult", [ssp::status(200)]),
                leaf("DeliveryTime", "2026-11-05T10:00:00Z"),
                info.attr("messageID", &id),
            ],
        );
        assert_eq!(ssp::code(&peer.asks(report).await), 200);
    }
    drop(peer);
    let report = alice.report_for(&id).await;
    assert_eq!((report.code, report.recipient.as_str()), (200, EVE), "in the name of its own users only");
}

#[tokio::test]
async fn what_the_peer_refuses_is_told_to_the_sender() {
    let world = north_and_east().await;
    let peer = world.peer(EAST).await;
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    for code in [531, 532, 427] {
        peer.answering(move |_| Some(ssp::status(code)));
        let sent = alice.says("Hello?").to([EVE]).await;
        assert_eq!(sent.code, code, "{sent:?}");
    }
}

#[tokio::test]
async fn a_peer_that_answers_late_leaves_the_sender_with_a_message_on_its_way() {
    let world = north_and_east().await;
    let peer = world.peer(EAST).await;
    peer.answering(|_| None);
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let asked = tokio::time::Instant::now();
    alice.says("take your time").to([EVE]).await.accepted();
    assert!(asked.elapsed() < std::time::Duration::from_secs(8), "a phone does not wait for ever");
}

#[tokio::test]
async fn other_spellings_of_names_and_padding_are_understood() {
    let world = north_and_east().await;
    let peer = world.peer(EAST).await;
    let mut bob = world.login("bob", NORTH, Phone::USUAL).await;
    let pair = peer.session().await;
    let mut faults = Vec::new();
    for (what, changes) in spellings() {
        let id = unique("t");
        let text = format!("spelt with {what}");
        let message = message(EVE, &[&bob.user], &id, &text, false);
        let mut document = xml::write(&ssp::session(&pair.own, [ssp::transaction(true, &id, message)]));
        for (from, to) in changes {
            assert!(document.contains(from), "{what}: {from}");
            document = document.replace(from, to);
        }
        let status = peer.posts(document).await.unwrap().status;
        if status != 200 {
            faults.push(format!("{what}: HTTP {status}"));
            continue;
        }
        match ssp::code(&peer.takes_answer(&id).await.primitive) {
            200 => {
                let heard = bob.awaits(what, |inbox| inbox.messages.pop()).await;
                assert_eq!((heard.text().trim(), heard.sender.as_str()), (text.as_str(), EVE), "{what}");
            }
            code => faults.push(format!("{what}: {code}")),
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Ways to write a message that real peers have; each a list of replacements.
fn spellings() -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
    vec![
        ("a byte order mark", vec![("<WV-SSP", "\u{feff}<WV-SSP")]),
        ("a declaration", vec![("<WV-SSP", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<WV-SSP")]),
        ("a prefix", vec![("<", "<w:"), ("<w:/", "</w:"), (" xmlns=", " xmlns:w=")]),
        ("another namespace", vec![("WV-SSP1.3", "IMPS-SSP1.3")]),
        ("no namespace", vec![(" xmlns=\"http://www.openmobilealliance.org/DTD/WV-SSP1.3\"", "")]),
        (
            "small letters",
            vec![
                ("WV-SSP-Message", "wv-ssp-message"),
                ("Session>", "session>"),
                ("<Session ", "<session "),
                ("Transaction ", "transaction "),
                ("Transaction>", "transaction>"),
                ("SendMessageRequest", "sendmessagerequest"),
                ("MessageInfo", "messageinfo"),
            ],
        ),
        ("a mode in small letters", vec![("\"Request\"", "\"request\"")]),
        ("another boolean", vec![("\"No\"", "\"false\"")]),
        ("no scheme", vec![("wv:", "")]),
        ("a slip of the pen", vec![("validity", "validlity")]),
        ("white space", vec![(">", ">\n  "), ("<", "\n\t<")]),
        (
            "base64 in lines",
            vec![
                ("<ContentData contentType=\"text/plain\">", "<ContentData encoding=\"BASE64\">\n"),
                ("spelt with base64 in lines", "c3BlbHQgd2l0aC\nBiYXNlNjQgaW4g\nbGluZXM=\n"),
            ],
        ),
        ("unknown elements", vec![("<MessageInfo", "<Vendor x=\"1\"><Thing/></Vendor><MessageInfo")]),
    ]
}

#[tokio::test]
async fn what_is_not_agreed_is_refused_in_either_direction_from_the_moment_of_the_reload() {
    let world = north_and_east().await;
    let peer = world.peer(EAST).await;
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let bob = Phone::USUAL.user("bob", NORTH);
    let none: &[&str] = &[];
    for (services, ours, theirs) in
        [([none, ALL], 200, 506), ([ALL, none], 506, 200), ([none, none], 506, 506), ([ALL, ALL], 200, 200)]
    {
        world.peers_with(NORTH, EAST, &peer.url(), services).await;
        assert_eq!(alice.says("may I?").to([EVE]).await.code, ours, "{services:?}");
        let answer = peer.asks(message(EVE, &[&bob], &unique("m"), "may I?", false)).await;
        assert_eq!(ssp::code(&answer), theirs, "{services:?}: {answer:?}");
    }
}
