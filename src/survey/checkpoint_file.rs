//! The checkpoint of a log stream.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::ese::{Checkpoint, CheckpointCopies, LogBase, LogFileName};
use crate::storage::{Access, FileKind, Result, Status, Storage, StorageError, read_full};

use super::Listings;

/// Both copies of a checkpoint, in bytes.
const CHECKPOINT_BYTES: usize = 8192;

/// As much of a file as its digest is taken of, in bytes.
const DIGESTED_BYTES: usize = 4096;

/// A checkpoint file.
#[derive(Clone)]
pub struct CheckpointFile {
    /// Absolute path.
    pub path: PathBuf,
    /// What the file system says.
    pub status: Status,
    /// SHA-256 of its first 4096 bytes.
    pub header_sha256: [u8; 32],
    /// The copy that the engine uses; `None` where neither is valid, or the file could not be read.
    pub elected: Option<(Checkpoint, CheckpointCopies)>,
    /// Why it could not be read.
    pub read_error: Option<Arc<StorageError>>,
}

impl CheckpointFile {
    /// Whether it is a file at all, and no folder or link under a checkpoint's name.
    pub fn is_regular(&self) -> bool {
        self.status.kind == FileKind::Regular
    }
}

/// The files in a folder that are named like checkpoints, with their base names.
pub(super) fn checkpoint_paths(listings: &Listings, dir: &Path) -> Result<Vec<(LogBase, PathBuf)>> {
    let listing = listings.of(dir)?;
    let found = listing.iter().filter_map(|(name, _)| match LogFileName::parse(name.to_str()?)? {
        LogFileName::Checkpoint { base, .. } => Some((base, dir.join(name))),
        _ => None,
    });
    Ok(found.collect())
}

/// Reads a checkpoint; `None` where it went away meanwhile.
pub(super) fn read_checkpoint(
    storage: &dyn Storage,
    path: &Path,
) -> Result<Option<CheckpointFile>> {
    let status = match storage.status(path) {
        Err(error) if error.is_not_found() => return Ok(None),
        status => status?,
    };
    let mut bytes = vec![0; CHECKPOINT_BYTES];
    let read = storage.open(path, Access::Read).and_then(|f| read_full(f.as_ref(), &mut bytes, 0));
    bytes.truncate(*read.as_ref().unwrap_or(&0));
    // What is no file is judged by its kind.
    let read_error = read.err().filter(|_| status.kind == FileKind::Regular).map(Arc::new);
    Ok(Some(CheckpointFile {
        path: path.to_owned(),
        status,
        header_sha256: Sha256::digest(&bytes[..bytes.len().min(DIGESTED_BYTES)]).into(),
        elected: Checkpoint::elect(&bytes),
        read_error,
    }))
}
