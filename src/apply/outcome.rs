//! How an operation ended.

use std::collections::BTreeMap;
use std::path::Path;

use crate::ese::log_body::LogVerdict;
use crate::plan::{BackupRecord, OperationRef};
use crate::refusal::{Refusal, RefusalId};
use crate::survey::PageFacts;

use super::operation::journal::End;

/// The end of an operation on one database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Done and verified.
    Committed,
    /// A change had begun; everything is as it was before, and verified.
    RolledBack,
    /// Somebody else has written since; that stays, and the operation is closed.
    Overtaken,
    /// The operation is unfinished; `recover` will decide.
    Pending,
    /// A guard refused; nothing was changed.
    Refused,
    /// It failed before a change had begun; nothing was changed.
    Failed,
}

impl From<End> for Ending {
    fn from(end: End) -> Self {
        match end {
            End::Committed => Self::Committed,
            End::RolledBack => Self::RolledBack,
            End::Overtaken => Self::Overtaken,
        }
    }
}

/// What recovery says of logs, by the name of each.
pub type Bodies = BTreeMap<String, LogVerdict>;

/// The result of an operation.
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
    /// What recovery says of the logs that were read to their end, by the name of each.
    pub bodies: Bodies,
}

impl Applied {
    /// An end without a trace on the disk.
    pub(super) fn stopped(reasons: Vec<Refusal>) -> Self {
        let refused = !reasons.is_empty() && reasons.iter().all(|reason| reason.id.is_guard());
        let ending = if refused { Ending::Refused } else { Ending::Failed };
        let bodies = Bodies::new();
        Self { ending, reasons, operation: None, backup: None, pages: None, bodies }
    }
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
