//! Arbitrary values for tests: every record can be made up, since `record!` knows its fields.

use std::ops::RangeInclusive;

use bytes::Bytes;

use super::Version;
use super::capability::{AcceptedContentType, HttpAddress};
use super::contact_list::NickName;
use super::extended::{ExtendedRequest, ExtendedResponse};
use super::party::{ClientId, Sender, User};
use super::presence::Watcher;
use super::record::{Empty, range};
use super::search::{Pairs, SearchId, SearchPair};
use super::service::{Functions, Node};
use super::status::Code;
use super::{Content, Element, List, Secret, Text};

/// Texts with all that could go wrong on the way.
const TEXTS: [&str; 18] = [
    "T",
    "F",
    "Inband",
    "text/plain",
    "image/",
    "wv:ann@north.example",
    "200",
    "a & b < c > d \"e\" 'f'",
    "]]>",
    "&amp;",
    "two\r\nlines\n\tand a tab",
    "\u{017C}\u{00F3}\u{0142}\u{0107} \u{20AC} \u{1F600}",
    "SSMS",
    "AP",
    "None",
    "GROUP_ID",
    "a text longer than the twenty-four bytes that stay inline",
    "-",
];

/// Where samples come from.
pub(crate) struct Dice {
    state: u64,
    /// The version samples are for: fields it doesn't have stay empty.
    pub(crate) version: Version,
    /// Only texts that are single words.
    pub(crate) words: bool,
    /// Samples are for SSP: all fields may be set.
    pub(crate) ssp: bool,
    /// Content is characters, never bytes.
    pub(crate) characters: bool,
    /// Whatever may be set, is.
    pub(crate) full: bool,
}

impl Dice {
    pub(crate) fn new(seed: u64, version: Version) -> Self {
        let state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        Self { state, version, words: false, ssp: false, characters: false, full: false }
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 16).unwrap() % end
    }

    /// Whether a field with this form may be set.
    pub(crate) fn takes(&self, element: Element, range: RangeInclusive<Version>) -> bool {
        self.ssp || range.contains(&self.version) && element.versions().contains(&self.version)
    }

    fn text(&mut self) -> &'static str {
        loop {
            let text = TEXTS[self.below(TEXTS.len())];
            if !self.words || !text.contains(char::is_whitespace) {
                return text;
            }
        }
    }
}

/// Something that can be made up.
pub(crate) trait Sample: Sized {
    fn sample(dice: &mut Dice) -> Self;
}

impl<T: Sample> Sample for Option<T> {
    fn sample(dice: &mut Dice) -> Self {
        let set = dice.below(3) > 0;
        (dice.full || set).then(|| T::sample(dice))
    }
}

impl<T: Sample> Sample for Box<T> {
    fn sample(dice: &mut Dice) -> Self {
        Self::new(T::sample(dice))
    }
}

impl<T: Sample> Sample for Vec<T> {
    fn sample(dice: &mut Dice) -> Self {
        let count = dice.below(4).max(usize::from(dice.full));
        (0..count).map(|_| T::sample(dice)).collect()
    }
}

/// Of users only the addresses, for more has no place in every form.
impl Sample for List<User> {
    fn sample(dice: &mut Dice) -> Self {
        let ids: Vec<Text> = Sample::sample(dice);
        ids.into_iter().map(|id| User { id, ..User::default() }).collect::<Vec<_>>().into()
    }
}

impl Sample for Text {
    fn sample(dice: &mut Dice) -> Self {
        dice.text().into()
    }
}

impl Sample for Secret {
    fn sample(dice: &mut Dice) -> Self {
        dice.text().into()
    }
}

impl Sample for bool {
    fn sample(dice: &mut Dice) -> Self {
        dice.below(2) == 0
    }
}

impl Sample for u32 {
    fn sample(dice: &mut Dice) -> Self {
        [0, 1, 127, 128, 255, 256, 0xFFFF, 0x1_0000, 0xFF_FFFF, Self::MAX][dice.below(10)]
    }
}

