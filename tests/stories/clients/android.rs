//! Android's IMPS engine (2010): CSP 1.1, 1.2 and 1.3 in XML and WBXML, and a part of it in PTS.

mod access;
mod http;
mod messages;
mod plain;
mod retries;
mod wbxml;

use std::net::SocketAddr;

use super::line::Line;
use super::said::{self, Message, Said};
use crate::support::handset::access::Schema;
use crate::support::unique;
use crate::support::wire::wbxml::{Dialect, write_as};
use crate::support::wire::{Syntax, Version, xml};
use crate::support::world::phone::password;
use crate::support::world::{Phone, World};

pub(super) const NORTH: &str = "north.example";

/// Its tables are those of 1.3 in every version, with what 1.3 dropped.
const TABLES: &[Version] = &[Version::V13, Version::V12];

/// One phone.
pub(super) struct Android {
    pub(super) user: String,
    pub(super) session: Option<String>,
    /// The last answer said `Poll`.
    pub(super) more: bool,
    version: Version,
    syntax: Syntax,
    password: String,
    client: String,
    cookie: String,
    transactions: u32,
    address: SocketAddr,
    line: Line,
}

// === impl Android ===

impl Android {
    /// The phone of this user, just switched on.
    pub(super) async fn of(world: &World, name: &str, phone: Phone) -> Self {
        let address = world.ports(NORTH).csp;
        Self {
            user: phone.user(name, NORTH),
            session: None,
            more: false,
            version: phone.version,
            syntax: phone.syntax,
            password: password(name),
            client: unique("http://android.example:80/IM"),
            cookie: unique("im.user"),
            transactions: 0,
            address,
            line: Line::to(address).await,
        }
    }

    /// The phone of this user, past all its first messages.
    pub(super) async fn at_home(world: &World, name: &str, phone: Phone) -> Self {
        let mut android = Self::of(world, name, phone).await;
        android.logs_in(Schema::Md5).await;
        android.agrees().await;
        android
    }

    /// Its secret for wake-ups.
    pub(super) fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Its next transaction id: decimal.
    fn next(&mut self) -> String {
        self.transactions += 1;
        self.transactions.to_string()
    }

