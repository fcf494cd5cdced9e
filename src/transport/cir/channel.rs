//! The end of a channel that hears the bell, and what clients say over theirs.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::ident::SessionId;
use crate::sap::wake::Line;

/// Hears for one connection. It holds one wake-up at most: a second one says nothing more.
#[derive(Debug, Default)]
pub(super) struct Ear {
    heard: Mutex<Heard>,
    notify: Notify,
}

#[derive(Debug, Default)]
struct Heard {
    line: Option<Line>,
    over: bool,
}

/// What a client says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// It opens the channel of a session.
    Hello(SessionId),
    /// It asks whether we are there.
    Ping,
    /// Something else.
    Odd,
}

// === impl Ear ===

impl Ear {
    pub(super) fn ring(&self, line: Line) {
        self.state().line = Some(line);
        self.notify.notify_one();
    }

    pub(super) fn hang_up(&self) {
        self.state().over = true;
        self.notify.notify_one();
    }

    /// Waits for the next wake-up; `None` once the channel is over.
    pub(super) async fn listen(&self) -> Option<Line> {
        loop {
            {
                let mut heard = self.state();
                if heard.over {
                    return None;
                }
                if let Some(line) = heard.line.take() {
                    return Some(line);
                }
            }
            self.notify.notified().await;
        }
    }

    /// Forgets a wake-up that says nothing new any more.
    pub(super) fn forget(&self) {
        self.state().line = None;
    }

    fn state(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Command ===

impl Command {
    /// Reads a line; `None` if it is empty.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let line = line.trim_ascii();
        if line.is_empty() {
            return None;
        }
        let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
        let (verb, rest) = line.split_at(end);
        let rest = rest.trim_ascii();
        if verb.eq_ignore_ascii_case(b"PING") {
            return Some(Self::Ping);
        }
        Some(match std::str::from_utf8(rest) {
            Ok(id) if verb.eq_ignore_ascii_case(b"HELO") && !id.is_empty() => Self::Hello(SessionId::new(id)),
            _ => Self::Odd,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_as_every_phone_writes_them() {
        for line in ["PING", "PING ", "ping\t", " Ping", "PING 5"] {
            assert_eq!(Command::read(line.as_bytes()), Some(Command::Ping), "{line:?}");
        }
        for line in ["HELO Abc", "helo Abc ", "HELO  Abc", "HELO\tAbc"] {
            assert_eq!(Command::read(line.as_bytes()), Some(Command::Hello(SessionId::new("Abc"))), "{line:?}");
        }
        for line in ["HELO", "HELO ", "HELLO Abc", "PINGPONG", "GET / HTTP/1.1", "\u{fffd}"] {
            assert_eq!(Command::read(line.as_bytes()), Some(Command::Odd), "{line:?}");
        }
        assert_eq!(Command::read(b"HELO \xff\xfe"), Some(Command::Odd));
        assert_eq!((Command::read(b""), Command::read(b" \t")), (None, None));
    }
}
