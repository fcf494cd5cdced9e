//! General notifications: what happened to a user's own things, for his other sessions (1.3; IMPS 1.3 architecture,
//! C.8.15).

use super::party::User;
use super::presence::PresenceSubList;
use super::record::record;
use super::{List, Text};

record! {
    /// Asks to be told of what happens (1.3).
    pub struct SubscribeNotificationRequest {
        /// Of which types.
        types: List<Text> = NotificationTypeList | NotificationType,
    }

    /// Asks to be told no more (1.3).
    pub struct UnsubscribeNotificationRequest {
        /// Of which types.
        types: List<Text> = NotificationTypeList | NotificationType,
    }

    /// Something happened (1.3). Which of the fields are there depends on the type.
    pub struct NotificationRequest {
        /// `ANU`, `ANC`, `AND` somebody wants attributes that are not authorised to users, a contact list, all
        /// others; `AC` an authorisation changed; `ATCL` somebody put you on a contact list; `CLCR`, `CLC`, `CLD` a
        /// contact list was made, changed, deleted; `BLC`, `GLC` the block list, grant list changed; `BLUC`, `GLUC`
        /// is in use or not; `GC`, `GR`, `GD` a group was made, removed, deleted; `GMU`, `GMG`, `GMR`, `GMAU`
        /// members changed, membership granted, revoked, rights changed; `IA`, `IR`, `IC` an invitation was
        /// accepted, rejected, cancelled; `OEU` `OnlineETEMHandling` changed; `SPA` the session's priority changed;
        /// `PPU` a public profile changed.
        notification_type: Text = NotificationType,
        /// Who is told (SSP only).
        recipients: Vec<User> = User @ SSP_ONLY,
        /// With `BLUC`.
        block_list_in_use: Option<bool> = BlockListInUse,
        /// With `GLUC`.
        grant_list_in_use: Option<bool> = GrantListInUse,
        /// The group.
        group: Option<Text> = GroupId,
        /// The invitation.
        invitation: Option<Text> = InviteId,
        /// With `OEU`: `DETECT`, `FORKALL`, `SERVERLOGIC`, `DoNotNotify`.
        online_etem: Option<Text> = OnlineEtemHandling,
        /// The presence attributes wanted or authorised.
        attributes: Option<PresenceSubList> = PresenceSubList,
        /// Who wants them, or is authorised.
        watchers: List<User> = UserIdList | UserId,
        /// The contact lists.
        lists: List<Text> = ContactListIdList | ContactList,
        /// With `AND`: whether all others are meant.
        default: Option<bool> = DefaultList,
        /// With `SPA`: rank among the user's sessions, 0 first.
        priority: Option<u32> = SessionPriority,
        /// The users concerned.
        users: List<User> = UserList,
        /// An address that was not understood, and the one meant.
        pair: Option<UserIdPair> = UserIdPair,
    }

    /// An address that was not understood, and the one meant (1.3).
    pub struct UserIdPair {
        /// The address as it was given.
        unrecognized: Option<Text> = UnrecognizedUserId,
        /// The address it stands for.
        valid: Option<Text> = ValidUserId,
    }
}
