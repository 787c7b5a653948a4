//! A header operation with what surrounds it: the look afterwards, the record, the next steps.

use std::path::Path;

use crate::apply::{Applied, Ending, HeaderDeed};
use crate::diagnose::{FindingId, diagnose_database};
use crate::plan::{BackupMethod, BackupRecord, BackupScope, Command, Plan};
use crate::report::{DatabaseReport, Outcome, Report};
use crate::show::quoted;

use super::pages::pages_note;
use super::record;
use super::run::Run;

/// The report of one database after the deed that `report` shows.
pub(super) fn reported(
    run: &Run,
    mut report: Report,
    deed: &HeaderDeed,
    applied: Applied,
) -> Report {
    let before = report.databases.pop();
    let before =
        before.unwrap_or_else(|| DatabaseReport::unknown(&deed.database, Outcome::Planned));
    let reasons = applied.reasons.clone();
    let mut database = looked_at_again(run, before, &deed.database, applied);
    if matches!(database.outcome, Outcome::Committed | Outcome::RolledBack) {
        let mut record = Report::new(deed.plan.command.name());
        record.push(database.clone(), &reasons);
        database.notes.extend(record::leave(run, record.conclude()));
    }
    if database.outcome == Outcome::Committed {
        database.notes.extend(next_steps(&database, &deed.plan));
    }
    report.push(database, &reasons);
    report.conclude()
}

/// The report of the database as it is now.
fn looked_at_again(
    run: &Run,
    before: DatabaseReport,
    path: &Path,
    applied: Applied,
) -> DatabaseReport {
    let outcome = applied.ending.into();
    let mut database = match (applied.ending, run.survey_with_logs(path)) {
        (Ending::Committed, Ok(facts)) => DatabaseReport {
            steps: before.steps,
            notes: before.notes,
            found_before: Some(before.findings),
            ..DatabaseReport::surveyed(&facts, diagnose_database(&facts), outcome)
        },
        _ => DatabaseReport { outcome, ..before },
    };
    if let Some(pages) = applied.pages {
        database.notes.push(pages_note(&pages));
        database.pages = Some(pages);
    }
    let backup = applied.backup.as_ref();
    database.notes.extend(backup.and_then(|backup| same_volume(run, path, backup)));
    database.backup = applied.backup;
    database.operation = applied.operation;
    database
}

/// A copy on the database's own volume is no protection against the loss of that volume.
fn same_volume(run: &Run, database: &Path, backup: &BackupRecord) -> Option<String> {
    let volume = |path: &Path| run.storage().status(path).ok().map(|s| s.identity.0);
    let is_copy = backup.method == BackupMethod::Copy;
    (is_copy && volume(database) == volume(&backup.path)).then(|| {
        "The backup lies on the volume of the database: it protects against this tool, not against \
         the disk."
            .to_owned()
    })
}

fn next_steps(database: &DatabaseReport, plan: &Plan) -> Vec<String> {
    let mut notes = match plan.command {
        Command::Restore => {
            vec!["The header is what it was before. To undo this undo:".to_owned()]
        }
        Command::Repair | Command::ResetLogs => after_repair(database, plan),
    };
    let operation = database.operation.as_ref();
    notes.extend(operation.map(|operation| format!("edbmend restore {}", quoted(&operation.dir))));
    notes
}

fn after_repair(database: &DatabaseReport, plan: &Plan) -> Vec<String> {
    let needs_backup = database.findings.iter().any(|f| f.id == FindingId::FullBackupNeeded);
    let mut notes = vec![if needs_backup {
        "Now mount the store and run a full backup at once. Until then an incremental backup answers \
         -560 (event 206), by design."
            .to_owned()
    } else {
        "Now mount the store.".to_owned()
    }];
    if plan.backup == BackupScope::Full {
        notes.push("Keep the operation folder until that backup is proven.".into());
    }
    notes.push("To undo this:".into());
    notes
}
