use super::*;
use crate::vocabulary::Version::{V11, V12, V13};
use crate::vocabulary::party::ClientId;

fn texts(words: &[&str]) -> Vec<Text> {
    words.iter().map(|word| Text::from(*word)).collect()
}

fn types(mimes: &[&str]) -> Vec<AcceptedContentType> {
    mimes.iter().map(|mime| AcceptedContentType { mime: (*mime).into(), ..AcceptedContentType::default() }).collect()
}

fn asked(list: CapabilityList, version: Version) -> (Capabilities, ClientCapabilityResponse) {
    let request = ClientCapabilityRequest { client: None, list: Some(list) };
    negotiate(&request, version, &Offer::default())
}

fn told(list: CapabilityList, version: Version) -> AgreedCapabilityList {
    asked(list, version).1.agreed.unwrap()
}

/// What Nokia's engine says of itself.
fn nokia() -> CapabilityList {
    CapabilityList {
        client_type: Some("MOBILE_PHONE".into()),
        delivery: Some("P".into()),
        any_content: Some(true),
        charsets: vec![106],
        encodings: texts(&["BASE64"]),
        content_length: Some(102_400),
        bearers: texts(&["HTTP"]),
        multi_trans: Some(3),
        parser_size: Some(131_072),
        cir_methods: texts(&["WAPSMS", "WAPUDP", "STCP", "SUDP"]),
        udp_port: Some(3717),
        poll_min: Some(8),
        ..CapabilityList::default()
    }
}

/// What Android's engine says of itself.
fn android() -> CapabilityList {
    CapabilityList {
        client_type: Some("MOBILE_PHONE".into()),
        delivery: Some("P".into()),
        content_types: types(&["text/plain", "text/plain; charset=utf-8"]),
        encodings: texts(&["BASE64"]),
        content_length: Some(8192),
        bearers: texts(&["HTTP"]),
        multi_trans: Some(1),
        parser_size: Some(262_144),
        cir_methods: texts(&["STCP", "SHTTP", "SSMS"]),
        poll_min: Some(30),
        language: Some("en".into()),
        ..CapabilityList::default()
    }
}

#[test]
fn without_negotiation_a_session_pushes_plain_text_one_at_a_time() {
    let kept = Capabilities::default();
    assert_eq!(kept.delivery, Delivery::Push);
    assert!(kept.accepts(None) && kept.accepts(Some("text/plain; charset=UTF-8")));
    assert!(!kept.accepts(Some("image/png")));
    assert_eq!((kept.multi_trans, kept.multi_trans_per_message), (1, 1));
    assert!(kept.cir_methods.is_empty());
    assert_eq!(kept.push_limit(None), None);
}

#[test]
fn a_1_1_client_gets_its_list_back_corrected_with_its_client_id() {
    let client = Some(ClientId { url: Some("http://nokia/1".into()), msisdn: None });
    let request = ClientCapabilityRequest { client: client.clone(), list: Some(nokia()) };
    let (kept, response) = negotiate(&request, V11, &Offer::default());
    assert_eq!(response.client, client);
    assert_eq!(response.agreed, None);
    let list = response.list.unwrap();
    assert!(list.cir_methods.is_empty(), "no wake-up is offered");
    assert_eq!(list.tcp_address, None);
    assert_eq!(CapabilityList { cir_methods: nokia().cir_methods, ..list }, nokia(), "the rest was fine");
    assert_eq!((kept.multi_trans, kept.multi_trans_per_message), (3, 3));
    assert_eq!(kept.push_limit(Some("image/png")), Some(102_400));
    assert!(kept.accepts(Some("image/png")));
}

#[test]
fn a_1_1_client_that_sends_no_client_id_finds_the_list_first() {
    let (_, response) = asked(android(), V11);
    assert_eq!(response.client, None);
    assert!(response.list.is_some());
}

#[test]
fn a_1_1_client_that_sends_no_list_gets_what_holds() {
    let (kept, response) = negotiate(&ClientCapabilityRequest::default(), V11, &Offer::default());
    let list = response.list.unwrap();
    assert_eq!(list.delivery.as_deref(), Some("P"));
    assert_eq!(list.bearers, texts(&["HTTP"]));
    assert_eq!(list.multi_trans, Some(1));
    assert_eq!(list.poll_min, None, "the client named none");
    assert_eq!(kept, Capabilities::default());
}

#[test]
fn a_1_2_client_gets_a_short_list_that_is_never_empty() {
    let agreed = told(android(), V12);
    let expected =
        AgreedCapabilityList { bearers: texts(&["HTTP"]), poll_min: Some(30), ..AgreedCapabilityList::default() };
    assert_eq!(agreed, expected);
    for version in [V12, V13] {
        let (_, response) = negotiate(&ClientCapabilityRequest::default(), version, &Offer::default());
        assert_eq!(response.agreed.unwrap().bearers, texts(&["HTTP"]));
        assert_eq!((response.client, response.list), (None, None));
    }
}

#[test]
fn colibria_sends_its_client_id_in_1_2_and_gets_only_the_agreed_list() {
    let request = ClientCapabilityRequest {
        client: Some(ClientId { url: Some("WV:InstantMessenger-1.0@COLIBRIA.PC-CLIENT".into()), msisdn: None }),
        list: Some(CapabilityList {
            client_type: Some("COMPUTER".into()),
            delivery: Some("P".into()),
            bearers: texts(&["HTTP"]),
            multi_trans: Some(1),
            cir_methods: texts(&["STCP"]),
            ..CapabilityList::default()
        }),
    };
    let (_, response) = negotiate(&request, V12, &Offer::default());
    assert_eq!(response.client, None);
    assert!(response.agreed.unwrap().cir_methods.is_empty());
}