impl Sample for Code {
    fn sample(dice: &mut Dice) -> Self {
        [Self::SUCCESS, Self::UNKNOWN_USER, Self(999), Self(100)][dice.below(4)]
    }
}

impl Sample for Empty {
    fn sample(_: &mut Dice) -> Self {
        Self
    }
}

impl Sample for Content {
    fn sample(dice: &mut Dice) -> Self {
        match dice.below(3) {
            0 if !dice.characters => Self::Binary(Bytes::from_static(b"\0\x01\xFFGIF89a")),
            1 => Self::Text(dice.text().into()),
            _ if dice.words => Self::Text(String::new()),
            _ => Self::Text("  as it is,\n spaces and all ".into()),
        }
    }
}

impl Sample for ClientId {
    fn sample(dice: &mut Dice) -> Self {
        match dice.below(3) {
            0 => Self { url: Some(dice.text().into()), msisdn: None },
            1 => Self { url: None, msisdn: Some(dice.text().into()) },
            _ => Self { url: Some(dice.text().into()), msisdn: Some(dice.text().into()) },
        }
    }
}

impl Sample for AcceptedContentType {
    fn sample(dice: &mut Dice) -> Self {
        let mime = dice.text().into();
        if !dice.takes(Element::ContentPolicy, range!()) {
            return Self { mime, ..Self::default() };
        }
        Self { mime, length: Sample::sample(dice), policy: Sample::sample(dice), policy_limit: Sample::sample(dice) }
    }
}

impl Sample for HttpAddress {
    fn sample(dice: &mut Dice) -> Self {
        Self { url: dice.text().into() }
    }
}

impl Sample for Sender {
    fn sample(dice: &mut Dice) -> Self {
        Self { user: Sample::sample(dice), group: Sample::sample(dice) }
    }
}

impl Sample for NickName {
    fn sample(dice: &mut Dice) -> Self {
        Self { name: Sample::sample(dice), user: Sample::sample(dice) }
    }
}

/// Of users only what has a place in every form of a watcher.
impl Sample for Watcher {
    fn sample(dice: &mut Dice) -> Self {
        let has_status = dice.takes(Element::WatcherStatus, range!());
        let user = User { id: Sample::sample(dice), ..User::default() };
        Self { user, status: if has_status { Sample::sample(dice) } else { None } }
    }
}

impl Sample for SearchId {
    fn sample(dice: &mut Dice) -> Self {
        [Self::from(u32::sample(dice)), Self("0x23829381".into()), Self("007".into())][dice.below(3)].clone()
    }
}

/// Older versions have no place for a pair that says nothing.
impl Sample for Pairs {
    fn sample(dice: &mut Dice) -> Self {
        let mut pairs: Vec<SearchPair> = Sample::sample(dice);
        pairs.retain(|pair| *pair != SearchPair::default());
        Self(pairs)
    }
}

impl Sample for ExtendedRequest {
    fn sample(dice: &mut Dice) -> Self {
        Self { data: Sample::sample(dice) }
    }
}

impl Sample for ExtendedResponse {
    fn sample(dice: &mut Dice) -> Self {
        Self { data: Sample::sample(dice) }
    }
}

impl Sample for Functions {
    fn sample(dice: &mut Dice) -> Self {
        let leaf = |element| Node { element, children: Vec::new() };
        let send = Node { element: Element::ImSendFunc, children: vec![leaf(Element::Mdeliv), leaf(Element::Fwmsg)] };
        let features = [
            Node { element: Element::ImFeat, children: vec![send, leaf(Element::ImReceiveFunc)] },
            leaf(Element::GroupFeat),
            leaf(Element::PresenceFeat),
        ];
        let count = dice.below(5);
        Self { features: (count < 4).then(|| features[..count].to_vec()) }
    }
}
