//! One-way hashes (argon2id) of passwords that are only ever compared, made by a bounded pool.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error, PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use super::{Password, SecretError};

/// Hashes and verifies off the async threads. Each run takes 19 MiB, so no more run at once than there are cores.
#[derive(Clone, Debug)]
pub struct Hasher {
    permits: Arc<Semaphore>,
}

// === impl Hasher ===

impl Hasher {
    /// A pool that runs as many at once as there are cores.
    pub fn new() -> Self {
        Self::with_permits(std::thread::available_parallelism().map_or(2, usize::from))
    }

    /// A pool that runs `most` at once.
    pub fn with_permits(most: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(most)) }
    }

    /// Hashes a password with a fresh salt; the text names its own parameters (PHC).
    ///
    /// # Errors
    /// If the library fails or the node is stopping.
    pub async fn hash(&self, password: Password) -> Result<String, SecretError> {
        self.run(move || {
            let hash = Argon2::default().hash_password(password.expose().as_bytes());
            hash.map(|phc| phc.to_string()).map_err(|_| SecretError::Library)
        })
        .await
    }

    /// Whether the password is the one that was hashed.
    ///
    /// # Errors
    /// If the hash is damaged, the library fails or the node is stopping.
    pub async fn verify(&self, hash: String, password: Password) -> Result<bool, SecretError> {
        self.run(move || {
            let hash = PasswordHash::new(&hash).map_err(|_| SecretError::Hash)?;
            match Argon2::default().verify_password(password.expose().as_bytes(), &hash) {
                Ok(()) => Ok(true),
                Err(Error::PasswordInvalid) => Ok(false),
                Err(_) => Err(SecretError::Hash),
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, SecretError> + Send + 'static,
    ) -> Result<T, SecretError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| SecretError::Library)?;
        // The permit goes along: a caller that gives up leaves the work, and its memory, counted until it ends.
        let work = move || {
            let _permit = permit;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| SecretError::Library)?
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_hash_knows_its_password_and_no_other() {
        let pool = Hasher::new();
        let hash = pool.hash(Password::new("wonder")).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert_eq!(pool.verify(hash.clone(), Password::new("wonder")).await, Ok(true));
        assert_eq!(pool.verify(hash.clone(), Password::new("Wonder")).await, Ok(false));
        assert_ne!(pool.hash(Password::new("wonder")).await.unwrap(), hash, "the salt was used twice");
    }

    #[tokio::test]
    async fn a_damaged_hash_is_a_fault_and_no_wrong_password() {
        let verified = Hasher::new().verify("$argon2id$nonsense".into(), Password::new("x")).await;
        assert_eq!(verified, Err(SecretError::Hash));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn no_more_hashes_run_at_once_than_permitted() {
        let pool = Hasher::with_permits(2);
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let (pool, running, most) = (pool.clone(), Arc::clone(&running), Arc::clone(&most));
            all.spawn(async move {
                pool.run(move || {
                    let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                    most.fetch_max(now, Ordering::SeqCst);
                    for _ in 0..1000 {
                        std::thread::yield_now();
                    }
                    running.fetch_sub(1, Ordering::SeqCst);
                    Ok(())
                })
                .await
            });
        }
        while let Some(done) = all.join_next().await {
            done.unwrap().unwrap();
        }
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)), "{most:?}");
    }
}
