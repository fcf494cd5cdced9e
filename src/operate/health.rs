//! Whether the node lives, and whether it should be given work.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Serialize;
use tokio::time::timeout;

use super::AdminState;
use crate::store::Key;

/// A store that takes longer than this to read one record is not reachable.
const STORE_PATIENCE: Duration = Duration::from_secs(2);

#[derive(Serialize)]
struct Health {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// `GET /healthz`: the process answers.
pub(super) async fn healthz() -> impl IntoResponse {
    Json(Health { status: "ok", reason: None })
}

/// `GET /readyz`: 200 while the store can be reached and the node does not drain; else 503 with the reason.
pub(super) async fn readyz(State(state): State<AdminState>) -> impl IntoResponse {
    let reason = if state.draining.load(Ordering::Relaxed) {
        Some("the node is draining")
    } else if store_answers(&state).await {
        None
    } else {
        Some("the store does not answer")
    };
    match reason {
        None => (StatusCode::OK, Json(Health { status: "ready", reason })),
        Some(_) => (StatusCode::SERVICE_UNAVAILABLE, Json(Health { status: "not ready", reason })),
    }
}

async fn store_answers(state: &AdminState) -> bool {
    let probe = Key::of(&["probe"]);
    matches!(timeout(STORE_PATIENCE, state.store.get(&probe)).await, Ok(Ok(_)))
}
