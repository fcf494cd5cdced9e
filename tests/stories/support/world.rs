//! Whole domains: folders, certificates, users and peer files on disk, nodes that run them, phones that log in.

pub mod builder;
pub mod engine;
pub mod phone;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;

use super::ca::Ca;
use super::events::Listener;
use super::handset::Handset;
use super::http::{Answer, Http};
use super::peer::ScriptedPeer;
use builder::{Builder, peer_file};
use engine::{Engine, Ports};
pub use phone::Phone;

/// Domains that know each other.
pub struct World {
    /// Who vouches for everybody.
    pub ca: Ca,
    nodes: BTreeMap<String, Node>,
    peers: BTreeMap<String, tokio::sync::Mutex<ScriptedPeer>>,
    _folder: TempDir,
}

/// A node of the world.
struct Node {
    folder: PathBuf,
    ports: Ports,
    engine: tokio::sync::Mutex<Option<Engine>>,
    inside: bool,
    detail: Option<&'static str>,
}

// === impl World ===

impl World {
    /// A world to furnish.
    #[allow(clippy::new_ret_no_self, reason = "reads as a sentence: World::new().domain(…).start()")]
    pub fn new() -> Builder {
        Builder::default()
    }

    /// A phone in the hands of `name` in `domain`, not logged in.
    pub fn phone(&self, name: &str, domain: &str, phone: Phone) -> Handset {
        let url = format!("http://{}/", self.node(domain).ports.csp);
        self.handset(&url, name, domain, phone)
    }

    /// The same, over TLS.
    pub fn tls_phone(&self, name: &str, domain: &str, phone: Phone) -> Handset {
        let url = format!("https://{}/", self.node(domain).ports.csp_tls);
        self.handset(&url, name, domain, phone)
    }

    /// A phone that has this address of the loopback network to itself.
    pub fn phone_at(&self, address: IpAddr, name: &str, domain: &str, phone: Phone) -> Handset {
        self.phone(name, domain, phone).at(Http::leaving(
            self.ca.client(None),
            &format!("chat.{domain}"),
            Some(address),
        ))
    }

    /// A phone in the hands of `name` in `domain`, logged in.
    pub async fn login(&self, name: &str, domain: &str, phone: Phone) -> Handset {
        let mut handset = self.phone(name, domain, phone);
        handset.login().await;
        handset
    }

    /// Where the node listens.
    pub fn ports(&self, domain: &str) -> Ports {
        self.node(domain).ports
    }

