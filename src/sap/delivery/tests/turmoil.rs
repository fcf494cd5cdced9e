//! Delivery to clients that miss what they were handed, change their minds, and come and go.

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::sap::capability::Capabilities;

#[tokio::test]
async fn an_entry_that_got_lost_comes_again_with_a_later_poll_and_under_the_same_id() {
    let mut bench = Bench::new();
    let session = bench.session(|_| {});
    bench.sends("text/plain").await;
    bench.sends("text/plain").await;
    let handed = bench.polls(&session).await;
    assert_eq!(handed, (vec!["NewMessage m1".into()], true));
    for second in [0, 4] {
        bench.second = second;
        assert_eq!(bench.polls(&session).await, (vec![], false), "{second}: it may be about to answer");
    }
    bench.second = 5;
    assert!(!bench.is_flagged(&session).await, "whoever does not poll may be busy");
    assert_eq!(bench.polls(&session).await, handed);
    assert_eq!(bench.has(&session, "m1").await, (vec!["NewMessage m2".into()], false));
    bench.has(&session, "m2").await;
    assert_eq!((bench.left().await, bench.reports().await.len()), (0, 2));
}

#[tokio::test]
async fn a_client_that_polls_and_does_not_answer_gets_the_same_again_once_and_then_after_the_time_for_an_answer() {
    let mut bench = Bench::new();
    let session = bench.session(|_| {});
    bench.sends("text/plain").await;
    bench.sends("text/plain").await;
    let mut found = Vec::new();
    for second in 0..200 {
        bench.second = second;
        found.extend(bench.polls(&session).await.0.into_iter().map(|name| (second, name)));
    }
    let expected = [(0, "1"), (5, "1"), (65, "2"), (70, "2"), (130, "1"), (190, "1")];
    assert_eq!(found, expected.map(|(second, number)| (second, format!("NewMessage m{number}"))));
}

#[tokio::test]
async fn an_announcement_that_got_lost_waits_for_its_time_since_it_keeps_nothing_back() {
    let mut bench = Bench::new();
    let session = bench.session(told);
    bench.sends("text/plain").await;
    let handed = bench.polls(&session).await;
    bench.second = 30;
    assert_eq!(bench.polls(&session).await, (vec![], false));
    bench.second = 60;
    assert_eq!(bench.polls(&session).await, handed);
}

#[tokio::test]
async fn a_poll_that_waits_is_not_handed_what_the_client_has_in_hand() {
    let mut bench = Bench::new();
    let session = bench.session(|record| record.capabilities.multi_trans = 2);
    bench.sends("text/plain").await;
    assert_eq!(names(&bench.polls(&session).await), ["NewMessage m1"]);
    // The next poll came at once and waited; then something arrives.
    let waits = Transaction { mode: Mode::Request, id: None, said: Said::Known(Empty.into()), segment: None };
    bench.second = 20;
    bench.sends("text/plain").await;
    let found = bench.adds(&session, waits, Hunger::POLLS, Vec::new()).await;
    assert_eq!(names(&found), ["NewMessage m2"]);
}

#[tokio::test]
async fn capabilities_that_change_while_messages_are_in_hand_lose_and_repeat_nothing() {
    let mut bench = Bench::new();
    let session = bench.session(|record| {
        record.capabilities.multi_trans = 3;
        record.capabilities.multi_trans_per_message = 3;
    });
    for _ in 0..5 {
        bench.sends("text/plain").await;
    }
    assert_eq!(bench.polls(&session).await, (["1", "2", "3"].map(|n| format!("NewMessage m{n}")).to_vec(), true));
    let state = |change: fn(&mut SessionRecord)| {
        bench.sap.sessions.update(&session, change);
        bench.sap.claims.look_again(&bob());
    };
    state(|record| record.capabilities = Capabilities::default());
    assert_eq!(bench.polls(&session).await, (vec![], false), "it has more in hand than it takes now");
    assert_eq!(bench.has(&session, "m2").await, (vec![], false));
    assert_eq!(bench.has(&session, "m1").await, (vec![], false));
    state(told);
    assert_eq!(names(&bench.has(&session, "m3").await), ["MessageNotification n4"]);
    state(|record| record.capabilities = Capabilities::default());
    assert_eq!(names(&bench.polls(&session).await), ["NewMessage m4"], "what was announced is pushed");
    // Its answer to the announcement comes late, and changes nothing.
    assert_eq!(bench.answers(&session, "n4", Status::from(Code::SUCCESS)).await, (vec![], false));
    assert_eq!(bench.has(&session, "m4").await, (vec!["NewMessage m5".into()], false));
    state(told);
    assert_eq!(bench.polls(&session).await, (vec![], false), "it has that in hand as it is");
    bench.has(&session, "m5").await;
    assert_eq!((bench.left().await, bench.reports().await.len()), (0, 5));
}

#[tokio::test]
async fn a_client_that_cannot_settle_on_a_method_hears_all_and_nothing_after_it_has_it() {
    let mut bench = Bench::new();
    let session = bench.session(|_| {});
    let mut had: Vec<String> = Vec::new();
    for second in 0..400 {
        bench.second = second;
        if second < 20 {
            bench.sends("text/plain").await;
        }
        bench.sap.sessions.update(&session, |record| {
            record.capabilities.delivery = if second % 3 == 0 { Delivery::Notify } else { Delivery::Push };
        });
        bench.sap.claims.look_again(&bob());
        for handed in bench.polls(&session).await.0 {
            let id = handed.split_once(' ').unwrap().1.to_owned();
            assert!(!had.contains(&id), "{id} came again at {second}");
            // It misses every fourth request, and answers announcements by nothing but a poll.
            if id.starts_with('m') && second % 4 != 0 {
                bench.has(&session, &id).await;
                had.push(id);
            }
        }
    }
    assert_eq!((had.len(), bench.left().await, bench.reports().await.len()), (20, 0, 20));
}

