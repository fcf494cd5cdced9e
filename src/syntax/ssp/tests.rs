//! SSP in both directions.

use proptest::prelude::*;

use super::*;
use crate::ident::SessionId;
use crate::vocabulary::interop::{Requestor, SendSecretToken, SspLoginRequest};
use crate::vocabulary::message::{MessageInfo, SendMessageRequest};
use crate::vocabulary::party::{ClientId, Group, Recipient, ScreenName, Sender, User};
use crate::vocabulary::sample::{Dice, Sample};
use crate::vocabulary::status::{Code, Detail, Outcome, Status};
use crate::vocabulary::{Content, Text};

const MESSAGE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<WV-SSP-Message xmlns="http://www.openmobilealliance.org/DTD/WV-SSP1.3">
  <Session sessionID="41@south.example">
    <Transaction mode="Request" transactionID="n-0001">
      <SendMessageRequest deliveryReport="Yes">
        <MetaInfo clientOriginated="Yes">
          <Requestor serviceID="wv:@north.example"><User userID="wv:ann@north.example"/></Requestor>
        </MetaInfo>
        <MessageInfo messageID="m-1@north.example" contentType="text/plain" contentSize="5" validity="600">
          <Recipient><User userID="wv:bob@south.example"/></Recipient>
          <Recipient><User userID="wv:eve@south.example"/></Recipient>
          <Sender><User userID="wv:ann@north.example"/></Sender>
          <DateTime format="iso8601">2026-11-25T02:00:00Z</DateTime>
        </MessageInfo>
        <ContentData contentType="text/plain" encoding="base64">SGVsbG8=</ContentData>
      </SendMessageRequest>
    </Transaction>
  </Session>
</WV-SSP-Message>
"#;

fn user(id: &str) -> User {
    User { id: id.into(), ..User::default() }
}

fn sent() -> SendMessageRequest {
    SendMessageRequest {
        report: Some(true),
        info: MessageInfo {
            id: Some("m-1@north.example".into()),
            content_type: Some("text/plain".into()),
            size: Some(5),
            recipient: Some(Recipient {
                users: vec![user("wv:bob@south.example"), user("wv:eve@south.example")],
                ..Recipient::default()
            }),
            sender: Some(Sender { user: Some(user("wv:ann@north.example")), group: None }),
            date: Some("20261125T020000Z".into()),
            validity: Some(600),
            ..MessageInfo::default()
        },
        content: Some(Content::Binary(Bytes::from_static(b"Hello"))),
    }
}

fn meta() -> MetaInfo {
    MetaInfo {
        client_originated: Some(true),
        requestor: Some(Requestor {
            service: Some("wv:@north.example".into()),
            user: Some(user("wv:ann@north.example")),
        }),
    }
}

fn scanned(document: &str) -> Envelope<'_> {
    scan(document.as_bytes(), &Limits::default()).unwrap()
}

#[test]
fn a_message_is_scanned_and_read() {
    let envelope = scanned(MESSAGE);
    assert_eq!(envelope.version, Version::V13);
    let Body::Session { session, transactions } = envelope.body else { panic!("no session") };
    assert_eq!(session, "41@south.example");
    let [transaction] = &transactions[..] else { panic!("not one transaction") };
    assert_eq!((transaction.mode, &*transaction.id), (Mode::Request, "n-0001"));
    assert_eq!(transaction.element, Some(Element::SendMessageRequest));
    assert_eq!(transaction.meta, Some(meta()));
    assert!(transaction.splices);
    assert!(transaction.fragment.starts_with(b"<SendMessageRequest d"));
    assert!(transaction.fragment.ends_with(b"</SendMessageRequest>"));
    let (meta_info, said) = read_fragment(transaction.fragment, envelope.version, &Limits::default()).unwrap();
    assert_eq!(meta_info, Some(meta()));
    assert_eq!(said, Said::Known(Primitive::SendMessageRequest(sent())));
}

