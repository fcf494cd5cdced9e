//! Nokia's S60 engine: CSP 1.1 and 1.2 in WBXML, several transactions in a message.

mod extras;
mod several;

use super::PATIENT;
use super::line::Line;
use super::said::{self, Message, Said};
use crate::support::handset::access::Schema;
use crate::support::wire::tree::Node;
use crate::support::wire::wbxml::{Dialect, write_as};
use crate::support::wire::{Syntax, Version, xml};
use crate::support::world::phone::password;
use crate::support::world::{Phone, World};

pub(super) const NORTH: &str = "north.example";

/// The versions it speaks.
const BOTH: [Version; 2] = [Version::V11, Version::V12];

/// One phone.
pub(super) struct Nokia {
    pub(super) user: String,
    pub(super) session: Option<String>,
    more: bool,
    version: Version,
    transactions: u32,
    line: Line,
}

// === impl Nokia ===

impl Nokia {
    pub(super) async fn of(world: &World, name: &str, version: Version) -> Self {
        let user = Phone { syntax: Syntax::Wbxml, version }.user(name, NORTH);
        Self {
            user,
            session: None,
            more: false,
            version,
            transactions: 0,
            line: Line::to(world.ports(NORTH).csp).await,
        }
    }

    pub(super) async fn at_home(world: &World, name: &str, version: Version) -> Self {
        let mut nokia = Self::of(world, name, version).await;
        nokia.logs_in(name).await;
        nokia.agrees().await;
        nokia
    }

    fn next(&mut self) -> String {
        self.transactions += 1;
        format!("nok{}", self.transactions)
    }

    fn encodes(&self, document: &str) -> Vec<u8> {
        write_as(&xml::read(document.as_bytes()).unwrap(), Dialect::of(self.version))
    }

    /// Posts; `None` = an empty body. A message of another session is dropped.
    async fn exchanges(&mut self, document: &str) -> Option<Message> {
        let body = self.encodes(document);
        self.exchanges_bytes(&body).await
    }

    async fn exchanges_bytes(&mut self, body: &[u8]) -> Option<Message> {
        let body = self.line.post("application/vnd.wv.csp.wbxml", body).await.plain();
        self.more = false;
        if body.is_empty() {
            return None;
        }
        let message = said::read(Syntax::Wbxml, self.version, &body);
        assert_eq!(message.session, self.session, "compared letter by letter");
        assert!(message.said.iter().all(|said| !said.id.is_empty()), "its model wants an id: {message:?}");
        self.more = message.poll;
        Some(message)
    }

    /// Asks under an id; the answer, and what stands behind it.
    async fn asks_as(&mut self, id: &str, primitive: &str) -> (Said, Vec<Said>) {
        let document = said::message(self.version, self.session.as_deref(), "Request", Some(id), primitive);
        let mut message = self.exchanges(&document).await.unwrap_or_else(|| panic!("nothing answers {document}"));
        let answer = message.said.remove(0);
        assert!(!answer.asks && answer.id == id, "{answer:?} answers {document}");
        assert!(message.said.iter().all(|said| said.asks), "{message:?}");
        (answer, message.said)
    }

    /// Asks where nothing else is to come.
    pub(super) async fn asks(&mut self, primitive: &str) -> Said {
        let id = self.next();
        let (answer, others) = self.asks_as(&id, primitive).await;
        assert!(others.is_empty(), "{others:?}");
        answer
    }

    pub(super) async fn polls(&mut self) -> Vec<Said> {
        let poll = said::message(self.version, self.session.as_deref(), "Request", None, "<Polling-Request/>");
        let said = self.exchanges(&poll).await.map_or_else(Vec::new, |message| message.said);
        assert!(said.iter().all(|said| said.asks), "{said:?}");
        said
    }

    /// Answers these requests in one message; what comes then.
    pub(super) async fn confirms(&mut self, all: &[Said]) -> Vec<Said> {
        let answers: String = all
            .iter()
            .map(|said| {
                let answer = match said.primitive.text_at("MessageInfo/MessageID") {
                    Some(id) if said.primitive.name == "NewMessage" => {
                        format!("<MessageDelivered><MessageID>{id}</MessageID></MessageDelivered>")
                    }
                    _ => said::status(200),
                };
                said::transaction(self.version, "Response", Some(&said.id), &answer)
            })
            .collect();
        let document = said::around(self.version, self.session.as_deref(), &answers);
        self.exchanges(&document).await.map_or_else(Vec::new, |message| message.said)
    }

