//! WBXML as phones, gateways and other encoders write it, byte by byte.

use postern::syntax::tree::{Node, Tree};
use postern::syntax::{Encoding, Limits, Said, csp};
use postern::vocabulary::{Primitive, Version};

/// Bytes from words: two hexadecimal digits, or characters between quotes.
fn bytes(words: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in words.split_whitespace() {
        match word.strip_prefix('\'') {
            Some(text) => bytes.extend_from_slice(text.strip_suffix('\'').unwrap().replace('_', " ").as_bytes()),
            None => bytes.push(u8::from_str_radix(word, 16).unwrap()),
        }
    }
    bytes
}

fn read(words: &str) -> Tree {
    Tree::read(&bytes(words), &Limits::default()).unwrap()
}

/// A message of 1.1 that a client says in its session, around the content of its transaction. Page 0 is current.
fn said(content: &str) -> Vec<u8> {
    let head = "03 10 6A 00 49 6D 6E 70 80 11 01 6F 03 's' 00 01 01 72 74 76 80 20 01 75 03 '7' 00 01 01 73";
    bytes(&format!("{head} {content} 01 01 01 01"))
}

fn primitive(content: &str) -> Primitive {
    let message = csp::read(&said(content), Encoding::Wbxml, &Limits::default(), |_| None).unwrap();
    match message.transactions.into_iter().next().unwrap().said {
        Said::Known(primitive) => primitive,
        Said::Unknown(name) => panic!("{name}"),
    }
}

/// The one child of a root.
fn only(tree: &Tree) -> &Node {
    let [child] = &tree.root.children[..] else { panic!("{tree:?}") };
    child
}

/// SendMessage-Request with something in its `MessageInfo`, and some content; both on page 0.
fn message(info: &str, content: &str) -> postern::vocabulary::message::SendMessageRequest {
    let said = primitive(&format!("00 06 57 53 00 00 {info} 01 {content} 01"));
    let Primitive::SendMessageRequest(request) = said else { panic!("{said:?}") };
    request
}

#[test]
fn a_literal_public_identifier_tells_the_version() {
    let tree = read("03 00 00 6A 1B '-//OMA//DTD' 20 'WV-CSP' 20 '1.2//EN' 00 49 01");
    assert_eq!(tree.version, Version::V12);
    let tree = read("03 00 02 6A 26 'a' 00 '-//WIRELESSVILLAGE//DTD' 20 'CSP' 20 '1.1//EN' 00 49 01");
    assert_eq!(tree.version, Version::V11);
}

#[test]
fn the_namespace_counts_before_the_public_identifier() {
    for public in ["01", "10", "11", "12", "8F 01"] {
        assert_eq!(read(&format!("03 {public} 6A 00 89 05 03 '1.1' 00 01")).version, Version::V11);
        assert_eq!(read(&format!("03 {public} 6A 00 89 08 03 '1.2' 00 01")).version, Version::V12);
        assert_eq!(read(&format!("03 {public} 6A 00 89 0B 03 '1.3' 00 01")).version, Version::V13);
    }
    // Neither tells.
    assert_eq!(read("03 01 6A 00 09").version, Version::V12);
    // A namespace by name, in pieces.
    let tree = read("03 01 6A 0A 'xmlns' 00 'CSP' 00 89 04 00 03 'http://any/' 00 83 06 03 '1.3' 00 01");
    assert_eq!((tree.version, tree.root.attributes.len()), (Version::V13, 0));
}

#[test]
fn tokens_of_later_versions_are_read_in_a_message_of_1_1() {
    // Page 1: ClientCapability-Request; page 3: SupportedCIRMethod SSMS and SHTTP, CIRURL; page 9: CIR.
    let tree = read("03 10 6A 00 49 00 03 50 80 81 24 01 50 80 81 25 01 54 01 00 09 45 80 2C 01 01");
    let children: Vec<(&str, &str)> = tree.root.children.iter().map(|n| (n.name.as_str(), n.text.as_str())).collect();
    let expected = [("SupportedCIRMethod", "SSMS"), ("SupportedCIRMethod", "SHTTP"), ("CIRURL", ""), ("CIR", "T")];
    assert_eq!(children, expected);
}

#[test]
fn other_releases_of_wbxml_are_read() {
    for release in ["01", "02", "03"] {
        assert_eq!(read(&format!("{release} 11 6A 00 49 7A 03 'a' 00 01 01")).version, Version::V12);
    }
    let error = Tree::read(&bytes("03 0F 6A 00 7E 01"), &Limits::default());
    assert!(error.is_ok(), "a tree of 1.0 is a tree of unknown names");
    let error = csp::read(&bytes("03 0F 6A 00 49 01"), Encoding::Wbxml, &Limits::default(), |_| None).unwrap_err();
    assert_eq!(error.fault.to_string(), "Session is missing");
}

