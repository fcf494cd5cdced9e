//! PTS as a whole: lines become messages, and messages lines.

mod carried;

use crate::ident::SessionId;
use crate::syntax::csp::{Message, Transaction, read, write, write_telling};
use crate::syntax::{Encoding, Limits, ReadError, Said, Seen};
use crate::vocabulary::access::{KeepAliveResponse, LoginRequest, LoginResponse};
use crate::vocabulary::capability::{AgreedCapabilityList, CapabilityList, ClientCapabilityRequest};
use crate::vocabulary::contact_list::{CreateListRequest, ListManageRequest, ListManageResponse, NickList, NickName};
use crate::vocabulary::message::SendMessageResponse;
use crate::vocabulary::party::{ClientId, User};
use crate::vocabulary::presence::attribute::{ClientInfo, ClientStatus, StatusContent, UserStatus};
use crate::vocabulary::presence::{GetPresenceRequest, Presence, PresenceNotificationRequest, PresenceSubList};
use crate::vocabulary::presence::{SubscribePresenceRequest, UpdatePresenceRequest};
use crate::vocabulary::property::{Properties, Property};
use crate::vocabulary::record::Empty;
use crate::vocabulary::service::{Functions, Node, ServiceRequest, ServiceResponse};
use crate::vocabulary::status::{Code, Outcome, Status};
use crate::vocabulary::{DecodeError, Element, Mode, Primitive, Version};

use super::codes;

fn of(text: &str) -> Result<Message, ReadError> {
    read(text.as_bytes(), Encoding::Pts, &Limits::default(), |_| None)
}

fn said(text: &str) -> Primitive {
    let message = of(text).unwrap();
    assert_eq!(message.transactions.len(), 1);
    match message.transactions.into_iter().next().unwrap().said {
        Said::Known(primitive) => primitive,
        Said::Unknown(name) => panic!("{name}"),
    }
}

fn message(version: Version, session: Option<&str>, id: Option<&str>, said: impl Into<Primitive>) -> Message {
    let said = said.into();
    let mode = if codes::answers(said.element()) { Mode::Response } else { Mode::Request };
    let transactions = vec![Transaction { mode, id: id.map(Into::into), segment: None, said: Said::Known(said) }];
    Message { version, session: session.map(SessionId::new), transactions, poll: None }
}

/// The line that a primitive becomes in version 1.2, and what it loses.
fn line(said: impl Into<Primitive>) -> (String, Vec<String>) {
    let (written, losses) = write_telling(&message(Version::V12, None, Some("1"), said), Encoding::Pts);
    let at = "/WV-CSP-Message/Session/Transaction/TransactionContent/";
    let lost = losses.iter().map(ToString::to_string).map(|loss| loss.strip_prefix(at).unwrap_or(&loss).to_owned());
    (String::from_utf8(written.to_vec()).unwrap(), lost.collect())
}

/// The primitive is written as this line, without a loss, and the line read as this primitive.
fn stands_for(text: &str, primitive: impl Into<Primitive>) {
    let primitive = primitive.into();
    assert_eq!(line(primitive.clone()), (text.to_owned(), Vec::new()));
    assert_eq!(said(text), primitive);
}

fn client() -> Option<ClientId> {
    Some(ClientId { url: Some("http://a/b".into()), msisdn: None })
}

#[test]
fn a_login_and_its_answer() {
    let request = LoginRequest {
        user: Some("wv:user@im.com".into()),
        client: client(),
        password: Some("secret".into()),
        time_to_live: Some(3600),
        cookie: Some("cookie1".into()),
        ..LoginRequest::default()
    };
    let text = "WV12LR1 UI=wv:user@im.com CI=http://a/b PW=secret SC=cookie1 TL=3600";
    assert_eq!(of(text).unwrap(), message(Version::V12, None, Some("1"), request.clone()));
    stands_for("WV12LR1 UI=wv:user@im.com CI=http://a/b PW=secret TL=3600 SC=cookie1", request);
    let answer = LoginResponse {
        outcome: Code::SUCCESS.into(),
        session: Some("abc123".into()),
        keep_alive: Some(3600),
        capability_request: Some(true),
        ..LoginResponse::default()
    };
    let text = "WV12RL1 ST=200 SI=abc123 KA=3600 CR=T";
    assert_eq!(of(text).unwrap(), message(Version::V12, None, Some("1"), answer.clone()));
    stands_for(text, answer);
}

