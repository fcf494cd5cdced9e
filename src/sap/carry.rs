//! Carrying out what was decided, in the one safe order: make it durable, then let it be in force, then tell.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::{Instrument, debug, error, info_span};

use super::Sap;
use crate::messaging::Messaging;
use crate::relay::{Post, Settled, Turn, Upstream};
use crate::store::StoreError;
use crate::time::Timestamp;

/// Pause between looks at sessions, mailboxes and records whose time may have passed.
const HOUSEKEEPING: Duration = Duration::from_secs(1);
/// Entries dealt with per look.
const BATCH: usize = 256;

/// The HTTP status for a peer's POST, and what must wait until it was sent.
#[must_use]
pub struct Acknowledgement {
    /// The status.
    pub status: u16,
    posts: Vec<Post>,
    sap: Arc<Sap>,
}

// === impl Acknowledgement ===

impl Acknowledgement {
    pub(super) fn new(sap: &Arc<Sap>, status: u16, posts: Vec<Post>) -> Self {
        Self { status, posts, sap: Arc::clone(sap) }
    }

    /// The status was sent: posts that belong to the same exchange may go out.
    pub fn sent(self) {
        self.sap.launch(self.posts);
    }
}

// === impl Sap ===

impl Sap {
    /// Carries out a turn of the relay that came from outside: a peer file in force, or gone.
    pub async fn carry_out(self: &Arc<Self>, turn: Turn) -> Result<(), StoreError> {
        self.carry(Timestamp::now(), turn).await
    }

    /// Carries out a turn that no POST waits for.
    pub(super) async fn carry(self: &Arc<Self>, now: Timestamp, turn: Turn) -> Result<(), StoreError> {
        let (_, posts) = self.conclude(now, turn).await?;
        self.launch(posts);
        Ok(())
    }

    /// Does the turn's jobs, makes everything durable, then lets it be in force. Returns the acknowledgement's
    /// status and the posts that follow it.
    pub(super) async fn conclude(
        &self,
        now: Timestamp,
        mut turn: Turn,
    ) -> Result<(Option<u16>, Vec<Post>), StoreError> {
        for job in std::mem::take(&mut turn.jobs) {
            let answer = self.execute(now, &job, &mut turn).await;
            self.relay.answer(now, &job, Some(answer), &mut turn);
        }
        let mut told = Vec::new();
        for settled in std::mem::take(&mut turn.settled) {
            self.settle(now, settled, &mut turn, &mut told).await;
        }
        let Turn { changes, ack, steps, .. } = turn;
        let (addressees, departures) = (Messaging::addressees(&changes), Messaging::departures(&changes));
        if !changes.is_empty()
            && let Err(error) = self.store.commit(changes).await
        {
            self.relay.abandon(steps);
            self.recall(now, &error).await;
            return Err(error);
        }
        let stirred = !steps.is_empty();
        let posts = self.relay.apply(now, steps);
        departures.iter().for_each(|(user, seq)| self.claims.gone(now, user, *seq));
        for (tell, result) in told {
            // Nobody listens any more only if the node is going down.
            let _ = tell.send(result);
        }
        for user in &addressees {
            self.wake_user(now, user).await;
        }
        if stirred {
            self.poke.notify_one();
        }
        Ok((ack, posts))
    }

    /// Shows the relay the record that stood in the way: an answered request it had forgotten.
    async fn recall(&self, now: Timestamp, error: &StoreError) {
        if let StoreError::Conflict { key } = error
            && let Ok(Some(known)) = self.store.get(key).await
        {
            self.relay.recall(now, key, &known.value);
        }
    }

    /// A request of ours has found its end: a client waits for it, or hears of a failure by a report.
    async fn settle(&self, now: Timestamp, settled: Settled, turn: &mut Turn, told: &mut Vec<Told>) {
        let Upstream::Client { context, .. } = &settled.upstream else {
            debug!(peer = %settled.peer, element = settled.element.xml(), "a request of the node's own is settled");
            return;
        };
        match self.waiting.remove(&settled.row) {
            Some((_, tell)) => {
                self.note_failures(now, &settled, &mut turn.changes).await;
                told.push((tell, settled.outcome));
            }
            None => self.report_late(now, context, &settled.outcome, turn),
        }
    }