#[test]
fn unknown_bearers_are_left_out_and_the_rest_is_said_once_in_plain_spelling() {
    let list = CapabilityList { bearers: texts(&["SMS", "https", "PIGEON", "HTTP", "HTTPS"]), ..android() };
    assert_eq!(told(list, V12).bearers, texts(&["HTTPS", "HTTP"]));
    let list = CapabilityList { bearers: texts(&["PIGEON"]), ..android() };
    assert_eq!(told(list, V13).bearers, texts(&["HTTP"]));
}

#[test]
fn wake_up_methods_are_agreed_in_the_clients_order_and_stcp_only_with_an_address() {
    let mut offer = Offer { cir_methods: texts(&["SUDP", "STCP"]), ..Offer::default() };
    let request = ClientCapabilityRequest { client: None, list: Some(nokia()) };
    let (kept, _) = negotiate(&request, V12, &offer);
    assert_eq!(kept.cir_methods, texts(&["SUDP"]));
    offer.tcp = Some(("chat.north.example".into(), 8081));
    let (kept, response) = negotiate(&request, V12, &offer);
    assert_eq!(kept.cir_methods, texts(&["STCP", "SUDP"]));
    let agreed = response.agreed.unwrap();
    assert_eq!((agreed.tcp_address.as_deref(), agreed.tcp_port), (Some("chat.north.example"), Some(8081)));
    let list = negotiate(&request, V11, &offer).1.list.unwrap();
    assert_eq!((list.tcp_address.as_deref(), list.tcp_port), (Some("chat.north.example"), Some(8081)));
}

#[test]
fn a_poll_interval_is_raised_to_the_minimum_and_never_invented() {
    for (wanted, agreed) in [(Some(0), Some(2)), (Some(1), Some(2)), (Some(30), Some(30)), (None, None)] {
        let (kept, response) = asked(CapabilityList { poll_min: wanted, ..android() }, V12);
        assert_eq!(response.agreed.unwrap().poll_min, agreed);
        assert_eq!(kept.poll_min, agreed);
    }
}

#[test]
fn a_1_3_client_gets_the_values_it_stated_corrected() {
    let list = CapabilityList {
        content_types: vec![AcceptedContentType {
            mime: "image/png".into(),
            length: Some(1_000_000),
            ..AcceptedContentType::default()
        }],
        push_length: Some(20_000),
        pull_length: Some(9_000_000),
        text_length: Some(1000),
        encodings: texts(&["base64", "NONE", "UUENCODE"]),
        multi_trans: Some(500),
        multi_trans_per_message: Some(0),
        priority: Some(4),
        ..CapabilityList::default()
    };
    let (kept, response) = asked(list, V13);
    let agreed = response.agreed.unwrap();
    assert_eq!(agreed.content_types[0].length, Some(262_144));
    assert_eq!((agreed.push_length, agreed.pull_length), (Some(20_000), Some(262_144)));
    assert_eq!(agreed.encodings, texts(&["BASE64", "None"]));
    assert_eq!((agreed.multi_trans, agreed.multi_trans_per_message), (Some(100), Some(1)));
    assert_eq!(agreed.priority, Some(4));
    assert_eq!(kept.push_limit(Some("text/plain")), Some(1000));
    assert_eq!(kept.push_limit(Some("image/png")), Some(20_000));
    assert!(!kept.accepts(Some("image/gif")));
}

#[test]
fn a_1_3_client_with_the_old_names_is_understood() {
    let (kept, response) = asked(android(), V13);
    assert_eq!(kept.push_length, Some(8192));
    assert_eq!(response.agreed.unwrap().push_length, Some(8192));
}

#[test]
fn until_1_2_one_number_counts_transactions_and_in_1_3_silence_means_one_per_message() {
    let list = || CapabilityList { multi_trans: Some(3), ..CapabilityList::default() };
    assert_eq!(asked(list(), V12).0.multi_trans_per_message, 3);
    assert_eq!(asked(list(), V13).0.multi_trans_per_message, 1);
    let zero = CapabilityList { multi_trans: Some(0), ..CapabilityList::default() };
    assert_eq!(asked(zero, V12).0.multi_trans, 1);
}

#[test]
fn absurd_numbers_do_no_harm() {
    let list = CapabilityList {
        parser_size: Some(3),
        udp_port: Some(70_000),
        multi_trans: Some(u32::MAX),
        multi_trans_per_message: Some(u32::MAX),
        delivery: Some("?".into()),
        ..CapabilityList::default()
    };
    let (kept, _) = asked(list, V13);
    assert_eq!((kept.parser_size, kept.udp_port), (None, None));
    assert_eq!((kept.multi_trans, kept.multi_trans_per_message), (100, 100));
    assert_eq!(kept.delivery, Delivery::Push);
}

#[test]
fn capabilities_are_stored_and_read_again_even_from_an_older_record() {
    let (kept, _) = asked(CapabilityList { delivery: Some("n".into()), ..nokia() }, V12);
    assert_eq!(kept.delivery, Delivery::Notify);
    let stored = serde_json::to_string(&kept).unwrap();
    assert_eq!(serde_json::from_str::<Capabilities>(&stored).unwrap(), kept);
    assert_eq!(serde_json::from_str::<Capabilities>("{}").unwrap(), Capabilities::default());
}