#[test]
fn a_digest_schema_has_a_code_in_each_direction() {
    let schemas = ["MD5", "SHA"].map(Into::into).to_vec();
    let request = LoginRequest { user: Some("+48123".into()), schemas, ..LoginRequest::default() };
    stands_for("WV12LR1 UI=+48123 SH=(MD5,SHA)", request);
    let outcome = Outcome::new(Code::UNAUTHORIZED, "say \"please\"");
    let schema = Some("MD5".into());
    let answer = LoginResponse { outcome, nonce: Some("n=1".into()), schema, ..LoginResponse::default() };
    stands_for("WV12RL1 ST=(401,\"say \"\"please\"\"\") NO=\"n=1\" DI=MD5", answer);
}

#[test]
fn the_session_stands_first_and_tells_whether_there_is_one() {
    let poll = message(Version::V13, Some("s 1"), None, Primitive::PollingRequest(Empty));
    assert_eq!(write(&poll, Encoding::Pts), "WV13PO0 SI=\"s 1\"");
    for text in ["WV13PO0 SI=\"s 1\"", "WV13PO SI=\"s 1\"", "wv13po0 si=\"s 1\" \r\n", "WV13PO0aa SI=\"s 1\""] {
        assert_eq!(of(text).unwrap(), poll, "{text}");
    }
    let outband = of("WV11ST7 ST=200").unwrap();
    assert_eq!(outband, message(Version::V11, None, Some("7"), Status::from(Code::SUCCESS)));
    // Anywhere, since order means nothing elsewhere.
    assert_eq!(of("WV11KA7 TL=9 SI=s").unwrap().session, Some(SessionId::new("s")));
}

#[test]
fn the_mode_follows_from_the_code() {
    let mode = |text: &str| of(text).unwrap().transactions[0].mode;
    for text in ["WV12KA0 SI=s", "WV12PN0 SI=s PR=(u)", "WV12UP0 UV=()", "WV12ZZ0"] {
        assert_eq!(mode(text), Mode::Request, "{text}");
    }
    for text in ["WV12AK0 ST=200", "WV12ST0 ST=200", "WV12DI0 ST=601"] {
        assert_eq!(mode(text), Mode::Response, "{text}");
    }
}

#[test]
fn a_client_id_is_a_number_where_it_looks_like_one() {
    let text = "WV12RL1 CI=+48123 ST=200";
    let number = |digits: &str| Some(ClientId { url: None, msisdn: Some(digits.into()) });
    let (_, lost) = line(LoginRequest { client: number("48123"), ..LoginRequest::default() });
    assert_eq!(lost, ["Login-Request/ClientID/MSISDN"]);
    let client = number("+48123");
    stands_for(text, LoginResponse { client, outcome: Code::SUCCESS.into(), ..LoginResponse::default() });
}

#[test]
fn capabilities_are_pairs() {
    let list = CapabilityList {
        client_type: Some("MOBILE_PHONE".into()),
        delivery: Some("P".into()),
        bearers: vec!["HTTP".into()],
        cir_methods: vec!["STCP".into(), "SHTTP".into()],
        ..CapabilityList::default()
    };
    stands_for(
        "WV12CP1 CA=((CT,MP),(ID,P),(SB,HTTP),(SC,ST),(SC,SHTTP))",
        ClientCapabilityRequest { client: None, list: Some(list.clone()) },
    );
    let full = CapabilityList { any_content: Some(true), content_length: Some(7), ..list };
    let (text, lost) = line(ClientCapabilityRequest { client: None, list: Some(full) });
    assert_eq!(text, "WV12CP1 CA=((CT,MP),(ID,P),(SB,HTTP),(SC,ST),(SC,SHTTP))");
    let at = "ClientCapability-Request/CapabilityList";
    assert_eq!(lost, [format!("{at}/AnyContent"), format!("{at}/AcceptedContentLength")]);
    let Primitive::ClientCapabilityRequest(lone) = said("WV12CP1 CA=(ct,cli)") else { panic!() };
    assert_eq!(lone.list.unwrap().client_type.as_deref(), Some("cli"));
    let agreed = AgreedCapabilityList {
        cir_methods: vec!["STCP".into()],
        tcp_address: Some("h".into()),
        tcp_port: Some(3171),
        ..AgreedCapabilityList::default()
    };
    let Primitive::ClientCapabilityResponse(read) = said("WV12PC1 AP=((SC,ST),(TA,h),(TP,3171))") else { panic!() };
    assert_eq!((read.agreed, read.list), (Some(agreed), None));
}

