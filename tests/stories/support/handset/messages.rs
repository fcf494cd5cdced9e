//! Sending, polling, hearing, reports.

use std::pin::Pin;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Handset, Received};
use crate::support::http::Lost;
use crate::support::wire::Syntax;
use crate::support::wire::tree::{Node, leaf, node};
use crate::support::{GLANCE, PATIENCE};

/// A message about to be sent; awaiting it sends it.
pub struct Outgoing<'a> {
    phone: &'a mut Handset,
    to: Vec<String>,
    content: Vec<u8>,
    content_type: String,
    binary: bool,
    report: bool,
    validity: Option<u32>,
}

/// What the server said to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The result's code.
    pub code: u32,
    /// The id it gave.
    pub message_id: Option<String>,
    /// Codes of single recipients.
    pub details: Vec<(u32, Vec<String>)>,
}

/// A message that reached a phone.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Its id.
    pub message_id: String,
    /// Who sent it.
    pub sender: String,
    /// Its content, decoded.
    pub content: Vec<u8>,
    /// What the content is.
    pub content_type: String,
}

/// A delivery report that reached a phone.
#[derive(Clone, Debug)]
pub struct Report {
    /// The message it is about.
    pub message_id: String,
    /// What became of it.
    pub code: u32,
    /// The recipient it is about.
    pub recipient: String,
    /// The whole primitive.
    pub node: Node,
}

/// What reached a phone and waits for the story to look at it.
#[derive(Default)]
pub struct Inbox {
    /// Messages.
    pub messages: Vec<Heard>,
    /// Delivery reports.
    pub reports: Vec<Report>,
    /// Anything else.
    pub others: Vec<Node>,
}

// === impl Outgoing ===

impl Outgoing<'_> {
    /// To these users.
    pub fn to<const N: usize>(mut self, users: [&str; N]) -> Self {
        self.to.extend(users.map(str::to_owned));
        self
    }

    /// With a delivery report.
    pub fn report(mut self) -> Self {
        self.report = true;
        self
    }

    /// To be kept for so many seconds.
    pub fn validity(mut self, seconds: u32) -> Self {
        self.validity = Some(seconds);
        self
    }

    /// Sends it; `Err` if the answer was lost on the way.
    pub async fn attempt(self) -> Result<Sent, Lost> {
        let request = self.request();
        let answer = self.phone.try_ask(request).await?;
        if !matches!(answer.name.as_str(), "SendMessage-Response" | "Status") {
            self.phone.choke("this does not answer a SendMessage-Request", Some(&answer));
        }
        let sent = Sent::read(&answer);
        if sent.code == 200 && sent.message_id.is_none() {
            self.phone.choke("sent, but without MessageID", Some(&answer));
        }
        Ok(sent)
    }

    /// The request it makes.
    pub fn request(&self) -> Node {
        let (size, data) = self.data();
        let users = self.to.iter().map(|id| node("User", [leaf("UserID", id)]));
        let info = node("MessageInfo", [leaf("ContentType", &self.content_type)])
            .with_some(self.binary.then(|| leaf("ContentEncoding", "BASE64")))
            .with(leaf("ContentSize", size))
            .with(node("Recipient", []).with_all(users))
            .with(node("Sender", [node("User", [leaf("UserID", &self.phone.user)])]))
            .with_some(self.validity.map(|v| leaf("Validity", v)));
        let report = leaf("DeliveryReport", if self.report { "T" } else { "F" });
        node("SendMessage-Request", [report, info, data])
    }

    fn data(&self) -> (usize, Node) {
        if !self.binary {
            let text = std::str::from_utf8(&self.content).unwrap();
            return (text.chars().count(), leaf("ContentData", text));
        }
        match self.phone.syntax {
            Syntax::Xml => {
                let text = STANDARD.encode(&self.content);
                (text.len(), leaf("ContentData", text))
            }
            Syntax::Wbxml => {
                let data = Node { bytes: Some(self.content.clone()), ..node("ContentData", []) };
                (self.content.len(), data)
            }
        }
    }
}

impl<'a> IntoFuture for Outgoing<'a> {
    type Output = Sent;
    type IntoFuture = Pin<Box<dyn Future<Output = Sent> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { self.attempt().await.unwrap() })
    }
}

// === impl Sent ===

impl Sent {
    fn read(answer: &Node) -> Self {
        let result = answer.find("Result");
        let details = result.into_iter().flat_map(|r| r.all("DetailedResult")).map(|detail| {
            let users = detail.all("UserID").map(|n| n.text.trim().to_owned()).collect();
            (detail.number_at("Code").unwrap_or(0), users)
        });
        Self {
            code: answer.number_at("Result/Code").unwrap_or(0),
            message_id: answer.text_at("MessageID").filter(|id| !id.is_empty()).map(str::to_owned),
            details: details.collect(),
        }
    }

    /// The id of a message that was taken for every recipient.
    #[track_caller]
    pub fn accepted(self) -> String {
        assert_eq!(self.code, 200, "{self:?}");
        self.message_id.unwrap()
    }
}

// === impl Heard ===

