//! Every function by itself, in every version, for every offer: what is agreed, what is refused, and what each
//! primitive is answered.

use super::tests::{leaf, node, services, wanting};
use super::tree::{ALWAYS, FUNCTIONS, Function, Set};
use super::{Agreed, Offered, Pse};
use crate::sap::profile::{Profile, Service, Subscription};
use crate::vocabulary::Element::{self, *};
use crate::vocabulary::Version::{self, V12, V13};
use crate::vocabulary::service::Node;
use crate::vocabulary::status::Code;

/// Of messaging something is built, whatever this version builds.
fn partly_built() -> Offered {
    let supported = Set::of(|_| true);
    Offered { supported, built: Set::of(|row| matches!(row.token, Mf | Getspi | Mm | Newm | Mdeliv | Mg | Getgm)) }
}

fn with(service: Service, subscription: Subscription) -> Profile {
    let mut profile = Profile::default();
    *profile.services.get_mut(service) = subscription;
    profile
}

fn pse(place: &str) -> Subscription {
    Subscription { pse: Some(place.into()), ..Subscription::default() }
}

/// Offers to users of several domains: what is supported there, and the offer.
fn offers() -> Vec<(String, Offered)> {
    let unsubscribed = || Subscription { subscribed: false, ..Subscription::default() };
    let inactive = || Subscription { active: false, ..Subscription::default() };
    let domains = [
        ("all here", Offered::new(&services(Pse::Local))),
        ("no messaging", Offered::new(&services(Pse::None))),
        ("messaging elsewhere", Offered::new(&services(Pse::Domain("bb.example".parse().unwrap())))),
        ("partly built", partly_built()),
    ];
    let mut users = vec![("anybody".to_owned(), Profile::default())];
    for service in Service::ALL {
        users.push((format!("not subscribed to {service:?}"), with(service, unsubscribed())));
        users.push((format!("not using {service:?}"), with(service, inactive())));
        users.push((format!("with {service:?} elsewhere"), with(service, pse("cc.example"))));
    }
    let of_domain = |(domain, offered): &(&str, Offered)| {
        let named = |(user, profile): &(String, Profile)| (format!("{domain}, {user}"), offered.to(profile));
        users.iter().map(named).collect::<Vec<_>>()
    };
    domains.iter().flat_map(of_domain).collect()
}

/// The way from the feature to a function.
fn path(row: &Function) -> Node {
    match row.group {
        Some(group) => node(row.feature, &[node(group, &[leaf(row.token)])]),
        None => node(row.feature, &[leaf(row.token)]),
    }
}

/// What asking for one function alone agrees on, if all is offered.
fn brings(asked: &Function, row: &Function, version: Version) -> bool {
    let whole = asked.group.is_none() && [Newm, Getpr, Updpr].contains(&row.token);
    let dropped = version == V13 && row.group == Some(AttListFunc);
    let same = row.feature == asked.feature;
    (row.token == asked.token && asked.exists_in(version)) || (same && (row.group.is_none() || whole || dropped))
}

#[test]
fn each_function_asked_alone_is_agreed_or_refused_as_it_is_offered() {
    for (who, offered) in offers() {
        for version in Version::ALL {
            for asked in FUNCTIONS {
                let mut agreed = Agreed::of(offered);
                let response = agreed.negotiate(&wanting(&[path(asked)]), version, &partly_built());
                let given = asked.exists_in(version) && offered.has(asked.token);
                let refused = asked.exists_in(version) && !given;
                let said = response.functions.map(|functions| functions.features.unwrap());
                assert_eq!(said, refused.then(|| vec![path(asked)]), "{who}, {version}: {asked:?}");
                if asked.exists_in(version) {
                    assert_eq!(agreed.has(asked.token, &partly_built()), given, "{who}, {version}: {asked:?}");
                }
                for row in FUNCTIONS {
                    let right = if !offered.supported.has(row.token) {
                        Err(Code::NOT_SUPPORTED)
                    } else if !offered.built.has(row.token) {
                        Err(Code::NOT_IMPLEMENTED)
                    } else if brings(asked, row, version) {
                        Ok(())
                    } else {
                        Err(Code::NOT_AGREED)
                    };
                    for primitive in row.guards {
                        let answer = agreed.allows(*primitive, &partly_built());
                        assert_eq!(answer, right, "{who}, {version}: {primitive:?} after asking for {asked:?}");
                    }
                }
                for primitive in ALWAYS {
                    assert_eq!(agreed.allows(*primitive, &partly_built()), Ok(()), "{who}: {primitive:?}");
                }
            }
        }
    }
}

