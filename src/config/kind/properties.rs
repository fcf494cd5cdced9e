//! Tables of texts under names that nobody lists.

use std::borrow::Cow;
use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::DeValue;

use super::SERVICE_NAMES;
use super::{Form, Kind, mistyped};
use crate::config::reader::At;

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

#[cfg(test)]
mod tests {

    use super::*;
    use crate::config::{Environment, Loaded, load};
    use crate::time::Timestamp;

    fn loaded(node: &str, users: &str) -> (tempfile::TempDir, Loaded, String) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("peers")).unwrap();
        let node = format!("domain = \"north.example\"\nusers = \"users.toml\"\n{node}");
        std::fs::write(dir.path().join("postern.toml"), node).unwrap();
        std::fs::write(dir.path().join("users.toml"), users).unwrap();
        let loaded = load(&dir.path().join("postern.toml"), &Environment::default(), Timestamp(0));
        let lines = loaded.findings.iter().map(|f| format!("{}:{}: {}: {}", f.file, f.line, f.what, f.remedy));
        let lines = lines.collect::<Vec<_>>().join("\n");
        (dir, loaded, lines)
    }

    fn pairs(table: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
        table.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    #[test]
    fn a_user_may_be_told_with_a_profile_or_without() {
        let users = r#"
            [[user]]
            id = "alice"
            password = "x"
            subscribed = ["presence", "im"]
            inactive_services = ["im"]
            preferences = { tone = "soft", im.greeting = "hello" }
            privacy = { location = false, pay = "ask" }
            terminal = { screen = "176x208" }
            [[user]]
            id = "bob"
            password = "x"
        "#;
        let (_dir, loaded, findings) = loaded("", users);
        assert_eq!(findings, "");
        let [alice, bob] = loaded.users.as_slice() else { panic!("two users") };
        assert_eq!((alice.subscribed.len(), alice.inactive_services.len()), (2, 1));
        assert_eq!(pairs(&alice.preferences), [("im.greeting", "hello"), ("tone", "soft")]);
        assert_eq!(pairs(&alice.privacy), [("location", "false"), ("pay", "ask")]);
        assert_eq!(pairs(&alice.terminal), [("screen", "176x208")]);
        assert_eq!((bob.subscribed.len(), bob.privacy.len()), (4, 0));
    }

    #[test]
    fn a_profile_with_faults_names_each_with_its_line() {
        let users = "[[user]]\nid = \"alice\"\npassword = \"x\"\nsubscribed = [\"mail\"]\n\
                     preferences = { mail.greeting = \"hello\" }\nprivacy = { location = \"never\" }\n\
                     terminal = { screen = 7, \" pad\" = \"x\" }\n";
        let (_dir, loaded, findings) = loaded("", users);
        assert!(loaded.users.is_empty());
        for part in [
            "users.toml:4: user[0].subscribed[0] is \"mail\"",
            "users.toml:5: user[0].preferences.mail is a table, but no service",
            "users.toml:6: user[0].privacy.location is a text, not true or false",
            "users.toml:7: user[0].terminal.screen is a whole number",
            "users.toml:7: user[0].terminal. pad is no name",
        ] {
            assert!(findings.contains(part), "{part} is not in:\n{findings}");
        }
    }

    #[test]
    fn descriptions_stand_under_languages() {
        let node = "[provider]\ndescriptions = { DE = \"Reden\", pt-BR = \"Conversa\" }\n";
        let (_dir, told, findings) = loaded(node, "");
        assert_eq!(findings, "");
        let descriptions = told.config.unwrap().provider.descriptions;
        assert_eq!(pairs(&descriptions), [("de", "Reden"), ("pt-br", "Conversa")]);
        let (_dir, _, findings) = loaded("[provider]\ndescriptions = { german = \"Reden\" }\n", "");
        assert!(findings.contains("postern.toml:4: provider.descriptions.german is no language"), "{findings}");
    }

    #[test]
    fn a_logo_that_cant_be_shown_is_warned_about_where_it_is_named() {
        let finding = |name: &str| loaded(&format!("[provider]\nname = \"North\"\nlogo = \"{name}\"\n"), "").2;
        assert!(finding("logo.png").starts_with("postern.toml:5: provider.logo names "), "{}", finding("logo.png"));
        assert!(finding("logo.png").contains("which doesn't exist"));
        assert!(finding("users.toml").contains("which is no PNG, GIF, JPEG or WBMP: save it as one of these"));
        let large = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(large.path(), [&b"GIF89a"[..], &[0; 65_536]].concat()).unwrap();
        assert!(finding(&large.path().to_string_lossy()).contains("larger than 64 KiB: make it smaller"));
        std::fs::write(large.path(), b"GIF89a").unwrap();
        assert_eq!(finding(&large.path().to_string_lossy()), "");
    }
}
