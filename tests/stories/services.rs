//! Services: each function of the tree asked alone, by every phone; what is agreed, refused and answered.

use std::sync::Arc;

use crate::support::handset::Handset;
use crate::support::wire::Version::{self, V11, V12, V13};
use crate::support::wire::tree::{Node, leaf, node};
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";

/// A function: feature, group (none for a mandatory part), token, first and last version, and what clients send
/// with it.
type Function = (&'static str, Option<&'static str>, &'static str, (Version, Version), &'static [&'static str]);

const ALL: (Version, Version) = (V11, V13);
const SINCE_12: (Version, Version) = (V12, V13);
const UNTIL_12: (Version, Version) = (V11, V12);
const ONLY_13: (Version, Version) = (V13, V13);

#[rustfmt::skip]
const FUNCTIONS: &[Function] = &[
    ("FundamentalFeat", None, "MF", SINCE_12, &[]),
    ("FundamentalFeat", Some("ServiceFunc"), "GETSPI", ALL, &["GetSPInfo-Request"]),
    ("FundamentalFeat", Some("ServiceFunc"), "GETMAP", ONLY_13, &["GetMap-Request"]),
    ("FundamentalFeat", Some("ServiceFunc"), "SGMNT", ONLY_13, &["GetSegment-Request", "DropSegment-Request"]),
    ("FundamentalFeat", Some("SearchFunc"), "SRCH", ALL, &["Search-Request"]),
    ("FundamentalFeat", Some("SearchFunc"), "STSRC", ALL, &["StopSearch-Request"]),
    ("FundamentalFeat", Some("SearchFunc"), "ADVSR", ONLY_13, &[]),
    ("FundamentalFeat", Some("InviteFunc"), "INVIT", ALL, &["Invite-Request", "InviteUser-Response"]),
    ("FundamentalFeat", Some("InviteFunc"), "CAINV", ALL, &["CancelInvite-Request"]),
    ("FundamentalFeat", Some("VerifyIDFunc"), "VRID", SINCE_12, &["VerifyID-Request"]),
    ("PresenceFeat", None, "MP", SINCE_12, &["SubscribePresence-Request", "UnsubscribePresence-Request"]),
    ("PresenceFeat", Some("ContListFunc"), "GCLI", ALL, &["GetList-Request"]),
    ("PresenceFeat", Some("ContListFunc"), "CCLI", ALL, &["CreateList-Request"]),
    ("PresenceFeat", Some("ContListFunc"), "DCLI", ALL, &["DeleteList-Request"]),
    ("PresenceFeat", Some("ContListFunc"), "MCLS", ALL, &["ListManage-Request"]),
    ("PresenceFeat", Some("PresenceAuthFunc"), "GETWL", ALL, &["GetWatcherList-Request"]),
    ("PresenceFeat", Some("PresenceAuthFunc"), "REACT", UNTIL_12, &["PresenceAuth-User"]),
    ("PresenceFeat", Some("PresenceAuthFunc"), "CAAUT", UNTIL_12, &["CancelAuth-Request"]),
    ("PresenceFeat", Some("PresenceDeliverFunc"), "GETPR", ALL, &["GetPresence-Request"]),
    ("PresenceFeat", Some("PresenceDeliverFunc"), "UPDPR", ALL, &["UpdatePresence-Request"]),
    ("PresenceFeat", Some("AttListFunc"), "CALI", UNTIL_12, &["CreateAttributeList-Request"]),
    ("PresenceFeat", Some("AttListFunc"), "DALI", UNTIL_12, &["DeleteAttributeList-Request"]),
    ("PresenceFeat", Some("AttListFunc"), "GALS", UNTIL_12, &["GetAttributeList-Request"]),
    ("IMFeat", None, "MM", SINCE_12, &["SendMessage-Request"]),
    ("IMFeat", Some("IMSendFunc"), "MDELIV", ALL, &[]),
    ("IMFeat", Some("IMSendFunc"), "FWMSG", ALL, &["ForwardMessage-Request"]),
    ("IMFeat", Some("IMReceiveFunc"), "SETD", ALL, &["SetDeliveryMethod-Request"]),
    ("IMFeat", Some("IMReceiveFunc"), "GETLM", ALL, &["GetMessageList-Request"]),
    ("IMFeat", Some("IMReceiveFunc"), "GETM", ALL, &["GetMessage-Request"]),
    ("IMFeat", Some("IMReceiveFunc"), "REJCM", ALL, &["RejectMessage-Request"]),
    ("IMFeat", Some("IMReceiveFunc"), "NOTIF", ALL, &[]),
    ("IMFeat", Some("IMReceiveFunc"), "NEWM", ALL, &[]),
    ("IMFeat", Some("IMReceiveFunc"), "OFFNOTIF", ONLY_13, &[]),
    ("IMFeat", Some("IMAuthFunc"), "GLBLU", ALL, &["GetBlockedList-Request"]),
    ("IMFeat", Some("IMAuthFunc"), "BLENT", ALL, &["BlockEntity-Request"]),
    ("GroupFeat", None, "MG", SINCE_12, &["JoinGroup-Request", "LeaveGroup-Request"]),
    ("GroupFeat", Some("GroupMgmtFunc"), "CREAG", ALL, &["CreateGroup-Request"]),
    ("GroupFeat", Some("GroupMgmtFunc"), "DELGR", ALL, &["DeleteGroup-Request"]),
    ("GroupFeat", Some("GroupMgmtFunc"), "GETGP", ALL, &["GetGroupProps-Request"]),
    ("GroupFeat", Some("GroupMgmtFunc"), "SETGP", ALL, &["SetGroupProps-Request"]),
    ("GroupFeat", Some("GroupUseFunc"), "SUBGCN", ALL, &["SubscribeGroupNotice-Request"]),
    ("GroupFeat", Some("GroupUseFunc"), "GRCHN", ALL, &[]),
    ("GroupFeat", Some("GroupUseFunc"), "EXCON", ONLY_13, &["ExtendConversation-Request"]),
    ("GroupFeat", Some("GroupAuthFunc"), "GETGM", ALL, &["GetGroupMembers-Request"]),
    ("GroupFeat", Some("GroupAuthFunc"), "ADDGM", ALL, &["AddGroupMembers-Request"]),
    ("GroupFeat", Some("GroupAuthFunc"), "RMVGM", ALL, &["RemoveGroupMembers-Request"]),
    ("GroupFeat", Some("GroupAuthFunc"), "MBRAC", ALL, &["MemberAccess-Request"]),
    ("GroupFeat", Some("GroupAuthFunc"), "REJEC", ALL, &["RejectList-Request"]),
    ("GroupFeat", Some("GroupAuthFunc"), "GETJU", SINCE_12, &["GetJoinedUsers-Request"]),
];

const LIST: &str = "wv:alice/friends@north.example";
const GROUP: &str = "wv:alice/talk@north.example";

/// Each feature, and the service whose functions it holds.
const FEATURES: [(&str, &str); 4] =
    [("FundamentalFeat", ""), ("PresenceFeat", "presence"), ("IMFeat", "im"), ("GroupFeat", "group")];

/// What a version has of the table.
fn of(version: Version) -> impl Iterator<Item = &'static Function> {
    FUNCTIONS.iter().filter(move |(_, _, _, (first, last), _)| (*first..=*last).contains(&version))
}

/// The tree with one function.
fn alone((feature, group, token, ..): &Function) -> Node {
    let token = node(token, []);
    node(feature, [group.map_or(token.clone(), |group| node(group, [token]))])
}

fn path((feature, group, token, ..): &Function) -> String {
    group.map_or_else(|| format!("{feature}/{token}"), |group| format!("{feature}/{group}/{token}"))
}

/// Whether the list of all functions holds one. A mandatory part comes with anything of its feature, and is named only
/// where nothing else is.
fn is_offered(all: &Node, function: &Function) -> bool {
    all.find(&path(function)).is_some() || (function.1.is_none() && all.find(function.0).is_some())
}

/// Negotiates; what is refused, what is offered.
async fn negotiates(phone: &mut Handset, features: impl IntoIterator<Item = Node>, all: bool) -> (Node, Option<Node>) {
    let functions = node("Functions", [node("WVCSPFeat", []).with_all(features)]);
    let rest = [functions, leaf("AllFunctionsRequest", if all { "T" } else { "F" })];
    let request = match phone.version {
        V11 => node("Service-Request", [phone.client_id()]).with_all(rest),
        _ => node("Service-Request", []).with_all(rest),
    };
    let answer = phone.ask(request).await;
    assert_eq!(answer.name, "Service-Response", "{answer:?}");
    assert_eq!(answer.find("ClientID").is_some(), phone.version == V11, "{answer:?}");
    assert_eq!(answer.find("AllFunctions").is_some(), all, "{answer:?}");
    let tree = |name: &str| answer.find(name).map(|tree| tree.find("WVCSPFeat").cloned().unwrap_or_default());
    (tree("Functions").unwrap_or_default(), tree("AllFunctions"))
}

/// As much as a primitive must hold to be one.
fn bare(primitive: &str) -> Node {
    let holds = match primitive {
        "SendMessage-Request" => vec![node("MessageInfo", [])],
        "GetMessage-Request" | "ForwardMessage-Request" => vec![leaf("MessageID", "m-1")],
        "CreateList-Request" | "DeleteList-Request" | "ListManage-Request" => vec![leaf("ContactList", LIST)],
        "Search-Request" => vec![node("SearchPairList", [])],
        "StopSearch-Request" => vec![leaf("SearchID", 1)],
        "Invite-Request" => vec![leaf("InviteID", "i-1"), leaf("InviteType", "IM")],
        "InviteUser-Response" => vec![leaf("InviteID", "i-1"), leaf("Acceptance", "T")],
        "CancelInvite-Request" => vec![leaf("InviteID", "i-1")],
        "VerifyID-Request" => vec![node("IDList", [])],
        "UpdatePresence-Request" => vec![node("PresenceSubList", [])],
        "PresenceAuth-User" => vec![leaf("UserID", "wv:eve@east.example"), leaf("Acceptance", "T")],
        "GetSegment-Request" | "DropSegment-Request" => {
            vec![node("SegmentID", [leaf("TransactionID", "t-1"), leaf("SegmentReference", 2)])]
        }
        "JoinGroup-Request"
        | "LeaveGroup-Request"
        | "CreateGroup-Request"
        | "DeleteGroup-Request"
        | "GetGroupProps-Request"
        | "SetGroupProps-Request"
        | "SubscribeGroupNotice-Request"
        | "GetGroupMembers-Request"
        | "AddGroupMembers-Request"
        | "RemoveGroupMembers-Request"
        | "MemberAccess-Request"
        | "RejectList-Request"
        | "GetJoinedUsers-Request" => vec![leaf("GroupID", GROUP)],
        _ => Vec::new(),
    };
    node(primitive, []).with_all(holds)
}

async fn code(phone: &mut Handset, primitive: &str) -> Option<u32> {
    let answer = phone.ask(bare(primitive)).await;
    answer.number_at("Result/Code").or_else(|| answer.number_at("Code"))
}

#[tokio::test]
async fn each_function_is_agreed_or_refused_and_its_primitives_answered_accordingly() {
    World::new().domain(NORTH).start().await.with_every_phone(each_function).await;
}

async fn each_function(world: Arc<World>, phone: Phone) {
    let mut alice = world.phone("alice", NORTH, phone);
    assert_eq!(alice.try_login().await, 200);
    let (_, all) = negotiates(&mut alice, [], true).await;
    let all = all.unwrap();
    for function in of(phone.version) {
        let (_, _, token, _, primitives) = function;
        let offered = is_offered(&all, function);
        let (refused, _) = negotiates(&mut alice, [alone(function)], false).await;
        let wanted = if offered { Vec::new() } else { vec![alone(function)] };
        assert_eq!(refused.children, wanted, "{token}");
        for primitive in *primitives {
            let answer = code(&mut alice, primitive).await;
            match answer {
                Some(405 | 501) => assert!(!offered, "{primitive} is offered with {token} and answered {answer:?}"),
                Some(506) => panic!("{primitive} was agreed with {token}"),
                _ => assert!(offered, "{primitive} needs {token}, which was refused, and is answered {answer:?}"),
            }
        }
    }
}

#[tokio::test]
async fn what_was_not_asked_for_is_answered_506() {
    World::new().domain(NORTH).start().await.with_every_phone(not_asked).await;
}

async fn not_asked(world: Arc<World>, phone: Phone) {
    let mut alice = world.phone("alice", NORTH, phone);
    assert_eq!(alice.try_login().await, 200);
    let (_, all) = negotiates(&mut alice, [], true).await;
    let all = all.unwrap();
    for (feature, _) in FEATURES {
        let (other, _) =
            FEATURES.into_iter().find(|(other, _)| *other != feature && all.find(other).is_some()).unwrap();
        negotiates(&mut alice, [node(other, [])], false).await;
        for function in of(phone.version).filter(|function| function.0 == feature) {
            for primitive in function.4 {
                let offered = is_offered(&all, function);
                let answer = code(&mut alice, primitive).await;
                let right = if offered { answer == Some(506) } else { matches!(answer, Some(405 | 501)) };
                assert!(right, "{primitive}: {answer:?}, offered: {offered}");
            }
        }
        alice.keep_alive().await;
        alice.poll().await;
    }
}

#[tokio::test]
async fn an_empty_element_means_all_below_it_whatever_the_phone_leaves_out() {
    World::new().domain(NORTH).start().await.with_every_phone(empty_elements).await;
}

async fn empty_elements(world: Arc<World>, phone: Phone) {
    let mut alice = world.phone("alice", NORTH, phone);
    assert_eq!(alice.try_login().await, 200);
    let features = FEATURES.map(|(feature, _)| node(feature, []));
    let (refused, all) = negotiates(&mut alice, features, true).await;
    assert_eq!(negotiates(&mut alice, [], true).await, (refused.clone(), all.clone()), "<WVCSPFeat/>");
    let all = all.unwrap();
    assert!(all.children.iter().all(|feature| !feature.children.is_empty()), "empty would mean all of it: {all:?}");
    // Whatever is refused is not offered, and the other way round.
    for function in of(phone.version).filter(|function| function.1.is_some()) {
        let (feature, group, ..) = function;
        let whole = |node: Option<&Node>| node.is_some_and(|node| node.children.is_empty());
        let group = format!("{feature}/{}", group.unwrap());
        let is_refused =
            whole(refused.find(feature)) || whole(refused.find(&group)) || refused.find(&path(function)).is_some();
        assert_ne!(is_refused, all.find(&path(function)).is_some(), "{function:?}: {refused:?}");
    }
    // A request without Functions only asks for the list.
    negotiates(&mut alice, [node("FundamentalFeat", [])], false).await;
    let request = match phone.version {
        V11 => node("Service-Request", [alice.client_id(), leaf("AllFunctionsRequest", "T")]),
        _ => node("Service-Request", [leaf("AllFunctionsRequest", "T")]),
    };
    let answer = alice.ask(request).await;
    assert_eq!(answer.find("AllFunctions/WVCSPFeat"), Some(&all));
    assert_eq!(code(&mut alice, "SendMessage-Request").await, Some(506), "what was agreed stays");
}

#[tokio::test]
async fn a_service_the_domain_lacks_is_in_no_tree_and_answered_405() {
    let world = World::new().domain(NORTH).with("[services]\nim = \"none\"\n").start().await;
    world.with_every_phone(lacking).await;
}

async fn lacking(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    let (refused, all) = negotiates(&mut alice, [node("IMFeat", [])], true).await;
    assert_eq!(refused.children, [node("IMFeat", [])]);
    assert!(all.unwrap().find("IMFeat").is_none());
    for primitive in of(phone.version).filter(|function| function.0 == "IMFeat").flat_map(|function| function.4) {
        assert_eq!(code(&mut alice, primitive).await, Some(405), "{primitive}");
    }
}

#[tokio::test]
async fn a_user_is_offered_only_what_he_subscribed_to_and_uses() {
    World::new().domain(NORTH).start().await.with_every_phone(only_subscribed).await;
}

async fn only_subscribed(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    let mut bob = world.login("bob", NORTH, phone).await;
    let (_, everything) = negotiates(&mut alice, [], true).await;
    let path = format!("/api/v1/users/{}/profile", phone.local("alice"));
    for (feature, service) in &FEATURES[1..] {
        for flag in ["subscribed", "active"] {
            let change = |value: bool| serde_json::json!({"services": {*service: {flag: value}}});
            let (status, _) = world.operates("PUT", NORTH, &path, Some(change(false))).await;
            assert_eq!(status, 200);
            for primitive in of(phone.version).filter(|function| function.0 == *feature).flat_map(|function| function.4)
            {
                assert_eq!(code(&mut alice, primitive).await, Some(405), "{primitive} without {service}");
            }
            let (refused, all) = negotiates(&mut alice, [node(feature, [])], true).await;
            assert_eq!(refused.children, [node(feature, [])], "{service} {flag}");
            let all = all.unwrap();
            assert!(all.find(feature).is_none() && all.find("FundamentalFeat").is_some(), "{all:?}");
            assert_eq!(negotiates(&mut bob, [], true).await.1, everything, "others have what they had");
            world.operates("PUT", NORTH, &path, Some(change(true))).await;
            assert_eq!(negotiates(&mut alice, [], true).await.1, everything);
        }
    }
}
