//! The presence attributes (docs/wire-notes.md, "Presence attributes").
//!
//! An attribute without content asks for it: that is how attributes are named in subscriptions and authorisations.
//! Values are text as written; those outside the sets named here occur and are passed on.

use crate::vocabulary::Text;
use crate::vocabulary::capability::AcceptedContentType;
use crate::vocabulary::party::ClientId;
use crate::vocabulary::record::record;

record! {
    /// Attributes. Those of clients may stand several times in 1.3, once for each client.
    pub struct PresenceSubList {
        /// Whether the client is in a session: `T`, `F`. The server sets it.
        online_status: Vec<ClientStatus> = OnlineStatus,
        /// Whether the client is registered at its network: `T`, `F`.
        registration: Vec<ClientStatus> = Registration,
        /// What the client is.
        client_info: Vec<ClientInfo> = ClientInfo,
        /// Where the client's clock is.
        time_zone: Vec<TimeZone> = TimeZone,
        /// Where the client is, in coordinates.
        geo_location: Vec<GeoLocation> = GeoLocation,
        /// Where the client is, as an address.
        address: Vec<Address> = Address,
        /// Where the client is, in words.
        free_text_location: Vec<ClientStatus> = FreeTextLocation,
        /// The client's network, name or code.
        plmn: Vec<ClientStatus> = Plmn,
        /// What the client can be reached by.
        comm_cap: Vec<CommCap> = CommCap,
        /// `AVAILABLE`, `NOT_AVAILABLE`, `DISCREET`.
        user_availability: Option<UserStatus> = UserAvailability,
        /// How the user wants to be reached.
        preferred_contacts: Option<PreferredContacts> = PreferredContacts,
        /// ISO 639 code.
        preferred_language: Option<UserStatus> = PreferredLanguage,
        /// What the user has to say.
        status_text: Option<UserStatus> = StatusText,
        /// `HAPPY`, `SAD`, `ANGRY`, `JEALOUS`, `ASHAMED`, `INVINCIBLE`, `IN_LOVE`, `SLEEPY`, `BORED`, `EXCITED`,
        /// `ANXIOUS`.
        status_mood: Option<UserStatus> = StatusMood,
        /// What the user calls himself.
        alias: Option<UserStatus> = Alias,
        /// A picture, sound or the like.
        status_content: Option<StatusContent> = StatusContent,
        /// The user's visiting card.
        contact_info: Option<ContactInfo> = ContactInfo,
        /// Links (1.2 and later).
        info_link: Option<InfoLink> = InfoLink,
    }

    /// An attribute of one value that belongs to a client.
    pub struct ClientStatus {
        /// Whether the value is known.
        qualifier: Option<bool> = Qualifier,
        /// The value.
        value: Option<Text> = PresenceValue,
        /// The application (1.3).
        application: Option<Text> = ApplicationId @ ONLY_13,
        /// The client (1.3).
        client: Option<ClientId> = ClientId @ ONLY_13,
    }

    /// An attribute of one value that belongs to the user, whatever clients he has.
    pub struct UserStatus {
        /// Whether the value is known.
        qualifier: Option<bool> = Qualifier,
        /// The value.
        value: Option<Text> = PresenceValue,
    }

    /// What a client is.
    pub struct ClientInfo {
        /// Whether it is known.
        qualifier: Option<bool> = Qualifier,
        /// `MOBILE_PHONE`, `COMPUTER`, `PDA`, `CLI`, `OTHER`.
        client_type: Option<Text> = ClientType,
        /// Who made the device.
        manufacturer: Option<Text> = DevManufacturer,
        /// Who made the client.
        producer: Option<Text> = ClientProducer,
        /// The device's model.
        model: Option<Text> = Model,
        /// The client's version.
        version: Option<Text> = ClientVersion,
        /// ISO 639 code.
        language: Option<Text> = Language,
        /// What content the client takes (1.3).
        content_limit: Option<ClientContentLimit> = ClientContentLimit,
        /// Rank among the user's clients for messages (1.3).
        im_priority: Option<u32> = ClientImPriority,
        /// The application (1.3).
        application: Option<Text> = ApplicationId @ ONLY_13,
        /// The client (1.3).
        client: Option<ClientId> = ClientId @ ONLY_13,
    }

    /// What content a client takes (1.3).
    pub struct ClientContentLimit {
        /// Content types.
        content_types: Vec<AcceptedContentType> = AcceptedContentType,
        /// Any content type.
        any_content: Option<bool> = AnyContent,
        /// Largest plain text, bytes.
        text_length: Option<u32> = AcceptedTextContentLength,
        /// `BASE64`, `None`.
        encodings: Vec<Text> = AcceptedTransferEncoding,
        /// Largest content fetched, bytes.
        pull_length: Option<u32> = MaxPullLength,
        /// Largest content pushed, bytes.
        push_length: Option<u32> = MaxPushLength,
        /// Character sets of plain text, IANA MIB numbers.
        text_charsets: Vec<u32> = PlainTextCharset,
    }

