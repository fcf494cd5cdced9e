//! Transactions: T-01 to T-07, and what else may happen to a request.

use std::time::Duration;

use bytes::Bytes;
use postern::address::Domain;
use postern::relay::{Relay, Turn};
use postern::syntax::ssp;
use postern::vocabulary::message::SendMessageResponse;
use postern::vocabulary::status::{Code, Outcome, Status};
use postern::vocabulary::{Mode, Version};

use crate::hand::{Hand, message_fragment};
use crate::node::{domain, message};
use crate::world::World;

fn alice(hand: &Hand) -> (String, Domain) {
    (format!("wv:bob@{}", hand.south), hand.south.clone())
}

/// A message of a user of south.
fn from_south(hand: &Hand, id: &str) -> Bytes {
    let (user, home) = alice(hand);
    message_fragment(id, &home, Some((&user, &home)))
}

fn taken(id: &str) -> SendMessageResponse {
    SendMessageResponse { outcome: Outcome::from(Code::SUCCESS), message: Some(id.into()) }
}

#[test]
fn t01_several_transactions_in_one_post_are_all_answered() {
    let mut hand = Hand::new();
    hand.open();
    let fragments: Vec<Bytes> = (0..3).map(|n| from_south(&hand, &format!("m{n}"))).collect();
    let parts: Vec<(Mode, &str, &[u8])> =
        ["a", "b", "c"].into_iter().zip(&fragments).map(|(id, f)| (Mode::Request, id, f.as_ref())).collect();
    assert_eq!(hand.say_all(&parts), 200);
    let answers = hand.load();
    let ids: Vec<&str> = answers.iter().map(|a| a.id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c"]);
    assert!(answers.iter().all(|a| a.mode == Mode::Response && a.code() == Code::SUCCESS));
    assert_eq!(hand.north().disk.order, ["m0", "m1", "m2"]);
}

#[test]
fn t02_a_repeated_request_is_executed_once_and_answered_twice_alike() {
    let mut hand = Hand::new();
    hand.open();
    let fragment = from_south(&hand, "m1");
    assert_eq!(hand.ask("7-0", &fragment), 200);
    let first = hand.take();
    assert_eq!(hand.ask("7-0", &fragment), 200);
    let second = hand.take();
    assert_eq!((&first.id, &first.fragment), (&second.id, &second.fragment));
    assert_eq!(hand.north().disk.executed["m1"], 1);
}

#[test]
fn t02_a_request_repeated_after_a_restart_is_answered_alike() {
    let mut hand = Hand::new();
    hand.open();
    let fragment = from_south(&hand, "m1");
    hand.ask("7-0", &fragment);
    let first = hand.take();
    hand.world.crash(0, Duration::from_secs(1));
    hand.run(2_000);
    assert!(hand.is_silent(), "an answer that arrived is not posted again");
    assert_eq!(hand.ask("7-0", &fragment), 200);
    assert_eq!(hand.take().fragment, first.fragment);
    assert_eq!(hand.north().disk.executed["m1"], 1);
}

#[test]
fn t02_a_repetition_that_memory_has_forgotten_is_executed_once_and_answered_alike() {
    let mut hand = Hand::new();
    hand.world.nodes[0].remember(1);
    hand.open();
    let fragment = from_south(&hand, "m1");
    hand.ask("7-0", &fragment);
    let first = hand.take();
    hand.run(1);
    hand.ask("8-0", &from_south(&hand, "m2"));
    hand.take();
    hand.ask("7-0", &fragment);
    assert!(hand.is_silent(), "the store knew it: nothing was executed, the peer posts again");
    hand.ask("7-0", &fragment);
    assert_eq!(hand.take().fragment, first.fragment);
    assert_eq!(hand.north().disk.executed["m1"], 1);
}

#[test]
fn an_answer_that_did_not_arrive_is_posted_again_after_a_restart() {
    let mut hand = Hand::new();
    hand.open();
    hand.ask("7-0", &from_south(&hand, "m1"));
    let first = hand.hear();
    hand.world.crash(0, Duration::from_secs(1));
    hand.run(2_000);
    let again = hand.hear();
    assert_eq!((&again.id, &again.fragment), (&first.id, &first.fragment));
}

#[test]
fn the_same_id_with_another_request_gets_420() {
    let mut hand = Hand::new();
    hand.open();
    hand.ask("7-0", &from_south(&hand, "m1"));
    hand.take();
    hand.ask("7-0", &from_south(&hand, "m2"));
    assert_eq!(hand.take().code(), Code::INVALID_TRANSACTION);
    assert!(!hand.north().disk.executed.contains_key("m2"));
}

#[test]
fn a_copy_of_a_request_in_execution_is_to_be_posted_again_later() {
    let mut hand = Hand::new();
    hand.open();
    let part = from_south(&hand, "m1");
    let body =
        ssp::session_message(Version::V13, &hand.own, &[ssp::Part { mode: Mode::Request, id: "7-0", fragment: &part }]);
    let envelope = ssp::scan(&body, &postern::syntax::Limits::default()).unwrap();
    let north = &hand.world.nodes[0].relay;
    let first = north.receive(hand.world.now, &hand.south, &envelope);
    let second = north.receive(hand.world.now, &hand.south, &envelope);
    assert_eq!((first.ack, first.jobs.len()), (Some(200), 1));
    assert!(!format!("{first:?}").contains("Kennst du"), "Debug shows no content");
    assert_eq!((second.ack, second.jobs.len()), (Some(503), 0));
    north.abandon(first.steps);
    let third = north.receive(hand.world.now, &hand.south, &envelope);
    assert_eq!((third.ack, third.jobs.len()), (Some(200), 1));
}

#[test]
fn a_request_no_element_answered_is_executed_when_it_is_repeated() {
    let mut hand = Hand::new();
    hand.open();
    let part = from_south(&hand, "m1");
    let parts = [ssp::Part { mode: Mode::Request, id: "7-0", fragment: &part }];
    let body = ssp::session_message(Version::V13, &hand.own, &parts);
    let envelope = ssp::scan(&body, &postern::syntax::Limits::default()).unwrap();
    let north = &hand.world.nodes[0].relay;
    for _ in 0..2 {
        let turn = north.receive(hand.world.now, &hand.south, &envelope);
        assert_eq!((turn.ack, turn.jobs.len()), (Some(200), 1));
        assert!(north.apply(hand.world.now, turn.steps).is_empty());
    }
}

#[test]
fn t03_a_peer_that_is_down_gets_its_messages_in_order_after_its_return() {
    let mut world = World::of(&["north", "south"], 3);
    world.crash(1, Duration::from_secs(3600));
    let (north, south) = (domain("north"), domain("south"));
    for n in 0..5_u64 {
        let valid = world.now + Duration::from_secs(86_400);
        world.submit(0, message(&format!("m{n}"), &north, &south, valid)).unwrap();
        world.run(Duration::from_secs(60));
    }
    assert_eq!(world.nodes[0].relay.peers(world.now)[0].state, "down");
    world.run(Duration::from_secs(3600));
    assert!(world.nodes[1].disk.executed.is_empty() || world.nodes[1].up);
    world.run(Duration::from_secs(900));
    assert_eq!(world.nodes[1].disk.order, ["m0", "m1", "m2", "m3", "m4"]);
    assert!(world.nodes[0].disk.settled.values().all(|ends| *ends == [Ok(Code::SUCCESS)]));
}

#[test]
fn what_a_peer_posts_ends_the_wait_for_it() {
    let mut hand = Hand::new();
    hand.open();
    hand.submit("m1", 3600);
    for _ in 0..5 {
        let heard = hand.hear();
        hand.drop(&heard);
        hand.run(40_000);
    }
    let heard = hand.hear();
    hand.drop(&heard);
    assert!(hand.is_silent());
    hand.ask("1-0", &from_south(&hand, "x"));
    let load: Vec<String> = hand.load().into_iter().map(|heard| format!("{:?}", heard.mode)).collect();
    assert_eq!(load, ["Response", "Request"]);
}

#[test]
fn t04_a_message_that_expires_while_the_peer_is_down_ends_with_542() {
    let mut hand = Hand::new();
    hand.submit("m1", 30);
    let step = hand.hear();
    hand.drop(&step);
    hand.run(29_000);
    assert_eq!(hand.end_of("m1"), None);
    hand.run(2_000);
    assert_eq!(hand.end_of("m1"), Some(Err(Code::EXPIRED)));
    assert_eq!(hand.north().records("peer-row/", hand.world.now), 0);
}

#[test]
fn t04_a_message_without_result_is_posted_again_and_ends_with_504() {
    let mut hand = Hand::new();
    hand.open();
    hand.submit("m1", 100);
    let first = hand.take();
    hand.run(29_000);
    assert!(hand.is_silent());
    hand.run(2_000);
    let second = hand.take();
    assert_eq!((&first.id, &first.fragment), (&second.id, &second.fragment));
    hand.run(80_000);
    assert_eq!(hand.end_of("m1"), Some(Err(Code::TIMEOUT)));
    assert_eq!(hand.answer(&first.id, taken("m1")), 200, "a late answer is dropped quietly");
    assert_eq!(hand.end_of("m1"), Some(Err(Code::TIMEOUT)));
}

#[test]
fn t05_an_unknown_primitive_gets_405() {
    let mut hand = Hand::new();
    hand.open();
    assert_eq!(hand.ask("9", b"<FrobnicateRequest/>"), 200);
    let answer = hand.take();
    assert_eq!((answer.id.as_str(), answer.code()), ("9", Code::NOT_SUPPORTED));
}

#[test]
fn t06_a_requestor_of_a_third_domain_gets_901_unless_a_relay_right_exists() {
    let west = domain("west");
    for (relay_for, expected) in [(vec![], Code::ADDRESS_ERROR), (vec![west.clone()], Code::SUCCESS)] {
        let mut hand = Hand::with(|file| file.agreement.relay_for = relay_for);
        hand.open();
        let fragment = message_fragment("m1", &west, Some(("wv:eve@west.example", &west)));
        hand.ask("1", &fragment);
        assert_eq!(hand.take().code(), expected);
        assert_eq!(hand.north().disk.executed.contains_key("m1"), expected == Code::SUCCESS);
    }
}

#[test]
fn t06_the_user_and_the_service_of_a_requestor_must_both_be_the_peers() {
    let (south, west) = (domain("south"), domain("west"));
    let mixed = [("wv:bob@south.example", &west), ("wv:eve@west.example", &south), ("bob", &west)];
    for (user, service) in mixed {
        let mut hand = Hand::new();
        hand.open();
        hand.ask("1", &message_fragment("m1", &west, Some((user, service))));
        assert_eq!(hand.take().code(), Code::ADDRESS_ERROR, "{user} at {service}");
        assert!(hand.north().disk.executed.is_empty());
    }
}

#[test]
fn a_requestor_without_a_domain_belongs_to_the_peer() {
    let mut hand = Hand::new();
    hand.open();
    let south = hand.south.clone();
    hand.ask("1", &message_fragment("m1", &south, Some(("bob", &south))));
    assert_eq!(hand.take().code(), Code::SUCCESS);
    hand.ask("2", &message_fragment("m2", &south, None));
    assert_eq!(hand.take().code(), Code::SUCCESS);
}

#[test]
fn two_requests_under_one_id_in_one_post_are_one_request_and_a_420() {
    let mut hand = Hand::new();
    hand.open();
    let (one, two) = (from_south(&hand, "m1"), from_south(&hand, "m2"));
    let ask = |id, fragment| (Mode::Request, id, fragment);
    assert_eq!(hand.say_all(&[ask("7", one.as_ref()), ask("7", one.as_ref()), ask("7", two.as_ref())]), 200);
    let mut codes: Vec<Code> = hand.load().iter().map(crate::hand::Heard::code).collect();
    codes.sort();
    assert_eq!(codes, [Code::SUCCESS, Code::INVALID_TRANSACTION]);
    assert_eq!(hand.north().disk.order, ["m1"]);
}

#[test]
fn a_post_of_too_many_transactions_is_refused_with_413_and_none_is_executed() {
    let mut hand = Hand::new();
    hand.open();
    let fragment = from_south(&hand, "m1");
    let ids: Vec<String> = (0..=Relay::TRANSACTIONS_MAX).map(|n| n.to_string()).collect();
    let parts: Vec<(Mode, &str, &[u8])> =
        ids.iter().map(|id| (Mode::Request, id.as_str(), fragment.as_ref())).collect();
    assert_eq!(hand.say_all(&parts), 413);
    assert!(hand.is_silent() && hand.north().disk.executed.is_empty());
    assert_eq!(hand.say_all(&parts[1..]), 200);
}

#[test]
fn t07_an_unknown_session_is_not_served_nor_that_of_another_peer() {
    let mut hand = Hand::new();
    hand.open();
    let fragment = from_south(&hand, "m1");
    let known = hand.own.clone();
    hand.own = "3@south.example".to_owned();
    assert_eq!(hand.ask("1", &fragment), 404);
    let west = domain("west");
    hand.world.configure(0, crate::node::peer_file(&west));
    let body =
        ssp::session_message(Version::V13, &known, &[ssp::Part { mode: Mode::Request, id: "1", fragment: &fragment }]);
    assert_eq!(hand.world.post(&west, 0, &body), 404);
    assert_eq!(hand.world.post(&domain("nowhere"), 0, &body), 403);
    assert!(hand.north().disk.executed.is_empty());
}

#[test]
fn what_is_not_agreed_gets_506_in_either_direction() {
    let mut hand = Hand::with(|file| {
        file.agreement.provide = vec!["presence".to_owned()];
        file.agreement.use_ = vec![];
    });
    hand.open();
    hand.ask("1", &from_south(&hand, "m1"));
    assert_eq!(hand.take().code(), Code::NOT_AGREED);
    let request = message("m2", &domain("north"), &hand.south, hand.world.now + Duration::from_secs(9));
    let refused = hand.north().relay.submit(hand.world.now, request, &mut Turn::default()).unwrap_err();
    assert_eq!(refused.code, Code::NOT_AGREED);
    assert_eq!(refused.reason, "[agreement] use of peer south.example does not list \"im\"");
}

#[test]
fn requests_are_refused_without_route_when_expired_and_when_the_queue_is_full() {
    let mut hand = Hand::with(|file| file.limits.queue = 2);
    let now = hand.world.now;
    let later = now + Duration::from_secs(9);
    let north = domain("north");
    let refused = |hand: &Hand, to: &Domain, expires| {
        let request = message("m", &north, to, expires);
        hand.north().relay.submit(now, request, &mut Turn::default()).unwrap_err().code
    };
    assert_eq!(refused(&hand, &domain("west"), later), Code::DOMAIN_NOT_SUPPORTED);
    assert_eq!(refused(&hand, &north, later), Code::DOMAIN_NOT_SUPPORTED);
    assert_eq!(refused(&hand, &domain("south"), now), Code::EXPIRED);
    hand.submit("m1", 9);
    hand.submit("m2", 9);
    assert_eq!(refused(&hand, &domain("south"), later), Code::QUEUE_FULL);
    hand.run(10_000);
    hand.submit("m3", 9);
}

#[test]
fn a_result_ends_its_request_once_and_only_if_it_comes_from_the_peer_asked() {
    let mut hand = Hand::new();
    hand.open();
    hand.submit("m1", 100);
    let asked = hand.take();
    let west = domain("west");
    hand.world.configure(0, crate::node::peer_file(&west));
    let south = std::mem::replace(&mut hand.south, west);
    let own = std::mem::replace(&mut hand.own, "8@west.example".to_owned());
    hand.open();
    assert_eq!(hand.answer(&asked.id, taken("m1")), 200);
    assert_eq!(hand.end_of("m1"), None, "west was not asked");
    hand.south = south;
    hand.own = own;
    assert_eq!(hand.answer(&asked.id, taken("m1")), 200);
    assert_eq!(hand.end_of("m1"), Some(Ok(Code::SUCCESS)));
    assert_eq!(hand.answer(&asked.id, Status::from(Code::NOT_FOUND)), 200);
    assert_eq!(hand.end_of("m1"), Some(Ok(Code::SUCCESS)));
}

#[test]
fn a_peer_that_lost_the_session_is_set_up_again_and_gets_the_request_under_its_old_id() {
    for by_status in [false, true] {
        let mut hand = Hand::new();
        let before = hand.open();
        hand.run(20_000);
        hand.submit("m1", 100);
        let asked = hand.hear();
        assert_eq!(asked.session.as_ref(), Some(&before));
        if by_status {
            hand.accept(&asked);
            hand.answer(&asked.id, Status::from(Code::INVALID_SESSION));
        } else {
            hand.refuse(&asked, 404);
        }
        hand.own = "3@south.example".to_owned();
        let after = hand.let_open();
        assert_ne!(before, after);
        let again = hand.take();
        assert_eq!((&again.id, &again.fragment), (&asked.id, &asked.fragment));
        assert_eq!(again.session, Some(after));
        hand.answer(&again.id, Status::from(Code::INVALID_SESSION));
        let end = if by_status { Some(Ok(Code::INVALID_SESSION)) } else { None };
        assert_eq!(hand.end_of("m1"), end, "by status: {by_status}");
    }
}

#[test]
fn a_result_that_comes_while_the_loss_of_the_session_is_being_noted_is_to_be_posted_again() {
    let mut hand = Hand::new();
    hand.open();
    hand.submit("m1", 100);
    let asked = hand.take();
    let lost = hand.written(&asked.id, Status::from(Code::INVALID_SESSION));
    let result = hand.written(&asked.id, taken("m1"));
    let limits = postern::syntax::Limits::default();
    let north = &hand.world.nodes[0].relay;
    let first = north.receive(hand.world.now, &hand.south, &ssp::scan(&lost, &limits).unwrap());
    let second = north.receive(hand.world.now, &hand.south, &ssp::scan(&result, &limits).unwrap());
    assert_eq!((first.ack, second.ack, second.settled.len()), (Some(200), Some(503), 0));
    north.abandon(first.steps);
    let third = north.receive(hand.world.now, &hand.south, &ssp::scan(&result, &limits).unwrap());
    assert_eq!((third.ack, third.settled.len()), (Some(200), 1));
}

#[test]
fn a_peer_that_forgets_a_session_at_once_is_not_hurried() {
    let mut hand = Hand::new();
    hand.open();
    hand.submit("m1", 100);
    let asked = hand.hear();
    hand.refuse(&asked, 404);
    assert!(hand.is_silent());
    hand.run(20_000);
    hand.let_open();
    assert_eq!(hand.take().id, asked.id);
}

#[test]
fn a_post_whose_outcome_is_never_told_is_made_again() {
    let mut hand = Hand::new();
    hand.open();
    hand.submit("m1", 100);
    let first = hand.hear();
    hand.run(45_000);
    assert_eq!(hand.take().id, first.id);
    hand.accept(&first);
}

#[test]
fn a_transaction_the_peer_cannot_read_does_not_hold_up_the_others() {
    let mut hand = Hand::new();
    hand.submit("m0", 100);
    hand.submit("bad", 100);
    hand.submit("m2", 100);
    hand.let_open();
    let load = hand.load();
    assert_eq!(load.len(), 3);
    hand.refuse(&load[0], 400);
    assert_eq!(hand.take().id, load[0].id);
    let bad = hand.hear();
    hand.refuse(&bad, 400);
    assert_eq!(hand.end_of("bad"), Some(Err(Code::UNABLE_TO_DELIVER)));
    assert_eq!(hand.take().id, load[2].id);
    assert_eq!(hand.end_of("m2"), None);
}

#[test]
fn answers_pass_when_too_many_requests_are_on_their_way() {
    let mut hand = Hand::with(|file| file.limits.in_flight = 1);
    hand.open();
    hand.submit("m1", 100);
    hand.submit("m2", 100);
    let first = hand.take();
    assert!(hand.is_silent());
    hand.ask("1", &from_south(&hand, "x"));
    assert_eq!(hand.take().mode, Mode::Response);
    hand.answer(&first.id, taken("m1"));
    assert_eq!(hand.take().mode, Mode::Request);
}

#[test]
fn a_peer_with_the_quirk_gets_one_transaction_per_post_in_order() {
    let mut hand = Hand::with(|file| file.quirks = vec!["one-transaction-per-post".to_owned()]);
    hand.open();
    for n in 0..3 {
        hand.submit(&format!("m{n}"), 100);
    }
    let first = hand.take();
    let second = hand.take();
    let third = hand.take();
    assert!(first.id < second.id && second.id < third.id);
}

#[test]
fn a_removed_peer_is_logged_out_and_what_was_open_ends_with_516() {
    let mut hand = Hand::new();
    hand.open();
    hand.submit("m1", 100);
    hand.take();
    let turn = hand.north().relay.remove_peer(hand.world.now, &hand.south.clone());
    hand.world.decide(0, turn);
    assert_eq!(hand.end_of("m1"), Some(Err(Code::DOMAIN_NOT_SUPPORTED)));
    assert_eq!(format!("{:?}", hand.hear().said()).split('(').next(), Some("LogoutRequest"));
    assert!(hand.north().relay.peers(hand.world.now).is_empty());
    assert_eq!(hand.ask("1", &from_south(&hand, "x")), 403);
    for kind in ["peer-row/", "peer-session/", "peer-link/"] {
        assert_eq!(hand.north().records(kind, hand.world.now), 0, "{kind}");
    }
}
