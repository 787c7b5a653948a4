//! `recover`: finishes or rolls back what was interrupted. There is no plan to show: which way it goes
//! is decided under exclusive access.

use std::path::Path;

use crate::apply::{
    self, Assessment, Ending, assess, at_work, empty_folders, find_pending, recover_refusals,
};
use crate::diagnose::diagnose_database;
use crate::refusal::{Refusal, RefusalId};
use crate::report::{DatabaseReport, Outcome, Report};
use crate::show::shown;
use crate::storage::absolute;

use super::consent::confirmation_needed;
use super::error::{Result as ApiResult, ended_well};
use super::record;
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
pub fn recover(request: &Recover, watch: &Watch) -> ApiResult<Report> {
    let run = Run::of_embedder(watch);
    let report = recover_in(&run, request, &|_, _| Decision::Go, &|_| {});
    ended_well(Report { run: Some(run.report()), ..report })
}

/// The same in a run that began already. `decide` is given the file and the direction in words; `told`
/// hears of the report as it grows.
pub(crate) fn recover_in(
    run: &Run,
    request: &Recover,
    decide: &dyn Fn(&Path, &str) -> Decision,
    told: &dyn Fn(&Report),
) -> Report {
    let mut report = Report::new("recover");
    // A link to a folder stands for it.
    let path = run.resolve_dir(&request.path).or_else(|_| run.resolve(&request.path));
    let pending = path.clone().and_then(|path| find_pending(run.storage(), &path));
    match pending {
        Ok(databases) if databases.is_empty() => {
            let path = path.unwrap_or_else(|_| request.path.clone());
            let mut database = DatabaseReport::unread(&path, Outcome::NothingToDo);
            database.notes.push("No operation is pending here: no marker was found.".into());
            let empty = empty_folders(run.storage(), &path);
            database.notes.extend(empty.iter().map(|dir| left_empty(dir)));
            report.push(database, &[]);
        }
        Ok(databases) => {
            let mut stopped = false;
            for path in databases {
                let (database, reasons) = match stopped {
                    true => not_begun(&path),
                    false => recover_one(run, request, &path, decide),
                };
                // Whatever broke there may break the next one, too.
                stopped |= database.outcome == Outcome::Pending;
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
pub(crate) fn not_begun(path: &Path) -> (DatabaseReport, Vec<Refusal>) {
    let path = absolute(path).unwrap_or_else(|_| path.to_owned());
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
    let others = report.databases.iter().map(|database| database.outcome);
    let others = others.filter(|outcome| *outcome != Outcome::RolledBack);
    if report.outcome == Outcome::RolledBack {
        match Outcome::worst(others) {
            Some(worse) if worse.exit_code() != 0 => {
                report.outcome = worse;
                report.exit_code = worse.exit_code();
            }
            _ => report.exit_code = 0,
        }
    }
    report
}

fn recover_one(
    run: &Run,
    request: &Recover,
    path: &Path,
    decide: &dyn Fn(&Path, &str) -> Decision,
) -> (DatabaseReport, Vec<Refusal>) {
    let storage = run.storage();
    let assessed = match at_work(storage, path) {
        Some(refusal) => Err(vec![refusal]),
        None => assess(storage, path, request.wish()),
    };
    let assessment = match assessed {
        Ok(assessment) => assessment,
        Err(reasons) => return stopped(path, reasons),
    };
    let mut database = DatabaseReport::unread(path, Outcome::Planned);
    database.operation = assessment.operation.clone();
    database.direction = Some(assessment.direction);
    database.notes.push(in_words(&assessment));
    let mut refusals = recover_refusals(storage, path, request.allow_unproven_lock);
    refusals.extend(confirmation_needed(request.consent, path));
    if !refusals.is_empty() {
        return (DatabaseReport { outcome: Outcome::of_reasons(&refusals), ..database }, refusals);
    }
    if request.only_say {
        return (database, Vec::new());
    }
    if let Decision::Stop(outcome, reasons) = decide(path, &in_words(&assessment)) {
        return (DatabaseReport { outcome, ..database }, reasons);
    }
    let applied = apply::recover(run.context, path, request.wish(), request.allow_unproven_lock);
    // For an operation without a marker the path is its folder.
    let subject = &assessment.subject;
    let surveyed = run.survey_with_logs(subject).map(|facts| {
        let findings = diagnose_database(&facts);
        DatabaseReport::surveyed(&facts, findings, applied.ending.into())
    });
    let after = surveyed.unwrap_or_else(|_| DatabaseReport::unread(subject, applied.ending.into()));
    let (direction, notes) = match applied.ending {
        Ending::Refused => (None, Vec::new()),
        _ => (database.direction, database.notes),
    };
    let (operation, steps) = (applied.operation, assessment.steps);
    let mut database = DatabaseReport { operation, direction, notes, steps, ..after };
    if matches!(applied.ending, Ending::Committed | Ending::RolledBack | Ending::Overtaken) {
        database.notes.extend(leave_record(run, &database));
    }
    (database, applied.reasons)
}

/// An operation that was interrupted left no report; one that was finished all but its marker did.
fn leave_record(run: &Run, database: &DatabaseReport) -> Vec<String> {
    let Some(operation) = &database.operation else { return Vec::new() };
    if run.storage().status(&operation.dir.join(apply::REPORT_NAME)).is_ok() {
        return Vec::new();
    }
    let mut report = Report::new("recover");
    report.push(database.clone(), &[]);
    record::leave(run, as_asked_for(report.conclude()))
}

fn in_words(assessment: &Assessment) -> String {
    format!("direction: {}", assessment.direction.in_words())
}

/// What it means that a folder is there and nothing in it.
fn left_empty(dir: &Path) -> String {
    format!(
        "An operation ended here before it began, as by a power loss. Its folder is empty, and nothing \
         depends on it: {}",
        shown(dir)
    )
}

/// Why nothing was done, before the database was read.
fn stopped(path: &Path, reasons: Vec<Refusal>) -> (DatabaseReport, Vec<Refusal>) {
    (DatabaseReport::unread(path, Outcome::of_reasons(&reasons)), reasons)
}
