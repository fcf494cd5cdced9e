//! Members of a group, their rights, who is in it now and who is kept out (IMPS 1.3 architecture, C.3).

use super::people::People;
use crate::vocabulary::party::{EntityList, User, UserList};
use crate::vocabulary::record::record;
use crate::vocabulary::status::Outcome;
use crate::vocabulary::{List, Text};

record! {
    /// Asks who is a member.
    pub struct GetGroupMembersRequest {
        /// Of which group.
        group: Text = GroupId,
        /// Only those of one role: `Admin`, `Mod` or `User` (1.3).
        role: Option<Text> = Value @ ONLY_13,
    }

    /// Who is a member.
    pub struct GetGroupMembersResponse {
        /// The outcome (SSP only; on CSP a failure is a `Status`).
        outcome: Option<Outcome> = Result @ SSP_ONLY,
        /// Admins.
        admins: List<User> = Admin,
        /// Moderators.
        mods: List<User> = Mod,
        /// Ordinary members.
        users: List<User> = Users @ UNTIL_12 | UserList @ ONLY_13,
    }

    /// Asks who is in a group now (1.2).
    pub struct GetJoinedUsersRequest {
        /// Which group.
        group: Text = GroupId,
    }

    /// Who is in a group now (1.2).
    pub struct GetJoinedUsersResponse {
        /// The outcome (SSP only; on CSP a failure is a `Status`).
        outcome: Option<Outcome> = Result @ SSP_ONLY,
        /// Everybody by role and with addresses, for an admin or moderator.
        roles: Option<AdminMapList> = AdminMapList,
        /// Everybody, for anybody else; addresses only of those who show them.
        users: People = UserMapList,
        /// Who was refused (1.3).
        blocked: People = JoinedBlocked @ ONLY_13,
    }

    /// People by role.
    pub struct AdminMapList {
        /// Admins.
        admins: People = AdminMapping,
        /// Moderators.
        mods: People = ModMapping,
        /// Everybody else.
        users: People = UserMapping,
    }

    /// Makes users members.
    pub struct AddGroupMembersRequest {
        /// Of which group.
        group: Text = GroupId,
        /// Which users.
        users: List<User> = UserId @ SSP_ONLY | UserIdList @ ONLY_13 | UserList @ UNTIL_12,
    }

    /// Makes users members no more.
    pub struct RemoveGroupMembersRequest {
        /// Of which group.
        group: Text = GroupId,
        /// Which users.
        users: List<User> = UserId @ SSP_ONLY | UserIdList @ ONLY_13 | UserList @ UNTIL_12,
    }

    /// Gives members another role.
    pub struct MemberAccessRequest {
        /// In which group.
        group: Text = GroupId,
        /// Who becomes an admin.
        admins: List<User> = Admin,
        /// Who becomes a moderator.
        mods: List<User> = Mod,
        /// Who becomes an ordinary member.
        users: List<User> = Users @ UNTIL_12 | UserList @ ONLY_13,
    }

    /// Reads or changes the list of those kept out.
    pub struct RejectListRequest {
        /// Of which group.
        group: Text = GroupId,
        /// Who is added.
        add: Option<EntityList> = AddList,
        /// Who is taken off. Neither = the list is only read.
        remove: Option<EntityList> = RemoveList,
    }

    /// Who is kept out.
    pub struct RejectListResponse {
        /// The outcome (SSP only; on CSP a failure is a `Status`).
        outcome: Option<Outcome> = Result @ SSP_ONLY,
        /// Who.
        users: Option<UserList> = UserList,
    }
}
