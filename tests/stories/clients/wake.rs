//! Wake-ups as each client hears them: lines over a connection, and a page.

use std::sync::Arc;

use super::PATIENT;
use super::android::{self, Android};
use super::line::Line;
use super::nokia::Nokia;
use super::said::send;
use crate::support::handset::access::Schema;
use crate::support::wire::Version;
use crate::support::wire::tree::Node;
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";

async fn one_domain() -> Arc<World> {
    World::new().domain(NORTH).with(PATIENT).start().await
}

/// A connection to where the capability answer says.
async fn channel(list: &Node) -> Line {
    let address = format!("{}:{}", list.text_at("TCPAddress").unwrap(), list.text_at("TCPPort").unwrap());
    Line::to(address.parse().unwrap()).await
}

fn digits(version: Version) -> String {
    format!("1.{}", version.digit())
}

#[tokio::test]
async fn android_calls_is_told_ok_and_is_woken_over_its_connection() {
    one_domain().await.with_every_phone(android_connected).await;
}

async fn android_connected(world: Arc<World>, phone: Phone) {
    let mut bob = Android::at_home(&world, "bob", phone).await;
    let mut alice = Android::of(&world, "alice", phone).await;
    alice.logs_in(Schema::Md5).await;
    let methods = "<SupportedCIRMethod>STCP</SupportedCIRMethod><SupportedCIRMethod>SUDP</SupportedCIRMethod>";
    let agreed = alice.asks(&android::capabilities(methods)).await.primitive;
    let mut ear = channel(&agreed.children[0]).await;
    let helo = format!("HELO {}\r\n", alice.session.as_deref().unwrap());
    ear.writes(&helo).await;
    assert_eq!(ear.reads_line().await, "OK", "this line and no other within 30 s");
    // Every 20 minutes, with a blank behind it.
    ear.writes("PING \r\n").await;
    assert_eq!(ear.reads_line().await, "OK");
    let request = send(&alice.user, &bob.user, "wake up");
    assert_eq!(bob.asks(&request).await.code(), Some(200));
    assert_eq!(ear.reads_line().await, format!("WVCI {} {}", digits(phone.version), alice.cookie()));
    // It was lost on it: it calls again before it polls, and hears first that the connection stands.
    let mut again = channel(&agreed.children[0]).await;
    again.writes(&helo).await;
    assert_eq!(again.reads_line().await, "OK");
    assert!(again.reads_line().await.starts_with("WVCI "));
    assert!(ear.ended().await, "the older connection gives way");
    let heard = alice.hears().await;
    assert_eq!(heard[0].primitive.text_at("ContentData"), Some("wake up"));
    again.writes("PING \r\n").await;
    assert_eq!(again.reads_line().await, "OK", "nothing waits any more");
}

#[tokio::test]
async fn android_asks_a_page_whether_something_waits() {
    let world = one_domain().await;
    for version in [Version::V12, Version::V13] {
        let phone = Phone { version, ..Phone::USUAL };
        let mut bob = Android::at_home(&world, "bob", phone).await;
        let mut alice = Android::of(&world, "alice", phone).await;
        alice.logs_in(Schema::Md5).await;
        let method = "<SupportedCIRMethod>SHTTP</SupportedCIRMethod>";
        let agreed = alice.asks(&android::capabilities(method)).await.primitive;
        let name = if version == Version::V12 { "CIRURL/URL" } else { "CIRHTTPAddress/URL" };
        let url = agreed.children[0].text_at(name).unwrap_or_else(|| panic!("{agreed:?}")).to_owned();
        let path = url.splitn(4, '/').nth(3).unwrap();
        let get = format!("GET /{path} HTTP/1.1\r\nHost: n\r\n\r\n");
        let mut line = Line::to(world.ports(NORTH).csp).await;
        line.writes(&get).await;
        assert_eq!(line.reads_line().await, "HTTP/1.1 204 No Content", "here, and only here");
        while !line.reads_line().await.is_empty() {}
        let request = send(&alice.user, &bob.user, "on the page");
        assert_eq!(bob.asks(&request).await.code(), Some(200));
        line.writes(&get).await;
        let reply = line.reads().await;
        assert_eq!((reply.status, reply.body.len()), (200, 0), "{reply:?}");
        assert_eq!(alice.hears().await[0].primitive.text_at("ContentData"), Some("on the page"));
    }
}

#[tokio::test]
async fn nokia_opens_a_channel_and_takes_any_line_for_a_sign_of_life() {
    let world = one_domain().await;
    for version in [Version::V11, Version::V12] {
        let mut alice = Nokia::at_home(&world, "alice", version).await;
        let mut bob = Nokia::of(&world, "bob", version).await;
        bob.logs_in("bob").await;
        let list = bob.agrees().await;
        let methods: Vec<_> = list.all("SupportedCIRMethod").map(|method| method.text.as_str()).collect();
        assert!(methods.contains(&"STCP") && !methods.contains(&"WAPSMS"), "its order, what is offered: {list:?}");
        assert!(list.find("CIRURL").is_none(), "its tables lack it: {list:?}");
        let mut ear = channel(&list).await;
        // Written in pieces, as its sockets do.
        ear.writes("HELO ").await;
        ear.writes(bob.session.as_deref().unwrap()).await;
        ear.writes("\r\n").await;
        assert!(!ear.reads_line().await.is_empty());
        let sent = alice.asks(&send(&bob.user, &alice.user, "wake up")).await;
        assert_eq!(sent.code(), Some(200));
        let woken = ear.reads_line().await;
        assert_eq!(woken, format!("WVCI {} wv:nokia.1089", digits(version)), "with its own cookie");
        ear.writes("PING\r\n").await;
        let line = ear.reads_line().await;
        assert!(line == "OK" || line.starts_with("WVCI "), "{line}");
        let heard = bob.polls().await;
        assert_eq!(heard[0].primitive.text_at("ContentData"), Some("wake up"));
        assert!(!bob.confirms(&heard).await.iter().any(|said| said.id == heard[0].id));
    }
}
