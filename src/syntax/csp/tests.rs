//! The envelope in both encodings.

mod groups;

use proptest::prelude::*;

use super::*;
use crate::vocabulary::Content;
use crate::vocabulary::access::{LoginRequest, LoginResponse};
use crate::vocabulary::base64::encode;
use crate::vocabulary::capability::{AgreedCapabilityList, ClientCapabilityResponse, HttpAddress};
use crate::vocabulary::discovery::{VersionDiscoveryRequest, VersionDiscoveryResponse, VersionList};
use crate::vocabulary::element::Kind;
use crate::vocabulary::message::{Font, MessageInfo, NewMessage, SendMessageRequest};
use crate::vocabulary::party::ClientId;
use crate::vocabulary::presence::attribute::{ClientStatus, UserStatus};
use crate::vocabulary::presence::{Presence, PresenceNotificationRequest, PresenceSubList};
use crate::vocabulary::record::Empty;
use crate::vocabulary::sample::{Dice, Sample};
use crate::vocabulary::segment::SegmentId;
use crate::vocabulary::status::{Code, Status};

use super::vectors::{
    CAPABILITY_RESPONSE, LOGIN_REQUEST, LOGIN_RESPONSE, POLLING_REQUEST, PRESENCE_NOTIFICATION, Vector,
};

fn client() -> Option<ClientId> {
    Some(ClientId { url: Some("http://c.example.org/1".into()), msisdn: None })
}

fn message(version: Version, session: Option<&str>, mode: Mode, id: Option<&str>, said: Primitive) -> Message {
    let transactions = vec![Transaction { mode, id: id.map(Into::into), said: Said::Known(said), segment: None }];
    Message { version, session: session.map(SessionId::new), transactions, poll: None }
}

fn read_plainly(body: &[u8], encoding: Encoding) -> Result<Message, ReadError> {
    read(body, encoding, &Limits::default(), |_| None)
}

fn stands_for(vector: &Vector, message: &Message) {
    assert_eq!(write(message, Encoding::Wbxml), vector.bytes());
    let xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{}", vector.xml);
    assert_eq!(write(message, Encoding::Xml), xml);
    assert_eq!(&read_plainly(&vector.bytes(), Encoding::Wbxml).unwrap(), message);
    assert_eq!(&read_plainly(vector.xml.as_bytes(), Encoding::Xml).unwrap(), message);
}

#[test]
fn the_vectors_are_met_byte_for_byte() {
    let login = LoginRequest {
        user: Some("wv:ann@example.org".into()),
        client: client(),
        password: Some("pw".into()),
        time_to_live: Some(3600),
        cookie: Some("ck1".into()),
        ..LoginRequest::default()
    };
    let request = message(Version::V12, None, Mode::Request, Some("1"), Primitive::LoginRequest(login));
    stands_for(&LOGIN_REQUEST, &request);

    let answer = LoginResponse {
        client: client(),
        outcome: Code::SUCCESS.into(),
        session: Some("s1".into()),
        keep_alive: Some(3600),
        capability_request: Some(true),
        ..LoginResponse::default()
    };
    let response = message(Version::V12, None, Mode::Response, Some("1"), Primitive::LoginResponse(answer));
    stands_for(&LOGIN_RESPONSE, &response);

    let poll = message(Version::V11, Some("s1"), Mode::Request, None, Primitive::PollingRequest(Empty));
    stands_for(&POLLING_REQUEST, &poll);

    let known = |value: &str| UserStatus { qualifier: Some(true), value: Some(value.into()) };
    let online = ClientStatus { qualifier: Some(true), value: Some("T".into()), ..ClientStatus::default() };
    let attributes = PresenceSubList {
        online_status: vec![online],
        user_availability: Some(known("AVAILABLE")),
        ..PresenceSubList::default()
    };
    let presences = vec![Presence::of_user("wv:bob@example.org", attributes)];
    let notification = PresenceNotificationRequest { presences, ..PresenceNotificationRequest::default() };
    let mut notification = message(Version::V12, Some("s1"), Mode::Request, Some("srv7"), notification.into());
    notification.poll = Some(false);
    stands_for(&PRESENCE_NOTIFICATION, &notification);

    let agreed = AgreedCapabilityList {
        http_address: Some(HttpAddress { url: "http://x.example.org/c".into() }),
        bearers: vec!["HTTP".into()],
        cir_methods: vec!["SHTTP".into()],
        priority: Some(0),
        ..AgreedCapabilityList::default()
    };
    let response = ClientCapabilityResponse { agreed: Some(agreed), ..ClientCapabilityResponse::default() };
    let response = message(Version::V13, Some("s1"), Mode::Response, Some("2"), response.into());
    stands_for(&CAPABILITY_RESPONSE, &response);
}

