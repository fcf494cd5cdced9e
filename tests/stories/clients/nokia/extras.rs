//! What it adds to the standard, and what other encoders of its time write.

use super::{BOTH, NORTH, Nokia};
use crate::clients::PATIENT;
use crate::clients::said::{self, bytes, send};
use crate::support::wire::wbxml::{Dialect, write_as};
use crate::support::wire::{Version, xml};
use crate::support::world::World;

#[tokio::test]
async fn nokias_extension_block_is_stepped_over_in_xml_and_in_bytes() {
    let world = World::new().domain(NORTH).with(PATIENT).start().await;
    let mut alice = Nokia::at_home(&world, "alice", Version::V12).await;
    let mut bob = Nokia::at_home(&world, "bob", Version::V12).await;
    let session = alice.session.clone();
    let document = |id: &str, text: &str| {
        said::message(Version::V12, session.as_deref(), "Request", Some(id), &send(&bob.user, "wv:x", text))
    };
    // In XML, behind the content.
    let block =
        "</TransactionContent><ExtBlock><APIClient xmlns=\"www.nokia.com/apiclient\">app</APIClient></ExtBlock>";
    let extended = document("nok70", "in XML").replace("</TransactionContent>", block);
    let body = alice.line.post("application/vnd.wv.csp.xml", extended).await.plain();
    let answer = said::read(crate::support::wire::Syntax::Xml, Version::V12, &body).only();
    assert_eq!((answer.id.as_str(), answer.code()), ("nok70", Some(200)), "{answer:?}");
    // In WBXML: a tag and an attribute by name, on page 9, before the ends of transaction, session and message.
    let plain = alice.encodes(&document("nok71", "in bytes"));
    let (inside, ends) = plain[4..].split_at(plain.len() - 4 - 3);
    let extended = [
        &bytes("03 11 6A 10 'APIClient' 00 'xmlns' 00")[..],
        inside,
        &bytes("00 09 47 C4 00 04 0A 03 'www.nokia.com/apiclient' 00 01 03 'app' 00 01 01"),
        ends,
    ]
    .concat();
    let answer = alice.exchanges_bytes(&extended).await.unwrap().only();
    assert_eq!((answer.id.as_str(), answer.code()), ("nok71", Some(200)), "{answer:?}");
    let heard = bob.polls().await;
    let texts: Vec<_> = heard.iter().filter_map(|said| said.primitive.text_at("ContentData")).collect();
    assert_eq!(texts, ["in XML", "in bytes"]);
}

#[tokio::test]
async fn documents_of_libwbxml_without_namespaces_are_read_in_their_version() {
    let world = World::new().domain(NORTH).with(PATIENT).start().await;
    let heads = ["03 10 6A 00", "03 00 00 6A 1B '-//OMA//DTD' 20 'WV-CSP' 20 '1.2//EN' 00"];
    for (version, head) in BOTH.into_iter().zip(heads) {
        let mut nokia = Nokia::of(&world, "alice", version).await;
        nokia.logs_in("alice").await;
        let dialect = Dialect { head: bytes(head), namespaces: false, ..Dialect::of(version) };
        let document = said::message(version, nokia.session.as_deref(), "Request", Some("L1"), "<Logout-Request/>");
        let body = write_as(&xml::read(document.as_bytes()).unwrap(), dialect);
        assert!(body.starts_with(&[&bytes(head)[..], &[0x49, 0x6D]].concat()), "no attribute: {body:02X?}");
        // `exchanges_bytes` reads the namespaces and the public id of its version.
        let answer = nokia.exchanges_bytes(&body).await.unwrap().only();
        let expected = if version == Version::V11 { "Disconnect" } else { "Status" };
        assert_eq!((answer.id.as_str(), answer.primitive.name.as_str()), ("L1", expected), "{answer:?}");
    }
}

#[tokio::test]
async fn a_document_with_neither_namespace_nor_public_id_is_of_the_version_of_its_session() {
    let world = World::new().domain(NORTH).with(PATIENT).start().await;
    for version in BOTH {
        let mut nokia = Nokia::of(&world, "alice", version).await;
        nokia.logs_in("alice").await;
        let dialect = Dialect { head: bytes("03 01 6A 00"), namespaces: false, ..Dialect::of(version) };
        let document = said::message(version, nokia.session.as_deref(), "Request", Some("L1"), "<Logout-Request/>");
        let body = write_as(&xml::read(document.as_bytes()).unwrap(), dialect);
        let answer = nokia.exchanges_bytes(&body).await.unwrap().only();
        assert_eq!(answer.code(), Some(200), "{answer:?}");
    }
}
