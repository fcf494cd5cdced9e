//! Which session has which entry of a user's mailbox in hand, and how far each has looked (`docs/wire-notes.md`,
//! "Delivery", "Several sessions"). It lives in memory: after a restart every session begins at the beginning.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use dashmap::DashMap;

use crate::address::Address;
use crate::ident::SessionId;
use crate::store::Seq;
use crate::time::Timestamp;
use crate::vocabulary::Text;

/// Times an entry is handed to a session in its turn. A message that was never answered then goes behind all others,
/// and a notification is not handed out again: some clients never answer some requests, and what waits behind them
/// must not wait with them.
const TURNS: u32 = 2;
/// A client that polls so long after it was handed an entry, and has not answered it, most likely never got it.
const MISSED: Duration = Duration::from_secs(5);
/// How long an entry that left its mailbox stays known, for requests that read it before.
const MEMORY: Duration = Duration::from_secs(10);

/// What sessions have in hand, by user.
#[derive(Default)]
pub(in crate::sap) struct Claims {
    users: DashMap<Address, Hands>,
    /// Users with sessions for which something may wait that was not there for them before.
    restless: DashMap<Address, ()>,
}

/// The sessions of one user.
#[derive(Default)]
struct Hands {
    sessions: HashMap<SessionId, Hand>,
    /// Who has yet to take an entry that others of the sessions have taken.
    copies: HashMap<Seq, Vec<SessionId>>,
    /// Where messages lie: those that were handed out, and all up to `known`.
    places: HashMap<Text, Seq>,
    known: Seq,
    gone: HashMap<Seq, Timestamp>,
}

/// One session.
#[derive(Default)]
struct Hand {
    /// The entries up to here were looked at.
    seen: Seq,
    /// Counts how often the session was made to look again from the beginning.
    round: u64,
    held: BTreeMap<Seq, Held>,
}

/// What a session knows of an entry.
struct Held {
    kind: Kind,
    state: State,
    since: Timestamp,
    times: u32,
    message: Option<Text>,
}

/// What an entry is handed out as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sap) enum Kind {
    /// Itself.
    Whole,
    /// A notification.
    Notice,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// In hand: the client has not answered.
    Open,
    /// A notification in hand of a client that polled since: it keeps nothing else back.
    Passed,
    /// It was not answered in time, or did not arrive, and that is known.
    Lapsed,
    /// The client answered the notification.
    Told,
    /// The client has the entry, which is still there for other sessions.
    Had,
}

/// A session that takes what waits, and when.
#[derive(Clone, Copy)]
pub(in crate::sap) struct Taker<'a> {
    pub(in crate::sap) now: Timestamp,
    pub(in crate::sap) user: &'a Address,
    pub(in crate::sap) session: &'a SessionId,
    /// How long an answer may take.
    pub(in crate::sap) patience: Duration,
}

/// Where a session looks for what waits.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::sap) struct Plan {
    /// Entries that were not answered in time and have another turn.
    pub(in crate::sap) again: Vec<Seq>,
    /// New ones lie behind this place.
    pub(in crate::sap) from: Seq,
    /// Entries for which there is time if there is nothing else.
    pub(in crate::sap) behind: Vec<Seq>,
    round: u64,
}

/// An entry somebody wants to hand out.
#[derive(Clone, Copy)]
pub(in crate::sap) struct Wanted<'a> {
    pub(in crate::sap) seq: Seq,
    pub(in crate::sap) kind: Kind,
    /// The message's id; reports have none, and are for one session at a time.
    pub(in crate::sap) message: Option<&'a Text>,
    /// It was in hand before and has another turn, by the [`Plan`].
    pub(in crate::sap) again: bool,
}

// === impl Claims ===

impl Claims {
    /// Where a session looks for what waits.
    pub(in crate::sap) fn plan(&self, taker: Taker<'_>) -> Plan {
        let Some(hands) = self.users.get(taker.user) else { return Plan::default() };
        let Some(hand) = hands.sessions.get(taker.session) else { return Plan::default() };
        let mut plan = Plan { from: hand.seen, round: hand.round, ..Plan::default() };
        for (seq, held) in hand.held.iter().filter(|(_, held)| held.is_open() && !held.is_fresh(taker)) {
            match (held.times < TURNS, held.kind) {
                (true, _) => plan.again.push(*seq),
                (false, Kind::Whole) => plan.behind.push(*seq),
                (false, Kind::Notice) => {}
            }
        }
        plan
    }

