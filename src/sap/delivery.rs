//! What waits for a client: handed out in order, as much as the client takes, until it says it has it
//! (`docs/wire-notes.md`, "Delivery").

pub(super) mod audience;
pub(super) mod claims;
mod fetching;
pub(super) mod fit;
pub(super) mod handed;
pub(super) mod hold;
pub(super) mod manner;
pub(super) mod outbox;
pub(super) mod segment;
mod settle;
pub(super) mod targets;

use std::cell::OnceCell;
use std::sync::Arc;

use tracing::error;

use self::audience::Audience;
use self::claims::{Kind, Taker, Wanted};
use self::fit::Space;
use self::manner::Manner;
use super::Sap;
use super::session::SessionRecord;
use crate::messaging::{Mail, Message as Kept, Waiting};
use crate::store::{Seq, StoreError};
use crate::syntax::Encoding;
use crate::syntax::csp::{self, Message, Transaction};
use crate::time::Timestamp;
use crate::vocabulary::Element;
use crate::vocabulary::status::Code;

/// Entries of a mailbox read together: each may hold a whole content.
const PAGE: usize = 8;
/// Pages looked at for something to hand out.
const PAGES: usize = 16;

/// What a client's message is to the server's own requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hunger {
    /// It polls.
    pub(super) polls: bool,
    /// It answers a request of ours, and nothing has to be answered.
    pub(super) answers: bool,
}

/// A session that is looked for.
struct Desk<'a> {
    taker: Taker<'a>,
    record: &'a SessionRecord,
    /// The user's sessions, once anything was found that may be for one of them.
    audience: OnceCell<Audience<'a>>,
    encoding: Encoding,
    space: Space,
    /// Requests that may be handed out now.
    room: usize,
    found: Vec<Transaction>,
    /// Something waits for which there is no room.
    more: bool,
    /// Messages that the client wants refused.
    refused: Vec<Seq>,
}

/// What became of an entry that was looked at.
#[derive(PartialEq, Eq)]
enum Look {
    /// It was handed out, or is not to be.
    Done,
    /// There is no room for it.
    Full,
}

// === impl Hunger ===

impl Hunger {
    /// A poll.
    pub(super) const POLLS: Self = Self { polls: true, answers: false };

    /// Whether the answer may be a request of ours alone.
    fn any(self) -> bool {
        self.polls || self.answers
    }
}

// === impl Sap ===

impl Sap {
    /// A client polls: some of what it was handed before may not have reached it.
    pub(super) fn polled(&self, now: Timestamp, asked: &Message) {
        if let Some(record) = asked.session.as_ref().and_then(|id| self.sessions.get(id)) {
            self.claims.polled(self.taker(now, &record));
        }
    }

    /// Adds what waits for the session: to a poll or a client's answer as much as the client takes at once, to
    /// other answers only where the client takes several transactions.
    pub(super) async fn add_server_requests(
        self: &Arc<Self>,
        now: Timestamp,
        asked: &Message,
        encoding: Encoding,
        hunger: Hunger,
        out: &mut Message,
    ) {
        let Some(record) = asked.session.as_ref().and_then(|id| self.sessions.get(id)) else { return };
        let mut space = Space::new(&record, out, encoding);
        let most = match encoding {
            Encoding::Pts => 1,
            Encoding::Xml | Encoding::Wbxml => record.capabilities.multi_trans_per_message as usize,
        };
        let room = most.saturating_sub(out.transactions.len());
        if room == 0 || (!hunger.any() && most <= 1) {
            out.poll = self.waits(now, &record, encoding, hunger.polls).await.then_some(true);
            return;
        }
        // Before anything is read: what arrives meanwhile wakes the client again.
        self.sessions.settle(&record.id);
        let taker = self.taker(now, &record);
        let at_once = record.capabilities.multi_trans as usize;
        let mail_in_hand = self.claims.in_hand(taker, hunger.polls);
        let limits = outbox::Limits {
            now,
            patience: taker.patience,
            in_hand: at_once.saturating_sub(mail_in_hand),
            in_message: room,
        };
        let told = self.outbox.take(&record.id, encoding, limits, &mut space);
        let handed = told.requests.len();
        // A client that polls has done with what it was told before, answered or not.
        let in_hand = mail_in_hand + if hunger.polls { handed } else { told.in_hand };
        let room = (room - handed).min(at_once.saturating_sub(in_hand));
        out.transactions.extend(told.requests);
        out.poll = told.more.then_some(true);
        // With no room left it is told at least whether something waits behind what it is handed.
        if room > 0 || handed > 0 {
            self.add_mail(taker, &record, encoding, space, room, out).await;
        }
        if out.poll.is_some() {
            self.sessions.stir(now, &record.id);
        }
    }

