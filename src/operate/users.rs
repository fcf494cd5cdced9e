//! `/api/v1/users`: the accounts of the home domain. A password goes in and never comes out.

use axum::Json;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use bytes::Bytes;
use serde::Serialize;

use super::AdminState;
use super::fault::Fault;
use super::page::{List, Page, parameters, read_json};
use crate::address::Address;
use crate::sap::account::{Account, AccountChange, AccountError};
use crate::sap::life::Reason;
use crate::sap::profile::{Profile, ProfileView};
use crate::time::Timestamp;

/// A user with his profile.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    #[serde(flatten)]
    account: Account,
    profile: Profile,
}

/// `GET /api/v1/users`: in order of ids.
pub(super) async fn list(
    State(state): State<AdminState>,
    query: Result<Query<Page>, QueryRejection>,
) -> Result<List<Account>, Fault> {
    let page = parameters(query)?;
    let (items, next) = state.sap.accounts().list(page.after.as_deref(), page.size()?).await?;
    Ok(List::new(items, next))
}

/// `POST /api/v1/users`: 201 with the new user.
pub(super) async fn create(
    State(state): State<AdminState>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, Fault> {
    let account = state.sap.accounts().create(read_json(&headers, &body?)?).await?;
    tracing::info!(user = account.id, "user added by the operator");
    Ok((StatusCode::CREATED, Json(Shown::from(account))))
}

/// `GET /api/v1/users/{id}`.
pub(super) async fn show(State(state): State<AdminState>, Path(id): Path<String>) -> Result<Json<Shown>, Fault> {
    Ok(Json(state.sap.accounts().get(&id).await?.into()))
}

/// `GET /api/v1/users/{id}/profile`: with what the user's sessions negotiated.
pub(super) async fn profile(
    State(state): State<AdminState>,
    Path(id): Path<String>,
) -> Result<Json<ProfileView>, Fault> {
    Ok(Json(state.sap.profile(&id).await?))
}

/// `PUT /api/v1/users/{id}/profile`: changes the fields given; `null` removes a property. In force at once.
pub(super) async fn change_profile(
    State(state): State<AdminState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<ProfileView>, Fault> {
    let profile = state.sap.change_profile(&id, read_json(&headers, &body?)?).await?;
    tracing::info!(user = profile.id, "profile changed by the operator");
    Ok(Json(profile))
}

/// `PUT /api/v1/users/{id}`: changes the fields given; `null` clears one. Sessions of a user who is not active any
/// more, or has a new password, end.
pub(super) async fn change(
    State(state): State<AdminState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Shown>, Fault> {
    let change: AccountChange = read_json(&headers, &body?)?;
    let new_password = change.password.is_some();
    let account = state.sap.accounts().update(&id, change).await?;
    let user = address_of(&state, &account.id)?;
    if new_password || !account.active {
        state.sap.end_sessions_of(Timestamp::now(), &user, None, Reason::Policy).await?;
    } else {
        state.sap.follow_account(&user).await?;
    }
    tracing::info!(user = account.id, "user changed by the operator");
    Ok(Json(account.into()))
}

/// `DELETE /api/v1/users/{id}`: 204. The user's sessions end, and the mailbox is emptied.
pub(super) async fn remove(State(state): State<AdminState>, Path(id): Path<String>) -> Result<StatusCode, Fault> {
    let address = address_of(&state, &id)?;
    let removed = state.sap.accounts().remove(&id).await;
    if matches!(removed, Ok(()) | Err(AccountError::NotFound { .. })) {
        // Also when there is no such account any more: an earlier attempt may have ended half-way.
        state.sap.dismiss(Timestamp::now(), &address).await?;
    }
    removed?;
    tracing::info!(user = id, "user removed by the operator");
    Ok(StatusCode::NO_CONTENT)
}

/// The address that an id in the operator's spelling names.
pub(super) fn address_of(state: &AdminState, id: &str) -> Result<Address, Fault> {
    let home = state.sap.domain();
    let address = Address::parse(id, home).and_then(|named| Address::user_at(named.user(), home));
    address.map_err(|error| Fault::invalid(format!("id: {error}"), "give the id of a user"))
}

impl From<Account> for Shown {
    fn from(account: Account) -> Self {
        Self { profile: account.profile.clone(), account }
    }
}

impl From<AccountError> for Fault {
    fn from(error: AccountError) -> Self {
        // The texts of these errors end with what to do.
        let (what, remedy) = match error.to_string().split_once("; ") {
            Some((what, remedy)) => (what.to_owned(), remedy.to_owned()),
            None => (error.to_string(), String::new()),
        };
        match error {
            AccountError::Exists { .. } | AccountError::NumberTaken => Self::conflict(what, remedy),
            AccountError::NotFound { .. } => Self::not_found(what, "see GET /api/v1/users for who there is"),
            AccountError::Invalid { .. } if remedy.is_empty() => Self::invalid(what, "mend the field"),
            AccountError::Invalid { .. } => Self::invalid(what, remedy),
            AccountError::Store(fault) => fault.into(),
            AccountError::Damaged { .. } | AccountError::Secret(_) => {
                tracing::error!(%error, "an account can't be used");
                Self::unavailable(error.to_string())
            }
        }
    }
}