/// A sink that only watches where integers are put.
struct Watch {
    version: Version,
    element: Element,
}

impl Sink for Watch {
    fn version(&self) -> Version {
        self.version
    }
    fn start(&mut self, element: Element) {
        self.element = element;
    }
    fn text(&mut self, _: &str) {}
    fn integer(&mut self, _: u32) {
        assert_eq!(self.element.kind(), Kind::Integer, "{}", self.element.xml());
    }
    fn opaque(&mut self, _: &[u8]) {
        assert_eq!(self.element.kind(), Kind::Binary, "{}", self.element.xml());
    }
    fn end(&mut self, _: Element) {}
    fn omit(&mut self, element: Element) {
        panic!("a sample for {} has {}", self.version.as_str(), element.xml());
    }
}

#[test]
fn numbers_stand_only_in_elements_of_numbers() {
    for version in Version::ALL {
        for seed in 0..50 {
            let samples = Primitive::samples(&mut Dice::new(seed, version));
            for primitive in samples.into_iter().filter(|primitive| on_csp(primitive, version)) {
                primitive.encode(&mut Watch { version, element: Element::Status });
            }
        }
    }
}

/// Whether CSP has a primitive in a version.
fn on_csp(primitive: &Primitive, version: Version) -> bool {
    primitive.element().versions().contains(&version)
}

/// Version discovery has no envelope.
fn bare_if_discovery(sent: &mut Message) {
    let [Transaction { said: Said::Known(said), .. }] = sent.transactions.as_slice() else { return };
    let mode = match said.element() {
        Element::VersionDiscoveryRequest => Mode::Request,
        Element::VersionDiscoveryResponse => Mode::Response,
        _ => return,
    };
    *sent = message(sent.version, None, mode, None, said.clone());
}

proptest! {
    // Each case is every primitive there is.
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn every_primitive_comes_back_in_every_version_and_encoding(seed: u64) {
        for (version, encoding) in Version::ALL.into_iter().flat_map(|v| [(v, Encoding::Wbxml), (v, Encoding::Xml)]) {
            let mut dice = Dice::new(seed, version);
            dice.characters = encoding == Encoding::Xml;
            for said in Primitive::samples(&mut dice).into_iter().filter(|said| on_csp(said, version)) {
                let poll = Option::sample(&mut dice);
                let session = [None, Some("s-1@north.example")][dice.below(2)];
                let id = [None, Some("a<1>")][dice.below(2)];
                let mode = [Mode::Request, Mode::Response][dice.below(2)];
                let mut sent = message(version, session, mode, id, said);
                sent.poll = poll;
                bare_if_discovery(&mut sent);
                let (written, losses) = write_telling(&sent, encoding);
                prop_assert_eq!(losses, []);
                prop_assert_eq!(&read_plainly(&written, encoding).unwrap(), &sent);
            }
        }
    }
}

#[test]
fn bytes_are_base64_where_there_are_only_characters() {
    let with = |content| NewMessage { content: Some(content), ..NewMessage::default() }.into();
    let content = Bytes::from_static(b"\0\x01\xFFGIF89a");
    let sent = message(Version::V12, Some("s"), Mode::Request, Some("1"), with(Content::Binary(content.clone())));
    let read = read_plainly(&write(&sent, Encoding::Xml), Encoding::Xml).unwrap();
    assert_eq!(read.transactions[0].said, Said::Known(with(Content::Text(encode(&content)))));
    assert_eq!(read_plainly(&write(&sent, Encoding::Wbxml), Encoding::Wbxml).unwrap(), sent);
}

