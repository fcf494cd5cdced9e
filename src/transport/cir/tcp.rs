//! Wake-ups over TCP: `HELO` with a session id is answered `OK`, and whenever something waits the client is sent a
//! line. There may be one for every session of the node, so a connection costs a socket and little else.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustix::net::sockopt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tracing::{debug, warn};

use crate::ident::SessionId;

use super::channel::{Command, Ear};
use super::strangers::{Place, Strangers};
use super::{Bells, Callers, CirLimits};

/// Wait after an accept that failed, for want of file descriptors most likely.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Silence after which the operating system asks whether the other end is there. Phones ask every 20 minutes
/// themselves, and asking costs them power.
const PROBE_AFTER: Duration = Duration::from_secs(600);
/// Between two such questions.
const PROBE_PAUSE: Duration = Duration::from_secs(60);
/// Questions without an answer after which the connection is dead.
const PROBES: u32 = 5;
/// How long a wake-up may stay unacknowledged.
const UNACKNOWLEDGED: Duration = Duration::from_secs(300);

/// Takes the connections of the listener.
pub(super) struct Acceptor {
    bells: Arc<Bells>,
    callers: Arc<dyn Callers>,
    strangers: Arc<Strangers>,
    limits: CirLimits,
}

/// One connection.
struct Caller {
    stream: TcpStream,
    /// What came of a line that is not complete.
    begun: Vec<u8>,
    /// Bytes that came since `since`.
    came: usize,
    since: Instant,
    odd: u32,
}

/// A session's place among the bells, until dropped.
struct Listening<'a> {
    bells: &'a Bells,
    session: SessionId,
    ear: Arc<Ear>,
}

/// Counts an open connection, until dropped.
struct Counted;

/// Why a connection ends.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("{0}")]
    Broken(#[from] io::Error),
    #[error("it named no session in time")]
    Mute,
    #[error("it named a session that is unknown or may not be woken from there")]
    Unknown,
    #[error("its session is over, or it called again")]
    Over,
    #[error("it sends too much, or nothing we know")]
    Unruly,
}

// === impl Acceptor ===

impl Acceptor {
    pub(super) fn new(bells: Arc<Bells>, callers: Arc<dyn Callers>, limits: CirLimits) -> Self {
        Self { bells, callers, strangers: Strangers::new(limits.strangers), limits }
    }

    /// Accepts until told to stop; then every connection is closed.
    pub(super) async fn run(self, listener: TcpListener, mut stop: watch::Receiver<bool>) {
        let this = Arc::new(self);
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                Some(_) = connections.join_next() => continue,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    warn!(listener = "cir", %error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let place = this.strangers.enter(address.ip());
            let Some(place) = place.filter(|_| connections.len() < this.limits.connections) else {
                metrics::counter!("postern_connections_refused_total", "listener" => "cir").increment(1);
                debug!(listener = "cir", %address, "closed: too many connections");
                continue;
            };
            connections.spawn(Arc::clone(&this).meet(stream, address, place));
        }
        connections.shutdown().await;
    }

    async fn meet(self: Arc<Self>, stream: TcpStream, address: SocketAddr, place: Place) {
        let _counted = Counted::new();
        if let Err(error) = prepare(&stream) {
            debug!(%address, %error, "the socket does not take its options");
        }
        let caller = Caller { stream, begun: Vec::new(), came: 0, since: Instant::now(), odd: 0 };
        let Err(end) = self.serve(caller, address, place).await;
        debug!(%address, %end, "a wake-up channel ended");
    }

    async fn serve(&self, mut caller: Caller, address: SocketAddr, place: Place) -> Result<Infallible, End> {
        let limits = &self.limits;
        let mut session = match timeout(limits.hello, caller.hello(limits)).await {
            Ok(session) => session?,
            Err(_) => return Err(End::Mute),
        };
        if !self.callers.admits(&session, address.ip()) {
            return Err(End::Unknown);
        }
        drop(place);
        loop {
            session = self.attend(&mut caller, session).await?;
            if !self.callers.admits(&session, address.ip()) {
                return Err(End::Unknown);
            }
        }
    }

