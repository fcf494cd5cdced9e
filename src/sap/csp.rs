//! A client's POST, from bytes to bytes: one CSP message in, one out (`docs/wire-notes.md`, "CSP over HTTP").

use std::sync::Arc;

use tracing::{Instrument, debug, info};

use super::Sap;
use super::call::{Call, Reply, response};
use super::delivery::Hunger;
use super::login::Refusal;
use super::written::for_client;
use crate::ident::{self, SessionId};
use crate::syntax::csp::{self, Message, Transaction};
use crate::syntax::{Encoding, ReadError, Said};
use crate::time::Timestamp;
use crate::vocabulary::status::{Code, Outcome, Status};
use crate::vocabulary::{DecodeError, Mode, Primitive, Version};

impl Sap {
    /// Answers a client's POST. Runs to its end even if the client goes away meanwhile.
    pub async fn csp(self: &Arc<Self>, call: Call) -> Reply {
        let sap = Arc::clone(self);
        let task = async move { sap.answer_call(call).await }.in_current_span();
        tokio::spawn(task).await.unwrap_or_default()
    }

    async fn answer_call(self: Arc<Self>, call: Call) -> Reply {
        let now = Timestamp::now();
        let version_of = |id: &SessionId| self.sessions.version(id).or_else(|| self.farewells.version(id));
        let mut message = match csp::read(&call.body, call.encoding, &self.settings.limits, version_of) {
            Ok(message) => message,
            Err(error) => return self.refuse_unreadable(&error, call.encoding),
        };
        self.restore_ids(&mut message, call.encoding);
        let mut answer = match self.check_session(now, &message, &call) {
            Ok(()) => self.answer_message(now, &message, &call).await,
            Err(refused) => self.farewell(&message, &call).unwrap_or_else(|| {
                refused.count();
                refusal(&message, refused.code(message.version))
            }),
        };
        if answer.transactions.is_empty()
            && let Some(farewell) = self.farewell(&message, &call)
        {
            // The session ended while its client waited.
            answer = farewell;
        }
        self.fit(&mut answer, call.encoding);
        if answer.transactions.is_empty() {
            return Reply::default();
        }
        Reply { body: for_client(&answer, call.encoding) }
    }

    /// A session named must live; one that is bound to an address must come from there.
    fn check_session(
        &self,
        now: Timestamp,
        message: &Message,
        Call { via, encoding, .. }: &Call,
    ) -> Result<(), Refusal> {
        let Some(id) = &message.session else { return Ok(()) };
        let Some(record) = self.sessions.get(id) else { return Err(Refusal::UnknownSession) };
        if self.settings.access.bind_session_to_address && record.from != via.client {
            info!(user = %record.user, session = %id, client = %via.client, "session used from another address: refused");
            return Err(Refusal::OtherAddress);
        }
        self.sessions.heard(now, id);
        if self.sessions.wrote(id, *encoding == Encoding::Pts) {
            // Mail that was not for it is, or the other way round.
            self.claims.look_again(&record.user);
        }
        Ok(())
    }

    async fn answer_message(self: &Arc<Self>, now: Timestamp, message: &Message, call: &Call) -> Message {
        let mut out = Message { version: message.version, session: message.session.clone(), ..Message::empty() };
        let mut hunger = Hunger::default();
        for transaction in &message.transactions {
            match (transaction.mode, &transaction.said) {
                (Mode::Response, _) => {
                    self.take_client_answer(now, message, transaction).await;
                    hunger.answers = true;
                }
                (Mode::Request, Said::Known(Primitive::PollingRequest(_))) => hunger.polls = true,
                (Mode::Request, _) => {
                    out.transactions.extend(self.answer_once(now, message, transaction, call).await);
                }
            }
        }
        if let Some(session) = message.session.as_ref().and_then(|id| self.sessions.get(id)) {
            self.fit_parser(now, &session, call.encoding, &mut out);
        }
        // A login is answered alone: one client that learns in it that something waits polls without a session.
        let login = |answer: &Transaction| matches!(answer.said, Said::Known(Primitive::LoginResponse(_)));
        if !out.transactions.iter().any(login) {
            if hunger.polls {
                self.polled(now, message);
            }
            self.add_server_requests(now, message, call.encoding, hunger, &mut out).await;
            self.hold_poll(message, call, &mut out).await;
        }
        out
    }

    /// The answer to a request; a repetition gets the answer of the first.
    async fn answer_once(
        self: &Arc<Self>,
        now: Timestamp,
        message: &Message,
        transaction: &Transaction,
        call: &Call,
    ) -> Option<Transaction> {
        let slot = match (&message.session, &transaction.id) {
            (Some(session), Some(id)) if !only_reads(transaction) => {
                let until = now + self.settings.timers.client_repeat;
                self.sessions.answer_slot(now, until, session, id, fingerprint(message.version, transaction))
            }
            _ => None,
        };
        let work = self.answer_request(now, message, transaction, call);
        match slot {
            Some(slot) => slot.get(message.version, work).await,
            None => work.await,
        }
    }

    fn refuse_unreadable(&self, error: &ReadError, encoding: Encoding) -> Reply {
        debug!(%error, "unreadable CSP message");
        let seen = &error.seen;
        let of_session = seen.session.as_ref().and_then(|id| self.sessions.version(id));
        let code = match &error.fault {
            DecodeError::Unsupported(_) => Code::VERSION_NOT_SUPPORTED,
            DecodeError::Value(_) => Code::BAD_PARAMETER,
            _ => Code::BAD_REQUEST,
        };
        let outcome = Outcome::new(code, error.to_string());
        let message = Message {
            version: seen.version.or(of_session).unwrap_or_default(),
            session: seen.session.clone(),
            transactions: vec![response(seen.transaction.clone(), Status { outcome, client: None })],
            poll: None,
        };
        Reply { body: for_client(&message, encoding) }
    }
}

impl Message {
    fn empty() -> Self {
        Self { version: Version::default(), session: None, transactions: Vec::new(), poll: None }
    }
}

fn refusal(message: &Message, code: Code) -> Message {
    let id = message.transactions.first().and_then(|t| t.id.clone());
    Message { transactions: vec![response(id, Status::from(code))], poll: None, ..message.clone() }
}

/// Whether a request changes nothing: a repetition is answered anew, and no content is kept for one.
fn only_reads(transaction: &Transaction) -> bool {
    use Primitive::{GetMessageListRequest, GetMessageRequest};
    matches!(&transaction.said, Said::Known(GetMessageRequest(_) | GetMessageListRequest(_)))
}

/// Tells a repetition from another request that uses the same id: what is said, in one syntax.
pub(super) fn fingerprint(version: Version, transaction: &Transaction) -> u128 {
    let transactions = vec![Transaction { id: None, ..transaction.clone() }];
    let alone = Message { version, session: None, transactions, poll: None };
    ident::fingerprint(&csp::write(&alone, Encoding::Wbxml))
}
