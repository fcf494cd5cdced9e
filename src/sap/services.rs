//! Service negotiation: what a client wants, what the domain offers, what is agreed (docs/wire-notes.md,
//! "Service tree").

mod tree;

pub use tree::{ALWAYS, FUNCTIONS, Function};

use serde::{Deserialize, Serialize};

use super::profile::{Profile, Service};
use crate::config::{Pse, Services};
use crate::vocabulary::service::{Functions, Node, ServiceRequest, ServiceResponse};
use crate::vocabulary::status::Code;
use crate::vocabulary::{Element, Version};
use tree::Set;

/// What is offered: by the domain, or to one of its users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offered {
    /// Of the services that are there at all.
    supported: Set,
    /// What this version of Postern does, wherever.
    built: Set,
}

/// What a session and the server agreed on. A session that never negotiated may use all that is offered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Names", into = "Names")]
pub struct Agreed {
    functions: Option<Set>,
    /// What is offered to the session's user, where that is not what the domain offers. His profile says it, so it
    /// is not stored here.
    user: Option<Offered>,
}

/// [`Agreed`] as it is stored: names outlive the order of a table.
#[derive(Serialize, Deserialize)]
struct Names {
    functions: Option<Vec<String>>,
}

// === impl Offered ===

impl Offered {
    /// What is offered by a domain whose service elements are where the configuration says.
    pub fn new(services: &Services) -> Self {
        let nowhere = |service: Service| *service.place(services) == Pse::None;
        let supported = Set::of(|row| !service_of(row.feature).is_some_and(nowhere));
        Self { supported, built: Set::of(|row| row.built) }
    }

    /// What of it is offered to a user: services he has subscribed to and uses, those of his own included that are
    /// elsewhere.
    pub fn to(&self, profile: &Profile) -> Self {
        let supported = Set::of(|row| match service_of(row.feature) {
            Some(service) => profile.services.get(service).in_use() && self.is_somewhere(row, profile),
            None => self.supported.has(row.token),
        });
        Self { supported, ..*self }
    }

    /// Whether a user could have messages: the domain has the service, or he has it in another one.
    pub(super) fn has_messaging(&self, profile: &Profile) -> bool {
        FUNCTIONS.iter().any(|row| row.token == Element::Mm && self.is_somewhere(row, profile))
    }

    /// Whether the service of a function is anywhere, for a user.
    fn is_somewhere(&self, row: &Function, profile: &Profile) -> bool {
        let place = service_of(row.feature).and_then(|service| profile.services.get(service).pse.as_deref());
        match place {
            None | Some(super::profile::LOCAL) => self.supported.has(row.token),
            Some(super::profile::NONE) => false,
            Some(_) => true,
        }
    }

    fn functions(&self) -> Set {
        self.supported.and(self.built)
    }

    /// Whether a function is offered.
    pub fn has(&self, function: Element) -> bool {
        self.functions().has(function)
    }

    /// The tree of all that is offered in a version, every function by name.
    pub fn all_functions(&self, version: Version) -> Functions {
        let mut tree: Vec<Node> = Vec::new();
        for row in self.functions().rows().filter(|row| row.exists_in(version)) {
            if let Some(group) = row.group {
                let feature = below(&mut tree, row.feature);
                let group = below(&mut feature.children, group);
                below(&mut group.children, row.token);
            }
        }
        // An empty feature would mean all of it: the mandatory part stands where nothing else of it is offered.
        for row in self.functions().rows().filter(|row| row.group.is_none() && row.exists_in(version)) {
            if !tree.iter().any(|node| node.element == row.feature) {
                below(&mut below(&mut tree, row.feature).children, row.token);
            }
        }
        tree.sort_by_key(|node| features().iter().position(|feature| feature.element == node.element));
        Functions { features: Some(tree) }
    }
}

// === impl Agreed ===

impl Agreed {
    /// Nothing agreed yet; to the session's user this much is offered.
    pub fn of(user: Offered) -> Self {
        Self { functions: None, user: Some(user) }
    }

    /// From now on this much is offered to the session's user. What was agreed and is not offered any more can't be
    /// used until it is offered again.
    pub fn offer(&mut self, user: Offered) {
        self.user = Some(user);
    }

    /// Answers a service request. A client that names no functions only asks what there is, and what was agreed
    /// before stays.
    pub fn negotiate(&mut self, request: &ServiceRequest, version: Version, offered: &Offered) -> ServiceResponse {
        let refused = request.functions.as_ref().and_then(|wanted| self.agree(wanted, version, offered));
        let all = request.all_functions.unwrap_or(false);
        ServiceResponse {
            client: request.client.clone().filter(|_| version == Version::V11),
            functions: refused,
            all_functions: all.then(|| self.offered(offered).all_functions(version)),
        }
    }

    /// Agrees on what is offered of the functions wanted; which of them are refused (`None` = none). Also for a 1.3
    /// login that carries its functions.
    pub fn agree(&mut self, wanted: &Functions, version: Version, offered: &Offered) -> Option<Functions> {
        // An empty element means all below it, the outermost one included.
        let nodes = match wanted.features.as_deref() {
            None | Some([]) => features(),
            Some(nodes) => nodes.to_vec(),
        };
        let offer = self.offered(offered).functions();
        let asked = nodes.iter().fold(Set::default(), |set, node| set.or(covered_by(node, version)));
        let touched = |feature: Element| nodes.iter().any(|node| touches(node, feature));
        let implied = Set::of(|row| row.comes_with_feature(version) && touched(row.feature));
        self.functions = Some(asked.or(implied).and(offer));
        let refused: Vec<Node> = nodes.iter().filter_map(|node| refused(node, version, offer)).collect();
        (!refused.is_empty()).then_some(Functions { features: Some(refused) })
    }

