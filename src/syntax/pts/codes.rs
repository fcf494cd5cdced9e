//! The codes of PTS: two letters for every primitive, element, attribute and word that has some
//! (`docs/wire-notes.md`, "PTS"). The same letters mean different things in different places.

use crate::vocabulary::primitive::{SentBy, sent_by};
use crate::vocabulary::{Element, Version};

/// Primitives.
const PRIMITIVES: &[(Element, &str)] = &[
    (Element::ClientCapabilityRequest, "CP"),
    (Element::ClientCapabilityResponse, "PC"),
    (Element::CreateAttributeListRequest, "CA"),
    (Element::CreateListRequest, "CL"),
    (Element::DeleteListRequest, "DL"),
    (Element::Disconnect, "DI"),
    (Element::GetBlockedListRequest, "GB"),
    (Element::GetListRequest, "GL"),
    (Element::GetListResponse, "LG"),
    (Element::GetPresenceRequest, "GP"),
    (Element::GetPresenceResponse, "PG"),
    (Element::KeepAliveRequest, "KA"),
    (Element::KeepAliveResponse, "AK"),
    (Element::ListManageRequest, "LM"),
    (Element::ListManageResponse, "ML"),
    (Element::LoginRequest, "LR"),
    (Element::LoginResponse, "RL"),
    (Element::LogoutRequest, "OR"),
    (Element::PollingRequest, "PO"),
    (Element::PresenceNotificationRequest, "PN"),
    (Element::ServiceRequest, "SQ"),
    (Element::ServiceResponse, "QS"),
    (Element::Status, "ST"),
    (Element::SubscribePresenceRequest, "SB"),
    (Element::UpdatePresenceRequest, "UP"),
];

/// How the value of an element is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `text`.
    Text,
    /// `text`, or a group of texts where the element stands several times.
    Texts,
    /// The text of its `URL` or `MSISDN`.
    Client,
    /// `code`, or `(code,description)`.
    Outcome,
    /// `((code,value),…)`: capabilities.
    Capabilities,
    /// `(code,…)`: features.
    Features,
    /// `((name,user),…)`; without a name `(,user)`.
    Nicks,
    /// `((code,value),…)`: properties of a contact list.
    Properties,
    /// Attributes by name, `code` or `(code,(code,code),…)`; in an update with their values,
    /// `((code,qualifier,value),…)`.
    Attributes,
    /// `(user,attributes)`, or a group of such.
    Presences,
}

/// An element that stands in a primitive.
#[derive(Debug)]
pub(super) struct Row {
    /// The element.
    pub(super) element: Element,
    /// Its code where a client says it; empty = none.
    client: &'static str,
    /// Its code where the server says it; empty = none.
    server: &'static str,
    /// How it is written.
    pub(super) form: Form,
}

const fn row(element: Element, client: &'static str, server: &'static str, form: Form) -> Row {
    Row { element, client, server, form }
}

const ROWS: &[Row] = &[
    row(Element::AddNickList, "AN", "", Form::Nicks),
    row(Element::AgreedCapabilityList, "", "AP", Form::Capabilities),
    row(Element::AllFunctions, "", "AF", Form::Features),
    row(Element::AllFunctionsRequest, "AR", "", Form::Text),
    row(Element::AutoSubscribe, "AS", "", Form::Text),
    row(Element::CapabilityList, "CA", "CA", Form::Capabilities),
    row(Element::CapabilityRequest, "", "CR", Form::Text),
    row(Element::ClientId, "CI", "CI", Form::Client),
    row(Element::ContactList, "CL", "CL", Form::Texts),
    row(Element::ContactListProperties, "CP", "CP", Form::Properties),
    row(Element::DefaultContactList, "", "DC", Form::Text),
    row(Element::DefaultContactList, "", "DL", Form::Text),
    row(Element::DefaultList, "DL", "", Form::Text),
    row(Element::DigestBytes, "DB", "", Form::Text),
    row(Element::DigestSchema, "SH", "DI", Form::Texts),
    row(Element::Functions, "RF", REFUSED, Form::Features),
    row(Element::KeepAliveTime, "", "KA", Form::Text),
    row(Element::NickList, "UN", "UN", Form::Nicks),
    row(Element::Nonce, "", "NO", Form::Text),
    row(Element::Password, "PW", "", Form::Text),
    row(Element::Presence, "", "PR", Form::Presences),
    row(Element::PresenceSubList, "PS", "", Form::Attributes),
    row(Element::ReceiveList, "RL", "", Form::Text),
    row(Element::RemoveNickList, "RN", "", Form::Nicks),
    row(Element::Result, "ST", "ST", Form::Outcome),
    row(Element::SessionCookie, "SC", "", Form::Text),
    // Of the message, except in a login and its answer.
    row(Element::SessionId, SESSION, SESSION, Form::Text),
    row(Element::TimeToLive, "TL", "", Form::Text),
    row(Element::UserId, "UI", "", Form::Texts),
];

