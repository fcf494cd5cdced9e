//! Posting to peers that are there, half there and not there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::relay::Posted;
use crate::transport::testing::{Folder, Inbox, listener, post, reason, until, url};
use crate::transport::{Identity, Layer, Limits, PeerClients};

/// An address where nobody listens.
async fn nobody() -> String {
    format!("https://{}/", listener().await.local_addr().unwrap())
}

#[tokio::test]
async fn posts_travel_together_on_one_connection() {
    let folder = Folder::new();
    let inbox = Arc::new(Inbox { gate: Some(Semaphore::new(1)), ..Inbox::default() });
    let (server, _) = folder.south(&[folder.peer("north.example", &[])], inbox.clone(), Limits::default()).await;
    let north = Arc::new(folder.north(&["north.example"], &[url(&server)]));
    assert_eq!(post(&north, "first").await, Posted::Accepted);
    let asking: Vec<_> = (0..20)
        .map(|_| {
            let north = north.clone();
            tokio::spawn(async move { post(&north, "more").await })
        })
        .collect();
    until("twenty requests in work", || inbox.got.lock().unwrap().len() == 21).await;
    assert_eq!(server.connections(), 1);
    inbox.gate.as_ref().unwrap().add_permits(20);
    for asked in asking {
        assert_eq!(asked.await.unwrap(), Posted::Accepted);
    }
}

