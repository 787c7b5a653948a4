//! The whole text of a report, part by part.

use std::fmt;
use std::path::Path;

use crate::report::Report;
use crate::report::model::CommandName;
use crate::report::picture::Picture;

use super::first_screen;
use super::page::{Page, Style};
use super::verdict::concerns;

/// Renders the report of a run.
pub fn render(report: &Report, style: Style) -> String {
    if report.command == CommandName::Check && !style.quiet && !style.verbose {
        return first_screen::render(report, style);
    }
    let mut page = Page::new(style);
    for (file, dump) in report.files.iter().zip(&report.aside.dumps) {
        page.file(&file.file, dump);
    }
    page.headline(report);
    for (database, aside) in report.databases.iter().zip(&report.aside.databases) {
        page.database(database, aside, report);
    }
    // A repair reports the logs in its JSON only: its reader has other worries.
    if report.command == CommandName::Check {
        page.logs(report);
        if !style.quiet {
            page.all_pictures(&Picture::of_report(report));
        }
        for dir in report.aside.no_logs_in.iter().filter(|_| !style.quiet) {
            page.no_logs(dir);
            page.blank();
        }
    }
    if let Some(group) = &report.aside.group {
        page.group(group, report);
    }
    page.operations(report);
    let above =
        |refusal| report.databases.iter().any(|database| concerns(refusal, database, report));
    for refusal in report.refusals.iter().filter(|refusal| !above(refusal)) {
        page.refusal(refusal, Path::new(""));
    }
    page.summary(report);
    page.more(report);
    page.after_operations(report);
    if !style.quiet {
        page.way_out(report);
    }
    page.text()
}

/// Renders a plan as it is shown before the question: of one database what would be written, of a
/// storage group what would be moved.
pub fn render_preview(report: &Report, style: Style) -> String {
    let mut page = Page::new(style);
    if let Some(plan) = report.steps.moves() {
        page.moves(plan);
    } else {
        for (database, aside) in report.databases.iter().zip(&report.aside.databases) {
            page.proposal(database, aside, &report.command);
            page.notes(&aside.notes);
        }
    }
    page.text()
}

impl fmt::Display for Report {
    /// The text of the command line, without colours.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render(self, Style::default()))
    }
}
