//! An account found at login, and whether somebody knows its password.

use super::record::{self, Record};
use super::{AccountError, Accounts};
use crate::address::Address;
use crate::config::LoginClass;
use crate::sap::secret::{Password, SecretError, Turn, same};
use crate::store::StoreError;

/// An account found at login, with its secret.
#[derive(Clone)]
pub struct Known {
    /// The user's address in the home domain.
    pub address: Address,
    /// Whether the user may log in.
    pub active: bool,
    record: Record,
}

// === impl Accounts ===

impl Accounts {
    /// The account that an address, or a telephone number in its place, names at login.
    ///
    /// # Errors
    /// If the store fails or the record is damaged.
    pub async fn known(&self, address: &Address) -> Result<Option<Known>, AccountError> {
        let Some(id) = self.local_id(address) else { return Ok(None) };
        match self.read(id).await {
            Ok((record, _)) => return self.found(id, record).map(Some),
            Err(AccountError::NotFound { .. }) => {}
            Err(fault) => return Err(fault),
        }
        self.by_number(id).await
    }

    /// The account with a telephone number.
    ///
    /// # Errors
    /// If the store fails or the record is damaged.
    pub async fn by_number(&self, msisdn: &str) -> Result<Option<Known>, AccountError> {
        let Some(id) = self.user_with_number(msisdn).await? else { return Ok(None) };
        match self.read(&id).await {
            Ok((record, _)) => self.found(&id, record).map(Some),
            Err(AccountError::NotFound { .. }) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// The id of the user with a telephone number (`+` and digits).
    ///
    /// # Errors
    /// If the store fails.
    pub async fn user_with_number(&self, msisdn: &str) -> Result<Option<String>, StoreError> {
        let Some(key) = record::number_key(msisdn) else { return Ok(None) };
        let row = self.store.get(&key).await?;
        Ok(row.map(|row| String::from_utf8_lossy(&row.value).into_owned()))
    }

    /// Waits for the turn to check a password in clear: in order of arrival if it takes the work of a hash, else
    /// not at all.
    ///
    /// # Errors
    /// If the node is stopping, or too many wait.
    pub async fn turn(&self, known: &Known) -> Result<Turn, SecretError> {
        match known.record.login {
            LoginClass::Digest => Ok(Turn::free()),
            LoginClass::Hashed => self.hasher.turn().await,
        }
    }

    /// Whether a password in clear is the account's.
    ///
    /// # Errors
    /// If the secret is damaged or the library fails.
    pub async fn check(&self, turn: Turn, known: &Known, password: Password) -> Result<bool, SecretError> {
        match known.record.login {
            LoginClass::Digest => {
                let right = self.keyring.unseal(known.address.user(), &known.record.secret)?;
                Ok(same(right.expose().as_bytes(), password.expose().as_bytes()))
            }
            LoginClass::Hashed => self.hasher.verify(turn, known.record.secret.clone(), password).await,
        }
    }

    /// The password of an account that may log in with a digest; `None` if only its hash is kept.
    ///
    /// # Errors
    /// If the secret is damaged.
    pub fn password(&self, known: &Known) -> Result<Option<Password>, SecretError> {
        match known.record.login {
            LoginClass::Digest => self.keyring.unseal(known.address.user(), &known.record.secret).map(Some),
            LoginClass::Hashed => Ok(None),
        }
    }

    pub(super) fn found(&self, id: &str, record: Record) -> Result<Known, AccountError> {
        let address = Address::user_at(id, &self.domain);
        let address = address.map_err(|_| AccountError::Damaged { id: id.to_owned() })?;
        Ok(Known { address, active: record.active, record })
    }
}

// === impl Known ===

impl Known {
    /// Whether a telephone number (digits) is this user's.
    pub fn has_number(&self, number: &str) -> bool {
        self.record.msisdn.as_deref().and_then(record::digits) == Some(number)
    }

    /// How the password is kept.
    pub fn login(&self) -> LoginClass {
        self.record.login
    }
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known").field("address", &self.address).field("active", &self.active).finish_non_exhaustive()
    }
}
