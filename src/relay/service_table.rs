//! The service table: which domain is reached through which peer, and what was agreed with it (IMPS 1.3
//! architecture, C.7).

use crate::address::Domain;
use crate::config;
use crate::time::Timestamp;
use crate::vocabulary::Element;
use crate::vocabulary::primitive::Service;

/// Which way a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From the peer to us: we provide.
    In,
    /// From us to the peer: we use.
    Out,
}

/// Why a request is not covered by the agreement with a peer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotAgreed {
    #[error("[agreement] valid_until of peer {0} has passed")]
    Ended(Domain),
    #[error("[agreement] {list} of peer {peer} does not list \"{entry}\"")]
    Unlisted { peer: Domain, list: &'static str, entry: String },
}

/// The name of a service in peer files.
pub(super) const fn name(service: Service) -> &'static str {
    match service {
        Service::Access => "access",
        Service::Common => "common",
        Service::Group => "group",
        Service::Im => "im",
        Service::Interop => "interop",
        Service::Presence => "presence",
        Service::Profile => "profile",
    }
}

/// The service of a name in peer files.
pub(super) fn named(text: &str) -> Option<Service> {
    use Service::{Access, Common, Group, Im, Interop, Presence, Profile};
    [Access, Common, Group, Im, Interop, Presence, Profile].into_iter().find(|s| name(*s) == text)
}

/// The function a primitive needs, if not the mandatory part of its service.
pub(super) const fn function_of(element: Element) -> Option<&'static str> {
    match element {
        Element::DeliveryReportRequest => Some("MDELIV"),
        _ => None,
    }
}

/// Whether a primitive is covered by the agreement of the request that caused it, made in the other direction.
pub(super) const fn is_caused(element: Element) -> bool {
    matches!(element, Element::DeliveryReportRequest | Element::NewMessage)
}

/// Whether some domains don't answer the primitive at all (`docs/wire-notes.md`): then its acknowledgement has
/// to do.
pub(super) const fn is_notice(element: Element) -> bool {
    matches!(element, Element::DeliveryReportRequest)
}

/// Whether the agreement with a peer covers a request.
pub(super) fn covers(
    peer: &config::Peer,
    now: Timestamp,
    way: Way,
    element: Element,
    service: Service,
    function: Option<&str>,
) -> Result<(), NotAgreed> {
    if service == Service::Access {
        return Ok(());
    }
    let agreement = &peer.agreement;
    if agreement.valid_until.is_some_and(|end| end <= now) {
        return Err(NotAgreed::Ended(peer.domain.clone()));
    }
    let (list, entries, others) = match way {
        Way::In => ("provide", &agreement.provide, &agreement.use_),
        Way::Out => ("use", &agreement.use_, &agreement.provide),
    };
    let listed = |entries: &[String]| {
        entries.iter().any(|entry| match entry.split_once(':') {
            None => entry == name(service),
            Some((of, one)) => of == name(service) && function.is_some_and(|f| f.eq_ignore_ascii_case(one)),
        })
    };
    if listed(entries) || (is_caused(element) && listed(others)) {
        return Ok(());
    }
    let entry = function.map_or_else(|| name(service).to_owned(), |f| format!("{}:{f}", name(service)));
    Err(NotAgreed::Unlisted { peer: peer.domain.clone(), list, entry })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(provide: &[&str], use_: &[&str]) -> config::Peer {
        let texts = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect();
        let agreement =
            config::Agreement { provide: texts(provide), use_: texts(use_), ..config::Agreement::default() };
        super::super::peer::tests::config("south.example", agreement)
    }

    fn agreed(peer: &config::Peer, way: Way, element: Element, function: Option<&str>) -> bool {
        covers(peer, Timestamp(5), way, element, Service::Im, function).is_ok()
    }

    #[test]
    fn what_is_not_listed_is_not_agreed() {
        let south = peer(&["presence"], &["im"]);
        assert!(agreed(&south, Way::Out, Element::SendMessageRequest, None));
        assert!(!agreed(&south, Way::In, Element::SendMessageRequest, None));
    }

    #[test]
    fn a_service_covers_its_functions_and_a_function_only_itself() {
        let all = peer(&["im"], &[]);
        let one = peer(&["im:MDELIV"], &[]);
        assert!(agreed(&all, Way::In, Element::SendMessageRequest, Some("MDELIV")));
        assert!(agreed(&one, Way::In, Element::SendMessageRequest, Some("MDELIV")));
        assert!(!agreed(&one, Way::In, Element::SendMessageRequest, None));
    }

    #[test]
    fn a_report_is_covered_by_the_agreement_of_its_message() {
        let user = peer(&[], &["im"]);
        assert!(agreed(&user, Way::In, Element::DeliveryReportRequest, Some("MDELIV")));
        assert!(!agreed(&peer(&[], &[]), Way::In, Element::DeliveryReportRequest, Some("MDELIV")));
    }

    #[test]
    fn an_agreement_ends() {
        let mut south = peer(&["im"], &["im"]);
        south.agreement.valid_until = Some(Timestamp(5));
        let refused = covers(&south, Timestamp(5), Way::Out, Element::SendMessageRequest, Service::Im, None);
        assert_eq!(refused, Err(NotAgreed::Ended("south.example".parse().unwrap())));
    }
}
