//! The state of the database: dirty, in a backup, in the middle of one of our own operations.

use crate::ese::shadow::CopyState;
use crate::ese::{BackupInfo, DbHeader, DbState, format_problem, is_attachable};
use crate::show::{quoted, shown};
use crate::survey::DatabaseFacts;

use super::unclean::{Unclean, required, unclean};
use super::{Finding, FindingId};

pub(super) fn judge_pending(facts: &DatabaseFacts) -> Option<Finding> {
    let marker = facts.group_pending.as_ref().or(facts.pending.as_ref())?;
    Some(Finding::new(
        FindingId::OperationPending,
        format!("an edbmend operation on it or its logs was interrupted: {}", shown(marker)),
        "The header or the logs may be half done. Nothing else will be written before it is finished.",
        format!("edbmend recover {}", quoted(marker)),
    ))
}

/// What must be done before a repair, which would be refused otherwise.
pub(super) fn before_a_repair(facts: &DatabaseFacts, header: &DbHeader) -> Option<String> {
    if let Some(marker) = facts.group_pending.as_ref().or(facts.pending.as_ref()) {
        return Some(format!("edbmend recover {}", quoted(marker)));
    }
    if let Some(instead) = beyond_repair(facts, header) {
        return Some(instead);
    }
    if header.state() != DbState::CleanShutdown {
        return Some(
            "Make the database clean first (see dirty-shutdown), then check again.".to_owned(),
        );
    }
    backup_in_progress(header).map(|finding| finding.remedy + " Then check again.")
}

/// What to do instead of a repair where the file is one that no repair is made of.
fn beyond_repair(facts: &DatabaseFacts, header: &DbHeader) -> Option<String> {
    let pair = facts.pair.as_ref()?;
    let (length, page) = (facts.status.length_bytes, pair.page_size_bytes as u64);
    let text = if length < 2 * page || !length.is_multiple_of(page) {
        "The file was cut off, probably while it was copied. Use the original."
    } else if !is_attachable(header) {
        "Nothing by edbmend: the engine does not attach this file (see not-a-database)."
    } else if format_problem(header).is_some() {
        "Nothing by edbmend: it does not know this format (see unsupported-format)."
    } else if [pair.primary, pair.shadow].contains(&CopyState::Unreadable) {
        return Some(format!(
            "Copy the file to a sound disk (ddrescue), and there: edbmend check {}",
            quoted(&facts.path)
        ));
    } else if pair.header.shadowing_disabled() && pair.shadow == CopyState::BadChecksum {
        "Nothing by edbmend: the header says Shadowed: No, so the second page may be data."
    } else {
        return None;
    };
    Some(text.to_owned())
}

pub(super) fn judge(facts: &DatabaseFacts, header: &DbHeader) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(not_clean(facts, header));
    findings.extend(backup_in_progress(header));
    if header.raw.log_signature.is_unset() {
        findings.push(no_logging());
    }
    findings
}

fn not_clean(facts: &DatabaseFacts, header: &DbHeader) -> Option<Finding> {
    let unclean = unclean(header)?;
    let mut message = format!("State: {}", header.state().label());
    if let Some((min, max)) = required(header) {
        message += &format!(", Log Required: {min}-{max} (0x{min:x}-0x{max:x})");
    }
    let Unclean { error, meaning, .. } = unclean;
    let answer = match unclean.recovers {
        true => format!(
            "Without recovery the engine answers {error}. The header must not be edited: recovery \
             would undo the edit."
        ),
        false => format!("The engine answers {error}. The header must not be edited."),
    };
    let consequence = format!("{meaning} {answer}");
    let remedy = format!("{} Then: edbmend check {}", unclean.way_out, quoted(&facts.path));
    Some(Finding::new(FindingId::DirtyShutdown, message, consequence, remedy).of_field("state"))
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
