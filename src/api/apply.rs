//! From a plan to the deed, and to what is left of it: its report, and the record in its folder.

use std::path::Path;

use crate::apply::{
    Applied, Ending, HeaderDeed, KnownDeed, LogsDeed, REPORT_NAME, execute, leave_report, read_sums,
};
use crate::diagnose::{FindingId, diagnose_database};
use crate::plan::{BackupMethod, BackupRecord, BackupScope, Command, Plan as HeaderPlan};
use crate::report::model::DigestReport;
use crate::report::{
    DatabaseAside, DatabaseReport, Entry, GroupAside, Note, Outcome, Report, write_json,
    write_record,
};
use crate::show::CommandLine;
use crate::storage::StorageError;

use super::error::{Result as ApiResult, ended_well};
use super::pages::pages_note;
use super::planned::{Plan, Work};
use super::run::{Run, Watch};

/// Name of the report for people.
const TEXT_NAME: &str = "report.txt";

/// Name of the report for a browser.
const PAGE_NAME: &str = "report.html";

/// Carries a plan out: exclusive access, every guard again, backup, journal, writes, verification.
/// Leaves `report.json`, `report.txt` and `report.html` in the operation folder.
///
/// The outcome of the report is `committed`, or `nothing-to-do`.
///
/// # Errors
///
/// Everything else: refused by a guard, failed or rolled back (nothing is changed), or
/// [pending](crate::Error::is_pending).
#[cfg(feature = "disk")]
pub fn apply(plan: Plan, watch: &Watch) -> ApiResult<Report> {
    apply_in(&Run::of_embedder(watch), plan)
}

/// Carries a plan out in a run that began already.
pub(crate) fn apply_in(run: &Run, plan: Plan) -> ApiResult<Report> {
    let Plan { report, work } = plan;
    let run = &run.to_write();
    let report = match work {
        Work::Nothing => report,
        Work::Deed(job) => {
            let applied = execute(run.context, &job);
            match &job.deed {
                KnownDeed::Header(deed) => header_reported(run, report, deed, applied),
                KnownDeed::Logs(deed) => logs_reported(run, report, deed, applied),
            }
        }
    };
    ended_well(report.run_by(run.report()))
}

/// The report of one database after the deed that `report` shows.
fn header_reported(run: &Run, mut report: Report, deed: &HeaderDeed, applied: Applied) -> Report {
    let unknown = || DatabaseReport::unknown(&deed.database, Outcome::Planned).into();
    let before = report.pop().unwrap_or_else(unknown);
    let reasons = applied.reasons.clone();
    let mut database = looked_at_again(run, before, &deed.database, applied);
    if database.report.outcome == Outcome::Committed {
        database.notes(steps_after_header(&database.report, &deed.plan));
    }
    if matches!(database.report.outcome, Outcome::Committed | Outcome::RolledBack) {
        let mut record = Report::new(deed.plan.command.into());
        record.push(database.clone(), &reasons);
        database.notes(leave_record(run, record.conclude()));
    }
    report.push(database, &reasons);
    report.conclude()
}

/// The report of the database as it is now.
fn looked_at_again(run: &Run, before: Entry, path: &Path, applied: Applied) -> Entry {
    let outcome = applied.ending.into();
    let Entry { report, aside } = before;
    let mut database = match (applied.ending, run.survey_with_logs(path)) {
        (Ending::Committed, Ok(facts)) => {
            let after = Entry::surveyed(&facts, diagnose_database(&facts), outcome);
            Entry {
                aside: DatabaseAside {
                    header: after.aside.header,
                    header_before: Some(aside.header),
                    found_before: Some(report.findings),
                    ..aside
                },
                report: DatabaseReport {
                    steps: report.steps,
                    rebuild: report.rebuild,
                    ..after.report
                },
            }
        }
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
    let volume = |path: &Path| run.storage().volume_of(path);
    let is_copy = backup.method == BackupMethod::Copy;
    (is_copy && volume(database) == volume(&backup.path)).then_some(Note::BackupOnSameVolume)
}

fn steps_after_header(database: &DatabaseReport, plan: &HeaderPlan) -> Vec<Note> {
    let operation = database.operation.as_ref();
    let undo = operation.map(|operation| CommandLine::new("restore").path(&operation.dir));
    if plan.command == Command::Restore {
        return undo.map(Note::HeaderIsBack).into_iter().collect();
    }
    if let Some(rebuild) = &database.rebuild {
        let mut notes = vec![
            Note::AfterRebuild { case: rebuild.case, state: rebuild.state },
            Note::KeepOperationFolder,
        ];
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

/// The report of a storage group after the deed that `report` shows.
fn logs_reported(run: &Run, mut report: Report, deed: &LogsDeed, applied: Applied) -> Report {
    report.document.operation = applied.operation.clone();
    report.document.steps.learn(&applied.bodies);
    if applied.ending == Ending::Committed {
        let notes = steps_after_moves(deed, &applied);
        let read_meanwhile = !applied.bodies.is_empty();
        report.aside.group = Some(GroupAside { notes, read_meanwhile, ..GroupAside::default() });
    }
    let mut report = report.ended(applied.ending.into(), &applied.reasons);
    if matches!(applied.ending, Ending::Committed | Ending::RolledBack) {
        let unsaved = leave_record(run, report.clone());
        report.note_of_group(unsaved);
    }
    report
}

fn steps_after_moves(deed: &LogsDeed, applied: &Applied) -> Vec<Note> {
    let operation = applied.operation.as_ref();
    let undo = operation.map(|operation| CommandLine::new("restore").path(&operation.dir));
    let Some(undone) = &deed.plan.undoes else {
        return undo.map(Note::LogsAreMoved).into_iter().collect();
    };
    let mut notes = vec![Note::LogsAreBack, Note::Undoes(undone.clone())];
    notes.extend(undo.map(Note::ToUndoTheUndo));
    notes
}

/// Leaves the reports of a finished operation in its folder; gives back which of them could not be saved.
pub(super) fn leave_record(run: &Run, report: Report) -> Vec<Note> {
    let Some(dir) = report.operation.as_ref().map(|operation| operation.dir.clone()) else {
        return Vec::new();
    };
    run.stage("writing report.json, report.txt and report.html");
    let storage = run.storage();
    let is_there = |name: &str| storage.status(&dir.join(name)).is_ok();
    let sums = read_sums(storage, &dir, is_there).into_iter();
    let mut report = report.run_by(run.report());
    report.document.digests = sums.map(|(name, sha256)| DigestReport { name, sha256 }).collect();
    let json = leave_report(storage, &dir, REPORT_NAME, |out| write_json(&report, out));
    let text = leave_report(storage, &dir, TEXT_NAME, |out| write_record(&report, out));
    let page =
        leave_report(storage, &dir, PAGE_NAME, |out| out.write_all(report.to_html().as_bytes()));
    let failed = [json, text, page].into_iter().filter_map(Result::err);
    let note = |error: StorageError| Note::ReportNotSaved {
        folder: dir.clone(),
        error: error.to_string(),
    };
    failed.map(note).collect()
}