#[test]
fn a_message_is_written_as_the_example_is() {
    let fragment = write_fragment(Some(&meta()), &Primitive::SendMessageRequest(sent()), Version::V13);
    let part = Part { mode: Mode::Request, id: "n-0001", fragment: &fragment };
    let message = session_message(Version::V13, "41@south.example", &[part]);
    let compact: String = MESSAGE.lines().map(str::trim).collect();
    assert_eq!(std::str::from_utf8(&message).unwrap(), compact);
}

#[test]
fn a_set_up_is_scanned_read_and_written() {
    let token = Primitive::SendSecretToken(SendSecretToken {
        service: "wv:@north.example".into(),
        protocol: Some("WV-SSP".into()),
        version: Some("1.3".into()),
        token: Content::Text("4f6d0b0c9a1e47b2a1d5".into()),
    });
    let login = Primitive::SspLoginRequest(SspLoginRequest {
        service: "wv:@north.example".into(),
        time_to_live: Some(86400),
        digest: Content::Binary(Bytes::from_static(b"0123456789abcdef")),
    });
    for (primitive, text) in [
        (
            token,
            "<SendSecretToken serviceID=\"wv:@north.example\" protocol=\"WV-SSP\" protocolVersion=\"1.3\">\
             <SecretToken>4f6d0b0c9a1e47b2a1d5</SecretToken></SendSecretToken>",
        ),
        (
            login,
            "<LoginRequest serviceID=\"wv:@north.example\" timeToLive=\"86400\">\
             <PasswordDigest encoding=\"base64\">MDEyMzQ1Njc4OWFiY2RlZg==</PasswordDigest></LoginRequest>",
        ),
    ] {
        let fragment = write_fragment(None, &primitive, Version::V13);
        assert_eq!(fragment, text);
        let message = setup_message(Version::V13, &Part { mode: Mode::Response, id: "a<b", fragment: &fragment });
        let envelope = scan(&message, &Limits::default()).unwrap();
        let Body::Setup(step) = envelope.body else { panic!("no set-up") };
        assert_eq!((step.mode, &*step.id, step.fragment), (Mode::Response, "a<b", &fragment[..]));
        assert_eq!(step.element, Some(primitive.element()));
        let read = read_fragment(step.fragment, Version::V13, &Limits::default()).unwrap();
        assert_eq!(read, (None, Said::Known(primitive)));
    }
}

fn read(fragment: &str) -> Result<(Option<MetaInfo>, Said), ReadError> {
    read_fragment(fragment.as_bytes(), Version::V13, &Limits::default())
}

fn said(fragment: &str) -> Primitive {
    match read(fragment) {
        Ok((_, Said::Known(primitive))) => primitive,
        other => panic!("{fragment}: {other:?}"),
    }
}

fn fault(document: &str) -> ReadError {
    scan(document.as_bytes(), &Limits::default()).unwrap_err()
}

/// What arrives of a primitive, and what was lost.
fn carried(meta: Option<&MetaInfo>, primitive: &Primitive, version: Version) -> (Primitive, Vec<String>) {
    let (fragment, losses) = write_fragment_telling(meta, primitive, version, Quirks::default()).unwrap();
    let message = session_message(version, "s", &[Part { mode: Mode::Request, id: "1", fragment: &fragment }]);
    let envelope = scan(&message, &Limits::default()).unwrap();
    assert_eq!(envelope.version, version);
    let Body::Session { transactions, .. } = envelope.body else { panic!("no session") };
    assert!(transactions[0].splices);
    assert_eq!(transactions[0].fragment, &fragment[..]);
    assert_eq!(transactions[0].element, Some(primitive.element()));
    assert_eq!(transactions[0].meta.as_ref(), meta);
    let read = read_fragment(&fragment, version, &Limits::default());
    let Ok((read_meta, Said::Known(mut read))) = read else { panic!("{}", String::from_utf8_lossy(&fragment)) };
    assert_eq!(read_meta.as_ref(), meta);
    read.settle_content();
    (read, losses.iter().map(ToString::to_string).collect())
}

