//! Delivery without sockets, at instants of the test's choosing.

mod turmoil;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

use super::*;
use crate::address::Address;
use crate::config::Access;
use crate::ident::SessionId;
use crate::messaging::Messaging;
use crate::relay::Turn;
use crate::sap::call::response;
use crate::sap::capability::Delivery;
use crate::sap::life::Reason;
use crate::sap::session::tests::record;
use crate::sap::wake::{Bell, WakeUp};
use crate::store::{Answer, Changes, Committed, Engine, Entry, Key, Store, Versioned, memory};
use crate::syntax::Said;
use crate::vocabulary::access::Disconnect;
use crate::vocabulary::message::MessageDelivered;
use crate::vocabulary::record::Empty;
use crate::vocabulary::status::Status;
use crate::vocabulary::{Mode, Primitive, Text, Version};

const START: u64 = 1_000_000_000;

/// A domain with bob, at an instant.
struct Bench {
    sap: Arc<Sap>,
    store: Arc<Counting>,
    bell: Arc<Counter>,
    second: u64,
    sent: usize,
}

/// A store that counts the entries it reads and the commits it is asked for, which wait as long as the gate is closed.
struct Counting {
    inner: Store,
    read: AtomicUsize,
    commits: AtomicUsize,
    gate: tokio::sync::RwLock<()>,
}

/// A bell that notes for whom it rang.
#[derive(Default)]
struct Counter(Mutex<Vec<SessionId>>);

impl Bell for Counter {
    fn ring(&self, call: WakeUp) {
        self.0.lock().unwrap().push(call.session);
    }
    fn hang_up(&self, _: &SessionId) {}
}

impl Engine for Counting {
    fn get<'a>(&'a self, key: &'a Key) -> Answer<'a, Option<Versioned>> {
        self.inner.get(key)
    }
    fn commit(&self, changes: Changes) -> Answer<'_, Committed> {
        Box::pin(async move {
            self.commits.fetch_add(1, Ordering::Relaxed);
            let _open = self.gate.read().await;
            self.inner.commit(changes).await
        })
    }
    fn list<'a>(&'a self, prefix: &'a Key, after: Option<&'a Key>, limit: usize) -> Answer<'a, Vec<(Key, Versioned)>> {
        self.inner.list(prefix, after, limit)
    }
    fn read<'a>(&'a self, owner: &'a Key, after: Seq, limit: usize) -> Answer<'a, Vec<Entry>> {
        Box::pin(async move {
            let page = self.inner.read(owner, after, limit).await?;
            self.read.fetch_add(page.len(), Ordering::Relaxed);
            Ok(page)
        })
    }
    fn count<'a>(&'a self, owner: &'a Key, limit: usize) -> Answer<'a, usize> {
        self.inner.count(owner, limit)
    }
    fn overdue(&self, now: Timestamp, limit: usize) -> Answer<'_, Vec<(Key, Entry)>> {
        self.inner.overdue(now, limit)
    }
    fn sweep(&self, now: Timestamp, limit: usize) -> Answer<'_, usize> {
        self.inner.sweep(now, limit)
    }
    fn size(&self) -> u64 {
        self.inner.size()
    }
    fn close(&self) -> Answer<'_, ()> {
        self.inner.close()
    }
}

fn bob() -> Address {
    "wv:bob@north.example".to_owned().try_into().unwrap()
}

impl Bench {
    fn new() -> Self {
        let store = Arc::new(Counting {
            inner: memory(),
            read: AtomicUsize::new(0),
            commits: AtomicUsize::new(0),
            gate: tokio::sync::RwLock::default(),
        });
        let engine: Store = store.clone();
        let sap = crate::sap::testing::sap(&engine, Access::default());
        let bell = Arc::new(Counter::default());
        sap.connect_bell(bell.clone());
        Self { sap, store, bell, second: 0, sent: 0 }
    }

    fn now(&self) -> Timestamp {
        Timestamp(START + self.second * 1000)
    }

    /// A session of bob's that is woken over TCP.
    fn session(&self, change: impl FnOnce(&mut SessionRecord)) -> SessionId {
        let mut record = SessionRecord { keep_alive: u32::MAX, ..record("bob") };
        record.capabilities.cir_methods = vec!["STCP".into()];
        change(&mut record);
        let id = record.id.clone();
        self.sap.sessions.open(self.now(), record);
        id
    }

