//! Block and grant lists (docs/wire-notes.md, "Block and grant lists").

use super::party::EntityList;
use super::record::{once, record, truth};
use super::status::Outcome;
use super::version::UNTIL_12;
use super::{DecodeError, Element, Sink, Slot, Source, Text, Value};

record! {
    /// Asks for both lists.
    pub struct GetBlockedListRequest {}

    /// Both lists.
    pub struct GetBlockedListResponse {
        /// The outcome (SSP only; on CSP a failure is a `Status`).
        outcome: Option<Outcome> = Result @ SSP_ONLY,
        /// Who is kept out.
        block: Option<AccessList> = BlockList | BlockListInUse,
        /// Who alone is let in.
        grant: Option<AccessList> = GrantList | GrantListInUse,
    }

    /// Changes the lists.
    pub struct BlockEntityRequest {
        /// Who is kept out; absent = unchanged.
        block: Option<AccessList> = BlockList | BlockListInUse,
        /// Who alone is let in; absent = unchanged.
        grant: Option<AccessList> = GrantList | GrantListInUse,
    }
}

/// A block or grant list, or what is to become of it. Whether it is in use stands inside it up to 1.2 (`InUse`),
/// beside it in 1.3 (`BlockListInUse`, `GrantListInUse`); both places are read in every version.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccessList {
    /// Whether the list has any effect; in a request, absent (or an empty element) = as before.
    pub in_use: Option<bool>,
    /// Who is on it; in a request, who replaces those on it now.
    pub entities: Option<EntityList>,
    /// Who is added.
    pub add: Option<EntityList>,
    /// Who is taken off.
    pub remove: Option<EntityList>,
}

// === impl AccessList ===

impl AccessList {
    fn decode<'a>(from: &mut impl Source<'a>) -> Result<Self, DecodeError> {
        let mut list = Self::default();
        while let Some(child) = from.child()? {
            match child {
                Some(e @ Element::InUse) => list.in_use = flag(e, from)?,
                Some(e @ Element::EntityList) => once(&mut list.entities, e, from)?,
                Some(e @ Element::AddList) => once(&mut list.add, e, from)?,
                Some(e @ Element::RemoveList) => once(&mut list.remove, e, from)?,
                _ => from.skip()?,
            }
        }
        Ok(list)
    }

    /// Whether it says nothing of entities.
    const fn names_nobody(&self) -> bool {
        self.entities.is_none() && self.add.is_none() && self.remove.is_none()
    }
}

impl Slot for Option<AccessList> {
    /// What stood beside it.
    type Partial = Option<bool>;

    fn fill<'a>(
        &mut self,
        beside: &mut Option<bool>,
        of: Element,
        from: &mut impl Source<'a>,
    ) -> Result<(), DecodeError> {
        if matches!(of, Element::BlockListInUse | Element::GrantListInUse) {
            *beside = flag(of, from)?;
            return Ok(());
        }
        match self.replace(AccessList::decode(from)?) {
            None => Ok(()),
            Some(_) => Err(DecodeError::Twice(of)),
        }
    }

    fn done(&mut self, beside: Option<bool>, _: Element) -> Result<(), DecodeError> {
        if beside.is_some() {
            self.get_or_insert_default().in_use = beside;
        }
        Ok(())
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }

    fn put(&self, of: Element, to: &mut impl Sink) {
        let Some(list) = self else { return };
        let inside = to.takes(Element::InUse, UNTIL_12);
        if inside || !list.names_nobody() || list.in_use.is_none() {
            to.start(of);
            if inside {
                list.in_use.put(Element::InUse, to);
            }
            list.entities.put(Element::EntityList, to);
            list.add.put(Element::AddList, to);
            list.remove.put(Element::RemoveList, to);
            to.end(of);
        }
        if !inside {
            list.in_use.put(beside(of), to);
        }
    }
}

/// Where 1.3 says whether a list is in use.
const fn beside(list: Element) -> Element {
    match list {
        Element::GrantList => Element::GrantListInUse,
        _ => Element::BlockListInUse,
    }
}

/// A flag that may be empty, which says nothing.
fn flag<'a>(of: Element, from: &mut impl Source<'a>) -> Result<Option<bool>, DecodeError> {
    match Text::decode(of, from)?.as_str() {
        "" => Ok(None),
        text => truth(text).map(Some).ok_or(DecodeError::Value(of)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::sample::{Dice, Sample};

    impl Sample for AccessList {
        fn sample(dice: &mut Dice) -> Self {
            Self {
                in_use: Sample::sample(dice),
                entities: Sample::sample(dice),
                add: Sample::sample(dice),
                remove: Sample::sample(dice),
            }
        }
    }
}