proptest! {
    // Each case is every primitive there is.
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn every_primitive_of_ssp_comes_back_but_for_what_is_told(seed: u64) {
        for version in Version::ALL {
            let mut dice = Dice::new(seed, version);
            dice.words = true;
            dice.ssp = true;
            let meta = Option::<MetaInfo>::sample(&mut dice);
            for mut primitive in Primitive::samples(&mut dice).into_iter().filter(|p| has_form(p.element())) {
                primitive.settle_content();
                let (read, losses) = carried(meta.as_ref(), &primitive, version);
                if losses.is_empty() {
                    prop_assert_eq!(read, primitive);
                } else {
                    prop_assert_eq!(carried(meta.as_ref(), &read, version), (read, Vec::new()), "{:?}", losses);
                }
            }
        }
    }
}

#[test]
fn what_ssp_has_no_form_for_is_known() {
    let without: Vec<&str> = Primitive::ELEMENTS.iter().filter(|e| !has_form(**e)).map(|e| e.xml()).collect();
    assert_eq!(without, WITHOUT_FORM);
}

/// Primitives between a client and its server alone, or carried by another one: the answers of the invited and the
/// public profile.
const WITHOUT_FORM: &[&str] = &[
    "ClientCapability-Request",
    "ClientCapability-Response",
    "DropSegment-Request",
    "GetSegment-Request",
    "GetSegment-Response",
    "Login-Request",
    "Login-Response",
    "Polling-Request",
    "Service-Request",
    "Service-Response",
    "WV-CSP-VersionDiscovery-Request",
    "WV-CSP-VersionDiscovery-Response",
    "CancelInviteUser-Request",
    "GetPublicProfile-Request",
    "GetPublicProfile-Response",
    "InviteUser-Request",
    "InviteUser-Response",
    "SubscribeNotification-Request",
    "UnsubscribeNotification-Request",
    "UpdatePublicProfile-Request",
];

#[test]
fn liberal_spellings_mean_the_same() {
    let report = said(
        "<DeliveryStatusReport><DeliveryResult><Status code='200'/></DeliveryResult>\
         <DeliveryTime>2026-11-25T02:00:00Z</DeliveryTime><MessageInfo messageID='m' messageURI='u' \
         contentName='n' validity='60'/></DeliveryStatusReport>",
    );
    for fragment in [
        "<deliveryreportrequest> <DELIVERYRESULT><status CODE=' 200 '/></DELIVERYRESULT>\
         <DeliveryTime format='iso8601'>\n 20261125T020000Z </DeliveryTime><messageinfo MessageID='m' MessageURI='u' \
         ContentName='n' validlity='60'/></deliveryreportrequest>",
        "<w:DeliveryStatusReport xmlns:w='urn:w'><w:Status code='200'/><w:DeliveryTime>20261125T020000Z\
         </w:DeliveryTime><w:MessageInfo messageID='m' messageURI='u' contentName='n' validity='60' validlity='60'/>\
         <New><Thing/></New></w:DeliveryStatusReport>",
    ] {
        assert_eq!(said(fragment), report);
    }
    for (yes, no) in [("Yes", "No"), ("yes", "NO"), ("T", "F"), ("true", "False"), ("t", "f")] {
        for (text, value) in [(yes, true), (no, false)] {
            let fragment = format!("<SendMessageRequest deliveryReport='{text}'><MessageInfo/></SendMessageRequest>");
            let Primitive::SendMessageRequest(request) = said(&fragment) else { panic!() };
            assert_eq!(request.report, Some(value), "{text}");
        }
    }
    let Primitive::SendSecretToken(token) = said(
        "<SendSecretToken serviceID='wv:@south.example' procotolVersion='1.3'><SecretToken>\n  abc\n  </SecretToken>\
         </SendSecretToken>",
    ) else {
        panic!()
    };
    assert_eq!(token.version.as_deref(), Some("1.3"));
    assert_eq!(token.token, Content::Text("abc".into()));
    let (meta, _) =
        read("<X><MetaInfo clientOriginated='T'><Requestor><user userid='ann'/></Requestor></MetaInfo></X>").unwrap();
    let requestor = Some(Requestor { service: None, user: Some(user("ann")) });
    assert_eq!(meta, Some(MetaInfo { client_originated: Some(true), requestor }));
}

