//! The listening half of a scripted peer: notes every POST, answers 200 with nothing, then speaks for itself.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming as Body;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::{Incoming, Pair, Reaction, ssp};
use crate::support::http::Http;
use crate::support::unique;
use crate::support::wire::tree::{Node, node};
use crate::support::wire::xml;

/// Answers a request.
pub type Answerer = Arc<dyn Fn(&Node) -> Option<Node> + Send + Sync>;

/// What listener and story share.
pub struct Shared {
    /// What arrived, and whether the story has taken it.
    pub arrived: Mutex<Vec<(Incoming, bool)>>,
    /// Something arrived or a session opened.
    pub changed: Notify,
    /// Where the node is.
    pub node: Mutex<Option<(String, Http)>>,
    /// What waits for which primitive.
    pub reactions: Mutex<Vec<(String, Reaction)>>,
    /// Answers requests.
    pub answer: Mutex<Answerer>,
    /// Whether set-ups begun by the node are played by themselves.
    pub responds: Mutex<bool>,
    domain: String,
    pair: Mutex<Option<Pair>>,
    secrets: Mutex<HashMap<String, (String, String)>>,
}

/// A listening socket and its connections; they end with it.
pub struct Listener {
    /// Where it listens.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

// === impl Listener ===

impl Listener {
    /// Listens.
    pub async fn bind(address: SocketAddr, tls: Arc<ServerConfig>, shared: Arc<Shared>) -> Self {
        let socket = TcpListener::bind(address).await.unwrap();
        let address = socket.local_addr().unwrap();
        let acceptor = TlsAcceptor::from(tls);
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = socket.accept().await {
                let (acceptor, shared) = (acceptor.clone(), shared.clone());
                connections.spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let service = service_fn(move |request| serve(request, shared.clone()));
                    let connection = hyper::server::conn::http1::Builder::new();
                    _ = connection.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, task }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(request: Request<Body>, shared: Arc<Shared>) -> io::Result<Response<Empty<Bytes>>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let header = |name: &str| head.headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let answer = |status: u16| Response::builder().status(status).body(Empty::new()).map_err(io::Error::other);
    let Ok(root) = xml::read(&body) else { return answer(400) };
    if head.method != "POST" || header("content-type").as_deref() != Some(ssp::CONTENT_TYPE) {
        return answer(415);
    }
    let arrived = shared.read(&root, &header);
    if arrived.is_empty() {
        return answer(400);
    }
    match shared.reaction(&arrived) {
        Some(Reaction::Refuse(status)) => return answer(status),
        Some(Reaction::Close) => return Err(io::Error::other("closed by the story")),
        Some(Reaction::DropAck) => {
            shared.take_in(arrived);
            return Err(io::Error::other("closed by the story"));
        }
        None => shared.take_in(arrived),
    }
    answer(200)
}

// === impl Shared ===

impl Shared {
    /// Nothing arrived yet; requests are answered with success.
    pub fn new(domain: &str) -> Self {
        Self {
            arrived: Mutex::default(),
            changed: Notify::new(),
            node: Mutex::default(),
            reactions: Mutex::default(),
            answer: Mutex::new(Arc::new(|primitive| Some(success(primitive)))),
            responds: Mutex::new(true),
            domain: domain.to_owned(),
            pair: Mutex::default(),
            secrets: Mutex::default(),
        }
    }

    /// The open session.
    pub fn pair(&self) -> Option<Pair> {
        self.pair.lock().unwrap().clone()
    }

    /// A session opened.
    pub fn opened(&self, pair: Pair) {
        *self.pair.lock().unwrap() = Some(pair);
        self.changed.notify_waiters();
    }

    /// Takes the first transaction not yet taken that `wanted` accepts.
    pub fn take(&self, wanted: impl Fn(&Incoming) -> bool) -> Option<Incoming> {
        let mut arrived = self.arrived.lock().unwrap();
        let (incoming, taken) = arrived.iter_mut().find(|(incoming, taken)| !taken && wanted(incoming))?;
        *taken = true;
        Some(incoming.clone())
    }

    fn read(&self, root: &Node, header: &dyn Fn(&str) -> Option<String>) -> Vec<Incoming> {
        let incoming = |setup: bool, session: Option<&str>, transaction: &Node| {
            Some(Incoming {
                setup,
                session: session.map(str::to_owned),
                asks: match transaction.get("mode")? {
                    "Request" => true,
                    "Response" => false,
                    _ => return None,
                },
                id: transaction.get("transactionID")?.to_owned(),
                primitive: transaction.children.first()?.clone(),
                session_header: header("x-wv-sessionid"),
                transaction_header: header("x-wv-transactionid"),
            })
        };
        if root.name != "WV-SSP-Message" {
            return Vec::new();
        }
        if let Some(setup) = root.find("SetupTransaction") {
            return incoming(true, None, setup).into_iter().collect();
        }
        let Some(session) = root.find("Session") else { return Vec::new() };
        session.all("Transaction").filter_map(|t| incoming(false, session.get("sessionID"), t)).collect()
    }

    fn reaction(&self, arrived: &[Incoming]) -> Option<Reaction> {
        let mut reactions = self.reactions.lock().unwrap();
        let at = reactions.iter().position(|(name, _)| arrived.iter().any(|i| i.primitive.name == *name))?;
        Some(reactions.remove(at).1)
    }

