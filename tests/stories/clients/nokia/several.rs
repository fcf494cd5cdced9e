//! Several transactions at once, connections side by side, and requests that come again.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{BOTH, NORTH, Nokia};
use crate::clients::PATIENT;
use crate::clients::said::{self, Said, send};
use crate::support::wire::Version;
use crate::support::world::World;
use crate::support::{GLANCE, PATIENCE};

/// A node, and two phones in it.
async fn two(version: Version) -> (Arc<World>, Nokia, Nokia) {
    two_in(World::new().domain(NORTH).with(PATIENT).start().await, version).await
}

async fn two_in(world: Arc<World>, version: Version) -> (Arc<World>, Nokia, Nokia) {
    let alice = Nokia::at_home(&world, "alice", version).await;
    let bob = Nokia::at_home(&world, "bob", version).await;
    (world, alice, bob)
}

async fn says(from: &mut Nokia, to: &Nokia, text: &str) {
    let sent = from.asks(&send(&to.user, &from.user, text)).await;
    assert_eq!(sent.code(), Some(200), "{sent:?}");
}

fn texts(said: &[Said]) -> Vec<&str> {
    said.iter().filter_map(|said| said.primitive.text_at("ContentData")).collect()
}

fn ids(said: &[Said]) -> Vec<&str> {
    said.iter().map(|said| said.id.as_str()).collect()
}

#[tokio::test]
async fn nokia_gets_three_requests_in_a_message_and_answers_them_in_one() {
    for version in BOTH {
        let (_world, mut alice, mut bob) = two(version).await;
        for text in ["1", "2", "3", "4", "5"] {
            says(&mut alice, &bob, text).await;
        }
        let first = bob.polls().await;
        assert_eq!((texts(&first), bob.more), (vec!["1", "2", "3"], true));
        assert_eq!(ids(&first).iter().collect::<BTreeSet<_>>().len(), 3, "an id each: {first:?}");
        assert!(bob.polls().await.is_empty(), "three are in hand");
        let second = bob.confirms(&first).await;
        assert_eq!((texts(&second), bob.more), (vec!["4", "5"], false));
        // One in a message of its own, the last one behind it.
        assert!(bob.confirms(&second[1..]).await.is_empty());
        assert!(bob.confirms(&second[..1]).await.is_empty());
        assert!(bob.polls().await.is_empty());
    }
}

#[tokio::test]
async fn nokia_gets_requests_behind_an_answer_and_never_in_its_place() {
    for version in BOTH {
        let (_world, mut alice, mut bob) = two(version).await;
        for text in ["1", "2", "3"] {
            says(&mut alice, &bob, text).await;
        }
        let id = bob.next();
        let (answer, behind) = bob.asks_as(&id, "<KeepAlive-Request/>").await;
        assert_eq!((answer.code(), texts(&behind), bob.more), (Some(200), vec!["1", "2"], true));
        let rest = bob.polls().await;
        assert_eq!(texts(&rest), ["3"]);
    }
}

#[tokio::test]
async fn what_nokia_did_not_answer_comes_again_under_the_same_id_and_what_is_new_under_another() {
    for version in BOTH {
        let (_world, mut alice, mut bob) = two_in(World::new().domain(NORTH).start().await, version).await;
        says(&mut alice, &bob, "first").await;
        says(&mut alice, &bob, "second").await;
        let lost = bob.polls().await;
        let again = async {
            loop {
                let again = bob.polls().await;
                if !again.is_empty() {
                    return again;
                }
                tokio::time::sleep(GLANCE).await;
            }
        };
        let again = tokio::time::timeout(PATIENCE, again).await.expect("it comes again");
        assert_eq!(ids(&lost), ids(&again), "it drops what it answered already");
        assert_eq!(texts(&lost), texts(&again));
        assert!(bob.confirms(&again).await.is_empty());
        says(&mut alice, &bob, "first").await;
        let fresh = bob.polls().await;
        assert_eq!(texts(&fresh), ["first"]);
        assert!(!ids(&lost).contains(&ids(&fresh)[0]), "fresh content under a used id would be dropped");
        bob.confirms(&fresh).await;
        // A new session goes on counting.
        bob.session = None;
        bob.logs_in("bob").await;
        bob.agrees().await;
        says(&mut alice, &bob, "third").await;
        let fresh = bob.polls().await;
        assert!(!ids(&lost).contains(&ids(&fresh)[0]), "{fresh:?}");
    }
}

#[tokio::test]
async fn nokia_polls_and_asks_side_by_side_on_two_connections() {
    for version in BOTH {
        let (world, mut alice, bob) = two(version).await;
        let mut other = Nokia::of(&world, "alice", version).await;
        other.session.clone_from(&alice.session);
        for round in 0..20 {
            let asked = async {
                let sent =
                    alice.asks_as(&format!("nok{}", 100 + round), &send(&bob.user, "wv:x", "side by side")).await;
                assert_eq!(sent.0.code(), Some(200));
            };
            let polled = async { assert!(other.polls().await.is_empty()) };
            tokio::join!(asked, polled);
        }
    }
}

#[tokio::test]
async fn nokia_learns_which_recipients_failed_by_code() {
    for version in BOTH {
        let (_world, mut alice, mut bob) = two(version).await;
        let recipients: String = [bob.user.as_str(), "wv:a@north.example", "wv:b@north.example"]
            .map(|user| format!("<User><UserID>{user}</UserID></User>"))
            .concat();
        let one = format!("<User><UserID>{}</UserID></User>", bob.user);
        let request = send(&bob.user, &alice.user, "all of you").replacen(&one, &recipients, 1);
        let sent = alice.asks(&request).await;
        assert_eq!(sent.code(), Some(201), "a success with details: {sent:?}");
        let details: Vec<_> = sent.primitive.find("Result").unwrap().all("DetailedResult").collect();
        let [detail] = &details[..] else { panic!("one for each code: {sent:?}") };
        assert_eq!(detail.number_at("Code"), Some(531));
        let failed: Vec<_> = detail.all("UserID").map(|id| id.text.as_str()).collect();
        assert_eq!(failed, ["wv:a@north.example", "wv:b@north.example"]);
        let heard = bob.polls().await;
        assert_eq!(texts(&heard), ["all of you"]);
    }
}

#[tokio::test]
async fn nokia_asks_several_things_in_one_message() {
    for version in BOTH {
        let (_world, mut alice, _bob) = two(version).await;
        let asked: String = ["nok7", "nok8", "nok9"]
            .map(|id| said::transaction(version, "Request", Some(id), "<KeepAlive-Request/>"))
            .concat();
        let document = said::around(version, alice.session.as_deref(), &asked);
        let message = alice.exchanges(&document).await.unwrap();
        assert_eq!(ids(&message.said), ["nok7", "nok8", "nok9"]);
        assert!(message.said.iter().all(|said| said.code() == Some(200)), "{message:?}");
    }
}

#[tokio::test]
async fn nokia_gets_each_part_of_what_waits_within_what_its_parser_holds() {
    for version in BOTH {
        let (_world, mut alice, mut bob) = two(version).await;
        // Two together would be more than 131,072 bytes; each alone is below the length it takes.
        for letter in ["a", "b", "c"] {
            says(&mut alice, &bob, &letter.repeat(90_000)).await;
        }
        let mut next = bob.polls().await;
        for letter in ["a", "b", "c"] {
            assert_eq!(next.len(), 1, "one at a time: {}", next.len());
            assert!(texts(&next)[0].starts_with(letter));
            assert_eq!(bob.more, letter != "c");
            next = bob.confirms(&next).await;
        }
        assert!(next.is_empty());
    }
}
