//! Logging in and out, capabilities, services, keep-alive.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use sha1::Sha1;

use super::Handset;
use crate::support::http::Lost;
use crate::support::wire::Version;
use crate::support::wire::tree::{Node, leaf, node};

/// A digest schema a phone offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// MD5.
    Md5,
    /// SHA-1.
    Sha,
}

// === impl Schema ===

impl Schema {
    /// `MD5` or `SHA`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha => "SHA",
        }
    }

    /// What proves the password.
    pub fn digest(self, nonce: &str, password: &str) -> String {
        let text = format!("{nonce}{password}");
        match self {
            Self::Md5 => STANDARD.encode(Md5::digest(text)),
            Self::Sha => STANDARD.encode(Sha1::digest(text)),
        }
    }
}

// === impl Handset ===

impl Handset {
    /// Logs in with the password in clear, agrees on capabilities and services.
    pub async fn login(&mut self) {
        let code = self.try_login().await;
        assert_eq!(code, 200, "{} logs in", self.user);
        self.capabilities().await;
        self.services().await;
    }

    /// Logs in by digest, agrees on capabilities and services.
    pub async fn login_digest(&mut self, schema: Schema) {
        let code = self.try_login_digest(schema).await;
        assert_eq!(code, 200, "{} logs in by {schema:?}", self.user);
        self.capabilities().await;
        self.services().await;
    }

    /// Tries to log in with the password in clear; the code that came.
    pub async fn try_login(&mut self) -> u32 {
        let request = self.clear_login();
        let answer = self.ask(request).await;
        self.logged_in(&answer)
    }

    /// Logs in and agrees on capabilities, on a network that may lose answers.
    pub async fn attempt_login(&mut self) -> Result<(), Lost> {
        let request = self.clear_login();
        let answer = self.try_ask(request).await?;
        let code = self.logged_in(&answer);
        assert_eq!(code, 200, "{} logs in", self.user);
        let request = self.capability_request();
        self.try_ask(request).await?;
        Ok(())
    }

    /// Tries to log in by digest; the code that came.
    pub async fn try_login_digest(&mut self, schema: Schema) -> u32 {
        let id = self.next_transaction();
        let first = self.login_request([leaf("DigestSchema", schema.name())]);
        let answer = self.try_ask_as(&id, first).await.unwrap();
        self.check_login_response(&answer);
        let code = answer.number_at("Result/Code").unwrap();
        if !matches!(code, 200 | 401) {
            return code;
        }
        if answer.find("SessionID").is_some() {
            self.choke("a SessionID before the digest", Some(&answer));
        }
        let Some(nonce) = answer.find("Nonce").map(|n| n.text.clone()).filter(|n| !n.is_empty()) else {
            self.choke("no Nonce", Some(&answer));
        };
        if answer.text_at("DigestSchema") != Some(schema.name()) {
            self.choke("a DigestSchema that was not offered", Some(&answer));
        }
        let digest = leaf("DigestBytes", schema.digest(&nonce, &self.password));
        let second = self.login_request([digest]);
        let answer = self.try_ask_as(&id, second).await.unwrap();
        self.logged_in(&answer)
    }

    /// The first step of a login by digest with these schemas; the answer.
    pub async fn offer_schemas(&mut self, schemas: &[&str]) -> Node {
        let schemas = match self.version {
            Version::V11 => vec![leaf("DigestSchema", schemas.join(","))],
            _ => schemas.iter().map(|s| leaf("DigestSchema", s)).collect(),
        };
        let request = self.login_request([]);
        let at = request.children.iter().position(|c| c.name == "TimeToLive").unwrap();
        let mut request = request;
        request.children.splice(at..at, schemas);
        let answer = self.ask(request).await;
        self.check_login_response(&answer);
        answer
    }

    /// Agrees on capabilities; gives the list agreed.
    pub async fn capabilities(&mut self) -> Node {
        let request = self.capability_request();
        let answer = self.ask(request).await;
        let wanted = if self.version == Version::V11 { "CapabilityList" } else { "AgreedCapabilityList" };
        match answer.children.first() {
            Some(list) if answer.name == "ClientCapability-Response" && list.name == wanted => list.clone(),
            _ => self.choke(&format!("{wanted} is not the first child"), Some(&answer)),
        }
    }

    fn clear_login(&self) -> Node {
        self.login_request([leaf("Password", &self.password)])
    }

