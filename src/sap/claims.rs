//! Which session has which entry of a user's mailbox in hand (`docs/wire-notes.md`, "Delivery").

use std::collections::HashMap;
use std::time::Duration;

use dashmap::DashMap;

use super::session::SessionRecord;
use crate::address::Address;
use crate::ident::SessionId;
use crate::messaging::Waiting;
use crate::store::Seq;
use crate::time::Timestamp;

/// Times an entry is handed to a session in its turn. One that was never answered then goes behind all others: some
/// clients never answer some requests, and what waits behind them must not wait with them.
const TURNS: u32 = 2;
/// How long an entry that nobody answers is remembered as such.
const MEMORY: Duration = Duration::from_secs(86_400);

/// The entries in hand, by user.
#[derive(Default)]
pub(super) struct Claims {
    in_hand: DashMap<Address, HashMap<Seq, Claim>>,
}

/// Which entries are looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    /// Those whose turn it is.
    InTurn,
    /// Those that were handed out often enough, without an answer.
    Behind,
}

/// An entry in a session's hand; `session` is `None` once it was settled, for a request that read it before.
struct Claim {
    session: Option<SessionId>,
    since: Timestamp,
    times: u32,
}

/// Who takes, and how much.
pub(super) struct Taker<'a> {
    pub(super) now: Timestamp,
    pub(super) record: &'a SessionRecord,
    /// Entries the session may have in hand at once.
    pub(super) room: usize,
    /// How long an answer may take.
    pub(super) patience: Duration,
}

// === impl Claims ===

impl Claims {
    /// Takes entries of a round for a session, in order. Returns what to hand out and whether some had to stay.
    pub(super) fn take(&self, taker: &Taker<'_>, waiting: Vec<Waiting>, round: Round) -> (Vec<Waiting>, bool) {
        let mut in_hand = self.in_hand.entry(taker.record.user.clone()).or_default();
        let session = Some(&taker.record.id);
        let fresh = |claim: &Claim| taker.now.since(claim.since) < taker.patience;
        let mine = in_hand.values().filter(|claim| claim.session.as_ref() == session && fresh(claim)).count();
        let mut room = taker.room.saturating_sub(mine);
        let (mut taken, mut more) = (Vec::new(), false);
        for entry in waiting {
            let claim = in_hand.get(&entry.seq);
            let times = claim.map_or(0, |claim| if claim.session.as_ref() == session { claim.times } else { 0 });
            let wanted = (times < TURNS) == (round == Round::InTurn);
            if claim.is_some_and(fresh) || !wanted {
                continue;
            }
            if room == 0 {
                more = true;
                break;
            }
            room -= 1;
            let claim = Claim { session: session.cloned(), since: taker.now, times: times + 1 };
            in_hand.insert(entry.seq, claim);
            taken.push(entry);
        }
        (taken, more)
    }

    /// An entry left the mailbox. It stays known for a while: another request may have read the mailbox before.
    pub(super) fn done(&self, now: Timestamp, user: &Address, seq: Seq) {
        let settled = Claim { session: None, since: now, times: 0 };
        self.in_hand.entry(user.clone()).or_default().insert(seq, settled);
    }

    /// Frees what a session had in hand; whether it had anything.
    pub(super) fn release(&self, user: &Address, session: &SessionId) -> bool {
        let Some(mut in_hand) = self.in_hand.get_mut(user) else { return false };
        let before = in_hand.len();
        in_hand.retain(|_, claim| claim.session.as_ref() != Some(session));
        let freed = in_hand.len() < before;
        drop(in_hand);
        self.in_hand.remove_if(user, |_, in_hand| in_hand.is_empty());
        freed
    }

    /// Forgets what is too old to matter.
    pub(super) fn sweep(&self, now: Timestamp, patience: Duration) {
        let matters = |claim: &Claim| {
            let span = if claim.session.is_some() { MEMORY } else { patience };
            now.since(claim.since) < span
        };
        self.in_hand.retain(|_, in_hand| {
            in_hand.retain(|_, claim| matters(claim));
            !in_hand.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messaging::{Mail, Message};
    use crate::sap::session::tests::record;
    use bytes::Bytes;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn entries(seqs: &[Seq]) -> Vec<Waiting> {
        let sender: Address = "wv:ann@a.example".to_owned().try_into().unwrap();
        let message = Message {
            id: "1@a.example".into(),
            sender,
            sender_name: None,
            sender_client: None,
            recipients: Vec::new(),
            report: false,
            content_type: "text/plain".into(),
            content_name: None,
            content: Bytes::new(),
            font: None,
            uri: None,
            sent: Timestamp(0),
            expires: Timestamp::NEVER,
        };
        let mail = |_| Mail::Message(message.clone());
        seqs.iter().map(|seq| Waiting { seq: *seq, mail: mail(seq), expires: Timestamp::NEVER }).collect()
    }

    fn taken(claims: &Claims, record: &SessionRecord, second: u64, seqs: &[Seq]) -> Vec<Seq> {
        let taker = Taker { now: Timestamp(second * 1000), record, room: 1, patience: PATIENCE };
        let (mut taken, _) = claims.take(&taker, entries(seqs), Round::InTurn);
        if taken.is_empty() {
            (taken, _) = claims.take(&taker, entries(seqs), Round::Behind);
        }
        taken.iter().map(|entry| entry.seq).collect()
    }

    #[test]
    fn one_entry_at_a_time_is_in_hand_and_comes_again_when_nobody_answers() {
        let (claims, bob) = (Claims::default(), record("bob"));
        assert_eq!(taken(&claims, &bob, 0, &[1, 2]), [1]);
        assert_eq!(taken(&claims, &bob, 1, &[1, 2]), [] as [Seq; 0]);
        assert_eq!(taken(&claims, &bob, 61, &[1, 2]), [1]);
    }

    #[test]
    fn an_entry_that_is_never_answered_does_not_hold_up_the_others() {
        let (claims, bob) = (Claims::default(), record("bob"));
        assert_eq!(taken(&claims, &bob, 0, &[1, 2]), [1]);
        assert_eq!(taken(&claims, &bob, 61, &[1, 2]), [1]);
        assert_eq!(taken(&claims, &bob, 122, &[1, 2]), [2]);
        claims.done(Timestamp(123_000), &bob.user, 2);
        assert_eq!(taken(&claims, &bob, 124, &[1]), [1]);
    }

    #[test]
    fn a_settled_entry_that_was_read_before_is_not_handed_out_again() {
        let (claims, bob) = (Claims::default(), record("bob"));
        assert_eq!(taken(&claims, &bob, 0, &[1]), [1]);
        claims.done(Timestamp(1000), &bob.user, 1);
        assert_eq!(taken(&claims, &bob, 2, &[1, 2]), [2]);
    }

    #[test]
    fn another_session_gets_what_a_dead_one_had_in_hand() {
        let (claims, bob, other) = (Claims::default(), record("bob"), record("bob"));
        assert_eq!(taken(&claims, &bob, 0, &[1]), [1]);
        assert_eq!(taken(&claims, &other, 1, &[1]), [] as [Seq; 0]);
        assert!(claims.release(&bob.user, &bob.id) && !claims.release(&bob.user, &bob.id));
        assert_eq!(taken(&claims, &other, 2, &[1]), [1]);
    }
}
