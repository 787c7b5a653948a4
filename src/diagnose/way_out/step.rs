//! One step of a way out.

use schemars::JsonSchema;
use serde::Serialize;

/// What a step does. Scripts rely on these names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// An interrupted operation of edbmend is brought to its end.
    FinishOperation,
    /// A copy of databases, logs and checkpoint is put aside.
    CopyAside,
    /// The header of a database is repaired.
    RepairHeader,
    /// The header of a database, of which no copy is left, is looked for.
    RebuildHeader,
    /// Logs that are not there, or cannot be used, are brought back.
    BringLogsBack,
    /// A database that is not there, or is another one, is brought back.
    BringDatabaseBack,
    /// A streaming file is brought back.
    BringStreamingFileBack,
    /// The checkpoint is moved away.
    MoveCheckpointAway,
    /// Logs are moved away.
    MoveLogsAway,
    /// A database is moved away.
    MoveDatabaseAway,
    /// The last closed log takes the place of the current one.
    UseLastLog,
    /// Soft recovery.
    RecoverLogs,
    /// All logs of the stream are moved away by `edbmend reset-logs`.
    ResetLogs,
    /// The hard recovery of a backup is finished.
    FinishRestore,
    /// The databases are restored from a backup.
    RestoreBackup,
    /// Hard repair of a database.
    RepairDatabase,
    /// The group is checked again.
    CheckAgain,
    /// The stores are mounted.
    MountStores,
}

impl Action {
    /// As an order: `Move the checkpoint away`.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::FinishOperation => "Finish the interrupted operation",
            Self::CopyAside => "Copy everything aside",
            Self::RepairHeader => "Repair the header",
            Self::RebuildHeader => "See whether the header can be rebuilt",
            Self::BringLogsBack => "Bring the logs back",
            Self::BringDatabaseBack => "Bring the database back",
            Self::BringStreamingFileBack => "Bring the streaming file back",
            Self::MoveCheckpointAway => "Move the checkpoint away",
            Self::MoveLogsAway => "Move logs away",
            Self::MoveDatabaseAway => "Move the database away",
            Self::UseLastLog => "Let the last closed log be the current one",
            Self::RecoverLogs => "Run soft recovery",
            Self::ResetLogs => "Reset the logs",
            Self::FinishRestore => "Finish the restore",
            Self::RestoreBackup => "Restore a backup",
            Self::RepairDatabase => "Repair the database by force",
            Self::CheckAgain => "Check again",
            Self::MountStores => "Mount the stores",
        }
    }
}

/// One step of a way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WayOutStep {
    /// Its number within its group, from 1 on.
    pub step: usize,
    /// What it does.
    pub action: Action,
    /// The whole command line; `null` where no command does it.
    pub command: Option<String>,
    /// What it is for, and when it is to be left out.
    pub why: String,
    /// What it loses; `null` where it loses nothing.
    pub loses: Option<String>,
    /// The group: the folder of its logs with their base name, or the folder alone.
    pub group: String,
}
