//! The move of logs with what surrounds it: the report, the record, the next steps. Shared by the
//! reset and its undo.

use crate::apply::{Applied, Ending, ResetJob, execute_reset};
use crate::plan::Steps;
use crate::report::{GroupAside, Note, Outcome, Report};
use crate::show::CommandLine;

use super::apply::outcome_of;
use super::plan::{Plan, Work};
use super::record;
use super::run::Run;
use super::surroundings::store_service_note;

/// The plan, once all guards have spoken.
pub(super) fn planned(mut report: Report, job: ResetJob) -> Plan {
    report.document.steps = Steps::of_moves(&job.plan);
    report.note_of_group(store_service_note(&job.backup_dir));
    Plan { report: report.ended(Outcome::Planned, &[]), work: Work::Logs(Box::new(job)) }
}

/// Carries out what `report` shows of a storage group.
pub(super) fn carry_out(run: &Run, mut report: Report, job: &ResetJob) -> Report {
    let applied = execute_reset(run.context, job);
    report.document.operation = applied.operation.clone();
    if applied.ending == Ending::Committed {
        let notes = next_steps(job, &applied);
        report.aside.group = Some(GroupAside { notes, ..GroupAside::default() });
    }
    let mut report = report.ended(outcome_of(applied.ending), &applied.reasons);
    if matches!(applied.ending, Ending::Committed | Ending::RolledBack) {
        let unsaved = record::leave(run, report.clone());
        report.note_of_group(unsaved);
    }
    report
}

fn next_steps(job: &ResetJob, applied: &Applied) -> Vec<Note> {
    let operation = applied.operation.as_ref();
    let undo = operation.map(|operation| CommandLine::new("restore").path(&operation.dir));
    let Some(undone) = &job.plan.undoes else {
        return undo.map(Note::LogsAreMoved).into_iter().collect();
    };
    let mut notes = vec![Note::LogsAreBack, Note::Undoes(undone.clone())];
    notes.extend(undo.map(Note::ToUndoTheUndo));
    notes
}
