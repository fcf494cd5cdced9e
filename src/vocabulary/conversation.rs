//! From a conversation of two to a private group (IMPS 1.3 architecture, C.8.6 and C.8.7).

use super::group::properties::WelcomeNote;
use super::party::{ScreenName, User};
use super::record::record;
use super::status::Outcome;
use super::{List, Text};

record! {
    /// Turns a conversation into a group that is made for it, and invites others (1.3).
    pub struct ExtendConversationRequest {
        /// The conversation, if it was extended before.
        id: Option<Text> = ExtendConversationId,
        /// Who else is invited.
        users: List<User> = UserId @ SSP_ONLY | UserIdList,
        /// The other party of the conversation, perhaps at one client.
        other: Option<User> = ExtendConversationUser,
        /// Whether to tell of changes of the group.
        subscribe: Option<bool> = SubscribeNotification,
        /// What those who join are shown.
        welcome: Option<WelcomeNote> = WelcomeNote,
        /// The name to use in the group.
        screen_name: Option<ScreenName> = ScreenName,
    }

    /// The group made (1.3).
    pub struct ExtendConversationResponse {
        /// The conversation.
        id: Option<Text> = ExtendConversationId,
        /// The group.
        group: Option<Text> = GroupId,
        /// A note to show.
        note: Option<Text> = ResponseNote,
        /// The outcome.
        outcome: Outcome = Result,
    }
}