fn login_with(root: &str, session: &str) -> String {
    format!(
        "<WV-CSP-Message {root}><Session><SessionDescriptor><SessionType>Inband</SessionType>{session}\
         </SessionDescriptor><Transaction><TransactionDescriptor><TransactionMode>Request</TransactionMode>\
         <TransactionID>7</TransactionID></TransactionDescriptor><TransactionContent><Polling-Request/>\
         </TransactionContent></Transaction></Session></WV-CSP-Message>"
    )
}

#[test]
fn the_version_is_found_in_this_order() {
    let version = |document: &str| {
        let of_session = |_: &SessionId| Some(Version::V13);
        read(document.as_bytes(), Encoding::Xml, &Limits::default(), of_session).unwrap().version
    };
    let named = "<SessionID>s</SessionID>";
    let doctype = "<?xml version='1.0'?>\n<!DOCTYPE WV-CSP-Message PUBLIC '-//OMA//DTD WV-CSP 1.1//EN' \
                   'http://www.openmobilealliance.org/DTD/WV-CSP.XML'>\n";
    let namespace = "xmlns:xsd='http://www.w3.org/2001/XMLSchema' xmlns='http://www.openmobilealliance.org/WV-CSP1.2'";
    assert_eq!(version(&format!("{doctype}{}", login_with(namespace, named))), Version::V12);
    assert_eq!(version(&format!("{doctype}{}", login_with("", named))), Version::V11);
    assert_eq!(version(&login_with("", named)), Version::V13);
    assert_eq!(version(&login_with("", "")), Version::V12);
}

#[test]
fn the_public_id_of_wbxml_counts_after_the_namespace() {
    let with_header = |header: &[u8], keep_namespace: bool| {
        let vector = POLLING_REQUEST.bytes();
        let rest = if keep_namespace { vector[4..].to_vec() } else { [&[0x49], &vector[12..]].concat() };
        read_plainly(&[header, &rest].concat(), Encoding::Wbxml).unwrap().version
    };
    assert_eq!(with_header(&[3, 0x11, 0x6A, 0], true), Version::V11);
    assert_eq!(with_header(&[3, 0x11, 0x6A, 0], false), Version::V12);
    assert_eq!(with_header(&[3, 0x01, 0x6A, 0], false), Version::V12);
    let literal = [&[3, 0, 0, 0x6A, 28], b"-//OMA//DTD IMPS-CSP 1.3//EN".as_slice()].concat();
    assert_eq!(with_header(&literal, false), Version::V13);
}

#[test]
fn a_version_not_spoken_is_told_with_what_an_answer_needs() {
    let document = login_with("xmlns='http://www.openmobilealliance.org/DTD/IMPS-CSP1.4'", "<SessionID>s</SessionID>");
    let error = read_plainly(document.as_bytes(), Encoding::Xml).unwrap_err();
    assert_eq!(error.fault, DecodeError::Unsupported("CSP 1.4".into()));
    assert_eq!(error.seen.version, None);
    assert_eq!(error.seen.session, Some(SessionId::new("s")));
    assert_eq!(error.seen.transaction.as_deref(), Some("7"));
}

#[test]
fn an_unknown_primitive_keeps_its_envelope() {
    let document = login_with("", "<SessionID> s </SessionID>").replace("Polling-Request", "v:Vendor-Request");
    let message = read_plainly(document.as_bytes(), Encoding::Xml).unwrap();
    assert_eq!(message.session, Some(SessionId::new("s")));
    assert_eq!(message.transactions[0].id.as_deref(), Some("7"));
    assert_eq!(message.transactions[0].said, Said::Unknown("Vendor-Request".into()));
    // An element that the tables know but that is no primitive.
    let document = document.replace("v:Vendor-Request", "MessageInfo");
    let message = read_plainly(document.as_bytes(), Encoding::Xml).unwrap();
    assert_eq!(message.transactions[0].said, Said::Unknown("MessageInfo".into()));
}