    fn login(&self, proof: &str) -> String {
        format!(
            "<Login-Request><UserID>{}</UserID><ClientID><URL>http://127.0.0.1:8000/NOKIA</URL></ClientID>{proof}\
             <TimeToLive>3600</TimeToLive><SessionCookie>wv:nokia.1089</SessionCookie></Login-Request>",
            self.user
        )
    }

    /// Offers schemas: one comma list in 1.1, one element each in 1.2.
    fn offers(&self, schemas: &[&str]) -> String {
        match self.version {
            Version::V11 => format!("<DigestSchema>{}</DigestSchema>", schemas.join(",")),
            _ => schemas.iter().map(|schema| format!("<DigestSchema>{schema}</DigestSchema>")).collect(),
        }
    }

    /// Logs in in four steps, both under one transaction id. It computes MD5 whatever it is asked for.
    pub(super) async fn logs_in(&mut self, name: &str) {
        let id = self.next();
        let request = self.login(&self.offers(&["PWD", "SHA", "MD4", "MD5", "MD6"]));
        let (first, _) = self.asks_as(&id, &request).await;
        assert!(matches!(first.code(), Some(200 | 401)), "{first:?}");
        assert!(first.primitive.find("SessionID").is_none(), "{first:?}");
        let digest = Schema::Md5.digest(first.primitive.text_at("Nonce").unwrap(), &password(name));
        self.proves(&id, &format!("<DigestBytes>{digest}</DigestBytes>")).await;
    }

    /// The second step.
    async fn proves(&mut self, id: &str, proof: &str) {
        let request = self.login(proof);
        let (last, others) = self.asks_as(id, &request).await;
        assert!(others.is_empty(), "{others:?}");
        assert_eq!((last.primitive.name.as_str(), last.code()), ("Login-Response", Some(200)), "{last:?}");
        let session = last.primitive.text_at("SessionID").unwrap();
        assert!(session.len() <= 50 && !session.contains(['<', '>', '&', '"', '\'']), "{session}");
        // It keeps the session alive at half this time, a minute earlier.
        assert_eq!(last.primitive.number_at("KeepAliveTime"), Some(3600), "what it asked for: {last:?}");
        self.session = Some(session.to_owned());
    }

    /// Capabilities, then the services it wants and no list of all; the list of capabilities it was told.
    pub(super) async fn agrees(&mut self) -> Node {
        let itself = match self.version {
            Version::V11 => "<ClientID><URL>http://127.0.0.1:8000/NOKIA</URL></ClientID>",
            _ => "",
        };
        let request = format!("<ClientCapability-Request>{itself}{CAPABILITIES}</ClientCapability-Request>");
        let answer = self.asks(&request).await;
        assert_eq!(answer.primitive.name, "ClientCapability-Response", "{answer:?}");
        let list = answer.primitive.children[0].clone();
        assert!(list.all("SupportedBearer").any(|bearer| bearer.text == "HTTP"), "{answer:?}");
        assert_eq!(list.number_at("ServerPollMin"), Some(8), "from 8 s on, up to 90 where nothing comes: {answer:?}");
        let stcp = list.all("SupportedCIRMethod").any(|method| method.text == "STCP");
        assert_eq!(stcp, list.find("TCPAddress").is_some() && list.find("TCPPort").is_some(), "{answer:?}");
        let request = format!(
            "<Service-Request>{itself}<Functions><WVCSPFeat>{SERVICES}</WVCSPFeat></Functions>\
             <AllFunctionsRequest>F</AllFunctionsRequest></Service-Request>"
        );
        let answer = self.asks(&request).await;
        assert_eq!(answer.primitive.name, "Service-Response", "{answer:?}");
        assert!(answer.primitive.find("AllFunctions").is_none(), "it did not ask: {answer:?}");
        // `Functions` holds what is refused: never what it will use.
        let used = answer.primitive.find("Functions/WVCSPFeat/IMFeat");
        assert!(used.is_none_or(|im| im.any("NEWM").is_none() && im.any("MDELIV").is_none()), "{answer:?}");
        list
    }
}

/// What it can take.
const CAPABILITIES: &str = "<CapabilityList><ClientType>MOBILE_PHONE</ClientType>\
    <InitialDeliveryMethod>P</InitialDeliveryMethod><AnyContent>T</AnyContent><AcceptedCharset>106</AcceptedCharset>\
    <AcceptedTransferEncoding>BASE64</AcceptedTransferEncoding><AcceptedContentLength>102400</AcceptedContentLength>\
    <SupportedBearer>HTTP</SupportedBearer><MultiTrans>3</MultiTrans><ParserSize>131072</ParserSize>\
    <SupportedCIRMethod>WAPSMS</SupportedCIRMethod><SupportedCIRMethod>WAPUDP</SupportedCIRMethod>\
    <SupportedCIRMethod>STCP</SupportedCIRMethod><SupportedCIRMethod>SUDP</SupportedCIRMethod><UDPPort>3717</UDPPort>\
    <ServerPollMin>8</ServerPollMin></CapabilityList>";

