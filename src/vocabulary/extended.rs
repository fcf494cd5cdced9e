//! Vendors' own primitives (1.2 and later; docs/wire-notes.md, "Extended primitives").

use super::{DecodeError, Element, Event, Sink, Slot, Source, Text, Value};

/// Something of a vendor (1.2 and later).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtendedRequest {
    /// What, in the vendor's own words.
    pub data: Vec<Text>,
}

/// The answer to something of a vendor (1.2 and later).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtendedResponse {
    /// What, in the vendor's own words.
    pub data: Vec<Text>,
}

impl Value for ExtendedRequest {
    fn decode<'a>(_: Element, from: &mut impl Source<'a>) -> Result<Self, DecodeError> {
        data(from).map(|data| Self { data })
    }
    fn encode(&self, to: &mut impl Sink) {
        self.data.put(Element::ExtendedData, to);
    }
}

impl Value for ExtendedResponse {
    fn decode<'a>(_: Element, from: &mut impl Source<'a>) -> Result<Self, DecodeError> {
        data(from).map(|data| Self { data })
    }
    fn encode(&self, to: &mut impl Sink) {
        self.data.put(Element::ExtendedData, to);
    }
}

/// `ExtendedData` elements, or characters without one.
fn data<'a>(from: &mut impl Source<'a>) -> Result<Vec<Text>, DecodeError> {
    let mut data = Vec::new();
    let mut bare = String::new();
    loop {
        match from.next()? {
            Event::Start(Some(e @ Element::ExtendedData)) => data.push(Text::decode(e, from)?),
            Event::Start(_) => from.skip()?,
            Event::Text(text) => bare.push_str(&text),
            Event::Opaque(_) => {}
            Event::End => break,
            Event::Eof => return Err(DecodeError::Eof),
        }
    }
    let bare = bare.trim();
    data.extend((!bare.is_empty()).then(|| bare.into()));
    Ok(data)
}
