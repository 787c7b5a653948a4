//! What a start of the engine meets.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ese::db_header::FIRST_REVISION_WITH_COPY_BACKUP;
use crate::ese::{AttachedDatabase, BackupField, BackupInfo, DbHeader, DbState, LgPos, Signature};
use crate::survey::{LogBody, LogSummary};

/// The logs of one base name with the checkpoint, and the databases beside them.
#[derive(Clone, Default)]
pub struct Set {
    /// Closed logs, by the generation in their names. There may be a hundred thousand, and most of the sets that are
    /// tried have the same.
    pub archives: Arc<BTreeMap<i32, Log>>,
    /// The current log.
    pub current: Option<Log>,
    /// Whether a file has the name of the temporary log, whatever it holds.
    pub has_temporary: bool,
    /// The checkpoint; `None` where there is none, or both copies are bad.
    pub checkpoint: Option<CheckpointState>,
    /// A checkpoint that the engine may read, and we may not.
    pub unread_checkpoint: Option<PathBuf>,
    /// The databases that will be attached, in the order of their paths.
    pub databases: Vec<DatabaseFile>,
    /// A recovery that is over ended these logs: no database is attached in them any more.
    pub at_rest: Option<AtRest>,
}

/// A log stream behind a recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtRest {
    /// Identity of the log stream.
    pub signature: Option<Signature>,
    /// Generation of its current log.
    pub generation: i32,
}

/// A log.
#[derive(Clone)]
pub struct Log {
    /// Absolute path.
    pub path: PathBuf,
    /// Its header.
    pub head: LogHead,
    /// Its body, where it was read.
    pub body: Option<Arc<LogBody>>,
}

/// The header of a log, as the engine takes it.
#[derive(Clone, Copy)]
pub enum LogHead {
    /// It is valid.
    Valid(LogSummary),
    /// The engine refuses it with this error.
    Refused(i32),
    /// It could not be read here, so that nothing is known of it.
    Unread,
}

impl LogHead {
    /// Its generation, where the header is valid.
    pub fn generation(&self) -> Option<i32> {
        match self {
            Self::Valid(summary) => Some(summary.generation),
            Self::Refused(_) | Self::Unread => None,
        }
    }
}

/// What is known of a checkpoint with a valid copy.
#[derive(Clone)]
pub struct CheckpointState {
    /// Its path.
    pub path: PathBuf,
    /// Where redo begins.
    pub position: LgPos,
    /// Identity of its log stream.
    pub signature: Signature,
    /// The databases that were attached there.
    pub attached: Vec<AttachedDatabase>,
}

/// A file that will be attached as a database.
#[derive(Clone)]
pub struct DatabaseFile {
    /// Absolute path.
    pub path: PathBuf,
    /// Its length in bytes.
    pub length_bytes: u64,
    /// What it holds.
    pub content: DatabaseContent,
}

/// What a database file holds.
#[derive(Clone)]
pub enum DatabaseContent {
    /// A header, of which one copy at least is valid.
    Header(HeaderState),
    /// No valid copy of a header.
    Destroyed,
}

/// The fields of a database header that a start reads or changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderState {
    /// Shutdown state.
    pub state: DbState,
    /// Identity of the database.
    pub db_signature: Signature,
    /// Identity of its log stream.
    pub log_signature: Signature,
    /// Position of the last attach.
    pub last_attach: LgPos,
    /// Position of the last consistency.
    pub last_consistent: LgPos,
    /// First generation that recovery needs.
    pub min_required: i32,
    /// Last generation without which recovery is impossible.
    pub max_required: i32,
    /// Last generation that was committed.
    pub max_committed: i32,
    /// Previous full backup.
    pub full: BackupInfo,
    /// Previous incremental backup.
    pub incremental: BackupInfo,
    /// Lowest and highest generation of a backup under way.
    pub current_full: (u32, u32),
    /// Page size in bytes.
    pub page_bytes: u32,
    /// Written by an engine of the age of Exchange 2003.
    pub is_legacy: bool,
}

impl HeaderState {
    /// The state that a header describes.
    pub fn of(header: &DbHeader) -> Self {
        let (raw, current) = (&header.raw, header.current_full_backup());
        Self {
            state: header.state(),
            db_signature: raw.db_signature,
            log_signature: raw.log_signature,
            last_attach: header.last_attach(),
            last_consistent: header.last_consistent(),
            min_required: raw.gen_min_required.get(),
            max_required: raw.gen_max_required.get(),
            max_committed: raw.gen_max_committed.get(),
            full: header.backup(BackupField::Full),
            incremental: header.backup(BackupField::Incremental),
            current_full: (current.gen_low, current.gen_high),
            page_bytes: header.page_size_bytes(),
            is_legacy: raw.revision.get() < FIRST_REVISION_WITH_COPY_BACKUP,
        }
    }

    /// Whether it is in Clean Shutdown.
    pub fn is_clean(&self) -> bool {
        self.state == DbState::CleanShutdown
    }
}

impl DatabaseFile {
    /// Its header, where it has a valid one.
    pub fn header(&self) -> Option<&HeaderState> {
        match &self.content {
            DatabaseContent::Header(header) => Some(header),
            DatabaseContent::Destroyed => None,
        }
    }

    /// How many data pages the file holds.
    pub(super) fn pages(&self) -> u64 {
        let page_bytes = self.header().map_or(4096, |header| header.page_bytes).max(2048);
        (self.length_bytes / u64::from(page_bytes)).saturating_sub(2)
    }
}

impl Set {
    /// The database file of a path that a log names: by its last component, letter case aside.
    pub(super) fn index_of(&self, server_path: &str) -> Option<usize> {
        let name = last_component(server_path);
        self.databases.iter().position(|file| has_name(&file.path, name))
    }
}

fn has_name(path: &Path, name: &str) -> bool {
    path.file_name().is_some_and(|own| own.to_string_lossy().eq_ignore_ascii_case(name))
}

/// `priv1.edb` of `D:\mdbdata\priv1.edb`.
pub fn last_component(server_path: &str) -> &str {
    server_path.rsplit(['\\', '/']).next().unwrap_or(server_path)
}
