//! Reading everything a configuration names, and what must fit together in it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::certificates::{self, Inspection};
use super::document::{Document, Places};
use super::environment::Environment;
use super::findings::{Finding, Findings, Severity};
use super::node::{
    Access, Admin, Advertise, Config, CspTls, Dns, Listen, Messages, Node, Provider, Pse, Secrets, Services, Store, Tls,
};
use super::peer::Peer;
use super::peers::{self, label};
use super::picture::Picture;
use super::reader::Reader;
use super::secrets;
use super::timers::Timers;
use super::users::{self, UserEntry};
use crate::address::Domain;
use crate::time::Timestamp;

/// How long the most impatient phone waits for an answer (`docs/handsets.md`).
const PHONES_WAIT: Duration = Duration::from_secs(45);

/// Everything a configuration says, and everything wrong in it.
#[derive(Debug)]
pub struct Loaded {
    /// `postern.toml`; `None` if anything in it is an error. Peer files and users don't count here.
    pub config: Option<Config>,
    /// The peers whose files are sound.
    pub peers: Vec<Peer>,
    /// The peer files with errors.
    pub failed_peers: Vec<PathBuf>,
    /// The users that are sound.
    pub users: Vec<UserEntry>,
    /// What is wrong, by file and line.
    pub findings: Vec<Finding>,
}

/// Sections of the file as far as they could be read.
struct Draft {
    node: Option<Node>,
    listen: Listen,
    advertise: Advertise,
    tls: Option<Tls>,
    csp_tls: Option<CspTls>,
    services: Services,
    provider: Provider,
    secrets: Secrets,
    timers: Timers,
    admin: Admin,
}

/// Reads `postern.toml` and all it names. Nothing stops at the first fault.
pub fn load(file: &Path, environment: &Environment, now: Timestamp) -> Loaded {
    let mut findings = Findings::default();
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let folder = file.parent().unwrap_or_else(|| Path::new("/")).to_owned();
    let mut loaded =
        Loaded { config: None, peers: Vec::new(), failed_peers: Vec::new(), users: Vec::new(), findings: Vec::new() };
    let Some(document) = Document::open(&file, label(&file, &folder), &mut findings) else {
        loaded.findings = findings.sorted();
        return loaded;
    };
    let mut reader = Reader::new(&document, &folder, Some(environment), &mut findings);
    let node: Option<Node> = reader.section();
    let listen: Listen = reader.section().unwrap_or_default();
    let advertise: Advertise = reader.section().unwrap_or_default();
    let tls: Option<Tls> = reader.optional();
    let csp_tls: Option<CspTls> = reader.optional();
    let services: Services = reader.section().unwrap_or_default();
    let access: Access = reader.section().unwrap_or_default();
    let messages: Messages = reader.section().unwrap_or_default();
    let provider: Provider = reader.section().unwrap_or_default();
    let store: Store = reader.section().unwrap_or_default();
    let secrets: Secrets = reader.section().unwrap_or_default();
    let dns: Dns = reader.section().unwrap_or_default();
    let timers: Timers = reader.section().unwrap_or_default();
    let admin: Admin = reader.section().unwrap_or_default();
    let places = reader.finish();
    let draft = Draft { node, listen, advertise, tls, csp_tls, services, provider, secrets, timers, admin };

    let mut inspection = Inspection { now, places: &places, findings: &mut findings };
    draft.check(&mut inspection);
    check_access(&access, &mut inspection);
    let own: Vec<&Domain> = draft.node.iter().flat_map(|n| std::iter::once(&n.domain).chain(&n.aliases)).collect();
    let folder_of_peers = draft.node.as_ref().map_or_else(|| folder.join("peers"), |n| n.peers.clone());
    let mut beside = Findings::default();
    let (found, failed) = peers::read_folder(&folder_of_peers, &folder, &own, now, &mut beside);
    draft.check_services(&found, &failed, &mut Inspection { now, places: &places, findings: &mut findings });
    let users_file = draft.node.as_ref().and_then(|n| n.users.clone());
    if let Some(path) = &users_file {
        loaded.users = read_users(path, &folder, &places, (&found, &failed), &mut findings, &mut beside);
    }
    let sound = findings.errors() == 0;
    loaded.findings = findings.joined(beside).sorted();
    loaded.peers = found;
    loaded.failed_peers = failed;
    if let Some(node) = draft.node.filter(|_| sound) {
        loaded.config = Some(Config {
            folder,
            domain: node.domain,
            aliases: node.aliases,
            data_dir: node.data_dir,
            users: node.users,
            peers: node.peers,
            listen: draft.listen,
            advertise: draft.advertise,
            tls: draft.tls,
            csp_tls: draft.csp_tls,
            services: draft.services,
            access,
            messages,
            provider: draft.provider,
            store: store.engine,
            key_file: draft.secrets.key_file,
            dns_servers: dns.servers,
            timers: draft.timers,
            admin: draft.admin,
        });
    }
    loaded
}

