//! General notifications (1.3): one session of a user hears what another changed.

use std::sync::Arc;

use crate::support::handset::Handset;
use crate::support::wire::Version;
use crate::support::wire::tree::{Node, leaf, node};
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";

fn types(names: &[&str]) -> Node {
    node("NotificationTypeList", []).with_all(names.iter().map(|name| leaf("NotificationType", name)))
}

async fn ranks(phone: &mut Handset, priority: u32) {
    let list = node("CapabilityList", [leaf("InitialDeliveryMethod", "P"), leaf("SessionPriority", priority)]);
    phone.ask(node("ClientCapability-Request", [list])).await;
}

fn code(answer: &Node) -> Option<u32> {
    answer.number_at("Result/Code")
}

#[tokio::test]
async fn a_session_that_wants_to_know_hears_that_another_has_a_new_rank() {
    World::new().domain(NORTH).start().await.with_every_phone(new_rank).await;
}

async fn new_rank(world: Arc<World>, phone: Phone) {
    if phone.version < Version::V13 {
        return;
    }
    let mut desk = world.login("bob", NORTH, phone).await;
    let mut pocket = world.login("bob", NORTH, phone).await;
    let answer = desk.ask(node("SubscribeNotification-Request", [types(&["SPA", "OEU"])])).await;
    assert_eq!(code(&answer), Some(200), "{answer:?}");
    let answer = desk.ask(node("SubscribeNotification-Request", [types(&["NOSUCH"])])).await;
    assert_eq!(code(&answer), Some(402), "{answer:?}");
    ranks(&mut pocket, 3).await;
    let told = desk.awaits("the new rank", |inbox| inbox.others.pop()).await;
    assert_eq!(told.name, "Notification-Request");
    assert_eq!((told.text_at("NotificationType"), told.number_at("SessionPriority")), (Some("SPA"), Some(3)));
    // Never to itself, and not twice for what did not change.
    ranks(&mut pocket, 3).await;
    pocket.poll().await;
    desk.poll().await;
    assert!(pocket.inbox.others.is_empty() && desk.inbox.others.is_empty());
    let answer = desk.ask(node("UnsubscribeNotification-Request", [types(&["SPA"])])).await;
    assert_eq!(code(&answer), Some(200), "{answer:?}");
    ranks(&mut pocket, 4).await;
    desk.poll().await;
    assert!(desk.inbox.others.is_empty(), "{:?}", desk.inbox.others);
}

#[tokio::test]
async fn what_a_phone_never_answers_comes_again_under_its_id_and_does_not_hold_up_messages() {
    let world = World::new().domain(NORTH).with("[timers]\nclient_answer = \"200ms\"\n").start().await;
    let phone = Phone { version: Version::V13, ..Phone::USUAL };
    let mut desk = world.login("bob", NORTH, phone).await;
    let mut pocket = world.login("bob", NORTH, phone).await;
    let mut alice = world.login("alice", NORTH, phone).await;
    desk.ask(node("SubscribeNotification-Request", [types(&[])])).await;
    ranks(&mut pocket, 5).await;
    alice.says("behind it").to([&desk.user]).await.accepted();
    desk.answers = false;
    let poll = |phone: &Handset| phone.message("Request", None, node("Polling-Request", []));
    let first = desk.exchange(&poll(&desk)).await.unwrap().unwrap();
    assert_eq!(first.primitive.name, "Notification-Request");
    assert!(first.id.len() <= 50);
    // The phone says nothing; after a while it is told once more, and what waits behind as well.
    let (mut again, mut heard) = (0, false);
    let both = async {
        while again == 0 || !heard {
            match desk.exchange(&poll(&desk)).await.unwrap() {
                Some(next) if next.primitive.name == "Notification-Request" => {
                    assert_eq!(next.id, first.id, "under the same id");
                    again += 1;
                }
                Some(next) => {
                    assert_eq!(next.primitive.name, "NewMessage");
                    heard = true;
                }
                None => tokio::time::sleep(crate::support::GLANCE).await,
            }
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, both).await.expect("both come");
}
