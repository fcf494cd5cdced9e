//! Whatever happens in whatever order, the messaging element neither loses a message nor gives it out twice.
//!
//! Random histories of several users run against a plain model: every accepted message is either waiting, in
//! order, or has met exactly one fate, and its sender was told that fate once if he asked.

#![expect(clippy::unwrap_used, reason = "in a test a failure is a panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use postern::address::Address;
use postern::config::{Messages, Offline};
use postern::ident::{self, SessionId};
use postern::messaging::{Copies, Mail, Message, Messaging, Report};
use postern::store::{Changes, Store, StoreError, memory};
use postern::time::Timestamp;
use postern::vocabulary::status::Code;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    /// A message to a user, with a report or not, worth keeping for some seconds.
    Accept { user: usize, report: bool, seconds: u32 },
    /// The phone confirms the nth entry that waits.
    Confirm { user: usize, nth: usize },
    /// Two phones of one user confirm the same entry, both before either is committed.
    ConfirmTwice { user: usize, nth: usize },
    /// A confirmation is answered although its commit never happened, then repeated.
    ConfirmLost { user: usize, nth: usize },
    /// The phone rejects the nth entry while its validity is being looked at.
    RejectAndExpire { user: usize, nth: usize },
    /// One of the user's sessions confirms or refuses the nth entry; it was for all of them that were there.
    Answer { user: usize, nth: usize, session: usize, code: u16 },
    /// One of the user's sessions is over, and another begins in its place.
    Relogin { user: usize, session: usize },
    /// Time passes, and what is overdue goes, a few at a time.
    Expire { seconds: u64, limit: usize },
}

const USERS: usize = 3;
/// Sessions of each user.
const SESSIONS: usize = 3;

fn step() -> impl Strategy<Value = Step> {
    let user = 0..USERS;
    prop_oneof![
        4 => (user.clone(), any::<bool>(), 1..60_u32)
            .prop_map(|(user, report, seconds)| Step::Accept { user, report, seconds }),
        2 => (user.clone(), 0..5_usize).prop_map(|(user, nth)| Step::Confirm { user, nth }),
        1 => (user.clone(), 0..5_usize).prop_map(|(user, nth)| Step::ConfirmTwice { user, nth }),
        1 => (user.clone(), 0..5_usize).prop_map(|(user, nth)| Step::ConfirmLost { user, nth }),
        1 => (user.clone(), 0..5_usize).prop_map(|(user, nth)| Step::RejectAndExpire { user, nth }),
        6 => (user.clone(), 0..3_usize, 0..SESSIONS, prop_oneof![3 => Just(200), 1 => Just(415)])
            .prop_map(|(user, nth, session, code)| Step::Answer { user, nth, session, code }),
        1 => (user, 0..SESSIONS).prop_map(|(user, session)| Step::Relogin { user, session }),
        1 => (0..30_u64, 1..4_usize).prop_map(|(seconds, limit)| Step::Expire { seconds, limit }),
    ]
}

fn address(name: &str) -> Address {
    format!("wv:{name}@north.example").try_into().unwrap()
}

struct Kept {
    id: String,
    seq: u64,
    report: bool,
    /// Who has yet to take it, once somebody has answered.
    open: Option<BTreeSet<SessionId>>,
    /// Somebody has it.
    taken: bool,
}

struct World {
    element: Messaging,
    store: Store,
    now: Timestamp,
    sent: usize,
    /// The model: what waits for each user.
    waiting: [Vec<Kept>; USERS],
    /// The model: what the sender must have been told, message → code.
    told: BTreeMap<String, Code>,
    /// The sessions of each user.
    sessions: [Vec<SessionId>; USERS],
}

impl World {
    fn new() -> Self {
        let store = memory();
        let settings =
            Messages { offline: Offline::Store, default_validity: Duration::from_secs(1 << 30), max_size: 10_000 };
        Self {
            element: Messaging::new(store.clone(), settings),
            store,
            now: Timestamp(1_000),
            sent: 0,
            waiting: Default::default(),
            told: BTreeMap::new(),
            sessions: std::array::from_fn(|_| (0..SESSIONS).map(|_| SessionId::new(ident::fresh())).collect()),
        }
    }

