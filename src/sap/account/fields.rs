//! What may be said about an account: making one, changing one, and what is not accepted.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::AccountError;
use super::record::{Record, number_key};
use crate::config::{LoginClass, UserEntry};
use crate::sap::profile::{self, ProfileChange, Service};
use crate::sap::secret::Password;

/// An account to be made.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// The user part of the address.
    pub id: String,
    /// The password.
    pub password: Password,
    /// How the password is kept.
    #[serde(default)]
    pub login: LoginClass,
    /// Telephone number.
    #[serde(default)]
    pub msisdn: Option<String>,
    /// The name shown to people.
    #[serde(default)]
    pub friendly_name: Option<String>,
    /// First name.
    #[serde(default)]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(default)]
    pub last_name: Option<String>,
    /// E-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// Whether the user may log in.
    #[serde(default = "yes")]
    pub active: bool,
    /// Made at a subscriber's first login, not by the operator.
    #[serde(skip)]
    pub auto_registered: bool,
    /// Services whose primary service element is elsewhere for this user: service → domain.
    #[serde(default)]
    pub services: BTreeMap<String, String>,
    /// What else is known of the user.
    #[serde(default)]
    pub profile: ProfileChange,
}

/// A change of an account: what is `None` stays, what is `Some(None)` (JSON `null`) goes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountChange {
    /// May be repeated, not changed.
    pub id: Option<String>,
    /// A new password.
    pub password: Option<Password>,
    /// How the password is kept.
    pub login: Option<LoginClass>,
    /// Telephone number.
    #[serde(deserialize_with = "given")]
    pub msisdn: Option<Option<String>>,
    /// The name shown to people.
    #[serde(deserialize_with = "given")]
    pub friendly_name: Option<Option<String>>,
    /// First name.
    #[serde(deserialize_with = "given")]
    pub first_name: Option<Option<String>>,
    /// Last name.
    #[serde(deserialize_with = "given")]
    pub last_name: Option<Option<String>>,
    /// E-mail address.
    #[serde(deserialize_with = "given")]
    pub email: Option<Option<String>>,
    /// Whether the user may log in.
    pub active: Option<bool>,
    /// Services elsewhere; replaces the whole table.
    pub services: Option<BTreeMap<String, String>>,
    /// What changes of the profile.
    pub profile: Option<ProfileChange>,
}

const LONGEST_NAME: usize = 256;
const LONGEST_PASSWORD: usize = 256;

// === impl NewAccount ===

impl NewAccount {
    /// An account with an id and a password, and nothing else known.
    pub fn new(id: impl Into<String>, password: Password) -> Self {
        Self {
            id: id.into(),
            password,
            login: LoginClass::default(),
            msisdn: None,
            friendly_name: None,
            first_name: None,
            last_name: None,
            email: None,
            active: true,
            auto_registered: false,
            services: BTreeMap::new(),
            profile: ProfileChange::default(),
        }
    }

    /// The record without its secret, and the password to keep in it.
    pub(super) fn checked(self, id: &str) -> Result<(Record, Password), AccountError> {
        let names = [
            ("friendly_name", &self.friendly_name),
            ("first_name", &self.first_name),
            ("last_name", &self.last_name),
            ("email", &self.email),
        ];
        names.iter().try_for_each(|(field, name)| check_name(field, name.as_deref()))?;
        check_password(&self.password)?;
        check_services(&self.services)?;
        let msisdn = self.msisdn.as_deref().map(number).transpose()?;
        let mut record = Record {
            login: self.login,
            secret: String::new(),
            msisdn,
            friendly_name: self.friendly_name,
            first_name: self.first_name,
            last_name: self.last_name,
            email: self.email,
            active: self.active,
            auto_registered: self.auto_registered,
            ..Record::default()
        };
        record.profile.set_elsewhere(&self.services);
        self.profile.apply(id, &mut record.profile, &mut record.active)?;
        Ok((record, self.password))
    }
}

