use super::*;

const PATIENCE: Duration = Duration::from_secs(60);

/// A user's sessions, and what lies in the mailbox.
struct Bench {
    claims: Claims,
    user: Address,
    mail: Vec<(Seq, Option<Text>)>,
}

impl Bench {
    /// With messages at these places.
    fn new(seqs: &[Seq]) -> Self {
        let user = "wv:bob@north.example".to_owned().try_into().unwrap();
        let mail = seqs.iter().map(|seq| (*seq, Some(Text::from(format!("message {seq}"))))).collect();
        Self { claims: Claims::default(), user, mail }
    }

    fn taker<'a>(&'a self, session: &'a SessionId, second: u64) -> Taker<'a> {
        Taker { now: Timestamp(second * 1000), user: &self.user, session, patience: PATIENCE }
    }

    /// What a session takes that has room for one, as delivery looks for it.
    fn takes(&self, session: &str, second: u64, kind: Kind) -> Option<Seq> {
        let session = SessionId::new(session);
        let taker = self.taker(&session, second);
        if self.claims.in_hand(taker, false) > 0 {
            return None;
        }
        let plan = self.claims.plan(taker);
        let new = self.mail.iter().map(|(seq, _)| (*seq, false)).filter(|(seq, _)| *seq > plan.from);
        let again = |places: &[Seq]| places.iter().map(|seq| (*seq, true)).collect::<Vec<_>>();
        let places = again(&plan.again).into_iter().chain(new).chain(again(&plan.behind));
        for (seq, again) in places {
            let Some((_, message)) = self.mail.iter().find(|(place, _)| *place == seq) else { continue };
            let wanted = Wanted { seq, kind, message: message.as_ref(), again };
            if self.claims.is_free(taker, wanted) && self.claims.claim(taker, wanted) {
                return Some(seq);
            }
            self.claims.looked(taker, &plan, seq);
        }
        None
    }

    fn whole(&self, session: &str, second: u64) -> Option<Seq> {
        self.takes(session, second, Kind::Whole)
    }

    fn notice(&self, session: &str, second: u64) -> Option<Seq> {
        self.takes(session, second, Kind::Notice)
    }

    fn leaves(&mut self, second: u64, seq: Seq) {
        self.mail.retain(|(place, _)| *place != seq);
        self.claims.gone(Timestamp(second * 1000), &self.user, seq);
    }
}

#[test]
fn one_entry_at_a_time_is_in_hand_and_comes_again_when_nobody_answers() {
    let bench = Bench::new(&[1, 2]);
    assert_eq!(bench.whole("a", 0), Some(1));
    assert_eq!(bench.whole("a", 1), None);
    assert_eq!(bench.whole("a", 61), Some(1));
}

#[test]
fn an_entry_that_is_never_answered_does_not_hold_up_the_others() {
    let mut bench = Bench::new(&[1, 2]);
    assert_eq!(bench.whole("a", 0), Some(1));
    assert_eq!(bench.whole("a", 61), Some(1));
    assert_eq!(bench.whole("a", 122), Some(2));
    bench.leaves(123, 2);
    assert_eq!(bench.whole("a", 124), Some(1));
}

#[test]
fn an_entry_that_left_is_not_handed_to_a_request_that_read_it_before() {
    let mut bench = Bench::new(&[1]);
    assert_eq!(bench.whole("a", 0), Some(1));
    let (session, message) = (SessionId::new("a"), Text::from("message 1"));
    bench.leaves(1, 1);
    let wanted = Wanted { seq: 1, kind: Kind::Whole, message: Some(&message), again: false };
    assert!(!bench.claims.claim(bench.taker(&session, 2), wanted));
}

#[test]
fn a_message_is_in_the_hand_of_every_session_at_once_and_a_report_in_one() {
    let mut bench = Bench::new(&[1]);
    bench.mail.push((2, None));
    assert_eq!((bench.whole("a", 0), bench.whole("b", 0)), (Some(1), Some(1)));
    bench.leaves(1, 1);
    assert_eq!((bench.whole("a", 1), bench.whole("b", 1)), (Some(2), None));
    bench.claims.release(&bench.user, &SessionId::new("a"));
    assert_eq!(bench.whole("b", 2), Some(2), "the other session is over");
}

#[test]
fn a_report_that_one_session_left_unanswered_is_free_for_the_others() {
    let mut bench = Bench::new(&[]);
    bench.mail.push((1, None));
    assert_eq!((bench.whole("a", 0), bench.whole("b", 0)), (Some(1), None));
    assert!(bench.claims.sweep(Timestamp(59_000), PATIENCE, |_| true).is_empty());
    assert_eq!(bench.claims.sweep(Timestamp(60_000), PATIENCE, |_| true), std::slice::from_ref(&bench.user));
    assert!(bench.claims.sweep(Timestamp(61_000), PATIENCE, |_| true).is_empty(), "it lapses once");
    assert_eq!(bench.whole("b", 61), Some(1));
}

