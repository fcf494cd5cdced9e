//! Sessions from login to their end, without sockets.

use std::sync::{Arc, Mutex};

use super::*;
use crate::config::{Access, Timers};
use crate::sap::account::{AccountChange, NewAccount};
use crate::sap::secret::Password;
use crate::sap::testing::sap;
use crate::sap::wake::{Bell, WakeUp};
use crate::sap::{Call, Via};
use crate::store::{self, Store};
use crate::syntax::csp::{self, Message, Transaction};
use crate::syntax::{Encoding, Limits, Said};
use crate::vocabulary::access::{LoginRequest, LogoutRequest};
use crate::vocabulary::capability::{CapabilityList, ClientCapabilityRequest};
use crate::vocabulary::message::{MessageDelivered, MessageInfo, SendMessageRequest};
use crate::vocabulary::party::{ClientId, Recipient, User};
use crate::vocabulary::record::Empty;
use crate::vocabulary::service::ServiceRequest;
use crate::vocabulary::{Content, Mode, Text};

/// Time enough for every client to ask.
const GRACE: Duration = Duration::from_secs(60);

/// A node of north.example, whose users are alice and bob.
struct Desk {
    sap: Arc<Sap>,
    store: Store,
    heard: tokio::sync::broadcast::Receiver<Arc<SessionEvent>>,
    rung: Arc<Rung>,
}