    /// A message for bob; its id.
    async fn sends(&mut self, content_type: &str) -> Text {
        self.sent += 1;
        let id: Text = format!("{}@south.example", self.sent).into();
        let message = Kept {
            id: id.clone(),
            sender: "wv:alice@north.example".to_owned().try_into().unwrap(),
            sender_name: None,
            sender_client: None,
            recipients: vec![bob()],
            targets: Vec::new(),
            report: true,
            content_type: content_type.into(),
            content_name: None,
            content: Bytes::from_static(b"content"),
            font: None,
            uri: None,
            sent: self.now(),
            expires: Timestamp::NEVER,
        };
        let mut turn = Turn::default();
        self.sap.messaging.accept(self.now(), &message, &bob(), true, &mut turn.changes).await.unwrap();
        self.sap.carry(self.now(), turn).await.unwrap();
        id
    }

    fn message(session: &SessionId, transaction: Transaction) -> Message {
        Message { version: Version::V12, session: Some(session.clone()), transactions: vec![transaction], poll: None }
    }

    /// What comes back to a poll: the names and the flag.
    async fn polls(&self, session: &SessionId) -> (Vec<String>, bool) {
        let poll = Transaction { mode: Mode::Request, id: None, said: Said::Known(Empty.into()), segment: None };
        self.sap.polled(self.now(), &Self::message(session, poll.clone()));
        self.adds(session, poll, Hunger::POLLS, Vec::new()).await
    }

    /// What comes along with the answer to an ordinary request: the flag alone, from a client that takes one at once.
    async fn is_flagged(&self, session: &SessionId) -> bool {
        let answer = response(Some("1".into()), Status::from(Code::SUCCESS));
        let (names, flag) = self.adds(session, answer.clone(), Hunger::default(), vec![answer]).await;
        assert_eq!(names.len(), 1, "{names:?}");
        flag
    }

    /// What comes back to a client's answer.
    async fn answers(&self, session: &SessionId, id: &str, answer: impl Into<Primitive>) -> (Vec<String>, bool) {
        let transaction = response(Some(id.into()), answer);
        let message = Self::message(session, transaction.clone());
        self.sap.take_client_answer(self.now(), &message, &transaction).await;
        self.adds(session, transaction, Hunger { polls: false, answers: true }, Vec::new()).await
    }

    async fn has(&self, session: &SessionId, id: &str) -> (Vec<String>, bool) {
        self.answers(session, id, MessageDelivered::default()).await
    }

    async fn adds(
        &self,
        session: &SessionId,
        asked: Transaction,
        hunger: Hunger,
        answers: Vec<Transaction>,
    ) -> (Vec<String>, bool) {
        let asked = Self::message(session, asked);
        let mut out = Message { transactions: answers, ..asked.clone() };
        self.sap.add_server_requests(self.now(), &asked, Encoding::Xml, hunger, &mut out).await;
        let name = |transaction: &Transaction| {
            let Said::Known(said) = &transaction.said else { panic!() };
            format!("{} {}", said.element().xml(), transaction.id.as_deref().unwrap_or_default())
        };
        (out.transactions.iter().map(name).collect(), out.poll == Some(true))
    }

    /// Does what the node does once a second; for whom the bell rang since it was asked last.
    async fn rings(&self) -> Vec<SessionId> {
        self.sap.rouse_those_who_wait_again(self.now()).await;
        self.sap.tidy_copies().await.unwrap();
        std::mem::take(&mut *self.bell.0.lock().unwrap())
    }

    async fn ends(&self, session: &SessionId) {
        let ended = self.sap.end_sessions_of(self.now(), &bob(), Some(session.expose()), Reason::Operator).await;
        assert_eq!(ended.unwrap().len(), 1);
        self.bell.0.lock().unwrap().clear();
    }

    /// Entries read since it was asked last.
    fn entries_read(&self) -> usize {
        self.store.read.swap(0, Ordering::Relaxed)
    }

