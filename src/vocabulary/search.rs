//! Search for users and groups, and verification of addresses (docs/wire-notes.md, "Search").

use super::party::{IdList, User};
use super::record::{range, record};
use super::status::Outcome;
use super::{DecodeError, Element, Event, List, Sink, Slot, Source, Text, Value};

record! {
    /// Whether addresses, contact lists, groups, screen names and domains exist (1.2 and later).
    pub struct VerifyIdRequest {
        /// What to look at.
        ids: IdList = IdList,
    }

    /// Begins a search, or fetches more of one. All its criteria are of users or all of groups.
    pub struct SearchRequest {
        /// The criteria; without `criteria` all have to hold.
        pairs: Pairs = SearchPairList,
        /// How the criteria are connected: `AND`, `OR`, `NOT` and brackets over `PairID`s, as in
        /// `(1 AND 2) OR 3` (1.3).
        criteria: Option<Text> = AdvancedCriteria,
        /// Results per answer, at most.
        limit: Option<u32> = SearchLimit,
        /// The search to go on with.
        id: Option<SearchId> = SearchId,
        /// The first result wanted, counted from 1.
        index: Option<u32> = SearchIndex,
    }

    /// A criterion.
    pub struct SearchPair {
        /// What to compare: `USER_ID`, `USER_FIRST_NAME`, `USER_LAST_NAME`, `USER_EMAIL_ADDRESS`, `USER_ALIAS`,
        /// `USER_ONLINE_STATUS`, `USER_MOBILE_NUMBER`, `GROUP_ID`, `GROUP_NAME`, `GROUP_TOPIC`,
        /// `GROUP_USER_ID_JOINED`, `GROUP_USER_ID_OWNER`; `GROUP_USER_ID_AUTOJOIN` (1.2 and later);
        /// `USER_FRIENDLY_NAME`, `USER_AGE_MIN`, `USER_AGE_MAX`, `USER_CITY`, `USER_COUNTRY`, `USER_GENDER`,
        /// `USER_INTENTION`, `USER_INTERESTS_HOBBIES`, `USER_MARITAL_STATUS` (1.3).
        element: Text = SearchElement,
        /// What to find in it.
        string: Option<Text> = SearchString,
        /// The number `criteria` names it by (1.3).
        id: Option<u32> = PairId,
    }

    /// Some results of a search.
    pub struct SearchResponse {
        /// The outcome (SSP only; on CSP a failure is a `Status`).
        outcome: Option<Outcome> = Result @ SSP_ONLY,
        /// The search, if there is more to fetch.
        id: Option<SearchId> = SearchId,
        /// How many were found so far.
        findings: Option<u32> = SearchFindings,
        /// Nothing is left.
        complete: Option<bool> = CompletionFlag,
        /// The last result delivered, counted from 1.
        index: Option<u32> = SearchIndex,
        /// The results.
        result: Option<SearchResult> = SearchResult,
    }

    /// What was found: users or groups.
    pub struct SearchResult {
        /// Users.
        users: List<User> = UserList | UserId @ READ_ONLY,
        /// Groups.
        groups: List<Text> = GroupList | GroupId,
    }

    /// Ends a search before its last result.
    pub struct StopSearchRequest {
        /// Which.
        id: SearchId = SearchId,
    }
}

/// A search's name. It is a number on the wire, but other text occurs and is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SearchId(pub Text);

/// Criteria: one to each `SearchPairList` up to 1.2, each in a `SearchPair` in 1.3. Every mixture is read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pairs(pub Vec<SearchPair>);

// === impl SearchId ===

impl From<u32> for SearchId {
    fn from(number: u32) -> Self {
        Self(number.to_string().into())
    }
}

impl Value for SearchId {
    fn decode<'a>(of: Element, from: &mut impl Source<'a>) -> Result<Self, DecodeError> {
        let mut text = String::new();
        loop {
            match from.next()? {
                Event::Text(part) => text.push_str(&part),
                Event::Opaque(bytes) if bytes.len() <= 4 => {
                    let number = bytes.iter().fold(0, |n, b| n << 8 | u32::from(*b));
                    text.push_str(&number.to_string());
                }
                Event::Opaque(_) | Event::Start(_) => return Err(DecodeError::Value(of)),
                Event::End => return Ok(Self(text.trim().into())),
                Event::Eof => return Err(DecodeError::Eof),
            }
        }
    }
    fn encode(&self, to: &mut impl Sink) {
        match self.0.parse::<u32>() {
            Ok(number) if Self::from(number) == *self => to.integer(number),
            _ => to.text(&self.0),
        }
    }
}

// === impl Pairs ===

impl Slot for Pairs {
    type Partial = ();
    fn fill<'a>(&mut self, _: &mut (), _: Element, from: &mut impl Source<'a>) -> Result<(), DecodeError> {
        let mut bare: Option<SearchPair> = None;
        while let Some(child) = from.child()? {
            match child {
                Some(e @ Element::SearchPair) => self.0.push(Value::decode(e, from)?),
                Some(e @ Element::SearchElement) => {
                    // The next of several bare ones.
                    self.0.extend(bare.take_if(|pair| !pair.element.is_empty()));
                    bare.get_or_insert_default().element = Value::decode(e, from)?;
                }
                Some(e @ Element::SearchString) => {
                    bare.get_or_insert_default().string = Some(Value::decode(e, from)?);
                }
                Some(e @ Element::PairId) => bare.get_or_insert_default().id = Some(Value::decode(e, from)?),
                _ => from.skip()?,
            }
        }
        match bare {
            Some(pair) if pair.element.is_empty() => Err(DecodeError::Missing(Element::SearchElement)),
            bare => {
                self.0.extend(bare);
                Ok(())
            }
        }
    }
    fn is_absent(&self) -> bool {
        self.0.is_empty()
    }
    fn put(&self, of: Element, to: &mut impl Sink) {
        if to.takes(Element::SearchPair, range!()) {
            to.start(of);
            self.0.put(Element::SearchPair, to);
            to.end(of);
        } else {
            self.0.put(of, to);
        }
    }
}
