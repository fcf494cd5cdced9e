//! Sessions between domains, with a peer played by the test: S-01 to S-06, S-10.

use std::sync::Arc;

use crate::support::ca::Ca;
use crate::support::peer::{Pair, Reaction, ScriptedPeer, message, secret_of, ssp, wrong_digest};
use crate::support::world::builder::ALL;
use crate::support::world::{Phone, World};
use crate::support::{GLANCE, PATIENCE, unique};

const NORTH: &str = "north.example";
const EAST: &str = "east.example";
const EVE: &str = "wv:eve@east.example";

async fn north_and_east() -> Arc<World> {
    World::new().domain(NORTH).scripted(EAST).start().await
}

/// A message of Eve's reaches a phone in the north over the session open now.
async fn eve_reaches_bob(world: &World, peer: &ScriptedPeer) {
    let mut bob = world.login("bob", NORTH, Phone::USUAL).await;
    let text = unique("from the east");
    let answer = peer.asks(message(EVE, &[&bob.user], &unique("m"), &text, false)).await;
    assert_eq!(ssp::code(&answer), 200, "{answer:?}");
    assert_eq!(bob.hears(&text).await.sender, EVE);
    bob.logout().await;
}

/// A message to Eve reaches the peer.
async fn alice_reaches_eve(world: &World, peer: &ScriptedPeer) {
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let text = unique("from the north");
    alice.says(&text).to([EVE]).await.accepted();
    peer.takes(&text, |i| i.asks && content(&i.primitive).as_deref() == Some(text.as_str())).await;
    alice.logout().await;
}

/// The text of a `SendMessageRequest`, decoded.
fn content(primitive: &crate::support::wire::tree::Node) -> Option<String> {
    use base64::Engine;
    let data = primitive.find("ContentData")?;
    match data.get("encoding") {
        None => Some(data.text.trim().to_owned()),
        Some(_) => {
            let text: String = data.text.split_whitespace().collect();
            String::from_utf8(base64::engine::general_purpose::STANDARD.decode(text).ok()?).ok()
        }
    }
}

#[tokio::test]
async fn s01_the_node_sets_up_a_session_when_it_has_something_to_say() {
    let world = north_and_east().await;
    let peer = world.peer(EAST).await;
    alice_reaches_eve(&world, &peer).await;
    let steps: Vec<_> = peer.arrived().into_iter().filter(|i| i.setup && i.asks).collect();
    let names: Vec<_> = steps.iter().map(|i| i.primitive.name.as_str()).collect();
    assert_eq!(names, ["SendSecretToken", "LoginRequest", "LoginResponse"]);
    assert!(steps.iter().all(|i| i.id == steps[0].id), "one transaction id throughout");
    assert_eq!(steps[0].primitive.get("serviceID"), Some("wv:@north.example"));
    assert!(secret_of(&steps[0]).len() >= 16, "a secret nobody guesses");
    let pair = peer.session().await;
    assert!(pair.node.ends_with("@north.example") && pair.node.len() >= 22 + "@north.example".len(), "{pair:?}");
    let request = peer.arrived().into_iter().find(|i| !i.setup).unwrap();
    assert_eq!(request.session.as_deref(), Some(pair.node.as_str()), "its own id in the envelope");
    assert_eq!(request.session_header.as_deref(), Some(pair.node.as_str()));
    assert_eq!(request.transaction_header.as_deref(), Some(request.id.as_str()));
    eve_reaches_bob(&world, &peer).await;
}

#[tokio::test]
async fn s02_the_peer_sets_up_a_session() {
    let world = north_and_east().await;
    let peer = world.peer(EAST).await;
    let pair = peer.initiates().await;
    assert!(pair.node.ends_with("@north.example"), "{pair:?}");
    eve_reaches_bob(&world, &peer).await;
    alice_reaches_eve(&world, &peer).await;
    assert!(peer.arrived().iter().all(|i| !i.setup || !i.asks), "no second set-up");
}

#[tokio::test]
async fn s03_both_sides_set_up_at_once_and_either_session_serves() {
    let world = north_and_east().await;
    let peer = world.peer(EAST).await;
    peer.responds(false);
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let sending = tokio::spawn(async move { alice.says("crossing").to([EVE]).await.accepted() });
    let token = peer.takes_step(true, "SendSecretToken").await;
    let theirs = peer.initiates().await;
    let ours = finish_as_responder(&peer, &token).await;
    sending.await.unwrap();
    peer.takes_request("SendMessageRequest").await;
    for pair in [&theirs, &ours] {
        let id = unique("t");
        let bob = Phone::USUAL.user("bob", NORTH);
        let request = message(EVE, &[&bob], &unique("m"), "either way", false);
        let root = ssp::session(&pair.own, [ssp::transaction(true, &id, request)]);
        assert_eq!(peer.posts_tree(&root).await, 200, "{pair:?}");
        assert_eq!(ssp::code(&peer.takes_answer(&id).await.primitive), 200, "{pair:?}");
    }
}

