//! The report as one page that needs nothing beside it: no script, no network. It is read in the light, in the
//! dark, on a phone, on paper, and by a screen reader.
//!
//! Whatever comes from a file, a path or a library is [`shown`](crate::show::shown), and the macro escapes it.

mod databases;
mod deed;
mod drawing;
mod fields;
mod findings;
mod frame;
mod head;
mod headers;
#[cfg(test)]
pub(super) mod judge;
mod logs;
mod moves;
mod next;
mod parts;
mod run;
#[cfg(test)]
mod tests;

use super::Report;

/// What stands in the place of a report until the run has ended.
pub fn unfinished_page() -> String {
    frame::unfinished().into_string()
}

/// The report of a run as a page.
pub fn to_html(report: &Report) -> String {
    let sections = [
        databases::section(report),
        logs::section(report),
        findings::section(report),
        deed::section(report),
        next::section(report),
        run::section(report),
        headers::section(report),
    ];
    let sections: Vec<_> = sections.into_iter().flatten().collect();
    frame::page(report, &sections).into_string()
}
