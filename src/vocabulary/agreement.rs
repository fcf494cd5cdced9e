//! Service discovery, negotiation and agreement between domains (SSP; IMPS 1.3 architecture, C.7).

use super::Text;
use super::record::record;
use super::status::Outcome;

record! {
    /// Asks what the other domain offers.
    pub struct GetServiceRequest {}

    /// What this domain offers.
    pub struct GetServiceResponse {
        /// The outcome.
        outcome: Outcome = Result,
        /// The offer.
        tree: Option<ServiceTree> = ServiceTree,
    }

    /// What the sender wants to use of the other domain's services, and offers of its own.
    pub struct ServiceNegotiationRequest {
        /// Both.
        tree: Option<ServiceTree> = ServiceTree,
        /// Seconds the agreement is wanted for; absent = as long as the session lives.
        validity: Option<u32> = Validity,
    }

    /// What is agreed.
    pub struct ServiceNegotiationResponse {
        /// The outcome; 506 if nothing is agreed.
        outcome: Outcome = Result,
        /// The part of what was wanted that is agreed.
        tree: Option<ServiceTree> = ServiceTree,
        /// Seconds the agreement holds; absent = as long as the session lives.
        validity: Option<u32> = Validity,
    }

    /// Services of a domain.
    pub struct ServiceTree {
        /// One entry per service and role.
        services: Vec<Service> = Service,
    }

    /// A service, as part of a tree or of a user's profile.
    pub struct Service {
        /// `Common`, `ContactList`, `Presence`, `IM`, `Group`, `SharedContent`, `UserProfile` or `UserSession`.
        name: Text = Name,
        /// What the sender of a tree is in it: `Provider`, `Requestor` or `Relay`.
        role: Option<Text> = Role,
        /// The domain of the primary service element, if not the sender's own.
        pse: Option<Text> = Pse,
        /// `Active` or `Inactive`: whether a user who has the service uses it.
        status: Option<Text> = ServiceStatus,
        /// Codes of functions, those of CSP's service tree (`GETPR`, …); none = all of the service.
        functions: Vec<Text> = Function,
        /// Largest message taken, bytes.
        max_message_size: Option<u32> = MaxMessageSize,
        /// MIME types taken; none = any.
        content_types: Vec<Text> = ContentType,
    }
}
