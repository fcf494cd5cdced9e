//! Groups (IMPS 1.3 architecture, C.3, C.8.6, C.8.7).

use super::parts::USER_ID;
use super::{Body, Form, Rule, form, forms};
use crate::vocabulary::Element;

/// A list of addresses.
macro_rules! addresses {
    ($element:ident = $($name:literal),+) => {
        form!($element = [$($name),+] { Rule::Spliced(Element::UserList, &[]), Rule::Named(&USER_ID) } => Body::Children)
    };
}

/// Ordinary members, moderators and admins.
const ROLES: [Rule; 3] = [
    Rule::Named(&addresses!(Admin = "Admins", "Admin")),
    Rule::Named(&addresses!(Mod = "Moderators", "Mod")),
    Rule::Named(&addresses!(Users = "OrdinaryUsers", "Users")),
];

/// People in a group of whom only the names travel.
macro_rules! names {
    ($element:ident = $name:literal) => {
        form!($element = [$name] {
            Rule::Spliced(Element::UserMapList, &[]),
            Rule::Spliced(Element::UserMapping, &[]),
            Rule::Spliced(Element::UserList, &[]),
            Rule::Named(&form!(Mapping = ["Name"] => Body::TextOf(Element::SName))),
            Rule::Named(&form!(ScreenName = ["ScreenName"] (["groupID"] = GroupId) => Body::TextOf(Element::SName))),
        } => Body::Children)
    };
}

forms! {
    // the life of a group
    CreateGroupRequest = ["CreateGroupRequest"]
        (["groupID"] = GroupId, ["joinGroup"] = JoinGroup, ["subscribeNotif"] = SubscribeNotification)
        => Body::Children;
    DeleteGroupRequest = ["DeleteGroupRequest"] (["groupID"] = GroupId) => Body::Children;
    GetGroupPropsRequest = ["GetGroupPropsRequest"] (["groupID"] = GroupId) => Body::Children;
    GetGroupPropsResponse = ["GetGroupPropsResponse"] => Body::Children;
    GroupProperties = ["GroupProperties"] => Body::Children;
    OwnProperties = ["OwnProperties"] => Body::Children;
    SetGroupPropsRequest = ["SetGroupPropsRequest"] (["groupID"] = GroupId) => Body::Children;
    // joining and leaving
    JoinGroupRequest = ["JoinGroupRequest"] (
        ["groupID"] = GroupId,
        ["joinedListRequest"] = JoinedRequest,
        ["subscribeNotif"] = SubscribeNotification,
    ) => Body::Children;
    JoinGroupResponse = ["JoinGroupResponse"] (["groupID"] = GroupId) {
        Rule::Named(&names!(UserMapList = "JoinedList")),
    } => Body::Children;
    LeaveGroupRequest = ["LeaveGroupRequest"] (["groupID"] = GroupId) => Body::Children;
    LeaveGroupResponse = ["LeaveGroupIndication", "LeaveGroupResponse"] (["groupID"] = GroupId) => Body::Children;
    ReasonText = ["ReasonText"] => Body::Text;
    // members
    AddGroupMembersRequest = ["AddGroupMemberRequest", "AddGroupMembersRequest"] (["groupID"] = GroupId)
        => Body::Children;
    GetGroupMembersRequest = ["GetGroupMemberRequest", "GetGroupMembersRequest"] (["groupID"] = GroupId)
        => Body::Children;
    GetGroupMembersResponse = ["GetGroupMemberResponse", "GetGroupMembersResponse"] { ROLES[0], ROLES[1], ROLES[2] }
        => Body::Children;
    GetJoinedUsersRequest = ["GetJoinedUsersRequest"] (["groupID"] = GroupId) => Body::Children;
    GetJoinedUsersResponse = ["GetJoinedUsersResponse"] {
        Rule::Within(&["JoinedAdmin", "JoinedAdmins"], &form!(AdminMapList = ["UserMapList", "AdminMapList"] => Body::Children)),
        Rule::Within(&["JoinedUsers", "JoinedUser"], &form!(UserMapList = ["UserMapList"] => Body::Children)),
    } => Body::Children;
    MemberAccessRequest = ["MemberAccessRequest"] (["groupID"] = GroupId) { ROLES[0], ROLES[1], ROLES[2] }
        => Body::Children;
    RejectListRequest = ["RejectListRequest"] (["groupID"] = GroupId) {
        Rule::Named(&form!(AddList = ["AddUsers"] => Body::Children)),
        Rule::Named(&form!(RemoveList = ["RemoveUsers"] => Body::Children)),
    } => Body::Children;
    RejectListResponse = ["RejectListResponse"] {
        Rule::Named(&form!(UserList = ["RejectList"] { Rule::Named(&USER_ID) } => Body::Children)),
    } => Body::Children;
    RemoveGroupMembersRequest = ["RemoveGroupMemberRequest", "RemoveGroupMembersRequest"] (["groupID"] = GroupId)
        => Body::Children;
    // who is there
    AdminMapping = ["AdminMapping"] => Body::Children;
    JoinedBlocked = ["JoinedBlocked"] => Body::Children;
    LeftBlocked = ["LeftBlocked"] => Body::Children;
    Mapping = ["Mapping"] => Body::Children;
    ModMapping = ["ModMapping"] => Body::Children;
    UserMapList = ["UserMapList"] => Body::Children;
    UserMapping = ["UserMapping"] => Body::Children;
    // notices: one primitive of CSP with a type is three of SSP
    GroupChangeNotice = ["GroupChangeNotice"] (["groupID"] = GroupId) {
        Rule::Named(&names!(Joined = "Joined")),
        Rule::Named(&names!(Left = "Left")),
    } => Body::Children;
    SubscribeGroupNoticeRequest = [
        "SubscribeGroupChangeRequest", "UnsubscribeGroupChangeRequest", "GetGroupSubStatusRequest",
        "SubscribeGroupNoticeRequest"
    ] (["groupID"] = GroupId, ["subscribeType"] = SubscribeType) => Body::Children;
    SubscribeGroupNoticeResponse = ["GetGroupSubStatusResponse", "SubscribeGroupNoticeResponse"]
        (["groupID"] = GroupId, ["subscribed"] = Value)
        => Body::Children;
    // conversations
    ExtendConversationRequest = ["ExtendConversationRequest"]
        (["extendConversationID"] = ExtendConversationId, ["subscribeNotif"] = SubscribeNotification)
        => Body::Children;
    ExtendConversationResponse = ["ExtendConversationResponse"]
        (["extendConversationID"] = ExtendConversationId, ["groupID"] = GroupId)
        => Body::Children;
    ExtendConversationUser = ["ExtendConversationUser"] (["userID"] = UserId, ["friendlyName"] = FriendlyName)
        => Body::Children;
}
