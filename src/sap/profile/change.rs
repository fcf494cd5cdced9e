//! A change of a profile: what is given changes, the rest stays.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::{LOCAL, NONE, Privacy, Profile, Properties, Service};
use crate::address::Domain;
use crate::config::{self, UserEntry};
use crate::sap::account::AccountError;

/// Properties given: a value sets one, `None` (JSON `null`) removes it.
pub type PropertiesChange = BTreeMap<String, Option<String>>;

/// A change of a profile, as the admin address takes it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProfileChange {
    /// May be repeated, not changed.
    pub id: Option<String>,
    /// Whether the user may log in.
    pub active: Option<bool>,
    /// The services given.
    pub services: BTreeMap<Service, SubscriptionChange>,
    /// The general preferences given.
    pub preferences: PropertiesChange,
    /// How far networks may go.
    pub privacy: PrivacyChange,
    /// The properties of the terminal given.
    pub terminal: PropertiesChange,
    /// May be repeated; sessions negotiate for themselves.
    pub sessions: Option<IgnoredAny>,
}

/// A change of what a user has of one service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SubscriptionChange {
    /// Whether the user has it at all.
    pub subscribed: Option<bool>,
    /// Whether it is in use at present.
    pub active: Option<bool>,
    /// Where its primary service element is: a domain, `local` or `none`; `null`: where `[services]` says.
    #[serde(deserialize_with = "given")]
    pub pse: Option<Option<String>>,
    /// The preferences given.
    pub preferences: PropertiesChange,
}

/// A change of how far networks may go; `null` = not stated any more.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrivacyChange {
    /// Whether the user may be located.
    #[serde(deserialize_with = "given")]
    pub location: Option<Option<bool>>,
    /// Whether the user may be interacted with.
    #[serde(deserialize_with = "given")]
    pub user_interaction: Option<Option<bool>>,
    /// The further properties given.
    pub properties: PropertiesChange,
}

/// Most properties of one table.
const MOST_PROPERTIES: usize = 64;

// === impl ProfileChange ===

impl ProfileChange {
    /// Writes what is given into a profile; `active` is the account's. Nothing is written if anything is refused.
    ///
    /// # Errors
    /// [`AccountError::Invalid`].
    pub(in crate::sap) fn apply(&self, id: &str, profile: &mut Profile, active: &mut bool) -> Result<(), AccountError> {
        if self.id.as_deref().is_some_and(|other| !other.eq_ignore_ascii_case(id)) {
            return Err(invalid("id", "an id can't be changed; add a new user instead"));
        }
        let mut new = profile.clone();
        for (service, change) in &self.services {
            change.apply(*service, &mut new)?;
        }
        for name in self.preferences.keys() {
            if let Some((service, _)) = split(name) {
                let of = service.name();
                return Err(invalid("preferences", &format!("{name} is one of {of}; give it with services.{of}")));
            }
        }
        set_all("preferences", &mut new.preferences, &self.preferences)?;
        self.privacy.apply(&mut new.privacy)?;
        set_all("terminal", &mut new.terminal, &self.terminal)?;
        *profile = new;
        *active = self.active.unwrap_or(*active);
        Ok(())
    }
}

impl From<&UserEntry> for ProfileChange {
    fn from(entry: &UserEntry) -> Self {
        let mut change = Self::default();
        let has = |list: &[String], service: Service| list.iter().any(|name| name == service.name());
        for service in Service::ALL {
            let subscription = SubscriptionChange {
                subscribed: Some(has(&entry.subscribed, service)),
                active: Some(!has(&entry.inactive_services, service)),
                ..SubscriptionChange::default()
            };
            change.services.insert(service, subscription);
        }
        for (name, value) in &entry.preferences {
            let (table, name) = match split(name) {
                Some((service, name)) => (&mut change.services.entry(service).or_default().preferences, name),
                None => (&mut change.preferences, name.as_str()),
            };
            table.insert(name.to_owned(), Some(value.clone()));
        }
        for (name, value) in &entry.privacy {
            let flag = value.parse().ok();
            match name.as_str() {
                "location" => change.privacy.location = Some(flag),
                "user_interaction" => change.privacy.user_interaction = Some(flag),
                _ => drop(change.privacy.properties.insert(name.clone(), Some(value.clone()))),
            }
        }
        change.terminal = entry.terminal.iter().map(|(name, value)| (name.clone(), Some(value.clone()))).collect();
        change
    }
}

// === impl SubscriptionChange ===

impl SubscriptionChange {
    fn apply(&self, service: Service, profile: &mut Profile) -> Result<(), AccountError> {
        let subscription = profile.services.get_mut(service);
        subscription.subscribed = self.subscribed.unwrap_or(subscription.subscribed);
        subscription.active = self.active.unwrap_or(subscription.active);
        if let Some(pse) = &self.pse {
            subscription.pse = pse.as_deref().map(place).transpose()?;
        }
        set_all("preferences", &mut subscription.preferences, &self.preferences)
    }
}

// === impl PrivacyChange ===

impl PrivacyChange {
    fn apply(&self, privacy: &mut Privacy) -> Result<(), AccountError> {
        privacy.location = self.location.unwrap_or(privacy.location);
        privacy.user_interaction = self.user_interaction.unwrap_or(privacy.user_interaction);
        set_all("privacy", &mut privacy.properties, &self.properties)
    }
}

/// A preference whose name begins with a service's, `im.greeting`: the service, and the name within it.
pub(super) fn split(name: &str) -> Option<(Service, &str)> {
    let (service, rest) = name.split_once('.')?;
    Some((Service::named(service).or_else(|| Service::of_ssp(service))?, rest))
}

