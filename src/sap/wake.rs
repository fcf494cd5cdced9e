//! Waking clients for which something waits (`docs/wire-notes.md`, "Waking"). What waits never travels this way: the
//! client is told to poll, once for each time its queue turns from empty to waiting, and again if it did not ask for
//! long.

pub(super) mod reach;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::Sap;
use super::capability::FIRST_PORT;
use super::session::SessionRecord;
use crate::address::Address;
use crate::ident::SessionId;
use crate::syntax::Encoding;
use crate::time::Timestamp;

/// Ways to a client that has no request open; implemented where the sockets are.
pub trait Bell: Send + Sync + 'static {
    /// Tells a client that something waits. Does not wait for anything; what can't be sent is lost.
    fn ring(&self, call: WakeUp);

    /// The session is over: channels that belong to it are closed.
    fn hang_up(&self, session: &SessionId);
}

/// What a client is told, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WakeUp {
    /// The session.
    pub session: SessionId,
    /// The text, without line end.
    pub line: Line,
    /// Every way agreed, the client's favourite first.
    pub ways: Vec<Way>,
}

/// The text of a wake-up: `WVCI`, the version and the client's cookie. Its `Debug` hides the cookie.
#[derive(Clone, PartialEq, Eq)]
pub struct Line(String);

/// A way to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Over the connection the client opened with `HELO` (`STCP`).
    Tcp,
    /// A datagram with the bare text (`SUDP`).
    Udp(SocketAddr),
    /// A datagram with a WAP push (`WAPUDP`).
    WapUdp(SocketAddr),
}

/// What a client that says `HELO` is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// The text to send whenever something waits.
    pub line: Line,
    /// Whether something waits already.
    pub waiting: bool,
}

/// The port of WAP push on a phone.
const PUSH_PORT: u16 = 2948;
/// Time for a client to make of an answer what is in it, before it is woken for what waits already.
const SETTLE: Duration = Duration::from_secs(1);

// === impl Line ===

impl Line {
    /// The text for a session. It stays one line, whatever the client chose for a cookie.
    pub fn of(record: &SessionRecord) -> Self {
        let mut text = format!("WVCI {} {}", record.version, record.cookie);
        text.retain(|c| !c.is_control());
        Self(text)
    }

    /// The text: for the wire, never for a log.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WVCI …")
    }
}

// === impl Way ===

impl Way {
    /// The ways a session agreed on that the server goes of its own accord. Datagrams go to where the login came
    /// from and nowhere else, and to no system port.
    fn of(record: &SessionRecord) -> Vec<Self> {
        let to = |port: u16| (port >= FIRST_PORT).then(|| SocketAddr::new(record.from, port));
        let way = |method: &str| match method {
            "STCP" => Some(Self::Tcp),
            "SUDP" => record.capabilities.udp_port.and_then(to).map(Self::Udp),
            "WAPUDP" => to(PUSH_PORT).map(Self::WapUdp),
            _ => None,
        };
        record.capabilities.cir_methods.iter().filter_map(|method| way(method)).collect()
    }
}

// === impl Sap ===

impl Sap {
    /// Gives the ways to sleeping clients; a second call changes nothing.
    pub fn connect_bell(&self, bell: Arc<dyn Bell>) {
        let _ = self.bell.set(bell);
    }

    /// Whether a session agreed on a wake-up channel and may have it from there.
    pub fn admits(&self, session: &SessionId, from: IpAddr) -> bool {
        let Some(record) = self.sessions.get(session) else { return false };
        let from_there = !self.settings.access.bind_session_to_address || record.from == from.to_canonical();
        from_there && Way::of(&record).contains(&Way::Tcp)
    }

    /// A client has opened its wake-up channel (`HELO`); `None` if the session is over. What waits already is told
    /// to every client that opens one: its last wake-up may have gone into a connection that was dead.
    pub async fn greet(&self, session: &SessionId) -> Option<Greeting> {
        let record = self.sessions.get(session)?;
        let waiting = self.something_waits(Timestamp::now(), &record).await;
        if waiting {
            self.sessions.stir(Timestamp::now(), session);
        }
        Some(Greeting { line: Line::of(&record), waiting })
    }