fn leaf(element: Element) -> Node {
    Node { element, children: Vec::new() }
}

#[test]
fn services_are_features_and_never_more_than_was_said() {
    let all = [Element::FundamentalFeat, Element::PresenceFeat, Element::ImFeat, Element::GroupFeat].map(leaf);
    let functions = |features: &[Node]| Some(Functions { features: Some(features.to_vec()) });
    let asked = ServiceRequest { functions: functions(&all), all_functions: Some(true), ..ServiceRequest::default() };
    stands_for("WV12SQ1 RF=(FF,PF,IF,GE) AR=T", asked);
    stands_for("WV12SQ1 RF=WV", ServiceRequest { functions: functions(&[]), ..ServiceRequest::default() });
    assert_eq!(said("WV12SQ1 RF=(WV)"), said("WV12SQ1 RF=WV"));
    stands_for("WV12SQ1 RF=()", ServiceRequest { functions: Some(Functions::default()), ..ServiceRequest::default() });
    let part = Node { element: Element::ImFeat, children: vec![leaf(Element::ImSendFunc), leaf(Element::Mm)] };
    let answer = ServiceResponse {
        client: None,
        functions: functions(&[part.clone(), leaf(Element::GroupFeat)]),
        all_functions: functions(&[part.clone(), leaf(Element::PresenceFeat)]),
    };
    let (text, lost) = line(answer);
    assert_eq!(text, "WV12QS1 NF=(GE) AF=(IF,PF)");
    let at = "Service-Response";
    let inner = format!("{at}/AllFunctions/WVCSPFeat/IMFeat");
    assert_eq!(
        lost,
        [format!("{at}/Functions/WVCSPFeat/IMFeat"), format!("{inner}/IMSendFunc"), format!("{inner}/MM")]
    );
    // A refusal of some functions is none of their feature.
    let (text, lost) = line(ServiceResponse { functions: functions(&[part]), ..ServiceResponse::default() });
    assert_eq!((text.as_str(), lost.len()), ("WV12QS1", 1));
}

fn nick(name: &str, user: &str) -> NickName {
    NickName { name: Some(name).filter(|name| !name.is_empty()).map(Into::into), user: user.into() }
}

#[test]
fn contact_lists_are_pairs_of_names_and_users() {
    let nicks = Some(NickList { nicks: vec![nick("Big, \"B\"", "wv:b@d"), nick("", "wv:c@d")] });
    let list = vec![Property::new("DisplayName", "My friends"), Property::new("Default", "T")];
    let properties = Some(Properties { list });
    let create = CreateListRequest { list: "wv:a/x@d".into(), nicks: nicks.clone(), properties: properties.clone() };
    stands_for(
        "WV12CL1 CL=wv:a/x@d UN=((\"Big, \"\"B\"\"\",wv:b@d),(,wv:c@d)) CP=((DN,\"My friends\"),(DE,T))",
        create,
    );
    stands_for(
        "WV12ML1 ST=200 UN=() CP=()",
        ListManageResponse {
            outcome: Code::SUCCESS.into(),
            nicks: Some(NickList::default()),
            properties: Some(Properties::default()),
        },
    );
    let text = "WV12LM1 CL=wv:a/x@d RN=((,wv:b@d),(cy,wv:c@d)) RL=T";
    let Primitive::ListManageRequest(manage) = said(text) else { panic!() };
    assert_eq!(manage.remove.unwrap().users, ["wv:b@d", "wv:c@d"]);
    assert_eq!(manage.receive, Some(true));
    let add = ListManageRequest { list: "l".into(), add: nicks, ..ListManageRequest::default() };
    stands_for("WV12LM1 CL=l AN=((\"Big, \"\"B\"\"\",wv:b@d),(,wv:c@d))", add);
    let deleted = Property { name: "Default".into(), value: None };
    let other = Property::new("Colour", "red");
    let properties = Some(Properties { list: vec![deleted, other] });
    let (text, lost) = line(CreateListRequest { list: "l".into(), nicks: None, properties });
    assert_eq!(text, "WV12CL1 CL=l CP=((DE))");
    assert_eq!(lost, ["CreateList-Request/ContactListProperties/Property"]);
}

