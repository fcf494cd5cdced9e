//! The load generator against a small node: that what it says of it is so.

use std::process::{Command, Output};

use crate::support::world::World;
use serde_json::Value;

const NORTH: &str = "north.example";

/// `postern bench` with these arguments, against the world's node.
async fn bench(world: &World, arguments: &[&str]) -> Output {
    let ports = world.ports(NORTH);
    let admin = format!("http://{}", ports.admin);
    let url = format!("http://{}/", ports.csp);
    let pid = world.pid(NORTH).await.to_string();
    Command::new(env!("CARGO_BIN_EXE_postern"))
        .arg("bench")
        .args(arguments)
        .args(["--domain", NORTH, "--url", &url, "--admin", &admin, "--pid", &pid, "--token"])
        .arg(world.folder(NORTH).join("admin.token"))
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

#[tokio::test]
async fn a_crowd_is_let_in_held_and_let_go() {
    let world = World::new().domain(NORTH).processes().start().await;
    let crowd = ["crowd", "--sessions", "20", "--cir", "--hold", "0", "--json"];
    let figures = json(&bench(&world, &crowd).await);
    assert_eq!((&figures["sessions"], &figures["channels"], &figures["failures"]), (&20.into(), &20.into(), &0.into()));
    assert!(figures["memory"]["before_bytes"].as_u64().unwrap() > 1_000_000, "{figures}");
    assert!(figures["login"]["max_ms"].as_f64().unwrap() >= figures["login"]["p50_ms"].as_f64().unwrap());
    let users = world.admin("GET", NORTH, "/api/v1/users").await;
    assert!(!users.to_string().contains("bench-"), "its users are gone: {users}");
    let lines = bench(&world, &["crowd", "--sessions", "5", "--hold", "0", "--wbxml"]).await;
    let lines = String::from_utf8(lines.stdout).unwrap();
    assert!(lines.contains("5 (0 failed)") && lines.contains("per session"), "{lines}");
}

#[tokio::test]
async fn sessions_that_did_not_last_do_not_count() {
    let world = World::new().domain(NORTH).with("[access]\nsessions_per_user = 2\n").processes().start().await;
    let crowd = ["crowd", "--sessions", "20", "--users", "3", "--at-once", "2", "--cir", "--hold", "0", "--json"];
    let output = bench(&world, &crowd).await;
    assert_eq!(output.status.code(), Some(1));
    let figures: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&figures["sessions"], &figures["failures"]), (&6.into(), &14.into()), "{figures}");
}

#[tokio::test]
async fn a_storm_of_logins_is_weathered() {
    let world = World::new().domain(NORTH).processes().start().await;
    let figures = json(&bench(&world, &["logins", "--at-once", "30", "--json"]).await);
    assert_eq!((&figures["logins"], &figures["failures"]), (&30.into(), &0.into()));
    assert!(figures["node"]["memory_after_bytes"].as_u64().unwrap() > 1_000_000, "{figures}");
}

#[tokio::test]
async fn a_node_that_is_not_there_is_named() {
    let world = World::new().domain(NORTH).processes().start().await;
    world.kill(NORTH).await;
    let ports = world.ports(NORTH);
    let output = Command::new(env!("CARGO_BIN_EXE_postern"))
        .args(["bench", "logins", "--domain", NORTH, "--url", &format!("http://{}/", ports.csp)])
        .args(["--admin", &format!("http://{}", ports.admin), "--token"])
        .arg(world.folder(NORTH).join("admin.token"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("is it running?") && said.lines().count() == 1, "{said}");
}
