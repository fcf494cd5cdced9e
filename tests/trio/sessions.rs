//! Set-up and life of sessions: S-01 to S-09.

use std::time::Duration;

use postern::relay::{Posted, Relay};
use postern::syntax::ssp;
use postern::vocabulary::access::{KeepAliveRequest, LogoutRequest};
use postern::vocabulary::status::{Code, Status};
use postern::vocabulary::{Mode, Primitive, Version};

use crate::hand::{Hand, message_fragment};
use crate::node::{domain, message, timers};
use crate::world::World;

fn sessions(relay: &Relay, world: &World) -> usize {
    relay.sessions(world.now).iter().filter(|s| s.state == "open").count()
}

#[test]
fn s01_a_set_up_initiated_by_us() {
    let mut hand = Hand::new();
    hand.submit("m1", 100);
    let one = hand.take();
    assert_eq!((one.mode, one.post.session.as_ref()), (Mode::Request, None));
    assert_eq!(hand.send_secret(Mode::Response, "41", "d7227329f32f041665e30dd1d994be84"), 200);
    let three = hand.take();
    assert_eq!((three.mode, &three.id), (Mode::Request, &one.id));
    assert!(three.proves("d7227329f32f041665e30dd1d994be84"));
    assert_eq!(hand.send_digest(Mode::Response, &one.id, &one.secret()), 200);
    let five = hand.take();
    assert_eq!((five.mode, &five.id), (Mode::Request, &one.id));
    assert!(five.session_id().ends_with("@north.example"));
    assert_eq!(hand.north().records("peer-session/", hand.world.now), 0);
    assert_eq!(hand.send_session(Mode::Response, &one.id, Some(200)), 200);
    assert_eq!(hand.north().records("peer-session/", hand.world.now), 1);
    let message = hand.take();
    assert_eq!(message.session, Some(five.session_id()));
    assert_eq!(message.post.session.unwrap().expose(), five.session_id());
    assert_eq!(hand.send_session(Mode::Response, &one.id, Some(200)), 200, "a repeated last step is acknowledged");
}

#[test]
fn s02_a_set_up_initiated_by_the_peer() {
    let mut hand = Hand::new();
    assert_eq!(hand.send_secret(Mode::Request, "41", "s-of-south"), 200);
    let two = hand.take();
    assert_eq!(two.mode, Mode::Response);
    assert_ne!(two.id, "41", "the responder's secret has an id of its own");
    assert_eq!(hand.send_digest(Mode::Request, "41", &two.secret()), 200);
    let four = hand.take();
    assert_eq!((four.mode, four.id.as_str()), (Mode::Response, "41"));
    assert!(four.proves("s-of-south"));
    assert_eq!(hand.send_session(Mode::Request, "41", Some(200)), 200);
    assert_eq!(hand.north().records("peer-session/", hand.world.now), 1);
    let six = hand.take();
    assert_eq!((six.mode, six.id.as_str()), (Mode::Response, "41"));
    hand.submit("m1", 100);
    assert_eq!(hand.take().session, Some(six.session_id()));
}

#[test]
fn nothing_is_posted_on_a_session_before_the_peer_has_its_last_step() {
    let mut hand = Hand::new();
    hand.send_secret(Mode::Request, "41", "x");
    let two = hand.take();
    hand.send_digest(Mode::Request, "41", &two.secret());
    hand.take();
    hand.send_session(Mode::Request, "41", Some(200));
    let six = hand.hear();
    hand.submit("m1", 100);
    assert!(hand.is_silent());
    hand.accept(&six);
    assert_eq!(hand.take().session, Some(six.session_id()));
}

