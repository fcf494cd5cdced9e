//! Floods: so many requests of each hostile kind leave a node's memory where it was.
//!
//! `POSTERN_HOSTILE` is the count of each kind (100 here; the full run is 10000).

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::support::count;
use crate::support::handset::Handset;
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";

/// What a node may have grown by when a flood is over, bytes.
const GROWTH: u64 = 20_000_000;
/// Slow connections open at once.
const CROWD: usize = 500;

const HEAD: &str = "POST / HTTP/1.1\r\nHost: n\r\nContent-Type: application/vnd.wv.csp.xml\r\n";

#[tokio::test]
async fn a_flood_of_each_hostile_kind_leaves_the_memory_where_it_was() {
    let timers = "[timers]\nrequest_read = \"1s\"\n";
    let world = World::new().domain(NORTH).with(timers).processes().start().await;
    let alice = world.login("alice", NORTH, Phone::USUAL).await;
    // Buffers that any work needs are there before the flood.
    pour(&world, &alice, CROWD).await;
    let before = world.resident(NORTH).await;
    pour(&world, &alice, count("POSTERN_HOSTILE", 100)).await;
    // Memory is given back once the last connection is gone.
    let mut growth = 0;
    for _ in 0..50 {
        growth = world.resident(NORTH).await.saturating_sub(before);
        if growth < GROWTH {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    println!("{growth} bytes more after the flood");
    assert!(growth < GROWTH, "{growth} bytes more");
    let mut alice = alice;
    alice.keep_alive().await;
}

/// So many requests of each kind.
async fn pour(world: &World, alice: &Handset, times: usize) {
    let address = world.ports(NORTH).csp;
    let root = "<WV-CSP-Message xmlns=\"http://www.openmobilealliance.org/DTD/WV-CSP1.2\">";
    let malformed = format!("{root}<Session><SessionDescriptor></Session>");
    let deep = format!("{root}{}", "<Session>".repeat(5_000));
    let bomb = format!("<!DOCTYPE x [<!ENTITY a \"{}\">]>{root}&a;&a;&a;</WV-CSP-Message>", "ha".repeat(5_000));
    for body in [malformed, deep, bomb] {
        for _ in 0..times {
            let answer = alice.raw(body.clone(), "application/vnd.wv.csp.xml").await.unwrap();
            assert_eq!(answer.status, 200);
            assert!(String::from_utf8_lossy(&answer.body).contains("<Code>400</Code>"), "{answer:?}");
        }
    }
    // A connection stays a little longer than its answer, so that the sender can read it: these come in crowds.
    let oversized = format!("{HEAD}Content-Length: 1000000000\r\n\r\n{root}");
    for said in crowds(address, &oversized, times).await {
        assert!(said.starts_with("HTTP/1.1 413"), "{said}");
    }
    crowds(address, "POST / HTTP/1.1\r\nHos", times).await;
}

/// Says the same on so many connections, a crowd of them at once; what each was answered.
async fn crowds(address: SocketAddr, text: &str, times: usize) -> Vec<String> {
    let mut answers = Vec::new();
    for crowd in (0..times).step_by(CROWD) {
        let mut connections = JoinSet::new();
        for _ in crowd..times.min(crowd + CROWD) {
            connections.spawn(say(address, text.to_owned()));
        }
        answers.extend(connections.join_all().await);
    }
    answers
}

/// Writes, and reads until the other end closes.
async fn say(address: SocketAddr, text: String) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let end = tokio::time::timeout(Duration::from_secs(15), stream.read_to_end(&mut answer)).await;
    assert!(end.is_ok(), "the connection is still open after 15 s");
    String::from_utf8_lossy(&answer).into_owned()
}
