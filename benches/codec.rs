//! What reading and writing one message costs in each syntax, beside the bare event loop of the XML library over the
//! same bytes.
//!
//! Every subject runs for a moment in every round, one after the other, and what is shown is the median of the
//! ratios within a round: what else the machine does meanwhile strikes all of them alike.
//! `cargo bench --bench codec [-- ROUNDS]`.

use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use postern::ident::SessionId;
use postern::syntax::csp::{self, Message, Transaction};
use postern::syntax::ssp::{Body, Part, read_fragment, scan, session_message, write_fragment};
use postern::syntax::{Encoding, Limits, Said};
use postern::vocabulary::access::LoginRequest;
use postern::vocabulary::interop::{MetaInfo, Requestor};
use postern::vocabulary::message::{MessageInfo, SendMessageRequest};
use postern::vocabulary::party::{ClientId, Recipient, Sender, User};
use postern::vocabulary::{Content, Mode, Primitive, Version};
use quick_xml::Reader;
use quick_xml::events::Event;

/// How often a subject runs in one round.
const RUNS: u32 = 500;

/// Something measured.
struct Subject<'a> {
    name: &'static str,
    /// Bytes read or written.
    bytes: usize,
    /// Against which subject, and what the ratio should not pass.
    against: Option<(&'static str, Option<f64>)>,
    run: Box<dyn FnMut() + 'a>,
    nanoseconds: Vec<f64>,
}

#[derive(Default)]
struct Table<'a>(Vec<Subject<'a>>);

