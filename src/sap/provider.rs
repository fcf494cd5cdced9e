//! Who the provider is, as a client can show it (docs/wire-notes.md, "Provider information").

mod language;

use std::collections::BTreeMap;

use super::capability::Capabilities;
use crate::address::Domain;
use crate::config::{self, Picture};
use crate::vocabulary::provider::{GetSpInfoRequest, GetSpInfoResponse};
use crate::vocabulary::{self, Content, Text};

/// Largest logo for a client of which nothing is known, bytes.
const FOR_STRANGERS: usize = 8 * 1024;
/// What a message takes besides texts and logo, bytes.
const ENVELOPE: usize = 1024;

/// What there is to say about the provider.
#[derive(Clone, Debug, Default)]
pub struct ProviderInfo {
    name: Text,
    description: Text,
    descriptions: BTreeMap<String, String>,
    url: Text,
    logo: Option<Picture>,
}

// === impl ProviderInfo ===

impl ProviderInfo {
    /// What the configuration says; a logo that can't be used is left out and named in the log.
    pub fn load(told: &config::Provider, domain: &Domain) -> Self {
        let logo = told.logo.as_deref().and_then(|file| match Picture::read(file) {
            Ok(picture) => Some(picture),
            Err(fault) => {
                tracing::warn!("[provider] logo names {}, which {fault}: {}", file.display(), fault.remedy());
                None
            }
        });
        let name = if told.name.trim().is_empty() { domain.as_str() } else { &told.name };
        Self {
            name: name.into(),
            description: told.description.as_str().into(),
            descriptions: told.descriptions.clone(),
            url: told.url.as_str().into(),
            logo,
        }
    }

    /// Answers a client; `known` is what its session has negotiated.
    pub(super) fn answer(&self, request: &GetSpInfoRequest, known: Option<&Capabilities>) -> GetSpInfoResponse {
        let language = known.and_then(|known| known.language.as_deref());
        let own = language.and_then(|language| language::choose(&self.descriptions, language));
        let description = own.map_or_else(|| self.description.clone(), Text::from);
        let some = |text: &Text| (!text.trim().is_empty()).then(|| text.clone());
        let texts = self.name.len() + description.len() + self.url.len();
        let logo = self.logo.as_ref().filter(|logo| fits(logo, texts, known));
        GetSpInfoResponse {
            outcome: None,
            client: request.client.clone(),
            name: some(&self.name),
            logo: logo.map(written),
            description: some(&description),
            url: some(&self.url),
        }
    }
}

/// Whether a client can take a logo. Of a client outside any session nothing is known: a small one will do no harm.
fn fits(logo: &Picture, texts: usize, known: Option<&Capabilities>) -> bool {
    let size = logo.bytes.len();
    let Some(known) = known else { return size <= FOR_STRANGERS };
    let of_type = known.content_types.iter().find(|taken| taken.mime == logo.mime).and_then(|taken| taken.length);
    let within = |limit: Option<u32>, size: usize| limit.is_none_or(|limit| size <= limit as usize);
    known.base64
        && known.accepts(Some(logo.mime))
        && within(of_type, size)
        && within(known.pull_length.or(known.push_length), size)
        && within(known.parser_size, ENVELOPE + texts + size.div_ceil(3) * 4)
}

fn written(logo: &Picture) -> vocabulary::provider::Picture {
    vocabulary::provider::Picture {
        content_type: Some(logo.mime.into()),
        size: u32::try_from(logo.bytes.len()).ok(),
        encoding: Some("BASE64".into()),
        content: Some(Content::Binary(logo.bytes.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sap::capability::ContentType;
    use crate::vocabulary::party::ClientId;

    fn provider(logo: usize) -> ProviderInfo {
        let descriptions = [("de", "Reden"), ("fi", "Puhua")].map(|(code, text)| (code.to_owned(), text.to_owned()));
        let told = config::Provider {
            description: "Talk".into(),
            descriptions: descriptions.into(),
            url: "http://talk.example/".into(),
            ..config::Provider::default()
        };
        let bytes = vec![7; logo].into();
        let logo = Picture { mime: "image/gif", bytes };
        ProviderInfo { logo: Some(logo), ..ProviderInfo::load(&told, &"north.example".parse().unwrap()) }
    }

    fn able() -> Capabilities {
        Capabilities { any_content: true, ..Capabilities::default() }
    }

    fn has_logo(size: usize, known: &Capabilities) -> bool {
        provider(size).answer(&GetSpInfoRequest::default(), Some(known)).logo.is_some()
    }

    #[test]
    fn the_client_is_echoed_and_the_domain_stands_in_for_a_name() {
        let client = Some(ClientId { url: Some("app".into()), msisdn: None });
        let request = GetSpInfoRequest { client: client.clone() };
        let answer = provider(10).answer(&request, Some(&able()));
        assert_eq!((answer.client, answer.name.as_deref()), (client, Some("north.example")));
        assert_eq!(answer.url.as_deref(), Some("http://talk.example/"));
        let logo = answer.logo.unwrap();
        assert_eq!((logo.content_type.as_deref(), logo.size), (Some("image/gif"), Some(10)));
        let bare = ProviderInfo::default().answer(&GetSpInfoRequest::default(), None);
        assert_eq!(bare, GetSpInfoResponse::default(), "what nobody told is not said");
    }

    #[test]
    fn the_description_is_in_the_language_of_the_client() {
        let told = |language: &str| {
            let known = Capabilities { language: Some(language.into()), ..able() };
            provider(1).answer(&GetSpInfoRequest::default(), Some(&known)).description.unwrap()
        };
        assert_eq!((told("deu"), told("fi"), told("eng")), ("Reden".into(), "Puhua".into(), "Talk".into()));
        let stranger = provider(1).answer(&GetSpInfoRequest::default(), None);
        assert_eq!(stranger.description.as_deref(), Some("Talk"));
    }

    #[test]
    fn a_logo_goes_only_where_it_can_be_taken() {
        assert!(has_logo(60_000, &able()));
        assert!(!has_logo(10, &Capabilities::default()), "plain text only");
        let gif = |length| ContentType { mime: "image/gif".into(), length, ..ContentType::default() };
        let some = |length| Capabilities { content_types: vec![gif(length)], ..Capabilities::default() };
        assert!(has_logo(100, &some(None)) && has_logo(100, &some(Some(100))) && !has_logo(100, &some(Some(99))));
        assert!(!has_logo(10, &Capabilities { base64: false, ..able() }));
        let pushed = Capabilities { push_length: Some(99), ..able() };
        assert!(!has_logo(100, &pushed));
        assert!(has_logo(100, &Capabilities { pull_length: Some(100), ..pushed }), "it is fetched, not pushed");
    }

    #[test]
    fn a_logo_leaves_room_for_the_rest_in_a_small_parser() {
        let known = Capabilities { parser_size: Some(4096), ..able() };
        assert!(has_logo(2048, &known) && !has_logo(3000, &known), "base64 makes it longer by a third");
    }

    #[test]
    fn a_client_of_which_nothing_is_known_gets_a_small_logo_only() {
        let logo = |size| provider(size).answer(&GetSpInfoRequest::default(), None).logo;
        assert!(logo(FOR_STRANGERS).is_some() && logo(FOR_STRANGERS + 1).is_none());
    }
}
