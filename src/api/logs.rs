//! The move of logs with what surrounds it: the report, the record, the next steps. Shared by the
//! reset and its undo.

use crate::apply::{Applied, Ending, Job, LogsDeed, Terms};
use crate::plan::Steps;
use crate::report::{GroupAside, Note, Outcome, Report};
use crate::show::CommandLine;

use super::consent::store_service_note;
use super::planned::{Plan, Work};
use super::record;
use super::run::Run;

/// The plan, once all guards have spoken.
pub(super) fn planned(mut report: Report, deed: LogsDeed, terms: Terms) -> Plan {
    report.document.steps = Steps::of_moves(&deed.plan);
    report.note_of_group(store_service_note(&terms.backup_dir));
    let job = Job::of_logs(deed.plan, terms);
    Plan { report: report.ended(Outcome::Planned, &[]), work: Work::Deed(Box::new(job)) }
}

/// The report of a storage group after the deed that `report` shows.
pub(super) fn reported(run: &Run, mut report: Report, deed: &LogsDeed, applied: Applied) -> Report {
    report.document.operation = applied.operation.clone();
    if applied.ending == Ending::Committed {
        let notes = next_steps(deed, &applied);
        report.aside.group = Some(GroupAside { notes, ..GroupAside::default() });
    }
    let mut report = report.ended(applied.ending.into(), &applied.reasons);
    if matches!(applied.ending, Ending::Committed | Ending::RolledBack) {
        let unsaved = record::leave(run, report.clone());
        report.note_of_group(unsaved);
    }
    report
}

fn next_steps(deed: &LogsDeed, applied: &Applied) -> Vec<Note> {
    let operation = applied.operation.as_ref();
    let undo = operation.map(|operation| CommandLine::new("restore").path(&operation.dir));
    let Some(undone) = &deed.plan.undoes else {
        return undo.map(Note::LogsAreMoved).into_iter().collect();
    };
    let mut notes = vec![Note::LogsAreBack, Note::Undoes(undone.clone())];
    notes.extend(undo.map(Note::ToUndoTheUndo));
    notes
}
