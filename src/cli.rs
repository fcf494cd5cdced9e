//! The command line: one file per command.

mod check;
mod init;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// An OMA IMPS (Wireless Village) Service Access Point, relay node and SSP federation gateway.
#[derive(Debug, Parser)]
#[command(name = "postern", version, about, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Args),
    Init(init::Args),
}

/// Runs the command of this process. Wrong usage ends the process with 2.
pub(crate) fn run() -> ExitCode {
    match Cli::parse().command {
        Command::Check(args) => check::run(&args),
        Command::Init(args) => init::run(&args),
    }
}
