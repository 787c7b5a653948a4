//! The backup fields, and what they will do to the next backup.

use crate::ese::backup_info::LAST_GENERATION;
use crate::ese::db_header::FIRST_REVISION_WITH_COPY_BACKUP;
use crate::ese::engine::{self, NextIncremental};
use crate::ese::{BackupFault, BackupField, BackupInfo, DbHeader, DbState};
use crate::show::Paragraph;
use crate::survey::DatabaseFacts;

use super::fitness::repair_command;
use super::{Finding, FindingId};

/// The fields that are at fault, with their fault.
pub fn field_faults(header: &DbHeader) -> Vec<(BackupField, BackupFault)> {
    let last_seen = last_seen_generation(header);
    let faults = BackupField::ALL.map(|field| (field, header.backup(field).fault(last_seen)));
    faults.into_iter().filter_map(|(field, fault)| Some((field, fault?))).collect()
}

/// The finding that stands for a fault of a field.
pub fn fault_id(field: BackupField, fault: BackupFault) -> FindingId {
    match (fault, field) {
        (BackupFault::Impossible, BackupField::Full) => FindingId::FullBackupGenInvalid,
        (BackupFault::Impossible, BackupField::Incremental) => {
            FindingId::IncrementalBackupGenInvalid
        }
        (BackupFault::Impossible, BackupField::Copy) => FindingId::CopyBackupGenInvalid,
        (BackupFault::Impossible, BackupField::Differential) => {
            FindingId::DifferentialBackupGenInvalid
        }
        (BackupFault::HalfSet, _) => FindingId::BackupGenHalfSet,
        (BackupFault::Inverted, _) => FindingId::BackupGenInverted,
        (BackupFault::BeyondLog, _) => FindingId::BackupGenBeyondLog,
    }
}

/// The latest generation that the header proves; 0 = unknown. Only a clean header is complete: in
/// a mounted database the backup fields run ahead of the positions.
pub fn last_seen_generation(header: &DbHeader) -> u32 {
    if header.state() == DbState::CleanShutdown { header.last_seen_generation() } else { 0 }
}

pub(super) fn judge(facts: &DatabaseFacts, header: &DbHeader) -> Vec<Finding> {
    let faults = field_faults(header);
    let mut findings: Vec<_> =
        faults.iter().map(|&(field, fault)| field_finding(facts, header, field, fault)).collect();
    if why_harmless(facts, header).is_some() {
        return findings;
    }
    findings.extend(next_incremental_fails(facts, header));
    findings.extend(next_full_truncates(facts, header));
    if header.backup(BackupField::Full).is_none() {
        findings.push(full_backup_needed());
    }
    findings
}

fn field_finding(
    facts: &DatabaseFacts,
    header: &DbHeader,
    field: BackupField,
    fault: BackupFault,
) -> Finding {
    let id = fault_id(field, fault);
    let info = header.backup(field);
    let mut message = format!(
        "{}: {}; {}",
        field.label(),
        log_gen(&info),
        fault_in_words(fault, last_seen_generation(header))
    );
    if let (BackupFault::Impossible, Some(why)) = (fault, why_harmless(facts, header)) {
        message += &format!("; but {why}");
    }
    let (consequence, remedy) = match fault {
        BackupFault::Impossible => {
            (impossible_consequence(facts, header, field), mend(facts, header))
        }
        _ => (
            "The field is suspicious, but may be right. edbmend leaves it alone unless it is asked to \
             clear it."
                .to_owned(),
            repair_command(facts, Some(id)).map_or_else(|first| first, Paragraph::from),
        ),
    };
    Finding::new(id, message, consequence, remedy).of_field(field.key())
}

/// `Log Gen: 1-4294967295 (0x1-0xffffffff)`, as `eseutil /mh` prints it.
pub fn log_gen(info: &BackupInfo) -> String {
    let (low, high) = (info.gen_low, info.gen_high);
    format!("Log Gen: {low}-{high} (0x{low:x}-0x{high:x}){}", info.backup_type.eseutil_suffix())
}

/// What is wrong with the generations of a field of a database that has seen none after `last_seen`.
pub fn fault_in_words(fault: BackupFault, last_seen: u32) -> String {
    match fault {
        BackupFault::Impossible => {
            format!("no log can have a generation beyond {LAST_GENERATION} (0x{LAST_GENERATION:x})")
        }
        BackupFault::HalfSet => "one of the two is zero, the other is not".into(),
        BackupFault::Inverted => "the first is later than the second".into(),
        BackupFault::BeyondLog => {
            format!("the database has never seen a generation after {last_seen} (0x{last_seen:x})")
        }
    }
}

/// Why no backup can fail because of the fields: the next logged attach clears them.
fn why_harmless(facts: &DatabaseFacts, header: &DbHeader) -> Option<&'static str> {
    if header.raw.log_signature.is_unset() {
        Some("the log signature is zero")
    } else if facts.logs.as_ref().is_some_and(|logs| logs.only_foreign) {
        Some("the log signature is not that of the logs that are there")
    } else {
        None
    }
}

