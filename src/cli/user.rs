//! `postern user`: the users of the local domain, managed through the admin address of a running node.

mod profile;
mod sessions;

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use hyper::Method;
use postern::sap::secret::generate_password;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use self::profile::ProfileArgs;
use super::admin::{Access, Client, encode};

/// Manage the users of the local domain
///
/// The node has to run: these commands talk to its admin address. Passwords are read from a file or from
/// standard input, never from an argument.
#[derive(Args)]
#[command(after_help = "Examples:
  postern user add alice --config north/postern.toml
  postern user add bob --password-file bob.secret --friendly-name Bob --config north/postern.toml
  postern user list --admin http://127.0.0.1:8084 --token north/admin.token --json
  postern user profile set alice --unsubscribe group --config north/postern.toml
  postern user passwd alice --config north/postern.toml
  postern user sessions alice --config north/postern.toml
  postern user disconnect alice --config north/postern.toml
  postern user remove bob --config north/postern.toml")]
pub(crate) struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Subcommand)]
enum UserCommand {
    /// Add a user; without --password-file a password is made and printed, once
    #[command(after_help = "Examples:
  postern user add alice --config north/postern.toml
  echo -n 'secret' | postern user add bob --password-file - --login hashed --config north/postern.toml")]
    Add {
        /// The user's name, without domain
        id: String,
        /// File of the password; `-` = standard input (asked twice on a terminal)
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        /// How the password is kept
        #[arg(long, value_enum)]
        login: Option<Login>,
        #[command(flatten)]
        about: Box<About>,
        #[command(flatten)]
        at: At,
    },
    /// List the users
    #[command(after_help = "Example:\n  postern user list --config north/postern.toml")]
    List {
        #[command(flatten)]
        at: At,
    },
    /// Show a user
    #[command(after_help = "Example:\n  postern user show alice --config north/postern.toml")]
    Show {
        /// The user's name, without domain
        id: String,
        #[command(flatten)]
        at: At,
    },
    Profile(ProfileArgs),
    /// Change a user's password
    #[command(after_help = "Examples:
  postern user passwd alice --config north/postern.toml
  postern user passwd alice --password-file new.secret --config north/postern.toml")]
    Passwd {
        /// The user's name, without domain
        id: String,
        /// File of the password; `-` = standard input (asked twice on a terminal)
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        #[command(flatten)]
        at: At,
    },
    /// List the clients a user is logged in with
    #[command(after_help = "Example:\n  postern user sessions alice --config north/postern.toml")]
    Sessions {
        /// The user's name, without domain
        id: String,
        #[command(flatten)]
        at: At,
    },
    /// End a user's sessions: the clients hear it when they ask next
    #[command(after_help = "Examples:
  postern user disconnect alice --config north/postern.toml
  postern user disconnect alice --session k3ab7q --config north/postern.toml")]
    Disconnect {
        /// The user's name, without domain
        id: String,
        /// Only this one, named by the characters that `sessions` shows
        #[arg(long, value_name = "PREFIX")]
        session: Option<String>,
        #[command(flatten)]
        at: At,
    },
    /// Remove a user
    #[command(after_help = "Example:\n  postern user remove bob --config north/postern.toml")]
    Remove {
        /// The user's name, without domain
        id: String,
        #[command(flatten)]
        at: At,
    },
}

/// What may be said of a user.
#[derive(Args)]
struct About {
    /// Telephone number
    #[arg(long, value_name = "NUMBER")]
    msisdn: Option<String>,
    /// Name shown to others
    #[arg(long, value_name = "NAME")]
    friendly_name: Option<String>,
    /// First name
    #[arg(long, value_name = "NAME")]
    first_name: Option<String>,
    /// Last name
    #[arg(long, value_name = "NAME")]
    last_name: Option<String>,
    /// E-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// The user may not log in yet
    #[arg(long)]
    inactive: bool,
}

