//! The channel by which a phone is woken (`STCP`), as the phone sees it.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Phone, PhoneError, unexpected};

/// How long a channel may take to open.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes held while a line comes.
const BUFFER: usize = 256;

/// An open channel. Dropping it closes it.
#[derive(Debug)]
pub struct Channel(BufReader<TcpStream>);

// === impl Phone ===

impl Phone {
    /// Opens the channel the server offered; fails if none was agreed.
    pub async fn open_channel(&self) -> Result<Channel, PhoneError> {
        let (Some((host, port)), Some(session)) = (&self.wake_up_at, &self.session) else {
            return unexpected("no wake-up channel was agreed on");
        };
        let broken =
            |error: std::io::Error| PhoneError::Http { url: format!("{host}:{port}"), what: error.to_string() };
        let open = async {
            let mut stream = TcpStream::connect((host.as_str(), *port)).await.map_err(broken)?;
            let hello = format!("HELO {}\r\n", session.expose());
            stream.write_all(hello.as_bytes()).await.map_err(broken)?;
            let mut channel = Channel(BufReader::with_capacity(BUFFER, stream));
            match channel.line().await.map_err(broken)? {
                Some(line) if line == "OK" => Ok(channel),
                other => unexpected(format!("{other:?} answers HELO")),
            }
        };
        timeout(PATIENCE, open).await.unwrap_or_else(|_| unexpected("nothing answers HELO"))
    }
}

// === impl Channel ===

impl Channel {
    /// Waits until the server says that something waits; false if it hangs up instead.
    pub async fn woken(&mut self) -> bool {
        loop {
            match self.line().await {
                Ok(Some(line)) if line.starts_with("WVCI") => return true,
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return false,
            }
        }
    }

    /// Asks the server whether it is there; false if it is not. A wake-up that comes first is overheard.
    pub async fn ping(&mut self) -> bool {
        let answered = async {
            self.0.get_mut().write_all(b"PING\r\n").await.ok()?;
            while self.line().await.ok()?? != "OK" {}
            Some(())
        };
        timeout(PATIENCE, answered).await.is_ok_and(|answer| answer.is_some())
    }

    async fn line(&mut self) -> std::io::Result<Option<String>> {
        let mut line = String::new();
        let count = self.0.read_line(&mut line).await?;
        Ok((count > 0).then(|| line.trim_end().to_owned()))
    }
}
