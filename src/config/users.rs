//! `users.toml`: users made at start if they don't exist.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use super::document::Document;
use super::findings::{Findings, Place};
use super::kind::{Msisdn, Preferences, Privacy, Properties, SERVICE_NAMES, ServiceName, UserId};
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
        /// Services the user has subscribed to; others are not offered to him.
        subscribed: Vec<String> as Vec<ServiceName> = every_service(),
        /// Services of these that are not in use at present, and not offered either.
        inactive_services: Vec<String> as Vec<ServiceName> = Vec::new(),
        /// Free properties: how the user wants services to behave. Those of one service stand under its name:
        /// `{ tone = "soft", im.greeting = "hello" }`.
        preferences: BTreeMap<String, String> as Preferences = BTreeMap::new(),
        /// How far networks may go: `location` and `user_interaction` are `true` or `false`, not stated they count
        /// as `false`; others are texts.
        privacy: BTreeMap<String, String> as Privacy = BTreeMap::new(),
        /// Free properties: what the user's terminal can do, and how its interface is preferred.
        terminal: BTreeMap<String, String> as Properties = BTreeMap::new(),
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

fn every_service() -> Vec<String> {
    SERVICE_NAMES.map(str::to_owned).to_vec()
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

#[cfg(test)]
impl UserEntry {
    /// alice, of whom nothing else is told.
    pub(crate) fn sample() -> Self {
        Self {
            id: "alice".into(),
            password: "secret".into(),
            login: LoginClass::Digest,
            msisdn: None,
            friendly_name: None,
            first_name: None,
            last_name: None,
            email: None,
            active: true,
            services: BTreeMap::new(),
            subscribed: every_service(),
            inactive_services: Vec::new(),
            preferences: BTreeMap::new(),
            privacy: BTreeMap::new(),
            terminal: BTreeMap::new(),
        }
    }
}
