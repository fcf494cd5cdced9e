//! Watches the folder of peer files: what appears, changes or goes takes effect by itself. A folder that can't be
//! watched (network file systems) is no fault: SIGHUP and the admin address reload as well.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tracing::warn;

use super::reload::PeersInForce;

/// Editors write in several steps: the folder is read when it has been quiet for so long.
const QUIET: Duration = Duration::from_millis(200);

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
                while tokio::time::timeout(QUIET, changed.recv()).await.is_ok_and(|more| more.is_some()) {}
                files.reload(false).await;
            }
        });
        Some(Self { _inner: inner, task })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}