    /// What is offered to the session's user: by his profile, or what the domain offers if that was not looked at.
    fn offered<'a>(&'a self, domain: &'a Offered) -> &'a Offered {
        self.user.as_ref().unwrap_or(domain)
    }

    /// Whether a primitive may be used in this session.
    ///
    /// # Errors
    /// 405 if the domain or the user lacks the service, 501 if this version of Postern lacks the function, 506 if the client
    /// did not agree on it.
    pub fn allows(&self, primitive: Element, offered: &Offered) -> Result<(), Code> {
        if ALWAYS.contains(&primitive) {
            return Ok(());
        }
        let row = FUNCTIONS.iter().find(|row| row.guards.contains(&primitive)).ok_or(Code::NOT_IMPLEMENTED)?;
        let offered = self.offered(offered);
        if !offered.supported.has(row.token) {
            Err(Code::NOT_SUPPORTED)
        } else if !offered.built.has(row.token) {
            Err(Code::NOT_IMPLEMENTED)
        } else if !self.functions.is_none_or(|functions| functions.has(row.token)) {
            Err(Code::NOT_AGREED)
        } else {
            Ok(())
        }
    }

    /// Whether a function is agreed, so that the server may use it on its own accord (`NEWM`, `MDELIV`, …).
    pub fn has(&self, function: Element, offered: &Offered) -> bool {
        self.offered(offered).has(function) && self.functions.is_none_or(|functions| functions.has(function))
    }

    /// Whether messages may be pushed: who named neither `NEWM` nor `NOTIF` but anything else of messaging takes
    /// messages all the same.
    pub fn pushes(&self, offered: &Offered) -> bool {
        self.has(Element::Newm, offered) || self.has(Element::Mm, offered) && !self.notifies(offered)
    }

    /// Whether messages may be announced (`NOTIF`).
    pub fn notifies(&self, offered: &Offered) -> bool {
        self.has(Element::Notif, offered)
    }

    /// Whether delivery reports may be handed out (`MDELIV`).
    pub fn reports(&self, offered: &Offered) -> bool {
        self.has(Element::Mdeliv, offered)
    }
}

impl From<Agreed> for Names {
    fn from(agreed: Agreed) -> Self {
        let name = |row: &Function| row.token.xml().to_owned();
        Self { functions: agreed.functions.map(|functions| functions.rows().map(name).collect()) }
    }
}

impl From<Names> for Agreed {
    fn from(names: Names) -> Self {
        // A name no longer known is a function no longer there.
        let functions = names.functions;
        let functions = functions.map(|names| Set::of(|row| names.iter().any(|name| name == row.token.xml())));
        Self { functions, user: None }
    }
}

/// The service whose functions stand in a feature; those of the fundamental one everybody has.
fn service_of(feature: Element) -> Option<Service> {
    match feature {
        Element::PresenceFeat => Some(Service::Presence),
        Element::ImFeat => Some(Service::Im),
        Element::GroupFeat => Some(Service::Group),
        _ => None,
    }
}

fn features() -> Vec<Node> {
    let order = [Element::FundamentalFeat, Element::PresenceFeat, Element::ImFeat, Element::GroupFeat];
    order.map(|element| Node { element, children: Vec::new() }).to_vec()
}

/// The node for an element among its siblings, made if it isn't there.
fn below(siblings: &mut Vec<Node>, element: Element) -> &mut Node {
    let at = siblings.iter().position(|node| node.element == element).unwrap_or_else(|| {
        siblings.push(Node { element, children: Vec::new() });
        siblings.len() - 1
    });
    &mut siblings[at]
}

/// Whether a node, or anything below it, belongs to a feature.
fn touches(node: &Node, feature: Element) -> bool {
    FUNCTIONS.iter().any(|row| row.feature == feature && row.is_below(node.element))
        || node.children.iter().any(|child| touches(child, feature))
}

/// The functions a wanted node stands for.
fn covered_by(node: &Node, version: Version) -> Set {
    if !node.children.is_empty() {
        return node.children.iter().fold(Set::default(), |set, child| set.or(covered_by(child, version)));
    }
    let mandatory_part_of = FUNCTIONS.iter().find(|row| row.group.is_none() && row.token == node.element);
    Set::of(|row| {
        row.exists_in(version)
            && match mandatory_part_of {
                Some(part) => row.feature == part.feature && row.is_mandatory(),
                None => row.is_below(node.element),
            }
    })
}

/// The part of a wanted node that is refused, said at the height at which it was asked.
fn refused(node: &Node, version: Version, offer: Set) -> Option<Node> {
    let element = node.element;
    let children: Vec<Node> = if node.children.is_empty() {
        if !element.versions().contains(&version) {
            // It can't be said in this version.
            return None;
        }
        let all = covered_by(node, version);
        let given = all.and(offer);
        if given == all {
            return None;
        }
        if given == Set::default() {
            return Some(node.clone());
        }
        let inner = children_of(element, version);
        inner.iter().filter_map(|child| refused(child, version, offer)).collect()
    } else {
        node.children.iter().filter_map(|child| refused(child, version, offer)).collect()
    };
    (!children.is_empty()).then_some(Node { element, children })
}

/// What stands below a feature or group in the table. The mandatory part is no child of a feature whose functions
/// are named.
fn children_of(parent: Element, version: Version) -> Vec<Node> {
    let mut children = Vec::new();
    for row in FUNCTIONS.iter().filter(|row| row.exists_in(version)) {
        let Some(group) = row.group else { continue };
        if row.feature == parent {
            below(&mut children, group);
        } else if group == parent {
            below(&mut children, row.token);
        }
    }
    children
}

#[cfg(test)]
mod each;
#[cfg(test)]
mod tests;