#[test]
fn an_element_that_stands_several_times_is_one_group() {
    let Primitive::GetListResponse(lists) = said("WV12LG1 SI=s CL=(wv:a/x@d,wv:a/y@d) dc=wv:a/z@d") else { panic!() };
    assert_eq!((lists.lists.len(), lists.default.as_deref()), (2, Some("wv:a/z@d")));
    assert_eq!(said("WV12LG1 CL=(wv:a/x@d,wv:a/y@d) DL=wv:a/z@d"), Primitive::GetListResponse(lists.clone()));
    // In 1.3 they stand in a list, on this wire as ever.
    let written = write(&message(Version::V13, Some("s"), Some("1"), lists), Encoding::Pts);
    assert_eq!(written, "WV13LG1 SI=s CL=(wv:a/x@d,wv:a/y@d) DC=wv:a/z@d");
    let user = |id: &str| User { id: id.into(), ..User::default() };
    let subscribe = SubscribePresenceRequest {
        users: vec![user("wv:a@d"), user("wv:b@d")].into(),
        lists: vec!["wv:a/x@d".into()].into(),
        auto_subscribe: Some(false),
        ..SubscribePresenceRequest::default()
    };
    stands_for("WV12SB1 UI=(wv:a@d,wv:b@d) CL=wv:a/x@d AS=F", subscribe);
}

fn status(qualifier: Option<bool>, value: Option<&str>) -> ClientStatus {
    ClientStatus { qualifier, value: value.map(Into::into), ..ClientStatus::default() }
}

fn user_status(value: &str) -> Option<UserStatus> {
    Some(UserStatus { qualifier: Some(true), value: Some(value.into()) })
}

#[test]
fn attributes_are_asked_for_by_name() {
    let get = |attributes| GetPresenceRequest { attributes: Some(attributes), ..GetPresenceRequest::default() };
    let online = PresenceSubList { online_status: vec![status(None, None)], ..PresenceSubList::default() };
    stands_for("WV12GP1 PS=OS", get(online.clone()));
    let (client_type, producer) = (Some("".into()), Some("".into()));
    let info = ClientInfo { client_type, producer, ..ClientInfo::default() };
    let detailed = PresenceSubList { client_info: vec![info], ..PresenceSubList::default() };
    stands_for("WV12GP1 PS=(CF,(CT,CP))", get(detailed.clone()));
    let both = PresenceSubList { client_info: detailed.client_info, ..online };
    stands_for("WV12GP1 PS=(OS,(CF,(CT,CP)))", get(both.clone()));
    let three = PresenceSubList { status_text: Some(UserStatus::default()), ..both };
    assert_eq!(said("WV12GP1 PS=(ST,(cf,(CP,CT)),OS)"), get(three).into());
    stands_for("WV12GP1 PS=()", get(PresenceSubList::default()));
}

