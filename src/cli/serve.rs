//! `postern serve`: runs a node.

use std::path::PathBuf;

use anyhow::Context;
use postern::time::Timestamp;
use postern::{config, node};
use tokio::signal::unix::{SignalKind, signal};

/// Run a node
///
/// The first and only line on stdout says what is bound: `postern ready domain=… csp=… ssp=… cir=… admin=…`. Logs go
/// to stderr. SIGHUP reloads the peer files, SIGTERM drains and ends.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  postern serve --config north/postern.toml\n  RUST_LOG=postern=debug postern serve --config north/postern.toml"
)]
pub(crate) struct ServeArgs {
    /// The node's configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Write logs as JSON, one object per line
    #[arg(long)]
    log_json: bool,
}

pub(super) fn run(args: &ServeArgs) -> anyhow::Result<()> {
    super::log::to_stderr("info", args.log_json);
    super::raise_file_limit();
    let loaded = config::load(&args.config, &config::Environment::of_process(), Timestamp::now());
    super::runtime()?.block_on(serve(loaded))
}

async fn serve(loaded: config::Loaded) -> anyhow::Result<()> {
    let running = node::start(loaded, node::Options::default()).await.context("the node did not start")?;
    println!("{}", running.ready());
    let mut hangup = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    loop {
        tokio::select! {
            _ = hangup.recv() => { running.reload(false).await; }
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    tracing::info!("draining");
    running.stop().await;
    Ok(())
}
