//! `recover`: finishes or rolls back what was interrupted.

use std::path::Path;

use console::Term;

use crate::api::{self, JSON_NAME, Run, confirmation_needed, outcome_of};
use crate::apply::{Assessment, Ending, assess, at_work, find_pending, recover, recover_refusals};
use crate::plan::Refusal;
use crate::report::{DatabaseReport, Outcome, Report};
use crate::storage::shown;

use super::args::RecoverArgs;
use super::confirm::{consent, interrupted, not_begun};
use super::session::Session;
use super::terminal::{Answer, ask, show, style_for};

pub fn run(session: &Session, args: &RecoverArgs) -> Report {
    session.heed_interrupts();
    let mut report = Report::new("recover");
    let work = session.run();
    let pending = work.resolve(&args.path).and_then(|path| find_pending(work.storage(), &path));
    match pending {
        Ok(databases) if databases.is_empty() => {
            report.outcome = Outcome::NothingToDo;
            let path = work.resolve(&args.path).unwrap_or_else(|_| args.path.clone());
            let mut database = DatabaseReport::unknown(&path, Outcome::NothingToDo);
            database.notes.push("No operation is pending here: no marker was found.".into());
            report.push(database, &[]);
        }
        Ok(databases) => {
            let mut stopped = false;
            for path in databases {
                let (database, reasons) = match stopped {
                    true => not_begun(&path),
                    false => recover_one(&work, args, &path),
                };
                // Whatever broke there may break the next one, too.
                stopped |= database.outcome == Outcome::Pending;
                session.push(&mut report, database, &reasons);
            }
        }
        Err(refusal) => {
            let (database, reasons) = DatabaseReport::stopped(&refusal.path, &refusal);
            report.push(database, &reasons);
        }
    }
    as_asked_for(report.conclude())
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

fn recover_one(run: &Run, args: &RecoverArgs, path: &Path) -> (DatabaseReport, Vec<Refusal>) {
    let storage = run.storage();
    let assessed = match at_work(storage, path) {
        Some(refusal) => Err(refusal),
        None => assess(storage, path, args.back),
    };
    let assessment = match assessed {
        Ok(assessment) => assessment,
        Err(refusal) => return DatabaseReport::stopped(path, &refusal),
    };
    let mut database = DatabaseReport::unknown(path, Outcome::Planned);
    database.operation = assessment.operation.clone();
    database.direction = Some(assessment.direction);
    database.notes.push(in_words(&assessment));
    let mut refusals = recover_refusals(storage, path, args.guarded.allow_unproven_lock);
    refusals.extend(confirmation_needed(consent(&args.guarded), path));
    if !refusals.is_empty() {
        return (DatabaseReport { outcome: Outcome::of_reasons(&refusals), ..database }, refusals);
    }
    if args.guarded.dry_run {
        return (database, Vec::new());
    }
    if !args.guarded.yes {
        let width = style_for(&Term::stderr()).width;
        let options = textwrap::Options::new(width).initial_indent("  ").subsequent_indent("  ");
        show(&format!(
            "{}\n{}\n\n  y, then Enter: do that. Enter alone, or n: leave everything as it is.\n",
            shown(path),
            textwrap::fill(&in_words(&assessment), options)
        ));
        match ask("Do it?") {
            Answer::Yes => {}
            Answer::No => {
                return (DatabaseReport { outcome: Outcome::Declined, ..database }, Vec::new());
            }
            Answer::Interrupted => {
                let database = DatabaseReport { outcome: Outcome::Failed, ..database };
                return (database, vec![interrupted(path)]);
            }
        }
    }
    let applied = recover(run.context, path, args.back, args.guarded.allow_unproven_lock);
    // For an operation without a marker the path is its folder.
    let subject = &assessment.subject;
    let surveyed = run.survey_with_logs(subject).map(|facts| {
        let findings = crate::diagnose::diagnose_database(&facts);
        DatabaseReport::surveyed(&facts, findings, outcome_of(applied.ending))
    });
    let after =
        surveyed.unwrap_or_else(|_| DatabaseReport::unknown(subject, outcome_of(applied.ending)));
    let (direction, notes) = match applied.ending {
        Ending::Refused => (None, Vec::new()),
        _ => (database.direction, database.notes),
    };
    let (operation, steps) = (applied.operation, assessment.steps);
    let mut database = DatabaseReport { operation, direction, notes, steps, ..after };
    if matches!(applied.ending, Ending::Committed | Ending::RolledBack) {
        database.notes.extend(leave_record(run, &database));
    }
    (database, applied.reasons)
}

/// An operation that was interrupted left no report; one that was finished all but its marker did.
fn leave_record(run: &Run, database: &DatabaseReport) -> Vec<String> {
    let Some(operation) = &database.operation else { return Vec::new() };
    if run.storage().status(&operation.dir.join(JSON_NAME)).is_ok() {
        return Vec::new();
    }
    let mut report = Report::new("recover");
    report.push(database.clone(), &[]);
    api::leave_record(run, as_asked_for(report.conclude()))
}

fn in_words(assessment: &Assessment) -> String {
    format!("direction: {}", assessment.direction.in_words())
}
