//! The tokens, held against another parser.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::*;

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

/// The same by `quick-xml`; `None` if it finds a fault.
fn theirs(document: &str) -> Option<Vec<String>> {
    let mut reader = Reader::from_str(document);
    reader.config_mut().check_comments = true;
    let mut all: Vec<String> = Vec::new();
    let mut depth = 0;
    loop {
        let event = reader.read_event().ok()?;
        match &event {
            Event::Start(tag) | Event::Empty(tag) => {
                all.push(format!("<{}", tag.name().0));
                for attribute in tag.attributes() {
                    let attribute = attribute.ok()?;
                    let value = attribute.normalized_value(quick_xml::XmlVersion::Explicit1_0).ok()?;
                    all.push(format!("@{}={value}", attribute.key.0));
                }
                if matches!(event, Event::Empty(_)) { all.push(">".into()) } else { depth += 1 }
            }
            Event::End(_) => {
                depth -= 1;
                all.push(">".into());
            }
            Event::Text(text) if depth > 0 => said(&text.xml10_content(), &mut all),
            Event::CData(text) if depth > 0 => said(&text.xml10_content(), &mut all),
            Event::GeneralRef(name) => said(&resolve(name).ok()?, &mut all),
            Event::Eof => return (depth == 0).then_some(all),
            _ => {}
        }
    }
}

const DOCUMENTS: [&str; 8] = [
    "<a/>",
    "<?xml version='1.0'?>\n<!-- c --><a b = \"1\" c='&lt;x&#x41;'\n d='a\tb\r\nc'>t&amp;u<b >v</b ><![CDATA[<x>&]]>w</a >\n<?p i?>",
    "<a>]] ]>> x\r\ny\rz</a>",
    "<p:a xmlns:p='urn:x'><p:b p:c='d'/>\u{17C}\u{1F600}\u{FEFF}<\u{E9}/></p:a>",
    "<!DOCTYPE a PUBLIC '-//x>//' \"y'z\"><a>&quot;&apos;&gt;</a>",
    "<a b='>' c=\"'\"><c></c><c/></a>",
    "<a.b-c_d1><e:f/></a.b-c_d1>",
    "<WV-SSP-Message xmlns=\"http://www.openmobilealliance.org/DTD/WV-SSP1.3\"><Session sessionID=\"a\"/></WV-SSP-Message>",
];

#[test]
fn documents_are_read_as_another_parser_reads_them() {
    for document in DOCUMENTS {
        assert_eq!(ours(document).unwrap(), theirs(document).unwrap(), "{document}");
    }
}

#[test]
fn whatever_is_accepted_another_parser_reads_alike() {
    const SPICE: [&str; 14] = ["<", ">", "&", "\"", "'", "/", "]]>", "<!--", "-->", " ", "=", "<b>", "</b>", "\r"];
    let seed = std::env::var("POSTERN_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    println!("POSTERN_SEED={seed}");
    let mut dice = crate::vocabulary::sample::Dice::new(seed, crate::vocabulary::Version::V12);
    let mut accepted = 0;
    for _ in 0..100_000 {
        let mut characters: Vec<char> = DOCUMENTS[dice.below(DOCUMENTS.len())].chars().collect();
        for _ in 0..=dice.below(2) {
            let at = dice.below(characters.len());
            match dice.below(3) {
                0 => drop(characters.remove(at)),
                1 => drop(characters.splice(at..at, SPICE[dice.below(SPICE.len())].chars())),
                _ => characters.swap(at, at.saturating_sub(1)),
            }
        }
        let document: String = characters.into_iter().collect();
        if let Ok(tokens) = ours(&document) {
            accepted += 1;
            assert_eq!(Some(tokens), theirs(&document), "{document}");
        }
    }
    assert!(accepted > 5_000, "{accepted}");
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
    for (place, path) in [("<a", "a"), ("<b", "a/b"), ("<c", "a/c"), ("x", "a/c"), ("<d", "a/c/d"), ("</d", "a/c/d"), ("</c", "a/c"), ("</a", "a")] {
        assert_eq!(tokens.path(document.find(place).unwrap()), path, "{place}");
    }
}
