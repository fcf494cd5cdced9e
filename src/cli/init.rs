//! `postern init`: a ready-to-run node folder.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use postern::address::Domain;
use postern::config::{self, Environment, Peer};
use postern::time::Timestamp;
use postern::transport::pki::{Authority, Issued, PkiError};

/// Days the authority made here is in force.
const AUTHORITY_DAYS: u32 = 3650;

/// Days a certificate made here is in force.
const CERTIFICATE_DAYS: u32 = 825;

/// Make a ready-to-run node folder.
///
/// Writes postern.toml, users.toml, certs/ with a test CA of its own, peers/, and peer-me.toml: the one file to
/// hand to a peer. Two nodes that have each other's peer-me.toml federate without further edits.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Ports: csp N, cir N+1, csp_tls N+2, ssp N+3, admin N+4.

Examples:
  postern init north --domain north.example
  postern init south --domain south.example --base-port 9080 --from-peer north/peer-me.toml
  cp south/peer-me.toml north/peers/south.example.toml")]
pub(crate) struct Args {
    /// The folder to make; it may exist if it is empty.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The home domain of the node.
    #[arg(long, value_name = "D", value_parser = config::parse_domain)]
    domain: Domain,
    /// The first of five ports; 0: every listener takes any free port.
    #[arg(long, value_name = "N", default_value_t = 8080, value_parser = base_port)]
    base_port: u16,
    /// The IP address to listen on. The admin address stays on loopback.
    #[arg(long, value_name = "A", default_value = "127.0.0.1")]
    address: IpAddr,
    /// A peer's peer-me.toml, to be written to peers/; may be repeated.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    from_peer: Vec<PathBuf>,
    /// Print what was made as JSON: {domain, dir, config, peer_me, peers[]}.
    #[arg(long)]
    json: bool,
}

