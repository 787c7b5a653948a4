//! Facts to findings: what is wrong, what will happen because of it, and what mends it.
//!
//! One file per subject. Pure: no I/O. A new finding gets its row in the table of
//! [`FindingId`], its judgement in the file of its subject, and its section in `docs/findings.md`.

mod absent;
mod backup_info;
mod chain;
mod checkpoint;
mod closed_logs;
mod counters;
mod current_backup;
mod damaged_files;
mod database;
mod exchanged;
mod finding;
mod finding_id;
mod fitness;
mod forecast;
mod generation_range;
mod group;
mod header_copies;
mod instance;
mod log_bodies;
mod log_files;
mod log_ranges;
mod membership;
mod newer;
mod next_start;
mod other_files;
mod other_stream;
mod required_logs;
mod sequence;
mod severity;
mod state;
mod streaming_file;
mod unclean;
mod way_out;

pub use backup_info::{fault_id, fault_in_words, field_faults, last_seen_generation, log_gen};
pub use checkpoint::CheckpointState;
pub use current_backup::CurrentBackup;
pub use damaged_files::{
    attach_list_way_out, damaged_checkpoint, damaged_log, half_damaged_checkpoint,
};
pub use database::diagnose_database;
pub use finding::Finding;
pub use finding_id::{FindingId, Mending, Subject};
pub use fitness::{
    MissingPages, Obstacle, cut_off, logs_pending, missing_pages, obstacles, pages_missing_behind,
    repair_command, unknown_format,
};
pub use forecast::{Forecast, ForecastOutcome, Ground};
pub use generation_range::GenerationRange;
pub use group::{GroupDiagnosis, StreamOutlook, diagnose_group, diagnose_group_but, diagnose_logs};
pub use header_copies::{CopyFault, copy_evidence, copy_fault};
pub use log_bodies::damaged_body;
pub use log_ranges::{LogRange, LogRangeState};
pub use membership::{
    NamedDatabase, absent_databases, is_archive, is_of_stream, later_self, missing_databases,
    named_databases,
};
pub use next_start::known_later;
pub use other_files::other_format;
pub use sequence::SequenceUse;
pub use severity::Severity;
pub use streaming_file::{StreamingFileFault, streaming_file_fault};
pub use unclean::{NOT_BY_A_MOUNT, Unclean, required, unclean};
pub use way_out::{Action, WayOutStep};
