//! Capability negotiation: what a client can take, and by which ways it is reached.

use super::party::ClientId;
use super::record::{range, record};
use super::{DecodeError, Element, Event, Sink, Slot, Source, Text, Value};

record! {
    /// What a client can do.
    pub struct CapabilityList {
        /// `MOBILE_PHONE`, `COMPUTER`, `PDA`, `CLI` or `OTHER`.
        client_type: Option<Text> = ClientType,
        /// `P` push or `N` notify.
        delivery: Option<Text> = InitialDeliveryMethod,
        /// Any content type is taken.
        any_content: Option<bool> = AnyContent,
        /// Character sets, IANA MIB numbers.
        charsets: Vec<u32> = AcceptedCharset @ UNTIL_12,
        /// Character sets of plain text, IANA MIB numbers (1.3).
        text_charsets: Vec<u32> = PlainTextCharset @ ONLY_13,
        /// Content types taken.
        content_types: Vec<AcceptedContentType> = AcceptedContentType,
        /// `BASE64`, `None`.
        encodings: Vec<Text> = AcceptedTransferEncoding,
        /// Largest content pushed, bytes (up to 1.2).
        content_length: Option<u32> = AcceptedContentLength @ UNTIL_12,
        /// Largest content fetched, bytes (1.3).
        pull_length: Option<u32> = AcceptedPullLength @ ONLY_13,
        /// Largest content pushed, bytes (1.3).
        push_length: Option<u32> = AcceptedPushLength @ ONLY_13,
        /// Largest plain text, bytes (1.3).
        text_length: Option<u32> = AcceptedTextContentLength @ ONLY_13,
        /// `HTTP`, `HTTPS`, `WSP`, `SMS`.
        bearers: Vec<Text> = SupportedBearer,
        /// Bearers of what comes from outside IMPS while the client is offline (1.3).
        offline_bearers: Vec<Text> = SupportedOfflineBearer,
        /// Transactions open at once per side.
        multi_trans: Option<u32> = MultiTrans,
        /// Transactions in one message (1.3).
        multi_trans_per_message: Option<u32> = MultiTransPerMessage @ ONLY_13,
        /// Largest message the client can parse, bytes.
        parser_size: Option<u32> = ParserSize,
        /// Wake-up methods, in the client's order.
        cir_methods: Vec<Text> = SupportedCirMethod,
        /// The client's port for wake-up datagrams.
        udp_port: Option<u32> = UdpPort,
        /// The client's address for wake-up datagrams (1.3).
        udp_address: Option<Text> = UdpAddress,
        /// The server's wake-up address (1.1, in answers; 1.3).
        tcp_address: Option<Text> = TcpAddress,
        /// The server's wake-up port (1.1, in answers; 1.3).
        tcp_port: Option<u32> = TcpPort,
        /// Seconds between polls, at least.
        poll_min: Option<u32> = ServerPollMin,
        /// ISO 639 code.
        language: Option<Text> = DefaultLanguage,
        /// What to do with messages from outside IMPS (MMS, SMS) while the client is offline (1.3):
        /// `PRIORITYREJECT`, `PRIORITYSTORE`, `REJECT`, `SENDREJECT`, `SENDSTORE`.
        offline_etem: Option<Text> = OfflineEtemHandling,
        /// The same while it is online (1.3): `DETECT`, `FORKALL`, `SERVERLOGIC`, `DoNotNotify`.
        online_etem: Option<Text> = OnlineEtemHandling,
        /// Rank among the user's sessions, 0 first (1.3).
        priority: Option<u32> = SessionPriority @ ONLY_13,
    }

    /// What the server agrees to (1.2 and later).
    pub struct AgreedCapabilityList {
        /// Content types (1.3).
        content_types: Vec<AcceptedContentType> = AcceptedContentType @ ONLY_13,
        /// Any content type (1.3).
        any_content: Option<bool> = AnyContent @ ONLY_13,
        /// Largest content fetched, bytes (1.3).
        pull_length: Option<u32> = AcceptedPullLength @ ONLY_13,
        /// Largest content pushed, bytes (1.3).
        push_length: Option<u32> = AcceptedPushLength @ ONLY_13,
        /// Largest plain text, bytes (1.3).
        text_length: Option<u32> = AcceptedTextContentLength @ ONLY_13,
        /// `BASE64`, `None` (1.3).
        encodings: Vec<Text> = AcceptedTransferEncoding @ ONLY_13,
        /// Where the client asks over HTTP whether something waits (1.2 and later).
        http_address: Option<HttpAddress> = CirHttpAddress | CirUrl,
        /// Where the client may say by SMS that it is there (1.3).
        sms_address: Option<Text> = CirSmsAddress,
        /// Transactions open at once per side (1.3).
        multi_trans: Option<u32> = MultiTrans @ ONLY_13,
        /// Transactions in one message (1.3).
        multi_trans_per_message: Option<u32> = MultiTransPerMessage @ ONLY_13,
        /// What is done with messages from outside IMPS while the client is offline (1.3).
        offline_etem: Option<Text> = OfflineEtemHandling,
        /// The same while it is online (1.3).
        online_etem: Option<Text> = OnlineEtemHandling,
        /// Bearers.
        bearers: Vec<Text> = SupportedBearer,
        /// Bearers of what comes from outside IMPS while the client is offline (1.3).
        offline_bearers: Vec<Text> = SupportedOfflineBearer,
        /// Wake-up methods the server will use.
        cir_methods: Vec<Text> = SupportedCirMethod,
        /// The server's wake-up address.
        tcp_address: Option<Text> = TcpAddress,
        /// The server's wake-up port.
        tcp_port: Option<u32> = TcpPort,
        /// The client's address for wake-up datagrams (1.3).
        udp_address: Option<Text> = UdpAddress,
        /// The client's port for wake-up datagrams (1.3).
        udp_port: Option<u32> = UdpPort @ ONLY_13,
        /// Seconds between polls, at least.
        poll_min: Option<u32> = ServerPollMin,
        /// Rank among the user's sessions, 0 first (1.3).
        priority: Option<u32> = SessionPriority @ ONLY_13,
        /// Sessions a user may have (1.3).
        session_limit: Option<u32> = UserSessionLimit,
    }