    /// What it posts as, in its version.
    fn kind(&self) -> &'static str {
        self.syntax.content_type(self.version)
    }

    /// A document in its syntax: XML without declaration, or WBXML in its dialect.
    fn encodes(&self, document: &str) -> Vec<u8> {
        match self.syntax {
            Syntax::Xml => document.as_bytes().to_vec(),
            Syntax::Wbxml => {
                let dialect = Dialect {
                    tokens: TABLES,
                    content_bit: true,
                    numbers_as_text: &["AcceptedContentLength"],
                    surrogates: true,
                    ..Dialect::of(self.version)
                };
                write_as(&xml::read(document.as_bytes()).unwrap(), dialect)
            }
        }
    }

    fn reads(&self, body: &[u8]) -> Message {
        said::read(self.syntax, self.version, body)
    }

    /// Posts on the connection it has; `None` = an empty body. Its reading stops at anything but one transaction.
    async fn exchanges(&mut self, document: &str) -> Option<Said> {
        let body = self.encodes(document);
        let body = self.line.post(self.kind(), body).await.plain();
        self.more = false;
        if body.is_empty() {
            return None;
        }
        let message = self.reads(&body);
        assert!(message.session.is_none() || message.session == self.session, "{message:?}");
        self.more = message.poll;
        Some(message.only())
    }

    /// A request of its session.
    fn request(&self, id: &str, primitive: &str) -> String {
        said::message(self.version, self.session.as_deref(), "Request", Some(id), primitive)
    }

    /// Asks, and gives what answers.
    pub(super) async fn asks(&mut self, primitive: &str) -> Said {
        let id = self.next();
        self.asks_as(&id, primitive).await
    }

    async fn asks_as(&mut self, id: &str, primitive: &str) -> Said {
        let document = self.request(id, primitive);
        let Some(answer) = self.exchanges(&document).await else { panic!("illegal server response to {document}") };
        assert!(!answer.asks && answer.id == id, "{answer:?} answers {document}");
        answer
    }

    /// Polls, without a transaction id. What comes must be a request, or a status that ends the session.
    async fn polls(&mut self) -> Option<Said> {
        let poll = said::message(self.version, self.session.as_deref(), "Request", None, "<Polling-Request/>");
        let came = self.exchanges(&poll).await?;
        if !came.asks {
            assert!(matches!(came.code(), Some(600 | 601 | 604)), "{came:?} answers a poll");
            self.session = None;
        }
        Some(came)
    }

    /// Answers a request of the server; what comes back is the next one, or nothing.
    async fn answers(&mut self, asked: &Said, primitive: &str) -> Option<Said> {
        let document = said::message(self.version, self.session.as_deref(), "Response", Some(&asked.id), primitive);
        let came = self.exchanges(&document).await?;
        assert!(came.asks, "{came:?} answers an answer");
        Some(came)
    }

    /// Answers as the engine does: most requests it knows nothing of and drops.
    async fn reacts(&mut self, asked: &Said) -> Option<Said> {
        match asked.primitive.name.as_str() {
            "NewMessage" => {
                let id = asked.primitive.text_at("MessageInfo/MessageID").unwrap().to_owned();
                let delivered = format!("<MessageDelivered><MessageID>{id}</MessageID></MessageDelivered>");
                self.answers(asked, &delivered).await
            }
            "DeliveryReport-Request"
            | "PresenceNotification-Request"
            | "PresenceAuth-Request"
            | "InviteUser-Request"
            | "Invite-Response"
            | "GroupChangeNotice"
            | "LeaveGroup-Response" => self.answers(asked, &said::status(200)).await,
            _ => None,
        }
    }

    /// Polls and reacts until nothing comes; the messages that came.
    pub(super) async fn hears(&mut self) -> Vec<Said> {
        let mut heard = Vec::new();
        let mut next = self.polls().await;
        while let Some(said) = next {
            next = self.reacts(&said).await;
            heard.push(said);
            if next.is_none() && self.more {
                next = self.polls().await;
            }
        }
        heard
    }

    /// Waits until something comes.
    async fn awaits(&mut self) -> Vec<Said> {
        let hearing = async {
            loop {
                let heard = self.hears().await;
                if !heard.is_empty() {
                    return heard;
                }
                tokio::time::sleep(crate::support::GLANCE).await;
            }
        };
        tokio::time::timeout(crate::support::PATIENCE, hearing).await.expect("something comes in time")
    }

    /// A login request around what stands between client id and time to live.
    fn login(&self, proof: &str) -> String {
        format!(
            "<Login-Request><UserID>{}</UserID><ClientID><URL>{}</URL></ClientID>{proof}<TimeToLive>7205</TimeToLive>\
             <SessionCookie>{}</SessionCookie></Login-Request>",
            self.user, self.client, self.cookie
        )
    }

    /// Logs in in four steps.
    pub(super) async fn logs_in(&mut self, schema: Schema) -> Said {
        let first = self.asks(&self.login("<DigestSchema>MD5</DigestSchema><DigestSchema>SHA</DigestSchema>")).await;
        let told = &first.primitive;
        assert!(matches!(first.code(), Some(200 | 401)), "{first:?}");
        assert!(told.find("SessionID").is_none(), "that would be the end of the login: {first:?}");
        assert!(!self.more, "it would poll without a session");
        assert_eq!(told.text_at("DigestSchema"), Some(schema.name()), "{first:?}");
        let digest = schema.digest(told.text_at("Nonce").unwrap(), &self.password);
        let last = self.asks(&self.login(&format!("<DigestBytes>{digest}</DigestBytes>"))).await;
        self.is_in(&last);
        last
    }

    /// What it looks at in the answer that ends a login.
    fn is_in(&mut self, last: &Said) {
        assert_eq!((last.primitive.name.as_str(), last.code()), ("Login-Response", Some(200)), "{last:?}");
        assert!(!self.more, "it would poll without a session: {last:?}");
        let granted = last.primitive.number_at("KeepAliveTime");
        assert!(granted.is_none_or(|seconds| seconds > 5), "it takes 5 s off: {last:?}");
        self.session = Some(last.primitive.text_at("SessionID").unwrap().to_owned());
    }

    /// Capabilities and services, always, with the names of 1.2 in every version.
    async fn agrees(&mut self) {
        let capabilities = self.asks(&capabilities("<SupportedCIRMethod>SUDP</SupportedCIRMethod>")).await;
        let first = capabilities.primitive.children.first().map(|list| list.name.clone());
        let wanted = if self.version == Version::V11 { "CapabilityList" } else { "AgreedCapabilityList" };
        assert_eq!(first.as_deref(), Some(wanted), "{capabilities:?}");
        let services = self.asks(SERVICES).await;
        assert_eq!(services.primitive.name, "Service-Response", "{services:?}");
        assert!(services.primitive.find("AllFunctions").is_some(), "it follows a null: {services:?}");
    }
}

/// Its capability request.
pub(super) fn capabilities(methods: &str) -> String {
    format!(
        "<ClientCapability-Request><CapabilityList><ClientType>MOBILE_PHONE</ClientType>\
         <InitialDeliveryMethod>P</InitialDeliveryMethod><AcceptedContentType>text/plain</AcceptedContentType>\
         <AcceptedCharset>106</AcceptedCharset><AcceptedContentLength>30000</AcceptedContentLength>\
         <SupportedBearer>HTTP</SupportedBearer><MultiTrans>1</MultiTrans><ParserSize>262144</ParserSize>{methods}\
         <ServerPollMin>30</ServerPollMin></CapabilityList></ClientCapability-Request>"
    )
}

/// Its service request: four empty features, and the whole list, please.
const SERVICES: &str = "<Service-Request><Functions><WVCSPFeat><FundamentalFeat/><PresenceFeat/><IMFeat/><GroupFeat/>\
    </WVCSPFeat></Functions><AllFunctionsRequest>T</AllFunctionsRequest></Service-Request>";
