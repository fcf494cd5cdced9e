//! A connection's bytes and its time: slow heads and stalled answers end it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// What a connection is doing; shared by its socket, its requests and its watcher.
#[derive(Debug)]
pub(crate) struct Pulse {
    state: Mutex<State>,
    /// What waits for answers that are handed over and not yet written.
    deferred: Mutex<Vec<Deferred>>,
}

/// Work that waits until an answer is written; an extension of the response. Done when the last copy is dropped,
/// so also if the answer can't be written.
#[derive(Clone)]
pub(crate) struct Deferred {
    _work: Arc<Work>,
}

struct Work(Mutex<Option<Box<dyn FnOnce() + Send>>>);

#[derive(Debug)]
struct State {
    /// Requests whose answer is not yet handed over.
    active: usize,
    /// First byte of a request whose head is not yet complete.
    began: Option<Instant>,
    /// Start of the connection, or end of its last answer.
    last: Instant,
    /// Whether there was any request.
    used: bool,
}

/// A request in progress; ends when dropped.
#[derive(Debug)]
pub(crate) struct Active(Arc<Pulse>);

/// A socket that watches the clock.
pub(crate) struct Watched<I> {
    inner: I,
    pulse: Arc<Pulse>,
    /// HTTP/1: bytes that come while no request is in progress are a head.
    heads: bool,
    request_read: Duration,
    write_stall: Duration,
    reading: Option<Pin<Box<Sleep>>>,
    writing: Option<Pin<Box<Sleep>>>,
}

// === impl Pulse ===

impl Pulse {
    pub(crate) fn new() -> Arc<Self> {
        let state = State { active: 0, began: None, last: Instant::now(), used: false };
        Arc::new(Self { state: Mutex::new(state), deferred: Mutex::default() })
    }

    /// A head is complete; also tells when its first byte came.
    pub(crate) fn begin(self: &Arc<Self>) -> (Instant, Active) {
        let mut state = self.state();
        state.active += 1;
        state.used = true;
        let began = state.began.take().unwrap_or_else(Instant::now);
        drop(state);
        (began, Active(self.clone()))
    }

    /// When the connection has been without a request for too long; `None` while it has one.
    pub(crate) fn idle_at(&self, first: Duration, idle: Duration) -> Option<Instant> {
        let state = self.state();
        let span = if state.used { idle } else { first };
        (state.active == 0).then(|| state.last + span)
    }

    /// An answer was handed over: the next time everything is written, the work is done.
    pub(crate) fn defer(&self, work: Deferred) {
        self.deferred.lock().unwrap_or_else(PoisonError::into_inner).push(work);
    }

    fn written(&self) {
        let done = std::mem::take(&mut *self.deferred.lock().unwrap_or_else(PoisonError::into_inner));
        drop(done);
    }

    fn bytes_came(&self) {
        let mut state = self.state();
        if state.active == 0 && state.began.is_none() {
            state.began = Some(Instant::now());
        }
    }

    fn began(&self) -> Option<Instant> {
        self.state().began
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Deferred ===

impl Deferred {
    pub(crate) fn new(work: Box<dyn FnOnce() + Send>) -> Self {
        Self { _work: Arc::new(Work(Mutex::new(Some(work)))) }
    }
}

impl std::fmt::Debug for Deferred {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deferred").finish_non_exhaustive()
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let work = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(work) = work {
            work();
        }
    }
}

// === impl Active ===

impl Active {
    /// The connection it belongs to.
    pub(crate) fn pulse(&self) -> &Pulse {
        &self.0
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.active -= 1;
        state.last = Instant::now();
    }
}

// === impl Watched ===

impl<I> Watched<I> {
    pub(crate) fn new(inner: I, pulse: Arc<Pulse>, heads: bool, request_read: Duration, write_stall: Duration) -> Self {
        Self { inner, pulse, heads, request_read, write_stall, reading: None, writing: None }
    }

    /// Fails once a write has been waiting for too long.
    fn stalled<T>(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.writing = None;
            return result;
        }
        let span = self.write_stall;
        let timer = self.writing.get_or_insert_with(|| Box::pin(tokio::time::sleep(span)));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Watched<I> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.inner).poll_read(cx, buf);
        if !self.heads {
            return result;
        }
        if result.is_ready() {
            self.reading = None;
            if buf.filled().len() > before {
                self.pulse.bytes_came();
            }
            return result;
        }
        let Some(began) = self.pulse.began() else { return result };
        let deadline = began + self.request_read;
        let timer = self.reading.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Watched<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.stalled(cx, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.stalled(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.inner).poll_flush(cx);
        if matches!(result, Poll::Ready(Ok(()))) {
            self.pulse.written();
        }
        self.stalled(cx, result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.stalled(cx, result)
    }
}
