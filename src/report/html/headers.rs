//! The headers as `eseutil` prints them, folded.

use std::path::Path;

use maud::{Markup, html};

use crate::report::Report;
use crate::show::shown;

use super::parts::Section;

/// Nothing where no header was read.
pub(super) fn section(report: &Report) -> Option<Section> {
    let aside = &report.aside;
    let mut dumps = Vec::new();
    for (database, aside) in report.databases.iter().zip(&aside.databases) {
        let path = database.path.as_path();
        match &aside.header_before {
            None => dumps.push((path, "", &aside.header)),
            Some(before) => {
                dumps.extend([(path, ", before", before), (path, ", after", &aside.header)])
            }
        }
    }
    dumps.extend(aside.headers.iter().map(|dump| (dump.path.as_path(), "", &dump.text)));
    dumps.retain(|(_, _, text)| !text.is_empty());
    let body = html! {
        p { "As eseutil prints them." }
        @for (path, when, text) in &dumps { (folded(path, when, text)) }
    };
    (!dumps.is_empty()).then_some(Section { id: "headers", title: "Headers", body })
}

/// The lines of a dump were made so that nothing in them is as it came from a file.
fn folded(path: &Path, when: &str, text: &str) -> Markup {
    html! {
        details {
            summary { (shown(path)) (when) }
            pre.dump { (text.trim_matches('\n')) }
        }
    }
}
