//! `postern bench logins`: a storm of logins, as after a restart when every phone comes back in the same moment.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::Target;
use super::cast::Cast;
use super::figures::Spread;

/// Log in many clients in the same moment, each over a connection of its own
///
/// A login is by digest, in two steps, and states capabilities: three requests.
#[derive(Args)]
#[command(after_help = "Example:
  postern bench logins --config north/postern.toml --domain north.example --url http://127.0.0.1:8080/ \\
      --at-once 1000 --pid 4711")]
pub(super) struct Logins {
    #[command(flatten)]
    target: Target,
    /// Clients
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    at_once: usize,
}

#[derive(Serialize)]
struct Outcome {
    logins: usize,
    failures: usize,
    /// From the first moment until the last client was in.
    all_ms: u64,
    logins_per_second: f64,
    login: Spread,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<Node>,
}

#[derive(Serialize)]
struct Node {
    cpu_us_per_login: u64,
    memory_before_bytes: u64,
    memory_after_bytes: u64,
}

// === impl Logins ===

impl Logins {
    pub(super) async fn run(&self) -> anyhow::Result<()> {
        let cast = Arc::new(Cast::hire(&self.target, u32::try_from(self.at_once.max(1))?).await?);
        let before = self.target.cost()?;
        let start = Arc::new(Barrier::new(self.at_once + 1));
        let mut storm = JoinSet::new();
        for number in 0..self.at_once {
            let mut phone = cast.phone(&self.target, number, true);
            let (cast, start) = (Arc::clone(&cast), Arc::clone(&start));
            storm.spawn(async move {
                start.wait().await;
                let begun = Instant::now();
                let entered = phone.log_in(cast.password()).await;
                entered.map(|_| (begun.elapsed(), phone))
            });
        }
        start.wait().await;
        let begun = Instant::now();
        let (mut times, mut phones, mut failures) = (Vec::new(), Vec::new(), 0);
        while let Some(ended) = storm.join_next().await {
            match ended {
                Ok(Ok((time, phone))) => {
                    times.push(time);
                    phones.push(phone);
                }
                Ok(Err(error)) => {
                    failures += 1;
                    eprintln!("postern bench: {error}");
                }
                Err(_) => failures += 1,
            }
        }
        let all = begun.elapsed();
        let after = self.target.cost()?;
        let node = before.zip(after).map(|(before, after)| Node {
            cpu_us_per_login: after.time.saturating_sub(before.time).as_micros() as u64 / self.at_once.max(1) as u64,
            memory_before_bytes: before.resident,
            memory_after_bytes: after.resident,
        });
        let logins = times.len();
        self.show(&Outcome {
            logins,
            failures,
            all_ms: u64::try_from(all.as_millis()).unwrap_or(u64::MAX),
            logins_per_second: per_second(logins, all),
            login: Spread::of(times),
            node,
        })?;
        drop(phones);
        if let Some(cast) = Arc::into_inner(cast) {
            cast.dismiss().await?;
        }
        anyhow::ensure!(failures == 0, "{failures} logins failed: see above");
        Ok(())
    }

    fn show(&self, outcome: &Outcome) -> anyhow::Result<()> {
        if self.target.json {
            println!("{}", serde_json::to_string_pretty(outcome)?);
            return Ok(());
        }
        println!("logins        {} ({} failed)", outcome.logins, outcome.failures);
        println!("all in        {} ms, {} a second", outcome.all_ms, outcome.logins_per_second);
        println!("login         {}", outcome.login);
        if let Some(node) = &outcome.node {
            let mib = |bytes: u64| bytes as f64 / 1_048_576.0;
            println!("node's time   {} µs per login", node.cpu_us_per_login);
            println!(
                "memory        {:.1} MiB before, {:.1} after",
                mib(node.memory_before_bytes),
                mib(node.memory_after_bytes)
            );
        }
        Ok(())
    }
}

fn per_second(count: usize, span: Duration) -> f64 {
    (count as f64 / span.as_secs_f64().max(0.001) * 10.0).round() / 10.0
}
