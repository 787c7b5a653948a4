//! Facts to findings: what is wrong, what will happen because of it, and what mends it.
//!
//! One file per subject. Pure: no I/O. A new finding gets its row in the table of
//! [`FindingId`], its judgement in the file of its subject, and its section in `docs/findings.md`.

mod backup_info;
mod chain;
mod checkpoint;
mod damaged_files;
mod finding;
mod finding_id;
mod forecast;
mod generation_range;
mod group;
mod header_copies;
mod log_files;
mod required_logs;
mod sequence;
mod state;
mod streaming_file;
mod unclean;

pub use backup_info::{fault_id, fault_in_words, field_faults, last_seen_generation, log_gen};
pub use damaged_files::{
    attach_list_way_out, damaged_checkpoint, damaged_log, half_damaged_checkpoint,
};
pub use finding::{Finding, Severity};
pub use finding_id::{FindingId, Mending, Subject};
pub use forecast::{Forecast, ForecastOutcome};
pub use generation_range::GenerationRange;
pub use group::{GroupDiagnosis, StreamOutlook, diagnose_group};
pub use header_copies::copy_evidence;
pub use sequence::SequenceUse;
pub use unclean::{Unclean, required, unclean};

use crate::ese::ContentKind;
use crate::survey::DatabaseFacts;

/// All findings of one database, errors first, each subject in its order.
pub fn diagnose_database(facts: &DatabaseFacts) -> Vec<Finding> {
    if facts.kind != ContentKind::Database {
        return Vec::new();
    }
    let mut findings = header_copies::judge(facts);
    findings.extend(state::judge_pending(facts));
    if let Some(pair) = &facts.pair {
        findings.extend(state::judge(facts, &pair.header));
        findings.extend(backup_info::judge(facts, &pair.header));
        findings.extend(streaming_file::judge(facts, &pair.header));
    }
    findings.sort_by_key(|finding| finding.severity);
    findings
}
