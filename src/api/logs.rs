//! The move of logs with what surrounds it: the report, the record, the next steps. Shared by the
//! reset and its undo.

use std::sync::Arc;

use crate::apply::{Applied, Ending, Job, LogsDeed, Terms};
use crate::plan::Steps;
use crate::report::{GroupSection, Outcome, Report};
use crate::show::quoted;

use super::consent::store_service_note;
use super::planned::{Plan, Work};
use super::record;
use super::run::Run;

/// The report of a command that is about a storage group as a whole.
pub(super) fn empty_report(command: &str) -> Report {
    Report { group: Some(GroupSection::default()), ..Report::new(command) }
}

/// The same with one sentence.
pub(super) fn with_note(mut report: Report, note: String) -> Report {
    report.group.get_or_insert_default().notes.push(note);
    report
}

/// The plan, once all guards have spoken.
pub(super) fn planned(mut report: Report, deed: LogsDeed, terms: Terms) -> Plan {
    report.steps = Steps::of_moves(&deed.plan);
    let notes = store_service_note(&terms.backup_dir).into_iter().collect();
    let section =
        GroupSection { plan: Some(Arc::clone(&deed.plan)), notes, ..GroupSection::default() };
    report.group = Some(section);
    let job = Job::of_logs(deed.plan, terms);
    Plan { report: report.ended(Outcome::Planned, &[]), work: Work::Deed(Box::new(job)) }
}

/// The report of a storage group after the deed that `report` shows.
pub(super) fn reported(run: &Run, mut report: Report, deed: &LogsDeed, applied: Applied) -> Report {
    report.operation = applied.operation.clone();
    if let (Ending::Committed, Some(section)) = (applied.ending, &mut report.group) {
        section.notes = next_steps(deed, &applied);
    }
    let mut report = report.ended(applied.ending.into(), &applied.reasons);
    if matches!(applied.ending, Ending::Committed | Ending::RolledBack) {
        let unsaved = record::leave(run, report.clone());
        report.group.get_or_insert_default().notes.extend(unsaved);
    }
    report
}

fn next_steps(deed: &LogsDeed, applied: &Applied) -> Vec<String> {
    let undo = applied.operation.as_ref().map(|o| format!("edbmend restore {}", quoted(&o.dir)));
    if deed.plan.undoes.is_some() {
        let mut notes = vec!["All files are back where they were.".to_owned()];
        notes.extend(deed.plan.undoes.iter().map(|undone| format!("Undoes {undone}.")));
        notes.push("To undo this undo:".to_owned());
        notes.extend(undo);
        return notes;
    }
    let mut notes = vec![
        "done: all logs and the checkpoint of the stream were moved; the databases were not touched".into(),
        "1. Mount the stores. The engine begins log generation 1 under a new log signature, and clears \
         the backup fields of every database."
            .into(),
        "2. Run a full backup at once. Until then an incremental backup answers -560 (event 206), and \
         earlier backups cannot be rolled forward past this reset."
            .into(),
        "3. Keep the moved logs until that backup is proven. After a mount they are good for nothing \
         but the hard recovery of an older backup."
            .into(),
        "To undo this, before any store is mounted:".into(),
    ];
    notes.extend(undo);
    notes
}
