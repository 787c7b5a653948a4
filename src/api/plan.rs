//! From a request to a plan that passed every guard.

use super::error::{Error, Result};
use super::planned::Plan;
use super::request::Request;
use super::run::{Run, Watch};
use super::{rebuild_header, repair, reset_logs, restore};

/// Plans a [`Repair`](crate::Repair), a [`RebuildHeader`](crate::RebuildHeader), a
/// [`ResetLogs`](crate::ResetLogs) or a [`Restore`](crate::Restore). Writes nothing.
///
/// # Errors
///
/// Every guard that refuses, all at once; or why the files could not be read.
#[cfg(feature = "disk")]
pub fn plan(request: impl Into<Request>, watch: &Watch) -> Result<Plan> {
    plan_in(&Run::of_embedder(watch), &request.into())
}

/// Plans in a run that began already.
pub(crate) fn plan_in(run: &Run, request: &Request) -> Result<Plan> {
    let writer = &run.to_write();
    let plan = match request {
        Request::Repair(repair) => repair::plan(writer, repair),
        Request::RebuildHeader(rebuild) => rebuild_header::plan(writer, rebuild),
        Request::ResetLogs(reset) => reset_logs::plan(writer, reset),
        Request::Restore(restore) => restore::plan(writer, restore),
    };
    let report = plan.report.run_by(run.report());
    match report.exit_code {
        0 => Ok(Plan { report, ..plan }),
        _ => Err(Error::new(report)),
    }
}
