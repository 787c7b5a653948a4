//! Who ran what, where and when; and the files that stay.

use maud::{Markup, html};

use crate::report::Report;
use crate::report::model::DigestReport;
use crate::report::text::{typed, who};
use crate::show::shown;

use super::parts::{MOST_ROWS, Section, command, labelled, letters, more, text};

/// Nothing of a run of which nothing is known.
pub(super) fn section(report: &Report) -> Option<Section> {
    let run = report.run.as_ref()?;
    let body = html! {
        (labelled(&[
            ("Typed", Some(command(&typed(run)))),
            ("In folder", Some(letters(run.directory.as_deref().unwrap_or("unknown")))),
            ("By", Some(text(who(run)))),
            ("On machine", Some(text(&run.host))),
            ("Begun", Some(text(&run.started))),
            ("Ended", Some(text(&run.finished))),
            ("Operation", report.operation.as_ref().map(|operation| letters(&operation.id))),
        ]))
        @if !report.digests.is_empty() { (digests(&report.digests)) }
    };
    Some(Section { id: "run", title: "This run", body })
}

fn digests(digests: &[DigestReport]) -> Markup {
    html! {
        h3 { "SHA-256 of the files in the operation folder" }
        p { "To compare them, in that folder:" }
        (command("sha256sum -c SHA256SUMS"))
        details {
            summary { "The digests" }
            table {
                thead { tr { th scope="col" { "File" } th scope="col" { "SHA-256" } } }
                tbody {
                    @for DigestReport { name, sha256 } in digests.iter().take(MOST_ROWS) {
                        tr { th scope="row" { (shown(name)) } td { code { (sha256) } } }
                    }
                }
            }
            (more(digests.len()))
        }
    }
}
