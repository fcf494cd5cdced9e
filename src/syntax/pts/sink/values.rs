//! The values of a line: how elements within elements are put together.

use super::Node;
use super::line::Line;
use crate::syntax::pts::codes::{self, Named};
use crate::syntax::pts::grammar::Value;
use crate::vocabulary::Element;

// === impl Line ===

impl Line {
    /// Leaves out all children but those that are written.
    fn omit_but(&mut self, node: &Node, written: &[Element]) {
        for child in node.children.iter().filter(|child| !written.contains(&child.element)) {
            self.losses.omit(child.element);
        }
    }

    pub(super) fn client<'n>(&mut self, node: &'n Node) -> Value<'n> {
        let told = [Element::Url, Element::Msisdn].into_iter().find_map(|element| node.child(element));
        self.omit_but(node, told.map(|told| told.element).as_slice());
        let told = told.unwrap_or(node);
        // Its look decides which it is read as.
        if (told.element == Element::Msisdn) != codes::is_number(&told.text) {
            self.losses.omit(told.element);
        }
        Value::text(&*told.text)
    }

    pub(super) fn outcome<'n>(&mut self, node: &'n Node) -> Value<'n> {
        self.omit_but(node, &[Element::Code, Element::Description]);
        let code = Value::text(node.text_of(Element::Code));
        match node.child(Element::Description) {
            Some(description) => Value::group(vec![code, Value::text(&*description.text)]),
            None => code,
        }
    }

    pub(super) fn capabilities<'n>(&mut self, node: &'n Node) -> Value<'n> {
        let mut pairs = Vec::new();
        for child in &node.children {
            match codes::name_of(child.element, codes::CAPABILITIES) {
                Some(code) => {
                    let held = child.child(Element::Url).unwrap_or(child);
                    pairs.push(Value::group(vec![Value::text(code), worded(child.element, &held.text)]));
                }
                None => self.losses.omit(child.element),
            }
        }
        Value::group(pairs)
    }

    /// Features; of one with something below it only the code remains. Where that would refuse more than is refused,
    /// nothing is said.
    pub(super) fn features<'n>(&mut self, refused: bool, node: &'n Node) -> Option<Value<'n>> {
        let Some(tree) = node.child(Element::WvCspFeat) else { return Some(Value::group(Vec::new())) };
        if tree.children.is_empty() {
            return codes::name_of(tree.element, codes::FEATURES).map(Value::text);
        }
        let mut features = Vec::new();
        self.inside(tree, |line| {
            for feature in &tree.children {
                match codes::name_of(feature.element, codes::FEATURES) {
                    Some(code) if feature.children.is_empty() || !refused => {
                        features.push(Value::text(code));
                        line.inside(feature, |line| line.omit_but(feature, &[]));
                    }
                    _ => line.losses.omit(feature.element),
                }
            }
        });
        if refused && features.is_empty() { None } else { Some(Value::group(features)) }
    }

    pub(super) fn nicks<'n>(&mut self, node: &'n Node) -> Value<'n> {
        let mut pairs = Vec::new();
        for child in &node.children {
            let (name, user) = match child.element {
                Element::NickName => (child.text_of(Element::Name), child.text_of(Element::UserId)),
                Element::UserId => ("", child.text.as_str()),
                other => {
                    self.losses.omit(other);
                    continue;
                }
            };
            pairs.push(Value::group(vec![some(name), Value::text(user)]));
        }
        Value::group(pairs)
    }

    pub(super) fn properties<'n>(&mut self, node: &'n Node) -> Value<'n> {
        let mut pairs = Vec::new();
        for child in &node.children {
            let name = child.text_of(Element::Name).trim();
            match codes::PROPERTIES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
                Some((_, code)) => {
                    let value = child.child(Element::Value).map(|value| Value::text(&*value.text));
                    pairs.push(Value::group([Value::text(*code)].into_iter().chain(value).collect()));
                }
                None => self.losses.omit(child.element),
            }
        }
        Value::group(pairs)
    }

    pub(super) fn presences<'n>(&mut self, nodes: &[&'n Node]) -> Option<Value<'n>> {
        let mut all = Vec::new();
        for node in nodes {
            let Some(user) = node.child(Element::UserId) else {
                self.losses.omit(node.element);
                continue;
            };
            // There is room for one list of attributes.
            let mut lists = node.children.iter().filter(|child| child.element == Element::PresenceSubList);
            let attributes = self.inside(node, |line| {
                line.omit_but(node, &[Element::UserId, Element::PresenceSubList]);
                let first = lists.next().map(|list| line.inside(list, |line| Value::group(line.attributes(list))));
                lists.for_each(|list| line.losses.omit(list.element));
                first
            });
            all.push(Value::group([Value::text(&*user.text)].into_iter().chain(attributes).collect()));
        }
        match all.len() {
            0 => None,
            1 => all.pop(),
            _ => Some(Value::group(all)),
        }
    }

    /// Attributes by name.
    pub(super) fn names<'n>(&mut self, node: &'n Node) -> Value<'n> {
        let mut names = Vec::new();
        for attribute in &node.children {
            let Some(code) = codes::name_of(attribute.element, codes::ATTRIBUTES) else {
                self.losses.omit(attribute.element);
                continue;
            };
            let members = self.coded(attribute, &[]);
            self.inside(attribute, |line| {
                for (_, member) in members.iter().filter(|(_, member)| !member.text.is_empty()) {
                    line.losses.omit(member.element);
                }
            });
            let members: Vec<Value<'_>> = members.into_iter().map(|(code, _)| Value::text(code)).collect();
            names.push(match members.is_empty() {
                true => Value::text(code),
                false => Value::group(vec![Value::text(code), Value::group(members)]),
            });
        }
        match names.pop() {
            Some(lone) if names.is_empty() => lone,
            last => Value::group(names.into_iter().chain(last).collect()),
        }
    }

    /// Attributes with their values.
    pub(super) fn attributes<'n>(&mut self, node: &'n Node) -> Vec<Value<'n>> {
        let mut attributes = Vec::new();
        for attribute in &node.children {
            let Some(code) = codes::name_of(attribute.element, codes::ATTRIBUTES) else {
                self.losses.omit(attribute.element);
                continue;
            };
            let value = match codes::members_of(attribute.element) {
                [] => {
                    self.coded(attribute, &[Element::Qualifier, Element::PresenceValue]);
                    self.attribute_value(attribute)
                }
                _ => {
                    let members = self.coded(attribute, &[Element::Qualifier]);
                    let pair = |(code, member): (_, &'n Node)| {
                        Value::group(vec![Value::text(code), worded(member.element, &member.text)])
                    };
                    match members.is_empty() {
                        true => Value::nothing(),
                        false => Value::group(members.into_iter().map(pair).collect()),
                    }
                }
            };
            let qualifier = some(attribute.text_of(Element::Qualifier));
            attributes.push(Value::group(vec![Value::text(code), qualifier, value]));
        }
        attributes
    }

    /// The one value of an attribute.
    fn attribute_value<'n>(&mut self, attribute: &'n Node) -> Value<'n> {
        if let Some(value) = attribute.child(Element::PresenceValue) {
            return worded(attribute.element, &value.text);
        }
        // Nothing would be read as an empty value: phones write one so.
        if attribute.element == Element::StatusText && attribute.text_of(Element::Qualifier) == "T" {
            self.inside(attribute, |line| line.losses.omit(Element::PresenceValue));
            return Value::text("");
        }
        Value::nothing()
    }

    /// What stands in an attribute and has a code; what has none and is not written otherwise is left out.
    fn coded<'n>(&mut self, attribute: &'n Node, written: &[Element]) -> Vec<(&'static str, &'n Node)> {
        let table: &Named = codes::members_of(attribute.element);
        let coded = |child: &'n Node| codes::name_of(child.element, table).map(|code| (code, child));
        self.inside(attribute, |line| {
            for child in attribute.children.iter().filter(|child| coded(child).is_none()) {
                if !written.contains(&child.element) {
                    line.losses.omit(child.element);
                }
            }
        });
        attribute.children.iter().filter_map(coded).collect()
    }
}

/// A text, or nothing if it is empty.
fn some(text: &str) -> Value<'_> {
    if text.is_empty() { Value::nothing() } else { Value::text(text) }
}

/// A text of an element: the code of a word, or as it is.
fn worded(of: Element, text: &str) -> Value<'_> {
    Value::text(codes::code_of_word(text, of).unwrap_or(text))
}
