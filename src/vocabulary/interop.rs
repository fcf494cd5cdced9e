//! Interoperability management between domains: set-up of a session, and who a request is for (SSP).

use super::party::User;
use super::record::record;
use super::status::Outcome;
use super::{Content, Text};

record! {
    /// Hands the other side a secret at the address it is known by.
    pub struct SendSecretToken {
        /// `wv:@domain` of the sender.
        service: Text = ServiceId,
        /// `WV-SSP`.
        protocol: Option<Text> = Protocol,
        /// `1.3`.
        version: Option<Text> = ProtocolVersion,
        /// The secret: characters, or bytes where the wire marks them as base64.
        token: Content = SecretToken,
    }

    /// Proves that the other side's secret arrived.
    pub struct SspLoginRequest {
        /// `wv:@domain` of the sender.
        service: Text = ServiceId,
        /// Seconds of silence the session survives; 0 or absent = for ever.
        time_to_live: Option<u32> = TimeToLive,
        /// MD5 of the secret, as bytes.
        digest: Content = PasswordDigest,
    }

    /// Gives the other side the sender's own session id, or refuses.
    pub struct SspLoginResponse {
        /// The sender's own session id.
        session: Option<Text> = SessionId,
        /// Seconds of silence the session survives; 0 or absent = for ever.
        time_to_live: Option<u32> = TimeToLive,
        /// The outcome; absent = refusal.
        outcome: Option<Outcome> = Result,
        /// Where to set up instead.
        redirect: Option<RedirectList> = RedirectList,
    }

    /// Other URLs of the same peer.
    pub struct RedirectList {
        /// In order of preference.
        urls: Vec<Text> = Url,
    }

    /// On whose behalf a request is made.
    pub struct MetaInfo {
        /// Whether it acts for a client; absent = yes.
        client_originated: Option<bool> = ClientOriginated,
        /// Who asks.
        requestor: Option<Requestor> = Requestor,
    }

    /// Who asks.
    pub struct Requestor {
        /// `wv:@domain` of the home domain.
        service: Option<Text> = ServiceId,
        /// The user, if the request acts for one.
        user: Option<User> = User,
    }
}