/// Plays the responder's part by hand.
async fn finish_as_responder(peer: &ScriptedPeer, token: &crate::support::peer::Incoming) -> Pair {
    let secret = unique("secret");
    assert_eq!(peer.steps(false, &unique("tb"), ssp::secret_token(EAST, &secret)).await, 200);
    let login = peer.takes_step(true, "LoginRequest").await;
    assert_eq!(login.primitive.text_at("PasswordDigest"), Some(ssp::digest(&secret).as_str()));
    let proof = ssp::login_request(EAST, &ssp::digest(secret_of(token)));
    assert_eq!(peer.steps(false, &token.id, proof).await, 200);
    let response = peer.takes_step(true, "LoginResponse").await;
    let own = format!("{}@{EAST}", unique("s"));
    assert_eq!(peer.steps(false, &token.id, ssp::login_response(&own, 200)).await, 200);
    Pair { own, node: ssp::session_of(&response.primitive) }
}

#[tokio::test]
async fn s04_a_wrong_digest_of_the_initiator_leaves_no_session() {
    let world = north_and_east().await;
    let peer = world.peer(EAST).await;
    let id = unique("ta");
    assert_eq!(peer.steps(true, &id, ssp::secret_token(EAST, "secret")).await, 200);
    peer.takes_step(false, "SendSecretToken").await;
    peer.steps(true, &id, ssp::login_request(EAST, &wrong_digest())).await;
    let own = format!("{}@{EAST}", unique("s"));
    let status = peer.steps(true, &id, ssp::login_response(&own, 200)).await;
    assert_ne!(status, 200, "the last step of a refused set-up");
    let refusals = peer.arrived().into_iter().filter(|i| i.primitive.name == "LoginResponse");
    assert!(refusals.clone().all(|i| ssp::code(&i.primitive) == 401), "{:?}", refusals.collect::<Vec<_>>());
    assert!(peer.arrived().iter().all(|i| i.primitive.name != "LoginRequest"), "it proves nothing to a liar");
    not_served(&peer, &own).await;
}

#[tokio::test]
async fn s04_a_wrong_digest_of_the_responder_leaves_no_session() {
    let world = north_and_east().await;
    let peer = world.peer(EAST).await;
    peer.responds(false);
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    let sending = tokio::spawn(async move { alice.says("secret words").to([EVE]).await });
    let token = peer.takes_step(true, "SendSecretToken").await;
    assert_eq!(peer.steps(false, &unique("tb"), ssp::secret_token(EAST, "secret")).await, 200);
    peer.takes_step(true, "LoginRequest").await;
    peer.steps(false, &token.id, ssp::login_request(EAST, &wrong_digest())).await;
    let own = format!("{}@{EAST}", unique("s"));
    let status = peer.steps(false, &token.id, ssp::login_response(&own, 200)).await;
    assert_ne!(status, 200, "the last step of a refused set-up");
    not_served(&peer, &own).await;
    let told = peer.arrived().into_iter().filter(|i| i.setup && i.primitive.name == "LoginResponse");
    assert!(told.clone().all(|i| ssp::code(&i.primitive) == 401), "{:?}", told.collect::<Vec<_>>());
    assert!(peer.arrived().iter().all(|i| i.setup), "nothing was said to a liar");
    sending.abort();
}

/// A request under this session id is not executed.
async fn not_served(peer: &ScriptedPeer, own: &str) {
    let id = unique("t");
    let bob = Phone::USUAL.user("bob", NORTH);
    let request = ssp::transaction(true, &id, message(EVE, &[&bob], &unique("m"), "never", false));
    let status = peer.posts_tree(&ssp::session(own, [request])).await;
    if status == 200 {
        let code = ssp::code(&peer.takes_answer(&id).await.primitive);
        assert!(matches!(code, 600 | 604), "{code}");
    } else {
        assert_eq!(status, 404);
    }
}

#[tokio::test]
async fn s05_the_node_repeats_a_step_that_came_too_early_or_whose_acknowledgement_was_lost() {
    let world = north_and_east().await;
    let peer = world.peer(EAST).await;
    peer.next("SendSecretToken", Reaction::DropAck);
    peer.next("LoginRequest", Reaction::Close);
    peer.next("LoginRequest", Reaction::Refuse(503));
    peer.next("LoginResponse", Reaction::DropAck);
    alice_reaches_eve(&world, &peer).await;
    eve_reaches_bob(&world, &peer).await;
}

#[tokio::test]
async fn s05_a_step_of_the_peer_that_comes_too_early_is_not_taken_and_harms_nothing() {
    let world = north_and_east().await;
    let peer = world.peer(EAST).await;
    let early = peer.steps(true, &unique("ta"), ssp::login_request(EAST, &wrong_digest())).await;
    assert_ne!(early, 200, "a step without a beginning");
    peer.initiates().await;
    eve_reaches_bob(&world, &peer).await;
}

