//! Clients that write PTS: transaction ids of three digits, and answers that have no code (`docs/wire-notes.md`,
//! "PTS").

use super::Sap;
use crate::syntax::csp::{self, Message};
use crate::syntax::{Encoding, Said};
use crate::vocabulary::status::{Code, Outcome, Status};
use crate::vocabulary::{Mode, Primitive, Text};

/// The largest transaction id of PTS. 0 stands for none.
const LARGEST: usize = 999;

/// Numbers that stand for the server's transaction ids in one session. They live as long as the session does in
/// memory: an answer to a number given before a restart answers nothing, and what it answered is handed out again.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// The id that the number 1 stands for, and so on.
    ids: Vec<Text>,
    /// The place that is given anew once all are given.
    next: usize,
}

// === impl Numbers ===

impl Numbers {
    /// The number of an id: the same as before, if that is not too long ago.
    pub(super) fn number_of(&mut self, id: &Text) -> Text {
        let known = self.ids.iter().position(|known| known == id);
        let at = known.unwrap_or_else(|| {
            if self.ids.len() < LARGEST {
                self.ids.push(id.clone());
                return self.ids.len() - 1;
            }
            let at = self.next;
            self.next = (at + 1) % LARGEST;
            if let Some(place) = self.ids.get_mut(at) {
                place.clone_from(id);
            }
            at
        });
        compact_str::format_compact!("{}", at + 1)
    }

    /// The id that a number stands for.
    pub(super) fn id_of(&self, number: &str) -> Option<Text> {
        let at = number.parse::<usize>().ok()?.checked_sub(1)?;
        self.ids.get(at).cloned()
    }
}

// === impl Sap ===

impl Sap {
    /// Puts the server's own transaction ids into a client's answers.
    pub(super) fn restore_ids(&self, message: &mut Message, encoding: Encoding) {
        let Some(session) = message.session.as_ref().filter(|_| encoding == Encoding::Pts) else { return };
        for transaction in message.transactions.iter_mut().filter(|transaction| transaction.mode == Mode::Response) {
            let id = transaction.id.as_ref().and_then(|number| self.sessions.id_of(session, number));
            transaction.id = id.or_else(|| transaction.id.take());
        }
    }

    /// Makes of a message for a client one that its encoding can say: answers that have no code become a status,
    /// requests that have none are dropped, the others get numbers.
    pub(super) fn fit(&self, message: &mut Message, encoding: Encoding) {
        if encoding != Encoding::Pts {
            return;
        }
        message.poll = None;
        let session = message.session.as_ref();
        message.transactions.retain_mut(|transaction| {
            let Said::Known(said) = &transaction.said else { return false };
            let carried = csp::carries(encoding, message.version, said.element());
            match transaction.mode {
                Mode::Response if carried => true,
                Mode::Response => {
                    transaction.said = Said::Known(in_its_place(said).into());
                    true
                }
                Mode::Request => {
                    let id = transaction.id.as_ref().zip(session).filter(|_| carried);
                    transaction.id = id.and_then(|(id, session)| self.sessions.number_of(session, id));
                    transaction.id.is_some()
                }
            }
        });
    }
}

/// What is said in place of an answer that has no code.
fn in_its_place(said: &Primitive) -> Status {
    match said {
        // It says that the list was made, and what the client asked for.
        Primitive::CreateListResponse(_) => Code::SUCCESS.into(),
        other => {
            let reason = format!("PTS has no {}", other.element().xml());
            Status { outcome: Outcome::new(Code::NOT_SUPPORTED, reason), client: None }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::block::GetBlockedListResponse;
    use crate::vocabulary::contact_list::CreateListResponse;

    #[test]
    fn a_number_stands_for_one_id_until_it_is_needed_again() {
        let mut numbers = Numbers::default();
        assert_eq!(numbers.number_of(&"m7".into()), "1");
        assert_eq!(numbers.number_of(&"m8".into()), "2");
        assert_eq!(numbers.number_of(&"m7".into()), "1");
        assert_eq!(numbers.id_of("2").as_deref(), Some("m8"));
        for unknown in ["0", "3", "", "m7", "-1"] {
            assert_eq!(numbers.id_of(unknown), None, "{unknown}");
        }
        for n in 0..997 {
            numbers.number_of(&format!("n{n}").into());
        }
        assert_eq!(numbers.id_of("999").as_deref(), Some("n996"));
        assert_eq!(numbers.number_of(&"new".into()), "1");
        assert_eq!(numbers.id_of("1").as_deref(), Some("new"));
        assert_eq!(numbers.number_of(&"m7".into()), "2");
        assert_eq!(numbers.number_of(&"n996".into()), "999");
    }

    #[test]
    fn an_answer_without_a_code_is_a_status_in_its_place() {
        let status = in_its_place(&GetBlockedListResponse::default().into());
        assert_eq!(status.outcome, Outcome::new(Code::NOT_SUPPORTED, "PTS has no GetBlockedList-Response"));
        let status = in_its_place(&CreateListResponse::default().into());
        assert_eq!(status.outcome.code, Code::SUCCESS);
    }
}