#[test]
fn what_is_missing_has_its_meaning() {
    assert_eq!(said("<Status/>"), Status { outcome: outcome(404), client: None }.into());
    assert_eq!(
        said("<Status><DetailedResult><UserID userID='a'/></DetailedResult></Status>").element(),
        Element::Status
    );
    let Primitive::SendMessageResponse(answer) = said("<SendMessageResponse messageID='m'/>") else { panic!() };
    assert_eq!((answer.message.as_deref(), answer.outcome), (Some("m"), outcome(200)));
    let Primitive::SspLoginResponse(answer) = said("<LoginResponse sessionID='1@b'/>") else { panic!() };
    assert_eq!((answer.session.as_deref(), answer.outcome), (Some("1@b"), None));
    let Primitive::SspLoginResponse(answer) = said(
        "<LoginResponse><Status code='301'/><RedirectList><URL> https://a/ </URL><URL>https://b/</URL></RedirectList>\
         </LoginResponse>",
    ) else {
        panic!()
    };
    assert_eq!(answer.redirect.unwrap().urls, ["https://a/", "https://b/"]);
}

fn outcome(code: u16) -> Outcome {
    Outcome { code: Code(code), ..Outcome::default() }
}

#[test]
fn a_status_is_read_with_its_details() {
    let Primitive::Status(status) = said(
        "<Status code='201'><StatusDescription> partly </StatusDescription><DetailedResult code='531'>\
         <UserID userID='wv:a@b'/><UserID>wv:c@d</UserID><GroupID groupID='g'/><ScreenNames groupID='g'> Nick \
         </ScreenNames><Domain>e</Domain></DetailedResult><TryAgainTimeout>30</TryAgainTimeout></Status>",
    ) else {
        panic!()
    };
    let detail = Detail {
        code: Code(531),
        users: vec!["wv:a@b".into(), "wv:c@d".into()],
        groups: vec!["g".into()],
        screen_names: vec![ScreenName { name: "Nick".into(), group: "g".into() }],
        domains: vec!["e".into()],
        ..Detail::default()
    };
    let expected =
        Outcome { description: Some("partly".into()), details: vec![detail], try_again: Some(30), ..outcome(201) };
    assert_eq!(status.outcome, expected);
}

#[test]
fn clients_and_applications_of_users_are_read() {
    let of = |inside: &str| {
        let fragment = format!("<NewMessage><User userID='u'>{inside}</User><MessageInfo/></NewMessage>");
        let Primitive::NewMessage(message) = said(&fragment) else { panic!() };
        let user = message.user.unwrap();
        (user.client, user.application)
    };
    let url = |url: &str| Some(ClientId { url: Some(url.into()), msisdn: None });
    assert_eq!(of("<ClientID url='c'/>"), (url("c"), None));
    assert_eq!(of("<ClientID url=''>free text</ClientID>"), (url("free text"), None));
    assert_eq!(of("<ClientID url=''><ApplicationID applicationID='app'/></ClientID>"), (None, Some("app".into())));
    assert_eq!(of("<ClientID url='c'><ApplicationID>app</ApplicationID></ClientID>"), (url("c"), Some("app".into())));
}

