//! What no client forgives, and clients that do no more than they must.

use std::sync::Arc;

use super::PATIENT;
use super::line::Line;
use super::said::{self, Said, send, status};
use crate::support::wire::{Syntax, Version, xml};
use crate::support::world::phone::password;
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";

/// A client that neither states capabilities nor agrees on services.
struct Minimal {
    user: String,
    phone: Phone,
    session: Option<String>,
    line: Line,
}

// === impl Minimal ===

impl Minimal {
    async fn at_home(world: &World, name: &str, phone: Phone) -> Self {
        let line = Line::to(world.ports(NORTH).csp).await;
        let mut minimal = Self { user: phone.user(name, NORTH), phone, session: None, line };
        let login = format!(
            "<Login-Request><UserID>{}</UserID><ClientID><URL>http://minimal.example/{name}</URL></ClientID>\
             <Password>{}</Password><SessionCookie>c</SessionCookie></Login-Request>",
            minimal.user,
            password(name)
        );
        let answer = minimal.asks("1", &login).await;
        assert_eq!((answer.primitive.name.as_str(), answer.code()), ("Login-Response", Some(200)), "{answer:?}");
        assert_eq!(answer.primitive.text_at("CapabilityRequest"), Some("T"), "{answer:?}");
        minimal.session = answer.primitive.text_at("SessionID").map(str::to_owned);
        minimal
    }

    async fn exchanges(&mut self, document: &str) -> Option<Said> {
        let body = self.phone.syntax.write(&xml::read(document.as_bytes()).unwrap(), self.phone.version);
        let kind = self.phone.syntax.content_type(self.phone.version);
        let reply = self.line.post(kind, body).await;
        if !reply.body.is_empty() {
            assert_eq!(reply.header("content-type"), Some(kind), "in kind");
        }
        let body = reply.plain();
        let message = (!body.is_empty()).then(|| said::read(self.phone.syntax, self.phone.version, &body))?;
        assert!(message.session.is_none() || message.session == self.session, "echoed: {message:?}");
        Some(message.only())
    }

    async fn asks(&mut self, id: &str, primitive: &str) -> Said {
        let document = said::message(self.phone.version, self.session.as_deref(), "Request", Some(id), primitive);
        self.exchanges(&document).await.unwrap_or_else(|| panic!("nothing answers {document}"))
    }

    /// Polls with an empty transaction id, as the oldest documents do.
    async fn polls(&mut self) -> Option<Said> {
        let poll = "<Polling-Request></Polling-Request>";
        let document = said::message(self.phone.version, self.session.as_deref(), "Request", Some(""), poll);
        self.exchanges(&document).await
    }
}

async fn one_domain() -> Arc<World> {
    World::new().domain(NORTH).with(PATIENT).start().await
}

#[tokio::test]
async fn a_client_that_negotiates_nothing_sends_and_hears() {
    one_domain().await.with_every_phone(negotiates_nothing).await;
}

async fn negotiates_nothing(world: Arc<World>, phone: Phone) {
    let mut alice = Minimal::at_home(&world, "alice", phone).await;
    let mut bob = Minimal::at_home(&world, "bob", phone).await;
    assert!(bob.polls().await.is_none());
    for (id, text) in [("2", "one"), ("3", "two")] {
        let sent = alice.asks(id, &send(&bob.user, &alice.user, text)).await;
        assert_eq!((sent.primitive.name.as_str(), sent.code()), ("SendMessage-Response", Some(200)), "{sent:?}");
    }
    let one = bob.polls().await.unwrap();
    assert!(one.asks && one.primitive.text_at("ContentData") == Some("one"), "pushed, one at a time: {one:?}");
    let id = one.primitive.text_at("MessageInfo/MessageID").unwrap();
    let delivered = format!("<MessageDelivered><MessageID>{id}</MessageID></MessageDelivered>");
    let document = said::message(phone.version, bob.session.as_deref(), "Response", Some(&one.id), &delivered);
    let two = bob.exchanges(&document).await.unwrap();
    assert!(two.asks && two.primitive.text_at("ContentData") == Some("two"), "no Status in between: {two:?}");
    // A client that knows no more confirms with a status.
    let document = said::message(phone.version, bob.session.as_deref(), "Response", Some(&two.id), &status(200));
    assert!(bob.exchanges(&document).await.is_none());
    assert!(bob.polls().await.is_none());
}

