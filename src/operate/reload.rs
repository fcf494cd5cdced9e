//! `POST /api/v1/reload`: changed peer files and certificates come into force while the node runs.

use std::pin::Pin;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};

use super::AdminState;
use super::fault::Fault;
use super::page::parameters;
use crate::address::Domain;
use crate::config::Finding;

/// What a reload did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReloadReport {
    /// Whether it only says what it would do.
    pub plan: bool,
    /// Peers that are new.
    pub added: Vec<Domain>,
    /// Peers whose file changed.
    pub changed: Vec<Domain>,
    /// Peers whose file went.
    pub removed: Vec<Domain>,
    /// Faults: a bad file leaves the old one in force.
    pub findings: Vec<Finding>,
}

/// Reads the files again; the node implements it.
pub trait Reload: Send + Sync + 'static {
    /// Puts in force what changed, and answers once it is; with `plan`, only says what it would do.
    fn reload(&self, plan: bool) -> Pin<Box<dyn Future<Output = ReloadReport> + Send + '_>>;
}

/// Parameters of a reload.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct How {
    #[serde(default)]
    plan: bool,
}

/// `POST /api/v1/reload[?plan=true]`.
pub(super) async fn reload(
    State(state): State<AdminState>,
    query: Result<Query<How>, QueryRejection>,
) -> Result<impl IntoResponse, Fault> {
    let How { plan } = parameters(query)?;
    Ok(Json(state.reload.reload(plan).await))
}
