//! Values, slots and the `record!` macro: a primitive is declared once, decoding and encoding follow.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use bytes::Bytes;
use compact_str::CompactString;

use super::{DecodeError, Element, Event, Sink, Source, Version};

/// Short text: ids and names of up to 24 bytes stay inline.
pub type Text = CompactString;

/// Something that stands inside one element.
pub trait Value: Sized {
    /// Reads the value up to the end of its element, whose start was just read.
    fn decode<'a>(of: Element, from: &mut impl Source<'a>) -> Result<Self, DecodeError>;
    /// Reads it into its place: what is large need not be moved there.
    fn read<'a>(&mut self, of: Element, from: &mut impl Source<'a>) -> Result<(), DecodeError> {
        *self = Self::decode(of, from)?;
        Ok(())
    }
    /// Reads it into a place that is still empty.
    fn read_new<'a>(place: &mut Option<Self>, of: Element, from: &mut impl Source<'a>) -> Result<(), DecodeError> {
        *place = Some(Self::decode(of, from)?);
        Ok(())
    }
    /// Writes the value between the start and end of its element.
    fn encode(&self, to: &mut impl Sink);
}

/// How often a value may stand in a record: `T` once, `Option<T>` at most once, `Vec<T>` any number.
pub trait Slot: Sized {
    /// What has to be known beside the slot while it is read.
    type Partial: Default;
    /// Takes one more occurrence.
    fn fill<'a>(
        &mut self,
        partial: &mut Self::Partial,
        of: Element,
        from: &mut impl Source<'a>,
    ) -> Result<(), DecodeError>;
    /// Finishes the slot once all was read.
    fn done(&mut self, _: Self::Partial, _: Element) -> Result<(), DecodeError> {
        Ok(())
    }
    /// Whether there is nothing to write.
    fn is_absent(&self) -> bool;
    /// Writes every occurrence.
    fn put(&self, of: Element, to: &mut impl Sink);
}

/// The content of a message, as its syntax carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Characters; they are base64 if the `ContentEncoding` beside them says so.
    Text(String),
    /// The bytes themselves: WBXML opaque data, or SSP content marked as base64.
    Binary(Bytes),
}

/// An element of which only the presence counts, or whose children are not modelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Empty;

fn element(of: Element, value: &impl Value, to: &mut impl Sink) {
    to.start(of);
    value.encode(to);
    to.end(of);
}

/// Reads a field that may stand once, for values that are not declared as records.
pub(super) fn once<'a, T: Value>(
    field: &mut Option<T>,
    of: Element,
    from: &mut impl Source<'a>,
) -> Result<(), DecodeError> {
    field.fill(&mut (), of, from)
}

/// Writes a field that some versions have, for values that are not declared as records.
pub(super) fn put(field: &impl Slot, of: Element, range: RangeInclusive<Version>, to: &mut impl Sink) {
    if !field.is_absent() {
        match to.takes(of, range) {
            true => field.put(of, to),
            false => to.omit(of),
        }
    }
}

/// A text without white space around it.
#[inline]
pub(crate) fn trimmed(text: &str) -> &str {
    match (text.as_bytes().first(), text.as_bytes().last()) {
        // Most texts have nothing to trim, and trimming looks at characters.
        (Some(b'!'..=b'~'), Some(b'!'..=b'~')) => text,
        _ => text.trim(),
    }
}

/// A boolean in any spelling met.
pub(super) fn truth(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|w| text.eq_ignore_ascii_case(w));
    match (is(&["T", "true", "yes"]), is(&["F", "false", "no"])) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

impl Default for Content {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl<T: Value> Slot for T {
    /// Whether it was there.
    type Partial = bool;
    fn fill<'a>(&mut self, there: &mut bool, of: Element, from: &mut impl Source<'a>) -> Result<(), DecodeError> {
        if std::mem::replace(there, true) {
            return Err(DecodeError::Twice(of));
        }
        self.read(of, from)
    }
    fn done(&mut self, there: bool, of: Element) -> Result<(), DecodeError> {
        if there { Ok(()) } else { Err(DecodeError::Missing(of)) }
    }
    fn is_absent(&self) -> bool {
        false
    }
    fn put(&self, of: Element, to: &mut impl Sink) {
        element(of, self, to);
    }
}

