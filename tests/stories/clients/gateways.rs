//! What WAP gateways, proxies and home-made clients do to HTTP and XML on the way.

use super::line::Line;
use super::said::{self, Said};
use crate::support::wire::{Syntax, Version};
use crate::support::world::phone::password;
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";

const PLAIN: &str = "application/vnd.wv.csp.xml";

/// A login with the password in clear, as text.
fn login(version: Version) -> String {
    let primitive = format!(
        "<Login-Request><UserID>{}</UserID><ClientID><URL>http://c.example/1</URL></ClientID>\
         <Password>{}</Password><TimeToLive>600</TimeToLive><SessionCookie>c</SessionCookie></Login-Request>",
        Phone::USUAL.user("alice", NORTH),
        password("alice")
    );
    said::message(version, None, "Request", Some("1"), &primitive)
}

#[track_caller]
fn let_in(body: &[u8], version: Version, how: &str) -> Said {
    let answer = said::read(Syntax::Xml, version, body).only();
    assert_eq!((answer.primitive.name.as_str(), answer.code()), ("Login-Response", Some(200)), "{how}: {answer:?}");
    answer
}

#[tokio::test]
async fn gateways_write_content_types_as_they_like() {
    let world = World::new().domain(NORTH).start().await;
    let line = &mut Line::to(world.ports(NORTH).csp).await;
    for kind in [
        "text/xml",
        "application/xml",
        "text/xml; charset=utf-8",
        "TEXT/XML;CHARSET=UTF-8",
        "Application/Vnd.WV.CSP.XML; charset=\"utf-8\"",
        "application/vnd.wv.csp+xml",
        "application/vnd.wv.csp.xml ; q=1",
    ] {
        for version in [Version::V11, Version::V12, Version::V13] {
            let reply = line.post(kind, login(version)).await;
            let answered = reply.header("content-type").unwrap().to_owned();
            let family = |kind: &str| kind.split(';').next().unwrap().trim().to_ascii_lowercase();
            assert_eq!(family(&answered), family(kind), "in kind");
            let_in(&reply.plain(), version, kind);
        }
    }
}

#[tokio::test]
async fn gateways_speak_http_1_0_and_close() {
    let world = World::new().domain(NORTH).start().await;
    let body = login(Version::V12);
    let head = |more: &str| {
        format!("POST /csp HTTP/1.0\r\nContent-Type: {PLAIN}\r\nContent-Length: {}\r\n{more}\r\n", body.len())
    };
    let mut line = Line::to(world.ports(NORTH).csp).await;
    line.writes(head("") + &body).await;
    let reply = line.reads().await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let_in(&reply.body, Version::V12, "HTTP/1.0");
    assert!(line.ended().await, "a client of 1.0 waits for the end");
    // One that asks for it keeps its connection.
    let mut line = Line::to(world.ports(NORTH).csp).await;
    for _ in 0..2 {
        line.writes(head("Connection: Keep-Alive\r\n") + &body).await;
        let reply = line.reads().await;
        assert_eq!(reply.header("connection").map(str::to_ascii_lowercase).as_deref(), Some("keep-alive"));
        let_in(&reply.body, Version::V12, "kept alive");
    }
}

#[tokio::test]
async fn gateways_send_bodies_in_chunks_and_heads_in_pieces() {
    let world = World::new().domain(NORTH).start().await;
    let line = &mut Line::to(world.ports(NORTH).csp).await;
    let body = login(Version::V12);
    line.writes("POST / HTTP/1.1\r\nHost: n\r\nContent-Type: text/xml\r\nTransfer-Enc").await;
    line.writes("oding: chunked\r\n\r\n").await;
    for chunk in body.as_bytes().chunks(100) {
        line.writes(format!("{:X};by=gw\r\n", chunk.len())).await;
        line.writes(chunk).await;
        line.writes("\r\n").await;
    }
    line.writes("0\r\nX-Trailer: yes\r\n\r\n").await;
    let_in(&line.reads().await.plain(), Version::V12, "chunks");
    // Two requests before the first answer is read.
    let one = format!("{}{body}", line.head("/", "Content-Type: text/xml\r\n", body.len()));
    line.writes([one.as_str(), one.as_str()].concat()).await;
    for _ in 0..2 {
        let_in(&line.reads().await.plain(), Version::V12, "one behind the other");
    }
}

