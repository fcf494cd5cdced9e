//! Errors of the admin address: `{"error": {"code", "message", "remedy"}}`.

use axum::Json;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::store::StoreError;

/// What an operator is told instead of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Fault {
    #[serde(skip)]
    status: StatusCode,
    code: &'static str,
    message: String,
    remedy: String,
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: &'a Fault,
}

// === impl Fault ===

impl Fault {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), remedy: remedy.into() }
    }

    /// 400: the request says something that can't be.
    pub(super) fn invalid(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", message, remedy)
    }

    /// 401: no token, or a wrong one.
    pub(super) fn unauthorized() -> Self {
        let remedy = "send the header `Authorization: Bearer TOKEN` with the token of [admin] token_file";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "the token is missing or wrong", remedy)
    }

    /// 404: nothing of that name.
    pub(super) fn not_found(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message, remedy)
    }

    /// 404: nothing at that path.
    pub(super) fn no_such_path(path: &str) -> Self {
        Self::not_found(
            format!("there is nothing at {path}"),
            "see \"Admin address\" in docs/operations.md for what there is",
        )
    }

    /// 405: something is at that path, but it can't be done to it.
    pub(super) fn method(method: &str, path: &str) -> Self {
        let message = format!("{method} can't be done to {path}");
        let remedy = "see \"Admin address\" in docs/operations.md for what can be done to it";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message, remedy)
    }

    /// 409: not as things stand.
    pub(super) fn conflict(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message, remedy)
    }

    /// 503: not at the moment.
    pub(super) fn busy(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message, remedy)
    }

    /// 503: not now.
    pub(super) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message, "look at the node's log, then try again")
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(Envelope { error: &self })).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = header::HeaderValue::from_static("Bearer realm=\"postern\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict { .. } => Self::conflict("somebody else changed it at the same time", "try again"),
            StoreError::Engine(_) | StoreError::Closed => {
                tracing::error!(%error, "the admin address could not use the store");
                Self::unavailable(error.to_string())
            }
        }
    }
}

impl From<QueryRejection> for Fault {
    fn from(rejection: QueryRejection) -> Self {
        Self::invalid(rejection.body_text(), "check the parameters behind the `?`")
    }
}

impl From<BytesRejection> for Fault {
    fn from(rejection: BytesRejection) -> Self {
        let status = rejection.status();
        let remedy = format!("send at most {} bytes", super::MOST_BODY);
        match status {
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(status, "too_large", "the body is too large", remedy),
            _ => Self::invalid(rejection.body_text(), "send the whole body"),
        }
    }
}
