//! What a phone says it can take, field by field: only that field changes, and what it gets changes with it.
//!
//! | field | what changes with it | test |
//! |---|---|---|
//! | `ClientType` | the list that comes back in 1.1, and what the operator sees | `the_kind_of_client_comes_back_in_1_1_and_is_shown_to_the_operator` |
//! | `InitialDeliveryMethod` | pushed or announced | `the_method_first_chosen_says_whether_messages_are_pushed_or_announced` |
//! | `AcceptedContentType` | pushed or announced | `content_of_a_type_that_is_not_taken_is_announced` |
//! | `AnyContent` | pushed or announced | `content_of_a_type_that_is_not_taken_is_announced` |
//! | `AcceptedCharset` | characters | `characters_that_a_phone_lacks_are_question_marks` |
//! | `PlainTextCharset` | characters | `characters_that_a_phone_lacks_are_question_marks` |
//! | `AcceptedTransferEncoding` | pushed or announced, fetched or 415 | `bytes_for_a_phone_without_base64_are_announced_in_xml_and_pushed_in_wbxml` |
//! | `AcceptedContentLength` | pushed or announced | `content_that_is_too_large_to_push_is_announced` |
//! | `AcceptedPushLength` | pushed or announced | `content_that_is_too_large_to_push_is_announced` |
//! | `AcceptedTextContentLength` | pushed or announced | `content_that_is_too_large_to_push_is_announced` |
//! | `AcceptedRichContentLength` | pushed or announced | `content_that_is_too_large_to_push_is_announced` |
//! | `AcceptedPullLength` | fetched or 432 | `content_that_is_too_large_to_fetch_is_refused_with_432` |
//! | `ContentPolicy` | pushed, announced or refused | `a_policy_announces_or_refuses_large_content_of_its_type` |
//! | `ContentPolicyLimit` | pushed, announced or refused | `a_policy_announces_or_refuses_large_content_of_its_type` |
//! | `SupportedBearer` | the answer | `what_is_agreed_is_told_in_the_answer` |
//! | `SupportedOfflineBearer` | nothing: there is none | `what_is_agreed_is_told_in_the_answer` |
//! | `SupportedCIRMethod` | by what it is woken | `of_datagrams_the_phone_gets_the_kind_it_likes_best` |
//! | `MultiTrans` | messages in hand | `a_phone_gets_as_many_transactions_as_it_takes_at_once_and_in_one_message` |
//! | `MultiTransPerMessage` | transactions in a message | `a_phone_gets_as_many_transactions_as_it_takes_at_once_and_in_one_message` |
//! | `ParserSize` | pushed or announced, how many, in segments or not | `no_message_is_larger_than_the_parser_of_the_phone` |
//! | `ServerPollMin` | the answer | `what_is_agreed_is_told_in_the_answer` |
//! | `DefaultLanguage` | what it is told of the provider | `what_is_told_of_the_provider_is_in_the_language_of_the_phone` |
//! | `UDPPort` | where it is woken | `datagrams_go_to_the_port_the_phone_states` |
//! | `UDPAddress` | nothing: it is not believed | `datagrams_go_to_the_address_of_the_login_whatever_the_phone_says` |
//! | `TCPAddress` | nothing: it is the server's to say | `where_connections_go_is_for_the_server_to_say` |
//! | `TCPPort` | nothing: it is the server's to say | `where_connections_go_is_for_the_server_to_say` |
//! | `CIRURL` | the way to the page, in 1.2 | `a_phone_is_woken_by_a_page_it_asks` |
//! | `CIRHTTPAddress` | the way to the page, in 1.3 | `a_phone_is_woken_by_a_page_it_asks` |
//! | `CIRSMSAddress` | never there: there is no bearer for SMS | `where_connections_go_is_for_the_server_to_say` |
//! | `OnlineETEMHandling` | the answer, which is always the same | `what_is_agreed_is_told_in_the_answer` |
//! | `OfflineETEMHandling` | the answer, which is always the same | `what_is_agreed_is_told_in_the_answer` |
//! | `SessionPriority` | which session gets a message | `only_the_sessions_of_the_best_rank_are_handed_messages` |
//! | `UserSessionLimit` | how many stay | `the_limit_of_sessions_told_is_the_one_configured` |

