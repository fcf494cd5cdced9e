//! Accounts that subscribers get at their first login (`[access] auto_register`; `docs/wire-notes.md`, "Access").

use super::{ATTEMPTS, AccountError, Accounts, Known, NewAccount};
use crate::sap::secret::{Password, generate_password};

/// The account of a subscriber's number.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The account.
    pub known: Known,
    /// Its password, if it was made just now: nobody else knows it.
    pub password: Option<Password>,
}

const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
const VOWELS: &[u8; 4] = b"aeio";
/// Syllables of an id: 36 random bits in 12 letters that can be read out.
const SYLLABLES: usize = 6;

// === impl Accounts ===

impl Accounts {
    /// Makes an account for a subscriber's number. Of several who try at once one makes it, and the others get
    /// the same.
    ///
    /// # Errors
    /// [`AccountError::Invalid`] if it is no number, or a failure.
    pub async fn register(&self, msisdn: &str) -> Result<Registered, AccountError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let password = generate_password();
            let new = NewAccount {
                msisdn: Some(msisdn.to_owned()),
                auto_registered: true,
                ..NewAccount::new(generate_id(), password.clone())
            };
            let password = match self.create(new).await {
                Ok(_) => Some(password),
                Err(AccountError::Exists { .. } | AccountError::NumberTaken) if attempt < ATTEMPTS => None,
                Err(fault) => return Err(fault),
            };
            if let Some(known) = self.by_number(msisdn).await? {
                return Ok(Registered { known, password });
            }
        }
    }
}

/// An id that can be read out, and that tells nothing about its user.
fn generate_id() -> String {
    let mut bits: u64 = rand::random();
    let mut id = String::with_capacity(2 * SYLLABLES);
    for _ in 0..SYLLABLES {
        id.push(char::from(CONSONANTS[(bits & 15) as usize]));
        id.push(char::from(VOWELS[(bits >> 4 & 3) as usize]));
        bits >>= 6;
    }
    id
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Arc;

    use super::*;
    use crate::sap::secret::Keyring;
    use crate::store;

    fn accounts() -> Arc<Accounts> {
        let keyring = Keyring::ephemeral().unwrap();
        Arc::new(Accounts::new(store::memory(), keyring, "north.example".parse().unwrap(), Vec::new()))
    }

    #[test]
    fn an_id_is_readable_and_new_each_time() {
        let ids: HashSet<String> = (0..1000).map(|_| generate_id()).collect();
        assert!(ids.len() > 998);
        assert!(ids.iter().all(|id| id.len() == 12 && id.bytes().all(|b| b.is_ascii_lowercase())));
    }

    #[tokio::test]
    async fn a_number_gets_an_account_with_a_password_that_opens_it() {
        let accounts = accounts();
        let Registered { known, password } = accounts.register("358401234567").await.unwrap();
        let turn = accounts.turn(&known).await.unwrap();
        assert!(accounts.check(turn, &known, password.unwrap()).await.unwrap());
        let account = accounts.get(known.address.user()).await.unwrap();
        assert!(account.auto_registered && account.friendly_name.is_none() && account.active);
        assert_eq!(account.msisdn.as_deref(), Some("358401234567"));
        assert!(!account.id.contains("3584"));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn first_logins_at_once_make_one_account() {
        let accounts = accounts();
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let accounts = Arc::clone(&accounts);
            all.spawn(async move { accounts.register("358401234567").await.unwrap() });
        }
        let all = all.join_all().await;
        let addresses: HashSet<_> = all.iter().map(|one| one.known.address.clone()).collect();
        assert_eq!(addresses.len(), 1);
        assert_eq!(all.iter().filter(|one| one.password.is_some()).count(), 1, "the password is told once");
        assert_eq!(accounts.list(None, 10).await.unwrap().0.len(), 1);
    }

    #[tokio::test]
    async fn what_is_no_number_gets_none() {
        assert!(matches!(accounts().register("12").await, Err(AccountError::Invalid { field: "msisdn", .. })));
    }
}
