//! Channels over real sockets, with somebody else knowing the sessions.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::*;
use crate::sap::session::SessionRecord;
use crate::sap::wake::Line;
use crate::transport::testing::until;

/// Knows one session.
struct Known {
    session: SessionId,
    waiting: AtomicBool,
    /// What happens between the moment a client is heard and its answer.
    meanwhile: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

struct Bench {
    server: CirServer,
    known: Arc<Known>,
}

/// A client's end of a connection.
struct Client(BufReader<TcpStream>);

// === impl Known ===

impl Callers for Known {
    fn admits(&self, session: &SessionId, _: IpAddr) -> bool {
        *session == self.session
    }

    fn greet(&self, _: SessionId) -> BoxFuture<'_, Option<Greeting>> {
        if let Some(work) = self.meanwhile.lock().unwrap().take() {
            work();
        }
        let waiting = self.waiting.load(Ordering::Relaxed);
        Box::pin(async move { Some(Greeting { line: line(), waiting }) })
    }

    fn waits_behind(&self, key: String) -> BoxFuture<'_, Option<bool>> {
        let waiting = self.waiting.load(Ordering::Relaxed);
        Box::pin(async move { (key == "key").then_some(waiting) })
    }
}

// === impl Bench ===

impl Bench {
    async fn start(limits: CirLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
        let session = SessionId::new("Session1");
        let known = Arc::new(Known { session, waiting: AtomicBool::default(), meanwhile: Mutex::default() });
        let server = serve_cir(listener, datagrams, Arc::<Known>::clone(&known), limits).unwrap();
        Self { server, known }
    }

    async fn calls(&self) -> Client {
        Client(BufReader::new(TcpStream::connect(self.server.local_addr()).await.unwrap()))
    }

    /// A client whose channel is open.
    async fn hears(&self) -> Client {
        let mut client = self.calls().await;
        client.says("HELO Session1\r\n").await;
        assert_eq!(client.line().await, "OK");
        client
    }

    fn ring(&self, ways: &[Way]) {
        let call = WakeUp { session: self.known.session.clone(), line: line(), ways: ways.to_vec() };
        self.server.bell().ring(call);
    }
}

// === impl Client ===

impl Client {
    async fn says(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).await.unwrap();
    }

    /// The next line; it must end as phones want it.
    async fn line(&mut self) -> String {
        let mut line = String::new();
        let read = tokio::time::timeout(Duration::from_secs(10), self.0.read_line(&mut line)).await;
        assert!(read.is_ok(), "no line came");
        let line = line.strip_suffix("\r\n").unwrap_or_else(|| panic!("{line:?} is no line"));
        line.to_owned()
    }

    /// Waits for the end, and gives what came until then.
    async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(10), self.0.read_to_end(&mut rest)).await;
        assert!(read.is_ok(), "the connection does not end");
        String::from_utf8(rest).unwrap()
    }

    /// Nothing is on its way: the answer to a ping is the next line.
    async fn hears_nothing(&mut self) {
        self.says("PING\r\n").await;
        assert_eq!(self.line().await, "OK");
        let more = self.0.buffer();
        assert!(more.is_empty(), "{:?}", String::from_utf8_lossy(more));
    }
}

fn line() -> Line {
    Line::of(&SessionRecord { cookie: "im#1".into(), ..crate::sap::session::sample("ann") })
}

#[tokio::test]
async fn a_client_says_helo_and_is_rung_for_and_answered() {
    let bench = Bench::start(CirLimits::default()).await;
    let mut client = bench.hears().await;
    bench.ring(&[Way::Udp(([127, 0, 0, 1], 9).into()), Way::Tcp]);
    assert_eq!(client.line().await, "WVCI 1.2 im#1");
    for ping in ["PING\r\n", "PING \r\n", "ping\n", "PING\r"] {
        client.says(ping).await;
        assert_eq!(client.line().await, "OK", "{ping:?}");
    }
    client.hears_nothing().await;
}

#[tokio::test]
async fn a_line_may_come_in_pieces_and_several_at_once() {
    let bench = Bench::start(CirLimits::default()).await;
    let mut client = bench.calls().await;
    for piece in ["\r\nhe", "lo Ses", "sion1", "\r", "\nPING\r\n\r\nPI"] {
        client.says(piece).await;
        tokio::task::yield_now().await;
    }
    assert_eq!((client.line().await, client.line().await), ("OK".into(), "OK".into()));
    bench.ring(&[Way::Tcp]);
    assert_eq!(client.line().await, "WVCI 1.2 im#1");
    client.says("NG\n").await;
    assert_eq!(client.line().await, "OK");
}

