use super::tree::{ALWAYS, FUNCTIONS, Set};
use super::{Agreed, Offered, Pse, Services};
use crate::vocabulary::Element::{self, *};
use crate::vocabulary::Version::{self, V11, V12, V13};
use crate::vocabulary::party::ClientId;
use crate::vocabulary::service::{Functions, Node, ServiceRequest, ServiceResponse};
use crate::vocabulary::status::Code;

pub(super) fn services(im: Pse) -> Services {
    Services { presence: Pse::Local, im, group: Pse::Local, content: Pse::Local }
}

/// An offer of which it is known what is built, whatever this version builds.
fn offered() -> Offered {
    Offered { built: Set::of(|row| [Mf, Mm, Mdeliv, Newm].contains(&row.token)), ..in_fact() }
}

/// What this version offers.
fn in_fact() -> Offered {
    Offered::new(&services(Pse::Local))
}

fn negotiate(request: &ServiceRequest, version: Version, offered: &Offered) -> (Agreed, ServiceResponse) {
    let mut agreed = Agreed::default();
    let response = agreed.negotiate(request, version, offered);
    (agreed, response)
}

/// `IMFeat(IMSendFunc(MDELIV))` and so on, for reading.
fn shown(functions: Option<&Functions>) -> String {
    fn line(nodes: &[Node]) -> String {
        let one = |node: &Node| match node.children.as_slice() {
            [] => node.element.xml().to_owned(),
            children => format!("{}({})", node.element.xml(), line(children)),
        };
        nodes.iter().map(one).collect::<Vec<_>>().join(" ")
    }
    match functions {
        None => "absent".into(),
        Some(Functions { features: None }) => "empty".into(),
        Some(Functions { features: Some(nodes) }) => line(nodes),
    }
}

pub(super) fn node(element: Element, children: &[Node]) -> Node {
    Node { element, children: children.to_vec() }
}

pub(super) fn leaf(element: Element) -> Node {
    node(element, &[])
}

pub(super) fn wanting(features: &[Node]) -> ServiceRequest {
    ServiceRequest {
        client: None,
        functions: Some(Functions { features: Some(features.to_vec()) }),
        all_functions: None,
    }
}

fn refusals(features: &[Node], version: Version) -> String {
    let (_, response) = negotiate(&wanting(features), version, &offered());
    shown(response.functions.as_ref())
}

#[test]
fn android_asks_for_four_empty_features_and_everything() {
    let request = ServiceRequest {
        all_functions: Some(true),
        ..wanting(&[leaf(FundamentalFeat), leaf(PresenceFeat), leaf(ImFeat), leaf(GroupFeat)])
    };
    let (agreed, response) = negotiate(&request, V12, &offered());
    assert_eq!(
        shown(response.functions.as_ref()),
        "FundamentalFeat(ServiceFunc SearchFunc InviteFunc VerifyIDFunc) PresenceFeat \
         IMFeat(IMSendFunc(FWMSG) IMReceiveFunc(SETD GETLM GETM REJCM NOTIF) IMAuthFunc) GroupFeat"
    );
    assert_eq!(
        shown(response.all_functions.as_ref()),
        "FundamentalFeat(MF) IMFeat(IMSendFunc(MDELIV) IMReceiveFunc(NEWM))"
    );
    assert_eq!(response.client, None);
    assert_eq!(agreed.allows(SendMessageRequest, &offered()), Ok(()));
    // What Android sends next, and survives being refused.
    assert_eq!(agreed.allows(GetBlockedListRequest, &offered()), Err(Code::NOT_IMPLEMENTED));
    assert_eq!(agreed.allows(GetPresenceRequest, &offered()), Err(Code::NOT_IMPLEMENTED));
}

