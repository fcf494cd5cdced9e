//! Status codes, and `Status`, `Result` and `DetailedResult` that carry them.

use super::party::{ClientId, ScreenName};
use super::record::record;
use super::system_message::SystemMessage;
use super::{DecodeError, Element, List, Sink, Source, Text, Value};

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
    CONTINUE = 100, "continue";
    QUEUED = 101, "queued, the result follows";
    STARTED = 102, "started";
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
    INVALID_SEARCH = 424, "invalid search id";
    INVALID_SEARCH_INDEX = 425, "invalid search index";
    INVALID_MESSAGE = 426, "invalid message id";
    INVALID_USER = 427, "invalid user id";
    INVALID_CLIENT = 428, "invalid client id";
    INVALID_GROUP = 429, "invalid group id";
    UNAUTHORIZED_MEMBERSHIP = 431, "unauthorized group membership";
    RESPONSE_TOO_LARGE = 432, "response too large";
    INVALID_APPLICATION = 450, "invalid application id";
    SERVER_ERROR = 500, "internal server error";
    NOT_IMPLEMENTED = 501, "not implemented";
    NOT_RECOVERED = 502, "session could not be recovered";
    UNAVAILABLE = 503, "service unavailable";
    TIMEOUT = 504, "timeout";
    VERSION_NOT_SUPPORTED = 505, "version not supported";
    NOT_AGREED = 506, "service not agreed";
    QUEUE_FULL = 507, "message queue full";
    DOMAIN_NOT_SUPPORTED = 516, "domain not supported";
    PRESENCE_UNANSWERED = 521, "presence request not yet answered";
    GROUP_UNANSWERED = 522, "group request not yet answered";
    UNKNOWN_USER = 531, "unknown user";
    BLOCKED = 532, "the recipient blocked the sender";
    NOT_LOGGED_IN = 533, "recipient not logged in";
    RECIPIENT_UNAUTHORIZED = 534, "recipient unauthorized";
    SEARCH_TIMEOUT = 535, "search timed out";
    TOO_MANY_HITS = 536, "too many hits";
    SEARCH_TOO_BROAD = 537, "search criteria too broad";
    REJECTED = 538, "message rejected";
    HEADER_ENCODING_NOT_SUPPORTED = 540, "header encoding not supported";
    FORWARDED = 541, "message forwarded";
    EXPIRED = 542, "message expired";
    NO_DIGEST_SCHEMA = 543, "no matching digest schema";
    INVALID_CRITERIA = 562, "invalid search criteria";
    SESSION_EXPIRED = 600, "session expired";
    FORCED_LOGOUT = 601, "forced logout";
    ALREADY_LOGGED_IN = 603, "already logged in";
    INVALID_SESSION = 604, "invalid session";
    VALUE_NOT_ACCEPTED = 605, "new value not accepted";
    INSUFFICIENT_RIGHTS = 616, "insufficient rights";
    NO_CONTACT_LIST = 700, "contact list does not exist";
    CONTACT_LIST_EXISTS = 701, "contact list already exists";
    BAD_USER_PROPERTY = 702, "invalid user property";
    BAD_ATTRIBUTE = 750, "invalid presence attribute";
    BAD_PRESENCE_VALUE = 751, "invalid presence value";
    BAD_CONTACT_LIST_PROPERTY = 752, "invalid contact list property";
    TOO_MANY_CONTACT_LISTS = 753, "too many contact lists";
    TOO_MANY_CONTACTS = 754, "too many contacts";
    TOO_MANY_ATTRIBUTE_LISTS = 755, "too many attribute lists";
    NO_AUTO_SUBSCRIBE = 760, "automatic subscription not supported";
    NO_GROUP = 800, "group does not exist";
    GROUP_EXISTS = 801, "group already exists";
    GROUP_OPEN = 802, "group is open";
    GROUP_RESTRICTED = 803, "group is restricted";
    GROUP_PUBLIC = 804, "group is public";
    GROUP_PRIVATE = 805, "group is private";
    BAD_GROUP_PROPERTY = 806, "invalid group property";
    ALREADY_JOINED = 807, "group already joined";
    NOT_JOINED = 808, "group not joined";
    REJECTED_FROM_GROUP = 809, "rejected from the group";
    NOT_A_MEMBER = 810, "not a member of the group";
    SCREEN_NAME_IN_USE = 811, "screen name already in use";
    GROUP_PRIVATE_MESSAGING_OFF = 812, "private messaging disabled for the group";
    USER_PRIVATE_MESSAGING_OFF = 813, "private messaging disabled for the user";
    TOO_MANY_GROUPS_OF_USER = 814, "too many groups of the user";
    TOO_MANY_GROUPS = 815, "too many groups on the server";
    INSUFFICIENT_PRIVILEGES = 816, "insufficient group privileges";
    TOO_MANY_JOINED = 817, "too many users in the group";
    NO_HISTORY = 821, "history not supported";
    NOT_SEARCHABLE = 822, "a searchable group needs a name or a topic";
    GROUP_SESSION_ENDED = 824, "session in the group ended";
    MULTIPLE_ERRORS = 900, "multiple errors";
    ADDRESS_ERROR = 901, "general address error";
    NOT_ENOUGH_CREDIT = 902, "not enough credit";
    HIGHER_CLASS_NEEDED = 903, "a higher service class is needed";
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
        /// What the operator has to say about it (1.3).
        system_messages: List<SystemMessage> = SystemMessageList | SystemMessage @ READ_ONLY,
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
        screen_names: Vec<ScreenName> = ScreenName,
        /// Messages concerned.
        messages: Vec<Text> = MessageId @ SINCE_12,
        /// Contact lists concerned.
        contact_lists: Vec<Text> = ContactList @ SINCE_12,
        /// Domains concerned.
        domains: Vec<Text> = Domain @ SINCE_12,
        /// Search elements concerned (1.3).
        search_elements: Vec<Text> = SearchElement @ ONLY_13,
    }

    /// `Status`: the answer to a request that has no better one.
    pub struct Status {
        /// The outcome.
        outcome: Outcome = Result,
        /// The client concerned (up to 1.2).
        client: Option<ClientId> = ClientId @ UNTIL_12,
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
