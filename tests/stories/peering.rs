//! Peer files that come, change and go while a node runs.

use std::time::Duration;

use tokio::time::Instant;

use crate::support::GLANCE;
use crate::support::peer::{ScriptedPeer, message, ssp};
use crate::support::world::builder::{ALL, peer_file};
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";
const EAST: &str = "east.example";
const WEST: &str = "west.example";

/// The promise is 2 s; a busy machine may take longer to notice.
const IN_FORCE: Duration = Duration::from_secs(15);

#[tokio::test]
async fn a_peer_file_that_appears_or_goes_takes_effect_by_itself() {
    let world = World::new().domain(NORTH).start().await;
    let peer = ScriptedPeer::start(&world.ca, WEST).await;
    let node = format!("https://{}/", world.ports(NORTH).ssp);
    peer.talks_to(&node, NORTH, &world.ca, &world.ca.issue(WEST));
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    assert_eq!(alice.says("too early").to(["wv:will@west.example"]).await.code, 516);
    let file = world.peer_files(NORTH).join("west.example.toml");
    std::fs::write(&file, peer_file(WEST, &peer.url(), [ALL, ALL])).unwrap();
    let written = Instant::now();
    while alice.says("now?").to(["wv:will@west.example"]).await.code != 200 {
        tokio::time::sleep(GLANCE).await;
        assert!(written.elapsed() < IN_FORCE, "not in force");
    }
    peer.takes_request("SendMessageRequest").await;
    std::fs::remove_file(&file).unwrap();
    let removed = Instant::now();
    while alice.says("still?").to(["wv:will@west.example"]).await.code != 516 {
        tokio::time::sleep(GLANCE).await;
        assert!(removed.elapsed() < IN_FORCE, "still in force");
    }
}

#[tokio::test]
async fn a_broken_peer_file_is_reported_and_leaves_the_old_one_in_force_and_other_peers_alone() {
    let world = World::new().domain(NORTH).scripted(EAST).scripted(WEST).start().await;
    let (east, west) = (world.peer(EAST).await, world.peer(WEST).await);
    let pairs = (east.initiates().await, west.initiates().await);
    std::fs::write(world.peer_files(NORTH).join("east.example.toml"), "domain = \"east.example\"\nurl = 7\n").unwrap();
    let report = world.admin("POST", NORTH, "/api/v1/reload").await.to_string();
    assert!(report.contains("east.example.toml"), "{report}");
    let bob = Phone::USUAL.user("bob", NORTH);
    for (peer, user) in [(&east, "wv:eve@east.example"), (&west, "wv:will@west.example")] {
        let answer = peer.asks(message(user, &[&bob], "m-1", "unimpressed", false)).await;
        assert_eq!(ssp::code(&answer), 200, "{user}: {answer:?}");
    }
    assert_eq!((east.session().await, west.session().await), pairs);
}