impl<T: Value> Slot for Option<T> {
    type Partial = ();
    fn fill<'a>(&mut self, _: &mut (), of: Element, from: &mut impl Source<'a>) -> Result<(), DecodeError> {
        if self.is_some() {
            return Err(DecodeError::Twice(of));
        }
        T::read_new(self, of, from)
    }
    fn is_absent(&self) -> bool {
        self.is_none()
    }
    fn put(&self, of: Element, to: &mut impl Sink) {
        if let Some(value) = self {
            element(of, value, to);
        }
    }
}

impl<T: Value> Slot for Vec<T> {
    type Partial = ();
    fn fill<'a>(&mut self, _: &mut (), of: Element, from: &mut impl Source<'a>) -> Result<(), DecodeError> {
        self.push(T::decode(of, from)?);
        Ok(())
    }
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
    fn put(&self, of: Element, to: &mut impl Sink) {
        for value in self {
            element(of, value, to);
        }
    }
}

/// For what is large and rare, so that what holds it need not be as large.
impl<T: Value> Value for Box<T> {
    fn decode<'a>(of: Element, from: &mut impl Source<'a>) -> Result<Self, DecodeError> {
        T::decode(of, from).map(Self::new)
    }
    fn encode(&self, to: &mut impl Sink) {
        T::encode(self, to);
    }
}

impl Value for Text {
    fn decode<'a>(of: Element, from: &mut impl Source<'a>) -> Result<Self, DecodeError> {
        from.text(of).map(|text| trimmed(&text).into())
    }
    fn encode(&self, to: &mut impl Sink) {
        to.text(self);
    }
}

impl Value for bool {
    fn decode<'a>(of: Element, from: &mut impl Source<'a>) -> Result<Self, DecodeError> {
        truth(from.text(of)?.trim()).ok_or(DecodeError::Value(of))
    }
    fn encode(&self, to: &mut impl Sink) {
        to.text(if *self { "T" } else { "F" });
    }
}

impl Value for u32 {
    fn decode<'a>(of: Element, from: &mut impl Source<'a>) -> Result<Self, DecodeError> {
        let mut text = Cow::Borrowed("");
        let mut number = None;
        loop {
            match from.next()? {
                Event::Text(part) if text.is_empty() => text = part,
                Event::Text(part) => text.to_mut().push_str(&part),
                Event::Opaque(bytes) if bytes.len() <= 4 => {
                    number = Some(bytes.iter().fold(0, |n, b| n << 8 | Self::from(*b)));
                }
                Event::Opaque(_) | Event::Start(_) => return Err(DecodeError::Value(of)),
                Event::End => break,
                Event::Eof => return Err(DecodeError::Eof),
            }
        }
        match number {
            Some(number) => Ok(number),
            None => text.trim().parse().map_err(|_| DecodeError::Value(of)),
        }
    }
    fn encode(&self, to: &mut impl Sink) {
        to.integer(*self);
    }
}

impl Value for Content {
    fn decode<'a>(_: Element, from: &mut impl Source<'a>) -> Result<Self, DecodeError> {
        let mut text: Option<String> = None;
        let mut bytes: Option<Vec<u8>> = None;
        loop {
            match (from.next()?, &mut text, &mut bytes) {
                (Event::Text(part), None, None) => text = Some(part.into_owned()),
                (Event::Text(part), Some(text), None) => text.push_str(&part),
                (Event::Text(part), text, Some(bytes)) => {
                    text.get_or_insert_default();
                    bytes.extend_from_slice(part.as_bytes());
                }
                (Event::Opaque(part), text, bytes) => {
                    let before = || text.as_mut().map(std::mem::take).unwrap_or_default().into_bytes();
                    bytes.get_or_insert_with(before).extend_from_slice(&part);
                }
                (Event::Start(_), ..) => from.skip()?,
                (Event::End, ..) => break,
                (Event::Eof, ..) => return Err(DecodeError::Eof),
            }
        }
        Ok(match (text, bytes) {
            (text, None) => Self::Text(text.unwrap_or_default()),
            (None, Some(bytes)) => Self::Binary(bytes.into()),
            // Bytes beside characters are characters (a gateway's CDATA), unless they are none.
            (Some(_), Some(bytes)) => {
                String::from_utf8(bytes).map_or_else(|fault| Self::Binary(fault.into_bytes().into()), Self::Text)
            }
        })
    }
    fn encode(&self, to: &mut impl Sink) {
        match self {
            Self::Text(text) => to.text(text),
            Self::Binary(bytes) => to.opaque(bytes),
        }
    }
}