#[test]
fn nokia_asks_for_hand_picked_functions_in_1_1() {
    let client = Some(ClientId { url: Some("nokia".into()), msisdn: None });
    let request = ServiceRequest {
        client: client.clone(),
        all_functions: Some(false),
        ..wanting(&[
            node(PresenceFeat, &[node(ContListFunc, &[leaf(Gcli), leaf(Ccli)]), leaf(AttListFunc)]),
            node(ImFeat, &[node(ImSendFunc, &[leaf(Mdeliv)]), node(ImReceiveFunc, &[leaf(Newm), leaf(Getm)])]),
        ])
    };
    let (agreed, response) = negotiate(&request, V11, &offered());
    assert_eq!(
        shown(response.functions.as_ref()),
        "PresenceFeat(ContListFunc(GCLI CCLI) AttListFunc) IMFeat(IMReceiveFunc(GETM))"
    );
    assert_eq!(response.all_functions, None, "it was not asked");
    assert_eq!(response.client, client);
    assert!(agreed.has(Newm, &offered()) && agreed.has(Mdeliv, &offered()));
    assert_eq!(agreed.allows(SendMessageRequest, &offered()), Ok(()));
    assert_eq!(agreed.allows(MessageDelivered, &offered()), Ok(()));
}

#[test]
fn colibria_sends_its_client_id_in_1_2_and_gets_none_back() {
    let request = ServiceRequest {
        client: Some(ClientId { url: Some("WV:InstantMessenger".into()), msisdn: None }),
        all_functions: Some(true),
        ..wanting(&[])
    };
    let (agreed, response) = negotiate(&request, V12, &offered());
    assert_eq!(response.client, None);
    assert!(response.all_functions.is_some());
    assert!(agreed.has(Newm, &offered()));
}

#[test]
fn an_empty_element_anywhere_means_all_below_it() {
    let all = "FundamentalFeat PresenceFeat \
               IMFeat(IMSendFunc(FWMSG) IMReceiveFunc(SETD GETLM GETM REJCM NOTIF) IMAuthFunc) GroupFeat";
    assert_eq!(refusals(&[], V11), all, "<WVCSPFeat/>");
    let bare = ServiceRequest { functions: Some(Functions::default()), ..ServiceRequest::default() };
    assert_eq!(shown(negotiate(&bare, V11, &offered()).1.functions.as_ref()), all, "<Functions/>");
    assert_eq!(refusals(&[node(FundamentalFeat, &[leaf(SearchFunc)])], V12), "FundamentalFeat(SearchFunc)");
    assert_eq!(refusals(&[node(ImFeat, &[leaf(ImSendFunc)])], V12), "IMFeat(IMSendFunc(FWMSG))");
}

#[test]
fn functions_of_the_answer_are_those_refused_and_absent_if_none() {
    assert_eq!(refusals(&[node(ImFeat, &[node(ImSendFunc, &[leaf(Mdeliv)])])], V12), "absent");
    assert_eq!(
        refusals(&[node(ImFeat, &[node(ImSendFunc, &[leaf(Mdeliv), leaf(Fwmsg)])])], V12),
        "IMFeat(IMSendFunc(FWMSG))"
    );
}

#[test]
fn a_function_outside_the_agreement_is_refused_with_506() {
    let (agreed, _) = negotiate(&wanting(&[leaf(FundamentalFeat)]), V12, &offered());
    assert_eq!(agreed.allows(SendMessageRequest, &offered()), Err(Code::NOT_AGREED));
    assert!(!agreed.has(Newm, &offered()));
    for primitive in ALWAYS {
        assert_eq!(agreed.allows(*primitive, &offered()), Ok(()), "{primitive:?}");
    }
}

#[test]
fn a_session_that_never_negotiated_may_use_all_that_is_offered() {
    let never = Agreed::default();
    assert_eq!(never.allows(SendMessageRequest, &offered()), Ok(()));
    assert!(never.has(Newm, &offered()));
    assert!(!never.has(Notif, &offered()));
    assert_eq!(never.allows(SearchRequest, &offered()), Err(Code::NOT_IMPLEMENTED));
}

