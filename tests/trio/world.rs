//! The world between the domains: a clock, POSTs on their way, and what befalls them.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use postern::address::Domain;
use postern::relay::{Post, PostId, Posted, Refusal, Request, RowId, Turn};
use postern::syntax::{Limits, ssp};
use postern::time::Timestamp;

use crate::node::{Chance, Deed, Node, domain, peer_file, timers};

/// What may go wrong, in parts of a hundred.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// A POST never arrives.
    pub lost: u64,
    /// A POST arrives, its acknowledgement does not.
    pub ack_lost: u64,
    /// A POST arrives once more, later.
    pub doubled: u64,
    /// A POST takes seconds.
    pub slow: u64,
    /// A commit fails.
    pub commit_fails: u64,
    /// A node dies before or after a commit.
    pub crash: u64,
    /// A node that died comes back without its sessions.
    pub amnesia: u64,
}

/// Whom the acknowledgement of a POST goes to.
#[derive(Clone, Debug)]
struct Reply {
    node: usize,
    life: u32,
    post: PostId,
}

#[derive(Debug)]
enum Event {
    /// A POST arrives.
    Arrive {
        to: usize,
        from: Domain,
        body: Bytes,
        reply: Option<Reply>,
    },
    /// What a node decided becomes durable.
    Commit {
        node: usize,
        life: u32,
        deed: Box<Deed>,
        reply: Option<Reply>,
        tick: bool,
    },
    /// A node learns how its POST went.
    Outcome {
        node: usize,
        life: u32,
        post: PostId,
        outcome: Posted,
    },
    Restart {
        node: usize,
    },
    Submit {
        node: usize,
        request: Box<Request>,
    },
}

pub struct World {
    pub now: Timestamp,
    pub nodes: Vec<Node>,
    pub faults: Faults,
    pub chance: Chance,
    /// POSTs to domains that are no node of this world.
    pub outbox: Vec<Post>,
    /// Every POST made: from, to, body.
    pub wire: Vec<(Domain, Domain, String)>,
    pub keep_wire: bool,
    events: BTreeMap<(Timestamp, u64), Event>,
    count: u64,
    wakes: Vec<Timestamp>,
    ticking: Vec<bool>,
}

pub const START: Timestamp = Timestamp(1_790_000_000_000);
const MS: Duration = Duration::from_millis(1);

impl World {
    /// Nodes of these names, each a peer of every other.
    pub fn of(names: &[&str], seed: u64) -> Self {
        Self::with_timers(names, seed, &timers())
    }

    pub fn with_timers(names: &[&str], seed: u64, timers: &postern::config::Timers) -> Self {
        let mut chance = Chance(seed);
        let nodes = names.iter().map(|name| Node::new(name, chance.next(), timers.clone())).collect();
        let mut world = Self {
            now: START,
            nodes,
            faults: Faults::default(),
            chance,
            outbox: Vec::new(),
            wire: Vec::new(),
            keep_wire: false,
            events: BTreeMap::new(),
            count: 0,
            wakes: vec![START; names.len()],
            ticking: vec![false; names.len()],
        };
        for at in 0..names.len() {
            for name in names {
                if domain(name) != world.nodes[at].domain {
                    world.configure(at, peer_file(&domain(name)));
                }
            }
        }
        world
    }

    pub fn configure(&mut self, node: usize, peer: postern::config::Peer) {
        let turn = self.nodes[node].configure(self.now, peer);
        self.decide_as(node, turn, None, false);
    }

    fn at(&mut self, when: Timestamp, event: Event) {
        self.count += 1;
        self.events.insert((when, self.count), event);
    }

    pub fn submit_at(&mut self, when: Timestamp, node: usize, request: Request) {
        self.at(when, Event::Submit { node, request: Box::new(request) });
    }

    /// Submits at once.
    pub fn submit(&mut self, node: usize, request: Request) -> Result<RowId, Refusal> {
        let mut turn = Turn::default();
        let name = request.message.clone();
        let row = self.nodes[node].relay.submit(self.now, request, &mut turn)?;
        let mut deed = self.nodes[node].work(self.now, turn);
        deed.submitted.extend(name.map(|name| name.to_string()));
        self.commit_later(node, deed, None, false);
        Ok(row)
    }

