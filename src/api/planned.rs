//! A plan that passed every guard, as programs that embed the library see it.

use std::fmt;
use std::path::PathBuf;

use crate::apply::{Job, LogsDeed, Terms};
use crate::plan::Steps;
use crate::refusal::Refusal;
use crate::report::{CommandName, DatabaseReport, Entry, Outcome, Report};

use super::consent::store_service_note;

/// What would be done, step by step. Every guard that can be asked without writing has agreed.
///
/// Nothing was created or changed, and nothing is held: between the plan and
/// [`apply`](crate::apply()) others may work. `apply` asks every guard again, and refuses with
/// `changed-since-survey` where the files are no longer what the plan rests on.
///
/// `to_string` gives it for people, as `--dry-run` prints it.
pub struct Plan {
    pub(super) report: Report,
    pub(super) work: Work,
}

/// What a plan comes to.
pub(super) enum Work {
    /// Nothing is to be done.
    Nothing,
    /// A deed is done.
    Deed(Box<Job>),
}

impl Plan {
    /// The steps in their order. Empty where nothing is to be done.
    pub fn steps(&self) -> &Steps {
        &self.report.steps
    }

    /// Nothing is wrong that this request would mend, or there is no log to move.
    pub fn is_nothing_to_do(&self) -> bool {
        matches!(self.work, Work::Nothing)
    }

    /// The operation folder that [`apply`](crate::apply()) will create; `None` where nothing is to be
    /// done.
    pub fn operation_dir(&self) -> Option<PathBuf> {
        match &self.work {
            Work::Nothing => None,
            Work::Deed(job) => Some(job.operation_dir()),
        }
    }

    /// The database that will be written, or the folder of the logs that will move; `None` where
    /// nothing is to be done.
    pub fn subject(&self) -> Option<PathBuf> {
        match &self.work {
            Work::Nothing => None,
            Work::Deed(job) => Some(job.deed.as_deed().named()),
        }
    }

    /// All of it: databases, findings, steps. What `--dry-run --json` prints.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Takes [`report`](Self::report) out.
    pub fn into_report(self) -> Report {
        self.report
    }

    /// The plan for one file, or the reasons against it.
    pub(super) fn of_file(
        command: CommandName,
        database: impl Into<Entry>,
        planned: std::result::Result<Work, Vec<Refusal>>,
    ) -> Self {
        let mut report = Report::new(command);
        let (work, reasons) = match planned {
            Ok(work) => (work, Vec::new()),
            Err(reasons) => (Work::Nothing, reasons),
        };
        report.push(database, &reasons);
        Self { report: report.conclude(), work }
    }

    /// No plan, because a file could not be gone on with.
    pub(super) fn stopped(command: CommandName, refusal: &Refusal) -> Self {
        let reasons = vec![refusal.clone()];
        let outcome = Outcome::of_reasons(&reasons);
        Self::of_file(command, DatabaseReport::unknown(&refusal.path, outcome), Err(reasons))
    }

    /// The plan for the logs of a storage group, once all guards have spoken.
    pub(super) fn of_logs(mut report: Report, deed: LogsDeed, terms: Terms) -> Self {
        report.document.steps = Steps::of_moves(&deed.plan);
        report.note_of_group(store_service_note(&terms.backup_dir));
        let job = Job::of_logs(deed.plan, terms);
        Self { report: report.ended(Outcome::Planned, &[]), work: Work::Deed(Box::new(job)) }
    }

    /// No plan for a storage group, or none that comes to something.
    pub(super) fn of_group(report: Report, outcome: Outcome, reasons: &[Refusal]) -> Self {
        Self { report: report.ended(outcome, reasons), work: Work::Nothing }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.report.fmt(f)
    }
}