#[test]
fn a_service_that_is_nowhere_is_absent_from_every_tree_and_answered_405() {
    let without = Offered::new(&services(Pse::None));
    let request = ServiceRequest { all_functions: Some(true), ..wanting(&[leaf(ImFeat)]) };
    for version in Version::ALL {
        let (agreed, response) = negotiate(&request, version, &without);
        assert_eq!(shown(response.functions.as_ref()), "IMFeat");
        assert!(!shown(response.all_functions.as_ref()).contains("IMFeat"));
        for primitive in [SendMessageRequest, GetBlockedListRequest, NewMessage] {
            assert_eq!(agreed.allows(primitive, &without), Err(Code::NOT_SUPPORTED));
        }
    }
    let elsewhere = Offered::new(&services(Pse::Domain("bb.example".parse().unwrap())));
    assert_eq!(elsewhere, in_fact(), "a service element in another domain is offered all the same");
}

#[test]
fn the_mandatory_part_stands_for_the_primitives_without_function() {
    assert_eq!(refusals(&[node(ImFeat, &[leaf(Mm)])], V12), "absent");
    let (agreed, _) = negotiate(&wanting(&[node(ImFeat, &[leaf(Mm)])]), V12, &offered());
    assert_eq!(agreed.allows(SendMessageRequest, &offered()), Ok(()));
    assert!(agreed.has(Newm, &offered()), "who sends must be able to receive");
    assert_eq!(agreed.allows(DeliveryReportRequest, &offered()), Err(Code::NOT_AGREED));
    assert_eq!(refusals(&[node(GroupFeat, &[leaf(Mg)])], V13), "GroupFeat(MG)");
}

#[test]
fn messages_reach_whoever_agreed_on_any_part_of_messaging_in_a_way_agreed() {
    for (functions, pushes, notifies) in [
        (&[][..], true, true),
        (&[Newm], true, false),
        (&[Notif, Getm], false, true),
        (&[Newm, Notif], true, true),
        (&[Getm, Mdeliv], true, false),
    ] {
        let wanted: Vec<Node> = functions.iter().map(|function| leaf(*function)).collect();
        let (agreed, _) = negotiate(&wanting(&[node(ImFeat, &wanted)]), V12, &in_fact());
        assert_eq!((agreed.pushes(&in_fact()), agreed.notifies(&in_fact())), (pushes, notifies), "{functions:?}");
    }
    let (agreed, _) = negotiate(&wanting(&[leaf(FundamentalFeat)]), V12, &in_fact());
    assert!(!agreed.pushes(&in_fact()) && !agreed.notifies(&in_fact()) && !agreed.reports(&in_fact()));
}

#[test]
fn a_feature_is_never_listed_empty_among_all_functions() {
    for version in Version::ALL {
        let all = offered().all_functions(version);
        let features = all.features.as_deref().unwrap();
        assert!(!features.is_empty());
        assert!(features.iter().all(|feature| !feature.children.is_empty()), "{version} {all:?}");
    }
    assert_eq!(shown(Some(&offered().all_functions(V11))), "IMFeat(IMSendFunc(MDELIV) IMReceiveFunc(NEWM))");
}

#[test]
fn functions_of_a_later_version_are_neither_agreed_nor_refused_in_an_earlier_one() {
    assert!(!refusals(&[node(FundamentalFeat, &[leaf(ServiceFunc)])], V12).contains("GETMAP"));
    assert_eq!(refusals(&[node(ImFeat, &[node(ImReceiveFunc, &[leaf(Newm), leaf(Offnotif)])])], V12), "absent");
    assert_eq!(
        refusals(&[node(ImFeat, &[node(ImReceiveFunc, &[leaf(Newm), leaf(Offnotif)])])], V13),
        "IMFeat(IMReceiveFunc(OFFNOTIF))"
    );
}

