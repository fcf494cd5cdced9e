//! Who the provider is: before login and in a session, with a logo where the phone can take one, in its language.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::handset::Handset;
use crate::support::peer::ssp;
use crate::support::wire::tree::{Node, leaf, node};
use crate::support::wire::{Syntax, Version};
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";
const EAST: &str = "east.example";

/// A picture of one pixel.
const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\
\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x01D\x00;";

fn provider(logo: &std::path::Path) -> String {
    format!(
        "[provider]\nname = \"North Talk\"\ndescription = \"Reden & mehr\"\nurl = \"http://talk.north.example/\"\n\
         logo = {logo:?}\ndescriptions = {{ en = \"Talk & more\", fi = \"Puhetta\" }}\n"
    )
}

/// North, whose logo is these bytes.
async fn north(logo: &[u8]) -> (Arc<World>, tempfile::NamedTempFile) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), logo).unwrap();
    let world = World::new().domain(NORTH).scripted(EAST).with(&provider(file.path())).start().await;
    (world, file)
}

async fn asks(phone: &mut Handset) -> Node {
    let request = node("GetSPInfo-Request", [phone.client_id()]);
    let answer = phone.ask(request).await;
    assert_eq!(answer.name, "GetSPInfo-Response", "{answer:?}");
    assert_eq!(answer.find("ClientID"), Some(&phone.client_id()), "the client is echoed");
    answer
}

/// The bytes of the logo, if there is one.
fn logo_of(phone: &Handset, answer: &Node) -> Option<Vec<u8>> {
    let logo = answer.find("Logo")?;
    let data = logo.find("ContentData").unwrap();
    assert_eq!(logo.text_at("ContentEncoding"), Some("BASE64"), "{logo:?}");
    let bytes = match phone.syntax {
        Syntax::Xml => STANDARD.decode(data.text.trim()).unwrap(),
        Syntax::Wbxml => data.bytes.clone().unwrap(),
    };
    assert_eq!(logo.number_at("ContentSize"), u32::try_from(bytes.len()).ok(), "{logo:?}");
    Some(bytes)
}

/// Agrees on capabilities: these between the client type and the rest, both in the order of the version.
async fn can(phone: &mut Handset, what: &[Node], language: &str, parser: u32) {
    let order = [
        "AcceptedContentType",
        "AnyContent",
        "AcceptedPullLength",
        "AcceptedTransferEncoding",
        "AcceptedContentLength",
    ];
    let mut list = vec![leaf("ClientType", "MOBILE_PHONE"), leaf("InitialDeliveryMethod", "P")];
    list.extend(order.iter().flat_map(|name| what.iter().filter(move |n| n.name == *name)).cloned());
    list.extend([leaf("SupportedBearer", "HTTP"), leaf("MultiTrans", 1), leaf("ParserSize", parser)]);
    list.push(leaf("DefaultLanguage", language));
    let list = node("CapabilityList", []).with_all(list);
    let request = match phone.version {
        Version::V11 => node("ClientCapability-Request", [phone.client_id(), list]),
        _ => node("ClientCapability-Request", [list]),
    };
    assert_eq!(phone.ask(request).await.name, "ClientCapability-Response");
}

#[tokio::test]
async fn a_phone_learns_who_the_provider_is_before_and_after_login() {
    let (world, _logo) = north(GIF).await;
    world.with_every_phone(before_and_after).await;
}

async fn before_and_after(world: Arc<World>, phone: Phone) {
    let mut alice = world.phone("alice", NORTH, phone);
    let before = asks(&mut alice).await;
    assert_eq!(before.text_at("Name"), Some("North Talk"));
    assert_eq!(before.text_at("Description"), Some("Reden & mehr"), "nobody knows the language yet");
    assert_eq!(before.text_at("URL"), Some("http://talk.north.example/"));
    assert_eq!(logo_of(&alice, &before).as_deref(), Some(GIF), "it is small");
    alice.login().await;
    let after = asks(&mut alice).await;
    assert_eq!(after.text_at("Description"), Some("Talk & more"), "the phone speaks eng");
    assert_eq!(after.text_at("Logo/ContentType"), Some("image/gif"));
    assert_eq!(logo_of(&alice, &after).as_deref(), Some(GIF));
    alice.services().await;
    assert_eq!(asks(&mut alice).await, after);
    let silent = alice.ask(node("GetSPInfo-Request", [])).await;
    assert!(silent.find("ClientID").is_none() && silent.find("Name").is_some(), "{silent:?}");
    alice.logout().await;
}

#[tokio::test]
async fn a_logo_is_left_out_where_the_phone_cant_take_it() {
    let large = [GIF, &[0; 20_000]].concat();
    let (world, _logo) = north(&large).await;
    world.with_every_phone(left_out).await;
}

async fn left_out(world: Arc<World>, phone: Phone) {
    let mut alice = world.phone("alice", NORTH, phone);
    let before = asks(&mut alice).await;
    assert_eq!((logo_of(&alice, &before), before.text_at("Name")), (None, Some("North Talk")), "too large for anybody");
    assert_eq!(alice.try_login().await, 200);
    let plain = asks(&mut alice).await;
    assert_eq!(logo_of(&alice, &plain), None, "without negotiation a phone takes plain text");
    let any = leaf("AnyContent", "T");
    let gif = match phone.version {
        Version::V13 => node("AcceptedContentType", [leaf("ContentType", "image/gif")]),
        _ => leaf("AcceptedContentType", "image/gif"),
    };
    let png = match phone.version {
        Version::V13 => node("AcceptedContentType", [leaf("ContentType", "image/png")]),
        _ => leaf("AcceptedContentType", "image/png"),
    };
    let none = leaf("AcceptedTransferEncoding", "None");
    let short = match phone.version {
        Version::V13 => leaf("AcceptedPullLength", 10_000),
        _ => leaf("AcceptedContentLength", 10_000),
    };
    for (what, parser, given) in [
        (vec![any.clone()], 100_000, true),
        (vec![gif.clone()], 100_000, true),
        (vec![png], 100_000, false),
        (vec![gif.clone(), none], 100_000, false),
        (vec![gif, short], 100_000, false),
        (vec![any.clone()], 25_000, false),
        (vec![any], 30_000, true),
    ] {
        can(&mut alice, &what, "fi", parser).await;
        let answer = asks(&mut alice).await;
        assert_eq!(answer.text_at("Description"), Some("Puhetta"));
        assert_eq!(logo_of(&alice, &answer).is_some(), given, "{what:?} {parser}");
    }
}

#[tokio::test]
async fn a_provider_that_says_nothing_of_itself_is_called_by_its_domain() {
    World::new().domain(NORTH).start().await.with_every_phone(nothing_said).await;
}

async fn nothing_said(world: Arc<World>, phone: Phone) {
    let mut alice = world.login("alice", NORTH, phone).await;
    let answer = asks(&mut alice).await;
    assert_eq!(answer.children.len(), 2, "{answer:?}");
    assert_eq!(answer.text_at("Name"), Some(NORTH));
}

#[tokio::test]
async fn another_domain_learns_it_too() {
    let (world, _logo) = north(GIF).await;
    let peer = world.peer(EAST).await;
    peer.initiates().await;
    let answer = peer.asks(node("GetSPInfoRequest", [ssp::meta("wv:eve@east.example")])).await;
    assert_eq!(ssp::code(&answer), 200, "{answer:?}");
    assert!(format!("{answer:?}").contains("North Talk"), "{answer:?}");
}
