//! Mutual TLS between real sockets: who gets in, and what is said about who does not.

use std::sync::Arc;

use crate::config::Peer;
use crate::relay::Posted;
use crate::transport::pki::{Authority, explain};
use crate::transport::testing::{Folder, Inbox, Log, post, reason, until, url};
use crate::transport::{Identity, Limits, LoadError};

/// South, which knows north and perhaps more.
async fn south(folder: &Folder, peers: &[Peer]) -> (crate::transport::Server, Arc<Identity>, Arc<Inbox>) {
    let inbox = Arc::new(Inbox::default());
    let (server, identity) = folder.south(peers, inbox.clone(), Limits::default()).await;
    (server, identity, inbox)
}

#[tokio::test]
async fn a_certificate_listed_in_a_peer_file_speaks_for_that_peer() {
    let folder = Folder::new();
    let (server, _, inbox) =
        south(&folder, &[folder.peer("west.example", &[]), folder.peer("north.example", &[])]).await;
    let north = folder.north(&["north.example"], &[url(&server)]);
    assert_eq!(post(&north, "<WV-SSP-Message/>").await, Posted::Accepted);
    let got = inbox.got.lock().unwrap();
    let (from, headers, body) = &got[0];
    assert_eq!((from.domain.as_str(), from.name.as_str()), ("north.example", "north.example"));
    assert_eq!(from.certificate.issuer, "CN=Test CA");
    assert_eq!(headers["x-wv-sessionid"], "secret@north.example");
    assert_eq!(headers["x-wv-transactionid"], "t-1");
    assert_eq!(headers["content-type"], "application/vnd.wv.ssp+xml");
    assert_eq!(headers["user-agent"], "postern");
    assert_eq!(&body[..], b"<WV-SSP-Message/>");
}

