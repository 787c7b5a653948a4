//! The lines of the databases, in the order of the report.

use crate::diagnose::Finding;
use crate::report::model::{DatabaseReport, VerdictId};
use crate::report::{GroupNumber, Report};
use crate::show::{Paragraph, path_text, quoted};

use super::Line;
use super::database::Case;
use super::group::{findings_of, steps_of, streams_of, worst};

pub(super) fn lines(report: &Report) -> Vec<Line> {
    let databases = report.databases.iter().zip(&report.aside.databases).enumerate();
    let lines = databases.map(|(index, (database, aside))| {
        let case = Case {
            database,
            streams: streams_of(report, aside.checked_with),
            of_logs: about(report, database),
            refusal: refusal(report, database),
        };
        line(&case, index, report, aside.checked_with)
    });
    lines.collect()
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

/// What was found of a database among its logs.
fn about<'a>(report: &'a Report, database: &DatabaseReport) -> Vec<&'a Finding> {
    let path = path_text(&database.path);
    report.findings.iter().filter(|finding| finding.file.as_ref() == Some(&path)).collect()
}

fn refusal(report: &Report, database: &DatabaseReport) -> Option<&'static str> {
    let refusal = report.refusals.iter().find(|refusal| refusal.path == database.path);
    refusal.map(|refusal| refusal.id.name())
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
