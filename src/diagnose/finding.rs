//! One finding, and the list of their stable ids.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::show::Paragraph;

/// How bad it is. The order is that of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Something fails, or will.
    Error,
    /// Suspicious; nothing is repaired without being asked to.
    Warning,
    /// Good to know.
    Info,
}

impl Severity {
    /// `error`, `warning`, `info`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// The stable id of a finding. Scripts rely on these names; `docs/findings.md` has a section on each.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[allow(missing_docs)] // docs/findings.md describes each
pub enum FindingId {
    FullBackupGenInvalid,
    IncrementalBackupGenInvalid,
    CopyBackupGenInvalid,
    DifferentialBackupGenInvalid,
    NextIncrementalFails,
    NextFullTruncates,
    DirtyShutdown,
    BackupInProgress,
    PrimaryHeaderDamaged,
    ShadowHeaderDamaged,
    HeaderCopiesDiffer,
    HeaderUnreadable,
    StreamFileMissing,
    StreamFileMismatch,
    RequiredLogMissing,
    RequiredLogDamaged,
    LogSignatureMismatch,
    LogNameMismatch,
    LogGap,
    LogHeaderDamaged,
    CheckpointDamaged,
    CheckpointMismatch,
    LogSequenceEnding,
    OperationPending,
    BackupGenInverted,
    BackupGenHalfSet,
    BackupGenBeyondLog,
    FullBackupNeeded,
    NoLogging,
}

impl FindingId {
    /// The warnings that `repair --also` accepts.
    pub const REPAIRABLE_WARNINGS: [Self; 3] =
        [Self::BackupGenInverted, Self::BackupGenHalfSet, Self::BackupGenBeyondLog];

    /// The id as it is printed.
    pub fn name(self) -> &'static str {
        match self {
            Self::FullBackupGenInvalid => "full-backup-gen-invalid",
            Self::IncrementalBackupGenInvalid => "incremental-backup-gen-invalid",
            Self::CopyBackupGenInvalid => "copy-backup-gen-invalid",
            Self::DifferentialBackupGenInvalid => "differential-backup-gen-invalid",
            Self::NextIncrementalFails => "next-incremental-fails",
            Self::NextFullTruncates => "next-full-truncates",
            Self::DirtyShutdown => "dirty-shutdown",
            Self::BackupInProgress => "backup-in-progress",
            Self::PrimaryHeaderDamaged => "primary-header-damaged",
            Self::ShadowHeaderDamaged => "shadow-header-damaged",
            Self::HeaderCopiesDiffer => "header-copies-differ",
            Self::HeaderUnreadable => "header-unreadable",
            Self::StreamFileMissing => "stream-file-missing",
            Self::StreamFileMismatch => "stream-file-mismatch",
            Self::RequiredLogMissing => "required-log-missing",
            Self::RequiredLogDamaged => "required-log-damaged",
            Self::LogSignatureMismatch => "log-signature-mismatch",
            Self::LogNameMismatch => "log-name-mismatch",
            Self::LogGap => "log-gap",
            Self::LogHeaderDamaged => "log-header-damaged",
            Self::CheckpointDamaged => "checkpoint-damaged",
            Self::CheckpointMismatch => "checkpoint-mismatch",
            Self::LogSequenceEnding => "log-sequence-ending",
            Self::OperationPending => "operation-pending",
            Self::BackupGenInverted => "backup-gen-inverted",
            Self::BackupGenHalfSet => "backup-gen-half-set",
            Self::BackupGenBeyondLog => "backup-gen-beyond-log",
            Self::FullBackupNeeded => "full-backup-needed",
            Self::NoLogging => "no-logging",
        }
    }

    /// How bad a finding of this id is, unless it says otherwise itself.
    pub fn severity(self) -> Severity {
        match self {
            Self::BackupGenInverted
            | Self::BackupGenHalfSet
            | Self::BackupGenBeyondLog
            | Self::CheckpointMismatch
            | Self::LogSequenceEnding => Severity::Warning,
            Self::FullBackupNeeded | Self::NoLogging => Severity::Info,
            _ => Severity::Error,
        }
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// Its stable id.
    pub id: FindingId,
    /// How bad it is.
    pub severity: Severity,
    /// JSON key of the header field concerned, where it is one.
    pub field: Option<String>,
    /// What is wrong, in the words of `eseutil /mh`.
    pub message: String,
    /// What will happen because of it.
    pub consequence: String,
    /// What mends it, as an exact command where there is one.
    pub remedy: Paragraph,
}

impl Finding {
    /// A finding of no particular header field.
    pub fn new(
        id: FindingId,
        message: impl Into<String>,
        consequence: impl Into<String>,
        remedy: impl Into<Paragraph>,
    ) -> Self {
        Self {
            id,
            severity: id.severity(),
            field: None,
            message: message.into(),
            consequence: consequence.into(),
            remedy: remedy.into(),
        }
    }

    /// The same, with another severity than its id has.
    pub fn with_severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// The same, of one header field.
    pub fn of_field(self, key: &str) -> Self {
        Self { field: Some(key.to_owned()), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_name_is_the_serialised_one() {
        for id in
            [FindingId::FullBackupGenInvalid, FindingId::NoLogging, FindingId::HeaderUnreadable]
        {
            assert_eq!(serde_json::to_value(id).unwrap(), id.name());
        }
    }
}
