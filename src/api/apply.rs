//! From a plan to the deed, and to the report of it.

use crate::apply::{KnownDeed, execute};
use crate::report::Report;

use super::error::{Result, ended_well};
use super::planned::{Plan, Work};
use super::run::{Run, Watch};
use super::{header, logs};

/// Carries a plan out: exclusive access, every guard again, backup, journal, writes, verification.
/// Leaves `report.json` and `report.txt` in the operation folder.
///
/// The outcome of the report is `committed`, or `nothing-to-do`.
///
/// # Errors
///
/// Everything else: refused by a guard, failed or rolled back (nothing is changed), or
/// [pending](crate::Error::is_pending).
pub fn apply(plan: Plan, watch: &Watch) -> Result<Report> {
    apply_in(&Run::of_embedder(watch), plan)
}

/// The same in a run that began already.
pub(crate) fn apply_in(run: &Run, plan: Plan) -> Result<Report> {
    let Plan { report, work } = plan;
    let run = &run.to_write();
    let report = match work {
        Work::Nothing => report,
        Work::Deed(job) => {
            let applied = execute(run.context, &job);
            match &job.deed {
                KnownDeed::Header(deed) => header::reported(run, report, deed, applied),
                KnownDeed::Logs(deed) => logs::reported(run, report, deed, applied),
            }
        }
    };
    ended_well(report.run_by(run.report()))
}
