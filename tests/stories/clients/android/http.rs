//! Its HTTP: one connection, one thing at a time, and only 200 is good.

use std::sync::Arc;

use super::{Android, NORTH, SERVICES};
use crate::clients::said::{self, Said, status};
use crate::support::world::{Phone, World};

async fn one_domain() -> Arc<World> {
    World::new().domain(NORTH).start().await
}

#[tokio::test]
async fn android_gets_200_with_a_length_for_whatever_it_posts() {
    one_domain().await.with_every_phone(always_200).await;
}

async fn always_200(world: Arc<World>, phone: Phone) {
    let mut android = Android::at_home(&world, "alice", phone).await;
    // Every one of these goes through `Reply::plain`.
    for primitive in ["<KeepAlive-Request/>", SERVICES, "<GetSPInfo-Request/>", "<Search-Request/>"] {
        android.asks(primitive).await;
    }
    // What only a server says, or what no server knows.
    for (primitive, codes) in [("<NewMessage/>", [400, 402]), ("<Extended-Request/>", [405, 501])] {
        let id = android.next();
        let document = android.request(&id, primitive);
        let answer = android.exchanges(&document).await.unwrap();
        assert!(answer.code().is_some_and(|code| codes.contains(&code)), "{answer:?} answers {primitive}");
    }
    for broken in [&b""[..], b"no message at all", b"\x03\x11\x6A\x00\x49", b"<WV-CSP-Message><Session>"] {
        let body = android.line.post(android.kind(), broken).await.plain();
        assert!(!body.is_empty(), "an error is told in words");
    }
    assert!(android.polls().await.is_none());
}

#[tokio::test]
async fn android_gets_an_empty_body_for_a_poll_or_an_answer_and_for_nothing_else() {
    one_domain().await.with_every_phone(empty_bodies).await;
}

async fn empty_bodies(world: Arc<World>, phone: Phone) {
    let mut android = Android::at_home(&world, "alice", phone).await;
    let poll = said::message(phone.version, android.session.as_deref(), "Request", None, "<Polling-Request/>");
    let body = android.encodes(&poll);
    let reply = android.line.post(android.kind(), body).await;
    assert_eq!((reply.status, reply.header("content-length")), (200, Some("0")), "not 204, not chunked");
    assert!(reply.plain().is_empty());
    let nothing = Said { asks: true, id: "nobody-asked".into(), primitive: crate::support::wire::tree::node("x", []) };
    assert!(android.answers(&nothing, &status(200)).await.is_none());
    assert!(android.answers(&nothing, "<MessageDelivered><MessageID>x</MessageID></MessageDelivered>").await.is_none());
}

#[tokio::test]
async fn android_posts_to_any_path_and_is_not_sent_elsewhere() {
    let world = one_domain().await;
    let mut android = Android::at_home(&world, "alice", Phone::USUAL).await;
    for path in ["/", "/imps", "/a/b.jsp;x=1?y=2", "//"] {
        let id = android.next();
        let body = android.encodes(&android.request(&id, "<KeepAlive-Request/>"));
        let headers = format!("Content-Type: {}\r\nAccept-Encoding: gzip\r\nCookie: a=b\r\n", android.kind());
        let head = android.line.head(path, &headers, body.len());
        android.line.writes([head.as_bytes(), &body].concat()).await;
        let body = android.line.reads().await.plain();
        assert_eq!(android.reads(&body).only().code(), Some(200), "{path}");
    }
}

#[tokio::test]
async fn a_method_android_never_uses_is_refused_without_a_word_of_csp() {
    let world = one_domain().await;
    let mut android = Android::of(&world, "alice", Phone::USUAL).await;
    android.line.writes("GET / HTTP/1.1\r\nHost: n\r\n\r\n").await;
    let reply = android.line.reads().await;
    assert_eq!((reply.status, reply.header("allow")), (405, Some("POST")), "{reply:?}");
}
