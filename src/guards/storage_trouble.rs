//! What an error of the storage comes to: a guard that refuses, or a failure.

use std::path::Path;

use crate::refusal::{Refusal, RefusalId};
use crate::storage::{Storage, StorageError};

use super::in_use::in_use;
use super::not_found::not_found;

/// A storage error as a reason: a full or protected disk or a file in use is a guard's matter, all else a failure.
pub fn reason(error: &StorageError) -> Refusal {
    if error.is_busy() {
        return in_use(&error.path);
    }
    let (id, remedy) = if error.is_foreign_link() {
        (
            RefusalId::NotARegularFile,
            "Whoever made it can let it lead elsewhere at any moment. Look where it leads, and name that place \
             itself. Nothing was changed.",
        )
    } else if error.is_full() {
        (RefusalId::NoSpace, "Free space on that volume, or name another with --backup-dir.")
    } else if error.is_forbidden() {
        (
            RefusalId::ReadOnly,
            "Run edbmend as a user who may write there, and mount the volume writable. Nothing was changed.",
        )
    } else if error.is_too_large() {
        (
            RefusalId::IoError,
            "Nothing was changed. That file system, or a limit of this process (ulimit -f), allows no file \
             of such a size. Name a folder on another volume with --backup-dir, or lift the limit.",
        )
    } else {
        (
            RefusalId::IoError,
            "Nothing was changed. Look into the system's log for what the disk said, mend it, and try again.",
        )
    };
    Refusal::new(id, &error.path, error.to_string(), remedy)
}

/// A storage error as the reason why a write or a move that had begun failed: never a guard's matter.
pub fn failure(error: &StorageError) -> Refusal {
    let remedy =
        "Look into the system's log for what the disk said, and mend that before you try again."
            .into();
    Refusal { id: RefusalId::IoError, remedy, ..reason(error) }
}

/// The reason where a file or folder could not be read at all.
pub fn unreadable(error: &StorageError) -> Refusal {
    let remedy = if error.is_forbidden() {
        "Run edbmend as a user who may read it: root, or an administrator."
    } else {
        "The disk, or the way to it, fails: look into the system's log. Copy the file to a sound disk before \
         anything else."
    };
    Refusal::new(RefusalId::IoError, &error.path, error.to_string(), remedy)
}

/// The refusal of a file that could not be read: a database, a log or a checkpoint.
pub fn unread(storage: &dyn Storage, path: &Path, error: &StorageError) -> Refusal {
    if error.is_not_found() {
        not_found(storage, path)
    } else if error.is_busy() {
        in_use(path)
    } else {
        unreadable(error)
    }
}
