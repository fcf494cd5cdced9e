//! Service negotiation: the tree of features, function groups and functions.

use super::Version::V11;
use super::party::ClientId;
use super::record::record;
use super::{DecodeError, Element, Sink, Source, Value};

record! {
    /// The client says what it wants.
    pub struct ServiceRequest {
        /// The client (1.1).
        client: Option<ClientId> = ClientId @ V11..=V11,
        /// What it wants; an empty element means all below it.
        functions: Option<Functions> = Functions,
        /// Whether to list everything the server offers.
        all_functions: Option<bool> = AllFunctionsRequest,
    }

    /// The server says what it refuses, and perhaps what it offers.
    pub struct ServiceResponse {
        /// The client (1.1).
        client: Option<ClientId> = ClientId @ V11..=V11,
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
    pub children: Vec<Node>,
}

impl Node {
    fn decode_children<'a>(from: &mut impl Source<'a>, depth: u8) -> Result<Vec<Self>, DecodeError> {
        let mut nodes = Vec::new();
        while let Some(child) = from.child()? {
            match child {
                Some(element) if depth > 0 => {
                    nodes.push(Self { element, children: Self::decode_children(from, depth - 1)? });
                }
                _ => from.skip()?,
            }
        }
        Ok(nodes)
    }

    fn encode(&self, to: &mut impl Sink) {
        if !self.element.versions().contains(&to.version()) {
            return;
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
                Some(Element::WvCspFeat) => functions.features = Some(Node::decode_children(from, 3)?),
                _ => from.skip()?,
            }
        }
        Ok(functions)
    }
    fn encode(&self, to: &mut impl Sink) {
        if let Some(features) = &self.features {
            to.start(Element::WvCspFeat);
            for feature in features {
                feature.encode(to);
            }
            to.end(Element::WvCspFeat);
        }
    }
}
