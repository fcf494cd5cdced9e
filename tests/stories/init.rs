//! Two nodes as a newcomer makes them: `init` twice, one file handed over each way, `serve`, `user add`.

use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::ca::Ca;
use crate::support::handset::Handset;
use crate::support::world::Phone;
use crate::support::world::engine::{Engine, Ports};

const NORTH: &str = "north.example";
const SOUTH: &str = "south.example";
const PASSWORD: &str = "correct horse";

#[tokio::test]
async fn two_nodes_made_by_init_talk_in_every_syntax_and_version() {
    let folder = tempfile::tempdir().unwrap();
    let (north, south) = (folder.path().join("north"), folder.path().join("south"));
    let me = |node: &Path| node.join("peer-me.toml").display().to_string();
    postern(&["init", path(&north), "--domain", NORTH, "--base-port", &base_port()], "");
    let arguments = ["init", path(&south), "--domain", SOUTH, "--base-port", &base_port(), "--from-peer", &me(&north)];
    postern(&arguments, "");
    std::fs::copy(me(&south), north.join("peers/south.example.toml")).unwrap();
    for node in [&north, &south] {
        postern(&["check", "--config", path(&node.join("postern.toml"))], "");
    }
    let (north_node, at_north) = Engine::start(&north, false, None).await;
    let (south_node, at_south) = Engine::start(&south, false, None).await;
    for (node, name) in [(&north, "alice"), (&south, "bob")] {
        let config = node.join("postern.toml");
        postern(&["user", "add", name, "--config", path(&config), "--password-file", "-"], PASSWORD);
    }
    let ca = Ca::new("nobody's");
    for phone in Phone::ALL {
        let mut alice = login(&ca, at_north, "wv:alice@north.example", phone).await;
        let mut bob = login(&ca, at_south, "wv:bob@south.example", phone.next()).await;
        // The first message sets the session between the domains up; the others find it open.
        alice.says("Knock, knock").to([&bob.user]).await.accepted();
        bob.hears("Knock, knock").await;
        let sent = Instant::now();
        let id = alice.says("Who's there? \u{1F44B} \u{10FFFD} żółć").report().to([&bob.user]).await.accepted();
        bob.hears("Who's there? \u{1F44B} \u{10FFFD} żółć").await;
        // Some milliseconds on an idle machine; a busy one must not fail for it.
        assert!(sent.elapsed() < Duration::from_secs(5), "{:?}", sent.elapsed());
        println!("{phone:?}: heard after {:?}", sent.elapsed());
        assert_eq!(alice.report_for(&id).await.code, 200);
        bob.says("Me").to([&alice.user]).await.accepted();
        alice.hears("Me").await;
        let code = alice.says("Anybody?").to(["wv:nobody@south.example"]).await.code;
        assert!(matches!(code, 427 | 531), "{code}");
        alice.logout().await;
        bob.logout().await;
    }
    north_node.stop().await;
    south_node.stop().await;
}

async fn login(ca: &Ca, ports: Ports, user: &str, phone: Phone) -> Handset {
    let url = format!("http://{}/", ports.csp);
    let mut handset = Handset::new(&url, ca.client(None), "unused", phone.syntax, phone.version).of(user, PASSWORD);
    handset.login().await;
    handset
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs the real program, which must succeed.
fn postern(arguments: &[&str], input: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
    let mut child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "postern {arguments:?}");
}

/// The first of five ports in a row that are free.
fn base_port() -> String {
    let free = |port| TcpListener::bind(("127.0.0.1", port));
    loop {
        let first = free(0).unwrap();
        let base = first.local_addr().unwrap().port();
        let Some(last) = base.checked_add(4) else { continue };
        let others: Vec<_> = (base + 1..=last).map(free).collect();
        if others.iter().all(Result::is_ok) {
            return base.to_string();
        }
    }
}
