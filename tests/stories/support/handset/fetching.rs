//! A phone that states what it can take, is told what waits, and fetches it.

use super::{Handset, Received};
use crate::support::handset::messages::Heard;
use crate::support::wire::Version;
use crate::support::wire::tree::{Node, leaf, node};

/// What came back to one POST, as it is: nothing of it is answered.
#[derive(Clone, Debug)]
pub struct Glance {
    /// Bytes of the message.
    pub bytes: usize,
    /// Its transactions.
    pub said: Vec<Received>,
    /// Whether more is announced.
    pub more: bool,
}

// === impl Glance ===

impl Glance {
    /// The names of what is said.
    pub fn names(&self) -> Vec<&str> {
        self.said.iter().map(|received| received.primitive.name.as_str()).collect()
    }

    /// The only thing said.
    #[track_caller]
    pub fn only(&self) -> &Received {
        let [only] = &self.said[..] else { panic!("one transaction: {self:?}") };
        only
    }
}

// === impl Handset ===

impl Handset {
    /// Logs in and agrees on services, with these capabilities in place of its usual ones of the same names; gives
    /// the list agreed.
    pub async fn login_as<const N: usize>(&mut self, capabilities: [Node; N]) -> Node {
        assert_eq!(self.try_login().await, 200, "{} logs in", self.user);
        let agreed = self.states(capabilities).await;
        self.services().await;
        agreed
    }

    /// States these capabilities in place of its usual ones of the same names, empty ones left out; gives the list
    /// agreed.
    pub async fn states<const N: usize>(&mut self, capabilities: [Node; N]) -> Node {
        let mut request = self.capability_request();
        let list = request.children.last_mut().unwrap();
        list.children.retain(|usual| capabilities.iter().all(|stated| stated.name != usual.name));
        let says_something = |stated: &Node| !stated.text.is_empty() || !stated.children.is_empty();
        list.children.extend(capabilities.into_iter().filter(says_something));
        let answer = self.ask(request).await;
        assert_eq!(answer.name, "ClientCapability-Response", "{answer:?}");
        answer.children[0].clone()
    }

    /// A content type it takes, with what 1.3 says of one.
    pub fn taking<const N: usize>(&self, mime: &str, more: [Node; N]) -> Node {
        match self.version {
            Version::V11 | Version::V12 => leaf("AcceptedContentType", mime),
            Version::V13 => node("AcceptedContentType", [leaf("ContentType", mime)]).with_all(more),
        }
    }

    /// Agrees on these functions of receiving messages, with sending and reports.
    pub async fn agrees_on(&mut self, functions: &[&str]) {
        let receiving = node("IMReceiveFunc", []).with_all(functions.iter().map(|function| node(function, [])));
        let feature = node("IMFeat", [node("IMSendFunc", [node("MDELIV", [])]), receiving]);
        let rest = [node("Functions", [node("WVCSPFeat", [feature])]), leaf("AllFunctionsRequest", "F")];
        let request = match self.version {
            Version::V11 => node("Service-Request", [self.client_id()]).with_all(rest),
            _ => node("Service-Request", []).with_all(rest),
        };
        let answer = self.ask(request).await;
        assert!(answer.name == "Service-Response" && answer.find("Functions").is_none(), "{answer:?}");
    }

    /// Polls once and answers nothing.
    pub async fn glances(&mut self) -> Glance {
        let poll = self.message("Request", None, node("Polling-Request", []));
        self.posts(poll).await
    }

    /// Answers a request of the server's; what comes back.
    pub async fn replies(&mut self, to: &Received, answer: Node) -> Glance {
        let message = self.message("Response", Some(&to.id), answer);
        self.posts(message).await
    }

