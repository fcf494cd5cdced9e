//! The admin address: health, metrics, and a JSON API for operators and their scripts.
//!
//! `/healthz`, `/readyz` and `/metrics` are open; everything else wants the token. Answers are JSON: lists are
//! `{"items", "next"}`, errors `{"error": {"code", "message", "remedy"}}`.

mod events;
mod facts;
mod fault;
mod health;
pub mod metrics;
mod page;
mod reload;
pub mod token;
mod user_sessions;
mod users;
mod views;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};

pub use self::facts::{CertificateFacts, Facts, PeerFacts};
pub use self::metrics::Metrics;
pub use self::reload::{Reload, ReloadReport};
pub use self::token::Token;

use self::fault::Fault;
use crate::sap::Sap;
use crate::store::Store;

/// Most bytes of a request's body.
const MOST_BODY: usize = 64 * 1024;

/// What the admin address needs of the node.
#[derive(Clone)]
pub struct AdminState {
    /// The Service Access Point.
    pub sap: Arc<Sap>,
    /// The store, asked for its health.
    pub store: Store,
    /// Puts changed files in force.
    pub reload: Arc<dyn Reload>,
    /// Tells what is known of peers beyond the relay.
    pub facts: Arc<dyn Facts>,
    /// Who has it may do everything.
    pub token: Token,
    /// Set once the node drains: it is not ready any more.
    pub draining: Arc<AtomicBool>,
    /// What is counted.
    pub metrics: Metrics,
}

/// The admin address.
pub fn router(state: AdminState) -> Router {
    let api = Router::new()
        .route("/sessions", get(views::sessions))
        .route("/transactions", get(views::transactions))
        .route("/peers", get(views::peers))
        .route("/peers/{domain}", get(views::peer))
        .route("/users", get(users::list).post(users::create))
        .route("/users/{id}", get(users::show).put(users::change).delete(users::remove))
        .route("/users/{id}/profile", get(users::profile).put(users::change_profile))
        .route("/users/{id}/sessions", get(user_sessions::list))
        .route("/users/{id}/disconnect", post(user_sessions::disconnect))
        .route("/events", get(events::listen).with_state(events::Listeners::new(&state.sap)))
        .route("/reload", post(reload::reload));
    let open = Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(metrics::render));
    Router::new()
        .nest("/api/v1", api)
        .fallback(async |request: Request| Fault::no_such_path(request.uri().path()))
        .method_not_allowed_fallback(async |request: Request| {
            Fault::method(request.method().as_str(), request.uri().path())
        })
        .layer(middleware::from_fn_with_state(state.clone(), admit))
        .merge(open)
        .layer(DefaultBodyLimit::max(MOST_BODY))
        .with_state(state)
}

/// Lets those in who show the token.
async fn admit(State(state): State<AdminState>, request: Request, next: Next) -> Result<Response, Fault> {
    match bearer(request.headers()) {
        Some(shown) if state.token.matches(shown) => Ok(next.run(request).await),
        _ => Err(Fault::unauthorized()),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl std::fmt::Debug for AdminState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AdminState").field("domain", self.sap.domain()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
