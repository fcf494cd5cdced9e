//! The list of primitives: element, service, who may send it and what answers it.

use super::access::{
    Disconnect, KeepAliveRequest, KeepAliveResponse, LoginRequest, LoginResponse, LogoutRequest, PollingRequest,
};
use super::agreement::{GetServiceRequest, GetServiceResponse, ServiceNegotiationRequest, ServiceNegotiationResponse};
use super::attribute_list::{
    CreateAttributeListRequest, DeleteAttributeListRequest, GetAttributeListRequest, GetAttributeListResponse,
};
use super::block::{BlockEntityRequest, GetBlockedListRequest, GetBlockedListResponse};
use super::capability::{ClientCapabilityRequest, ClientCapabilityResponse};
use super::contact_list::{
    CreateListRequest, CreateListResponse, DeleteListRequest, GetListRequest, GetListResponse, ListManageRequest,
    ListManageResponse,
};
use super::conversation::{ExtendConversationRequest, ExtendConversationResponse};
use super::discovery::{VersionDiscoveryRequest, VersionDiscoveryResponse};
use super::extended::{ExtendedRequest, ExtendedResponse};
use super::group::members::{
    AddGroupMembersRequest, GetGroupMembersRequest, GetGroupMembersResponse, GetJoinedUsersRequest,
    GetJoinedUsersResponse, MemberAccessRequest, RejectListRequest, RejectListResponse, RemoveGroupMembersRequest,
};
use super::group::notice::{GroupChangeNotice, SubscribeGroupNoticeRequest, SubscribeGroupNoticeResponse};
use super::group::properties::{GetGroupPropsRequest, GetGroupPropsResponse, SetGroupPropsRequest};
use super::group::{
    CreateGroupRequest, DeleteGroupRequest, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, LeaveGroupResponse,
};
use super::interop::{SendSecretToken, SspLoginRequest, SspLoginResponse};
use super::invitation::{
    CancelInviteRequest, CancelInviteUserRequest, InviteRequest, InviteResponse, InviteUserRequest, InviteUserResponse,
};
use super::message::{DeliveryReportRequest, MessageDelivered, NewMessage, SendMessageRequest, SendMessageResponse};
use super::notification::{NotificationRequest, SubscribeNotificationRequest, UnsubscribeNotificationRequest};
use super::presence::{
    CancelAuthRequest, GetPresenceRequest, GetPresenceResponse, GetReactiveAuthStatusRequest,
    GetReactiveAuthStatusResponse, GetWatcherListRequest, GetWatcherListResponse, PresenceAuthRequest,
    PresenceAuthUser, PresenceNotificationRequest, SubscribePresenceRequest, UnsubscribePresenceRequest,
    UpdatePresenceRequest,
};
use super::provider::{GetMapRequest, GetMapResponse, GetSpInfoRequest, GetSpInfoResponse};
use super::public_profile::{GetPublicProfileRequest, GetPublicProfileResponse, UpdatePublicProfileRequest};
use super::retrieval::{
    ForwardMessageRequest, ForwardMessageResponse, GetMessageListRequest, GetMessageListResponse, GetMessageRequest,
    GetMessageResponse, MessageNotification, RejectMessageRequest, SetDeliveryMethodRequest,
};
use super::search::{SearchRequest, SearchResponse, StopSearchRequest, VerifyIdRequest};
use super::segment::{DropSegmentRequest, GetSegmentRequest, GetSegmentResponse};
use super::service::{ServiceRequest, ServiceResponse};
use super::status::Status;
use super::system_message::{SystemMessageRequest, SystemMessageUser};
use super::user_profile::{GetUserProfileRequest, GetUserProfileResponse, UpdateUserProfileRequest};
use super::user_session::{
    UserDisconnect, UserKeepAliveRequest, UserKeepAliveResponse, UserLoginRequest, UserLoginResponse,
    UserLogoutRequest, UserWakeUp,
};
use super::{DecodeError, Element, Sink, Source, Value};