mod told;

use std::sync::Arc;

use crate::support::handset::Handset;
use crate::support::handset::fetching::Glance;
use crate::support::wire::tree::{Node, leaf, node};
use crate::support::wire::{Syntax, Version};
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";

/// What is sent to the phone whose capabilities are told of.
#[derive(Clone, Copy)]
enum Sent {
    Text(&'static str),
    Picture(usize),
}

async fn one_domain() -> Arc<World> {
    World::new().domain(NORTH).start().await
}

impl Sent {
    async fn by(self, alice: &mut Handset, to: &str) -> String {
        match self {
            Self::Text(text) => alice.says(text).report().to([to]).await.accepted(),
            Self::Picture(size) => alice.shows(&vec![0xFF; size], "image/png").report().to([to]).await.accepted(),
        }
    }
}

/// What bob gets of one message, if these are his capabilities; then the message goes, and so does he.
async fn gets<const N: usize>(world: &World, phone: Phone, sent: Sent, capabilities: [Node; N]) -> Glance {
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let mut bob = world.phone("bob", NORTH, phone);
    bob.login_as(capabilities).await;
    let id = sent.by(&mut alice, &bob.user).await;
    let glance = bob.glances().await;
    bob.rejects([&id]).await;
    bob.logout().await;
    glance
}

/// Holds what bob gets against what he should.
#[track_caller]
fn is(glance: &Glance, names: &[&str]) {
    assert_eq!(glance.names(), names, "{glance:?}");
}

const PUSHED: &[&str] = &["NewMessage"];
const ANNOUNCED: &[&str] = &["MessageNotification"];
const NOTHING: &[&str] = &[];

#[tokio::test]
async fn the_method_first_chosen_says_whether_messages_are_pushed_or_announced() {
    one_domain().await.with_every_phone(initial_method).await;
}

async fn initial_method(world: Arc<World>, phone: Phone) {
    for (method, expected) in [("P", PUSHED), ("N", ANNOUNCED)] {
        is(&gets(&world, phone, Sent::Text("hello"), [leaf("InitialDeliveryMethod", method)]).await, expected);
    }
}

#[tokio::test]
async fn content_of_a_type_that_is_not_taken_is_announced() {
    one_domain().await.with_every_phone(types).await;
}

async fn types(world: Arc<World>, phone: Phone) {
    let picture = Sent::Picture(100);
    let any = |any: &str| [leaf("AnyContent", any)];
    is(&gets(&world, phone, picture, any("T")).await, PUSHED);
    is(&gets(&world, phone, picture, any("F")).await, ANNOUNCED);
    is(&gets(&world, phone, Sent::Text("hello"), any("F")).await, PUSHED);
    let taking = world.phone("bob", NORTH, phone);
    let list = |mime| [leaf("AnyContent", ""), taking.taking(mime, [])];
    is(&gets(&world, phone, picture, list("image/gif")).await, ANNOUNCED);
    is(&gets(&world, phone, picture, list("IMAGE/PNG; q=1")).await, PUSHED);
}

#[tokio::test]
async fn content_of_a_type_that_is_not_taken_and_not_announced_stays() {
    one_domain().await.with_every_phone(neither_taken_nor_announced).await;
}

async fn neither_taken_nor_announced(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone.next()).await;
    let mut bob = world.phone("bob", NORTH, phone);
    bob.login_as([leaf("AnyContent", "F")]).await;
    bob.agrees_on(&["NEWM"]).await;
    alice.shows(&[1, 2, 3], "image/png").to([&bob.user]).await.accepted();
    alice.says("readable").to([&bob.user]).await.accepted();
    let glance = bob.glances().await;
    is(&glance, PUSHED);
    assert_eq!(glance.only().primitive.text_at("ContentData"), Some("readable"));
    assert!(!glance.more, "nothing more can be taken");
    let delivered = leaf("MessageID", glance.only().primitive.text_at("MessageInfo/MessageID").unwrap());
    is(&bob.replies(glance.only(), node("MessageDelivered", [delivered])).await, NOTHING);
    let alive = bob.message("Request", Some("7"), node("KeepAlive-Request", []));
    assert!(bob.exchange(&alive).await.unwrap().is_some());
    bob.states([leaf("AnyContent", "T")]).await;
    bob.hears_bytes(&[1, 2, 3]).await;
}