#[tokio::test]
async fn what_is_changed_last_in_a_session_is_stored_last() {
    let bench = Bench::new();
    let session = bench.session(|_| {});
    let change = |change: fn(&mut SessionRecord)| {
        let (sap, session) = (Arc::clone(&bench.sap), session.clone());
        tokio::spawn(async move { sap.change_session(&session, change).await })
    };
    let closed = bench.store.gate.write().await;
    let changes = [
        change(|record| record.capabilities.delivery = Delivery::Notify),
        change(|record| record.keep_alive = 77),
        change(|record| record.capabilities.delivery = Delivery::Push),
    ];
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.store.commits.load(Ordering::Relaxed), 1, "the others wait for their turn");
    drop(closed);
    for change in changes {
        change.await.unwrap();
    }
    let stored = bench.store.get(&Key::of(&["session", session.expose()])).await.unwrap().unwrap();
    let stored: SessionRecord = serde_json::from_slice(&stored.value).unwrap();
    assert_eq!((stored.keep_alive, stored.capabilities.delivery), (77, Delivery::Push));
}

/// A session, the entries it has confirmed, and those it may yet confirm.
struct Phone {
    session: SessionId,
    had: Vec<String>,
    late: Vec<String>,
}

impl Phone {
    fn of(bench: &Bench, random: &mut SmallRng) -> Self {
        let session = bench.session(|record| record.capabilities = any(random));
        Self { session, had: Vec::new(), late: Vec::new() }
    }

    /// Takes what it is handed: answers it at once, later or never; and so on with what comes back.
    async fn takes(&mut self, bench: &Bench, random: &mut SmallRng, handed: Vec<String>, answers: f64) {
        let mut handed: Vec<_> = handed.iter().map(|handed| handed.split_once(' ').unwrap().1.to_owned()).collect();
        while let Some(id) = handed.pop() {
            assert!(!self.had.contains(&id), "{id} came again to a client that has it");
            if !random.random_bool(answers) {
                self.late.push(id);
                continue;
            }
            handed.extend(self.confirms(bench, id).await);
        }
    }

    async fn confirms(&mut self, bench: &Bench, id: String) -> Vec<String> {
        let next = match id.starts_with('m') {
            true => bench.has(&self.session, &id).await,
            false => bench.answers(&self.session, &id, Status::from(Code::SUCCESS)).await,
        };
        if id.starts_with('m') {
            self.had.push(id);
        }
        next.0.iter().map(|handed| handed.split_once(' ').unwrap().1.to_owned()).collect()
    }
}

fn any(random: &mut SmallRng) -> Capabilities {
    let multi_trans = random.random_range(1..4);
    Capabilities {
        delivery: if random.random_bool(0.3) { Delivery::Notify } else { Delivery::Push },
        multi_trans,
        multi_trans_per_message: random.random_range(1..=multi_trans),
        priority: random.random_range(0..2),
        cir_methods: vec!["STCP".into()],
        ..Capabilities::default()
    }
}

#[tokio::test]
async fn whatever_clients_do_every_message_is_reported_once_and_nothing_stays_behind() {
    for seed in 0..150 {
        let mut random = SmallRng::seed_from_u64(seed);
        let mut bench = Bench::new();
        let mut phones = vec![Phone::of(&bench, &mut random)];
        for _ in 0..120 {
            let at = random.random_range(0..phones.len());
            match random.random_range(0..12) {
                0..3 if bench.sent < 30 => _ = bench.sends("text/plain").await,
                3..7 => {
                    let handed = bench.polls(&phones[at].session).await.0;
                    phones[at].takes(&bench, &mut random, handed, 0.7).await;
                }
                7 if !phones[at].late.is_empty() => {
                    let id = phones[at].late.remove(0);
                    if !phones[at].had.contains(&id) {
                        phones[at].confirms(&bench, id).await.into_iter().for_each(|id| phones[at].late.push(id));
                    }
                }
                8 => {
                    let capabilities = any(&mut random);
                    bench.sap.sessions.update(&phones[at].session, |record| record.capabilities = capabilities);
                    bench.sap.claims.look_again(&bob());
                }
                9 if phones.len() < 3 => phones.push(Phone::of(&bench, &mut random)),
                10 if phones.len() > 1 => {
                    let gone = phones.remove(at);
                    bench.ends(&gone.session).await;
                }
                _ => {
                    bench.second += random.random_range(0..40);
                    bench.rings().await;
                }
            }
        }
        for _ in 0..100 {
            bench.second += 61;
            bench.rings().await;
            for phone in &mut phones {
                bench.sap.sessions.update(&phone.session, |record| record.capabilities = Capabilities::default());
                bench.sap.claims.look_again(&bob());
                let handed = bench.polls(&phone.session).await.0;
                phone.takes(&bench, &mut random, handed, 1.0).await;
            }
        }
        assert_eq!(bench.left().await, 0, "seed {seed}");
        let mut reports = bench.reports().await;
        reports.sort();
        reports.dedup();
        let reported = (reports.len(), bench.reports().await.len());
        assert_eq!(reported, (bench.sent, bench.sent), "seed {seed}");
        assert!(reports.iter().all(|(_, code)| *code == 200), "seed {seed}: {reports:?}");
        for phone in &phones {
            bench.ends(&phone.session).await;
        }
        bench.second += 61;
        bench.rings().await;
        assert!(bench.sap.claims.knows_nobody(), "seed {seed}");
    }
}