/// The code of the session.
pub(super) const SESSION: &str = "SI";
/// The code of the functions refused.
pub(super) const REFUSED: &str = "NF";
/// The code of attributes with their values.
const VALUES: &str = "UV";

/// Codes of elements within a value.
pub(super) type Named = [(Element, &'static str)];

/// What stands in a capability list.
pub(super) const CAPABILITIES: &Named = &[
    (Element::CirHttpAddress, "CI"),
    (Element::CirUrl, "CI"),
    (Element::ClientType, "CT"),
    (Element::DefaultLanguage, "DL"),
    (Element::InitialDeliveryMethod, "ID"),
    (Element::MultiTrans, "MT"),
    (Element::ParserSize, "PS"),
    (Element::ServerPollMin, "PM"),
    (Element::SupportedBearer, "SB"),
    (Element::SupportedCirMethod, "SC"),
    (Element::TcpAddress, "TA"),
    (Element::TcpPort, "TP"),
    (Element::UdpPort, "UP"),
];

/// Features of the service tree; below them nothing has a code.
pub(super) const FEATURES: &Named = &[
    (Element::WvCspFeat, "WV"),
    (Element::FundamentalFeat, "FF"),
    (Element::PresenceFeat, "PF"),
    (Element::ImFeat, "IF"),
    (Element::GroupFeat, "GE"),
];

/// Presence attributes.
pub(super) const ATTRIBUTES: &Named = &[
    (Element::ClientInfo, "CF"),
    (Element::OnlineStatus, "OS"),
    (Element::StatusContent, "SC"),
    (Element::StatusText, "ST"),
    (Element::UserAvailability, "UA"),
];

/// What stands in `ClientInfo`.
const OF_CLIENT_INFO: &Named =
    &[(Element::ClientProducer, "CP"), (Element::ClientType, "CT"), (Element::ClientVersion, "CV")];

/// What stands in `StatusContent`.
const OF_STATUS_CONTENT: &Named = &[(Element::ContentType, "CY"), (Element::ReferredContent, "RC")];

/// Properties of a contact list.
pub(super) const PROPERTIES: &Words = &[("DisplayName", "DN"), ("Default", "DE")];

/// Codes of words.
pub(super) type Words = [(&'static str, &'static str)];

const CLIENT_TYPES: &Words =
    &[("MOBILE_PHONE", "MP"), ("COMPUTER", "CO"), ("PDA", "PD"), ("CLI", "CL"), ("OTHER", "OT")];
const CIR_METHODS: &Words = &[("SSMS", "SS"), ("STCP", "ST"), ("SUDP", "SU"), ("WAPSMS", "WS"), ("WAPUDP", "WU")];
const AVAILABILITIES: &Words = &[("AVAILABLE", "AV"), ("DISCREET", "DI"), ("NOT_AVAILABLE", "NA")];

/// The primitive of a code.
pub(super) fn primitive(code: &str) -> Option<Element> {
    PRIMITIVES.iter().find(|(_, known)| known.eq_ignore_ascii_case(code)).map(|(element, _)| *element)
}

/// The code of a primitive.
pub(in crate::syntax) fn code_of(primitive: Element) -> Option<&'static str> {
    PRIMITIVES.iter().find(|(element, _)| *element == primitive).map(|(_, code)| *code)
}

/// Whether a primitive is said by a client.
fn by_client(primitive: Element) -> bool {
    matches!(sent_by(primitive), Some(SentBy::Client))
}

/// Whether a primitive answers: all of the server but its one request, and a client's status.
pub(super) fn answers(primitive: Element) -> bool {
    !by_client(primitive) && primitive != Element::PresenceNotificationRequest
}

/// Whether `SI` is an element of the primitive, not of the message.
pub(super) const fn names_session(primitive: Element) -> bool {
    matches!(primitive, Element::LoginRequest | Element::LoginResponse)
}

/// Whether a primitive's attributes have values.
const fn has_values(primitive: Element) -> bool {
    matches!(primitive, Element::UpdatePresenceRequest)
}

impl Row {
    /// Its code within a primitive.
    pub(super) fn code(&self, primitive: Element) -> Option<&'static str> {
        let code = match self.form {
            Form::Attributes if has_values(primitive) => VALUES,
            _ if by_client(primitive) => self.client,
            _ => self.server,
        };
        Some(code).filter(|code| !code.is_empty())
    }

    /// Whether its attributes are written with values.
    pub(super) fn has_values(&self, primitive: Element) -> bool {
        self.form == Form::Presences || has_values(primitive)
    }

    /// The element with this code in a primitive.
    pub(super) fn of_code(code: &str, primitive: Element) -> Option<&'static Self> {
        ROWS.iter().find(|row| row.code(primitive).is_some_and(|known| known.eq_ignore_ascii_case(code)))
    }

    /// An element in a primitive.
    pub(super) fn of_element(element: Element, primitive: Element) -> Option<&'static Self> {
        ROWS.iter().find(|row| row.element == element && row.code(primitive).is_some())
    }
}

