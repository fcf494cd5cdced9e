//! What is read, and what is refused.

use proptest::prelude::*;

use super::*;
use crate::syntax::xml::escape::unescape;

/// All tokens in a comparable form; texts that follow each other are one.
fn ours(document: &str) -> Result<Vec<String>, DecodeError> {
    let mut tokens = Tokens::new(document, &Limits::default())?;
    let mut all: Vec<String> = Vec::new();
    loop {
        match tokens.next()? {
            Token::Start(tag) => {
                all.push(format!("<{}", tag.name));
                for (name, value) in tokens.attributes() {
                    all.push(format!("@{name}={}", unescape(value)?));
                }
            }
            Token::Text(text) => said(&text, &mut all),
            Token::End => all.push(">".into()),
            Token::Eof => return Ok(all),
        }
    }
}

fn said(text: &str, all: &mut Vec<String>) {
    match all.last_mut().filter(|last| last.starts_with('"')) {
        Some(last) => last.push_str(text),
        None => all.push(format!("\"{text}")),
    }
}

#[test]
fn documents_are_read_as_xml_says() {
    let cases: [(&str, &[&str]); 6] = [
        ("<a/>", &["<a", ">"]),
        (
            "<?xml version='1.0'?>\n<!-- c --><a b = \"1\" c='&lt;x&#x41;'\n d='a\tb\r\nc'>t&amp;u<b >v</b ></a >\n<?p i?>",
            &["<a", "@b=1", "@c=<xA", "@d=a b c", "\"t&u", "<b", "\"v", ">", ">"],
        ),
        ("<a>]] ]>> x\r\ny\rz<![CDATA[<x>&\r\n]]></a>", &["<a", "\"]] ]>> x\ny\nz<x>&\n", ">"]),
        (
            "<p:a xmlns:p='urn:x'><p:b p:c='d'/>\u{17C}\u{FEFF}<\u{E9}/></p:a>",
            &["<p:a", "@xmlns:p=urn:x", "<p:b", "@p:c=d", ">", "\"\u{17C}\u{FEFF}", "<\u{E9}", ">", ">"],
        ),
        ("<!DOCTYPE a PUBLIC '-//x>//' \"y'z\"><a>&quot;&apos;&gt;</a>", &["<a", "\"\"'>", ">"]),
        ("<a.b-c_d1><e:f g='>' h=\"'\" /></a.b-c_d1>", &["<a.b-c_d1", "<e:f", "@g=>", "@h='", ">", ">"]),
    ];
    for (document, tokens) in cases {
        assert_eq!(ours(document).unwrap(), tokens, "{document}");
    }
}

#[test]
fn ill_formed_documents_are_refused() {
    for document in [
        "",
        " ",
        "x",
        "<a",
        "<a>",
        "<a b>",
        "<a b=>",
        "<a b=c>",
        "<a b='c>",
        "<a b='1'c='2'/>",
        "<a b='1' b='2'/>",
        "<a b='<'/>",
        "<a b='&x;'/>",
        "<a b='&#0;'/>",
        "<a 1='x'/>",
        "<a =\"x\">padding</a>",
        "<a b=\"1\"c=\"2\">padding</a>",
        "<a b=\"1\" b=\"2\">padding</a>",
        "<a b=\"<\">padding</a>",
        "<a b=\"&x;\" c=\"&amp;\">padding</a>",
        "<a b=\"&amp;\" c=\"&x;\">padding</a>",
        "<a b=\"1\" c>padding</a>",
        "<a b?=\"1\">padding</a>",
        "<a?>padding</a?>",
        "\u{FEFF}<a/>",
        "<a / >",
        "< a/>",
        "<1a/>",
        "</a>",
        "<a></b>",
        "<a></ab>",
        "<a></a",
        "<a>&</a>",
        "<a>& ;</a>",
        "<a>&nbsp;</a>",
        "<a>]]></a>",
        "<a>\u{8}</a>",
        "<a>\u{FFFF}</a>",
        "<a b='\u{FFFE}'/>",
        "<a b='\u{1}'/>",
        "<a\u{FFFE}/>",
        "<a/><a/>",
        "<a/>x",
        "&#65;<a/>",
        "<a><!-- -- --></a>",
        "<a><!-- \u{1} --></a>",
        "<a><!-- </a>",
        "<![CDATA[x]]><a/>",
        "<a><![CDATA[\u{1}]]></a>",
        "<a><![cdata[x]]></a>",
        "<a><?xml version='1.0'?></a>",
        " <?xml version='1.0'?><a/>",
        "<a><? x?></a>",
        "<a><?x </a>",
        "<a><!DOCTYPE a></a>",
        "<!DOCTYPE a><!DOCTYPE a><a/>",
        "<!doctype a><a/>",
        "<!ENTITY a 'b'><a/>",
    ] {
        assert!(ours(document).is_err(), "{document}");
    }
    assert_eq!(ours("<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"), Err(DecodeError::Doctype));
    assert_eq!(ours("<!DOCTYPE a '[' [ ]><a/>"), Err(DecodeError::Doctype));
}

#[test]
fn the_path_names_the_open_elements() {
    let document = "<a><b/><c>x<d e='f'></d></c></a>";
    let tokens = Tokens::new(document, &Limits::default()).unwrap();
    for (place, path) in [
        ("<a", "a"),
        ("<b", "a/b"),
        ("<c", "a/c"),
        ("x", "a/c"),
        ("<d", "a/c/d"),
        ("</d", "a/c/d"),
        ("</c", "a/c"),
        ("</a", "a"),
    ] {
        assert_eq!(tokens.path(document.find(place).unwrap()), path, "{place}");
    }
}

proptest! {
    /// Attributes are read by the word where the document goes on far enough, else by the byte.
    #[test]
    fn what_follows_a_tag_changes_nothing_in_it(inside in "[ab:1=\"'<&;> ]{0,24}") {
        let alone = ours(&format!("<a {inside}/>"));
        let followed = ours(&format!("<a {inside}/><!-- some more of the document -->"));
        prop_assert_eq!(alone.ok(), followed.ok());
    }
}

#[test]
fn many_attributes_are_told_apart() {
    let document: String = (0..20).map(|n| format!(" a{n}=\"{n}\" {}=\"x\"", "b".repeat(n + 1))).collect();
    let limits = Limits { attributes: 40, ..Limits::default() };
    let read = |document: &str| {
        let mut tokens = Tokens::new(document, &limits).unwrap();
        tokens.next().map(|_| (tokens.attributes().count(), tokens.attribute_of("BBBBBBBBBBBBBBB").map(str::to_owned)))
    };
    assert_eq!(read(&format!("<a{document}>text</a>")), Ok((40, Some("x".into()))));
    assert!(read(&format!("<a{document} bbbbbbbbbbbbbbbbbb=\"\">text</a>")).is_err());
}
