//! The headers of all kinds of files as JSON: standard names in snake case.

use schemars::JsonSchema;
use serde::Serialize;

use crate::ese::log_header::{
    LOG_FLAG_CIRCULAR_BEFORE, LOG_FLAG_CIRCULAR_NOW, LOG_FLAG_RESERVE_USED,
};
use crate::ese::{
    AttachedDatabase, Checkpoint, CheckpointCopies, DbmsParam, FlushMapHeader, LgPos, LogHeader,
    LogTime, LogVersion, Signature,
};

use super::HeaderReport;

/// The header of a file; which kind it is says the `kind` beside it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum FileHeader {
    /// A database or a streaming file.
    Database(Box<HeaderReport>),
    /// A transaction log.
    Log(Box<LogHeaderReport>),
    /// A checkpoint.
    Checkpoint(Box<CheckpointHeaderReport>),
    /// A flush map.
    FlushMap(Box<FlushMapHeaderReport>),
}

impl FileHeader {
    /// That of a database, where it is one.
    pub fn database(&self) -> Option<&HeaderReport> {
        match self {
            Self::Database(header) => Some(header),
            _ => None,
        }
    }
}

/// The header of a log.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LogHeaderReport {
    /// Stored checksum.
    #[schemars(regex(pattern = r"^0x[0-9a-f]+$"))]
    pub checksum: String,
    /// Log generation.
    pub generation: i32,
    /// Creation time.
    pub created: LogTime,
    /// Creation time of the log before.
    pub previous_created: LogTime,
    /// Accumulated segment checksum of the log before.
    #[schemars(regex(pattern = r"^0x[0-9a-f]+$"))]
    pub previous_segment_checksum: String,
    /// Version of the format.
    pub version: LogVersion,
    /// Engine format version.
    pub engine_version: u32,
    /// Identity of the log stream.
    pub signature: Signature,
    /// Sector size, bytes.
    pub sector_bytes: u16,
    /// Sectors of the header.
    pub header_sectors: u16,
    /// Sectors of the file.
    pub file_sectors: u16,
    /// Page size of the databases in bytes, a stored 0 given as 4096.
    pub page_size: u32,
    /// Environment of the engine.
    pub environment: DbmsParam,
    /// Flags.
    pub flags: LogFlags,
    /// Type of file, 0 in old files.
    pub file_type: u32,
    /// Checkpoint when the log was created.
    pub checkpoint_at_creation: LgPos,
    /// Databases that were attached then; `null` where the list is damaged.
    pub attached: Option<Vec<AttachedDatabase>>,
}

/// The flags of a log.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct LogFlags {
    /// It was written in the space of a reserve log.
    pub reserve_used: bool,
    /// Circular logging was on.
    pub circular_logging: bool,
    /// Circular logging was on in some earlier log.
    pub circular_logging_before: bool,
}

impl LogHeaderReport {
    /// The report of a header.
    pub(crate) fn new(header: &LogHeader) -> Self {
        let raw = &header.raw;
        let is_set = |flag: u8| raw.flags & flag != 0;
        Self {
            checksum: format!("0x{:x}", raw.checksum),
            generation: header.generation(),
            created: raw.create_time,
            previous_created: raw.previous_create_time,
            previous_segment_checksum: format!("0x{:016x}", raw.previous_segment_checksum.get()),
            version: header.version(),
            engine_version: raw.engine_version.get(),
            signature: raw.log_signature,
            sector_bytes: raw.sector_bytes.get(),
            header_sectors: raw.header_sectors.get(),
            file_sectors: raw.file_sectors.get(),
            page_size: header.page_size_bytes(),
            environment: header.environment(),
            flags: LogFlags {
                reserve_used: is_set(LOG_FLAG_RESERVE_USED),
                circular_logging: is_set(LOG_FLAG_CIRCULAR_NOW),
                circular_logging_before: is_set(LOG_FLAG_CIRCULAR_BEFORE),
            },
            file_type: raw.file_type.get(),
            checkpoint_at_creation: header.checkpoint(),
            attached: header.attached().ok(),
        }
    }
}

