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
    /// Takes one more.
    pub(super) fn push(&mut self, scanned: Scanned<'a>) {
        match self {
            Self::Many(all) if all.is_empty() => *self = Self::One([scanned]),
            Self::Many(all) => all.push(scanned),
            Self::One(_) => {
                if let Self::One([first]) = std::mem::take(self) {
                    *self = Self::Many(vec![first, scanned]);
                }
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
