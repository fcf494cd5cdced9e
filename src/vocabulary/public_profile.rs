//! Public profiles: what users tell about themselves (1.3; IMPS 1.3 architecture, C.8.8 and C.8.9).

use super::party::User;
use super::property::Property;
use super::record::record;
use super::status::Outcome;
use super::{List, Text};

record! {
    /// Asks for profiles (1.3).
    pub struct GetPublicProfileRequest {
        /// Whose.
        users: List<User> = UserId | UserIdList | User,
    }

    /// The profiles (1.3).
    pub struct GetPublicProfileResponse {
        /// The outcome.
        outcome: Outcome = Result,
        /// The profiles.
        profiles: Vec<PublicProfile> = PublicProfile,
    }

    /// A profile (1.3).
    pub struct PublicProfile {
        /// Whose.
        user: Option<Text> = UserId,
        /// `PP_FRIENDLY_NAME`, `PP_AGE`, `PP_CITY`, `PP_COUNTRY`, `PP_GENDER`, `PP_INTENTION`, `PP_INTERESTS`,
        /// `PP_MARITAL_STATUS`, `PP_FREE_TEXT`.
        properties: Vec<Property> = Property,
    }

    /// Changes one's own profile (1.3).
    pub struct UpdatePublicProfileRequest {
        /// Whether to clear it first.
        clear: Option<bool> = ClearPublicProfile,
        /// What to set.
        profile: Option<PublicProfile> = PublicProfile,
    }
}
