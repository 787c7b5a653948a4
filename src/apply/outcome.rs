//! How an operation ended.

use std::path::Path;

use crate::refusal::{Refusal, RefusalId};
use crate::storage::StorageError;
use crate::survey::PageFacts;

use crate::plan::{BackupRecord, OperationRef};

/// The end of an operation on one database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Done and verified.
    Committed,
    /// A change had begun; everything is as it was before, and verified.
    RolledBack,
    /// The operation is unfinished; `recover` will decide.
    Pending,
    /// A guard refused; nothing was changed.
    Refused,
    /// It failed before a change had begun; nothing was changed.
    Failed,
}

/// The result of an operation on one database.
#[derive(Clone, Debug)]
pub struct Applied {
    /// How it ended.
    pub ending: Ending,
    /// Why it did not end well.
    pub reasons: Vec<Refusal>,
    /// The operation folder, where one remains.
    pub operation: Option<OperationRef>,
    /// The verified backup, where one remains.
    pub backup: Option<BackupRecord>,
    /// The pages of the database, where all were read.
    pub pages: Option<PageFacts>,
}

impl Applied {
    /// An end without a trace on the disk.
    pub(super) fn stopped(reasons: Vec<Refusal>) -> Self {
        let refused = !reasons.is_empty() && reasons.iter().all(|reason| reason.id.is_guard());
        let ending = if refused { Ending::Refused } else { Ending::Failed };
        Self { ending, reasons, operation: None, backup: None, pages: None }
    }
}

/// A storage error as a reason: a full or protected disk or a file in use is a guard's matter, all else a failure.
pub(super) fn reason(error: &StorageError) -> Refusal {
    if error.is_busy() {
        return super::in_use(&error.path);
    }
    let (id, remedy) = if error.is_full() {
        (RefusalId::NoSpace, "Free space on that volume, or name another with --backup-dir.")
    } else if error.is_forbidden() {
        (
            RefusalId::ReadOnly,
            "Run edbmend as a user who may write there, and mount the volume writable. Nothing was changed.",
        )
    } else {
        (
            RefusalId::IoError,
            "Nothing was changed. Look into the system's log for what the disk said, mend it, and try again.",
        )
    };
    Refusal::new(id, &error.path, error.to_string(), remedy)
}

/// The same once writing or moving has begun: then it is never a guard's matter.
pub(super) fn failure(error: &StorageError) -> Refusal {
    let remedy =
        "Look into the system's log for what the disk said, and mend that before you try again."
            .into();
    Refusal { id: RefusalId::IoError, remedy, ..reason(error) }
}

/// The reason where a file or folder could not be read at all.
pub fn unreadable(error: &StorageError) -> Refusal {
    let remedy = match error.is_forbidden() {
        true => "Run edbmend as a user who may read it: root, or an administrator.",
        false => {
            "The disk, or the way to it, fails: look into the system's log. Copy the file to a sound disk \
             before anything else."
        }
    };
    Refusal::new(RefusalId::IoError, &error.path, error.to_string(), remedy)
}

/// The reason of an operation that Ctrl-C stopped.
pub(super) fn interrupted(path: &Path) -> Refusal {
    Refusal::new(
        RefusalId::Interrupted,
        path,
        "interrupted before the first byte was written; what had been prepared was removed",
        "Run the same command again when you are ready.",
    )
}
