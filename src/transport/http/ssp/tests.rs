//! What an SSP listener takes from a peer, shown with real sockets and certificates.

use std::sync::Arc;

use axum::http::Version;
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::Semaphore;

use crate::config::Peer;
use crate::relay::Posted;
use crate::transport::testing::{Folder, Inbox, connect, exchange, post, until, url};
use crate::transport::{Limits, Server};

const SSP: &str = "application/vnd.wv.ssp+xml";

fn request(body: &str) -> String {
    let length = body.len();
    format!(
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: {SSP}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

async fn south(folder: &Folder, north: Peer, inbox: &Arc<Inbox>) -> Server {
    folder.south(&[north], inbox.clone(), Limits::default()).await.0
}

async fn say(folder: &Folder, server: &Server, text: &str) -> String {
    exchange(connect(folder, &["north.example"], server.local_addr(), "http/1.1").await, text).await
}

#[tokio::test]
async fn a_message_is_acknowledged_with_an_empty_200() {
    let (folder, inbox) = (Folder::new(), Arc::new(Inbox::default()));
    let server = south(&folder, folder.peer("north.example", &[]), &inbox).await;
    for name in [SSP, "application/vnd.wv.ssp+xml; charset=utf-8", "text/xml", "Application/XML"] {
        let answer = say(&folder, &server, &request("x").replace(SSP, name)).await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n"), "{name} gets {answer}");
        assert!(answer.contains("content-length: 0\r\n"), "{answer}");
    }
    let chunked = request("").replace("content-length: 0", "transfer-encoding: chunked") + "1\r\nx\r\n0\r\n\r\n";
    assert!(say(&folder, &server, &chunked).await.starts_with("HTTP/1.1 200 "));
    assert!(inbox.got.lock().unwrap().iter().all(|(_, _, body)| body == "x"));
}

#[tokio::test]
async fn what_is_no_message_is_refused() {
    let (folder, inbox) = (Folder::new(), Arc::new(Inbox::default()));
    let mut north = folder.peer("north.example", &[]);
    north.limits.body = 10;
    let server = south(&folder, north, &inbox).await;
    let refused = [
        (request("x").replace("POST / ", "POST /sap "), "404"),
        (request("x").replace("POST", "GET"), "405"),
        (request("x").replace(SSP, "application/vnd.wv.csp+xml"), "415"),
        (request("").replace("content-length: 0\r\n", ""), "411"),
        (request("").replace("content-length: 0", "content-length: 11"), "413"),
        (request("").replace("content-length: 0", "transfer-encoding: chunked") + "b\r\n01234567890\r\n", "413"),
    ];
    for (request, status) in refused {
        let answer = say(&folder, &server, &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request} gets {answer}");
    }
    assert!(inbox.got.lock().unwrap().is_empty());
}

#[tokio::test]
async fn http_2_is_spoken_too() {
    let (folder, inbox) = (Folder::new(), Arc::new(Inbox::default()));
    let server = south(&folder, folder.peer("north.example", &[]), &inbox).await;
    let stream = connect(&folder, &["north.example"], server.local_addr(), "h2").await;
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::post("https://south.example/").header("content-type", SSP);
    let answer = sender.send_request(request.body(Full::new(Bytes::from_static(b"x"))).unwrap()).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_2));
}

#[tokio::test]
async fn a_peer_that_sends_too_fast_is_slowed_and_another_is_not() {
    let (folder, inbox) = (Folder::new(), Arc::new(Inbox::default()));
    let (mut north, west) = (folder.peer("north.example", &[]), folder.peer("west.example", &[]));
    (north.limits.requests_per_second, north.limits.burst) = (1, 3);
    let (server, _) = folder.south(&[north, west], inbox.clone(), Limits::default()).await;
    let clients = folder.north(&["north.example"], &[url(&server)]);
    for _ in 0..3 {
        assert_eq!(post(&clients, "x").await, Posted::Accepted);
    }
    assert_eq!(post(&clients, "x").await, Posted::Refused(503));
    let answer = say(&folder, &server, &request("x")).await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: 1\r\n"), "{answer}");
    assert_eq!(post(&folder.north(&["west.example"], &[url(&server)]), "x").await, Posted::Accepted);
    assert_eq!(inbox.got.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn a_peer_has_only_so_many_requests_in_flight() {
    let folder = Folder::new();
    let inbox = Arc::new(Inbox { gate: Some(Semaphore::new(0)), ..Inbox::default() });
    let mut north = folder.peer("north.example", &[]);
    north.limits.in_flight = 2;
    let server = south(&folder, north, &inbox).await;
    let clients = Arc::new(folder.north(&["north.example"], &[url(&server)]));
    let asking: Vec<_> = (0..2)
        .map(|_| {
            let clients = clients.clone();
            tokio::spawn(async move { post(&clients, "x").await })
        })
        .collect();
    until("two requests in work", || inbox.got.lock().unwrap().len() == 2).await;
    assert_eq!(post(&clients, "x").await, Posted::Refused(503));
    inbox.gate.as_ref().unwrap().add_permits(3);
    for asked in asking {
        assert_eq!(asked.await.unwrap(), Posted::Accepted);
    }
    assert_eq!(post(&clients, "x").await, Posted::Accepted);
}

#[tokio::test]
async fn what_comes_after_an_answer_is_done_once_each() {
    let (folder, inbox) = (Folder::new(), Arc::new(Inbox::default()));
    let server = south(&folder, folder.peer("north.example", &[]), &inbox).await;
    let clients = folder.north(&["north.example"], &[url(&server)]);
    for n in 1..=3 {
        assert_eq!(post(&clients, "x").await, Posted::Accepted);
        until("what comes after", || *inbox.after.lock().unwrap() == n).await;
    }
    say(&folder, &server, &request("x")).await;
    until("what comes after", || *inbox.after.lock().unwrap() == 4).await;
}

#[tokio::test]
async fn what_has_begun_is_done_to_its_end_when_the_peer_hangs_up() {
    let folder = Folder::new();
    let inbox = Arc::new(Inbox { gate: Some(Semaphore::new(0)), ..Inbox::default() });
    let server = south(&folder, folder.peer("north.example", &[]), &inbox).await;
    let mut stream = connect(&folder, &["north.example"], server.local_addr(), "http/1.1").await;
    tokio::io::AsyncWriteExt::write_all(&mut stream, request("x").as_bytes()).await.unwrap();
    until("the request in work", || inbox.got.lock().unwrap().len() == 1).await;
    drop(stream);
    until("the end of the connection", || server.connections() == 0).await;
    inbox.gate.as_ref().unwrap().add_permits(1);
    until("what comes after", || *inbox.after.lock().unwrap() == 1).await;
}
