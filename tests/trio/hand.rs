//! A peer played by hand: one node, `north.example`, and what the test says as `south.example`.

use std::time::Duration;

use bytes::Bytes;
use md5::{Digest, Md5};
use postern::address::Domain;
use postern::config;
use postern::relay::{Post, Posted};
use postern::syntax::{Limits, Said, ssp};
use postern::vocabulary::interop::{MetaInfo, SendSecretToken, SspLoginRequest, SspLoginResponse};
use postern::vocabulary::status::{Code, Outcome};
use postern::vocabulary::{Content, Mode, Primitive, Version};

use crate::node::{Node, domain, message, peer_file, timers};
use crate::world::World;

const V: Version = Version::V13;

pub struct Hand {
    pub world: World,
    pub south: Domain,
    /// Our own id, as south.
    pub own: String,
}

/// A transaction the node posted.
#[derive(Debug)]
pub struct Heard {
    pub post: Post,
    /// The node's session id; `None` = set-up.
    pub session: Option<String>,
    pub mode: Mode,
    pub id: String,
    pub fragment: Bytes,
}

impl Hand {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// With sessions that end after some time without traffic.
    pub fn with_ttl(session_ttl: Duration) -> Self {
        Self::made(&config::Timers { session_ttl, ..timers() }, |_| {})
    }

    /// With a peer file changed by the test.
    pub fn with(change: impl FnOnce(&mut config::Peer)) -> Self {
        Self::made(&timers(), change)
    }

    fn made(timers: &config::Timers, change: impl FnOnce(&mut config::Peer)) -> Self {
        let mut world = World::with_timers(&["north"], 7, timers);
        let south = domain("south");
        let mut file = peer_file(&south);
        change(&mut file);
        world.configure(0, file);
        Self { world, south, own: "2@south.example".to_owned() }
    }

    pub fn north(&self) -> &Node {
        &self.world.nodes[0]
    }

    /// Submits a message valid for some seconds.
    pub fn submit(&mut self, id: &str, seconds: u64) {
        let (from, to) = (self.north().domain.clone(), self.south.clone());
        let request = message(id, &from, &to, self.world.now + Duration::from_secs(seconds));
        self.world.submit(0, request).unwrap();
    }

    /// How a message of north ended; `None` = it has not.
    pub fn end_of(&self, id: &str) -> Option<Result<Code, Code>> {
        let ends = self.north().disk.settled.get(id)?;
        assert_eq!(ends.len(), 1, "{id} ended more than once");
        Some(ends[0])
    }

