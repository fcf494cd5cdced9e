//! The embedded engine: sled behind one committer thread, with group commit and `fdatasync`.
//!
//! Why so (sled 0.34): its `flush` writes the log but does not empty the disk's cache, so the committer calls
//! `fdatasync` on a handle of its own; its `flush_async` blocks for ever with eight or more callers, so nobody
//! calls it; its background flush promises nothing, so it is off. The committer takes what waits, at most
//! [`BATCH`] commits, decides them in order, applies them as one atomic batch of one tree, syncs, and answers
//! them all: the more callers, the fewer syncs each pays for. Callers only wait for the channel and for their
//! answer, never for each other, so any number of them may wait at once.
//!
//! Reads go straight to sled and may see a commit a moment before it is on disk.

use std::fs::File;
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use sled::{Batch, Db};
use tokio::sync::{mpsc, oneshot};

use super::layout::{self, Draft, Each, Ordered, Raw};
use super::{Answer, Changes, Committed, Engine, Entry, Key, Seq, StoreError, Versioned};
use crate::time::Timestamp;

/// Commits that share one sync, at most.
pub(super) const BATCH: usize = 512;
/// Commits that may wait in the channel; further callers wait before it.
const WAITING: usize = 1024;
/// Bytes of changes after which a batch is closed.
const BATCH_BYTES: usize = 8 << 20;
/// Bytes sled may keep of pages it has read.
const CACHE: u64 = 128 << 20;
/// Bytes of a piece of sled's log; pages above a quarter of it become files of their own ([`Blobs`]).
const SEGMENT: usize = 2 << 20;
/// Coarser than the clock that stamps changes of a folder.
const CLOCK: Duration = Duration::from_millis(100);
/// How long sled's threads may take to end when the store closes.
const RELEASE: Duration = Duration::from_secs(10);
/// Marks the layout, so that a later one can tell.
const FORMAT: (&[u8], &[u8]) = (b"f", b"1");

/// The embedded engine.
pub(super) struct Sled {
    jobs: mpsc::Sender<Job>,
    state: Arc<State>,
    committer: Mutex<Option<JoinHandle<()>>>,
}

struct State {
    /// `None` once closed: the last handle keeps the lock of the file.
    db: RwLock<Option<Db>>,
    failed: OnceLock<Arc<str>>,
    closed: AtomicBool,
}

enum Job {
    Commit(Changes, oneshot::Sender<Result<Committed, StoreError>>),
    Sweep(Timestamp, usize, oneshot::Sender<Result<usize, StoreError>>),
    Close,
}

/// Answers a caller, with the error if the batch failed.
type Answering = Box<dyn FnOnce(Option<&StoreError>)>;

struct Committer {
    db: Db,
    jobs: mpsc::Receiver<Job>,
    state: Arc<State>,
    /// sled's file, by an own handle.
    log: File,
    blobs: Blobs,
}

/// The files sled makes, one per page above a quarter of [`SEGMENT`], named by a growing number. It does not
/// sync these either.
struct Blobs {
    folder: PathBuf,
    /// The youngest that is on disk.
    synced: u64,
    /// When the folder was changed last, if it was read long enough after that.
    quiet: Option<SystemTime>,
}

// === impl Sled ===

impl Sled {
    /// Opens the store in a folder, making it if it does not exist.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let db = sled::Config::new()
            .path(path)
            .cache_capacity(CACHE)
            .segment_size(SEGMENT)
            .flush_every_ms(None)
            .open()
            .map_err(|error| refused(path, &error))?;
        let file = |error: io::Error| {
            StoreError::Engine(format!("cannot open the store in {}: {error}", path.display()).into())
        };
        let log = File::options().write(true).open(path.join("db")).map_err(file)?;
        check_format(&db, path)?;
        log.sync_all().map_err(file)?;
        for folder in [Some(path), path.parent()].into_iter().flatten().filter(|path| !path.as_os_str().is_empty()) {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(file)?;
        }
        let state = Arc::new(State {
            db: RwLock::new(Some(db.clone())),
            failed: OnceLock::new(),
            closed: AtomicBool::new(false),
        });
        let (jobs, receiver) = mpsc::channel(WAITING);
        let committer =
            Committer { db: db.clone(), jobs: receiver, state: Arc::clone(&state), log, blobs: Blobs::new(path) };
        let thread = std::thread::Builder::new().name("store".into()).spawn(move || committer.run()).map_err(file)?;
        Ok(Self { jobs, state, committer: Mutex::new(Some(thread)) })
    }

    fn with<T>(&self, work: impl FnOnce(&Db) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.state.check()?;
        let db = self.state.db.read().unwrap_or_else(PoisonError::into_inner);
        let result = work(db.as_ref().ok_or(StoreError::Closed)?);
        if let Err(StoreError::Engine(error)) = &result {
            self.state.fail(error);
        }
        result
    }

    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Job) -> Result<T, StoreError> {
        self.state.check()?;
        let (sender, receiver) = oneshot::channel();
        if self.jobs.send(job(sender)).await.is_err() {
            return Err(self.state.ended());
        }
        receiver.await.unwrap_or_else(|_| Err(self.state.ended()))
    }

    fn join(&self) {
        let thread = self.committer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            self.state.fail("the committer panicked");
        }
    }
}

