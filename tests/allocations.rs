//! What reading costs in memory: bounded whatever comes, and no more than the output when a peer's message is passed
//! on.

use std::path::Path;

use allocation_counter::measure;
use postern::syntax::ssp::{Body, Part, read_fragment, scan, session_message};
use postern::syntax::tree::Tree;
use postern::syntax::{Encoding, Limits, csp};
use postern::vocabulary::Version;
use proptest::prelude::*;

/// Reads a document as everything it could be; gives back the most bytes any of these readings held.
fn most_held(body: &[u8], limits: &Limits) -> u64 {
    let held = |read: &dyn Fn() -> bool| {
        measure(|| {
            read();
        })
        .bytes_max
    };
    let csp = |encoding| held(&|| csp::read(body, encoding, limits, |_| None).is_ok());
    [
        csp(Encoding::Xml),
        csp(Encoding::Wbxml),
        csp(Encoding::Pts),
        held(&|| scan(body, limits).is_ok()),
        held(&|| read_fragment(body, Version::V13, limits).is_ok()),
        held(&|| Tree::read(body, limits).is_ok()),
    ]
    .into_iter()
    .max()
    .unwrap_or_default()
}

const LIMITS: Limits = Limits { bytes: 64 * 1024, depth: 32, elements: 2_000, text: 64 * 1024, attributes: 32 };

/// What may be held of a document that is as large as the limits allow: copies of its text, an event or a field for
/// each element, and what stands around them.
const MOST: u64 = 48 * 64 * 1024;

proptest! {
    #[test]
    fn arbitrary_bytes_take_no_more_memory_than_the_limits_allow(body in prop::collection::vec(any::<u8>(), 0..4096)) {
        prop_assert!(most_held(&body, &LIMITS) < MOST);
    }

    #[test]
    fn bytes_after_a_header_of_wbxml_take_no_more_memory_either(body in prop::collection::vec(any::<u8>(), 0..4096)) {
        let mut document = vec![3, 0x12, 0x6A, 0, 0x49];
        document.extend(body);
        prop_assert!(most_held(&document, &LIMITS) < MOST);
    }
}

#[test]
fn documents_that_grow_while_they_are_read_are_stopped() {
    let inside = |what: &str| {
        format!(
            "<WV-CSP-Message><Session><SessionDescriptor><SessionType>Outband</SessionType></SessionDescriptor>\
             <Transaction><TransactionDescriptor><TransactionMode>Request</TransactionMode></TransactionDescriptor>\
             <TransactionContent>{what}</TransactionContent></Transaction></Session></WV-CSP-Message>"
        )
    };
    let list = |item: &str| format!("<SubscribePresence-Request>{}</SubscribePresence-Request>", item.repeat(1_900));
    // A string table of 40 kB, and a thousand references to it.
    let mut references = vec![3, 0x12, 0x6A, 0x82, 0xB8, 0x40];
    references.resize(references.len() + 40_000, b'x');
    references.extend([0x49, 0x6D]);
    references.extend([0x6E, 0x83, 0, 1].repeat(1_000));
    for body in [
        inside(&list("<User/>")).into_bytes(),
        inside(&list("<PresenceSubList/>")).into_bytes(),
        inside(&"<a>".repeat(15_000)).into_bytes(),
        inside(&format!("<a{}/>", " b=''".repeat(10_000))).into_bytes(),
        format!("WV12GP1 SI=s UI={}", "(".repeat(60_000)).into_bytes(),
        format!("WV12GP1 SI=s UI=({})", "a,".repeat(30_000)).into_bytes(),
        references,
    ] {
        let held = most_held(&body, &LIMITS);
        assert!(held < MOST, "{held} bytes for {}", String::from_utf8_lossy(&body[..60]));
    }
}

#[test]
fn every_document_of_the_corpus_takes_little_memory() {
    let mut documents = 0;
    for version in ["1.1", "1.2", "1.3"] {
        for file in std::fs::read_dir(Path::new("tests/corpus").join(version)).unwrap() {
            let body = std::fs::read(file.unwrap().path()).unwrap();
            documents += 1;
            let held = most_held(&body, &LIMITS);
            assert!(held < 64 * 1024 + 20 * body.len() as u64, "{held} bytes for {}", body.len());
        }
    }
    assert!(documents > 400);
}

#[test]
fn what_is_passed_on_is_copied_once() {
    let body = "<WV-SSP-Message xmlns='http://www.openmobilealliance.org/DTD/WV-SSP1.3'>\
        <Session sessionID=\"abcdefghijklmnopqrstuvwxyz@south.example\">\
        <Transaction mode=\"Request\" transactionID=\"a-transaction-id-of-a-longer-kind-0001\">\
        <SendMessageRequest deliveryReport='Yes'><MetaInfo clientOriginated=\"Yes\">\
        <Requestor serviceID=\"wv:@north.example\"><User userID=\"wv:alice@north.example\"/></Requestor></MetaInfo>\
        <MessageInfo messageID='m-1@north.example' contentType='text/plain'><Recipient><User userID='wv:bob@south.example'/>\
        </Recipient></MessageInfo><ContentData contentType='text/plain'>Hello</ContentData></SendMessageRequest>\
        </Transaction></Session></WV-SSP-Message>";
    let limits = Limits::default();
    let mut spliced = bytes::Bytes::new();
    let counted = measure(|| {
        let envelope = scan(body.as_bytes(), &limits).unwrap();
        let Body::Session { session, transactions } = envelope.body else { panic!("no session") };
        let transaction = transactions.iter().next().unwrap();
        assert!(transaction.splices);
        let part = Part { mode: transaction.mode, id: &transaction.id, fragment: transaction.fragment };
        spliced = session_message(Version::V13, &session, &[part]);
    });
    assert!(spliced.len() > 400);
    // The tokenizer keeps the names of open elements.
    let tokenizer = measure(|| {
        let mut reader = quick_xml::Reader::from_str(body);
        while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {}
    });
    assert_eq!(counted.count_total, tokenizer.count_total + 1, "the output, and what the tokenizer itself takes");
}