    /// Makes posts, each on its own.
    pub(super) fn launch(self: &Arc<Self>, posts: Vec<Post>) {
        for post in posts {
            let sap = Arc::clone(self);
            let span = info_span!("post", peer = %post.peer, id = post.transaction.as_deref());
            tokio::spawn(async move { sap.make(post).await }.instrument(span));
        }
    }

    async fn make(self: Arc<Self>, post: Post) {
        let Some(bearer) = self.bearer.get() else { return };
        let (id, peer) = (post.id, post.peer.clone());
        let outcome = bearer.post(post).await;
        debug!(?outcome, "posted");
        let now = Timestamp::now();
        let turn = self.relay.posted(now, id, outcome);
        if let Err(error) = self.carry(now, turn).await {
            error!(%error, %peer, "what became of a post could not be stored");
        }
    }

    /// Runs every timer of the node until `stop` turns true.
    pub async fn run(self: Arc<Self>, stop: watch::Receiver<bool>) {
        tokio::join!(self.keep_time(stop.clone()), self.keep_house(stop), self.wake_sleepers());
    }

    /// The relay's timers.
    async fn keep_time(self: &Arc<Self>, mut stop: watch::Receiver<bool>) {
        loop {
            let now = Timestamp::now();
            let turn = self.relay.tick(now);
            let carried = self.carry(now, turn).await;
            let failed = carried.is_err();
            let pause = match carried {
                Ok(()) => self.relay.wake_at().since(Timestamp::now()).min(HOUSEKEEPING),
                // What was due is due still: without the pause a failing store would be asked all the time.
                Err(error) => {
                    error!(%error, "timers could not be stored");
                    HOUSEKEEPING
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.poke.notified(), if !failed => {}
                _ = stop.changed() => return,
            }
        }
    }

    /// Sessions, mailboxes and records whose time has passed.
    async fn keep_house(self: &Arc<Self>, mut stop: watch::Receiver<bool>) {
        loop {
            let now = Timestamp::now();
            self.segments.sweep(now);
            self.rouse_those_who_wait_again(now).await;
            let cleaned = async {
                self.expire_sessions(now).await?;
                self.tidy_copies().await?;
                while self.expire_mail(now).await? == BATCH {}
                while self.store.sweep(now, BATCH).await? == BATCH {}
                Ok::<(), StoreError>(())
            };
            if let Err(error) = cleaned.await {
                error!(%error, "what is over could not be cleared away");
            }
            tokio::select! {
                () = tokio::time::sleep(HOUSEKEEPING) => {}
                _ = stop.changed() => return,
            }
        }
    }

    /// Wakes clients for which something waits again: what they, or other sessions of their users, did not answer.
    pub(super) async fn rouse_those_who_wait_again(&self, now: Timestamp) {
        let patience = self.settings.timers.client_answer;
        let lives = |session: &_| self.sessions.version(session).is_some();
        for user in self.claims.sweep(now, patience, lives) {
            self.rouse(now, &user).await;
        }
        for session in self.outbox.lapsed(now, patience) {
            self.wake(&session);
        }
    }

    /// Takes entries whose validity ended out of mailboxes; how many changes that made.
    async fn expire_mail(self: &Arc<Self>, now: Timestamp) -> Result<usize, StoreError> {
        let mut turn = Turn::default();
        let reports = self.messaging.expire(now, BATCH, &mut turn.changes).await?;
        let expired = turn.changes.list.len();
        for report in reports {
            self.send_report(now, &report, &mut turn);
        }
        match self.carry(now, turn).await {
            Ok(()) => Ok(expired),
            // Somebody took one of them in the meantime: the next look deals with the others.
            Err(StoreError::Conflict { .. }) => Ok(0),
            Err(error) => Err(error),
        }
    }
}

type Told = (tokio::sync::oneshot::Sender<super::RemoteResult>, super::RemoteResult);