    /// Reports that wait for alice.
    async fn reports(&self) -> Vec<(String, u16)> {
        let alice = "wv:alice@north.example".to_owned().try_into().unwrap();
        let waiting = self.sap.messaging.waiting(&alice, 0, 1000).await.unwrap();
        let report = |waiting: Waiting| match waiting.mail {
            Mail::Report(report) => (report.message.to_string(), report.code.0),
            Mail::Message(_) => panic!("a message"),
        };
        waiting.into_iter().map(report).collect()
    }

    async fn left(&self) -> usize {
        self.sap.messaging.waiting(&bob(), 0, 1000).await.unwrap().len()
    }
}

fn told(session: &mut SessionRecord) {
    session.capabilities.delivery = Delivery::Notify;
}

fn names(found: &(Vec<String>, bool)) -> Vec<&str> {
    found.0.iter().map(String::as_str).collect()
}

#[tokio::test]
async fn the_flag_stands_where_a_poll_brings_something_and_nowhere_else() {
    let mut bench = Bench::new();
    let session = bench.session(|_| {});
    assert!(!bench.is_flagged(&session).await);
    bench.sends("text/plain").await;
    bench.sends("text/plain").await;
    assert!(bench.is_flagged(&session).await);
    assert_eq!(bench.polls(&session).await, (vec!["NewMessage m1".into()], true));
    assert!(!bench.is_flagged(&session).await, "it has its one request in hand");
    assert_eq!(bench.polls(&session).await, (vec![], false));
    assert_eq!(bench.has(&session, "m1").await, (vec!["NewMessage m2".into()], false));
    assert_eq!(bench.has(&session, "m2").await, (vec![], false));
    assert!(!bench.is_flagged(&session).await);
}

