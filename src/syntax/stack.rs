//! A stack that needs no allocation while it is low.

/// Up to `N` values in place, more of them on the heap.
#[derive(Debug)]
pub(super) struct Stack<T, const N: usize> {
    low: [T; N],
    high: Vec<T>,
    length: usize,
}

impl<T: Copy + Default, const N: usize> Stack<T, N> {
    pub(super) fn new() -> Self {
        Self { low: [T::default(); N], high: Vec::new(), length: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.length
    }

    pub(super) fn clear(&mut self) {
        self.length = 0;
        self.high.clear();
    }

    #[inline]
    pub(super) fn push(&mut self, value: T) {
        match self.low.get_mut(self.length) {
            Some(place) => *place = value,
            None => self.high.push(value),
        }
        self.length += 1;
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<T> {
        self.length = self.length.checked_sub(1)?;
        match self.low.get(self.length) {
            Some(value) => Some(*value),
            None => self.high.pop(),
        }
    }

    #[inline]
    pub(super) fn last(&self) -> Option<T> {
        let at = self.length.checked_sub(1)?;
        self.low.get(at).or_else(|| self.high.get(at - N)).copied()
    }

    /// The lowest value that `is` the one sought.
    #[inline]
    pub(super) fn find(&self, is: impl Fn(&T) -> bool) -> Option<T> {
        let low = self.low.get(..self.length).unwrap_or(&self.low);
        low.iter().find(|value| is(value)).or_else(|| self.high.iter().find(|value| is(value))).copied()
    }

    /// All values, lowest first.
    #[inline]
    pub(super) fn iter(&self) -> impl Iterator<Item = T> {
        let low = self.low.get(..self.length).unwrap_or(&self.low);
        low.iter().chain(&self.high).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_is_popped() {
        let mut stack = Stack::<u8, 2>::new();
        for value in 1..=4 {
            stack.push(value);
            assert_eq!(stack.last(), Some(value));
        }
        assert_eq!(stack.iter().collect::<Vec<_>>(), [1, 2, 3, 4]);
        for value in (1..=4).rev() {
            assert_eq!((stack.len(), stack.pop()), (usize::from(value), Some(value)));
        }
        assert_eq!((stack.pop(), stack.last()), (None, None));
        stack.push(9);
        assert_eq!(stack.iter().collect::<Vec<_>>(), [9]);
        stack.clear();
        assert_eq!(stack.pop(), None);
    }
}
