//! Contact lists and attribute lists (IMPS 1.3 architecture, C.1).

use super::parts::ATTRIBUTE_LIST;
use super::{Body, Form, Rule, form, forms};
use crate::vocabulary::Element;

/// Contacts stand for themselves.
const NICKS: Rule = Rule::Spliced(Element::NickList, &[Element::NickName]);

forms! {
    AddNickList = ["AddNickList"] => Body::Children;
    ContactListProperties = ["ContactListProperties"] => Body::Children;
    CreateAttributeListRequest = ["CreateAttributeListRequest"] (
        ["default"] = DefaultList,
        ["defaultNotify"] = DefaultNotify,
        ["userNotify"] = UserNotify,
        ["contactListNotify"] = ContactListNotify,
    ) { ATTRIBUTE_LIST } => Body::Children;
    CreateListRequest = ["CreateListRequest"] (["contactListID"] = ContactList) { NICKS } => Body::Children;
    CreateListResponse = ["CreateListResponse"] (["contactListID"] = ContactList) => Body::Children;
    DeleteAttributeListRequest = ["DeleteAttributeListRequest"] (["default"] = DefaultList) => Body::Children;
    DeleteListRequest = ["DeleteListRequest"] (["contactListID"] = ContactList) => Body::Children;
    GetAttributeListRequest = ["GetAttributeListRequest"] (["default"] = DefaultList) => Body::Children;
    GetAttributeListResponse = ["GetAttributeListResponse"] {
        Rule::Marked(&form!(
            DefaultAttributeList = ["Authorization"] (["defaultNotify"] = DefaultNotify) { ATTRIBUTE_LIST } => Body::Children
        ), "default", "Yes"),
        Rule::Named(&form!(Presence = ["Authorization"] (
            ["userID"] = UserId,
            ["userNotify"] = UserNotify,
            ["contactListID"] = ContactList,
            ["contactListNotify"] = ContactListNotify,
            ["version"] = PresenceVersion,
        ) { ATTRIBUTE_LIST } => Body::Children)),
    } => Body::Children;
    GetListRequest = ["GetListRequest"] => Body::Children;
    GetListResponse = ["GetListResponse"] {
        Rule::Marked(
            &form!(DefaultContactList = ["ContactListID"] => Body::Attribute("contactListID")),
            "default",
            "Yes"
        ),
    } => Body::Children;
    ListManageRequest = ["ListManageRequest"] (
        ["contactListID"] = ContactList,
        ["receiveList"] = ReceiveList,
        ["authorizeAndGrant"] = AuthorizeAndGrant,
    ) => Body::Children;
    ListManageResponse = ["ListManageResponse"] { NICKS } => Body::Children;
    NickList = ["NickList"] => Body::Children;
    NickName = ["NickName"] (["userID"] = UserId) => Body::TextOf(Element::Name);
    RemoveNickList = ["RemoveNickList"] => Body::Children;
}