impl Drop for Sled {
    fn drop(&mut self) {
        // The committer ends when nobody can send to it any more.
        drop(std::mem::replace(&mut self.jobs, mpsc::channel(1).0));
        self.join();
    }
}

impl Engine for Sled {
    fn get<'a>(&'a self, key: &'a Key) -> Answer<'a, Option<Versioned>> {
        Box::pin(async move { self.with(|db| layout::get(db, key)) })
    }

    fn commit(&self, changes: Changes) -> Answer<'_, Committed> {
        Box::pin(async move {
            if changes.is_empty() {
                return self.state.check().map(|()| Committed::default());
            }
            self.ask(|answer| Job::Commit(changes, answer)).await
        })
    }

    fn list<'a>(&'a self, prefix: &'a Key, after: Option<&'a Key>, limit: usize) -> Answer<'a, Vec<(Key, Versioned)>> {
        Box::pin(async move { self.with(|db| layout::list(db, prefix, after, limit)) })
    }

    fn read<'a>(&'a self, owner: &'a Key, after: Seq, limit: usize) -> Answer<'a, Vec<Entry>> {
        Box::pin(async move { self.with(|db| layout::read(db, owner, after, limit)) })
    }

    fn count<'a>(&'a self, owner: &'a Key, limit: usize) -> Answer<'a, usize> {
        Box::pin(async move { self.with(|db| layout::count(db, owner, limit)) })
    }

    fn overdue(&self, now: Timestamp, limit: usize) -> Answer<'_, Vec<(Key, Entry)>> {
        Box::pin(async move { self.with(|db| layout::overdue(db, now, limit)) })
    }

    fn sweep(&self, now: Timestamp, limit: usize) -> Answer<'_, usize> {
        Box::pin(self.ask(move |answer| Job::Sweep(now, limit, answer)))
    }

    fn size(&self) -> u64 {
        self.with(|db| Ok(db.size_on_disk().unwrap_or(0))).unwrap_or(0)
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            if self.state.closed.swap(true, Ordering::SeqCst) {
                return Err(StoreError::Closed);
            }
            // Behind everything that waits already. No receiver: the committer has ended by itself.
            let _ = self.jobs.send(Job::Close).await;
            self.jobs.closed().await;
            self.join();
            self.state.failed.get().map_or(Ok(()), |error| Err(StoreError::Engine(Arc::clone(error))))
        })
    }
}

// === impl State ===

impl State {
    fn check(&self) -> Result<(), StoreError> {
        if let Some(error) = self.failed.get() {
            return Err(StoreError::Engine(Arc::clone(error)));
        }
        if self.closed.load(Ordering::SeqCst) { Err(StoreError::Closed) } else { Ok(()) }
    }

    /// Remembers the first failure: from now on nothing may be promised.
    fn fail(&self, error: &str) -> StoreError {
        let first = self.failed.get_or_init(|| {
            tracing::error!(error, "the store failed and takes nothing more; restart the node after mending it");
            error.into()
        });
        StoreError::Engine(Arc::clone(first))
    }

    /// Why the committer is gone.
    fn ended(&self) -> StoreError {
        self.check().err().unwrap_or_else(|| self.fail("the committer has ended"))
    }
}

// === impl Committer ===

impl Committer {
    fn run(mut self) {
        while let Some(first) = self.jobs.blocking_recv() {
            let mut bytes = first.bytes();
            let mut batch = vec![first];
            while batch.len() < BATCH && bytes < BATCH_BYTES {
                let Ok(next) = self.jobs.try_recv() else { break };
                bytes += next.bytes();
                batch.push(next);
            }
            if self.decide(batch) {
                break;
            }
        }
        self.close();
    }

    /// Closes sled and waits until its own threads, which may be at work still, have let go of the file: until
    /// then nobody can open the store again, this process included. Whoever waits for the end of the channel
    /// hears of it after that.
    fn close(self) {
        let Self { db, jobs, state, log, .. } = self;
        state.closed.store(true, Ordering::SeqCst);
        state.db.write().unwrap_or_else(PoisonError::into_inner).take();
        drop(db);
        let start = Instant::now();
        while log.try_lock().is_err() {
            if start.elapsed() > RELEASE {
                tracing::warn!("the store's file is still locked by this process after {RELEASE:?}");
                break;
            }
            std::thread::sleep(RELEASE / 10_000);
        }
        drop(log);
        drop(jobs);
    }

