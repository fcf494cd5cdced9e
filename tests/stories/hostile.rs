//! Hostile input: each costs its sender a clear status, nobody else anything.
//!
//! `POSTERN_HOSTILE` is the count of mutated documents (100 here; the full run is 10000). The seed is printed.

use std::time::{Duration, Instant};

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::handset::Handset;
use crate::support::http::Http;
use crate::support::peer::{message, ssp};
use crate::support::wire::tree::{leaf, node};
use crate::support::wire::xml;
use crate::support::world::{Phone, World};
use crate::support::{GLANCE, count, seed};

const NORTH: &str = "north.example";
const EAST: &str = "east.example";
const EVE: &str = "wv:eve@east.example";

/// What a process may grow by under any of these, bytes.
const GROWTH: u64 = 20_000_000;

#[tokio::test]
async fn mutated_documents_cost_their_sender_a_status() {
    let world = World::new().domain(NORTH).processes().start().await;
    let seed = seed("POSTERN_SEED");
    let mut random = SmallRng::seed_from_u64(seed);
    let before = world.resident(NORTH).await;
    for phone in Phone::ALL {
        let mut alice = world.login("alice", NORTH, phone).await;
        let documents = [
            alice.message("Request", Some("1"), alice.login_request([leaf("Password", "x")])),
            alice.message("Request", Some("2"), node("KeepAlive-Request", [leaf("TimeToLive", 60)])),
            alice.message("Response", Some("m1"), node("MessageDelivered", [leaf("MessageID", "x")])),
        ];
        for _ in 0..count("POSTERN_HOSTILE", 100).div_ceil(6) {
            let document = &documents[random.random_range(0..documents.len())];
            let mut body = phone.syntax.write(document, phone.version);
            mutate(&mut body, &mut random);
            clear_status(&alice, body, seed).await;
        }
        alice.keep_alive().await;
    }
    let growth = world.resident(NORTH).await.saturating_sub(before);
    assert!(growth < GROWTH, "{growth} bytes more");
}

fn mutate(body: &mut Vec<u8>, random: &mut SmallRng) {
    for _ in 0..random.random_range(1..6) {
        let at = random.random_range(0..body.len());
        match random.random_range(0..4) {
            0 => body[at] = random.random(),
            1 => body.truncate(at + 1),
            2 => body.insert(at, random.random()),
            _ => {
                let part = body[at..body.len().min(at + 40)].to_vec();
                body.splice(at..at, part);
            }
        }
    }
}

/// The document is answered: with 200, or with a code that says whose fault it is.
async fn clear_status(phone: &Handset, body: Vec<u8>, seed: u64) {
    let shown = String::from_utf8_lossy(&body).into_owned();
    let content_type = phone.syntax.content_type(phone.version);
    match phone.raw(body, content_type).await {
        Ok(answer) if matches!(answer.status, 200 | 400 | 413 | 415) => {}
        other => panic!("seed {seed}: {other:?} answers {shown:?}"),
    }
}

#[tokio::test]
async fn depth_doctypes_and_nonsense_are_answered_with_a_status() {
    let world = World::new().domain(NORTH).processes().start().await;
    for phone in Phone::ALL {
        let mut alice = world.login("alice", NORTH, phone).await;
        let root = format!("<WV-CSP-Message xmlns=\"{}\">", phone.version.csp());
        let laughs: String =
            (1..10).map(|n| format!("<!ENTITY a{n} \"{}\">", format!("&a{};", n - 1).repeat(10))).collect();
        let bodies = [
            Vec::new(),
            b"Hello".to_vec(),
            vec![0; 1000],
            vec![0xFF; 1000],
            format!("{root}{}", "<Session>".repeat(30_000)).into_bytes(),
            format!("<!DOCTYPE WV-CSP-Message SYSTEM \"file:///etc/passwd\">{root}</WV-CSP-Message>").into_bytes(),
            format!("<!DOCTYPE x [<!ENTITY a0 \"ha\">{laughs}]>{root}&a9;</WV-CSP-Message>").into_bytes(),
            [&[0x03, 0x11, 0x6A, 0x00][..], &[0x49; 50_000]].concat(),
            [&[0x03, 0x11, 0x6A, 0x8F, 0xFF, 0xFF, 0xFF, 0x7F][..], &[0x49; 10]].concat(),
            [&[0x03, 0x11, 0x6A, 0x00, 0x49, 0xC3][..], &[0x8F, 0xFF, 0xFF, 0xFF, 0x7F]].concat(),
        ];
        for body in bodies {
            clear_status(&alice, body, 0).await;
        }
        let answer = alice.raw("x", "image/png").await.unwrap();
        assert!(matches!(answer.status, 400 | 415), "another content type: {}", answer.status);
        alice.keep_alive().await;
    }
}

