//! The service tree as a table: one row per function (docs/wire-notes.md, "Service tree").
//!
//! A row whose token a version lacks does not exist in that version. The rows of the mandatory parts
//! (`MF MP MM MG`) guard the primitives that need no function of their own; they hold in 1.1 too, where the
//! token can't be written.

use crate::vocabulary::{Element, Version};
use Element as E;

/// A function of the service tree.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// The feature it belongs to.
    pub feature: Element,
    /// The function group it stands in; `None` for a mandatory part.
    pub group: Option<Element>,
    /// Its token.
    pub token: Element,
    /// Whether this version of Postern does it.
    pub built: bool,
    /// The primitives nobody may send without it.
    pub guards: &'static [Element],
}

const BUILT: bool = true;
const LATER: bool = false;

const fn row(feature: Element, group: Element, token: Element, built: bool, guards: &'static [Element]) -> Function {
    Function { feature, group: Some(group), token, built, guards }
}

const fn mandatory(feature: Element, token: Element, built: bool, guards: &'static [Element]) -> Function {
    Function { feature, group: None, token, built, guards }
}

/// Every function. At most 64 rows.
#[rustfmt::skip]
pub const FUNCTIONS: &[Function] = &[
    mandatory(E::FundamentalFeat, E::Mf, BUILT, &[]),
    row(E::FundamentalFeat, E::ServiceFunc, E::Getspi, BUILT, &[E::GetSpInfoRequest]),
    row(E::FundamentalFeat, E::ServiceFunc, E::Getmap, LATER, &[E::GetMapRequest]),
    row(E::FundamentalFeat, E::ServiceFunc, E::Sgmnt, BUILT, &[E::GetSegmentRequest, E::DropSegmentRequest]),
    row(E::FundamentalFeat, E::SearchFunc, E::Srch, LATER, &[E::SearchRequest]),
    row(E::FundamentalFeat, E::SearchFunc, E::Stsrc, LATER, &[E::StopSearchRequest]),
    row(E::FundamentalFeat, E::SearchFunc, E::Advsr, LATER, &[]),
    row(E::FundamentalFeat, E::InviteFunc, E::Invit, LATER,
        &[E::InviteRequest, E::InviteResponse, E::InviteUserRequest, E::InviteUserResponse]),
    row(E::FundamentalFeat, E::InviteFunc, E::Cainv, LATER, &[E::CancelInviteRequest, E::CancelInviteUserRequest]),
    row(E::FundamentalFeat, E::VerifyIdFunc, E::Vrid, LATER, &[E::VerifyIdRequest]),

    mandatory(E::PresenceFeat, E::Mp, LATER,
        &[E::SubscribePresenceRequest, E::UnsubscribePresenceRequest, E::PresenceNotificationRequest]),
    row(E::PresenceFeat, E::ContListFunc, E::Gcli, LATER, &[E::GetListRequest]),
    row(E::PresenceFeat, E::ContListFunc, E::Ccli, LATER, &[E::CreateListRequest]),
    row(E::PresenceFeat, E::ContListFunc, E::Dcli, LATER, &[E::DeleteListRequest]),
    row(E::PresenceFeat, E::ContListFunc, E::Mcls, LATER, &[E::ListManageRequest]),
    row(E::PresenceFeat, E::PresenceAuthFunc, E::Getwl, LATER, &[E::GetWatcherListRequest]),
    row(E::PresenceFeat, E::PresenceAuthFunc, E::React, LATER, &[E::PresenceAuthRequest, E::PresenceAuthUser]),
    row(E::PresenceFeat, E::PresenceAuthFunc, E::Caaut, LATER, &[E::CancelAuthRequest]),
    row(E::PresenceFeat, E::PresenceAuthFunc, E::Getaut, LATER, &[E::GetReactiveAuthStatusRequest]),
    row(E::PresenceFeat, E::PresenceDeliverFunc, E::Getpr, LATER, &[E::GetPresenceRequest]),
    row(E::PresenceFeat, E::PresenceDeliverFunc, E::Updpr, LATER, &[E::UpdatePresenceRequest]),
    row(E::PresenceFeat, E::AttListFunc, E::Cali, LATER, &[E::CreateAttributeListRequest]),
    row(E::PresenceFeat, E::AttListFunc, E::Dali, LATER, &[E::DeleteAttributeListRequest]),
    row(E::PresenceFeat, E::AttListFunc, E::Gals, LATER, &[E::GetAttributeListRequest]),

    mandatory(E::ImFeat, E::Mm, BUILT, &[E::SendMessageRequest, E::SendMessageResponse, E::MessageDelivered]),
    row(E::ImFeat, E::ImSendFunc, E::Mdeliv, BUILT, &[E::DeliveryReportRequest]),
    row(E::ImFeat, E::ImSendFunc, E::Fwmsg, LATER, &[E::ForwardMessageRequest, E::ForwardMessageResponse]),
    row(E::ImFeat, E::ImReceiveFunc, E::Setd, BUILT, &[E::SetDeliveryMethodRequest]),
    row(E::ImFeat, E::ImReceiveFunc, E::Getlm, BUILT, &[E::GetMessageListRequest, E::GetMessageListResponse]),
    row(E::ImFeat, E::ImReceiveFunc, E::Getm, BUILT, &[E::GetMessageRequest, E::GetMessageResponse]),
    row(E::ImFeat, E::ImReceiveFunc, E::Rejcm, BUILT, &[E::RejectMessageRequest]),
    row(E::ImFeat, E::ImReceiveFunc, E::Notif, BUILT, &[E::MessageNotification]),
    row(E::ImFeat, E::ImReceiveFunc, E::Newm, BUILT, &[E::NewMessage]),
    row(E::ImFeat, E::ImReceiveFunc, E::Offnotif, LATER, &[]),
    row(E::ImFeat, E::ImAuthFunc, E::Glblu, LATER, &[E::GetBlockedListRequest, E::GetBlockedListResponse]),
    row(E::ImFeat, E::ImAuthFunc, E::Blent, LATER, &[E::BlockEntityRequest]),

    mandatory(E::GroupFeat, E::Mg, LATER,
        &[E::JoinGroupRequest, E::JoinGroupResponse, E::LeaveGroupRequest, E::LeaveGroupResponse]),
    row(E::GroupFeat, E::GroupMgmtFunc, E::Creag, LATER, &[E::CreateGroupRequest]),
    row(E::GroupFeat, E::GroupMgmtFunc, E::Delgr, LATER, &[E::DeleteGroupRequest]),
    row(E::GroupFeat, E::GroupMgmtFunc, E::Getgp, LATER, &[E::GetGroupPropsRequest, E::GetGroupPropsResponse]),
    row(E::GroupFeat, E::GroupMgmtFunc, E::Setgp, LATER, &[E::SetGroupPropsRequest]),
    row(E::GroupFeat, E::GroupUseFunc, E::Subgcn, LATER,
        &[E::SubscribeGroupNoticeRequest, E::SubscribeGroupNoticeResponse]),
    row(E::GroupFeat, E::GroupUseFunc, E::Grchn, LATER, &[E::GroupChangeNotice]),
    row(E::GroupFeat, E::GroupUseFunc, E::Excon, LATER,
        &[E::ExtendConversationRequest, E::ExtendConversationResponse]),
    row(E::GroupFeat, E::GroupAuthFunc, E::Getgm, LATER, &[E::GetGroupMembersRequest, E::GetGroupMembersResponse]),
    row(E::GroupFeat, E::GroupAuthFunc, E::Addgm, LATER, &[E::AddGroupMembersRequest]),
    row(E::GroupFeat, E::GroupAuthFunc, E::Rmvgm, LATER, &[E::RemoveGroupMembersRequest]),
    row(E::GroupFeat, E::GroupAuthFunc, E::Mbrac, LATER, &[E::MemberAccessRequest]),
    row(E::GroupFeat, E::GroupAuthFunc, E::Rejec, LATER, &[E::RejectListRequest, E::RejectListResponse]),
    row(E::GroupFeat, E::GroupAuthFunc, E::Getju, LATER, &[E::GetJoinedUsersRequest, E::GetJoinedUsersResponse]),
];