    /// A session has looked at everything up to a place, unless it must look again meanwhile.
    pub(in crate::sap) fn looked(&self, taker: Taker<'_>, plan: &Plan, upto: Seq) {
        if upto <= plan.from {
            return;
        }
        let mut hands = self.users.entry(taker.user.clone()).or_default();
        let hand = hands.sessions.entry(taker.session.clone()).or_default();
        if hand.round == plan.round {
            hand.seen = hand.seen.max(upto);
        }
    }

    /// A client polls. What it was handed some time ago and has not answered got lost with the answer it came in: that
    /// has another turn now. Once: a client that got it and is slow shall not be handed it all the time.
    pub(in crate::sap) fn polled(&self, taker: Taker<'_>) {
        let Some(mut hands) = self.users.get_mut(taker.user) else { return };
        let Some(hand) = hands.sessions.get_mut(taker.session) else { return };
        for held in hand.held.values_mut().filter(|held| held.state == State::Open && held.kind == Kind::Whole) {
            if held.times == 1 && taker.now.since(held.since) >= MISSED {
                held.state = State::Lapsed;
            }
        }
    }

    /// How many requests a client has in hand. One that polls has done with notifications, answered or not.
    pub(in crate::sap) fn in_hand(&self, taker: Taker<'_>, polls: bool) -> usize {
        let Some(mut hands) = self.users.get_mut(taker.user) else { return 0 };
        let Some(hand) = hands.sessions.get_mut(taker.session) else { return 0 };
        let mut count = 0;
        for held in hand.held.values_mut().filter(|held| held.state == State::Open && held.is_fresh(taker)) {
            if polls && held.kind == Kind::Notice {
                held.state = State::Passed;
            } else {
                count += 1;
            }
        }
        count
    }

    /// Whether an entry may be handed to a session.
    pub(in crate::sap) fn is_free(&self, taker: Taker<'_>, wanted: Wanted<'_>) -> bool {
        self.users.get(taker.user).is_none_or(|hands| hands.is_free(taker, wanted))
    }

    /// Puts an entry into a session's hand, if it is free.
    pub(in crate::sap) fn claim(&self, taker: Taker<'_>, wanted: Wanted<'_>) -> bool {
        let mut hands = self.users.entry(taker.user.clone()).or_default();
        if !hands.is_free(taker, wanted) {
            return false;
        }
        let hands = &mut *hands;
        let hand = hands.sessions.entry(taker.session.clone()).or_default();
        let times = hand.held.get(&wanted.seq).filter(|held| held.kind == wanted.kind).map_or(0, |held| held.times);
        let held = Held {
            kind: wanted.kind,
            state: State::Open,
            since: taker.now,
            times: times + 1,
            message: wanted.message.cloned(),
        };
        hand.held.insert(wanted.seq, held);
        if let Some(message) = wanted.message {
            hands.places.insert(message.clone(), wanted.seq);
        }
        true
    }

    /// A session sees an entry: it is still there, and the session does not have it already.
    pub(in crate::sap) fn sees(&self, user: &Address, session: &SessionId, seq: Seq) -> bool {
        let Some(hands) = self.users.get(user) else { return true };
        let had = hands.sessions.get(session).and_then(|hand| hand.held.get(&seq)).is_some_and(|held| held.is_had());
        !had && !hands.gone.contains_key(&seq) && hands.copies.get(&seq).is_none_or(|open| open.contains(session))
    }

    /// Where a message lies.
    ///
    /// # Errors
    /// Behind which place it must lie, if it is there at all.
    pub(in crate::sap) fn place_of(&self, user: &Address, message: &str) -> Result<Seq, Seq> {
        let Some(hands) = self.users.get(user) else { return Err(0) };
        hands.places.get(message).copied().ok_or(hands.known)
    }

