//! The folder of peer files: each read by itself, then against the others (IMPS 1.3 architecture, C.7).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::certificates::{self, Inspection};
use super::document::{Document, Places};
use super::findings::{Finding, Findings, Place};
use super::node::Config;
use super::peer::{Agreement, Identity, Peer, PeerLimits, Route};
use super::reader::Reader;
use crate::address::Domain;
use crate::time::Timestamp;

/// What the folder of peer files says.
#[derive(Clone, Debug, Default)]
pub struct PeerFiles {
    /// The peers whose files are sound, by file name.
    pub peers: Vec<Peer>,
    /// The files with errors: what was in force before stays in force for them.
    pub failed: Vec<PathBuf>,
    /// What is wrong, by file and line.
    pub findings: Vec<Finding>,
}

/// Reads the folder of peer files again. A faulty file is reported while the others load.
pub fn load_peers(config: &Config, now: Timestamp) -> PeerFiles {
    let mut findings = Findings::default();
    let own: Vec<&Domain> = std::iter::once(&config.domain).chain(&config.aliases).collect();
    let (peers, failed) = read_folder(&config.peers, &config.folder, &own, now, &mut findings);
    PeerFiles { peers, failed, findings: findings.sorted() }
}

/// Reads one peer file by itself; findings name it by its file name.
pub fn read_peer(file: &Path, now: Timestamp) -> (Option<Peer>, Vec<Finding>) {
    let mut findings = Findings::default();
    let label = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let peer = read(file, label, &[], now, &mut findings);
    let sound = findings.errors() == 0;
    (peer.filter(|_| sound), findings.sorted())
}

/// Reads every `*.toml` of a folder.
pub(super) fn read_folder(
    folder: &Path,
    base: &Path,
    own: &[&Domain],
    now: Timestamp,
    findings: &mut Findings,
) -> (Vec<Peer>, Vec<PathBuf>) {
    let mut files: Vec<PathBuf> = match std::fs::read_dir(folder) {
        Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_peer_file(path)).collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            let at = Place { file: label(folder, base), line: 1 };
            let what = format!("the folder of peer files can't be read ({error})");
            findings.error(at, what, "make it a folder that the user that runs postern can read");
            Vec::new()
        }
    };
    files.sort();
    // Faulty files are compared too: what was in force for them may stay in force.
    let (mut seen, mut failed) = (Vec::<Peer>::new(), Vec::new());
    for file in files {
        let before = findings.errors();
        let name = label(&file, base);
        let peer = read(&file, name.clone(), own, now, findings);
        if let Some(peer) = &peer {
            compare(peer, &name, &seen, findings);
        }
        if peer.is_none() || findings.errors() > before {
            failed.push(file);
        }
        seen.extend(peer);
    }
    seen.retain(|peer| !failed.contains(&peer.file));
    (seen, failed)
}

/// A path as findings show it: relative to the configuration's folder where it lies below.
pub(super) fn label(path: &Path, base: &Path) -> String {
    path.strip_prefix(base).unwrap_or(path).to_string_lossy().into_owned()
}

fn is_peer_file(path: &Path) -> bool {
    let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
    !hidden && path.extension().is_some_and(|extension| extension == "toml") && !path.is_dir()
}

fn read(file: &Path, label: String, own: &[&Domain], now: Timestamp, findings: &mut Findings) -> Option<Peer> {
    let document = Document::open(file, label, findings)?;
    let base = file.parent().unwrap_or_else(|| Path::new(""));
    let mut reader = Reader::new(&document, base, None, findings);
    let identity: Option<Identity> = reader.section();
    let agreement: Option<Agreement> = reader.section();
    let route: Option<Route> = reader.section();
    let limits: Option<PeerLimits> = reader.section();
    let places = reader.finish();
    let agreement = agreement.unwrap_or_default();
    let route_domains = route.map(|r| r.domains).unwrap_or_default();
    check_agreement(&agreement, &route_domains, own, now, &places, findings);
    let identity = identity?;
    check_identity(&identity, file, own, now, &places, findings);
    let ca_pem = read_ca(&identity, now, &places, findings);
    let names = if identity.names.is_empty() { vec![identity.domain.as_str().to_owned()] } else { identity.names };
    Some(Peer {
        file: file.to_owned(),
        domain: identity.domain,
        urls: identity.url.into_iter().chain(identity.urls).collect(),
        ca_pem,
        crl: identity.crl,
        names,
        pins: identity.pins,
        ssp_version: identity.ssp_version,
        quirks: identity.quirks,
        agreement,
        route_domains,
        limits: limits.unwrap_or_default(),
        lines: places.into_lines(),
    })
}

