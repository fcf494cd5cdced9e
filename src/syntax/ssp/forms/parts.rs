//! What several primitives are made of: who, outcomes, content, properties.

use super::{Body, Form, Rule, form, forms};
use crate::vocabulary::Element;

/// A user of whom only the address counts.
pub(super) const USER_ID: Form = form!(User = ["UserID"] (["userID", "userid"] = UserId) => Body::Children);

/// Presence attributes that are wanted, offered or authorised.
pub(super) const ATTRIBUTE_LIST: Rule = Rule::Within(&["AttributeList"], &PRESENCE_SUB_LIST);

const PRESENCE_SUB_LIST: Form = form!(PresenceSubList = ["PresenceSubList"] => Body::Plain);

/// A group, or somebody in it, stands for itself.
pub(super) const ENTITY: Rule = Rule::Each(Element::Group, &[Element::GroupId, Element::ScreenName]);

forms! {
    // who
    ApplicationId = ["ApplicationID"] => Body::Attribute("applicationID");
    ClientId = ["ClientID"] (["url"] = Url, ["msisdn"] = Msisdn) => Body::Children;
    ContactList = ["ContactListID"] => Body::Attribute("contactListID");
    Group = ["Group"] => Body::Children;
    GroupId = ["GroupID"] => Body::Attribute("groupID");
    MetaInfo = ["MetaInfo"] (["clientOriginated"] = ClientOriginated) => Body::Children;
    Requestor = ["Requestor"] (["serviceID"] = ServiceId) => Body::Children;
    ScreenName = ["ScreenName", "ScreenNames"] (["groupID"] = GroupId) => Body::TextOf(Element::SName);
    SName = ["SName"] => Body::Text;
    User = ["User"]
        (["userID"] = UserId, ["friendlyName"] = FriendlyName, ["userSessionID"] = UserSessionId)
        => Body::Children;
    UserId = ["UserID"] => Body::Attribute("userID");
    UserList = ["UserList"] => Body::Children;
    // outcomes
    Description = ["StatusDescription", "Description"] => Body::Text;
    DeliveryResult = ["DeliveryResult"] => Body::Children;
    DetailedResult = ["DetailedResult"] (["code"] = Code) => Body::Children;
    Domain = ["Domain"] => Body::Text;
    Result = ["Status", "Result"] (["code"] = Code) => Body::Children;
    SearchElement = ["SearchElement"] => Body::Text;
    TryAgainTimeout = ["TryAgainTimeout"] => Body::Text;
    // content
    ContentData = ["ContentData"] => Body::Data;
    ContentType = ["ContentType"] => Body::Text;
    DateTime = ["DateTime"] => Body::Text;
    DeliveryTime = ["DeliveryTime"] => Body::Text;
    Url = ["URL"] => Body::Text;
    UrlList = ["ContentIDList"] {
        Rule::Named(&form!(Url = ["ContentID"] => Body::Attribute("url"))),
    } => Body::Children;
    WelcomeNote = ["WelcomeNote"] => Body::Content;
    // properties
    Name = ["Name"] => Body::Text;
    PresenceSubList = ["PresenceSubList"] => Body::Plain;
    Property = ["Property"] => Body::Plain;
    Value = ["Value"] => Body::Text;
}
