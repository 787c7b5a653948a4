//! Lines of logs without a database.

use std::path::Path;

use crate::diagnose::ForecastOutcome;
use crate::report::model::{DatabaseVerdict, FileState, StreamReport, VerdictId};
use crate::report::{Report, StreamAside};

use super::Line;
use super::group::{findings_of, mount_fails, steps_of, worst};
use super::numbers::with_numbers;

/// One for each log stream of a group in which no database was found.
pub(super) fn lines(report: &Report) -> Vec<Line> {
    let has_database = |aside: &StreamAside| {
        report.aside.databases.iter().any(|one| one.checked_with == Some(aside.group))
    };
    let alone = report.streams().filter(|(_, aside)| !has_database(aside));
    alone.filter_map(|(stream, aside)| line(stream, aside, report)).collect()
}

fn line(stream: &StreamReport, aside: &StreamAside, report: &Report) -> Option<Line> {
    let base = stream.base.as_ref()?;
    let (id, words) = answer(stream);
    let commands = steps_of(report, aside.group).into_iter();
    Some(Line {
        path: Path::new(&stream.dir).join(base),
        database: None,
        verdict: DatabaseVerdict { id, state: FileState::Logs, words },
        worst: worst(&findings_of(report, aside.group)),
        command: commands.filter_map(|step| step.command.clone()).next(),
        group: Some(aside.group),
    })
}

fn answer(stream: &StreamReport) -> (VerdictId, String) {
    let forecast = &stream.next_mount;
    match forecast.outcome {
        _ if mount_fails(stream) => {
            let words = with_numbers("will not mount", forecast.error, forecast.event);
            (VerdictId::MountFails, words)
        }
        ForecastOutcome::Unknown if !forecast.in_short.is_empty() => {
            (VerdictId::NoDatabase, forecast.in_short.clone())
        }
        _ => (VerdictId::NoDatabase, "no database of these logs is here".into()),
    }
}