#[tokio::test]
async fn a_name_in_no_peer_file_is_refused_with_one_line_that_says_what_to_add() {
    let (log, _guard) = Log::start();
    let folder = Folder::new();
    let (server, _, inbox) =
        south(&folder, &[folder.peer("north.example", &[]), folder.peer("west.example", &[])]).await;
    let stranger = folder.north(&["east.test"], &[url(&server)]);
    let why = reason(post(&stranger, "x").await);
    assert!(why.contains("the peer refuses our certificate (AccessDenied)"), "{why}");
    until("the refusal's log line", || !log.lines().is_empty()).await;
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    for part in ["WARN", "127.0.0.1:", "east.test", "no peer file names east.test", "add names = [\"east.test\"]"] {
        assert!(lines[0].contains(part), "{part} is missing in {}", lines[0]);
    }
    assert!(inbox.got.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_refusal_names_the_peer_file_that_was_probably_meant() {
    let (log, _guard) = Log::start();
    let folder = Folder::new();
    let (server, _, _) = south(&folder, &[folder.peer("north.example", &[]), folder.peer("west.example", &[])]).await;
    reason(post(&folder.north(&["imps.north.example"], &[url(&server)]), "x").await);
    until("the refusal's log line", || !log.lines().is_empty()).await;
    let line = &log.lines()[0];
    assert!(line.contains("shows names [\"imps.north.example\"]"), "{line}");
    assert!(line.contains("peers/north.example.toml expects names [\"north.example\"]"), "{line}");
    assert!(line.contains("add \"imps.north.example\" to its names"), "{line}");
}

#[tokio::test]
async fn a_certificate_of_a_foreign_authority_is_refused() {
    let (log, _guard) = Log::start();
    let folder = Folder::new();
    let (server, _, inbox) = south(&folder, &[folder.peer("north.example", &[])]).await;
    let foreign = Authority::new("Test CA", 30).unwrap().issue(&["north.example"], 30).unwrap();
    let forger = folder.calling(&folder.tls_of(&foreign), &folder.peer("south.example", &[url(&server)]));
    reason(post(&forger, "x").await);
    until("the refusal's log line", || !log.lines().is_empty()).await;
    let line = &log.lines()[0];
    assert!(line.contains("is not good for peers/north.example.toml"), "{line}");
    assert!(line.contains("set ca in peers/north.example.toml"), "{line}");
    assert!(inbox.got.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_peers_own_authority_replaces_the_default_one() {
    let folder = Folder::new();
    let own = Authority::new("North's CA", 30).unwrap();
    let mut north = folder.peer("north.example", &[]);
    north.ca_pem = Some(own.cert_pem().to_owned());
    let (server, _, _) = south(&folder, &[north]).await;
    let issued = own.issue(&["north.example"], 30).unwrap();
    let to_south = folder.peer("south.example", &[url(&server)]);
    assert_eq!(post(&folder.calling(&folder.tls_of(&issued), &to_south), "x").await, Posted::Accepted);
    let why = reason(post(&folder.north(&["north.example"], &[url(&server)]), "x").await);
    assert!(why.contains("does not trust the authority"), "{why}");
}

#[tokio::test]
async fn a_certificate_of_one_peer_does_not_speak_for_another() {
    let folder = Folder::new();
    let (server, _, inbox) =
        south(&folder, &[folder.peer("north.example", &[]), folder.peer("west.example", &[])]).await;
    assert_eq!(post(&folder.north(&["west.example"], &[url(&server)]), "x").await, Posted::Accepted);
    assert_eq!(inbox.got.lock().unwrap()[0].0.domain.as_str(), "west.example");
}

#[tokio::test]
async fn a_certificate_for_two_peers_speaks_for_none() {
    let (log, _guard) = Log::start();
    let folder = Folder::new();
    let (server, _, _) = south(&folder, &[folder.peer("north.example", &[]), folder.peer("west.example", &[])]).await;
    reason(post(&folder.north(&["west.example", "north.example"], &[url(&server)]), "x").await);
    until("the refusal's log line", || !log.lines().is_empty()).await;
    assert!(log.lines()[0].contains("must speak for one peer only"), "{:?}", log.lines());
}

#[tokio::test]
async fn a_key_that_is_not_pinned_is_refused() {
    let (log, _guard) = Log::start();
    let folder = Folder::new();
    let right = folder.authority.issue(&["north.example"], 30).unwrap();
    let pin = explain(right.cert_pem.as_bytes()).unwrap().spki_sha256;
    let mut north = folder.peer("north.example", &[]);
    north.pins = vec![pin];
    let (server, _, _) = south(&folder, &[north]).await;
    let to_south = folder.peer("south.example", &[url(&server)]);
    assert_eq!(post(&folder.calling(&folder.tls_of(&right), &to_south), "x").await, Posted::Accepted);
    assert_eq!(log.lines(), Vec::<String>::new());
    let other = folder.tls(&["north.example"]);
    let shown = explain(&std::fs::read(&other.cert).unwrap()).unwrap().spki_sha256;
    reason(post(&folder.calling(&other, &to_south), "x").await);
    until("the refusal's log line", || !log.lines().is_empty()).await;
    assert!(log.lines()[0].contains(&format!("add \"{shown}\" to its pins")), "{:?}", log.lines());
}

#[tokio::test]
async fn a_revoked_certificate_is_refused_and_others_are_not() {
    let folder = Folder::new();
    let revoked = folder.authority.issue(&["north.example"], 30).unwrap();
    let serial = explain(revoked.cert_pem.as_bytes()).unwrap().serial;
    let mut north = folder.peer("north.example", &[]);
    north.crl = vec![folder.write("crl.pem", &folder.authority.revoke(&[&serial], 30).unwrap())];
    let (server, _, _) = south(&folder, &[north]).await;
    let to_south = folder.peer("south.example", &[url(&server)]);
    let why = reason(post(&folder.calling(&folder.tls_of(&revoked), &to_south), "x").await);
    assert!(why.contains("it has been revoked"), "{why}");
    assert_eq!(post(&folder.north(&["north.example"], &[url(&server)]), "x").await, Posted::Accepted);
}

#[tokio::test]
async fn a_caller_without_a_certificate_is_refused() {
    use rustls::{ClientConfig, RootCertStore, pki_types::pem::PemObject};
    let (log, _guard) = Log::start();
    let folder = Folder::new();
    let (server, _, _) = south(&folder, &[folder.peer("north.example", &[])]).await;
    let mut roots = RootCertStore::empty();
    roots
        .add(rustls::pki_types::CertificateDer::from_pem_slice(folder.authority.cert_pem().as_bytes()).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(crate::transport::tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let socket = tokio::net::TcpStream::connect(server.local_addr()).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let mut stream = connector.connect("south.example".try_into().unwrap(), socket).await.unwrap();
    let mut buffer = [0; 1];
    let error = tokio::io::AsyncReadExt::read(&mut stream, &mut buffer).await.unwrap_err();
    assert!(error.to_string().contains("CertificateRequired"), "{error}");
    until("the refusal's log line", || !log.lines().is_empty()).await;
    assert!(log.lines()[0].contains("no certificate was shown"), "{:?}", log.lines());
}

#[tokio::test]
async fn a_server_that_is_not_the_peer_gets_no_request() {
    let folder = Folder::new();
    let (server, _, inbox) = south(&folder, &[folder.peer("north.example", &[])]).await;
    let mut elsewhere = folder.peer("south.example", &[url(&server)]);
    elsewhere.names = vec!["imps.south.example".to_owned()];
    let why = reason(post(&folder.calling(&folder.tls(&["north.example"]), &elsewhere), "x").await);
    assert!(why.contains("shows a certificate for names [\"south.example\"]"), "{why}");
    assert!(why.contains("peers/south.example.toml expects names [\"imps.south.example\"]"), "{why}");

    let mut distrusted = folder.peer("south.example", &[url(&server)]);
    distrusted.ca_pem = Some(Authority::new("Other CA", 30).unwrap().cert_pem().to_owned());
    let why = reason(post(&folder.calling(&folder.tls(&["north.example"]), &distrusted), "x").await);
    assert!(why.contains("set ca in peers/south.example.toml"), "{why}");

    let mut pinned = folder.peer("south.example", &[url(&server)]);
    pinned.pins = vec!["00".repeat(32)];
    let why = reason(post(&folder.calling(&folder.tls(&["north.example"]), &pinned), "x").await);
    assert!(why.contains("not among the pins"), "{why}");
    assert!(inbox.got.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_reload_ends_what_is_not_good_any_more_and_leaves_the_rest_alone() {
    let folder = Folder::new();
    let files = [folder.peer("north.example", &[]), folder.peer("west.example", &[])];
    let tls = folder.tls(&["south.example"]);
    let (identity, _) = Identity::load(Some(&tls), &files).unwrap();
    let inbox = Arc::new(Inbox::default());
    let listener = crate::transport::testing::listener().await;
    let server = crate::transport::serve_ssp(listener, identity.clone(), inbox, Limits::default()).unwrap();
    let north = folder.north(&["north.example"], &[url(&server)]);
    let west = folder.north(&["west.example"], &[url(&server)]);
    assert_eq!(post(&north, "x").await, Posted::Accepted);
    assert_eq!(post(&west, "x").await, Posted::Accepted);
    assert_eq!(server.connections(), 2);

    assert_eq!(identity.reload(Some(&tls), &files[1..]), []);
    until("the end of north's connection", || server.connections() == 1).await;
    assert!(reason(post(&north, "x").await).contains("AccessDenied"));
    assert_eq!(post(&west, "x").await, Posted::Accepted);
    assert_eq!(server.connections(), 1, "west's connection is the old one");

    assert_eq!(identity.reload(Some(&tls), &files), []);
    // North avoids an address that failed, but has no other.
    assert_eq!(post(&north, "x").await, Posted::Accepted);
}

#[tokio::test]
async fn a_request_that_comes_after_its_peer_is_gone_is_not_taken() {
    use crate::transport::testing::{connect, exchange};
    use tokio::io::AsyncWriteExt;
    let folder = Folder::new();
    let files = [folder.peer("north.example", &[])];
    let tls = folder.tls(&["south.example"]);
    let (identity, _) = Identity::load(Some(&tls), &files).unwrap();
    let inbox = Arc::new(Inbox::default());
    let listener = crate::transport::testing::listener().await;
    let server = crate::transport::serve_ssp(listener, identity.clone(), inbox.clone(), Limits::default()).unwrap();
    let mut stream = connect(&folder, &["north.example"], server.local_addr(), "http/1.1").await;
    stream.write_all(b"POST / HTTP/1.1\r\n").await.unwrap();
    until("the connection", || server.connections() == 1).await;
    identity.reload(Some(&tls), &[]);
    let rest = "host: x\r\ncontent-type: text/xml\r\ncontent-length: 1\r\n\r\nx";
    let answer = exchange(stream, rest).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert!(inbox.got.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_revocation_ends_a_pooled_connection() {
    let folder = Folder::new();
    let mut tls = folder.tls(&["south.example"]);
    let files = [folder.peer("north.example", &[])];
    let (identity, _) = Identity::load(Some(&tls), &files).unwrap();
    let inbox = Arc::new(Inbox::default());
    let listener = crate::transport::testing::listener().await;
    let server = crate::transport::serve_ssp(listener, identity.clone(), inbox.clone(), Limits::default()).unwrap();
    let issued = folder.authority.issue(&["north.example"], 30).unwrap();
    let north = folder.calling(&folder.tls_of(&issued), &folder.peer("south.example", &[url(&server)]));
    assert_eq!(post(&north, "x").await, Posted::Accepted);
    let serial = explain(issued.cert_pem.as_bytes()).unwrap().serial;
    tls.crl = vec![folder.write("crl.pem", &folder.authority.revoke(&[&serial], 30).unwrap())];
    assert_eq!(identity.reload(Some(&tls), &files), []);
    assert!(!matches!(post(&north, "x").await, Posted::Accepted));
    assert_eq!(inbox.got.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn files_at_fault_leave_the_old_state_in_force_and_are_named() {
    let folder = Folder::new();
    let tls = folder.tls(&["south.example"]);
    let good = folder.peer("north.example", &[]);
    let (server, identity, _) = south(&folder, std::slice::from_ref(&good)).await;
    let north = folder.north(&["north.example"], &[url(&server)]);
    let mut bad = good.clone();
    bad.ca_pem = Some("nonsense".to_owned());
    let mut gone = tls.clone();
    gone.key = folder.dir.path().join("gone.key");
    let faults = identity.reload(Some(&gone), &[bad.clone()]);
    let files: Vec<_> = faults.iter().map(|LoadError { file, .. }| file.clone()).collect();
    assert_eq!(files, [gone.key, bad.file]);
    assert_eq!(post(&north, "x").await, Posted::Accepted);
    assert_eq!(identity.own_certificate().unwrap().names, ["south.example"]);
}

#[tokio::test]
async fn two_files_about_one_peer_are_a_fault() {
    let folder = Folder::new();
    let mut second = folder.peer("north.example", &[]);
    second.file = folder.dir.path().join("peers/n.toml");
    let files = [folder.peer("north.example", &[]), second.clone()];
    let (_, faults) = Identity::load(Some(&folder.tls(&["south.example"])), &files).unwrap();
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].file, second.file);
}

#[test]
fn a_key_of_another_certificate_is_a_fault() {
    let folder = Folder::new();
    let mut tls = folder.tls(&["south.example"]);
    tls.key = folder.tls(&["south.example"]).key;
    let fault = Identity::load(Some(&tls), &[]).unwrap_err();
    assert!(fault.what.contains("does not belong to the certificate"), "{fault}");
}
