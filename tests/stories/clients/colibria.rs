//! Colibria's PC clients and their clones: CSP 1.2 in XML, written by .NET.

use super::PATIENT;
use super::line::{Line, Reply};
use super::said::{self, Said, send};
use crate::support::wire::{Syntax, Version};
use crate::support::world::phone::password;
use crate::support::world::{Phone, World};

const NORTH: &str = "north.example";

/// What it is.
const ITSELF: &str = "<ClientID><URL>WV:InstantMessenger-1.0.2309.16485@COLIBRIA.PC-CLIENT</URL></ClientID>";

/// One PC.
struct Colibria {
    user: String,
    session: Option<String>,
    transactions: u32,
    line: Line,
}

// === impl Colibria ===

impl Colibria {
    async fn of(world: &World, name: &str) -> Self {
        let user = Phone::USUAL.user(name, NORTH);
        Self { user, session: None, transactions: 0, line: Line::to(world.ports(NORTH).csp).await }
    }

    async fn at_home(world: &World, name: &str) -> Self {
        let mut pc = Self::of(world, name).await;
        pc.logs_in(name).await;
        pc.agrees().await;
        pc
    }

    /// A document as its serializer writes it.
    fn document(&self, mode: &str, id: Option<&str>, primitive: &str) -> String {
        let document = said::message(Version::V12, self.session.as_deref(), mode, id, primitive);
        let declared = "<WV-CSP-Message xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
            xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"";
        let document = document.replacen("<WV-CSP-Message", declared, 1);
        format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n{document}")
    }

    /// Sends its head, waits to be told that the body is wanted, and sends that.
    async fn posts(&mut self, document: &str) -> Reply {
        let headers = "Content-Type: application/vnd.wv.csp.xml\r\nExpect: 100-continue\r\n";
        let head = self.line.head("/", headers, document.len());
        self.line.writes(head).await;
        assert_eq!(self.line.reads_line().await, "HTTP/1.1 100 Continue", "at once, not after its second of patience");
        assert_eq!(self.line.reads_line().await, "");
        self.line.writes(document).await;
        self.line.reads().await
    }

    /// It takes the first child of the content of the first transaction, and an empty body for nothing.
    async fn exchanges(&mut self, document: &str) -> Option<Said> {
        let reply = self.posts(document).await;
        if reply.body.is_empty() {
            reply.plain();
            return None;
        }
        assert_eq!(reply.header("content-type"), Some("application/vnd.wv.csp.xml"));
        let message = said::read(Syntax::Xml, Version::V12, &reply.plain());
        assert_eq!(message.said.len(), 1, "others are lost: {message:?}");
        message.said.into_iter().next()
    }

    async fn asks(&mut self, primitive: &str) -> Said {
        self.transactions += 1;
        let id = self.transactions.to_string();
        let document = self.document("Request", Some(&id), primitive);
        let answer = self.exchanges(&document).await.unwrap_or_else(|| panic!("nothing answers {document}"));
        assert!(!answer.asks && answer.id == id, "{answer:?} answers {document}");
        answer
    }

    async fn polls(&mut self) -> Option<Said> {
        let document = self.document("Request", None, "<Polling-Request />");
        self.exchanges(&document).await
    }

    async fn logs_in(&mut self, name: &str) {
        let request = format!(
            "<Login-Request><UserID>{}</UserID>{ITSELF}<Password>{}</Password><TimeToLive>120</TimeToLive>\
             <SessionCookie>cookie</SessionCookie></Login-Request>",
            self.user,
            password(name)
        );
        let answer = self.asks(&request).await;
        assert_eq!((answer.primitive.name.as_str(), answer.code()), ("Login-Response", Some(200)), "{answer:?}");
        assert_eq!(
            answer.primitive.text_at("ClientID/URL"),
            Some("WV:InstantMessenger-1.0.2309.16485@COLIBRIA.PC-CLIENT"),
            "as it came"
        );
        self.session = answer.primitive.text_at("SessionID").map(str::to_owned);
    }