    /// The scripted peer of this domain.
    pub async fn peer(&self, domain: &str) -> tokio::sync::MutexGuard<'_, ScriptedPeer> {
        self.peers[domain].lock().await
    }

    /// Lets the node go as an operator would; its data stays.
    pub async fn stop(&self, domain: &str) {
        let engine = self.node(domain).engine.lock().await.take();
        engine.expect("a running node").stop().await;
    }

    /// Kills the node's process where it stands.
    pub async fn kill(&self, domain: &str) {
        let engine = self.node(domain).engine.lock().await.take();
        engine.expect("a running node").kill();
    }

    /// Starts a stopped or killed node on its old ports.
    pub async fn revive(&self, domain: &str) {
        let node = self.node(domain);
        let mut engine = node.engine.lock().await;
        assert!(engine.is_none(), "{domain} runs already");
        let (revived, ports) = Engine::start(&node.folder, node.inside, node.detail).await;
        assert_eq!(ports, node.ports, "the same ports");
        *engine = Some(revived);
    }

    /// Starts a stopped node as its folder is now, without one of its listeners maybe.
    pub async fn start_again(&self, domain: &str) {
        let node = self.node(domain);
        let environment = postern::config::Environment::default();
        let loaded =
            postern::config::load(&node.folder.join("postern.toml"), &environment, postern::time::Timestamp::now());
        let running = postern::node::start(loaded, postern::node::Options::default()).await.unwrap();
        *node.engine.lock().await = Some(Engine::Inside(Box::new(running)));
    }

    /// The folder of the node.
    pub fn folder(&self, domain: &str) -> PathBuf {
        self.node(domain).folder.clone()
    }

    /// Writes the peer file by which `domain` knows `other` at `url`, agreed on these services each way, and reloads.
    pub async fn peers_with(&self, domain: &str, other: &str, url: &str, services: [&[&str]; 2]) {
        let file = self.peer_files(domain).join(format!("{other}.toml"));
        std::fs::write(file, peer_file(other, url, services)).unwrap();
        self.reload(domain).await;
    }

    /// The folder of its peer files.
    pub fn peer_files(&self, domain: &str) -> PathBuf {
        self.node(domain).folder.join("peers")
    }

    /// Makes the node read its configuration again.
    pub async fn reload(&self, domain: &str) {
        let answer = self.admin("POST", domain, "/api/v1/reload").await;
        assert!(!answer.to_string().contains("error"), "{domain} reloads: {answer}");
    }

    /// Asks the admin address; the JSON it gives.
    pub async fn admin(&self, method: &str, domain: &str, path: &str) -> Value {
        let answer = self.tell_admin(method, domain, path, None).await;
        serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
    }

    /// Asks the admin address with a body; the HTTP status and the JSON it gives.
    pub async fn operates(&self, method: &str, domain: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let answer = self.tell_admin(method, domain, path, body).await;
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
    }

    /// Makes a user; the JSON that tells of it.
    pub async fn add_user(&self, domain: &str, user: Value) -> Value {
        let answer = self.tell_admin("POST", domain, "/api/v1/users", Some(user)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// Changes a user.
    pub async fn change_user(&self, domain: &str, id: &str, change: Value) {
        let answer = self.tell_admin("PUT", domain, &format!("/api/v1/users/{id}"), Some(change)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// The value of a counter or gauge, with its labels as `/metrics` writes them; 0 if it is not there. Only a node
    /// with a process of its own counts alone.
    pub async fn counter(&self, domain: &str, name: &str) -> u64 {
        assert!(!self.node(domain).inside, "nodes in one process share their counters");
        let answer = self.tell_admin("GET", domain, "/metrics", None).await;
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).unwrap_or("0");
        line.parse().unwrap()
    }

    /// Everything the node's process has written to stdout and stderr.
    pub async fn log(&self, domain: &str) -> String {
        self.node(domain).engine.lock().await.as_ref().expect("a running node").log()
    }

    /// What the machine's other addresses are for: an HTTP client at one of them.
    pub fn http_from(&self, address: [u8; 4]) -> Http {
        Http::leaving(self.ca.client(None), "localhost", Some(address.into()))
    }

    /// The same at any address of the loopback network.
    pub fn http_at(&self, address: IpAddr) -> Http {
        Http::leaving(self.ca.client(None), "localhost", Some(address))
    }

    async fn tell_admin(&self, method: &str, domain: &str, path: &str, body: Option<Value>) -> Answer {
        let node = self.node(domain);
        let token = self.admin_token(domain);
        let http = Http::new(self.ca.client(None), "localhost");
        let url = format!("http://{}{path}", node.ports.admin);
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        http.ask(method.parse().unwrap(), &url, &headers, body).await.unwrap()
    }

    /// Listens to a node's events, of these types with commas between.
    pub async fn listen(&self, domain: &str, types: &str) -> Listener {
        let path = format!("/api/v1/events?type={types}");
        Listener::open(self.node(domain).ports.admin, &path, &self.admin_token(domain)).await
    }

    /// The token of the admin address.
    pub fn admin_token(&self, domain: &str) -> String {
        self.read_file(domain, "admin.token").trim().to_owned()
    }

    /// A file in the node's folder.
    pub fn read_file(&self, domain: &str, name: &str) -> String {
        std::fs::read_to_string(self.node(domain).folder.join(name)).unwrap()
    }

    /// The node's process.
    pub async fn pid(&self, domain: &str) -> u32 {
        self.node(domain).engine.lock().await.as_ref().expect("a running node").pid()
    }

    /// Memory the node's process holds, bytes.
    pub async fn resident(&self, domain: &str) -> u64 {
        self.node(domain).engine.lock().await.as_ref().expect("a running node").resident()
    }

    /// Runs a story with every phone there is, side by side.
    pub async fn with_every_phone<F>(self: &Arc<Self>, story: impl Fn(Arc<Self>, Phone) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let told: Vec<_> = Phone::ALL.map(|phone| (phone, tokio::spawn(story(self.clone(), phone)))).into();
        let mut failed = Vec::new();
        for (phone, story) in told {
            if story.await.is_err() {
                failed.push(phone);
            }
        }
        assert!(failed.is_empty(), "the story failed with {failed:?}");
    }

    fn handset(&self, url: &str, name: &str, domain: &str, phone: Phone) -> Handset {
        Handset::new(url, self.ca.client(None), &format!("chat.{domain}"), phone.syntax, phone.version)
            .of(&phone.user(name, domain), &phone::password(name))
    }

    fn node(&self, domain: &str) -> &Node {
        self.nodes.get(domain).unwrap_or_else(|| panic!("no node {domain}"))
    }
}