/// Bits of the widest range that a carrier's gateways may plausibly fill, of IPv4 and of IPv6.
const WIDEST: [u8; 2] = [8, 32];

fn check_access(access: &Access, on: &mut Inspection<'_>) {
    for (index, range) in access.trusted_gateways.iter().enumerate() {
        let widest = WIDEST[usize::from(range.network.is_ipv6())];
        if range.prefix < widest {
            let what = format!("trusts all of {range}: whoever sends from there can log in as any subscriber");
            on.warning(&format!("access.trusted_gateways[{index}]"), what, "name the gateways themselves");
        }
    }
    if access.auto_register && (access.trusted_gateways.is_empty() || access.msisdn_headers.is_empty()) {
        let what = "is true, but nobody can state a number: no account is made";
        on.warning("access.auto_register", what, "name the gateways in trusted_gateways and their msisdn_headers");
    }
}

fn read_users(
    file: &Path,
    folder: &Path,
    places: &Places,
    (peers, failed): (&[Peer], &[PathBuf]),
    findings: &mut Findings,
    beside: &mut Findings,
) -> Vec<UserEntry> {
    if !file.exists() {
        let what = format!("{} names {}, which doesn't exist", places.name("users"), file.display());
        findings.error(places.of("users"), what, "make the file, or remove the key");
        return Vec::new();
    }
    let mut users = users::read(file, label(file, folder), beside);
    users.retain(|(at, user)| {
        let stray = user.services.iter().find(|(_, place)| {
            place
                .parse::<Domain>()
                .is_ok_and(|d| !["local", "none"].contains(&d.as_str()) && !reached(&d, peers, failed))
        });
        if let Some((service, domain)) = stray {
            let what = format!("services.{service} of {} is {domain}, which no peer file names", user.id);
            beside.error(at.clone(), what, format!("add a peer file for {domain}, or put it on a [route]"));
        }
        stray.is_none()
    });
    users.into_iter().map(|(_, user)| user).collect()
}

/// Whether a domain has a peer file or is on some route. A faulty peer file counts by its name.
fn reached(domain: &Domain, peers: &[Peer], failed: &[PathBuf]) -> bool {
    peers.iter().any(|peer| peer.domain == *domain || peer.route_domains.contains(domain))
        || failed.iter().any(|file| file.file_stem().is_some_and(|stem| stem == domain.as_str()))
}

// === impl Loaded ===

impl Loaded {
    /// Whether anything is an error.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

// === impl Draft ===

impl Draft {
    fn check(&self, on: &mut Inspection<'_>) {
        self.check_node(on);
        self.check_listeners(on);
        self.check_files(on);
        self.check_timers(on);
    }

    fn check_node(&self, on: &mut Inspection<'_>) {
        let Some(node) = &self.node else { return };
        for (index, alias) in node.aliases.iter().enumerate() {
            if *alias == node.domain || node.aliases[..index].contains(alias) {
                on.error(&format!("aliases[{index}]"), format!("repeats {alias}"), "remove it from aliases");
            }
        }
        if node.data_dir.exists() && !node.data_dir.is_dir() {
            on.error("data_dir", format!("names {}, which is no folder", node.data_dir.display()), "name a folder");
        }
        if on.places.has("peers") && !node.peers.exists() {
            let what = format!("names {}, which doesn't exist", node.peers.display());
            on.warning("peers", what, "make the folder, or let the node make it; until then there are no peers");
        }
    }

