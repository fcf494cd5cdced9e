//! The page a client asks whether something waits (`SHTTP`): 200 = yes, 204 = no, 404 = no such session.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;

use super::{Callers, count};
use crate::transport::http::empty;

/// The pages behind wake-up URLs: `/cir/KEY`, also below the path of the URL that clients are told.
pub fn wake_pages(callers: Arc<dyn Callers>, base: &str) -> Router {
    let mut pages = Router::new().route("/cir/{key}", get(answer));
    let base = base.trim_end_matches('/');
    if !base.is_empty() {
        pages = pages.route(&format!("{base}/cir/{{key}}"), get(answer));
    }
    pages.with_state(callers)
}

async fn answer(State(callers): State<Arc<dyn Callers>>, Path(key): Path<String>) -> Response {
    let mut response = match callers.waits_behind(key).await {
        Some(true) => {
            count("SHTTP");
            empty(StatusCode::OK)
        }
        Some(false) => {
            let mut response = Response::default();
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
        None => empty(StatusCode::NOT_FOUND),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