    /// Adds what waits in the user's mailbox.
    async fn add_mail(
        self: &Arc<Self>,
        taker: Taker<'_>,
        record: &SessionRecord,
        encoding: Encoding,
        space: Space,
        room: usize,
        out: &mut Message,
    ) {
        let mut desk = self.desk(taker, record, encoding, space, room);
        if let Err(error) = self.gather(&mut desk).await {
            error!(%error, user = %record.user, "the mailbox could not be read");
        }
        out.transactions.append(&mut desk.found);
        out.poll = (out.poll == Some(true) || desk.more).then_some(true);
        self.refuse(taker.now, record, desk.refused).await;
    }

    /// Whether anything waits that the session may take now.
    pub(super) async fn waits(&self, now: Timestamp, record: &SessionRecord, encoding: Encoding, polls: bool) -> bool {
        let taker = self.taker(now, record);
        let at_once = record.capabilities.multi_trans as usize;
        let mail_in_hand = self.claims.in_hand(taker, polls);
        let free = at_once.saturating_sub(mail_in_hand);
        if self.outbox.waits(now, record, encoding, free, taker.patience) {
            return true;
        }
        let in_hand = self.outbox.in_hand(now, &record.id, taker.patience);
        match self.messaging.has_mail(&record.user).await {
            Ok(true) if free > in_hand => {}
            Ok(_) => return false,
            Err(error) => {
                error!(%error, user = %record.user, "the mailbox could not be read");
                return false;
            }
        }
        let space = Space::empty(record, record.version, encoding);
        let mut desk = self.desk(taker, record, encoding, space, 0);
        if let Err(error) = self.gather(&mut desk).await {
            error!(%error, user = %record.user, "the mailbox could not be read");
        }
        desk.more
    }

