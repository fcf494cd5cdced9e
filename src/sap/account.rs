//! Accounts of the local domain: who there is, how they prove it, and what is known about them
//! (docs/wire-notes.md, "Access").
//!
//! Records: `user/ID` holds the account as JSON, `number/DIGITS` the id of the user with that telephone number.

mod fields;
mod known;
mod record;
mod register;

pub use fields::{AccountChange, NewAccount};
pub use known::Known;
pub(in crate::sap) use record::digits;
pub use register::Registered;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::address::{Address, Domain};
use crate::config::{LoginClass, UserEntry};
use crate::sap::profile::{Profile, ProfileChange};
use crate::sap::secret::{Hasher, Keyring, Password, SecretError};
use crate::store::{Changes, Expect, Key, Store, StoreError};
use record::Record;

/// What may be shown of an account: everything but its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// The user part of the address, lower case.
    pub id: String,
    /// How the password is kept.
    pub login: LoginClass,
    /// Telephone number.
    pub msisdn: Option<String>,
    /// The name shown to people.
    pub friendly_name: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Whether the user may log in.
    pub active: bool,
    /// Whether it was made at a subscriber's first login (`[access] auto_register`).
    pub auto_registered: bool,
    /// Services whose primary service element is elsewhere for this user: service → domain.
    pub services: BTreeMap<String, String>,
    /// What else is known of the user; shown by itself.
    #[serde(skip)]
    pub profile: Profile,
}

/// Why something could not be done with an account. The text says what to do.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AccountError {
    /// There is one with this id.
    #[error("user {id} exists already; choose another id, or change that user")]
    Exists {
        /// The id.
        id: String,
    },
    /// There is none with this id.
    #[error("there is no user {id}")]
    NotFound {
        /// The id.
        id: String,
    },
    /// Another user has this number.
    #[error("the telephone number belongs to another user; take it from that user first")]
    NumberTaken,
    /// A value that can't be kept.
    #[error("{field}: {what}")]
    Invalid {
        /// The field, as the configuration and the admin address name it.
        field: &'static str,
        /// What is wrong and what would be right.
        what: String,
    },
    /// A record that can't be read.
    #[error("the record of user {id} is damaged; remove the user and add it anew")]
    Damaged {
        /// The id.
        id: String,
    },
    /// A secret could not be sealed, opened or hashed.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The accounts of the home domain.
pub struct Accounts {
    store: Store,
    keyring: Keyring,
    hasher: Hasher,
    domain: Domain,
    aliases: Vec<Domain>,
}

/// Attempts at a change that somebody else's change kept overtaking.
const ATTEMPTS: usize = 8;
/// Accounts made in one commit at start.
const SEED_BATCH: usize = 256;
const USERS: &str = "user";
const NUMBERS: &str = "number";

// === impl Accounts ===

impl Accounts {
    /// The accounts in a store. Addresses in a further domain (`aliases`) name the same users.
    pub fn new(store: Store, keyring: Keyring, domain: Domain, aliases: Vec<Domain>) -> Self {
        Self { store, keyring, hasher: Hasher::new(), domain, aliases }
    }

    /// The home domain.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// Whether a domain is served here.
    pub fn is_local(&self, domain: &Domain) -> bool {
        *domain == self.domain || self.aliases.contains(domain)
    }

    /// Makes an account.
    ///
    /// # Errors
    /// [`AccountError::Exists`], [`AccountError::NumberTaken`], [`AccountError::Invalid`], or a failure.
    pub async fn create(&self, new: NewAccount) -> Result<Account, AccountError> {
        let id = self.id(&new.id)?;
        let record = self.record(&id, new).await?;
        let mut changes = Changes::default();
        put_new(&mut changes, &id, &record);
        match self.store.commit(changes).await {
            Ok(_) => Ok(record.account(&id)),
            Err(fault) => Err(taken(&id, fault)),
        }
    }

    /// The account with an id.
    ///
    /// # Errors
    /// [`AccountError::NotFound`] or a failure.
    pub async fn get(&self, id: &str) -> Result<Account, AccountError> {
        let id = self.id(id)?;
        let (record, _) = self.read(&id).await?;
        Ok(record.account(&id))
    }