    async fn posts(&mut self, message: Node) -> Glance {
        let content_type = self.syntax.content_type(self.version);
        let answer = self.raw(self.syntax.write(&message, self.version), content_type).await.unwrap();
        if answer.body.is_empty() {
            return Glance { bytes: 0, said: Vec::new(), more: false };
        }
        let root = self.syntax.read(&answer.body).unwrap();
        let session = root.find("Session").unwrap();
        let said = session.all("Transaction").map(|transaction| Received {
            asks: transaction.text_at("TransactionDescriptor/TransactionMode") == Some("Request"),
            id: transaction.text_at("TransactionDescriptor/TransactionID").unwrap_or_default().to_owned(),
            primitive: transaction.find("TransactionContent").unwrap().children[0].clone(),
        });
        Glance { bytes: answer.body.len(), said: said.collect(), more: root.any("Poll").is_some_and(|p| p.text == "T") }
    }

    /// Chooses `P` or `N`, for content up to a length; the code.
    pub async fn delivery_method(&mut self, method: &str, length: Option<u32>) -> u32 {
        let request = node("SetDeliveryMethod-Request", [leaf("DeliveryMethod", method)])
            .with_some(length.map(|length| leaf("AcceptedContentLength", length)));
        self.code_of(request).await
    }

    /// The `MessageInfo`s of what waits, and how many wait if the version says.
    pub async fn lists(&mut self, count: Option<u32>) -> (Vec<Node>, Option<u32>) {
        let request = node("GetMessageList-Request", []).with_some(count.map(|count| leaf("MessageCount", count)));
        let answer = self.ask(request).await;
        assert_eq!(answer.name, "GetMessageList-Response", "{answer:?}");
        let list = answer.find("MessageInfoList");
        assert_eq!(list.is_some(), self.version == Version::V13 && answer.any("MessageInfo").is_some(), "{answer:?}");
        let infos = list.unwrap_or(&answer).all("MessageInfo").cloned().collect();
        (infos, answer.number_at("MessageTotalCount"))
    }

    /// The ids of what waits.
    pub async fn listed(&mut self) -> Vec<String> {
        let (infos, _) = self.lists(None).await;
        infos.iter().map(|info| info.text_at("MessageID").unwrap().to_owned()).collect()
    }

    /// Fetches a message; the code if it is refused.
    pub async fn fetches(&mut self, id: &str) -> Result<Heard, u32> {
        let answer = self.ask(node("GetMessage-Request", [leaf("MessageID", id)])).await;
        match answer.name.as_str() {
            "GetMessage-Response" => Ok(Heard::read(&answer).expect("a message that can be read")),
            "Status" => Err(answer.number_at("Result/Code").unwrap()),
            _ => self.choke("this does not answer a GetMessage-Request", Some(&answer)),
        }
    }

    /// Says that it has a message, in a request of its own; the code.
    pub async fn confirms(&mut self, id: &str) -> u32 {
        let code = self.code_of(node("MessageDelivered", [leaf("MessageID", id)])).await;
        if code == 200 {
            self.journal.answered(id);
        }
        code
    }

    /// Refuses messages; the answer's `Result`.
    pub async fn rejects<const N: usize>(&mut self, ids: [&str; N]) -> Node {
        let request = node("RejectMessage-Request", []).with_all(ids.map(|id| leaf("MessageID", id)));
        let answer = self.ask(request).await;
        assert_eq!(answer.name, "Status", "{answer:?}");
        answer.find("Result").unwrap().clone()
    }

    /// Waits until it is told that a message waits; what it is told of it.
    pub async fn is_told(&mut self, id: &str) -> Node {
        self.awaits(&format!("that {id} waits"), |inbox| {
            let of_it =
                |said: &Node| said.name == "MessageNotification" && said.text_at("MessageInfo/MessageID") == Some(id);
            let at = inbox.others.iter().position(of_it)?;
            Some(inbox.others.remove(at))
        })
        .await
    }

    async fn code_of(&mut self, request: Node) -> u32 {
        let answer = self.ask(request).await;
        assert_eq!(answer.name, "Status", "{answer:?}");
        answer.number_at("Result/Code").unwrap()
    }
}
