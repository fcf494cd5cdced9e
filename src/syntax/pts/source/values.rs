//! The values of parameters: elements within elements.

use std::borrow::Cow;

use super::telling::{Done, Telling};
use crate::syntax::pts::codes::{self, Form, Named, Row};
use crate::syntax::pts::grammar::{Held, Value};
use crate::vocabulary::Element;

/// Where a pair stands, its first member and its second, if there is one.
type Pair<'a> = (usize, Cow<'a, str>, Option<Value<'a>>);

// === impl Telling ===

impl<'a> Telling<'a> {
    pub(super) fn formed(&mut self, row: &Row, primitive: Element, value: Value<'a>) -> Done {
        let at = value.at;
        match row.form {
            Form::Text | Form::Texts => {
                let text = self.characters(value)?;
                self.text(at, text);
                Ok(())
            }
            Form::Client => {
                let text = self.characters(value)?;
                self.leaf(at, if codes::is_number(&text) { Element::Msisdn } else { Element::Url }, text);
                Ok(())
            }
            Form::Outcome => self.outcome(value),
            Form::Capabilities => self.capabilities(value),
            Form::Features => self.features(value),
            Form::Nicks => self.nicks(row.element, value),
            Form::Properties => self.properties(value),
            Form::Attributes if row.has_values(primitive) => self.attributes(value),
            Form::Attributes => self.names(value),
            Form::Presences => self.malformed(at, "a group is expected here"),
        }
    }

