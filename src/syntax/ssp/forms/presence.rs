//! Presence (IMPS 1.3 architecture, C.1).

use super::parts::ATTRIBUTE_LIST;
use super::{Body, Form, Rule, form, forms};
use crate::vocabulary::Element;

forms! {
    CancelAuthRequest = ["CancelAuthorizationRequest", "CancelAuthRequest"] => Body::Children;
    GetPresenceRequest = ["GetPresenceRequest"] {
        Rule::Named(&form!(UserId = ["VerUserID"] => Body::Attribute("userID"))),
        ATTRIBUTE_LIST,
    } => Body::Children;
    GetPresenceResponse = ["GetPresenceResponse"] => Body::Children;
    GetReactiveAuthStatusRequest = ["GetReactiveAuthStatusRequest"] => Body::Children;
    GetReactiveAuthStatusResponse = ["GetReactiveAuthStatusResponse"] => Body::Children;
    GetWatcherListRequest = ["GetWatcherListRequest"]
        (["historyPeriod"] = HistoryPeriod, ["maxWatcherList"] = MaxWatcherList)
        => Body::Children;
    GetWatcherListResponse = ["GetWatcherListResponse"]
        (["historyPeriod"] = HistoryPeriod, ["watcherCount"] = WatcherCount)
        => Body::Children;
    Presence = ["PresenceValue"] (
        ["userID"] = UserId,
        ["userNotify"] = UserNotify,
        ["contactListID"] = ContactList,
        ["contactListNotify"] = ContactListNotify,
        ["version"] = PresenceVersion,
    ) => Body::Children;
    PresenceAuthRequest = ["AuthorizationRequest", "PresenceAuthRequest"] { ATTRIBUTE_LIST } => Body::Children;
    PresenceAuthUser = ["AuthorizationResponse", "PresenceAuthUser"] (["acceptance"] = Acceptance) { ATTRIBUTE_LIST }
        => Body::Children;
    PresenceNotificationRequest = ["PresenceNotification", "PresenceNotificationRequest"] => Body::Children;
    ReactiveAuthStatus = ["ReactiveAuthStatus"] (["userID"] = UserId, ["state"] = ReactiveAuthState) { ATTRIBUTE_LIST }
        => Body::Children;
    SubscribePresenceRequest = ["SubscribeRequest", "SubscribePresenceRequest"]
        (["autoSubscribe"] = AutoSubscribe)
        { ATTRIBUTE_LIST }
        => Body::Children;
    UnsubscribePresenceRequest = ["UnsubscribeRequest", "UnsubscribePresenceRequest"] => Body::Children;
    UpdatePresenceRequest = ["UpdatePresenceRequest"] => Body::Children;
    Watcher = ["Watcher"]
        (["userID"] = UserId, ["friendlyName"] = FriendlyName, ["status"] = WatcherStatus)
        => Body::Children;
}