    /// What it says of its capabilities.
    pub fn capability_request(&self) -> Node {
        let methods = self.wakes_by.iter().map(|method| leaf("SupportedCIRMethod", method));
        let wakes = methods.chain(self.udp_port.map(|port| leaf("UDPPort", port)));
        let mut list = match self.version {
            Version::V11 | Version::V12 => node(
                "CapabilityList",
                [
                    leaf("ClientType", "MOBILE_PHONE"),
                    leaf("InitialDeliveryMethod", "P"),
                    leaf("AnyContent", "T"),
                    leaf("AcceptedCharset", 106),
                    leaf("AcceptedTransferEncoding", "BASE64"),
                    leaf("AcceptedContentLength", 200_000),
                    leaf("SupportedBearer", "HTTP"),
                    leaf("MultiTrans", 1),
                    leaf("ParserSize", 262_144),
                    leaf("ServerPollMin", 1),
                    leaf("DefaultLanguage", "eng"),
                ],
            ),
            Version::V13 => node(
                "CapabilityList",
                [
                    leaf("AnyContent", "T"),
                    leaf("AcceptedPullLength", 200_000),
                    leaf("AcceptedPushLength", 200_000),
                    leaf("AcceptedTextContentLength", 200_000),
                    leaf("AcceptedTransferEncoding", "BASE64"),
                    leaf("ClientType", "MOBILE_PHONE"),
                    leaf("DefaultLanguage", "eng"),
                    leaf("InitialDeliveryMethod", "P"),
                    leaf("MultiTrans", 1),
                    leaf("MultiTransPerMessage", 1),
                    leaf("PlainTextCharset", 106),
                    leaf("ParserSize", 262_144),
                    leaf("ServerPollMin", 1),
                    leaf("SupportedBearer", "HTTP"),
                ],
            ),
        };
        let poll = list.children.iter().position(|c| c.name == "ServerPollMin").unwrap();
        let at = if self.version == Version::V13 { list.children.len() } else { poll };
        list.children.splice(at..at, wakes);
        match self.version {
            Version::V11 => node("ClientCapability-Request", [self.client_id(), list]),
            _ => node("ClientCapability-Request", [list]),
        }
    }

    /// Agrees on all services; gives the answer.
    pub async fn services(&mut self) -> Node {
        let wanted = node(
            "WVCSPFeat",
            [node("FundamentalFeat", []), node("PresenceFeat", []), node("IMFeat", []), node("GroupFeat", [])],
        );
        let rest = [node("Functions", [wanted]), leaf("AllFunctionsRequest", "T")];
        let request = match self.version {
            Version::V11 => node("Service-Request", [self.client_id()]).with_all(rest),
            _ => node("Service-Request", []).with_all(rest),
        };
        let answer = self.ask(request).await;
        if answer.name != "Service-Response" || answer.find("AllFunctions/WVCSPFeat").is_none() {
            self.choke("no AllFunctions though asked for", Some(&answer));
        }
        answer
    }

    /// Keeps the session alive; the time granted, seconds.
    pub async fn keep_alive(&mut self) -> Option<u32> {
        let answer = self.ask(node("KeepAlive-Request", [leaf("TimeToLive", 3600)])).await;
        if answer.name != "KeepAlive-Response" || answer.number_at("Result/Code") != Some(200) {
            self.choke("no KeepAlive-Response with 200", Some(&answer));
        }
        answer.number_at("KeepAliveTime")
    }

    /// Logs out.
    pub async fn logout(&mut self) {
        let answer = self.ask(node("Logout-Request", [])).await;
        let wanted = if self.version == Version::V11 { "Disconnect" } else { "Status" };
        if answer.name != wanted || answer.number_at("Result/Code") != Some(200) {
            self.choke(&format!("no {wanted} with 200 answers the logout"), Some(&answer));
        }
        self.session = None;
    }

    /// A login request with something between client id and time to live.
    pub fn login_request<const N: usize>(&self, proof: [Node; N]) -> Node {
        node("Login-Request", [leaf("UserID", &self.user), self.client_id()])
            .with_all(proof)
            .with_all([leaf("TimeToLive", 3600), leaf("SessionCookie", &self.cookie)])
    }

    fn check_login_response(&self, answer: &Node) {
        if answer.name != "Login-Response" || answer.find("Result/Code").is_none() {
            self.choke("no Login-Response with a Result answers the login", Some(answer));
        }
        let echoed = answer.find("ClientID").map(|id| id.text_at("URL").unwrap_or_else(|| id.text.trim()));
        if echoed.map_or(self.version < Version::V13, |id| id != self.client_id) {
            self.choke("the ClientID is not echoed", Some(answer));
        }
        if self.more {
            self.choke("Poll=T in a login response", Some(answer));
        }
    }

    fn logged_in(&mut self, answer: &Node) -> u32 {
        self.check_login_response(answer);
        let code = answer.number_at("Result/Code").unwrap();
        let session = answer.find("SessionID").map(|n| n.text.clone());
        if code != 200 {
            if session.is_some() {
                self.choke("a SessionID in a refusal", Some(answer));
            }
            return code;
        }
        if session.is_none() && answer.find("Nonce").is_some() {
            return 401;
        }
        match session {
            Some(id) if (1..=super::LONGEST_ID).contains(&id.len()) => self.session = Some(id),
            _ => self.choke("no SessionID of 1 to 50 characters", Some(answer)),
        }
        self.keep_alive_time = answer.number_at("KeepAliveTime");
        if self.keep_alive_time.is_some_and(|time| time <= 5) {
            self.choke("a KeepAliveTime a phone can't keep", Some(answer));
        }
        code
    }
}

#[test]
fn digests_agree_with_the_vectors() {
    let (nonce, password) = ("92387rhf934fho3fh9fkn309fn3pfun304ufn3", "1my2pass3word");
    assert_eq!(Schema::Md5.digest(nonce, password), "eRHV6kGuk/omtkfic7wzvQ==");
    assert_eq!(Schema::Sha.digest(nonce, password), "BdlEig3XE6QWWdwe5ARX3ET6cYM=");
}
