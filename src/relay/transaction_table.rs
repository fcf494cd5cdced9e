//! The transaction table: which upstream transaction a downstream transaction belongs to, unique on both sides
//! (IMPS 1.3 architecture, C.7). One table per peer asked; its rows are the transaction records.

use std::collections::{BTreeSet, HashMap};

use crate::time::Timestamp;
use crate::vocabulary::Text;
use crate::vocabulary::primitive::is_promised;

use super::{Request, RowId};

/// Where a row's request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Waits in its lane.
    Queued,
    /// In a POST on its way.
    Posted,
    /// Acknowledged; the result is waited for until then.
    Acked {
        /// When to post again.
        until: Timestamp,
    },
}

/// One request of our own.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: RowId,
    /// The downstream transaction id.
    pub(super) transaction: Text,
    pub(super) request: Request,
    pub(super) created: Timestamp,
    pub(super) state: State,
    /// POSTs that carried it.
    pub(super) attempts: u32,
    /// Whether it was ever acknowledged (or may have been, before a restart).
    pub(super) acked: bool,
    /// How often it was posted again for want of a result.
    pub(super) reposts: u32,
    /// Whether it was posted again after the peer had lost the session.
    pub(super) resent: bool,
    /// Whether a change of it is being made durable.
    pub(super) busy: bool,
    /// Whether the relay itself asks (a sign of life): nobody is told of its end.
    pub(super) own: bool,
}

/// The rows of one peer.
#[derive(Clone, Debug, Default)]
pub(super) struct TransactionTable {
    rows: HashMap<RowId, Row>,
    by_transaction: HashMap<Text, RowId>,
    timers: BTreeSet<(Timestamp, RowId)>,
    queued: usize,
}

// === impl Row ===

impl Row {
    pub(super) fn new(id: RowId, transaction: Text, request: Request, created: Timestamp) -> Self {
        Self {
            id,
            transaction,
            request,
            created,
            state: State::Queued,
            attempts: 0,
            acked: false,
            reposts: 0,
            resent: false,
            busy: false,
            own: false,
        }
    }

    /// Whether it survives a restart.
    pub(super) fn is_durable(&self) -> bool {
        !self.own && is_promised(self.request.element)
    }

    fn timer(&self) -> Option<Timestamp> {
        match self.state {
            _ if self.busy => None,
            State::Acked { until } => Some(until.min(self.request.expires)),
            State::Queued | State::Posted => Some(self.request.expires),
        }
    }
}

// === impl TransactionTable ===

impl TransactionTable {
    pub(super) fn insert(&mut self, row: Row) {
        self.queued += usize::from(row.state == State::Queued);
        self.timers.extend(row.timer().map(|at| (at, row.id)));
        self.by_transaction.insert(row.transaction.clone(), row.id);
        self.rows.insert(row.id, row);
    }

    pub(super) fn get(&self, id: RowId) -> Option<&Row> {
        self.rows.get(&id)
    }

    pub(super) fn by_transaction(&self, transaction: &str) -> Option<&Row> {
        self.by_transaction.get(transaction).and_then(|id| self.rows.get(id))
    }

    /// Changes a row and sets its timer anew.
    pub(super) fn change(&mut self, id: RowId, change: impl FnOnce(&mut Row)) {
        let Some(row) = self.rows.get_mut(&id) else { return };
        if let Some(at) = row.timer() {
            self.timers.remove(&(at, id));
        }
        self.queued -= usize::from(row.state == State::Queued);
        change(row);
        self.queued += usize::from(row.state == State::Queued);
        self.timers.extend(row.timer().map(|at| (at, id)));
    }

    pub(super) fn remove(&mut self, id: RowId) -> Option<Row> {
        let row = self.rows.remove(&id)?;
        self.by_transaction.remove(&row.transaction);
        self.queued -= usize::from(row.state == State::Queued);
        if let Some(at) = row.timer() {
            self.timers.remove(&(at, id));
        }
        Some(row)
    }

    /// Rows that wait in a lane.
    pub(super) fn queued(&self) -> usize {
        self.queued
    }

    /// Rows posted or waiting for their result.
    pub(super) fn in_flight(&self) -> usize {
        self.rows.len() - self.queued
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    /// When the next row's time comes.
    pub(super) fn wake(&self) -> Timestamp {
        self.timers.first().map_or(Timestamp::NEVER, |(at, _)| *at)
    }

    /// Rows whose time has come, earliest first.
    pub(super) fn due(&self, now: Timestamp) -> Vec<RowId> {
        self.timers.iter().take_while(|(at, _)| *at <= now).map(|(_, id)| *id).collect()
    }
}