#[test]
fn senders_by_screen_name_and_recipients_of_all_kinds_are_read_and_written() {
    let fragment = "<NewMessage><MessageInfo>\
        <Recipient><User userID=\"a\"/></Recipient><Recipient><GroupID groupID=\"g\"/></Recipient>\
        <Recipient><ScreenName groupID=\"g\">Nick</ScreenName></Recipient>\
        <Sender><GroupID groupID=\"g\"/><SenderDisplay><ScreenName groupID=\"g\">Nora</ScreenName></SenderDisplay>\
        </Sender></MessageInfo></NewMessage>";
    let primitive = said(fragment);
    let Primitive::NewMessage(message) = &primitive else { panic!() };
    let named = |name: &str| Group { id: None, screen_name: Some(ScreenName { name: name.into(), group: "g".into() }) };
    let to = message.info.recipient.clone().unwrap();
    assert_eq!(to.users, [user("a")]);
    assert_eq!(to.groups, [Group { id: Some("g".into()), screen_name: None }, named("Nick")]);
    assert_eq!(message.info.sender, Some(Sender { user: None, group: Some(named("Nora")) }));
    assert_eq!(write_fragment(None, &primitive, Version::V13), fragment);
}

#[test]
fn content_says_its_type_and_encoding() {
    let of = |content: &str, info: &str| {
        let fragment = format!("<SendMessageRequest><MessageInfo {info}/>{content}</SendMessageRequest>");
        let Primitive::SendMessageRequest(request) = said(&fragment) else { panic!() };
        (request.info.content_type.clone().unwrap_or_default(), request.body().unwrap())
    };
    let text = |kind: &str, text: &'static str| (Text::from(kind), Bytes::from_static(text.as_bytes()));
    assert_eq!(of("<ContentData> Hi </ContentData>", ""), text("", " Hi "));
    assert_eq!(of("<ContentData contentType='text/x'>Hi</ContentData>", ""), text("text/x", "Hi"));
    assert_eq!(of("<ContentData contentType='a/b'>Hi</ContentData>", "contentType='c/d'"), text("c/d", "Hi"));
    assert_eq!(of("<ContentData encoding='x'>\nSGVs\nbG8=\n</ContentData>", ""), text("", "Hello"));
    assert!(read("<NewMessage><MessageInfo/><ContentData encoding='base64'>!</ContentData></NewMessage>").is_err());
}

#[test]
fn text_in_base64_from_csp_stays_base64_on_ssp() {
    let mut request = sent();
    request.info.encoding = Some("BASE64".into());
    request.content = Some(Content::Text("SGVsbG8=".into()));
    let fragment = write_fragment(None, &request.into(), Version::V13);
    let text = std::str::from_utf8(&fragment).unwrap();
    assert!(
        text.contains("<ContentData contentType=\"text/plain\" encoding=\"base64\">SGVsbG8=</ContentData>"),
        "{text}"
    );
}

#[test]
fn a_font_keeps_its_styles() {
    let fragment = "<NewMessage><MessageInfo><Font size=\"Big\" color=\"red\" style=\"Bold Underline\"/></MessageInfo></NewMessage>";
    let primitive = said(fragment);
    let Primitive::NewMessage(message) = &primitive else { panic!() };
    assert_eq!(message.info.font.as_ref().unwrap().styles, ["Bold", "Underline"]);
    assert_eq!(write_fragment(None, &primitive, Version::V13), fragment);
}

#[test]
fn an_unknown_primitive_is_named_and_its_meta_info_read() {
    let document = MESSAGE.replace("SendMessageRequest", "FlyRequest");
    let Body::Session { transactions, .. } = scanned(&document).body else { panic!() };
    assert_eq!((transactions[0].element, transactions[0].name), (None, "FlyRequest"));
    assert_eq!(transactions[0].meta, Some(meta()));
    let read = read_fragment(transactions[0].fragment, Version::V13, &Limits::default()).unwrap();
    assert_eq!(read, (Some(meta()), Said::Unknown("FlyRequest".into())));
}

