//! The transactions of one message: mostly one, which then needs no allocation.

use std::ops::Deref;

use super::Scanned;

/// Scanned transactions, in their order.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly every message holds one transaction")]
pub enum Transactions<'a> {
    /// One.
    One([Scanned<'a>; 1]),
    /// None, or several.
    Many(Vec<Scanned<'a>>),
}

impl<'a> Transactions<'a> {
    /// Takes one more, and gives back its place.
    pub(super) fn push(&mut self, scanned: Scanned<'a>) -> &mut Scanned<'a> {
        let several = !self.is_empty();
        *self = match (std::mem::take(self), scanned) {
            (Self::Many(mut all), scanned) if several => {
                all.push(scanned);
                Self::Many(all)
            }
            (Self::One([first]), scanned) => Self::Many(vec![first, scanned]),
            (_, scanned) => Self::One([scanned]),
        };
        match self {
            Self::One([one]) => one,
            Self::Many(all) => {
                let last = all.len() - 1;
                &mut all[last]
            }
        }
    }
}

impl Default for Transactions<'_> {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl<'a> Deref for Transactions<'a> {
    type Target = [Scanned<'a>];

    fn deref(&self) -> &[Scanned<'a>] {
        match self {
            Self::One(one) => one,
            Self::Many(all) => all,
        }
    }
}

impl<'a> From<Transactions<'a>> for Vec<Scanned<'a>> {
    fn from(transactions: Transactions<'a>) -> Self {
        match transactions {
            Transactions::One(one) => one.into(),
            Transactions::Many(all) => all,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::Mode;

    #[test]
    fn transactions_keep_their_order() {
        let scanned = |name: &'static str| Scanned {
            mode: Mode::Request,
            id: name.into(),
            element: None,
            name,
            meta: None,
            fragment: &[],
            splices: true,
        };
        let mut transactions = Transactions::default();
        for (at, name) in ["a", "b", "c"].into_iter().enumerate() {
            assert_eq!(transactions.len(), at);
            assert_eq!(transactions.push(scanned(name)).name, name);
            assert_eq!(matches!(transactions, Transactions::One(_)), at == 0);
        }
        let names: Vec<_> = Vec::from(transactions).iter().map(|one| one.name).collect();
        assert_eq!(names, ["a", "b", "c"]);
    }
}