#[test]
fn strings_are_read_in_their_character_set() {
    let text = |words: &str| only(&read(words)).text.clone();
    assert_eq!(text("03 11 04 00 49 52 03 'caf' E9 00 01 01"), "café");
    assert_eq!(text("03 11 03 00 49 52 03 'caf' 00 01 01"), "caf");
    assert_eq!(text("03 11 00 00 49 52 03 C3 A9 00 01 01"), "é");
    // ISO-8859-15 (111), windows-1251 (2251), KOI8-R (2084).
    assert_eq!(text("03 11 6F 00 49 52 03 A4 00 01 01"), "€");
    assert_eq!(text("03 11 91 4B 00 49 52 03 E4 E0 00 01 01"), "да");
    assert_eq!(text("03 11 90 24 00 49 52 03 C4 C1 00 01 01"), "да");
    // UTF-16 (1015), with and without its order; big-endian (1013), little-endian (1014), UCS-2 (1000).
    assert_eq!(text("03 11 87 77 00 49 52 03 20 AC D8 3D DE 00 00 00 01 01"), "€😀");
    assert_eq!(text("03 11 87 77 00 49 52 03 FE FF 20 AC 00 00 01 01"), "€");
    assert_eq!(text("03 11 87 77 00 49 52 03 FF FE AC 20 00 00 01 01"), "€");
    assert_eq!(text("03 11 87 75 00 49 52 03 20 AC 00 00 01 01"), "€");
    assert_eq!(text("03 11 87 76 00 49 52 03 AC 20 00 00 01 01"), "€");
    assert_eq!(text("03 11 87 68 00 49 52 03 20 AC 00 00 01 01"), "€");
    // Also in the table, and as opaque data.
    assert_eq!(text("03 11 04 02 E9 00 49 52 83 00 C3 01 E8 01 01"), "éè");
    let error = Tree::read(&bytes("03 11 87 74 00 49 01"), &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("character set 1012"), "{error}");
}

#[test]
fn characters_beyond_the_bmp_arrive_as_halves() {
    let text = |words: &str| only(&read(words)).text.clone();
    assert_eq!(text("03 11 6A 00 49 52 03 'a' ED A0 BD ED B8 80 'b' 00 01 01"), "a😀b");
    assert_eq!(text("03 11 6A 00 49 52 02 83 B0 3D 02 83 BC 00 01 01"), "😀");
    assert_eq!(text("03 11 6A 00 49 52 02 87 EC 00 02 41 02 83 BC 00 02 83 B0 3D 01 01"), "😀A\u{FFFD}\u{FFFD}");
    assert_eq!(text("03 11 6A 00 49 52 02 83 B0 3D 03 'a' 00 01 01"), "\u{FFFD}a");
    assert!(Tree::read(&bytes("03 11 6A 00 49 52 02 C4 80 00 01 01"), &Limits::default()).is_err());
}

#[test]
fn pieces_of_a_text_make_one_text() {
    // Description of: a prefix token, inline text, table text, an entity, opaque text; a page switched on the way.
    let tree = read("03 11 6A 05 '/b/c' 00 49 52 80 0E 03 'a' 00 00 03 83 00 02 26 C3 02 'de' 01 01");
    assert_eq!(only(&tree).text, "http://a/b/c&de");
}

#[test]
fn an_unknown_tag_is_stepped_over() {
    // Page 1: Login-Request; page 12 is nobody's, and 3F of page 3; UserID of page 0.
    let login = primitive(
        "00 01 5D 00 0C C5 08 03 '1' 00 01 03 'x' 00 46 01 01 00 03 7F 80 2C 01 00 00 7A 03 'ann' 00 01 01 00 00",
    );
    let Primitive::LoginRequest(login) = login else { panic!("{login:?}") };
    assert_eq!(login.user.as_deref(), Some("ann"));
    let tree = read("03 11 6A 00 49 00 0C 45 03 'x' 00 01 01");
    assert_eq!((only(&tree).name.as_str(), only(&tree).text.as_str()), ("token-0C-05", "x"));
}

#[test]
fn an_unknown_value_is_an_empty_text_and_costs_nothing_else() {
    // ContentType of value token 0x92, MessageID.
    let request = message("50 80 81 12 01 5B 03 'm1' 00 01", "");
    assert_eq!(request.info.content_type.as_deref(), Some(""));
    assert_eq!(request.info.id.as_deref(), Some("m1"));
    // People are shown which it was.
    assert_eq!(only(&read("03 11 6A 00 49 52 80 81 12 01 01")).text, "value-92");
    assert_eq!(only(&read("03 11 6A 00 49 52 80 84 00 01 01")).text, "value-200");
}

#[test]
fn extension_tokens_of_other_vocabularies_are_stepped_over() {
    let tree = read("03 11 6A 00 49 52 40 'a' 00 41 00 81 05 82 81 05 C0 C1 C2 03 'b' 00 01 01");
    assert_eq!(only(&tree).text, "b");
    let tree = read("03 11 6A 00 C9 08 03 '1.2' 00 40 'a' 00 81 05 C2 01 52 03 'b' 00 01 01");
    assert_eq!((tree.version, only(&tree).text.as_str()), (Version::V12, "b"));
}

