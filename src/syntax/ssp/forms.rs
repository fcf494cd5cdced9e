//! How SSP writes the elements: names, which children become attributes, where characters stand
//! (`docs/wire-notes.md`, "SSP"). The source and the sink share this table.

use crate::vocabulary::Element;
use crate::vocabulary::names::Index;

/// One element as SSP writes it.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) element: Element,
    /// The name written, then other spellings read.
    pub(super) names: &'static [&'static str],
    /// Children written as attributes: spelling written, other spellings read, child.
    pub(super) attributes: &'static [(&'static [&'static str], Element)],
    pub(super) body: Body,
}

/// What stands between the tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Elements.
    Children,
    /// The element's own characters.
    Text,
    /// Nothing: the element's own characters are this attribute.
    Attribute(&'static str),
    /// The characters of this child.
    TextOf(Element),
    /// Characters, or base64 if the attribute `encoding` is there.
    Data,
}

impl Form {
    /// The form of an element.
    pub(super) fn of(element: Element) -> Option<&'static Self> {
        let at = usize::from(*BY_ELEMENT.get(element as usize)?).checked_sub(1)?;
        FORMS.get(at)
    }

    /// The form with a name in any spelling and case.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        let at = BY_NAME.find(name, |at| NAMES[at].0.eq_ignore_ascii_case(name))?;
        FORMS.get(usize::from(NAMES[at].1))
    }

    /// The name written.
    pub(super) fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }

    /// The child that an attribute stands for.
    pub(super) fn child(&self, attribute: &str) -> Option<Element> {
        let is = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(attribute));
        self.attributes.iter().find(|(names, _)| is(names)).map(|(_, child)| *child)
    }

    /// The attribute that stands for a child.
    pub(super) fn attribute(&self, child: Element) -> Option<&'static str> {
        self.attributes.iter().find(|(_, known)| *known == child).and_then(|(names, _)| names.first().copied())
    }
}

macro_rules! forms {
    ($( $element:ident = [$($name:literal),+] $( ( $( [$($attribute:literal),+] = $child:ident ),* ) )? => $body:expr; )*) => {
        const FORMS: &[Form] = &[ $( Form {
            element: Element::$element,
            names: &[ $($name),+ ],
            attributes: &[ $( $( (&[ $($attribute),+ ], Element::$child) ),* )? ],
            body: $body,
        } ),* ];
    };
}