    /// Serves a session until the client names another; that one.
    async fn attend(&self, caller: &mut Caller, session: SessionId) -> Result<SessionId, End> {
        let limits = &self.limits;
        // First it can be rung for, then it is asked what waits: between the two nothing is missed.
        let listening = Listening::new(&self.bells, session.clone());
        let Some(greeting) = self.callers.greet(session).await else { return Err(End::Unknown) };
        let mut answer = b"OK\r\n".to_vec();
        if greeting.waiting {
            listening.ear.forget();
            answer.extend(greeting.line.expose().as_bytes());
            answer.extend(b"\r\n");
        }
        drop(greeting);
        caller.say(&answer, limits).await?;
        drop(answer);
        loop {
            let said: Vec<u8> = tokio::select! {
                // Whoever asks whether we are there hears first what was to be said.
                biased;
                line = listening.ear.listen() => {
                    let Some(line) = line else { return Err(End::Over) };
                    [line.expose().as_bytes(), b"\r\n"].concat()
                }
                command = caller.listen(limits) => match command? {
                    Command::Ping => b"OK\r\n".to_vec(),
                    Command::Hello(session) => return Ok(session),
                    Command::Odd => continue,
                },
            };
            caller.say(&said, limits).await?;
        }
    }
}

// === impl Caller ===

impl Caller {
    /// Waits for the first session named.
    async fn hello(&mut self, limits: &CirLimits) -> Result<SessionId, End> {
        loop {
            match self.listen(limits).await? {
                Command::Hello(session) => return Ok(session),
                Command::Ping => self.say(b"OK\r\n", limits).await?,
                Command::Odd => {}
            }
        }
    }

    /// Waits for the next command. Nothing is lost if it is not waited for any more.
    async fn listen(&mut self, limits: &CirLimits) -> Result<Command, End> {
        loop {
            while let Some(end) = self.begun.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
                let command = Command::read(&self.begun[..end]);
                self.begun.drain(..=end);
                if self.begun.is_empty() {
                    self.begun = Vec::new();
                }
                if command == Some(Command::Odd) {
                    self.odd += 1;
                    if self.odd > limits.odd_lines {
                        return Err(End::Unruly);
                    }
                }
                if let Some(command) = command {
                    return Ok(command);
                }
            }
            if self.begun.len() > limits.line {
                return Err(End::Unruly);
            }
            self.stream.readable().await?;
            self.take(limits)?;
        }
    }

    /// Takes what has come.
    fn take(&mut self, limits: &CirLimits) -> Result<(), End> {
        let mut bytes = [0; 256];
        let count = match self.stream.try_read(&mut bytes) {
            Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if self.since.elapsed() >= Duration::from_secs(60) {
            (self.since, self.came) = (Instant::now(), 0);
        }
        self.came += count;
        if self.came > limits.per_minute {
            return Err(End::Unruly);
        }
        self.begun.extend(&bytes[..count]);
        Ok(())
    }

    /// Writes all of it, or fails in time.
    async fn say(&self, text: &[u8], limits: &CirLimits) -> Result<(), End> {
        let mut rest = text;
        while !rest.is_empty() {
            match self.stream.try_write(rest) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let writable = timeout(limits.write_stall, self.stream.writable()).await;
                    writable.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

// === impl Listening ===

impl<'a> Listening<'a> {
    /// Takes the place of the session; whoever has it leaves.
    fn new(bells: &'a Bells, session: SessionId) -> Self {
        let ear = Arc::<Ear>::default();
        if let Some(older) = bells.open.insert(session.clone(), Arc::clone(&ear)) {
            older.hang_up();
        }
        Self { bells, session, ear }
    }
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        self.bells.open.remove_if(&self.session, |_, ear| Arc::ptr_eq(ear, &self.ear));
    }
}

// === impl Counted ===

impl Counted {
    fn new() -> Self {
        metrics::gauge!("postern_connections", "listener" => "cir").increment(1.0);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!("postern_connections", "listener" => "cir").decrement(1.0);
    }
}

/// A line must leave at once, and whoever is gone must be noticed.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    sockopt::set_tcp_keepidle(stream, PROBE_AFTER)?;
    sockopt::set_tcp_keepintvl(stream, PROBE_PAUSE)?;
    sockopt::set_tcp_keepcnt(stream, PROBES)?;
    sockopt::set_socket_keepalive(stream, true)?;
    // In milliseconds.
    sockopt::set_tcp_user_timeout(stream, u32::try_from(UNACKNOWLEDGED.as_millis()).unwrap_or(u32::MAX))?;
    Ok(())
}

#[cfg(test)]
impl Acceptor {
    /// Bytes of what waits for one connection.
    pub(super) async fn size_of_meeting(self) -> usize {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let address = stream.local_addr().unwrap();
        let place = self.strangers.enter(address.ip()).unwrap();
        size_of_val(&Arc::new(self).meet(stream, address, place))
    }
}