#[test]
fn what_a_session_took_after_its_end_is_free_and_nothing_is_left_of_it() {
    let mut bench = Bench::new(&[]);
    bench.mail.push((1, None));
    bench.claims.release(&bench.user, &SessionId::new("a"));
    bench.claims.sweep(Timestamp(0), PATIENCE, |_| true);
    assert_eq!((bench.whole("a", 0), bench.whole("b", 0)), (Some(1), None));
    let is_b = |session: &SessionId| *session == SessionId::new("b");
    assert_eq!(bench.claims.sweep(Timestamp(1000), PATIENCE, is_b), std::slice::from_ref(&bench.user));
    assert_eq!(bench.whole("b", 1), Some(1));
    bench.claims.release(&bench.user, &SessionId::new("b"));
    assert!(bench.claims.users.is_empty());
}

#[test]
fn a_session_does_not_look_again_at_what_it_has_seen_until_it_must() {
    let bench = Bench::new(&[1, 2, 3]);
    let session = SessionId::new("a");
    let taker = bench.taker(&session, 0);
    let plan = bench.claims.plan(taker);
    bench.claims.looked(taker, &plan, 3);
    assert_eq!(bench.claims.plan(taker).from, 3);
    let before = bench.claims.plan(taker);
    bench.claims.look_again(&bench.user);
    bench.claims.looked(taker, &before, 7);
    assert_eq!(bench.claims.plan(taker).from, 0, "what was read before counts no more");
}

#[test]
fn a_notification_is_handed_out_until_it_is_answered_and_twice_at_most() {
    let bench = Bench::new(&[1, 2]);
    assert_eq!(bench.notice("a", 0), Some(1));
    assert!(bench.claims.told(&bench.user, &SessionId::new("a"), 1));
    assert_eq!(bench.notice("a", 1), Some(2));
    assert_eq!(bench.notice("a", 62), Some(2));
    assert_eq!(bench.notice("a", 123), None);
    assert_eq!(bench.notice("b", 124), Some(1), "another session was told nothing");
}

#[test]
fn a_client_that_polls_is_not_held_up_by_a_notification_it_did_not_answer() {
    let bench = Bench::new(&[1, 2]);
    let session = SessionId::new("a");
    assert_eq!(bench.notice("a", 0), Some(1));
    assert_eq!(bench.claims.in_hand(bench.taker(&session, 1), false), 1);
    assert_eq!(bench.claims.in_hand(bench.taker(&session, 2), true), 0);
    assert_eq!(bench.notice("a", 3), Some(2));
}

#[test]
fn a_message_that_was_announced_may_be_pushed_later() {
    let bench = Bench::new(&[1]);
    assert_eq!(bench.notice("a", 0), Some(1));
    bench.claims.told(&bench.user, &SessionId::new("a"), 1);
    bench.claims.look_again(&bench.user);
    assert_eq!(bench.whole("a", 1), Some(1));
}

#[test]
fn an_entry_that_a_session_has_stays_for_those_who_have_yet_to_take_it_and_no_others() {
    let bench = Bench::new(&[1]);
    let open = |ids: &[&str]| ids.iter().map(|id| SessionId::new(*id)).collect::<Vec<_>>();
    assert_eq!(bench.whole("a", 0), Some(1));
    bench.claims.had(Timestamp(1000), &bench.user, &SessionId::new("a"), 1, open(&["b"]));
    assert!(!bench.claims.sees(&bench.user, &SessionId::new("a"), 1));
    assert!(bench.claims.sees(&bench.user, &SessionId::new("b"), 1));
    bench.claims.look_again(&bench.user);
    assert_eq!((bench.whole("a", 2), bench.whole("c", 2), bench.whole("b", 2)), (None, None, Some(1)));
    let is_b = |session: &SessionId| *session == SessionId::new("b");
    assert_eq!(bench.claims.forsaken(is_b), [(bench.user.clone(), 1)]);
}

#[test]
fn places_of_messages_are_known_up_to_where_somebody_looked() {
    let mut bench = Bench::new(&[1, 2]);
    assert_eq!(bench.claims.place_of(&bench.user, "message 2"), Err(0));
    assert_eq!(bench.notice("a", 0), Some(1));
    assert_eq!(bench.claims.place_of(&bench.user, "message 1"), Ok(1));
    let ids = bench.mail.iter().map(|(seq, id)| (id.clone().unwrap(), *seq)).collect();
    bench.claims.learn(&bench.user, &SessionId::new("a"), ids, 2);
    assert_eq!(bench.claims.place_of(&bench.user, "message 2"), Ok(2));
    for seq in [1, 2] {
        bench.leaves(1, seq);
        assert_eq!(bench.claims.place_of(&bench.user, &format!("message {seq}")), Err(2));
    }
}
