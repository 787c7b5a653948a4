//! What the next mount needs, and where the checkpoint lets recovery begin.

use crate::diagnose::CheckpointState;
use crate::ese::DbState;
use crate::report::model::{HeaderReport, StreamReport};

use super::names::{Member, few, grouped};
use super::numbers::{flaws, in_numbers, joined};
use super::on_disk::of_span;
use super::{Mark, Row, RowKind, Run, Span};

/// At most this many different needs have a row of their own.
const MOST_ROWS: usize = 4;

/// What the mount needs as a whole; where the databases need different logs, each need on its own behind it.
pub(super) fn to_mount(
    stream: &StreamReport,
    there: &[Run],
    members: &[Member],
    position: &CheckpointState,
) -> Vec<Row> {
    let needs = grouped(members, |member| need(member.header));
    let read = stream.ranges.iter().filter(|range| range.needed_to_mount);
    let read = read.map(|range| Span { first: range.from.into(), last: range.to.into() });
    let whole = union(read.chain(needs.iter().map(|(span, _)| *span)));
    if whole.is_empty() {
        return Vec::new();
    }
    let runs = runs_of(there, &whole);
    let is_plain = members.len() == 1;
    let legend = in_words(&whole, &runs, &needs, is_plain, position);
    let mut rows = vec![Row { kind: RowKind::ToMount, runs, legend }];
    if needs.len() > 1 {
        rows.extend(
            needs.iter().take(MOST_ROWS).map(|(span, names)| needed_by(there, *span, names)),
        );
    }
    rows
}

/// The logs that recovery of a database needs: `None` of a clean one, and of one whose header names none.
fn need(header: &HeaderReport) -> Option<Span> {
    let [first, last] = header.log_required;
    let last = last.max(header.log_committed);
    let is_needed = header.state != DbState::CleanShutdown && first > 0 && first <= last;
    is_needed.then(|| Span { first: first.into(), last: last.into() })
}

/// Spans in any order as ascending ones that do not touch.
fn union(spans: impl Iterator<Item = Span>) -> Vec<Span> {
    let mut sorted: Vec<Span> = spans.collect();
    sorted.sort_unstable();
    let mut behind = i64::MIN;
    let parts = sorted.into_iter().filter_map(|span| {
        let part = Span { first: span.first.max(behind), last: span.last };
        behind = behind.max(span.last + 1);
        (part.first <= part.last).then_some(part)
    });
    joined(parts)
}

fn runs_of(there: &[Run], spans: &[Span]) -> Vec<Run> {
    spans.iter().flat_map(|span| of_span(there, *span)).collect()
}

/// The numbers, and what is wrong with them, or else whose they are.
fn in_words(
    whole: &[Span],
    runs: &[Run],
    needs: &[(Span, Vec<String>)],
    is_plain: bool,
    position: &CheckpointState,
) -> String {
    let mut parts = vec![in_numbers(whole)];
    parts.extend(flaws(runs));
    let is_flawless = parts.len() == 1;
    match needs {
        [] => parts.push("no database needs recovery".to_owned()),
        [(_, names)] if !is_plain => parts.push(format!("for {}", few(names))),
        _ => {}
    }
    if let (CheckpointState::At(at), Some(first)) = (position, whole.first())
        && !needs.is_empty()
        && is_flawless
        && first.first == i64::from(at.generation)
    {
        parts.push("from the checkpoint on".to_owned());
    }
    parts.join("; ")
}

fn needed_by(there: &[Run], span: Span, names: &[String]) -> Row {
    let runs = of_span(there, span);
    let parts: Vec<String> = [in_numbers(&[span])].into_iter().chain(flaws(&runs)).collect();
    let legend = format!("{}: {}", few(names), parts.join("; "));
    Row { kind: RowKind::NeededBy, runs, legend }
}

/// The checkpoint, where the mount does not begin with its log, or needs older ones.
pub(super) fn checkpoint(rows: &[Row], position: &CheckpointState) -> Option<Row> {
    let CheckpointState::At(at) = position else { return None };
    let generation = i64::from(at.generation);
    let of_mount = rows.iter().find(|row| row.kind == RowKind::ToMount);
    let begins = of_mount.and_then(|row| row.runs.first()).map(|run| run.span.first);
    if generation <= 0 || begins == Some(generation) {
        return None;
    }
    let legend = format!("{generation}, {at}");
    let runs = vec![Run::new(generation, generation, Mark::In)];
    Some(Row { kind: RowKind::Checkpoint, runs, legend })
}
