//! What other domains are told of a user's profile, and what they may change in it (IMPS 1.3 architecture, C.7;
//! docs/wire-notes.md, "User profile").

use std::collections::BTreeMap;

use super::change::split;
use super::{Profile, ProfileChange, Properties, Service, SubscriptionChange};
use crate::address::{Address, Domain};
use crate::config::{self, Pse};
use crate::sap::Sap;
use crate::sap::account::{Account, AccountError};
use crate::sap::send::failure::{Failure, summary};
use crate::sap::session::SessionRecord;
use crate::vocabulary::agreement::Service as Entry;
use crate::vocabulary::property::{self, Property};
use crate::vocabulary::status::{Code, Status};
use crate::vocabulary::user_profile::{
    GetUserProfileRequest, GetUserProfileResponse, Privacy, SubscribedServices, UpdateUserProfileRequest, UserProfile,
};

const ACTIVE: &str = "Active";
const INACTIVE: &str = "Inactive";

/// The sections of a profile that are wanted.
#[derive(Clone, Copy)]
struct Wanted<'a>(Option<&'a str>);

impl Sap {
    /// Tells a domain what it may know of profiles: where it is the primary service element of a user, the services
    /// it is that for, how the user wants them, his privacy and his terminal.
    pub(in crate::sap) async fn tell_profiles(
        &self,
        asker: &Domain,
        request: &GetUserProfileRequest,
    ) -> GetUserProfileResponse {
        let wanted = Wanted(request.fields.as_deref());
        let (mut profiles, mut failures) = (Vec::new(), Vec::new());
        for id in &request.users {
            match self.account_for(asker, id).await {
                Ok((user, account, services)) => {
                    let sessions = self.terminals(&user);
                    profiles.push(told(&user, &account.profile, asker, &services, &sessions, wanted));
                }
                Err(code) => failures.push(Failure::user(id, code)),
            }
        }
        if request.users.is_empty() {
            return GetUserProfileResponse { outcome: Code::BAD_REQUEST.into(), profiles };
        }
        GetUserProfileResponse { outcome: summary(request.users.len(), &failures), profiles }
    }

    /// Takes a domain's changes of profiles. Each user's is taken as a whole or refused. A repetition does no harm.
    pub(in crate::sap) async fn take_profiles(&self, asker: &Domain, request: &UpdateUserProfileRequest) -> Status {
        let mut failures = Vec::new();
        for profile in &request.profiles {
            if let Err(code) = self.take_profile(asker, profile).await {
                failures.push(Failure::user(&profile.user, code));
            }
        }
        if request.profiles.is_empty() {
            return Code::BAD_REQUEST.into();
        }
        Status { outcome: summary(request.profiles.len(), &failures), client: None }
    }

    async fn take_profile(&self, asker: &Domain, update: &UserProfile) -> Result<(), Code> {
        let (user, account, services) = self.account_for(asker, &update.user).await?;
        let change = change_of(&account.profile, asker, &services, update)?;
        self.accounts.change_profile(&account.id, change).await.map_err(code_of)?;
        tracing::info!(%user, domain = %asker, "profile changed by a primary service element");
        self.follow_account(&user).await.map_err(code_of)
    }

    /// The account a domain names, and the services for which it is the user's primary service element.
    async fn account_for(&self, asker: &Domain, id: &str) -> Result<(Address, Account, Vec<Service>), Code> {
        let address = Address::parse(id, &self.settings.domain).map_err(|_| Code::UNKNOWN_USER)?;
        if !self.is_local(address.domain()) {
            return Err(Code::DOMAIN_NOT_SUPPORTED);
        }
        if !address.is_user() {
            return Err(Code::UNKNOWN_USER);
        }
        let account = self.accounts.get(address.user()).await.map_err(code_of)?;
        let user = Address::user_at(&account.id, &self.settings.domain).map_err(|_| Code::UNKNOWN_USER)?;
        let services = account.profile.services_at(asker, &self.settings.services);
        if services.is_empty() {
            tracing::info!(%user, domain = %asker, "refused with 403: the domain hosts no service of the user");
            return Err(Code::FORBIDDEN);
        }
        Ok((user, account, services))
    }
}

// === impl Profile ===

impl Profile {
    /// The services whose primary service element is a domain.
    fn services_at(&self, domain: &Domain, usual: &config::Services) -> Vec<Service> {
        let there = |service: &Service| match &self.services.get(*service).pse {
            Some(place) => place == domain.as_str(),
            None => matches!(service.place(usual), Pse::Domain(place) if place == domain),
        };
        Service::ALL.into_iter().filter(there).collect()
    }
}

// === impl Wanted ===

impl Wanted<'_> {
    /// A section, if it is wanted.
    fn section<T>(self, name: &str, section: T) -> Option<T> {
        let named = |names: &str| names.split_whitespace().any(|one| one.eq_ignore_ascii_case(name));
        self.0.is_none_or(named).then_some(section)
    }
}

