//! Requests of our own: refused at once, or taken as a row that finds exactly one end.

use crate::address::Domain;
use crate::config;
use crate::time::Timestamp;
use crate::vocabulary::status::Code;

use super::apply::StepKind;
use super::service_table::{self, Way};
use super::transaction_table::Row;
use super::{Refusal, Relay, Request, RowId, Turn, durable};

impl Relay {
    /// Takes a request for another domain into `turn`. Once the turn is applied, the request is settled exactly
    /// once: by its result, or by a failure when it expires.
    pub fn submit(&self, now: Timestamp, request: Request, turn: &mut Turn) -> Result<RowId, Refusal> {
        if request.expires <= now {
            return Err(Refusal::new(Code::EXPIRED, "the request expired before it could be sent"));
        }
        if self.cx.is_home(&request.target) {
            return Err(Refusal::new(Code::DOMAIN_NOT_SUPPORTED, format!("{} is served here", request.target)));
        }
        let target = request.target.clone();
        let taken = self.peers.with(&target, |peer| {
            let config = peer.active()?;
            let taken = (|| {
                agreed(&config, now, &request)?;
                let most = config.limits.queue;
                if peer.table.queued() + peer.reserved >= most {
                    let reason = format!("{most} requests wait for peer {target} already ([limits] queue)");
                    return Err(Refusal::new(Code::QUEUE_FULL, reason));
                }
                peer.reserved += 1;
                Ok(Row::new(self.cx.row(now), self.cx.transaction(), request, now))
            })();
            Some(taken)
        });
        let row = match taken.flatten() {
            None => return Err(no_route(&target)),
            Some(Err(refusal)) => return Err(refusal),
            Some(Ok(row)) => row,
        };
        if row.is_durable() {
            durable::put_row(&mut turn.changes, &row);
        }
        let id = row.id;
        turn.step(&target, StepKind::Enqueue(Box::new(row)));
        Ok(id)
    }

    /// Whether a request could be submitted, and to which peer it would go.
    pub fn route(&self, now: Timestamp, request: &Request) -> Result<Domain, Refusal> {
        if self.cx.is_home(&request.target) {
            return Err(Refusal::new(Code::DOMAIN_NOT_SUPPORTED, format!("{} is served here", request.target)));
        }
        match self.peers.with(&request.target, |peer| peer.active()).flatten() {
            None => Err(no_route(&request.target)),
            Some(config) => agreed(&config, now, request).map(|()| request.target.clone()),
        }
    }
}

// === impl Refusal ===

impl Refusal {
    pub(super) fn new(code: Code, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

fn no_route(target: &Domain) -> Refusal {
    Refusal::new(Code::DOMAIN_NOT_SUPPORTED, format!("no peer file names domain {target}"))
}

fn agreed(config: &config::Peer, now: Timestamp, request: &Request) -> Result<(), Refusal> {
    service_table::covers(config, now, Way::Out, request.element, request.service, request.function)
        .map_err(|why| Refusal::new(Code::NOT_AGREED, why.to_string()))
}
