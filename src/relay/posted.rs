//! How POSTs of a lane went, and how requests of our own find their end.

use bytes::Bytes;

use crate::time::Timestamp;
use crate::vocabulary::Version;
use crate::vocabulary::status::Code;

use super::apply::{Landing, StepKind};
use super::dice::Context;
use super::lane::Track;
use super::link::Link;
use super::peer::Peer;
use super::{PostId, Posted, RowId, Settled, Turn, durable};

impl Peer {
    /// How the POST of a lane went.
    pub(super) fn load_posted(
        &mut self,
        now: Timestamp,
        cx: &Context,
        track: Track,
        post: PostId,
        outcome: Posted,
        turn: &mut Turn,
    ) {
        let Some(flight) = self.lane(track).flight.clone().filter(|f| f.post == post) else { return };
        self.count_post(&outcome);
        let landing = match outcome {
            Posted::Accepted => {
                for owed in flight.answers.iter().filter_map(|answer| answer.owed.clone()) {
                    turn.changes.delete(owed);
                }
                turn.step(&self.domain, StepKind::Touch(flight.session));
                self.clear_link(turn);
                Landing::Accepted
            }
            Posted::Refused(404) => {
                if let Some(session) = self.sessions.get(flight.session).cloned() {
                    tracing::info!(peer = %self.domain, session = %session.own, "the peer no longer knows the session");
                    self.close_session(session.number, turn);
                    if !session.proven && now.since(session.established) < cx.timers().setup_backoff {
                        // It set the session up and forgot it at once: don't hurry.
                        let error = "it does not know the session it has just set up".to_owned();
                        self.set_link(self.link.setup_failed(now, error, cx), turn);
                    }
                }
                Landing::Failed
            }
            // Not the peer's state but this body is at fault: posting it again does not help.
            Posted::Refused(400 | 413 | 415) if flight.answers.len() + flight.requests.len() > 1 => Landing::Split,
            Posted::Refused(status @ (400 | 413 | 415)) => {
                tracing::warn!(peer = %self.domain, "the peer refused a transaction with HTTP {status}; given up");
                for owed in flight.answers.iter().filter_map(|answer| answer.owed.clone()) {
                    turn.changes.delete(owed);
                }
                for row in &flight.requests {
                    self.settle(*row, Err(Code::UNABLE_TO_DELIVER), turn);
                }
                Landing::Dropped
            }
            Posted::Refused(status) => self.post_failed(now, cx, flight.sent, format!("HTTP {status}"), turn),
            Posted::Unreachable(why) => self.post_failed(now, cx, flight.sent, why, turn),
        };
        turn.step(&self.domain, StepKind::Landed { track, post, landing });
    }

    fn post_failed(&self, now: Timestamp, cx: &Context, sent: Timestamp, error: String, turn: &mut Turn) -> Landing {
        let link = self.link.post_failed(now, sent, error, cx);
        if link.posts.attempts == 1 {
            tracing::warn!(peer = %self.domain, error = link.error, "the peer does not take what is posted");
        }
        self.set_link(link, turn);
        Landing::Failed
    }

    /// Ends a request of our own. A row whose end is under way already stays as it is.
    pub(super) fn settle(&mut self, id: RowId, outcome: Result<(Bytes, Version), Code>, turn: &mut Turn) {
        let Some(row) = self.table.get(id).filter(|row| !row.busy) else { return };
        if row.is_durable() {
            turn.changes.delete(durable::row_key(&self.domain, id));
        }
        let labels = [
            ("peer", self.domain.to_string()),
            ("outcome", outcome.as_ref().map_or_else(|code| code.to_string(), |_| "answered".to_owned())),
        ];
        metrics::counter!("postern_relay_settled_total", &labels).increment(1);
        if !row.own {
            turn.settled.push(Settled {
                row: id,
                upstream: row.request.upstream.clone(),
                peer: self.domain.clone(),
                element: row.request.element,
                outcome,
            });
        }
        turn.step(&self.domain, StepKind::Settle(id));
        self.table.change(id, |row| row.busy = true);
    }

    /// All is well again: nothing waits for the end of a back-off.
    pub(super) fn clear_link(&self, turn: &mut Turn) {
        if !self.link.is_clear() {
            self.set_link(self.link.cleared(), turn);
        }
    }

    /// A change of the link, durable.
    pub(super) fn set_link(&self, link: Link, turn: &mut Turn) {
        if self.link_kept || !link.is_clear() {
            durable::put_link(&mut turn.changes, &self.domain, &link);
        }
        turn.step(&self.domain, StepKind::Link(link));
    }

    fn count_post(&self, outcome: &Posted) {
        let outcome = match outcome {
            Posted::Accepted => "accepted",
            Posted::Refused(_) => "refused",
            Posted::Unreachable(_) => "unreachable",
        };
        let labels = [("peer", self.domain.to_string()), ("outcome", outcome.to_owned())];
        metrics::counter!("postern_relay_posts_total", &labels).increment(1);
    }
}
