//! From a request to a plan that passed every guard.

use std::fmt;
use std::path::PathBuf;

use crate::apply::{Job, ResetJob};
use crate::plan::Steps;
use crate::refusal::Refusal;
use crate::report::{CommandName, DatabaseReport, Entry, Outcome, Report};

use super::error::{Error, Result};
use super::request::Request;
use super::run::{Run, Watch};
use super::{repair, reset_logs, restore};

/// What would be done, step by step. Every guard that can be asked without writing has agreed.
///
/// Nothing was created or changed, and nothing is held: between the plan and
/// [`apply`](crate::apply()) others may work. `apply` asks every guard again, and refuses with
/// `changed-since-survey` where the files are no longer what the plan rests on.
///
/// `to_string` gives the text of `--dry-run`.
pub struct Plan {
    pub(super) report: Report,
    pub(super) work: Work,
}

/// What a plan comes to.
pub(super) enum Work {
    /// Nothing is to be done.
    Nothing,
    /// Header copies are written.
    Header(Box<Job>),
    /// Logs are moved.
    Logs(Box<ResetJob>),
}

/// Plans a [`Repair`](crate::Repair), a [`ResetLogs`](crate::ResetLogs) or a
/// [`Restore`](crate::Restore). Writes nothing.
///
/// # Errors
///
/// Every guard that refuses, all at once; or why the files could not be read.
pub fn plan(request: impl Into<Request>, watch: &Watch) -> Result<Plan> {
    plan_in(&Run::of_embedder(watch), &request.into())
}

/// The same in a run that began already.
pub(crate) fn plan_in(run: &Run, request: &Request) -> Result<Plan> {
    let plan = match request {
        Request::Repair(repair) => repair::plan(run, repair),
        Request::ResetLogs(reset) => reset_logs::plan(run, reset),
        Request::Restore(restore) => restore::plan(run, restore),
    };
    let report = plan.report.run_by(run.report());
    match report.exit_code {
        0 => Ok(Plan { report, ..plan }),
        _ => Err(Error::new(report)),
    }
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
            Work::Header(job) => Some(job.backup_dir.join(&job.plan.operation)),
            Work::Logs(job) => Some(job.backup_dir.join(&job.plan.operation)),
        }
    }

    /// The database that will be written, or the folder of the logs that will move; `None` where
    /// nothing is to be done.
    pub fn subject(&self) -> Option<PathBuf> {
        match &self.work {
            Work::Nothing => None,
            Work::Header(job) => Some(job.database.clone()),
            Work::Logs(job) => job.plan.log_dir.to_path(),
        }
    }

    /// All of it: databases, findings, steps. What `--dry-run --json` prints.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The same, taken.
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