#[tokio::test]
async fn transaction_ids_come_back_as_they_were_written() {
    one_domain().await.with_every_phone(ids_verbatim).await;
}

async fn ids_verbatim(world: Arc<World>, phone: Phone) {
    let mut alice = Minimal::at_home(&world, "alice", phone).await;
    let longest = "i".repeat(50);
    for (written, id) in [
        ("IMApp01#12345@NOK5110", "IMApp01#12345@NOK5110"),
        ("0", "0"),
        ("007", "007"),
        ("T", "T"),
        ("text/plain", "text/plain"),
        ("a b  c", "a b  c"),
        ("&lt;7&gt;&amp;&quot;", "<7>&\""),
        ("żółć", "żółć"),
        (longest.as_str(), longest.as_str()),
    ] {
        let answer = alice.asks(written, "<KeepAlive-Request/>").await;
        assert_eq!((answer.id.as_str(), answer.code()), (id, Some(200)), "{answer:?}");
    }
}

#[tokio::test]
async fn every_refusal_has_a_code_and_the_ids_of_what_it_refuses() {
    one_domain().await.with_every_phone(refusals).await;
}

async fn refusals(world: Arc<World>, phone: Phone) {
    let mut alice = Minimal::at_home(&world, "alice", phone).await;
    let soon = "<KeepAlive-Request><TimeToLive>soon</TimeToLive></KeepAlive-Request>";
    for primitive in ["<SendMessage-Request/>", "<Login-Response/>", soon] {
        let answer = alice.asks("77", primitive).await;
        assert_eq!((answer.primitive.name.as_str(), answer.id.as_str()), ("Status", "77"), "{answer:?}");
        assert!(answer.code().is_some_and(|code| matches!(code, 400 | 402)), "{answer:?} answers {primitive}");
    }
    // A session that is over, or never was: the id is echoed, since one client drops messages of another one.
    let real = alice.session.replace("never-was".into());
    let answer = alice.asks("78", "<KeepAlive-Request/>").await;
    assert_eq!((answer.id.as_str(), answer.code()), ("78", Some(604)), "{answer:?}");
    let document = said::message(phone.version, Some("never-was"), "Response", Some("m1"), &status(200));
    let answer = alice.exchanges(&document).await.unwrap();
    assert_eq!((answer.asks, answer.code()), (false, Some(604)), "{answer:?}");
    alice.session = real;
    assert!(alice.polls().await.is_none());
}

#[tokio::test]
async fn the_inverted_list_of_functions_names_what_is_refused_and_nothing_else() {
    one_domain().await.with_every_phone(inverted).await;
}

async fn inverted(world: Arc<World>, phone: Phone) {
    let mut alice = Minimal::at_home(&world, "alice", phone).await;
    let ask = |functions: &str| {
        format!(
            "<Service-Request><Functions><WVCSPFeat>{functions}</WVCSPFeat></Functions>\
             <AllFunctionsRequest>F</AllFunctionsRequest></Service-Request>"
        )
    };
    let both = "<IMFeat><IMSendFunc><MDELIV/></IMSendFunc><IMReceiveFunc><NEWM/></IMReceiveFunc></IMFeat>";
    let answer = alice.asks("5", &ask(both)).await;
    let refused = answer.primitive.find("Functions/WVCSPFeat");
    assert!(refused.is_none_or(|tree| tree.children.is_empty()), "nothing is refused: {answer:?}");
    assert!(answer.primitive.find("AllFunctions").is_none(), "not asked for: {answer:?}");
    // A function this domain lacks comes back, alone.
    let all = alice.asks("6", &ask("<GroupFeat/>").replace(">F<", ">T<")).await;
    let offered = all.primitive.find("AllFunctions/WVCSPFeat/GroupFeat").is_some();
    assert_eq!(all.primitive.find("Functions/WVCSPFeat/GroupFeat").is_none(), offered, "{all:?}");
}