forms! {
    // primitives
    DeliveryReportRequest = ["DeliveryStatusReport", "DeliveryReportRequest"] => Body::Children;
    Disconnect = ["Disconnect"] => Body::Children;
    KeepAliveRequest = ["KeepAliveRequest"] (["timeToLive"] = TimeToLive) => Body::Children;
    KeepAliveResponse = ["KeepAliveResponse"] (["timeToLive"] = KeepAliveTime) => Body::Children;
    LogoutRequest = ["LogoutRequest"] => Body::Children;
    MessageDelivered = ["MessageDelivered"] (["messageID"] = MessageId) => Body::Children;
    NewMessage = ["NewMessage"] => Body::Children;
    SendMessageRequest = ["SendMessageRequest"] (["deliveryReport"] = DeliveryReport) => Body::Children;
    SendMessageResponse = ["SendMessageResponse"] (["messageID"] = MessageId) => Body::Children;
    SendSecretToken = ["SendSecretToken"]
        (["serviceID"] = ServiceId, ["protocol"] = Protocol, ["protocolVersion", "procotolVersion"] = ProtocolVersion)
        => Body::Children;
    SspLoginRequest = ["LoginRequest"] (["serviceID"] = ServiceId, ["timeToLive"] = TimeToLive) => Body::Children;
    SspLoginResponse = ["LoginResponse"] (["sessionID"] = SessionId, ["timeToLive"] = TimeToLive) => Body::Children;
    // who
    ApplicationId = ["ApplicationID"] => Body::Attribute("applicationID");
    ClientId = ["ClientID"] (["url"] = Url, ["msisdn"] = Msisdn) => Body::Children;
    ContactList = ["ContactListID"] => Body::Attribute("contactListID");
    GroupId = ["GroupID"] => Body::Attribute("groupID");
    MetaInfo = ["MetaInfo"] (["clientOriginated"] = ClientOriginated) => Body::Children;
    Requestor = ["Requestor"] (["serviceID"] = ServiceId) => Body::Children;
    ScreenName = ["ScreenName", "ScreenNames"] (["groupID"] = GroupId) => Body::TextOf(Element::SName);
    User = ["User"] (["userID"] = UserId, ["friendlyName"] = FriendlyName) => Body::Children;
    UserId = ["UserID"] => Body::Attribute("userID");
    // outcomes
    Description = ["StatusDescription", "Description"] => Body::Text;
    DeliveryResult = ["DeliveryResult"] => Body::Children;
    DetailedResult = ["DetailedResult"] (["code"] = Code) => Body::Children;
    Domain = ["Domain"] => Body::Text;
    RedirectList = ["RedirectList"] => Body::Children;
    Result = ["Status", "Result"] (["code"] = Code) => Body::Children;
    TryAgainTimeout = ["TryAgainTimeout"] => Body::Text;
    Url = ["URL"] => Body::Text;
    // messages
    ContentData = ["ContentData"] => Body::Data;
    DateTime = ["DateTime"] => Body::Text;
    DeliveryTime = ["DeliveryTime"] => Body::Text;
    ExtBlockEtem = ["ExtBlockETEM"] => Body::Text;
    Font = ["Font"] (["size"] = Size, ["style"] = Style, ["color"] = Color) => Body::Children;
    MessageId = ["MessageID"] => Body::Attribute("messageID");
    MessageInfo = ["MessageInfo"] (
        ["messageID"] = MessageId,
        ["messageURI"] = MessageUri,
        ["contentType"] = ContentType,
        ["contentName"] = ContentName,
        ["contentSize"] = ContentSize,
        ["validity", "validlity"] = Validity
    ) => Body::Children;
    Recipient = ["Recipient"] => Body::Children;
    Sender = ["Sender"] => Body::Children;
    // set-up
    PasswordDigest = ["PasswordDigest"] => Body::Data;
    SecretToken = ["SecretToken"] => Body::Data;
}

const COUNT: usize = count();
/// Every spelling, and the place of its form.
const NAMES: [(&str, u8); COUNT] = names();
static BY_NAME: Index<128> = Index::new(&spellings());
static BY_ELEMENT: [u8; Element::ALL.len()] = by_element();

const fn count() -> usize {
    let (mut at, mut count) = (0, 0);
    while at < FORMS.len() {
        count += FORMS[at].names.len();
        at += 1;
    }
    count
}

const fn names() -> [(&'static str, u8); COUNT] {
    let mut names = [("", 0); COUNT];
    let (mut at, mut form) = (0, 0);
    while form < FORMS.len() {
        let mut spelling = 0;
        while spelling < FORMS[form].names.len() {
            names[at] = (FORMS[form].names[spelling], form as u8);
            at += 1;
            spelling += 1;
        }
        form += 1;
    }
    names
}

const fn spellings() -> [&'static str; COUNT] {
    let mut spellings = [""; COUNT];
    let mut at = 0;
    while at < COUNT {
        spellings[at] = NAMES[at].0;
        at += 1;
    }
    spellings
}

const fn by_element() -> [u8; Element::ALL.len()] {
    let mut places = [0; Element::ALL.len()];
    let mut at = 0;
    while at < FORMS.len() {
        at += 1;
        places[FORMS[at - 1].element as usize] = at as u8;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_found_by_any_spelling_and_by_element() {
        for form in FORMS {
            assert_eq!(Form::of(form.element).map(|f| f.element), Some(form.element));
            for name in form.names {
                for name in [name.to_string(), name.to_lowercase(), name.to_uppercase()] {
                    assert_eq!(Form::named(&name).map(|f| f.element), Some(form.element), "{name}");
                }
            }
        }
        assert!(Form::named("InviteRequest").is_none());
        assert_eq!(Form::named("MessageInfo").unwrap().child("VALIDLITY"), Some(Element::Validity));
    }
}
