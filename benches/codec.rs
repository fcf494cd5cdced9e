//! What reading and writing one message costs, beside the bare event loop of the XML library over the same bytes.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use postern::ident::SessionId;
use postern::syntax::csp::{self, Message, Transaction};
use postern::syntax::ssp::{Body, Part, read_fragment, scan, session_message, write_fragment};
use postern::syntax::{Encoding, Limits, Said};
use postern::vocabulary::interop::{MetaInfo, Requestor};
use postern::vocabulary::message::{MessageInfo, SendMessageRequest};
use postern::vocabulary::party::{Recipient, Sender, User};
use postern::vocabulary::{Content, Mode, Primitive, Version};
use quick_xml::Reader;
use quick_xml::events::Event;

fn user(id: &str) -> User {
    User { id: id.into(), ..User::default() }
}

/// A message of some 1 kB in CSP-XML.
fn send() -> Primitive {
    Primitive::SendMessageRequest(SendMessageRequest {
        report: Some(true),
        info: MessageInfo {
            id: Some("9d1c-0001@north.example".into()),
            content_type: Some("text/plain".into()),
            size: Some(120),
            recipient: Some(Recipient { users: vec![user("wv:bob@south.example")], ..Recipient::default() }),
            sender: Some(Sender { user: Some(user("wv:alice@north.example")), group: None }),
            date: Some("20261125T022200Z".into()),
            validity: Some(600),
            ..MessageInfo::default()
        },
        content: Some(Content::Text("Dinner at eight? ".repeat(7))),
    })
}

fn bare(document: &[u8]) -> usize {
    let mut reader = Reader::from_reader(document);
    let mut events = 0;
    loop {
        match reader.read_event() {
            Ok(Event::Eof) | Err(_) => return events,
            Ok(event) => {
                black_box(&event);
                events += 1;
            }
        }
    }
}

fn splice(document: &[u8], limits: &Limits) -> Option<bytes::Bytes> {
    let Ok(envelope) = scan(document, limits) else { return None };
    let Body::Session { transactions, .. } = envelope.body else { return None };
    let transaction = transactions.first()?;
    let part = Part { mode: transaction.mode, id: "r-0002", fragment: transaction.fragment };
    Some(session_message(envelope.version, "7@hub.example", &[part]))
}

fn codec(criterion: &mut Criterion) {
    let limits = Limits::default();
    let message = Message {
        version: Version::V12,
        session: Some(SessionId::new("s-1001@north.example")),
        transactions: vec![Transaction {
            mode: Mode::Request,
            id: Some("17".into()),
            said: Said::Known(send()),
            segment: None,
        }],
        poll: None,
    };
    let (xml, wbxml) = (csp::write(&message, Encoding::Xml), csp::write(&message, Encoding::Wbxml));
    let user = Some(user("wv:alice@north.example"));
    let meta = MetaInfo {
        client_originated: Some(true),
        requestor: Some(Requestor { service: Some("wv:@north.example".into()), user }),
    };
    let fragment = write_fragment(Some(&meta), &send(), Version::V13);
    let part = Part { mode: Mode::Request, id: "n-0001", fragment: &fragment };
    let ssp = session_message(Version::V13, "s-1001@north.example", &[part]);
    let length = |bytes: &[u8]| Throughput::Bytes(bytes.len() as u64);

    let mut group = criterion.benchmark_group("csp-xml");
    group.throughput(length(&xml));
    group.bench_function("bare", |b| b.iter(|| bare(black_box(&xml))));
    group.bench_function("decode", |b| b.iter(|| csp::read(black_box(&xml), Encoding::Xml, &limits, |_| None)));
    group.bench_function("encode", |b| b.iter(|| csp::write(black_box(&message), Encoding::Xml)));
    group.finish();

    let mut group = criterion.benchmark_group("csp-wbxml");
    group.throughput(length(&wbxml));
    group.bench_function("decode", |b| b.iter(|| csp::read(black_box(&wbxml), Encoding::Wbxml, &limits, |_| None)));
    group.bench_function("encode", |b| b.iter(|| csp::write(black_box(&message), Encoding::Wbxml)));
    group.finish();

    let mut group = criterion.benchmark_group("ssp");
    group.throughput(length(&ssp));
    group.bench_function("bare", |b| b.iter(|| bare(black_box(&ssp))));
    group.bench_function("scan", |b| b.iter(|| scan(black_box(&ssp), &limits).is_ok()));
    group.bench_function("splice", |b| b.iter(|| splice(black_box(&ssp), &limits)));
    group.bench_function("decode", |b| b.iter(|| read_fragment(black_box(&fragment), Version::V13, &limits)));
    group.bench_function("bare fragment", |b| b.iter(|| bare(black_box(&fragment))));
    group.bench_function("encode", |b| b.iter(|| write_fragment(Some(black_box(&meta)), &send(), Version::V13)));
    group.finish();
}

criterion_group!(benches, codec);
criterion_main!(benches);