#[test]
fn every_namespace_names_its_version() {
    for (namespace, version) in [
        ("http://www.openmobilealliance.org/DTD/WV-SSP1.3", Version::V13),
        ("http://www.openmobilealliance.org/DTD/IMPS-SSP1.3", Version::V13),
        ("http://www.openmobilealliance.org/DTD/WV-SSP1.2", Version::V12),
        ("http://www.wireless-village.org/SSP1.1", Version::V11),
        ("urn:something", Version::V13),
    ] {
        let document = MESSAGE.replace("http://www.openmobilealliance.org/DTD/WV-SSP1.3", namespace);
        assert_eq!(scanned(&document).version, version, "{namespace}");
    }
    assert_eq!(scanned(&MESSAGE.replace("xmlns", "x")).version, Version::V13);
}

#[test]
fn only_the_first_child_of_the_root_counts_and_several_transactions_do() {
    let session = &MESSAGE[MESSAGE.find("<Session").unwrap()..MESSAGE.find("</WV-").unwrap()];
    let twice = MESSAGE.replace(session, &format!("{session}<Session sessionID='other'><Junk/></Session>"));
    assert_eq!(scanned(&twice), scanned(MESSAGE));
    let transaction = &session[session.find("<Transaction").unwrap()..session.find("</Session").unwrap()];
    let more = MESSAGE.replace(transaction, &format!("{transaction}{}", transaction.replace("n-0001", "n-0002")));
    let Body::Session { transactions, .. } = scanned(&more).body else { panic!() };
    let ids: Vec<_> = transactions.iter().map(|t| &*t.id).collect();
    assert_eq!(ids, ["n-0001", "n-0002"]);
}

#[test]
fn a_fragment_splices_unless_it_leans_on_prefixes_of_its_envelope() {
    let splices = |document: &str| match scanned(document).body {
        Body::Session { transactions, .. } => transactions[0].splices,
        Body::Setup(_) => panic!("a set-up"),
    };
    let bound = MESSAGE.replace("<WV-SSP-Message", "<WV-SSP-Message xmlns:w='urn:w'");
    assert!(splices(&bound));
    assert!(!splices(&bound.replace("<Sender>", "<Sender w:a='1'>")));
    assert!(!splices(&bound.replace("<Sender>", "<w:Sender>").replace("</Sender>", "</w:Sender>")));
    assert!(splices(&bound.replace("<Sender>", "<Sender xmlns:v='urn:v' v:a='1' xml:lang='en'>")));
    // Bound inside, but used behind the element that binds.
    let behind = bound.replace("<Sender>", "<Sender xmlns:v='urn:v'>").replace("<DateTime", "<DateTime v:a='1'");
    assert!(!splices(&behind));
    let prefixed = MESSAGE.replace("</", "</w:").replace('<', "<w:").replace("<w:/w:", "</w:").replace("<w:?", "<?");
    let prefixed = prefixed.replace("xmlns=", "xmlns:w=");
    assert!(!splices(&prefixed));
    let Body::Session { transactions, .. } = scanned(&prefixed).body else { panic!() };
    let (_, said) = read_fragment(transactions[0].fragment, Version::V13, &Limits::default()).unwrap();
    assert_eq!(said, Said::Known(sent().into()));
}