#[tokio::test]
async fn s05_a_repeated_step_is_answered_again() {
    let world = north_and_east().await;
    let peer = world.peer(EAST).await;
    let id = unique("ta");
    let token = ssp::secret_token(EAST, "secret");
    assert_eq!(peer.steps(true, &id, token.clone()).await, 200);
    let first = peer.takes_step(false, "SendSecretToken").await;
    assert_eq!(peer.steps(true, &id, token).await, 200);
    let second = peer.takes_step(false, "SendSecretToken").await;
    assert_eq!(secret_of(&first), secret_of(&second));
    let login = ssp::login_request(EAST, &ssp::digest(secret_of(&first)));
    assert_eq!(peer.steps(true, &id, login.clone()).await, 200);
    peer.takes_step(false, "LoginRequest").await;
    assert_eq!(peer.steps(true, &id, login).await, 200);
    peer.takes_step(false, "LoginRequest").await;
    let response = ssp::login_response(&format!("{}@{EAST}", unique("s")), 200);
    assert_eq!(peer.steps(true, &id, response.clone()).await, 200);
    let first = ssp::session_of(&peer.takes_step(false, "LoginResponse").await.primitive);
    assert_eq!(peer.steps(true, &id, response).await, 200);
    let second = ssp::session_of(&peer.takes_step(false, "LoginResponse").await.primitive);
    assert_eq!(first, second);
}

#[tokio::test]
async fn s06_a_session_survives_a_restart_and_a_crash_of_the_node() {
    let world = World::new().domain(NORTH).scripted(EAST).processes().start().await;
    let peer = world.peer(EAST).await;
    peer.initiates().await;
    eve_reaches_bob(&world, &peer).await;
    world.stop(NORTH).await;
    world.revive(NORTH).await;
    eve_reaches_bob(&world, &peer).await;
    world.kill(NORTH).await;
    world.revive(NORTH).await;
    eve_reaches_bob(&world, &peer).await;
    alice_reaches_eve(&world, &peer).await;
    assert!(peer.arrived().iter().all(|i| !i.setup || !i.asks), "no second set-up");
}

#[tokio::test]
async fn s06_a_session_survives_the_absence_of_the_peer() {
    let world = north_and_east().await;
    let mut peer = world.peer(EAST).await;
    peer.initiates().await;
    peer.down();
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    alice.says("when you are back").to([EVE]).await.accepted();
    peer.up().await;
    let request = peer.takes_request("SendMessageRequest").await;
    assert_eq!(content(&request.primitive).as_deref(), Some("when you are back"));
    assert_eq!(request.session, Some(peer.session().await.node));
}

#[tokio::test]
async fn s10_a_certificate_that_proves_another_domain_opens_nothing() {
    let world = World::new().domain(NORTH).scripted(EAST).scripted("west.example").start().await;
    let peer = world.peer(EAST).await;
    let url = format!("https://{}/", world.ports(NORTH).ssp);
    let step = |domain: &str| ssp::setup(true, &unique("ta"), ssp::secret_token(domain, "secret"));
    let xml = |domain: &str| crate::support::wire::xml::write(&step(domain));
    assert!(!matches!(peer.posts(xml("west.example")).await, Ok(a) if a.status == 200), "east as west");
    peer.talks_to(&url, NORTH, &world.ca, &world.ca.issue("mallory.example"));
    assert!(!matches!(peer.posts(xml(EAST)).await, Ok(a) if a.status == 200), "a domain nobody knows");
    peer.talks_to(&url, NORTH, &world.ca, &Ca::new("Mallory's CA").issue(EAST));
    assert!(peer.posts(xml(EAST)).await.is_err(), "another CA");
    peer.talks_to(&url, NORTH, &world.ca, &world.ca.issue(EAST));
    peer.initiates().await;
    let west = world.peer("west.example").await;
    let pair = peer.session().await;
    let bob = Phone::USUAL.user("bob", NORTH);
    let request = ssp::transaction(true, "1", message(EVE, &[&bob], "m", "stolen", false));
    assert_ne!(west.posts_tree(&ssp::session(&pair.own, [request])).await, 200, "a stolen session id");
}

#[tokio::test]
async fn s10_nothing_is_said_to_a_peer_whose_certificate_proves_another_domain() {
    let world = north_and_east().await;
    let impostor = ScriptedPeer::start_as(&world.ca, EAST, &world.ca.issue("mallory.example")).await;
    world.peers_with(NORTH, EAST, &impostor.url(), [ALL, ALL]).await;
    let mut alice = world.login("alice", NORTH, Phone::USUAL).await;
    alice.says("psst").validity(60).to([EVE]).await;
    assert!(impostor.arrived().is_empty() && !impostor.has_session());
    let peer = world.peer(EAST).await;
    world.peers_with(NORTH, EAST, &peer.url(), [ALL, ALL]).await;
    let arrives = async {
        while !peer.arrived().iter().any(|i| i.primitive.name == "SendMessageRequest") {
            tokio::time::sleep(GLANCE).await;
        }
    };
    tokio::time::timeout(PATIENCE, arrives).await.expect("the right peer gets it");
}
