//! PTS as a source: a line becomes the events of a CSP document (`docs/wire-notes.md`, "PTS").

mod telling;
mod values;

use std::vec::IntoIter;

use self::telling::Telling;
use super::grammar::Preamble;
use crate::syntax::Limits;
use crate::syntax::dialect::Told;
use crate::syntax::document::Document;
use crate::syntax::limits::Meter;
use crate::vocabulary::{DecodeError, Element, Event, Source, Text, Version};

/// Reads PTS. The line is read at once; a fault in it is yielded behind the events of what stands before it, so that
/// an answer can be addressed.
pub(in crate::syntax) struct PtsSource<'a> {
    told: Option<Told>,
    version: Version,
    items: IntoIter<Item<'a>>,
    fault: Option<Fault>,
    /// Open elements: what they are, and how they are called on the wire; nothing for those the wire implies.
    open: Vec<(Option<Element>, Text)>,
    at: usize,
    /// The end of the innermost element was yielded; it leaves `open` with the next event.
    ended: bool,
}

/// An event and where it comes from.
struct Item<'a> {
    at: usize,
    event: Event<'a>,
    /// Of a start: its code, if it has one on the wire.
    code: Text,
}

struct Fault {
    fault: DecodeError,
    at: usize,
    path: String,
}

// === impl PtsSource ===

impl<'a> PtsSource<'a> {
    /// Reads a line; white space behind it is none of its.
    pub(in crate::syntax) fn new(document: &'a str, limits: &Limits) -> Result<Self, DecodeError> {
        let mut meter = Meter::new(limits);
        meter.document(document.len())?;
        let text = document.trim_end();
        let (preamble, at) = Preamble::read(text)?;
        let version = match preamble.version {
            Some(Told::Spoken(version)) => version,
            _ => Version::default(),
        };
        let mut telling = Telling::new(version);
        let fault = telling.message(text, &preamble, at, &mut meter).err();
        Ok(Self {
            told: preamble.version,
            version,
            items: telling.items.into_iter(),
            fault,
            open: Vec::new(),
            at: 0,
            ended: false,
        })
    }
}

impl<'a> Source<'a> for PtsSource<'a> {
    fn next(&mut self) -> Result<Event<'a>, DecodeError> {
        if std::mem::take(&mut self.ended) {
            self.open.pop();
        }
        let Some(item) = self.items.next() else {
            return match &self.fault {
                Some(fault) => Err(fault.fault.clone()),
                None => Ok(Event::Eof),
            };
        };
        self.at = item.at;
        match &item.event {
            Event::Start(element) => self.open.push((*element, item.code)),
            Event::End => self.ended = true,
            _ => {}
        }
        Ok(item.event)
    }

    fn version(&self) -> Version {
        self.version
    }
}

impl<'a> Document<'a> for PtsSource<'a> {
    fn told(&self) -> Option<Told> {
        self.told
    }

    fn speak(&mut self, version: Version) {
        self.version = version;
    }

    fn name(&self) -> Text {
        match self.open.last() {
            Some((Some(element), _)) => element.xml().into(),
            Some((None, code)) => code.clone(),
            None => Text::default(),
        }
    }

    fn place(&self) -> (usize, String) {
        match &self.fault {
            Some(fault) if self.items.as_slice().is_empty() => (fault.at, fault.path.clone()),
            _ => {
                let codes: Vec<&str> =
                    self.open.iter().map(|(_, code)| code.as_str()).filter(|c| !c.is_empty()).collect();
                (self.at, codes.join("/"))
            }
        }
    }
}
