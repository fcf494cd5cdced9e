//! A phone: it keeps the protocol as the strictest phones in the field do and panics where one of them would choke.

pub mod access;
pub mod fetching;
pub mod journal;
pub mod messages;
#[cfg(test)]
mod strictness;
pub mod wake;

use rustls::ClientConfig;

use super::http::{Answer, Http, Lost};
use super::unique;
use super::wire::tree::{Node, leaf, node};
use super::wire::{Syntax, Version};
use journal::Journal;
use messages::Inbox;

/// The longest session or transaction id that every phone takes.
const LONGEST_ID: usize = 50;

/// A phone of one user.
pub struct Handset {
    /// Its user, `wv:name@domain`.
    pub user: String,
    /// How it writes.
    pub syntax: Syntax,
    /// What it speaks.
    pub version: Version,
    /// Its session, once logged in.
    pub session: Option<String>,
    /// What the server decided at login, seconds.
    pub keep_alive_time: Option<u32>,
    /// What it was handed.
    pub journal: Journal,
    /// What reached it and was not yet looked at.
    pub inbox: Inbox,
    /// Whether it answers server requests; a phone may fall silent.
    pub answers: bool,
    /// Wake-up methods it states, its favourite first.
    pub wakes_by: Vec<&'static str>,
    /// The port for wake-up datagrams it states.
    pub udp_port: Option<u16>,
    /// Headers of every POST, as a gateway between phone and server adds them.
    pub headers: Vec<(&'static str, String)>,
    url: String,
    password: String,
    client_id: String,
    cookie: String,
    http: Http,
    transactions: u32,
    more: bool,
}

/// A transaction as received.
#[derive(Clone, Debug)]
pub struct Received {
    /// Whether it asks (mode `Request`).
    pub asks: bool,
    /// Its id.
    pub id: String,
    /// What it says.
    pub primitive: Node,
}

// === impl Handset ===

impl Handset {
    /// A phone that posts to `url`; `tls` and the server's `name` count for `https:`.
    pub fn new(url: &str, tls: ClientConfig, name: &str, syntax: Syntax, version: Version) -> Self {
        Self {
            user: String::new(),
            syntax,
            version,
            session: None,
            keep_alive_time: None,
            journal: Journal::default(),
            inbox: Inbox::default(),
            answers: true,
            wakes_by: Vec::new(),
            udp_port: None,
            headers: Vec::new(),
            url: url.to_owned(),
            password: String::new(),
            client_id: unique("http://phone.example/app"),
            cookie: unique("cookie"),
            http: Http::new(tls, name),
            transactions: 0,
            more: false,
        }
    }

    /// The same phone in the hands of this user.
    pub fn of(mut self, user: &str, password: &str) -> Self {
        self.user = user.to_owned();
        self.password = password.to_owned();
        self
    }

    /// The same phone behind a gateway that adds this header.
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    /// The same phone at another address of the machine.
    pub fn at(mut self, http: Http) -> Self {
        self.http = http;
        self
    }

    /// The same phone with another cookie.
    pub fn with_cookie(mut self, cookie: &str) -> Self {
        self.cookie = cookie.to_owned();
        self
    }

    /// Another hand on the same device: it shows the client id of that phone, and its cookie.
    pub fn in_place_of(mut self, of: &Self) -> Self {
        self.client_id.clone_from(&of.client_id);
        self.cookie.clone_from(&of.cookie);
        self
    }

    /// The cookie it states.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// The password it knows.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The client id it shows.
    pub fn client_id(&self) -> Node {
        node("ClientID", [leaf("URL", &self.client_id)])
    }

    /// Sends a request and gives what answers it.
    pub async fn ask(&mut self, primitive: Node) -> Node {
        self.try_ask(primitive).await.unwrap_or_else(|lost| self.choke(&format!("no answer: {}", lost.0), None))
    }

    /// Sends a request; `Err` if the answer was lost on the way.
    pub async fn try_ask(&mut self, primitive: Node) -> Result<Node, Lost> {
        let id = self.next_transaction();
        self.try_ask_as(&id, primitive).await
    }

    /// Sends a request under this transaction id.
    pub async fn try_ask_as(&mut self, id: &str, primitive: Node) -> Result<Node, Lost> {
        let message = self.message("Request", Some(id), primitive);
        let Some(answer) = self.exchange(&message).await? else {
            self.choke("an empty body answers a request", Some(&message));
        };
        if answer.asks {
            self.choke("a server request stands where an answer must", Some(&answer.primitive));
        }
        if answer.id != id {
            self.choke(&format!("transaction {} answers {id}", answer.id), Some(&answer.primitive));
        }
        Ok(answer.primitive)
    }

    /// Posts any bytes, nothing checked.
    pub async fn raw(&self, body: impl Into<Vec<u8>>, content_type: &str) -> Result<Answer, Lost> {
        let added = self.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let headers: Vec<_> = std::iter::once(("content-type", content_type)).chain(added).collect();
        self.http.post(&self.url, &headers, body.into()).await
    }

    /// The way it posts.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// A fresh transaction id.
    pub fn next_transaction(&mut self) -> String {
        self.transactions += 1;
        format!("phone-{}", self.transactions)
    }

