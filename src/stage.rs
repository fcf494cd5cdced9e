//! Several domains on one machine: folders, certificates, nodes, peer files, and a tap on the wire between them.
//! The demo and the examples play on it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use tokio::sync::mpsc;

use crate::address::{Address, AddressError, Domain};
use crate::config::{self, Environment};
use crate::ident;
use crate::node::{self, Options, Running, StartError, Tapped};
use crate::phone::{Phone, PhoneError};
use crate::syntax::Encoding;
use crate::time::Timestamp;
use crate::transport::pki::{Authority, PkiError};
use crate::vocabulary::Version;

/// Days the stage's certificates last.
const DAYS: u32 = 30;

/// Everything a story plays on.
pub struct Stage {
    dir: PathBuf,
    temporary: bool,
    nodes: BTreeMap<Domain, Running>,
    csp: BTreeMap<Domain, String>,
    passwords: BTreeMap<Address, String>,
    tap: mpsc::UnboundedReceiver<Tapped>,
}

/// Why the stage can't be set.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// A file or folder can't be written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What happened.
        error: io::Error,
    },
    /// A person's address is none.
    #[error("{0}")]
    Address(#[from] AddressError),
    /// A certificate can't be made.
    #[error("{0}")]
    Pki(#[from] PkiError),
    /// A node did not start.
    #[error("the node of {domain} did not start: {error}")]
    Start {
        /// Whose.
        domain: String,
        /// Why.
        error: StartError,
    },
    /// A peer file was refused.
    #[error("{domain}: {what}")]
    Peering {
        /// By whom.
        domain: Domain,
        /// What is wrong.
        what: String,
    },
    /// There is no such person or domain.
    #[error("{0} is not on the stage")]
    Absent(String),
    /// A phone did not get in.
    #[error("{0}")]
    Phone(#[from] PhoneError),
}

// === impl Stage ===

impl Stage {
    /// Makes certificates and folders, starts the nodes and peers each with each. `people` are addresses without
    /// scheme: `alice@north.example`. Without `dir`, a temporary folder is used and removed at the end.
    pub async fn set(domains: &[&str], people: &[&str], dir: Option<&Path>) -> Result<Self, StageError> {
        let temporary = dir.is_none();
        let dir = match dir {
            Some(dir) => dir.to_owned(),
            None => std::env::temp_dir().join(format!("postern-{}", ident::fresh())),
        };
        let authority = Authority::new("Postern test authority", DAYS)?;
        let (tell, tap) = mpsc::unbounded_channel();
        let (nodes, csp, passwords) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut stage = Self { dir, temporary, nodes, csp, passwords, tap };
        for domain in domains {
            stage.make_folder(domain, people, &authority)?;
        }
        for domain in domains {
            let loaded =
                config::load(&stage.dir.join(domain).join("postern.toml"), &Environment::default(), Timestamp::now());
            let options = Options { tap: Some(tell.clone()) };
            let started = node::start(loaded, options).await;
            let running = started.map_err(|error| StageError::Start { domain: (*domain).into(), error })?;
            let ready = running.ready();
            if let Some(csp) = ready.csp {
                stage.csp.insert(ready.domain.clone(), format!("http://{csp}/"));
            }
            stage.nodes.insert(ready.domain.clone(), running);
        }
        stage.peer_all().await?;
        Ok(stage)
    }

    fn make_folder(&mut self, domain: &str, people: &[&str], authority: &Authority) -> Result<(), StageError> {
        let folder = self.dir.join(domain);
        let peers = folder.join("peers");
        std::fs::create_dir_all(&peers).map_err(|error| StageError::File { path: peers, error })?;
        let issued = authority.issue(&[domain], DAYS)?;
        write(&folder.join("node.key"), &issued.key_pem)?;
        write(&folder.join("node.pem"), &issued.cert_pem)?;
        write(&folder.join("ca.pem"), authority.cert_pem())?;
        let node = format!(
            "domain = \"{domain}\"\nusers = \"users.toml\"\n\n[listen]\ncsp = \"127.0.0.1:0\"\nssp = \"127.0.0.1:0\"\n\
             cir = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n\n[tls]\ncert = \"node.pem\"\nkey = \"node.key\"\nca = \"ca.pem\"\n"
        );
        write(&folder.join("postern.toml"), &node)?;
        let home: Domain = domain.parse()?;
        let mut users = String::new();
        for person in people {
            let person = Address::parse(person, &home)?;
            if *person.domain() == home {
                let password = String::from(ident::fresh());
                // Writing into a string cannot fail.
                let _ = write!(users, "[[user]]\nid = \"{}\"\npassword = \"{password}\"\n\n", person.user());
                self.passwords.insert(person, password);
            }
        }
        write(&folder.join("users.toml"), &users)
    }

    /// Writes each node's peer files with the real ports, and has the nodes read them.
    async fn peer_all(&self) -> Result<(), StageError> {
        for own in self.nodes.keys() {
            for (domain, running) in self.nodes.iter().filter(|(domain, _)| *domain != own) {
                let Some(ssp) = running.ready().ssp else { continue };
                let peer = format!(
                    "domain = \"{domain}\"\nurl = \"https://{ssp}/\"\n\n[agreement]\nprovide = [\"common\", \"im\"]\n\
                     use = [\"common\", \"im\"]\n"
                );
                write(&self.dir.join(own.as_str()).join("peers").join(format!("{domain}.toml")), &peer)?;
            }
        }
        for (domain, running) in &self.nodes {
            let report = running.reload(false).await;
            if let Some(finding) = report.findings.first() {
                let what = format!("{}:{}: {}: {}", finding.file, finding.line, finding.what, finding.remedy);
                return Err(StageError::Peering { domain: domain.clone(), what });
            }
        }
        Ok(())
    }

    /// What each node says when it is ready.
    pub fn ready(&self) -> impl Iterator<Item = &node::Ready> {
        self.nodes.values().map(Running::ready)
    }

    /// A person's phone, not logged in yet, and the password for it.
    pub fn phone(&self, user: &Address, encoding: Encoding, version: Version) -> Result<(Phone, &str), StageError> {
        let url = self.csp.get(user.domain()).ok_or_else(|| StageError::Absent(user.domain().to_string()))?;
        let password = self.passwords.get(user).ok_or_else(|| StageError::Absent(user.to_string()))?;
        Ok((Phone::new(url.clone(), user.clone(), encoding, version), password))
    }

    /// The people of the stage.
    pub fn people(&self) -> impl Iterator<Item = &Address> {
        self.passwords.keys()
    }

    /// The folder of a domain's node.
    pub fn folder(&self, domain: &Domain) -> PathBuf {
        self.dir.join(domain.as_str())
    }

    /// What the wire tap has seen since it was asked last.
    pub fn tapped(&mut self) -> Vec<Tapped> {
        std::iter::from_fn(|| self.tap.try_recv().ok()).collect()
    }

    /// Stops one node.
    pub async fn stop_node(&mut self, domain: &Domain) {
        if let Some(running) = self.nodes.remove(domain) {
            running.stop().await;
        }
    }

    /// Stops every node and removes what is temporary.
    pub async fn strike(self) {
        for (_, running) in self.nodes {
            running.stop().await;
        }
        if self.temporary {
            let _ = std::fs::remove_dir_all(&self.dir);
        }
    }
}

/// Writes a file only its owner can read: some hold keys or passwords.
fn write(path: &Path, text: &str) -> Result<(), StageError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let open = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    open.and_then(|mut file| io::Write::write_all(&mut file, text.as_bytes()))
        .map_err(|error| StageError::File { path: path.to_owned(), error })
}