#[tokio::test]
async fn content_that_is_too_large_to_push_is_announced() {
    one_domain().await.with_every_phone(push_lengths).await;
}

async fn push_lengths(world: Arc<World>, phone: Phone) {
    let (text, picture) = (Sent::Text("ten letters"), Sent::Picture(100));
    let fields: &[&str] = match phone.version {
        Version::V11 | Version::V12 => &["AcceptedContentLength"],
        Version::V13 => &["AcceptedPushLength", "AcceptedTextContentLength"],
    };
    for field in fields {
        is(&gets(&world, phone, text, [leaf(field, 11)]).await, PUSHED);
        is(&gets(&world, phone, text, [leaf(field, 10)]).await, ANNOUNCED);
        let other = if *field == "AcceptedTextContentLength" { PUSHED } else { ANNOUNCED };
        is(&gets(&world, phone, picture, [leaf(field, 10)]).await, other);
    }
    if phone.version == Version::V13 {
        for (length, expected) in [(100, PUSHED), (99, ANNOUNCED)] {
            let bob = world.phone("bob", NORTH, phone);
            let taking = bob.taking("image/png", [leaf("AcceptedRichContentLength", length)]);
            is(&gets(&world, phone, picture, [leaf("AnyContent", ""), taking]).await, expected);
        }
    }
}

#[tokio::test]
async fn content_that_is_too_large_to_fetch_is_refused_with_432() {
    let world = one_domain().await;
    for syntax in [Syntax::Xml, Syntax::Wbxml] {
        let phone = Phone { syntax, version: Version::V13 };
        for (length, code) in [(100, None), (99, Some(432))] {
            let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
            let mut bob = world.phone("bob", NORTH, phone);
            bob.login_as([leaf("InitialDeliveryMethod", "N"), leaf("AcceptedPullLength", length)]).await;
            let id = Sent::Picture(100).by(&mut alice, &bob.user).await;
            bob.is_told(&id).await;
            assert_eq!(bob.fetches(&id).await.err(), code, "{length}");
            assert_eq!(bob.rejects([&id]).await.number_at("Code"), Some(200));
        }
    }
}

#[tokio::test]
async fn a_policy_announces_or_refuses_large_content_of_its_type() {
    let world = one_domain().await;
    for syntax in [Syntax::Xml, Syntax::Wbxml] {
        policies(&world, Phone { syntax, version: Version::V13 }).await;
    }
}

async fn policies(world: &World, phone: Phone) {
    let bob = world.phone("bob", NORTH, phone);
    let stated = |policy: &str, limit: &str| {
        let policy = (!policy.is_empty()).then(|| leaf("ContentPolicy", policy));
        let limit = (!limit.is_empty()).then(|| leaf("ContentPolicyLimit", limit));
        [leaf("AnyContent", ""), bob.taking("image/png", []).with_some(policy).with_some(limit)]
    };
    let picture = Sent::Picture(99);
    is(&gets(world, phone, picture, stated("", "")).await, PUSHED);
    is(&gets(world, phone, picture, stated("N", "98")).await, ANNOUNCED);
    is(&gets(world, phone, picture, stated("N", "99")).await, PUSHED);
    is(&gets(world, phone, picture, stated("N", "")).await, ANNOUNCED);
    is(&gets(world, phone, picture, stated("R", "98")).await, NOTHING);
    is(&gets(world, phone, picture, stated("R", "99")).await, PUSHED);
    // What travels counts: base64 in XML.
    let costly = if phone.syntax == Syntax::Xml { ANNOUNCED } else { PUSHED };
    is(&gets(world, phone, picture, stated("C", "131")).await, costly);
    is(&gets(world, phone, picture, stated("C", "132")).await, PUSHED);
    is(&gets(world, phone, picture, stated("C", "98")).await, ANNOUNCED);
}

