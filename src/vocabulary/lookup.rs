//! From names and tokens back to elements (`docs/wire-notes.md`, "Names and tokens").

use super::names::Exact;
use super::{Element, Version};

/// Spellings found in the field beside those of the table.
const ALIASES: &[(&str, Element)] = &[
    ("AcceptedCharSet", Element::AcceptedCharset),
    ("Auto-Subscribe", Element::AutoSubscribe),
    ("BlockUser-Request", Element::BlockEntityRequest),
    ("CName", Element::Cname),
    ("Extended-Data", Element::ExtendedData),
    ("KeepAliveResponse", Element::KeepAliveResponse),
    ("PreferredContent", Element::ReferredContent),
    ("PreferredvCard", Element::ReferredvCard),
    ("WV-CSP-NSDiscovery-Request", Element::VersionDiscoveryRequest),
    ("WV-CSP-NSDiscovery-Response", Element::VersionDiscoveryResponse),
];

const CSP: usize = Element::ALL.len() - Element::SSP_ONLY;
static BY_NAME: Exact<2048, { CSP + ALIASES.len() }> = Exact::new(names());

const PAGES: usize = 12;
/// Per page and token: the newest element, and an older one it replaced.
static BY_TOKEN: [[(Option<Element>, Option<Element>); 64]; PAGES] = tokens();

const fn names() -> [&'static str; CSP + ALIASES.len()] {
    let mut names = [""; CSP + ALIASES.len()];
    let mut at = 0;
    while at < CSP {
        names[at] = Element::ALL[at].xml();
        at += 1;
    }
    while at < names.len() {
        names[at] = ALIASES[at - CSP].0;
        at += 1;
    }
    names
}

const fn tokens() -> [[(Option<Element>, Option<Element>); 64]; PAGES] {
    let mut tokens = [[(None, None); 64]; PAGES];
    let mut at = 0;
    while at < CSP {
        if let Some((page, token)) = Element::ALL[at].wbxml() {
            let entry = &mut tokens[page as usize][token as usize];
            // Rows of the table stand in the order of their versions.
            *entry = (Some(Element::ALL[at]), entry.0);
        }
        at += 1;
    }
    // A second token of ContentType, seen in one table: read, never written.
    tokens[0x05][0x36] = (Some(Element::ContentType), None);
    tokens
}

/// The element with the name at a place in the list.
#[inline]
fn named(at: usize) -> Option<Element> {
    match at.checked_sub(CSP) {
        None => Element::ALL.get(at).copied(),
        Some(alias) => ALIASES.get(alias).map(|(_, element)| *element),
    }
}

impl Element {
    /// The element with this CSP-XML name (exact), or one of its known misspellings.
    #[inline]
    pub fn from_xml(name: &str) -> Option<Self> {
        BY_NAME.find(name).and_then(named)
    }

    /// The element with this CSP-XML name, or else with one that differs from it in case only.
    pub fn from_xml_in_any_case(name: &str) -> Option<Self> {
        Self::from_xml(name).or_else(|| BY_NAME.find_in_any_case(name).and_then(named))
    }

    /// The element with this WBXML token in the version's table, or else in another version's.
    pub fn from_wbxml(page: u8, token: u8, version: Version) -> Option<Self> {
        let (newest, older) = *BY_TOKEN.get(usize::from(page))?.get(usize::from(token))?;
        match (newest, older) {
            (Some(newest), Some(older)) if !newest.versions().contains(&version) => Some(older),
            _ => newest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_tokens_lead_back_to_their_element() {
        for element in &Element::ALL[..CSP] {
            assert_eq!(Element::from_xml(element.xml()), Some(*element));
            let (page, token) = element.wbxml().unwrap();
            assert_eq!(Element::from_wbxml(page, token, *element.versions().end()), Some(*element));
        }
        for (name, element) in ALIASES {
            assert_eq!(Element::from_xml(name), Some(*element));
        }
        assert_eq!(Element::from_xml("onlinestatus"), None);
        assert_eq!(Element::from_xml_in_any_case("onlinestatus"), Some(Element::OnlineStatus));
        assert_eq!(Element::from_xml_in_any_case("CNAME"), Some(Element::Cname));
    }

    #[test]
    fn elements_of_ssp_alone_have_neither_name_nor_token_on_csp() {
        assert_eq!(Element::from_xml("MetaInfo"), None);
        assert_eq!(Element::from_xml("LoginRequest"), None);
        assert_eq!(Element::from_xml("login-request"), None);
        assert_eq!(Element::MetaInfo.wbxml(), None);
    }

    #[test]
    fn a_token_with_two_meanings_follows_the_version() {
        assert_eq!(Element::from_wbxml(3, 0x14, Version::V12), Some(Element::CirUrl));
        assert_eq!(Element::from_wbxml(3, 0x14, Version::V13), Some(Element::CirHttpAddress));
        assert_eq!(Element::from_wbxml(9, 0x0B, Version::V12), Some(Element::ReactiveAuthState));
        assert_eq!(Element::from_wbxml(5, 0x36, Version::V12), Some(Element::ContentType));
        assert_eq!(Element::from_wbxml(12, 5, Version::V13), None);
        assert_eq!(Element::from_wbxml(0, 4, Version::V13), None);
    }
}
