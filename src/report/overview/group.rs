//! What there is of one group.

use crate::diagnose::{Finding, ForecastOutcome, Severity, WayOutStep};
use crate::report::model::StreamReport;
use crate::report::{GroupNumber, Report};

/// The log streams of a group.
pub(super) fn streams_of(report: &Report, group: Option<GroupNumber>) -> Vec<&StreamReport> {
    let streams = report.streams().filter(|(_, aside)| Some(aside.group) == group);
    streams.map(|(stream, _)| stream).collect()
}

/// What was found of the logs of a group.
pub(super) fn findings_of(report: &Report, group: GroupNumber) -> Vec<&Finding> {
    let all = report.findings.iter().zip(&report.aside.findings);
    all.filter(|(_, of_which)| **of_which == group).map(|(finding, _)| finding).collect()
}

/// The first error, else the first warning.
pub(super) fn worst(findings: &[&Finding]) -> Option<&'static str> {
    let bad = findings.iter().filter(|finding| finding.severity != Severity::Info);
    bad.min_by_key(|finding| finding.severity).map(|finding| finding.id.name())
}

/// The way out of a group.
pub(super) fn steps_of(report: &Report, group: GroupNumber) -> Vec<&WayOutStep> {
    let all = report.way_out.iter().zip(&report.aside.steps);
    all.filter(|(_, of_which)| **of_which == group).map(|(step, _)| step).collect()
}

/// Whether its next mount fails.
pub(super) fn mount_fails(stream: &StreamReport) -> bool {
    stream.next_mount.outcome == ForecastOutcome::Fails
}
