//! `users.toml`: users made at start if they don't exist.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use super::document::Document;
use super::findings::{Findings, Place};
use super::kind::{Msisdn, UserId};
use super::reader::Reader;
use super::section::section;

section! {
    /// One user each; repeat `[[user]]` as often as needed.
    #[derive(Clone, PartialEq, Eq)]
    pub struct UserEntry = "user" {
        /// The user's id without domain, kept in lower case.
        id: String as UserId,
        /// The password. It is taken once, when the user is made.
        password: String,
        /// How the password is kept: sealed, so that digest logins can be checked, or as argon2 only, for
        /// logins with a clear password.
        login: LoginClass = LoginClass::Digest,
        /// Telephone number.
        msisdn: Option<String> as Option<Msisdn> = None,
        /// Name shown to others.
        friendly_name: Option<String> = None,
        /// First name.
        first_name: Option<String> = None,
        /// Last name.
        last_name: Option<String> = None,
        /// E-mail address.
        email: Option<String> = None,
        /// Whether the user may log in.
        active: bool = true,
        /// Services whose primary service element is elsewhere for this user; overrides `[services]`.
        services: BTreeMap<String, String> = BTreeMap::new(),
    }
}

/// How a password is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoginClass {
    /// Sealed, so that digest logins can be checked.
    #[default]
    Digest,
    /// argon2 only: logins with a clear password.
    Hashed,
}

/// Reads `users.toml`: the users that are sound, each with its place.
pub(super) fn read(file: &Path, label: String, findings: &mut Findings) -> Vec<(Place, UserEntry)> {
    let Some(document) = Document::open(file, label, findings) else { return Vec::new() };
    let base = file.parent().unwrap_or_else(|| Path::new(""));
    let mut reader = Reader::new(&document, base, None, findings);
    let rows = reader.list::<UserEntry>();
    reader.finish();
    let mut users: Vec<(Place, UserEntry)> = Vec::new();
    for (at, user) in rows {
        let Some(user) = user else { continue };
        if user.password.is_empty() {
            findings.error(at, format!("the password of {} is empty", user.id), "give the user a password");
            continue;
        }
        if let Some((first, _)) = users.iter().find(|(_, other)| other.id == user.id) {
            let what = format!("the user {} stands twice", user.id);
            findings.error(at, what, format!("remove one; the first stands in line {}", first.line));
            continue;
        }
        let number = |user: &UserEntry| user.msisdn.as_deref().map(|n| n.trim_start_matches('+').to_owned());
        let same = users.iter().find(|(_, other)| user.msisdn.is_some() && number(other) == number(&user));
        if let Some((_, other)) = same {
            let what = format!("the msisdn of {} is that of {} too", user.id, other.id);
            findings.error(at, what, "give each number to one user");
            continue;
        }
        users.push((at, user));
    }
    users
}

// === impl UserEntry ===

impl fmt::Debug for UserEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserEntry").field("id", &self.id).field("login", &self.login).finish_non_exhaustive()
    }
}
