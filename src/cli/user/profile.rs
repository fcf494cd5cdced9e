//! `postern user profile`: what a user has subscribed to and wants, shown and changed.

use std::fmt::Write;

use clap::error::ErrorKind;
use clap::{Args, Subcommand, ValueEnum};
use hyper::Method;
use serde_json::{Map, Value, json};

use super::{At, path, text_of};

/// Show or change a user's profile: services, preferences, privacy, terminal
#[derive(Args)]
#[command(after_help = "Examples:
  postern user profile show alice --config north/postern.toml
  postern user profile set alice --unsubscribe group --deactivate im --config north/postern.toml")]
pub(super) struct ProfileArgs {
    #[command(subcommand)]
    command: ProfileCommand,
}

#[derive(Subcommand)]
enum ProfileCommand {
    /// Show a profile, and what the user's sessions negotiated
    #[command(after_help = "Example:\n  postern user profile show alice --config north/postern.toml --json")]
    Show {
        /// The user's name, without domain
        id: String,
        #[command(flatten)]
        at: At,
    },
    /// Change what is given, and nothing else; in force at once
    #[command(after_help = "Services: presence, im, group, content. An empty value removes a property.

Examples:
  postern user profile set alice --unsubscribe group --config north/postern.toml
  postern user profile set alice --deactivate im --preference im.greeting=hello --config north/postern.toml
  postern user profile set alice --location no --terminal screen=176x208 --pse im=bb.example \\
      --admin http://127.0.0.1:8084 --token north/admin.token")]
    Set {
        /// The user's name, without domain
        id: String,
        #[command(flatten)]
        change: Box<Change>,
        #[command(flatten)]
        at: At,
    },
}