/// What it wants, function by function.
const SERVICES: &str = "<FundamentalFeat><ServiceFunc><GETSPI/></ServiceFunc><SearchFunc><SRCH/><STSRC/></SearchFunc>\
    </FundamentalFeat><PresenceFeat><ContListFunc><GCLI/><CCLI/><DCLI/><MCLS/></ContListFunc><PresenceDeliverFunc>\
    <GETPR/><UPDPR/></PresenceDeliverFunc><AttListFunc><CALI/><DALI/><GALS/></AttListFunc></PresenceFeat><IMFeat>\
    <IMSendFunc><MDELIV/></IMSendFunc><IMReceiveFunc><SETD/><GETLM/><GETM/><REJCM/><NOTIF/><NEWM/></IMReceiveFunc><IMAuthFunc><GLBLU/><BLENT/></IMAuthFunc>\
    </IMFeat>";

#[tokio::test]
async fn nokia_gets_through_its_first_messages_in_both_versions() {
    let world = World::new().domain(NORTH).with(PATIENT).start().await;
    for version in BOTH {
        let mut nokia = Nokia::at_home(&world, "alice", version).await;
        let lists = [
            "<GetList-Request/>",
            "<CreateList-Request><ContactList>wv:alice/~PEP1.0_subscriptions</ContactList></CreateList-Request>",
            "<GetBlockedList-Request/>",
        ];
        for primitive in lists {
            let answer = nokia.asks(primitive).await;
            assert!(!matches!(answer.code(), Some(400 | 402)), "{answer:?} answers {primitive}");
        }
        let itself =
            "<GetSPInfo-Request><ClientID><URL>http://127.0.0.1:8000/NOKIA</URL></ClientID></GetSPInfo-Request>";
        let provider = nokia.asks(itself).await.primitive;
        assert!(provider.name == "GetSPInfo-Response" && provider.find("Name").is_some(), "{provider:?}");
        let alive = nokia.asks("<KeepAlive-Request/>").await;
        assert_eq!((alive.primitive.name.as_str(), alive.code()), ("KeepAlive-Response", Some(200)), "{alive:?}");
        let out = nokia.asks("<Logout-Request/>").await;
        assert_eq!(out.code(), Some(200), "{out:?}");
    }
}

#[tokio::test]
async fn nokia_that_knows_no_digest_sends_its_password_when_told_pwd() {
    let world = World::new().domain(NORTH).with(PATIENT).start().await;
    for version in BOTH {
        let mut nokia = Nokia::of(&world, "alice", version).await;
        let id = nokia.next();
        let request = nokia.login(&nokia.offers(&["PWD"]));
        let (first, _) = nokia.asks_as(&id, &request).await;
        assert_eq!(first.primitive.text_at("DigestSchema"), Some("PWD"), "{first:?}");
        nokia.proves(&id, &format!("<Password>{}</Password>", password("alice"))).await;
        assert!(nokia.polls().await.is_empty());
    }
}

#[tokio::test]
async fn nokia_is_refused_with_codes_its_texts_know() {
    let world = World::new().domain(NORTH).with(PATIENT).start().await;
    for version in BOTH {
        let mut nokia = Nokia::of(&world, "alice", version).await;
        let request = nokia.login("<Password>guess</Password>");
        assert_eq!(nokia.asks(&request).await.code(), Some(409));
        let alice = std::mem::replace(&mut nokia.user, format!("wv:nobody@{NORTH}"));
        let request = nokia.login("<Password>guess</Password>");
        assert_eq!(nokia.asks(&request).await.code(), Some(531));
        nokia.user = alice;
        nokia.logs_in("alice").await;
        let unknown = nokia.asks("<Search-Request><SearchPairList/></Search-Request>").await;
        assert!(matches!(unknown.code(), Some(402 | 405 | 501)), "{unknown:?}");
        let elsewhere = nokia.asks(&said::send("wv:a@nowhere.example", &nokia.user, "x")).await;
        assert_eq!(elsewhere.code(), Some(516), "{elsewhere:?}");
        nokia.session = Some("gone".into());
        let over = nokia.asks("<KeepAlive-Request/>").await;
        assert_eq!(over.code(), Some(604), "{over:?}");
    }
}
