//! A peer domain played by the test: its own HTTPS server and client, every step in the story's hand.

pub mod listener;
pub mod ssp;

use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use rustls::ServerConfig;

use super::ca::{Ca, Identity};
use super::http::{Answer, Http, Lost};
use super::wire::tree::{Node, leaf, node};
use super::wire::xml;
use super::{PATIENCE, unique};
use listener::{Listener, Shared};

/// A peer domain.
pub struct ScriptedPeer {
    /// Its domain.
    pub domain: String,
    shared: Arc<Shared>,
    tls: Arc<ServerConfig>,
    address: SocketAddr,
    listener: Option<Listener>,
}

/// One transaction of a POST that arrived.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// Whether it belongs to a set-up.
    pub setup: bool,
    /// The session id its envelope names.
    pub session: Option<String>,
    /// Whether it asks (mode `Request`).
    pub asks: bool,
    /// Its id.
    pub id: String,
    /// What it says.
    pub primitive: Node,
    /// Header `x-wv-sessionid`.
    pub session_header: Option<String>,
    /// Header `x-wv-transactionid`.
    pub transaction_header: Option<String>,
}

/// What becomes of a POST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Taken, but the connection closes without an answer.
    DropAck,
    /// Not taken; the connection closes without an answer.
    Close,
    /// Not taken; this HTTP status.
    Refuse(u16),
}

/// The two ids of an open session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// This peer's.
    pub own: String,
    /// The node's.
    pub node: String,
}

// === impl ScriptedPeer ===

impl ScriptedPeer {
    /// A peer of this domain, with a certificate of `ca`, listening on a free port.
    pub async fn start(ca: &Ca, domain: &str) -> Self {
        Self::start_as(ca, domain, &ca.issue(domain)).await
    }

