//! Instant messaging (IMPS 1.3 architecture, C.2).

use super::{Body, Form, Rule, form, forms};
use crate::vocabulary::Element;

/// Who is on a block or grant list stands in the list itself.
const ENTITIES: Rule = Rule::Spliced(
    Element::EntityList,
    &[Element::UserId, Element::ScreenName, Element::GroupId, Element::ContactList, Element::ApplicationId],
);

/// A block or grant list.
macro_rules! access_list {
    ($element:ident = $name:literal) => {
        form!($element = [$name] (["inUse"] = InUse) {
            ENTITIES,
            Rule::Named(&form!(AddList = ["Add"] => Body::Children)),
            Rule::Named(&form!(RemoveList = ["Remove"] => Body::Children)),
        } => Body::Children)
    };
}

/// Both lists of a user.
const LISTS: [Rule; 2] =
    [Rule::Named(&access_list!(BlockList = "BlockList")), Rule::Named(&access_list!(GrantList = "GrantList"))];

forms! {
    BlockEntityRequest = ["BlockEntityRequest", "BlockUserRequest"] { LISTS[0], LISTS[1] } => Body::Children;
    DeliveryReportRequest = ["DeliveryStatusReport", "DeliveryReportRequest"] => Body::Children;
    EntityList = ["EntityList"] => Body::Children;
    ExtBlockEtem = ["ExtBlockETEM"] => Body::Text;
    Font = ["Font"] (["size"] = Size, ["style"] = Style, ["color"] = Color) => Body::Children;
    ForwardMessageRequest = ["ForwardMessageRequest"] (["messageID"] = MessageId) => Body::Children;
    ForwardMessageResponse = ["ForwardMessageResponse"] (["messageID"] = MessageId) => Body::Children;
    GetBlockedListRequest = ["GetBlockedListRequest"] => Body::Children;
    GetBlockedListResponse = ["GetBlockedListResponse"] { LISTS[0], LISTS[1] } => Body::Children;
    GetMessageListRequest = ["GetMessageListRequest"] (["groupID"] = GroupId, ["messageCount"] = MessageCount)
        => Body::Children;
    GetMessageListResponse = ["GetMessageListResponse"] (["totalCount"] = MessageTotalCount) => Body::Children;
    GetMessageRequest = ["GetMessageRequest"] (["messageID"] = MessageId) => Body::Children;
    GetMessageResponse = ["GetMessageResponse"] => Body::Children;
    MessageDelivered = ["MessageDelivered"] (["messageID"] = MessageId) => Body::Children;
    MessageId = ["MessageID"] => Body::Attribute("messageID");
    MessageInfo = ["MessageInfo"] (
        ["messageID"] = MessageId,
        ["messageURI", "MessageURI"] = MessageUri,
        ["contentType"] = ContentType,
        ["contentName", "ContentName"] = ContentName,
        ["contentSize"] = ContentSize,
        ["validity", "validlity"] = Validity,
    ) => Body::Children;
    MessageNotification = ["MessageNotification"] => Body::Children;
    NewMessage = ["NewMessage"] => Body::Children;
    Recipient = ["Recipient"] => Body::Children;
    RejectMessageRequest = ["RejectMessageRequest"] => Body::Children;
    SendMessageRequest = ["SendMessageRequest"] (["deliveryReport"] = DeliveryReport) => Body::Children;
    SendMessageResponse = ["SendMessageResponse"] (["messageID"] = MessageId) => Body::Children;
    Sender = ["Sender"] => Body::Children;
    SetDeliveryMethodRequest = ["SetDeliveryMethodRequest"] (
        ["deliveryMethod"] = DeliveryMethod,
        ["acceptedContentLength"] = AcceptedContentLength,
        ["groupID"] = GroupId,
        ["groupContentLimit"] = GroupContentLimit,
    ) => Body::Children;
}