    async fn run(&mut self, step: Step) {
        match step {
            Step::Accept { user, report, seconds } => self.accept(user, report, seconds).await,
            Step::Confirm { user, nth } => {
                let Some(seq) = self.seq(user, nth) else { return };
                let changes = self.settle(user, seq, Code::SUCCESS).await;
                self.store.commit(changes).await.unwrap();
                self.gone(user, nth, Code::SUCCESS);
                assert!(self.settle(user, seq, Code::SUCCESS).await.is_empty(), "a second confirmation did something");
            }
            Step::ConfirmTwice { user, nth } => {
                let Some(seq) = self.seq(user, nth) else { return };
                let one = self.settle(user, seq, Code::SUCCESS).await;
                let two = self.settle(user, seq, Code::SUCCESS).await;
                let (one, two) = tokio::join!(self.store.commit(one), self.store.commit(two));
                assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
                self.gone(user, nth, Code::SUCCESS);
            }
            Step::ConfirmLost { user, nth } => {
                let Some(seq) = self.seq(user, nth) else { return };
                drop(self.settle(user, seq, Code::SUCCESS).await);
                let changes = self.settle(user, seq, Code::SUCCESS).await;
                self.store.commit(changes).await.unwrap();
                self.gone(user, nth, Code::SUCCESS);
            }
            Step::RejectAndExpire { user, nth } => {
                let Some(seq) = self.seq(user, nth) else { return };
                let end = Timestamp(u64::MAX - 1);
                let expired = self.expire(end, 1).await;
                let rejected = self.settle(user, seq, Code::REJECTED).await;
                self.store.commit(rejected).await.unwrap();
                let first = self.earliest();
                let same = first.is_some_and(|(whose, at)| (whose, at) == (user, nth));
                match self.store.commit(expired).await {
                    Err(StoreError::Conflict { .. }) => assert!(same),
                    result => {
                        assert!(result.is_ok() && !same, "{result:?}");
                        // Take the later of the two first: places before it stay where they are.
                        let mut fates = vec![(user, nth, Code::REJECTED)];
                        fates.extend(first.map(|(user, nth)| (user, nth, Code::EXPIRED)));
                        fates.sort_by_key(|(_, nth, _)| std::cmp::Reverse(*nth));
                        for (user, nth, fate) in fates {
                            self.gone(user, nth, fate);
                        }
                        return;
                    }
                }
                self.gone(user, nth, Code::REJECTED);
            }
            Step::Answer { user, nth, session, code } => self.answer(user, nth, session, Code(code)).await,
            Step::Relogin { user, session } => self.relogin(user, session).await,
            Step::Expire { seconds, limit } => {
                self.now = self.now + Duration::from_secs(seconds);
                loop {
                    let changes = self.expire(self.now, limit).await;
                    if changes.is_empty() {
                        break;
                    }
                    self.store.commit(changes).await.unwrap();
                }
                for user in 0..USERS {
                    while let Some(nth) = (0..self.waiting[user].len()).find(|nth| self.end(user, *nth) <= self.now) {
                        self.gone(user, nth, Code::EXPIRED);
                    }
                }
            }
        }
    }

    async fn accept(&mut self, user: usize, report: bool, seconds: u32) {
        self.sent += 1;
        let expires = self.element.validity(self.now, Some(seconds));
        let message = Message {
            id: format!("{} {}", self.sent, expires.0).into(),
            sender: address("sender"),
            sender_name: None,
            sender_client: None,
            recipients: vec![address(&user.to_string())],
            targets: Vec::new(),
            report,
            content_type: "text/plain".into(),
            content_name: None,
            content: Bytes::from(vec![7; self.sent]),
            font: None,
            uri: None,
            sent: self.now,
            expires,
        };
        let mut changes = Changes::default();
        let recipient = address(&user.to_string());
        self.element.accept(self.now, &message, &recipient, false, &mut changes).await.unwrap();
        let seq = self.store.commit(changes).await.unwrap().appended[0];
        self.waiting[user].push(Kept { id: message.id.to_string(), seq, report, open: None, taken: false });
    }

    /// The element by the sessions' answers, and the model beside it.
    async fn answer(&mut self, user: usize, nth: usize, session: usize, fate: Code) {
        let Some(seq) = self.seq(user, nth) else { return };
        let (address, session) = (address(&user.to_string()), self.sessions[user][session].clone());
        let others = self.sessions[user].clone();
        let mut changes = Changes::default();
        let place = (&address, seq);
        let settled = self.element.settle_for(self.now, place, &session, |_| others, fate, &mut changes).await.unwrap();
        let report = settled.as_ref().and_then(|settled| settled.report.clone());
        self.report(report.clone(), &mut changes);
        self.store.commit(changes).await.unwrap();

        let all = self.sessions[user].iter().cloned().collect();
        let kept = &mut self.waiting[user][nth];
        let open = kept.open.get_or_insert(all);
        assert_eq!(settled.is_some(), open.remove(&session), "each session answers once");
        let Some(settled) = settled else { return };
        assert_eq!(&settled.open.into_iter().collect::<BTreeSet<_>>(), open);
        let tells = !kept.taken && (fate.is_success() || open.is_empty());
        kept.taken |= fate.is_success();
        assert_eq!(report.is_some(), tells && kept.report);
        if tells && kept.report {
            assert_eq!(self.told.insert(kept.id.clone(), fate), None, "told twice");
        }
        if open.is_empty() {
            self.waiting[user].remove(nth);
        }
    }

