//! Hostile documents: limits, blow-ups and a million mutations of each syntax.

use std::time::Duration;

use super::pts::parts;
use super::ssp::{read_fragment, scan, session_message, write_fragment};
use super::{Encoding, Limits, ReadError, csp, ssp};
use crate::vocabulary::sample::Dice;
use crate::vocabulary::{DecodeError, Mode, Primitive, Version};

const SMALL: Limits = Limits { bytes: 2000, depth: 12, elements: 40, text: 100, attributes: 3 };

fn csp_xml(body: &[u8], limits: &Limits) -> Result<csp::Message, ReadError> {
    csp::read(body, Encoding::Xml, limits, |_| None)
}

fn csp_wbxml(body: &[u8], limits: &Limits) -> Result<csp::Message, ReadError> {
    csp::read(body, Encoding::Wbxml, limits, |_| None)
}

fn csp_pts(body: &[u8], limits: &Limits) -> Result<csp::Message, ReadError> {
    csp::read(body, Encoding::Pts, limits, |_| None)
}

fn limit<T: std::fmt::Debug>(read: Result<T, ReadError>) -> (&'static str, usize) {
    match read.unwrap_err().fault {
        DecodeError::Limit { what, most } => (what, most),
        other => panic!("{other}"),
    }
}

/// A document of the syntax's own shape, with something inside its primitive.
fn xml(inside: &str) -> String {
    format!(
        "<WV-CSP-Message><Session><SessionDescriptor><SessionType>Outband</SessionType></SessionDescriptor>\
         <Transaction><TransactionDescriptor><TransactionMode>Request</TransactionMode></TransactionDescriptor>\
         <TransactionContent><Polling-Request>{inside}</Polling-Request></TransactionContent></Transaction></Session>\
         </WV-CSP-Message>"
    )
}

fn ssp_xml(inside: &str) -> String {
    format!(
        "<WV-SSP-Message><Session sessionID='s'><Transaction mode='Request' transactionID='1'><NewMessage>\
         <MessageInfo/>{inside}</NewMessage></Transaction></Session></WV-SSP-Message>"
    )
}

/// WBXML: an open root, then what is given, then the end of all.
fn wbxml(inside: &[u8]) -> Vec<u8> {
    let head = [3, 0x11, 0x6A, 0, 0x49, 0x6D, 0x6E, 0x70, 0x80, 0x19, 1, 1, 0x72, 0x74, 0x76, 0x80, 0x20, 1, 1, 0x73];
    [&head, &[0, 1, 0x62][..], inside, &[1; 5]].concat()
}

/// A line of PTS that ends with a value.
fn pts(value: &str) -> String {
    format!("WV12SB1 SI=s UI={value}")
}

#[test]
fn what_limits_are_tried_with_is_fine_otherwise() {
    assert!(csp_xml(xml("").as_bytes(), &SMALL).is_ok());
    assert!(csp_wbxml(&wbxml(&[]), &SMALL).is_ok());
    assert!(scan(ssp_xml("").as_bytes(), &SMALL).is_ok());
    assert!(csp_pts(pts("(u,u)").as_bytes(), &SMALL).is_ok());
}

#[test]
fn bytes_are_limited() {
    let long = " ".repeat(2000);
    assert_eq!(limit(csp_xml(xml(&long).as_bytes(), &SMALL)), ("bytes", 2000));
    assert_eq!(limit(csp_wbxml(&wbxml(&[0; 2000]), &SMALL)), ("bytes", 2000));
    assert_eq!(limit(csp_pts(pts(&long).as_bytes(), &SMALL)), ("bytes", 2000));
    assert_eq!(limit(scan(ssp_xml(&long).as_bytes(), &SMALL)), ("bytes", 2000));
    assert_eq!(limit(read_fragment(ssp_xml(&long).as_bytes(), Version::V13, &SMALL)), ("bytes", 2000));
    // Other encodings may grow while they are converted.
    let grown =
        format!("<?xml version='1.0' encoding='iso-8859-1'?>{}", xml("<a>#</a>")).replace('#', &"\u{1}".repeat(900));
    let grown: Vec<u8> = grown.bytes().map(|b| if b == 1 { 0xE9 } else { b }).collect();
    assert!(grown.len() < 2000);
    assert_eq!(limit(csp_xml(&grown, &SMALL)).0, "bytes");
}

