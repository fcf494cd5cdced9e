//! How a phone hears that something waits: over a connection it keeps, by datagrams, by asking a page.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};
use tokio::time::timeout;

use super::Handset;
use crate::support::wire::Version;
use crate::support::wire::tree::Node;
use crate::support::{GLANCE, PATIENCE};

/// The port on which every phone takes WAP pushes.
const PUSH_PORT: u16 = 2948;

/// A way by which a phone is woken.
pub enum Ear {
    /// A connection (`STCP`).
    Channel(Channel),
    /// Datagrams (`SUDP`, `WAPUDP`).
    Datagrams(UdpSocket),
    /// A page (`SHTTP`); whether it said last that something waits.
    Page(String, bool),
}

/// A connection for wake-ups.
pub struct Channel(BufReader<TcpStream>);

/// An address of the loopback network that nobody else has.
pub fn own_address() -> IpAddr {
    let [a, b, c]: [u8; 3] = rand::random();
    Ipv4Addr::new(127, a.max(1), b, c.clamp(2, 250)).into()
}

// === impl Channel ===

impl Channel {
    /// Connects, and says nothing yet.
    pub async fn connect(to: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(to).await.unwrap()))
    }

    /// The same from an address of one's own.
    pub async fn connect_from(address: IpAddr, to: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(address, 0)).unwrap();
        Self(BufReader::new(socket.connect(to).await.unwrap()))
    }

    /// Says any text.
    pub async fn says(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).await.unwrap();
    }

    /// The next line; `None` = the connection ended. A line ends as phones want it.
    pub async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = timeout(PATIENCE, self.0.read_line(&mut line)).await.expect("a line");
        if matches!(read, Ok(0) | Err(_)) {
            return None;
        }
        Some(line.strip_suffix("\r\n").unwrap_or_else(|| panic!("{line:?} is no line")).to_owned())
    }

    /// Nothing is on its way: the next line answers a ping.
    pub async fn is_quiet(&mut self) -> bool {
        self.says("PING \r\n").await;
        self.line().await.as_deref() == Some("OK") && self.0.buffer().is_empty()
    }

    /// Waits for the end; what came until then.
    pub async fn end(&mut self) -> String {
        let mut rest = Vec::new();
        // An end while something unread is on its way resets the connection.
        _ = timeout(PATIENCE, self.0.read_to_end(&mut rest)).await.expect("an end");
        String::from_utf8_lossy(&rest).into_owned()
    }
}

// === impl Handset ===

impl Handset {
    /// Logs in and opens every way to be woken by `method`, as phones of its kind do.
    pub async fn login_with(&mut self, method: &'static str, address: IpAddr) -> Ear {
        self.wakes_by = vec![method];
        let port = match method {
            "SUDP" => Some(0),
            "WAPUDP" => Some(PUSH_PORT),
            _ => None,
        };
        let mut datagrams = None;
        if let Some(port) = port {
            let socket = UdpSocket::bind((address, port)).await.unwrap();
            self.udp_port = (method == "SUDP").then(|| socket.local_addr().unwrap().port());
            datagrams = Some(socket);
        }
        let code = self.try_login().await;
        assert_eq!(code, 200, "{} logs in", self.user);
        let list = self.capabilities().await;
        let agreed: Vec<_> = list.all("SupportedCIRMethod").map(|method| method.text.trim()).collect();
        assert_eq!(agreed, [method], "{list:?}");
        self.services().await;
        match (method, datagrams) {
            ("STCP", _) => Ear::Channel(self.channel(&list).await),
            ("SHTTP", _) => Ear::Page(self.page(&list), false),
            (_, Some(socket)) => Ear::Datagrams(socket),
            (other, None) => panic!("{other}"),
        }
    }

    /// Opens its connection where the server said, and says whose it is.
    pub async fn channel(&self, list: &Node) -> Channel {
        let (Some(host), Some(port)) = (list.text_at("TCPAddress"), list.number_at("TCPPort")) else {
            self.choke("STCP without address or port", Some(list));
        };
        let to = format!("{host}:{port}");
        let to = to.parse().unwrap_or_else(|_| self.choke(&format!("can't connect to {to}"), Some(list)));
        let mut channel = Channel::connect(to).await;
        channel.says(&format!("HELO {}\r\n", self.session.as_deref().unwrap())).await;
        assert_eq!(channel.line().await.as_deref(), Some("OK"), "a line that is exactly OK");
        channel
    }

    /// The page it is to ask.
    pub fn page(&self, list: &Node) -> String {
        let name = if self.version == Version::V13 { "CIRHTTPAddress" } else { "CIRURL" };
        let url = list.find(name).and_then(|address| address.text_at("URL"));
        url.unwrap_or_else(|| self.choke(&format!("SHTTP without {name}"), Some(list))).to_owned()
    }

    /// Waits until it is woken.
    pub async fn is_woken(&self, ear: &mut Ear) {
        let wanted = self.wake_up();
        match ear {
            Ear::Channel(channel) => assert_eq!(channel.line().await.as_deref(), Some(wanted.as_str())),
            Ear::Datagrams(socket) => {
                let mut bytes = [0; 512];
                let (count, _) = timeout(PATIENCE, socket.recv_from(&mut bytes)).await.expect("a datagram").unwrap();
                let push = socket.local_addr().unwrap().port() == PUSH_PORT;
                let text = if push { unwrap_push(&bytes[..count]) } else { &bytes[..count] };
                assert_eq!(String::from_utf8_lossy(text), wanted);
            }
            Ear::Page(url, told) => {
                let until = tokio::time::Instant::now() + PATIENCE;
                while !self.asks(url).await {
                    assert!(tokio::time::Instant::now() < until, "the page never says that something waits");
                    tokio::time::sleep(GLANCE).await;
                }
                *told = true;
            }
        }
    }

    /// Whether it was not woken again. A page says the same until the phone has taken what waits.
    pub async fn is_left_alone(&self, ear: &mut Ear) -> bool {
        match ear {
            Ear::Channel(channel) => channel.is_quiet().await,
            Ear::Datagrams(socket) => socket.try_recv(&mut [0; 512]).is_err(),
            Ear::Page(url, told) => self.asks(url).await == *told,
        }
    }

    /// The phone has taken what waited.
    pub fn took_it(&self, ear: &mut Ear) {
        if let Ear::Page(_, told) = ear {
            *told = false;
        }
    }

    /// Asks the page; whether something waits.
    pub async fn asks(&self, url: &str) -> bool {
        let answer = self.http.ask(hyper::Method::GET, url, &[], Vec::new()).await.unwrap();
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        match answer.status {
            200 => {
                assert_eq!(answer.header("content-length"), Some("0"));
                true
            }
            204 => false,
            other => panic!("{url} answers {other}"),
        }
    }

    /// The text that wakes it: with its own secret, which only it and the server know.
    fn wake_up(&self) -> String {
        let version = match self.version {
            Version::V11 => "1.1",
            Version::V12 => "1.2",
            Version::V13 => "1.3",
        };
        format!("WVCI {version} {}", self.cookie)
    }
}

/// Reads a WAP push as a phone's push service does: for whom it is, and what it says.
fn unwrap_push(unit: &[u8]) -> &[u8] {
    let [_, 0x06, length, rest @ ..] = unit else { panic!("no push: {unit:02x?}") };
    let (headers, text) = rest.split_at(usize::from(*length));
    // Content type application/vnd.wv.csp.cir; X-Wap-Application-Id: wv.ua.
    assert_eq!(headers, [0xC6, 0xAF, 0x8A], "{unit:02x?}");
    text
}