    /// The client states its capabilities.
    pub struct ClientCapabilityRequest {
        /// The client (1.1).
        client: Option<ClientId> = ClientId @ ONLY_11,
        /// What it can do.
        list: Option<CapabilityList> = CapabilityList,
    }

    /// The server's answer: the list corrected (1.1) or what is agreed (1.2 and later).
    pub struct ClientCapabilityResponse {
        /// What is agreed; first of all, since one client reads only the first child.
        agreed: Option<AgreedCapabilityList> = AgreedCapabilityList @ SINCE_12,
        /// The corrected list (1.1); first for the same reason.
        list: Option<CapabilityList> = CapabilityList @ ONLY_11,
        /// The client (1.1).
        client: Option<ClientId> = ClientId @ ONLY_11,
    }
}

/// A content type a client takes: a MIME type, in 1.3 with limits of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AcceptedContentType {
    /// The MIME type.
    pub mime: Text,
    /// Largest content of this type, bytes (1.3).
    pub length: Option<u32>,
    /// What to do with larger content (1.3): `N` only tell, `C` as cost demands, `R` reject.
    pub policy: Option<Text>,
    /// From which size on, bytes (1.3).
    pub policy_limit: Option<u32>,
}

/// A URL in an element of its own: `CIRURL` (1.2), `CIRHTTPAddress` (1.3). Bare text is read as one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpAddress {
    /// The URL.
    pub url: Text,
}

// === impl AcceptedContentType ===

impl Value for AcceptedContentType {
    fn decode<'a>(of: Element, from: &mut impl Source<'a>) -> Result<Self, DecodeError> {
        let mut accepted = Self::default();
        let mut bare = String::new();
        loop {
            match from.next()? {
                Event::Start(Some(e @ Element::ContentType)) => accepted.mime = Text::decode(e, from)?,
                Event::Start(Some(e @ Element::AcceptedRichContentLength)) => {
                    accepted.length = Some(u32::decode(e, from)?);
                }
                Event::Start(Some(e @ Element::ContentPolicy)) => accepted.policy = Some(Text::decode(e, from)?),
                Event::Start(Some(e @ Element::ContentPolicyLimit)) => {
                    accepted.policy_limit = Some(u32::decode(e, from)?);
                }
                Event::Start(_) => from.skip()?,
                Event::Text(text) => bare.push_str(&text),
                Event::Opaque(_) => return Err(DecodeError::Value(of)),
                Event::End => break,
                Event::Eof => return Err(DecodeError::Eof),
            }
        }
        if accepted.mime.is_empty() {
            accepted.mime = bare.trim().into();
        }
        Ok(accepted)
    }
    fn encode(&self, to: &mut impl Sink) {
        if to.takes(Element::AcceptedRichContentLength, range!()) {
            self.mime.put(Element::ContentType, to);
            self.length.put(Element::AcceptedRichContentLength, to);
            self.policy.put(Element::ContentPolicy, to);
            self.policy_limit.put(Element::ContentPolicyLimit, to);
            return;
        }
        to.text(&self.mime);
        let lost = [
            (Element::AcceptedRichContentLength, self.length.is_some()),
            (Element::ContentPolicy, self.policy.is_some()),
            (Element::ContentPolicyLimit, self.policy_limit.is_some()),
        ];
        for (element, _) in lost.into_iter().filter(|(_, set)| *set) {
            to.omit(element);
        }
    }
}

// === impl HttpAddress ===

impl Value for HttpAddress {
    fn decode<'a>(_: Element, from: &mut impl Source<'a>) -> Result<Self, DecodeError> {
        let (mut url, mut bare) = (None, String::new());
        loop {
            match from.next()? {
                Event::Start(Some(e @ Element::Url)) => url = Some(Text::decode(e, from)?),
                Event::Start(_) => from.skip()?,
                Event::Text(text) => bare.push_str(&text),
                Event::Opaque(_) => {}
                Event::End => return Ok(Self { url: url.unwrap_or_else(|| bare.trim().into()) }),
                Event::Eof => return Err(DecodeError::Eof),
            }
        }
    }
    fn encode(&self, to: &mut impl Sink) {
        self.url.put(Element::Url, to);
    }
}