fn told(
    user: &Address,
    profile: &Profile,
    asker: &Domain,
    services: &[Service],
    sessions: &[SessionRecord],
    wanted: Wanted<'_>,
) -> UserProfile {
    let subscribed = services.iter().map(|service| (*service, profile.services.get(*service)));
    let entry = |(service, subscription): (Service, &super::Subscription)| Entry {
        name: service.ssp_name().into(),
        status: Some(if subscription.active { ACTIVE } else { INACTIVE }.into()),
        pse: Some(asker.as_str().into()),
        ..Entry::default()
    };
    let entries = subscribed.clone().filter(|(_, subscription)| subscription.subscribed).map(entry).collect();
    let mut preferences = written(&profile.preferences);
    for (service, subscription) in subscribed {
        let named = |(name, value): (&String, &String)| Property::new(format!("{}.{name}", service.ssp_name()), value);
        preferences.extend(subscription.preferences.iter().map(named));
    }
    let privacy = Privacy {
        location: profile.privacy.location,
        interaction: profile.privacy.user_interaction,
        list: written(&profile.privacy.properties),
    };
    let terminal = terminal(&profile.terminal, sessions.first());
    UserProfile {
        user: user.to_string().into(),
        id: None,
        services: wanted.section("SubscribedServices", SubscribedServices { services: entries }),
        preferences: wanted.section("Preferences", property::Properties { list: preferences }),
        privacy: wanted.section("Privacy", privacy),
        terminal: wanted.section("Terminal", property::Properties { list: terminal }),
        public: None,
    }
}

/// What was said of the terminal, and what it negotiated itself where nothing was said.
fn terminal(said: &Properties, session: Option<&SessionRecord>) -> Vec<Property> {
    let mut list = written(said);
    let Some(capabilities) = session.map(|session| &session.capabilities) else { return list };
    let types: Vec<&str> = capabilities.content_types.iter().map(|taken| taken.mime.as_str()).collect();
    let negotiated = [
        ("ClientType", capabilities.client_type.as_deref().map(str::to_owned)),
        ("DefaultLanguage", capabilities.language.as_deref().map(str::to_owned)),
        ("ParserSize", capabilities.parser_size.map(|size| size.to_string())),
        ("AnyContent", Some(if capabilities.any_content { "T" } else { "F" }.to_owned())),
        ("AcceptedContentType", (!types.is_empty()).then(|| types.join(" "))),
    ];
    for (name, value) in negotiated {
        if !said.keys().any(|known| known.eq_ignore_ascii_case(name)) {
            list.extend(value.map(|value| Property::new(name, value)));
        }
    }
    list
}

fn written(properties: &Properties) -> Vec<Property> {
    properties.iter().map(|(name, value)| Property::new(name, value)).collect()
}

/// What a domain wants changed, if it may: whether a service it hosts is in use, and how the user wants that service.
/// All else is the home domain's affair.
fn change_of(
    profile: &Profile,
    asker: &Domain,
    services: &[Service],
    update: &UserProfile,
) -> Result<ProfileChange, Code> {
    if update.privacy.is_some() || update.terminal.is_some() || update.public.is_some() {
        return Err(Code::FORBIDDEN);
    }
    if update.id.as_deref().is_some_and(|id| !id.is_empty()) {
        // Every user has one profile here, which needs no name.
        return Err(Code::BAD_PARAMETER);
    }
    let mut changes: BTreeMap<Service, SubscriptionChange> = BTreeMap::new();
    for entry in update.services.iter().flat_map(|section| &section.services) {
        let service = Service::of_ssp(&entry.name).ok_or(Code::BAD_PARAMETER)?;
        let own_pse = entry.pse.as_deref().is_none_or(|pse| pse.eq_ignore_ascii_case(asker.as_str()));
        if !services.contains(&service) || !profile.services.get(service).subscribed || !own_pse {
            return Err(Code::FORBIDDEN);
        }
        let active = match entry.status.as_deref() {
            None => continue,
            Some(status) if status.eq_ignore_ascii_case(ACTIVE) => true,
            Some(status) if status.eq_ignore_ascii_case(INACTIVE) => false,
            Some(_) => return Err(Code::BAD_PARAMETER),
        };
        changes.entry(service).or_default().active = Some(active);
    }
    for property in update.preferences.iter().flat_map(|section| &section.list) {
        let (service, name) = match (split(&property.name), services) {
            (Some(named), _) => named,
            // A domain that hosts one service need not say which it speaks of.
            (None, [only]) => (*only, property.name.as_str()),
            (None, _) => return Err(Code::FORBIDDEN),
        };
        if !services.contains(&service) {
            return Err(Code::FORBIDDEN);
        }
        let value = property.value.as_deref().map(str::to_owned);
        changes.entry(service).or_default().preferences.insert(name.to_owned(), value);
    }
    Ok(ProfileChange { services: changes, ..ProfileChange::default() })
}

