//! Its WBXML, byte by byte.

use super::{Android, NORTH};
use crate::clients::PATIENT;
use crate::clients::said::{self, bytes, send};
use crate::support::handset::access::Schema;
use crate::support::wire::{Syntax, Version};
use crate::support::world::phone::password;
use crate::support::world::{Phone, World};

const BINARY: [(u8, Version); 3] = [(0x10, Version::V11), (0x11, Version::V12), (0x12, Version::V13)];

#[tokio::test]
async fn androids_login_in_bytes_is_answered_with_one_byte_of_public_id_and_no_string_table() {
    let world = World::new().domain(NORTH).with(PATIENT).start().await;
    // Attributes by prefix tokens; every element with its content bit; numbers opaque; `Outband`, `Request` by token.
    let namespaces = [("05", "07", "'1.1'"), ("08", "0A", "'1.2'"), ("0B", "0D", "'1.3'")];
    for ((public, version), (csp, trc, digits)) in BINARY.into_iter().zip(namespaces) {
        let phone = Phone { syntax: Syntax::Wbxml, version };
        let mut android = Android::of(&world, "alice", phone).await;
        let secret = password("alice").replace(' ', "_");
        let login = bytes(&format!(
            "03 {public:02X} 6A 00 C9 {csp} 03 {digits} 00 01 6D 6E 70 80 19 01 01 72 74 76 80 20 01 75 03 '1' 00 01 \
             01 F3 {trc} 03 {digits} 00 01 00 01 5D 00 00 7A 03 '{}' 00 01 4A 77 03 'http://a.example/1' 00 01 01 \
             00 01 61 03 '{secret}' 00 01 72 C3 02 1C 25 01 70 03 'cookie-1' 00 01 01 01 01 01 01",
            android.user
        ));
        let body = android.line.post(android.kind(), login).await.plain();
        let start = bytes(&format!("03 {public:02X} 6A 00 C9 {csp} 03 {digits} 00 01 6D 6E 70 80 19 01 01 72"));
        assert!(body.starts_with(&start), "{body:02X?}");
        android.is_in(&android.reads(&body).only());
        // A poll, with an empty primitive that has its content bit.
        let session = android.session.clone().unwrap();
        let poll = bytes(&format!(
            "03 {public:02X} 6A 00 C9 {csp} 03 {digits} 00 01 6D 6E 70 80 11 01 6F 03 '{session}' 00 01 01 72 74 76 \
             80 20 01 01 F3 {trc} 03 {digits} 00 01 00 01 62 01 01 01 01 01"
        ));
        assert!(android.line.post(android.kind(), poll).await.plain().is_empty());
    }
}

#[tokio::test]
async fn tokens_of_1_3_in_androids_messages_of_1_1_are_read() {
    let world = World::new().domain(NORTH).with(PATIENT).start().await;
    let methods = "<SupportedCIRMethod>SSMS</SupportedCIRMethod><SupportedCIRMethod>SHTTP</SupportedCIRMethod>";
    for (_, version) in BINARY {
        let mut android = Android::of(&world, "alice", Phone { syntax: Syntax::Wbxml, version }).await;
        android.logs_in(Schema::Md5).await;
        let id = android.next();
        let document = android.request(&id, &super::capabilities(methods));
        let body = android.encodes(&document);
        for token in [0x24, 0x25] {
            assert!(body.windows(4).any(|bytes| bytes == [0x50, 0x80, 0x81, token]), "{body:02X?}");
        }
        // The length as text, where others write a number.
        assert!(body.windows(6).any(|bytes| bytes == b"\x03\x33\x30\x30\x30\x30"), "{body:02X?}");
        let answer = android.exchanges(&document).await.unwrap();
        assert_eq!(answer.primitive.name, "ClientCapability-Response", "{answer:?}");
        if version == Version::V11 {
            let length = answer.primitive.number_at("CapabilityList/AcceptedContentLength");
            assert_eq!(length, Some(30_000), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn no_text_for_android_ends_with_a_block_of_1024_bytes() {
    let world = World::new().domain(NORTH).with(PATIENT).start().await;
    let wbxml = Phone { syntax: Syntax::Wbxml, version: Version::V12 };
    let mut alice = Android::at_home(&world, "alice", wbxml).await;
    let mut bob = Android::at_home(&world, "bob", wbxml).await;
    // The id and the words behind it pass over the end of a block, byte by byte: reading stops where one ends there.
    for length in 850..1_100 {
        let id = "x".repeat(length);
        let document = alice.request(&id, "<Extended-Request/>");
        let body = alice.encodes(&document);
        let body = alice.line.post(alice.kind(), body).await.plain();
        let answer = alice.syntax.read(&body).unwrap_or_else(|fault| panic!("{length}: {fault}"));
        assert_eq!(answer.any("TransactionID").unwrap().text, id);
        assert!(answer.any("Code").is_some(), "{answer:?}");
    }
    // A message of a length that would end its text there.
    let sample = "y".repeat(900);
    alice.asks(&send(&bob.user, &alice.user, &sample)).await;
    let body = taken(&mut bob).await;
    let end = body.windows(900).position(|bytes| bytes == sample.as_bytes()).unwrap() + 900;
    let next = 1023 + 1024 * (end / 1024) - end;
    // Longer ids and sizes move it by a byte or two.
    for more in next.saturating_sub(4)..next + 5 {
        let text = "y".repeat(900 + more);
        alice.asks(&send(&bob.user, &alice.user, &text)).await;
        let body = taken(&mut bob).await;
        let message = said::read(Syntax::Wbxml, Version::V12, &body).only();
        assert_eq!(message.primitive.text_at("ContentData"), Some(text.as_str()), "{more}");
    }
}

/// Polls for one message, takes it, and gives its bytes.
async fn taken(bob: &mut Android) -> Vec<u8> {
    let poll = said::message(bob.version, bob.session.as_deref(), "Request", None, "<Polling-Request/>");
    let poll = bob.encodes(&poll);
    let body = bob.line.post(bob.kind(), poll).await.plain();
    let said = bob.reads(&body).only();
    assert!(bob.reacts(&said).await.is_none());
    body
}
