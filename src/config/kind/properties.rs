//! Tables of texts under names that nobody lists.

use std::borrow::Cow;
use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::DeValue;

use super::{Form, Kind, mistyped};
use crate::config::reader::At;

/// Texts by language: `{ de = "…", "pt-BR" = "…" }`. Codes are kept in lower case.
pub(in crate::config) struct Languages;

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
        let DeValue::Table(table) = value.get_ref() else { return mistyped::<Self>(value, at) };
        let read = table.iter().map(|(code, text)| {
            let code = code.get_ref().as_ref();
            at.inside(&format!(".{code}"), |at| {
                if !is_language(code) {
                    return at.refuse(text, "is no language", "use a code of ISO 639: de, deu or pt-BR");
                }
                Some((code.to_ascii_lowercase(), String::read(text, at)?))
            })
        });
        let read: Vec<_> = read.collect();
        read.into_iter().collect()
    }
    fn show(_: &Self::Value) -> Option<String> {
        Some("{}".into())
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
