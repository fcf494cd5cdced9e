//! Slows down whoever guesses passwords, and not the user whose password is guessed
//! (`docs/wire-notes.md`, "Guessing").
//!
//! Wrong proofs are counted by account and place, by account, and by place. Whoever logged in to an account from a
//! place before is counted apart from strangers there. All of it is in memory only, and bounded.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::recent::Recent;
use crate::address::Address;
use crate::ident::fingerprint;
use crate::sap::Via;
use crate::time::Timestamp;
use crate::vocabulary::access::LoginRequest;
use crate::vocabulary::party::ClientId;

/// Wrong proofs so far, and how long those who gave them have to wait.
#[derive(Debug)]
pub(super) struct Pace {
    tables: Mutex<Tables>,
}

#[derive(Debug)]
struct Tables {
    guesses: Recent<Guesses>,
    /// When a client last logged in to an account from a place.
    familiar: Recent<Timestamp>,
}

/// Wrong proofs under one key.
#[derive(Clone, Copy, Debug)]
struct Guesses {
    /// How many, less those forgiven.
    count: u32,
    /// Until when time has been counted for forgiveness.
    forgiven: Timestamp,
    /// When the next attempt may be made.
    next: Timestamp,
}

/// Who tries to prove something, and from where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    /// The account; `None` if there is none by that name.
    account: Option<u128>,
    /// Account, place and client together.
    client: u128,
    /// Account and place together.
    here: u128,
    /// The place; `None` if a gateway hides it.
    place: Option<u128>,
}

/// Wrong proofs without a wait: for one account from one place.
const FREE_HERE: u32 = 5;
/// … for one account from everywhere, without the clients known there.
const FREE_ACCOUNT: u32 = 50;
/// … from one place, where many users may live behind one address.
const FREE_PLACE: u32 = 100;
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(60);
/// Time for which one wrong proof is forgiven.
const FORGIVEN: Duration = Duration::from_secs(60);
/// How long a client that logged in is known at that place.
const KNOWN: Duration = Duration::from_secs(30 * 86_400);
/// Keys counted at once; some 100 bytes each.
const MOST: usize = 100_000;

// === impl Attempt ===

impl Attempt {
    /// An attempt on an account, or on a name nobody has.
    pub(super) fn of(account: Option<&Address>, request: &LoginRequest, via: &Via) -> Self {
        let place = match &via.msisdn {
            Some(number) => Some(format!("tel {number}")),
            None if via.gateway && via.client == via.remote.ip().to_canonical() => None,
            None => Some(place(via.client)),
        };
        Self::at(account, &request.client.clone().unwrap_or_default(), place.as_deref())
    }

    /// What the client of a session would have attempted where it logged in.
    pub(super) fn behind(user: &Address, client: &ClientId, from: IpAddr) -> Self {
        Self::at(Some(user), client, Some(&place(from)))
    }

    fn at(account: Option<&Address>, client: &ClientId, place: Option<&str>) -> Self {
        let whose = account.map(Address::to_string).unwrap_or_default();
        let at = place.unwrap_or_default();
        let client = format!("{:?}", (&client.url, &client.msisdn));
        let key = |parts: &[&str]| fingerprint(parts.join("\n").as_bytes());
        Self {
            account: account.map(|_| key(&["account", &whose])),
            client: key(&["client", &whose, at, &client]),
            here: key(&["here", &whose, at]),
            place: place.map(|place| key(&["place", place])),
        }
    }

    /// The place, if it is known.
    pub(super) fn place(&self) -> Option<u128> {
        self.place
    }

    /// What a wrong proof counts under, each with the number that is free.
    fn keys(&self, familiar: bool) -> impl Iterator<Item = (u128, u32)> {
        let stranger = !familiar;
        let known = self.account.is_some();
        [
            familiar.then_some((self.client, FREE_HERE)),
            (stranger && known).then_some((self.here, FREE_HERE)),
            self.account.filter(|_| stranger).map(|key| (key, FREE_ACCOUNT)),
            self.place.filter(|_| stranger).map(|key| (key, FREE_PLACE)),
        ]
        .into_iter()
        .flatten()
    }
}

