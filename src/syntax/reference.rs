//! `docs/elements.md`, made from the tables of elements, primitives and values.

use std::fmt::Write;

use super::ssp;
use super::wbxml::values;
use crate::vocabulary::primitive::{SentBy, Service, needs_session, sent_by, service_of};
use crate::vocabulary::{Element, Primitive, Version};

const HEAD: &str = "\
# Elements

This page is made from the program: `REWRITE_DOCS=1 cargo test --lib syntax::reference` writes it, and a test fails
if it is out of date.

One row is one information element, whatever syntax carries it. The versions are those of CSP whose token tables hold it
and that therefore write it; what other versions have at a token or under a name is read as well. How spellings and tokens
are dealt with that the sources of IMPS disagree about: [wire-notes.md](wire-notes.md), \"Names and tokens\" and \"WBXML\".

Libwbxml judges what is written in 1.1 and 1.2, and writes what is read. 1.3 has no such judge: there is no other
implementation of it to run. It is held against token tables of its own in `tests/wbxml/tokens.txt`, by a reader that shares
nothing with the program.
";

const PRIMITIVES: &str = "\
## Primitives

Who says it on CSP, and whether it needs a session there.
";

const ELEMENTS: &str = "\
## All elements

WBXML: code page and token, hexadecimal. SSP: the names it has there, by the place it stands in; `@` is an attribute of the
element around it. What stands inside `PresenceSubList` and `Property` is written there as in CSP.
";

const VALUES: &str = "\
## Values

Whole texts for which WBXML has a token, after EXT_T_0. A token is written in the versions given, and read in all. Read beside
them: 75 as `SMS`; 68 as `IM` up to 1.2; 34 as `ShowID` in 1.1 and 3D as `History` in 1.3, where it is the name of a property.
";

/// The text of `docs/elements.md`.
fn reference() -> String {
    let mut text = format!("{HEAD}\n{PRIMITIVES}\n");
    text.push_str("| primitive | service | from | session | WBXML | versions | SSP |\n|---|---|---|---|---|---|---|\n");
    let mut primitives: Vec<Element> = Primitive::ELEMENTS.to_vec();
    primitives.sort_by_key(|element| (service_of(*element), element.xml()));
    for element in primitives {
        let service = service_of(element).map_or("", service);
        let from = sent_by(element).map_or("", from);
        let session = if sent_by(element) == Some(SentBy::Domain) {
            ""
        } else if needs_session(element) {
            "yes"
        } else {
            "no"
        };
        let _ = write!(text, "| `{}` | {service} | {from} | {session} ", element.xml());
        let _ = writeln!(text, "| {} | {} | {} |", token(element), versions(element), on_ssp(element));
    }
    let _ = write!(text, "\n{ELEMENTS}\n| element | WBXML | versions | kind | SSP |\n|---|---|---|---|---|\n");
    for element in Element::ALL {
        let kind = format!("{:?}", element.kind()).to_lowercase();
        let _ = write!(text, "| `{}` | {} | {} ", element.xml(), token(*element), versions(*element));
        let _ = writeln!(text, "| {kind} | {} |", on_ssp(*element));
    }
    let _ = write!(text, "\n{VALUES}\n| token | text | versions |\n|---|---|---|\n");
    for (token, name) in values::rows() {
        let written = Version::ALL.into_iter().filter(|version| values::token(name, None, *version) == Some(token));
        let _ = writeln!(text, "| {token:02X} | `{name}` | {} |", list(written));
    }
    text
}

const fn service(service: Service) -> &'static str {
    match service {
        Service::Access => "access",
        Service::Common => "common",
        Service::Presence => "presence",
        Service::Im => "messaging",
        Service::Group => "groups",
        Service::Profile => "user profiles",
        Service::Interop => "between domains",
    }
}

const fn from(sent_by: SentBy) -> &'static str {
    match sent_by {
        SentBy::Client => "client",
        SentBy::Server => "server",
        SentBy::Both => "both",
        SentBy::Domain => "",
    }
}

fn token(element: Element) -> String {
    element.wbxml().map_or_else(String::new, |(page, token)| format!("{page:X}:{token:02X}"))
}

fn versions(element: Element) -> String {
    list(Version::ALL.into_iter().filter(|version| element.versions().contains(version)))
}

fn list(versions: impl Iterator<Item = Version>) -> String {
    versions.map(Version::as_str).collect::<Vec<_>>().join(" ")
}

fn on_ssp(element: Element) -> String {
    let names: Vec<String> = ssp::names_of(element).iter().map(|name| format!("`{name}`")).collect();
    names.join(" ")
}

#[test]
fn the_page_says_what_the_tables_hold() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/elements.md");
    if std::env::var_os("REWRITE_DOCS").is_some() {
        std::fs::write(path, reference()).unwrap();
    }
    let page = std::fs::read_to_string(path).unwrap();
    assert_eq!(page, reference(), "run: REWRITE_DOCS=1 cargo test --lib syntax::reference");
}
