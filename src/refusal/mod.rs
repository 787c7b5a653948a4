//! Why something was not done.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::show::{Paragraph, serialize_shown};

/// The stable id of a refusal. Scripts rely on these names; `docs/guards.md` has a section on each.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[allow(missing_docs)] // docs/guards.md describes each
pub enum RefusalId {
    NotFound,
    NotEse,
    NotADatabase,
    NotARegularFile,
    Truncated,
    UnsupportedFormat,
    HeaderUnreadable,
    DirtyShutdown,
    InUse,
    InUseUnproven,
    BackupInProgress,
    ShadowingDisabled,
    ReadOnly,
    NoSpace,
    BackupDirUnusable,
    OperationPending,
    ChangedSinceSurvey,
    ConfirmationNeeded,
    LogFileUnusable,
    EvidenceUnsuitable,
    BackupDamaged,
    JournalDamaged,
    DatabaseChanged,
    NotAnOperation,
    HeaderDamaged,
    GroupIncomplete,
    LogSignatureMismatch,
    RestorePending,
    MixedPrefixes,
    StreamFileMissing,
    NewLogStream,
    Interrupted,
    IoError,
    TargetNotEmpty,
    Usage,
}

impl RefusalId {
    /// Whether a guard of the contract refused; the others are failures.
    pub fn is_guard(self) -> bool {
        !matches!(
            self,
            Self::NotFound | Self::Interrupted | Self::IoError | Self::TargetNotEmpty | Self::Usage
        )
    }

    /// The id as it is printed.
    pub fn name(self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|v| v.as_str().map(str::to_owned))
            .unwrap_or_default()
    }
}

/// One reason, with the file it concerns and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "RefusalReport", description = "A reason, with its path as text.")]
pub struct Refusal {
    /// Its stable id.
    pub id: RefusalId,
    /// The file or folder concerned.
    #[serde(serialize_with = "serialize_shown")]
    #[schemars(with = "String")]
    pub path: PathBuf,
    /// What was found, and what was expected.
    pub message: String,
    /// What to do.
    pub remedy: Paragraph,
}

impl Refusal {
    /// A refusal.
    pub fn new(
        id: RefusalId,
        path: &Path,
        message: impl Into<String>,
        remedy: impl Into<Paragraph>,
    ) -> Self {
        Self { id, path: path.to_owned(), message: message.into(), remedy: remedy.into() }
    }
}
