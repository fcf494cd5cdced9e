//! `postern check`: everything wrong in a configuration, at once.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use postern::config::{self, Environment, Finding, Severity};
use postern::time::Timestamp;

/// Read a configuration and report every fault at once.
///
/// Prints one line for each finding, `file:line: what is wrong: what to do`, with the file relative to the
/// configuration's folder. Exit 0: nothing, or only warnings. Exit 1: errors.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  postern check --config north/postern.toml
  postern check --config north/postern.toml --json | jq '.[] | select(.severity == \"error\")'
  POSTERN_LISTEN__CSP=127.0.0.1:9000 postern check --config north/postern.toml")]
pub(crate) struct Args {
    /// The configuration to read.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print the findings as JSON: [{file, line, severity, what, remedy}].
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> ExitCode {
    let loaded = config::load(&args.config, &Environment::of_process(), Timestamp::now());
    let text = if args.json { as_json(&loaded.findings) } else { as_lines(&loaded.findings) };
    // Whoever closed the pipe has read enough; the exit code still tells.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    if !loaded.has_errors() {
        return ExitCode::SUCCESS;
    }
    let errors = loaded.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let plural = if errors == 1 { "" } else { "s" };
    eprintln!("postern check: {errors} error{plural} in {}: correct what is listed above", args.config.display());
    ExitCode::FAILURE
}

fn as_lines(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("{finding}\n")).collect()
}

fn as_json(findings: &[Finding]) -> String {
    // Findings are texts and numbers, which always serialise.
    let json = serde_json::to_string_pretty(findings).unwrap_or_else(|_| "[]".into());
    format!("{json}\n")
}
