//! The text of `eseutil /mk`, label by label, in its order.
//!
//! Source: `dev/ese/src/ese/_log/logdump.cxx`.

use crate::ese::{Checkpoint, LgPos};

use super::lines::Lines;

/// What the engine prints behind every database of a checkpoint: the state of its own process
/// after it loaded the list, not of the databases.
const LOADED_STATE: &str = "LogOff VerOn RW";

/// Prints a checkpoint as `eseutil /mk` does.
pub fn dump_checkpoint(checkpoint: &Checkpoint) -> String {
    let mut out = Lines::default();
    let raw = &checkpoint.raw;
    out.blank();
    let full_backup_checkpoint = LgPos::from(raw.full_backup_checkpoint_pos);
    out.line("      LastFullBackupCheckpoint: ", full_backup_checkpoint);
    out.line("      Checkpoint: ", checkpoint.checkpoint());
    out.line("      DbConsistency: ", LgPos::from(raw.consistency_pos));
    out.line("      FullBackup: ", checkpoint.full_backup());
    out.line("      FullBackup time: ", raw.full_backup_time);
    out.line("      IncBackup: ", checkpoint.incremental_backup());
    out.line("      IncBackup time: ", raw.incremental_backup_time);
    out.line("      Signature: ", raw.log_signature);
    out.environment(&checkpoint.environment());
    match checkpoint.attached() {
        Err(error) => out.line("      WARNING: ", error),
        Ok(databases) => {
            for database in &databases {
                out.line(
                    "",
                    format_args!("{:7} {} {LOADED_STATE}", database.dbid, database.database_path),
                );
                out.attached("        ", database);
            }
        }
    }
    out.text()
}
