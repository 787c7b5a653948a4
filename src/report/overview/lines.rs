//! The lines of the table, in the order of the report.

use crate::diagnose::{Finding, Severity, WayOutStep};
use crate::report::model::{DatabaseReport, StreamReport, VerdictId};
use crate::report::{GroupNumber, Report};
use crate::show::{Paragraph, path_text, quoted};

use super::Line;
use super::database::Case;
use super::logs;

pub(super) fn lines(report: &Report) -> Vec<Line> {
    let databases = report.databases.iter().zip(&report.aside.databases).enumerate();
    let of_databases = databases.map(|(index, (database, aside))| {
        let case = Case {
            database,
            streams: streams_of(report, aside.checked_with),
            of_logs: about(report, database),
            refusal: refusal(report, database),
        };
        line(&case, index, report, aside.checked_with)
    });
    of_databases.chain(logs::lines(report)).collect()
}

fn line(case: &Case, index: usize, report: &Report, group: Option<GroupNumber>) -> Line {
    let verdict = case.verdict();
    let is_bad = verdict.id >= VerdictId::NeedsRecovery;
    let of_group = || group.and_then(|group| worst(&findings_of(report, group)));
    let worst = case.refusal.or_else(|| worst(&case.findings()));
    Line {
        path: case.database.path.clone(),
        database: Some(index),
        worst: worst.or_else(|| if is_bad { of_group() } else { None }),
        command: if is_bad { command(case, report, group) } else { None },
        verdict,
        group,
    }
}

/// The log streams of a group.
fn streams_of(report: &Report, group: Option<GroupNumber>) -> Vec<&StreamReport> {
    let streams = report.streams().filter(|(_, aside)| Some(aside.group) == group);
    streams.map(|(stream, _)| stream).collect()
}

/// What was found of a database among its logs.
fn about<'a>(report: &'a Report, database: &DatabaseReport) -> Vec<&'a Finding> {
    let path = path_text(&database.path);
    report.findings.iter().filter(|finding| finding.file.as_ref() == Some(&path)).collect()
}

fn refusal(report: &Report, database: &DatabaseReport) -> Option<&'static str> {
    let refusal = report.refusals.iter().find(|refusal| refusal.path == database.path);
    refusal.map(|refusal| refusal.id.name())
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

/// The first command of the way out that names the database, else the first of its group; where there is no way
/// out, that of a finding.
fn command(case: &Case, report: &Report, group: Option<GroupNumber>) -> Option<String> {
    let name = quoted(&case.database.path);
    let commands: Vec<&str> = group
        .map(|group| steps_of(report, group))
        .unwrap_or_default()
        .into_iter()
        .filter_map(|step| step.command.as_deref())
        .collect();
    let own = commands.iter().find(|command| command.contains(&name));
    own.or(commands.first()).map(|command| (*command).to_owned()).or_else(|| {
        case.findings().into_iter().find_map(|finding| match &finding.remedy {
            Paragraph::Command(command) => Some(command.to_string()),
            Paragraph::Words(_) => None,
        })
    })
}

/// The way out of a group.
pub(super) fn steps_of(report: &Report, group: GroupNumber) -> Vec<&WayOutStep> {
    let all = report.way_out.iter().zip(&report.aside.steps);
    all.filter(|(_, of_which)| **of_which == group).map(|(step, _)| step).collect()
}
