//! The state of the database: dirty, in a backup, in the middle of one of our own operations.

use crate::ese::{BackupInfo, DbHeader, DbState};
use crate::storage::{quoted, shown};
use crate::survey::DatabaseFacts;

use super::{Finding, FindingId};

pub(super) fn judge_pending(facts: &DatabaseFacts) -> Option<Finding> {
    let marker = facts.pending.as_ref().or(facts.group_pending.as_ref())?;
    Some(Finding::new(
        FindingId::OperationPending,
        format!("an edbmend operation on it or its logs was interrupted: {}", shown(marker)),
        "The header or the logs may be half done. Nothing else will be written before it is finished.",
        format!("edbmend recover {}", quoted(marker)),
    ))
}

/// What must be done before a repair, which would be refused otherwise.
pub(super) fn before_a_repair(facts: &DatabaseFacts, header: &DbHeader) -> Option<String> {
    if let Some(marker) = facts.pending.as_ref().or(facts.group_pending.as_ref()) {
        return Some(format!("edbmend recover {}", quoted(marker)));
    }
    let page_size_bytes = facts.pair.as_ref()?.page_size_bytes as u64;
    if !facts.status.length_bytes.is_multiple_of(page_size_bytes) {
        let text = "The file was cut off, probably while it was copied. Use the original.";
        return Some(text.to_owned());
    }
    if header.state() != DbState::CleanShutdown {
        return Some(
            "Make the database clean first (see dirty-shutdown), then check again.".to_owned(),
        );
    }
    backup_in_progress(header).map(|finding| finding.remedy + " Then check again.")
}

pub(super) fn judge(facts: &DatabaseFacts, header: &DbHeader) -> Vec<Finding> {
    let mut findings = Vec::new();
    if header.state() != DbState::CleanShutdown {
        findings.push(not_clean(facts, header));
    }
    findings.extend(backup_in_progress(header));
    if header.raw.log_signature.is_unset() {
        findings.push(no_logging());
    }
    findings
}

fn not_clean(facts: &DatabaseFacts, header: &DbHeader) -> Finding {
    let (min, max) = (header.raw.gen_min_required.get(), header.raw.gen_max_required.get());
    Finding::new(
        FindingId::DirtyShutdown,
        format!("State: {}, Log Required: {min}-{max} (0x{min:x}-0x{max:x})", header.state().label()),
        "The database is not consistent without these logs. Its header must not be edited: recovery \
         would undo the edit.",
        format!(
            "Mount the store and dismount it again, or run soft recovery (eseutil /r), then: edbmend \
             check {}",
            quoted(&facts.path)
        ),
    )
    .of_field("state")
}

fn backup_in_progress(header: &DbHeader) -> Option<Finding> {
    let full = header.current_full_backup();
    let shadow_copy = header.current_shadow_copy_backup();
    let (label, key, info): (_, _, BackupInfo) = if full.gen_low != 0 {
        ("Current Full Backup", "current_full_backup", full)
    } else if shadow_copy.gen_low != 0 {
        ("Current Shadow copy backup", "current_shadow_copy_backup", shadow_copy)
    } else {
        return None;
    };
    let (consequence, remedy) = if header.state() == DbState::CleanShutdown {
        (
            "The header says that a backup is under way, though the database is closed.",
            "Mount the store and dismount it once: the engine clears the field.",
        )
    } else {
        (
            "This is the copy that a backup made, waiting for hard recovery. It is no database to \
             repair.",
            "Restore it properly (with the program that made the backup, or eseutil /cc).",
        )
    };
    let message = format!("{label}: Log Gen: {}-{}", info.gen_low, info.gen_high);
    Some(Finding::new(FindingId::BackupInProgress, message, consequence, remedy).of_field(key))
}

fn no_logging() -> Finding {
    Finding::new(
        FindingId::NoLogging,
        "Log Signature is all zero",
        "The database belongs to no log stream: it was written without logging, or repaired with \
         eseutil /p.",
        "Nothing to do. At the next logged attach the engine clears all backup fields.",
    )
    .of_field("log_signature")
}
