//! The logs that are there, and the gaps between them.

use crate::diagnose::LogRangeState;
use crate::report::model::StreamReport;

use super::numbers::{flaws, in_numbers, one, spans_of};
use super::{Mark, Row, RowKind, Run, Span};

/// What is there, ascending and without a hole.
pub(super) fn on_disk(stream: &StreamReport) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for range in &stream.ranges {
        let mark = match range.state {
            LogRangeState::Closed | LogRangeState::Current => Mark::In,
            LogRangeState::Missing => Mark::Missing,
            LogRangeState::Damaged => Mark::Damaged,
            LogRangeState::Unread => Mark::Unread,
        };
        push(&mut runs, Run::new(range.from.into(), range.to.into(), mark));
    }
    // The name of the current log has no number: it is taken for the one behind the closed logs.
    let is_damaged = stream.current.as_ref().is_some_and(|path| stream.damaged.contains(path));
    if let (true, Some(last)) = (is_damaged, runs.last().map(|run| run.span.last)) {
        push(&mut runs, Run::new(last + 1, last + 1, Mark::Damaged));
    }
    runs
}

fn push(runs: &mut Vec<Run>, run: Run) {
    match runs.last_mut() {
        Some(before) if before.mark == run.mark && before.span.last + 1 == run.span.first => {
            before.span.last = run.span.last;
        }
        _ => runs.push(run),
    }
}

/// What of some generations is there. Those of which nothing is known have no file.
pub(super) fn of_span(there: &[Run], span: Span) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut next = span.first;
    // The runs are ascending: those before the span are skipped at once.
    let from = there.partition_point(|run| run.span.last < span.first);
    for run in &there[from..] {
        let Some(part) = run.span.cut(span) else { break };
        if next < part.first {
            push(&mut runs, Run::new(next, part.first - 1, Mark::Missing));
        }
        push(&mut runs, Run { span: part, mark: run.mark });
        next = part.last + 1;
    }
    if next <= span.last {
        push(&mut runs, Run::new(next, span.last, Mark::Missing));
    }
    runs
}

pub(super) fn on_disk_row(stream: &StreamReport, runs: Vec<Run>) -> Row {
    let current = stream.ranges.iter().find(|range| range.state == LogRangeState::Current);
    let there = spans_of(&runs, Mark::In);
    // Of many pieces the ends are said, and the gaps are counted.
    let all = match (there.as_slice(), there.first(), there.last()) {
        ([_, _, _, ..], Some(first), Some(last)) => {
            one(Span { first: first.first, last: last.last })
        }
        (few, ..) => in_numbers(few),
    };
    let current = match (current, stream.current.is_some()) {
        (Some(range), _) => Some(format!("{} is current", range.from)),
        (None, true) => None,
        (None, false) => Some("no current log".to_owned()),
    };
    let all = (!all.is_empty()).then_some(all);
    let parts: Vec<String> = all.into_iter().chain(flaws(&runs)).chain(current).collect();
    let legend = parts.join("; ");
    Row { kind: RowKind::OnDisk, runs, legend }
}