    pub(super) fn characters(&self, value: Value<'a>) -> Done<Cow<'a, str>> {
        match value.held {
            Held::Nothing => Ok(Cow::Borrowed("")),
            Held::Text(text) => Ok(text),
            Held::Group(_) => self.malformed(value.at, "a group has no place here"),
        }
    }

    /// The members of a group; a text stands for a group of one.
    fn members(value: Value<'a>) -> Vec<Value<'a>> {
        match value.held {
            Held::Group(values) => values,
            Held::Nothing => Vec::new(),
            Held::Text(_) => vec![value],
        }
    }

    /// Pairs; a lone one may stand without the group around it.
    fn pairs(&self, value: Value<'a>) -> Done<Vec<Pair<'a>>> {
        let (at, members) = (value.at, Self::members(value));
        let lone = members.first().is_some_and(|first| !matches!(first.held, Held::Group(_)));
        let groups = if lone { vec![Value { at, held: Held::Group(members) }] } else { members };
        let mut pairs = Vec::with_capacity(groups.len());
        for group in groups {
            let at = group.at;
            let mut members = Self::members(group).into_iter();
            match (members.next(), members.next(), members.next()) {
                (Some(first), second, None) => pairs.push((at, self.characters(first)?, second)),
                _ => return self.malformed(at, "a pair is expected here"),
            }
        }
        Ok(pairs)
    }

    fn named(&self, at: usize, code: &str, table: &Named) -> Done<Element> {
        match codes::named(code, table, self.version) {
            Some(element) => Ok(element),
            None => self.unknown(at, code),
        }
    }

    fn unknown<T>(&self, at: usize, code: &str) -> Done<T> {
        let code: String = code.chars().take(16).collect();
        self.malformed(at, format!("{code:?} is no code known here"))
    }

    /// The text of an element, a word if it is the code of one.
    fn worded(of: Element, text: Cow<'a, str>) -> Cow<'a, str> {
        codes::word(&text, of).map_or(text, Cow::Borrowed)
    }

    fn outcome(&mut self, value: Value<'a>) -> Done {
        let at = value.at;
        let mut members = Self::members(value).into_iter();
        let (code, description, more) = (members.next(), members.next(), members.next());
        if more.is_some() {
            return self.malformed(at, "a code and a description are expected here");
        }
        for (element, value) in [(Element::Code, code), (Element::Description, description)] {
            if let Some(value) = value {
                let (at, text) = (value.at, self.characters(value)?);
                self.leaf(at, element, text);
            }
        }
        Ok(())
    }

    fn capabilities(&mut self, value: Value<'a>) -> Done {
        for (at, code, value) in self.pairs(value)? {
            let element = self.named(at, &code, codes::CAPABILITIES)?;
            self.start(at, Some(element), &code);
            if let Some(value) = value {
                let text = Self::worded(element, self.characters(value)?);
                match element {
                    Element::CirUrl | Element::CirHttpAddress => self.leaf(at, Element::Url, text),
                    _ => self.text(at, text),
                }
            }
            self.end_code(at);
        }
        Ok(())
    }

    fn features(&mut self, value: Value<'a>) -> Done {
        let at = value.at;
        let mut features = Vec::new();
        for member in Self::members(value) {
            let (at, code) = (member.at, self.characters(member)?);
            features.push((at, self.named(at, &code, codes::FEATURES)?, code));
        }
        if features.is_empty() {
            return Ok(());
        }
        self.start(at, Some(Element::WvCspFeat), "");
        // All of the tree, whatever else is named.
        let all = features.iter().any(|(_, element, _)| *element == Element::WvCspFeat);
        for (at, feature, code) in features.into_iter().filter(|_| !all) {
            self.start(at, Some(feature), &code);
            self.end_code(at);
        }
        self.end(at);
        Ok(())
    }

    fn nicks(&mut self, list: Element, value: Value<'a>) -> Done {
        for (at, name, user) in self.pairs(value)? {
            let Some(user) = user else { return self.malformed(at, "a name and a user are expected here") };
            let user = self.characters(user)?;
            if name.is_empty() || list == Element::RemoveNickList {
                self.leaf(at, Element::UserId, user);
            } else {
                self.start(at, Some(Element::NickName), "");
                self.leaf(at, Element::Name, name);
                self.leaf(at, Element::UserId, user);
                self.end(at);
            }
        }
        Ok(())
    }

    fn properties(&mut self, value: Value<'a>) -> Done {
        for (at, code, value) in self.pairs(value)? {
            let known = codes::PROPERTIES.iter().find(|(_, known)| known.eq_ignore_ascii_case(&code));
            let Some((name, _)) = known else { return self.unknown(at, &code) };
            self.start(at, Some(Element::Property), "");
            self.leaf(at, Element::Name, *name);
            if let Some(value) = value {
                let text = self.characters(value)?;
                self.leaf(at, Element::Value, text);
            }
            self.end(at);
        }
        Ok(())
    }

    pub(super) fn presences(&mut self, key: &str, values: Vec<Value<'a>>) -> Done {
        let lone = values.first().is_some_and(|first| !matches!(first.held, Held::Group(_)))
            && values.get(1).is_none_or(|second| matches!(second.held, Held::Group(_)));
        let at = values.first().map_or(0, |first| first.at);
        let groups = if lone { vec![Value { at, held: Held::Group(values) }] } else { values };
        for group in groups {
            let (at, mut members) = (group.at, Self::members(group).into_iter());
            self.start(at, Some(Element::Presence), key);
            let (Some(user), attributes, None) = (members.next(), members.next(), members.next()) else {
                return self.malformed(at, "a user and attributes are expected here");
            };
            let user = self.characters(user)?;
            self.leaf(at, Element::UserId, user);
            if let Some(attributes) = attributes {
                self.start(at, Some(Element::PresenceSubList), "");
                self.attributes(attributes)?;
                self.end(at);
            }
            self.end_code(at);
        }
        Ok(())
    }

    /// Attributes by name.
    fn names(&mut self, value: Value<'a>) -> Done {
        let is_text = |value: &Value<'_>| matches!(value.held, Held::Text(_));
        let lone = match &value.held {
            Held::Group(values) => match values.as_slice() {
                [first, Value { held: Held::Group(members), .. }] => is_text(first) && members.iter().all(is_text),
                _ => false,
            },
            Held::Text(_) | Held::Nothing => false,
        };
        for member in if lone { vec![value] } else { Self::members(value) } {
            let at = member.at;
            let mut parts = Self::members(member).into_iter();
            let Some(code) = parts.next() else { return self.malformed(at, "an attribute is expected here") };
            let code = self.characters(code)?;
            let attribute = self.named(at, &code, codes::ATTRIBUTES)?;
            self.start(at, Some(attribute), &code);
            for part in parts.flat_map(Self::members) {
                let (at, code) = (part.at, self.characters(part)?);
                let element = self.named(at, &code, codes::members_of(attribute))?;
                self.start(at, Some(element), &code);
                self.end_code(at);
            }
            self.end_code(at);
        }
        Ok(())
    }

    /// Attributes with their values.
    fn attributes(&mut self, value: Value<'a>) -> Done {
        let (at, members) = (value.at, Self::members(value));
        // A lone one may stand without the group around it.
        let lone = members.len() > 1 && members.first().is_some_and(|first| matches!(first.held, Held::Text(_)));
        for member in if lone { vec![Value { at, held: Held::Group(members) }] } else { members } {
            let at = member.at;
            let mut parts = Self::members(member).into_iter();
            let (Some(code), second, third, None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
                return self.malformed(at, "a code, a qualifier and a value are expected here");
            };
            let code = self.characters(code)?;
            let attribute = self.named(at, &code, codes::ATTRIBUTES)?;
            self.start(at, Some(attribute), &code);
            let (qualifier, value) = match third {
                Some(value) => (second, Some(value)),
                None => (None, second),
            };
            let qualifier = qualifier.map(|value| self.characters(value)).transpose()?.filter(|text| !text.is_empty());
            let known = qualifier.as_ref().is_some_and(|text| text.eq_ignore_ascii_case("T"));
            if let Some(qualifier) = qualifier {
                self.leaf(at, Element::Qualifier, qualifier);
            }
            if let Some(value) = value {
                self.attribute_value(attribute, known, value)?;
            }
            self.end_code(at);
        }
        Ok(())
    }

    fn attribute_value(&mut self, attribute: Element, known: bool, value: Value<'a>) -> Done {
        let table = codes::members_of(attribute);
        if table.is_empty() {
            // Nothing is a value only where words are expected and said to be known.
            if value.held != Held::Nothing || (known && attribute == Element::StatusText) {
                let (at, text) = (value.at, self.characters(value)?);
                self.leaf(at, Element::PresenceValue, Self::worded(attribute, text));
            }
            return Ok(());
        }
        for (at, code, value) in self.pairs(value)? {
            let element = self.named(at, &code, table)?;
            self.start(at, Some(element), &code);
            if let Some(value) = value {
                let text = Self::worded(element, self.characters(value)?);
                self.text(at, text);
            }
            self.end_code(at);
        }
        Ok(())
    }
}
