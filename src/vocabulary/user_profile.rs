//! User profile management between domains (SSP; IMPS 1.3 architecture, C.7).

use super::Text;
use super::agreement::Service;
use super::property::{Properties, Property};
use super::record::record;
use super::status::Outcome;

record! {
    /// Asks for users' profiles.
    pub struct GetUserProfileRequest {
        /// Whose.
        users: Vec<Text> = UserId,
        /// Names of the sections wanted, separated by spaces; absent = all.
        fields: Option<Text> = ProfileFields,
    }

    /// Users' profiles.
    pub struct GetUserProfileResponse {
        /// The outcome.
        outcome: Outcome = Result,
        /// As far as they may be seen.
        profiles: Vec<UserProfile> = UserProfile,
    }

    /// Changes users' profiles; a section that is absent stays.
    pub struct UpdateUserProfileRequest {
        /// What they become.
        profiles: Vec<UserProfile> = UserProfile,
    }

    /// A user's profile. Only the home domain decides on services and privacy.
    pub struct UserProfile {
        /// Whose.
        user: Text = UserId,
        /// Which, if the user has several.
        id: Option<Text> = ProfileId,
        /// What the user has subscribed to.
        services: Option<SubscribedServices> = SubscribedServices,
        /// How the user wants services to behave.
        preferences: Option<Properties> = Preferences,
        /// How far networks may go.
        privacy: Option<Privacy> = Privacy,
        /// What the user's terminal can do.
        terminal: Option<Properties> = Terminal,
        /// What anybody may know: the properties of CSP's public profile (1.3).
        public: Option<Properties> = PublicProfile @ SSP_ONLY,
    }

    /// What a user has subscribed to.
    pub struct SubscribedServices {
        /// One entry per service.
        services: Vec<Service> = Service,
    }

    /// How far networks may go with a user.
    pub struct Privacy {
        /// Whether the user may be located.
        location: Option<bool> = Location,
        /// Whether the user may be interacted with.
        interaction: Option<bool> = UserInteraction,
        /// More of the kind.
        list: Vec<Property> = Property,
    }
}
