//! What the stories need: a wire of their own, phones, scripted peers, domains.

pub mod ca;
pub mod events;
pub mod handset;
pub mod http;
pub mod peer;
pub mod wire;
pub mod world;

use std::time::Duration;

/// How long anything may take that a story waits for.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Between two looks at something awaited.
pub const GLANCE: Duration = Duration::from_millis(20);

/// Text nobody else uses.
pub fn unique(prefix: &str) -> String {
    format!("{prefix}-{:016x}", rand::random::<u64>())
}

/// A number from the environment, for counts that a command raises.
pub fn count(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

/// A seed from the environment, or a fresh one; printed, so that a failure can be told again.
pub fn seed(variable: &str) -> u64 {
    let seed = std::env::var(variable).ok().and_then(|v| v.parse().ok()).unwrap_or_else(rand::random);
    println!("{variable}={seed}");
    seed
}