/// What to change.
#[derive(Args)]
struct Change {
    /// Whether the user may log in; sessions of one who may not end
    #[arg(long, value_enum)]
    status: Option<Status>,
    /// Give the user a service
    #[arg(long, value_name = "SERVICE")]
    subscribe: Vec<Service>,
    /// Take a service from the user: it is not offered any more
    #[arg(long, value_name = "SERVICE")]
    unsubscribe: Vec<Service>,
    /// Put a service the user has in use again
    #[arg(long, value_name = "SERVICE")]
    activate: Vec<Service>,
    /// Put a service out of use: it is not offered for the time being
    #[arg(long, value_name = "SERVICE")]
    deactivate: Vec<Service>,
    /// Where a service's primary service element is for this user: a domain, `local` or `none`; empty = as in [services]
    #[arg(long, value_name = "SERVICE=DOMAIN", value_parser = pair)]
    pse: Vec<(String, String)>,
    /// How the user wants things; `im.NAME=VALUE` for one service
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    preference: Vec<(String, String)>,
    /// Whether networks may locate the user
    #[arg(long, value_enum)]
    location: Option<Permission>,
    /// Whether networks may interact with the user
    #[arg(long, value_enum)]
    user_interaction: Option<Permission>,
    /// More about privacy
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    privacy: Vec<(String, String)>,
    /// What the terminal can do, and how its interface is preferred
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    terminal: Vec<(String, String)>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Status {
    Active,
    Inactive,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Service {
    Presence,
    Im,
    Group,
    Content,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Permission {
    Yes,
    No,
    /// Not stated: counts as no
    Unstated,
}

// === impl ProfileArgs ===

impl ProfileArgs {
    pub(super) async fn run(&self) -> anyhow::Result<()> {
        match &self.command {
            ProfileCommand::Show { id, at } => {
                let profile = at.access.client()?.call(Method::GET, &format!("{}/profile", path(id)), None).await?;
                at.print(&profile, || describe(&profile));
                Ok(())
            }
            ProfileCommand::Set { id, change, at } => {
                let body = change.body()?;
                let client = at.access.client()?;
                let profile = client.call(Method::PUT, &format!("{}/profile", path(id)), Some(&body)).await?;
                at.print(&profile, || describe(&profile));
                Ok(())
            }
        }
    }
}

// === impl Change ===

impl Change {
    /// The change as the admin address takes it.
    fn body(&self) -> anyhow::Result<Value> {
        let mut body = Map::new();
        if let Some(status) = self.status {
            body.insert("active".to_owned(), (status == Status::Active).into());
        }
        let flags = [("subscribed", &self.subscribe, &self.unsubscribe), ("active", &self.activate, &self.deactivate)];
        for (key, yes, no) in flags {
            if let Some(both) = yes.iter().find(|service| no.contains(service)) {
                return Err(usage(&format!("{} can't be given and taken at once", both.name())));
            }
            for service in yes.iter().chain(no) {
                put(&mut body, &["services", service.name(), key], yes.contains(service).into());
            }
        }
        for (service, place) in &self.pse {
            let place = if place.is_empty() { Value::Null } else { place.as_str().into() };
            put(&mut body, &["services", Service::named(service)?.name(), "pse"], place);
        }
        for (name, value) in &self.preference {
            match name.split_once('.').and_then(|(service, rest)| Some((Service::named(service).ok()?, rest))) {
                Some((service, rest)) => {
                    put(&mut body, &["services", service.name(), "preferences", rest], property(value));
                }
                None => put(&mut body, &["preferences", name], property(value)),
            }
        }
        for (key, permission) in [("location", self.location), ("user_interaction", self.user_interaction)] {
            let stated = match permission {
                None => continue,
                Some(Permission::Unstated) => Value::Null,
                Some(permission) => (permission == Permission::Yes).into(),
            };
            put(&mut body, &["privacy", key], stated);
        }
        self.privacy.iter().for_each(|(name, value)| put(&mut body, &["privacy", "properties", name], property(value)));
        self.terminal.iter().for_each(|(name, value)| put(&mut body, &["terminal", name], property(value)));
        if body.is_empty() {
            return Err(usage("say what to change; --help lists what there is"));
        }
        Ok(Value::Object(body))
    }
}

// === impl Service ===

impl Service {
    const fn name(self) -> &'static str {
        match self {
            Self::Presence => "presence",
            Self::Im => "im",
            Self::Group => "group",
            Self::Content => "content",
        }
    }

    fn named(text: &str) -> anyhow::Result<Self> {
        Self::from_str(text, true).map_err(|_| usage(&format!("{text} is none of presence, im, group, content")))
    }
}

fn usage(why: &str) -> anyhow::Error {
    clap::Error::raw(ErrorKind::ValueValidation, format!("{why}\n")).into()
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

fn property(value: &str) -> Value {
    if value.is_empty() { Value::Null } else { value.into() }
}

/// Puts a value at a path of objects, made where they are missing.
fn put(body: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [] => {}
        [last] => drop(body.insert((*last).to_owned(), value)),
        [first, rest @ ..] => {
            if let Value::Object(inner) = body.entry(*first).or_insert_with(|| json!({})) {
                put(inner, rest, value);
            }
        }
    }
}

/// A profile for people: services, then what is stated, then the sessions of the moment.
fn describe(profile: &Value) -> String {
    let status = if profile["active"] == true { "active" } else { "inactive" };
    let mut text = format!("{:<18} {status}", text_of(&profile["id"]));
    for (name, service) in profile["services"].as_object().into_iter().flatten() {
        let has = match (service["subscribed"] == true, service["active"] == true) {
            (false, _) => "not subscribed",
            (true, false) => "subscribed, not in use",
            (true, true) => "subscribed, in use",
        };
        let place = service["pse"].as_str().map_or_else(String::new, |pse| format!(", at {pse}"));
        let _ = write!(text, "\n{name:<18} {has}{place}");
        add(&mut text, &format!("{name}."), &service["preferences"]);
    }
    add(&mut text, "preferences ", &profile["preferences"]);
    for key in ["location", "user_interaction"] {
        if let Some(stated) = profile["privacy"][key].as_bool() {
            let _ = write!(text, "\n{:<18} {}", format!("privacy {key}"), if stated { "yes" } else { "no" });
        }
    }
    add(&mut text, "privacy ", &profile["privacy"]["properties"]);
    add(&mut text, "terminal ", &profile["terminal"]);
    for session in profile["sessions"].as_array().into_iter().flatten() {
        let keys = ["version", "client_type", "language", "delivery", "parser_size"];
        let told = keys.iter().filter(|key| !session[**key].is_null());
        let told: Vec<String> = told.map(|key| format!("{key} {}", text_of(&session[*key]))).collect();
        let _ = write!(text, "\n{:<18} {}", format!("session {}", text_of(&session["id"])), told.join(", "));
    }
    text
}

fn add(text: &mut String, before: &str, properties: &Value) {
    for (name, value) in properties.as_object().into_iter().flatten() {
        let _ = write!(text, "\n{:<18} {}", format!("{before}{name}"), text_of(value));
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Words {
        #[command(flatten)]
        change: Change,
    }

    fn body(words: &str) -> anyhow::Result<Value> {
        Words::try_parse_from(std::iter::once("set").chain(words.split_whitespace()))?.change.body()
    }

    #[test]
    fn options_become_the_change_the_node_takes() {
        let change = body(
            "--status inactive --unsubscribe group --deactivate im --subscribe im --pse im=bb.example --pse group= \
             --preference im.greeting=hello --preference tone= --location no --user-interaction unstated \
             --privacy pay=ask --terminal screen=176x208",
        );
        let wanted = json!({
            "active": false,
            "services": {
                "group": {"subscribed": false, "pse": null},
                "im": {"subscribed": true, "active": false, "pse": "bb.example", "preferences": {"greeting": "hello"}},
            },
            "preferences": {"tone": null},
            "privacy": {"location": false, "user_interaction": null, "properties": {"pay": "ask"}},
            "terminal": {"screen": "176x208"},
        });
        assert_eq!(change.unwrap(), wanted);
    }

    #[test]
    fn what_makes_no_sense_is_wrong_usage() {
        for words in [
            "",
            "--subscribe im --unsubscribe im",
            "--subscribe mail",
            "--pse mail=bb.example",
            "--terminal screen",
            "--preference =x",
        ] {
            let fault = body(words).unwrap_err();
            assert!(fault.downcast_ref::<clap::Error>().is_some(), "{words}: {fault}");
        }
    }
}