    fn taker<'a>(&self, now: Timestamp, record: &'a SessionRecord) -> Taker<'a> {
        Taker { now, user: &record.user, session: &record.id, patience: self.settings.timers.client_answer }
    }

    fn desk<'a>(
        &'a self,
        taker: Taker<'a>,
        record: &'a SessionRecord,
        encoding: Encoding,
        space: Space,
        room: usize,
    ) -> Desk<'a> {
        Desk {
            taker,
            record,
            audience: OnceCell::new(),
            encoding,
            space,
            room,
            found: Vec::new(),
            more: false,
            refused: Vec::new(),
        }
    }

    /// Takes what a session may have in hand: what it did not answer in time, then what is new, page by page from
    /// where it looked last, and if there is nothing else what it never answered.
    async fn gather<'a>(&'a self, desk: &mut Desk<'a>) -> Result<(), StoreError> {
        let plan = self.claims.plan(desk.taker);
        if self.gather_at(desk, &plan.again).await? == Look::Full {
            return Ok(());
        }
        let mut at = plan.from;
        let mut pages = 0;
        'pages: loop {
            if pages == PAGES {
                desk.more = true;
                break;
            }
            pages += 1;
            let page = self.messaging.waiting(desk.taker.user, at, PAGE).await?;
            for entry in &page {
                if self.look_at(desk, entry, false) == Look::Full {
                    break 'pages;
                }
                at = entry.seq;
            }
            if page.len() < PAGE {
                break;
            }
        }
        // Until a refusal is stored, what is refused is looked at again.
        if desk.refused.is_empty() {
            self.claims.looked(desk.taker, &plan, at);
        }
        if desk.found.is_empty() && !desk.more {
            self.gather_at(desk, &plan.behind).await?;
        }
        Ok(())
    }

    async fn gather_at<'a>(&'a self, desk: &mut Desk<'a>, places: &[Seq]) -> Result<Look, StoreError> {
        for seq in places {
            if let Some(entry) = self.messaging.entry(desk.taker.user, *seq).await?
                && self.look_at(desk, &entry, true) == Look::Full
            {
                return Ok(Look::Full);
            }
        }
        Ok(Look::Done)
    }

    /// Looks at an entry, and puts it into the session's hand if it is the session's and there is room.
    fn look_at<'a>(&'a self, desk: &mut Desk<'a>, entry: &Waiting, again: bool) -> Look {
        let Some((kind, transaction, bytes)) = self.handed_as(desk, entry, again) else { return Look::Done };
        if desk.found.len() >= desk.room || !desk.space.take(bytes) {
            desk.more = true;
            return Look::Full;
        }
        if self.claims.claim(desk.taker, wanted(entry, kind, again)) {
            desk.found.push(transaction);
        }
        Look::Done
    }

    /// What an entry is handed to the session as, and in how many bytes; `None` if it is not to be handed to it now.
    fn handed_as<'a>(
        &'a self,
        desk: &mut Desk<'a>,
        entry: &Waiting,
        again: bool,
    ) -> Option<(Kind, Transaction, usize)> {
        if entry.expires <= desk.taker.now {
            return None;
        }
        let audience = desk.audience.get_or_init(|| self.audience(&desk.record.user));
        let kinds: &[Kind] = match &entry.mail {
            Mail::Report(_) => &[Kind::Whole],
            Mail::Message(message) => match self.manner(desk.record, message, desk.encoding == Encoding::Wbxml) {
                // What is too large for the client's parser is announced, if the client takes announcements.
                Manner::Push => &[Kind::Whole, Kind::Notice],
                Manner::Notify => &[Kind::Notice],
                Manner::Refuse if audience.refuses(message) => {
                    desk.refused.push(entry.seq);
                    return None;
                }
                Manner::Refuse | Manner::Not => return None,
            },
        };
        if !audience.has(&desk.record.id, &entry.mail) {
            return None;
        }
        for kind in kinds {
            let announced = *kind == Kind::Whole || desk.record.agreed.notifies(&self.offered);
            if !announced || !csp::carries(desk.encoding, desk.space.version(), element(&entry.mail, *kind)) {
                continue;
            }
            if !self.claims.is_free(desk.taker, wanted(entry, *kind, again)) {
                return None;
            }
            let transaction = handed::request(&desk.record.capabilities, entry, *kind);
            let bytes = desk.space.size_of(&transaction);
            if desk.space.holds(bytes) {
                return Some((*kind, transaction, bytes));
            }
        }
        None
    }

    /// Refuses messages in the name of a client that wants it so.
    async fn refuse(self: &Arc<Self>, now: Timestamp, record: &SessionRecord, refused: Vec<Seq>) {
        for seq in refused {
            if let Err(error) = self.settle_entry(now, &record.user, seq, Code::REJECTED).await {
                error!(%error, user = %record.user, "a refusal could not be stored");
            }
        }
    }
}

fn wanted(entry: &Waiting, kind: Kind, again: bool) -> Wanted<'_> {
    let message = match &entry.mail {
        Mail::Message(Kept { id, .. }) => Some(id),
        Mail::Report(_) => None,
    };
    Wanted { seq: entry.seq, kind, message, again }
}

fn element(mail: &Mail, kind: Kind) -> Element {
    match (mail, kind) {
        (Mail::Message(_), Kind::Whole) => Element::NewMessage,
        (Mail::Message(_), Kind::Notice) => Element::MessageNotification,
        (Mail::Report(_), _) => Element::DeliveryReportRequest,
    }
}

#[cfg(test)]
mod tests;