fn check_identity(
    identity: &Identity,
    file: &Path,
    own: &[&Domain],
    now: Timestamp,
    places: &Places,
    findings: &mut Findings,
) {
    let domain = &identity.domain;
    if own.contains(&domain) {
        let what = format!("{domain} is this node's own domain");
        findings.error(places.of("domain"), what, "name the peer's domain, or remove the file");
    }
    if file.file_stem().is_none_or(|stem| !stem.eq_ignore_ascii_case(domain.as_str())) {
        let what = format!("the file of {domain} has another name");
        findings.warning(places.of("domain"), what, format!("call it {domain}.toml"));
    }
    if identity.url.is_some() && !identity.urls.is_empty() {
        findings.error(places.of("urls"), "both url and urls are given", "keep one of them");
    }
    // A url that is there but faulty has its own finding.
    let told = places.has("url") || places.has("urls[0]");
    if identity.url.is_none() && identity.urls.is_empty() && !told {
        let what = format!("{domain} has no url: nothing can be posted to it, and DNS SRV is not in this version");
        findings.warning(places.of("domain"), what, "add url = \"https://HOST:PORT/\"");
    }
    for (index, name) in identity.names.iter().enumerate() {
        if identity.names[..index].contains(name) {
            let at = places.of(&format!("names[{index}]"));
            findings.warning(at, format!("the name {name} stands twice"), "remove one");
        }
    }
    for (index, file) in identity.crl.iter().enumerate() {
        certificates::revocations(file, &format!("crl[{index}]"), &mut Inspection { now, places, findings });
    }
}

fn read_ca(identity: &Identity, now: Timestamp, places: &Places, findings: &mut Findings) -> Option<String> {
    let mut inspection = Inspection { now, places, findings };
    match (&identity.ca, &identity.ca_pem) {
        (Some(_), Some(_)) => {
            findings.error(places.of("ca_pem"), "both ca and ca_pem are given", "keep one of them");
            None
        }
        (None, Some(text)) => {
            certificates::authorities(text.as_bytes(), "ca_pem", &mut inspection).then(|| text.clone())
        }
        (Some(file), None) => {
            let bytes = certificates::open(file, "ca", &mut inspection)?;
            let sound = certificates::authorities(&bytes, "ca", &mut inspection);
            sound.then(|| String::from_utf8_lossy(&bytes).into_owned())
        }
        (None, None) => None,
    }
}

fn check_agreement(
    agreement: &Agreement,
    routes: &[Domain],
    own: &[&Domain],
    now: Timestamp,
    places: &Places,
    findings: &mut Findings,
) {
    if agreement.valid_until.is_some_and(|end| end <= now) {
        findings.warning(
            places.of("agreement.valid_until"),
            "the agreement has ended, so nothing of it is in force",
            "agree anew and set a later valid_until",
        );
    }
    for (key, domains) in [
        ("agreement.relay_for", agreement.relay_for.as_slice()),
        ("agreement.relay_to", agreement.relay_to.as_slice()),
        ("route.domains", routes),
    ] {
        for (index, domain) in domains.iter().enumerate() {
            if own.contains(&domain) {
                let what = format!("{key} names {domain}, which is this node's own domain");
                findings.error(places.of(&format!("{key}[{index}]")), what, "list third domains only");
            }
        }
    }
}

/// Faults between one peer file and those before it.
fn compare(peer: &Peer, label: &str, others: &[Peer], findings: &mut Findings) {
    let place = |key: &str| line_of(&peer.lines, label, key);
    for other in others {
        let there = other.file.file_name().unwrap_or_default().to_string_lossy();
        if other.domain == peer.domain {
            let what = format!("{} has another peer file, {there}", peer.domain);
            findings.error(place("domain"), what, "keep one file for each domain");
            continue;
        }
        for (index, name) in peer.names.iter().enumerate().filter(|(_, name)| other.names.contains(name)) {
            let what = format!("the DNS name {name} stands for {} in {there} too", other.domain);
            findings.error(place(&format!("names[{index}]")), what, "give each name to one peer");
        }
        for (index, domain) in peer.route_domains.iter().enumerate() {
            if other.route_domains.contains(domain) {
                let what = format!("{domain} is on the route of {there} too");
                let remedy = format!("keep it on one; {} is used", other.domain);
                findings.warning(place(&format!("route.domains[{index}]")), what, remedy);
            }
        }
    }
}

fn line_of(lines: &BTreeMap<String, usize>, label: &str, key: &str) -> Place {
    let list = key.split('[').next().unwrap_or(key);
    let line = [key, list, "domain"].iter().find_map(|k| lines.get(*k)).copied().unwrap_or(1);
    Place { file: label.to_owned(), line }
}