#[tokio::test]
async fn the_sender_of_content_that_a_policy_refuses_hears_of_it() {
    let world = one_domain().await;
    let phone = Phone { syntax: Syntax::Wbxml, version: Version::V13 };
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let mut bob = world.phone("bob", NORTH, phone);
    let taking = bob.taking("image/png", [leaf("ContentPolicy", "R"), leaf("ContentPolicyLimit", 10)]);
    bob.login_as([taking]).await;
    let id = Sent::Picture(100).by(&mut alice, &bob.user).await;
    is(&bob.glances().await, NOTHING);
    assert_eq!(alice.report_for(&id).await.code, 538);
    assert!(bob.listed().await.is_empty());
}

#[tokio::test]
async fn characters_that_a_phone_lacks_are_question_marks() {
    one_domain().await.with_every_phone(charsets).await;
}

async fn charsets(world: Arc<World>, phone: Phone) {
    let field = if phone.version == Version::V13 { "PlainTextCharset" } else { "AcceptedCharset" };
    let sets: [(&[u32], &str); 5] =
        [(&[], "é ż \u{1F600}"), (&[106], "é ż \u{1F600}"), (&[4], "é ? ?"), (&[3], "? ? ?"), (&[4, 5], "é ż ?")];
    for (sets, expected) in sets {
        let stated: Vec<Node> = sets.iter().map(|number| leaf(field, number)).collect();
        let glance = match <[Node; 2]>::try_from(stated.clone()) {
            Ok(two) => gets(&world, phone, Sent::Text("é ż \u{1F600}"), two).await,
            Err(_) => {
                let one = stated.into_iter().next().unwrap_or_else(|| leaf(field, ""));
                gets(&world, phone, Sent::Text("é ż \u{1F600}"), [one]).await
            }
        };
        is(&glance, PUSHED);
        assert_eq!(glance.only().primitive.text_at("ContentData"), Some(expected), "{sets:?}");
    }
}

#[tokio::test]
async fn bytes_for_a_phone_without_base64_are_announced_in_xml_and_pushed_in_wbxml() {
    one_domain().await.with_every_phone(encodings).await;
}

async fn encodings(world: Arc<World>, phone: Phone) {
    let xml = phone.syntax == Syntax::Xml;
    let stated = |encoding| [leaf("AcceptedTransferEncoding", encoding)];
    for encoding in ["BASE64", ""] {
        is(&gets(&world, phone, Sent::Picture(100), stated(encoding)).await, PUSHED);
    }
    is(&gets(&world, phone, Sent::Picture(100), stated("None")).await, if xml { ANNOUNCED } else { PUSHED });
    is(&gets(&world, phone, Sent::Text("hello"), stated("None")).await, PUSHED);

    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let mut bob = world.phone("bob", NORTH, phone);
    bob.login_as(stated("None")).await;
    let id = Sent::Picture(100).by(&mut alice, &bob.user).await;
    assert_eq!(bob.fetches(&id).await.err(), xml.then_some(415));
}

#[tokio::test]
async fn a_phone_gets_as_many_transactions_as_it_takes_at_once_and_in_one_message() {
    one_domain().await.with_every_phone(transactions).await;
}