    /// Notes where messages lie: all of them up to a place.
    pub(in crate::sap) fn learn(&self, user: &Address, session: &SessionId, messages: Vec<(Text, Seq)>, upto: Seq) {
        let mut hands = self.users.entry(user.clone()).or_default();
        hands.sessions.entry(session.clone()).or_default();
        hands.known = hands.known.max(upto);
        for (message, seq) in messages.into_iter().filter(|(_, seq)| !hands.gone.contains_key(seq)).collect::<Vec<_>>()
        {
            hands.places.entry(message).or_insert(seq);
        }
    }

    /// A session's answer is being dealt with: it keeps the entry in hand.
    pub(in crate::sap) fn hold(&self, taker: Taker<'_>, seq: Seq) {
        self.with_held(taker.user, taker.session, seq, |held| {
            if held.is_open() {
                (held.state, held.since) = (State::Open, taker.now);
            }
        });
    }

    /// A client answered a notification; false if it was told nothing of that place.
    pub(in crate::sap) fn told(&self, user: &Address, session: &SessionId, seq: Seq) -> bool {
        self.with_held(user, session, seq, |held| {
            if held.kind == Kind::Notice && held.is_open() {
                held.state = State::Told;
            }
        })
    }

    /// A session has an entry that others have yet to take.
    pub(in crate::sap) fn had(
        &self,
        now: Timestamp,
        user: &Address,
        session: &SessionId,
        seq: Seq,
        open: Vec<SessionId>,
    ) {
        let mut hands = self.users.entry(user.clone()).or_default();
        hands.copies.insert(seq, open);
        let hand = hands.sessions.entry(session.clone()).or_default();
        let message = hand.held.remove(&seq).and_then(|held| held.message);
        hand.held.insert(seq, Held { kind: Kind::Whole, state: State::Had, since: now, times: 0, message });
    }

    /// Notes who has yet to take an entry; nobody = it is as if nobody had taken it.
    pub(in crate::sap) fn set_copies(&self, user: &Address, seq: Seq, open: Vec<SessionId>) {
        let mut hands = self.users.entry(user.clone()).or_default();
        if !open.is_empty() {
            hands.copies.insert(seq, open);
        } else if hands.copies.remove(&seq).is_some() {
            hands.look_again();
            drop(hands);
            self.restless.insert(user.clone(), ());
        }
    }

    /// Entries for which a session is waited for that is over.
    pub(in crate::sap) fn forsaken(&self, is_over: impl Fn(&SessionId) -> bool) -> Vec<(Address, Seq)> {
        let mut found = Vec::new();
        for hands in &self.users {
            let dead = hands.copies.iter().filter(|(_, open)| open.iter().any(&is_over));
            found.extend(dead.map(|(seq, _)| (hands.key().clone(), *seq)));
        }
        found
    }

    /// An entry left the mailbox.
    pub(in crate::sap) fn gone(&self, now: Timestamp, user: &Address, seq: Seq) {
        // Nobody looked into it: nobody has read it before.
        let Some(mut hands) = self.users.get_mut(user) else { return };
        let hands = &mut *hands;
        hands.copies.remove(&seq);
        hands.gone.insert(seq, now);
        let mut found = false;
        for hand in hands.sessions.values_mut() {
            if let Some(message) = hand.held.remove(&seq).and_then(|held| held.message) {
                found = true;
                if hands.places.get(&message) == Some(&seq) {
                    hands.places.remove(&message);
                }
            }
        }
        if !found {
            hands.places.retain(|_, place| *place != seq);
        }
    }

    /// A session is over: what it had in hand is free.
    pub(in crate::sap) fn release(&self, user: &Address, session: &SessionId) {
        if let Some(mut hands) = self.users.get_mut(user) {
            hands.sessions.remove(session);
            hands.look_again();
            if hands.sessions.is_empty() {
                (hands.places, hands.known) = (HashMap::new(), 0);
            }
        }
        self.users.remove_if(user, |_, hands| hands.is_empty());
        self.restless.insert(user.clone(), ());
    }

