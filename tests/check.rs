//! `postern check` and `postern init` as an operator uses them.

#![allow(clippy::unwrap_used, reason = "a test fails where it can't go on")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

fn postern(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
    command.args(arguments).envs(variables.iter().copied());
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn init(dir: &Path, more: &[&str]) -> Output {
    let mut arguments = vec!["init", dir.to_str().unwrap()];
    arguments.extend(more);
    postern(&arguments, &[])
}

fn check(dir: &Path, more: &[&str], variables: &[(&str, &str)]) -> Output {
    let file = dir.join("postern.toml");
    let mut arguments = vec!["check", "--config", file.to_str().unwrap()];
    arguments.extend(more);
    postern(&arguments, variables)
}

const FAULTY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/faulty_node");

/// Each planted fault: where it is, words that say what is wrong, words that say what to do.
const PLANTED: [(&str, usize, &str, &str); 21] = [
    ("peers/east.example.toml", 1, "has no url", "add url"),
    ("peers/east.example.toml", 3, "quirks[0]", "did you mean \"sticky-session\"?"),
    ("peers/east.example.toml", 6, "limits.burst is 0", "from 1 to"),
    ("peers/south.example.toml", 2, "url is \"http://127.0.0.1:9443/\"", "https://"),
    ("peers/south.example.toml", 3, "pins[0]", "write it like"),
    ("peers/south.example.toml", 6, "\"presense\"", "did you mean \"presence\"?"),
    ("peers/west.example.toml", 2, "shared.example stands for east.example", "one peer"),
    ("peers/west.example.toml", 4, "duplicate key", "remove one"),
    ("peers/west.example.toml", 5, "this is no TOML", "correct the line"),
    ("postern.toml", 3, "aliasses is unknown", "did you mean aliases?"),
    ("postern.toml", 7, "listen.csp", "127.0.0.1:8080"),
    ("postern.toml", 8, "listen.ssp is set, but there is no [tls]", "add [tls]"),
    ("postern.toml", 9, "listen.cir is 127.0.0.1:8083, where ssp listens too", "its own port"),
    ("postern.toml", 10, "listen.admin is off loopback", "127.0.0.1"),
    ("postern.toml", 13, "access.keep_alive_max is 7200", "\"7200s\""),
    ("postern.toml", 16, "services.im is nowhere.example", "peer file"),
    ("postern.toml", 19, "not in this version", "sled"),
    ("postern.toml", 21, "[mesages] is unknown", "did you mean [messages]?"),
    ("postern.toml", 25, "timers.retry[1]", "write it like"),
    ("postern.toml", 26, "timers.retry[2]", "write it like"),
    ("users.toml", 5, "alice stands twice", "remove one"),
];

#[test]
fn every_planted_fault_is_found_at_once_with_file_and_line() {
    let output = check(Path::new(FAULTY), &[], &[]);
    assert_eq!(output.status.code(), Some(1));
    let lines = text(&output.stdout);
    for (file, line, what, remedy) in PLANTED {
        let start = format!("{file}:{line}: ");
        let found = lines.lines().find(|l| l.starts_with(&start) && l.contains(what));
        let found = found.unwrap_or_else(|| panic!("{start}{what} is not in:\n{lines}"));
        assert!(found.contains(remedy), "{found}");
    }
    assert_eq!(lines.lines().count(), PLANTED.len(), "nothing else is reported:\n{lines}");
    assert_eq!(text(&output.stderr).lines().count(), 1);
}

#[test]
fn the_findings_as_json_are_the_findings_as_lines() {
    let lines = text(&check(Path::new(FAULTY), &[], &[]).stdout);
    let output = check(Path::new(FAULTY), &["--json"], &[]);
    assert_eq!(output.status.code(), Some(1));
    let findings: Vec<BTreeMap<String, serde_json::Value>> = serde_json::from_slice(&output.stdout).unwrap();
    let as_line = |f: &BTreeMap<String, serde_json::Value>| {
        let word = |key: &str| f[key].as_str().unwrap().to_owned();
        format!("{}:{}: {}: {}\n", word("file"), f["line"], word("what"), word("remedy"))
    };
    assert_eq!(findings.iter().map(as_line).collect::<String>(), lines);
    let warnings: Vec<_> = findings.iter().filter(|f| f["severity"] == "warning").collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
}

#[test]
fn what_init_makes_has_no_finding() {
    let home = tempfile::tempdir().unwrap();
    let north = home.path().join("north");
    assert!(init(&north, &["--domain", "North.Example"]).status.success());
    let output = check(&north, &[], &[]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), String::new()));
    for secret in ["certs/ca.key", "certs/north.example.key", "certs/chat.key"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(north.join(secret)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{secret}");
    }
    let shown = |name: &str| {
        let file = north.join("certs").join(name);
        let output = postern(&["cert", "show", "--json", file.to_str().unwrap()], &[]);
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()[0]["extended_key_usage"].clone()
    };
    assert_eq!(shown("chat.pem"), serde_json::json!(["server"]), "what phones see can't speak for the domain");
    assert_eq!(shown("north.example.pem"), serde_json::json!(["server", "client"]));
    let peer_me = std::fs::read_to_string(north.join("peer-me.toml")).unwrap();
    assert!(peer_me.contains("\"https://127.0.0.1:8083/\""), "{peer_me}");
    assert!(!peer_me.contains("PRIVATE KEY"));
}

