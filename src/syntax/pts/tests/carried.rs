//! What PTS carries comes back.

use proptest::prelude::*;

use super::message;
use crate::syntax::csp::{read, write, write_telling};
use crate::syntax::pts::codes;
use crate::syntax::{Encoding, Limits};
use crate::vocabulary::capability::{AgreedCapabilityList, CapabilityList};
use crate::vocabulary::party::ClientId;
use crate::vocabulary::presence::attribute::{ClientInfo, ClientStatus, StatusContent, UserStatus};
use crate::vocabulary::presence::{Presence, PresenceSubList};
use crate::vocabulary::property::Properties;
use crate::vocabulary::sample::Dice;
use crate::vocabulary::service::Functions;
use crate::vocabulary::status::Outcome;
use crate::vocabulary::{Element, Primitive, Version};

/// Cuts a sample to what PTS has: this is the list of what it lacks in the primitives it has.
fn carried(said: &mut Primitive) {
    let outcome = |outcome: &mut Outcome| {
        *outcome = Outcome { code: outcome.code, description: outcome.description.take(), ..Outcome::default() };
    };
    // One text, which is a number or a URL by its look.
    let client = |client: &mut Option<ClientId>| {
        if let Some(id) = client {
            *id = ClientId { url: Some("http://c.example/1".into()), msisdn: None };
        }
    };
    // Features only.
    let functions = |functions: &mut Option<Functions>| {
        for feature in functions.iter_mut().flat_map(|f| &mut f.features).flatten() {
            feature.children.clear();
        }
    };
    // Neither content types nor sizes of content.
    let list = |list: &mut Option<CapabilityList>| {
        if let Some(all) = list.take() {
            *list = Some(CapabilityList {
                client_type: all.client_type,
                delivery: all.delivery,
                bearers: all.bearers,
                multi_trans: all.multi_trans,
                parser_size: all.parser_size,
                cir_methods: all.cir_methods,
                udp_port: all.udp_port,
                tcp_address: all.tcp_address,
                tcp_port: all.tcp_port,
                poll_min: all.poll_min,
                language: all.language,
                ..CapabilityList::default()
            });
        }
    };
    let agreed = |list: &mut Option<AgreedCapabilityList>| {
        if let Some(all) = list.take() {
            *list = Some(AgreedCapabilityList {
                http_address: all.http_address,
                multi_trans: all.multi_trans,
                bearers: all.bearers,
                cir_methods: all.cir_methods,
                tcp_address: all.tcp_address,
                tcp_port: all.tcp_port,
                udp_port: all.udp_port,
                poll_min: all.poll_min,
                ..AgreedCapabilityList::default()
            });
        }
    };
    match said {
        Primitive::LoginRequest(said) => {
            client(&mut said.client);
            functions(&mut said.functions);
            list(&mut said.capabilities);
            (said.application, said.responses) = Default::default();
        }
        Primitive::LoginResponse(said) => {
            client(&mut said.client);
            outcome(&mut said.outcome);
            functions(&mut said.functions);
            agreed(&mut said.capabilities);
            (said.user, said.password) = Default::default();
        }
        Primitive::LogoutRequest(said) => said.outcome.iter_mut().for_each(outcome),
        Primitive::Disconnect(said) => outcome(&mut said.outcome),
        Primitive::KeepAliveResponse(said) => outcome(&mut said.outcome),
        Primitive::Status(said) => {
            outcome(&mut said.outcome);
            client(&mut said.client);
        }
        Primitive::ClientCapabilityRequest(said) => {
            client(&mut said.client);
            list(&mut said.list);
        }
        Primitive::ClientCapabilityResponse(said) => {
            client(&mut said.client);
            list(&mut said.list);
            agreed(&mut said.agreed);
        }
        Primitive::ServiceRequest(said) => {
            client(&mut said.client);
            functions(&mut said.functions);
        }
        Primitive::ServiceResponse(said) => {
            client(&mut said.client);
            functions(&mut said.functions);
            functions(&mut said.all_functions);
        }
        Primitive::CreateListRequest(said) => said.properties.iter_mut().for_each(two_properties),
        Primitive::ListManageRequest(said) => {
            said.properties.iter_mut().for_each(two_properties);
            said.authorize_and_grant = None;
        }
        Primitive::ListManageResponse(said) => {
            outcome(&mut said.outcome);
            said.properties.iter_mut().for_each(two_properties);
        }
        Primitive::CreateAttributeListRequest(said) => {
            said.attributes.iter_mut().for_each(names_only);
            (said.default_notify, said.user_notify, said.list_notify) = Default::default();
        }
        Primitive::SubscribePresenceRequest(said) => said.attributes.iter_mut().for_each(names_only),
        Primitive::GetPresenceRequest(said) => said.attributes.iter_mut().for_each(names_only),
        Primitive::GetPresenceResponse(said) => {
            outcome(&mut said.outcome);
            said.presences.iter_mut().for_each(of_users);
        }
        Primitive::PresenceNotificationRequest(said) => said.presences.iter_mut().for_each(of_users),
        Primitive::UpdatePresenceRequest(said) => known_values(&mut said.attributes),
        _ => {}
    }
}