fn code_of(fault: AccountError) -> Code {
    match fault {
        AccountError::NotFound { .. } => Code::UNKNOWN_USER,
        AccountError::Invalid { .. } => Code::BAD_PARAMETER,
        fault => {
            tracing::error!(%fault, "a profile can't be used");
            Code::UNAVAILABLE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sap::session::tests::record;

    fn hub() -> Domain {
        "hub.example".parse().unwrap()
    }

    /// A user whose messaging and presence are at the hub.
    fn profile() -> Profile {
        let mut profile = Profile::default();
        for service in [Service::Presence, Service::Im] {
            profile.services.get_mut(service).pse = Some("hub.example".into());
        }
        profile
    }

    fn change(services: &[Service], update: &UserProfile) -> Result<ProfileChange, Code> {
        change_of(&profile(), &hub(), services, update)
    }

    fn wants(name: &str, value: Option<&str>) -> UserProfile {
        let property = Property { name: name.into(), value: value.map(Into::into) };
        let preferences = Some(property::Properties { list: vec![property] });
        UserProfile { preferences, ..UserProfile::default() }
    }

    fn puts(name: &str, status: Option<&str>) -> UserProfile {
        let entry = Entry { name: name.into(), status: status.map(Into::into), ..Entry::default() };
        UserProfile { services: Some(SubscribedServices { services: vec![entry] }), ..UserProfile::default() }
    }

    #[test]
    fn a_domain_hosts_what_the_profile_says_or_else_the_configuration() {
        let usual = config::Services { group: Pse::Domain(hub()), ..config::Services::default() };
        let mut profile = profile();
        assert_eq!(profile.services_at(&hub(), &usual), [Service::Presence, Service::Im, Service::Group]);
        profile.services.group.pse = Some("local".into());
        profile.services.im.pse = Some("other.example".into());
        assert_eq!(profile.services_at(&hub(), &usual), [Service::Presence]);
        assert_eq!(profile.services_at(&"far.example".parse().unwrap(), &usual), []);
    }

    #[test]
    fn contact_lists_are_presence_and_names_are_read_in_any_case() {
        for (name, service) in
            [("ContactList", Service::Presence), ("im", Service::Im), ("PRESENCE", Service::Presence)]
        {
            let changed = change(&[Service::Presence, Service::Im], &puts(name, Some("inactive"))).unwrap();
            assert_eq!(changed.services[&service].active, Some(false), "{name}");
        }
        assert_eq!(change(&[Service::Im], &puts("Mail", Some("Active"))).unwrap_err(), Code::BAD_PARAMETER);
        assert!(change(&[Service::Im], &puts("IM", None)).unwrap().services.is_empty(), "nothing is said of it");
    }

    #[test]
    fn a_preference_belongs_to_the_service_named_or_to_the_only_one() {
        let one = change(&[Service::Im], &wants("greeting", Some("hi"))).unwrap();
        assert_eq!(one.services[&Service::Im].preferences["greeting"].as_deref(), Some("hi"));
        let both = [Service::Presence, Service::Im];
        let named = change(&both, &wants("Presence.mood", None)).unwrap();
        assert_eq!(named.services[&Service::Presence].preferences["mood"], None, "to be removed");
        assert_eq!(change(&both, &wants("greeting", Some("hi"))).unwrap_err(), Code::FORBIDDEN);
        assert_eq!(change(&both, &wants("Group.colour", Some("red"))).unwrap_err(), Code::FORBIDDEN);
    }

    #[test]
    fn a_profile_under_a_name_is_none_of_ours() {
        let update = UserProfile { id: Some("work".into()), ..puts("IM", Some("Active")) };
        assert_eq!(change(&[Service::Im], &update).unwrap_err(), Code::BAD_PARAMETER);
        let update = UserProfile { id: Some(String::new().into()), ..update };
        assert!(change(&[Service::Im], &update).is_ok());
    }

    #[test]
    fn only_the_sections_asked_for_are_told() {
        let user = "wv:ann@north.example".to_owned().try_into().unwrap();
        let all = told(&user, &profile(), &hub(), &[Service::Im], &[], Wanted(None));
        assert!(all.services.is_some() && all.preferences.is_some() && all.privacy.is_some() && all.terminal.is_some());
        let some = told(&user, &profile(), &hub(), &[Service::Im], &[], Wanted(Some("privacy Weather  TERMINAL")));
        assert!(some.services.is_none() && some.preferences.is_none() && some.privacy.is_some());
        assert!(some.terminal.is_some());
    }

    #[test]
    fn what_is_said_of_a_terminal_goes_before_what_it_negotiated() {
        let mut session = record("ann");
        session.capabilities.client_type = Some("PDA".into());
        session.capabilities.parser_size = Some(4096);
        let said = Properties::from([("clienttype".to_owned(), "CLI".to_owned())]);
        let list = terminal(&said, Some(&session));
        let value = |name: &str| {
            list.iter()
                .filter(|property| property.name.eq_ignore_ascii_case(name))
                .map(|p| p.value.as_deref())
                .collect()
        };
        let (kind, parser): (Vec<_>, Vec<_>) = (value("ClientType"), value("ParserSize"));
        assert_eq!((kind, parser), (vec![Some("CLI")], vec![Some("4096")]));
        assert_eq!(terminal(&said, None).len(), 1);
    }
}
