//! System messages: what the operator has to say, and the answers to it (1.3; docs/wire-notes.md, "System messages").

use super::list::plain_items;
use super::party::User;
use super::record::record;
use super::{List, Text};

record! {
    /// The server shows system messages (1.3).
    pub struct SystemMessageRequest {
        /// To whom (SSP only).
        users: Vec<User> = User @ SSP_ONLY,
        /// The messages.
        messages: List<SystemMessage> = SystemMessageList | SystemMessage,
    }

    /// A system message (1.3). It stands in an outcome as well, mostly of a login that needs an answer first.
    pub struct SystemMessage {
        /// Its id.
        id: Text = SystemMessageId,
        /// Whether it must be answered.
        requires_response: Option<bool> = RequiresResponse,
        /// The text shown.
        text: Option<Text> = SystemMessageText,
        /// The answers to choose from.
        options: List<AnswerOption> = AnswerOptions | AnswerOption,
        /// Where a key is to be read that must come back.
        verification: Option<VerificationMechanism> = VerificationMechanism,
    }

    /// An answer to choose (1.3).
    pub struct AnswerOption {
        /// Its number.
        id: u32 = AnswerOptionId,
        /// The text shown.
        text: Option<Text> = AnswerOptionText | AnswerOptionsText @ READ_ONLY,
    }

    /// Where a key is to be read (1.3).
    pub struct VerificationMechanism {
        /// In this text.
        text: Option<Text> = InText,
        /// In what lies there.
        url: Option<Text> = Url,
    }

    /// The user answers system messages (1.3).
    pub struct SystemMessageUser {
        /// The answers.
        responses: List<SystemMessageResponse> = SystemMessageResponseList | SystemMessageResponse,
    }

    /// The answer to a system message (1.3).
    pub struct SystemMessageResponse {
        /// The message.
        id: Text = SystemMessageId,
        /// The answer chosen.
        option: Option<u32> = ChosenOptionId,
        /// The key that was read.
        key: Option<Text> = VerificationKey,
    }
}

plain_items!(AnswerOption, SystemMessage, SystemMessageResponse);