    /// A message of this phone around a primitive.
    pub fn message(&self, mode: &str, id: Option<&str>, primitive: Node) -> Node {
        let login = primitive.name == "Login-Request";
        let descriptor = match self.session.as_ref().filter(|_| !login) {
            Some(session) => node("SessionDescriptor", [leaf("SessionType", "Inband"), leaf("SessionID", session)]),
            None => node("SessionDescriptor", [leaf("SessionType", "Outband")]),
        };
        let transaction = node(
            "Transaction",
            [
                node("TransactionDescriptor", [leaf("TransactionMode", mode)])
                    .with_some(id.map(|id| leaf("TransactionID", id))),
                node("TransactionContent", [primitive]).attr("xmlns", self.version.trc()),
            ],
        );
        node("WV-CSP-Message", [node("Session", [descriptor, transaction])]).attr("xmlns", self.version.csp())
    }

    /// Posts a message and reads what comes back; `None` = an empty body.
    pub async fn exchange(&mut self, message: &Node) -> Result<Option<Received>, Lost> {
        let content_type = self.syntax.content_type(self.version);
        let answer = self.raw(self.syntax.write(message, self.version), content_type).await?;
        if answer.status != 200 {
            self.choke(&format!("HTTP {}", answer.status), Some(message));
        }
        let length = answer.header("content-length").and_then(|l| l.parse::<usize>().ok());
        if length != Some(answer.body.len()) {
            self.choke(&format!("Content-Length {length:?} on {} bytes", answer.body.len()), Some(message));
        }
        self.more = false;
        if answer.body.is_empty() {
            return Ok(None);
        }
        let kind = answer.header("content-type").unwrap_or("").split(';').next().unwrap_or("").trim();
        if kind != content_type {
            self.choke(&format!("content type {kind:?} answers {content_type}"), Some(message));
        }
        let root = self.syntax.read(&answer.body).unwrap_or_else(|fault| {
            self.choke(&format!("unreadable: {fault}: {}", String::from_utf8_lossy(&answer.body)), Some(message))
        });
        let asked = message.find("Session/Transaction/TransactionDescriptor/TransactionID").is_some();
        Ok(Some(self.received(&root, asked)))
    }

    /// What every phone checks of a message. Only what answers a poll, which has no transaction id, may lack one.
    fn received(&mut self, root: &Node, asked_with_id: bool) -> Received {
        let check = |good: bool, what: &str| {
            if !good {
                self.choke(what, Some(root));
            }
        };
        check(root.name == "WV-CSP-Message", "the root is no WV-CSP-Message");
        check(root.get("xmlns") == Some(self.version.csp()), "the namespace is another version's");
        let session = root.find("Session").unwrap_or_else(|| self.choke("no Session", Some(root)));
        let kind = session.text_at("SessionDescriptor/SessionType");
        check(matches!(kind, Some("Inband" | "Outband")), "no SessionType");
        let id = session.find("SessionDescriptor/SessionID").map(|n| n.text.as_str());
        check(kind != Some("Inband") || id.is_some(), "Inband without SessionID");
        check(id.is_none_or(|id| Some(id) == self.session.as_deref()), "a foreign SessionID");
        if let (Some(_), None) = (&self.session, id) {
            let login = root.any("Login-Response").is_some();
            check(login, "the SessionID is not echoed");
        }
        check(session.find("CIR").is_none(), "a CIR element");
        check(session.all("Transaction").count() == 1, "more or less than one Transaction");
        let transaction = session.find("Transaction").unwrap();
        let descriptor = transaction
            .find("TransactionDescriptor")
            .unwrap_or_else(|| self.choke("no TransactionDescriptor", Some(root)));
        let mode = descriptor.find("TransactionMode").map(|n| n.text.as_str());
        check(matches!(mode, Some("Request" | "Response")), "no TransactionMode spelt as phones want it");
        let id = descriptor.find("TransactionID").map_or("", |n| n.text.as_str()).to_owned();
        let may_lack = !asked_with_id && mode == Some("Response");
        check(may_lack || !id.is_empty(), "no TransactionID");
        check(id.len() <= LONGEST_ID, "a TransactionID of more than 50 characters");
        let (here, there) = match self.version {
            Version::V11 => (descriptor.find("Poll"), session.find("Poll")),
            _ => (session.find("Poll"), descriptor.find("Poll")),
        };
        check(there.is_none(), "Poll stands where another version has it");
        check(here.is_none_or(|p| matches!(p.text.as_str(), "T" | "F")), "Poll is neither T nor F");
        let last = session.children.last().map(|n| n.name.as_str());
        check(self.version == Version::V11 || here.is_none() || last == Some("Poll"), "Poll is not last");
        let content =
            transaction.find("TransactionContent").unwrap_or_else(|| self.choke("no TransactionContent", Some(root)));
        check(content.get("xmlns") == Some(self.version.trc()), "the content's namespace is another version's");
        check(content.children.len() == 1, "not one primitive");
        check(results_have_codes(content), "a Result without Code");
        let more = here.is_some_and(|p| p.text == "T");
        let received = Received { asks: mode == Some("Request"), id, primitive: content.children[0].clone() };
        self.more = more;
        received
    }

    /// Stops the story: a phone in the field would fail here.
    pub fn choke(&self, why: &str, over: Option<&Node>) -> ! {
        let over = over.map(super::wire::xml::show).unwrap_or_default();
        panic!("the phone of {} (CSP {:?}, {:?}) chokes: {why}\n{over}", self.user, self.version, self.syntax)
    }
}

fn results_have_codes(node: &Node) -> bool {
    let code = node.number_at("Code");
    (node.name != "Result" || code.is_some_and(|code| (100..1000).contains(&code)))
        && node.children.iter().all(results_have_codes)
}