    /// Whether something waits for the session behind a key of the wake-up URL (`SHTTP`); `None` if the key is
    /// unknown.
    pub async fn waits_behind(&self, key: &str) -> Option<bool> {
        let Some(record) = self.sessions.behind(key) else {
            return self.farewells.waits_behind(key).then_some(true);
        };
        Some(self.something_waits(Timestamp::now(), &record).await)
    }

    /// Something arrived for a user: every session of his that it is for is woken that was not yet.
    pub(super) async fn wake_user(&self, now: Timestamp, user: &Address) {
        match self.sessions.of_user(user).as_slice() {
            [] => {}
            // Nearly always it is for him.
            [only] if !self.sessions.is_plain(only) => self.wake(only),
            _ => self.rouse(now, user).await,
        }
    }

    /// Wakes every session of a user for which something waits.
    pub(super) async fn rouse(&self, now: Timestamp, user: &Address) {
        for id in self.sessions.of_user(user) {
            if let Some(record) = self.sessions.get(&id)
                && self.something_waits(now, &record).await
            {
                self.wake(&id);
            }
        }
    }

    /// Something waits for a session: its client is woken, if it was not yet, or did not ask for a long time since.
    pub(super) fn wake(&self, id: &SessionId) {
        self.sessions.arrived(id);
        if !self.sessions.stir(Timestamp::now(), id) {
            return;
        }
        if let Some(record) = self.sessions.get(id) {
            self.ring(&record);
        }
    }

    /// Tells a client by the ways it agreed on that it has something to hear.
    pub(super) fn ring(&self, record: &SessionRecord) {
        let (ways, Some(bell)) = (Way::of(record), self.bell.get()) else { return };
        if !ways.is_empty() {
            bell.ring(WakeUp { session: record.id.clone(), line: Line::of(record), ways });
        }
    }

    /// A client has come back, or stated what wakes it: soon it is woken for what waits already.
    pub(super) fn wake_again(self: &Arc<Self>, record: &SessionRecord) {
        if Way::of(record).is_empty() {
            return;
        }
        self.sessions.settle(&record.id);
        let (sap, record) = (Arc::downgrade(self), record.clone());
        tokio::spawn(async move {
            tokio::time::sleep(SETTLE).await;
            let Some(sap) = sap.upgrade() else { return };
            if sap.something_waits(Timestamp::now(), &record).await {
                sap.wake(&record.id);
            }
        });
    }

    /// The node has started: clients that are woken by datagrams hold nothing that tells them it was away, and may
    /// not have been told of what arrived last.
    pub(super) async fn wake_sleepers(&self) {
        for id in self.sessions.ids() {
            let Some(record) = self.sessions.get(&id) else { continue };
            let asleep = Way::of(&record).iter().any(|way| *way != Way::Tcp);
            if asleep && self.something_waits(Timestamp::now(), &record).await {
                self.wake(&id);
            }
        }
    }

    /// Whether anything waits for a session.
    async fn something_waits(&self, now: Timestamp, record: &SessionRecord) -> bool {
        // The client will ask as it did last, most likely.
        let encoding = if self.sessions.is_plain(&record.id) { Encoding::Pts } else { Encoding::Wbxml };
        self.waits(now, record, encoding, false).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sap::session::tests::record;

    fn ways(methods: &[&str], port: Option<u16>) -> Vec<Way> {
        let mut record = record("ann");
        record.capabilities.cir_methods = methods.iter().map(|method| (*method).into()).collect();
        record.capabilities.udp_port = port;
        Way::of(&record)
    }

    #[test]
    fn datagrams_go_to_the_address_of_the_login_and_to_no_system_port() {
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        assert_eq!(ways(&["SUDP", "STCP"], Some(3717)), [Way::Udp(at(3717)), Way::Tcp]);
        assert_eq!(ways(&["WAPUDP"], None), [Way::WapUdp(at(2948))]);
        assert_eq!(ways(&["SUDP"], Some(53)), []);
        assert_eq!(ways(&["SUDP", "SHTTP"], None), []);
    }

    #[test]
    fn the_line_names_the_version_and_the_cookie_and_hides_it_from_logs() {
        let mut record = record("ann");
        record.cookie = "im#1".into();
        let line = Line::of(&record);
        assert_eq!(line.expose(), "WVCI 1.2 im#1");
        assert_eq!(format!("{line:?}"), "WVCI …");
    }
}
