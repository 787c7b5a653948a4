//! The fields that a header write changes.

use maud::{Markup, html};

use crate::plan::{Change, WriteStep};
use crate::rebuild::Source;
use crate::show::shown;

/// Every field before and after; of a rebuilt header its value, and where that comes from.
pub(super) fn fields(write: &WriteStep, is_done: bool) -> Markup {
    let is_rebuilt = write.changes.iter().any(|change| change.source.is_some());
    let planned = if is_done { "After" } else { "Planned" };
    let now = if is_done { "Before" } else { "Now" };
    html! {
        table {
            caption { "Fields of the header, in both copies. Offsets are inside a copy, in bytes." }
            thead {
                tr {
                    th scope="col" { "Offset" }
                    th scope="col" { "Field" }
                    th scope="col" { @if is_rebuilt { "Value" } @else { (now) } }
                    th scope="col" { @if is_rebuilt { "From" } @else { (planned) } }
                }
            }
            tbody { @for change in &write.changes { (row(change, is_rebuilt)) } }
        }
    }
}

fn row(change: &Change, is_rebuilt: bool) -> Markup {
    html! {
        tr {
            td.number { (change.offset) }
            th scope="row" { (shown(&change.label)) }
            @if is_rebuilt {
                td { code { (shown(&change.after)) } }
                td { (change.source.map_or("", Source::in_words)) }
            } @else {
                td { code { (shown(&change.before)) } }
                td { code { (shown(&change.after)) } }
            }
        }
    }
}
