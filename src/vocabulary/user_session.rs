//! Sessions of users whose phone is connected in another domain (SSP; IMPS 1.3 architecture, C.8.16). The local SAP
//! has the phone, the remote SAP, in the user's home domain, has the session.

use super::party::ClientId;
use super::property::Properties;
use super::record::record;
use super::status::Outcome;
use super::system_message::SystemMessage;
use super::{Secret, Text};

record! {
    /// Opens a session, takes one up again or changes its capabilities: local to remote SAP.
    pub struct UserLoginRequest {
        /// Made by the local SAP; the same in both steps.
        login: Text = LoginId,
        /// Who logs in.
        user: Option<Text> = UserId,
        /// Seconds of silence the session shall survive.
        time_to_live: Option<u32> = TimeToLive,
        /// A session to take up again or to change.
        session: Option<Secret> = UserSessionId,
        /// The phone.
        client: Option<ClientId> = ClientId,
        /// Digest schemas the phone knows; a password never crosses a domain.
        schemas: Vec<Text> = DigestSchema,
        /// base64 of H(nonce ‖ password), in the second step.
        digest: Option<Secret> = DigestBytes,
        /// What the session needs to know of the phone, under the names of CSP's capabilities.
        capabilities: Option<Properties> = Capabilities,
    }

    /// The answer to either step.
    pub struct UserLoginResponse {
        /// The outcome; 401 with a nonce after the first step.
        outcome: Outcome = Result,
        /// Echo of the request.
        login: Option<Text> = LoginId,
        /// The user's address.
        user: Option<Text> = UserId,
        /// The session: a credential of the peer it was given to.
        session: Option<Secret> = UserSessionId,
        /// Seconds of silence the session survives.
        keep_alive: Option<u32> = KeepAliveTime,
        /// What to hash with the password; serves once.
        nonce: Option<Text> = Nonce,
        /// The schema chosen: `MD5` or `SHA`.
        schema: Option<Text> = DigestSchema,
        /// What the session made of the capabilities.
        capabilities: Option<Properties> = Capabilities,
        /// What to tell the user, or ask.
        system_messages: Vec<SystemMessage> = SystemMessage,
    }

    /// The user of the requestor logs out: local to remote SAP.
    pub struct UserLogoutRequest {}

    /// Ends a session: either way.
    pub struct UserDisconnect {
        /// Which.
        session: Secret = UserSessionId,
        /// Why: 506 no agreement any more, 600 expired, 601 logged in elsewhere.
        outcome: Outcome = Result,
    }

    /// Signs of life, and polls: local to remote SAP.
    pub struct UserKeepAliveRequest {
        /// Of which sessions.
        sessions: Vec<UserSession> = UserSession,
    }

    /// How long the sessions live and what waits for them.
    pub struct UserKeepAliveResponse {
        /// The outcome.
        outcome: Outcome = Result,
        /// The sessions; one that is unknown is missing.
        sessions: Vec<UserSession> = UserSession,
    }

    /// Something waits: remote to local SAP.
    pub struct UserWakeUp {
        /// For which sessions.
        sessions: Vec<UserSession> = UserSession,
    }

    /// A session of a user.
    pub struct UserSession {
        /// Its id.
        id: Secret = UserSessionId,
        /// Seconds of silence it shall survive.
        time_to_live: Option<u32> = TimeToLive,
        /// Whether what waits is asked for.
        poll: Option<bool> = Poll,
        /// Seconds of silence it survives, in an answer.
        keep_alive: Option<u32> = KeepAliveTime,
        /// How much waits, in an answer.
        waiting: Option<u32> = Waiting,
    }
}
