//! Common features: search, invitation, provider information, system messages, notifications
//! (IMPS 1.3 architecture, C.6, C.8).

use super::parts::{ATTRIBUTE_LIST, ENTITY, USER_ID};
use super::{Body, Form, Rule, form, forms};
use crate::vocabulary::Element;

/// One of the two sides of an invitation.
macro_rules! side {
    ($element:ident = $name:literal) => {
        Rule::Named(&form!($element = [$name] { ENTITY, Rule::Lost(Element::ContactList) } => Body::Children))
    };
}

forms! {
    // invitation
    CancelInviteRequest = ["CancelInviteRequest"] (["inviteID"] = InviteId) {
        side!(Sender = "Canceling"),
        side!(Recipient = "Canceled"),
        Rule::Named(&form!(InviteNote = ["CancelNote"] => Body::Text)),
        ATTRIBUTE_LIST,
    } => Body::Children;
    InviteNote = ["InviteNote"] => Body::Text;
    InviteRequest = ["InviteRequest"]
        (["inviteID"] = InviteId, ["inviteType"] = InviteType, ["validity"] = Validity)
        { side!(Sender = "Inviting"), side!(Recipient = "Invited"), ATTRIBUTE_LIST }
        => Body::Children;
    InviteResponse = ["InviteResponse"] (["inviteID"] = InviteId, ["acceptance"] = Acceptance) {
        side!(Recipient = "Inviting"),
        side!(Sender = "Responding"),
    } => Body::Children;
    ResponseNote = ["ResponseNote"] => Body::Text;
    // search
    AdvancedCriteria = ["AdvancedCriteria"] => Body::Text;
    IdList = ["IDList"] => Body::Children;
    SearchPair = ["SearchPair"]
        (["element"] = SearchElement, ["string"] = SearchString, ["pairID"] = PairId)
        => Body::Children;
    SearchPairList = ["SearchPairList"] => Body::Children;
    SearchRequest = ["SearchRequest"]
        (["searchID"] = SearchId, ["searchIndex"] = SearchIndex, ["searchLimit"] = SearchLimit)
        { Rule::Spliced(Element::SearchPairList, &[Element::SearchPair]) }
        => Body::Children;
    SearchResponse = ["SearchResponse"] (
        ["searchID"] = SearchId,
        ["searchFindings"] = SearchFindings,
        ["searchIndex"] = SearchIndex,
        ["complete"] = CompletionFlag,
    ) {
        Rule::Spliced(Element::SearchResult, &[Element::UserId, Element::GroupId]),
        Rule::Spliced(Element::UserList, &[]),
        Rule::Spliced(Element::GroupList, &[]),
        Rule::Named(&USER_ID),
    } => Body::Children;
    SearchResult = ["SearchResult"] => Body::Children;
    StopSearchRequest = ["StopSearchRequest"] (["searchID"] = SearchId) => Body::Children;
    VerifyIdRequest = ["VerifyIDRequest"] {
        Rule::Spliced(
            Element::IdList,
            &[Element::UserId, Element::GroupId, Element::ScreenName, Element::ContactList, Element::Domain],
        ),
    } => Body::Children;
    // provider
    GetMapRequest = ["GetMapRequest"] => Body::Children;
    GetMapResponse = ["GetMapResponse"] { Rule::Spliced(Element::Map, &[Element::ContentData]) } => Body::Children;
    GetSpInfoRequest = ["GetSPInfoRequest"] => Body::Children;
    GetSpInfoResponse = ["GetSPInfoResponse"] {
        Rule::Named(&form!(Description = ["Description"] => Body::Text)),
    } => Body::Children;
    Logo = ["Logo"] => Body::Content;
    Map = ["Map"] => Body::Content;
    // system messages
    AnswerOption = ["AnswerOption"] (["answerOptionID"] = AnswerOptionId) => Body::TextOf(Element::AnswerOptionText);
    InText = ["InText"] => Body::Text;
    SystemMessage = ["SystemMessage"]
        (["systemMessageID"] = SystemMessageId, ["requiresResponse"] = RequiresResponse)
        => Body::Children;
    SystemMessageRequest = ["SystemMessageRequest"] => Body::Children;
    SystemMessageResponse = ["SystemMessageResponse"]
        (["systemMessageID"] = SystemMessageId, ["chosenOptionID"] = ChosenOptionId)
        => Body::Children;
    SystemMessageText = ["SystemMessageText"] => Body::Text;
    SystemMessageUser = ["SystemMessageUser"] => Body::Children;
    VerificationKey = ["VerificationKey"] => Body::Text;
    VerificationMechanism = ["VerificationMechanism"] => Body::Children;
    // notifications
    NotificationRequest = ["NotificationRequest"] (
        ["type"] = NotificationType,
        ["blockListInUse"] = BlockListInUse,
        ["grantListInUse"] = GrantListInUse,
        ["inviteID"] = InviteId,
        ["onlineETEMHandling"] = OnlineEtemHandling,
        ["sessionPriority"] = SessionPriority,
        ["default"] = DefaultList,
    ) { ATTRIBUTE_LIST } => Body::Children;
    UserIdPair = ["UserIDPair"]
        (["unrecognizedUserID"] = UnrecognizedUserId, ["validUserID"] = ValidUserId)
        => Body::Children;
    // vendors
    ExtendedData = ["ExtendedData"] => Body::Text;
    ExtendedRequest = ["ExtendedRequest"] => Body::Children;
    ExtendedResponse = ["ExtendedResponse"] => Body::Children;
}
