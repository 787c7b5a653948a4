//! What the headers record of the last backups, and what the next full backup deletes.

use crate::diagnose::ForecastOutcome;
use crate::ese::{BackupFault, BackupInfo};
use crate::report::model::{HeaderReport, StreamReport};

use super::names::{Member, few, file_name, grouped};
use super::numbers::{in_numbers, joined, one};
use super::{Mark, Row, RowKind, Run, Span};

/// At most this many different records have a row of their own.
const MOST_ROWS: usize = 4;

/// A row for each different record of the last full and the last incremental backup.
pub(super) fn last_backups(members: &[Member], axis: Span) -> Vec<Row> {
    let full = of_kind(RowKind::LastFull, members, axis, |header| header.previous_full_backup);
    let incremental = of_kind(RowKind::LastIncremental, members, axis, |header| {
        header.previous_incremental_backup
    });
    // That there was no incremental backup is nothing to be told.
    let is_recorded = |row: &Row| !row.runs.is_empty() || !row.legend.starts_with(NONE);
    let several = incremental.len() > 1;
    full.into_iter()
        .chain(incremental.into_iter().filter(|row| several || is_recorded(row)))
        .collect()
}

const NONE: &str = "none recorded";

fn of_kind(
    kind: RowKind,
    members: &[Member],
    axis: Span,
    field: impl Fn(&HeaderReport) -> BackupInfo,
) -> Vec<Row> {
    let record = |member: &Member| {
        let info = field(member.header);
        Some((info.gen_low, info.gen_high))
    };
    let records = grouped(members, record);
    let several = records.len() > 1;
    let rows = records.iter().take(MOST_ROWS).map(|((low, high), names)| {
        let info = BackupInfo { gen_low: *low, gen_high: *high, ..BackupInfo::NONE };
        let legend = match (several, in_words(&info, axis)) {
            (true, words) => format!("{words} ({})", few(names)),
            (false, words) => words,
        };
        Row { kind, runs: runs(&info).into_iter().collect(), legend }
    });
    rows.collect()
}

fn is_impossible(info: &BackupInfo) -> bool {
    info.fault(u32::MAX) == Some(BackupFault::Impossible)
}

fn runs(info: &BackupInfo) -> Option<Run> {
    let (low, high) = (i64::from(info.gen_low), i64::from(info.gen_high));
    let mark = if is_impossible(info) { Mark::Impossible } else { Mark::In };
    (low > 0 && low <= high).then(|| Run::new(low, high, mark))
}

fn in_words(info: &BackupInfo, axis: Span) -> String {
    if info.is_none() {
        return NONE.to_owned();
    }
    let span = Span { first: info.gen_low.into(), last: info.gen_high.into() };
    let numbers = format!("{}-{}", span.first, span.last);
    match info.fault(u32::try_from(axis.last).unwrap_or_default()) {
        Some(BackupFault::Impossible) => format!("{numbers}, impossible"),
        Some(BackupFault::HalfSet) => format!("{numbers}, one of them not set"),
        Some(BackupFault::Inverted) => format!("{numbers}, the wrong way round"),
        Some(BackupFault::BeyondLog) => format!("{numbers}, beyond these logs"),
        None if span.last < axis.first => format!("{}, before these logs", one(span)),
        None => one(span),
    }
}

/// What the next full backup of all databases deletes. Nothing where it does not come to that.
pub(super) fn next_full(stream: &StreamReport) -> Option<Row> {
    let spans = |of: &dyn Fn(&crate::diagnose::LogRange) -> bool| {
        let wanted = stream.ranges.iter().filter(|range| of(range));
        joined(wanted.map(|range| Span { first: range.from.into(), last: range.to.into() }))
    };
    if stream.databases.is_empty() {
        return None;
    }
    let deleted = spans(&|range| range.next_full_deletes);
    let held = spans(&|range| !range.held_by.is_empty());
    let mut runs: Vec<Run> =
        deleted.iter().map(|span| Run { span: *span, mark: Mark::In }).collect();
    runs.extend(held.iter().map(|span| Run { span: *span, mark: Mark::Held }));
    runs.sort_by_key(|run| run.span);
    let legend = next_full_in_words(stream, &deleted, &held);
    Some(Row { kind: RowKind::NextFull, runs, legend })
}

fn next_full_in_words(stream: &StreamReport, deleted: &[Span], held: &[Span]) -> String {
    if stream.next_mount.outcome != ForecastOutcome::Succeeds {
        return "not before the stores mount".to_owned();
    }
    let deletes = match stream.next_full.outcome {
        ForecastOutcome::Succeeds if deleted.is_empty() => "deletes none".to_owned(),
        ForecastOutcome::Succeeds => format!("deletes {}", in_numbers(deleted)),
        ForecastOutcome::Fails => "fails".to_owned(),
        ForecastOutcome::Unknown => "cannot be said".to_owned(),
    };
    if held.is_empty() {
        return deletes;
    }
    let holders = holders(stream);
    let verb = if holders.len() == 1 { "holds" } else { "hold" };
    format!("{deletes}; {} {verb} back {}", few(&holders), in_numbers(held))
}

fn holders(stream: &StreamReport) -> Vec<String> {
    let mut paths: Vec<&String> = stream.ranges.iter().flat_map(|range| &range.held_by).collect();
    paths.sort_unstable();
    paths.dedup();
    paths.into_iter().map(|path| file_name(path.as_ref())).collect()
}