#[test]
fn levels_are_limited() {
    let deep = format!("{}{}", "<a>".repeat(20), "</a>".repeat(20));
    assert_eq!(limit(csp_xml(xml(&deep).as_bytes(), &SMALL)), ("levels", 12));
    assert_eq!(limit(scan(ssp_xml(&deep).as_bytes(), &SMALL)), ("levels", 12));
    assert_eq!(limit(csp_wbxml(&wbxml(&[0x62; 20]), &SMALL)), ("levels", 12));
    assert_eq!(limit(csp_pts(pts(&"(".repeat(20)).as_bytes(), &SMALL)), ("levels", 12));
}

#[test]
fn elements_are_limited() {
    let many = "<a/>".repeat(50);
    assert_eq!(limit(csp_xml(xml(&many).as_bytes(), &SMALL)), ("elements", 40));
    assert_eq!(limit(scan(ssp_xml(&many).as_bytes(), &SMALL)), ("elements", 40));
    assert_eq!(limit(csp_wbxml(&wbxml(&[0x22; 50]), &SMALL)), ("elements", 40));
    assert_eq!(limit(csp_pts(pts(&format!("({})", ",".repeat(50))).as_bytes(), &SMALL)), ("elements", 40));
    assert_eq!(limit(csp_pts(pts(&" UI=u".repeat(50)).as_bytes(), &SMALL)), ("elements", 40));
}

#[test]
fn text_is_limited() {
    for long in ["x".repeat(101), "x&amp;".repeat(60), "<![CDATA[xx]]>".repeat(60)] {
        let inside = format!("<a>{long}</a>");
        assert_eq!(limit(csp_xml(xml(&inside).as_bytes(), &SMALL)), ("bytes of text", 100));
        assert_eq!(limit(scan(ssp_xml(&inside).as_bytes(), &SMALL)), ("bytes of text", 100));
    }
    for long in ["x".repeat(101), format!("\"{}\"", "x".repeat(101)), format!("\"{}\"", "\"\"".repeat(101))] {
        assert_eq!(limit(csp_pts(pts(&long).as_bytes(), &SMALL)), ("bytes of text", 100));
        assert_eq!(limit(csp_pts(pts(&format!("(u,{long})")).as_bytes(), &SMALL)), ("bytes of text", 100));
    }
    let opaque = [&[0x62, 0xC3, 101][..], &[b'x'; 101], &[1]].concat();
    let inline = [&[0x62, 3][..], &[b'x'; 101], &[0, 1]].concat();
    let tokens = [&[0x62][..], &[0x80, 0x28].repeat(20), &[1]].concat();
    for inside in [opaque, inline, tokens] {
        assert_eq!(limit(csp_wbxml(&wbxml(&inside), &SMALL)), ("bytes of text", 100));
    }
}

#[test]
fn attributes_are_limited() {
    let inside = "<a b='1' c='2' d='3' e='4'/>";
    assert_eq!(limit(csp_xml(xml(inside).as_bytes(), &SMALL)), ("attributes", 3));
    assert_eq!(limit(scan(ssp_xml(inside).as_bytes(), &SMALL)), ("attributes", 3));
    let inside = [&[0xA2][..], &[0x0E, 3, b'x', 0].repeat(4), &[1]].concat();
    assert_eq!(limit(csp_wbxml(&wbxml(&inside), &SMALL)), ("attributes", 3));
}

/// Time this thread has worked, in which nothing counts that others do meanwhile.
fn worked() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(told.split(' ').next().unwrap().parse().unwrap())
}

/// Time for one reading; generous, for this runs unoptimised.
fn quick<T>(what: &str, read: impl FnOnce() -> T) -> T {
    let begin = worked();
    let read = read();
    let took = worked().saturating_sub(begin);
    assert!(took < Duration::from_secs(2), "{what}: {took:?}");
    read
}