#[test]
fn all_functions_are_those_offered_and_none_of_them_is_refused() {
    for (who, offered) in offers() {
        for version in Version::ALL {
            let tree = offered.all_functions(version);
            let mut agreed = Agreed::of(offered);
            let refused = agreed.agree(&tree, version, &partly_built());
            assert_eq!(refused, None, "{who}, {version}");
            for row in FUNCTIONS.iter().filter(|row| row.exists_in(version)) {
                assert_eq!(agreed.has(row.token, &partly_built()), offered.has(row.token), "{who}, {version}: {row:?}");
            }
        }
    }
}

#[test]
fn a_whole_feature_token_brings_what_needs_no_function_and_little_else() {
    for (token, feature, brought) in [
        (Mf, FundamentalFeat, &[][..]),
        (Mp, PresenceFeat, &[Getpr, Updpr]),
        (Mm, ImFeat, &[Newm]),
        (Mg, GroupFeat, &[]),
    ] {
        let everything = Offered { supported: Set::of(|_| true), built: Set::of(|_| true) };
        for version in [V12, V13] {
            let mut agreed = Agreed::of(everything);
            let response = agreed.negotiate(&wanting(&[node(feature, &[leaf(token)])]), version, &everything);
            assert_eq!(response.functions, None);
            let has = |row: &&Function| agreed.has(row.token, &everything);
            let tokens: Vec<Element> = FUNCTIONS.iter().filter(has).map(|row| row.token).collect();
            let free: &[Element] = if feature == PresenceFeat && version == V13 { &[Cali, Dali, Gals] } else { &[] };
            assert_eq!(tokens, [&[token], brought, free].concat(), "{version}");
        }
    }
}

#[test]
fn a_user_is_offered_what_he_has_and_uses() {
    let has = |domain: Pse, subscription: Subscription| {
        let offered = Offered::new(&services(domain)).to(&with(Service::Im, subscription));
        assert!(offered.supported.has(Mf) && offered.supported.has(Mp), "other services stay");
        offered.supported.has(Mm)
    };
    let elsewhere = || Pse::Domain("bb.example".parse().unwrap());
    for domain in [Pse::Local, elsewhere()] {
        assert!(has(domain.clone(), Subscription::default()));
        assert!(has(domain.clone(), pse("local")) && has(domain.clone(), pse("cc.example")));
        assert!(!has(domain.clone(), pse("none")));
        assert!(!has(domain.clone(), Subscription { subscribed: false, ..pse("cc.example") }));
        assert!(!has(domain, Subscription { active: false, ..Subscription::default() }));
    }
    assert!(!has(Pse::None, Subscription::default()));
    assert!(!has(Pse::None, pse("local")), "the node has no such element");
    assert!(has(Pse::None, pse("cc.example")), "but another domain may have it for this user");
}

#[test]
fn what_was_agreed_shrinks_with_the_profile_and_comes_back_with_it() {
    let domain = partly_built();
    let mut agreed = Agreed::of(domain.to(&Profile::default()));
    agreed.negotiate(&wanting(&[leaf(ImFeat)]), V12, &domain);
    let paused = with(Service::Im, Subscription { active: false, ..Subscription::default() });
    agreed.offer(domain.to(&paused));
    assert_eq!(agreed.allows(SendMessageRequest, &domain), Err(Code::NOT_SUPPORTED));
    assert!(!agreed.has(Newm, &domain), "nor is anything pushed");
    assert_eq!(agreed.allows(JoinGroupRequest, &domain), Err(Code::NOT_AGREED), "it never was");
    agreed.offer(domain.to(&Profile::default()));
    assert_eq!(agreed.allows(SendMessageRequest, &domain), Ok(()));
    agreed.offer(domain.to(&paused));
    agreed.negotiate(&wanting(&[leaf(ImFeat), leaf(GroupFeat)]), V12, &domain);
    agreed.offer(domain.to(&Profile::default()));
    assert_eq!(agreed.allows(SendMessageRequest, &domain), Err(Code::NOT_AGREED), "agreed anew without it");
    assert_eq!(agreed.allows(JoinGroupRequest, &domain), Ok(()));
}

#[test]
fn a_session_that_never_negotiated_goes_by_the_profile_too() {
    let domain = partly_built();
    let none = with(Service::Im, Subscription { subscribed: false, ..Subscription::default() });
    let never = Agreed::of(domain.to(&none));
    assert_eq!(never.allows(SendMessageRequest, &domain), Err(Code::NOT_SUPPORTED));
    assert_eq!(never.allows(GetSpInfoRequest, &domain), Ok(()));
}
