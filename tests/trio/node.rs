//! A domain: a relay over a map that survives crashes, with a service element that counts what it executes.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use postern::address::{Address, Domain};
use postern::config::{self, Timers};
use postern::relay::{Dice, Job, Relay, Request, Settings, Settled, Turn, Upstream};
use postern::store::{Change, Expect, Key};
use postern::syntax::{Limits, Said, ssp};
use postern::time::Timestamp;
use postern::vocabulary::interop::{MetaInfo, Requestor};
use postern::vocabulary::message::{MessageInfo, SendMessageRequest, SendMessageResponse};
use postern::vocabulary::party::{Recipient, Sender, User};
use postern::vocabulary::primitive::Service;
use postern::vocabulary::status::{Code, Outcome};
use postern::vocabulary::{Content, Element, Primitive, Version};

/// splitmix64: small, and the same everywhere.
#[derive(Clone, Debug)]
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// True in `percent` of a hundred cases.
    pub fn happens(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

pub struct SeededDice(Mutex<Chance>);

impl Dice for SeededDice {
    fn roll(&self) -> u128 {
        let mut chance = self.0.lock().unwrap();
        u128::from(chance.next()) << 64 | u128::from(chance.next())
    }
}

/// What a crash leaves.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    pub records: BTreeMap<Key, (Bytes, Timestamp)>,
    /// How often a message was executed.
    pub executed: BTreeMap<String, u32>,
    /// In order of execution.
    pub order: Vec<String>,
    /// How often, and how, a message of ours was settled.
    pub settled: BTreeMap<String, Vec<Result<Code, Code>>>,
    /// Messages whose row was made durable.
    pub submitted: Vec<String>,
}

/// A turn with what the domain does in it beside the relay.
#[derive(Debug, Default)]
pub struct Deed {
    pub turn: Turn,
    pub executed: Vec<String>,
    pub settled: Vec<(String, Result<Code, Code>)>,
    pub submitted: Vec<String>,
}

pub struct Node {
    pub domain: Domain,
    pub relay: Relay,
    pub disk: Disk,
    pub up: bool,
    /// Counts its lives: what belongs to an earlier one is void.
    pub life: u32,
    /// Answers of peers per message, in memory: how often each was seen on the wire is the world's affair.
    pub timers: Timers,
    /// How many answered requests the relay keeps in memory.
    pub remembered: usize,
    peers: Vec<config::Peer>,
    dice: Chance,
}

pub fn domain(name: &str) -> Domain {
    format!("{name}.example").parse().unwrap()
}

pub fn peer_file(of: &Domain) -> config::Peer {
    let services = || vec!["common".to_owned(), "im".to_owned(), "presence".to_owned()];
    config::Peer {
        file: format!("peers/{of}.toml").into(),
        domain: of.clone(),
        urls: vec![format!("https://{of}/")],
        ca_pem: None,
        crl: Vec::new(),
        names: vec![of.to_string()],
        pins: Vec::new(),
        ssp_version: Version::V13,
        quirks: Vec::new(),
        agreement: config::Agreement { provide: services(), use_: services(), ..config::Agreement::default() },
        route_domains: Vec::new(),
        limits: config::PeerLimits::default(),
        lines: BTreeMap::new(),
    }
}

impl Node {
    pub fn new(name: &str, seed: u64, timers: Timers) -> Self {
        let mut dice = Chance(seed);
        let domain = domain(name);
        let relay = Relay::new(settings(&domain, &timers, &mut dice));
        Self {
            domain,
            relay,
            disk: Disk::default(),
            up: true,
            life: 0,
            timers,
            remembered: 50_000,
            peers: Vec::new(),
            dice,
        }
    }

    /// Takes a peer file into force.
    pub fn configure(&mut self, now: Timestamp, peer: config::Peer) -> Turn {
        self.peers.retain(|p| p.domain != peer.domain);
        self.peers.push(peer);
        self.relay.set_peer(now, self.peers.last().unwrap())
    }

    /// Lets the relay keep so many answered requests in memory; call before anything happens.
    pub fn remember(&mut self, most: usize) {
        self.remembered = most;
        let now = Timestamp::default();
        let turns = self.restart(now);
        self.life = 0;
        for turn in turns {
            self.relay.apply(now, turn.steps);
        }
    }

    /// A new life from what the disk holds; returns the turns that take the peers into service.
    pub fn restart(&mut self, now: Timestamp) -> Vec<Turn> {
        self.relay = Relay::new(settings(&self.domain, &self.timers, &mut self.dice)).remembering(self.remembered);
        self.life += 1;
        self.up = true;
        for kind in Relay::KINDS {
            for (key, (value, expires)) in &self.disk.records {
                if key.as_str().starts_with(kind) && *expires > now {
                    self.relay.restore(now, key, value);
                }
            }
        }
        self.peers.iter().map(|peer| self.relay.set_peer(now, peer)).collect()
    }

    /// Lets the element answer the jobs, and takes note of what is settled.
    pub fn work(&self, now: Timestamp, mut turn: Turn) -> Deed {
        let mut deed = Deed::default();
        for job in std::mem::take(&mut turn.jobs) {
            let (message, response) = execute(&job);
            deed.executed.extend(message);
            self.relay.answer(now, &job, response, &mut turn);
        }
        for settled in std::mem::take(&mut turn.settled) {
            deed.settled.extend(read_settled(&settled));
        }
        deed.turn = turn;
        deed
    }

