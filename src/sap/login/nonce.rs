//! Nonces that are out: fresh, used once, forgotten after a minute, bounded in number.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Refusal, Schema};
use crate::address::Address;
use crate::ident;
use crate::time::Timestamp;
use crate::vocabulary::access::LoginRequest;
use crate::vocabulary::party::ClientId;
use crate::vocabulary::{Secret, Text};

/// Who was challenged: the second step of a login repeats all three.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Challenged {
    user: Text,
    client: ClientId,
    cookie: Secret,
}

/// A nonce that is out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Issued {
    pub(super) nonce: Text,
    pub(super) schema: Schema,
}

/// The nonces that are out.
#[derive(Debug)]
pub(super) struct Nonces {
    life: Duration,
    per_user: usize,
    most: usize,
    out: Mutex<Out>,
}

#[derive(Debug, Default)]
struct Out {
    /// By user, oldest first.
    users: HashMap<Text, Vec<Pending>>,
    /// Which user each belongs to, oldest first over all.
    order: BTreeMap<u64, Text>,
    next: u64,
}

#[derive(Debug)]
struct Pending {
    number: u64,
    /// Where it was asked for.
    place: Option<u128>,
    client: ClientId,
    cookie: Secret,
    issued: Issued,
    expires: Timestamp,
}

/// Devices of one user that may be logging in at once.
const PER_USER: usize = 32;
/// Logins under way in all; some 300 bytes each.
const MOST: usize = 50_000;

// === impl Challenged ===

impl Challenged {
    /// Who a request says it is.
    pub(super) fn of(user: &Address, request: &LoginRequest) -> Self {
        Self {
            user: user.to_string().into(),
            client: request.client.clone().unwrap_or_default(),
            cookie: request.cookie.clone().unwrap_or_default(),
        }
    }
}

// === impl Nonces ===

impl Nonces {
    /// Nonces that live so long.
    pub(super) fn new(life: Duration) -> Self {
        Self { life, per_user: PER_USER, most: MOST, out: Mutex::default() }
    }

    /// Makes a nonce for a client at a place; one given to the same client before is void. If there are too many of
    /// a user, the oldest from the place that asked for most gives way: nobody can void another's by asking. If
    /// there are too many of all, the oldest give way.
    pub(super) fn issue(&self, now: Timestamp, who: Challenged, place: Option<u128>, schema: Schema) -> Text {
        let nonce = ident::fresh();
        let mut out = self.out();
        out.remove(&who);
        out.expire(now);
        while let Some(all) = out.users.get(&who.user).filter(|all| all.len() >= self.per_user) {
            let Some(number) = most_crowded(all) else { break };
            out.drop_number(number);
        }
        while out.order.len() >= self.most {
            let Some(oldest) = out.order.keys().next().copied() else { break };
            out.drop_number(oldest);
        }
        let number = out.next;
        out.next += 1;
        out.order.insert(number, who.user.clone());
        let issued = Issued { nonce: nonce.clone(), schema };
        let pending =
            Pending { number, place, client: who.client, cookie: who.cookie, issued, expires: now + self.life };
        out.users.entry(who.user).or_default().push(pending);
        nonce
    }

    /// Takes the nonce given to a client; it can't be taken again.
    pub(super) fn take(&self, now: Timestamp, who: &Challenged) -> Result<Issued, Refusal> {
        let pending = self.out().remove(who).ok_or(Refusal::NonceUnknown)?;
        if pending.expires > now { Ok(pending.issued) } else { Err(Refusal::NonceExpired) }
    }

    /// How many are out.
    pub(super) fn len(&self) -> usize {
        self.out().order.len()
    }

    fn out(&self) -> MutexGuard<'_, Out> {
        // A panic between two steps could at worst lose a nonce, and its login is tried again.
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Out ===

impl Out {
    fn remove(&mut self, who: &Challenged) -> Option<Pending> {
        let all = self.users.get(&who.user)?;
        let found = all.iter().find(|one| one.client == who.client && one.cookie == who.cookie)?;
        self.drop_number(found.number)
    }

    fn drop_number(&mut self, number: u64) -> Option<Pending> {
        let user = self.order.remove(&number)?;
        let all = self.users.get_mut(&user)?;
        let at = all.iter().position(|one| one.number == number)?;
        let pending = all.remove(at);
        if all.is_empty() {
            self.users.remove(&user);
        }
        Some(pending)
    }