#[test]
fn s03_both_initiate_at_once_and_traffic_works_on_either_pair() {
    let mut world = World::of(&["north", "south"], 5);
    let (north, south) = (domain("north"), domain("south"));
    let valid = world.now + Duration::from_secs(60);
    world.submit(0, message("n1", &north, &south, valid)).unwrap();
    world.submit(1, message("s1", &south, &north, valid)).unwrap();
    world.run(Duration::from_secs(5));
    for at in 0..2 {
        assert_eq!(sessions(&world.nodes[at].relay, &world), 2);
        assert!(world.nodes[at].disk.settled.values().all(|ends| *ends == [Ok(Code::SUCCESS)]));
    }
    assert_eq!((world.nodes[0].disk.settled.len(), world.nodes[1].disk.settled.len()), (1, 1));
}

#[test]
fn s04_a_wrong_digest_is_refused_and_leaves_no_session() {
    let mut hand = Hand::new();
    hand.send_secret(Mode::Request, "41", "x");
    hand.take();
    assert_eq!(hand.send_digest(Mode::Request, "41", "not the secret"), 200);
    let refusal = hand.take();
    assert_eq!((refusal.mode, refusal.id.as_str()), (Mode::Response, "41"));
    let Primitive::SspLoginResponse(response) = refusal.said() else { panic!("{refusal:?}") };
    assert_eq!(response.outcome.unwrap().code, Code::UNAUTHORIZED);
    assert_eq!(hand.send_session(Mode::Request, "41", Some(200)), 404);
    assert_eq!(sessions(&hand.north().relay, &hand.world), 0);
    assert_eq!(hand.ask("1", &message_fragment("m", &hand.south.clone(), None)), 404);
}

#[test]
fn s04_a_wrong_digest_of_the_responder_is_refused_too() {
    let mut hand = Hand::new();
    hand.submit("m1", 100);
    let one = hand.take();
    hand.send_secret(Mode::Response, "41", "x");
    hand.take();
    assert_eq!(hand.send_digest(Mode::Response, &one.id, "not the secret"), 200);
    let refusal = hand.take();
    assert_eq!((refusal.mode, &refusal.id), (Mode::Request, &one.id));
    assert_eq!(hand.send_session(Mode::Response, &one.id, Some(200)), 404);
    let view = &hand.north().relay.peers(hand.world.now)[0];
    assert_eq!((view.state, view.attempts), ("down", 1));
    assert_eq!(view.last_error.as_deref(), Some("its digest is not that of our secret"));
    hand.run(11_000);
    assert!(hand.is_silent(), "the next attempt waits");
    hand.run(10_000);
    hand.let_open();
    assert_eq!(format!("{:?}", hand.take().mode), "Request");
}

#[test]
fn a_refused_session_or_an_answer_without_status_is_given_up() {
    for code in [Some(403), None] {
        let mut hand = Hand::new();
        hand.submit("m1", 100);
        let one = hand.take();
        hand.send_secret(Mode::Response, "41", "x");
        hand.take();
        hand.send_digest(Mode::Response, &one.id, &one.secret());
        hand.take();
        assert_eq!(hand.send_session(Mode::Response, &one.id, code), 200);
        assert_eq!(sessions(&hand.north().relay, &hand.world), 0);
        assert_eq!(hand.north().relay.peers(hand.world.now)[0].state, "down");
    }
}

#[test]
fn s05_a_step_that_comes_too_early_is_posted_again() {
    let mut hand = Hand::new();
    hand.submit("m1", 100);
    let one = hand.take();
    hand.send_secret(Mode::Response, "41", "x");
    let mut waited = Vec::new();
    for wait in [300, 600, 1200] {
        let early = hand.hear();
        assert!(early.proves("x"));
        hand.drop(&early);
        hand.run(wait - 1);
        waited.push(hand.is_silent());
        hand.run(1);
    }
    assert_eq!(waited, [true, true, true]);
    hand.take();
    hand.send_digest(Mode::Response, &one.id, &one.secret());
    hand.take();
    hand.send_session(Mode::Response, &one.id, Some(200));
    assert_eq!(hand.take().mode, Mode::Request);
}

