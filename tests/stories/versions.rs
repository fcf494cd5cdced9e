//! Phones that ask which versions are spoken here, and those that speak others.

use std::sync::Arc;

use crate::support::handset::Handset;
use crate::support::wire::tree::{Node, leaf, node};
use crate::support::wire::{Syntax, Version};
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";
const SPOKEN: [Version; 3] = [Version::V11, Version::V12, Version::V13];

async fn one_domain() -> Arc<World> {
    World::new().domain(NORTH).start().await
}

/// The presence namespace that goes with a message namespace.
fn presence(version: Version) -> String {
    version.csp().replace("CSP", "PA")
}

/// Asks with these namespaces of sessions; the names in the answer, by element.
async fn discovers(phone: &Handset, namespace: &str, names: &[&str]) -> (Node, [Vec<String>; 3]) {
    let list = node("VersionList", []).with_all(names.iter().map(|name| leaf("SessionNSName", name)));
    let request = node("WV-CSP-VersionDiscovery-Request", [list]).attr("xmlns", namespace);
    let body = phone.syntax.write(&request, phone.version);
    let answer = phone.raw(body, phone.syntax.content_type(phone.version)).await.unwrap();
    assert_eq!(answer.status, 200);
    let root = phone.syntax.read(&answer.body).unwrap();
    assert_eq!(root.name, "WV-CSP-VersionDiscovery-Response", "{root:?}");
    let list = root.find("VersionList").unwrap();
    let all = |name: &str| list.all(name).map(|name| name.text.clone()).collect();
    let named = ["SessionNSName", "TransactionNSName", "PresenceAttributeNSName"].map(all);
    (root, named)
}

#[tokio::test]
async fn a_phone_learns_which_of_its_versions_are_spoken_or_else_all() {
    one_domain().await.with_every_phone(learns).await;
}

async fn learns(world: Arc<World>, phone: Phone) {
    // 1.1 has no such question.
    if phone.version == Version::V11 {
        return;
    }
    let newer = "http://www.openmobilealliance.org/DTD/IMPS-CSP1.4";
    let handset = world.phone("alice", NORTH, phone);
    let own = phone.version.csp();
    let (root, [sessions, ..]) = discovers(&handset, own, &[newer, own]).await;
    assert_eq!((root.get("xmlns"), &sessions[..]), (Some(own), &[own.to_owned()][..]));
    for names in [&[newer][..], &[]] {
        let (root, named) = discovers(&handset, own, names).await;
        assert_eq!(root.get("xmlns"), Some(own));
        let spoken = [SPOKEN.map(|v| v.csp().into()), SPOKEN.map(|v| v.trc().into()), SPOKEN.map(presence)];
        assert_eq!(named, spoken.map(Vec::from));
    }
}

#[tokio::test]
async fn a_phone_of_a_version_to_come_learns_in_1_2_what_is_spoken() {
    let world = one_domain().await;
    let newer = "http://www.openmobilealliance.org/DTD/IMPS-CSP1.4";
    for syntax in [Syntax::Xml, Syntax::Wbxml] {
        let phone = world.phone("alice", NORTH, Phone { syntax, version: Version::V12 });
        let (root, [sessions, ..]) = discovers(&phone, newer, &[newer]).await;
        assert_eq!((root.get("xmlns"), sessions.len()), (Some(Version::V12.csp()), 3), "{syntax:?}");
    }
}

#[tokio::test]
async fn a_login_in_a_version_to_come_is_answered_505_in_every_syntax() {
    let world = one_domain().await;
    for syntax in [Syntax::Xml, Syntax::Wbxml] {
        for version in SPOKEN {
            let phone = world.phone("alice", NORTH, Phone { syntax, version });
            let login = phone.login_request([leaf("Password", phone.password())]);
            let mut message = phone.message("Request", Some("too new"), login);
            let older = version.csp();
            message.attrs[0].1 = format!("{}9", &older[..older.len() - 1]);
            let answer = phone.raw(syntax.write(&message, version), syntax.content_type(version)).await.unwrap();
            assert_eq!(answer.status, 200);
            let answer = syntax.read(&answer.body).unwrap();
            let code = answer.any("Status").and_then(|status| status.number_at("Result/Code"));
            assert_eq!(code, Some(505), "{syntax:?} {version:?}: {answer:?}");
            assert_eq!(answer.any("TransactionID").map(|id| id.text.as_str()), Some("too new"));
            assert_eq!(answer.any("TransactionMode").map(|mode| mode.text.as_str()), Some("Response"));
        }
    }
    let phone = world.phone("alice", NORTH, Phone::USUAL);
    let line = format!("WV19LR1 UI={} CI=http://phone.example/pts PW=\"{}\"", phone.user, phone.password());
    let answer = phone.raw(line, "application/vnd.wv.csp.sms").await.unwrap();
    let answer = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(answer.starts_with("WV12ST1 ") && answer.contains(" ST=(505,"), "{answer}");
}