async fn transactions(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    // At once, in one message, how many come in the first message and in two.
    let cases: &[(u32, Option<u32>, usize, usize)] = match phone.version {
        Version::V11 | Version::V12 => &[(1, None, 1, 1), (2, None, 2, 2), (3, None, 3, 3)],
        Version::V13 => &[
            (1, Some(1), 1, 1),
            (3, Some(1), 1, 2),
            (3, Some(2), 2, 3),
            (3, Some(3), 3, 3),
            (2, Some(3), 2, 2),
            (3, None, 1, 2),
        ],
    };
    for (at_once, in_message, first, two) in cases {
        let mut bob = world.phone("bob", NORTH, phone);
        let per_message = leaf("MultiTransPerMessage", in_message.map(|n| n.to_string()).unwrap_or_default());
        bob.login_as([leaf("MultiTrans", at_once), per_message]).await;
        let mut ids = Vec::new();
        for number in 0..4 {
            ids.push(alice.says(&format!("number {number}")).to([&bob.user]).await.accepted());
        }
        let mut came = bob.glances().await;
        assert_eq!(came.said.len(), *first, "{at_once} {in_message:?}");
        assert!(came.more, "a fourth waits in any case");
        came.said.extend(bob.glances().await.said);
        assert_eq!(came.said.len(), *two, "{at_once} {in_message:?}");
        let texts: Vec<_> = came.said.iter().map(|said| said.primitive.text_at("ContentData").unwrap()).collect();
        assert_eq!(texts, ["number 0", "number 1", "number 2"][..*two]);
        // From here on it takes one again.
        bob.states([]).await;
        for id in &ids {
            bob.rejects([id]).await;
        }
        bob.logout().await;
    }
}

#[tokio::test]
async fn no_message_is_larger_than_the_parser_of_the_phone() {
    one_domain().await.with_every_phone(parser_size).await;
}

/// More than 2000 bytes, and less with what is around it than 8000.
const LONG: &str = include_str!("support/wire/tree.rs");

async fn parser_size(world: Arc<World>, phone: Phone) {
    let text = &LONG[..3000];
    for (size, expected) in [(262_144, PUSHED), (8000, PUSHED), (2000, ANNOUNCED)] {
        let glance = gets(&world, phone, Sent::Text(text), [leaf("ParserSize", size)]).await;
        is(&glance, expected);
        assert!(glance.bytes <= size, "{} of {size} bytes", glance.bytes);
    }

    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let mut bob = world.phone("bob", NORTH, phone);
    let several = leaf("MultiTransPerMessage", if phone.version == Version::V13 { "4" } else { "" });
    let size = if phone.syntax == Syntax::Xml { 4000 } else { 2500 };
    bob.login_as([leaf("ParserSize", size), leaf("MultiTrans", 4), several]).await;
    for number in 0..4 {
        let text = format!("{number}{}", "x".repeat(700));
        alice.says(&text).to([&bob.user]).await.accepted();
    }
    let (mut came, mut messages) = (0, 0);
    while came < 4 {
        let glance = bob.glances().await;
        assert!(!glance.said.is_empty() && glance.bytes <= size, "{came}: {} bytes", glance.bytes);
        assert!(glance.said.iter().all(|said| said.primitive.name == "NewMessage"));
        came += glance.said.len();
        messages += 1;
        assert_eq!(glance.more, came < 4, "{came}");
    }
    assert!((2..4).contains(&messages), "as many in one message as fit: {messages}");
}

#[tokio::test]
async fn what_is_fetched_or_listed_fits_into_the_parser_too() {
    one_domain().await.with_every_phone(parser_size_of_answers).await;
}

async fn parser_size_of_answers(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let mut bob = world.phone("bob", NORTH, phone);
    bob.login_as([leaf("ParserSize", 2500), leaf("InitialDeliveryMethod", "N")]).await;
    // Segments are another story.
    bob.agrees_on(&["NOTIF", "GETM", "GETLM", "REJCM"]).await;
    let long = alice.says(&LONG[..3000]).to([&bob.user]).await.accepted();
    let mut ids = vec![long.clone()];
    for number in 0..20 {
        ids.push(alice.says(&format!("number {number}")).to([&bob.user]).await.accepted());
    }
    assert_eq!(bob.fetches(&long).await.err(), Some(432));
    assert_eq!(bob.fetches(&ids[1]).await.unwrap().text(), "number 0");
    while !ids.is_empty() {
        let some = bob.listed().await;
        assert!(!some.is_empty() && some.len() < 20 && ids.starts_with(&some), "the oldest: {some:?}");
        for id in &some {
            bob.rejects([id]).await;
        }
        ids.drain(..some.len());
    }
    assert!(bob.listed().await.is_empty());
}

