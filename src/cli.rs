//! The command line: one file per command. Exit 0 = done, 1 = it failed (one line on stderr says what to do),
//! 2 = wrong usage.

mod admin;
mod bench;
mod cert;
mod check;
mod decode;
mod demo;
mod init;
mod log;
mod serve;
mod user;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// An OMA IMPS (Wireless Village) Service Access Point, relay node and SSP federation gateway.
#[derive(Parser)]
#[command(name = "postern", version, arg_required_else_help = true, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start three domains on this machine and watch a story play between them
    Demo(demo::DemoArgs),
    /// Make a ready-to-run node folder
    Init(init::Args),
    /// Make test authorities and certificates, explain any certificate
    Cert(cert::Cert),
    /// Run a node
    Serve(serve::ServeArgs),
    /// Find every fault in a configuration
    Check(check::Args),
    /// Show any IMPS message in another syntax
    Decode(decode::DecodeArgs),
    /// Manage the users of the local domain
    User(user::UserArgs),
    /// Put load on a node, and measure what it costs
    Bench(bench::Bench),
}

/// Reads the command line and runs the command.
pub(crate) fn main() -> ExitCode {
    let Cli { command } = Cli::parse();
    let outcome = match command {
        Command::Demo(args) => demo::run(&args),
        Command::Init(args) => return init::run(&args),
        Command::Cert(command) => command.run(&mut std::io::stdout()),
        Command::Serve(args) => serve::run(&args),
        Command::Check(args) => return check::run(&args),
        Command::Decode(args) => decode::run(&args),
        Command::User(args) => user::run(&args),
        Command::Bench(command) => command.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => match error.downcast::<clap::Error>() {
            // Wrong usage that only showed when the command looked at its arguments together.
            Ok(usage) => usage.exit(),
            Err(error) => {
                eprintln!("postern: {error:#}");
                ExitCode::FAILURE
            }
        },
    }
}

/// Why a file named on the command line can't be read, and what to do.
fn unreadable(file: &Path, error: &std::io::Error) -> anyhow::Error {
    anyhow::anyhow!("{} can't be read ({error}): name a file that is there and that you may read", file.display())
}

/// A connection is a file: the soft limit of most systems is for programs with a few.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

/// A tokio runtime for commands that need one.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
