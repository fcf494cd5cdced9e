//! Somebody who listens to a node's server-sent events.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::PATIENCE;

/// An open stream of events.
pub struct Listener {
    stream: BufReader<TcpStream>,
}

// === impl Listener ===

impl Listener {
    /// Opens the stream; whatever happens from now on is heard.
    pub async fn open(admin: SocketAddr, path: &str, token: &str) -> Self {
        let mut stream = TcpStream::connect(admin).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut listener = Self { stream: BufReader::new(stream) };
        let status = listener.line().await.unwrap_or_default();
        assert!(status.starts_with("HTTP/1.1 200 "), "{status}");
        // The comment that every listener is greeted with.
        while !listener.line().await.expect("a greeting").starts_with(':') {}
        listener
    }

    /// The next event that `wanted` accepts, with its type; `None` if the stream ends before.
    pub async fn next(&mut self, wanted: impl Fn(&str, &Value) -> bool) -> Option<Value> {
        let mut event = String::new();
        loop {
            let line = self.line().await?;
            // Sizes of chunks stand between the lines, and are none of ours.
            if let Some(name) = line.strip_prefix("event: ") {
                name.clone_into(&mut event);
            } else if let Some(data) = line.strip_prefix("data: ") {
                let data = serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}"));
                if wanted(&event, &data) {
                    return Some(data);
                }
            }
        }
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = timeout(PATIENCE, self.stream.read_line(&mut line)).await;
        match read.expect("nothing is told in time") {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim_end().to_owned()),
        }
    }
}