#[tokio::test]
async fn what_is_agreed_is_told_in_the_answer() {
    one_domain().await.with_every_phone(told).await;
}

async fn told(world: Arc<World>, phone: Phone) {
    let mut bob = world.phone("bob", NORTH, phone);
    let all = |list: &Node, name: &str| list.all(name).map(|n| n.text.clone()).collect::<Vec<_>>();
    let list = bob.login_as([leaf("SupportedBearer", "HTTPS"), leaf("ServerPollMin", 30)]).await;
    assert_eq!((all(&list, "SupportedBearer"), list.number_at("ServerPollMin")), (vec!["HTTPS".into()], Some(30)));
    let list = bob.states([leaf("SupportedBearer", "SMS"), leaf("ServerPollMin", 1)]).await;
    assert_eq!((all(&list, "SupportedBearer"), list.number_at("ServerPollMin")), (vec!["HTTP".into()], Some(2)));
    assert_eq!(bob.states([leaf("ServerPollMin", "")]).await.number_at("ServerPollMin"), None);
    if phone.version < Version::V13 {
        return;
    }
    let list = bob.states([]).await;
    assert_eq!(list.number_at("UserSessionLimit"), Some(10));
    for absent in ["OnlineETEMHandling", "OfflineETEMHandling", "SupportedOfflineBearer", "SessionPriority"] {
        assert!(list.find(absent).is_none(), "{absent} was not asked");
    }
    let list = bob
        .states([
            leaf("OnlineETEMHandling", "FORKALL"),
            leaf("OfflineETEMHandling", "SENDSTORE"),
            leaf("SupportedOfflineBearer", "SMS"),
            leaf("SessionPriority", 3),
            bob.taking("image/png", [leaf("ContentPolicy", "R"), leaf("ContentPolicyLimit", 10)]),
        ])
        .await;
    assert_eq!(list.text_at("OnlineETEMHandling"), Some("DoNotNotify"), "nothing comes from outside");
    assert_eq!(list.text_at("OfflineETEMHandling"), Some("REJECT"), "and nothing of it is kept");
    assert_eq!(list.number_at("SessionPriority"), Some(3));
    assert!(list.find("SupportedOfflineBearer").is_none(), "there is none");
    let taken = list.find("AcceptedContentType").unwrap();
    assert_eq!((taken.text_at("ContentPolicy"), taken.number_at("ContentPolicyLimit")), (Some("R"), Some(10)));
}

#[tokio::test]
async fn the_limit_of_sessions_told_is_the_one_configured() {
    let world = World::new().domain(NORTH).with("[access]\nsessions_per_user = 3\n").start().await;
    let mut bob = world.phone("bob", NORTH, Phone { syntax: Syntax::Wbxml, version: Version::V13 });
    assert_eq!(bob.login_as([]).await.number_at("UserSessionLimit"), Some(3));
}

#[tokio::test]
async fn a_change_of_capabilities_is_in_force_at_once() {
    one_domain().await.with_every_phone(at_once).await;
}

async fn at_once(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let mut bob = world.phone("bob", NORTH, phone);
    bob.login_as([leaf("AnyContent", "F")]).await;
    let id = Sent::Picture(50).by(&mut alice, &bob.user).await;
    bob.is_told(&id).await;
    bob.states([leaf("AnyContent", "T")]).await;
    let pushed = bob.hears_bytes(&[0xFF; 50]).await;
    assert_eq!(pushed.message_id, id, "what was announced before is pushed now");
    bob.states([leaf("InitialDeliveryMethod", "N")]).await;
    let id = Sent::Text("later").by(&mut alice, &bob.user).await;
    bob.is_told(&id).await;
    assert!(bob.journal.twice().is_empty());
}
