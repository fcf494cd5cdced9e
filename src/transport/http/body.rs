//! Reading bodies: never more than allowed, never longer than allowed, never more at once than memory is set aside for.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::{busy, last};

/// Bytes of a refused body that are still taken off the connection, so that the refusal can be read.
const LINGER_BYTES: usize = 1024 * 1024;
/// How long a refused body is still taken off the connection.
const LINGER: Duration = Duration::from_secs(2);

/// When the request must have arrived; an extension of each request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadBy(pub(crate) Instant);

/// Memory set aside for bodies.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Arc<Semaphore>);

/// Part of the memory set aside, taken until dropped.
pub(crate) type Held = Option<OwnedSemaphorePermit>;

// === impl Budget ===

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))))
    }

    fn take(&self, held: &mut Held, bytes: usize) -> bool {
        let wanted = u32::try_from(bytes).unwrap_or(u32::MAX);
        let Ok(more) = self.0.clone().try_acquire_many_owned(wanted) else { return false };
        match held {
            Some(held) => held.merge(more),
            None => *held = Some(more),
        }
        true
    }
}

/// The length a request announces.
pub(crate) fn announced(parts: &Parts) -> Option<u64> {
    parts.headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

/// Reads a body of at most `limit` bytes; the answer to give if that fails: 413 too large, 408 too slow, 503 too
/// many at once, 400 broken off.
pub(crate) async fn read(parts: &Parts, body: Body, limit: usize, budget: &Budget) -> Result<(Bytes, Held), Response> {
    if announced(parts).is_some_and(|length| length > limit as u64) {
        linger(body);
        return Err(last(StatusCode::PAYLOAD_TOO_LARGE));
    }
    let mut body = body;
    let reading = gather(&mut body, limit, budget);
    let result = match parts.extensions.get::<ReadBy>() {
        Some(&ReadBy(deadline)) => tokio::time::timeout_at(deadline, reading).await,
        None => Ok(reading.await),
    };
    match result {
        Ok(Ok(whole)) => Ok(whole),
        Ok(Err(refusal)) => {
            linger(body);
            Err(refusal)
        }
        Err(_) => Err(last(StatusCode::REQUEST_TIMEOUT)),
    }
}

async fn gather(body: &mut Body, limit: usize, budget: &Budget) -> Result<(Bytes, Held), Response> {
    let mut held = None;
    let mut first = Bytes::new();
    let mut more = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Err(last(StatusCode::BAD_REQUEST)) };
        let Ok(data) = frame.into_data() else { continue };
        if first.len() + more.len() + data.len() > limit {
            return Err(last(StatusCode::PAYLOAD_TOO_LARGE));
        }
        if !budget.take(&mut held, data.len()) {
            return Err(busy());
        }
        if first.is_empty() {
            first = data;
        } else {
            more.extend_from_slice(&data);
        }
    }
    if more.is_empty() {
        return Ok((first, held));
    }
    let mut whole = BytesMut::with_capacity(first.len() + more.len());
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&more);
    Ok((whole.freeze(), held))
}

/// Takes a little of what is still coming and throws it away: were the connection closed on a sender, it could
/// miss the answer.
fn linger(mut body: Body) {
    tokio::spawn(tokio::time::timeout(LINGER, async move {
        let mut taken = 0;
        while taken < LINGER_BYTES {
            let Some(Ok(frame)) = body.frame().await else { break };
            taken += frame.data_ref().map_or(0, Bytes::len);
        }
    }));
}