#[test]
fn attributes_are_told_with_qualifier_and_value() {
    let info = ClientInfo {
        qualifier: Some(true),
        client_type: Some("MOBILE_PHONE".into()),
        producer: Some("name".into()),
        ..ClientInfo::default()
    };
    let content = StatusContent {
        qualifier: Some(true),
        referred: Some("http://a/b=c".into()),
        content_type: Some("image/png".into()),
        ..StatusContent::default()
    };
    let attributes = PresenceSubList {
        client_info: vec![info],
        user_availability: user_status("AVAILABLE"),
        status_text: user_status("AV or not"),
        status_content: Some(content),
        ..PresenceSubList::default()
    };
    let values = "((CF,T,((CT,MP),(CP,name))),(UA,T,AV),(ST,T,\"AV or not\"),\
                  (SC,T,((RC,\"http://a/b=c\"),(CY,image/png))))";
    stands_for(&format!("WV12UP1 UV={values}"), UpdatePresenceRequest { attributes: attributes.clone() });
    let offline = PresenceSubList { online_status: vec![status(Some(false), None)], ..PresenceSubList::default() };
    let notify = |presences| PresenceNotificationRequest { watchers: Vec::new(), presences };
    let ann = Presence::of_user("wv:ann@d", attributes);
    let ben = Presence::of_user("wv:ben@d", offline);
    let cyd = Presence { user: Some("wv:cyd@d".into()), ..Presence::default() };
    stands_for(&format!("WV12PN1 PR=(wv:ann@d,{values})"), notify(vec![ann.clone()]));
    stands_for(
        &format!("WV12PN1 PR=((wv:ann@d,{values}),(wv:ben@d,((OS,F,))),(wv:cyd@d))"),
        notify(vec![ann, ben, cyd.clone()]),
    );
    stands_for("WV12PN1 PR=(wv:cyd@d)", notify(vec![cyd.clone()]));
    assert_eq!(said("WV12PN1 PR=((wv:cyd@d))"), notify(vec![cyd.clone()]).into());
    let nobody = Presence { list: Some("wv:a/x@d".into()), ..Presence::default() };
    let (text, lost) = line(notify(vec![nobody, cyd]));
    assert_eq!(
        (text.as_str(), lost.as_slice()),
        ("WV12PN1 PR=(wv:cyd@d)", &["PresenceNotification-Request/Presence".to_owned()][..])
    );
}

#[test]
fn attributes_are_read_in_shorter_forms_too() {
    let update = |text: &str| match said(text) {
        Primitive::UpdatePresenceRequest(update) => update.attributes,
        other => panic!("{other:?}"),
    };
    let available = |qualifier| PresenceSubList {
        user_availability: Some(UserStatus { qualifier, value: Some("AVAILABLE".into()) }),
        ..PresenceSubList::default()
    };
    assert_eq!(update("WV12UP1 UV=((UA,T,AV))"), available(Some(true)));
    assert_eq!(update("WV12UP1 UV=(ua,T,av)"), available(Some(true)));
    assert_eq!(update("WV12UP1 UV=((UA,AV))"), available(None));
    assert_eq!(update("WV12UP1 UV=((UA,,AVAILABLE))"), available(None));
    // A text that is known to be nothing.
    assert_eq!(update("WV12UP1 UV=((ST,T,))").status_text, user_status(""));
    assert_eq!(update("WV12UP1 UV=((ST,T,\"\"))").status_text, user_status(""));
    let nothing = |qualifier| Some(UserStatus { qualifier: Some(qualifier), value: None });
    assert_eq!(update("WV12UP1 UV=((ST,F,))").status_text, nothing(false));
    assert_eq!(update("WV12UP1 UV=((UA,T,))").user_availability, nothing(true));
    assert_eq!(update("WV12UP1 UV=((CF,T,(CT,PD)))").client_info[0].client_type.as_deref(), Some("PDA"));
}

#[test]
fn what_has_no_code_is_told_and_left_out() {
    let answer = SendMessageResponse { outcome: Code::SUCCESS.into(), message: None };
    assert_eq!(line(answer.clone()), (String::new(), vec!["SendMessage-Response".into()]));
    let mut two = message(Version::V12, Some("s"), Some("1"), answer);
    let alive = KeepAliveResponse { outcome: Code::SUCCESS.into(), keep_alive: None };
    two.transactions.extend(message(Version::V12, None, Some("2"), alive.clone()).transactions);
    two.transactions.extend(message(Version::V12, None, Some("3"), alive).transactions);
    let (written, losses) = write_telling(&two, Encoding::Pts);
    assert_eq!(written, "WV12AK2 SI=s ST=200");
    let lost: Vec<_> = losses.iter().map(|loss| loss.element).collect();
    assert_eq!(lost, [Element::SendMessageResponse, Element::Transaction]);
    let outcome = Outcome { try_again: Some(9), ..Code::UNAVAILABLE.into() };
    let status = Status { outcome, client: None };
    let (written, losses) = write_telling(&message(Version::V13, Some("s"), Some("m7"), status), Encoding::Pts);
    assert_eq!(written, "WV13ST0 SI=s ST=(503,\"service unavailable\")");
    let lost: Vec<_> = losses.iter().map(|loss| loss.element).collect();
    assert_eq!(lost, [Element::TransactionId, Element::TryAgainTimeout]);
}

