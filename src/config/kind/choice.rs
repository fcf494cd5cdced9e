//! Values of which there is a fixed choice.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::DeValue;

use super::SERVICE_NAMES;
use super::{Kind, from_text, mistyped};
use crate::config::reader::{At, nearest};
use crate::config::{ClearPasswords, LoginClass, Offline, Pse, StoreConfig};
use crate::vocabulary::Version;

/// Reads one of a choice of texts.
pub(in crate::config) fn one_of<K: Kind, V: Copy>(
    value: &Spanned<DeValue<'_>>,
    at: &mut At<'_>,
    choice: &[(&'static str, V)],
) -> Option<V> {
    let DeValue::String(text) = value.get_ref() else {
        return mistyped::<K>(value, at).and(None);
    };
    if let Some((_, chosen)) = choice.iter().find(|(name, _)| name == text) {
        return Some(*chosen);
    }
    let names = || choice.iter().map(|(name, _)| *name);
    let remedy = match nearest(text, names()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("use one of {}", names().map(|n| format!("{n:?}")).collect::<Vec<_>>().join(", ")),
    };
    at.refuse(value, format!("is {text:?}, which is not known"), remedy)
}

macro_rules! choice {
    ($ty:ty { $first:literal => $chosen:expr $(, $name:literal => $other:expr)* $(,)? }) => {
        impl Kind for $ty {
            type Value = Self;
            fn name() -> Cow<'static, str> {
                concat!("`\"", $first, "\"`" $(, ", `\"", $name, "\"`")*).into()
            }
            fn example() -> String {
                format!("{:?}", $first)
            }
            fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<Self> {
                let choice = [($first, $chosen) $(, ($name, $other))*];
                one_of::<Self, _>(value, at, &choice)
            }
            fn show(value: &Self) -> Option<String> {
                let choice = [($first, $chosen) $(, ($name, $other))*];
                choice.into_iter().find(|(_, chosen)| chosen == value).map(|(name, _)| format!("{name:?}"))
            }
        }
    };
}

/// The name of a service that users have.
pub(in crate::config) struct ServiceName;

impl Kind for ServiceName {
    type Value = String;
    fn name() -> Cow<'static, str> {
        "service".into()
    }
    fn example() -> String {
        "\"im\"".into()
    }
    fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<String> {
        let choice = SERVICE_NAMES.map(|name| (name, name));
        one_of::<Self, _>(value, at, &choice).map(str::to_owned)
    }
    fn show(value: &String) -> Option<String> {
        Some(format!("{value:?}"))
    }
}

choice!(ClearPasswords {
    "tls-or-loopback" => Self::TlsOrLoopback,
    "never" => Self::Never,
    "always" => Self::Always,
});
choice!(Offline { "store" => Self::Store, "refuse" => Self::Refuse });
choice!(LoginClass { "digest" => Self::Digest, "hashed" => Self::Hashed });
choice!(Version { "1.3" => Self::V13, "1.2" => Self::V12, "1.1" => Self::V11 });

impl Kind for StoreConfig {
    type Value = Self;
    fn name() -> Cow<'static, str> {
        "`\"sled\"`".into()
    }
    fn example() -> String {
        "\"sled\"".into()
    }
    fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(text) if text == "postgres" => at.refuse(
                value,
                "is \"postgres\", which is not in this version",
                "use \"sled\", the embedded store; one node serves the domain",
            ),
            _ => one_of::<Self, _>(value, at, &[("sled", Self::Sled)]),
        }
    }
    fn show(value: &Self) -> Option<String> {
        match value {
            Self::Sled => Some("\"sled\"".into()),
        }
    }
}

impl Kind for Pse {
    type Value = Self;
    fn name() -> Cow<'static, str> {
        "`\"local\"`, `\"none\"` or domain".into()
    }
    fn example() -> String {
        "\"local\"".into()
    }
    fn read(value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(text) if text == "local" => Some(Self::Local),
            DeValue::String(text) if text == "none" => Some(Self::None),
            DeValue::String(_) => {
                from_text::<crate::address::Domain>(value, at, super::address::domain).map(Self::Domain)
            }
            _ => mistyped::<Self>(value, at),
        }
    }
    fn show(value: &Self) -> Option<String> {
        Some(match value {
            Self::Local => "\"local\"".into(),
            Self::None => "\"none\"".into(),
            Self::Domain(domain) => format!("\"{domain}\""),
        })
    }
}