    /// A POST from outside, whose answer is given at once.
    pub fn post(&mut self, from: &Domain, to: usize, body: &[u8]) -> u16 {
        let turn = self.turn_of(from, to, body);
        let ack = turn.ack.expect("a POST is answered");
        self.decide_as(to, turn, None, false);
        ack
    }

    /// Tells a node how a POST to a domain outside went.
    pub fn posted(&mut self, node: usize, post: PostId, outcome: Posted) {
        let turn = self.nodes[node].relay.posted(self.now, post, outcome);
        self.decide_as(node, turn, None, false);
    }

    /// Carries out a turn of a node.
    pub fn decide(&mut self, node: usize, turn: Turn) {
        self.decide_as(node, turn, None, false);
    }

    /// Lets time pass until then.
    pub fn run_until(&mut self, end: Timestamp) {
        while self.step(end) {}
        self.now = end;
    }

    pub fn run(&mut self, span: Duration) {
        self.run_until(self.now + span);
    }

    /// Kills a node; it comes back after a while.
    pub fn crash(&mut self, node: usize, back: Duration) {
        self.nodes[node].up = false;
        self.nodes[node].life += 1;
        self.ticking[node] = false;
        self.wakes[node] = Timestamp::NEVER;
        self.at(self.now + back, Event::Restart { node });
    }