/// The service a primitive belongs to (IMPS 1.3 architecture, C.1 to C.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// Login, keep-alive, negotiation: never subject to an agreement.
    Access,
    /// Search, invitation, verification.
    Common,
    /// Presence and contact lists.
    Presence,
    /// Instant messaging.
    Im,
    /// Groups.
    Group,
    /// Profiles of users, between domains.
    Profile,
    /// Set-up and management between domains.
    Interop,
}

/// Who may send a primitive on CSP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SentBy {
    /// A client.
    Client,
    /// The server.
    Server,
    /// Either.
    Both,
    /// Not on CSP at all.
    Domain,
}

macro_rules! primitives {
    ($( $name:ident : $service:ident, $from:ident, $session:literal, $promised:literal; )*) => {
        /// Something one end says to the other.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Primitive {
            $( #[doc = concat!("`", stringify!($name), "`")] $name($name), )*
        }

        impl Primitive {
            /// One of each primitive, made up.
            #[cfg(test)]
            pub(crate) fn samples(dice: &mut super::sample::Dice) -> Vec<Self> {
                vec![ $( Self::$name(super::sample::Sample::sample(dice)), )* ]
            }

            /// The elements that are primitives.
            pub const ELEMENTS: &'static [Element] = &[ $( Element::$name, )* ];

            /// The element it is written as.
            pub const fn element(&self) -> Element {
                match self { $( Self::$name(_) => Element::$name, )* }
            }

            /// Puts the primitive of an element, with nothing in it, into a place to be read into; `false` if the
            /// element is no primitive.
            pub fn blank<T>(of: Element, place: &mut T, wrap: impl Fn(Self) -> T) -> bool {
                match of {
                    $( Element::$name => *place = wrap(Self::$name($name::default())), )*
                    _ => return false,
                }
                true
            }

            /// Reads it into its place; its start was just read.
            pub fn read<'a>(&mut self, from: &mut impl Source<'a>) -> Result<(), DecodeError> {
                match self { $( Self::$name(value) => value.read(Element::$name, from), )* }
            }

            /// Reads the primitive whose start was just read; `None` if the element is no primitive known here.
            pub fn decode<'a>(of: Element, from: &mut impl Source<'a>) -> Result<Option<Self>, DecodeError> {
                let mut primitive = None;
                Self::blank(of, &mut primitive, Some);
                if let Some(primitive) = &mut primitive {
                    primitive.read(from)?;
                }
                Ok(primitive)
            }

            /// Writes it with its element, or tells the sink that it has no place there.
            pub fn encode(&self, to: &mut impl Sink) {
                if !to.takes(self.element(), super::record::range!()) {
                    return to.omit(self.element());
                }
                match self { $( Self::$name(value) => {
                    to.start(Element::$name);
                    value.encode(to);
                    to.end(Element::$name);
                } )* }
            }
        }

        $( impl From<$name> for Primitive {
            fn from(value: $name) -> Self {
                Self::$name(value)
            }
        } )*

        /// The service of a primitive's element.
        pub const fn service_of(element: Element) -> Option<Service> {
            match element { $( Element::$name => Some(Service::$service), )* _ => None }
        }

        /// Who may send the primitive on CSP.
        pub const fn sent_by(element: Element) -> Option<SentBy> {
            match element { $( Element::$name => Some(SentBy::$from), )* _ => None }
        }

        /// Whether the primitive needs a session on CSP.
        pub const fn needs_session(element: Element) -> bool {
            match element { $( Element::$name => $session, )* _ => true }
        }

        /// Whether an acknowledgement of the primitive is a promise: its rows are durable before the 200.
        pub const fn is_promised(element: Element) -> bool {
            match element { $( Element::$name => $promised, )* _ => false }
        }
    };
}

