//! A table of bounded size: whatever was touched longest ago gives way.

use std::collections::{BTreeMap, HashMap};

/// Values by key, at most so many.
#[derive(Debug)]
pub(super) struct Recent<V> {
    most: usize,
    next: u64,
    by_key: HashMap<u128, (u64, V)>,
    /// Which key was touched when, the oldest first.
    order: BTreeMap<u64, u128>,
}

// === impl Recent ===

impl<V> Recent<V> {
    /// An empty table for `most` values.
    pub(super) fn new(most: usize) -> Self {
        Self { most, next: 0, by_key: HashMap::new(), order: BTreeMap::new() }
    }

    /// A value, without touching it.
    pub(super) fn get(&self, key: u128) -> Option<&V> {
        self.by_key.get(&key).map(|(_, value)| value)
    }

    /// Takes a value out.
    pub(super) fn remove(&mut self, key: u128) -> Option<V> {
        let (number, value) = self.by_key.remove(&key)?;
        self.order.remove(&number);
        Some(value)
    }

    /// Puts a value in, or in place of the old one; the oldest of all gives way.
    pub(super) fn put(&mut self, key: u128, value: V) {
        self.remove(key);
        while self.by_key.len() >= self.most.max(1) {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            self.by_key.remove(&oldest);
        }
        let number = self.next;
        self.next += 1;
        self.order.insert(number, key);
        self.by_key.insert(key, (number, value));
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_longest_ago_gives_way() {
        let mut recent = Recent::new(2);
        recent.put(1, "a");
        recent.put(2, "b");
        recent.put(1, "A");
        recent.put(3, "c");
        assert_eq!((recent.get(1), recent.get(2), recent.get(3)), (Some(&"A"), None, Some(&"c")));
        assert_eq!((recent.len(), recent.order.len()), (2, 2));
        assert_eq!(recent.remove(1), Some("A"));
        assert_eq!((recent.len(), recent.order.len()), (1, 1));
    }
}