#[tokio::test]
async fn what_waits_already_is_told_after_the_ok_and_once() {
    let bench = Bench::start(CirLimits::default()).await;
    bench.known.waiting.store(true, Ordering::Relaxed);
    let (bell, session) = (bench.server.bell(), bench.known.session.clone());
    let meanwhile = move || bell.ring(WakeUp { session, line: line(), ways: vec![Way::Tcp] });
    *bench.known.meanwhile.lock().unwrap() = Some(Box::new(meanwhile));
    let mut client = bench.hears().await;
    assert_eq!(client.line().await, "WVCI 1.2 im#1");
    client.hears_nothing().await;
}

#[tokio::test]
async fn what_arrives_while_a_client_is_greeted_is_told_after_the_ok() {
    let bench = Bench::start(CirLimits::default()).await;
    let (bell, session) = (bench.server.bell(), bench.known.session.clone());
    let meanwhile = move || bell.ring(WakeUp { session, line: line(), ways: vec![Way::Tcp] });
    *bench.known.meanwhile.lock().unwrap() = Some(Box::new(meanwhile));
    let mut client = bench.hears().await;
    assert_eq!(client.line().await, "WVCI 1.2 im#1");
    client.hears_nothing().await;
}

#[tokio::test]
async fn an_unknown_session_is_hung_up_on_without_a_word() {
    let bench = Bench::start(CirLimits::default()).await;
    let mut good = bench.hears().await;
    for hello in ["HELO session1\r\n", "HELO Session2\r\n", "HELO Session1 x\r\n", "HELO ../../etc/passwd\n"] {
        let mut client = bench.calls().await;
        client.says(hello).await;
        assert_eq!(client.rest().await, "", "{hello:?}");
    }
    // One that was known may not turn into an unknown one either.
    let mut turncoat = bench.calls().await;
    turncoat.says("HELO Session2\r\n").await;
    assert_eq!(turncoat.rest().await, "");
    good.hears_nothing().await;
}

#[tokio::test]
async fn a_second_helo_takes_the_place_of_the_first() {
    let bench = Bench::start(CirLimits::default()).await;
    let mut first = bench.hears().await;
    let mut second = bench.hears().await;
    assert_eq!(first.rest().await, "");
    assert_eq!(bench.server.open(), 1);
    bench.ring(&[Way::Tcp]);
    assert_eq!(second.line().await, "WVCI 1.2 im#1");
    // Also over the same connection, which stays open.
    second.says("HELO Session1\r\n").await;
    assert_eq!(second.line().await, "OK");
    bench.ring(&[Way::Tcp]);
    assert_eq!(second.line().await, "WVCI 1.2 im#1");
    second.hears_nothing().await;
}