fn two_properties(properties: &mut Properties) {
    properties.list.truncate(2);
    for (property, name) in properties.list.iter_mut().zip(["Default", "DisplayName"]) {
        property.name = name.into();
    }
}

/// Presence is a user's, in one list.
fn of_users(presence: &mut Presence) {
    let Presence { user, mut attributes, .. } = std::mem::take(presence);
    attributes.truncate(1);
    attributes.iter_mut().for_each(known_values);
    *presence = Presence { user: user.or_else(|| Some("wv:u@d".into())), attributes, ..Presence::default() };
}

fn known_values(list: &mut PresenceSubList) {
    *list = coded(std::mem::take(list));
    // A text that is known and absent is an empty one.
    if let Some(UserStatus { qualifier: Some(true), value: value @ None }) = &mut list.status_text {
        *value = Some("".into());
    }
}

fn names_only(list: &mut PresenceSubList) {
    *list = coded(std::mem::take(list));
    list.online_status.fill(ClientStatus::default());
    (list.user_availability, list.status_text) = (Some(UserStatus::default()), None);
    let named = |text: Option<_>| text.map(|_| Default::default());
    for info in &mut list.client_info {
        let (client_type, producer) = (named(info.client_type.take()), named(info.producer.take()));
        *info = ClientInfo { client_type, producer, ..ClientInfo::default() };
    }
    list.status_content = None;
}

/// The attributes that have codes, and of each what has.
fn coded(all: PresenceSubList) -> PresenceSubList {
    let info = |info: ClientInfo| ClientInfo {
        qualifier: info.qualifier,
        client_type: info.client_type,
        producer: info.producer,
        version: info.version,
        ..ClientInfo::default()
    };
    let online = |of: ClientStatus| ClientStatus { application: None, client: None, ..of };
    PresenceSubList {
        online_status: all.online_status.into_iter().map(online).collect(),
        client_info: all.client_info.into_iter().map(info).collect(),
        user_availability: all.user_availability,
        status_text: all.status_text,
        status_content: all.status_content.map(|content| StatusContent { direct: None, ..content }),
        ..PresenceSubList::default()
    }
}

proptest! {
    #[test]
    fn every_primitive_that_has_a_code_comes_back(seed: u64) {
        for version in Version::ALL {
            let mut dice = Dice::new(seed, version);
            let mut written = 0;
            for mut said in Primitive::samples(&mut dice) {
                let element = said.element();
                if codes::code_of(element).is_none() {
                    continue;
                }
                written += 1;
                carried(&mut said);
                let session = if codes::names_session(element) { None } else { Some("s, 1") };
                let id = if element == Element::PollingRequest { None } else { Some("999") };
                let sent = message(version, session, id, said);
                let (line, losses) = write_telling(&sent, Encoding::Pts);
                prop_assert_eq!(losses, [], "{:?}", &line);
                let read = read(&line, Encoding::Pts, &Limits::default(), |_| None);
                prop_assert_eq!(read.as_ref(), Ok(&sent), "{:?}", &line);
            }
            prop_assert_eq!(written, 25);
        }
    }

    /// Without a list of exceptions: what is lost is lost at once, and told.
    #[test]
    fn what_came_back_once_stays_as_it_is(seed: u64) {
        for version in Version::ALL {
            let mut dice = Dice::new(seed, version);
            dice.full = seed % 2 == 0;
            for said in Primitive::samples(&mut dice).into_iter().filter(|p| codes::code_of(p.element()).is_some()) {
                let line = write(&message(version, None, Some("7"), said), Encoding::Pts);
                let once = read(&line, Encoding::Pts, &Limits::default(), |_| None);
                prop_assert!(once.is_ok(), "{:?} {:?}", once, &line);
                let (again, losses) = write_telling(&once.unwrap(), Encoding::Pts);
                prop_assert_eq!(losses, []);
                prop_assert_eq!(again, line);
            }
        }
    }
}
