//! The state of the database: dirty, in a backup, in the middle of one of our own operations.

use crate::ese::{DbHeader, DbState};
use crate::show::{CommandLine, quoted, shown};
use crate::survey::DatabaseFacts;

use super::current_backup::{CurrentBackup, current_backup};
use super::unclean::{Unclean, required, unclean};
use super::{Finding, FindingId};

pub(super) fn judge_pending(facts: &DatabaseFacts) -> Option<Finding> {
    let marker = facts.group_pending.as_ref().or(facts.pending.as_ref())?;
    Some(Finding::new(
        FindingId::OperationPending,
        format!("an edbmend operation on it or its logs was interrupted: {}", shown(marker)),
        "The header or the logs may be half done. Nothing else will be written before it is finished.",
        CommandLine::new("recover").path(marker),
    ))
}

pub(super) fn judge(facts: &DatabaseFacts, header: &DbHeader) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(not_clean(facts, header));
    findings.extend(backup_in_progress(header));
    if header.raw.log_signature.is_unset() {
        findings.push(no_logging(header));
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
    let answer = if unclean.recovers {
        format!(
            "Without recovery the engine answers {error}. The header must not be edited: recovery \
             would undo the edit."
        )
    } else {
        format!("The engine answers {error}. The header must not be edited.")
    };
    let consequence = format!("{meaning} {answer}");
    let remedy = format!("{} Then: edbmend check {}", unclean.way_out, quoted(&facts.path));
    Some(Finding::new(FindingId::DirtyShutdown, message, consequence, remedy).of_field("state"))
}

fn backup_in_progress(header: &DbHeader) -> Option<Finding> {
    let backup = current_backup(header)?;
    let consequence = if backup.is_of_the_copy {
        "This is the copy that a backup made, waiting for hard recovery. It is no database to \
         repair."
    } else {
        "The header says that a backup is under way, though the database is closed."
    };
    let CurrentBackup { label, key, info, .. } = &backup;
    let message = format!("{label}: Log Gen: {}-{}", info.gen_low, info.gen_high);
    let id = FindingId::BackupInProgress;
    Some(Finding::new(id, message, consequence, backup.way_out()).of_field(key))
}

fn no_logging(header: &DbHeader) -> Finding {
    let remedy = if header.state() == DbState::CleanShutdown {
        "As long as no logs of before lie beside it: nothing to do. At the next logged attach the engine clears all \
         backup fields."
    } else {
        "See dirty-shutdown."
    };
    Finding::new(
        FindingId::NoLogging,
        "Log Signature is all zero",
        "The database belongs to no log stream: it was written without logging, or went through eseutil /p or /d.",
        remedy,
    )
    .of_field("log_signature")
}
