//! A header operation with what surrounds it: the look afterwards, the record, the next steps.

use std::path::Path;

use crate::apply::{Applied, Ending, HeaderDeed};
use crate::diagnose::{FindingId, diagnose_database};
use crate::plan::{BackupMethod, BackupRecord, BackupScope, Command, Plan};
use crate::report::{DatabaseAside, DatabaseReport, Entry, Note, Outcome, Report};
use crate::show::CommandLine;

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
    let unknown = || DatabaseReport::unknown(&deed.database, Outcome::Planned).into();
    let before = report.pop().unwrap_or_else(unknown);
    let reasons = applied.reasons.clone();
    let mut database = looked_at_again(run, before, &deed.database, applied);
    if matches!(database.report.outcome, Outcome::Committed | Outcome::RolledBack) {
        let mut record = Report::new(deed.plan.command.into());
        record.push(database.clone(), &reasons);
        database.notes(record::leave(run, record.conclude()));
    }
    if database.report.outcome == Outcome::Committed {
        database.notes(next_steps(&database.report, &deed.plan));
    }
    report.push(database, &reasons);
    report.conclude()
}

/// The report of the database as it is now.
fn looked_at_again(run: &Run, before: Entry, path: &Path, applied: Applied) -> Entry {
    let outcome = applied.ending.into();
    let Entry { report, aside } = before;
    let mut database = match (applied.ending, run.survey_with_logs(path)) {
        (Ending::Committed, Ok(facts)) => Entry {
            aside: DatabaseAside { found_before: Some(report.findings), ..aside },
            report: DatabaseReport {
                steps: report.steps,
                rebuild: report.rebuild,
                ..DatabaseReport::surveyed(&facts, diagnose_database(&facts), outcome)
            },
        },
        _ => Entry { report: DatabaseReport { outcome, ..report }, aside },
    };
    if let Some(pages) = applied.pages {
        database.note(pages_note(&pages));
        database.report.pages = Some(pages);
    }
    let backup = applied.backup.as_ref();
    database.notes(backup.and_then(|backup| same_volume(run, path, backup)));
    database.report.backup = applied.backup;
    database.report.operation = applied.operation;
    database
}

/// A copy on the database's own volume is no protection against the loss of that volume.
fn same_volume(run: &Run, database: &Path, backup: &BackupRecord) -> Option<Note> {
    let volume = |path: &Path| run.storage().status(path).ok().map(|s| s.identity.0);
    let is_copy = backup.method == BackupMethod::Copy;
    (is_copy && volume(database) == volume(&backup.path)).then_some(Note::BackupOnSameVolume)
}

fn next_steps(database: &DatabaseReport, plan: &Plan) -> Vec<Note> {
    let operation = database.operation.as_ref();
    let undo = operation.map(|operation| CommandLine::new("restore").path(&operation.dir));
    if plan.command == Command::Restore {
        return undo.map(Note::HeaderIsBack).into_iter().collect();
    }
    if let Some(rebuild) = &database.rebuild {
        let mut notes = vec![Note::AfterRebuild(rebuild.case), Note::KeepOperationFolder];
        notes.extend(undo.map(Note::ToUndo));
        return notes;
    }
    let full_backup_needed = database.findings.iter().any(|f| f.id == FindingId::FullBackupNeeded);
    let mut notes = vec![Note::MountStore { full_backup_needed }];
    if plan.backup == BackupScope::Full {
        notes.push(Note::KeepOperationFolder);
    }
    notes.extend(undo.map(Note::ToUndo));
    notes
}