/// A checkpoint.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CheckpointHeaderReport {
    /// Stored checksum.
    #[schemars(regex(pattern = r"^0x[0-9a-f]+$"))]
    pub checksum: String,
    /// From where the engine replays.
    pub checkpoint: LgPos,
    /// The same at the last full backup.
    pub last_full_backup_checkpoint: LgPos,
    /// Database consistency; unset = as the checkpoint.
    pub db_consistency: LgPos,
    /// Last full backup.
    pub full_backup: LgPos,
    /// Its time.
    pub full_backup_time: LogTime,
    /// Last incremental backup.
    pub incremental_backup: LgPos,
    /// Its time.
    pub incremental_backup_time: LogTime,
    /// Identity of the log stream.
    pub signature: Signature,
    /// Environment of the engine.
    pub environment: DbmsParam,
    /// Type of file, 0 in old files.
    pub file_type: u32,
    /// Attached databases; `null` where the list is damaged.
    pub attached: Option<Vec<AttachedDatabase>>,
    /// Which of the two copies are valid.
    pub copies: CheckpointCopies,
}

impl CheckpointHeaderReport {
    /// The report of the elected copy.
    pub(crate) fn new(checkpoint: &Checkpoint, copies: CheckpointCopies) -> Self {
        let raw = &checkpoint.raw;
        Self {
            checksum: format!("0x{:x}", raw.checksum),
            checkpoint: checkpoint.checkpoint(),
            last_full_backup_checkpoint: raw.full_backup_checkpoint_pos.into(),
            db_consistency: raw.consistency_pos.into(),
            full_backup: checkpoint.full_backup(),
            full_backup_time: raw.full_backup_time,
            incremental_backup: checkpoint.incremental_backup(),
            incremental_backup_time: raw.incremental_backup_time,
            signature: raw.log_signature,
            environment: checkpoint.environment(),
            file_type: raw.file_type.get(),
            attached: checkpoint.attached().ok(),
            copies,
        }
    }
}

/// The header of a flush map.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FlushMapHeaderReport {
    /// Stored checksum.
    #[schemars(regex(pattern = r"^0x[0-9a-f]+$"))]
    pub checksum: String,
    /// Version: major, minor, update.
    pub version: [u32; 3],
    /// Flags as stored.
    pub flags: u32,
    /// Whether it was closed cleanly.
    pub clean: bool,
    /// Created.
    pub created: LogTime,
    /// Last attach.
    pub attached: LogTime,
    /// Last detach.
    pub detached: LogTime,
    /// First log generation that the map needs.
    pub log_required: i32,
    /// Its creation time.
    pub log_required_time: LogTime,
    /// Target of the same.
    pub log_required_target: i32,
    /// Its creation time.
    pub log_required_target_time: LogTime,
    /// Pairs the database's header with the map.
    pub header_flush_signature: Signature,
    /// Pairs the map with the database's header.
    pub flush_map_flush_signature: Signature,
}

impl FlushMapHeaderReport {
    /// The report of a header.
    pub(crate) fn new(header: &FlushMapHeader) -> Self {
        let raw = &header.raw;
        Self {
            checksum: format!("0x{:x}", raw.checksum),
            version: [raw.version_major, raw.version_minor, raw.version_update].map(|n| n.get()),
            flags: raw.flags.get(),
            clean: header.is_clean(),
            created: raw.create_time,
            attached: raw.attach_time,
            detached: raw.detach_time,
            log_required: raw.gen_min_required.get(),
            log_required_time: raw.gen_min_required_time,
            log_required_target: raw.gen_min_required_target.get(),
            log_required_target_time: raw.gen_min_required_target_time,
            header_flush_signature: raw.header_flush_signature,
            flush_map_flush_signature: raw.flush_map_flush_signature,
        }
    }
}
