//! Kinds of values a key may take: how each is read, shown and called.

mod address;
mod choice;
mod properties;
mod quantity;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::DeValue;

use super::reader::At;
use crate::address::{Address, Domain};
use crate::time::Timestamp;

pub use self::address::domain;
pub(super) use self::address::{DnsName, HostPort, NameServer, PeerUrl, WebUrl};
pub(super) use self::choice::{ServiceName, one_of};
pub use self::properties::property_fault;
pub(super) use self::properties::{Languages, Preferences, Privacy, Properties};
pub(super) use self::quantity::Bytes;

/// How a value is written in an environment variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is.
    Text,
    /// As in the file: `true`, `5`.
    Toml,
    /// As in the file, or with commas between.
    List,
}

/// The services a user may have.
pub(super) const SERVICE_NAMES: [&str; 4] = ["presence", "im", "group", "content"];

/// A kind of value.
pub(super) trait Kind {
    /// What is kept of it.
    type Value;

    /// What it is called: `duration`.
    fn name() -> Cow<'static, str>;

    /// One as TOML, for remedies.
    fn example() -> String;

    /// How a variable writes it.
    fn form() -> Form {
        Form::Text
    }

    /// Reads it, or reports what is wrong.
    fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<Self::Value>;

    /// Makes paths of a default absolute.
    fn rooted(value: Self::Value, _: &Path) -> Self::Value {
        value
    }

    /// A default as TOML; `None` if it is "off".
    fn show(value: &Self::Value) -> Option<String>;
}

/// A user id without domain, kept in lower case.
pub(super) struct UserId;

/// A telephone number: digits, perhaps with `+` before.
pub(super) struct Msisdn;

/// A name of an HTTP header.
pub(super) struct HeaderName;

/// What a value is, for messages.
pub(super) fn found(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Reports a value of another type.
pub(super) fn mistyped<K: Kind>(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<K::Value> {
    let what = format!("is {}, not {}", found(value.get_ref()), with_article(&K::name()));
    at.refuse(value, what, format!("write it like {}", K::example()))
}

/// Reads a text by a function that says why it fails.
pub(super) fn from_text<K: Kind>(
    value: &Spanned<DeValue<'_>>,
    at: &mut At<'_>,
    read: impl FnOnce(&str) -> Result<K::Value, String>,
) -> Option<K::Value> {
    let DeValue::String(text) = value.get_ref() else { return mistyped::<K>(value, at) };
    match read(text) {
        Ok(read) => Some(read),
        Err(why) => {
            let what = format!("is {text:?}, which is no {} ({why})", K::name());
            at.refuse(value, what, format!("write it like {}", K::example()))
        }
    }
}

fn with_article(name: &str) -> String {
    let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {name}")
}

/// A text as TOML.
fn quoted(text: &str) -> Option<String> {
    Some(format!("{text:?}"))
}

// === impl Kind ===

impl<K: Kind> Kind for Option<K> {
    type Value = Option<K::Value>;
    fn name() -> Cow<'static, str> {
        K::name()
    }
    fn example() -> String {
        K::example()
    }
    fn form() -> Form {
        K::form()
    }
    fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<Self::Value> {
        match value.get_ref() {
            DeValue::String(text) if text.is_empty() => Some(None),
            _ => K::read(value, at).map(Some),
        }
    }
    fn rooted(value: Self::Value, base: &Path) -> Self::Value {
        value.map(|value| K::rooted(value, base))
    }
    fn show(value: &Self::Value) -> Option<String> {
        value.as_ref().and_then(K::show)
    }
}

impl<K: Kind> Kind for Vec<K> {
    type Value = Vec<K::Value>;
    fn name() -> Cow<'static, str> {
        format!("list of {}s", K::name()).into()
    }
    fn example() -> String {
        format!("[{}]", K::example())
    }
    fn form() -> Form {
        Form::List
    }
    fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<Self::Value> {
        let DeValue::Array(items) = value.get_ref() else { return mistyped::<Self>(value, at) };
        let read = items.iter().enumerate().map(|(i, item)| at.inside(&format!("[{i}]"), |at| K::read(item, at)));
        let read: Vec<_> = read.collect();
        read.into_iter().collect()
    }
    fn rooted(value: Self::Value, base: &Path) -> Self::Value {
        value.into_iter().map(|value| K::rooted(value, base)).collect()
    }
    fn show(value: &Self::Value) -> Option<String> {
        Some(format!("[{}]", value.iter().filter_map(K::show).collect::<Vec<_>>().join(", ")))
    }
}

