//! A small CSP client: what people hold in their hands in the demo and the examples, and crowds of them to measure with.

mod channel;

use std::time::{Duration, Instant};

use crate::address::Address;
use crate::ident::SessionId;
use crate::syntax::csp::{self, Message, Transaction};
use crate::syntax::{Encoding, Limits, ReadError, Said};
use crate::vocabulary::access::{KeepAliveRequest, LoginRequest, LogoutRequest};
use crate::vocabulary::capability::{CapabilityList, ClientCapabilityRequest};
use crate::vocabulary::message::{
    DeliveryReportRequest, MessageDelivered, MessageInfo, NewMessage, SendMessageRequest, SendMessageResponse,
};
use crate::vocabulary::party::{ClientId, Recipient, User};
use crate::vocabulary::record::Empty;
use crate::vocabulary::status::{Code, Status};
use crate::vocabulary::{Content, Mode, Primitive, Text, Version};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use md5::{Digest, Md5};

pub use channel::Channel;

/// Pause between polls while something is waited for.
const POLL_PAUSE: Duration = Duration::from_millis(25);

/// Why a phone did not get what it asked for.
#[derive(Debug, thiserror::Error)]
pub enum PhoneError {
    /// The server can't be reached, or its HTTP is none a phone understands.
    #[error("{url}: {what}")]
    Http {
        /// Where.
        url: String,
        /// What happened.
        what: String,
    },
    /// What came is no CSP.
    #[error("what came can't be read: {0}")]
    Unreadable(#[from] ReadError),
    /// Something else came than a phone expects.
    #[error("{0}")]
    Unexpected(String),
    /// Nothing came in time.
    #[error("no {what} came to {user} within {within:?}")]
    Silence {
        /// What was waited for.
        what: &'static str,
        /// Who waited.
        user: Address,
        /// How long.
        within: Duration,
    },
}

/// A logged-in CSP client.
pub struct Phone {
    http: Client<HttpConnector, Full<Bytes>>,
    url: String,
    user: Address,
    encoding: Encoding,
    version: Version,
    session: Option<SessionId>,
    client: Text,
    wakes_by: Vec<Text>,
    wake_up_at: Option<(Text, u16)>,
    next: u32,
    heard: Vec<Primitive>,
}

impl Phone {
    /// A phone that is not logged in yet.
    pub fn new(url: String, user: Address, encoding: Encoding, version: Version) -> Self {
        let http = Client::builder(TokioExecutor::new()).build_http();
        let client = format!("http://phone.{}/{}", user.domain(), user.user()).into();
        let (session, wakes_by, wake_up_at, heard) = (None, Vec::new(), None, Vec::new());
        Self { http, url, user, encoding, version, session, client, wakes_by, wake_up_at, next: 0, heard }
    }

    /// The same phone with a client id of its own: a user's sessions are told apart by it.
    pub fn with_client(mut self, url: impl Into<Text>) -> Self {
        self.client = url.into();
        self
    }

    /// The same phone on the connections of another: one for each phone is more than a machine can have.
    pub fn beside(mut self, other: &Self) -> Self {
        self.http = other.http.clone();
        self
    }

    /// The same phone, which can be woken by these methods.
    pub fn waking_by(mut self, methods: &[&str]) -> Self {
        self.wakes_by = methods.iter().map(|method| Text::from(*method)).collect();
        self
    }

