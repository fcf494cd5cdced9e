//! Access: login, logout, keep-alive, polling.

use super::capability::{AgreedCapabilityList, CapabilityList};
use super::party::ClientId;
use super::record::{Empty, record};
use super::service::Functions;
use super::status::Outcome;
use super::system_message::SystemMessageResponse;
use super::{List, Secret, Text};

record! {
    /// Opens a session, in one step with a password or in two with a digest.
    pub struct LoginRequest {
        /// Who logs in; 1.3 may leave it to the network.
        user: Option<Text> = UserId,
        /// The device or application instance.
        client: Option<ClientId> = ClientId,
        /// The application (1.3).
        application: Option<Text> = ApplicationId @ ONLY_13,
        /// The password in clear.
        password: Option<Secret> = Password,
        /// base64 of H(nonce ‖ password).
        digest: Option<Secret> = DigestBytes,
        /// Digest schemas the client knows: one comma list in 1.1, one element each later.
        schemas: Vec<Text> = DigestSchema,
        /// A session to take up again.
        session: Option<Secret> = SessionId,
        /// Seconds of silence the session shall survive.
        time_to_live: Option<u32> = TimeToLive,
        /// The client's secret for CIR.
        cookie: Option<Secret> = SessionCookie,
        /// Answers to system messages that a refusal held (1.3).
        responses: List<SystemMessageResponse> = SystemMessageResponseList,
        /// Service negotiation in the same round trip (1.3).
        functions: Option<Functions> = Functions @ ONLY_13,
        /// Capability negotiation in the same round trip (1.3).
        capabilities: Option<CapabilityList> = CapabilityList @ ONLY_13,
    }

    /// The answer to either login step.
    pub struct LoginResponse {
        /// The user id given to the client (1.3).
        user: Option<Text> = UserId @ ONLY_13,
        /// Echo of the request.
        client: Option<ClientId> = ClientId,
        /// The password given to the client, if it was registered just now (1.3).
        password: Option<Secret> = Password @ ONLY_13,
        /// The outcome.
        outcome: Outcome = Result,
        /// What to hash with the password.
        nonce: Option<Text> = Nonce,
        /// The schema chosen.
        schema: Option<Text> = DigestSchema,
        /// The session.
        session: Option<Secret> = SessionId,
        /// Seconds of silence the session survives.
        keep_alive: Option<u32> = KeepAliveTime,
        /// Whether the client shall state its capabilities.
        capability_request: Option<bool> = CapabilityRequest,
        /// Functions refused (1.3).
        functions: Option<Functions> = Functions @ ONLY_13,
        /// Capabilities agreed (1.3).
        capabilities: Option<AgreedCapabilityList> = AgreedCapabilityList @ ONLY_13,
    }

    /// Ends the session.
    pub struct LogoutRequest {
        /// Why (SSP only).
        outcome: Option<Outcome> = Result,
    }

    /// The server ends the session; in 1.1 also the answer to a logout.
    pub struct Disconnect {
        /// Why.
        outcome: Outcome = Result,
    }

    /// A sign of life.
    pub struct KeepAliveRequest {
        /// Seconds wanted from now on.
        time_to_live: Option<u32> = TimeToLive,
    }

    /// The answer to a sign of life.
    pub struct KeepAliveResponse {
        /// The outcome.
        outcome: Outcome = Result,
        /// Seconds granted.
        keep_alive: Option<u32> = KeepAliveTime,
    }
}

/// Asks for what waits.
pub type PollingRequest = Empty;
