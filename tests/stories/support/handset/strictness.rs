//! That the phone of the tests chokes on what a phone in the field chokes on.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::Handset;
use crate::support::ca::Ca;
use crate::support::wire::tree::node;
use crate::support::wire::{Syntax, Version};

/// A good answer to a keep-alive of session `s1`, transaction `phone-1`.
const GOOD: &str = "<WV-CSP-Message xmlns=\"http://www.openmobilealliance.org/DTD/WV-CSP1.2\"><Session>\
<SessionDescriptor><SessionType>Inband</SessionType><SessionID>s1</SessionID></SessionDescriptor>\
<Transaction><TransactionDescriptor><TransactionMode>Response</TransactionMode><TransactionID>phone-1</TransactionID>\
</TransactionDescriptor><TransactionContent xmlns=\"http://www.openmobilealliance.org/DTD/WV-TRC1.2\">\
<KeepAlive-Response><Result><Code>200</Code></Result></KeepAlive-Response></TransactionContent></Transaction>\
<Poll>F</Poll></Session></WV-CSP-Message>";

const KIND: &str = "Content-Type: application/vnd.wv.csp.xml\r\n";

/// What a phone makes of this answer to its keep-alive; `None` = it is content.
async fn choked(answer: String) -> Option<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        assert_ne!(stream.read(&mut request).await.unwrap(), 0);
        stream.write_all(answer.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_secs(5)).await;
    });
    let tls = Ca::new("test").client(None);
    let mut phone = Handset::new(&url, tls, "localhost", Syntax::Xml, Version::V12).of("wv:ann@a.example", "pw");
    phone.session = Some("s1".into());
    let asked = tokio::spawn(async move { phone.ask(node("KeepAlive-Request", [])).await }).await;
    server.abort();
    asked.err().map(|panic| *panic.into_panic().downcast::<String>().unwrap())
}

fn whole(head: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{head}Content-Length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn a_good_answer_is_taken() {
    assert_eq!(choked(whole(KIND, GOOD)).await, None);
}

#[tokio::test]
async fn what_breaks_a_phone_stops_the_story() {
    let changed = |from: &str, to: &str| {
        assert!(GOOD.contains(from), "{from}");
        whole(KIND, &GOOD.replacen(from, to, 1))
    };
    let chunked =
        format!("HTTP/1.1 200 OK\r\n{KIND}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{GOOD}\r\n0\r\n\r\n", GOOD.len());
    for (answer, reason) in [
        ("HTTP/1.1 204 No Content\r\n\r\n".into(), "HTTP 204"),
        ("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n".into(), "HTTP 500"),
        (chunked, "Content-Length"),
        (whole(KIND, ""), "an empty body answers a request"),
        (whole("Content-Type: text/xml\r\n", GOOD), "content type"),
        (changed("</Code>", ""), "unreadable"),
        (changed("WV-CSP1.2", "WV-CSP1.3"), "namespace"),
        (changed("WV-TRC1.2", "WV-TRC1.1"), "content's namespace"),
        (changed("<SessionID>s1</SessionID>", ""), "Inband without SessionID"),
        (changed("<SessionID>s1</SessionID>", "<SessionID>S1</SessionID>"), "a foreign SessionID"),
        (changed("Inband</SessionType><SessionID>s1</SessionID>", "Outband</SessionType>"), "not echoed"),
        (changed("Response</T", "response</T"), "TransactionMode"),
        (changed("Response</T", "Request</T"), "a server request stands"),
        (changed("phone-1", "phone-2"), "transaction phone-2 answers phone-1"),
        (changed("phone-1", &"x".repeat(51)), "TransactionID"),
        (changed("<Code>200</Code>", ""), "a Result without Code"),
        (changed("<Poll>F</Poll>", "<Poll>false</Poll>"), "neither T nor F"),
        (changed("<Poll>F</Poll>", "<CIR>F</CIR>"), "CIR"),
        (changed("</TransactionDescriptor>", "<Poll>T</Poll></TransactionDescriptor>"), "another version"),
        (changed("</Transaction>", "</Transaction><Transaction/>"), "one Transaction"),
    ] {
        let panic = choked(answer.clone()).await.unwrap_or_else(|| panic!("not choked: {reason}"));
        assert!(panic.contains(reason), "{reason}: {panic}");
    }
}
