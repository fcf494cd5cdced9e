//! Version discovery: which versions are spoken here (`docs/wire-notes.md`, "Version discovery").

use crate::syntax::csp::namespaces;
use crate::vocabulary::discovery::{VersionDiscoveryRequest, VersionDiscoveryResponse, VersionList};
use crate::vocabulary::{Text, Version};

/// What both sides speak; everything spoken here, if the client names nothing that is.
pub(super) fn answer(request: &VersionDiscoveryRequest) -> VersionDiscoveryResponse {
    let asked = request.versions.clone().unwrap_or_default();
    let named = |names: &[Text], own: &str| names.iter().any(|name| name.trim().eq_ignore_ascii_case(own));
    let mut shared = VersionList::default();
    let mut all = VersionList::default();
    for version in Version::ALL {
        let [message, transaction, attribute] = namespaces(version);
        all.messages.push(message.into());
        all.transactions.push(transaction.into());
        all.attributes.push(attribute.into());
        if named(&asked.messages, message) {
            shared.messages.push(message.into());
        }
        if named(&asked.transactions, transaction) {
            shared.transactions.push(transaction.into());
        }
        if named(&asked.attributes, attribute) {
            shared.attributes.push(attribute.into());
        }
    }
    let versions = Some(if shared.messages.is_empty() { all } else { shared });
    VersionDiscoveryResponse { versions, ..VersionDiscoveryResponse::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(messages: &[&str]) -> Vec<Text> {
        let messages = messages.iter().map(|name| (*name).into()).collect();
        let versions = Some(VersionList { messages, ..VersionList::default() });
        answer(&VersionDiscoveryRequest { versions, extended: Vec::new() }).versions.unwrap().messages
    }

    #[test]
    fn what_both_speak_is_named_or_else_all_that_is_spoken_here() {
        let newest = "http://www.openmobilealliance.org/DTD/IMPS-CSP1.3";
        assert_eq!(asked(&["http://www.openmobilealliance.org/DTD/IMPS-CSP1.4", newest]), [newest]);
        assert_eq!(asked(&["urn:other"]).len(), 3);
        assert_eq!(asked(&[]).len(), 3);
    }
}