    async fn relogin(&mut self, user: usize, session: usize) {
        let over = std::mem::replace(&mut self.sessions[user][session], SessionId::new(ident::fresh()));
        let address = address(&user.to_string());
        let mut nth = 0;
        while let Some(kept) = self.waiting[user].get_mut(nth) {
            let mut changes = Changes::default();
            let is_over = |session: &SessionId| *session == over;
            let left = self.element.forsake(&address, kept.seq, is_over, &mut changes).await.unwrap();
            self.store.commit(changes).await.unwrap();
            let waited_for = kept.open.as_mut().is_some_and(|open| open.remove(&over));
            assert_eq!(left.is_some(), waited_for);
            match &kept.open {
                Some(open) if open.is_empty() && kept.taken => drop(self.waiting[user].remove(nth)),
                Some(open) if open.is_empty() => {
                    kept.open = None;
                    nth += 1;
                }
                _ => nth += 1,
            }
        }
    }

    async fn settle(&self, user: usize, seq: u64, fate: Code) -> Changes {
        let mut changes = Changes::default();
        let user = address(&user.to_string());
        let report = self.element.settle(self.now, &user, seq, fate, &mut changes).await.unwrap();
        self.report(report, &mut changes);
        changes
    }

    async fn expire(&self, now: Timestamp, limit: usize) -> Changes {
        let mut changes = Changes::default();
        let reports = self.element.expire(now, limit, &mut changes).await.unwrap();
        self.report(reports, &mut changes);
        changes
    }

    fn report(&self, reports: impl IntoIterator<Item = Report>, changes: &mut Changes) {
        for report in reports {
            self.element.report(self.now, &report, changes);
        }
    }

    fn seq(&self, user: usize, nth: usize) -> Option<u64> {
        self.waiting[user].get(nth).map(|kept| kept.seq)
    }

    fn end(&self, user: usize, nth: usize) -> Timestamp {
        let (_, expires) = self.waiting[user][nth].id.split_once(' ').unwrap();
        Timestamp(expires.parse().unwrap())
    }

    fn earliest(&self) -> Option<(usize, usize)> {
        let all = (0..USERS).flat_map(|user| (0..self.waiting[user].len()).map(move |nth| (user, nth)));
        all.min_by_key(|(user, nth)| (self.end(*user, *nth), self.waiting[*user][*nth].seq))
    }

    fn gone(&mut self, user: usize, nth: usize, fate: Code) {
        let kept = self.waiting[user].remove(nth);
        if kept.report && !kept.taken {
            assert_eq!(self.told.insert(kept.id, fate), None);
        }
    }

    /// The element says what the model says.
    async fn compare(&self) {
        for user in 0..USERS {
            let waiting = self.element.waiting(&address(&user.to_string()), 0, 10_000).await.unwrap();
            let ids: Vec<_> = waiting.iter().map(|waiting| (id(&waiting.mail), waiting.seq)).collect();
            let model: Vec<_> = self.waiting[user].iter().map(|kept| (kept.id.clone(), kept.seq)).collect();
            assert_eq!(ids, model);
        }
        let reports = self.element.waiting(&address("sender"), 0, 10_000).await.unwrap();
        let mut told = BTreeMap::new();
        for waiting in reports {
            let Mail::Report(report) = waiting.mail else { panic!("a message for the sender") };
            assert_eq!(told.insert(report.message.to_string(), report.code), None, "told twice");
        }
        assert_eq!(told, self.told);
        let records = self.store.list(&Copies::prefix(), None, 10_000).await.unwrap();
        let shared = self.waiting.iter().flatten().filter(|kept| kept.open.is_some()).count();
        assert_eq!(records.len(), shared, "no record is left behind");
    }
}

fn id(mail: &Mail) -> String {
    match mail {
        Mail::Message(message) => message.id.to_string(),
        Mail::Report(report) => panic!("a report on {} for a recipient", report.message),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_history_loses_or_doubles_a_message(steps in prop::collection::vec(step(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new();
            for step in steps {
                world.run(step).await;
                world.compare().await;
            }
        });
    }
}
