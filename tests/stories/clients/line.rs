//! A connection as a client's HTTP code has it: bytes out, bytes in, and no patience for anything unusual.

use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::support::PATIENCE;

/// A connection.
pub struct Line {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
}

/// An answer: its head word by word, its body whole.
#[derive(Clone, Debug)]
pub struct Reply {
    /// `HTTP/1.1`, most often.
    pub http: String,
    /// The status.
    pub status: u16,
    /// Headers; names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

// === impl Line ===

impl Line {
    /// A fresh connection.
    pub async fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream), address }
    }

    /// The head of a POST: its path, other headers (each with its line end), and a length.
    pub fn head(&self, path: &str, headers: &str, length: usize) -> String {
        format!("POST {path} HTTP/1.1\r\nHost: {}\r\n{headers}Content-Length: {length}\r\n\r\n", self.address)
    }

    /// Posts a body of this content type.
    pub async fn post(&mut self, content_type: &str, body: impl AsRef<[u8]>) -> Reply {
        let head = self.head("/", &format!("Content-Type: {content_type}\r\n"), body.as_ref().len());
        self.writes(head).await;
        self.writes(body).await;
        self.reads().await
    }

    /// Writes bytes.
    pub async fn writes(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Reads a line, without its end.
    pub async fn reads_line(&mut self) -> String {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line);
        tokio::time::timeout(PATIENCE, read).await.expect("a line in time").unwrap();
        assert!(line.ends_with("\r\n"), "the connection ended at {line:?}");
        line.truncate(line.len() - 2);
        line
    }

    /// Reads a whole answer. One whose length is not stated is no answer.
    pub async fn reads(&mut self) -> Reply {
        let first = self.reads_line().await;
        let mut words = first.splitn(3, ' ');
        let http = words.next().unwrap().to_owned();
        let status = words.next().and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{first:?}"));
        let mut headers = Vec::new();
        loop {
            let line = self.reads_line().await;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("{line:?}"));
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut reply = Reply { http, status, headers, body: Vec::new() };
        let length = reply.header("content-length").and_then(|length| length.parse().ok());
        reply.body = vec![0; length.unwrap_or_else(|| panic!("no Content-Length: {reply:?}"))];
        let read = self.stream.read_exact(&mut reply.body);
        tokio::time::timeout(PATIENCE, read).await.expect("a body in time").unwrap();
        reply
    }

    /// Whether the other end has closed.
    pub async fn ended(&mut self) -> bool {
        let mut rest = Vec::new();
        let read = self.stream.read_to_end(&mut rest);
        tokio::time::timeout(PATIENCE, read).await.is_ok_and(|read| matches!(read, Ok(0)))
    }
}

// === impl Reply ===

impl Reply {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body of a 200 that has its length and nothing that simple HTTP code stumbles over.
    #[track_caller]
    pub fn plain(self) -> Vec<u8> {
        assert_eq!((self.http.as_str(), self.status), ("HTTP/1.1", 200), "{self:?}");
        for odd in ["transfer-encoding", "content-encoding", "set-cookie", "location", "trailer", "upgrade"] {
            assert_eq!(self.header(odd), None, "{self:?}");
        }
        assert_ne!(self.header("connection"), Some("close"), "a connection is used again");
        self.body
    }
}
