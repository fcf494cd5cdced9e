//! `postern bench crowd`: many clients that are logged in and do nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use postern::phone::{Channel, Phone, PhoneError};
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Target;
use super::cast::Cast;
use super::figures::Spread;

/// Clients that log in before anything is measured, and stay: what a node does once it does then.
const FIRST: usize = 100;
/// Sessions of one user: fewer than a node allows, unless it is told otherwise.
const OF_A_USER: usize = 8;
/// Failures of which the reason is printed.
const SHOWN: usize = 5;

/// Log in many clients and hold them idle: what does a session cost the node in memory?
///
/// Without --cir a session has no connection. With it each has one over TCP, by which the node would wake it. The
/// memory per session is the growth of the process divided by the sessions, with everything that grew: also what the
/// allocator keeps for later, and the store's cache.
#[derive(Args)]
#[command(after_help = "Example:
  postern bench crowd --config north/postern.toml --domain north.example --url http://127.0.0.1:8080/ \\
      --sessions 10000 --cir --pid 4711")]
pub(super) struct Crowd {
    #[command(flatten)]
    target: Target,
    /// Sessions
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    sessions: usize,
    /// Open a wake-up channel for each
    #[arg(long)]
    cir: bool,
    /// Logins at once
    #[arg(long, value_name = "N", default_value_t = 32)]
    at_once: usize,
    /// Seconds the sessions are held before memory is read: connections of the logins end after 75
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    hold: u64,
}

#[derive(Serialize)]
struct Outcome {
    sessions: usize,
    channels: usize,
    /// Clients that did not get in, or did not stay.
    failures: usize,
    /// Of one login: two steps and the capabilities.
    login: Spread,
    /// Of opening a channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<Spread>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<Memory>,
}

#[derive(Serialize)]
struct Memory {
    before_bytes: u64,
    after_bytes: u64,
    per_session_bytes: u64,
    /// Processor time of the node for one session.
    cpu_us_per_session: u64,
}

/// One client that was let in.
struct Guest {
    phone: Phone,
    channel: Option<Channel>,
    login: Duration,
    opening: Duration,
}

// === impl Crowd ===

impl Crowd {
    pub(super) async fn run(&self) -> anyhow::Result<()> {
        let users = u32::try_from((FIRST + self.sessions).div_ceil(OF_A_USER))?;
        let cast = Arc::new(Cast::hire(&self.target, users).await?);
        let (first, _) = self.gather(&cast, 0, FIRST).await;
        let before = self.target.cost()?;
        let (guests, failures) = self.gather(&cast, FIRST, self.sessions).await;
        tokio::time::sleep(Duration::from_secs(self.hold)).await;
        let after = self.target.cost()?;
        let count = guests.len().max(1) as u64;
        let memory = before.zip(after).map(|(before, after)| Memory {
            before_bytes: before.resident,
            after_bytes: after.resident,
            per_session_bytes: after.resident.saturating_sub(before.resident) / count,
            cpu_us_per_session: after.time.saturating_sub(before.time).as_micros() as u64 / count,
        });
        let login = Spread::of(guests.iter().map(|guest| guest.login).collect());
        let channel = self.cir.then(|| Spread::of(guests.iter().map(|guest| guest.opening).collect()));
        // Only sessions that live cost anything: each is asked.
        let arrived = guests.len();
        let stayed = self.call_up(guests).await;
        let outcome = Outcome {
            sessions: stayed,
            channels: if self.cir { stayed } else { 0 },
            failures: failures + arrived - stayed,
            login,
            channel,
            memory,
        };
        self.show(&outcome)?;
        drop(first);
        if let Some(cast) = Arc::into_inner(cast) {
            cast.dismiss().await?;
        }
        anyhow::ensure!(outcome.failures == 0, "{} clients did not get in or did not stay", outcome.failures);
        Ok(())
    }

    /// Lets clients in, some at once; those that got in, and how many did not.
    async fn gather(&self, cast: &Arc<Cast>, from: usize, count: usize) -> (Vec<Guest>, usize) {
        let gate = Arc::new(Semaphore::new(self.at_once));
        let mut arriving = JoinSet::new();
        for number in from..from + count {
            let mut phone = cast.phone(&self.target, number, false);
            if self.cir {
                phone = phone.waking_by(&["STCP"]);
            }
            let (cast, gate, cir) = (Arc::clone(cast), Arc::clone(&gate), self.cir);
            arriving.spawn(async move {
                let _place = gate.acquire().await;
                enter(phone, cast.password(), cir).await
            });
        }
        let (mut guests, mut failures) = (Vec::with_capacity(count), 0);
        while let Some(arrived) = arriving.join_next().await {
            match arrived {
                Ok(Ok(guest)) => guests.push(guest),
                Ok(Err(error)) => {
                    failures += 1;
                    if failures <= SHOWN {
                        eprintln!("postern bench: {error}");
                    }
                }
                Err(_) => failures += 1,
            }
        }
        (guests, failures)
    }

    /// How many of the clients still have their session, and their channel if they had one.
    async fn call_up(&self, guests: Vec<Guest>) -> usize {
        let gate = Arc::new(Semaphore::new(self.at_once));
        let mut answering = JoinSet::new();
        for Guest { mut phone, mut channel, .. } in guests {
            let gate = Arc::clone(&gate);
            answering.spawn(async move {
                let _place = gate.acquire().await;
                let open = match &mut channel {
                    Some(channel) => channel.ping().await,
                    None => true,
                };
                open && phone.keeps_alive().await.unwrap_or(false)
            });
        }
        let mut stayed = 0;
        while let Some(answer) = answering.join_next().await {
            stayed += usize::from(answer.unwrap_or(false));
        }
        stayed
    }

    fn show(&self, outcome: &Outcome) -> anyhow::Result<()> {
        if self.target.json {
            println!("{}", serde_json::to_string_pretty(outcome)?);
            return Ok(());
        }
        println!("sessions      {} ({} failed)", outcome.sessions, outcome.failures);
        println!("login         {}", outcome.login);
        if let Some(channel) = &outcome.channel {
            println!("channels      {}", outcome.channels);
            println!("HELO to OK    {channel}");
        }
        if let Some(memory) = &outcome.memory {
            let mib = |bytes: u64| bytes as f64 / 1_048_576.0;
            println!("memory        {:.1} MiB before, {:.1} after", mib(memory.before_bytes), mib(memory.after_bytes));
            println!("per session   {} bytes", memory.per_session_bytes);
            println!("node's time   {} µs per session", memory.cpu_us_per_session);
        }
        Ok(())
    }
}

async fn enter(mut phone: Phone, password: &str, cir: bool) -> Result<Guest, PhoneError> {
    let begun = Instant::now();
    phone.log_in(password).await?;
    let login = begun.elapsed();
    let begun = Instant::now();
    let channel = if cir { Some(phone.open_channel().await?) } else { None };
    Ok(Guest { phone, channel, login, opening: begun.elapsed() })
}
