//! Messages as it writes and reads them.

use std::sync::Arc;

use super::{Android, NORTH};
use crate::clients::PATIENT;
use crate::clients::said::{Said, send};
use crate::support::wire::{Syntax, Version};
use crate::support::world::{Phone, World};

async fn one_domain() -> Arc<World> {
    World::new().domain(NORTH).with(PATIENT).start().await
}

#[tokio::test]
async fn android_gets_text_as_text_with_all_it_needs_around() {
    one_domain().await.with_every_phone(text_as_text).await;
}

async fn text_as_text(world: Arc<World>, phone: Phone) {
    let mut alice = Android::at_home(&world, "alice", phone).await;
    let mut bob = Android::at_home(&world, "bob", phone).await;
    for text in ["Hello", "zażółć gęślą jaźń", "1 &lt; 2 &amp; 3", "SGVsbG8=", "T", "200"] {
        let sent = alice.asks(&send(&bob.user, &alice.user, text)).await;
        assert_eq!((sent.primitive.name.as_str(), sent.code()), ("SendMessage-Response", Some(200)), "{sent:?}");
        let heard = bob.awaits().await;
        let [said] = &heard[..] else { panic!("{heard:?}") };
        let shown = text.replace("&lt;", "<").replace("&amp;", "&");
        reads(&alice, &bob, said, &shown);
        assert_eq!(said.primitive.text_at("MessageInfo/MessageID"), sent.primitive.text_at("MessageID"));
    }
}

/// What it looks at in a message.
fn reads(from: &Android, to: &Android, said: &Said, text: &str) {
    let message = &said.primitive;
    assert!(message.name == "NewMessage" && !said.id.is_empty(), "{said:?}");
    assert_eq!(message.find("ContentData").map(|data| (data.text.as_str(), &data.bytes)), Some((text, &None)));
    let info = message.find("MessageInfo").unwrap();
    assert_eq!(info.text_at("ContentEncoding"), None, "it decodes nothing: {said:?}");
    assert_eq!(info.text_at("ContentType"), Some("text/plain"), "{said:?}");
    assert_eq!(info.text_at("Sender/User/UserID"), Some(from.user.as_str()), "{said:?}");
    assert_eq!(info.children.iter().find(|c| c.name == "Recipient").unwrap().children[0].name, "User", "no room");
    assert_eq!(info.text_at("Recipient/User/UserID"), Some(to.user.as_str()), "{said:?}");
    let date = info.find("DateTime").unwrap();
    assert!(date.bytes.is_none() && date.text.len() == 16 && date.text.ends_with('Z'), "text: {date:?}");
    let parts = from.user.trim_start_matches("wv:").split('@');
    assert!(parts.flat_map(str::chars).all(|c| c.is_ascii() && !matches!(c, '/' | '@' | '+')), "{said:?}");
}

#[tokio::test]
async fn android_gets_no_status_for_a_confirmation_but_the_next_message_or_nothing() {
    one_domain().await.with_every_phone(next_or_nothing).await;
}

async fn next_or_nothing(world: Arc<World>, phone: Phone) {
    let mut alice = Android::at_home(&world, "alice", phone).await;
    let mut bob = Android::at_home(&world, "bob", phone).await;
    for text in ["one", "two"] {
        assert_eq!(alice.asks(&send(&bob.user, &alice.user, text)).await.code(), Some(200));
    }
    // Told in the answer to anything it asks; `exchanges` stops at two transactions in one message.
    bob.asks("<KeepAlive-Request/>").await;
    assert!(bob.more);
    let one = bob.polls().await.unwrap();
    assert!(bob.more, "another one waits");
    let two = bob.reacts(&one).await.unwrap();
    assert_ne!(one.id, two.id);
    assert!(!bob.more, "nothing waits any more");
    assert!(bob.reacts(&two).await.is_none());
    assert!(bob.polls().await.is_none());
}

#[tokio::test]
async fn characters_that_android_writes_in_halves_arrive_whole() {
    let world = one_domain().await;
    for version in [Version::V11, Version::V12, Version::V13] {
        let wbxml = Phone { syntax: Syntax::Wbxml, version };
        let mut alice = Android::at_home(&world, "alice", wbxml).await;
        let halves = alice.encodes(&alice.request("7", &send("wv:x", "wv:y", "a \u{1f600} b")));
        assert!(halves.windows(6).any(|bytes| bytes == [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80]), "two halves");
        for syntax in [Syntax::Xml, Syntax::Wbxml] {
            let mut bob = Android::at_home(&world, "bob", Phone { syntax, version }).await;
            let sent = alice.asks(&send(&bob.user, &alice.user, "a \u{1f600} b")).await;
            assert_eq!(sent.code(), Some(200), "{sent:?}");
            let heard = bob.awaits().await;
            assert_eq!(heard[0].primitive.text_at("ContentData"), Some("a \u{1f600} b"), "{version:?} {syntax:?}");
        }
    }
}

#[tokio::test]
async fn android_hears_what_became_of_its_message_with_a_code() {
    one_domain().await.with_every_phone(reports).await;
}

async fn reports(world: Arc<World>, phone: Phone) {
    let mut alice = Android::at_home(&world, "alice", phone).await;
    let mut bob = Android::at_home(&world, "bob", phone).await;
    let request = send(&bob.user, &alice.user, "tell me").replace("Report>F<", "Report>T<");
    let sent = alice.asks(&request).await;
    assert_eq!(sent.code(), Some(200), "a success is 200, not 201 or 202: {sent:?}");
    bob.awaits().await;
    let heard = alice.awaits().await;
    let report = &heard[0].primitive;
    assert_eq!((report.name.as_str(), heard[0].code()), ("DeliveryReport-Request", Some(200)), "{heard:?}");
    assert_eq!(report.text_at("MessageInfo/MessageID"), sent.primitive.text_at("MessageID"));
    assert!(report.find("MessageInfo/Recipient/User").is_some(), "{heard:?}");
    let nobody = alice.asks(&send("wv:nobody@north.example", &alice.user, "hm")).await;
    assert_eq!(nobody.code(), Some(531), "{nobody:?}");
}

#[tokio::test]
async fn what_android_cannot_take_is_never_pushed_to_it_and_holds_up_nothing() {
    World::new().domain(NORTH).start().await.with_every_phone(too_much).await;
}

async fn too_much(world: Arc<World>, phone: Phone) {
    let mut alice = Android::at_home(&world, "alice", phone).await;
    let mut bob = world.login("bob", NORTH, phone).await;
    // It takes plain text of 30,000 characters and no more.
    bob.shows(&[0, 1, 2, 255], "image/jpeg").to([&alice.user]).await.accepted();
    bob.says(&"long ".repeat(7_000)).to([&alice.user]).await.accepted();
    bob.says("short").to([&alice.user]).await.accepted();
    let hearing = async {
        loop {
            for said in alice.hears().await {
                match said.primitive.name.as_str() {
                    "NewMessage" => return said,
                    // It drops them, so they go behind after two times.
                    other => assert_eq!(other, "MessageNotification", "{said:?}"),
                }
            }
            tokio::time::sleep(crate::support::GLANCE).await;
        }
    };
    let heard = tokio::time::timeout(crate::support::PATIENCE, hearing).await.expect("the short one comes");
    assert_eq!(heard.primitive.text_at("ContentData"), Some("short"));
}