fn impossible_consequence(facts: &DatabaseFacts, header: &DbHeader, field: BackupField) -> String {
    if let Some(why) = why_harmless(facts, header) {
        return format!(
            "As {why}, no backup can fail because of it: at the next logged attach the engine clears \
             the field."
        );
    }
    match field {
        BackupField::Full | BackupField::Incremental => {
            "The engine computes from it which log must come next, and no such log can exist."
                .into()
        }
        BackupField::Copy | BackupField::Differential => {
            "No backup depends on it, but what it says cannot be true.".into()
        }
    }
}

/// The remedy: newer engines heal the field by a full backup, Exchange 2003 does not.
fn mend(facts: &DatabaseFacts, header: &DbHeader) -> Paragraph {
    match repair_command(facts, also(header)) {
        Ok(repair) if header.raw.revision.get() >= FIRST_REVISION_WITH_COPY_BACKUP => format!(
            "Mount the database and run a full backup, which rewrites the field. If that fails: {repair}"
        )
        .into(),
        Ok(repair) => repair.into(),
        Err(first) => first,
    }
}

/// The warning without whose name a repair leaves the chain alone: where none of its fields is an error.
pub(super) fn also(header: &DbHeader) -> Option<FindingId> {
    let faults = field_faults(header);
    let is_error = |(field, fault): &(BackupField, BackupFault)| {
        *field != BackupField::Copy && *fault == BackupFault::Impossible
    };
    let has_error = faults.iter().any(is_error);
    match faults.iter().find(|(field, _)| *field == BackupField::Full) {
        Some(&(field, fault)) if !has_error => Some(fault_id(field, fault)),
        _ => None,
    }
}

fn next_incremental_fails(facts: &DatabaseFacts, header: &DbHeader) -> Option<Finding> {
    let (full, incremental) =
        (header.backup(BackupField::Full), header.backup(BackupField::Incremental));
    let logs = facts.logs.as_ref();
    let all_read = logs.filter(|logs| !logs.unread);
    let lowest_log = all_read.and_then(|logs| logs.generations.first().copied());
    let NextIncremental::MissingLog { generation } =
        engine::next_incremental(&full, &incremental, lowest_log)
    else {
        return None;
    };
    let names = engine::missing_log_name(logs.and_then(|logs| logs.naming), generation);
    // A chain that merely lost a log is no damage of the header: there is nothing to repair.
    let damaged =
        [full, incremental].iter().any(|info| info.fault(0) == Some(BackupFault::Impossible));
    let (name, why, remedy) = if damaged {
        (
            names.exchange_2003,
            format!(
                " (Exchange 2003 per KB946799, where full backups fail too); newer engines name \
                 {}",
                names.published
            ),
            mend(facts, header),
        )
    } else {
        let remedy = "Bring the missing logs back, or run a full backup, which begins a new chain.";
        (names.published, String::new(), remedy.into())
    };
    let unless = if logs.is_some_and(|logs| logs.none_there) { UNLESS_RESET } else { "" };
    Some(Finding::new(
        FindingId::NextIncrementalFails,
        format!(
            "The next incremental backup asks for log generation max({}, {}) + 1 = {generation}, \
             which is not there",
            full.gen_high, incremental.gen_high
        ),
        format!(
            "Error -569 and event 459: the file {name} is missing and could not be \
             backed-up{why}.{unless}"
        ),
        remedy,
    ))
}

/// Without logs nobody knows whether they are elsewhere or were moved away for good.
const UNLESS_RESET: &str = " No log was found here. If they are elsewhere (--log-dir), this holds. If a log reset moved them \
     away, it does not: the next mount begins generation 1 under a new log signature and clears the \
     backup fields.";

fn next_full_truncates(facts: &DatabaseFacts, header: &DbHeader) -> Option<Finding> {
    let full = header.backup(BackupField::Full);
    let last_log = match last_seen_generation(header) {
        0 => LAST_GENERATION,
        seen => seen,
    };
    if engine::holds_back_truncation(&full, last_log) {
        return None;
    }
    Some(Finding::new(
        FindingId::NextFullTruncates,
        format!("The recorded generation {} holds no log back", full.gen_high),
        "Run no full backup of the group before the repair: it may delete logs that this store needs. Without them it \
         cannot be rolled forward.",
        mend(facts, header),
    ))
}

fn full_backup_needed() -> Finding {
    Finding::new(
        FindingId::FullBackupNeeded,
        "Previous Full Backup: Log Gen: 0-0 (0x0-0x0); no full backup is recorded",
        "The next incremental backup answers -560 (event 206). That is by design.",
        "Run a full backup.",
    )
    .of_field(BackupField::Full.key())
}