#[tokio::test]
async fn what_a_session_cannot_take_raises_no_flag_and_holds_nothing_up() {
    let mut bench = Bench::new();
    let session = bench.session(|record| {
        record.agreed = serde_json::from_str(r#"{"functions":["MM","NEWM"]}"#).unwrap();
    });
    for _ in 0..20 {
        bench.sends("image/png").await;
    }
    assert!(!bench.is_flagged(&session).await);
    assert_eq!(bench.polls(&session).await, (vec![], false));
    bench.sends("text/plain").await;
    assert!(bench.is_flagged(&session).await);
    assert_eq!(names(&bench.polls(&session).await), ["NewMessage m21"]);
}

#[tokio::test]
async fn an_entry_that_is_not_answered_in_time_wakes_its_client_again_once() {
    let mut bench = Bench::new();
    let session = bench.session(|_| {});
    bench.sends("text/plain").await;
    assert_eq!(bench.rings().await, std::slice::from_ref(&session), "it came");
    bench.polls(&session).await;
    for second in [1, 59, 60, 61, 62] {
        bench.second = second;
        let expected: &[SessionId] = if second == 60 { std::slice::from_ref(&session) } else { &[] };
        assert_eq!(bench.rings().await, expected, "{second}");
    }
    assert_eq!(names(&bench.polls(&session).await), ["NewMessage m1"]);
}

#[tokio::test]
async fn a_request_that_is_not_answered_in_time_wakes_its_client_again_and_then_makes_room() {
    let mut bench = Bench::new();
    let session = bench.session(|_| {});
    bench.sap.tell_session(&session, Disconnect { outcome: Code::SUCCESS.into() });
    bench.sap.tell_session(&session, Disconnect { outcome: Code::SUCCESS.into() });
    assert_eq!(bench.rings().await.len(), 1);
    let first = bench.polls(&session).await;
    assert!(first.0.len() == 1 && first.1, "{first:?}");
    assert_eq!(bench.polls(&session).await, (vec![], false), "it follows the flag");
    bench.second = 60;
    assert_eq!(bench.rings().await.len(), 1);
    assert_eq!(bench.polls(&session).await, first, "under the same id");
    assert_eq!(bench.polls(&session).await, (vec![], false));
    bench.second = 120;
    assert_eq!(bench.rings().await.len(), 1);
    assert!(bench.is_flagged(&session).await);
    assert_ne!(bench.polls(&session).await.0, first.0);
    bench.second = 240;
    bench.rings().await;
    bench.polls(&session).await;
    bench.second = 360;
    assert!(bench.rings().await.is_empty() && !bench.is_flagged(&session).await, "it answers neither");
}

#[tokio::test]
async fn a_request_that_is_never_answered_keeps_no_message_from_a_client_that_polls() {
    let mut bench = Bench::new();
    let session = bench.session(|_| {});
    bench.sap.tell_session(&session, Disconnect { outcome: Code::SUCCESS.into() });
    bench.sends("text/plain").await;
    let first = bench.polls(&session).await;
    assert!(first.0[0].starts_with("Disconnect") && first.1, "{first:?}");
    assert_eq!(names(&bench.polls(&session).await), ["NewMessage m1"]);
}

#[tokio::test]
async fn an_announcement_is_made_twice_at_the_most_and_flagged_no_more() {
    let mut bench = Bench::new();
    let session = bench.session(told);
    bench.sends("text/plain").await;
    bench.rings().await;
    assert_eq!(names(&bench.polls(&session).await), ["MessageNotification n1"]);
    bench.second = 60;
    assert_eq!(bench.rings().await.len(), 1);
    assert_eq!(names(&bench.polls(&session).await), ["MessageNotification n1"]);
    for second in [120, 200, 300] {
        bench.second = second;
        assert!(bench.rings().await.is_empty());
        assert!(!bench.is_flagged(&session).await);
        assert_eq!(bench.polls(&session).await, (vec![], false));
    }
    assert_eq!(bench.left().await, 1);
    let other = bench.session(told);
    assert_eq!(names(&bench.polls(&other).await), ["MessageNotification n1"]);
}

#[tokio::test]
async fn a_request_costs_no_more_where_many_messages_wait_that_were_announced() {
    let mut bench = Bench::new();
    let session = bench.session(told);
    for _ in 0..400 {
        bench.sends("text/plain").await;
    }
    let mut found = bench.polls(&session).await;
    for number in 1..=400 {
        assert_eq!(names(&found), [format!("MessageNotification n{number}")]);
        found = bench.answers(&session, &format!("n{number}"), Status::from(Code::SUCCESS)).await;
    }
    assert_eq!(found, (vec![], false));
    bench.entries_read();
    for _ in 0..10 {
        assert!(!bench.is_flagged(&session).await);
        assert_eq!(bench.polls(&session).await, (vec![], false));
    }
    assert_eq!(bench.entries_read(), 0);
    let id = bench.sends("text/plain").await;
    assert_eq!(names(&bench.polls(&session).await), ["MessageNotification n401"]);
    let record = bench.sap.sessions.get(&session).unwrap();
    assert!(bench.sap.find_for(bench.now(), &record, &id).await.unwrap().is_some());
    assert!(bench.entries_read() <= 2, "what it was told of is found where it lies");
    // The first of what it knows nothing of costs a look at all that waits, the second nothing.
    for most in [500, 0] {
        assert!(bench.sap.find_for(bench.now(), &record, "unknown").await.unwrap().is_none());
        assert!(bench.entries_read() <= most);
    }
}

#[tokio::test]
async fn of_two_sessions_that_confirm_at_once_each_takes_its_copy_and_one_report_goes_out() {
    for _ in 0..50 {
        let mut bench = Bench::new();
        let (one, two) = (bench.session(|_| {}), bench.session(|_| {}));
        bench.sends("text/plain").await;
        for session in [&one, &two] {
            assert_eq!(names(&bench.polls(session).await), ["NewMessage m1"]);
        }
        let (first, second) = tokio::join!(bench.has(&one, "m1"), bench.has(&two, "m1"));
        assert_eq!((first, second), ((vec![], false), (vec![], false)));
        assert_eq!((bench.left().await, bench.reports().await.len()), (0, 1));
        assert!(bench.store.list(&Key::of(&["copies", ""]), None, 9).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_failure_of_one_session_is_no_refusal_while_another_may_take_the_message() {
    let mut bench = Bench::new();
    let (one, two) = (bench.session(|_| {}), bench.session(|_| {}));
    bench.sends("text/plain").await;
    bench.sends("text/plain").await;
    for session in [&one, &two] {
        bench.polls(session).await;
    }
    assert_eq!(names(&bench.answers(&one, "m1", Status::from(Code::SERVER_ERROR)).await), ["NewMessage m2"]);
    assert!(bench.reports().await.is_empty());
    assert_eq!(names(&bench.has(&two, "m1").await), ["NewMessage m2"]);
    assert_eq!(bench.reports().await, [("1@south.example".to_owned(), 200)]);
    bench.answers(&one, "m2", Status::from(Code::SERVER_ERROR)).await;
    bench.answers(&two, "m2", Status::from(Code::UNSUPPORTED_MEDIA)).await;
    assert_eq!(bench.reports().await[1..], [("2@south.example".to_owned(), 415)]);
    assert_eq!(bench.left().await, 0);
}

#[tokio::test]
async fn a_message_that_one_session_failed_to_take_is_free_again_when_the_others_are_over() {
    let mut bench = Bench::new();
    let (one, two) = (bench.session(|_| {}), bench.session(|_| {}));
    bench.sends("text/plain").await;
    bench.polls(&one).await;
    bench.answers(&one, "m1", Status::from(Code::SERVER_ERROR)).await;
    assert_eq!(bench.polls(&one).await, (vec![], false));
    bench.ends(&two).await;
    bench.rings().await;
    assert!(bench.reports().await.is_empty());
    let three = bench.session(|_| {});
    assert_eq!(names(&bench.polls(&three).await), ["NewMessage m1"]);
    bench.has(&three, "m1").await;
    assert_eq!(bench.reports().await, [("1@south.example".to_owned(), 200)]);
}

#[tokio::test]
async fn the_end_of_a_session_wakes_those_for_whom_something_is_free_now() {
    let mut bench = Bench::new();
    let high = bench.session(|_| {});
    let low = bench.session(|record| record.capabilities.priority = 3);
    bench.sends("text/plain").await;
    assert_eq!(bench.rings().await, std::slice::from_ref(&high), "it is for the best alone");
    assert!(!bench.is_flagged(&low).await);
    bench.ends(&high).await;
    assert_eq!(bench.rings().await, std::slice::from_ref(&low));
    assert_eq!(names(&bench.polls(&low).await), ["NewMessage m1"]);
}

#[tokio::test]
async fn a_session_that_takes_nothing_does_not_fill_the_mailbox_of_one_that_does() {
    let mut bench = Bench::new();
    let (busy, _idle) = (bench.session(|_| {}), bench.session(|_| {}));
    for number in 1..=Messaging::MAILBOX_MAX + 5 {
        bench.sends("text/plain").await;
        let polled = bench.polls(&busy).await;
        assert_eq!(names(&polled), [format!("NewMessage m{}", 2 * number - 1)]);
        bench.has(&busy, &format!("m{}", 2 * number - 1)).await;
    }
    assert_eq!(bench.left().await, Messaging::MAILBOX_MAX);
}

#[tokio::test]
async fn whoever_has_a_message_is_known_again_after_a_restart() {
    let mut bench = Bench::new();
    let (one, two) = (bench.session(|_| {}), bench.session(|_| {}));
    bench.sends("text/plain").await;
    bench.polls(&one).await;
    bench.has(&one, "m1").await;
    let sessions = [&one, &two].map(|id| bench.sap.sessions.get(id).unwrap());
    let again = Bench::new();
    for (key, value) in bench.store.list(&Key::of(&["copies", ""]), None, 9).await.unwrap() {
        again.sap.restore_copies(&key, &value.value);
        let mut changes = Changes::default();
        changes.put(key, value.value);
        again.store.commit(changes).await.unwrap();
    }
    let entry = bench.store.read(&Key::of(&["mail", "wv:bob@north.example"]), 0, 1).await.unwrap().remove(0);
    let mut changes = Changes::default();
    changes.append(Key::of(&["mail", "wv:bob@north.example"]), entry.body, entry.expires);
    again.store.commit(changes).await.unwrap();
    sessions.into_iter().for_each(|session| again.sap.sessions.open(again.now(), session));
    assert_eq!(again.polls(&one).await, (vec![], false));
    assert_eq!(names(&again.polls(&two).await), ["NewMessage m1"]);
    again.has(&two, "m1").await;
    assert!(again.reports().await.is_empty(), "it was told before");
    assert_eq!(again.left().await, 0);
}