/// A bell that notes what it did.
#[derive(Default)]
struct Rung(Mutex<Vec<(&'static str, SessionId)>>);

impl Bell for Rung {
    fn ring(&self, call: WakeUp) {
        self.0.lock().unwrap().push(("ring", call.session));
    }

    fn hang_up(&self, session: &SessionId) {
        self.0.lock().unwrap().push(("hang up", session.clone()));
    }
}

impl Rung {
    fn take(&self) -> Vec<(&'static str, SessionId)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A client of a user.
#[derive(Clone)]
struct Client {
    sap: Arc<Sap>,
    user: &'static str,
    name: Text,
    version: Version,
    encoding: Encoding,
    session: Option<SessionId>,
    /// How long its polls may wait.
    wait: Duration,
}

impl Desk {
    async fn new(access: Access) -> Self {
        let store = store::memory();
        let sap = sap(&store, access);
        for id in ["alice", "bob"] {
            sap.accounts().create(NewAccount::new(id, Password::new("wonder"))).await.unwrap();
        }
        let heard = sap.events().subscribe().unwrap();
        let rung = Arc::new(Rung::default());
        sap.connect_bell(Arc::<Rung>::clone(&rung));
        Self { sap, store, heard, rung }
    }

    fn client(&self, user: &'static str, name: &str, version: Version) -> Client {
        let sap = Arc::clone(&self.sap);
        Client { sap, user, name: name.into(), version, encoding: Encoding::Wbxml, session: None, wait: Duration::ZERO }
    }

    async fn logged_in(&self, user: &'static str, name: &str, version: Version) -> Client {
        let mut client = self.client(user, name, version);
        assert_eq!(client.log_in().await, Code::SUCCESS);
        client
    }

    /// What was told of sessions since the last look.
    fn heard(&mut self) -> Vec<(Happening, SessionId)> {
        std::iter::from_fn(|| self.heard.try_recv().ok()).map(|event| (event.what, event.session.clone())).collect()
    }

    async fn stored(&self, id: &SessionId) -> bool {
        let key = store::Key::of(&["session", id.expose()]);
        self.store.get(&key).await.unwrap().is_some()
    }
}

impl Client {
    async fn post(&self, mode: Mode, id: Option<&str>, said: Primitive) -> Option<Transaction> {
        let outband = matches!(said, Primitive::LoginRequest(_));
        let transaction = Transaction { mode, id: id.map(Into::into), said: Said::Known(said), segment: None };
        let session = self.session.clone().filter(|_| !outband);
        let message = Message { version: self.version, session, transactions: vec![transaction], poll: None };
        let via = Via::direct(([127, 0, 0, 1], 40_000).into(), false);
        let body = csp::write(&message, self.encoding);
        let reply = self.sap.csp(Call { body, encoding: self.encoding, via, wait: self.wait }).await.body;
        if reply.is_empty() {
            return None;
        }
        let mut answer = csp::read(&reply, self.encoding, &Limits::default(), |_| None).unwrap();
        assert_eq!((answer.version, &answer.session), (self.version, &message.session));
        assert_eq!(answer.transactions.len(), 1);
        answer.transactions.pop()
    }

    async fn asks(&self, said: impl Into<Primitive>) -> Primitive {
        let id = crate::ident::fresh();
        let id = if self.encoding == Encoding::Pts { "7" } else { id.as_str() };
        let answer = self.post(Mode::Request, Some(id), said.into()).await.unwrap();
        assert_eq!((answer.mode, answer.id.as_deref()), (Mode::Response, Some(id)));
        known(answer)
    }

    async fn polls(&self) -> Option<Transaction> {
        self.post(Mode::Request, None, Primitive::PollingRequest(Empty)).await
    }

    async fn log_in(&mut self) -> Code {
        let request = LoginRequest {
            user: Some(self.user.into()),
            client: Some(ClientId { url: Some(self.name.clone()), msisdn: None }),
            password: Some("wonder".into()),
            time_to_live: Some(600),
            cookie: Some("cookie".into()),
            ..LoginRequest::default()
        };
        let Primitive::LoginResponse(answer) = self.asks(request).await else { panic!("no Login-Response") };
        self.session = answer.session.map(|session| SessionId::new(session.expose()));
        answer.outcome.code
    }

    /// The code of the answer to a keep-alive.
    async fn code(&self) -> Code {
        code_of(&self.asks(KeepAliveRequest::default()).await)
    }

    fn id(&self) -> SessionId {
        self.session.clone().unwrap()
    }
}

fn known(transaction: Transaction) -> Primitive {
    match transaction.said {
        Said::Known(said) => said,
        Said::Unknown(name) => panic!("{name}"),
    }
}

fn code_of(said: &Primitive) -> Code {
    match said {
        Primitive::Status(said) => said.outcome.code,
        Primitive::Disconnect(said) => said.outcome.code,
        Primitive::KeepAliveResponse(said) => said.outcome.code,
        other => panic!("{}", other.element().xml()),
    }
}

fn alice() -> Address {
    "wv:alice@north.example".to_owned().try_into().unwrap()
}

#[tokio::test]
async fn a_client_that_polls_hears_that_the_operator_ended_its_session_and_then_that_nobody_knows_it() {
    let mut desk = Desk::new(Access::default()).await;
    for version in Version::ALL {
        let client = desk.logged_in("alice", "phone", version).await;
        let ended = desk.sap.end_sessions_of(Timestamp::now(), &alice(), None, Reason::Operator).await.unwrap();
        assert_eq!(ended, [client.id()]);
        assert!(!desk.stored(&client.id()).await);
        let told = client.polls().await.unwrap();
        let id = told.id.clone().unwrap();
        assert!(told.mode == Mode::Request && id.len() <= 50, "{id}");
        assert!(matches!(&told.said, Said::Known(Primitive::Disconnect(_))));
        assert_eq!(code_of(&known(told)), Code::FORCED_LOGOUT);
        let answer = client.post(Mode::Response, Some(&id), Status::from(Code::SUCCESS).into()).await;
        assert!(answer.is_none(), "nothing answers the answer to Disconnect");
        assert_eq!(client.code().await, Code::INVALID_SESSION);
        let over = Happening::Ended(Reason::Operator);
        assert_eq!(desk.heard(), [(Happening::Opened, client.id()), (over, client.id())]);
    }
}

#[tokio::test]
async fn a_client_that_asks_for_something_else_hears_it_as_a_status() {
    let desk = Desk::new(Access::default()).await;
    let client = desk.logged_in("alice", "phone", Version::V12).await;
    desk.sap.end_sessions_of(Timestamp::now(), &alice(), None, Reason::Operator).await.unwrap();
    let answer = client.asks(LogoutRequest::default()).await;
    let Primitive::Status(status) = answer else { panic!("no Status") };
    assert_eq!(status.outcome.code, Code::FORCED_LOGOUT);
    assert!(status.outcome.description.unwrap().contains("operator"));
    assert_eq!(code_of(&known(client.polls().await.unwrap())), Code::INVALID_SESSION);
}

#[tokio::test]
async fn a_client_that_answers_something_hears_it_where_the_next_request_would_stand() {
    let desk = Desk::new(Access::default()).await;
    let client = desk.logged_in("alice", "phone", Version::V11).await;
    desk.sap.end_sessions_of(Timestamp::now(), &alice(), None, Reason::Operator).await.unwrap();
    let delivered = MessageDelivered { message: "m".into() };
    let told = client.post(Mode::Response, Some("m1"), delivered.into()).await.unwrap();
    assert!(told.mode == Mode::Request && matches!(known(told), Primitive::Disconnect(_)));
}

#[tokio::test]
async fn a_client_that_writes_pts_hears_it_under_its_own_numbers() {
    let desk = Desk::new(Access::default()).await;
    for version in Version::ALL {
        let mut client = Client { encoding: Encoding::Pts, ..desk.client("alice", "phone", version) };
        assert_eq!(client.log_in().await, Code::SUCCESS);
        desk.sap.end_sessions_of(Timestamp::now(), &alice(), None, Reason::Operator).await.unwrap();
        let told = client.polls().await.unwrap();
        assert!(matches!(told.id.as_deref(), None | Some("0")), "{:?}", told.id);
        assert!(matches!(&told.said, Said::Known(Primitive::Disconnect(_))));
        assert_eq!(code_of(&known(told)), Code::FORCED_LOGOUT);
        assert_eq!(client.code().await, Code::INVALID_SESSION);
        assert_eq!(client.log_in().await, Code::SUCCESS);
        let answer = client.asks(LogoutRequest::default()).await;
        assert_eq!(
            (version == Version::V11, code_of(&answer)),
            (answer.element().xml() == "Disconnect", Code::SUCCESS)
        );
    }
}

#[tokio::test]
async fn a_silent_session_is_over_and_its_client_hears_why() {
    let mut desk = Desk::new(Access::default()).await;
    let client = desk.logged_in("alice", "phone", Version::V12).await;
    let later = Timestamp::now() + Duration::from_secs(601);
    desk.sap.expire_sessions(Timestamp::now()).await.unwrap();
    assert_eq!(client.code().await, Code::SUCCESS);
    desk.sap.expire_sessions(later).await.unwrap();
    assert!(!desk.sap.sessions().is_online(&alice()) && !desk.stored(&client.id()).await);
    assert_eq!(client.code().await, Code::SESSION_EXPIRED);
    assert_eq!(client.code().await, Code::INVALID_SESSION);
    assert_eq!(desk.heard().pop(), Some((Happening::Ended(Reason::Expired), client.id())));
    let client = desk.logged_in("alice", "phone", Version::V12).await;
    let later = later + Duration::from_secs(60);
    desk.sap.expire_sessions(later).await.unwrap();
    desk.sap.expire_sessions(later + Timers::default().farewell).await.unwrap();
    assert_eq!(client.code().await, Code::INVALID_SESSION, "nobody remembers for ever");
}

#[tokio::test]
async fn a_second_login_of_a_client_replaces_its_first_session_and_no_other() {
    let mut desk = Desk::new(Access::default()).await;
    let first = desk.logged_in("alice", "phone", Version::V13).await;
    let other = desk.logged_in("alice", "desktop", Version::V13).await;
    let second = desk.logged_in("alice", "phone", Version::V13).await;
    assert!(!desk.stored(&first.id()).await && desk.stored(&second.id()).await);
    assert_eq!(code_of(&known(first.polls().await.unwrap())), Code::FORCED_LOGOUT);
    assert_eq!([other.code().await, second.code().await], [Code::SUCCESS; 2]);
    let told = desk.heard();
    assert_eq!(told[2..], [(Happening::Ended(Reason::Replaced), first.id()), (Happening::Opened, second.id())]);
}

#[tokio::test]
async fn a_login_too_many_ends_the_session_that_was_silent_the_longest() {
    let access = Access { sessions_per_user: 2, ..Access::default() };
    let mut desk = Desk::new(access).await;
    let one = desk.logged_in("alice", "one", Version::V12).await;
    let two = desk.logged_in("alice", "two", Version::V12).await;
    desk.sap.sessions().heard(Timestamp::now() + Duration::from_secs(1), &one.id());
    let bob = desk.logged_in("bob", "one", Version::V12).await;
    let three = desk.logged_in("alice", "three", Version::V12).await;
    assert_eq!([one.code().await, three.code().await, bob.code().await], [Code::SUCCESS; 3]);
    assert_eq!(two.code().await, Code::FORCED_LOGOUT);
    assert!(desk.heard().contains(&(Happening::Ended(Reason::Policy), two.id())));
    // A client that logs in again makes its own room.
    let again = desk.logged_in("alice", "three", Version::V12).await;
    assert_eq!([one.code().await, again.code().await], [Code::SUCCESS; 2]);
    assert_eq!(three.code().await, Code::FORCED_LOGOUT);
}

#[tokio::test]
async fn sessions_of_an_account_that_was_barred_or_removed_meanwhile_end() {
    let desk = Desk::new(Access::default()).await;
    let client = desk.logged_in("alice", "phone", Version::V12).await;
    desk.sap.follow_account(&alice()).await.unwrap();
    assert_eq!(client.code().await, Code::SUCCESS);
    let change = AccountChange { active: Some(false), ..AccountChange::default() };
    desk.sap.accounts().update("alice", change).await.unwrap();
    desk.sap.follow_account(&alice()).await.unwrap();
    assert_eq!(client.code().await, Code::FORCED_LOGOUT);
    let client = desk.logged_in("bob", "phone", Version::V12).await;
    desk.sap.accounts().remove("bob").await.unwrap();
    desk.sap.follow_account(&"wv:bob@north.example".to_owned().try_into().unwrap()).await.unwrap();
    assert_eq!(client.code().await, Code::FORCED_LOGOUT);
}

#[tokio::test]
async fn a_session_that_opens_for_an_account_barred_meanwhile_does_not_stay() {
    let mut desk = Desk::new(Access::default()).await;
    let client = desk.logged_in("alice", "phone", Version::V12).await;
    let record = desk.sap.sessions().get(&client.id()).unwrap();
    client.asks(LogoutRequest::default()).await;
    let change = AccountChange { active: Some(false), ..AccountChange::default() };
    desk.sap.accounts().update("alice", change).await.unwrap();
    desk.sap.opened(Timestamp::now(), record);
    desk.sap.follow_account(&alice()).await.unwrap();
    assert!(!desk.sap.sessions().is_online(&alice()));
    assert_eq!(desk.heard().pop(), Some((Happening::Ended(Reason::Policy), client.id())));
    assert_eq!(client.code().await, Code::FORCED_LOGOUT);
}

#[tokio::test]
async fn a_poll_that_waits_hears_at_once_that_the_session_is_over() {
    let desk = Desk::new(Access::default()).await;
    let client = desk.logged_in("alice", "phone", Version::V12).await;
    let waiting = Client { wait: Duration::from_secs(60), ..client.clone() };
    let poll = tokio::spawn(async move { waiting.polls().await });
    while !desk.sap.sessions().is_waited_for(&client.id()) {
        tokio::task::yield_now().await;
    }
    desk.sap.end_sessions_of(Timestamp::now(), &alice(), None, Reason::Operator).await.unwrap();
    let told = tokio::time::timeout(Duration::from_secs(5), poll).await.unwrap().unwrap().unwrap();
    assert!(told.mode == Mode::Request && matches!(known(told), Primitive::Disconnect(_)));
}

#[tokio::test]
async fn after_a_logout_nobody_knows_the_session() {
    let mut desk = Desk::new(Access::default()).await;
    for version in Version::ALL {
        let client = desk.logged_in("alice", "phone", version).await;
        let answer = client.asks(LogoutRequest::default()).await;
        assert_eq!(code_of(&answer), Code::SUCCESS);
        assert_eq!(matches!(answer, Primitive::Disconnect(_)), version == Version::V11);
        assert_eq!(client.code().await, Code::INVALID_SESSION);
        assert_eq!(desk.heard().pop(), Some((Happening::Ended(Reason::Logout), client.id())));
    }
}

#[tokio::test]
async fn a_session_ends_once_whoever_ends_it() {
    let mut desk = Desk::new(Access::default()).await;
    let client = desk.logged_in("alice", "phone", Version::V12).await;
    let (now, user) = (Timestamp::now(), alice());
    let operator = desk.sap.end_sessions_of(now, &user, None, Reason::Operator);
    let policy = desk.sap.end_sessions_of(now, &user, None, Reason::Policy);
    let (one, two) = tokio::join!(operator, policy);
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(desk.heard().len(), 2, "opened, ended");
    desk.sap.change_session(&client.id(), |record| record.keep_alive = 1).await;
    assert!(!desk.stored(&client.id()).await);
}

#[tokio::test]
async fn a_change_under_way_does_not_bring_a_session_back() {
    let desk = Desk::new(Access::default()).await;
    let client = desk.logged_in("alice", "phone", Version::V12).await;
    // Its end has begun and is stored; its memory is not yet gone.
    desk.sap.sessions().begin_end(&client.id()).unwrap();
    let mut changes = Changes::default();
    SessionRecord::erase(&client.id(), &mut changes);
    desk.store.commit(changes).await.unwrap();
    desk.sap.change_session(&client.id(), |record| record.keep_alive = 1).await;
    assert!(!desk.stored(&client.id()).await);
}

#[tokio::test]
async fn a_sleeping_client_is_woken_to_hear_it_and_its_channel_closed_after_that() {
    let desk = Desk::new(Access::default()).await;
    let client = desk.logged_in("alice", "phone", Version::V12).await;
    desk.sap.sessions().update(&client.id(), |record| record.capabilities.cir_methods = vec!["STCP".into()]);
    desk.sap.end_sessions_of(Timestamp::now(), &alice(), None, Reason::Operator).await.unwrap();
    assert_eq!(desk.rung.take(), [("ring", client.id())]);
    client.polls().await.unwrap();
    assert_eq!(desk.rung.take(), [("hang up", client.id())]);
    let client = desk.logged_in("alice", "phone", Version::V12).await;
    client.asks(LogoutRequest::default()).await;
    assert_eq!(desk.rung.take(), [("hang up", client.id())]);
}

#[tokio::test]
async fn a_message_in_the_hand_of_a_session_that_ends_waits_for_the_next() {
    let desk = Desk::new(Access::default()).await;
    let alice = desk.logged_in("alice", "phone", Version::V12).await;
    let bob = desk.logged_in("bob", "phone", Version::V12).await;
    let sleeper = desk.logged_in("bob", "desktop", Version::V12).await;
    alice.asks(hello("bob")).await;
    assert!(matches!(known(bob.polls().await.unwrap()), Primitive::NewMessage(_)));
    // Behind the other in rank: the message is not for it.
    desk.sap.sessions().update(&sleeper.id(), |record| {
        record.capabilities.cir_methods = vec!["STCP".into()];
        record.capabilities.priority = 1;
    });
    assert!(sleeper.polls().await.is_none());
    let user = "wv:bob@north.example".to_owned().try_into().unwrap();
    let shown: String = bob.id().expose().chars().take(6).collect();
    desk.sap.end_sessions_of(Timestamp::now(), &user, Some(&shown), Reason::Operator).await.unwrap();
    desk.sap.rouse_those_who_wait_again(Timestamp::now()).await;
    assert!(desk.rung.take().contains(&("ring", sleeper.id())));
    assert!(matches!(known(sleeper.polls().await.unwrap()), Primitive::NewMessage(_)));
}

#[tokio::test]
async fn a_node_that_goes_out_of_service_waits_until_every_client_was_told() {
    let mut desk = Desk::new(Access { disconnect_on_stop: true, ..Access::default() }).await;
    let first = desk.logged_in("alice", "phone", Version::V12).await;
    let second = desk.logged_in("bob", "phone", Version::V12).await;
    let sap = Arc::clone(&desk.sap);
    let begun = Instant::now();
    let leaving = tokio::spawn(async move { sap.take_leave(GRACE).await });
    while !desk.sap.sessions().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(code_of(&known(first.polls().await.unwrap())), Code::FORCED_LOGOUT);
    assert_eq!(desk.client("alice", "late", Version::V12).log_in().await, Code::UNAVAILABLE);
    assert!(!leaving.is_finished());
    assert_eq!(second.code().await, Code::FORCED_LOGOUT);
    leaving.await.unwrap();
    assert!(begun.elapsed() < GRACE, "{:?}", begun.elapsed());
    let over = Happening::Ended(Reason::Drain);
    assert_eq!(desk.heard().iter().filter(|(what, _)| *what == over).count(), 2);
}

#[tokio::test]
async fn a_node_that_goes_out_of_service_does_not_wait_for_ever_and_one_that_comes_back_not_at_all() {
    let desk = Desk::new(Access { disconnect_on_stop: true, ..Access::default() }).await;
    let client = desk.logged_in("alice", "phone", Version::V12).await;
    let begun = Instant::now();
    desk.sap.take_leave(Duration::from_millis(50)).await;
    assert!(begun.elapsed() >= Duration::from_millis(50));
    assert!(!desk.stored(&client.id()).await);
    let desk = Desk::new(Access::default()).await;
    let client = desk.logged_in("alice", "phone", Version::V12).await;
    desk.sap.take_leave(GRACE).await;
    assert_eq!(client.code().await, Code::SUCCESS);
}

fn hello(to: &str) -> SendMessageRequest {
    let user = User { id: to.into(), ..User::default() };
    let info = MessageInfo {
        recipient: Some(Recipient { users: vec![user], ..Recipient::default() }),
        content_type: Some("text/plain".into()),
        ..MessageInfo::default()
    };
    SendMessageRequest { report: Some(false), info, content: Some(Content::Text("hello".into())) }
}

/// Bytes that a session may cost while its client says nothing, its record in the store included.
const MOST_BYTES: u64 = 5_000;

#[test]
fn an_idle_session_costs_little_memory() {
    let sessions: u64 = 64;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let desk = runtime.block_on(Desk::new(Access { sessions_per_user: 1000, ..Access::default() }));
    let bob = runtime.block_on(desk.logged_in("bob", "phone", Version::V12));
    for version in Version::ALL {
        let before = desk.sap.sessions().len();
        let taken = allocation_counter::measure(|| {
            runtime.block_on(async {
                for n in 0..sessions {
                    let client = desk.logged_in("alice", &format!("http://phone.example/{version}/{n}"), version).await;
                    client.asks(capabilities()).await;
                    client.asks(ServiceRequest { all_functions: Some(true), ..ServiceRequest::default() }).await;
                    client.asks(hello("bob")).await;
                }
                // What waits for bob is no cost of theirs.
                while let Some(message) = bob.polls().await {
                    let id = message.id.clone().unwrap();
                    let Primitive::NewMessage(new) = known(message) else { panic!("no NewMessage") };
                    let delivered = MessageDelivered { message: new.info.id.unwrap() };
                    bob.post(Mode::Response, Some(&id), delivered.into()).await;
                }
            });
        });
        assert_eq!(desk.sap.sessions().len(), before + 64);
        let fresh = u64::try_from(taken.bytes_current).unwrap() / sessions;
        let freed = allocation_counter::measure(|| {
            let later = Timestamp::now() + Timers::default().client_repeat;
            assert!(desk.sap.sessions().expire(later, 10).is_empty());
        });
        let idle = fresh.saturating_add_signed(freed.bytes_current / 64);
        println!("{version}: {fresh} bytes after the login, {idle} idle");
        assert!(fresh < MOST_BYTES && idle < fresh, "{version}: {fresh} bytes after the login, {idle} idle");
    }
}

fn capabilities() -> ClientCapabilityRequest {
    let list = CapabilityList {
        client_type: Some("MOBILE_PHONE".into()),
        delivery: Some("P".into()),
        any_content: Some(true),
        bearers: vec!["HTTP".into()],
        multi_trans: Some(1),
        ..CapabilityList::default()
    };
    ClientCapabilityRequest { client: None, list: Some(list) }
}
