//! Watches the folder of peer files: what appears, changes or goes takes effect by itself. A folder that can't be
//! watched (network file systems) is no fault: SIGHUP and the admin address reload as well.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use super::reload::PeersInForce;

/// Editors write in several steps: the folder is read when it has been quiet for so long.
const QUIET: Duration = Duration::from_millis(200);
/// A folder that is never quiet is read so long after the first change.
const LATEST: Duration = Duration::from_secs(1);

/// Watches until dropped.
pub(super) struct Watcher {
    _inner: RecommendedWatcher,
    task: tokio::task::JoinHandle<()>,
}

impl Watcher {
    pub(super) fn start(folder: &Path, files: Arc<PeersInForce>) -> Option<Self> {
        let (tell, mut changed) = mpsc::channel(1);
        let heard = move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| !event.kind.is_access()) {
                // A full channel means that a reload is due anyway.
                let _ = tell.try_send(());
            }
        };
        let watcher = notify::recommended_watcher(heard)
            .and_then(|mut watcher| watcher.watch(folder, RecursiveMode::NonRecursive).map(|()| watcher));
        let inner = match watcher {
            Ok(inner) => inner,
            Err(error) => {
                warn!(%error, folder = %folder.display(), "the peer files are not watched: reload by SIGHUP");
                return None;
            }
        };
        let task = tokio::spawn(async move {
            while changed.recv().await.is_some() {
                settle(&mut changed).await;
                files.reload(false).await;
            }
        });
        Some(Self { _inner: inner, task })
    }
}

/// Waits until nothing has changed for [`QUIET`], but no longer than [`LATEST`].
async fn settle(changed: &mut mpsc::Receiver<()>) {
    let latest = Instant::now() + LATEST;
    while Instant::now() < latest {
        let quiet = latest.min(Instant::now() + QUIET);
        if !timeout_at(quiet, changed.recv()).await.is_ok_and(|more| more.is_some()) {
            return;
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_that_is_never_quiet_is_read_all_the_same() {
        let (tell, mut changed) = mpsc::channel(1);
        let busy = tokio::spawn(async move { while tell.send(()).await.is_ok() {} });
        let begun = Instant::now();
        tokio::time::timeout(10 * LATEST, settle(&mut changed)).await.expect("it waits for ever");
        assert!(begun.elapsed() >= LATEST, "{:?}", begun.elapsed());
        drop(changed);
        busy.await.unwrap();
    }
}