    fn take_in(self: &Arc<Self>, arrived: Vec<Incoming>) {
        let mut says = Vec::new();
        let mut answers = Vec::new();
        for incoming in &arrived {
            if incoming.setup {
                says.extend(self.play(incoming).map(|(id, primitive)| ssp::setup(false, &id, primitive)));
            } else if incoming.asks {
                let answer = self.answer.lock().unwrap().clone();
                answers.extend(answer(&incoming.primitive).map(|a| ssp::transaction(false, &incoming.id, a)));
            }
        }
        if let (false, Some(pair)) = (answers.is_empty(), self.pair()) {
            says.push(ssp::session(&pair.own, answers));
        }
        self.arrived.lock().unwrap().extend(arrived.into_iter().map(|i| (i, false)));
        self.changed.notify_waiters();
        if let (false, Some((url, http))) = (says.is_empty(), self.node.lock().unwrap().clone()) {
            tokio::spawn(async move {
                for root in says {
                    let headers = [("content-type", ssp::CONTENT_TYPE)];
                    _ = http.post(&url, &headers, xml::write(&root).into_bytes()).await;
                }
            });
        }
    }

    /// The next step of a set-up that the node began: transaction id and primitive.
    fn play(&self, step: &Incoming) -> Option<(String, Node)> {
        if !step.asks || !*self.responds.lock().unwrap() {
            return None;
        }
        let mut secrets = self.secrets.lock().unwrap();
        match step.primitive.name.as_str() {
            "SendSecretToken" => {
                let theirs = step.primitive.text_at("SecretToken")?.to_owned();
                let (own, _) = secrets.entry(step.id.clone()).or_insert_with(|| (unique("secret"), theirs));
                Some((unique("tb"), ssp::secret_token(&self.domain, own)))
            }
            "LoginRequest" => {
                let (own, theirs) = secrets.get(&step.id)?;
                let proven = step.primitive.text_at("PasswordDigest") == Some(ssp::digest(own).as_str());
                let answer = match proven {
                    true => ssp::login_request(&self.domain, &ssp::digest(theirs)),
                    false => ssp::login_response("", 401),
                };
                Some((step.id.clone(), answer))
            }
            "LoginResponse" => {
                secrets.get(&step.id)?;
                let own = format!("s-{}@{}", step.id.replace('@', "-"), self.domain);
                self.opened(Pair { own: own.clone(), node: ssp::session_of(&step.primitive) });
                Some((step.id.clone(), ssp::login_response(&own, 200)))
            }
            _ => None,
        }
    }
}

fn success(primitive: &Node) -> Node {
    match primitive.name.as_str() {
        "SendMessageRequest" => {
            let id = primitive.find("MessageInfo").and_then(|info| info.get("messageID")).unwrap_or_default();
            node("SendMessageResponse", [ssp::status(200)]).attr("messageID", id)
        }
        _ => ssp::status(200),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ScriptedPeer, message};
    use super::*;
    use crate::support::ca::Ca;

    #[tokio::test]
    async fn two_peers_set_up_a_session_and_answer_each_other() {
        let ca = Ca::new("test");
        let (a, b) = (ScriptedPeer::start(&ca, "a.example").await, ScriptedPeer::start(&ca, "b.example").await);
        a.talks_to(&b.url(), "b.example", &ca, &ca.issue("a.example"));
        b.talks_to(&a.url(), "a.example", &ca, &ca.issue("b.example"));
        let pair = a.initiates().await;
        assert!(pair.own.ends_with("@a.example") && pair.node.ends_with("@b.example"));
        assert_eq!(b.session().await, Pair { own: pair.node, node: pair.own });
        let answer = a.asks(message("wv:ann@a.example", &["wv:ben@b.example"], "m1", "Hello", false)).await;
        assert_eq!((answer.get("messageID"), ssp::code(&answer)), (Some("m1"), 200));
        let got = b.takes_request("SendMessageRequest").await;
        assert_eq!(got.primitive.text_at("ContentData"), Some("Hello"));
    }

    #[tokio::test]
    async fn a_peer_refuses_and_closes_as_told_and_comes_back_where_it_was() {
        let ca = Ca::new("test");
        let (a, mut b) = (ScriptedPeer::start(&ca, "a.example").await, ScriptedPeer::start(&ca, "b.example").await);
        a.talks_to(&b.url(), "b.example", &ca, &ca.issue("a.example"));
        let step = || xml::write(&ssp::setup(true, "1", ssp::secret_token("a.example", "x")));
        b.next("SendSecretToken", Reaction::Refuse(503));
        b.next("SendSecretToken", Reaction::Close);
        b.next("SendSecretToken", Reaction::DropAck);
        assert_eq!(a.posts(step()).await.unwrap().status, 503);
        assert!(a.posts(step()).await.is_err());
        assert!(b.arrived().is_empty());
        assert!(a.posts(step()).await.is_err());
        assert_eq!(b.arrived().len(), 1);
        b.down();
        assert!(a.posts(step()).await.is_err());
        b.up().await;
        assert_eq!(a.posts(step()).await.unwrap().status, 200);
        let stranger = Ca::new("another");
        a.talks_to(&b.url(), "b.example", &ca, &stranger.issue("a.example"));
        assert!(a.posts(step()).await.is_err(), "a foreign certificate");
    }
}
