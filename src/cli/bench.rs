//! `postern bench`: puts load on a running node from a process of its own, and says what that costs the node.

mod cast;
mod crowd;
mod figures;
mod logins;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use postern::address::Domain;
use postern::syntax::Encoding;
use postern::vocabulary::Version;

use super::admin::Access;

const EXAMPLES: &str = "Examples:
  postern bench crowd --config north/postern.toml --domain north.example --url http://127.0.0.1:8080/ \\
      --sessions 10000 --cir --pid 4711
  postern bench logins --config north/postern.toml --domain north.example --url http://127.0.0.1:8080/ \\
      --at-once 1000 --json";

/// Put load on a node, and measure what it costs
///
/// The node runs as a process of its own, with its admin address on: the users that are needed are made there, and
/// removed at the end. What it costs is read from /proc of the process given by --pid.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Bench {
    #[command(subcommand)]
    load: Load,
}

#[derive(Subcommand)]
enum Load {
    Crowd(crowd::Crowd),
    Logins(logins::Logins),
}

/// The node that bears the load.
#[derive(Args)]
struct Target {
    /// Where phones post: the node's CSP address
    #[arg(long, value_name = "URL")]
    url: String,
    /// The node's home domain
    #[arg(long, value_name = "D", value_parser = postern::config::parse_domain)]
    domain: Domain,
    /// Users among whom the sessions are shared out [default: one for 8 sessions, for logins one each]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    users: Option<u32>,
    /// The node's process: its memory and time are measured
    #[arg(long, value_name = "PID")]
    pid: Option<u32>,
    /// Write WBXML instead of XML
    #[arg(long)]
    wbxml: bool,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: Access,
}

// === impl Bench ===

impl Bench {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        super::raise_file_limit();
        let runtime = super::runtime()?;
        match &self.load {
            Load::Crowd(crowd) => runtime.block_on(crowd.run()),
            Load::Logins(logins) => runtime.block_on(logins.run()),
        }
    }
}

// === impl Target ===

impl Target {
    /// How the phones speak.
    fn speech(&self) -> (Encoding, Version) {
        (if self.wbxml { Encoding::Wbxml } else { Encoding::Xml }, Version::V12)
    }

    /// What the process costs so far.
    fn cost(&self) -> anyhow::Result<Option<figures::Cost>> {
        self.pid.map(|pid| figures::Cost::of(&PathBuf::from(format!("/proc/{pid}")))).transpose()
    }
}
