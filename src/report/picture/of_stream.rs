//! The picture of a log stream, from its report and those of its databases.

use crate::diagnose::CheckpointState;
use crate::report::Report;
use crate::report::model::{DatabaseReport, StreamReport};

use super::backups::{last_backups, next_full};
use super::names::members;
use super::needs::{checkpoint, to_mount};
use super::on_disk::{on_disk, on_disk_row};
use super::{Picture, Run, Span};

impl Picture {
    /// One picture for each log stream of a report, in their order.
    pub fn of_report(report: &Report) -> Vec<Self> {
        let databases = &report.document.databases;
        let of_each = report.streams();
        of_each
            .filter_map(|(stream, aside)| Self::of_stream(stream, databases, &aside.checkpoint))
            .collect()
    }

    /// The picture of one stream; its databases are found among `databases`. `None` where there is no log, and
    /// none is needed.
    pub fn of_stream(
        stream: &StreamReport,
        databases: &[DatabaseReport],
        position: &CheckpointState,
    ) -> Option<Self> {
        let members = members(stream, databases);
        let there = on_disk(stream);
        let needs = to_mount(stream, &there, &members, position);
        let axis = axis(there.iter().chain(needs.iter().flat_map(|row| &row.runs)))?;
        let mut rows = vec![on_disk_row(stream, there)];
        rows.extend(needs);
        rows.extend(checkpoint(&rows, position));
        rows.extend(last_backups(&members, axis));
        rows.extend(next_full(stream));
        let base = stream.base.clone()?;
        Some(Self { base, folder: stream.dir.clone(), axis, rows })
    }
}

/// From the first to the last of them.
fn axis<'a>(runs: impl Iterator<Item = &'a Run>) -> Option<Span> {
    let widest = |one: Span, next: Span| Span {
        first: one.first.min(next.first),
        last: one.last.max(next.last),
    };
    runs.map(|run| run.span).reduce(widest)
}
