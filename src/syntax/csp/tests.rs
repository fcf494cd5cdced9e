//! The envelope in both encodings.

use super::*;
use crate::vocabulary::access::{LoginRequest, LoginResponse};
use crate::vocabulary::party::ClientId;
use crate::vocabulary::record::Empty;
use crate::vocabulary::status::Code;

#[path = "vectors.rs"]
mod vectors;

use vectors::{LOGIN_REQUEST, LOGIN_RESPONSE, POLLING_REQUEST, Vector};

fn client() -> Option<ClientId> {
    Some(ClientId { url: Some("http://c.example.org/1".into()), msisdn: None })
}

fn message(version: Version, session: Option<&str>, mode: Mode, id: Option<&str>, said: Primitive) -> Message {
    let transactions = vec![Transaction { mode, id: id.map(Into::into), said: Said::Known(said) }];
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
}