/// Primitives that need no agreement at all.
pub const ALWAYS: &[Element] = &[
    E::LoginRequest,
    E::LoginResponse,
    E::LogoutRequest,
    E::Disconnect,
    E::KeepAliveRequest,
    E::KeepAliveResponse,
    E::PollingRequest,
    E::ClientCapabilityRequest,
    E::ClientCapabilityResponse,
    E::ServiceRequest,
    E::ServiceResponse,
    E::Status,
    E::SubscribeNotificationRequest,
    E::UnsubscribeNotificationRequest,
];

/// Functions that a mandatory part brings along, besides the primitives it guards: who takes messages must be
/// handed them, who has presence must be able to state and ask it.
const PART_OF_MANDATORY: &[Element] = &[E::Newm, E::Getpr, E::Updpr];

/// A set of rows of [`FUNCTIONS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Set(u64);

// === impl Function ===

impl Function {
    /// Whether it can be written in a version.
    pub fn exists_in(&self, version: Version) -> bool {
        self.token.versions().contains(&version)
    }

    /// Whether a node of the tree (feature, group or function) covers it.
    pub fn is_below(&self, node: Element) -> bool {
        node == self.feature || Some(node) == self.group || node == self.token
    }

    /// Whether it comes with its feature without being named: the mandatory part, and in 1.3 the attribute
    /// lists, whose tokens were dropped because they are always there.
    pub fn comes_with_feature(&self, version: Version) -> bool {
        self.group.is_none() || (self.group == Some(E::AttListFunc) && !self.exists_in(version))
    }