    /// Accounts in order of ids after one of them, and the id to go on from if there are more.
    ///
    /// # Errors
    /// If the store fails or a record is damaged.
    pub async fn list(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Account>, Option<String>), AccountError> {
        let after = after.map(|id| Key::of(&[USERS, &id.to_lowercase()]));
        let limit = limit.max(1);
        let rows = self.store.list(&Key::of(&[USERS, ""]), after.as_ref(), limit + 1).await?;
        let more = rows.len() > limit;
        let mut accounts = Vec::with_capacity(rows.len().min(limit));
        for (key, row) in rows.iter().take(limit) {
            let id = key.as_str().split_once('/').map_or("", |(_, id)| id);
            accounts.push(Record::read(id, &row.value)?.account(id));
        }
        let next = accounts.last().filter(|_| more).map(|last| last.id.clone());
        Ok((accounts, next))
    }

    /// Changes the fields given, and no others.
    ///
    /// # Errors
    /// [`AccountError::NotFound`], [`AccountError::NumberTaken`], [`AccountError::Invalid`], or a failure.
    pub async fn update(&self, id: &str, change: AccountChange) -> Result<Account, AccountError> {
        let id = self.id(id)?;
        change.check(&id)?;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let (old, revision) = self.read(&id).await?;
            let new = self.changed(&id, &old, &change).await?;
            let mut changes = Changes::default();
            changes.put_if(user_key(&id), new.write(), Expect::Revision(revision));
            let (before, after) = (old.number_key(), new.number_key());
            if before != after {
                before.into_iter().for_each(|key| changes.delete(key));
                after.into_iter().for_each(|key| changes.put_if(key, id.clone(), Expect::Absent));
            }
            match self.store.commit(changes).await {
                Ok(_) => return Ok(new.account(&id)),
                Err(StoreError::Conflict { key }) if key == user_key(&id) && attempt < ATTEMPTS => {}
                Err(fault) => return Err(taken(&id, fault)),
            }
        }
    }

    /// Changes what is given of the profile.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn change_profile(&self, id: &str, profile: ProfileChange) -> Result<Account, AccountError> {
        self.update(id, AccountChange { profile: Some(profile), ..AccountChange::default() }).await
    }

    /// Sets a new password; how it is kept stays.
    ///
    /// # Errors
    /// [`AccountError::NotFound`], [`AccountError::Invalid`], or a failure.
    pub async fn set_password(&self, id: &str, password: Password) -> Result<(), AccountError> {
        let change = AccountChange { password: Some(password), ..AccountChange::default() };
        self.update(id, change).await.map(drop)
    }

    /// Removes an account and frees its number.
    ///
    /// # Errors
    /// [`AccountError::NotFound`] or a failure.
    pub async fn remove(&self, id: &str) -> Result<(), AccountError> {
        let id = self.id(id)?;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let (record, revision) = match self.read(&id).await {
                // Damaged records must go, too; their number, if any, stays taken.
                Err(AccountError::Damaged { .. }) => {
                    let mut changes = Changes::default();
                    changes.delete(user_key(&id));
                    self.store.commit(changes).await?;
                    return Ok(());
                }
                read => read?,
            };
            let mut changes = Changes::default();
            changes.delete_if(user_key(&id), Expect::Revision(revision));
            record.number_key().into_iter().for_each(|key| changes.delete(key));
            match self.store.commit(changes).await {
                Ok(_) => return Ok(()),
                Err(StoreError::Conflict { .. }) if attempt < ATTEMPTS => {}
                Err(fault) => return Err(fault.into()),
            }
        }
    }

    /// Makes the accounts of `users.toml` that don't exist yet; returns how many.
    ///
    /// # Errors
    /// The first entry that can't be made, by its id.
    pub async fn seed(&self, entries: &[UserEntry]) -> Result<usize, (String, AccountError)> {
        let mut made = 0;
        for batch in entries.chunks(SEED_BATCH) {
            let mut changes = Changes::default();
            let mut fresh = Vec::new();
            for entry in batch {
                let named = |fault| (entry.id.clone(), fault);
                let id = self.id(&entry.id).map_err(named)?;
                if self.stored(&id).await.map_err(|fault| named(fault.into()))? {
                    continue;
                }
                let record = self.record(&id, NewAccount::from(entry)).await.map_err(named)?;
                put_new(&mut changes, &id, &record);
                fresh.push((id, record));
            }
            if let Err(fault) = self.store.commit(changes).await {
                tracing::debug!(%fault, "accounts are made one by one to find the one in the way");
                made += self.seed_singly(&fresh).await?;
            } else {
                made += fresh.len();
            }
        }
        Ok(made)
    }

    async fn seed_singly(&self, fresh: &[(String, Record)]) -> Result<usize, (String, AccountError)> {
        let mut made = 0;
        for (id, record) in fresh {
            let mut changes = Changes::default();
            put_new(&mut changes, id, record);
            match self.store.commit(changes).await.map_err(|fault| taken(id, fault)) {
                Ok(_) => made += 1,
                Err(AccountError::Exists { .. }) => {}
                Err(fault) => return Err((id.clone(), fault)),
            }
        }
        Ok(made)
    }

    /// Whether an address names an account here. One read of the store.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn exists(&self, address: &Address) -> Result<bool, StoreError> {
        match self.local_id(address) {
            Some(id) => self.stored(id).await,
            None => Ok(false),
        }
    }

    /// The id in an operator's spelling (`alice`, `wv:Alice@north.example`), as it is stored.
    fn id(&self, text: &str) -> Result<String, AccountError> {
        let invalid = |what: String| AccountError::Invalid { field: "id", what };
        let address = Address::parse(text, &self.domain).map_err(|fault| invalid(fault.to_string()))?;
        let id = self.local_id(&address);
        id.map(str::to_owned).ok_or_else(|| invalid(format!("{text} does not name a user of {}", self.domain)))
    }

    fn local_id<'a>(&self, address: &'a Address) -> Option<&'a str> {
        (address.is_user() && self.is_local(address.domain())).then(|| address.user())
    }

    async fn stored(&self, id: &str) -> Result<bool, StoreError> {
        Ok(self.store.get(&user_key(id)).await?.is_some())
    }

    async fn read(&self, id: &str) -> Result<(Record, u64), AccountError> {
        match self.store.get(&user_key(id)).await? {
            Some(row) => Ok((Record::read(id, &row.value)?, row.revision)),
            None => Err(AccountError::NotFound { id: id.to_owned() }),
        }
    }

    async fn record(&self, id: &str, new: NewAccount) -> Result<Record, AccountError> {
        let (mut record, password) = new.checked(id)?;
        record.secret = self.keep(id, record.login, password).await?;
        Ok(record)
    }

    async fn changed(&self, id: &str, old: &Record, change: &AccountChange) -> Result<Record, AccountError> {
        let mut new = old.clone();
        change.apply(id, &mut new)?;
        let password = match &change.password {
            Some(password) => password.clone(),
            None if new.login == old.login => return Ok(new),
            None if old.login == LoginClass::Digest => self.keyring.unseal(id, &old.secret)?,
            None => {
                let what = "the password is known only by its hash; give a password with the change to digest";
                return Err(AccountError::Invalid { field: "login", what: what.to_owned() });
            }
        };
        new.secret = self.keep(id, new.login, password).await?;
        Ok(new)
    }

    async fn keep(&self, id: &str, login: LoginClass, password: Password) -> Result<String, SecretError> {
        match login {
            LoginClass::Digest => self.keyring.seal(id, &password),
            LoginClass::Hashed => self.hasher.hash(password).await,
        }
    }
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accounts").field("domain", &self.domain).finish_non_exhaustive()
    }
}

fn user_key(id: &str) -> Key {
    Key::of(&[USERS, id])
}

fn put_new(changes: &mut Changes, id: &str, record: &Record) {
    changes.put_if(user_key(id), record.write(), Expect::Absent);
    if let Some(key) = record.number_key() {
        changes.put_if(key, id.to_owned(), Expect::Absent);
    }
}

/// What a refused commit means: the id or the number is somebody's, or the store failed.
fn taken(id: &str, fault: StoreError) -> AccountError {
    match fault {
        StoreError::Conflict { key } if key == user_key(id) => AccountError::Exists { id: id.to_owned() },
        StoreError::Conflict { .. } => AccountError::NumberTaken,
        fault => fault.into(),
    }
}

#[cfg(test)]
mod tests;
