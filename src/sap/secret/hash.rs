//! One-way hashes (argon2id) of passwords that are only ever compared, made by a bounded pool.

use std::sync::Arc;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error, PasswordHasher, PasswordVerifier};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Password, SecretError};

/// Hashes and verifies off the async threads. Each run takes 19 MiB, so no more run at once than there are cores;
/// who waits is served in order of arrival, or told in time that it takes too long.
#[derive(Clone, Debug)]
pub struct Hasher {
    permits: Arc<Semaphore>,
    patience: Duration,
}

/// The longest wait for a turn: the most impatient phone gives up after 45 s.
const PATIENCE: Duration = Duration::from_secs(30);

/// The right to one run of a pool.
#[derive(Debug)]
pub struct Turn(Option<OwnedSemaphorePermit>);

// === impl Turn ===

impl Turn {
    /// For what takes no work of a pool.
    pub(in crate::sap) const fn free() -> Self {
        Self(None)
    }
}

// === impl Hasher ===

impl Hasher {
    /// A pool that runs as many at once as there are cores.
    pub fn new() -> Self {
        Self::with_permits(std::thread::available_parallelism().map_or(2, usize::from))
    }

    /// A pool that runs `most` at once.
    pub fn with_permits(most: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(most)), patience: PATIENCE }
    }

    /// Hashes a password with a fresh salt; the text names its own parameters (PHC).
    ///
    /// # Errors
    /// If the library fails, the node is stopping, or too many wait.
    pub async fn hash(&self, password: Password) -> Result<String, SecretError> {
        let turn = self.turn().await?;
        run(turn, move || {
            let hash = Argon2::default().hash_password(password.expose().as_bytes());
            hash.map(|phc| phc.to_string()).map_err(|_| SecretError::Library)
        })
        .await
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// If the node is stopping, or too many wait.
    pub async fn turn(&self) -> Result<Turn, SecretError> {
        let permit = tokio::time::timeout(self.patience, Arc::clone(&self.permits).acquire_owned()).await;
        let permit = permit.map_err(|_| SecretError::Busy)?;
        permit.map(|permit| Turn(Some(permit))).map_err(|_| SecretError::Library)
    }

    /// Whether the password is the one that was hashed.
    ///
    /// # Errors
    /// If the hash is damaged, the library fails or the node is stopping.
    pub async fn verify(&self, turn: Turn, hash: String, password: Password) -> Result<bool, SecretError> {
        let turn = if turn.0.is_some() { turn } else { self.turn().await? };
        run(turn, move || {
            let hash = PasswordHash::new(&hash).map_err(|_| SecretError::Hash)?;
            match Argon2::default().verify_password(password.expose().as_bytes(), &hash) {
                Ok(()) => Ok(true),
                Err(Error::PasswordInvalid) => Ok(false),
                Err(_) => Err(SecretError::Hash),
            }
        })
        .await
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

async fn run<T: Send + 'static>(
    turn: Turn,
    work: impl FnOnce() -> Result<T, SecretError> + Send + 'static,
) -> Result<T, SecretError> {
    // The turn goes along: a caller that gives up leaves the work, and its memory, counted until it ends.
    let work = move || {
        let _turn = turn;
        work()
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| SecretError::Library)?
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
        assert_eq!(pool.verify(Turn::free(), hash.clone(), Password::new("wonder")).await, Ok(true));
        assert_eq!(pool.verify(Turn::free(), hash.clone(), Password::new("Wonder")).await, Ok(false));
        assert_ne!(pool.hash(Password::new("wonder")).await.unwrap(), hash, "the salt was used twice");
    }

    #[tokio::test]
    async fn a_damaged_hash_is_a_fault_and_no_wrong_password() {
        let verified = Hasher::new().verify(Turn::free(), "$argon2id$nonsense".into(), Password::new("x")).await;
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
                let turn = pool.turn().await.unwrap();
                run(turn, move || {
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

    #[tokio::test]
    async fn whose_turn_does_not_come_in_time_is_told_so() {
        let pool = Hasher { patience: Duration::from_millis(1), ..Hasher::with_permits(1) };
        let first = pool.turn().await.unwrap();
        assert_eq!(pool.turn().await.unwrap_err(), SecretError::Busy);
        drop(first);
        assert!(pool.turn().await.is_ok());
    }

    #[tokio::test]
    async fn who_waits_is_served_in_order_of_arrival() {
        let pool = Hasher::with_permits(1);
        let first = pool.turn().await.unwrap();
        let served = Arc::new(std::sync::Mutex::new(Vec::new()));
        let mut all = tokio::task::JoinSet::new();
        for number in 0..20 {
            let (pool, served) = (pool.clone(), Arc::clone(&served));
            all.spawn(async move {
                let turn = pool.turn().await.unwrap();
                run(turn, move || {
                    served.lock().unwrap().push(number);
                    Ok(())
                })
                .await
            });
            // Lets it come to its place in the queue.
            tokio::task::yield_now().await;
        }
        drop(first);
        all.join_all().await;
        assert_eq!(*served.lock().unwrap(), (0..20).collect::<Vec<_>>());
    }
}
