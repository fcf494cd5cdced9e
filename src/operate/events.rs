//! `GET /api/v1/events`: server-sent events of what the node does.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use hyper::body::Frame;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, mpsc};
use tokio::time::{Instant, timeout_at};

use super::fault::Fault;
use super::page::parameters;
use crate::address::Address;
use crate::sap::Sap;
use crate::sap::life::{Happening, Reason, SessionEvent};
use crate::vocabulary::{Text, Version};

/// Listeners at once.
const MOST: usize = 16;
/// A comment is sent when nothing else was for so long, so that nobody in between takes the connection for dead.
const QUIET: Duration = Duration::from_secs(15);
/// Events on their way to one listener; what he does not take waits in the node's own bounded store of events.
const AHEAD: usize = 8;
/// Types of events.
const TYPES: [&str; 2] = ["session-opened", "session-ended"];

/// Who listens.
#[derive(Clone)]
pub(super) struct Listeners {
    sap: Arc<Sap>,
    places: Arc<Semaphore>,
}

/// Which events are asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Types with commas between; all if there are none.
    #[serde(rename = "type")]
    types: Option<String>,
}

/// An event as the operator sees it.
#[derive(Debug, Serialize)]
struct EventView<'a> {
    at: String,
    user: &'a Address,
    session: String,
    client: Option<&'a Text>,
    application: Option<&'a Text>,
    version: Version,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
}

/// The answer's body: what a task of its own writes, as long as somebody reads it.
struct Stream {
    lines: mpsc::Receiver<Bytes>,
    _place: OwnedSemaphorePermit,
}

// === impl Listeners ===

impl Listeners {
    pub(super) fn new(sap: &Arc<Sap>) -> Self {
        Self { sap: Arc::clone(sap), places: Arc::new(Semaphore::new(MOST)) }
    }
}

// === impl Wanted ===

impl Wanted {
    /// The types asked for.
    fn list(&self) -> Result<Vec<&'static str>, Fault> {
        let Some(types) = &self.types else { return Ok(TYPES.to_vec()) };
        let known = |name: &str| {
            let found = TYPES.into_iter().find(|known| *known == name.trim());
            let remedy = || format!("ask for {}, or for all by giving none", TYPES.join(" or "));
            found.ok_or_else(|| Fault::invalid(format!("type={name} is no type of event"), remedy()))
        };
        types.split(',').map(known).collect()
    }
}

// === impl Stream ===

impl HttpBody for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.lines.poll_recv(cx).map(|lines| lines.map(|lines| Ok(Frame::data(lines))))
    }
}

/// `GET /api/v1/events[?type=…]`: until the listener goes or the node stops.
pub(super) async fn listen(
    State(listeners): State<Listeners>,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Fault> {
    let types = parameters(query)?.list()?;
    let place = Arc::clone(&listeners.places).try_acquire_owned();
    let place = place.map_err(|_| Fault::busy(format!("{MOST} listeners are here already"), "end one of them"))?;
    let events = listeners.sap.events().subscribe();
    let events = events.ok_or_else(|| Fault::busy("the node is stopping", "ask again once it has started"))?;
    let (tell, lines) = mpsc::channel(AHEAD);
    tokio::spawn(forward(events, types, tell));
    let mut response = Response::new(Body::new(Stream { lines, _place: place }));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Writes events for one listener. He hears at once that he is heard.
async fn forward(
    mut events: broadcast::Receiver<Arc<SessionEvent>>,
    types: Vec<&'static str>,
    tell: mpsc::Sender<Bytes>,
) {
    let mut lines = Bytes::from_static(b": the events of this node from now on\n\n");
    loop {
        if tell.send(lines).await.is_err() {
            return;
        }
        let quiet = Instant::now() + QUIET;
        lines = loop {
            let heard = tokio::select! {
                heard = timeout_at(quiet, events.recv()) => heard,
                () = tell.closed() => return,
            };
            match heard {
                Err(_) => break Bytes::from_static(b":\n\n"),
                Ok(Ok(event)) if types.contains(&type_of(&event)) => break written(&event),
                Ok(Ok(_)) => {}
                Ok(Err(RecvError::Lagged(missed))) => {
                    break format!("event: missed\ndata: {{\"events\":{missed}}}\n\n").into();
                }
                Ok(Err(RecvError::Closed)) => return,
            }
        };
    }
}

fn type_of(event: &SessionEvent) -> &'static str {
    match event.what {
        Happening::Opened => TYPES[0],
        Happening::Ended(_) => TYPES[1],
    }
}

fn written(event: &SessionEvent) -> Bytes {
    let view = EventView {
        at: event.at.iso_extended(),
        user: &event.user,
        session: event.session.to_string(),
        client: event.client.url.as_ref().or(event.client.msisdn.as_ref()),
        application: event.application.as_ref(),
        version: event.version,
        reason: match event.what {
            Happening::Opened => None,
            Happening::Ended(reason) => Some(reason),
        },
    };
    // Plain data with string keys: serialising cannot fail, and JSON has no line ends of its own.
    let data = serde_json::to_string(&view).unwrap_or_default();
    format!("event: {}\ndata: {data}\n\n", type_of(event)).into()
}
