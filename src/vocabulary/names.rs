//! Finding a name in a fixed list: an index computed when the program is compiled.

/// An open-addressed index over a list of names; spelling of ASCII letters does not move a name's slot, so one
/// index serves exact and case-blind look-ups.
#[derive(Debug)]
pub(crate) struct Index<const SLOTS: usize> {
    slots: [u16; SLOTS],
}

impl<const SLOTS: usize> Index<SLOTS> {
    /// Indexes a list. `SLOTS` is a power of two and more than the list is long.
    pub(crate) const fn new(names: &[&str]) -> Self {
        assert!(SLOTS.is_power_of_two() && names.len() < SLOTS && SLOTS <= 0x1_0000);
        let mut slots = [0; SLOTS];
        let mut at = 0;
        while at < names.len() {
            let mut slot = Edges::of(names[at].as_bytes()).slot::<SLOTS>();
            while slots[slot] != 0 {
                slot = (slot + 1) & (SLOTS - 1);
            }
            at += 1;
            slots[slot] = at as u16;
        }
        Self { slots }
    }

    /// The place in the list of the first candidate that `is` the name sought.
    pub(crate) fn find(&self, name: &str, is: impl Fn(usize) -> bool) -> Option<usize> {
        let mut slot = Edges::of(name.as_bytes()).slot::<SLOTS>();
        loop {
            match self.slots[slot] {
                0 => return None,
                place if is(usize::from(place) - 1) => return Some(usize::from(place) - 1),
                _ => slot = (slot + 1) & (SLOTS - 1),
            }
        }
    }
}

/// The same for exact names, with what tells them apart beside the index: most names are found without comparing
/// them byte by byte.
#[derive(Debug)]
pub(crate) struct Exact<const SLOTS: usize, const NAMES: usize> {
    index: Index<SLOTS>,
    names: [&'static str; NAMES],
    edges: [Edges; NAMES],
}

impl<const SLOTS: usize, const NAMES: usize> Exact<SLOTS, NAMES> {
    /// Indexes a list. `SLOTS` is a power of two and more than the list is long.
    pub(crate) const fn new(names: [&'static str; NAMES]) -> Self {
        let mut edges = [Edges { first: 0, last: 0, length: 0 }; NAMES];
        let mut at = 0;
        while at < NAMES {
            edges[at] = Edges::of(names[at].as_bytes());
            at += 1;
        }
        Self { index: Index::new(&names), names, edges }
    }

    /// The place of a name in the list.
    #[inline]
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        let edges = Edges::of(name.as_bytes());
        let mut slot = edges.slot::<SLOTS>();
        loop {
            let at = usize::from(self.index.slots[slot]).checked_sub(1)?;
            if self.edges[at] == edges && (edges.length <= 16 || self.names[at] == name) {
                return Some(at);
            }
            slot = (slot + 1) & (SLOTS - 1);
        }
    }

    /// The place in the list of a name that differs from this one in case at most.
    pub(crate) fn find_in_any_case(&self, name: &str) -> Option<usize> {
        self.index.find(name, |at| self.names[at].eq_ignore_ascii_case(name))
    }
}

/// The length of a name, and its first and last eight bytes (or four, or what there is): all of it, if it is not
/// longer than sixteen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edges {
    first: u64,
    last: u64,
    length: usize,
}

impl Edges {
    #[inline]
    const fn of(name: &[u8]) -> Self {
        let (first, last) = match (name.first_chunk::<8>(), name.last_chunk::<8>()) {
            (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
            _ => match (name.first_chunk::<4>(), name.last_chunk::<4>()) {
                (Some(first), Some(last)) => (u32::from_le_bytes(*first) as u64, u32::from_le_bytes(*last) as u64),
                _ => match name {
                    [a, b, c] => (*a as u64 | (*b as u64) << 8, *c as u64),
                    [a, b] => (*a as u64, *b as u64),
                    [a] => (*a as u64, 0),
                    _ => (0, 0),
                },
            },
        };
        Self { first, last, length: name.len() }
    }

    /// Mixes all three; spelling of letters does not matter.
    #[inline]
    const fn slot<const SLOTS: usize>(&self) -> usize {
        const LOWER: u64 = 0x2020_2020_2020_2020;
        let mixed = (self.first | LOWER).wrapping_mul(0x9E37_79B9_7F4A_7C15)
            ^ (self.last | LOWER).wrapping_mul(0xC2B2_AE3D_27D4_EB4F).rotate_left(23)
            ^ (self.length as u64).wrapping_mul(0x1656_67B1_9E37_79F9);
        (mixed >> 40) as usize & (SLOTS - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = ["a", "Bc", "Login-Request", "a name of many bytes", "xyzw"];
    static INDEX: Index<8> = Index::new(&NAMES);
    static EXACT: Exact<8, 5> = Exact::new(NAMES);

    #[test]
    fn every_name_is_found_and_nothing_else() {
        for (at, name) in NAMES.iter().enumerate() {
            assert_eq!(INDEX.find(name, |i| NAMES[i] == *name), Some(at));
            assert_eq!(EXACT.find(name), Some(at));
            let loud = name.to_uppercase();
            assert_eq!(INDEX.find(&loud, |i| NAMES[i].eq_ignore_ascii_case(&loud)), Some(at));
        }
        for name in ["", "b", "A", "Login-Requests", "LOGIN-REQUEST", "XYZW", "xyz", "bC"] {
            assert_eq!(EXACT.find(name), None, "{name}");
            assert_eq!(INDEX.find(name, |i| NAMES[i] == name), None, "{name}");
        }
    }
}