impl From<&UserEntry> for NewAccount {
    fn from(entry: &UserEntry) -> Self {
        Self {
            id: entry.id.clone(),
            password: Password::new(entry.password.as_str()),
            login: entry.login,
            msisdn: entry.msisdn.clone(),
            friendly_name: entry.friendly_name.clone(),
            first_name: entry.first_name.clone(),
            last_name: entry.last_name.clone(),
            email: entry.email.clone(),
            active: entry.active,
            auto_registered: false,
            services: entry.services.clone(),
            profile: ProfileChange::from(entry),
        }
    }
}

// === impl AccountChange ===

impl AccountChange {
    /// Whether every field given may be kept.
    pub(super) fn check(&self, id: &str) -> Result<(), AccountError> {
        if self.id.as_deref().is_some_and(|other| !other.eq_ignore_ascii_case(id)) {
            return Err(invalid("id", "an id can't be changed; add a new user instead"));
        }
        let names = [
            ("friendly_name", &self.friendly_name),
            ("first_name", &self.first_name),
            ("last_name", &self.last_name),
            ("email", &self.email),
        ];
        names.iter().try_for_each(|(field, name)| check_name(field, name.as_ref().and_then(Option::as_deref)))?;
        self.password.as_ref().map_or(Ok(()), check_password)?;
        self.services.as_ref().map_or(Ok(()), check_services)?;
        self.msisdn.as_ref().and_then(Option::as_deref).map_or(Ok(()), |msisdn| number(msisdn).map(drop))
    }

    /// Writes the fields given, checked before, except password; the profile is checked here.
    pub(super) fn apply(&self, id: &str, record: &mut Record) -> Result<(), AccountError> {
        fn set<T: Clone>(field: &mut T, given: Option<&T>) {
            if let Some(value) = given {
                *field = value.clone();
            }
        }
        let msisdn = self.msisdn.as_ref().map(|text| text.as_deref().and_then(|text| number(text).ok()));
        set(&mut record.login, self.login.as_ref());
        set(&mut record.msisdn, msisdn.as_ref());
        set(&mut record.friendly_name, self.friendly_name.as_ref());
        set(&mut record.first_name, self.first_name.as_ref());
        set(&mut record.last_name, self.last_name.as_ref());
        set(&mut record.email, self.email.as_ref());
        set(&mut record.active, self.active.as_ref());
        if let Some(places) = &self.services {
            record.profile.set_elsewhere(places);
        }
        match &self.profile {
            Some(profile) => profile.apply(id, &mut record.profile, &mut record.active),
            None => Ok(()),
        }
    }
}

fn yes() -> bool {
    true
}

/// Tells `null` from absence.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

fn invalid(field: &'static str, what: &str) -> AccountError {
    AccountError::Invalid { field, what: what.to_owned() }
}

fn check_name(field: &'static str, name: Option<&str>) -> Result<(), AccountError> {
    match name {
        Some(name) if name.chars().count() > LONGEST_NAME => Err(invalid(field, "is longer than 256 characters")),
        Some(name) if name.chars().any(char::is_control) => Err(invalid(field, "holds a control character")),
        _ => Ok(()),
    }
}

/// What a phone can send: the wire trims text, and has no control characters.
fn check_password(password: &Password) -> Result<(), AccountError> {
    let text = password.expose();
    if text.is_empty() {
        return Err(invalid("password", "is empty"));
    }
    if text.chars().count() > LONGEST_PASSWORD {
        return Err(invalid("password", "is longer than 256 characters"));
    }
    if text.chars().any(char::is_control) || text.trim().len() != text.len() {
        return Err(invalid("password", "begins or ends with a space, or holds a control character"));
    }
    Ok(())
}

fn check_services(services: &BTreeMap<String, String>) -> Result<(), AccountError> {
    for (service, domain) in services {
        if Service::ALL.iter().all(|known| known.name() != service) {
            return Err(invalid("services", &format!("{service} is none of presence, im, group, content")));
        }
        profile::place(domain)?;
    }
    Ok(())
}

/// A telephone number without spaces, dashes, dots and brackets.
fn number(text: &str) -> Result<String, AccountError> {
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '/')).collect();
    match number_key(&plain) {
        Some(_) => Ok(plain),
        None => Err(invalid("msisdn", "is no telephone number; write + and 3 to 15 digits")),
    }
}
