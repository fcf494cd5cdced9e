//! The element table: one row per information element; every syntax reads the same row.
//!
//! A row gives the CSP-XML name, the WBXML code page and token, the versions that define it and the kind of
//! value it holds. Elements that only SSP knows have no token.

use std::ops::RangeInclusive;

use super::Version::{self, V11, V12, V13};

/// What an element holds; decides how WBXML writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text, or children.
    Plain,
    /// `T` or `F`.
    Boolean,
    /// An unsigned 32-bit number.
    Integer,
    /// An ISO 8601 date and time.
    Date,
    /// Characters or bytes.
    Binary,
}

macro_rules! kind {
    (plain) => {
        Kind::Plain
    };
    (boolean) => {
        Kind::Boolean
    };
    (integer) => {
        Kind::Integer
    };
    (date) => {
        Kind::Date
    };
    (binary) => {
        Kind::Binary
    };
}

macro_rules! vocabulary {
    (
        csp { $( $name:ident = $xml:literal, $page:literal : $token:literal, $versions:expr, $kind:ident; )* }
        ssp { $( $(#[$ssp_meta:meta])* $ssp_name:ident = $ssp_xml:literal, $ssp_kind:ident; )* }
    ) => {
        /// Every information element, whatever syntax carries it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Element {
            $( #[doc = concat!("`", $xml, "`")] $name, )*
            $( #[doc = concat!("`", $ssp_xml, "` (SSP only)")] $ssp_name, )*
        }

        impl Element {
            /// Every element.
            pub const ALL: &'static [Self] = &[ $( Self::$name, )* $( Self::$ssp_name, )* ];

            /// How many of them, at the end of [`Element::ALL`], only SSP knows.
            pub(super) const SSP_ONLY: usize = [ $( stringify!($ssp_name), )* ].len();

            /// The name CSP-XML writes; for elements of SSP only, the name SSP writes.
            pub const fn xml(self) -> &'static str {
                match self { $( Self::$name => $xml, )* $( Self::$ssp_name => $ssp_xml, )* }
            }

            /// WBXML code page and token; `None` for elements of SSP only.
            pub const fn wbxml(self) -> Option<(u8, u8)> {
                match self { $( Self::$name => Some(($page, $token)), )* _ => None }
            }

            /// The versions of CSP whose token table holds the element; none for elements of SSP only.
            pub const fn versions(self) -> RangeInclusive<Version> {
                match self { $( Self::$name => $versions, )* _ => super::version::SSP_ONLY }
            }

            /// What it holds.
            pub const fn kind(self) -> Kind {
                match self { $( Self::$name => kind!($kind), )* $( Self::$ssp_name => kind!($ssp_kind), )* }
            }
        }
    };
}

vocabulary! {
csp {
    // page 0: common
    Acceptance = "Acceptance", 0x00:0x05, V11..=V13, boolean;
    AddList = "AddList", 0x00:0x06, V11..=V13, plain;
    AddNickList = "AddNickList", 0x00:0x07, V11..=V13, plain;
    SName = "SName", 0x00:0x08, V11..=V13, plain;
    WvCspMessage = "WV-CSP-Message", 0x00:0x09, V11..=V13, plain;
    ClientId = "ClientID", 0x00:0x0A, V11..=V13, plain;
    Code = "Code", 0x00:0x0B, V11..=V13, integer;
    ContactList = "ContactList", 0x00:0x0C, V11..=V13, plain;
    ContentData = "ContentData", 0x00:0x0D, V11..=V13, binary;
    ContentEncoding = "ContentEncoding", 0x00:0x0E, V11..=V13, plain;
    ContentSize = "ContentSize", 0x00:0x0F, V11..=V13, integer;
    ContentType = "ContentType", 0x00:0x10, V11..=V13, plain;
    DateTime = "DateTime", 0x00:0x11, V11..=V13, date;
    Description = "Description", 0x00:0x12, V11..=V13, plain;
    DetailedResult = "DetailedResult", 0x00:0x13, V11..=V13, plain;
    EntityList = "EntityList", 0x00:0x14, V11..=V13, plain;
    Group = "Group", 0x00:0x15, V11..=V13, plain;
    GroupId = "GroupID", 0x00:0x16, V11..=V13, plain;
    GroupList = "GroupList", 0x00:0x17, V11..=V13, plain;
    InUse = "InUse", 0x00:0x18, V11..=V12, boolean;
    Logo = "Logo", 0x00:0x19, V11..=V13, plain;
    MessageCount = "MessageCount", 0x00:0x1A, V11..=V13, integer;
    MessageId = "MessageID", 0x00:0x1B, V11..=V13, plain;
    MessageUri = "MessageURI", 0x00:0x1C, V11..=V13, plain;
    Msisdn = "MSISDN", 0x00:0x1D, V11..=V13, plain;
    Name = "Name", 0x00:0x1E, V11..=V13, plain;
    NickList = "NickList", 0x00:0x1F, V11..=V13, plain;
    NickName = "NickName", 0x00:0x20, V11..=V13, plain;
    Poll = "Poll", 0x00:0x21, V11..=V13, boolean;
    Presence = "Presence", 0x00:0x22, V11..=V13, plain;
    PresenceSubList = "PresenceSubList", 0x00:0x23, V11..=V13, plain;
    PresenceValue = "PresenceValue", 0x00:0x24, V11..=V13, plain;
    Property = "Property", 0x00:0x25, V11..=V13, plain;
    Qualifier = "Qualifier", 0x00:0x26, V11..=V13, boolean;
    Recipient = "Recipient", 0x00:0x27, V11..=V13, plain;
    RemoveList = "RemoveList", 0x00:0x28, V11..=V13, plain;
    RemoveNickList = "RemoveNickList", 0x00:0x29, V11..=V13, plain;
    Result = "Result", 0x00:0x2A, V11..=V13, plain;
    ScreenName = "ScreenName", 0x00:0x2B, V11..=V13, plain;
    Sender = "Sender", 0x00:0x2C, V11..=V13, plain;
    Session = "Session", 0x00:0x2D, V11..=V13, plain;
    SessionDescriptor = "SessionDescriptor", 0x00:0x2E, V11..=V13, plain;
    SessionId = "SessionID", 0x00:0x2F, V11..=V13, plain;
    SessionType = "SessionType", 0x00:0x30, V11..=V13, plain;
    Status = "Status", 0x00:0x31, V11..=V13, plain;
    Transaction = "Transaction", 0x00:0x32, V11..=V13, plain;
    TransactionContent = "TransactionContent", 0x00:0x33, V11..=V13, plain;
    TransactionDescriptor = "TransactionDescriptor", 0x00:0x34, V11..=V13, plain;
    TransactionId = "TransactionID", 0x00:0x35, V11..=V13, plain;
    TransactionMode = "TransactionMode", 0x00:0x36, V11..=V13, plain;
    Url = "URL", 0x00:0x37, V11..=V13, plain;
    UrlList = "URLList", 0x00:0x38, V11..=V13, plain;
    User = "User", 0x00:0x39, V11..=V13, plain;
    UserId = "UserID", 0x00:0x3A, V11..=V13, plain;
    UserList = "UserList", 0x00:0x3B, V11..=V13, plain;
    Validity = "Validity", 0x00:0x3C, V11..=V13, integer;
    Value = "Value", 0x00:0x3D, V11..=V13, plain;
    // page 1: access
    AllFunctions = "AllFunctions", 0x01:0x05, V11..=V13, plain;
    AllFunctionsRequest = "AllFunctionsRequest", 0x01:0x06, V11..=V13, boolean;
    CancelInviteRequest = "CancelInvite-Request", 0x01:0x07, V11..=V13, plain;
    CancelInviteUserRequest = "CancelInviteUser-Request", 0x01:0x08, V11..=V13, plain;
    Capability = "Capability", 0x01:0x09, V11..=V12, plain;
    CapabilityList = "CapabilityList", 0x01:0x0A, V11..=V13, plain;
    CapabilityRequest = "CapabilityRequest", 0x01:0x0B, V11..=V13, boolean;
    ClientCapabilityRequest = "ClientCapability-Request", 0x01:0x0C, V11..=V13, plain;
    ClientCapabilityResponse = "ClientCapability-Response", 0x01:0x0D, V11..=V13, plain;
    DigestBytes = "DigestBytes", 0x01:0x0E, V11..=V13, plain;
    DigestSchema = "DigestSchema", 0x01:0x0F, V11..=V13, plain;
    Disconnect = "Disconnect", 0x01:0x10, V11..=V13, plain;
    Functions = "Functions", 0x01:0x11, V11..=V13, plain;
    GetSpInfoRequest = "GetSPInfo-Request", 0x01:0x12, V11..=V13, plain;
    GetSpInfoResponse = "GetSPInfo-Response", 0x01:0x13, V11..=V13, plain;
    InviteId = "InviteID", 0x01:0x14, V11..=V13, plain;
    InviteNote = "InviteNote", 0x01:0x15, V11..=V13, plain;
    InviteRequest = "Invite-Request", 0x01:0x16, V11..=V13, plain;
    InviteResponse = "Invite-Response", 0x01:0x17, V11..=V13, plain;
    InviteType = "InviteType", 0x01:0x18, V11..=V13, plain;
    InviteUserRequest = "InviteUser-Request", 0x01:0x19, V11..=V13, plain;
    InviteUserResponse = "InviteUser-Response", 0x01:0x1A, V11..=V13, plain;
    KeepAliveRequest = "KeepAlive-Request", 0x01:0x1B, V11..=V13, plain;
    KeepAliveTime = "KeepAliveTime", 0x01:0x1C, V11..=V13, integer;
    LoginRequest = "Login-Request", 0x01:0x1D, V11..=V13, plain;
    LoginResponse = "Login-Response", 0x01:0x1E, V11..=V13, plain;
    LogoutRequest = "Logout-Request", 0x01:0x1F, V11..=V13, plain;
    Nonce = "Nonce", 0x01:0x20, V11..=V13, plain;
    Password = "Password", 0x01:0x21, V11..=V13, plain;
    PollingRequest = "Polling-Request", 0x01:0x22, V11..=V13, plain;
    ResponseNote = "ResponseNote", 0x01:0x23, V11..=V13, plain;
    SearchElement = "SearchElement", 0x01:0x24, V11..=V13, plain;
    SearchFindings = "SearchFindings", 0x01:0x25, V11..=V13, integer;
    SearchId = "SearchID", 0x01:0x26, V11..=V13, integer;
    SearchIndex = "SearchIndex", 0x01:0x27, V11..=V13, integer;
    SearchLimit = "SearchLimit", 0x01:0x28, V11..=V13, integer;
    KeepAliveResponse = "KeepAlive-Response", 0x01:0x29, V11..=V13, plain;
    SearchPairList = "SearchPairList", 0x01:0x2A, V11..=V13, plain;
    SearchRequest = "Search-Request", 0x01:0x2B, V11..=V13, plain;
    SearchResponse = "Search-Response", 0x01:0x2C, V11..=V13, plain;
    SearchResult = "SearchResult", 0x01:0x2D, V11..=V13, plain;
    ServiceRequest = "Service-Request", 0x01:0x2E, V11..=V13, plain;
    ServiceResponse = "Service-Response", 0x01:0x2F, V11..=V13, plain;
    SessionCookie = "SessionCookie", 0x01:0x30, V11..=V13, plain;
    StopSearchRequest = "StopSearch-Request", 0x01:0x31, V11..=V13, plain;
    TimeToLive = "TimeToLive", 0x01:0x32, V11..=V13, integer;
    SearchString = "SearchString", 0x01:0x33, V11..=V13, plain;
    CompletionFlag = "CompletionFlag", 0x01:0x34, V11..=V13, boolean;
    ReceiveList = "ReceiveList", 0x01:0x36, V12..=V13, boolean;
    VerifyIdRequest = "VerifyID-Request", 0x01:0x37, V12..=V13, plain;
    ExtendedRequest = "Extended-Request", 0x01:0x38, V12..=V13, plain;
    ExtendedResponse = "Extended-Response", 0x01:0x39, V12..=V13, plain;
    AgreedCapabilityList = "AgreedCapabilityList", 0x01:0x3A, V12..=V13, plain;
    ExtendedData = "ExtendedData", 0x01:0x3B, V12..=V13, plain;
    OtherServer = "OtherServer", 0x01:0x3C, V12..=V13, plain;
    PresenceAttributeNsName = "PresenceAttributeNSName", 0x01:0x3D, V12..=V13, plain;
    SessionNsName = "SessionNSName", 0x01:0x3E, V12..=V13, plain;
    TransactionNsName = "TransactionNSName", 0x01:0x3F, V12..=V13, plain;
    // page 2: service
    Addgm = "ADDGM", 0x02:0x05, V11..=V13, plain;
    AttListFunc = "AttListFunc", 0x02:0x06, V11..=V12, plain;
    Blent = "BLENT", 0x02:0x07, V11..=V13, plain;
    Caaut = "CAAUT", 0x02:0x08, V11..=V12, plain;
    Cainv = "CAINV", 0x02:0x09, V11..=V13, plain;
    Cali = "CALI", 0x02:0x0A, V11..=V12, plain;
    Ccli = "CCLI", 0x02:0x0B, V11..=V13, plain;
    ContListFunc = "ContListFunc", 0x02:0x0C, V11..=V13, plain;
    Creag = "CREAG", 0x02:0x0D, V11..=V13, plain;
    Dali = "DALI", 0x02:0x0E, V11..=V12, plain;
    Dcli = "DCLI", 0x02:0x0F, V11..=V13, plain;
    Delgr = "DELGR", 0x02:0x10, V11..=V13, plain;
    FundamentalFeat = "FundamentalFeat", 0x02:0x11, V11..=V13, plain;
    Fwmsg = "FWMSG", 0x02:0x12, V11..=V13, plain;
    Gals = "GALS", 0x02:0x13, V11..=V12, plain;
    Gcli = "GCLI", 0x02:0x14, V11..=V13, plain;
    Getgm = "GETGM", 0x02:0x15, V11..=V13, plain;
    Getgp = "GETGP", 0x02:0x16, V11..=V13, plain;
    Getlm = "GETLM", 0x02:0x17, V11..=V13, plain;
    Getm = "GETM", 0x02:0x18, V11..=V13, plain;
    Getpr = "GETPR", 0x02:0x19, V11..=V13, plain;
    Getspi = "GETSPI", 0x02:0x1A, V11..=V13, plain;
    Getwl = "GETWL", 0x02:0x1B, V11..=V13, plain;
    Glblu = "GLBLU", 0x02:0x1C, V11..=V13, plain;
    Grchn = "GRCHN", 0x02:0x1D, V11..=V13, plain;
    GroupAuthFunc = "GroupAuthFunc", 0x02:0x1E, V11..=V13, plain;
    GroupFeat = "GroupFeat", 0x02:0x1F, V11..=V13, plain;
    GroupMgmtFunc = "GroupMgmtFunc", 0x02:0x20, V11..=V13, plain;
    GroupUseFunc = "GroupUseFunc", 0x02:0x21, V11..=V13, plain;
    ImAuthFunc = "IMAuthFunc", 0x02:0x22, V11..=V13, plain;
    ImFeat = "IMFeat", 0x02:0x23, V11..=V13, plain;
    ImReceiveFunc = "IMReceiveFunc", 0x02:0x24, V11..=V13, plain;
    ImSendFunc = "IMSendFunc", 0x02:0x25, V11..=V13, plain;
    Invit = "INVIT", 0x02:0x26, V11..=V13, plain;
    InviteFunc = "InviteFunc", 0x02:0x27, V11..=V13, plain;
    Mbrac = "MBRAC", 0x02:0x28, V11..=V13, plain;
    Mcls = "MCLS", 0x02:0x29, V11..=V13, plain;
    Mdeliv = "MDELIV", 0x02:0x2A, V11..=V13, plain;
    Newm = "NEWM", 0x02:0x2B, V11..=V13, plain;
    Notif = "NOTIF", 0x02:0x2C, V11..=V13, plain;
    PresenceAuthFunc = "PresenceAuthFunc", 0x02:0x2D, V11..=V13, plain;
    PresenceDeliverFunc = "PresenceDeliverFunc", 0x02:0x2E, V11..=V13, plain;
    PresenceFeat = "PresenceFeat", 0x02:0x2F, V11..=V13, plain;
    React = "REACT", 0x02:0x30, V11..=V12, plain;
    Rejcm = "REJCM", 0x02:0x31, V11..=V13, plain;
    Rejec = "REJEC", 0x02:0x32, V11..=V13, plain;
    Rmvgm = "RMVGM", 0x02:0x33, V11..=V13, plain;
    SearchFunc = "SearchFunc", 0x02:0x34, V11..=V13, plain;
    ServiceFunc = "ServiceFunc", 0x02:0x35, V11..=V13, plain;
    Setd = "SETD", 0x02:0x36, V11..=V13, plain;
    Setgp = "SETGP", 0x02:0x37, V11..=V13, plain;
    Srch = "SRCH", 0x02:0x38, V11..=V13, plain;
    Stsrc = "STSRC", 0x02:0x39, V11..=V13, plain;
    Subgcn = "SUBGCN", 0x02:0x3A, V11..=V13, plain;
    Updpr = "UPDPR", 0x02:0x3B, V11..=V13, plain;
    WvCspFeat = "WVCSPFeat", 0x02:0x3C, V11..=V13, plain;
    Mf = "MF", 0x02:0x3D, V12..=V13, plain;
    Mg = "MG", 0x02:0x3E, V12..=V13, plain;
    Mm = "MM", 0x02:0x3F, V12..=V13, plain;
    // page 3: client-capability
    AcceptedCharset = "AcceptedCharset", 0x03:0x05, V11..=V12, integer;
    AcceptedContentLength = "AcceptedContentLength", 0x03:0x06, V11..=V12, integer;
    AcceptedContentType = "AcceptedContentType", 0x03:0x07, V11..=V13, plain;
    AcceptedTransferEncoding = "AcceptedTransferEncoding", 0x03:0x08, V11..=V13, plain;
    AnyContent = "AnyContent", 0x03:0x09, V11..=V13, boolean;
    DefaultLanguage = "DefaultLanguage", 0x03:0x0A, V11..=V13, plain;
    InitialDeliveryMethod = "InitialDeliveryMethod", 0x03:0x0B, V11..=V13, plain;
    MultiTrans = "MultiTrans", 0x03:0x0C, V11..=V13, integer;
    ParserSize = "ParserSize", 0x03:0x0D, V11..=V13, integer;
    ServerPollMin = "ServerPollMin", 0x03:0x0E, V11..=V13, integer;
    SupportedBearer = "SupportedBearer", 0x03:0x0F, V11..=V13, plain;
    SupportedCirMethod = "SupportedCIRMethod", 0x03:0x10, V11..=V13, plain;
    TcpAddress = "TCPAddress", 0x03:0x11, V11..=V13, plain;
    TcpPort = "TCPPort", 0x03:0x12, V11..=V13, integer;
    UdpPort = "UDPPort", 0x03:0x13, V11..=V13, integer;
    CirUrl = "CIRURL", 0x03:0x14, V12..=V12, plain;
    CirHttpAddress = "CIRHTTPAddress", 0x03:0x14, V13..=V13, plain;
    UdpAddress = "UDPAddress", 0x03:0x15, V13..=V13, plain;
    AcceptedPullLength = "AcceptedPullLength", 0x03:0x16, V13..=V13, integer;
    AcceptedPushLength = "AcceptedPushLength", 0x03:0x17, V13..=V13, integer;
    AcceptedRichContentLength = "AcceptedRichContentLength", 0x03:0x18, V13..=V13, integer;
    AcceptedTextContentLength = "AcceptedTextContentLength", 0x03:0x19, V13..=V13, integer;
    OfflineEtemHandling = "OfflineETEMHandling", 0x03:0x1A, V13..=V13, plain;
    PlainTextCharset = "PlainTextCharset", 0x03:0x1B, V13..=V13, integer;
    SessionPriority = "SessionPriority", 0x03:0x1C, V13..=V13, integer;
    SupportedOfflineBearer = "SupportedOfflineBearer", 0x03:0x1D, V13..=V13, plain;
    UserSessionLimit = "UserSessionLimit", 0x03:0x1F, V13..=V13, integer;
    CirSmsAddress = "CIRSMSAddress", 0x03:0x20, V13..=V13, plain;
    MultiTransPerMessage = "MultiTransPerMessage", 0x03:0x21, V13..=V13, integer;
    OnlineEtemHandling = "OnlineETEMHandling", 0x03:0x22, V13..=V13, plain;
    ContentPolicy = "ContentPolicy", 0x03:0x23, V13..=V13, plain;
    ContentPolicyLimit = "ContentPolicyLimit", 0x03:0x24, V13..=V13, integer;
    // page 4: presence-primitive
    CancelAuthRequest = "CancelAuth-Request", 0x04:0x05, V11..=V12, plain;
    ContactListProperties = "ContactListProperties", 0x04:0x06, V11..=V13, plain;
    CreateAttributeListRequest = "CreateAttributeList-Request", 0x04:0x07, V11..=V13, plain;
    CreateListRequest = "CreateList-Request", 0x04:0x08, V11..=V13, plain;
    DefaultAttributeList = "DefaultAttributeList", 0x04:0x09, V11..=V13, plain;
    DefaultContactList = "DefaultContactList", 0x04:0x0A, V11..=V13, plain;
    DefaultList = "DefaultList", 0x04:0x0B, V11..=V13, boolean;
    DeleteAttributeListRequest = "DeleteAttributeList-Request", 0x04:0x0C, V11..=V13, plain;
    DeleteListRequest = "DeleteList-Request", 0x04:0x0D, V11..=V13, plain;
    GetAttributeListRequest = "GetAttributeList-Request", 0x04:0x0E, V11..=V13, plain;
    GetAttributeListResponse = "GetAttributeList-Response", 0x04:0x0F, V11..=V13, plain;
    GetListRequest = "GetList-Request", 0x04:0x10, V11..=V13, plain;
    GetListResponse = "GetList-Response", 0x04:0x11, V11..=V13, plain;
    GetPresenceRequest = "GetPresence-Request", 0x04:0x12, V11..=V13, plain;
    GetPresenceResponse = "GetPresence-Response", 0x04:0x13, V11..=V13, plain;
    GetWatcherListRequest = "GetWatcherList-Request", 0x04:0x14, V11..=V13, plain;
    GetWatcherListResponse = "GetWatcherList-Response", 0x04:0x15, V11..=V13, plain;
    ListManageRequest = "ListManage-Request", 0x04:0x16, V11..=V13, plain;
    ListManageResponse = "ListManage-Response", 0x04:0x17, V11..=V13, plain;
    UnsubscribePresenceRequest = "UnsubscribePresence-Request", 0x04:0x18, V11..=V13, plain;
    PresenceAuthRequest = "PresenceAuth-Request", 0x04:0x19, V11..=V12, plain;
    PresenceAuthUser = "PresenceAuth-User", 0x04:0x1A, V11..=V12, plain;
    PresenceNotificationRequest = "PresenceNotification-Request", 0x04:0x1B, V11..=V13, plain;
    UpdatePresenceRequest = "UpdatePresence-Request", 0x04:0x1C, V11..=V13, plain;
    SubscribePresenceRequest = "SubscribePresence-Request", 0x04:0x1D, V11..=V13, plain;
    AutoSubscribe = "AutoSubscribe", 0x04:0x1E, V12..=V12, boolean;
    GetReactiveAuthStatusRequest = "GetReactiveAuthStatus-Request", 0x04:0x1F, V12..=V12, plain;
    GetReactiveAuthStatusResponse = "GetReactiveAuthStatus-Response", 0x04:0x20, V12..=V12, plain;
    CreateListResponse = "CreateList-Response", 0x04:0x21, V13..=V13, plain;
    // page 5: presence-attribute
    Accuracy = "Accuracy", 0x05:0x05, V11..=V13, plain;
    Address = "Address", 0x05:0x06, V11..=V13, plain;
    AddrPref = "AddrPref", 0x05:0x07, V11..=V13, plain;
    Alias = "Alias", 0x05:0x08, V11..=V13, plain;
    Altitude = "Altitude", 0x05:0x09, V11..=V13, plain;
    Building = "Building", 0x05:0x0A, V11..=V13, plain;
    Caddr = "Caddr", 0x05:0x0B, V11..=V13, plain;
    City = "City", 0x05:0x0C, V11..=V13, plain;
    ClientInfo = "ClientInfo", 0x05:0x0D, V11..=V13, plain;
    ClientProducer = "ClientProducer", 0x05:0x0E, V11..=V13, plain;
    ClientType = "ClientType", 0x05:0x0F, V11..=V13, plain;
    ClientVersion = "ClientVersion", 0x05:0x10, V11..=V13, plain;
    CommC = "CommC", 0x05:0x11, V11..=V13, plain;
    CommCap = "CommCap", 0x05:0x12, V11..=V13, plain;
    ContactInfo = "ContactInfo", 0x05:0x13, V11..=V13, plain;
    ContainedvCard = "ContainedvCard", 0x05:0x14, V11..=V13, plain;
    Country = "Country", 0x05:0x15, V11..=V13, plain;
    Crossing1 = "Crossing1", 0x05:0x16, V11..=V13, plain;
    Crossing2 = "Crossing2", 0x05:0x17, V11..=V13, plain;
    DevManufacturer = "DevManufacturer", 0x05:0x18, V11..=V13, plain;
    DirectContent = "DirectContent", 0x05:0x19, V11..=V13, plain;
    FreeTextLocation = "FreeTextLocation", 0x05:0x1A, V11..=V13, plain;
    GeoLocation = "GeoLocation", 0x05:0x1B, V11..=V13, plain;
    Language = "Language", 0x05:0x1C, V11..=V13, plain;
    Latitude = "Latitude", 0x05:0x1D, V11..=V13, plain;
    Longitude = "Longitude", 0x05:0x1E, V11..=V13, plain;
    Model = "Model", 0x05:0x1F, V11..=V13, plain;
    NamedArea = "NamedArea", 0x05:0x20, V11..=V13, plain;
    OnlineStatus = "OnlineStatus", 0x05:0x21, V11..=V13, plain;
    Plmn = "PLMN", 0x05:0x22, V11..=V13, plain;
    PrefC = "PrefC", 0x05:0x23, V11..=V13, plain;
    PreferredContacts = "PreferredContacts", 0x05:0x24, V11..=V13, plain;
    PreferredLanguage = "PreferredLanguage", 0x05:0x25, V11..=V13, plain;
    ReferredContent = "ReferredContent", 0x05:0x26, V11..=V13, plain;
    ReferredvCard = "ReferredvCard", 0x05:0x27, V11..=V13, plain;
    Registration = "Registration", 0x05:0x28, V11..=V13, plain;
    StatusContent = "StatusContent", 0x05:0x29, V11..=V13, plain;
    StatusMood = "StatusMood", 0x05:0x2A, V11..=V13, plain;
    StatusText = "StatusText", 0x05:0x2B, V11..=V13, plain;
    Street = "Street", 0x05:0x2C, V11..=V13, plain;
    TimeZone = "TimeZone", 0x05:0x2D, V11..=V13, plain;
    UserAvailability = "UserAvailability", 0x05:0x2E, V11..=V13, plain;
    Cap = "Cap", 0x05:0x2F, V11..=V13, plain;
    Cname = "Cname", 0x05:0x30, V11..=V13, plain;
    Contact = "Contact", 0x05:0x31, V11..=V13, plain;
    Cpriority = "Cpriority", 0x05:0x32, V11..=V13, plain;
    Cstatus = "Cstatus", 0x05:0x33, V11..=V13, plain;
    Note = "Note", 0x05:0x34, V11..=V13, plain;
    Zone = "Zone", 0x05:0x35, V11..=V13, plain;
    InfLink = "Inf_link", 0x05:0x37, V12..=V13, plain;
    InfoLink = "InfoLink", 0x05:0x38, V12..=V13, plain;
    Link = "Link", 0x05:0x39, V12..=V13, plain;
    Text = "Text", 0x05:0x3A, V12..=V13, plain;
    ClientContentLimit = "ClientContentLimit", 0x05:0x3B, V13..=V13, plain;
    ClientImPriority = "ClientIMPriority", 0x05:0x3C, V13..=V13, integer;
    MaxPullLength = "MaxPullLength", 0x05:0x3D, V13..=V13, integer;
    MaxPushLength = "MaxPushLength", 0x05:0x3E, V13..=V13, integer;
    // page 6: messaging
    BlockList = "BlockList", 0x06:0x05, V11..=V13, plain;
    BlockEntityRequest = "BlockEntity-Request", 0x06:0x06, V11..=V13, plain;
    DeliveryMethod = "DeliveryMethod", 0x06:0x07, V11..=V13, plain;
    DeliveryReport = "DeliveryReport", 0x06:0x08, V11..=V13, boolean;
    DeliveryReportRequest = "DeliveryReport-Request", 0x06:0x09, V11..=V13, plain;
    ForwardMessageRequest = "ForwardMessage-Request", 0x06:0x0A, V11..=V13, plain;
    GetBlockedListRequest = "GetBlockedList-Request", 0x06:0x0B, V11..=V13, plain;
    GetBlockedListResponse = "GetBlockedList-Response", 0x06:0x0C, V11..=V13, plain;
    GetMessageListRequest = "GetMessageList-Request", 0x06:0x0D, V11..=V13, plain;
    GetMessageListResponse = "GetMessageList-Response", 0x06:0x0E, V11..=V13, plain;
    GetMessageRequest = "GetMessage-Request", 0x06:0x0F, V11..=V13, plain;
    GetMessageResponse = "GetMessage-Response", 0x06:0x10, V11..=V13, plain;
    GrantList = "GrantList", 0x06:0x11, V11..=V13, plain;
    MessageDelivered = "MessageDelivered", 0x06:0x12, V11..=V13, plain;
    MessageInfo = "MessageInfo", 0x06:0x13, V11..=V13, plain;
    MessageNotification = "MessageNotification", 0x06:0x14, V11..=V13, plain;
    NewMessage = "NewMessage", 0x06:0x15, V11..=V13, plain;
    RejectMessageRequest = "RejectMessage-Request", 0x06:0x16, V11..=V13, plain;
    SendMessageRequest = "SendMessage-Request", 0x06:0x17, V11..=V13, plain;
    SendMessageResponse = "SendMessage-Response", 0x06:0x18, V11..=V13, plain;
    SetDeliveryMethodRequest = "SetDeliveryMethod-Request", 0x06:0x19, V11..=V13, plain;
    DeliveryTime = "DeliveryTime", 0x06:0x1A, V11..=V13, date;
    MessageInfoList = "MessageInfoList", 0x06:0x20, V13..=V13, plain;
    ForwardMessageResponse = "ForwardMessage-Response", 0x06:0x21, V13..=V13, plain;
    // page 7: group
    AddGroupMembersRequest = "AddGroupMembers-Request", 0x07:0x05, V11..=V13, plain;
    Admin = "Admin", 0x07:0x06, V11..=V13, plain;
    CreateGroupRequest = "CreateGroup-Request", 0x07:0x07, V11..=V13, plain;
    DeleteGroupRequest = "DeleteGroup-Request", 0x07:0x08, V11..=V13, plain;
    GetGroupMembersRequest = "GetGroupMembers-Request", 0x07:0x09, V11..=V13, plain;
    GetGroupMembersResponse = "GetGroupMembers-Response", 0x07:0x0A, V11..=V13, plain;
    GetGroupPropsRequest = "GetGroupProps-Request", 0x07:0x0B, V11..=V13, plain;
    GetGroupPropsResponse = "GetGroupProps-Response", 0x07:0x0C, V11..=V13, plain;
    GroupChangeNotice = "GroupChangeNotice", 0x07:0x0D, V11..=V13, plain;
    GroupProperties = "GroupProperties", 0x07:0x0E, V11..=V13, plain;
    Joined = "Joined", 0x07:0x0F, V11..=V13, plain;
    JoinedRequest = "JoinedRequest", 0x07:0x10, V11..=V13, boolean;
    JoinGroupRequest = "JoinGroup-Request", 0x07:0x11, V11..=V13, plain;
    JoinGroupResponse = "JoinGroup-Response", 0x07:0x12, V11..=V13, plain;
    LeaveGroupRequest = "LeaveGroup-Request", 0x07:0x13, V11..=V13, plain;
    LeaveGroupResponse = "LeaveGroup-Response", 0x07:0x14, V11..=V13, plain;
    Left = "Left", 0x07:0x15, V11..=V13, plain;
    MemberAccessRequest = "MemberAccess-Request", 0x07:0x16, V11..=V13, plain;
    Mod = "Mod", 0x07:0x17, V11..=V13, plain;
    OwnProperties = "OwnProperties", 0x07:0x18, V11..=V13, plain;
    RejectListRequest = "RejectList-Request", 0x07:0x19, V11..=V13, plain;
    RejectListResponse = "RejectList-Response", 0x07:0x1A, V11..=V13, plain;
    RemoveGroupMembersRequest = "RemoveGroupMembers-Request", 0x07:0x1B, V11..=V13, plain;
    SetGroupPropsRequest = "SetGroupProps-Request", 0x07:0x1C, V11..=V13, plain;
    SubscribeGroupNoticeRequest = "SubscribeGroupNotice-Request", 0x07:0x1D, V11..=V13, plain;
    SubscribeGroupNoticeResponse = "SubscribeGroupNotice-Response", 0x07:0x1E, V11..=V13, plain;
    Users = "Users", 0x07:0x1F, V11..=V12, plain;
    WelcomeNote = "WelcomeNote", 0x07:0x20, V11..=V13, plain;
    JoinGroup = "JoinGroup", 0x07:0x21, V11..=V13, boolean;
    SubscribeNotification = "SubscribeNotification", 0x07:0x22, V11..=V13, boolean;
    SubscribeType = "SubscribeType", 0x07:0x23, V11..=V13, plain;
    GetJoinedUsersRequest = "GetJoinedUsers-Request", 0x07:0x24, V12..=V13, plain;
    GetJoinedUsersResponse = "GetJoinedUsers-Response", 0x07:0x25, V12..=V13, plain;
    AdminMapList = "AdminMapList", 0x07:0x26, V12..=V13, plain;
    AdminMapping = "AdminMapping", 0x07:0x27, V12..=V13, plain;
    Mapping = "Mapping", 0x07:0x28, V12..=V13, plain;
    ModMapping = "ModMapping", 0x07:0x29, V12..=V13, plain;
    UserMapList = "UserMapList", 0x07:0x2A, V12..=V13, plain;
    UserMapping = "UserMapping", 0x07:0x2B, V12..=V13, plain;
    JoinedBlocked = "JoinedBlocked", 0x07:0x2C, V13..=V13, plain;
    LeftBlocked = "LeftBlocked", 0x07:0x2D, V13..=V13, plain;
    // page 8: service (continued)
    Mp = "MP", 0x08:0x05, V12..=V13, plain;
    Getaut = "GETAUT", 0x08:0x06, V12..=V13, plain;
    Getju = "GETJU", 0x08:0x07, V12..=V13, plain;
    Vrid = "VRID", 0x08:0x08, V12..=V13, plain;
    VerifyIdFunc = "VerifyIDFunc", 0x08:0x09, V12..=V13, plain;
    Getmap = "GETMAP", 0x08:0x0A, V13..=V13, plain;
    Sgmnt = "SGMNT", 0x08:0x0B, V13..=V13, plain;
    Excon = "EXCON", 0x08:0x0C, V13..=V13, plain;
    Offnotif = "OFFNOTIF", 0x08:0x0D, V13..=V13, plain;
    Advsr = "ADVSR", 0x08:0x0E, V13..=V13, plain;
    // page 9: common (continued)
    Cir = "CIR", 0x09:0x05, V12..=V13, boolean;
    Domain = "Domain", 0x09:0x06, V12..=V13, plain;
    ExtBlock = "ExtBlock", 0x09:0x07, V12..=V13, plain;
    HistoryPeriod = "HistoryPeriod", 0x09:0x08, V12..=V13, integer;
    IdList = "IDList", 0x09:0x09, V12..=V13, plain;
    MaxWatcherList = "MaxWatcherList", 0x09:0x0A, V12..=V13, integer;
    ReactiveAuthState = "ReactiveAuthState", 0x09:0x0B, V12..=V12, plain;
    AnswerOptionText = "AnswerOptionText", 0x09:0x0B, V13..=V13, plain;
    ReactiveAuthStatus = "ReactiveAuthStatus", 0x09:0x0C, V12..=V12, plain;
    ReactiveAuthStatusList = "ReactiveAuthStatusList", 0x09:0x0D, V12..=V12, plain;
    Watcher = "Watcher", 0x09:0x0E, V12..=V13, plain;
    WatcherStatus = "WatcherStatus", 0x09:0x0F, V12..=V13, plain;
    Font = "Font", 0x09:0x10, V13..=V13, plain;
    Size = "Size", 0x09:0x11, V13..=V13, plain;
    Style = "Style", 0x09:0x12, V13..=V13, plain;
    Color = "Color", 0x09:0x13, V13..=V13, plain;
    ContentName = "ContentName", 0x09:0x14, V13..=V13, plain;
    Map = "Map", 0x09:0x15, V13..=V13, plain;
    NotificationType = "NotificationType", 0x09:0x16, V13..=V13, plain;
    NotificationTypeList = "NotificationTypeList", 0x09:0x17, V13..=V13, plain;
    FriendlyName = "FriendlyName", 0x09:0x18, V13..=V13, plain;
    ClearPublicProfile = "ClearPublicProfile", 0x09:0x19, V13..=V13, boolean;
    PublicProfile = "PublicProfile", 0x09:0x1A, V13..=V13, plain;
    AnswerOption = "AnswerOption", 0x09:0x1B, V13..=V13, plain;
    AnswerOptionId = "AnswerOptionID", 0x09:0x1C, V13..=V13, integer;
    AnswerOptions = "AnswerOptions", 0x09:0x1D, V13..=V13, plain;
    ApplicationId = "ApplicationID", 0x09:0x1E, V13..=V13, plain;
    AuthorizeAndGrant = "AuthorizeAndGrant", 0x09:0x1F, V13..=V13, boolean;
    ChosenOptionId = "ChosenOptionID", 0x09:0x20, V13..=V13, integer;
    ContactListNotify = "ContactListNotify", 0x09:0x21, V13..=V13, boolean;
    DefaultNotify = "DefaultNotify", 0x09:0x22, V13..=V13, boolean;
    ExtendConversationUser = "ExtendConversationUser", 0x09:0x23, V13..=V13, plain;
    InText = "InText", 0x09:0x24, V13..=V13, plain;
    SegmentCount = "SegmentCount", 0x09:0x25, V13..=V13, integer;
    SegmentId = "SegmentID", 0x09:0x26, V13..=V13, plain;
    SegmentInfo = "SegmentInfo", 0x09:0x27, V13..=V13, plain;
    SegmentReference = "SegmentReference", 0x09:0x28, V13..=V13, integer;
    SystemMessage = "SystemMessage", 0x09:0x29, V13..=V13, plain;
    SystemMessageId = "SystemMessageID", 0x09:0x2A, V13..=V13, plain;
    SystemMessageList = "SystemMessageList", 0x09:0x2B, V13..=V13, plain;
    SystemMessageResponse = "SystemMessageResponse", 0x09:0x2C, V13..=V13, plain;
    SystemMessageResponseList = "SystemMessageResponseList", 0x09:0x2D, V13..=V13, plain;
    SystemMessageText = "SystemMessageText", 0x09:0x2F, V13..=V13, plain;
    TryAgainTimeout = "TryAgainTimeout", 0x09:0x30, V13..=V13, integer;
    UserNotify = "UserNotify", 0x09:0x31, V13..=V13, boolean;
    VerificationKey = "VerificationKey", 0x09:0x32, V13..=V13, plain;
    VerificationMechanism = "VerificationMechanism", 0x09:0x33, V13..=V13, plain;
    GetMapRequest = "GetMap-Request", 0x09:0x34, V13..=V13, plain;
    GetMapResponse = "GetMap-Response", 0x09:0x35, V13..=V13, plain;
    ExtendConversationId = "ExtendConversationID", 0x09:0x36, V13..=V13, plain;
    WatcherCount = "WatcherCount", 0x09:0x37, V13..=V13, integer;
    RequiresResponse = "RequiresResponse", 0x09:0x38, V13..=V13, boolean;
    ExtBlockEtem = "ExtBlockETEM", 0x09:0x39, V13..=V13, plain;
    GroupContentLimit = "GroupContentLimit", 0x09:0x3A, V13..=V13, integer;
    MessageTotalCount = "MessageTotalCount", 0x09:0x3B, V13..=V13, integer;
    UnrecognizedUserId = "UnrecognizedUserID", 0x09:0x3C, V13..=V13, plain;
    UserIdPair = "UserIDPair", 0x09:0x3D, V13..=V13, plain;
    ValidUserId = "ValidUserID", 0x09:0x3E, V13..=V13, plain;
    UserIdList = "UserIDList", 0x09:0x3F, V13..=V13, plain;
    // page 10: access (continued)
    VersionDiscoveryRequest = "WV-CSP-VersionDiscovery-Request", 0x0A:0x05, V12..=V13, plain;
    VersionDiscoveryResponse = "WV-CSP-VersionDiscovery-Response", 0x0A:0x06, V12..=V13, plain;
    VersionList = "VersionList", 0x0A:0x07, V12..=V13, plain;
    SubscribeNotificationRequest = "SubscribeNotification-Request", 0x0A:0x08, V13..=V13, plain;
    UnsubscribeNotificationRequest = "UnsubscribeNotification-Request", 0x0A:0x09, V13..=V13, plain;
    NotificationRequest = "Notification-Request", 0x0A:0x0A, V13..=V13, plain;
    AdvancedCriteria = "AdvancedCriteria", 0x0A:0x0B, V13..=V13, plain;
    PairId = "PairID", 0x0A:0x0C, V13..=V13, integer;
    GetPublicProfileRequest = "GetPublicProfile-Request", 0x0A:0x0D, V13..=V13, plain;
    GetPublicProfileResponse = "GetPublicProfile-Response", 0x0A:0x0E, V13..=V13, plain;
    UpdatePublicProfileRequest = "UpdatePublicProfile-Request", 0x0A:0x0F, V13..=V13, plain;
    DropSegmentRequest = "DropSegment-Request", 0x0A:0x10, V13..=V13, plain;
    ExtendConversationResponse = "ExtendConversation-Response", 0x0A:0x11, V13..=V13, plain;
    ExtendConversationRequest = "ExtendConversation-Request", 0x0A:0x12, V13..=V13, plain;
    GetSegmentRequest = "GetSegment-Request", 0x0A:0x13, V13..=V13, plain;
    GetSegmentResponse = "GetSegment-Response", 0x0A:0x14, V13..=V13, plain;
    SystemMessageRequest = "SystemMessage-Request", 0x0A:0x15, V13..=V13, plain;
    SystemMessageUser = "SystemMessage-User", 0x0A:0x16, V13..=V13, plain;
    SearchPair = "SearchPair", 0x0A:0x17, V13..=V13, plain;
    SegmentContent = "SegmentContent", 0x0A:0x18, V13..=V13, binary;
    // page 11: common (continued 2)
    GrantListInUse = "GrantListInUse", 0x0B:0x05, V13..=V13, boolean;
    BlockListInUse = "BlockListInUse", 0x0B:0x06, V13..=V13, boolean;
    ContactListIdList = "ContactListIDList", 0x0B:0x07, V13..=V13, plain;
    AnswerOptionsText = "AnswerOptionsText", 0x0B:0x08, V13..=V13, plain;
}
ssp {
    ClientOriginated = "ClientOriginated", boolean;
    DeliveryResult = "DeliveryResult", plain;
    MetaInfo = "MetaInfo", plain;
    PasswordDigest = "PasswordDigest", binary;
    Protocol = "Protocol", plain;
    ProtocolVersion = "ProtocolVersion", plain;
    RedirectList = "RedirectList", plain;
    Requestor = "Requestor", plain;
    SecretToken = "SecretToken", binary;
    SendSecretToken = "SendSecretToken", plain;
    ServiceId = "ServiceID", plain;
    SspLoginRequest = "LoginRequest", plain;
    SspLoginResponse = "LoginResponse", plain;
    PresenceVersion = "PresenceVersion", plain;
    // services, user profiles and user sessions
    Capabilities = "Capabilities", plain;
    Function = "Function", plain;
    GetServiceRequest = "GetServiceRequest", plain;
    GetServiceResponse = "GetServiceResponse", plain;
    GetUserProfileRequest = "GetUserProfileRequest", plain;
    GetUserProfileResponse = "GetUserProfileResponse", plain;
    Location = "Location", boolean;
    LoginId = "LoginID", plain;
    MaxMessageSize = "MaxMessageSize", integer;
    Preferences = "Preferences", plain;
    Privacy = "Privacy", plain;
    ProfileFields = "ProfileFields", plain;
    ProfileId = "ProfileID", plain;
    Pse = "PSE", plain;
    ReasonText = "ReasonText", plain;
    Role = "Role", plain;
    Service = "Service", plain;
    ServiceNegotiationRequest = "ServiceNegotiationRequest", plain;
    ServiceNegotiationResponse = "ServiceNegotiationResponse", plain;
    ServiceStatus = "ServiceStatus", plain;
    ServiceTree = "ServiceTree", plain;
    SubscribedServices = "SubscribedServices", plain;
    Terminal = "Terminal", plain;
    UpdateUserProfileRequest = "UpdateUserProfileRequest", plain;
    UserDisconnect = "UserDisconnect", plain;
    UserInteraction = "UserInteraction", boolean;
    UserKeepAliveRequest = "UserKeepAliveRequest", plain;
    UserKeepAliveResponse = "UserKeepAliveResponse", plain;
    UserLoginRequest = "UserLoginRequest", plain;
    UserLoginResponse = "UserLoginResponse", plain;
    UserLogoutRequest = "UserLogoutRequest", plain;
    UserProfile = "UserProfile", plain;
    UserSession = "UserSession", plain;
    UserSessionId = "UserSessionID", plain;
    UserWakeUp = "UserWakeUp", plain;
    Waiting = "Waiting", integer;
}
}