#[tokio::test]
async fn a_channel_ends_with_its_session_and_with_the_node() {
    let bench = Bench::start(CirLimits::default()).await;
    let mut client = bench.hears().await;
    bench.server.bell().hang_up(&bench.known.session);
    assert_eq!(client.rest().await, "");
    let (mut client, mut stranger) = (bench.hears().await, bench.calls().await);
    let address = bench.server.local_addr();
    bench.server.drain().await;
    assert_eq!((client.rest().await, stranger.rest().await), (String::new(), String::new()));
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_client_that_goes_is_forgotten_and_not_rung_for() {
    let bench = Bench::start(CirLimits::default()).await;
    drop(bench.hears().await);
    until("the channel is forgotten", || bench.server.open() == 0).await;
    bench.ring(&[Way::Tcp]);
}

#[tokio::test]
async fn without_a_connection_the_first_datagram_agreed_on_is_sent() {
    let bench = Bench::start(CirLimits::default()).await;
    let phone = UdpSocket::bind("127.0.0.1:0").unwrap();
    phone.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let at = phone.local_addr().unwrap();
    let mut bytes = [0; 100];
    let mut hears = || {
        let count = phone.recv(&mut bytes).unwrap();
        bytes[..count].to_vec()
    };
    bench.ring(&[Way::Tcp, Way::Udp(at), Way::WapUdp(at)]);
    assert_eq!(hears(), b"WVCI 1.2 im#1");
    bench.ring(&[Way::WapUdp(at), Way::Udp(at)]);
    assert_eq!(hears(), b"\x00\x06\x03\xC6\xAF\x8AWVCI 1.2 im#1");
    bench.ring(&[Way::WapUdp(at)]);
    assert_eq!(hears()[0], 1, "each push has an id of its own");
}

#[tokio::test]
async fn who_names_no_session_in_time_is_hung_up_on() {
    let limits = CirLimits { hello: Duration::from_millis(50), ..CirLimits::default() };
    let bench = Bench::start(limits).await;
    let mut silent = bench.calls().await;
    assert_eq!(silent.rest().await, "");
    let mut pinging = bench.calls().await;
    pinging.says("PING\r\n").await;
    assert_eq!(pinging.rest().await, "OK\r\n");
}

#[tokio::test]
async fn an_endless_line_ends_the_connection_and_a_long_one_does_not_reach_the_next() {
    let bench = Bench::start(CirLimits::default()).await;
    let mut client = bench.hears().await;
    client.says(&"x".repeat(300)).await;
    assert_eq!(client.rest().await, "");
    let mut client = bench.calls().await;
    client.says(&"HELO ".repeat(100)).await;
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_few_odd_lines_are_overheard_and_many_are_not() {
    let bench = Bench::start(CirLimits::default()).await;
    let mut client = bench.hears().await;
    client.says("GET / HTTP/1.1\r\nHost: a\r\n\r\n\u{fffd}\r\nQUIT\r\n").await;
    client.hears_nothing().await;
    client.says(&"what?\r\n".repeat(8)).await;
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_flood_of_sound_lines_ends_the_connection() {
    let bench = Bench::start(CirLimits::default()).await;
    for line in ["PING\r\n", "HELO Session1\r\n", "\n"] {
        let mut client = bench.hears().await;
        let _ = client.0.get_mut().write_all(line.repeat(4096 / line.len() + 1).as_bytes()).await;
        let mut rest = Vec::new();
        // What was not read when it ended resets the connection.
        let _ = tokio::time::timeout(Duration::from_secs(10), client.0.read_to_end(&mut rest)).await.unwrap();
        assert!(rest.len() <= 4096, "{line:?}");
    }
}

#[tokio::test]
async fn strangers_of_one_address_are_bounded_and_known_clients_are_not() {
    let limits = CirLimits { strangers: 2, ..CirLimits::default() };
    let bench = Bench::start(limits).await;
    let mut known = bench.hears().await;
    let strangers = (bench.calls().await, bench.calls().await);
    let mut refused = bench.calls().await;
    assert_eq!(refused.rest().await, "");
    known.hears_nothing().await;
    drop(strangers);
    drop(known);
    let again = async {
        loop {
            let mut client = bench.calls().await;
            client.says("HELO Session1\r\n").await;
            let mut answer = [0; 4];
            if client.0.read_exact(&mut answer).await.is_ok() {
                return answer;
            }
        }
    };
    assert_eq!(&tokio::time::timeout(Duration::from_secs(10), again).await.unwrap(), b"OK\r\n");
}

#[tokio::test]
async fn connections_are_bounded_in_all() {
    let bench = Bench::start(CirLimits { connections: 1, ..CirLimits::default() }).await;
    let mut client = bench.hears().await;
    let mut other = bench.calls().await;
    assert_eq!(other.rest().await, "");
    client.hears_nothing().await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_hung_up_on() {
    let limits = CirLimits { write_stall: Duration::from_millis(50), per_minute: usize::MAX, ..CirLimits::default() };
    let bench = Bench::start(limits).await;
    let mut client = bench.hears().await;
    let flood = async { while client.0.get_mut().write_all(b"PING\r\nPING\r\nPING\r\nPING\r\n").await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(60), flood).await.expect("it waits for ever");
    until("the channel is forgotten", || bench.server.open() == 0).await;
}

#[tokio::test]
async fn the_page_says_whether_something_waits() {
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt;

    let bench = Bench::start(CirLimits::default()).await;
    let pages = wake_pages(Arc::<Known>::clone(&bench.known), "/imps/");
    let ask = |method: &'static str, path: &'static str| {
        let pages = pages.clone();
        async move {
            let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
            pages.oneshot(request).await.unwrap()
        }
    };
    assert_eq!(ask("GET", "/cir/key").await.status(), 204);
    bench.known.waiting.store(true, Ordering::Relaxed);
    for path in ["/cir/key", "/imps/cir/key", "/cir/key?x=1"] {
        let answer = ask("GET", path).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["content-length"], "0");
        assert_eq!(answer.headers()["cache-control"], "no-store");
    }
    assert_eq!(ask("GET", "/cir/other").await.status(), 404);
    assert_eq!(ask("GET", "/cir/").await.status(), 404);
    assert_eq!(ask("DELETE", "/cir/key").await.status(), 405);
}

#[tokio::test]
async fn a_connection_costs_little_memory() {
    let bench = Bench::start(CirLimits::default()).await;
    let callers: Arc<dyn Callers> = Arc::<Known>::clone(&bench.known);
    let size = Acceptor::new(Arc::clone(&bench.server.bells), callers, CirLimits::default()).size_of_meeting().await;
    assert!(size <= 1_280, "{size} bytes");
}
