//! `recover`: finishes or rolls back what was interrupted. There is no plan to show: which way it goes
//! is decided under exclusive access.

use std::path::Path;

use crate::apply::{
    self, Allowed, Assessment, Ending, assess, at_work, empty_folders, find_pending, hold_pending,
    recover_refusals,
};
use crate::diagnose::diagnose_database;
use crate::plan::Direction;
use crate::refusal::{Refusal, RefusalId};
use crate::report::{CommandName, DatabaseReport, Entry, Note, Outcome, Report};
use crate::storage::Storage;

use super::apply::leave_record;
use super::consent::confirmation_needed;
use super::error::{Result as ApiResult, ended_well};
use super::request::Recover;
use super::run::{Run, Watch};

/// What is to become of one pending operation, once it is known which way it would go.
pub(crate) enum Decision {
    /// That way.
    Go,
    /// Nothing, for these reasons.
    Stop(Outcome, Vec<Refusal>),
}

/// Ends what was interrupted: every pending operation on a database, in a folder, or of an operation
/// folder. Each is finished or rolled back, as `docs/recover.md` says.
///
/// The outcome of the report is `committed`, `rolled-back` or `nothing-to-do`, with
/// [`Recover::accept_changed`] also `overtaken`; with [`Recover::only_say`] it is `planned`, and `direction` says which way it would go.
///
/// # Errors
///
/// A guard refuses, or the operation is still [pending](crate::Error::is_pending).
#[cfg(feature = "disk")]
pub fn recover(request: &Recover, watch: &Watch) -> ApiResult<Report> {
    let run = Run::of_embedder(watch);
    let report = recover_in(&run, request, &|_, _| Decision::Go, &|_| {});
    ended_well(report.run_by(run.report()))
}

/// Ends what was interrupted, in a run that began already. `decide` is given the file and the direction;
/// `told` hears of the report as it grows.
pub(crate) fn recover_in(
    run: &Run,
    request: &Recover,
    decide: &dyn Fn(&Path, Direction) -> Decision,
    told: &dyn Fn(&Report),
) -> Report {
    let mut report = Report::new(CommandName::Recover);
    let run = &run.to_write();
    // A link to a folder stands for it.
    let path = run.resolve_link(&request.path);
    let pending = path.clone().and_then(|path| find_pending(run.storage(), &path));
    match pending {
        Ok(databases) if databases.is_empty() => {
            let path = path.unwrap_or_else(|_| request.path.clone());
            let mut database = Entry::from(DatabaseReport::unread(&path, Outcome::NothingToDo));
            database.note(Note::NothingPending);
            let empty = empty_folders(run.storage(), &path);
            database.notes(empty.into_iter().map(Note::EmptyFolder));
            report.push(database, &[]);
        }
        Ok(databases) => {
            let mut stopped = false;
            for path in databases {
                let (database, reasons) = if stopped {
                    let (database, reasons) = not_begun(run.storage(), &path);
                    (database.into(), reasons)
                } else {
                    recover_one(run, request, &path, decide)
                };
                // Whatever broke there may break the next one, too.
                stopped |= database.report.outcome == Outcome::Pending;
                report.push(database, &reasons);
                told(&report);
            }
        }
        Err(refusal) => {
            let (database, reasons) = stopped(&refusal.path.clone(), vec![refusal]);
            report.push(database, &reasons);
        }
    }
    as_asked_for(report.conclude())
}

/// The rest of several, once one of them could not be finished.
pub(crate) fn not_begun(storage: &dyn Storage, path: &Path) -> (DatabaseReport, Vec<Refusal>) {
    let path = storage.absolute(path).unwrap_or_else(|_| path.to_owned());
    let refusal = Refusal::new(
        RefusalId::Interrupted,
        &path,
        "not begun, because the run ended at a database before it",
        "See to that one first, then run the same command again.",
    );
    (DatabaseReport::unread(&path, Outcome::Failed), vec![refusal])
}

/// A roll-back that was asked for is a success, and must not hide what went wrong elsewhere.
fn as_asked_for(mut report: Report) -> Report {
    if report.outcome != Outcome::RolledBack {
        return report;
    }
    let others = report.databases.iter().map(|database| database.outcome);
    match Outcome::worst(others.filter(|outcome| *outcome != Outcome::RolledBack)) {
        Some(worse) if worse.exit_code() != 0 => report.came_to(worse),
        _ => {
            report.document.exit_code = 0;
            report
        }
    }
}