#[test]
fn integers_are_read_in_every_form() {
    let number = |words: &str| {
        let tree = read(&format!("03 11 6A 02 '7' 00 49 4F {words} 01 01"));
        let request = message(&format!("4F {} 01", words.replace("83 00", "03 '7' 00")), "");
        assert_eq!(request.info.size.map(|size| size.to_string()).as_deref(), Some(only(&tree).text.as_str()));
        request.info.size.unwrap()
    };
    assert_eq!(number("C3 00"), 0);
    assert_eq!(number("C3 01 00"), 0);
    assert_eq!(number("C3 01 FF"), 255);
    assert_eq!(number("C3 02 01 00"), 256);
    assert_eq!(number("C3 03 01 00 00"), 65_536);
    assert_eq!(number("C3 04 FF FF FF FF"), u32::MAX);
    assert_eq!(number("C3 04 00 00 00 07"), 7);
    assert_eq!(number("03 '1024' 00"), 1024);
    assert_eq!(number("83 00"), 7);
}

#[test]
fn dates_are_read_in_both_forms_and_a_broken_one_costs_nothing_else() {
    let date = |words: &str| message(&format!("51 {words} 01 5B 03 'm1' 00 01"), "").info.date;
    assert_eq!(date("C3 06 1F 46 73 0E BB 5A").as_deref(), Some("20010925T165859Z"));
    assert_eq!(date("C3 06 1F 46 73 0E BB 00").as_deref(), Some("20010925T165859Z"));
    assert_eq!(date("03 '20010925T165859Z' 00").as_deref(), Some("20010925T165859Z"));
    assert_eq!(date("C3 10 '20010925T165859Z'").as_deref(), Some("20010925T165859Z"));
    for broken in ["C3 06 1F 46 73 0E BB 01", "C3 05 1F 46 73 0E BB", "C3 00"] {
        assert_eq!(date(broken).as_deref(), Some(""), "{broken}");
        let tree = read(&format!("03 11 6A 00 49 51 {broken} 01 01"));
        assert!(only(&tree).bytes.is_some(), "{broken}");
    }
    // DeliveryTime too: DeliveryReport-Request on page 6.
    let report = primitive("00 06 49 00 00 6A 4B C3 01 C8 01 01 00 06 5A C3 06 1F 46 73 0E BB 5A 01 53 01 01");
    let Primitive::DeliveryReportRequest(report) = report else { panic!("{report:?}") };
    assert_eq!(report.time.as_deref(), Some("20010925T165859Z"));
}

#[test]
fn content_in_pieces_of_characters_and_bytes_is_characters() {
    use postern::vocabulary::Content;
    let content = |words: &str| message("", &format!("4D {words} 01")).content.unwrap();
    assert_eq!(content("03 'a_' 00 C3 03 '<b>' 03 '_c' 00"), Content::Text("a <b> c".into()));
    assert_eq!(content("C3 03 '<b>'"), Content::Binary(b"<b>".to_vec().into()));
    assert_eq!(content("03 'a' 00 C3 01 FF"), Content::Binary(b"a\xFF".to_vec().into()));
    assert_eq!(content("80 2C"), Content::Text("T".into()));
    let tree = read("03 11 6A 00 49 4D 03 'a_' 00 C3 03 '<b>' 03 '_c' 00 01 01");
    assert_eq!((only(&tree).text.as_str(), &only(&tree).bytes), ("a <b> c", &None));
    let tree = read("03 11 6A 00 49 4D 03 'a' 00 C3 01 FF 01 01");
    assert_eq!((only(&tree).text.as_str(), only(&tree).bytes.as_deref()), ("", Some(&b"a\xFF"[..])));
}

#[test]
fn a_tag_by_name_is_the_same_tag() {
    let table = "0A 'UserID' 00 'x' 00 00";
    let tree = read(&format!(
        "03 11 6A {table} 49 44 00 03 'ann' 00 01 84 07 04 07 03 'v' 00 01 C4 07 04 00 03 'w' 00 01 01 04 07 01"
    ));
    let names: Vec<&str> = tree.root.children.iter().map(|child| child.name.as_str()).collect();
    assert_eq!(names, ["UserID", "x", "x", "x"]);
    assert_eq!(tree.root.children[1].attributes, [("x".into(), "v".to_owned())]);
}

#[test]
fn an_empty_element_is_empty_with_its_content_bit_and_without() {
    for poll in ["00 01 22 00 00", "00 01 62 01 00 00", "00 01 62 03 00 01 00 00"] {
        assert!(matches!(primitive(poll), Primitive::PollingRequest(_)), "{poll}");
    }
}

#[test]
fn a_processing_instruction_is_stepped_over() {
    let tree = read("03 11 6A 02 'x' 00 43 04 00 03 'y' 00 01 49 43 04 00 01 52 03 'b' 00 01 01");
    assert_eq!((only(&tree).text.as_str(), only(&tree).attributes.len()), ("b", 0));
}
