//! Lanes to a peer: what is to be posted, in order, with one POST on its way per lane.
//!
//! Requests keep their order within a lane: a POST that failed puts its transactions back in front. Answers
//! and requests share a POST by halves, so that neither side's requests can hold up the answers the other
//! waits for.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::store::Key;
use crate::time::Timestamp;
use crate::vocabulary::Text;
use crate::vocabulary::primitive::Service;

use super::{PostId, RowId};

/// Which of a peer's lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Track {
    /// Keep-alive, logout, negotiation.
    Management,
    /// Messages, groups, invitations.
    Messages,
    /// Presence.
    Presence,
}

/// An answer to a request of the peer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// The peer's transaction id.
    pub(super) transaction: Text,
    /// The answer's primitive.
    pub(super) fragment: Bytes,
    /// After this nobody waits for it.
    pub(super) expires: Timestamp,
    /// The durable note that it is still owed.
    pub(super) owed: Option<Key>,
}

/// A POST on its way.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub(super) post: PostId,
    pub(super) answers: Vec<Answer>,
    pub(super) requests: Vec<RowId>,
    /// The number of the session it was posted on.
    pub(super) session: u64,
    pub(super) sent: Timestamp,
    /// When to give up waiting for its outcome.
    pub(super) until: Timestamp,
}

/// One lane.
#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    pub(super) answers: VecDeque<Answer>,
    pub(super) requests: VecDeque<RowId>,
    pub(super) flight: Option<Flight>,
    /// How many more POSTs carry one transaction only, since the peer refused a POST of several.
    pub(super) alone: usize,
    /// Whether answers go first in the next POST.
    answers_first: bool,
}

/// How much a POST may carry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) transactions: usize,
    pub(super) bytes: usize,
    /// How many more requests may be on their way.
    pub(super) requests: usize,
}

// === impl Track ===

impl Track {
    /// Every lane.
    pub(super) const ALL: [Self; 3] = [Self::Management, Self::Messages, Self::Presence];

    /// The lane a service's transactions travel in.
    pub(super) fn of(service: Service) -> Self {
        match service {
            Service::Access | Service::Interop => Self::Management,
            Service::Presence => Self::Presence,
            Service::Common | Service::Im | Service::Group | Service::Profile => Self::Messages,
        }
    }

    /// Its name for operators.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Management => "management",
            Self::Messages => "messages",
            Self::Presence => "presence",
        }
    }
}

// === impl Lane ===

impl Lane {
    /// Whether it could post if a session and the time were there.
    pub(super) fn is_ready(&self, requests: usize) -> bool {
        self.flight.is_none() && (!self.answers.is_empty() || (requests > 0 && !self.requests.is_empty()))
    }

    /// Whether anything waits.
    pub(super) fn is_waiting(&self) -> bool {
        !self.answers.is_empty() || !self.requests.is_empty()
    }

    /// Takes the next load. `size` tells the bytes of an open request; `None` = it is no longer open.
    pub(super) fn load(
        &mut self,
        now: Timestamp,
        room: Room,
        size: impl Fn(RowId) -> Option<usize>,
    ) -> (Vec<Answer>, Vec<RowId>) {
        let most = if self.alone > 0 { 1 } else { room.transactions.max(1) };
        self.alone = self.alone.saturating_sub(1);
        self.answers_first = !self.answers_first;
        let half = most.div_ceil(2);
        let (mut answers, mut requests, mut bytes) = (Vec::new(), Vec::new(), 0_usize);
        let passes = if self.answers_first {
            [(true, half), (false, most), (true, most)]
        } else {
            [(false, half), (true, most), (false, most)]
        };
        for (of_answers, upto) in passes {
            while answers.len() + requests.len() < upto {
                let fits = |more: usize| bytes == 0 || bytes + more <= room.bytes;
                if of_answers {
                    let Some(answer) = self.answers.pop_front() else { break };
                    if answer.expires <= now {
                        continue;
                    }
                    if !fits(answer.fragment.len()) {
                        self.answers.push_front(answer);
                        break;
                    }
                    bytes += answer.fragment.len();
                    answers.push(answer);
                } else {
                    if requests.len() >= room.requests {
                        break;
                    }
                    let Some(row) = self.requests.pop_front() else { break };
                    let Some(more) = size(row) else { continue };
                    if !fits(more) {
                        self.requests.push_front(row);
                        break;
                    }
                    bytes += more;
                    requests.push(row);
                }
            }
        }
        (answers, requests)
    }

    /// Puts the transactions of a failed POST back in front, in their order.
    pub(super) fn put_back(&mut self, flight: Flight) {
        for answer in flight.answers.into_iter().rev() {
            self.answers.push_front(answer);
        }
        for row in flight.requests.into_iter().rev() {
            self.requests.push_front(row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1);

    fn answer(name: &str) -> Answer {
        Answer {
            transaction: name.into(),
            fragment: Bytes::from_static(b"<Status/>"),
            expires: Timestamp::NEVER,
            owed: None,
        }
    }

    fn room(transactions: usize, requests: usize) -> Room {
        Room { transactions, bytes: 1000, requests }
    }

    #[test]
    fn answers_pass_requests_that_may_not_go_yet() {
        let mut lane = Lane::default();
        lane.requests.push_back(RowId(1));
        lane.answers.push_back(answer("a"));
        assert!(lane.is_ready(0));
        let (answers, requests) = lane.load(NOW, room(64, 0), |_| Some(10));
        assert_eq!((answers.len(), requests.len()), (1, 0));
        assert!(!lane.is_ready(0));
        assert!(lane.is_waiting());
    }

    #[test]
    fn one_at_a_time_answers_and_requests_take_turns() {
        let mut lane = Lane::default();
        lane.requests.extend([RowId(1), RowId(2)]);
        lane.answers.extend([answer("a"), answer("b")]);
        let mut order = Vec::new();
        for _ in 0..4 {
            let (answers, requests) = lane.load(NOW, room(1, 9), |_| Some(10));
            order.push((answers.len(), requests.len()));
        }
        assert_eq!(order, [(1, 0), (0, 1), (1, 0), (0, 1)]);
    }

    #[test]
    fn a_failed_post_goes_back_in_front_in_order() {
        let mut lane = Lane::default();
        lane.requests.extend([RowId(1), RowId(2), RowId(3)]);
        let (answers, requests) = lane.load(NOW, room(2, 9), |_| Some(10));
        assert_eq!(requests, [RowId(1), RowId(2)]);
        lane.put_back(Flight { post: PostId(0), answers, requests, session: 0, sent: NOW, until: NOW });
        assert_eq!(lane.requests, [RowId(1), RowId(2), RowId(3)]);
    }

    #[test]
    fn a_load_is_bounded_in_bytes_but_never_empty() {
        let mut lane = Lane::default();
        lane.requests.extend([RowId(1), RowId(2), RowId(3)]);
        let big = |_| Some(5000);
        assert_eq!(lane.load(NOW, room(64, 9), big).1, [RowId(1)]);
        assert_eq!(lane.load(NOW, room(64, 9), |row| (row != RowId(2)).then_some(1)).1, [RowId(3)]);
    }
}