/// A place of a service, in lower case.
pub(in crate::sap) fn place(text: &str) -> Result<String, AccountError> {
    let text = text.to_ascii_lowercase();
    if text != LOCAL && text != NONE && text.parse::<Domain>().is_err() {
        return Err(invalid("services", &format!("{text:?} is no domain")));
    }
    Ok(text)
}

fn set_all(field: &'static str, table: &mut Properties, given: &PropertiesChange) -> Result<(), AccountError> {
    for (name, value) in given {
        match value {
            None => drop(table.remove(name)),
            Some(value) => {
                if let Some(fault) = config::property_fault(name, value) {
                    return Err(invalid(field, &format!("{name:?} {fault}")));
                }
                table.insert(name.clone(), value.clone());
            }
        }
    }
    if table.len() > MOST_PROPERTIES {
        return Err(invalid(field, &format!("there would be more than {MOST_PROPERTIES} properties")));
    }
    Ok(())
}

/// Tells `null` from absence.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

fn invalid(field: &'static str, what: &str) -> AccountError {
    AccountError::Invalid { field, what: what.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(json: &str) -> ProfileChange {
        serde_json::from_str(json).unwrap_or_else(|fault| panic!("{fault}: {json}"))
    }

    fn after(profile: &Profile, json: &str) -> Result<(Profile, bool), String> {
        let (mut new, mut active) = (profile.clone(), true);
        change(json).apply("alice", &mut new, &mut active).map_err(|fault| fault.to_string())?;
        Ok((new, active))
    }

    #[test]
    fn what_is_given_changes_and_the_rest_stays() {
        let (first, _) = after(
            &Profile::default(),
            r#"{"services": {"im": {"active": false, "pse": "BB.example", "preferences": {"greeting": "hi"}}},
                "preferences": {"tone": "soft"}, "privacy": {"location": true}, "terminal": {"screen": "176x208"}}"#,
        )
        .unwrap();
        assert!(first.services.im.subscribed && !first.services.im.active && first.services.group.in_use());
        assert_eq!(first.services.im.pse.as_deref(), Some("bb.example"));
        let (second, active) = after(
            &first,
            r#"{"services": {"im": {"pse": null}, "group": {"subscribed": false}},
                "preferences": {"tone": null}, "privacy": {"location": null, "properties": {"pay": "ask"}},
                "active": false, "id": "Alice", "sessions": [{"id": "abc"}]}"#,
        )
        .unwrap();
        assert!(!active && !second.services.group.subscribed && !second.services.im.active);
        assert_eq!((second.services.im.pse, second.privacy.location), (None, None));
        assert_eq!(second.services.im.preferences["greeting"], "hi");
        assert!(second.preferences.is_empty() && second.privacy.properties["pay"] == "ask");
        assert_eq!(second.terminal["screen"], "176x208");
    }

    #[test]
    fn what_cant_be_kept_is_refused_as_a_whole() {
        let long = "x".repeat(300);
        for (json, part) in [
            (r#"{"id": "bob"}"#, "can't be changed"),
            (r#"{"terminal": {"": "x"}}"#, "terminal"),
            (r#"{"terminal": {"a\u0007": "x"}}"#, "control"),
            (&format!(r#"{{"preferences": {{"a": "{long}"}}}}"#), "longer"),
            (r#"{"preferences": {"im.greeting": "hi"}}"#, "services.im"),
            (r#"{"services": {"im": {"pse": "not a domain"}}}"#, "no domain"),
        ] {
            let json = json.replacen('{', r#"{"active": false, "#, 1);
            let (mut profile, mut active) = (Profile::default(), true);
            let fault = change(&json).apply("alice", &mut profile, &mut active).unwrap_err().to_string();
            assert!(fault.contains(part), "{fault}");
            assert_eq!((profile, active), (Profile::default(), true), "{json}");
        }
        let many: PropertiesChange = (0..65).map(|n| (format!("p{n}"), Some(String::new()))).collect();
        let change = ProfileChange { terminal: many, ..ProfileChange::default() };
        assert!(change.apply("alice", &mut Profile::default(), &mut true).is_err());
    }

    #[test]
    fn a_field_nobody_knows_is_refused() {
        for json in [r#"{"colour": 1}"#, r#"{"services": {"mail": {}}}"#, r#"{"services": {"im": {"paid": true}}}"#] {
            assert!(serde_json::from_str::<ProfileChange>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn an_entry_of_the_users_file_becomes_a_profile() {
        let texts = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let entry = UserEntry {
            subscribed: vec!["presence".into(), "im".into()],
            inactive_services: vec!["presence".into()],
            preferences: texts(&[("im.greeting", "hi"), ("tone", "soft")]),
            privacy: texts(&[("location", "false"), ("pay", "ask")]),
            terminal: texts(&[("screen", "176x208")]),
            ..UserEntry::sample()
        };
        let (mut profile, mut active) = (Profile::default(), true);
        ProfileChange::from(&entry).apply("alice", &mut profile, &mut active).unwrap();
        let services = &profile.services;
        assert!(services.im.in_use() && services.presence.subscribed && !services.presence.active);
        assert!(!services.group.subscribed && !services.content.subscribed);
        assert_eq!(
            (&services.im.preferences["greeting"], &profile.preferences["tone"]),
            (&"hi".into(), &"soft".into())
        );
        assert_eq!((profile.privacy.location, profile.privacy.user_interaction), (Some(false), None));
        assert_eq!(profile.privacy.properties["pay"], "ask");
    }
}