#[test]
fn asking_only_for_the_list_leaves_the_agreement_alone() {
    let request = ServiceRequest { client: None, functions: None, all_functions: Some(true) };
    let (mut agreed, _) = negotiate(&wanting(&[leaf(FundamentalFeat)]), V12, &offered());
    let before = agreed.clone();
    let response = agreed.negotiate(&request, V12, &offered());
    assert_eq!(agreed, before);
    assert_eq!(response.functions, None);
    assert!(response.all_functions.is_some());
}

#[test]
fn a_misplaced_function_counts_and_a_stranger_in_the_tree_does_not() {
    let (agreed, response) = negotiate(&wanting(&[node(ImFeat, &[leaf(Newm)]), leaf(Name)]), V12, &offered());
    assert_eq!(response.functions, None);
    assert!(agreed.has(Newm, &offered()));
    assert_eq!(refusals(&[node(ImFeat, &[leaf(Glblu)])], V12), "IMFeat(GLBLU)");
}

#[test]
fn an_agreement_is_stored_by_names_and_survives_unknown_ones() {
    let (agreed, _) = negotiate(&wanting(&[leaf(ImFeat)]), V12, &offered());
    let stored = serde_json::to_string(&agreed).unwrap();
    assert!(stored.contains("NEWM") && stored.contains("MDELIV"), "{stored}");
    assert_eq!(serde_json::from_str::<Agreed>(&stored).unwrap(), agreed);
    let later = serde_json::from_str::<Agreed>(r#"{"functions":["NEWM","WARP"]}"#).unwrap();
    assert!(later.has(Newm, &offered()) && !later.has(Mdeliv, &offered()));
    let never = serde_json::to_string(&Agreed::default()).unwrap();
    assert_eq!(serde_json::from_str::<Agreed>(&never).unwrap(), Agreed::default());
}

/// Every token that a request may hold, at any height.
fn tokens() -> Vec<Element> {
    let rows = FUNCTIONS.iter();
    let mut all: Vec<Element> =
        rows.flat_map(|row| [Some(row.feature), row.group, Some(row.token)]).flatten().collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The functions a tree names, whole groups and features spelt out.
fn named(nodes: &[Node], version: Version, into: &mut Vec<Element>) {
    for node in nodes {
        if node.children.is_empty() {
            let rows = FUNCTIONS.iter().filter(|row| row.exists_in(version));
            into.extend(rows.filter(|row| row.is_below(node.element)).map(|row| row.token));
        }
        named(&node.children, version, into);
    }
}

fn any_request() -> impl proptest::strategy::Strategy<Value = Vec<Node>> {
    use proptest::prelude::*;
    let token = proptest::sample::select(tokens());
    let leaf = token.clone().prop_map(|element| node(element, &[]));
    let tree = leaf.prop_recursive(2, 24, 4, move |inner| {
        (token.clone(), proptest::collection::vec(inner, 0..4)).prop_map(|(element, below)| node(element, &below))
    });
    proptest::collection::vec(tree, 1..5)
}

proptest::proptest! {
    #[test]
    fn what_is_asked_is_agreed_or_refused_and_never_both(
        request in any_request(),
        version in proptest::sample::select(Version::ALL.to_vec()),
        im in proptest::bool::ANY,
    ) {
        let offered = Offered::new(&services(if im { Pse::Local } else { Pse::None }));
        let (agreed, response) = negotiate(&wanting(&request), version, &offered);
            let refused = response.functions.and_then(|functions| functions.features).unwrap_or_default();
        let (mut asked, mut denied) = (Vec::new(), Vec::new());
        named(&request, version, &mut asked);
        named(&refused, version, &mut denied);
        for function in &asked {
            let given = agreed.has(*function, &offered);
            proptest::prop_assert!(given != denied.contains(function), "{:?} of {:?}: {:?}", function, request, refused);
            proptest::prop_assert_eq!(given, offered.has(*function));
        }
        for function in &denied {
            proptest::prop_assert!(asked.contains(function), "{:?} was not asked", function);
        }
    }
}