    /// Where a client's clock is.
    pub struct TimeZone {
        /// Whether it is known.
        qualifier: Option<bool> = Qualifier,
        /// Hours before UTC, as in `+02`.
        zone: Option<Text> = Zone,
        /// The application (1.3).
        application: Option<Text> = ApplicationId @ ONLY_13,
        /// The client (1.3).
        client: Option<ClientId> = ClientId @ ONLY_13,
    }

    /// Where a client is.
    pub struct GeoLocation {
        /// Whether it is known.
        qualifier: Option<bool> = Qualifier,
        /// Degrees, minutes, seconds and `E` or `W`, as in `35 24 15.652W`.
        longitude: Option<Text> = Longitude,
        /// Degrees, minutes, seconds and `N` or `S`.
        latitude: Option<Text> = Latitude,
        /// Metres.
        altitude: Option<Text> = Altitude,
        /// Metres.
        accuracy: Option<Text> = Accuracy,
        /// The application (1.3).
        application: Option<Text> = ApplicationId @ ONLY_13,
        /// The client (1.3).
        client: Option<ClientId> = ClientId @ ONLY_13,
    }

    /// Where a client is.
    pub struct Address {
        /// Whether it is known.
        qualifier: Option<bool> = Qualifier,
        /// ISO 3166 code.
        country: Option<Text> = Country,
        /// City.
        city: Option<Text> = City,
        /// Street.
        street: Option<Text> = Street,
        /// A street that crosses there.
        crossing1: Option<Text> = Crossing1,
        /// Another one.
        crossing2: Option<Text> = Crossing2,
        /// Building.
        building: Option<Text> = Building,
        /// A place with a name.
        named_area: Option<Text> = NamedArea,
        /// Metres.
        accuracy: Option<Text> = Accuracy,
        /// The application (1.3).
        application: Option<Text> = ApplicationId @ ONLY_13,
        /// The client (1.3).
        client: Option<ClientId> = ClientId @ ONLY_13,
    }

    /// What a client can be reached by.
    pub struct CommCap {
        /// Whether it is known.
        qualifier: Option<bool> = Qualifier,
        /// The ways.
        ways: Vec<CommC> = CommC,
        /// The application (1.3).
        application: Option<Text> = ApplicationId @ ONLY_13,
        /// The client (1.3).
        client: Option<ClientId> = ClientId @ ONLY_13,
    }

    /// A way to be reached.
    pub struct CommC {
        /// `CALL`, `SMS`, `MMS`, `EMAIL`, `IM`, `OTHER`; up to 1.2 also `AUDIO_CALL`, `VIDEO_CALL`, `VIDEO_STREAM`,
        /// `IM_ONLINE`, `IM_OFFLINE`.
        cap: Option<Text> = Cap,
        /// `OPEN`, `CLOSED`.
        status: Option<Text> = Status,
        /// Where.
        contact: Option<Text> = Contact,
        /// A remark.
        note: Option<Text> = Note,
    }

    /// How a user wants to be reached.
    pub struct PreferredContacts {
        /// Whether it is known.
        qualifier: Option<bool> = Qualifier,
        /// The ways.
        ways: Vec<AddrPref> = AddrPref,
    }

    /// A way a user wants to be reached.
    pub struct AddrPref {
        /// As [`CommC::cap`].
        cap: Option<Text> = PrefC,
        /// Where.
        address: Option<Text> = Caddr,
        /// `OPEN`, `CLOSED`, or words.
        status: Option<Text> = Cstatus,
        /// A name for it.
        name: Option<Text> = Cname,
        /// Rank as a number, 1 first.
        priority: Option<Text> = Cpriority,
    }

    /// A picture, sound or the like.
    pub struct StatusContent {
        /// Whether it is known.
        qualifier: Option<bool> = Qualifier,
        /// The content; in base64 if it is no text.
        direct: Option<Text> = DirectContent,
        /// Where it lies.
        referred: Option<Text> = ReferredContent,
        /// MIME type.
        content_type: Option<Text> = ContentType,
    }

    /// A visiting card.
    pub struct ContactInfo {
        /// Whether it is known.
        qualifier: Option<bool> = Qualifier,
        /// The vCard.
        contained: Option<Text> = ContainedvCard,
        /// Where it lies.
        referred: Option<Text> = ReferredvCard,
    }

    /// Links (1.2 and later).
    pub struct InfoLink {
        /// Whether they are known.
        qualifier: Option<bool> = Qualifier,
        /// The links.
        links: Vec<InfLink> = InfLink,
    }

    /// A link (1.2 and later).
    pub struct InfLink {
        /// Where it leads.
        link: Option<Text> = Link,
        /// What it is called.
        text: Option<Text> = Text,
        /// MIME type of what lies there.
        content_type: Option<Text> = ContentType,
    }
}
