//! Folders a node needs: made if they are missing.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

use tracing::warn;

use crate::store::StoreError;

/// The folder of the store, for its owner alone: it holds texts of messages and session ids.
pub(super) fn make_data_dir(folder: &Path) -> Result<(), StoreError> {
    let shown = folder.display();
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
        StoreError::Engine(format!("{shown} can't be made ({error}): correct data_dir, or make the folder").into())
    })?;
    if fs::metadata(folder).is_ok_and(|of| of.mode() & 0o077 != 0) {
        warn!("{shown} holds messages and session ids, and others may look into it: chmod 700 {shown}");
    }
    Ok(())
}

/// The folder of the peer files: one that is not there can't be watched.
pub(super) fn make_peers_folder(folder: &Path) {
    if let Err(error) = fs::create_dir_all(folder) {
        warn!(%error, folder = %folder.display(), "the folder of the peer files is missing and can't be made");
    }
}
