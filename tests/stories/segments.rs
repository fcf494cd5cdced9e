//! Answers longer than a phone can parse: in segments to phones that agreed on them (1.3), cut short for others.

use std::sync::Arc;

use crate::support::handset::Handset;
use crate::support::wire::tree::{Node, leaf, node};
use crate::support::wire::{Syntax, Version};
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";
/// What the small phone can parse, bytes.
const SMALL: usize = 1024;

/// Asks, and gives the one transaction of the answer, which is no longer than the phone can parse.
async fn ask(phone: &Handset, id: &str, primitive: Node) -> Node {
    let body = phone.syntax.write(&phone.message("Request", Some(id), primitive), phone.version);
    let answer = phone.raw(body, phone.syntax.content_type(phone.version)).await.unwrap();
    assert!(answer.body.len() <= SMALL, "{} bytes", answer.body.len());
    let root = phone.syntax.read(&answer.body).unwrap();
    let transaction = root.find("Session/Transaction").unwrap().clone();
    assert_eq!(transaction.text_at("TransactionDescriptor/TransactionID"), Some(id));
    transaction
}

/// States a parser of this size, and nothing else of interest.
async fn parses(phone: &mut Handset, size: usize) {
    let list = node("CapabilityList", [leaf("InitialDeliveryMethod", "N"), leaf("ParserSize", size)]);
    let request = match phone.version {
        Version::V11 => node("ClientCapability-Request", [phone.client_id(), list]),
        _ => node("ClientCapability-Request", [list]),
    };
    phone.ask(request).await;
}

/// What a phone asks that has not fetched anything for long.
fn everything() -> Node {
    node("GetMessageList-Request", [])
}

/// A phone for which so many messages wait that their list is long.
async fn with_mail(world: &World, phone: Phone) -> Handset {
    let mut alice = world.login("alice", NORTH, phone.next()).await;
    let mut bob = world.login("bob", NORTH, phone).await;
    for number in 0..12 {
        alice.says(&format!("the {number}th")).to([&bob.user]).await.accepted();
    }
    alice.logout().await;
    parses(&mut bob, 262_144).await;
    bob
}

fn segment(transaction: &str, number: u32) -> Node {
    node("SegmentID", [leaf("TransactionID", transaction), leaf("SegmentReference", number)])
}

fn code(transaction: &Node) -> Option<u32> {
    transaction.number_at("TransactionContent/Status/Result/Code")
}

/// How many messages an answer lists.
fn listed(transaction: &Node) -> usize {
    fn count(node: &Node) -> usize {
        usize::from(node.name == "MessageInfo") + node.children.iter().map(count).sum::<usize>()
    }
    count(transaction)
}

/// The part in an answer, after a look at its number.
fn part(transaction: &Node, of: &str, number: u32) -> (Node, u32) {
    let info = transaction.find("TransactionDescriptor/SegmentInfo").unwrap_or_else(|| panic!("{transaction:?}"));
    assert_eq!(info.text_at("SegmentID/TransactionID"), Some(of));
    assert_eq!(info.number_at("SegmentID/SegmentReference"), Some(number));
    let content = transaction.find("TransactionContent/GetSegment-Response/SegmentContent").unwrap().clone();
    (content, info.number_at("SegmentCount").unwrap())
}

/// What the parts are together.
fn joined(parts: &[Node], syntax: Syntax) -> Node {
    match syntax {
        Syntax::Xml => syntax.read(parts.iter().map(|part| part.text.as_str()).collect::<String>().as_bytes()),
        Syntax::Wbxml => {
            let mut document = vec![0x03, 0x12, 0x6A, 0x00];
            parts.iter().for_each(|part| document.extend_from_slice(part.bytes.as_ref().unwrap()));
            syntax.read(&document)
        }
    }
    .unwrap()
}

#[tokio::test]
async fn a_phone_with_a_small_parser_gets_a_long_answer_in_segments() {
    World::new().domain(NORTH).start().await.with_every_phone(in_segments).await;
}

async fn in_segments(world: Arc<World>, phone: Phone) {
    let mut bob = with_mail(&world, phone).await;
    let whole = bob.ask(everything()).await;
    parses(&mut bob, SMALL).await;
    let first = ask(&bob, "long", everything()).await;
    if phone.version < Version::V13 {
        assert!((1..12).contains(&listed(&first)), "as many as fit: {first:?}");
        return;
    }
    let (content, count) = part(&first, "long", 1);
    assert!(count > 1);
    let mut parts = vec![content];
    for number in 2..=count {
        let request = node("GetSegment-Request", [segment("long", number)]);
        let answer = ask(&bob, &format!("part-{number}"), request.clone()).await;
        // A phone that lost an answer asks again.
        let again = ask(&bob, &format!("again-{number}"), request).await;
        assert_eq!(part(&answer, "long", number), part(&again, "long", number));
        parts.push(part(&answer, "long", number).0);
    }
    assert_eq!(joined(&parts, phone.syntax), whole);

    for unknown in [segment("long", count + 1), segment("long", 0), segment("other", 1)] {
        assert_eq!(code(&ask(&bob, "no", node("GetSegment-Request", [unknown])).await), Some(404));
    }
    let drop = node("DropSegment-Request", [segment("long", 1)]);
    assert_eq!(code(&ask(&bob, "drop", drop.clone()).await), Some(200));
    assert_eq!(code(&ask(&bob, "gone", node("GetSegment-Request", [segment("long", 1)])).await), Some(404));
    assert_eq!(code(&ask(&bob, "drop again", drop).await), Some(404));
}

#[tokio::test]
async fn a_phone_that_did_not_agree_on_segments_gets_as_much_as_it_can_parse() {
    World::new().domain(NORTH).start().await.with_every_phone(not_agreed).await;
}

async fn not_agreed(world: Arc<World>, phone: Phone) {
    if phone.version < Version::V13 {
        return;
    }
    let mut bob = with_mail(&world, phone).await;
    let wanted = node("Functions", [node("WVCSPFeat", [node("IMFeat", [])])]);
    bob.ask(node("Service-Request", [wanted])).await;
    parses(&mut bob, SMALL).await;
    let short = ask(&bob, "long", everything()).await;
    assert!((1..12).contains(&listed(&short)), "as many as fit: {short:?}");
    let refused = ask(&bob, "segment", node("GetSegment-Request", [segment("long", 1)])).await;
    assert_eq!(code(&refused), Some(506));
    bob.keep_alive().await;
}