#[tokio::test]
async fn gateways_add_headers_that_change_nothing() {
    let world = World::new().domain(NORTH).start().await;
    let line = &mut Line::to(world.ports(NORTH).csp).await;
    let body = login(Version::V12);
    for headers in [
        "X-Forwarded-For: 10.0.0.7, 192.168.1.1\r\nVia: 1.1 wap.gw.example\r\n",
        "X-WAP-Profile: \"http://wap.example/p.xml\"\r\nX-Wap-Client-Sdu-Size: 3000\r\nAccept: */*\r\n",
        "Accept-Encoding: gzip, deflate\r\nAccept-Charset: utf-8, iso-8859-1\r\nConnection: Keep-Alive\r\n",
        "User-Agent: Nokia6600/1.0 (4.09.1) SymbianOS/7.0s\r\nCookie: a=b; c=d\r\nTE: trailers\r\n",
        "Cache-Control: no-store\r\nPragma: no-cache\r\nContent-Language: en\r\nContent-Transfer-Encoding: 8bit\r\n",
        "From: +491700000001@gw.example\r\nX-Empty:\r\n",
        // A number that nobody vouches for: one phone sends it itself.
        "MSISDN: 491700000001\r\nX-Network-MSISDN: 491700000002\r\nX-Up-Calling-Line-ID: 491700000003\r\n",
    ] {
        let head = line.head("http://north.example/imps", &format!("{headers}content-type:{PLAIN}\r\n"), body.len());
        line.writes(head + &body).await;
        let_in(&line.reads().await.plain(), Version::V12, headers);
    }
}

#[tokio::test]
async fn xml_is_written_in_many_ways_and_means_the_same() {
    let world = World::new().domain(NORTH).start().await;
    let line = &mut Line::to(world.ports(NORTH).csp).await;
    let doctype = "<!DOCTYPE WV-CSP-Message PUBLIC \"-//OMA//DTD WV-CSP 1.2//EN\" \
        \"http://www.openmobilealliance.org/DTD/WV-CSP.DTD\">";
    let text = login(Version::V12);
    let secret = password("alice");
    let utf16: Vec<u8> = std::iter::once(0xFEFF)
        .chain(format!("<?xml version='1.0' encoding='UTF-16'?>{text}").encode_utf16())
        .flat_map(u16::to_be_bytes)
        .collect();
    let ways: Vec<(&str, Vec<u8>)> = vec![
        ("a byte order mark", format!("\u{feff}{text}").into()),
        ("white space in front", format!("\r\n \t{text}\r\n\r\n").into()),
        ("a declaration", format!("<?xml version=\"1.0\"?>{text}").into()),
        ("another declaration", format!("<?xml version='1.0' encoding='iso-8859-1' standalone='no'?>\n{text}").into()),
        ("UTF-16", utf16),
        ("a DOCTYPE", format!("<?xml version=\"1.0\"?>\n{doctype}\n{text}").into()),
        ("pretty-printing", text.replace("><", ">\r\n\t  <").into()),
        ("white space around values", text.replace("</", "\n </").into()),
        ("CDATA", text.replace(&secret, &format!("<![CDATA[{secret}]]>")).into()),
        ("entities", text.replace(&secret, "&#115;ecret&#x20;of alice").into()),
        ("prefixes", text.replace('<', "<c:").replace("<c:/", "</c:").replace(" xmlns=", " xmlns:c=").into()),
        ("comments", text.replace("><", "><!-- x --><").into()),
        ("quotes", text.replace('"', "'").into()),
        (
            "long empty elements",
            text.replace("<Session>", "<Session><Poll></Poll>").replace("<Poll></Poll>", "").into(),
        ),
        ("other attributes", text.replace("<UserID>", "<UserID xml:lang='en' id=\"7\">").into()),
        ("unknown elements", text.replace("<UserID>", "<Vendor><Deep x='1'/></Vendor><UserID>").into()),
        ("another order", moved(&text).into()),
        ("a bare client id", text.replace("<URL>", "").replace("</URL>", "").into()),
        ("the namespace without a folder", text.replace(".org/DTD/", ".org/").into()),
        ("an instruction", format!("<?xml version='1.0'?><?style none?>{text}").into()),
    ];
    for (how, body) in ways {
        let body = line.post("text/xml", body).await.plain();
        let answer = let_in(&body, Version::V12, how);
        assert!(answer.primitive.find("ClientID").is_some(), "{how}: {answer:?}");
    }
}

/// The password in front of the user, the content before its descriptor.
fn moved(text: &str) -> String {
    let cut = |from: &str, to: &str| {
        let start = text.find(from).unwrap();
        &text[start..text.find(to).unwrap() + to.len()]
    };
    let (password, descriptor) =
        (cut("<Password>", "</Password>"), cut("<TransactionDescriptor>", "</TransactionDescriptor>"));
    text.replace(password, "")
        .replace("<UserID>", &format!("{password}<UserID>"))
        .replace(descriptor, "")
        .replace("</TransactionContent>", &format!("</TransactionContent>{descriptor}"))
}

#[tokio::test]
async fn a_version_nobody_speaks_is_refused_in_words_the_client_reads() {
    let world = World::new().domain(NORTH).start().await;
    let line = &mut Line::to(world.ports(NORTH).csp).await;
    let future = login(Version::V13).replace("CSP1.3", "CSP2.0").replace("TRC1.3", "TRC2.0");
    let body = line.post("application/vnd.wv.csp+xml", future).await.plain();
    let answer = Syntax::Xml.read(&body).unwrap();
    assert_eq!(answer.any("Code").map(|code| code.text.as_str()), Some("505"), "{answer:?}");
    assert_eq!(answer.any("TransactionID").map(|id| id.text.as_str()), Some("1"), "{answer:?}");
}
