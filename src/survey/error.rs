//! Why a file could not be surveyed.

use std::path::PathBuf;

use crate::storage::{FileKind, StorageError};

/// A file that gave no facts.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// A directory, symlink, FIFO, socket or device.
    #[error("{}", not_regular(*kind, target.as_ref()))]
    NotRegular {
        /// What it is.
        kind: FileKind,
        /// Where a symlink points.
        target: Option<PathBuf>,
    },
    /// The file system refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

fn not_regular(kind: FileKind, target: Option<&PathBuf>) -> String {
    match (kind, target) {
        (FileKind::Symlink, Some(target)) => {
            format!("is a symbolic link to {}", crate::show::shown(target))
        }
        (FileKind::Symlink, None) => "is a symbolic link".into(),
        (FileKind::Directory, _) => "is a folder".into(),
        _ => "is a FIFO, a socket or a device".into(),
    }
}
