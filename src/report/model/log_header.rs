//! The header of a log as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::ese::log_header::{
    LOG_FLAG_CIRCULAR_BEFORE, LOG_FLAG_CIRCULAR_NOW, LOG_FLAG_RESERVE_USED,
};
use crate::ese::{AttachedDatabase, DbmsParam, LgPos, LogHeader, LogTime, LogVersion, Signature};
use crate::show::Hex;

/// The header of a log.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LogHeaderReport {
    /// Stored checksum.
    pub checksum: Hex<u32>,
    /// Log generation.
    pub generation: i32,
    /// Creation time.
    pub created: LogTime,
    /// Creation time of the log before.
    pub previous_created: LogTime,
    /// Accumulated segment checksum of the log before.
    pub previous_segment_checksum: Hex<u64, 16>,
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
            checksum: Hex(raw.checksum.get()),
            generation: header.generation(),
            created: raw.create_time,
            previous_created: raw.previous_create_time,
            previous_segment_checksum: Hex(raw.previous_segment_checksum.get()),
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
