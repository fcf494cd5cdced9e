//! `docs/configuration.md`, made from the declarations of the sections.

use std::fmt::Write;

use super::environment::variable;
use super::node::{
    Access, Admin, Advertise, CspTls, Dns, Listen, Messages, Node, Provider, Secrets, Services, Store, Tls,
};
use super::peer::{Agreement, Identity, PeerLimits, QUIRKS, Route, SERVICES};
use super::section::{Need, Schema, Section};
use super::timers::Timers;
use super::users::UserEntry;

const HEAD: &str = "\
# Configuration

This page is made from the program: `REWRITE_DOCS=1 cargo test --lib config::reference` writes it, and a test
fails if it is out of date.

`postern check --config FILE` reads everything described here, reports every fault at once with file and line, and
says what to do. Unknown keys are faults. Relative paths are relative to the file they stand in.

How values are written:

| kind | written |
|---|---|
| duration | `\"300ms\"`, `\"5s\"`, `\"10m\"`, `\"2h\"`, `\"1d\"`, `\"1w\"`, or several: `\"1h 30m\"`; `0` |
| size | bytes: `262144`, or with a unit: `\"256 KiB\"`, `\"1 MiB\"` (also B, GiB, kB, MB) |
| address with port | `\"127.0.0.1:8080\"`, `\"[::1]:8080\"`; port 0 is any free port |
| address range | `\"10.0.0.0/8\"`, `\"2001:db8::/32\"`, or one address |
| date and time | without quotes, with zone: `2030-01-01T00:00:00Z` |
| path | `\"certs/ca.pem\"` |
";

const NODE: &str = "\
## `postern.toml`

A variable overrides its key: `POSTERN_LISTEN__CSP=127.0.0.1:9000`. Texts stand in it without quotes; lists as in
the file or with commas between. An optional key set to the empty text counts as left out.
";

const PEER: &str = "\
## Peer files: `peers/DOMAIN.toml`

One file per peer. A file that appears, changes or goes takes effect without a restart and without touching other
peers; a faulty one leaves what was in force before and says so.
";

const USERS: &str = "\
## `users.toml`

Named by `users` in `postern.toml`. Users that exist already are left as they are.
";

/// The text of `docs/configuration.md`.
pub fn reference() -> String {
    let mut text = format!("{HEAD}\n{NODE}");
    for schema in node_schemas() {
        write_section(&mut text, &schema, true, &format!("[{}]", schema.table));
    }
    let _ = write!(text, "\n{PEER}");
    for schema in peer_schemas() {
        write_section(&mut text, &schema, false, &format!("[{}]", schema.table));
    }
    write_choices(&mut text);
    let _ = write!(text, "\n{USERS}");
    let user = UserEntry::schema();
    write_section(&mut text, &user, false, &format!("[[{}]]", user.table));
    text
}

/// What may stand in `postern.toml`.
pub(super) fn node_schemas() -> Vec<Schema> {
    vec![
        Node::schema(),
        Listen::schema(),
        Advertise::schema(),
        Tls::schema(),
        CspTls::schema(),
        Services::schema(),
        Access::schema(),
        Messages::schema(),
        Provider::schema(),
        Store::schema(),
        Secrets::schema(),
        Dns::schema(),
        Timers::schema(),
        Admin::schema(),
    ]
}

/// What may stand in a peer file.
pub(super) fn peer_schemas() -> Vec<Schema> {
    vec![Identity::schema(), Agreement::schema(), Route::schema(), PeerLimits::schema()]
}

fn write_section(text: &mut String, schema: &Schema, variables: bool, title: &str) {
    let title = if schema.table.is_empty() { "Above the first table".to_owned() } else { format!("`{title}`") };
    let _ = write!(text, "\n### {title}\n\n{}\n\n", one_line(schema.doc));
    let (head, rule) = if variables { (" variable |", "---|") } else { ("", "") };
    let _ = write!(text, "| key | kind | default | meaning |{head}\n|---|---|---|---|{rule}\n");
    for key in &schema.keys {
        let default = match &key.default {
            Need::Must => "must be given".to_owned(),
            Need::Default(None) => "–".to_owned(),
            Need::Default(Some(default)) => format!("`{default}`"),
        };
        let _ = write!(text, "| `{}` | {} | {default} | {} |", key.name, key.kind, one_line(key.doc));
        if variables {
            let _ = write!(text, " `{}` |", variable(schema.table, key.name));
        }
        text.push('\n');
    }
}

fn write_choices(text: &mut String) {
    text.push_str("\nFunctions of the services an agreement may name:\n\n| service | functions |\n|---|---|\n");
    for (service, functions) in SERVICES {
        let shown = if functions.is_empty() { "only as a whole".to_owned() } else { functions.join(", ") };
        let _ = writeln!(text, "| `{service}` | {shown} |");
    }
    let quirks: Vec<String> = QUIRKS.iter().map(|quirk| format!("`{quirk}`")).collect();
    let _ = write!(text, "\nQuirks: {}. `baraza` stands for all the others.\n", quirks.join(", "));
}

fn one_line(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_the_program_reads() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");
        if std::env::var_os("REWRITE_DOCS").is_some() {
            std::fs::write(path, reference()).unwrap();
        }
        let page = std::fs::read_to_string(path).unwrap();
        assert_eq!(page, reference(), "run: REWRITE_DOCS=1 cargo test --lib config::reference");
    }
}
