//! Profiles for operators, and what a change of one does to the user's sessions.

use std::sync::Arc;

use serde::Serialize;

use super::{Privacy, Profile, ProfileChange, Properties, Subscriptions};
use crate::address::Address;
use crate::sap::Sap;
use crate::sap::account::{Account, AccountError};
use crate::sap::capability::{Capabilities, Delivery};
use crate::sap::life::Reason;
use crate::sap::session::SessionRecord;
use crate::time::Timestamp;
use crate::vocabulary::{Text, Version};

/// A user's profile, with what the sessions of the moment negotiated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProfileView {
    /// The user part of the address.
    pub id: String,
    /// Whether the user may log in.
    pub active: bool,
    /// Each service, and what the user has of it.
    pub services: Subscriptions,
    /// Preferences that concern no single service.
    pub preferences: Properties,
    /// How far networks may go.
    pub privacy: Privacy,
    /// What was said of the terminal.
    pub terminal: Properties,
    /// What it negotiated.
    pub sessions: Vec<TerminalView>,
}

/// What the client of a session can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TerminalView {
    /// First characters of the session's id.
    pub id: String,
    /// The version it speaks.
    pub version: Version,
    /// The client.
    pub client: Option<Text>,
    /// `MOBILE_PHONE`, `COMPUTER`, `PDA`, `CLI` or `OTHER`.
    pub client_type: Option<Text>,
    /// ISO 639 code.
    pub language: Option<Text>,
    /// Largest message it parses, bytes.
    pub parser_size: Option<u32>,
    /// Whether it takes any content.
    pub any_content: bool,
    /// MIME types it takes besides plain text.
    pub content_types: Vec<Text>,
    /// `push` or `notify`.
    pub delivery: &'static str,
    /// Wake-up methods agreed.
    pub cir_methods: Vec<Text>,
}

// === impl ProfileView ===

impl ProfileView {
    fn new(account: Account, sessions: Vec<TerminalView>) -> Self {
        let Account { id, active, profile, .. } = account;
        let Profile { services, preferences, privacy, terminal } = profile;
        Self { id, active, services, preferences, privacy, terminal, sessions }
    }
}

// === impl TerminalView ===

impl From<&SessionRecord> for TerminalView {
    fn from(session: &SessionRecord) -> Self {
        let Capabilities { client_type, language, parser_size, any_content, content_types, .. } = &session.capabilities;
        Self {
            id: session.id.to_string(),
            version: session.version,
            client: session.client.url.clone().or_else(|| session.client.msisdn.clone()),
            client_type: client_type.clone(),
            language: language.clone(),
            parser_size: *parser_size,
            any_content: *any_content,
            content_types: content_types.iter().map(|taken| taken.mime.clone()).collect(),
            delivery: match session.capabilities.delivery {
                Delivery::Push => "push",
                Delivery::Notify => "notify",
            },
            cir_methods: session.capabilities.cir_methods.clone(),
        }
    }
}

// === impl Sap ===

impl Sap {
    /// A user's profile.
    ///
    /// # Errors
    /// As [`Accounts::get`](crate::sap::account::Accounts::get).
    pub async fn profile(&self, id: &str) -> Result<ProfileView, AccountError> {
        let account = self.accounts.get(id).await?;
        Ok(self.profile_of(account))
    }

    /// Changes a user's profile; in force at once, also for sessions.
    ///
    /// # Errors
    /// As [`Accounts::update`](crate::sap::account::Accounts::update).
    pub async fn change_profile(
        self: &Arc<Self>,
        id: &str,
        change: ProfileChange,
    ) -> Result<ProfileView, AccountError> {
        let account = self.accounts.change_profile(id, change).await?;
        if let Ok(user) = Address::user_at(&account.id, &self.settings.domain) {
            self.follow_account(&user).await?;
        }
        Ok(self.profile_of(account))
    }

    /// Lets the sessions of a user go by his account as it is stored. Those of one who may not log in any more, or who
    /// is gone, end.
    ///
    /// # Errors
    /// If the store fails or the record is damaged.
    pub async fn follow_account(&self, user: &Address) -> Result<(), AccountError> {
        let mut followed = None;
        loop {
            let account = match self.accounts.get(user.user()).await {
                Ok(account) if account.active => account,
                Ok(_) | Err(AccountError::NotFound { .. }) => {
                    self.end_sessions_of(Timestamp::now(), user, None, Reason::Policy).await?;
                    return Ok(());
                }
                Err(fault) => return Err(fault),
            };
            // Whoever was overtaken by a change sees it now, and goes by it.
            if followed.as_ref() == Some(&account) {
                self.claims.look_again(user);
                return Ok(());
            }
            let offered = self.offered.to(&account.profile);
            for id in self.sessions.of_user(user) {
                // Not to be stored: it follows from the account, which is.
                self.sessions.update(&id, |record| record.agreed.offer(offered));
            }
            followed = Some(account);
        }
    }

    /// The same for everybody who has a session, after a start.
    ///
    /// # Errors
    /// If the store fails or a record is damaged.
    pub async fn follow_profiles(&self) -> Result<(), AccountError> {
        for user in self.sessions.users() {
            self.follow_account(&user).await?;
        }
        Ok(())
    }

    fn profile_of(&self, account: Account) -> ProfileView {
        let user = Address::user_at(&account.id, &self.settings.domain);
        let sessions = user.map(|user| self.terminals(&user)).unwrap_or_default();
        ProfileView::new(account, sessions.iter().map(TerminalView::from).collect())
    }

    /// Sessions of a user: the most important first, then the latest.
    pub(super) fn terminals(&self, user: &Address) -> Vec<SessionRecord> {
        let ids = self.sessions.of_user(user);
        let mut sessions: Vec<_> = ids.iter().filter_map(|id| self.sessions.get(id)).collect();
        sessions.sort_by_key(|session| (session.capabilities.priority, std::cmp::Reverse(session.since)));
        sessions
    }
}