#[test]
fn an_unknown_primitive_keeps_its_envelope() {
    let message = of("WV12SM7 SI=s MD=x ZZ=(1,2)").unwrap();
    assert_eq!(message.session, Some(SessionId::new("s")));
    assert_eq!(message.transactions[0].id.as_deref(), Some("7"));
    assert_eq!(message.transactions[0].said, Said::Unknown("SM".into()));
}

#[test]
fn faults_are_told_with_code_and_place_and_envelope() {
    let seen = Seen { version: Some(Version::V13), session: Some(SessionId::new("s")), transaction: Some("7".into()) };
    let cases = [
        ("WV13KA7 SI=s TL=1 ZZ=1", "ZZ is no code known in KeepAlive-Request (byte 18, at /KA)"),
        ("WV13KA7 SI=s TL=soon", "TimeToLive holds no valid value (byte 16, at /KA/TL)"),
        ("WV13KA7 SI=s TL=(1,2)", "a group has no place here (byte 16, at /KA/TL)"),
        ("WV13KA7 SI=s TL", "TL has no value (byte 15, at /KA/TL)"),
        ("WV13CP7 SI=s CA=((CT,MP),(XX,1))", "\"XX\" is no code known here (byte 25, at /CP/CA)"),
        ("WV13CP7 SI=s CA=((CT,(MP)))", "a group has no place here (byte 21, at /CP/CA/CT)"),
        ("WV13CP7 SI=s CA=((CT,MP", "the document ends early (byte 23, at /CP/CA)"),
        ("WV13SQ7 SI=s RF=(FF,MF)", "\"MF\" is no code known here (byte 20, at /SQ/RF)"),
        ("WV13GP7 SI=s PS=(OS,(CF,(XX)))", "\"XX\" is no code known here (byte 25, at /GP/PS/CF)"),
        ("WV13UP7 SI=s UV=((OS,T,T,T))", "a code, a qualifier and a value are expected here (byte 17, at /UP/UV)"),
        ("WV13KA7 SI=s SI=t TL=1", "SessionID occurs twice (byte 0, at /KA)"),
        ("WV13CL7 SI=s UN=((a,b))", "ContactList is missing (byte 23, at /CL)"),
        ("WV13KA7bc SI=s", "this is part 2 of 3 of a message, which is read whole only (byte 0, at /KA)"),
    ];
    for (text, told) in cases {
        let error = of(text).unwrap_err();
        assert_eq!(error.to_string().replace("malformed: ", ""), told, "{text}");
        if !text.contains("SI=t") && !text.contains("KA7bc") {
            assert_eq!(error.seen, seen, "{text}");
        }
    }
}

#[test]
fn versions_that_are_not_spoken_are_told() {
    let error = of("WV14KA7 SI=s").unwrap_err();
    assert_eq!((error.fault, error.seen.version), (DecodeError::Unsupported("CSP 1.4".into()), None));
    assert_eq!(error.seen.transaction.as_deref(), Some("7"));
    let error = of("WVXXZZ7").unwrap_err();
    assert_eq!(error.fault, DecodeError::Unsupported("version discovery in PTS".into()));
    for text in ["", " ", "hello", "WV", "<WV-CSP-Message/>", "WV12"] {
        assert!(of(text).is_err(), "{text}");
    }
    assert!(read(b"WV12KA7 SI=\xFF", Encoding::Pts, &Limits::default(), |_| None).is_err());
}