#[test]
fn an_overdue_step_makes_ours_be_repeated_and_the_whole_set_up_ends_in_its_time() {
    let mut hand = Hand::new();
    hand.submit("m1", 1000);
    let one = hand.take();
    for _ in 0..5 {
        hand.run(10_000);
        assert_eq!(hand.take().post.body, one.post.body);
    }
    hand.run(10_000);
    assert!(hand.is_silent());
    assert_eq!(hand.north().relay.peers(hand.world.now)[0].state, "down");
    hand.run(20_000);
    assert_ne!(hand.take().id, one.id);
}

#[test]
fn a_repeated_step_is_answered_alike() {
    let mut hand = Hand::new();
    hand.send_secret(Mode::Request, "41", "x");
    let two = hand.take();
    hand.send_secret(Mode::Request, "41", "x");
    assert_eq!(hand.take().post.body, two.post.body);
    hand.send_digest(Mode::Request, "41", &two.secret());
    let four = hand.take();
    hand.send_digest(Mode::Request, "41", &two.secret());
    assert_eq!(hand.take().post.body, four.post.body);
    hand.send_session(Mode::Request, "41", Some(200));
    let six = hand.take();
    hand.send_session(Mode::Request, "41", Some(200));
    assert_eq!(hand.take().post.body, six.post.body);
    assert_eq!(sessions(&hand.north().relay, &hand.world), 1);
}

#[test]
fn a_step_for_another_domain_or_of_no_set_up_is_refused() {
    let mut hand = Hand::new();
    let south = std::mem::replace(&mut hand.south, domain("west"));
    hand.world.configure(0, crate::node::peer_file(&domain("west")));
    hand.own = "1@south.example".to_owned();
    assert_eq!(hand.send_digest(Mode::Request, "41", "x"), 404);
    assert_eq!(hand.send_session(Mode::Response, "41", Some(200)), 404);
    // West's certificate, south's name.
    let body = {
        let mut other = Hand::new();
        other.submit("m", 9);
        other.hear().post.body
    };
    assert_eq!(hand.world.post(&south, 0, &body), 403, "north's own name");
}

#[test]
fn s06_a_session_survives_a_restart_of_either_side() {
    let mut world = World::of(&["north", "south"], 6);
    let (north, south) = (domain("north"), domain("south"));
    let send = |world: &mut World, id: &str| {
        let valid = world.now + Duration::from_secs(60);
        world.submit(0, message(id, &north, &south, valid)).unwrap();
        world.run(Duration::from_secs(10));
        assert_eq!(world.nodes[0].disk.settled[id], [Ok(Code::SUCCESS)], "{id}");
    };
    send(&mut world, "m1");
    world.keep_wire = true;
    for (id, node) in [("m2", 0), ("m3", 1)] {
        world.crash(node, Duration::from_secs(1));
        world.run(Duration::from_secs(2));
        send(&mut world, id);
    }
    assert_eq!(world.wire.len(), 4, "two requests, two answers, no set-up");
}

#[test]
fn s07_signs_of_life_hold_a_session_beyond_its_time() {
    let timers = postern::config::Timers { session_ttl: Duration::from_secs(30), ..timers() };
    let mut world = World::with_timers(&["north", "south"], 7, &timers);
    let (north, south) = (domain("north"), domain("south"));
    let valid = world.now + Duration::from_secs(60);
    world.submit(0, message("m1", &north, &south, valid)).unwrap();
    world.run(Duration::from_secs(1));
    let before = world.nodes[0].relay.sessions(world.now);
    world.run(Duration::from_secs(300));
    let after = world.nodes[0].relay.sessions(world.now);
    assert_eq!((after.len(), &after[0].own_id), (1, &before[0].own_id));
    assert!(after[0].idle_ms < 30_000);
}

