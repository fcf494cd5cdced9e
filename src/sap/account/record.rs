//! An account as it is stored.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use std::collections::BTreeMap;

use super::{Account, AccountError, NUMBERS};
use crate::config::LoginClass;
use crate::sap::profile::Profile;
use crate::store::Key;

/// `user/ID`. Fields may be added; records without them read as their default.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Record {
    /// Says what `secret` is.
    pub(super) login: LoginClass,
    /// The sealed password or its argon2 hash.
    pub(super) secret: String,
    pub(super) msisdn: Option<String>,
    pub(super) friendly_name: Option<String>,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) active: bool,
    /// Made at the first login of a subscriber; nobody gave it a friendly name.
    pub(super) auto_registered: bool,
    pub(super) profile: Profile,
    /// Where the places of services stood before there were profiles.
    #[serde(skip_serializing)]
    pub(super) services: BTreeMap<String, String>,
}

// === impl Record ===

impl Default for Record {
    fn default() -> Self {
        Self {
            login: LoginClass::Digest,
            secret: String::new(),
            msisdn: None,
            friendly_name: None,
            first_name: None,
            last_name: None,
            email: None,
            active: true,
            profile: Profile::default(),
            auto_registered: false,
            services: BTreeMap::new(),
        }
    }
}

impl Record {
    pub(super) fn read(id: &str, value: &[u8]) -> Result<Self, AccountError> {
        let mut record: Self =
            serde_json::from_slice(value).map_err(|_| AccountError::Damaged { id: id.to_owned() })?;
        let older = std::mem::take(&mut record.services);
        if !older.is_empty() {
            record.profile.set_elsewhere(&older);
        }
        Ok(record)
    }

    pub(super) fn write(&self) -> Bytes {
        // Text, flags and a map with text keys always serialise.
        serde_json::to_vec(self).unwrap_or_default().into()
    }

    pub(super) fn number_key(&self) -> Option<Key> {
        self.msisdn.as_deref().and_then(number_key)
    }

    pub(super) fn account(&self, id: &str) -> Account {
        let Self { login, secret: _, msisdn, friendly_name, first_name, last_name, email, .. } = self;
        let Self { active, auto_registered, profile, .. } = self;
        Account {
            id: id.to_owned(),
            login: *login,
            msisdn: msisdn.clone(),
            friendly_name: friendly_name.clone(),
            first_name: first_name.clone(),
            last_name: last_name.clone(),
            email: email.clone(),
            active: *active,
            auto_registered: *auto_registered,
            services: profile.elsewhere(),
            profile: profile.clone(),
        }
    }
}

/// The key of a telephone number, with or without `+`; `None` if the text is no number.
pub(super) fn number_key(msisdn: &str) -> Option<Key> {
    digits(msisdn).map(|digits| Key::of(&[NUMBERS, digits]))
}

/// The digits of a telephone number with or without `+`; `None` if the text is no number.
pub(in crate::sap) fn digits(msisdn: &str) -> Option<&str> {
    let digits = msisdn.strip_prefix('+').unwrap_or(msisdn);
    ((3..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}
