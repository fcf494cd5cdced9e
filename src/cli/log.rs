//! What is written to stderr, and what never is, however much detail `RUST_LOG` asks for (`docs/operations.md`, "Logs").

use std::io::IsTerminal as _;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

/// Begins to log, in the detail of `RUST_LOG`, else in this.
pub(super) fn to_stderr(detail: &str, json: bool) {
    let wanted = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(detail));
    let lines = fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
    let lines = if json { lines.json().boxed() } else { lines.boxed() };
    tracing_subscriber::registry().with(lines.with_filter(wanted).with_filter(filter_fn(may_be_shown))).init();
}

/// Libraries write bytes, headers and keys of the store in their finest detail, and there are passwords, numbers
/// and session ids in them. Postern itself writes none in any.
fn may_be_shown(line: &Metadata<'_>) -> bool {
    let target = line.target();
    target == "postern" || target.starts_with("postern::") || *line.level() <= Level::DEBUG
}