    /// Whether nothing is on its way and no node has anything to do before `end`.
    fn step(&mut self, end: Timestamp) -> bool {
        let event = self.events.first_key_value().map_or(Timestamp::NEVER, |((at, _), _)| *at);
        let due = |node: &usize| if self.ticking[*node] { Timestamp::NEVER } else { self.wakes[*node] };
        let sleeper = (0..self.nodes.len()).min_by_key(due).filter(|node| due(node) < event);
        let when = sleeper.as_ref().map_or(event, due);
        if when > end {
            return false;
        }
        self.now = self.now.max(when);
        if let Some(node) = sleeper {
            let turn = self.nodes[node].relay.tick(self.now);
            self.ticking[node] = true;
            self.decide_as(node, turn, None, true);
        } else if let Some((_, event)) = self.events.pop_first() {
            self.happen(event);
        }
        true
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrive { to, from, body, reply } if self.nodes[to].up => {
                let turn = self.turn_of(&from, to, &body);
                self.decide_as(to, turn, reply, false);
            }
            Event::Arrive { reply, .. } => {
                if let Some(reply) = reply {
                    self.answer(&reply, Posted::Unreachable("connection refused".to_owned()));
                }
            }
            Event::Commit { node, life, deed, reply, tick } => self.commit(node, life, *deed, reply, tick),
            Event::Outcome { node, life, post, outcome } => {
                if self.nodes[node].up && self.nodes[node].life == life {
                    self.posted(node, post, outcome);
                }
            }
            Event::Restart { node } => {
                if !self.nodes[node].up {
                    if self.chance.happens(self.faults.amnesia) {
                        self.nodes[node].disk.records.retain(|key, _| !key.as_str().starts_with("peer-session/"));
                    }
                    let turns = self.nodes[node].restart(self.now);
                    for turn in turns {
                        self.decide_as(node, turn, None, false);
                    }
                }
            }
            Event::Submit { node, request } => {
                if self.nodes[node].up {
                    // Refused only while a node that just restarted has not put its peers in force.
                    let _ = self.submit(node, *request);
                }
            }
        }
    }

    fn turn_of(&self, from: &Domain, to: usize, body: &[u8]) -> Turn {
        match ssp::scan(body, &Limits::default()) {
            Ok(envelope) => self.nodes[to].relay.receive(self.now, from, &envelope),
            Err(error) => panic!("{from} posted what cannot be read: {error}\n{}", String::from_utf8_lossy(body)),
        }
    }

    /// Works on a turn and makes it durable, at once when nothing may go wrong.
    fn decide_as(&mut self, node: usize, turn: Turn, reply: Option<Reply>, tick: bool) {
        let deed = self.nodes[node].work(self.now, turn);
        self.commit_later(node, deed, reply, tick);
    }

    fn commit_later(&mut self, node: usize, deed: Deed, reply: Option<Reply>, tick: bool) {
        let life = self.nodes[node].life;
        self.wakes[node] = self.nodes[node].relay.wake_at();
        if self.faults.commit_fails == 0 {
            return self.commit(node, life, deed, reply, tick);
        }
        let wait = MS * u32::try_from(self.chance.below(6)).unwrap();
        self.at(self.now + wait, Event::Commit { node, life, deed: Box::new(deed), reply, tick });
    }

    fn commit(&mut self, node: usize, life: u32, mut deed: Deed, reply: Option<Reply>, tick: bool) {
        if !self.nodes[node].up || self.nodes[node].life != life {
            if let Some(reply) = reply {
                self.answer(&reply, Posted::Unreachable("connection closed".to_owned()));
            }
            return;
        }
        if tick {
            self.ticking[node] = false;
        }
        let touches_disk = !deed.turn.changes.is_empty() || !deed.executed.is_empty() || !deed.settled.is_empty();
        let fails = touches_disk && self.chance.happens(self.faults.commit_fails);
        if fails || self.nodes[node].conflicts(self.now, &deed) {
            self.nodes[node].relay.abandon(deed.turn.steps);
            self.wakes[node] = self.nodes[node].relay.wake_at();
            if let Some(reply) = reply {
                self.answer(&reply, Posted::Refused(503));
            }
            return;
        }
        let before = self.chance.happens(self.faults.crash);
        let after = self.chance.happens(self.faults.crash);
        if !before {
            self.nodes[node].commit(&mut deed);
        }
        if before || after {
            let back = MS * u32::try_from(20 + self.chance.below(40_000)).unwrap();
            self.crash(node, back);
            if let Some(reply) = reply {
                self.answer(&reply, Posted::Unreachable("connection closed".to_owned()));
            }
            return;
        }
        if let Some(reply) = reply {
            let outcome = match deed.turn.ack {
                Some(200) => Posted::Accepted,
                Some(status) => Posted::Refused(status),
                None => panic!("a POST was not answered"),
            };
            self.answer(&reply, outcome);
        }
        let posts = self.nodes[node].relay.apply(self.now, deed.turn.steps);
        self.wakes[node] = self.nodes[node].relay.wake_at();
        for post in posts {
            self.send(node, post);
        }
    }

    /// The answer of a POST travels back.
    fn answer(&mut self, reply: &Reply, outcome: Posted) {
        let Reply { node, life, post } = *reply;
        let event = |outcome| Event::Outcome { node, life, post, outcome };
        if self.chance.happens(self.faults.ack_lost) {
            let timeout = self.nodes[node].timers.http_timeout;
            return self.at(self.now + timeout, event(Posted::Unreachable("timed out".to_owned())));
        }
        let delay = self.delay();
        self.at(self.now + delay, event(outcome));
    }

    fn send(&mut self, node: usize, post: Post) {
        let from = self.nodes[node].domain.clone();
        if self.keep_wire {
            let body = String::from_utf8(post.body.to_vec()).unwrap();
            self.wire.push((from.clone(), post.peer.clone(), body));
        }
        let Some(to) = self.nodes.iter().position(|n| n.domain == post.peer) else {
            return self.outbox.push(post);
        };
        let life = self.nodes[node].life;
        let reply = Reply { node, life, post: post.id };
        let body = post.body;
        if self.chance.happens(self.faults.doubled) {
            let late = self.delay() * 20;
            self.at(self.now + late, Event::Arrive { to, from: from.clone(), body: body.clone(), reply: None });
        }
        let timeout = self.nodes[node].timers.http_timeout;
        let lost = Event::Outcome { node, life, post: post.id, outcome: Posted::Unreachable("timed out".to_owned()) };
        if self.chance.happens(self.faults.lost) {
            return self.at(self.now + timeout, lost);
        }
        let delay = self.delay();
        if delay * 2 > timeout {
            // Whatever comes back comes too late.
            self.at(self.now + timeout, lost);
        }
        self.at(self.now + delay, Event::Arrive { to, from, body, reply: Some(reply) });
    }

    fn delay(&mut self) -> Duration {
        let most = if self.chance.happens(self.faults.slow) { 12_000 } else { 80 };
        MS * u32::try_from(1 + self.chance.below(most)).unwrap()
    }
}
