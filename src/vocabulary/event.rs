//! The event stream: what every syntax reads and writes.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use super::{Element, Version};

/// What a syntax yields while it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// An element begins; `None` if the table doesn't know it.
    Start(Option<Element>),
    /// Characters. Several may follow each other; they belong together.
    Text(Cow<'a, str>),
    /// Bytes that are not characters: an integer, a date or content, as the element says.
    Opaque(Cow<'a, [u8]>),
    /// The innermost open element ends.
    End,
    /// The document ends.
    Eof,
}

/// Why a document is no record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A mandatory element is absent.
    #[error("{} is missing", .0.xml())]
    Missing(Element),
    /// An element that may stand once stands twice.
    #[error("{} occurs twice", .0.xml())]
    Twice(Element),
    /// An element's value is not of its type.
    #[error("{} holds no valid value", .0.xml())]
    Value(Element),
    /// The document ends inside an element.
    #[error("the document ends early")]
    Eof,
    /// A limit of the source was passed.
    #[error("more than {most} {what}")]
    Limit {
        /// What there is too much of: `bytes`, `levels`, `elements`, `characters of text`, `attributes`, ….
        what: &'static str,
        /// How much is allowed.
        most: usize,
    },
    /// A document type declaration: refused, never resolved.
    #[error("a DOCTYPE with an internal subset or entities is refused")]
    Doctype,
    /// An element stands where it has no place.
    #[error("<{0}> has no place here")]
    Unexpected(String),
    /// The syntax itself is broken.
    #[error("malformed: {0}")]
    Malformed(String),
    /// The version or encoding is none that is spoken here.
    #[error("{0} is not spoken here")]
    Unsupported(String),
}

/// A syntax that reads.
pub trait Source<'a> {
    /// The next event.
    fn next(&mut self) -> Result<Event<'a>, DecodeError>;

    /// The version the document is written in.
    fn version(&self) -> Version;

    /// The next child element (`Some(None)` = one the table doesn't know), or `None` at the end of the current one.
    fn child(&mut self) -> Result<Option<Option<Element>>, DecodeError> {
        loop {
            match self.next()? {
                Event::Start(element) => return Ok(Some(element)),
                Event::End => return Ok(None),
                Event::Eof => return Err(DecodeError::Eof),
                Event::Text(_) | Event::Opaque(_) => {}
            }
        }
    }

    /// Steps over the rest of the current element.
    fn skip(&mut self) -> Result<(), DecodeError> {
        let mut depth = 1_u32;
        while depth > 0 {
            match self.next()? {
                Event::Start(_) => depth += 1,
                Event::End => depth -= 1,
                Event::Eof => return Err(DecodeError::Eof),
                Event::Text(_) | Event::Opaque(_) => {}
            }
        }
        Ok(())
    }

    /// All characters up to the end of the current element, untrimmed.
    fn text(&mut self, of: Element) -> Result<Cow<'a, str>, DecodeError> {
        let mut all = Cow::Borrowed("");
        loop {
            match self.next()? {
                Event::Text(part) if all.is_empty() => all = part,
                Event::Text(part) => all.to_mut().push_str(&part),
                Event::Opaque(bytes) => {
                    let part = std::str::from_utf8(&bytes).map_err(|_| DecodeError::Value(of))?;
                    all.to_mut().push_str(part);
                }
                Event::Start(_) => self.skip()?,
                Event::End => return Ok(all),
                Event::Eof => return Err(DecodeError::Eof),
            }
        }
    }
}

/// A syntax that writes.
pub trait Sink {
    /// The version written.
    fn version(&self) -> Version;
    /// Whether a field that the versions in `range` write as this element is written.
    fn takes(&self, element: Element, range: RangeInclusive<Version>) -> bool {
        range.contains(&self.version()) && element.versions().contains(&self.version())
    }
    /// Something inside the innermost open element that this syntax and version cannot carry.
    fn omit(&mut self, element: Element);
    /// Opens an element.
    fn start(&mut self, element: Element);
    /// Characters of the innermost open element.
    fn text(&mut self, text: &str);
    /// An integer as the only content of the innermost open element.
    fn integer(&mut self, number: u32);
    /// Bytes that are not characters, as the only content of the innermost open element.
    fn opaque(&mut self, bytes: &[u8]);
    /// Closes the element.
    fn end(&mut self, element: Element);
}
