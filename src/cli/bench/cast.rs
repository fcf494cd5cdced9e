//! The users of a load: made at the node's admin address, and removed at the end.

use anyhow::{Context, anyhow};
use hyper::Method;
use postern::address::Address;
use postern::phone::Phone;
use postern::sap::secret::{Password, generate_password};
use serde_json::json;

use super::super::admin::{Client, encode};
use super::Target;

/// Users with a password that nobody else knows.
pub(super) struct Cast {
    admin: Client,
    users: Vec<Address>,
    password: Password,
    /// Whose connections the phones use that have none of their own.
    shared: Phone,
}

// === impl Cast ===

impl Cast {
    /// Makes the users, so many if nothing else is said.
    pub(super) async fn hire(target: &Target, usual: u32) -> anyhow::Result<Self> {
        let admin = target.access.client()?;
        let password = generate_password();
        let mut users = Vec::new();
        for number in 0..target.users.unwrap_or(usual) {
            let id = format!("bench-{number}");
            let made = json!({"id": id, "password": password.expose()});
            if admin.call(Method::POST, "/api/v1/users", Some(&made)).await.is_err() {
                // Left over from a load that was broken off.
                let path = format!("/api/v1/users/{}", encode(&id));
                admin.call(Method::PUT, &path, Some(&json!({"password": password.expose()}))).await?;
            }
            users.push(Address::user_at(&id, &target.domain)?);
        }
        let (encoding, version) = target.speech();
        let someone = users.first().ok_or_else(|| anyhow!("no users"))?;
        let shared = Phone::new(target.url.clone(), someone.clone(), encoding, version);
        Ok(Self { admin, users, password, shared })
    }

    /// The phone of this number; it shares the connections of all others, or has one of its own.
    pub(super) fn phone(&self, target: &Target, number: usize, own_connection: bool) -> Phone {
        let user = self.users[number % self.users.len()].clone();
        let (encoding, version) = target.speech();
        let client = format!("http://phone.{}/bench/{number}", user.domain());
        let phone = Phone::new(target.url.clone(), user, encoding, version).with_client(client);
        if own_connection { phone } else { phone.beside(&self.shared) }
    }

    pub(super) fn password(&self) -> &str {
        self.password.expose()
    }

    /// Removes the users; their sessions end.
    pub(super) async fn dismiss(self) -> anyhow::Result<()> {
        for user in &self.users {
            let path = format!("/api/v1/users/{}", encode(user.user()));
            self.admin.call(Method::DELETE, &path, None).await.with_context(|| format!("{user} stays"))?;
        }
        Ok(())
    }
}
