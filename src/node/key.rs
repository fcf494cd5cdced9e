//! The key that seals passwords, and whether it is the one the store was written with.
//!
//! The record `secret/check` holds a known text, sealed: a key file that was lost or exchanged is noticed before
//! anything is sealed with another key.

use std::path::Path;

use super::{StartError, secret};
use crate::sap::secret::{Keyring, Password};
use crate::store::{Changes, Expect, Key, Store};

/// What the known text is sealed for; no user has a `/` in the id.
const LABEL: &str = "secret/check";
const KNOWN: &str = "postern";

/// Opens the key file; makes it only for a store that knows no key yet.
pub(super) async fn open(file: &Path, data_dir: &Path, store: &Store) -> Result<Keyring, StartError> {
    let record = Key::of(&["secret", "check"]);
    let check = store.get(&record).await?;
    let lost = || StartError::Key { file: file.to_owned(), data_dir: data_dir.to_owned() };
    if check.is_some() && !file.try_exists().unwrap_or(true) {
        return Err(lost());
    }
    let keyring = Keyring::open(file).map_err(secret)?;
    match check {
        Some(check) => {
            let sealed = std::str::from_utf8(&check.value).map_err(|_| lost())?;
            keyring.unseal(LABEL, sealed).map_err(|_| lost())?;
        }
        None => {
            let sealed = keyring.seal(LABEL, &Password::new(KNOWN)).map_err(secret)?;
            let mut changes = Changes::default();
            changes.put_if(record, sealed, Expect::Absent);
            store.commit(changes).await?;
        }
    }
    Ok(keyring)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store;

    #[tokio::test]
    async fn a_key_file_that_is_lost_or_exchanged_is_asked_for_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (file, data) = (folder.path().join("secret.key"), folder.path().join("data"));
        let store = store::memory();
        let sealed = open(&file, &data, &store).await.unwrap().seal("alice", &Password::new("wonder")).unwrap();
        let again = open(&file, &data, &store).await.unwrap();
        assert_eq!(again.unseal("alice", &sealed).unwrap().expose(), "wonder");

        let backup = std::fs::read(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        let error = open(&file, &data, &store).await.err().unwrap().to_string();
        assert_eq!(
            error,
            format!("restore {} from its backup: it seals the passwords in {}", file.display(), data.display())
        );
        assert!(!file.exists(), "no other key takes its place");

        std::fs::write(&file, "0".repeat(64)).unwrap();
        assert!(matches!(open(&file, &data, &store).await, Err(StartError::Key { .. })));
        std::fs::write(&file, backup).unwrap();
        assert!(open(&file, &data, &store).await.is_ok());
    }

    #[tokio::test]
    async fn a_key_that_is_older_than_the_record_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret.key");
        let sealed = Keyring::open(&file).unwrap().seal("alice", &Password::new("wonder")).unwrap();
        let ring = open(&file, folder.path(), &store::memory()).await.unwrap();
        assert!(ring.unseal("alice", &sealed).is_ok());
    }
}