impl Heard {
    /// Its content as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.content).unwrap_or("(binary)")
    }

    pub(super) fn read(primitive: &Node) -> Option<Self> {
        let info = primitive.find("MessageInfo")?;
        let data = primitive.find("ContentData");
        let base64 = info.text_at("ContentEncoding").is_some_and(|e| e.eq_ignore_ascii_case("BASE64"));
        let content = match data {
            None => Vec::new(),
            Some(Node { bytes: Some(bytes), .. }) => bytes.clone(),
            Some(data) if base64 => STANDARD.decode(data.text.trim()).ok()?,
            Some(data) => data.text.clone().into_bytes(),
        };
        Some(Self {
            message_id: info.text_at("MessageID")?.to_owned(),
            sender: info.text_at("Sender/User/UserID").unwrap_or_default().to_owned(),
            content,
            content_type: info.text_at("ContentType").unwrap_or("text/plain").to_owned(),
        })
    }
}

// === impl Handset ===

impl Handset {
    /// A text message.
    pub fn says(&mut self, text: &str) -> Outgoing<'_> {
        self.outgoing(text.as_bytes().to_vec(), "text/plain", false)
    }

    /// A message of any bytes.
    pub fn shows(&mut self, content: &[u8], content_type: &str) -> Outgoing<'_> {
        self.outgoing(content.to_vec(), content_type, true)
    }

    fn outgoing(&mut self, content: Vec<u8>, content_type: &str, binary: bool) -> Outgoing<'_> {
        let content_type = content_type.to_owned();
        Outgoing { phone: self, to: Vec::new(), content, content_type, binary, report: false, validity: None }
    }

    /// Polls until nothing waits, answering what comes.
    pub async fn poll(&mut self) {
        self.try_poll().await.unwrap_or_else(|lost| self.choke(&format!("no answer to a poll: {}", lost.0), None));
    }

    /// Polls until nothing waits; `Err` if an answer was lost on the way.
    pub async fn try_poll(&mut self) -> Result<(), Lost> {
        loop {
            let poll = self.message("Request", None, node("Polling-Request", []));
            let mut next = self.exchange(&poll).await?;
            let mut came = false;
            while let Some(received) = next.take() {
                if !received.asks {
                    let over = received.primitive.number_at("Result/Code").is_some_and(|c| (600..=604).contains(&c));
                    if !over {
                        self.choke("neither a server request nor nothing", Some(&received.primitive));
                    }
                    self.session = None;
                    self.inbox.others.push(received.primitive);
                    return Ok(());
                }
                came = true;
                let Some(answer) = self.takes(&received) else { return Ok(()) };
                let message = self.message("Response", Some(&received.id), answer);
                next = self.exchange(&message).await?;
                if let (true, Some(id)) = (news(&received), received.primitive.text_at("MessageInfo/MessageID")) {
                    self.journal.answered(id);
                }
            }
            if !self.more && !came {
                return Ok(());
            }
        }
    }

    /// Waits for a message with this text.
    pub async fn hears(&mut self, text: &str) -> Heard {
        self.hears_bytes(text.as_bytes()).await
    }

    /// Waits for a message with this content.
    pub async fn hears_bytes(&mut self, content: &[u8]) -> Heard {
        let what = String::from_utf8_lossy(content).into_owned();
        self.awaits(&what, |inbox| {
            let at = inbox.messages.iter().position(|m| m.content == content)?;
            Some(inbox.messages.remove(at))
        })
        .await
    }

    /// Waits for the report on this message.
    pub async fn report_for(&mut self, message_id: &str) -> Report {
        self.awaits(&format!("the report for {message_id}"), |inbox| {
            let at = inbox.reports.iter().position(|r| r.message_id == message_id)?;
            Some(inbox.reports.remove(at))
        })
        .await
    }

    /// Polls until `look` finds what it wants.
    pub async fn awaits<T>(&mut self, what: &str, mut look: impl FnMut(&mut Inbox) -> Option<T>) -> T {
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            self.poll().await;
            if let Some(found) = look(&mut self.inbox) {
                return found;
            }
            if tokio::time::Instant::now() > until {
                let waiting: Vec<_> = self.inbox.messages.iter().map(Heard::text).collect();
                self.choke(&format!("waited in vain for {what:?}; heard {waiting:?}"), self.inbox.others.last());
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Notes a server request; what answers it, if this phone answers.
    fn takes(&mut self, received: &Received) -> Option<Node> {
        let primitive = &received.primitive;
        let answer = match primitive.name.as_str() {
            "NewMessage" => {
                let Some(heard) = Heard::read(primitive) else {
                    self.choke("a NewMessage that can't be read", Some(primitive));
                };
                if primitive.find("MessageInfo/Sender").is_none() {
                    self.choke("a NewMessage without Sender", Some(primitive));
                }
                let id = leaf("MessageID", &heard.message_id);
                self.journal.handed(&heard.message_id, &received.id);
                self.inbox.messages.push(heard);
                node("MessageDelivered", [id])
            }
            "DeliveryReport-Request" => {
                let (Some(message_id), Some(code)) =
                    (primitive.text_at("MessageInfo/MessageID"), primitive.number_at("Result/Code"))
                else {
                    self.choke("a delivery report without MessageID or Code", Some(primitive));
                };
                let recipient = primitive.text_at("MessageInfo/Recipient/User/UserID").unwrap_or_default();
                self.inbox.reports.push(Report {
                    message_id: message_id.to_owned(),
                    code,
                    recipient: recipient.to_owned(),
                    node: primitive.clone(),
                });
                node("Status", [node("Result", [leaf("Code", 200)])])
            }
            _ => {
                self.inbox.others.push(primitive.clone());
                if primitive.name == "Disconnect" {
                    self.session = None;
                    return None;
                }
                node("Status", [node("Result", [leaf("Code", 200)])])
            }
        };
        self.answers.then_some(answer)
    }
}

fn news(received: &Received) -> bool {
    received.primitive.name == "NewMessage"
}
