//! Between domains: set-up, sessions, agreements, user profiles, user sessions
//! (IMPS 1.3 architecture, C.7; `docs/wire-notes.md`, "SSP").

use super::{Body, Form, form, forms};
use crate::vocabulary::Element;

forms! {
    // sessions of domains
    Disconnect = ["Disconnect"] => Body::Children;
    KeepAliveRequest = ["KeepAliveRequest"] (["timeToLive"] = TimeToLive) => Body::Children;
    KeepAliveResponse = ["KeepAliveResponse"] (["timeToLive"] = KeepAliveTime) => Body::Children;
    LogoutRequest = ["LogoutRequest"] => Body::Children;
    PasswordDigest = ["PasswordDigest"] => Body::Data;
    RedirectList = ["RedirectList"] => Body::Children;
    SecretToken = ["SecretToken"] => Body::Data;
    SendSecretToken = ["SendSecretToken"]
        (["serviceID"] = ServiceId, ["protocol"] = Protocol, ["protocolVersion", "procotolVersion"] = ProtocolVersion)
        => Body::Children;
    SspLoginRequest = ["LoginRequest"] (["serviceID"] = ServiceId, ["timeToLive"] = TimeToLive) => Body::Children;
    SspLoginResponse = ["LoginResponse"] (["sessionID"] = SessionId, ["timeToLive"] = TimeToLive) => Body::Children;
    // agreements
    Function = ["Function"] => Body::Attribute("code");
    GetServiceRequest = ["GetServiceRequest"] => Body::Children;
    GetServiceResponse = ["GetServiceResponse"] => Body::Children;
    MaxMessageSize = ["MaxMessageSize"] => Body::Text;
    Service = ["Service"]
        (["name"] = Name, ["role"] = Role, ["pse"] = Pse, ["status"] = ServiceStatus)
        => Body::Children;
    ServiceNegotiationRequest = ["ServiceNegotiationRequest", "ServiceRequest"] (["validity"] = Validity) => Body::Children;
    ServiceNegotiationResponse = ["ServiceNegotiationResponse", "ServiceResponse"] (["validity"] = Validity)
        => Body::Children;
    ServiceTree = ["ServiceTree"] => Body::Children;
    // user profiles
    GetUserProfileRequest = ["GetUserProfileRequest"] => Body::Children;
    GetUserProfileResponse = ["GetUserProfileResponse"] => Body::Children;
    Preferences = ["Preferences"] => Body::Children;
    Privacy = ["Privacy"] (["location"] = Location, ["userInteraction"] = UserInteraction) => Body::Children;
    ProfileFields = ["ProfileFields"] => Body::Attribute("names");
    PublicProfile = ["PublicProfile"] => Body::Children;
    SubscribedServices = ["SubscribedServices"] => Body::Children;
    Terminal = ["Terminal"] => Body::Children;
    UpdateUserProfileRequest = ["UpdateUserProfileRequest"] => Body::Children;
    UserProfile = ["UserProfile"] (["userID"] = UserId, ["profileID"] = ProfileId) => Body::Children;
    // user sessions
    Capabilities = ["Capabilities"] => Body::Children;
    DigestBytes = ["DigestBytes"] => Body::Text;
    DigestSchema = ["DigestSchema"] => Body::Text;
    Nonce = ["Nonce"] => Body::Text;
    UserDisconnect = ["UserDisconnect"] (["userSessionID"] = UserSessionId) => Body::Children;
    UserKeepAliveRequest = ["UserKeepAliveRequest"] => Body::Children;
    UserKeepAliveResponse = ["UserKeepAliveResponse"] => Body::Children;
    UserLoginRequest = ["UserLoginRequest"] (
        ["loginID"] = LoginId,
        ["userID"] = UserId,
        ["timeToLive"] = TimeToLive,
        ["userSessionID"] = UserSessionId,
    ) => Body::Children;
    UserLoginResponse = ["UserLoginResponse"] (
        ["loginID"] = LoginId,
        ["userID"] = UserId,
        ["userSessionID"] = UserSessionId,
        ["keepAliveTime"] = KeepAliveTime,
    ) => Body::Children;
    UserLogoutRequest = ["UserLogoutRequest"] => Body::Children;
    UserSession = ["UserSession"] (
        ["userSessionID"] = UserSessionId,
        ["timeToLive"] = TimeToLive,
        ["poll"] = Poll,
        ["keepAliveTime"] = KeepAliveTime,
        ["waiting"] = Waiting,
    ) => Body::Children;
    UserWakeUp = ["UserWakeUp"] => Body::Children;
}