    /// The next POST of the node, every transaction of it.
    pub fn load(&mut self) -> Vec<Heard> {
        assert!(!self.world.outbox.is_empty(), "the node posts nothing");
        let post = self.world.outbox.remove(0);
        let envelope = ssp::scan(&post.body, &Limits::default()).unwrap();
        let (session, transactions) = match envelope.body {
            ssp::Body::Setup(one) => (None, vec![one]),
            ssp::Body::Session { session, transactions } => (Some(session.to_string()), transactions.into()),
        };
        let heard = |t: ssp::Scanned<'_>| Heard {
            post: post.clone(),
            session: session.clone(),
            mode: t.mode,
            id: t.id.to_string(),
            fragment: Bytes::copy_from_slice(t.fragment),
        };
        transactions.into_iter().map(heard).collect()
    }

    /// The next POST of the node, which carries one transaction.
    pub fn hear(&mut self) -> Heard {
        let mut load = self.load();
        assert_eq!(load.len(), 1, "{load:?}");
        load.remove(0)
    }

    /// The next POST of the node, acknowledged.
    pub fn take(&mut self) -> Heard {
        let heard = self.hear();
        self.accept(&heard);
        heard
    }

    pub fn accept(&mut self, heard: &Heard) {
        self.world.posted(0, heard.post.id, Posted::Accepted);
    }

    pub fn refuse(&mut self, heard: &Heard, status: u16) {
        self.world.posted(0, heard.post.id, Posted::Refused(status));
    }

    pub fn drop(&mut self, heard: &Heard) {
        self.world.posted(0, heard.post.id, Posted::Unreachable("connection refused".to_owned()));
    }

    pub fn is_silent(&self) -> bool {
        self.world.outbox.is_empty()
    }

    pub fn run(&mut self, millis: u64) {
        self.world.run(Duration::from_millis(millis));
    }

    /// Posts transactions under our session id.
    pub fn say_all(&mut self, parts: &[(Mode, &str, &[u8])]) -> u16 {
        let parts: Vec<ssp::Part<'_>> =
            parts.iter().map(|(mode, id, fragment)| ssp::Part { mode: *mode, id, fragment }).collect();
        let body = ssp::session_message(V, &self.own, &parts);
        self.world.post(&self.south.clone(), 0, &body)
    }

    pub fn ask(&mut self, id: &str, fragment: &[u8]) -> u16 {
        self.say_all(&[(Mode::Request, id, fragment)])
    }

    pub fn answer(&mut self, id: &str, primitive: impl Into<Primitive>) -> u16 {
        let fragment = ssp::write_fragment(None, &primitive.into(), V);
        self.say_all(&[(Mode::Response, id, &fragment)])
    }

    /// An answer of south as it travels.
    pub fn written(&self, id: &str, primitive: impl Into<Primitive>) -> Bytes {
        let fragment = ssp::write_fragment(None, &primitive.into(), V);
        ssp::session_message(V, &self.own, &[ssp::Part { mode: Mode::Response, id, fragment: &fragment }])
    }

    fn set_up(&mut self, mode: Mode, id: &str, primitive: impl Into<Primitive>) -> u16 {
        let fragment = ssp::write_fragment(None, &primitive.into(), V);
        let body = ssp::setup_message(V, &ssp::Part { mode, id, fragment: &fragment });
        self.world.post(&self.south.clone(), 0, &body)
    }

    pub fn send_secret(&mut self, mode: Mode, id: &str, secret: &str) -> u16 {
        self.set_up(mode, id, secret_of(&self.south, secret))
    }

    /// Proves to have received a secret.
    pub fn send_digest(&mut self, mode: Mode, id: &str, of: &str) -> u16 {
        let login = SspLoginRequest {
            service: self.south.service_id().into(),
            time_to_live: Some(86_400),
            digest: Content::Binary(Md5::digest(of).to_vec().into()),
        };
        self.set_up(mode, id, login)
    }

    pub fn send_session(&mut self, mode: Mode, id: &str, code: Option<u16>) -> u16 {
        let response = SspLoginResponse {
            session: Some(self.own.as_str().into()),
            time_to_live: Some(86_400),
            outcome: code.map(|code| Outcome::from(Code(code))),
            redirect: None,
        };
        self.set_up(mode, id, response)
    }

    /// A session, set up by south; returns the node's id of it.
    pub fn open(&mut self) -> String {
        assert_eq!(self.send_secret(Mode::Request, "41", "s-of-south"), 200);
        let step = self.take();
        assert_eq!(self.send_digest(Mode::Request, "41", &step.secret()), 200);
        self.take();
        assert_eq!(self.send_session(Mode::Request, "41", Some(200)), 200);
        self.take().session_id()
    }

    /// Lets the node's own set-up succeed up to its end; the first step must be the next POST.
    pub fn let_open(&mut self) -> String {
        let one = self.take();
        self.send_secret(Mode::Response, "tb", "s-of-south");
        let three = self.take();
        assert_eq!(three.id, one.id);
        self.send_digest(Mode::Response, &one.id, &one.secret());
        let five = self.take();
        assert_eq!(self.send_session(Mode::Response, &one.id, Some(200)), 200);
        five.session_id()
    }
}

impl Heard {
    pub fn said(&self) -> Primitive {
        match ssp::read_fragment(&self.fragment, V, &Limits::default()).unwrap().1 {
            Said::Known(primitive) => primitive,
            Said::Unknown(name) => panic!("{name}"),
        }
    }

    pub fn code(&self) -> Code {
        crate::node::code_of(&self.fragment, V)
    }

    pub fn secret(&self) -> String {
        match self.said() {
            Primitive::SendSecretToken(SendSecretToken { token: Content::Text(text), .. }) => text.trim().to_owned(),
            other => panic!("no secret: {other:?}"),
        }
    }

    /// Whether it proves to have received a secret.
    pub fn proves(&self, secret: &str) -> bool {
        match self.said() {
            Primitive::SspLoginRequest(login) => login.digest == Content::Binary(Md5::digest(secret).to_vec().into()),
            _ => false,
        }
    }

    pub fn session_id(&self) -> String {
        match self.said() {
            Primitive::SspLoginResponse(response) => response.session.unwrap().to_string(),
            other => panic!("no session id: {other:?}"),
        }
    }
}

fn secret_of(domain: &Domain, secret: &str) -> SendSecretToken {
    SendSecretToken {
        service: domain.service_id().into(),
        protocol: Some("WV-SSP".into()),
        version: Some("1.3".into()),
        token: Content::Text(secret.to_owned()),
    }
}

/// A message fragment from a user, as a peer would write it.
pub fn message_fragment(id: &str, from: &Domain, requestor: Option<(&str, &Domain)>) -> Bytes {
    let request = message(id, from, &domain("north"), postern::time::Timestamp::NEVER);
    let (_, said) = ssp::read_fragment(&request.fragment, V, &Limits::default()).unwrap();
    let Said::Known(primitive) = said else { panic!("unreadable") };
    let meta: Option<MetaInfo> = requestor.map(|(user, home)| crate::node::meta(user, home));
    ssp::write_fragment(meta.as_ref(), &primitive, V)
}
