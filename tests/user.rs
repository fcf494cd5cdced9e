//! `postern user` against a running node, as a script uses it.

#![expect(clippy::unwrap_used, reason = "in a test a failure is a panic")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use postern::transport::pki::Authority;
use serde_json::Value;
use tempfile::TempDir;

/// A node with nothing but its admin address.
struct Node {
    folder: TempDir,
    process: Child,
    admin: String,
}

impl Node {
    fn start() -> Self {
        Self::start_with("", |_| {})
    }

    /// With more in the configuration, and files it needs.
    fn start_with(more: &str, files: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        files(folder.path());
        let config = format!("domain = \"north.example\"\n[listen]\nadmin = \"127.0.0.1:0\"\n{more}");
        fs::write(folder.path().join("postern.toml"), config).unwrap();
        fs::create_dir(folder.path().join("peers")).unwrap();
        let mut process = postern()
            .args(["serve", "--config"])
            .arg(folder.path().join("postern.toml"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
        let admin = ready.split_whitespace().find_map(|word| word.strip_prefix("admin="));
        let admin = format!("http://{}", admin.unwrap_or_else(|| panic!("not ready: {ready:?}")));
        Self { folder, process, admin }
    }

    /// Runs `postern user` with words of a line, and something to read.
    fn user(&self, words: &str, stdin: &str) -> Output {
        let token = self.folder.path().join("admin.token");
        let mut command = postern();
        command.arg("user").args(words.split_whitespace()).arg("--admin").arg(&self.admin).arg("--token").arg(token);
        run(&mut command, stdin)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn postern() -> Command {
    Command::new(env!("CARGO_BIN_EXE_postern"))
}

fn run(command: &mut Command, stdin: &str) -> Output {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = piped.spawn().unwrap();
    // A command that reads nothing may have ended already.
    let _ = process.stdin.take().unwrap().write_all(stdin.as_bytes());
    process.wait_with_output().unwrap()
}

fn out(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The one line that says why.
fn why(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

#[test]
fn users_are_added_listed_shown_changed_and_removed() {
    let node = Node::start();
    let made: Value = serde_json::from_str(&out(&node.user("add alice --friendly-name Alice --json", ""))).unwrap();
    assert_eq!((&made["id"], &made["friendly_name"]), (&"alice".into(), &"Alice".into()));
    assert!(made["password"].as_str().unwrap().len() >= 16, "a password is made and printed");
    out(&node.user("add bob --password-file - --login hashed --inactive", "geheim sache\n"));
    assert!(why(&node.user("add bob", "")).contains("exists"));

    let list = out(&node.user("list", ""));
    assert_eq!(
        list.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect::<Vec<_>>(),
        [["alice", "active", "Alice"].to_vec(), ["bob", "inactive"].to_vec()]
    );
    let shown: Value = serde_json::from_str(&out(&node.user("show bob --json", ""))).unwrap();
    assert_eq!((&shown["login"], &shown["password"]), (&"hashed".into(), &Value::Null));
    out(&node.user("passwd alice --password-file -", "wonderland"));
    let empty = why(&node.user("passwd alice", ""));
    assert!(empty.contains("empty") && empty.contains("--password-file FILE"), "{empty}");
    assert_eq!(out(&node.user("sessions alice", "")), "");
    assert_eq!(out(&node.user("disconnect alice", "")), "alice is not logged in\n");
    assert!(why(&node.user("disconnect alice --session abcdef", "")).contains("no session abcdef"));
    assert!(why(&node.user("sessions carol", "")).contains("no user carol"));
    out(&node.user("remove bob", ""));
    assert!(why(&node.user("show bob", "")).contains("no user bob"));
    let left: Value = serde_json::from_str(&out(&node.user("list --json", ""))).unwrap();
    assert_eq!(left.as_array().unwrap().len(), 1);
}

#[test]
fn the_node_is_found_through_its_configuration_or_the_command_says_why_not() {
    let node = Node::start();
    let config = node.folder.path().join("postern.toml");
    let through = |config: &Path| run(postern().args(["user", "list", "--config"]).arg(config), "");
    assert!(why(&through(&config)).contains("--admin"), "a port 0 can't be found");
    let both = run(postern().args(["user", "list", "--admin", &node.admin, "--config"]).arg(&config), "");
    assert_eq!(out(&both), "");
    let address = node.admin.trim_start_matches("http://");
    fs::write(&config, format!("domain = \"north.example\"\n[listen]\nadmin = \"{address}\"\n")).unwrap();
    assert_eq!(out(&through(&config)), "");

    let token = node.folder.path().join("other.token");
    fs::write(&token, "0123456789abcdef0123456789").unwrap();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    let wrong = run(postern().args(["user", "list", "--admin", &node.admin, "--token"]).arg(&token), "");
    assert!(why(&wrong).contains("token"));
    assert!(why(&through(Path::new("/no/such/postern.toml"))).contains("postern check"));
    let nowhere = run(postern().args(["user", "list"]), "");
    assert_eq!(nowhere.status.code(), Some(2), "wrong usage");
    let usage = String::from_utf8(nowhere.stderr).unwrap();
    assert!(usage.contains("give --config FILE, or --admin URL and --token FILE"), "{usage}");
    let missing = run(postern().args(["user", "list", "--admin", &node.admin, "--token", "/no/token"]), "");
    let missing = why(&missing);
    assert!(missing.contains("no token file /no/token") && !missing.contains("os error"), "{missing}");
}

#[test]
fn a_port_that_is_taken_is_told_with_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("postern.toml");
    let address = taken.local_addr().unwrap();
    fs::write(&config, format!("domain = \"north.example\"\n[listen]\ncsp = \"{address}\"\n")).unwrap();
    let line = why(&run(postern().args(["serve", "--config"]).arg(&config), ""));
    assert!(line.contains("stop what uses it, or change [listen] csp"), "{line}");
}

#[test]
fn an_admin_address_behind_tls_is_trusted_by_its_own_certificate_or_an_authority() {
    let (one, other) = (Authority::new("One CA", 30).unwrap(), Authority::new("Other CA", 30).unwrap());
    let files = |folder: &Path| {
        let issued = one.issue(&["localhost"], 30).unwrap();
        fs::write(folder.join("admin.pem"), issued.cert_pem).unwrap();
        fs::write(folder.join("admin.key"), issued.key_pem).unwrap();
        fs::write(folder.join("one.pem"), one.cert_pem()).unwrap();
        fs::write(folder.join("other.pem"), other.cert_pem()).unwrap();
    };
    let node = Node::start_with("[admin]\ncert = \"admin.pem\"\nkey = \"admin.key\"\n", files);
    let file = |name: &str| node.folder.path().join(name);
    let port = node.admin.rsplit(':').next().unwrap();
    let at = |host: &str| format!("https://{host}:{port}/");

    let config =
        run(postern().args(["user", "list", "--admin", &at("127.0.0.1"), "--config"]).arg(file("postern.toml")), "");
    assert_eq!(out(&config), "", "the certificate the configuration names is taken, whatever its names");
    let through = |authority: &str, host: &str| {
        let mut command = postern();
        command.args(["user", "list", "--admin", &at(host), "--token"]).arg(file("admin.token"));
        run(command.arg("--ca").arg(file(authority)), "")
    };
    assert_eq!(out(&through("one.pem", "localhost")), "");
    assert!(why(&through("other.pem", "localhost")).contains("not trusted"));
    assert!(why(&through("one.pem", "127.0.0.1")).contains("not trusted"), "another name");
    let plain = run(postern().args(["user", "list", "--admin", &node.admin, "--token"]).arg(file("admin.token")), "");
    assert_eq!(plain.status.code(), Some(1));
}

#[test]
fn a_profile_is_shown_and_changed() {
    let node = Node::start();
    out(&node.user("add alice", ""));
    let shown = out(&node.user("profile show alice", ""));
    assert!(shown.starts_with("alice") && shown.contains("subscribed, in use"), "{shown}");
    let words = "profile set alice --unsubscribe group --deactivate im --pse im=bb.example --preference im.greeting=hi \
                 --preference tone=soft --location no --privacy pay=ask --terminal screen=176x208";
    let text = out(&node.user(words, ""));
    for part in ["not subscribed", "not in use, at bb.example", "im.greeting", "preferences tone", "privacy location"] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    let json: Value = serde_json::from_str(&out(&node.user("profile show alice --json", ""))).unwrap();
    assert_eq!(json["services"]["im"]["preferences"]["greeting"], "hi");
    assert_eq!((&json["privacy"]["location"], &json["terminal"]["screen"]), (&Value::Bool(false), &"176x208".into()));
    let user: Value = serde_json::from_str(&out(&node.user("show alice --json", ""))).unwrap();
    assert_eq!(user["profile"]["services"]["group"]["subscribed"], false);
    assert!(!out(&node.user("show alice", "")).contains("profile"), "it has a command of its own");

    assert!(why(&node.user("profile show bob", "")).contains("no user bob"));
    assert!(why(&node.user("profile set alice --pse im=a..b", "")).contains("no domain"));
    for words in ["profile set alice", "profile set alice --subscribe mail", "profile set alice --pse mail=bb.example"]
    {
        let output = node.user(words, "");
        assert_eq!(output.status.code(), Some(2), "{words}: {output:?}");
    }
}