/// The element with this code; of two versions that of the message's own.
pub(super) fn named(code: &str, table: &Named, version: Version) -> Option<Element> {
    let mut found = table.iter().filter(|(_, known)| known.eq_ignore_ascii_case(code)).map(|(element, _)| *element);
    let first = found.next()?;
    [first].into_iter().chain(found).find(|element| element.versions().contains(&version)).or(Some(first))
}

/// The code of an element.
pub(super) fn name_of(element: Element, table: &Named) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == element).map(|(_, code)| *code)
}

/// What stands in an attribute instead of one value; empty for attributes of one value.
pub(super) const fn members_of(attribute: Element) -> &'static Named {
    match attribute {
        Element::ClientInfo => OF_CLIENT_INFO,
        Element::StatusContent => OF_STATUS_CONTENT,
        _ => &[],
    }
}

/// Whether a client's id is taken for a telephone number.
pub(super) fn is_number(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
}

/// Words that an element holds and that have codes.
const fn words_of(element: Element) -> &'static Words {
    match element {
        Element::ClientType => CLIENT_TYPES,
        Element::SupportedCirMethod => CIR_METHODS,
        Element::UserAvailability => AVAILABILITIES,
        _ => &[],
    }
}

/// The word of a code; other text is what it is.
pub(super) fn word(code: &str, of: Element) -> Option<&'static str> {
    words_of(of).iter().find(|(_, known)| known.eq_ignore_ascii_case(code)).map(|(word, _)| *word)
}

/// The code of a word.
pub(super) fn code_of_word(word: &str, of: Element) -> Option<&'static str> {
    words_of(of).iter().find(|(known, _)| *known == word).map(|(_, code)| *code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primitives_lead_to_codes_and_back() {
        for (element, code) in PRIMITIVES {
            assert_eq!(primitive(&code.to_lowercase()), Some(*element));
            assert_eq!(code_of(*element), Some(*code));
            assert!(sent_by(*element).is_some(), "{code}");
        }
        assert_eq!(primitive("NM"), None);
        assert_eq!(code_of(Element::SendMessageRequest), None);
    }

    #[test]
    fn an_answer_has_the_letters_of_its_request_exchanged() {
        for (request, response) in [("LR", "RL"), ("CP", "PC"), ("SQ", "QS"), ("GL", "LG"), ("LM", "ML"), ("GP", "PG")]
        {
            assert!(!answers(primitive(request).unwrap()) && answers(primitive(response).unwrap()));
            assert_eq!(request.chars().rev().collect::<String>(), response);
        }
        assert!(!answers(Element::PresenceNotificationRequest) && answers(Element::Status));
    }

    #[test]
    fn in_every_primitive_a_code_has_one_meaning() {
        for (primitive, name) in PRIMITIVES {
            let mut codes: Vec<_> = ROWS.iter().filter_map(|row| row.code(*primitive)).collect();
            codes.sort_unstable();
            assert!(codes.windows(2).all(|pair| pair[0] != pair[1]), "{name}: {codes:?}");
        }
        let tables = [CAPABILITIES, FEATURES, ATTRIBUTES, OF_CLIENT_INFO, OF_STATUS_CONTENT];
        for (table, version) in tables.into_iter().flat_map(|table| Version::ALL.map(|version| (table, version))) {
            for (element, code) in table.iter().filter(|(element, _)| element.versions().contains(&version)) {
                assert_eq!(named(code, table, version), Some(*element), "{code} in {version}");
            }
        }
    }

    #[test]
    fn the_same_letters_mean_different_things() {
        let of = |code, primitive| Row::of_code(code, primitive).map(|row| row.element);
        assert_eq!(of("di", Element::LoginResponse), Some(Element::DigestSchema));
        assert_eq!(of("DI", Element::LoginRequest), None);
        assert_eq!(of("SH", Element::LoginRequest), Some(Element::DigestSchema));
        assert_eq!(of("DL", Element::GetListResponse), Some(Element::DefaultContactList));
        assert_eq!(of("DL", Element::CreateAttributeListRequest), Some(Element::DefaultList));
        assert_eq!(of("UV", Element::UpdatePresenceRequest), Some(Element::PresenceSubList));
        assert_eq!(of("UV", Element::GetPresenceRequest), None);
        assert_eq!(of("PS", Element::UpdatePresenceRequest), None);
        assert_eq!(named("ci", CAPABILITIES, Version::V12), Some(Element::CirUrl));
        assert_eq!(named("CI", CAPABILITIES, Version::V13), Some(Element::CirHttpAddress));
        assert_eq!((word("st", Element::SupportedCirMethod), word("ST", Element::StatusText)), (Some("STCP"), None));
    }
}
