//! Documents from one syntax to another, primitive known or not.

use super::*;
use crate::syntax::csp::vectors;

fn read(body: &[u8]) -> Tree {
    Tree::read(body, &Limits::default()).unwrap()
}

fn compact(xml: &str) -> String {
    xml.lines().skip(1).map(str::trim_start).collect()
}

#[test]
fn every_vector_goes_both_ways() {
    for vector in [
        vectors::LOGIN_REQUEST,
        vectors::LOGIN_RESPONSE,
        vectors::POLLING_REQUEST,
        vectors::PRESENCE_NOTIFICATION,
        vectors::CAPABILITY_RESPONSE,
    ] {
        let (text, binary) = (read(vector.xml.as_bytes()), read(&vector.bytes()));
        assert_eq!(text.root, binary.root);
        assert_eq!(text.version, binary.version);
        assert_eq!((text.syntax, binary.syntax), (Syntax::CspXml, Syntax::CspWbxml));
        assert_eq!(compact(&binary.to_xml(binary.version)), vector.xml);
        assert_eq!(text.to_wbxml(text.version).unwrap(), vector.bytes());
    }
}

#[test]
fn a_line_of_plain_text_is_the_document_it_stands_for() {
    let document = read(vectors::LOGIN_REQUEST.xml.as_bytes());
    let line = b"wv12lr1 ui=wv:ann@example.org CI=http://c.example.org/1 PW=pw TL=3600 SC=ck1\r\n";
    let tree = read(line);
    assert_eq!((tree.syntax.as_str(), tree.version, &tree.root), ("csp-pts", Version::V12, &document.root));
    assert_eq!(tree.to_wbxml(Version::V12).unwrap(), vectors::LOGIN_REQUEST.bytes());
    let fault = Tree::read(b"WV12LR1 UI=a PW=(b", &Limits::default()).unwrap_err();
    assert_eq!(fault.to_string(), "the document ends early (byte 18, at /LR/PW)");
}

const VENDOR: &str = "<WV-CSP-Message xmlns=\"http://www.openmobilealliance.org/DTD/WV-CSP1.2\"><Session>\
    <Vendor-Thing><Inner>a &amp; b</Inner><Inner/></Vendor-Thing><Inner>c</Inner></Session></WV-CSP-Message>";

#[test]
fn names_of_vendors_survive_wbxml() {
    let tree = read(VENDOR.as_bytes());
    let binary = read(&tree.to_wbxml(Version::V12).unwrap());
    assert_eq!(binary.root, tree.root);
    assert_eq!(compact(&binary.to_xml(Version::V12)), VENDOR);
    assert!(binary.to_xml(Version::V11).contains("http://www.wireless-village.org/CSP1.1"));
}

#[test]
fn content_is_base64_in_xml_and_bytes_in_wbxml() {
    let xml = "<WV-CSP-Message><NewMessage><MessageInfo><ContentType>image/gif</ContentType>\
               <ContentEncoding>BASE64</ContentEncoding></MessageInfo><ContentData>R0lG</ContentData></NewMessage>\
               </WV-CSP-Message>";
    let binary = read(&read(xml.as_bytes()).to_wbxml(Version::V12).unwrap());
    let content = &binary.root.children[0].children[1];
    assert_eq!(content.bytes.as_deref(), Some(&b"GIF"[..]));
    let again = binary.to_xml(Version::V12);
    assert!(again.contains("<ContentEncoding>BASE64</ContentEncoding>") && again.contains(">R0lG<"), "{again}");
    // Bytes whose encoding was not said.
    let mut unsaid = binary;
    unsaid.root.children[0].children[0].children.pop();
    let again = unsaid.to_xml(Version::V12);
    assert!(again.contains("<ContentEncoding>BASE64</ContentEncoding>"), "{again}");
}

#[test]
fn ssp_keeps_its_attributes_and_has_no_wbxml() {
    let xml = "<w:WV-SSP-Message xmlns:w='http://www.openmobilealliance.org/DTD/WV-SSP1.2'><w:Session sessionID='a&amp;b'>\
               <w:Transaction mode='Response'>  </w:Transaction></w:Session></w:WV-SSP-Message>";
    let tree = read(xml.as_bytes());
    assert_eq!((tree.syntax, tree.version), (Syntax::SspXml, Version::V12));
    assert_eq!(
        compact(&tree.to_xml(tree.version)),
        "<WV-SSP-Message xmlns=\"http://www.openmobilealliance.org/DTD/WV-SSP1.2\"><Session sessionID=\"a&amp;b\">\
         <Transaction mode=\"Response\"/></Session></WV-SSP-Message>"
    );
    assert_eq!(tree.to_wbxml(Version::V12), None);
    let expected = json!({
        "syntax": "ssp-xml",
        "version": "1.2",
        "root": { "name": "WV-SSP-Message", "children": [{
            "name": "Session",
            "attributes": { "sessionID": "a&b" },
            "children": [{ "name": "Transaction", "attributes": { "mode": "Response" } }],
        }]},
    });
    assert_eq!(tree.to_json(), expected);
}

#[test]
fn a_fault_is_told_with_its_place() {
    let error = Tree::read(b" <a><b></c></a>", &Limits::default()).unwrap_err();
    assert_eq!((error.at, error.path.as_str()), (7, "a/b"));
    let error = Tree::read(&[3, 0x11, 0x6A, 0, 0x49, 0x6D, 0xC3, 5, 1], &Limits::default()).unwrap_err();
    assert_eq!((error.fault, error.at, error.path.as_str()), (DecodeError::Eof, 6, "WV-CSP-Message/Session"));
}
