//! Which clients of its recipients a message is for (`docs/wire-notes.md`, "Several sessions").

use std::collections::HashMap;

use crate::address::Address;
use crate::messaging::Target;
use crate::vocabulary::party::{ClientId, User};

/// The recipients of a message with the clients that the sender named of each; none = all.
#[derive(Clone, Debug, Default)]
pub(in crate::sap) struct Targets(HashMap<Address, Vec<Target>>);

// === impl Targets ===

impl Targets {
    /// Notes a recipient as the sender named it. Who is named without a client, once at least, gets it at all.
    pub(in crate::sap) fn name(&mut self, user: &Address, named: &User) {
        let client = named.client.clone().filter(|client| *client != ClientId::default());
        let target = Target { client, application: named.application.clone() };
        let is_all = target == Target::default();
        match self.0.get_mut(user) {
            None => drop(self.0.insert(user.clone(), if is_all { Vec::new() } else { vec![target] })),
            Some(targets) if is_all => targets.clear(),
            Some(targets) if targets.is_empty() || targets.contains(&target) => {}
            Some(targets) => targets.push(target),
        }
    }

    /// The clients of a recipient.
    pub(in crate::sap) fn of(&self, user: &Address) -> Vec<Target> {
        self.0.get(user).cloned().unwrap_or_default()
    }

    /// A recipient as it is named to another domain.
    pub(in crate::sap) fn named(&self, user: &Address) -> Vec<User> {
        let id = || user.to_string().into();
        match self.0.get(user).map_or(&[][..], Vec::as_slice) {
            [] => vec![User { id: id(), ..User::default() }],
            targets => targets
                .iter()
                .map(|target| User {
                    id: id(),
                    client: target.client.clone(),
                    application: target.application.clone(),
                    ..User::default()
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(client: &str) -> User {
        let client = ClientId { url: Some(client.into()), msisdn: None };
        User { client: Some(client), ..User::default() }
    }

    #[test]
    fn a_recipient_named_with_several_clients_gets_it_at_each_and_without_one_at_all() {
        let bob: Address = "wv:bob@north.example".to_owned().try_into().unwrap();
        let mut targets = Targets::default();
        assert!(targets.of(&bob).is_empty());
        for client in ["phone", "tablet", "phone"] {
            targets.name(&bob, &named(client));
        }
        assert_eq!(targets.of(&bob).len(), 2);
        assert_eq!(targets.named(&bob).len(), 2);
        targets.name(&bob, &User::default());
        assert!(targets.of(&bob).is_empty());
        targets.name(&bob, &named("phone"));
        assert!(targets.of(&bob).is_empty());
        assert_eq!(targets.named(&bob), [User { id: "wv:bob@north.example".into(), ..User::default() }]);
    }
}
