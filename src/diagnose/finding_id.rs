//! The table of all findings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Severity;

/// Makes [`FindingId`] of the rows: id, name, severity, whether a repair mends it, subject.
macro_rules! findings {
    ($($id:ident $name:tt $severity:ident $mending:ident $subject:ident;)*) => {
        /// The stable id of a finding. Scripts rely on these names; `docs/findings.md` has a section on each.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
        )]
        #[non_exhaustive]
        #[allow(missing_docs)] // docs/findings.md describes each
        pub enum FindingId {
            $(#[serde(rename = $name)] $id,)*
        }

        impl FindingId {
            /// Every finding, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$id),*];

            const fn row(self) -> Row {
                use {Mending::*, Severity::*, Subject::*};
                match self {
                    $(Self::$id => Row {
                        name: $name,
                        severity: $severity,
                        mending: $mending,
                        subject: $subject,
                    },)*
                }
            }
        }
    };
}

findings! {
    // id                        name                              severity  repair   subject
    FullBackupGenInvalid         "full-backup-gen-invalid"         Error     Always   BackupFields;
    IncrementalBackupGenInvalid  "incremental-backup-gen-invalid"  Error     Always   BackupFields;
    CopyBackupGenInvalid         "copy-backup-gen-invalid"         Error     Always   BackupFields;
    DifferentialBackupGenInvalid "differential-backup-gen-invalid" Error     Always   BackupFields;
    NextIncrementalFails         "next-incremental-fails"          Error     Never    BackupFields;
    NextFullTruncates            "next-full-truncates"             Error     Never    BackupFields;
    DirtyShutdown                "dirty-shutdown"                  Error     Never    State;
    BackupInProgress             "backup-in-progress"              Error     Never    State;
    PrimaryHeaderDamaged         "primary-header-damaged"          Error     Always   HeaderCopies;
    ShadowHeaderDamaged          "shadow-header-damaged"           Error     Always   HeaderCopies;
    HeaderCopiesDiffer           "header-copies-differ"            Error     Always   HeaderCopies;
    HeaderUnreadable             "header-unreadable"               Error     Never    HeaderCopies;
    StreamFileMissing            "stream-file-missing"             Error     Never    StreamingFile;
    StreamFileMismatch           "stream-file-mismatch"            Error     Never    StreamingFile;
    RequiredLogMissing           "required-log-missing"            Error     Never    RequiredLogs;
    RequiredLogDamaged           "required-log-damaged"            Error     Never    RequiredLogs;
    LogSignatureMismatch         "log-signature-mismatch"          Error     Never    Logs;
    LogNameMismatch              "log-name-mismatch"               Error     Never    Logs;
    LogGap                       "log-gap"                         Error     Never    Logs;
    LogHeaderDamaged             "log-header-damaged"              Error     Never    Logs;
    CheckpointDamaged            "checkpoint-damaged"              Error     Never    Checkpoint;
    CheckpointMismatch           "checkpoint-mismatch"             Warning   Never    Checkpoint;
    LogSequenceEnding            "log-sequence-ending"             Warning   Never    Logs;
    LogBodyDamaged               "log-body-damaged"                Error     Never    Logs;
    LogBodyLost                  "log-body-lost"                   Error     Never    Logs;
    LogSumMismatch               "log-sum-mismatch"                Error     Never    Logs;
    LogTailTorn                  "log-tail-torn"                   Info      Never    Logs;
    CheckpointAhead              "checkpoint-ahead"                Error     Never    Checkpoint;
    DatabaseMissing              "database-missing"                Error     Never    State;
    DatabaseReplaced             "database-replaced"               Error     Never    State;
    DatabaseOlderThanLogs        "database-older-than-logs"        Error     Never    State;
    LogVersionUnknown            "log-version-unknown"             Error     Never    Logs;
    DatabaseNewerThanLogs        "database-newer-than-logs"        Error     Never    State;
    NameTaken                    "name-taken"                      Error     Never    Logs;
    ClosedLogsOnly               "closed-logs-only"                Error     Never    Logs;
    RepairedDatabase             "repaired-database"               Warning   Never    State;
    CountedDamage                "counted-damage"                  Warning   Never    State;
    TemporaryDatabase            "temporary-database"              Info      Never    State;
    PatchFile                    "patch-file"                      Info      Never    State;
    OtherFormat                  "other-format"                    Info      Never    State;
    OperationPending             "operation-pending"               Error     Never    State;
    BackupGenInverted            "backup-gen-inverted"             Warning   IfNamed  BackupFields;
    BackupGenHalfSet             "backup-gen-half-set"             Warning   IfNamed  BackupFields;
    BackupGenBeyondLog           "backup-gen-beyond-log"           Warning   IfNamed  BackupFields;
    FullBackupNeeded             "full-backup-needed"              Info      Never    BackupFields;
    NoLogging                    "no-logging"                      Info      Never    State;
}

/// What the table says of one finding.
struct Row {
    name: &'static str,
    severity: Severity,
    mending: Mending,
    subject: Subject,
}

/// Whether `repair` acts on a finding by itself. On what merely follows from another finding it does
/// not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mending {
    /// It does.
    Always,
    /// Only where it is named with `--also`.
    IfNamed,
    /// It does not.
    Never,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The two copies of a database's header.
    HeaderCopies,
    /// What the header records of backups.
    BackupFields,
    /// The state of a database: dirty, in a backup, in the middle of an operation.
    State,
    /// The streaming file of a database.
    StreamingFile,
    /// The logs that recovery of a database needs.
    RequiredLogs,
    /// The logs of a log stream.
    Logs,
    /// The checkpoint of a log stream.
    Checkpoint,
}

impl FindingId {
    /// The warnings that `repair --also` accepts.
    pub fn repairable_warnings() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|id| id.mending() == Mending::IfNamed)
    }

    /// The id as it is printed.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// How bad a finding of this id is, unless it says otherwise itself.
    pub fn severity(self) -> Severity {
        self.row().severity
    }

    /// Whether a repair acts on it.
    pub(crate) fn mending(self) -> Mending {
        self.row().mending
    }

    /// What it is about.
    pub(crate) fn subject(self) -> Subject {
        self.row().subject
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_name_is_the_serialised_one() {
        for &id in FindingId::ALL {
            assert_eq!(serde_json::to_value(id).unwrap(), id.name());
        }
    }

    #[test]
    fn the_names_are_those_of_the_variants() {
        for &id in FindingId::ALL {
            let words = id.name().split('-').map(|word| word[..1].to_uppercase() + &word[1..]);
            assert_eq!(words.collect::<String>(), format!("{id:?}"));
        }
    }

    #[test]
    fn what_is_mended_when_it_is_named_is_a_warning() {
        let also: Vec<_> = FindingId::repairable_warnings().collect();
        assert_eq!(also.len(), 3);
        assert!(also.iter().all(|id| id.severity() == Severity::Warning), "{also:?}");
    }
}