/// Where the listeners of a new node are.
struct Ports {
    csp: SocketAddr,
    cir: SocketAddr,
    csp_tls: SocketAddr,
    ssp: SocketAddr,
    admin: SocketAddr,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> ExitCode {
    match make(args, Timestamp::now()) {
        Ok(peers) => {
            // Whoever closed the pipe has read enough.
            let _ = std::io::stdout().lock().write_all(report(args, &peers).as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("postern init: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn base_port(text: &str) -> Result<u16, String> {
    let port: u16 = text.parse().map_err(|_| "a port is a number from 0 to 65531".to_owned())?;
    if port > u16::MAX - 4 { Err("five ports are needed: at most 65531".into()) } else { Ok(port) }
}

/// Makes the folder; returns the domains of the peers it knows.
fn make(args: &Args, now: Timestamp) -> anyhow::Result<Vec<Domain>> {
    let dir = &args.dir;
    refuse_unless_empty(dir)?;
    let peers = read_peers(args, now)?;
    let domain = args.domain.as_str();
    let ports = Ports::new(args);
    let mut chat_names = vec![domain.to_owned(), format!("chat.{domain}"), "localhost".into(), "127.0.0.1".into()];
    if !args.address.is_unspecified() && args.address.to_string() != "127.0.0.1" {
        chat_names.push(args.address.to_string());
    }
    let Certificates { authority, node, chat } =
        certificates(domain, &chat_names).context("the certificates could not be made")?;

    for folder in [dir.clone(), dir.join("certs"), dir.join("peers")] {
        fs::create_dir_all(&folder)
            .with_context(|| format!("{} can't be made: choose a folder you may write to", folder.display()))?;
    }
    let fill = |template: &str| {
        let listeners = [
            ("@CSP@", ports.csp),
            ("@CIR@", ports.cir),
            ("@CSP_TLS@", ports.csp_tls),
            ("@SSP@", ports.ssp),
            ("@ADMIN@", ports.admin),
        ];
        let text = template.replace("@URL@", &url(args, &ports)).replace("@DOMAIN@", domain);
        listeners
            .iter()
            .fold(text, |text, (mark, address)| text.replace(mark, &format!("{:<25}", format!("\"{address}\""))))
    };
    let mut peer_me = fill(include_str!("init/peer-me.toml"));
    let authority_line = format!("\nca_pem = \"\"\"\n{}\"\"\"\n\n[agreement]", authority.cert_pem().replace('\r', ""));
    peer_me = peer_me.replacen("\n\n[agreement]", &authority_line, 1);

    write(&dir.join("certs/ca.pem"), authority.cert_pem(), Secret::No)?;
    write(&dir.join("certs/ca.key"), &authority.key_pem(), Secret::Yes)?;
    write(&dir.join(format!("certs/{domain}.pem")), &node.cert_pem, Secret::No)?;
    write(&dir.join(format!("certs/{domain}.key")), &node.key_pem, Secret::Yes)?;
    write(&dir.join("certs/chat.pem"), &chat.cert_pem, Secret::No)?;
    write(&dir.join("certs/chat.key"), &chat.key_pem, Secret::Yes)?;
    write(&dir.join("users.toml"), &fill(include_str!("init/users.toml")), Secret::Yes)?;
    write(&dir.join("peer-me.toml"), &peer_me, Secret::No)?;
    for (peer, text) in &peers {
        write(&dir.join(format!("peers/{}.toml", peer.domain)), text, Secret::No)?;
    }
    write(&dir.join("postern.toml"), &fill(include_str!("init/postern.toml")), Secret::No)?;

    let loaded = config::load(&dir.join("postern.toml"), &Environment::default(), now);
    if let Some(finding) = loaded.findings.first() {
        bail!("what was made has a fault: {finding}");
    }
    Ok(peers.into_iter().map(|(peer, _)| peer.domain).collect())
}

/// What a new node needs.
struct Certificates {
    /// The test authority.
    authority: Authority,
    /// The node's identity towards peers.
    node: Issued,
    /// Its identity towards phones.
    chat: Issued,
}

/// A test authority named after the domain, a certificate for peers, and one for phones. Only the first may speak
/// for the domain: a peer wants a client's certificate for that.
fn certificates(domain: &str, chat_names: &[String]) -> Result<Certificates, PkiError> {
    let authority = Authority::new(&format!("Postern test CA of {domain}"), AUTHORITY_DAYS)?;
    let node = authority.issue(&[domain], CERTIFICATE_DAYS)?;
    let chat = authority.issue_to_server(chat_names, CERTIFICATE_DAYS)?;
    Ok(Certificates { authority, node, chat })
}

fn refuse_unless_empty(dir: &Path) -> anyhow::Result<()> {
    match fs::read_dir(dir).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => bail!("{} isn't empty: name a new folder", dir.display()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => bail!("{} can't be used ({error}): name a new folder", dir.display()),
    }
}

/// Reads the files of peers, each with its text.
fn read_peers(args: &Args, now: Timestamp) -> anyhow::Result<Vec<(Peer, String)>> {
    let mut peers: Vec<(Peer, String)> = Vec::new();
    for file in &args.from_peer {
        let shown = file.display();
        let (peer, findings) = config::read_peer(file, now);
        let Some(peer) = peer else {
            let first = findings.iter().find(|finding| finding.severity == config::Severity::Error);
            match first {
                Some(finding) => bail!("{shown} line {}: {}: {}", finding.line, finding.what, finding.remedy),
                None => bail!("{shown} can't be read: ask the peer for its peer-me.toml again"),
            }
        };
        if peer.domain == args.domain {
            bail!("{shown} is the file of {} itself: give the file of a peer", args.domain);
        }
        if peer.lines.contains_key("ca") || !peer.crl.is_empty() {
            bail!("{shown} names further files: put the certificate into it as ca_pem, and add crl afterwards");
        }
        for (other, _) in &peers {
            if other.domain == peer.domain || peer.names.iter().any(|name| other.names.contains(name)) {
                bail!("{shown} names {} again: give each peer once", peer.domain);
            }
        }
        let text = fs::read_to_string(file).with_context(|| format!("{shown} can't be read"))?;
        peers.push((peer, text));
    }
    Ok(peers)
}

/// The line of `peer-me.toml` that says where the node is reached.
fn url(args: &Args, ports: &Ports) -> String {
    let host = match args.address {
        address if address.is_unspecified() => args.domain.to_string(),
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    };
    match ports.ssp.port() {
        0 => format!("# url  = \"https://{host}:PORT/\"   # the port that the ready line of the node shows as ssp"),
        port => format!("url    = \"https://{host}:{port}/\""),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Secret {
    Yes,
    No,
}

/// Writes a new file; a secret one may be read by its owner only.
fn write(path: &Path, text: &str, secret: Secret) -> anyhow::Result<()> {
    let mode = if secret == Secret::Yes { 0o600 } else { 0o644 };
    let write = || OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?.write_all(text.as_bytes());
    write().with_context(|| format!("{} can't be written", path.display()))
}

fn report(args: &Args, peers: &[Domain]) -> String {
    let dir = args.dir.display();
    if args.json {
        let made = serde_json::json!({
            "domain": args.domain.as_str(),
            "dir": args.dir,
            "config": args.dir.join("postern.toml"),
            "peer_me": args.dir.join("peer-me.toml"),
            "peers": peers.iter().map(Domain::as_str).collect::<Vec<_>>(),
        });
        return format!("{made:#}\n");
    }
    let known = match peers {
        [] => "no peer yet".to_owned(),
        peers => format!("peers: {}", peers.iter().map(Domain::as_str).collect::<Vec<_>>().join(", ")),
    };
    format!(
        "{dir} is a node of {} ({known}).\n\
         Start it: postern serve --config {dir}/postern.toml\n\
         Hand {dir}/peer-me.toml to a peer, and put the peer's into {dir}/peers/DOMAIN.toml.\n",
        args.domain
    )
}

// === impl Ports ===

impl Ports {
    fn new(args: &Args) -> Self {
        let at = |address: IpAddr, offset: u16| {
            SocketAddr::new(address, if args.base_port == 0 { 0 } else { args.base_port + offset })
        };
        let admin = if args.address.is_loopback() { args.address } else { IpAddr::from([127, 0, 0, 1]) };
        Self {
            csp: at(args.address, 0),
            cir: at(args.address, 1),
            csp_tls: at(args.address, 2),
            ssp: at(args.address, 3),
            admin: at(admin, 4),
        }
    }
}