    /// What a session of the user can take has changed: all of them look again from the beginning.
    pub(in crate::sap) fn look_again(&self, user: &Address) {
        if let Some(mut hands) = self.users.get_mut(user) {
            hands.look_again();
        }
        self.restless.insert(user.clone(), ());
    }

    /// Forgets what is too old to matter, and gives the users for whose sessions something may wait again. A session
    /// that is over may have taken something since it was let go of: its last request was still being answered.
    pub(in crate::sap) fn sweep(
        &self,
        now: Timestamp,
        patience: Duration,
        lives: impl Fn(&SessionId) -> bool,
    ) -> Vec<Address> {
        let mut restless: Vec<Address> = self.restless.iter().map(|user| user.key().clone()).collect();
        restless.iter().for_each(|user| drop(self.restless.remove(user)));
        self.users.retain(|user, hands| {
            hands.gone.retain(|_, since| now.since(*since) < MEMORY);
            let before = hands.sessions.len();
            hands.sessions.retain(|session, _| lives(session));
            let freed = hands.sessions.len() < before;
            let (mut lapsed, mut shared) = (freed, false);
            for held in hands.sessions.values_mut().flat_map(|hand| hand.held.values_mut()) {
                if matches!(held.state, State::Open | State::Passed) && now.since(held.since) >= patience {
                    held.state = State::Lapsed;
                    lapsed = true;
                    // A report that is free again is free for every session.
                    shared |= held.message.is_none();
                }
            }
            if freed || shared && hands.sessions.len() > 1 {
                hands.look_again();
            }
            if lapsed {
                restless.push(user.clone());
            }
            !hands.is_empty()
        });
        restless
    }

    /// Whether nothing is kept of any session.
    #[cfg(test)]
    pub(in crate::sap) fn knows_nobody(&self) -> bool {
        self.users.iter().all(|hands| hands.sessions.is_empty() && hands.copies.is_empty())
    }

    fn with_held(&self, user: &Address, session: &SessionId, seq: Seq, change: impl FnOnce(&mut Held)) -> bool {
        let Some(mut hands) = self.users.get_mut(user) else { return false };
        hands.sessions.get_mut(session).and_then(|hand| hand.held.get_mut(&seq)).map(change).is_some()
    }
}

// === impl Hands ===

impl Hands {
    fn is_free(&self, taker: Taker<'_>, wanted: Wanted<'_>) -> bool {
        let seq = wanted.seq;
        let others = || self.sessions.iter().filter(|(session, _)| *session != taker.session);
        let in_other_hand = || others().any(|(_, hand)| hand.held.get(&seq).is_some_and(|held| held.is_fresh(taker)));
        if self.gone.contains_key(&seq)
            || self.copies.get(&seq).is_some_and(|open| !open.contains(taker.session))
            || wanted.message.is_none() && in_other_hand()
        {
            return false;
        }
        match self.sessions.get(taker.session).and_then(|hand| hand.held.get(&seq)) {
            None => true,
            Some(held) => match held.state {
                State::Had => false,
                State::Told => wanted.kind == Kind::Whole,
                State::Open | State::Passed | State::Lapsed => match (held.kind, wanted.kind) {
                    (Kind::Notice, Kind::Whole) => true,
                    (Kind::Notice, Kind::Notice) => wanted.again && !held.is_fresh(taker) && held.times < TURNS,
                    (Kind::Whole, Kind::Whole) => wanted.again && !held.is_fresh(taker),
                    (Kind::Whole, Kind::Notice) => !held.is_fresh(taker),
                },
            },
        }
    }

    fn look_again(&mut self) {
        for hand in self.sessions.values_mut() {
            hand.seen = 0;
            hand.round += 1;
        }
    }

    fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.copies.is_empty() && self.gone.is_empty()
    }
}

// === impl Held ===

impl Held {
    fn is_open(&self) -> bool {
        matches!(self.state, State::Open | State::Passed | State::Lapsed)
    }

    fn is_had(&self) -> bool {
        self.state == State::Had
    }

    fn is_fresh(&self, taker: Taker<'_>) -> bool {
        matches!(self.state, State::Open | State::Passed) && taker.now.since(self.since) < taker.patience
    }
}

#[cfg(test)]
mod tests;
