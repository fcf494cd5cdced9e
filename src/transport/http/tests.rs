//! What every listener bounds, shown on CSP with real sockets.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::transport::testing::{Folder, exchange, listener, until};
use crate::transport::{BoxFuture, Clients, CspAnswer, CspRequest, Limits, Server, ServerTls, serve_admin, serve_csp};

/// Gives every body back; a body `wait` is given back when a permit is there.
struct Echo {
    permits: Semaphore,
    waiting: Mutex<usize>,
    seen: Mutex<Vec<CspRequest>>,
}

impl Echo {
    fn new() -> Arc<Self> {
        Arc::new(Self { permits: Semaphore::new(0), waiting: Mutex::new(0), seen: Mutex::default() })
    }
}

impl Clients for Echo {
    fn csp(&self, request: CspRequest) -> BoxFuture<'_, CspAnswer> {
        Box::pin(async move {
            self.seen.lock().unwrap().push(request.clone());
            if request.body == "wait" {
                *self.waiting.lock().unwrap() += 1;
                self.permits.acquire().await.unwrap().forget();
            }
            CspAnswer { content_type: request.content_type, body: request.body }
        })
    }
}

const WBXML: &str = "application/vnd.wv.csp.wbxml";

fn csp(echo: Arc<Echo>, listener: tokio::net::TcpListener, limits: Limits) -> Server {
    let pages = Router::new().route("/chat", get(|| async { "the chat" }));
    serve_csp(listener, None, echo, pages, limits).unwrap()
}

async fn plain(limits: Limits) -> (Server, Arc<Echo>) {
    let echo = Echo::new();
    (csp(echo.clone(), listener().await, limits), echo)
}

fn short() -> Limits {
    Limits { request_read: Duration::from_millis(150), idle: Duration::from_millis(600), ..Limits::default() }
}

