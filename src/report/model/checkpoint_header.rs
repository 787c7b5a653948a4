//! A checkpoint as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::ese::{
    AttachedDatabase, Checkpoint, CheckpointCopies, DbmsParam, LgPos, LogTime, Signature,
};
use crate::show::Hex;

/// A checkpoint.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CheckpointHeaderReport {
    /// Stored checksum.
    pub checksum: Hex<u32>,
    /// From where the engine replays.
    pub checkpoint: LgPos,
    /// From where the engine replayed at the last full backup.
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
            checksum: Hex(raw.checksum.get()),
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
