//! One after the other: who reads, decides and stores is not overtaken by another who does the same.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};

use tokio::sync::{Mutex, MutexGuard};

/// Places in the queue: what shares one by chance waits for no longer than a commit.
const PLACES: usize = 256;

/// Turns of whatever can be hashed. A turn may be held while something is stored, but nobody who holds one takes
/// another.
pub(in crate::sap) struct Turns {
    places: Vec<Mutex<()>>,
}

// === impl Turns ===

impl Default for Turns {
    fn default() -> Self {
        Self { places: (0..PLACES).map(|_| Mutex::default()).collect() }
    }
}

impl Turns {
    /// Waits until it is the caller's turn, which lasts as long as what is returned.
    pub(in crate::sap) async fn of(&self, what: impl Hash) -> MutexGuard<'_, ()> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(what);
        let place = usize::try_from(hash % PLACES as u64).unwrap_or_default();
        self.places[place].lock().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_same_waits_and_another_does_not() {
        let turns = Turns::default();
        let turn = turns.of("ann").await;
        let ann = turns.of("ann");
        tokio::pin!(ann);
        assert!(at_once(ann.as_mut()).await.is_none());
        // One of many shares the place.
        let mut free = 0;
        for number in 0..100 {
            free += usize::from(at_once(Box::pin(turns.of(number)).as_mut()).await.is_some());
        }
        assert!(free > 50, "{free}");
        drop(turn);
        let _turn = ann.await;
    }

    async fn at_once<F: Future + ?Sized>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        tokio::select! {
            biased;
            done = future => Some(done),
            () = std::future::ready(()) => None,
        }
    }
}