primitives! {
    // primitive                     service   from    session promised
    // access
    ClientCapabilityRequest:         Access,   Client, true,  false;
    ClientCapabilityResponse:        Access,   Server, true,  false;
    Disconnect:                      Access,   Server, true,  false;
    DropSegmentRequest:              Access,   Client, true,  false;
    GetSegmentRequest:               Access,   Client, true,  false;
    GetSegmentResponse:              Access,   Server, true,  false;
    KeepAliveRequest:                Access,   Client, true,  false;
    KeepAliveResponse:               Access,   Server, true,  false;
    LoginRequest:                    Access,   Client, false, false;
    LoginResponse:                   Access,   Server, false, false;
    LogoutRequest:                   Access,   Client, true,  false;
    PollingRequest:                  Access,   Client, true,  false;
    ServiceRequest:                  Access,   Client, true,  false;
    ServiceResponse:                 Access,   Server, true,  false;
    Status:                          Access,   Both,   true,  false;
    VersionDiscoveryRequest:         Access,   Client, false, false;
    VersionDiscoveryResponse:        Access,   Server, false, false;
    // common
    CancelInviteRequest:             Common,   Client, true,  true;
    CancelInviteUserRequest:         Common,   Server, true,  true;
    ExtendedRequest:                 Common,   Both,   true,  false;
    ExtendedResponse:                Common,   Both,   true,  false;
    GetMapRequest:                   Common,   Client, true,  false;
    GetMapResponse:                  Common,   Server, true,  false;
    GetPublicProfileRequest:         Common,   Client, true,  false;
    GetPublicProfileResponse:        Common,   Server, true,  false;
    GetSpInfoRequest:                Common,   Client, false, false;
    GetSpInfoResponse:               Common,   Server, false, false;
    InviteRequest:                   Common,   Client, true,  true;
    InviteResponse:                  Common,   Server, true,  true;
    InviteUserRequest:               Common,   Server, true,  true;
    InviteUserResponse:              Common,   Client, true,  true;
    NotificationRequest:             Common,   Server, true,  false;
    SearchRequest:                   Common,   Client, true,  false;
    SearchResponse:                  Common,   Server, true,  false;
    StopSearchRequest:               Common,   Client, true,  false;
    SubscribeNotificationRequest:    Common,   Client, true,  false;
    SystemMessageRequest:            Common,   Server, true,  true;
    SystemMessageUser:               Common,   Client, true,  false;
    UnsubscribeNotificationRequest:  Common,   Client, true,  false;
    UpdatePublicProfileRequest:      Common,   Client, true,  false;
    VerifyIdRequest:                 Common,   Client, true,  false;
    // presence and contact lists
    CancelAuthRequest:               Presence, Client, true,  false;
    CreateAttributeListRequest:      Presence, Client, true,  false;
    CreateListRequest:               Presence, Client, true,  false;
    CreateListResponse:              Presence, Server, true,  false;
    DeleteAttributeListRequest:      Presence, Client, true,  false;
    DeleteListRequest:               Presence, Client, true,  false;
    GetAttributeListRequest:         Presence, Client, true,  false;
    GetAttributeListResponse:        Presence, Server, true,  false;
    GetListRequest:                  Presence, Client, true,  false;
    GetListResponse:                 Presence, Server, true,  false;
    GetPresenceRequest:              Presence, Client, true,  false;
    GetPresenceResponse:             Presence, Server, true,  false;
    GetReactiveAuthStatusRequest:    Presence, Client, true,  false;
    GetReactiveAuthStatusResponse:   Presence, Server, true,  false;
    GetWatcherListRequest:           Presence, Client, true,  false;
    GetWatcherListResponse:          Presence, Server, true,  false;
    ListManageRequest:               Presence, Client, true,  false;
    ListManageResponse:              Presence, Server, true,  false;
    PresenceAuthRequest:             Presence, Server, true,  true;
    PresenceAuthUser:                Presence, Client, true,  true;
    PresenceNotificationRequest:     Presence, Server, true,  false;
    SubscribePresenceRequest:        Presence, Client, true,  false;
    UnsubscribePresenceRequest:      Presence, Client, true,  false;
    UpdatePresenceRequest:           Presence, Client, true,  false;
    // instant messaging
    BlockEntityRequest:              Im,       Client, true,  true;
    DeliveryReportRequest:           Im,       Server, true,  true;
    ForwardMessageRequest:           Im,       Client, true,  true;
    ForwardMessageResponse:          Im,       Server, true,  false;
    GetBlockedListRequest:           Im,       Client, true,  false;
    GetBlockedListResponse:          Im,       Server, true,  false;
    GetMessageListRequest:           Im,       Client, true,  false;
    GetMessageListResponse:          Im,       Server, true,  false;
    GetMessageRequest:               Im,       Client, true,  false;
    GetMessageResponse:              Im,       Server, true,  false;
    MessageDelivered:                Im,       Client, true,  false;
    MessageNotification:             Im,       Server, true,  false;
    NewMessage:                      Im,       Server, true,  true;
    RejectMessageRequest:            Im,       Client, true,  true;
    SendMessageRequest:              Im,       Client, true,  true;
    SendMessageResponse:             Im,       Server, true,  false;
    SetDeliveryMethodRequest:        Im,       Client, true,  false;
    // groups
    AddGroupMembersRequest:          Group,    Client, true,  true;
    CreateGroupRequest:              Group,    Client, true,  true;
    DeleteGroupRequest:              Group,    Client, true,  true;
    ExtendConversationRequest:       Group,    Client, true,  true;
    ExtendConversationResponse:      Group,    Server, true,  false;
    GetGroupMembersRequest:          Group,    Client, true,  false;
    GetGroupMembersResponse:         Group,    Server, true,  false;
    GetGroupPropsRequest:            Group,    Client, true,  false;
    GetGroupPropsResponse:           Group,    Server, true,  false;
    GetJoinedUsersRequest:           Group,    Client, true,  false;
    GetJoinedUsersResponse:          Group,    Server, true,  false;
    GroupChangeNotice:               Group,    Server, true,  true;
    JoinGroupRequest:                Group,    Client, true,  true;
    JoinGroupResponse:               Group,    Server, true,  false;
    LeaveGroupRequest:               Group,    Client, true,  true;
    LeaveGroupResponse:              Group,    Server, true,  true;
    MemberAccessRequest:             Group,    Client, true,  true;
    RejectListRequest:               Group,    Client, true,  true;
    RejectListResponse:              Group,    Server, true,  false;
    RemoveGroupMembersRequest:       Group,    Client, true,  true;
    SetGroupPropsRequest:            Group,    Client, true,  true;
    SubscribeGroupNoticeRequest:     Group,    Client, true,  true;
    SubscribeGroupNoticeResponse:    Group,    Server, true,  false;
    // between domains
    GetServiceRequest:               Interop,  Domain, true,  false;
    GetServiceResponse:              Interop,  Domain, true,  false;
    GetUserProfileRequest:           Profile,  Domain, true,  false;
    GetUserProfileResponse:          Profile,  Domain, true,  false;
    SendSecretToken:                 Interop,  Domain, false, false;
    ServiceNegotiationRequest:       Interop,  Domain, true,  false;
    ServiceNegotiationResponse:      Interop,  Domain, true,  false;
    SspLoginRequest:                 Interop,  Domain, false, false;
    SspLoginResponse:                Interop,  Domain, false, false;
    UpdateUserProfileRequest:        Profile,  Domain, true,  true;
    UserDisconnect:                  Interop,  Domain, true,  true;
    UserKeepAliveRequest:            Interop,  Domain, true,  false;
    UserKeepAliveResponse:           Interop,  Domain, true,  false;
    UserLoginRequest:                Interop,  Domain, true,  false;
    UserLoginResponse:               Interop,  Domain, true,  false;
    UserLogoutRequest:               Interop,  Domain, true,  false;
    UserWakeUp:                      Interop,  Domain, true,  false;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It is read in its place, but moved now and then; and an allocator is quick up to about 1 kB. What is large
    /// and rare stands in a `Box`.
    #[test]
    fn no_primitive_is_large() {
        assert!(size_of::<Primitive>() <= 900, "{}", size_of::<Primitive>());
    }

    #[test]
    fn every_primitive_has_a_blank() {
        for element in Primitive::ELEMENTS {
            let mut place = None;
            assert!(Primitive::blank(*element, &mut place, Some));
            assert_eq!(place.map(|primitive| primitive.element()), Some(*element));
        }
        assert!(!Primitive::blank(Element::Session, &mut None, Some));
    }
}