#[tokio::test]
async fn the_poll_flag_stands_where_the_version_has_it() {
    one_domain().await.with_every_phone(poll_flag).await;
}

async fn poll_flag(world: Arc<World>, phone: Phone) {
    let mut alice = Minimal::at_home(&world, "alice", phone).await;
    let mut bob = Minimal::at_home(&world, "bob", phone).await;
    alice.asks("2", &send(&bob.user, &alice.user, "waits")).await;
    let document = said::message(phone.version, bob.session.as_deref(), "Request", Some("3"), "<KeepAlive-Request/>");
    let body = phone.syntax.write(&xml::read(document.as_bytes()).unwrap(), phone.version);
    let body = bob.line.post(phone.syntax.content_type(phone.version), body).await.plain();
    // `read` refuses the other version's place.
    assert!(said::read(phone.syntax, phone.version, &body).poll);
    if phone.syntax == Syntax::Xml {
        let text = String::from_utf8(body).unwrap();
        let behind = if phone.version == Version::V11 { "</TransactionDescriptor>" } else { "</Session>" };
        assert!(text.contains(&format!("<Poll>T</Poll>{behind}")), "{text}");
    }
}

#[tokio::test]
async fn a_client_fetches_what_it_is_told_of_and_confirms_it_in_either_mode() {
    one_domain().await.with_every_phone(fetches).await;
}

async fn fetches(world: Arc<World>, phone: Phone) {
    let mut alice = Minimal::at_home(&world, "alice", phone).await;
    let mut bob = Minimal::at_home(&world, "bob", phone).await;
    let method = "<SetDeliveryMethod-Request><DeliveryMethod>N</DeliveryMethod></SetDeliveryMethod-Request>";
    assert_eq!(bob.asks("2", method).await.code(), Some(200));
    // Some confirm by a request, as the later clients do; some in mode Response, as the oldest documents have it.
    for mode in ["Request", "Response"] {
        let text = format!("confirmed in mode {mode}");
        let sent = alice.asks(mode, &send(&bob.user, &alice.user, &text)).await;
        let id = sent.primitive.text_at("MessageID").unwrap().to_owned();
        let told = bob.polls().await.unwrap();
        assert!(told.asks && told.primitive.name == "MessageNotification", "{told:?}");
        assert_eq!(told.primitive.text_at("MessageInfo/MessageID"), Some(id.as_str()));
        assert!(told.primitive.find("ContentData").is_none(), "{told:?}");
        let document = said::message(phone.version, bob.session.as_deref(), "Response", Some(&told.id), &status(200));
        assert!(bob.exchanges(&document).await.is_none());
        let fetch = format!("<GetMessage-Request><MessageID>{id}</MessageID></GetMessage-Request>");
        let fetched = bob.asks(&format!("get-{mode}"), &fetch).await;
        assert_eq!(fetched.primitive.text_at("ContentData"), Some(text.as_str()), "{fetched:?}");
        let delivered = format!("<MessageDelivered><MessageID>{id}</MessageID></MessageDelivered>");
        if mode == "Request" {
            let answer = bob.asks("done", &delivered).await;
            assert_eq!((answer.primitive.name.as_str(), answer.code()), ("Status", Some(200)), "{answer:?}");
        } else {
            let id = format!("get-{mode}");
            let document = said::message(phone.version, bob.session.as_deref(), mode, Some(&id), &delivered);
            assert!(bob.exchanges(&document).await.is_none(), "nothing answers an answer");
        }
        let again = bob.asks(&format!("again-{mode}"), &fetch).await;
        assert_eq!(again.code(), Some(426), "it is gone: {again:?}");
        assert!(bob.polls().await.is_none());
    }
}
