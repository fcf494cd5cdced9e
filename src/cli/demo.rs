//! `postern demo`: three domains on this machine, federating over mutual TLS, and a story between their users.

mod story;

use std::path::PathBuf;

use postern::address::Domain;
use postern::stage::Stage;

/// Start three domains on this machine and watch a story play between them
///
/// Makes a test authority, certificates and three domains on free loopback ports, peers them over mutual TLS, and
/// lets people send messages to each other. Every line printed comes from what a client or a wire tap received.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  postern demo             play the story, then stay up until Ctrl-C\n  postern demo --once      play the story and end: 0 if every step held, 1 naming the step that did not"
)]
pub(crate) struct DemoArgs {
    /// End after the story
    #[arg(long)]
    once: bool,
    /// Keep the node folders here instead of a temporary folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Stop this domain's node before the story, to see how a broken step is reported
    #[arg(long, value_name = "DOMAIN", hide = true)]
    stop: Option<Domain>,
}

pub(super) fn run(args: &DemoArgs) -> anyhow::Result<()> {
    super::log::to_stderr("error", false);
    super::runtime()?.block_on(async {
        let mut stage = Stage::set(&story::DOMAINS, &story::PEOPLE, args.dir.as_deref()).await?;
        stage.ready().for_each(|ready| println!("{ready}"));
        if let Some(domain) = &args.stop {
            stage.stop_node(domain).await;
        }
        let played = story::play(&mut stage).await;
        if played.is_ok() && !args.once {
            println!();
            print_addresses(&stage);
            println!("The domains stay up. Ctrl-C ends them.");
            tokio::signal::ctrl_c().await?;
        }
        stage.strike().await;
        played
    })
}

fn print_addresses(stage: &Stage) {
    for ready in stage.ready() {
        let token = stage.folder(&ready.domain).join("admin.token");
        let users: Vec<String> =
            stage.people().filter(|user| *user.domain() == ready.domain).map(ToString::to_string).collect();
        println!("{ready}");
        println!(
            "  users: {} (passwords in {})",
            users.join(", "),
            stage.folder(&ready.domain).join("users.toml").display()
        );
        println!("  the admin address wants the token in {}", token.display());
    }
}