    /// All live equally long, so the oldest expire first.
    fn expire(&mut self, now: Timestamp) {
        while let Some((&number, user)) = self.order.first_key_value() {
            let oldest = self.users.get(user).and_then(|all| all.iter().find(|one| one.number == number));
            if oldest.is_some_and(|one| one.expires > now) {
                break;
            }
            self.drop_number(number);
        }
    }
}

/// The oldest of those from the place with the most.
fn most_crowded(all: &[Pending]) -> Option<u64> {
    let company = |one: &Pending| all.iter().filter(|other| other.place == one.place).count();
    // Of several with as many `max_by_key` takes the last; they are in order of age.
    all.iter().rev().max_by_key(|one| company(one)).map(|one| one.number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn nonces() -> Nonces {
        Nonces { per_user: 2, most: 4, ..Nonces::new(Duration::from_secs(60)) }
    }

    fn who(user: &str, client: &str, cookie: &str) -> Challenged {
        let client = ClientId { url: Some(client.into()), msisdn: None };
        Challenged { user: user.into(), client, cookie: cookie.into() }
    }

    #[test]
    fn a_nonce_is_taken_once_and_only_by_the_client_it_was_given_to() {
        let nonces = nonces();
        let nonce = nonces.issue(NOW, who("a", "1", "x"), None, Schema::Sha);
        for other in [who("b", "1", "x"), who("a", "2", "x"), who("a", "1", "y")] {
            assert_eq!(nonces.take(NOW, &other), Err(Refusal::NonceUnknown));
        }
        assert_eq!(nonces.take(NOW, &who("a", "1", "x")), Ok(Issued { nonce, schema: Schema::Sha }));
        assert_eq!(nonces.take(NOW, &who("a", "1", "x")), Err(Refusal::NonceUnknown));
        assert_eq!(nonces.len(), 0);
    }

    #[test]
    fn a_nonce_expires() {
        let nonces = nonces();
        nonces.issue(NOW, who("a", "1", "x"), None, Schema::Md5);
        assert_eq!(nonces.take(NOW + Duration::from_secs(60), &who("a", "1", "x")), Err(Refusal::NonceExpired));
        nonces.issue(NOW, who("a", "1", "x"), None, Schema::Md5);
        assert!(nonces.take(NOW + Duration::from_millis(59_999), &who("a", "1", "x")).is_ok());
    }

    #[test]
    fn a_second_challenge_voids_the_first() {
        let nonces = nonces();
        let first = nonces.issue(NOW, who("a", "1", "x"), None, Schema::Md5);
        let second = nonces.issue(NOW, who("a", "1", "x"), None, Schema::Md5);
        assert_ne!(first, second);
        assert_eq!(nonces.len(), 1);
        assert_eq!(nonces.take(NOW, &who("a", "1", "x")).unwrap().nonce, second);
    }

    #[test]
    fn the_oldest_of_a_user_and_the_oldest_of_all_give_way() {
        let nonces = nonces();
        for client in ["1", "2", "3"] {
            nonces.issue(NOW, who("a", client, "x"), None, Schema::Md5);
        }
        assert_eq!(nonces.len(), 2);
        assert!(nonces.take(NOW, &who("a", "1", "x")).is_err());
        for user in ["b", "c", "d"] {
            nonces.issue(NOW, who(user, "1", "x"), None, Schema::Md5);
        }
        assert_eq!(nonces.len(), 4);
        assert!(nonces.take(NOW, &who("a", "2", "x")).is_err());
        assert!(nonces.take(NOW, &who("a", "3", "x")).is_ok());
    }

    #[test]
    fn nobody_voids_anothers_nonce_by_asking_for_many() {
        let nonces = Nonces { per_user: 4, most: 100, ..nonces() };
        let hers = nonces.issue(NOW, who("a", "hers", "x"), Some(1), Schema::Md5);
        for number in 0..20 {
            nonces.issue(NOW, who("a", &number.to_string(), "x"), Some(2), Schema::Md5);
        }
        assert_eq!(nonces.len(), 4);
        assert_eq!(nonces.take(NOW, &who("a", "hers", "x")).unwrap().nonce, hers);
        assert!(nonces.take(NOW, &who("a", "16", "x")).is_err() && nonces.take(NOW, &who("a", "19", "x")).is_ok());
    }

    #[test]
    fn expired_nonces_leave_room_and_nothing_behind() {
        let nonces = nonces();
        for user in ["a", "b", "c"] {
            nonces.issue(NOW, who(user, "1", "x"), None, Schema::Md5);
        }
        nonces.issue(NOW + Duration::from_secs(61), who("d", "1", "x"), None, Schema::Md5);
        assert_eq!(nonces.len(), 1);
        assert_eq!(nonces.out().users.len(), 1);
    }

    #[test]
    fn a_nonce_needs_no_escaping() {
        let nonce = nonces().issue(NOW, who("a", "1", "x"), None, Schema::Md5);
        assert!(nonce.len() >= 26 && nonce.bytes().all(|b| b.is_ascii_alphanumeric()));
    }
}