    async fn agrees(&mut self) {
        let capabilities = format!(
            "<ClientCapability-Request>{ITSELF}<CapabilityList><ClientType>COMPUTER</ClientType>\
             <InitialDeliveryMethod>P</InitialDeliveryMethod><AnyContent>T</AnyContent>\
             <AcceptedTransferEncoding>BASE64</AcceptedTransferEncoding>\
             <AcceptedContentLength>65536</AcceptedContentLength><SupportedBearer>HTTP</SupportedBearer>\
             <MultiTrans>1</MultiTrans><ParserSize>65536</ParserSize><SupportedCIRMethod>STCP</SupportedCIRMethod>\
             <ColibriaExtensions><Extension name=\"avatar\">T</Extension></ColibriaExtensions></CapabilityList>\
             </ClientCapability-Request>"
        );
        let answer = self.asks(&capabilities).await;
        assert_eq!(answer.primitive.children[0].name, "AgreedCapabilityList", "{answer:?}");
        let services = format!(
            "<Service-Request>{ITSELF}<Functions><WVCSPFeat><FundamentalFeat /><PresenceFeat /><IMFeat /><GroupFeat />\
             </WVCSPFeat></Functions><AllFunctionsRequest>T</AllFunctionsRequest></Service-Request>"
        );
        let answer = self.asks(&services).await;
        assert!(answer.primitive.find("AllFunctions/WVCSPFeat/IMFeat").is_some(), "{answer:?}");
    }
}

#[tokio::test]
async fn colibria_gets_through_its_first_messages() {
    let world = World::new().domain(NORTH).with(PATIENT).start().await;
    let mut pc = Colibria::at_home(&world, "alice").await;
    let update = "<UpdatePresence-Request><PresenceSubList xmlns=\"http://www.openmobilealliance.org/DTD/WV-PA1.2\">\
        <OnlineStatus><Qualifier>T</Qualifier><PresenceValue>T</PresenceValue></OnlineStatus><ClientInfo>\
        <Qualifier>T</Qualifier><ClientType>COMPUTER</ClientType>\
        <col:Skin xmlns:col=\"http://www.colibria.example/ext\"><col:Name>blue</col:Name></col:Skin></ClientInfo>\
        </PresenceSubList></UpdatePresence-Request>";
    let itself = format!(
        "<GetPresence-Request><User><UserID>{}</UserID></User>\
         <PresenceSubList xmlns=\"http://www.openmobilealliance.org/DTD/WV-PA1.2\"><Alias /></PresenceSubList>\
         </GetPresence-Request>",
        pc.user
    );
    for primitive in [update, "<GetList-Request />", itself.as_str()] {
        let answer = pc.asks(primitive).await;
        assert!(!matches!(answer.code(), Some(400 | 402)), "understood: {answer:?}");
    }
    // At short intervals, for ever.
    for _ in 0..20 {
        assert!(pc.polls().await.is_none());
    }
    assert_eq!(pc.asks("<KeepAlive-Request />").await.code(), Some(200));
    assert_eq!(pc.asks("<Logout-Request />").await.code(), Some(200));
}

#[tokio::test]
async fn colibria_gets_one_message_at_a_time() {
    let world = World::new().domain(NORTH).with(PATIENT).start().await;
    let mut alice = Colibria::at_home(&world, "alice").await;
    let mut bob = Colibria::at_home(&world, "bob").await;
    for text in ["one", "two"] {
        assert_eq!(alice.asks(&send(&bob.user, &alice.user, text)).await.code(), Some(200));
    }
    let mut came = bob.polls().await;
    for text in ["one", "two"] {
        let said = came.take().unwrap();
        assert!(said.asks && said.primitive.text_at("ContentData") == Some(text), "{said:?}");
        let id = said.primitive.text_at("MessageInfo/MessageID").unwrap();
        let delivered = format!("<MessageDelivered><MessageID>{id}</MessageID></MessageDelivered>");
        let document = bob.document("Response", Some(&said.id), &delivered);
        came = bob.exchanges(&document).await;
    }
    assert!(came.is_none(), "an empty body");
}