    /// Logs in by digest and states capabilities; the session's first characters.
    pub async fn log_in(&mut self, password: &str) -> Result<String, PhoneError> {
        let first = LoginRequest { schemas: vec!["MD5".into()], ..self.login_request() };
        let Primitive::LoginResponse(challenge) = self.ask(first).await? else {
            return unexpected("no Login-Response came");
        };
        let Some(nonce) = challenge.nonce else {
            return unexpected(format!("no nonce came: {}", challenge.outcome.code));
        };
        let mut hash = Md5::new();
        hash.update(nonce.as_bytes());
        hash.update(password.as_bytes());
        let digest = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, hash.finalize());
        let second = LoginRequest { digest: Some(digest.into()), ..self.login_request() };
        let Primitive::LoginResponse(answer) = self.ask(second).await? else {
            return unexpected("no Login-Response came");
        };
        if answer.outcome.code != Code::SUCCESS {
            return unexpected(format!("login was refused with {}", answer.outcome.code));
        }
        let session = match answer.session {
            Some(session) => SessionId::new(session),
            None => return unexpected("no SessionID came"),
        };
        let shown = session.to_string();
        self.session = Some(session);
        let list = CapabilityList {
            client_type: Some("MOBILE_PHONE".into()),
            delivery: Some("P".into()),
            any_content: Some(true),
            bearers: vec!["HTTP".into()],
            multi_trans: Some(1),
            cir_methods: self.wakes_by.clone(),
            ..CapabilityList::default()
        };
        let request = ClientCapabilityRequest { client: Some(self.client()), list: Some(list) };
        if let Primitive::ClientCapabilityResponse(answer) = self.ask(request).await? {
            let agreed = answer.agreed.map(|list| (list.tcp_address, list.tcp_port));
            let (host, port) =
                agreed.or_else(|| answer.list.map(|list| (list.tcp_address, list.tcp_port))).unwrap_or_default();
            self.wake_up_at = host.zip(port.and_then(|port| u16::try_from(port).ok()));
        }
        Ok(shown)
    }

    fn client(&self) -> ClientId {
        ClientId { url: Some(self.client.clone()), msisdn: None }
    }

    fn login_request(&self) -> LoginRequest {
        LoginRequest {
            user: Some(self.user.to_string().into()),
            client: Some(self.client()),
            time_to_live: Some(600),
            cookie: Some("demo".into()),
            ..LoginRequest::default()
        }
    }

    /// Sends a text, asking for delivery reports.
    pub async fn send(&mut self, to: &[&Address], text: &str) -> Result<SendMessageResponse, PhoneError> {
        let user = |address: &&Address| User { id: address.to_string().into(), ..User::default() };
        let info = MessageInfo {
            content_type: Some("text/plain".into()),
            size: u32::try_from(text.chars().count()).ok(),
            recipient: Some(Recipient { users: to.iter().map(user).collect(), ..Recipient::default() }),
            validity: Some(600),
            ..MessageInfo::default()
        };
        let request = SendMessageRequest { report: Some(true), info, content: Some(Content::Text(text.into())) };
        match self.ask(request).await? {
            Primitive::SendMessageResponse(answer) => Ok(answer),
            Primitive::Status(status) => Ok(SendMessageResponse { outcome: status.outcome, message: None }),
            other => unexpected(format!("{} came instead of a SendMessage-Response", other.element().xml())),
        }
    }

    /// Polls until a message comes.
    pub async fn next_message(&mut self, within: Duration) -> Result<NewMessage, PhoneError> {
        self.wait_for(within, "NewMessage", |heard| match heard {
            Primitive::NewMessage(message) => Some(message.clone()),
            _ => None,
        })
        .await
    }

    /// Polls until a delivery report on that message comes.
    pub async fn report_on(&mut self, id: &Text, within: Duration) -> Result<DeliveryReportRequest, PhoneError> {
        self.wait_for(within, "DeliveryReport-Request", |heard| match heard {
            Primitive::DeliveryReportRequest(report) if report.info.id.as_ref() == Some(id) => Some(report.clone()),
            _ => None,
        })
        .await
    }

    async fn wait_for<T>(
        &mut self,
        within: Duration,
        what: &'static str,
        pick: impl Fn(&Primitive) -> Option<T>,
    ) -> Result<T, PhoneError> {
        let start = Instant::now();
        loop {
            let found = self.heard.iter().enumerate().find_map(|(at, heard)| pick(heard).map(|found| (at, found)));
            if let Some((at, found)) = found {
                self.heard.remove(at);
                return Ok(found);
            }
            if start.elapsed() >= within {
                return Err(PhoneError::Silence { what, user: self.user.clone(), within });
            }
            if !self.poll().await? {
                tokio::time::sleep(POLL_PAUSE).await;
            }
        }
    }