    fn check_listeners(&self, on: &mut Inspection<'_>) {
        let Listen { csp, csp_tls, ssp, cir, admin } = &self.listen;
        if ssp.is_some() && !on.places.has("tls") {
            on.error("listen.ssp", "is set, but there is no [tls]", "add [tls] with cert, key and ca");
        }
        if csp_tls.is_some() && !on.places.has("csp_tls") {
            on.error("listen.csp_tls", "is set, but there is no [csp_tls]", "add [csp_tls] with cert and key");
        }
        if cir.is_none() && self.advertise.cir.is_some() {
            let remedy = "add [listen] cir, or leave this out";
            on.warning("advertise.cir", "is set, but [listen] cir is off: no phone is told", remedy);
        }
        let exposed = admin.is_some_and(|address| !address.ip().is_loopback());
        if exposed && !(on.places.has("admin.cert") && on.places.has("admin.key")) {
            let remedy = "listen on 127.0.0.1, or add [admin] cert and key";
            on.error("listen.admin", "is off loopback, but [admin] has no cert and key", remedy);
        }
        let listeners = [("csp", csp), ("csp_tls", csp_tls), ("ssp", ssp), ("cir", cir), ("admin", admin)];
        let taken: Vec<(&str, SocketAddr)> = listeners.iter().filter_map(|(name, a)| Some((*name, (**a)?))).collect();
        for (index, (name, address)) in taken.iter().enumerate() {
            let clash = |other: &SocketAddr| {
                let all = other.ip().is_unspecified() || address.ip().is_unspecified();
                other.port() == address.port() && address.port() != 0 && (all || other.ip() == address.ip())
            };
            if let Some((other, _)) = taken[..index].iter().find(|(_, other)| clash(other)) {
                let what = format!("is {address}, where {other} listens too");
                on.error(&format!("listen.{name}"), what, "give each listener its own port");
            }
        }
    }

    fn check_files(&self, on: &mut Inspection<'_>) {
        let domain = self.node.as_ref().map(|node| &node.domain);
        if let Some(tls) = &self.tls {
            certificates::identity("tls", &tls.cert, &tls.key, domain, on);
            certificates::authority_file(&tls.ca, "tls.ca", on);
            for (index, file) in tls.crl.iter().enumerate() {
                certificates::revocations(file, &format!("tls.crl[{index}]"), on);
            }
        }
        if let Some(csp_tls) = &self.csp_tls {
            certificates::identity("csp_tls", &csp_tls.cert, &csp_tls.key, None, on);
        }
        match (&self.admin.cert, &self.admin.key) {
            (Some(cert), Some(key)) => certificates::identity("admin", cert, key, None, on),
            (Some(_), None) => on.error("admin.cert", "is set without key", "add [admin] key"),
            (None, Some(_)) => on.error("admin.key", "is set without cert", "add [admin] cert"),
            (None, None) => {}
        }
        secrets::sealing_key(&self.secrets.key_file, "secrets.key_file", on);
        secrets::token(&self.admin.token_file, "admin.token_file", on);
        if let Some(logo) = &self.provider.logo
            && let Err(fault) = Picture::read(logo)
        {
            on.warning("provider.logo", format!("names {}, which {fault}", logo.display()), fault.remedy());
        }
    }

    fn check_timers(&self, on: &mut Inspection<'_>) {
        let timers = &self.timers;
        for (key, span) in [
            ("timers.http_timeout", timers.http_timeout),
            ("timers.response_wait", timers.response_wait),
            ("timers.setup_step", timers.setup_step),
            ("timers.setup_total", timers.setup_total),
            ("timers.keep_alive", timers.keep_alive),
            ("timers.nonce", timers.nonce),
            ("timers.request_read", timers.request_read),
        ] {
            if span.is_zero() {
                on.error(key, "is 0", "give it a time");
            }
        }
        for (key, waits) in [("timers.retry", &timers.retry), ("timers.setup_retry", &timers.setup_retry)] {
            if waits.is_empty() || waits.iter().any(Duration::is_zero) {
                on.error(key, "is empty or holds 0", "list at least one wait, each more than 0");
            }
        }
        for (key, wait) in [("timers.result_wait", timers.result_wait), ("timers.query_wait", timers.query_wait)] {
            if wait >= PHONES_WAIT {
                let what = format!("is {} s, when phones have given up and asked again", wait.as_secs());
                on.warning(key, what, format!("stay below {} s", PHONES_WAIT.as_secs()));
            }
        }
    }

    fn check_services(&self, peers: &[Peer], failed: &[PathBuf], on: &mut Inspection<'_>) {
        let own =
            |domain: &Domain| self.node.as_ref().is_some_and(|n| n.domain == *domain || n.aliases.contains(domain));
        for (name, place) in self.services.each() {
            let Pse::Domain(domain) = place else { continue };
            let key = format!("services.{name}");
            if own(domain) {
                on.error(&key, format!("is {domain}, this node's own domain"), "write \"local\"");
            } else if !reached(domain, peers, failed) {
                let what = format!("is {domain}, which no peer file names");
                on.error(&key, what, format!("add a peer file for {domain}, or put it on the [route] of one"));
            }
        }
    }
}