#[tokio::test]
async fn mutated_documents_of_a_peer_cost_it_a_status_and_its_session_nothing() {
    let world = World::new().domain(NORTH).scripted(EAST).processes().start().await;
    let peer = world.peer(EAST).await;
    let pair = peer.initiates().await;
    let mut bob = world.login("bob", NORTH, Phone::USUAL).await;
    let seed = seed("POSTERN_SEED");
    let mut random = SmallRng::seed_from_u64(seed);
    let before = world.resident(NORTH).await;
    let nobody = "wv:nobody@north.example";
    for number in 0..count("POSTERN_HOSTILE", 100) {
        let request = message(EVE, &[nobody], &format!("m{number}"), "mutated", true);
        let mut body =
            xml::write(&ssp::session(&pair.own, [ssp::transaction(true, &format!("t{number}"), request)])).into_bytes();
        mutate(&mut body, &mut random);
        let shown = String::from_utf8_lossy(&body).into_owned();
        // Whoever posts more than was agreed is told to wait.
        let answer = loop {
            match peer.posts(body.clone()).await {
                Ok(busy) if busy.status == 503 => tokio::time::sleep(GLANCE).await,
                Ok(answer) => break answer,
                Err(lost) => panic!("seed {seed}: {lost:?} answers {shown}"),
            }
        };
        assert!(matches!(answer.status, 200 | 400 | 403 | 404), "seed {seed}: {} answers {shown}", answer.status);
    }
    let growth = world.resident(NORTH).await.saturating_sub(before);
    assert!(growth < GROWTH, "{growth} bytes more");
    let answer = peer.asks(message(EVE, &[&bob.user], "m-good", "still friends", false)).await;
    assert_eq!(ssp::code(&answer), 200, "{answer:?}");
    bob.hears("still friends").await;
}

#[tokio::test]
async fn nobody_without_a_certificate_says_anything_at_the_ssp_port_and_nobody_says_too_much() {
    let world = World::new().domain(NORTH).scripted(EAST).processes().start().await;
    let address = world.ports(NORTH).ssp;
    let url = format!("https://{address}/");
    let headers = [("content-type", ssp::CONTENT_TYPE)];
    let stranger = Http::new(world.ca.client(None), NORTH);
    assert!(stranger.post(&url, &headers, b"<x/>".to_vec()).await.is_err(), "no certificate");
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(b"POST / HTTP/1.1\r\nHost: n\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    assert!(!answered(&mut plain).await.starts_with("HTTP/1.1 2"), "no TLS");
    let peer = world.peer(EAST).await;
    peer.initiates().await;
    // The connection may close while we still write.
    if let Ok(answer) = peer.posts(vec![b' '; 64 << 20]).await {
        assert_eq!(answer.status, 413);
    }
    let known = Http::new(world.ca.client(Some(&world.ca.issue(EAST))), NORTH);
    let answer = known.post(&url, &[("content-type", "text/plain")], b"<x/>".to_vec()).await.unwrap();
    assert_eq!(answer.status, 415);
    assert_eq!(ssp::code(&peer.asks(message(EVE, &["wv:nobody@north.example"], "m", "x", false)).await), 531);
}

#[tokio::test]
async fn an_oversized_body_is_refused_before_it_is_read() {
    let world = World::new().domain(NORTH).processes().start().await;
    let address = world.ports(NORTH).csp;
    let before = world.resident(NORTH).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head =
        "POST / HTTP/1.1\r\nHost: n\r\nContent-Type: application/vnd.wv.csp.xml\r\nContent-Length: 1000000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    assert!(answered(&mut stream).await.starts_with("HTTP/1.1 413"), "declared size");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head =
        "POST / HTTP/1.1\r\nHost: n\r\nContent-Type: application/vnd.wv.csp.xml\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let mut sent = 0;
    while sent < 64 << 20 && stream.write_all(chunk.as_bytes()).await.is_ok() {
        sent += 0x10000;
    }
    assert!(sent < 32 << 20, "{sent} bytes of an endless body were taken");
    let growth = world.resident(NORTH).await.saturating_sub(before);
    assert!(growth < GROWTH, "{growth} bytes more");
    world.login("alice", NORTH, Phone::USUAL).await.logout().await;
}

/// The start of what a server says before it closes.
async fn answered(stream: &mut TcpStream) -> String {
    let mut answer = [0; 64];
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut answer)).await;
    let length = read.expect("an answer in time").unwrap_or(0);
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[tokio::test]
async fn five_hundred_slow_connections_hold_nobody_up_and_are_closed() {
    let world = World::new().domain(NORTH).processes().start().await;
    let address = world.ports(NORTH).csp;
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let mut bob = world.login("bob", NORTH, Phone::USUAL).await;
    let heads = [
        "POST / HT",
        "POST / HTTP/1.1\r\nHost: n\r\nContent-Type: application/vnd.wv.csp.xml\r\nContent-Length: 500\r\n\r\n<WV",
    ];
    let began = Instant::now();
    let mut slow = Vec::new();
    for number in 0..500 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(heads[number % heads.len()].as_bytes()).await.unwrap();
        slow.push(stream);
    }
    let asked = Instant::now();
    alice.says("past the crowd").to([&bob.user]).await.accepted();
    bob.hears("past the crowd").await;
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    for (number, mut stream) in slow.into_iter().enumerate() {
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(15), stream.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "slow connection {number} is still open after {:?}", began.elapsed());
    }
    alice.keep_alive().await;
}