fn request(body: &str) -> String {
    let length = body.len();
    format!(
        "POST /sap HTTP/1.1\r\nhost: x\r\ncontent-type: {WBXML}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

async fn say(server: &Server, text: &str) -> String {
    exchange(TcpStream::connect(server.local_addr()).await.unwrap(), text).await
}

#[tokio::test]
async fn a_message_is_answered_with_200_and_a_length() {
    let (server, echo) = plain(Limits::default()).await;
    let answer = say(&server, &request("hello")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(
        answer.contains("content-length: 5\r\n") && answer.contains(&format!("content-type: {WBXML}\r\n")),
        "{answer}"
    );
    assert!(answer.ends_with("\r\n\r\nhello"), "{answer}");
    let seen = echo.seen.lock().unwrap();
    assert!(!seen[0].tls && seen[0].remote.ip().is_loopback());
    assert_eq!(seen[0].headers["host"], "x");
}

#[tokio::test]
async fn nothing_is_200_with_length_zero() {
    let (server, _) = plain(Limits::default()).await;
    let answer = say(&server, &request("")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("content-length: 0\r\n") && !answer.contains("chunked"), "{answer}");
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_message() {
    let (server, echo) = plain(Limits::default()).await;
    let both = request("one").replace("connection: close\r\n", "") + &request("two");
    let answer = say(&server, &both).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 2, "{answer}");
    let seen = echo.seen.lock().unwrap();
    assert_eq!(seen[0].remote, seen[1].remote);
}

#[tokio::test]
async fn what_is_no_message_is_refused() {
    let (server, echo) = plain(Limits::default()).await;
    let refused = [
        ("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".to_owned(), "405"),
        ("PUT /sap HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx".to_owned(), "405"),
        (request("x").replace(WBXML, "text/plain"), "415"),
        (request("x").replace(WBXML, "application/octet-stream"), "415"),
        (request("x").replace(&format!("content-type: {WBXML}\r\n"), ""), "415"),
        ("hello\r\n\r\n".to_owned(), "400"),
    ];
    for (request, status) in refused {
        let answer = say(&server, &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request} gets {answer}");
        assert!(answer.contains("content-length: 0\r\n"), "{answer}");
    }
    assert!(echo.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn types_in_the_field_are_taken() {
    let (server, _) = plain(Limits::default()).await;
    for name in
        ["application/vnd.wv.csp+xml", "application/vnd.wv.csp.xml; charset=utf-8", "Text/XML", "application/xml"]
    {
        let answer = say(&server, &request("x").replace(WBXML, name)).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{name} gets {answer}");
    }
}

#[tokio::test]
async fn pages_are_shown_beside_messages() {
    let (server, _) = plain(Limits::default()).await;
    let answer = say(&server, "GET /chat HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(answer.ends_with("the chat"), "{answer}");
    let answer = say(&server, &request("hi").replace("/sap", "/chat")).await;
    assert!(answer.ends_with("\r\n\r\nhi"), "{answer}");
}

#[tokio::test]
async fn a_body_announced_too_large_is_refused_before_it_is_read() {
    let (server, echo) = plain(Limits { body: 10, ..Limits::default() }).await;
    let head = request("").replace("content-length: 0", "content-length: 11");
    let answer = say(&server, &head).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(say(&server, &request("0123456789")).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(echo.seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_body_that_grows_too_large_is_refused_while_it_comes() {
    let (server, echo) = plain(Limits { body: 10, ..Limits::default() }).await;
    // The sender is not done: without a bound the server would wait for the rest.
    let chunked =
        request("").replace("content-length: 0", "transfer-encoding: chunked") + "8\r\n01234567\r\n8\r\n01234567\r\n";
    let answer = say(&server, &chunked).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(echo.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_refusal_reaches_a_sender_that_keeps_sending() {
    let (server, _) = plain(Limits { body: 1000, ..Limits::default() }).await;
    let answer = say(&server, &request(&"x".repeat(900_000))).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer:?}");
}

#[tokio::test]
async fn bodies_share_the_memory_set_aside_for_them() {
    let (server, echo) = plain(Limits { buffered: 10, ..Limits::default() }).await;
    assert!(say(&server, &request("01234567890")).await.starts_with("HTTP/1.1 503 "));
    // What was taken is given back.
    for _ in 0..3 {
        assert!(say(&server, &request("0123456789")).await.starts_with("HTTP/1.1 200 "));
    }
    assert_eq!(echo.seen.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn expectations_are_met_at_once() {
    let (server, _) = plain(Limits { body: 10, ..Limits::default() }).await;
    let head = request("").replace("content-length: 0", "expect: 100-continue\r\ncontent-length: 5");
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    let answer = exchange(stream, "hello").await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("hello"), "{answer}");
    let refused = say(&server, &head.replace("content-length: 5", "content-length: 11")).await;
    assert!(refused.starts_with("HTTP/1.1 413 "), "{refused}");
}

#[tokio::test]
async fn a_slow_head_ends_the_connection() {
    let (server, _) = plain(short()).await;
    for part in ["", "POST /sap HTTP/1.1\r\nhost:"] {
        let start = Instant::now();
        let answer = say(&server, part).await;
        assert!(!answer.contains(" 200 "), "{answer}");
        assert!(start.elapsed() >= Duration::from_millis(140), "{part:?}: {:?}", start.elapsed());
        assert!(start.elapsed() < Duration::from_millis(500), "{part:?}: {:?}", start.elapsed());
    }
}

#[tokio::test]
async fn a_head_that_drips_gets_no_more_time() {
    let (server, _) = plain(short()).await;
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    let start = Instant::now();
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    // The server's end shows when writing fails or reading finds the end.
    let mut byte = [0; 1];
    loop {
        tokio::select! {
            read = stream.read(&mut byte) => { assert!(!matches!(read, Ok(n) if n > 0)); break }
            _ = pace.tick() => if stream.write_all(b"P").await.is_err() { break },
        }
        assert!(start.elapsed() < Duration::from_secs(5));
    }
    assert!(start.elapsed() >= Duration::from_millis(140));
}

#[tokio::test]
async fn a_slow_body_is_answered_with_408_and_ends_the_connection() {
    let (server, echo) = plain(short()).await;
    let start = Instant::now();
    let answer = say(&server, &request("").replace("content-length: 0", "content-length: 5")).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(start.elapsed() < Duration::from_millis(500));
    assert!(echo.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_idle_connection_ends_later_than_a_slow_one() {
    let (server, _) = plain(short()).await;
    let start = Instant::now();
    let answer = say(&server, &request("x").replace("connection: close\r\n", "")).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(start.elapsed() >= Duration::from_millis(590), "{:?}", start.elapsed());
}

#[tokio::test]
async fn an_answer_takes_the_time_it_takes() {
    let (server, echo) = plain(short()).await;
    let stream = TcpStream::connect(server.local_addr()).await.unwrap();
    let asking = tokio::spawn(async move { exchange(stream, &request("wait")).await });
    let start = Instant::now();
    until("the request", || *echo.waiting.lock().unwrap() == 1 && start.elapsed() > Duration::from_millis(700)).await;
    echo.permits.add_permits(1);
    assert!(asking.await.unwrap().starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn many_slow_connections_do_not_delay_a_good_one() {
    let (server, _) = plain(Limits::default()).await;
    let mut slow = Vec::new();
    for n in 0..500 {
        let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
        let part =
            if n % 2 == 0 { "POST / HT".to_owned() } else { request("").replace("length: 0", "length: 9") + "x" };
        stream.write_all(part.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    until("the slow connections", || server.connections() == 500).await;
    let start = Instant::now();
    assert!(say(&server, &request("x")).await.starts_with("HTTP/1.1 200 "));
    assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
    drop(slow);
    until("the end of the slow connections", || server.connections() == 0).await;
}

#[tokio::test]
async fn more_work_than_allowed_is_turned_away() {
    let (server, echo) = plain(Limits { requests: 2, ..Limits::default() }).await;
    let mut asking = Vec::new();
    for _ in 0..2 {
        let stream = TcpStream::connect(server.local_addr()).await.unwrap();
        asking.push(tokio::spawn(async move { exchange(stream, &request("wait")).await }));
    }
    until("two requests in work", || *echo.waiting.lock().unwrap() == 2).await;
    let answer = say(&server, &request("x")).await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: 1\r\n"), "{answer}");
    echo.permits.add_permits(2);
    for asked in asking {
        assert!(asked.await.unwrap().starts_with("HTTP/1.1 200 "));
    }
    assert!(say(&server, &request("x")).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn an_answer_that_never_comes_becomes_503() {
    let (server, _) = plain(Limits { answer: Duration::from_millis(100), ..Limits::default() }).await;
    assert!(say(&server, &request("wait")).await.starts_with("HTTP/1.1 503 "));
}

#[tokio::test]
async fn more_connections_than_allowed_are_closed() {
    let (server, _) = plain(Limits { connections: 1, ..Limits::default() }).await;
    let first = TcpStream::connect(server.local_addr()).await.unwrap();
    until("the first connection", || server.connections() == 1).await;
    assert_eq!(say(&server, &request("x")).await, "");
    drop(first);
    until("the end of the first connection", || server.connections() == 0).await;
    assert!(say(&server, &request("x")).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_tls_greeting_on_the_plain_port_is_turned_away_at_once() {
    let folder = Folder::new();
    let (server, _) = plain(Limits::default()).await;
    let start = Instant::now();
    let (identity, _) =
        crate::transport::Identity::load(Some(&folder.tls(&["a.example"])), &[folder.peer("b.example", &[])]).unwrap();
    let roster = identity.roster();
    let trust = roster.peer(&"b.example".parse().unwrap()).unwrap().clone();
    let config = crate::transport::tls::client_config(trust, roster.own().unwrap().clone()).unwrap();
    let socket = TcpStream::connect(server.local_addr()).await.unwrap();
    let greeting = tokio_rustls::TlsConnector::from(Arc::new(config)).connect("b.example".try_into().unwrap(), socket);
    assert!(greeting.await.is_err());
    assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
}

#[tokio::test]
async fn draining_lets_requests_finish_and_takes_no_new_ones() {
    let (server, echo) = plain(Limits::default()).await;
    let address = server.local_addr();
    let idle = TcpStream::connect(address).await.unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let asking = tokio::spawn(async move { exchange(stream, &request("wait")).await });
    until("the request in work", || *echo.waiting.lock().unwrap() == 1).await;
    let draining = tokio::spawn(server.drain(Duration::from_secs(10)));
    // The idle connection ends first, then new ones find no listener.
    assert_eq!(exchange(idle, "").await, "");
    assert!(TcpStream::connect(address).await.is_err());
    echo.permits.add_permits(1);
    assert!(asking.await.unwrap().starts_with("HTTP/1.1 200 "));
    assert!(draining.await.unwrap());
}

#[tokio::test]
async fn draining_ends_what_takes_too_long() {
    let (server, echo) = plain(Limits::default()).await;
    let stream = TcpStream::connect(server.local_addr()).await.unwrap();
    let asking = tokio::spawn(async move { exchange(stream, &request("wait")).await });
    until("the request in work", || *echo.waiting.lock().unwrap() == 1).await;
    assert!(!server.drain(Duration::from_millis(50)).await);
    assert_eq!(asking.await.unwrap(), "");
}

#[tokio::test]
async fn an_answer_nobody_takes_ends_the_connection() {
    let large = Bytes::from(vec![b'x'; 64 * 1024 * 1024]);
    let router = Router::new().route("/", get(move || async move { large }));
    let limits = Limits { write_stall: Duration::from_millis(100), ..Limits::default() };
    let server = serve_admin(listener().await, None, router, limits).unwrap();
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    until("the connection", || server.connections() == 1).await;
    until("its end", || server.connections() == 0).await;
}

#[tokio::test]
async fn work_that_waits_for_an_answer_is_done_when_it_is_written() {
    use super::io::Deferred;
    use std::io::Write;
    let written = Arc::new(Mutex::new(None));
    let listener = listener().await;
    let mut client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (other_end, seen) = (client.try_clone().unwrap(), written.clone());
    other_end.set_nonblocking(true).unwrap();
    let other_end = Arc::new(other_end);
    let router = Router::new().fallback(move || {
        let (other_end, seen) = (other_end.clone(), seen.clone());
        let work = move || *seen.lock().unwrap() = Some(other_end.peek(&mut [0; 12]).unwrap_or(0));
        let mut response = super::empty(axum::http::StatusCode::OK);
        response.extensions_mut().insert(Deferred::new(Box::new(work)));
        std::future::ready(response)
    });
    let _server = serve_admin(listener, None, router, Limits::default()).unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    until("the work", || written.lock().unwrap().is_some()).await;
    assert_eq!(*written.lock().unwrap(), Some(12), "the answer was there before the work");
}

#[tokio::test]
async fn phones_are_served_over_tls_with_both_versions_of_http() {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let folder = Folder::new();
    let tls = folder.tls(&["chat.example"]);
    let certificate = ServerTls::load(&tls.cert, &tls.key).unwrap();
    let echo = Echo::new();
    let server =
        serve_csp(listener().await, Some(certificate.clone()), echo.clone(), Router::new(), Limits::default()).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(folder.authority.cert_pem().as_bytes()).unwrap()).unwrap();
    let connect = async |name: &'static str, alpn: &str| {
        let mut config = rustls::ClientConfig::builder_with_provider(crate::transport::tls::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![alpn.as_bytes().to_vec()];
        let socket = TcpStream::connect(server.local_addr()).await.unwrap();
        tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name.try_into().unwrap(), socket).await
    };
    let answer = exchange(connect("chat.example", "http/1.1").await.unwrap(), &request("one")).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("one"), "{answer}");

    let io = hyper_util::rt::TokioIo::new(connect("chat.example", "h2").await.unwrap());
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    tokio::spawn(connection);
    let post = hyper::Request::post("https://chat.example/")
        .header("content-type", WBXML)
        .body(http_body_util::Full::new(Bytes::from_static(b"two")))
        .unwrap();
    let answer = sender.send_request(post).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["content-length"].to_str().unwrap()), (200, "3"));
    assert!(echo.seen.lock().unwrap().iter().all(|request| request.tls));

    let renewed = folder.tls(&["im.example"]);
    certificate.reload(&renewed.cert, &renewed.key).unwrap();
    assert!(connect("chat.example", "http/1.1").await.is_err());
    assert!(connect("im.example", "http/1.1").await.is_ok());
    assert!(certificate.reload(&tls.cert, &renewed.key).is_err());
    assert!(connect("im.example", "http/1.1").await.is_ok());
}