    /// Whether the mandatory part of its feature brings it.
    pub fn is_mandatory(&self) -> bool {
        self.group.is_none() || PART_OF_MANDATORY.contains(&self.token)
    }
}

// === impl Set ===

impl Set {
    /// The rows for which `wanted` holds.
    pub(super) fn of(wanted: impl Fn(&Function) -> bool) -> Self {
        let rows = FUNCTIONS.iter().enumerate();
        Self(rows.filter(|(_, row)| wanted(row)).fold(0, |bits, (n, _)| bits | 1 << n))
    }

    pub(super) fn has(self, token: Element) -> bool {
        FUNCTIONS.iter().position(|row| row.token == token).is_some_and(|n| self.0 & 1 << n != 0)
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn rows(self) -> impl Iterator<Item = &'static Function> {
        FUNCTIONS.iter().enumerate().filter(move |(n, _)| self.0 & 1 << n != 0).map(|(_, row)| row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_stands_once_and_fits_into_the_set() {
        assert!(FUNCTIONS.len() <= 64);
        for row in FUNCTIONS {
            assert_eq!(FUNCTIONS.iter().filter(|other| other.token == row.token).count(), 1, "{row:?}");
        }
    }

    #[test]
    fn no_primitive_is_guarded_twice() {
        let mut seen: Vec<Element> = ALWAYS.to_vec();
        for primitive in FUNCTIONS.iter().flat_map(|row| row.guards) {
            assert!(!seen.contains(primitive), "{primitive:?}");
            seen.push(*primitive);
        }
    }

    #[test]
    fn every_request_of_clients_is_in_the_tree_or_belongs_to_no_function() {
        use crate::vocabulary::primitive::{Primitive, SentBy, sent_by};
        // Answered 501 until they are built.
        let free = [
            E::ExtendedRequest,
            E::ExtendedResponse,
            E::GetPublicProfileRequest,
            E::SubscribeNotificationRequest,
            E::SystemMessageUser,
            E::UnsubscribeNotificationRequest,
            E::UpdatePublicProfileRequest,
            E::VersionDiscoveryRequest,
        ];
        for primitive in Primitive::ELEMENTS {
            if matches!(sent_by(*primitive), Some(SentBy::Client | SentBy::Both)) {
                let guarded = FUNCTIONS.iter().any(|row| row.guards.contains(primitive));
                assert!(guarded || ALWAYS.contains(primitive) || free.contains(primitive), "{primitive:?}");
            }
        }
    }

    #[test]
    fn a_group_of_functions_lies_in_one_feature() {
        for row in FUNCTIONS.iter().filter(|row| row.group.is_some()) {
            assert!(FUNCTIONS.iter().filter(|o| o.group == row.group).all(|o| o.feature == row.feature), "{row:?}");
        }
    }
}
