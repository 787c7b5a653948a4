//! Logs that move.

use maud::{Markup, html};

use crate::plan::{Batch, MoveMethod, ResetPlan};
use crate::show::{shown, size};

use super::parts::{MOST_ROWS, labelled, letters, more};

/// Each batch in its order, and what each file is known by.
pub(super) fn moves(plan: &ResetPlan) -> Markup {
    let files = || plan.batches.iter().flat_map(|batch| &batch.files);
    let bytes: u64 = files().fold(0, |sum, file| sum.saturating_add(file.bytes));
    let is_undo = plan.undoes.is_some();
    html! {
        p { "Log stream " (plan.base) ": " (plan.file_count()) " files, " (size(bytes)) "." }
        ol { @for batch in &plan.batches { li { (batch_of(batch)) } } }
        details {
            summary { @if is_undo { "The files that go back" } @else { "The files" } }
            table {
                caption { "SHA-256 is that of the first 4096 bytes." }
                thead {
                    tr {
                        th scope="col" { "File" }
                        th scope="col" { "Bytes" }
                        th scope="col" { "SHA-256" }
                        th scope="col" { "Log" }
                    }
                }
                tbody {
                    @for file in files().take(MOST_ROWS) {
                        tr {
                            th scope="row" { (shown(&file.name)) }
                            td.number { (file.bytes) }
                            td { code { (hex::encode(file.header_sha256)) } }
                            td { @if let Some(body) = file.body { (body.name()) } @else { "not read" } }
                        }
                    }
                }
            }
            (more(plan.file_count()))
        }
    }
}

fn batch_of(batch: &Batch) -> Markup {
    let how = match batch.method {
        MoveMethod::Rename => "renamed",
        MoveMethod::Copy => "copied, read back and compared, then removed",
    };
    let (first, last) = (batch.files.first(), batch.files.last());
    let last = last.filter(|_| batch.files.len() > 1);
    html! {
        @if let Some(first) = first { (shown(&first.name)) }
        @if let Some(last) = last { " to " (shown(&last.name)) }
        " (" (batch.files.len()) ", " (how) ")"
        (labelled(&[
            ("From", Some(letters(batch.from.display()))),
            ("To", Some(letters(batch.to.display()))),
        ]))
    }
}