fn recover_one(
    run: &Run,
    request: &Recover,
    path: &Path,
    decide: &dyn Fn(&Path, Direction) -> Decision,
) -> (Entry, Vec<Refusal>) {
    let storage = run.storage();
    if let Some(refusal) = at_work(storage, path) {
        return stopped(path, vec![refusal]);
    }
    // What is asked for consent is what will be done.
    let _around = match hold_pending(storage, path) {
        Ok(held) => held,
        Err(refusal) => return stopped(path, vec![refusal]),
    };
    let allowed = Allowed {
        unproven_lock: request.allow_unproven_lock,
        shared: request.allow_shared_backup_dir,
    };
    let assessment = match assess(run.context, path, request.wish(), allowed) {
        Ok(assessment) => assessment,
        Err(reasons) => return stopped(path, reasons),
    };
    let direction = assessment.direction;
    let mut database = Entry::from(DatabaseReport::unread(path, Outcome::Planned));
    database.report.operation = assessment.operation.clone();
    database.report.direction = Some(direction);
    database.note(Note::Direction(direction));
    database.notes(touched(&assessment));
    let mut refusals = recover_refusals(storage, path, direction, request.allow_unproven_lock);
    refusals.extend(confirmation_needed(request.consent, path));
    if !refusals.is_empty() {
        database.report.outcome = Outcome::of_reasons(&refusals);
        return (database, refusals);
    }
    if request.only_say {
        return (database, Vec::new());
    }
    if let Decision::Stop(outcome, reasons) = decide(path, direction) {
        database.report.outcome = outcome;
        return (database, reasons);
    }
    let applied = apply::recover(run.context, path, request.wish(), allowed);
    // For an operation without a marker the path is its folder.
    let subject = &assessment.subject;
    let outcome = applied.ending.into();
    let surveyed = run
        .survey_with_logs(subject)
        .map(|facts| Entry::surveyed(&facts, diagnose_database(&facts), outcome));
    let after = surveyed.unwrap_or_else(|_| DatabaseReport::unread(subject, outcome).into());
    let direction = (applied.ending != Ending::Refused).then_some(direction);
    let (operation, steps) = (applied.operation, assessment.steps);
    let report = DatabaseReport { operation, direction, steps, ..after.report };
    let mut database = Entry { report, ..after };
    database.notes(direction.map(Note::Direction));
    if matches!(applied.ending, Ending::Committed | Ending::RolledBack | Ending::Overtaken) {
        let unsaved = leave_missing_record(run, &database);
        database.notes(unsaved);
    }
    (database, applied.reasons)
}

/// An operation that was interrupted left no report; one that was finished all but its marker did.
fn leave_missing_record(run: &Run, database: &Entry) -> Vec<Note> {
    let Some(operation) = &database.report.operation else { return Vec::new() };
    if run.storage().status(&operation.dir.join(apply::REPORT_NAME)).is_ok() {
        return Vec::new();
    }
    let mut report = Report::new(CommandName::Recover);
    report.push(database.clone(), &[]);
    leave_record(run, as_asked_for(report.conclude()))
}

/// Every file that will be touched.
fn touched(assessment: &Assessment) -> Vec<Note> {
    let mut notes = Vec::new();
    let direction = assessment.direction;
    let is_written = matches!(direction, Direction::Back | Direction::Forward);
    match assessment.steps.moves() {
        _ if !is_written => {}
        Some(plan) => notes.extend(plan.batches.iter().map(|batch| {
            let (from, to) = match direction {
                Direction::Back => (batch.to.clone(), batch.from.clone()),
                _ => (batch.from.clone(), batch.to.clone()),
            };
            let names = batch.files.iter().map(|file| file.name.clone()).collect();
            Note::Moves { names, from, to }
        })),
        None => notes.push(Note::WritesHeaderOf(assessment.subject.clone())),
    }
    notes.extend(assessment.operation.iter().map(|operation| match direction {
        Direction::Discard => Note::Removes(operation.dir.clone()),
        _ => Note::Closes(operation.dir.clone()),
    }));
    notes.extend(assessment.markers.iter().cloned().map(Note::Removes));
    notes
}

/// Why nothing was done, before the database was read.
fn stopped(path: &Path, reasons: Vec<Refusal>) -> (Entry, Vec<Refusal>) {
    (DatabaseReport::unread(path, Outcome::of_reasons(&reasons)).into(), reasons)
}