#[test]
fn faults_are_told_apart() {
    let is_malformed = |error: &ReadError| matches!(error.fault, DecodeError::Malformed(_));
    assert!(is_malformed(&fault("not xml")));
    assert!(is_malformed(&fault("")));
    assert!(is_malformed(&fault(&MESSAGE.replace("</Sender>", "</Send>"))));
    assert!(is_malformed(&fault(&MESSAGE.replace("clientOriginated=\"Yes\"", "clientOriginated=\"a\"b\""))));
    assert!(is_malformed(&fault(&MESSAGE.replace("SGVsbG8=", "&hello;"))));
    let wrong_root = fault("<WV-CSP-Message/>");
    assert_eq!(
        (wrong_root.fault, wrong_root.path.as_str()),
        (DecodeError::Unexpected("WV-CSP-Message".into()), "WV-CSP-Message")
    );
    assert_eq!(fault("<WV-SSP-Message/>").fault, DecodeError::Missing(Element::Session));
    let wrong_child = fault("<WV-SSP-Message><Transaction/></WV-SSP-Message>");
    assert_eq!(wrong_child.fault, DecodeError::Unexpected("Transaction".into()));
    assert_eq!(fault(&format!("<!DOCTYPE a [<!ENTITY b 'c'>]>{}", &MESSAGE[39..])).fault, DecodeError::Doctype);
    assert_eq!(
        fault("<WV-SSP-Message><Session><Transaction/></Session></WV-SSP-Message>").fault,
        DecodeError::Missing(Element::SessionId)
    );
    assert_eq!(fault(&MESSAGE.replace("mode=", "x=")).fault, DecodeError::Missing(Element::TransactionMode));
    assert_eq!(fault(&MESSAGE.replace("transactionID=", "x=")).fault, DecodeError::Missing(Element::TransactionId));
    let latin = MESSAGE.replace("UTF-8", "ISO-8859-1").replace("Hello", "é").replace("SGVsbG8=", "é");
    assert!(matches!(fault(&latin).fault, DecodeError::Unsupported(_)));
    // Skipped, not refused: nothing in it is ever resolved.
    assert!(
        scan(format!("<!DOCTYPE WV-SSP-Message SYSTEM 'x'>{}", &MESSAGE[39..]).as_bytes(), &Limits::default()).is_ok()
    );
    let broken = fault(&MESSAGE.replace("</Transaction>", "<"));
    assert_eq!(broken.seen.session.as_ref().map(SessionId::expose), Some("41@south.example"));
    assert_eq!(broken.seen.transaction.as_deref(), Some("n-0001"));
    let in_meta = fault(&MESSAGE.replace("clientOriginated=\"Yes\"", "clientOriginated=\"maybe\""));
    assert_eq!(in_meta.fault, DecodeError::Value(Element::ClientOriginated));
}

#[test]
fn a_fault_in_a_fragment_is_told_with_its_place() {
    let fragment = "<SendMessageRequest deliveryReport='Yes'><MessageInfo contentSize='x'/></SendMessageRequest>";
    let error = read(fragment).unwrap_err();
    assert_eq!(error.fault, DecodeError::Value(Element::ContentSize));
    assert_eq!(error.path, "SendMessageRequest/MessageInfo");
    assert!(fragment[error.at..].starts_with("<MessageInfo"));
}

#[test]
fn ids_and_sessions_are_escaped() {
    let fragment = write_fragment(None, &Status::from(Code::SUCCESS).into(), Version::V12);
    assert_eq!(fragment, "<Status code=\"200\"/>");
    let message =
        session_message(Version::V12, "a\"b&c", &[Part { mode: Mode::Response, id: "<\n>", fragment: &fragment }]);
    let envelope = scan(&message, &Limits::default()).unwrap();
    assert_eq!(envelope.version, Version::V12);
    let Body::Session { session, transactions } = envelope.body else { panic!() };
    assert_eq!((&*session, &*transactions[0].id), ("a\"b&c", "<\n>"));
}

#[test]
fn a_peer_that_reads_misspellings_alone_gets_both_spellings() {
    let said = Primitive::from(SendMessageRequest {
        info: MessageInfo {
            uri: Some("u".into()),
            name: Some("n".into()),
            validity: Some(60),
            ..MessageInfo::default()
        },
        ..SendMessageRequest::default()
    });
    let written = |double_spelling| {
        let (bytes, _) = write_fragment_telling(None, &said, Version::V13, Quirks { double_spelling }).unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    };
    assert!(written(false).contains(r#"<MessageInfo messageURI="u" contentName="n" validity="60"/>"#));
    let both = r#"messageURI="u" MessageURI="u" contentName="n" ContentName="n" validity="60" validlity="60""#;
    assert!(written(true).contains(both), "{}", written(true));
    assert_eq!(read(&written(true)), read(&written(false)));
}
