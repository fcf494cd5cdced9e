//! Status codes, and `Status`, `Result` and `DetailedResult` that carry them.

use super::record::record;
use super::{Element, Sink, Source, Text, Value};
use crate::vocabulary::DecodeError;

/// A three-digit status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Code(pub u16);

macro_rules! codes {
    ($( $name:ident = $code:literal, $text:literal; )*) => {
        impl Code {
            $( #[doc = concat!($code, ": ", $text)] pub const $name: Self = Self($code); )*

            /// The meaning in a few words, as a client may show it.
            pub const fn meaning(self) -> &'static str {
                match self.0 { $( $code => $text, )* _ => "unknown status" }
            }
        }
    };
}

codes! {
    QUEUED = 101, "queued, the result follows";
    SUCCESS = 200, "successful";
    PARTIAL_SUCCESS = 201, "partially successful";
    ACCEPTED = 202, "accepted";
    BAD_REQUEST = 400, "bad request";
    UNAUTHORIZED = 401, "unauthorized";
    BAD_PARAMETER = 402, "bad parameter";
    FORBIDDEN = 403, "forbidden";
    NOT_FOUND = 404, "not found";
    NOT_SUPPORTED = 405, "service not supported";
    REQUEST_TIMEOUT = 408, "request timed out";
    INVALID_PASSWORD = 409, "invalid password";
    UNABLE_TO_DELIVER = 410, "unable to deliver";
    UNSUPPORTED_MEDIA = 415, "unsupported media type";
    INVALID_TRANSACTION = 420, "invalid transaction";
    CLIENT_MISMATCH = 422, "user id and client id do not match";
    INVALID_INVITATION = 423, "invalid invitation id";
    INVALID_MESSAGE = 426, "invalid message id";
    INVALID_USER = 427, "invalid user id";
    RESPONSE_TOO_LARGE = 432, "response too large";
    SERVER_ERROR = 500, "internal server error";
    NOT_IMPLEMENTED = 501, "not implemented";
    NOT_RECOVERED = 502, "session could not be recovered";
    UNAVAILABLE = 503, "service unavailable";
    TIMEOUT = 504, "timeout";
    VERSION_NOT_SUPPORTED = 505, "version not supported";
    NOT_AGREED = 506, "service not agreed";
    QUEUE_FULL = 507, "message queue full";
    DOMAIN_NOT_SUPPORTED = 516, "domain not supported";
    UNKNOWN_USER = 531, "unknown user";
    BLOCKED = 532, "the recipient blocked the sender";
    NOT_LOGGED_IN = 533, "recipient not logged in";
    REJECTED = 538, "message rejected";
    FORWARDED = 541, "message forwarded";
    EXPIRED = 542, "message expired";
    NO_DIGEST_SCHEMA = 543, "no matching digest schema";
    SESSION_EXPIRED = 600, "session expired";
    FORCED_LOGOUT = 601, "forced logout";
    ALREADY_LOGGED_IN = 603, "already logged in";
    INVALID_SESSION = 604, "invalid session";
    VALUE_NOT_ACCEPTED = 605, "new value not accepted";
    NO_CONTACT_LIST = 700, "contact list does not exist";
    NO_GROUP = 800, "group does not exist";
    MULTIPLE_ERRORS = 900, "multiple errors";
    ADDRESS_ERROR = 901, "general address error";
    MSISDN_ERROR = 920, "MSISDN error";
}

record! {
    /// The outcome of a request.
    pub struct Outcome {
        /// The code.
        code: Code = Code,
        /// Free text; clients show it.
        description: Option<Text> = Description,
        /// One entry per code with every id that failed with it.
        details: Vec<Detail> = DetailedResult,
        /// Seconds after which to try again.
        try_again: Option<u32> = TryAgainTimeout @ ONLY_13,
    }

    /// What failed, and with which code.
    pub struct Detail {
        /// The code.
        code: Code = Code,
        /// Free text.
        description: Option<Text> = Description,
        /// Users concerned.
        users: Vec<Text> = UserId,
        /// Groups concerned.
        groups: Vec<Text> = GroupId,
        /// Screen names concerned.
        screen_names: Vec<super::party::ScreenName> = ScreenName,
        /// Messages concerned.
        messages: Vec<Text> = MessageId @ SINCE_12,
        /// Contact lists concerned.
        contact_lists: Vec<Text> = ContactList @ SINCE_12,
        /// Domains concerned.
        domains: Vec<Text> = Domain @ SINCE_12,
    }

    /// `Status`: the answer to a request that has no better one.
    pub struct Status {
        /// The outcome.
        outcome: Outcome = Result,
        /// The client concerned (up to 1.2).
        client: Option<super::party::ClientId> = ClientId @ UNTIL_12,
    }
}

impl Default for Code {
    fn default() -> Self {
        Self::SUCCESS
    }
}

impl Code {
    /// 200 to 299.
    pub const fn is_success(self) -> bool {
        self.0 >= 200 && self.0 < 300
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Value for Code {
    fn decode<'a>(of: Element, from: &mut impl Source<'a>) -> Result<Self, DecodeError> {
        let number = u32::decode(of, from)?;
        match u16::try_from(number) {
            Ok(code) if (100..=999).contains(&code) => Ok(Self(code)),
            _ => Err(DecodeError::Value(of)),
        }
    }
    fn encode(&self, to: &mut impl Sink) {
        to.integer(u32::from(self.0));
    }
}

impl From<Code> for Outcome {
    fn from(code: Code) -> Self {
        let description = (!code.is_success()).then(|| code.meaning().into());
        Self { code, description, ..Self::default() }
    }
}

impl From<Code> for Status {
    fn from(code: Code) -> Self {
        Self { outcome: code.into(), client: None }
    }
}

impl Outcome {
    /// An outcome with its own words.
    pub fn new(code: Code, description: impl Into<Text>) -> Self {
        Self { code, description: Some(description.into()), ..Self::default() }
    }
}
