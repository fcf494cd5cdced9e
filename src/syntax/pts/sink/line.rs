//! The line itself: what stands in front, and which parameters there are.

use super::Node;
use crate::syntax::loss::Losses;
use crate::syntax::pts::codes::{self, Form, Row};
use crate::syntax::pts::grammar::{Value, write_preamble};
use crate::vocabulary::{Element, Version};

/// Writes a document as a line.
pub(super) struct Line {
    pub(super) version: Version,
    pub(super) losses: Losses,
}

// === impl Line ===

impl Line {
    pub(super) fn message(&mut self, root: &Node) -> Option<String> {
        let Some(session) = root.child(Element::Session) else {
            self.losses.omit(root.element);
            return None;
        };
        self.inside(root, |line| line.inside(session, |line| line.session(session)))
    }

    /// Does something with the children of a node.
    pub(super) fn inside<T>(&mut self, node: &Node, with: impl FnOnce(&mut Self) -> T) -> T {
        self.losses.open(node.element);
        let done = with(self);
        self.losses.close();
        done
    }

    fn session(&mut self, session: &Node) -> Option<String> {
        let code_of = |node: &Node| node.primitive().and_then(|primitive| codes::code_of(primitive.element));
        let coded = |node: &Node| node.element == Element::Transaction && code_of(node).is_some();
        let told = session.children.iter().position(coded);
        let mut written = None;
        for (at, child) in session.children.iter().enumerate() {
            match child.element {
                Element::SessionDescriptor => {}
                Element::Transaction if told == Some(at) => {
                    let id = session.child(Element::SessionDescriptor).map(|of| of.text_of(Element::SessionId));
                    written = self.inside(child, |line| line.transaction(id.filter(|id| !id.is_empty()), child));
                }
                Element::Transaction => match child.primitive() {
                    Some(primitive) if codes::code_of(primitive.element).is_none() => self.inside(child, |line| {
                        line.losses.open(Element::TransactionContent);
                        line.losses.omit(primitive.element);
                        line.losses.close();
                    }),
                    _ => self.losses.omit(child.element),
                },
                // It only spares a phone polls in vain.
                Element::Poll => {}
                other => self.losses.omit(other),
            }
        }
        written
    }

    fn transaction(&mut self, session: Option<&str>, transaction: &Node) -> Option<String> {
        let primitive = transaction.primitive()?;
        let code = codes::code_of(primitive.element)?;
        let id = transaction.child(Element::TransactionDescriptor).map_or(0, |of| {
            let id = number(of.text_of(Element::TransactionId));
            self.inside(of, |line| {
                if id.is_none() {
                    line.losses.omit(Element::TransactionId);
                }
                if of.child(Element::SegmentInfo).is_some() {
                    line.losses.omit(Element::SegmentInfo);
                }
            });
            id.unwrap_or(0)
        });
        let mut line = write_preamble(self.version, code, id);
        match session {
            // A login stands outside any session.
            Some(session) if !codes::names_session(primitive.element) => {
                param(codes::SESSION, &Value::text(session), &mut line);
            }
            _ => {}
        }
        self.losses.open(Element::TransactionContent);
        self.inside(primitive, |told| told.primitive(primitive, &mut line));
        self.losses.close();
        Some(line)
    }

    fn primitive(&mut self, primitive: &Node, out: &mut String) {
        let mut done: Vec<Element> = Vec::new();
        let children = self.flat(primitive);
        for (at, child) in children.iter().enumerate() {
            let Some(row) = Row::of_element(child.element, primitive.element) else {
                self.losses.omit(child.element);
                continue;
            };
            let several = matches!(row.form, Form::Texts | Form::Presences);
            if done.contains(&child.element) {
                if !several {
                    self.losses.omit(child.element);
                }
                continue;
            }
            done.push(child.element);
            let alike = children.iter().skip(at).filter(|other| other.element == child.element && several);
            let alike: Vec<&Node> = alike.copied().collect();
            let value = match row.form {
                Form::Texts => Some(texts(&alike)),
                Form::Presences => self.presences(&alike),
                _ => self.formed(row, primitive.element, child),
            };
            if let (Some(code), Some(value)) = (row.code(primitive.element), value) {
                param(code, &value, out);
            }
        }
    }

    /// The children of a primitive; lists give their items, and users their addresses.
    fn flat<'n>(&mut self, primitive: &'n Node) -> Vec<&'n Node> {
        let mut flat = Vec::new();
        for child in &primitive.children {
            let item = match child.element {
                Element::UserIdList | Element::User => Element::UserId,
                Element::ContactListIdList => Element::ContactList,
                _ => {
                    flat.push(child);
                    continue;
                }
            };
            self.inside(child, |line| {
                for inner in &child.children {
                    match inner.element == item {
                        true => flat.push(inner),
                        false => line.losses.omit(inner.element),
                    }
                }
            });
        }
        flat
    }

    fn formed<'n>(&mut self, row: &Row, primitive: Element, node: &'n Node) -> Option<Value<'n>> {
        let refused = row.code(primitive) == Some(codes::REFUSED);
        self.inside(node, |line| {
            Some(match row.form {
                Form::Text => Value::text(&*node.text),
                Form::Client => line.client(node),
                Form::Outcome => line.outcome(node),
                Form::Capabilities => line.capabilities(node),
                Form::Features => return line.features(refused, node),
                Form::Nicks => line.nicks(node),
                Form::Properties => line.properties(node),
                Form::Attributes if row.has_values(primitive) => Value::group(line.attributes(node)),
                Form::Attributes => line.names(node),
                // What stands several times was put together before.
                Form::Texts | Form::Presences => return None,
            })
        })
    }
}

fn param(code: &str, value: &Value<'_>, out: &mut String) {
    out.push(' ');
    out.push_str(code);
    out.push('=');
    value.write(out);
}

/// Texts of one element that stands once or several times.
fn texts<'n>(nodes: &[&'n Node]) -> Value<'n> {
    match nodes {
        [node] => Value::text(&*node.text),
        _ => Value::group(nodes.iter().map(|node| Value::text(&*node.text)).collect()),
    }
}

/// A transaction id as PTS has it; an absent one is 0.
fn number(id: &str) -> Option<u16> {
    match id {
        "" => Some(0),
        _ => id.parse().ok().filter(|number: &u16| *number < 1000 && number.to_string() == id),
    }
}