impl<'a> Table<'a> {
    fn add<T>(
        &mut self,
        name: &'static str,
        bytes: usize,
        against: Option<(&'static str, Option<f64>)>,
        mut run: impl FnMut() -> T + 'a,
    ) {
        let run = Box::new(move || drop(black_box(run())));
        self.0.push(Subject { name, bytes, against, run, nanoseconds: Vec::new() });
    }

    fn measure(&mut self, rounds: usize) {
        for _ in 0..rounds {
            for subject in &mut self.0 {
                let begin = Instant::now();
                for _ in 0..RUNS {
                    (subject.run)();
                }
                subject.nanoseconds.push(begin.elapsed().as_secs_f64() * 1e9 / f64::from(RUNS));
            }
        }
    }

    fn show(&self) {
        println!("| what | bytes | time | against | ratio | aim |\n|---|---|---|---|---|---|");
        for subject in &self.0 {
            let Subject { name, bytes, against, nanoseconds, .. } = subject;
            let micros = median(nanoseconds.clone()) / 1e3;
            let base = against.and_then(|(base, aim)| Some((self.0.iter().find(|other| other.name == base)?, aim)));
            let Some((base, aim)) = base else {
                println!("| {name} | {bytes} | {micros:.2} µs | | | |");
                continue;
            };
            let ratio = median(nanoseconds.iter().zip(&base.nanoseconds).map(|(own, other)| own / other).collect());
            let aim = aim.map(|aim| format!("{aim:.1}")).unwrap_or_default();
            println!("| {name} | {bytes} | {micros:.2} µs | {} | {ratio:.2} | {aim} |", base.name);
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

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

/// The second step of a login, which every syntax of CSP has.
fn login() -> Primitive {
    Primitive::LoginRequest(LoginRequest {
        user: Some("wv:alice@north.example".into()),
        client: Some(ClientId { url: Some("http://phones.example/alice".into()), msisdn: None }),
        digest: Some("3q2+78r+ur7erb7v".into()),
        time_to_live: Some(3600),
        cookie: Some("wv:7f3a".into()),
        ..LoginRequest::default()
    })
}

fn message(session: Option<&str>, said: Primitive) -> Message {
    let transaction =
        Transaction { mode: Mode::Request, id: Some("17".into()), said: Said::Known(said), segment: None };
    Message { version: Version::V12, session: session.map(SessionId::new), transactions: vec![transaction], poll: None }
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

fn splice(document: &[u8], limits: &Limits) -> Option<Bytes> {
    let Ok(envelope) = scan(document, limits) else { return None };
    let Body::Session { transactions, .. } = envelope.body else { return None };
    let transaction = transactions.first()?;
    let part = Part { mode: transaction.mode, id: "r-0002", fragment: transaction.fragment };
    Some(session_message(envelope.version, "7@hub.example", &[part]))
}

fn main() {
    let rounds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(400);
    let limits = Limits::default();
    let limits = &limits;
    let (sent, asked) = (message(Some("s-1001@north.example"), send()), message(None, login()));
    let (sent, asked) = (&sent, &asked);
    let written = |message: &Message| {
        [Encoding::Xml, Encoding::Wbxml, Encoding::Pts].map(|encoding| csp::write(message, encoding))
    };
    let (send_written, login_written) = (written(sent), written(asked));
    let [xml, wbxml, _] = &send_written;
    let meta = MetaInfo {
        client_originated: Some(true),
        requestor: Some(Requestor {
            service: Some("wv:@north.example".into()),
            user: Some(user("wv:alice@north.example")),
        }),
    };
    let primitive = send();
    let (meta, primitive) = (&meta, &primitive);
    let fragment = write_fragment(Some(meta), primitive, Version::V13);
    let part = Part { mode: Mode::Request, id: "n-0001", fragment: &fragment };
    let ssp = session_message(Version::V13, "s-1001@north.example", &[part]);
    let (fragment, ssp) = (&fragment, &ssp);

    let read = |body: &[u8], encoding| csp::read(black_box(body), encoding, limits, |_| None).is_ok();
    let read = &read;
    let mut table = Table::default();
    table.add("CSP-XML, bare event loop", xml.len(), None, || bare(black_box(xml)));
    let base = Some(("CSP-XML, bare event loop", Some(1.5)));
    table.add("CSP-XML, decode", xml.len(), base, || read(xml, Encoding::Xml));
    let base = Some(("CSP-XML, decode", Some(0.4)));
    table.add("CSP-XML, encode", xml.len(), base, || csp::write(black_box(sent), Encoding::Xml));
    let base = Some(("CSP-XML, decode", Some(0.5)));
    table.add("CSP-WBXML, decode", wbxml.len(), base, || read(wbxml, Encoding::Wbxml));
    let base = Some(("CSP-WBXML, decode", Some(0.4)));
    table.add("CSP-WBXML, encode", wbxml.len(), base, || csp::write(black_box(sent), Encoding::Wbxml));

    table.add("SSP, bare event loop", ssp.len(), None, || bare(black_box(ssp)));
    let base = Some(("SSP, bare event loop", None));
    table.add("SSP, scan of the envelope", ssp.len(), base, || scan(black_box(ssp), limits).is_ok());
    let base = Some(("SSP, bare event loop", Some(1.2)));
    table.add("SSP, scan and splice into another envelope", ssp.len(), base, || splice(black_box(ssp), limits));
    table.add("SSP, bare event loop over a fragment", fragment.len(), None, || bare(black_box(fragment)));
    let base = Some(("SSP, bare event loop over a fragment", None));
    table.add("SSP, decode of a fragment", fragment.len(), base, || {
        read_fragment(black_box(fragment), Version::V13, limits).is_ok()
    });
    let base = Some(("SSP, decode of a fragment", Some(0.4)));
    table.add("SSP, encode of a fragment", fragment.len(), base, || {
        write_fragment(Some(black_box(meta)), black_box(primitive), Version::V13)
    });

    let [xml, wbxml, pts] = &login_written;
    table.add("Login, CSP-XML, bare event loop", xml.len(), None, || bare(black_box(xml)));
    let base = Some(("Login, CSP-XML, bare event loop", None));
    table.add("Login, CSP-XML, decode", xml.len(), base, || read(xml, Encoding::Xml));
    let base = Some(("Login, CSP-XML, decode", Some(0.4)));
    table.add("Login, CSP-XML, encode", xml.len(), base, || csp::write(black_box(asked), Encoding::Xml));
    let base = Some(("Login, CSP-XML, decode", Some(0.5)));
    table.add("Login, CSP-WBXML, decode", wbxml.len(), base, || read(wbxml, Encoding::Wbxml));
    let base = Some(("Login, CSP-WBXML, decode", Some(0.4)));
    table.add("Login, CSP-WBXML, encode", wbxml.len(), base, || csp::write(black_box(asked), Encoding::Wbxml));
    let base = Some(("Login, CSP-XML, decode", None));
    table.add("Login, CSP-PTS, decode", pts.len(), base, || read(pts, Encoding::Pts));
    let base = Some(("Login, CSP-PTS, decode", Some(0.4)));
    table.add("Login, CSP-PTS, encode", pts.len(), base, || csp::write(black_box(asked), Encoding::Pts));

    // Nothing is measured that fails.
    assert!(
        [xml, wbxml, pts].into_iter().zip([Encoding::Xml, Encoding::Wbxml, Encoding::Pts]).all(|(b, e)| read(b, e))
    );
    assert!(read(&send_written[0], Encoding::Xml) && read(&send_written[1], Encoding::Wbxml));
    assert!(splice(ssp, limits).is_some() && read_fragment(fragment, Version::V13, limits).is_ok());
    table.measure(rounds);
    table.show();
}
