//! The answer in short: what is to be expected of each database, and of all of them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::ese::DbState;

/// What is to be expected, from good to bad. Scripts rely on these names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum VerdictId {
    /// Nothing is wrong: the next mount succeeds, and nothing is in the way of the next backups.
    Sound,
    /// A left-over temporary database, which the engine makes anew at each start.
    Temporary,
    /// Logs, and no database of theirs.
    NoDatabase,
    /// Nothing is wrong, and the next backup has to be a full one, by design.
    FullBackupFirst,
    /// It is not clean, and the next mount succeeds: recovery replays its logs.
    NeedsRecovery,
    /// It is not at fault itself, and the next mount fails at another database of its group.
    GroupFails,
    /// There are errors, and neither the next mount nor the next backups are foretold to fail.
    ErrorsFound,
    /// The next mount succeeds, and a next backup fails.
    BackupsFail,
    /// It could not be read or judged, or something that belongs to it was not found.
    Unknown,
    /// The next mount fails.
    MountFails,
    /// The next mount would do harm, whether it succeeds or not.
    DoNotMount,
}

impl VerdictId {
    /// The name in JSON: `backups-fail`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::Temporary => "temporary",
            Self::NoDatabase => "no-database",
            Self::FullBackupFirst => "full-backup-first",
            Self::NeedsRecovery => "needs-recovery",
            Self::GroupFails => "group-fails",
            Self::ErrorsFound => "errors-found",
            Self::BackupsFail => "backups-fail",
            Self::Unknown => "unknown",
            Self::MountFails => "mount-fails",
            Self::DoNotMount => "do-not-mount",
        }
    }

    /// Whether there is nothing to be done.
    pub fn is_good(self) -> bool {
        self <= Self::NoDatabase
    }
}

/// What a file is, as far as its header tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileState {
    /// A database in this state.
    Database(DbState),
    /// A database of which neither header copy is valid.
    HeaderLost,
    /// The logs of a stream, without a database.
    Logs,
    /// No database.
    OtherFile,
    /// It could not be read, or is not there.
    Unread,
}

impl FileState {
    /// The stable name used in JSON; of a database that of its state: `clean-shutdown`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Database(state) => state.id(),
            Self::HeaderLost => "header-lost",
            Self::Logs => "logs",
            Self::OtherFile => "other-file",
            Self::Unread => "unread",
        }
    }

    /// In the words of `eseutil /mh`, where it has any.
    pub fn label(self) -> &'static str {
        match self {
            Self::Database(state) => state.label(),
            Self::HeaderLost => "header lost",
            Self::Logs => "logs alone",
            Self::OtherFile => "no database",
            Self::Unread => "not read",
        }
    }
}

impl Serialize for FileState {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.id())
    }
}

impl JsonSchema for FileState {
    fn schema_name() -> Cow<'static, str> {
        "FileState".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let states = (0..=8).map(|value| Self::Database(DbState::from(value)));
        let others = [Self::HeaderLost, Self::Logs, Self::OtherFile, Self::Unread];
        let names: Vec<_> = states.chain(others).map(Self::id).collect();
        json_schema!({ "description": "What a file is, as far as its header tells.", "enum": names })
    }
}

/// What is to be expected of one database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DatabaseVerdict {
    /// What.
    pub id: VerdictId,
    /// Its state.
    pub state: FileState,
    /// In a few words, with the engine's numbers behind them.
    pub words: String,
}

/// What is to be expected of everything that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct VerdictReport {
    /// The worst of its parts.
    pub id: VerdictId,
    /// One sentence.
    pub words: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_name_is_the_serialised_one() {
        use VerdictId::*;
        for id in [
            Sound,
            Temporary,
            NoDatabase,
            FullBackupFirst,
            NeedsRecovery,
            GroupFails,
            ErrorsFound,
            BackupsFail,
            Unknown,
            MountFails,
            DoNotMount,
        ] {
            assert_eq!(serde_json::to_value(id).unwrap(), id.name());
        }
    }
}