#[test]
fn nothing_blows_up() {
    let limits = Limits::default();
    let attributes: String = (0..10_000).map(|n| format!(" a{n}='1'")).collect();
    let names = format!("<{0}></{0}>", "n".repeat(900_000));
    let half = "n".repeat(20);
    let inside = [
        format!("<a{attributes}/>"),
        names,
        format!("<{half}/>").repeat(19_000),
        "<a>".repeat(200_000),
        format!("<a b='{}'/>", "&amp;".repeat(150_000)),
        format!("<a>{}</a>", "&#x41;".repeat(150_000)),
        format!("<a>{}</a>", "]".repeat(900_000)),
        format!("<a>{}</a>", "<!---->".repeat(100_000)),
        format!("<a xmlns:b='{}'/>", "CSP".repeat(300_000)),
        format!("<a{}/>", " ".repeat(900_000)),
    ];
    for inside in inside {
        quick("CSP-XML", || csp_xml(xml(&inside).as_bytes(), &limits).is_ok());
        quick("SSP", || scan(ssp_xml(&inside).as_bytes(), &limits).map(|_| ()).is_ok());
        quick("an SSP fragment", || read_fragment(inside.as_bytes(), Version::V13, &limits).is_ok());
        // The root is where namespaces are looked at.
        quick("a root", || csp_xml(inside.as_bytes(), &limits).is_ok());
    }
    // A reference costs two bytes and stands for as many as the string table holds.
    let mut bomb = vec![3, 0x11, 0x6A, 0x9F, 0x8D, 0x20];
    bomb.resize(bomb.len() + 0x1F * 0x4000 + 0x0D * 0x80 + 0x20, b'x');
    bomb.extend([0x49, 0x6D]);
    for _ in 0..19_000 {
        bomb.extend([0x6E, 0x83, 0, 1]);
    }
    let read = quick("references", || csp_wbxml(&bomb, &Limits { text: usize::MAX, ..limits }));
    assert_eq!(limit(read), ("bytes by reference", limits.bytes));
    let at = bomb.len() - 19_000 * 4;
    bomb.truncate(at);
    for _ in 0..100_000 {
        bomb.extend([0x04, 0]);
    }
    quick("names by reference", || csp_wbxml(&bomb, &limits).is_ok());
    quick("page switches", || csp_wbxml(&wbxml(&[0; 900_000]), &limits).is_ok());
    let values =
        ["(".repeat(900_000), "\"".repeat(900_000), " AS=T".repeat(180_000), format!("({})", "u,".repeat(9_000))];
    for value in values {
        quick("CSP-PTS", || csp_pts(pts(&value).as_bytes(), &limits).is_ok());
    }
    quick("a preamble", || csp_pts(&b"WV12LR1".repeat(120_000), &limits).is_ok());
    assert!(worked() > Duration::ZERO, "time stands still, so that nothing was measured");
    quick("a long number", || csp_wbxml(&[vec![3], vec![0x80; 900_000]].concat(), &limits).is_ok());
}

/// Documents to mutate: every primitive in a syntax.
fn seeds(write: impl Fn(Primitive, Version) -> Vec<u8>) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for version in Version::ALL {
        let mut dice = Dice::new(7, version);
        all.extend(Primitive::samples(&mut dice).into_iter().map(|primitive| write(primitive, version)));
    }
    all
}

fn csp_message(said: Primitive, version: Version, encoding: Encoding) -> Vec<u8> {
    let transactions = vec![csp::Transaction {
        mode: Mode::Request,
        id: Some("1".into()),
        said: super::Said::Known(said),
        segment: None,
    }];
    let session = Some(crate::ident::SessionId::new("s"));
    csp::write(&csp::Message { version, session, transactions, poll: Some(true) }, encoding).to_vec()
}

fn ssp_message(said: &Primitive, version: Version) -> Vec<u8> {
    let fragment = write_fragment(None, said, version);
    session_message(version, "s", &[ssp::Part { mode: Mode::Request, id: "1", fragment: &fragment }]).to_vec()
}

/// Changes a few bytes: flips, inserts, deletes, repeats, or splices with another document.
fn mutated(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    const SPICE: &[&[u8]] = &[
        b"<",
        b">",
        b"&",
        b"\"",
        b"]]>",
        b"<!",
        b"\0",
        b"\xFF",
        b"\x80",
        b"\xC3\x01",
        b"<a:b ",
        b"xmlns",
        b"(,",
        b")",
    ];
    let mut bytes = seeds[dice.below(seeds.len())].clone();
    for _ in 0..=dice.below(3) {
        let at = dice.below(bytes.len().max(1));
        match dice.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
            1 if at < bytes.len() => bytes[at] = u8::try_from(dice.below(256)).unwrap(),
            2 => drop(bytes.splice(at..at, SPICE[dice.below(SPICE.len())].iter().copied())),
            3 => bytes.truncate(at),
            4 => {
                let to = (at + dice.below(20)).min(bytes.len());
                bytes.drain(at.min(to)..to);
            }
            _ => {
                let other = &seeds[dice.below(seeds.len())];
                let from = dice.below(other.len());
                bytes.splice(at.., other[from..].iter().copied());
            }
        }
    }
    bytes
}

