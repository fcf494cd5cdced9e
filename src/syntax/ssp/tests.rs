//! SSP in both directions.

use super::*;
use crate::vocabulary::Content;
use crate::vocabulary::interop::{Requestor, SendSecretToken, SspLoginRequest};
use crate::vocabulary::message::{MessageInfo, SendMessageRequest};
use crate::vocabulary::party::{Recipient, Sender, User};

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
    assert_eq!((transaction.mode, transaction.id.as_str()), (Mode::Request, "n-0001"));
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
        assert_eq!((step.mode, step.id.as_str(), step.fragment), (Mode::Response, "a<b", &fragment[..]));
        assert_eq!(step.element, Some(primitive.element()));
        let read = read_fragment(step.fragment, Version::V13, &Limits::default()).unwrap();
        assert_eq!(read, (None, Said::Known(primitive)));
    }
}