#[test]
fn versions_are_asked_for_outside_any_session_in_whatever_version() {
    let asked = |namespace: &str| {
        let document = format!(
            "<WV-CSP-VersionDiscovery-Request xmlns='{namespace}'><VersionList><SessionNSName>urn:a</SessionNSName>\
             </VersionList></WV-CSP-VersionDiscovery-Request>"
        );
        read_plainly(document.as_bytes(), Encoding::Xml).unwrap()
    };
    let versions = Some(VersionList { messages: vec!["urn:a".into()], ..VersionList::default() });
    let said = VersionDiscoveryRequest { versions: versions.clone(), extended: Vec::new() };
    for (namespace, version) in [
        ("http://www.openmobilealliance.org/DTD/IMPS-CSP1.3", Version::V13),
        ("http://www.openmobilealliance.org/DTD/IMPS-CSP1.9", Version::V12),
        ("http://www.wireless-village.org/CSP1.1", Version::V12),
        ("", Version::V12),
    ] {
        assert_eq!(asked(namespace), message(version, None, Mode::Request, None, said.clone().into()), "{namespace}");
    }
    let answer = VersionDiscoveryResponse { versions, ..VersionDiscoveryResponse::default() };
    let answer = message(Version::V13, None, Mode::Response, None, answer.into());
    for encoding in [Encoding::Xml, Encoding::Wbxml] {
        assert_eq!(read_plainly(&write(&answer, encoding), encoding).unwrap(), answer);
    }
}

#[test]
fn a_segment_names_its_place_in_1_3_alone() {
    let id = Some(SegmentId { transaction: "9".into(), reference: 2 });
    let mut cut = message(Version::V13, Some("s"), Mode::Response, Some("10"), Status::default().into());
    cut.transactions[0].segment = Some(SegmentInfo { count: Some(3), id });
    for encoding in [Encoding::Xml, Encoding::Wbxml] {
        assert_eq!(read_plainly(&write(&cut, encoding), encoding).unwrap(), cut);
        let (_, losses) = write_telling(&Message { version: Version::V12, ..cut.clone() }, encoding);
        assert_eq!(losses[0].element, Element::SegmentInfo);
    }
}

#[test]
fn a_broken_primitive_is_told_with_its_place_and_its_envelope() {
    let document = login_with("xmlns='http://www.wireless-village.org/CSP1.1'", "<SessionID>s</SessionID>").replace(
        "<Polling-Request/>",
        "<SendMessage-Request><DeliveryReport>maybe</DeliveryReport></SendMessage-Request>",
    );
    let error = read_plainly(document.as_bytes(), Encoding::Xml).unwrap_err();
    assert_eq!(error.fault, DecodeError::Value(Element::DeliveryReport));
    assert_eq!(&document[error.at..error.at + 4], "</De");
    assert_eq!(error.path, "WV-CSP-Message/Session/Transaction/TransactionContent/SendMessage-Request/DeliveryReport");
    let seen = Seen { version: Some(Version::V11), session: Some(SessionId::new("s")), transaction: Some("7".into()) };
    assert_eq!(error.seen, seen);
    let wbxml = [3, 0x10, 0x6A, 0, 0x49, 0x6D, 0x6E, 0x6F, 3, b's', 0, 1, 1, 0x72, 0x74, 0x76, 0x80, 0x20, 1, 0x75, 3];
    let error = read_plainly(&wbxml, Encoding::Wbxml).unwrap_err();
    assert_eq!((error.fault, error.at), (DecodeError::Eof, wbxml.len() - 1));
    assert_eq!(error.path, "WV-CSP-Message/Session/Transaction/TransactionDescriptor/TransactionID");
    assert_eq!(error.seen.session, Some(SessionId::new("s")));
}

