//! `/api/v1/users/{id}/sessions` and `/disconnect`: what clients a user is logged in with, and ending that.

use axum::Json;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::AdminState;
use super::fault::Fault;
use super::page::{List, Page, parameters, read_json};
use super::users::address_of;
use crate::address::Address;
use crate::sap::life::Reason;
use crate::sap::session::SessionView;
use crate::time::Timestamp;

/// Which sessions are ended.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Which {
    /// First characters of the id, as they are shown; all if there are none.
    session: Option<String>,
}

/// What was ended.
#[derive(Debug, Serialize)]
pub(super) struct Disconnected {
    /// The ids as they are shown.
    disconnected: Vec<String>,
}

/// `GET /api/v1/users/{id}/sessions`: in order of their ids.
pub(super) async fn list(
    State(state): State<AdminState>,
    Path(id): Path<String>,
    query: Result<Query<Page>, QueryRejection>,
) -> Result<List<SessionView>, Fault> {
    let page = parameters(query)?;
    let user = known_user(&state, &id).await?;
    page.of(state.sap.sessions().views_of(Timestamp::now(), &user), |view: &SessionView| view.id.clone())
}

/// `POST /api/v1/users/{id}/disconnect`: ends every session of the user, or with `{"session": "abcdef"}` one. The
/// clients hear it when they ask next.
pub(super) async fn disconnect(
    State(state): State<AdminState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Disconnected>, Fault> {
    let body = body?;
    let which = if body.is_empty() { Which::default() } else { read_json(&headers, &body)? };
    let user = known_user(&state, &id).await?;
    let now = Timestamp::now();
    let only = match &which.session {
        None => None,
        Some(shown) => Some(the_one(&state.sap.sessions().views_of(now, &user), shown)?),
    };
    let ended = state.sap.end_sessions_of(now, &user, only.as_deref(), Reason::Operator).await?;
    tracing::info!(%user, sessions = ended.len(), "disconnected by the operator");
    Ok(Json(Disconnected { disconnected: ended.iter().map(ToString::to_string).collect() }))
}

/// The characters that name one of these sessions and no other.
fn the_one(sessions: &[SessionView], shown: &str) -> Result<String, Fault> {
    let shown = shown.trim_end_matches('…');
    let found = sessions.iter().filter(|view| view.id.trim_end_matches('…') == shown).count();
    match found {
        0 => Err(Fault::not_found(
            format!("the user has no session {shown}"),
            "see GET /api/v1/users/{id}/sessions for those there are, and give the six characters shown",
        )),
        1 => Ok(shown.to_owned()),
        _ => Err(Fault::conflict(
            format!("several sessions of the user begin with {shown}"),
            "end all of them, by giving no session",
        )),
    }
}

async fn known_user(state: &AdminState, id: &str) -> Result<Address, Fault> {
    let user = address_of(state, id)?;
    state.sap.accounts().get(id).await?;
    Ok(user)
}
