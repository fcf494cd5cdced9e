//! A line becomes events: the envelope that it implies, and its parameters.

use std::borrow::Cow;

use super::{Fault, Item};
use crate::syntax::limits::Meter;
use crate::syntax::pts::codes::{self, Form, Row};
use crate::syntax::pts::grammar::{Held, Param, Preamble, Reader, Value};
use crate::vocabulary::{DecodeError, Element, Event, Mode, Text, Version};

/// A message being turned into events.
pub(super) struct Telling<'a> {
    pub(super) items: Vec<Item<'a>>,
    /// Codes of open elements that have some.
    path: Vec<Text>,
    pub(super) version: Version,
}

/// What becomes of a step.
pub(super) type Done<T = ()> = Result<T, Fault>;

// === impl Telling ===

impl<'a> Telling<'a> {
    pub(super) fn new(version: Version) -> Self {
        Self { items: Vec::with_capacity(64), path: Vec::new(), version }
    }

    pub(super) fn fault(&self, fault: DecodeError, at: usize) -> Fault {
        Fault { fault, at, path: self.path.join("/") }
    }

    pub(super) fn malformed<T>(&self, at: usize, what: impl Into<String>) -> Done<T> {
        Err(self.fault(DecodeError::Malformed(what.into()), at))
    }

    pub(super) fn start(&mut self, at: usize, element: Option<Element>, code: &str) {
        let code: Text = code.to_ascii_uppercase().into();
        if !code.is_empty() {
            self.path.push(code.clone());
        }
        self.items.push(Item { at, event: Event::Start(element), code });
    }

    pub(super) fn end(&mut self, at: usize) {
        self.items.push(Item { at, event: Event::End, code: Text::default() });
    }

    /// Ends an element that has a code.
    pub(super) fn end_code(&mut self, at: usize) {
        self.path.pop();
        self.end(at);
    }

    pub(super) fn text(&mut self, at: usize, text: Cow<'a, str>) {
        self.items.push(Item { at, event: Event::Text(text), code: Text::default() });
    }

    /// An element without a code of its own.
    pub(super) fn leaf(&mut self, at: usize, element: Element, text: impl Into<Cow<'a, str>>) {
        self.start(at, Some(element), "");
        self.text(at, text.into());
        self.end(at);
    }

    pub(super) fn message(&mut self, text: &'a str, preamble: &Preamble<'a>, at: usize, meter: &mut Meter) -> Done {
        use Element::{Session, SessionDescriptor, SessionId, SessionType, Transaction, TransactionContent};
        use Element::{TransactionDescriptor, TransactionId, TransactionMode, WvCspMessage};
        let primitive = codes::primitive(preamble.code);
        let part = preamble.part.filter(|part| !part.is_whole());
        let (params, fault) = match part {
            // What it says can only be read once all are there.
            Some(_) => (Vec::new(), None),
            None => Reader::new(text, at, meter).run(),
        };
        let of_message = |param: &Param<'_>| {
            !primitive.is_some_and(codes::names_session) && codes::SESSION.eq_ignore_ascii_case(param.key)
        };
        let (mut sessions, params): (Vec<_>, Vec<_>) = params.into_iter().partition(of_message);
        self.start(0, Some(WvCspMessage), "");
        self.start(0, Some(Session), "");
        self.start(0, Some(SessionDescriptor), "");
        self.leaf(0, SessionType, if sessions.is_empty() { "Outband" } else { "Inband" });
        if let Some(session) = sessions.pop() {
            self.start(session.at, Some(SessionId), session.key);
            let id = self.characters(session.value)?;
            self.text(session.at, id);
            self.end_code(session.at);
        }
        self.end(0);
        self.start(0, Some(Transaction), "");
        self.start(0, Some(TransactionDescriptor), "");
        let mode = if primitive.is_some_and(codes::answers) { Mode::Response } else { Mode::Request };
        self.leaf(0, TransactionMode, mode.as_str());
        let id = preamble.id.filter(|id| *id > 0 || primitive != Some(Element::PollingRequest));
        if let Some(id) = id {
            self.leaf(0, TransactionId, id.to_string());
        }
        self.end(0);
        self.start(0, Some(TransactionContent), "");
        self.start(4, primitive, preamble.code);
        if preamble.version.is_none() {
            return Err(self.fault(DecodeError::Unsupported("version discovery in PTS".into()), 2));
        }
        if let Some(part) = part {
            return self.malformed(0, format!("this is {part} of a message, which is read whole only"));
        }
        if !sessions.is_empty() {
            return Err(self.fault(DecodeError::Twice(SessionId), 0));
        }
        if let Some(primitive) = primitive {
            for param in params {
                self.param(primitive, param)?;
            }
        }
        if let Some(fault) = fault {
            self.path.extend((!fault.key.is_empty()).then(|| fault.key.to_ascii_uppercase().into()));
            return Err(self.fault(fault.fault, fault.at));
        }
        self.end_code(text.len());
        (0..4).for_each(|_| self.end(text.len()));
        Ok(())
    }

    fn param(&mut self, primitive: Element, param: Param<'a>) -> Done {
        let Param { at, key, value } = param;
        let Some(row) = Row::of_code(key, primitive) else {
            return self.malformed(at, format!("{} is no code known in {}", key.to_ascii_uppercase(), primitive.xml()));
        };
        let within = value.at;
        match (row.form, value.held) {
            (Form::Texts, Held::Group(values)) => {
                for value in values {
                    self.start(value.at, Some(row.element), key);
                    let (at, text) = (value.at, self.characters(value)?);
                    self.text(at, text);
                    self.end_code(at);
                }
            }
            (Form::Presences, Held::Group(values)) => self.presences(key, values)?,
            (_, held) => {
                self.start(at, Some(row.element), key);
                self.formed(row, primitive, Value { at: within, held })?;
                self.end_code(within);
            }
        }
        Ok(())
    }
}