/// Services and where they are, for one user.
impl Kind for BTreeMap<String, String> {
    type Value = Self;
    fn name() -> Cow<'static, str> {
        "table of services".into()
    }
    fn example() -> String {
        r#"{ im = "bb.example" }"#.into()
    }
    fn form() -> Form {
        Form::Toml
    }
    fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<Self> {
        let DeValue::Table(table) = value.get_ref() else { return mistyped::<Self>(value, at) };
        let read = table.iter().map(|(key, value)| {
            let known = SERVICE_NAMES;
            let name = key.get_ref().as_ref();
            at.inside(&format!(".{name}"), |at| {
                if !known.contains(&name) {
                    return at.refuse(value, "is no service", format!("use one of {}", known.join(", ")));
                }
                let place = super::Pse::read(value, at)?;
                Some((name.to_owned(), super::Pse::show(&place)?.trim_matches('"').to_owned()))
            })
        });
        let read: Vec<_> = read.collect();
        read.into_iter().collect()
    }
    fn show(_: &Self) -> Option<String> {
        Some("{}".into())
    }
}

impl Kind for bool {
    type Value = Self;
    fn name() -> Cow<'static, str> {
        "true or false".into()
    }
    fn example() -> String {
        "true".into()
    }
    fn form() -> Form {
        Form::Toml
    }
    fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<Self> {
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            other => {
                let what = format!("is {}, not true or false", found(other));
                at.refuse(value, what, "write true or false, without quotes")
            }
        }
    }
    fn show(value: &Self) -> Option<String> {
        Some(value.to_string())
    }
}

impl Kind for String {
    type Value = Self;
    fn name() -> Cow<'static, str> {
        "text".into()
    }
    fn example() -> Self {
        "\"…\"".into()
    }
    fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => mistyped::<Self>(value, at),
        }
    }
    fn show(value: &Self) -> Option<Self> {
        quoted(value)
    }
}

impl Kind for PathBuf {
    type Value = Self;
    fn name() -> Cow<'static, str> {
        "path".into()
    }
    fn example() -> String {
        "\"folder/file\"".into()
    }
    fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<Self> {
        let base = at.base;
        from_text::<Self>(value, at, |text| match text {
            "" => Err("it is empty".into()),
            text if text.contains('\0') => Err("it holds a zero character".into()),
            text => Ok(base.join(text)),
        })
    }
    fn rooted(value: Self, base: &Path) -> Self {
        base.join(value)
    }
    fn show(value: &Self) -> Option<String> {
        quoted(&value.to_string_lossy())
    }
}

impl Kind for Timestamp {
    type Value = Self;
    fn name() -> Cow<'static, str> {
        "date and time".into()
    }
    fn example() -> String {
        "2030-01-01T00:00:00Z".into()
    }
    fn form() -> Form {
        Form::Toml
    }
    fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<Self> {
        let DeValue::Datetime(written) = value.get_ref() else {
            return at.refuse(
                value,
                format!("is {}, not a date and time", found(value.get_ref())),
                format!("write it without quotes, like {}", Self::example()),
            );
        };
        match written.to_string().parse::<jiff::Timestamp>() {
            Ok(instant) => Some(Self(u64::try_from(instant.as_millisecond()).unwrap_or(0))),
            Err(_) => at.refuse(
                value,
                format!("is {written}, which is no instant"),
                format!("give date, time and zone, like {}", Self::example()),
            ),
        }
    }
    fn show(value: &Self) -> Option<String> {
        Some(value.iso_extended())
    }
}

impl Kind for UserId {
    type Value = String;
    fn name() -> Cow<'static, str> {
        "user id".into()
    }
    fn example() -> String {
        "\"alice\"".into()
    }
    fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<String> {
        from_text::<Self>(value, at, |text| {
            if text.contains(['@', '/', ':']) {
                return Err("it stands without wv:, domain and resource".into());
            }
            // Any domain serves: only the user part is looked at.
            let domain: Domain = "user.invalid".parse().map_err(|_| String::new())?;
            let address = Address::user_at(text, &domain).map_err(|error| error.to_string())?;
            if address.is_user() { Ok(address.user().to_owned()) } else { Err("it is empty".into()) }
        })
    }
    fn show(value: &String) -> Option<String> {
        quoted(value)
    }
}

impl Kind for Msisdn {
    type Value = String;
    fn name() -> Cow<'static, str> {
        "telephone number".into()
    }
    fn example() -> String {
        "\"+358401234567\"".into()
    }
    fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<String> {
        from_text::<Self>(value, at, |text| {
            let digits = text.strip_prefix('+').unwrap_or(text);
            match digits.len() {
                3..=15 if digits.bytes().all(|b| b.is_ascii_digit()) => Ok(text.to_owned()),
                _ => Err("3 to 15 digits, perhaps with + before".into()),
            }
        })
    }
    fn show(value: &String) -> Option<String> {
        quoted(value)
    }
}

impl Kind for HeaderName {
    type Value = String;
    fn name() -> Cow<'static, str> {
        "header name".into()
    }
    fn example() -> String {
        "\"X-Network-MSISDN\"".into()
    }
    fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<String> {
        from_text::<Self>(value, at, |text| match hyper::header::HeaderName::try_from(text) {
            Ok(_) => Ok(text.to_owned()),
            Err(_) => Err("letters, digits and - only".into()),
        })
    }
    fn show(value: &String) -> Option<String> {
        quoted(value)
    }
}