    /// A record that stands in the way of a deed: then nothing of it happens, and the relay is shown the record.
    pub fn conflicts(&self, now: Timestamp, deed: &Deed) -> bool {
        let in_the_way = deed.turn.changes.list.iter().find_map(|change| match change {
            Change::Put { key, expect: Expect::Absent, .. } => self.disk.records.get_key_value(key),
            _ => None,
        });
        if let Some((key, (value, _))) = in_the_way {
            self.relay.recall(now, key, value);
        }
        in_the_way.is_some()
    }

    /// Makes a deed durable; the steps are left to be applied.
    pub fn commit(&mut self, deed: &mut Deed) {
        for change in std::mem::take(&mut deed.turn.changes.list) {
            match change {
                Change::Put { key, value, expires, .. } => {
                    self.disk.records.insert(key, (value, expires));
                }
                Change::Delete { key, .. } => {
                    self.disk.records.remove(&key);
                }
                Change::Append { .. } | Change::Forget { .. } | Change::Take { .. } | Change::Require { .. } => {
                    unreachable!("the relay keeps no mailbox")
                }
            }
        }
        for message in deed.executed.drain(..) {
            *self.disk.executed.entry(message.clone()).or_default() += 1;
            self.disk.order.push(message);
        }
        for (message, outcome) in deed.settled.drain(..) {
            self.disk.settled.entry(message).or_default().push(outcome);
        }
        self.disk.submitted.append(&mut deed.submitted);
    }

    pub fn records(&self, kind: &str, now: Timestamp) -> usize {
        let live = |(key, (_, expires)): &(&Key, &(Bytes, Timestamp))| key.as_str().starts_with(kind) && *expires > now;
        self.disk.records.iter().filter(live).count()
    }
}

fn settings(domain: &Domain, timers: &Timers, dice: &mut Chance) -> Settings {
    let dice = Box::new(SeededDice(Mutex::new(Chance(dice.next()))));
    Settings { domain: domain.clone(), aliases: Vec::new(), timers: timers.clone(), dice }
}

/// A message from a user of one domain to a user of another.
pub fn message(id: &str, from: &Domain, to: &Domain, expires: Timestamp) -> Request {
    let user = |name: &str, domain: &Domain| User { id: format!("wv:{name}@{domain}").into(), ..User::default() };
    let send = SendMessageRequest {
        report: None,
        info: MessageInfo {
            id: Some(id.into()),
            content_type: Some("text/plain".into()),
            recipient: Some(Recipient { users: vec![user("bob", to)], ..Recipient::default() }),
            sender: Some(Sender { user: Some(user("alice", from)), group: None }),
            ..MessageInfo::default()
        },
        content: Some(Content::Text(format!("Kennst du das Land, {id}?"))),
    };
    let meta = meta(&format!("wv:alice@{from}"), from);
    Request {
        target: to.clone(),
        service: Service::Im,
        element: Element::SendMessageRequest,
        function: None,
        fragment: ssp::write_fragment(Some(&meta), &Primitive::from(send), Version::V13),
        requestor: Some(Address::parse("wv:alice", from).unwrap()),
        message: Some(id.into()),
        expires,
        upstream: Upstream::Client {
            user: Address::parse("wv:alice", from).unwrap(),
            session: postern::ident::SessionId::new("phone"),
            transaction: "12".into(),
            context: id.to_owned(),
        },
    }
}

pub fn meta(user: &str, home: &Domain) -> MetaInfo {
    MetaInfo {
        client_originated: Some(true),
        requestor: Some(Requestor {
            service: Some(home.service_id().into()),
            user: Some(User { id: user.into(), ..User::default() }),
        }),
    }
}

/// The element: answers a message with its id, everything else with nothing better than 200.
fn execute(job: &Job) -> (Option<String>, Option<Bytes>) {
    let (_, said) = ssp::read_fragment(&job.fragment, job.version, &Limits::default()).unwrap();
    let Said::Known(Primitive::SendMessageRequest(send)) = said else { return (None, None) };
    let id = send.info.id.clone().unwrap();
    let response = SendMessageResponse { outcome: Outcome::from(Code::SUCCESS), message: Some(id.clone()) };
    let fragment = ssp::write_fragment(None, &Primitive::from(response), job.version);
    (Some(id.to_string()), Some(fragment))
}

fn read_settled(settled: &Settled) -> Option<(String, Result<Code, Code>)> {
    let Upstream::Client { context, .. } = &settled.upstream else { return None };
    let outcome = match &settled.outcome {
        Err(code) => Err(*code),
        Ok((fragment, version)) => Ok(code_of(fragment, *version)),
    };
    Some((context.clone(), outcome))
}

/// The code a response fragment carries.
pub fn code_of(fragment: &[u8], version: Version) -> Code {
    match ssp::read_fragment(fragment, version, &Limits::default()).unwrap().1 {
        Said::Known(Primitive::Status(status)) => status.outcome.code,
        Said::Known(Primitive::SendMessageResponse(response)) => response.outcome.code,
        Said::Known(Primitive::KeepAliveResponse(response)) => response.outcome.code,
        other => panic!("no response: {other:?}"),
    }
}

/// Default timers of the product.
pub fn timers() -> Timers {
    Timers { session_ttl: Duration::ZERO, ..Timers::default() }
}
