//! Invitation to groups, chats, presence, content and applications (docs/wire-notes.md, "Invitations").

use super::party::{Recipient, ScreenName, Sender};
use super::presence::PresenceSubList;
use super::record::record;
use super::status::Outcome;
use super::{List, Text};

record! {
    /// The inviter asks the server to invite.
    pub struct InviteRequest {
        /// The inviter's own name for the invitation, unique to him.
        id: Text = InviteId,
        /// `GR` into a group, `IM` to a chat, `PR` presence, `SC` shared content; `GM` to membership of a group
        /// (1.2 and later); `AP` application, `EC` into a conversation that becomes a group, `EG` the same from a
        /// group (1.3).
        invite_type: Text = InviteType,
        /// Who invites (1.3).
        sender: Option<Sender> = Sender @ ONLY_13,
        /// Who is invited.
        recipient: Option<Recipient> = Recipient,
        /// The application invited to, with `AP` (1.3).
        application: Option<Text> = ApplicationId,
        /// The group invited to, with `GR`, `GM`.
        group: Option<Text> = GroupId,
        /// Presence attributes asked or offered, with `PR`.
        presence: Option<Box<PresenceSubList>> = PresenceSubList,
        /// Where the content lies, with `SC`.
        urls: List<Text> = UrlList | Url,
        /// Words to the invited.
        note: Option<Text> = InviteNote,
        /// By which screen name the inviter is shown.
        screen_name: Option<ScreenName> = ScreenName,
        /// Seconds it may be answered; mandatory in 1.1.
        validity: Option<u32> = Validity,
    }

    /// The server invites.
    pub struct InviteUserRequest {
        /// The invitation.
        id: Text = InviteId,
        /// As in [`InviteRequest`].
        invite_type: Text = InviteType,
        /// Who invites.
        sender: Option<Sender> = Sender,
        /// Who is invited (1.3).
        recipient: Option<Recipient> = Recipient @ ONLY_13,
        /// The application invited to (1.3).
        application: Option<Text> = ApplicationId,
        /// The group invited to.
        group: Option<Text> = GroupId,
        /// Presence attributes asked or offered.
        presence: Option<Box<PresenceSubList>> = PresenceSubList,
        /// Where the content lies.
        urls: List<Text> = UrlList | Url,
        /// Words to the invited.
        note: Option<Text> = InviteNote,
        /// By which screen name the inviter is shown (1.3; before it the sender is that name).
        screen_name: Option<ScreenName> = ScreenName @ ONLY_13,
        /// Seconds it may be answered.
        validity: Option<u32> = Validity,
    }

    /// The invited answers.
    pub struct InviteUserResponse {
        /// The invitation.
        id: Text = InviteId,
        /// Whether it is accepted.
        acceptance: bool = Acceptance,
        /// The inviter (1.2 and later); some clients name themselves here, and some write a bare `User`.
        sender: Option<Sender> = Sender @ SINCE_12 | User @ READ_ONLY,
        /// Who answers (1.3).
        recipient: Option<Recipient> = Recipient @ ONLY_13,
        /// Words to the inviter.
        note: Option<Text> = ResponseNote | InviteNote @ READ_ONLY,
        /// By which screen name who answers is shown.
        screen_name: Option<ScreenName> = ScreenName,
    }

    /// The inviter is told the answer.
    pub struct InviteResponse {
        /// The inviter's name for the invitation.
        id: Text = InviteId,
        /// Whether it is accepted.
        acceptance: bool = Acceptance,
        /// The outcome (SSP only).
        outcome: Option<Outcome> = Result @ SSP_ONLY,
        /// Who answers.
        sender: Option<Sender> = Sender | User @ READ_ONLY,
        /// The inviter (1.3).
        recipient: Option<Recipient> = Recipient @ ONLY_13,
        /// Words to the inviter.
        note: Option<Text> = ResponseNote | InviteNote @ READ_ONLY,
        /// By which screen name who answers is shown (1.3).
        screen_name: Option<ScreenName> = ScreenName @ ONLY_13,
    }

    /// The inviter takes an invitation back.
    pub struct CancelInviteRequest {
        /// The invitation.
        id: Text = InviteId,
        /// Who invited (1.3).
        sender: Option<Sender> = Sender @ ONLY_13,
        /// Whose invitation is cancelled, of several invited; mandatory in 1.1.
        recipient: Option<Recipient> = Recipient,
        /// As in the invitation (1.3).
        application: Option<Text> = ApplicationId,
        /// As in the invitation (1.3).
        group: Option<Text> = GroupId @ ONLY_13,
        /// As in the invitation (1.3).
        presence: Option<Box<PresenceSubList>> = PresenceSubList @ ONLY_13,
        /// Words to the invited.
        note: Option<Text> = InviteNote,
        /// As in the invitation.
        urls: List<Text> = UrlList | Url,
        /// As in the invitation.
        screen_name: Option<ScreenName> = ScreenName,
    }

    /// The invited is told that an invitation was taken back.
    pub struct CancelInviteUserRequest {
        /// The invitation.
        id: Text = InviteId,
        /// Who invited.
        sender: Option<Sender> = Sender,
        /// Who was invited (1.3).
        recipient: Option<Recipient> = Recipient @ ONLY_13,
        /// As in the invitation (1.3).
        application: Option<Text> = ApplicationId,
        /// As in the invitation (1.3).
        group: Option<Text> = GroupId @ ONLY_13,
        /// As in the invitation (1.3).
        presence: Option<Box<PresenceSubList>> = PresenceSubList @ ONLY_13,
        /// Words to the invited.
        note: Option<Text> = InviteNote,
        /// As in the invitation.
        urls: List<Text> = UrlList | Url,
        /// As in the invitation (1.3).
        screen_name: Option<ScreenName> = ScreenName @ ONLY_13,
    }
}