#[test]
fn s08_logout_ends_the_session_on_both_sides() {
    let mut hand = Hand::new();
    let id = hand.open();
    let fragment = ssp::write_fragment(None, &Primitive::from(LogoutRequest { outcome: None }), Version::V13);
    assert_eq!(hand.ask("9", &fragment), 200);
    let answer = hand.hear();
    assert_eq!((answer.session, answer.mode, answer.id.as_str()), (Some(id), Mode::Response, "9"));
    assert_eq!(sessions(&hand.north().relay, &hand.world), 0);
    assert_eq!(hand.north().records("peer-session/", hand.world.now), 0);
    assert_eq!(hand.ask("10", &fragment), 404);
}

#[test]
fn s09_a_session_that_ended_is_set_up_again_without_losing_messages() {
    let mut hand = Hand::with_ttl(Duration::from_secs(30));
    hand.open();
    hand.run(10_000);
    let probe = hand.hear();
    assert!(matches!(probe.said(), Primitive::KeepAliveRequest(_)));
    hand.run(20_000);
    assert_eq!(sessions(&hand.north().relay, &hand.world), 0);
    hand.submit("m1", 100);
    hand.let_open();
    let message = hand.take();
    hand.answer(&message.id, Status::from(Code::SUCCESS));
    assert_eq!(hand.end_of("m1"), Some(Ok(Code::SUCCESS)));
}

#[test]
fn a_peer_that_does_not_know_keep_alive_is_alive() {
    let mut hand = Hand::with_ttl(Duration::from_secs(30));
    hand.open();
    for _ in 0..10 {
        hand.run(10_000);
        let probe = hand.take();
        hand.answer(&probe.id, Status::from(Code::NOT_SUPPORTED));
    }
    assert_eq!(sessions(&hand.north().relay, &hand.world), 1);
}

#[test]
fn a_keep_alive_is_answered() {
    let mut hand = Hand::new();
    hand.open();
    let alive = Primitive::from(KeepAliveRequest { time_to_live: None });
    hand.ask("9", &ssp::write_fragment(None, &alive, Version::V13));
    assert_eq!(hand.take().code(), Code::SUCCESS);
}

#[test]
fn steps_two_and_three_wait_for_a_peer_with_the_quirk() {
    let mut hand = Hand::with(|file| file.quirks = vec!["setup-delay".to_owned()]);
    hand.send_secret(Mode::Request, "41", "x");
    hand.run(299);
    assert!(hand.is_silent());
    hand.run(1);
    let two = hand.take();
    hand.send_digest(Mode::Request, "41", &two.secret());
    assert!(hand.take().proves("x"), "only the steps after a secret wait");
}

#[test]
fn a_sticky_peer_is_served_under_an_id_forgotten_here() {
    for (quirks, expected) in [(vec!["sticky-session".to_owned()], 200), (vec![], 404)] {
        let mut hand = Hand::with(|file| file.quirks = quirks);
        hand.open();
        hand.own = "1@south.example".to_owned();
        let fragment = message_fragment("m1", &hand.south.clone(), None);
        assert_eq!(hand.ask("1", &fragment), expected);
        hand.own = "1@west.example".to_owned();
        assert_eq!(hand.ask("2", &fragment), 404);
    }
}

#[test]
fn secrets_and_whole_session_ids_are_never_shown() {
    let mut hand = Hand::new();
    hand.submit("m1", 100);
    let one = hand.hear();
    assert!(!format!("{:?}", hand.north().relay).contains(&one.secret()));
    hand.accept(&one);
    hand.send_secret(Mode::Response, "41", "hush-hush");
    let shown = format!("{:?}", hand.north().relay);
    assert!(!shown.contains("hush-hush"));
    hand.world.posted(0, one.post.id, Posted::Accepted);
    let id = {
        let mut other = Hand::new();
        let id = other.open();
        assert!(
            !format!("{:?} {:?}", other.north().relay, other.north().relay.sessions(other.world.now)).contains(&id)
        );
        id
    };
    assert!(id.len() > 26 + "@north.example".len() - 1);
}
