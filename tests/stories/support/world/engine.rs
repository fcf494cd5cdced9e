//! A running node: inside the test, or the real program as a process of its own.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use postern::node::Running;
use postern::time::Timestamp;
use postern::{config, node};

use crate::support::PATIENCE;

/// A running node.
pub enum Engine {
    /// Inside the test.
    Inside(Box<Running>),
    /// The real program.
    Process(Process),
}

/// The real program as a process of its own; dropping kills it.
pub struct Process {
    child: Child,
    log: PathBuf,
}

/// Where a node listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// CSP over HTTP.
    pub csp: SocketAddr,
    /// CSP over HTTPS.
    pub csp_tls: SocketAddr,
    /// SSP.
    pub ssp: SocketAddr,
    /// Wake-ups.
    pub cir: SocketAddr,
    /// Admin.
    pub admin: SocketAddr,
}

// === impl Engine ===

impl Engine {
    /// Starts the node of this folder and waits until it is ready.
    pub async fn start(folder: &Path, inside: bool, detail: Option<&str>) -> (Self, Ports) {
        if !inside {
            let (process, ports) = Process::start(folder, detail).await;
            return (Self::Process(process), ports);
        }
        let environment = config::Environment::default();
        let loaded = config::load(&folder.join("postern.toml"), &environment, Timestamp::now());
        let running = node::start(loaded, node::Options::default()).await.unwrap();
        let ports = Ports::read(&running.ready().to_string());
        (Self::Inside(Box::new(running)), ports)
    }

    /// Lets it go as an operator would.
    pub async fn stop(self) {
        match self {
            Self::Inside(running) => running.stop().await,
            Self::Process(process) => process.stop().await,
        }
    }

    /// Kills it where it stands.
    pub fn kill(self) {
        match self {
            Self::Inside(_) => panic!("only a process can be killed"),
            Self::Process(process) => drop(process),
        }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        match self {
            Self::Inside(_) => panic!("only a process has an id of its own"),
            Self::Process(process) => process.child.id(),
        }
    }

    /// Everything it has written to stdout and stderr.
    pub fn log(&self) -> String {
        match self {
            Self::Inside(_) => panic!("only a process has a log of its own"),
            Self::Process(process) => process.log(),
        }
    }

    /// Memory it holds, bytes.
    pub fn resident(&self) -> u64 {
        match self {
            Self::Inside(_) => panic!("only a process has memory of its own"),
            Self::Process(process) => process.resident(),
        }
    }
}

// === impl Process ===

impl Process {
    async fn start(folder: &Path, detail: Option<&str>) -> (Self, Ports) {
        let log = folder.join("log");
        let mut child = Command::new(env!("CARGO_BIN_EXE_postern"))
            .args(["serve", "--config"])
            .arg(folder.join("postern.toml"))
            .envs(detail.map(|detail| ("RUST_LOG", detail)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(&log).unwrap())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let mut more = File::options().append(true).open(&log).unwrap();
        let process = Self { child, log };
        let ready = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            let mut stdout = BufReader::new(stdout);
            let read = stdout.read_line(&mut line);
            // Whatever else it says there belongs to its log.
            std::thread::spawn(move || std::io::copy(&mut stdout, &mut more));
            read.map(|_| line)
        });
        match tokio::time::timeout(PATIENCE, ready).await {
            Ok(Ok(Ok(line))) if line.starts_with("postern ready ") => {
                let ports = Ports::read(&line);
                (process, ports)
            }
            other => panic!("not ready: {other:?}\n{}", process.last_words()),
        }
    }

    async fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            match self.child.try_wait().unwrap() {
                Some(status) => {
                    assert!(status.success(), "a drained node exits with {status}\n{}", self.last_words());
                    return;
                }
                None if tokio::time::Instant::now() > until => panic!("SIGTERM does not end it"),
                None => tokio::time::sleep(crate::support::GLANCE).await,
            }
        }
    }

    fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }

    fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap()).into_owned()
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

// === impl Ports ===

impl Ports {
    fn read(line: &str) -> Self {
        let port = |key: &str| {
            let prefix = format!("{key}=");
            let field = line.split_whitespace().find_map(|f| f.strip_prefix(&prefix));
            field.and_then(|f| f.parse().ok()).unwrap_or_else(|| panic!("no {key} in {line}"))
        };
        Self { csp: port("csp"), csp_tls: port("csp_tls"), ssp: port("ssp"), cir: port("cir"), admin: port("admin") }
    }
}

#[test]
fn the_ready_line_names_every_port() {
    let line = "postern ready domain=a.example csp=127.0.0.1:1 csp_tls=127.0.0.1:2 ssp=127.0.0.1:3 cir=127.0.0.1:4 \
                admin=127.0.0.1:5\n";
    let ports = Ports::read(line);
    let ports = [ports.csp, ports.csp_tls, ports.ssp, ports.cir, ports.admin];
    assert_eq!(ports.map(|address| address.port()), [1, 2, 3, 4, 5]);
}