#[test]
fn the_poll_flag_is_read_in_both_places_and_written_in_the_versions_own() {
    for (version, inside) in [(Version::V11, true), (Version::V12, false), (Version::V13, false)] {
        let mut flagged = message(version, Some("s"), Mode::Request, None, Primitive::PollingRequest(Empty));
        flagged.poll = Some(true);
        let written = write(&flagged, Encoding::Xml);
        let text = std::str::from_utf8(&written).unwrap();
        assert_eq!(text.contains("<Poll>T</Poll></TransactionDescriptor>"), inside, "{version}");
        assert_eq!(text.contains("</Transaction><Poll>T</Poll></Session>"), !inside, "{version}");
        let other = match inside {
            true => text.replace("<Poll>T</Poll>", "").replace("</Transaction>", "</Transaction><Poll>t</Poll>"),
            false => {
                text.replace("<Poll>T</Poll>", "").replace("</TransactionMode>", "</TransactionMode><Poll>t</Poll>")
            }
        };
        assert_eq!(read_plainly(other.as_bytes(), Encoding::Xml).unwrap().poll, Some(true));
    }
}

#[test]
fn documents_as_phones_and_their_gateways_write_them_are_read() {
    let plain = login_with("", "<SessionID>s</SessionID>");
    let expected = read_plainly(plain.as_bytes(), Encoding::Xml).unwrap();
    let pretty = plain.replace('>', ">\n  ").replace("</", "\n </");
    let marked = format!("\u{FEFF}\r\n {plain}");
    let prefixed = plain.replace("</", "</w:").replace('<', "<w:").replace("<w:/w:", "</w:");
    let commented = plain.replace("<Session>", "<!-- x --><?y z?><Session><![CDATA[ ]]>");
    let cdata = plain.replace(">7<", "><![CDATA[7]]><").replace(">s<", ">&#115;<");
    let shouted = plain.replace("Request</TransactionMode>", "REQUEST</TransactionMode>");
    let decorated = plain.replace("<Transaction>", "<Transaction a='1'><ExtBlock xmlns='urn:x'><b>1</b></ExtBlock>");
    for document in [pretty, marked, prefixed, commented, cdata, shouted, decorated] {
        assert_eq!(read_plainly(document.as_bytes(), Encoding::Xml).unwrap(), expected, "{document}");
    }
    let wide: Vec<u8> = std::iter::once(0xFEFF).chain(plain.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    assert_eq!(read_plainly(&wide, Encoding::Xml).unwrap(), expected);
}

#[test]
fn entities_and_internal_subsets_are_refused() {
    let body = login_with("", "<SessionID>s</SessionID>");
    let bomb = format!("<!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;\">]>{body}");
    assert_eq!(read_plainly(bomb.as_bytes(), Encoding::Xml).unwrap_err().fault, DecodeError::Doctype);
    let undeclared = body.replace(">7<", ">&c;<");
    let error = read_plainly(undeclared.as_bytes(), Encoding::Xml).unwrap_err();
    assert!(matches!(error.fault, DecodeError::Malformed(_)));
    assert!(undeclared[error.at..].starts_with("&c;"));
}

#[test]
fn ill_formed_documents_are_refused() {
    let body = login_with("", "<SessionID>s</SessionID>");
    let broken = [
        String::new(),
        "  ".into(),
        "text".into(),
        "<Other/>".into(),
        format!("{body}{body}"),
        format!("{body}text"),
        format!("x{body}"),
        body.replace("</Session>", "</session>"),
        body[..body.len() - 3].into(),
        body.replace(">7<", ">\u{1}<"),
        body.replace(">7<", ">&#1;<"),
        body.replace(">7<", ">7]]><"),
        body.replace("<Session>", "<Session a='1' a='2'>"),
        body.replace("<Session>", "<Session a=1>"),
        body.replace("<Session>", "<1Session>"),
        body.replace("<Session>", "<Session><?xml version='1.0'?>"),
        body.replace("<Session>", "<Session><!-- -- -->"),
        format!("<WV-CSP-Message>{}</WV-CSP-Message>", "<a/>"),
    ];
    for document in broken {
        assert!(read_plainly(document.as_bytes(), Encoding::Xml).is_err(), "{document}");
    }
    for bytes in [&b"\xFF\xFE"[..], b"<a>\xFF</a>", &[3], &[3, 0x10, 0x6A], &[9, 0x10, 0x6A, 0, 0x49], &[]] {
        assert!(read_plainly(bytes, Encoding::Xml).is_err());
        assert!(read_plainly(bytes, Encoding::Wbxml).is_err());
    }
}

#[test]
fn content_types_tell_encodings() {
    for (name, encoding) in [
        ("application/vnd.wv.csp.xml", Some(Encoding::Xml)),
        ("application/vnd.wv.csp+wbxml", Some(Encoding::Wbxml)),
        ("Application/VND.WV.CSP+XML; charset=utf-8", Some(Encoding::Xml)),
        ("text/xml", Some(Encoding::Xml)),
        ("application/vnd.wap.wbxml", Some(Encoding::Wbxml)),
        ("application/vnd.wv.ssp+xml", None),
        ("application/vnd.wv.csp.sms", Some(Encoding::Pts)),
        ("application/vnd.wv.CSP+sms; charset=utf-8", Some(Encoding::Pts)),
        ("application/vnd.wv.sms", None),
        ("text/plain; a=xml", None),
        ("", None),
    ] {
        assert_eq!(encoding_of(name), encoding, "{name}");
    }
    for version in Version::ALL {
        for encoding in [Encoding::Xml, Encoding::Wbxml, Encoding::Pts] {
            assert_eq!(encoding_of(content_type(encoding, version)), Some(encoding));
        }
    }
}

/// A WBXML message of 1.1 around what stands in `TransactionContent`; page 0 is current there, and must be again.
fn wbxml_around(table: &[u8], content: &[u8]) -> Vec<u8> {
    let head = [0x49, 0x6D, 0x6E, 0x70, 0x80, 0x11, 0x01, 0x6F, 0x03, b's', 0x00, 0x01, 0x01, 0x72, 0x74];
    let descriptor = [0x76, 0x80, 0x20, 0x01, 0x75, 0x03, b'7', 0x00, 0x01, 0x01, 0x73];
    let length = [u8::try_from(table.len()).unwrap()];
    [&[0x03, 0x10, 0x6A], &length[..], table, &head, &descriptor, content, &[0x01; 4]].concat()
}

fn said_in_wbxml(table: &[u8], content: &[u8]) -> Primitive {
    let message = read_plainly(&wbxml_around(table, content), Encoding::Wbxml).unwrap();
    assert_eq!((message.version, message.session), (Version::V11, Some(SessionId::new("s"))));
    match message.transactions.into_iter().next().unwrap().said {
        Said::Known(primitive) => primitive,
        Said::Unknown(name) => panic!("{name}"),
    }
}

#[test]
fn capabilities_are_read_as_phones_write_them() {
    // Page 1: ClientCapability-Request, CapabilityList; page 3. Tokens of 1.3 in 1.1 (SSMS, SHTTP), a number as
    // text, an empty element with its content bit, numbers in one and in no byte.
    let content = [
        &[0x00, 0x01, 0x4C, 0x4A, 0x00, 0x03][..],
        &[0x50, 0x80, 0x81, 0x24, 0x01, 0x50, 0x80, 0x81, 0x25, 0x01],
        &[0x46, 0x03, b'1', b'0', b'2', b'4', 0x00, 0x01],
        &[0x4C, 0xC3, 0x01, 0x03, 0x01, 0x4D, 0xC3, 0x00, 0x01, 0x4A, 0x01, 0x4B, 0x80, 0x1F, 0x01],
        &[0x01, 0x01, 0x00, 0x00],
    ];
    let Primitive::ClientCapabilityRequest(request) = said_in_wbxml(&[], &content.concat()) else { panic!() };
    let list = request.list.unwrap();
    assert_eq!(list.cir_methods, ["SSMS", "SHTTP"]);
    assert_eq!((list.content_length, list.multi_trans, list.parser_size), (Some(1024), Some(3), Some(0)));
    assert_eq!((list.language.as_deref(), list.delivery.as_deref()), (Some(""), Some("P")));
}

#[test]
fn text_of_many_pieces_is_one_text() {
    // SendMessage-Request by literal name; ContentData of table text, inline text with a surrogate pair in six
    // bytes, an entity and a value token; DateTime packed into six bytes.
    let table = b"SendMessage-Request\0Hello, \0";
    let content = [
        &[0x44, 0x00, 0x00, 0x06, 0x53, 0x00, 0x00][..],
        &[0x51, 0xC3, 0x06, 0x1F, 0x46, 0x73, 0x0E, 0xBB, 0x5A, 0x01, 0x01],
        &[0x4D, 0x83, 0x14, 0x03, 0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80, 0x00, 0x02, 0x81, 0x69, 0x80, 0x28, 0x01, 0x01],
    ];
    let Primitive::SendMessageRequest(request) = said_in_wbxml(table, &content.concat()) else { panic!() };
    assert_eq!(request.info.date.as_deref(), Some("20010925T165859Z"));
    assert_eq!(request.content, Some(Content::Text("Hello, \u{1F600}\u{E9}text/plain".into())));
}

#[test]
fn a_nul_in_text_does_not_break_wbxml() {
    let request = SendMessageRequest { content: Some(Content::Text("a\0b".into())), ..SendMessageRequest::default() };
    let sent = message(Version::V12, Some("s"), Mode::Request, Some("a\0b"), request.into());
    let read = read_plainly(&write(&sent, Encoding::Wbxml), Encoding::Wbxml).unwrap();
    assert_eq!(read.transactions[0].id.as_deref(), Some("a\0b"));
    let Said::Known(Primitive::SendMessageRequest(request)) = &read.transactions[0].said else { panic!() };
    assert_eq!(request.body().unwrap(), "a\0b");
    // XML cannot hold it at all.
    let read = read_plainly(&write(&sent, Encoding::Xml), Encoding::Xml).unwrap();
    assert_eq!(read.transactions[0].id.as_deref(), Some("a\u{FFFD}b"));
}

#[test]
fn what_an_older_version_cannot_carry_is_told() {
    let info = MessageInfo {
        font: Some(Font { size: Some("Big".into()), ..Font::default() }),
        name: Some("cat.jpg".into()),
        ..MessageInfo::default()
    };
    let said = Primitive::NewMessage(NewMessage { info, ..NewMessage::default() });
    let newest = message(Version::V13, Some("s1"), Mode::Request, Some("1"), said);
    for encoding in [Encoding::Xml, Encoding::Wbxml] {
        assert_eq!(write_telling(&newest, encoding).1, []);
        let (written, losses) = write_telling(&Message { version: Version::V11, ..newest.clone() }, encoding);
        let lost: Vec<String> = losses.iter().map(ToString::to_string).collect();
        let at = "/WV-CSP-Message/Session/Transaction/TransactionContent/NewMessage/MessageInfo";
        assert_eq!(lost, [format!("{at}/ContentName"), format!("{at}/Font")]);
        let read = read_plainly(&written, encoding).unwrap();
        assert_eq!(read.transactions[0].said, Said::Known(Primitive::NewMessage(NewMessage::default())));
    }
}

#[test]
fn a_search_id_is_read_as_number_and_as_text() {
    // Page 1: StopSearch-Request, SearchID, as opaque number, as decimal text, as other text.
    for (value, id) in [(&[0xC3, 1, 42][..], "42"), (&[3, b'4', b'2', 0], "42"), (&[3, b'0', b'x', b'F', 0], "0xF")] {
        let content = [&[0x00, 0x01, 0x71, 0x66][..], value, &[0x01, 0x01, 0x00, 0x00]].concat();
        let Primitive::StopSearchRequest(request) = said_in_wbxml(&[], &content) else { panic!() };
        assert_eq!(request.id.0, id);
    }
}