    /// A peer of this domain that shows another certificate.
    pub async fn start_as(ca: &Ca, domain: &str, identity: &Identity) -> Self {
        let tls = Arc::new(ca.server(identity));
        let shared = Arc::new(Shared::new(domain));
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), tls.clone(), shared.clone()).await;
        let address = listener.address;
        Self { domain: domain.to_owned(), shared, tls, address, listener: Some(listener) }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("https://{}/", self.address)
    }

    /// From now on it talks to this node with this identity; `name` is the name the node must show.
    pub fn talks_to(&self, url: &str, name: &str, ca: &Ca, identity: &Identity) {
        let http = Http::new(ca.client(Some(identity)), name);
        *self.shared.node.lock().unwrap() = Some((url.to_owned(), http));
    }

    /// Stops listening; every connection breaks.
    pub fn down(&mut self) {
        self.listener = None;
    }

    /// Listens again where it did.
    pub async fn up(&mut self) {
        self.listener = Some(Listener::bind(self.address, self.tls.clone(), self.shared.clone()).await);
    }

    /// The next POST with this primitive meets this reaction.
    pub fn next(&self, primitive: &str, reaction: Reaction) {
        self.shared.reactions.lock().unwrap().push((primitive.to_owned(), reaction));
    }

    /// Answers requests from now on with what `answer` gives; `None` = no answer.
    pub fn answering(&self, answer: impl Fn(&Node) -> Option<Node> + Send + Sync + 'static) {
        *self.shared.answer.lock().unwrap() = Arc::new(answer);
    }

    /// Whether it plays its part of a set-up that the node begins by itself.
    pub fn responds(&self, by_itself: bool) {
        *self.shared.responds.lock().unwrap() = by_itself;
    }

    /// Every transaction that arrived so far.
    pub fn arrived(&self) -> Vec<Incoming> {
        self.shared.arrived.lock().unwrap().iter().map(|(incoming, _)| incoming.clone()).collect()
    }

    /// Waits for a transaction not yet taken that `wanted` accepts, and takes it.
    pub async fn takes(&self, what: &str, wanted: impl Fn(&Incoming) -> bool) -> Incoming {
        let look = async {
            loop {
                let changed = self.shared.changed.notified();
                if let Some(found) = self.shared.take(&wanted) {
                    return found;
                }
                changed.await;
            }
        };
        match tokio::time::timeout(PATIENCE, look).await {
            Ok(found) => found,
            Err(_) => panic!("{} waited in vain for {what}; got {:#?}", self.domain, self.summary()),
        }
    }

    /// Waits for a step of a set-up.
    pub async fn takes_step(&self, asks: bool, primitive: &str) -> Incoming {
        self.takes(primitive, |i| i.setup && i.asks == asks && i.primitive.name == primitive).await
    }

    /// Waits for a request on a session.
    pub async fn takes_request(&self, primitive: &str) -> Incoming {
        self.takes(primitive, |i| !i.setup && i.asks && i.primitive.name == primitive).await
    }

    /// Waits for the answer to a request of its own.
    pub async fn takes_answer(&self, id: &str) -> Incoming {
        self.takes(&format!("the answer to {id}"), |i| !i.setup && !i.asks && i.id == id).await
    }

    /// Posts a document as it is.
    pub async fn posts(&self, body: impl Into<Vec<u8>>) -> Result<Answer, Lost> {
        let (url, http) = self.shared.node.lock().unwrap().clone().expect("talks_to comes first");
        http.post(&url, &[("content-type", ssp::CONTENT_TYPE)], body.into()).await
    }

    /// Posts a tree; the HTTP status.
    pub async fn posts_tree(&self, root: &Node) -> u16 {
        self.posts(xml::write(root)).await.unwrap().status
    }

    /// Posts a step of a set-up; the HTTP status.
    pub async fn steps(&self, asks: bool, id: &str, primitive: Node) -> u16 {
        self.posts_tree(&ssp::setup(asks, id, primitive)).await
    }

    /// Sets up a session as initiator, all six steps.
    pub async fn initiates(&self) -> Pair {
        let (id, secret) = (unique("ta"), unique("secret"));
        assert_eq!(self.steps(true, &id, ssp::secret_token(&self.domain, &secret)).await, 200, "step 1");
        let token = self.takes_step(false, "SendSecretToken").await;
        let digest = ssp::login_request(&self.domain, &ssp::digest(secret_of(&token)));
        assert_eq!(self.steps(true, &id, digest).await, 200, "step 3");
        let login = self.takes("step 4", |i| i.setup && !i.asks && i.id == id).await;
        assert_eq!(login.primitive.text_at("PasswordDigest"), Some(ssp::digest(&secret).as_str()), "step 4");
        let own = format!("{}@{}", unique("s"), self.domain);
        assert_eq!(self.steps(true, &id, ssp::login_response(&own, 200)).await, 200, "step 5");
        let response = self.takes("step 6", |i| i.setup && !i.asks && i.id == id).await;
        let pair = Pair { own, node: ssp::session_of(&response.primitive) };
        self.shared.opened(pair.clone());
        pair
    }

    /// Waits until a session is open, whoever began it.
    pub async fn session(&self) -> Pair {
        let look = async {
            loop {
                let changed = self.shared.changed.notified();
                if let Some(pair) = self.shared.pair() {
                    return pair;
                }
                changed.await;
            }
        };
        match tokio::time::timeout(PATIENCE, look).await {
            Ok(pair) => pair,
            Err(_) => panic!("no session with {}; got {:#?}", self.domain, self.summary()),
        }
    }

    /// Whether a session is open as far as this peer knows.
    pub fn has_session(&self) -> bool {
        self.shared.pair().is_some()
    }

    /// Sends requests in one POST on the open session; their ids.
    pub async fn requests(&self, primitives: impl IntoIterator<Item = Node>) -> Vec<String> {
        let requests: Vec<_> = primitives.into_iter().map(|p| (unique("t"), p)).collect();
        let pair = self.session().await;
        let root = ssp::session(&pair.own, requests.iter().map(|(id, p)| ssp::transaction(true, id, p.clone())));
        assert_eq!(self.posts_tree(&root).await, 200, "{} is acknowledged", self.domain);
        requests.into_iter().map(|(id, _)| id).collect()
    }

    /// Sends a request under this id on the open session; the HTTP status.
    pub async fn requests_as(&self, id: &str, primitive: Node) -> u16 {
        let pair = self.session().await;
        self.posts_tree(&ssp::session(&pair.own, [ssp::transaction(true, id, primitive)])).await
    }

    /// Sends a request on the open session and waits for its answer.
    pub async fn asks(&self, primitive: Node) -> Node {
        let ids = self.requests([primitive]).await;
        self.takes_answer(&ids[0]).await.primitive
    }

    fn summary(&self) -> Vec<String> {
        let arrived = self.shared.arrived.lock().unwrap();
        arrived.iter().map(|(i, taken)| format!("{} {} {} taken={taken}", i.asks, i.id, i.primitive.name)).collect()
    }
}

/// The secret a `SendSecretToken` carries.
pub fn secret_of(token: &Incoming) -> &str {
    token.primitive.text_at("SecretToken").expect("a SecretToken")
}

/// A random secret's digest never fits.
pub fn wrong_digest() -> String {
    STANDARD.encode(Md5::digest(unique("wrong")))
}

/// A message as a peer sends it.
pub fn message(from: &str, to: &[&str], id: &str, text: &str, report: bool) -> Node {
    let recipients = to.iter().map(|user| node("Recipient", [node("User", []).attr("userID", user)]));
    let info = node("MessageInfo", [])
        .attr("messageID", id)
        .attr("contentType", "text/plain")
        .attr("contentSize", text.len())
        .attr("validity", 600)
        .with_all(recipients)
        .with(node("Sender", [node("User", []).attr("userID", from)]));
    node("SendMessageRequest", [ssp::meta(from), info, leaf("ContentData", text).attr("contentType", "text/plain")])
        .attr("deliveryReport", if report { "Yes" } else { "No" })
}
