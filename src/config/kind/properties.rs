//! Tables of texts under names that nobody lists.

use std::borrow::Cow;
use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::DeValue;

use super::{Form, Kind, mistyped};
use crate::config::reader::At;
use crate::config::users::SERVICE_NAMES;

/// Texts by language: `{ de = "…", "pt-BR" = "…" }`. Codes are kept in lower case.
pub(in crate::config) struct Languages;

/// Free properties: names and texts.
pub(in crate::config) struct Properties;

/// Free properties; those of a service in a table under its name. Kept as `service.name`.
pub(in crate::config) struct Preferences;

/// Free properties; two of them are true or false.
pub(in crate::config) struct Privacy;

/// Longest name of a property, characters.
const LONGEST_NAME: usize = 64;
/// Longest value of a property, characters.
const LONGEST_VALUE: usize = 256;

// === impl Languages ===

impl Kind for Languages {
    type Value = BTreeMap<String, String>;
    fn name() -> Cow<'static, str> {
        "table of texts".into()
    }
    fn example() -> String {
        r#"{ de = "…" }"#.into()
    }
    fn form() -> Form {
        Form::Toml
    }
    fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<Self::Value> {
        table::<Self>(value, at, |code, value, at| {
            if !is_language(code) {
                return at.refuse(value, "is no language", "use a code of ISO 639: de, deu or pt-BR");
            }
            Some(vec![(code.to_ascii_lowercase(), String::read(value, at)?)])
        })
    }
    fn show(_: &Self::Value) -> Option<String> {
        Some("{}".into())
    }
}

// === impl Properties ===

impl Kind for Properties {
    type Value = BTreeMap<String, String>;
    fn name() -> Cow<'static, str> {
        "table of texts".into()
    }
    fn example() -> String {
        r#"{ screen = "176x208" }"#.into()
    }
    fn form() -> Form {
        Form::Toml
    }
    fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<Self::Value> {
        table::<Self>(value, at, |name, value, at| text(name, value, at).map(|pair| vec![pair]))
    }
    fn show(_: &Self::Value) -> Option<String> {
        Some("{}".into())
    }
}

// === impl Preferences ===

impl Kind for Preferences {
    type Value = BTreeMap<String, String>;
    fn name() -> Cow<'static, str> {
        "table of texts".into()
    }
    fn example() -> String {
        r#"{ tone = "soft", im.greeting = "hello" }"#.into()
    }
    fn form() -> Form {
        Form::Toml
    }
    fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<Self::Value> {
        table::<Self>(value, at, |name, value, at| match value.get_ref() {
            DeValue::Table(_) if SERVICE_NAMES.contains(&name) => {
                let inner = Properties::read(value, at)?;
                Some(inner.into_iter().map(|(inner, text)| (format!("{name}.{inner}"), text)).collect())
            }
            DeValue::Table(_) => {
                let remedy = format!("name one of {}, or give a text", SERVICE_NAMES.join(", "));
                at.refuse(value, "is a table, but no service", remedy)
            }
            _ => text(name, value, at).map(|pair| vec![pair]),
        })
    }
    fn show(_: &Self::Value) -> Option<String> {
        Some("{}".into())
    }
}

// === impl Privacy ===

impl Kind for Privacy {
    type Value = BTreeMap<String, String>;
    fn name() -> Cow<'static, str> {
        "table".into()
    }
    fn example() -> String {
        "{ location = false, user_interaction = true }".into()
    }
    fn form() -> Form {
        Form::Toml
    }
    fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<Self::Value> {
        table::<Self>(value, at, |name, value, at| match name {
            "location" | "user_interaction" => {
                bool::read(value, at).map(|flag| vec![(name.to_owned(), flag.to_string())])
            }
            _ => text(name, value, at).map(|pair| vec![pair]),
        })
    }
    fn show(_: &Self::Value) -> Option<String> {
        Some("{}".into())
    }
}

/// Why a property can't be kept, after its name; `None` if it can.
pub fn property_fault(name: &str, value: &str) -> Option<&'static str> {
    if name.is_empty() || name.trim().len() != name.len() {
        return Some("is no name: it is empty, or begins or ends with a space");
    }
    if name.chars().chain(value.chars()).any(char::is_control) {
        return Some("holds a control character");
    }
    match (name.chars().count() > LONGEST_NAME, value.chars().count() > LONGEST_VALUE) {
        (true, _) => Some("is a name longer than 64 characters"),
        (_, true) => Some("has a value longer than 256 characters"),
        _ => None,
    }
}

/// Reads a table entry by entry; every fault is reported.
fn table<K: Kind>(
    value: &Spanned<DeValue<'_>>,
    at: &mut At<'_>,
    read: impl Fn(&str, &Spanned<DeValue<'_>>, &mut At<'_>) -> Option<Vec<(String, String)>>,
) -> Option<BTreeMap<String, String>> {
    let DeValue::Table(table) = value.get_ref() else {
        return mistyped::<K>(value, at).and(None);
    };
    let read = table.iter().map(|(name, value)| {
        let name = name.get_ref().as_ref();
        at.inside(&format!(".{name}"), |at| read(name, value, at))
    });
    let read: Vec<_> = read.collect();
    let read: Option<Vec<_>> = read.into_iter().collect();
    Some(read?.into_iter().flatten().collect())
}

fn text(name: &str, value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<(String, String)> {
    let text = String::read(value, at)?;
    match property_fault(name, &text) {
        Some(fault) => at.refuse(value, fault, "shorten or mend it"),
        None => Some((name.to_owned(), text)),
    }
}

/// Two or three letters, perhaps with more behind a dash.
fn is_language(code: &str) -> bool {
    let (language, more) = code.split_once('-').unwrap_or((code, "x"));
    let letters = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphabetic());
    matches!(language.len(), 2 | 3)
        && letters(language)
        && !more.is_empty()
        && more.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
