//! Furnishing a world: what a carrier's operator would write, written by the test.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use super::engine::{Engine, Ports};
use super::phone::{NAMES, Phone, password};
use super::{Node, World};
use crate::support::ca::{Ca, Identity};
use crate::support::peer::ScriptedPeer;

/// Timers short enough for a story.
const TIMERS: &str = r#"
result_wait = "5s"
http_timeout = "5s"
response_wait = "4s"
retry = ["100ms", "200ms", "500ms"]
setup_step = "3s"
setup_total = "12s"
setup_retry = ["100ms", "200ms", "400ms", "800ms"]
setup_backoff = "300ms"
setup_backoff_max = "1s"
client_answer = "2s"
request_read = "3s"
"#;

/// Every service the stories use.
pub const ALL: &[&str] = &["common", "im"];

/// A world being furnished.
#[derive(Default)]
pub struct Builder {
    domains: Vec<String>,
    scripted: Vec<String>,
    processes: bool,
    detail: Option<&'static str>,
    more: String,
}

// === impl Builder ===

impl Builder {
    /// With a node of this domain.
    pub fn domain(mut self, domain: &str) -> Self {
        self.domains.push(domain.to_owned());
        self
    }

    /// With a scripted peer of this domain, known to every node.
    pub fn scripted(mut self, domain: &str) -> Self {
        self.scripted.push(domain.to_owned());
        self
    }

    /// With every node as a process of its own: it can be killed, and its memory measured.
    pub fn processes(mut self) -> Self {
        self.processes = true;
        self
    }

    /// With every node as a process of its own that logs in this detail (`RUST_LOG`).
    pub fn logging(mut self, detail: &'static str) -> Self {
        self.detail = Some(detail);
        self.processes()
    }

    /// With more text at the end of every `postern.toml`.
    pub fn with(mut self, more: &str) -> Self {
        self.more.push_str(more);
        self
    }

    /// Builds folders, starts the nodes, makes them peers.
    pub async fn start(self) -> Arc<World> {
        let folder = tempfile::tempdir().unwrap();
        let ca = Ca::new("Test CA");
        let mut peers = BTreeMap::new();
        for domain in &self.scripted {
            peers.insert(domain.clone(), ScriptedPeer::start(&ca, domain).await);
        }
        let mut nodes = BTreeMap::new();
        for domain in &self.domains {
            let folder = folder.path().join(domain);
            let identity = ca.issue(domain);
            write_node(&folder, domain, &ca, &identity, &self.more);
            let (engine, ports) = Engine::start(&folder, !self.processes, self.detail).await;
            pin_ports(&folder, &ports);
            let engine = tokio::sync::Mutex::new(Some(engine));
            let node = Node { folder, ports, engine, inside: !self.processes, detail: self.detail };
            nodes.insert(domain.clone(), node);
        }
        for (domain, node) in &nodes {
            let others = nodes.iter().filter(|(other, _)| *other != domain);
            let others = others.map(|(other, node)| (other, format!("https://{}/", node.ports.ssp)));
            for (other, url) in others.chain(peers.iter().map(|(domain, peer)| (domain, peer.url()))) {
                let file = node.folder.join("peers").join(format!("{other}.toml"));
                std::fs::write(file, peer_file(other, &url, [ALL, ALL])).unwrap();
            }
        }
        if let (Some((domain, node)), true) = (nodes.iter().next(), nodes.len() == 1) {
            for peer in peers.values() {
                let url = format!("https://{}/", node.ports.ssp);
                peer.talks_to(&url, domain, &ca, &ca.issue(&peer.domain));
            }
        }
        let peers = peers.into_iter().map(|(domain, peer)| (domain, tokio::sync::Mutex::new(peer))).collect();
        let world = World { ca, nodes, peers, _folder: folder };
        for domain in &self.domains {
            world.reload(domain).await;
        }
        Arc::new(world)
    }
}

/// A peer file: what is provided to the peer, what is used from it.
pub fn peer_file(domain: &str, url: &str, [provide, uses]: [&[&str]; 2]) -> String {
    format!(
        "domain = \"{domain}\"\nurl = \"{url}\"\nca = \"../certs/ca.pem\"\n\n\
         [agreement]\nprovide = {provide:?}\nuse = {uses:?}\n"
    )
}

fn write_node(folder: &Path, domain: &str, ca: &Ca, identity: &Identity, more: &str) {
    let certs = folder.join("certs");
    std::fs::create_dir_all(&certs).unwrap();
    std::fs::create_dir_all(folder.join("peers")).unwrap();
    let chat = ca.issue(&format!("chat.{domain}"));
    let files = [
        ("ca.pem", &ca.pem()),
        ("node.pem", &identity.cert),
        ("node.key", &identity.key),
        ("chat.pem", &chat.cert),
        ("chat.key", &chat.key),
    ];
    for (name, text) in files {
        std::fs::write(certs.join(name), text).unwrap();
    }
    let config = format!(
        "domain = \"{domain}\"\nusers = \"users.toml\"\n\n\
         [listen]\ncsp = \"127.0.0.1:0\"\ncsp_tls = \"127.0.0.1:0\"\nssp = \"127.0.0.1:0\"\n\
         cir = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n\n\
         [tls]\ncert = \"certs/node.pem\"\nkey = \"certs/node.key\"\nca = \"certs/ca.pem\"\n\n\
         [csp_tls]\ncert = \"certs/chat.pem\"\nkey = \"certs/chat.key\"\n\n\
         {}{more}",
        if more.contains("[timers]") { String::new() } else { format!("[timers]{TIMERS}\n") },
    );
    std::fs::write(folder.join("postern.toml"), config).unwrap();
    let mut users = String::new();
    for (name, phone) in NAMES.iter().flat_map(|name| Phone::ALL.map(|phone| (name, phone))) {
        writeln!(users, "[[user]]\nid = \"{}\"\npassword = \"{}\"", phone.local(name), password(name)).unwrap();
    }
    std::fs::write(folder.join("users.toml"), users).unwrap();
}

/// Writes the real ports into the file, so that the node comes back where it was.
fn pin_ports(folder: &Path, ports: &Ports) {
    let file = folder.join("postern.toml");
    let mut text = std::fs::read_to_string(&file).unwrap();
    let listeners = [
        ("csp", ports.csp),
        ("csp_tls", ports.csp_tls),
        ("ssp", ports.ssp),
        ("cir", ports.cir),
        ("admin", ports.admin),
    ];
    for (key, address) in listeners {
        text = text.replace(&format!("\n{key} = \"127.0.0.1:0\""), &format!("\n{key} = \"{address}\""));
    }
    std::fs::write(file, text).unwrap();
}