// === impl Pace ===

impl Pace {
    /// Nobody has guessed yet.
    pub(super) fn new() -> Self {
        Self::with_most(MOST)
    }

    fn with_most(most: usize) -> Self {
        Self { tables: Mutex::new(Tables { guesses: Recent::new(most), familiar: Recent::new(most) }) }
    }

    /// How long the attempt has to wait; `None` = it may be made. Asking counts for nothing.
    pub(super) fn wait(&self, now: Timestamp, attempt: &Attempt) -> Option<Duration> {
        let tables = self.tables();
        let next = attempt.keys(tables.knows(now, attempt)).filter_map(|(key, _)| tables.guesses.get(key));
        let longest = next.map(|guesses| guesses.next.since(now)).max()?;
        (longest > Duration::ZERO).then_some(longest)
    }

    /// Notes a wrong proof.
    pub(super) fn failed(&self, now: Timestamp, attempt: &Attempt) {
        let mut tables = self.tables();
        for (key, free) in attempt.keys(tables.knows(now, attempt)) {
            let none = Guesses { count: 0, forgiven: now, next: Timestamp::default() };
            let before = tables.guesses.get(key).copied().unwrap_or(none);
            tables.guesses.put(key, before.and_another(now, free));
        }
    }

    /// Notes a right proof: the client is known here from now on, and nothing is held against it.
    pub(super) fn proved(&self, now: Timestamp, attempt: &Attempt) {
        let mut tables = self.tables();
        tables.guesses.remove(attempt.client);
        tables.guesses.remove(attempt.here);
        tables.familiar.put(attempt.client, now);
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        // A panic between two steps could at worst lose a count.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Tables ===

impl Tables {
    fn knows(&self, now: Timestamp, attempt: &Attempt) -> bool {
        self.familiar.get(attempt.client).is_some_and(|last| now.since(*last) < KNOWN)
    }
}

// === impl Guesses ===

impl Guesses {
    fn and_another(self, now: Timestamp, free: u32) -> Self {
        let spans = now.since(self.forgiven).as_millis() / FORGIVEN.as_millis();
        let spans = u32::try_from(spans).unwrap_or(u32::MAX);
        let count = self.count.saturating_sub(spans).saturating_add(1);
        let forgiven = if spans >= self.count { now } else { self.forgiven + FORGIVEN * spans };
        // Without a wait nobody is held up, not even whose clock was read a moment earlier.
        let next = wait_after(count, free).map_or(self.next, |wait| now + wait);
        Self { count, forgiven, next }
    }
}

/// 1, 2, 4, … seconds after each wrong proof that is not free.
fn wait_after(count: u32, free: u32) -> Option<Duration> {
    let beyond = count.checked_sub(free)?.checked_sub(1)?;
    Some(Duration::from_secs(1 << beyond.min(16)).min(LONGEST))
}

/// A network of IPv6 (/64) belongs to one customer, who can take any address in it.
fn place(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{:x?}", &address.segments()[..4]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_700_000_000_000);

    fn at(seconds: u64) -> Timestamp {
        START + Duration::from_secs(seconds)
    }

    fn attempt(user: Option<&str>, from: &str, client: &str) -> Attempt {
        let address = user.map(|user| Address::user_at(user, &"n.example".parse().unwrap()).unwrap());
        let client = Some(ClientId { url: Some(client.into()), msisdn: None });
        let via = Via::direct((from.parse::<IpAddr>().unwrap(), 4711).into(), true);
        Attempt::of(address.as_ref(), &LoginRequest { client, ..LoginRequest::default() }, &via)
    }

    /// Makes attempts one a second for so long, each as soon as it may be; how many were made.
    fn guess(pace: &Pace, attempt: &Attempt, from: u64, seconds: u64) -> usize {
        let may = |second: &u64| pace.wait(at(*second), attempt).is_none();
        (from..from + seconds).filter(may).map(|second| pace.failed(at(second), attempt)).count()
    }

    #[test]
    fn five_guesses_are_free_and_then_each_costs_twice_the_time_up_to_a_minute() {
        let (pace, attempt) = (Pace::new(), attempt(Some("ann"), "192.0.2.1", "x"));
        let mut waits = Vec::new();
        let mut now = START;
        for _ in 0..14 {
            pace.failed(now, &attempt);
            let wait = pace.wait(now, &attempt).unwrap_or_default();
            waits.push(wait.as_secs());
            now = now + wait;
        }
        assert_eq!(waits[..10], [0, 0, 0, 0, 0, 1, 2, 4, 8, 16]);
        assert!(waits[10..].iter().all(|wait| (16..=60).contains(wait)), "{waits:?}");
        assert_eq!(pace.wait(now, &attempt), None, "after the wait the next may be made");
    }

    #[test]
    fn a_day_of_guessing_gets_about_one_guess_a_minute() {
        let (pace, attempt) = (Pace::new(), attempt(Some("ann"), "192.0.2.1", "x"));
        let made = guess(&pace, &attempt, 0, 86_400);
        assert!((1_000..3_500).contains(&made), "{made}");
    }

    #[test]
    fn a_free_guess_holds_up_nobody_whose_clock_was_read_earlier() {
        let (pace, attempt) = (Pace::new(), attempt(Some("ann"), "192.0.2.1", "x"));
        pace.failed(at(1), &attempt);
        assert_eq!(pace.wait(START, &attempt), None);
    }

    #[test]
    fn asking_during_the_wait_does_not_prolong_it() {
        let (pace, attempt) = (Pace::new(), attempt(Some("ann"), "192.0.2.1", "x"));
        (0..6).for_each(|_| pace.failed(START, &attempt));
        for millis in [0, 500, 999] {
            assert!(pace.wait(START + Duration::from_millis(millis), &attempt).is_some());
        }
        assert_eq!(pace.wait(at(1), &attempt), None);
    }

    #[test]
    fn nobody_elses_guesses_lock_a_client_that_logged_in_from_there_before() {
        let pace = Pace::new();
        let own = attempt(Some("ann"), "198.51.100.1", "her phone");
        pace.proved(START, &own);
        for last in 1..100 {
            pace.failed(START, &attempt(Some("ann"), &format!("192.0.2.{last}"), "x"));
        }
        // Even at her own address.
        (0..200).for_each(|_| pace.failed(START, &attempt(Some("ann"), "198.51.100.1", "x")));
        assert_eq!(pace.wait(START, &own), None);
        assert!(pace.wait(START, &attempt(Some("ann"), "203.0.113.1", "x")).is_some(), "a stranger has to wait");
        (0..5).for_each(|_| pace.failed(START, &own));
        assert_eq!(pace.wait(START, &own), None);
        pace.failed(START, &own);
        assert!(pace.wait(START, &own).is_some(), "her own guesses are counted");
    }

    #[test]
    fn who_has_a_session_from_an_earlier_run_is_known_as_well() {
        let pace = Pace::new();
        let own = attempt(Some("ann"), "198.51.100.1", "her phone");
        let client = ClientId { url: Some("her phone".into()), msisdn: None };
        let user = Address::user_at("ann", &"n.example".parse().unwrap()).unwrap();
        pace.proved(START, &Attempt::behind(&user, &client, [198, 51, 100, 1].into()));
        (0..60).for_each(|_| pace.failed(START, &attempt(Some("ann"), "192.0.2.9", "x")));
        assert_eq!(pace.wait(START, &own), None);
    }

    #[test]
    fn a_client_is_known_for_a_month() {
        let pace = Pace::new();
        let own = attempt(Some("ann"), "198.51.100.1", "her phone");
        pace.proved(START, &own);
        (0..60).for_each(|_| pace.failed(at(29 * 86_400), &attempt(Some("ann"), "192.0.2.9", "x")));
        assert_eq!(pace.wait(at(29 * 86_400), &own), None);
        (0..60).for_each(|_| pace.failed(at(31 * 86_400), &attempt(Some("ann"), "192.0.2.9", "x")));
        assert!(pace.wait(at(31 * 86_400), &own).is_some());
    }

    #[test]
    fn one_place_that_tries_many_accounts_has_to_wait_and_others_do_not() {
        let pace = Pace::new();
        for user in 0..=FREE_PLACE {
            pace.failed(START, &attempt(Some(&format!("u{user}")), "192.0.2.1", "x"));
        }
        assert!(pace.wait(START, &attempt(Some("ann"), "192.0.2.1", "x")).is_some());
        assert!(pace.wait(START, &attempt(None, "192.0.2.1", "x")).is_some());
        assert_eq!(pace.wait(START, &attempt(Some("ann"), "192.0.2.2", "x")), None);
        assert_eq!(pace.wait(START, &attempt(Some("u1"), "192.0.2.2", "x")), None);
    }

    #[test]
    fn names_nobody_has_count_against_the_place_alone() {
        let pace = Pace::new();
        (0..=FREE_PLACE).for_each(|_| pace.failed(START, &attempt(None, "192.0.2.1", "x")));
        assert!(pace.wait(START, &attempt(None, "192.0.2.1", "x")).is_some());
        assert_eq!(pace.wait(START, &attempt(None, "192.0.2.2", "x")), None);
        assert_eq!(pace.tables().guesses.len(), 1);
    }

    #[test]
    fn time_forgives() {
        let (pace, attempt) = (Pace::new(), attempt(Some("ann"), "192.0.2.1", "x"));
        (0..9).for_each(|_| pace.failed(START, &attempt));
        (0..5).for_each(|_| pace.failed(at(600), &attempt));
        assert_eq!(pace.wait(at(600), &attempt), None);
        pace.failed(at(600), &attempt);
        assert!(pace.wait(at(600), &attempt).is_some());
    }

    #[test]
    fn a_right_password_clears_what_was_typed_wrong_before() {
        let (pace, attempt) = (Pace::new(), attempt(Some("ann"), "192.0.2.1", "x"));
        (0..5).for_each(|_| pace.failed(START, &attempt));
        pace.proved(START, &attempt);
        (0..5).for_each(|_| pace.failed(START, &attempt));
        assert_eq!(pace.wait(START, &attempt), None);
    }

    #[test]
    fn a_network_of_ipv6_is_one_place() {
        let one = attempt(None, "2001:db8:0:1::1", "x").place;
        assert_eq!(one, attempt(None, "2001:db8:0:1:ffff::2", "x").place);
        assert_ne!(one, attempt(None, "2001:db8:0:2::1", "x").place);
    }

    #[test]
    fn behind_a_gateway_the_place_is_the_number_or_the_forwarded_address_or_nothing() {
        let direct = Via::direct(([10, 0, 0, 1], 1).into(), false);
        let place = |via: &Via| Attempt::of(None, &LoginRequest::default(), via).place;
        let gateway = Via { gateway: true, ..direct.clone() };
        assert_eq!(place(&gateway), None, "all its subscribers would share one budget");
        let numbered = |number: &str| Via { msisdn: Some(number.into()), ..gateway.clone() };
        assert_ne!(place(&numbered("1111111")), place(&numbered("2222222")));
        let forwarded = Via { client: [192, 0, 2, 1].into(), ..gateway.clone() };
        assert_eq!(place(&forwarded), attempt(None, "192.0.2.1", "x").place);
    }

    #[test]
    fn the_memory_is_bounded() {
        let pace = Pace::with_most(100);
        for number in 0..1000 {
            let attempt = attempt(Some(&format!("u{number}")), "192.0.2.1", "x");
            pace.failed(START, &attempt);
            pace.proved(START, &attempt);
        }
        let tables = pace.tables();
        assert!(tables.guesses.len() <= 100 && tables.familiar.len() == 100);
    }
}