    /// Does a batch and answers it; whether that was the end.
    fn decide(&mut self, batch: Vec<Job>) -> bool {
        let mut last = false;
        let mut answers = Vec::with_capacity(batch.len());
        let mut draft = Draft::new(&self.db);
        for job in batch {
            // What stands behind the end in the channel is dropped, and its caller told so.
            match job {
                _ if last => {}
                Job::Commit(changes, answer) => answers.push(self.later(draft.commit(changes), answer)),
                Job::Sweep(now, limit, answer) => answers.push(self.later(draft.sweep(now, limit), answer)),
                Job::Close => last = true,
            }
        }
        let writes = draft.into_writes();
        if self.state.failed.get().is_none()
            && !writes.is_empty()
            && let Err(error) = self.write(writes)
        {
            self.state.fail(&error.to_string());
        }
        let broken = self.state.failed.get().map(|error| StoreError::Engine(Arc::clone(error)));
        for answer in answers {
            answer(broken.as_ref());
        }
        last
    }

    /// Keeps an answer until the batch is on disk, or is not.
    fn later<T: Send + 'static>(
        &self,
        result: Result<T, StoreError>,
        answer: oneshot::Sender<Result<T, StoreError>>,
    ) -> Answering {
        if let Err(StoreError::Engine(error)) = &result {
            self.state.fail(error);
        }
        Box::new(move |broken| {
            // A caller that went away does not want its answer.
            let _ = answer.send(broken.cloned().map_or(result, Err));
        })
    }

    fn write(&mut self, writes: impl IntoIterator<Item = (Raw, Option<Bytes>)>) -> Result<(), sled::Error> {
        let mut batch = Batch::default();
        for (key, value) in writes {
            match value {
                Some(value) => batch.insert(key, &value[..]),
                None => batch.remove(key),
            }
        }
        self.db.apply_batch(batch)?;
        self.db.flush()?;
        self.sync().map_err(sled::Error::Io)
    }

    /// Makes durable what sled has written.
    fn sync(&mut self) -> io::Result<()> {
        self.blobs.sync()?;
        self.log.sync_data()
    }
}

// === impl Blobs ===

impl Blobs {
    fn new(store: &Path) -> Self {
        Self { folder: store.join("blobs"), synced: 0, quiet: None }
    }

    fn sync(&mut self) -> io::Result<()> {
        let changed = std::fs::metadata(&self.folder)?.modified()?;
        if self.quiet == Some(changed) {
            return Ok(());
        }
        let now = SystemTime::now();
        let mut youngest = self.synced;
        for blob in std::fs::read_dir(&self.folder)? {
            let blob = blob?;
            let number = blob.file_name().to_str().and_then(|name| name.parse::<u64>().ok());
            let Some(number) = number.filter(|number| *number > self.synced) else { continue };
            match File::open(blob.path()) {
                Ok(blob) => blob.sync_all()?,
                Err(gone) if gone.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            youngest = youngest.max(number);
        }
        if youngest > self.synced {
            File::open(&self.folder)?.sync_all()?;
            self.synced = youngest;
        }
        // Younger than the clock of the file system is fine: the next blob may bear the same time.
        self.quiet = now.duration_since(changed).is_ok_and(|age| age > CLOCK).then_some(changed);
        Ok(())
    }
}

impl Job {
    fn bytes(&self) -> usize {
        let Self::Commit(changes, _) = self else { return 0 };
        changes.list.iter().map(super::Change::bytes).sum()
    }
}

// === sled as an ordered map ===

impl Ordered for Db {
    fn lookup(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        Ok(self.get(key).map_err(engine)?.map(|value| Bytes::copy_from_slice(&value)))
    }

    fn scan(&self, from: Bound<Raw>, each: Each<'_>) -> Result<(), StoreError> {
        for pair in self.range((from, Bound::Unbounded)) {
            let (key, value) = pair.map_err(engine)?;
            if !each(&key, &value) {
                break;
            }
        }
        Ok(())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as map_err wants it")]
fn engine(error: sled::Error) -> StoreError {
    StoreError::Engine(error.to_string().into())
}

fn refused(path: &Path, error: &sled::Error) -> StoreError {
    let path = path.display();
    let text = error.to_string();
    let text = if text.contains("could not acquire lock") {
        format!("another process has the store in {path} open; stop it, or give this node a data_dir of its own")
    } else {
        format!("cannot open the store in {path}: {text}; the folder must be readable and writable for this user")
    };
    StoreError::Engine(text.into())
}

fn check_format(db: &Db, path: &Path) -> Result<(), StoreError> {
    match db.get(FORMAT.0).map_err(engine)? {
        Some(format) if format == FORMAT.1 => Ok(()),
        None if db.is_empty() => {
            db.insert(FORMAT.0, FORMAT.1).map_err(engine)?;
            db.flush().map(drop).map_err(engine)
        }
        _ => Err(StoreError::Engine(
            format!("{} holds a store of another version; use the version that made it", path.display()).into(),
        )),
    }
}