#[tokio::test]
async fn the_next_address_is_taken_when_one_cannot_be_reached() {
    let (folder, inbox) = (Folder::new(), Arc::new(Inbox::default()));
    let (server, _) = folder.south(&[folder.peer("north.example", &[])], inbox.clone(), Limits::default()).await;
    let north = folder.north(&["north.example"], &[nobody().await, "http://127.0.0.1:1/".to_owned(), url(&server)]);
    for _ in 0..3 {
        assert_eq!(post(&north, "x").await, Posted::Accepted);
    }
    assert_eq!(inbox.got.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn every_address_that_failed_is_told() {
    let folder = Folder::new();
    let (one, two) = (nobody().await, nobody().await);
    let why = reason(post(&folder.north(&["north.example"], &[one.clone(), two.clone()]), "x").await);
    assert!(why.contains(&one) && why.contains(&two) && why.contains("Connection refused"), "{why}");
    let why = reason(post(&folder.north(&["north.example"], &[]), "x").await);
    assert!(why.contains("peers/south.example.toml names no url"), "{why}");
    let why = reason(post(&folder.north(&["north.example"], &["http://x/".to_owned()]), "x").await);
    assert!(why.contains("must have the form https://"), "{why}");
}

#[tokio::test]
async fn a_refusal_is_no_reason_to_try_elsewhere() {
    let (folder, inbox) = (Folder::new(), Arc::new(Inbox::default()));
    let mut north = folder.peer("north.example", &[]);
    north.limits.body = 3;
    let (server, _) = folder.south(&[north], inbox.clone(), Limits::default()).await;
    let clients = folder.north(&["north.example"], &[url(&server), url(&server)]);
    assert_eq!(post(&clients, "long").await, Posted::Refused(413));
    assert_eq!(post(&clients, "ok").await, Posted::Accepted);
}

#[tokio::test]
async fn a_server_that_closes_without_an_answer_was_not_reached() {
    let folder = Folder::new();
    let deaf = listener().await;
    let address = deaf.local_addr().unwrap();
    let closing = tokio::spawn(async move {
        loop {
            drop(deaf.accept().await);
        }
    });
    reason(post(&folder.north(&["north.example"], &[format!("https://{address}/")]), "x").await);
    closing.abort();
}

#[tokio::test]
async fn a_server_that_goes_away_in_the_middle_was_not_reached() {
    let folder = Folder::new();
    let inbox = Arc::new(Inbox { gate: Some(Semaphore::new(0)), ..Inbox::default() });
    let (server, _) = folder.south(&[folder.peer("north.example", &[])], inbox.clone(), Limits::default()).await;
    let north = folder.north(&["north.example"], &[url(&server)]);
    let asking = tokio::spawn(async move { post(&north, "x").await });
    until("the request", || inbox.got.lock().unwrap().len() == 1).await;
    drop(server);
    reason(asking.await.unwrap());
    assert_eq!(inbox.got.lock().unwrap().len(), 1, "a POST that may have arrived is not repeated here");
}

#[tokio::test]
async fn a_server_that_is_silent_costs_no_more_than_the_timeout() {
    let folder = Folder::new();
    let silent = listener().await;
    let address = silent.local_addr().unwrap();
    let peer = folder.peer("south.example", &[format!("https://{address}/")]);
    let (identity, _) = Identity::load(Some(&folder.tls(&["north.example"])), &[peer]).unwrap();
    let north = PeerClients::new(identity, Duration::from_millis(200));
    let start = Instant::now();
    let why = reason(post(&north, "x").await);
    assert!(why.contains("no answer within 200ms"), "{why}");
    assert!(start.elapsed() >= Duration::from_millis(200) && start.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_restarted_server_is_found_again() {
    let (folder, inbox) = (Folder::new(), Arc::new(Inbox::default()));
    let peers = [folder.peer("north.example", &[])];
    let (server, identity) = folder.south(&peers, inbox.clone(), Limits::default()).await;
    let address = server.local_addr();
    let north = folder.north(&["north.example"], &[url(&server)]);
    assert_eq!(post(&north, "x").await, Posted::Accepted);
    assert!(server.drain(Duration::from_secs(5)).await);
    reason(post(&north, "x").await);
    let again = tokio::net::TcpListener::bind(address).await.unwrap();
    let _server = crate::transport::serve_ssp(again, identity, inbox, Limits::default()).unwrap();
    assert_eq!(post(&north, "x").await, Posted::Accepted);
}

#[tokio::test]
async fn only_what_changed_gets_new_connections() {
    let (folder, inbox) = (Folder::new(), Arc::new(Inbox::default()));
    let (server, _) = folder.south(&[folder.peer("north.example", &[])], inbox.clone(), Limits::default()).await;
    let tls = folder.tls(&["north.example"]);
    let south = folder.peer("south.example", &[url(&server)]);
    let (identity, _) = Identity::load(Some(&tls), std::slice::from_ref(&south)).unwrap();
    let north = PeerClients::new(identity.clone(), Duration::from_secs(10));
    assert_eq!(post(&north, "x").await, Posted::Accepted);
    let serial = |n: usize| inbox.got.lock().unwrap()[n].0.certificate.serial.clone();

    // Another peer appears: the connection stays.
    identity.reload(Some(&tls), &[south.clone(), folder.peer("west.example", &[])]);
    north.reload();
    assert_eq!(post(&north, "x").await, Posted::Accepted);
    assert_eq!(server.connections(), 1);

    // Our certificate is renewed: the peer sees the new one at once.
    let renewed = folder.tls(&["north.example"]);
    identity.reload(Some(&renewed), std::slice::from_ref(&south));
    assert_eq!(post(&north, "x").await, Posted::Accepted);
    assert_eq!(serial(0), serial(1));
    assert_ne!(serial(1), serial(2));

    // The peer's file goes: nothing is sent, and its connections end.
    identity.reload(Some(&renewed), &[]);
    assert!(reason(post(&north, "x").await).contains("has no peer file"));
    until("the end of the connections", || server.connections() == 0).await;
}

#[tokio::test]
async fn without_a_certificate_of_our_own_nobody_is_called() {
    let folder = Folder::new();
    let mut south = folder.peer("south.example", &[nobody().await]);
    south.ca_pem = Some(folder.authority.cert_pem().to_owned());
    let (identity, faults) = Identity::load(None, &[south]).unwrap();
    assert_eq!(faults, []);
    let why = reason(post(&PeerClients::new(identity, Duration::from_secs(1)), "x").await);
    assert!(why.contains("[tls] is missing in postern.toml"), "{why}");
}

#[tokio::test]
async fn a_probe_names_the_layer_that_fails() {
    let (folder, inbox) = (Folder::new(), Arc::new(Inbox::default()));
    let (server, _) = folder.south(&[folder.peer("north.example", &[])], inbox.clone(), Limits::default()).await;
    let south = "south.example".parse().unwrap();
    let probe = async |names: &[&str], url: String| {
        let found = folder.north(names, &[url]).probe(&south).await.unwrap();
        let last = found.last().unwrap().clone();
        assert!(found[..found.len() - 1].iter().all(|probe| probe.ok), "{found:?}");
        (last.layer, last.ok, last.detail)
    };
    let (layer, ok, detail) = probe(&["north.example"], url(&server)).await;
    assert!(layer == Layer::Certificate && ok && detail.contains("ours taken"), "{detail}");
    let (layer, ok, detail) = probe(&["east.test"], url(&server)).await;
    assert!(layer == Layer::Certificate && !ok && detail.contains("refuses our certificate"), "{detail}");
    let (layer, ok, _) = probe(&["north.example"], nobody().await).await;
    assert!(layer == Layer::Tcp && !ok);
    let (layer, ok, _) = probe(&["north.example"], "https://nowhere.invalid/".to_owned()).await;
    assert!(layer == Layer::Address && !ok);
    let talker = listener().await;
    let address = talker.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = talker.accept().await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"220 welcome\r\n").await.unwrap();
    });
    let (layer, ok, detail) = probe(&["north.example"], format!("https://{address}/")).await;
    assert!(layer == Layer::Tls && !ok && detail.contains("ssp port"), "{detail}");
    assert!(folder.north(&["north.example"], &[]).probe(&"west.example".parse().unwrap()).await.is_none());
    assert!(inbox.got.lock().unwrap().is_empty());
}