/// Which node, and how it is printed.
#[derive(Args)]
struct At {
    #[command(flatten)]
    access: Access,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How a password is kept.
#[derive(Clone, Copy, ValueEnum)]
enum Login {
    /// Sealed, so that digest logins can be checked
    Digest,
    /// As an argon2 hash: only logins with the password itself
    Hashed,
}

type Secret = Zeroizing<String>;

pub(super) fn run(args: &UserArgs) -> anyhow::Result<()> {
    super::runtime()?.block_on(args.command.run())
}

// === impl UserCommand ===

impl UserCommand {
    async fn run(&self) -> anyhow::Result<()> {
        match self {
            Self::Add { id, password_file, login, about, at } => {
                let client = at.access.client()?;
                let remedy = "give one, or leave --password-file out to have one made";
                let given = password_file.as_deref().map(|file| password(file, remedy)).transpose()?;
                add(&client, id, given, *login, about, at).await
            }
            Self::List { at } => list(at).await,
            Self::Show { id, at } => {
                let user = at.access.client()?.call(Method::GET, &path(id), None).await?;
                at.print(&user, || describe(&user));
                Ok(())
            }
            Self::Profile(args) => args.run().await,
            Self::Passwd { id, password_file, at } => {
                let client = at.access.client()?;
                let remedy = "type one, write one to standard input, or give --password-file FILE";
                let new = password(password_file.as_deref().unwrap_or_else(|| Path::new("-")), remedy)?;
                let body = json!({ "password": new.as_str() });
                let user = client.call(Method::PUT, &path(id), Some(&body)).await?;
                at.print(&user, || format!("{id} has a new password"));
                Ok(())
            }
            Self::Sessions { id, at } => sessions::list(id, at).await,
            Self::Disconnect { id, session, at } => sessions::disconnect(id, session.as_deref(), at).await,
            Self::Remove { id, at } => {
                at.access.client()?.call(Method::DELETE, &path(id), None).await?;
                at.print(&json!({ "id": id, "removed": true }), || format!("{id} is removed"));
                Ok(())
            }
        }
    }
}

// === impl At ===

impl At {
    fn print(&self, value: &Value, text: impl FnOnce() -> String) {
        if self.json { println!("{value:#}") } else { println!("{}", text()) }
    }
}

async fn add(
    client: &Client,
    id: &str,
    given: Option<Secret>,
    login: Option<Login>,
    about: &About,
    at: &At,
) -> anyhow::Result<()> {
    let made = given.is_none().then(|| Secret::new(generate_password().expose().to_owned()));
    let password = given.or_else(|| made.clone()).unwrap_or_default();
    let mut body = Map::from_iter([("id".to_owned(), id.into()), ("password".to_owned(), password.as_str().into())]);
    let texts = [
        ("msisdn", &about.msisdn),
        ("friendly_name", &about.friendly_name),
        ("first_name", &about.first_name),
        ("last_name", &about.last_name),
        ("email", &about.email),
    ];
    for (key, text) in texts {
        body.extend(text.as_ref().map(|text| (key.to_owned(), text.as_str().into())));
    }
    body.extend(login.map(|login| {
        let login = match login {
            Login::Digest => "digest",
            Login::Hashed => "hashed",
        };
        ("login".to_owned(), login.into())
    }));
    if about.inactive {
        body.insert("active".to_owned(), false.into());
    }
    let mut user = client.call(Method::POST, "/api/v1/users", Some(&Value::Object(body))).await?;
    if let (Some(made), Some(user)) = (&made, user.as_object_mut()) {
        user.insert("password".to_owned(), made.as_str().into());
    }
    at.print(&user, || match &made {
        Some(made) => format!("{id} is added, with the password {}", made.as_str()),
        None => format!("{id} is added"),
    });
    Ok(())
}

async fn list(at: &At) -> anyhow::Result<()> {
    let users = at.access.client()?.list("/api/v1/users").await?;
    if at.json {
        println!("{:#}", Value::Array(users));
        return Ok(());
    }
    for user in &users {
        let active = user["active"].as_bool().unwrap_or(true);
        let name = user["friendly_name"].as_str().unwrap_or_default();
        let line = format!("{:<24} {:<9} {name}", text_of(&user["id"]), if active { "active" } else { "inactive" });
        println!("{}", line.trim_end());
    }
    Ok(())
}

fn path(id: &str) -> String {
    format!("/api/v1/users/{}", encode(id))
}

/// One field a line.
fn describe(user: &Value) -> String {
    // The profile has a command of its own.
    let fields = user.as_object().into_iter().flatten().filter(|(key, _)| *key != "profile");
    let shown = fields.filter(|(_, value)| !value.is_null() && !value.as_object().is_some_and(Map::is_empty));
    shown.map(|(key, value)| format!("{key:<14} {}", text_of(value))).collect::<Vec<_>>().join("\n")
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A password from a file, from standard input, or from somebody at a terminal, who is asked twice. `remedy` is what to do
/// about an empty one.
fn password(file: &Path, remedy: &str) -> anyhow::Result<Secret> {
    let from_stdin = file == Path::new("-");
    let text = if from_stdin && std::io::stdin().is_terminal() {
        let first = Secret::new(rpassword::prompt_password("password: ")?);
        if *first != rpassword::prompt_password("once more: ")? {
            bail!("the two passwords differ: try again");
        }
        first
    } else {
        let mut text = Secret::default();
        if from_stdin {
            std::io::stdin().read_to_string(&mut text).context("standard input holds no password")?;
        } else {
            *text = std::fs::read_to_string(file).map_err(|error| super::unreadable(file, &error))?;
        }
        text
    };
    let text = Secret::new(text.trim_end_matches(['\r', '\n']).to_owned());
    if text.is_empty() {
        bail!("the password is empty: {remedy}");
    }
    Ok(text)
}
