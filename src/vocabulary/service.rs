//! Service negotiation: the tree of features, function groups and functions.

use super::party::ClientId;
use super::record::{range, record};
use super::{DecodeError, Element, Sink, Source, Value};

record! {
    /// The client says what it wants.
    pub struct ServiceRequest {
        /// The client (1.1).
        client: Option<ClientId> = ClientId @ ONLY_11,
        /// What it wants; an empty element means all below it.
        functions: Option<Functions> = Functions,
        /// Whether to list everything the server offers.
        all_functions: Option<bool> = AllFunctionsRequest,
    }

    /// The server says what it refuses, and perhaps what it offers.
    pub struct ServiceResponse {
        /// The client (1.1).
        client: Option<ClientId> = ClientId @ ONLY_11,
        /// What was asked for and is refused.
        functions: Option<Functions> = Functions,
        /// What the server offers, if asked.
        all_functions: Option<Functions> = AllFunctions,
    }
}

/// A tree under `WVCSPFeat`: feature, function group, function. An empty node means all below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Functions {
    /// The children of `WVCSPFeat`; `None` if even that element is absent.
    pub features: Option<Vec<Node>>,
}

/// A node of the service tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Feature, function group or function.
    pub element: Element,
    /// What stands below.
    pub children: Vec<Self>,
}

impl Node {
    /// The children of the current element; `None` if there were some but none that is known, for then the
    /// element doesn't mean all below it.
    fn decode_children<'a>(from: &mut impl Source<'a>, depth: u8) -> Result<Option<Vec<Self>>, DecodeError> {
        let mut nodes = Vec::new();
        let mut strangers = false;
        while let Some(child) = from.child()? {
            match child {
                Some(element) if depth > 0 => {
                    let children = Self::decode_children(from, depth - 1)?;
                    strangers |= children.is_none();
                    nodes.extend(children.map(|children| Self { element, children }));
                }
                _ => {
                    strangers |= depth > 0;
                    from.skip()?;
                }
            }
        }
        Ok((!nodes.is_empty() || !strangers).then_some(nodes))
    }

    /// Whether the sink takes the node. One that loses all its children is lost too, for empty it would mean all.
    fn has_place(&self, to: &impl Sink) -> bool {
        let children = &self.children;
        to.takes(self.element, range!()) && (children.is_empty() || children.iter().any(|child| child.has_place(to)))
    }

    fn encode(&self, to: &mut impl Sink) {
        if !self.has_place(to) {
            return to.omit(self.element);
        }
        to.start(self.element);
        for child in &self.children {
            child.encode(to);
        }
        to.end(self.element);
    }
}

impl Value for Functions {
    fn decode<'a>(_: Element, from: &mut impl Source<'a>) -> Result<Self, DecodeError> {
        let mut functions = Self::default();
        while let Some(child) = from.child()? {
            match child {
                Some(Element::WvCspFeat) => {
                    functions.features = Some(Node::decode_children(from, 3)?.unwrap_or_default());
                }
                _ => from.skip()?,
            }
        }
        Ok(functions)
    }
    fn encode(&self, to: &mut impl Sink) {
        if let Some(features) = &self.features {
            if !features.is_empty() && !features.iter().any(|feature| feature.has_place(to)) {
                return to.omit(Element::WvCspFeat);
            }
            to.start(Element::WvCspFeat);
            for feature in features {
                feature.encode(to);
            }
            to.end(Element::WvCspFeat);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::vocabulary::{Event, Version};

    struct Events(VecDeque<Event<'static>>);

    impl Source<'static> for Events {
        fn next(&mut self) -> Result<Event<'static>, DecodeError> {
            self.0.pop_front().ok_or(DecodeError::Eof)
        }
        fn version(&self) -> Version {
            Version::V12
        }
    }

    /// Reads what stands between the parentheses: `Name(` starts, `)` ends.
    fn read(text: &str) -> Functions {
        let words = text.replace('(', " ( ").replace(')', " ) ");
        let events = words.split_whitespace().filter_map(|word| match word {
            "(" => None,
            ")" => Some(Event::End),
            name => Some(Event::Start(Element::from_xml(name))),
        });
        let mut events = Events(events.chain([Event::End]).collect());
        Functions::decode(Element::Functions, &mut events).unwrap()
    }

    fn leaf(element: Element) -> Node {
        Node { element, children: Vec::new() }
    }

    #[test]
    fn a_tree_is_read_down_to_its_functions() {
        let tree = read("WVCSPFeat(IMFeat(IMSendFunc(MDELIV())) GroupFeat())");
        let send = Node { element: Element::ImSendFunc, children: vec![leaf(Element::Mdeliv)] };
        let im = Node { element: Element::ImFeat, children: vec![send] };
        assert_eq!(tree.features, Some(vec![im, leaf(Element::GroupFeat)]));
        assert_eq!(read("").features, None);
        assert_eq!(read("WVCSPFeat()").features, Some(Vec::new()));
    }

    #[test]
    fn an_element_that_holds_only_strangers_does_not_mean_all_below_it() {
        let tree = read("WVCSPFeat(IMFeat(Vendor()) GroupFeat(Vendor() GroupUseFunc(Vendor())) PresenceFeat())");
        assert_eq!(tree.features, Some(vec![leaf(Element::PresenceFeat)]));
        let tree = read("WVCSPFeat(IMFeat(Vendor() IMAuthFunc(GLBLU(Vendor()))))");
        let auth = Node { element: Element::ImAuthFunc, children: vec![leaf(Element::Glblu)] };
        assert_eq!(tree.features, Some(vec![Node { element: Element::ImFeat, children: vec![auth] }]));
    }
}
