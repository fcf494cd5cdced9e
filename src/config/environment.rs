//! Environment variables that override keys of `postern.toml`: `POSTERN_LISTEN__CSP`, `POSTERN_DOMAIN`.

use std::collections::BTreeMap;

/// Stands for the file in findings about variables.
pub(super) const FILE: &str = "environment";

const PREFIX: &str = "POSTERN_";

/// The variables that may override keys.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, String>);

// === impl Environment ===

impl Environment {
    /// The variables of this process. One that is not UTF-8 is passed over.
    pub fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// The value of a variable.
    pub(super) fn get(&self, variable: &str) -> Option<&str> {
        self.0.get(variable).map(String::as_str)
    }

    /// Whether a variable sets any key of a section.
    pub(super) fn touches(&self, section: &str) -> bool {
        let prefix = variable(section, "");
        self.0.keys().any(|name| name.starts_with(&prefix))
    }

    /// The names that can only be meant as keys: those with a section.
    pub(super) fn sectioned(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str).filter(|name| name.contains("__"))
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().filter(|(name, _)| name.starts_with(PREFIX)).collect())
    }
}

/// The variable that overrides a key.
pub(super) fn variable(section: &str, key: &str) -> String {
    let section = if section.is_empty() { String::new() } else { format!("{section}__") };
    format!("{PREFIX}{section}{key}").to_ascii_uppercase()
}