#[test]
fn secrets_that_are_there_must_hold_what_they_should() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let north = home.path().join("north");
    assert!(init(&north, &["--domain", "north.example"]).status.success());
    let put = |name: &str, text: &str, mode: u32| {
        std::fs::write(north.join(name), text).unwrap();
        std::fs::set_permissions(north.join(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    put("secret.key", "abc\n", 0o600);
    put("admin.token", "a token with blanks in it\n", 0o644);
    let output = check(&north, &[], &[]);
    assert_eq!(output.status.code(), Some(1));
    let lines = text(&output.stdout);
    for part in
        ["doesn't hold 64 hexadecimal digits: restore", "which others may read: chmod 600", "holds blanks: remove"]
    {
        assert!(lines.contains(part), "{part} is not in:\n{lines}");
    }
    assert!(!lines.contains("abc") && !lines.contains("with blanks in"), "{lines}");
    put("secret.key", &format!("{}\n", "0".repeat(64)), 0o600);
    put("admin.token", "0123456789abcdef\n", 0o600);
    let output = check(&north, &[], &[]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), String::new()));
}

#[test]
fn a_variable_overrides_the_file_and_its_fault_names_it() {
    let home = tempfile::tempdir().unwrap();
    assert!(init(&home.path().join("n"), &["--domain", "north.example"]).status.success());
    let wrong =
        [("POSTERN_LISTEN__CSP", "here"), ("POSTERN_LISTEN__SPP", "127.0.0.1:1"), ("POSTERN_DOMAIN", "x.example")];
    let output = check(&home.path().join("n"), &[], &wrong);
    assert_eq!(output.status.code(), Some(1));
    let lines = text(&output.stdout);
    assert!(lines.contains("environment:1: POSTERN_LISTEN__CSP is \"here\""), "{lines}");
    assert!(lines.contains("did you mean POSTERN_LISTEN__SSP?"), "{lines}");
    assert!(lines.contains("doesn't carry the DNS name x.example"), "{lines}");
}

#[test]
fn init_refuses_a_folder_that_is_not_empty() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("n");
    assert!(init(&dir, &["--domain", "north.example"]).status.success());
    let before = std::fs::read(dir.join("certs/ca.key")).unwrap();
    let output = init(&dir, &["--domain", "north.example"]);
    assert_eq!(output.status.code(), Some(1));
    let line = text(&output.stderr);
    assert!(line.contains("isn't empty") && line.lines().count() == 1, "{line}");
    assert_eq!(std::fs::read(dir.join("certs/ca.key")).unwrap(), before);
}

#[test]
fn nodes_exchange_their_peer_files() {
    let home = tempfile::tempdir().unwrap();
    let (north, south) = (home.path().join("north"), home.path().join("south"));
    assert!(init(&north, &["--domain", "north.example", "--base-port", "7000"]).status.success());
    let peer_me = north.join("peer-me.toml");
    let from = ["--domain", "south.example", "--base-port", "7100", "--from-peer", peer_me.to_str().unwrap()];
    assert!(init(&south, &from).status.success());
    std::fs::copy(south.join("peer-me.toml"), north.join("peers/south.example.toml")).unwrap();
    for dir in [&north, &south] {
        let output = check(dir, &[], &[]);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), String::new()));
    }
    let own =
        init(&home.path().join("again"), &["--domain", "north.example", "--from-peer", peer_me.to_str().unwrap()]);
    assert_eq!(own.status.code(), Some(1));
    assert!(!home.path().join("again").exists(), "nothing is made before everything is known to be right");
}

#[test]
fn wrong_usage_is_two() {
    assert_eq!(postern(&["check"], &[]).status.code(), Some(2));
    assert_eq!(postern(&["init", "x", "--domain", "not a domain"], &[]).status.code(), Some(2));
    assert_eq!(postern(&["init", "x", "--domain", "a.example", "--base-port", "65532"], &[]).status.code(), Some(2));
}
