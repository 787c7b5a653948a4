//! What can be done with a group, and what it leaves.

use std::path::PathBuf;
use std::sync::Arc;

use crate::ese::{BackupInfo, DbState, Signature};
use crate::simulate::{
    DatabaseContent, DatabaseFile, Leave, Set, Started, Stop, recover_set, start,
};

/// One thing that can be done.
#[derive(Clone, Debug)]
pub(super) enum Move {
    FinishOperation(PathBuf),
    CopyAside,
    RepairHeader(PathBuf, String),
    RebuildHeader {
        path: PathBuf,
        /// How it is known to be accepted.
        evidence: Evidence,
    },
    BringLogsBack {
        what: String,
    },
    BringDatabaseBack {
        what: String,
        which: Wanted,
    },
    BringStreamingFileBack(PathBuf),
    CheckpointAway(PathBuf),
    LogsAway(Vec<PathBuf>, Reason),
    DatabaseAway(PathBuf),
    UseLastLog {
        from: PathBuf,
        to: PathBuf,
    },
    Recover(Leave),
    /// Recovery of a stream whose numbers are used up: it fails, and leaves clean databases.
    RecoverToTheEnd,
    ResetLogs,
    FinishRestore(PathBuf),
    RestoreBackup,
    RepairDatabase(PathBuf),
    CheckAgain,
    Mount,
}

/// Why a header may be rebuilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evidence {
    /// Its pages and its logs prove it.
    Proven,
    /// There are nothing but pages; it is for a hard repair.
    PagesOnly,
    /// They were not read.
    Unread,
}

/// Which file is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The newest copy.
    Newest,
    /// One of before `eseutil /p`, which no log makes consistent.
    BeforeRepair,
    /// One that is there under the name of another.
    UnderItsName,
}

/// Why logs are moved away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// They lie below the first that recovery needs, and something is wrong with them.
    BelowRequired,
    /// They have the name that the next closed log will get.
    NameTaken,
    /// They cannot be used, and hold only what was committed.
    Damaged,
}

impl Move {
    /// The set behind it. What cannot be tried leaves it as it is.
    pub fn apply(&self, set: &Set) -> Result<Set, Stop> {
        let mut set = set.clone();
        match self {
            Self::CheckpointAway(_) => set.checkpoint = None,
            Self::LogsAway(paths, _) => {
                Arc::make_mut(&mut set.archives).retain(|_, log| !paths.contains(&log.path));
                set.current = set.current.filter(|log| !paths.contains(&log.path));
            }
            Self::DatabaseAway(path) => set.databases.retain(|file| file.path != *path),
            Self::UseLastLog { .. } => {
                let last = Arc::make_mut(&mut set.archives).pop_last();
                set.current = last.map(|(_, log)| log);
            }
            Self::Recover(leave) => set = recover_set(&set, *leave)?,
            Self::RecoverToTheEnd => set = recover_set(&set, Leave::default())?,
            Self::ResetLogs => {
                set = Set { databases: set.databases, ..Set::default() };
            }
            Self::RepairDatabase(path) => {
                let of_path = |file: &&mut DatabaseFile| file.path == *path;
                set.databases.iter_mut().filter(of_path).for_each(repaired);
            }
            _ => {}
        }
        Ok(set)
    }
}

/// As `eseutil /p` leaves a database: clean, of no log stream, and no longer the one that the logs know.
fn repaired(file: &mut DatabaseFile) {
    let DatabaseContent::Header(header) = &mut file.content else { return };
    header.state = DbState::CleanShutdown;
    header.db_signature = Signature::default();
    header.log_signature = Signature::default();
    (header.min_required, header.max_required, header.max_committed) = (0, 0, 0);
    (header.full, header.incremental) = (BackupInfo::NONE, BackupInfo::NONE);
    header.current_full = (0, 0);
}

/// The start behind all of them.
pub(super) fn start_after(moves: &[Move], set: &Set) -> Result<Started, Stop> {
    let mut set = set.clone();
    for one in moves {
        set = one.apply(&set)?;
    }
    start(&set)
}