impl Value for Empty {
    fn decode<'a>(_: Element, from: &mut impl Source<'a>) -> Result<Self, DecodeError> {
        from.skip()?;
        Ok(Self)
    }
    fn encode(&self, _: &mut impl Sink) {}
}

/// Declares records. `field: Type = Element` in the order to emit. A field is read in every version, and written
/// in the versions whose table holds its element; `@ range` narrows that further (the constants of [`version`](crate::vocabulary::version), `SSP_ONLY` = never on CSP).
/// `= Element @ range | Other @ range` gives a field several forms, the newest first: all are read, the first that
/// the sink takes is written. What no form of the sink can carry is told to [`Sink::omit`].
///
/// [`Sink::omit`]: crate::vocabulary::Sink::omit
macro_rules! record {
    ($(
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $( $(#[$field_meta:meta])* $field:ident : $ty:ty = $( $tag:ident $( @ $range:ident )? )|+ ),* $(,)?
        }
    )*) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        $vis struct $name { $( $(#[$field_meta])* pub $field: $ty ),* }

        #[cfg(test)]
        impl $crate::vocabulary::sample::Sample for $name {
            #[allow(unused_variables)]
            fn sample(dice: &mut $crate::vocabulary::sample::Dice) -> Self {
                Self { $(
                    $field: if $(
                        dice.takes($crate::vocabulary::Element::$tag, $crate::vocabulary::record::range!($($range)?))
                    )||+ {
                        $crate::vocabulary::sample::Sample::sample(dice)
                    } else {
                        Default::default()
                    }
                ),* }
            }
        }

        impl $crate::vocabulary::Value for $name {
            fn decode<'a>(
                of: $crate::vocabulary::Element,
                from: &mut impl $crate::vocabulary::Source<'a>,
            ) -> Result<Self, $crate::vocabulary::DecodeError> {
                let mut record = Self::default();
                record.read(of, from)?;
                Ok(record)
            }

            fn read_new<'a>(
                place: &mut Option<Self>,
                of: $crate::vocabulary::Element,
                from: &mut impl $crate::vocabulary::Source<'a>,
            ) -> Result<(), $crate::vocabulary::DecodeError> {
                place.insert(Self::default()).read(of, from)
            }

            #[allow(unused_variables, unused_mut, unused_parens, unused_imports, clippy::let_unit_value)]
            fn read<'a>(
                &mut self,
                of: $crate::vocabulary::Element,
                from: &mut impl $crate::vocabulary::Source<'a>,
            ) -> Result<(), $crate::vocabulary::DecodeError> {
                use $crate::vocabulary::Slot;
                $( let mut $field = <$ty as Slot>::Partial::default(); )*
                while let Some(child) = from.child()? {
                    match child {
                        $( Some(e @ ( $( $crate::vocabulary::Element::$tag )|+ )) => {
                            self.$field.fill(&mut $field, e, from)?;
                        } )*
                        // Another version's or a vendor's element: step over it.
                        _ => from.skip()?,
                    }
                }
                $( self.$field.done($field, $crate::vocabulary::record::first!($( $tag )+))?; )*
                Ok(())
            }

            #[allow(unused_variables)]
            fn encode(&self, to: &mut impl $crate::vocabulary::Sink) {
                $(
                    if !$crate::vocabulary::Slot::is_absent(&self.$field) {
                        let tag = 'tag: {
                            $(
                                let tag = $crate::vocabulary::Element::$tag;
                                if to.takes(tag, $crate::vocabulary::record::range!($($range)?)) {
                                    break 'tag Some(tag);
                                }
                            )+
                            None
                        };
                        match tag {
                            Some(tag) => $crate::vocabulary::Slot::put(&self.$field, tag, to),
                            None => to.omit($crate::vocabulary::record::first!($( $tag )+)),
                        }
                    }
                )*
            }
        }
    )* };
}

/// The versions a form of a field is written in.
macro_rules! range {
    () => {
        $crate::vocabulary::Version::V11..=$crate::vocabulary::Version::V13
    };
    ($range:ident) => {
        $crate::vocabulary::version::$range
    };
}

/// The element of a field's first form.
macro_rules! first {
    ($first:ident $($rest:ident)*) => {
        $crate::vocabulary::Element::$first
    };
}

pub(crate) use {first, range, record};