/// How many documents are tried in each syntax: all of them in an optimised build, 1 % otherwise.
const MUTATIONS: usize = if cfg!(debug_assertions) { 10_000 } else { 1_000_000 };

fn mutate(what: &str, seeds: &[Vec<u8>], read: impl Fn(&[u8])) {
    let seed = std::env::var("POSTERN_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    println!("{what}: POSTERN_SEED={seed}");
    let mut dice = Dice::new(seed, Version::V12);
    for _ in 0..MUTATIONS {
        read(&mutated(seeds, &mut dice));
    }
}

#[test]
fn no_mutation_of_csp_xml_panics() {
    let limits = Limits::default();
    mutate("CSP-XML", &seeds(|said, version| csp_message(said, version, Encoding::Xml)), |bytes| {
        let _ = csp_xml(bytes, &limits);
    });
}

#[test]
fn no_mutation_of_csp_wbxml_panics() {
    let limits = Limits::default();
    mutate("CSP-WBXML", &seeds(|said, version| csp_message(said, version, Encoding::Wbxml)), |bytes| {
        if let Ok(message) = csp_wbxml(bytes, &limits) {
            // Whatever was read can be written, and means the same then.
            let again = csp_wbxml(&csp::write(&message, Encoding::Wbxml), &limits);
            let version = message.version;
            let kept = |t: &csp::Transaction| matches!(&t.said, super::Said::Known(p) if p.element().versions().contains(&version));
            if message.transactions.iter().all(kept) {
                assert_eq!(again.unwrap().transactions.len(), message.transactions.len());
            }
        }
    });
}

#[test]
fn no_mutation_of_csp_pts_panics() {
    let limits = Limits::default();
    let mut seeds = seeds(|said, version| csp_message(said, version, Encoding::Pts));
    seeds.retain(|line| !line.is_empty());
    mutate("CSP-PTS", &seeds, |bytes| {
        if let Ok(message) = csp_pts(bytes, &limits)
            && matches!(message.transactions[0].said, super::Said::Known(_))
        {
            for encoding in [Encoding::Pts, Encoding::Xml] {
                let again = csp::read(&csp::write(&message, encoding), encoding, &limits, |_| None);
                assert_eq!(again.unwrap().transactions.len(), 1);
            }
        }
        if let Ok(text) = std::str::from_utf8(bytes) {
            let _ = (parts::of_lines(text), parts::split(text, 40));
        }
    });
}

#[test]
fn no_mutation_of_ssp_panics() {
    let limits = Limits::default();
    mutate("SSP", &seeds(|said, version| ssp_message(&said, version)), |bytes| {
        let Ok(envelope) = scan(bytes, &limits) else { return };
        let transactions = match envelope.body {
            ssp::Body::Setup(step) => vec![step],
            ssp::Body::Session { transactions, .. } => transactions.into(),
        };
        for transaction in transactions.iter().filter(|transaction| transaction.splices) {
            // What splices is as well-formed in another envelope.
            let part = ssp::Part { mode: transaction.mode, id: &transaction.id, fragment: transaction.fragment };
            let spliced = session_message(Version::V13, "s", &[part]);
            assert!(scan(&spliced, &limits).is_ok(), "{}", String::from_utf8_lossy(&spliced));
        }
    });
}

#[test]
fn no_mutation_of_an_ssp_fragment_panics() {
    let limits = Limits::default();
    mutate("SSP fragment", &seeds(|said, version| write_fragment(None, &said, version).to_vec()), |bytes| {
        if let Ok((meta, super::Said::Known(primitive))) = read_fragment(bytes, Version::V13, &limits) {
            let again = write_fragment(meta.as_ref(), &primitive, Version::V13);
            assert!(read_fragment(&again, Version::V13, &limits).is_ok(), "{}", String::from_utf8_lossy(&again));
        }
    });
}