    /// Says that it is there; whether its session lives.
    pub async fn keeps_alive(&mut self) -> Result<bool, PhoneError> {
        let answer = self.ask(KeepAliveRequest::default()).await?;
        Ok(matches!(answer, Primitive::KeepAliveResponse(answer) if answer.outcome.code == Code::SUCCESS))
    }

    /// Ends the session.
    pub async fn log_out(&mut self) -> Result<Code, PhoneError> {
        let code = match self.ask(LogoutRequest::default()).await? {
            Primitive::Status(status) => status.outcome.code,
            Primitive::Disconnect(disconnect) => disconnect.outcome.code,
            other => return unexpected(format!("{} came instead of a Status", other.element().xml())),
        };
        self.session = None;
        Ok(code)
    }

    /// Polls, and answers whatever comes until nothing comes; whether anything came.
    async fn poll(&mut self) -> Result<bool, PhoneError> {
        let poll = Transaction { mode: Mode::Request, id: None, said: Said::Known(Empty.into()), segment: None };
        let mut answer = self.exchange(vec![poll]).await?;
        let mut came = false;
        while let Some(message) = answer {
            let mut replies = Vec::new();
            for transaction in message.transactions {
                let Said::Known(said) = transaction.said else { continue };
                let reply: Primitive = match &said {
                    Primitive::NewMessage(new) => {
                        MessageDelivered { message: new.info.id.clone().unwrap_or_default() }.into()
                    }
                    _ => Status::from(Code::SUCCESS).into(),
                };
                replies.push(Transaction {
                    mode: Mode::Response,
                    id: transaction.id,
                    said: Said::Known(reply),
                    segment: None,
                });
                self.heard.push(said);
                came = true;
            }
            if replies.is_empty() {
                break;
            }
            answer = self.exchange(replies).await?;
        }
        Ok(came)
    }

    /// Asks, and returns the answer; requests of the server that come along are kept for later.
    async fn ask(&mut self, request: impl Into<Primitive>) -> Result<Primitive, PhoneError> {
        self.next += 1;
        let id: Text = format!("{}", self.next).into();
        let transaction =
            Transaction { mode: Mode::Request, id: Some(id.clone()), said: Said::Known(request.into()), segment: None };
        let Some(message) = self.exchange(vec![transaction]).await? else { return unexpected("an empty answer came") };
        let answer = message.transactions.into_iter().find(|t| t.mode == Mode::Response);
        match answer {
            Some(Transaction { said: Said::Known(said), id: Some(echo), .. }) if echo == id => Ok(said),
            other => unexpected(format!("no answer with transaction id {id} came: {other:?}")),
        }
    }

    async fn exchange(&self, transactions: Vec<Transaction>) -> Result<Option<Message>, PhoneError> {
        let message = Message { version: self.version, session: self.session.clone(), transactions, poll: None };
        let body = csp::write(&message, self.encoding);
        let request = hyper::Request::post(&self.url)
            .header(hyper::header::CONTENT_TYPE, csp::content_type(self.encoding, self.version))
            .body(Full::new(body))
            .map_err(|error| self.http_error(&error))?;
        let response = self.http.request(request).await.map_err(|error| self.http_error(&error))?;
        if response.status() != 200 {
            return Err(self.http_error(&format!("HTTP status {} came", response.status())));
        }
        let body = response.into_body().collect().await.map_err(|error| self.http_error(&error))?.to_bytes();
        if body.is_empty() {
            return Ok(None);
        }
        Ok(Some(csp::read(&body, self.encoding, &Limits::default(), |_| Some(self.version))?))
    }

    fn http_error(&self, what: &dyn std::fmt::Display) -> PhoneError {
        PhoneError::Http { url: self.url.clone(), what: what.to_string() }
    }
}

fn unexpected<T>(what: impl Into<String>) -> Result<T, PhoneError> {
    Err(PhoneError::Unexpected(what.into()))
}
