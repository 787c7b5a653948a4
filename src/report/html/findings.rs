//! What was found, and why something was not done.

use maud::{Markup, html};

use crate::diagnose::{Finding, Severity};
use crate::refusal::Refusal;
use crate::report::Report;
use crate::report::aside::DatabaseAside;
use crate::report::model::{CommandName, DatabaseReport};
use crate::show::shown;
use crate::survey::PageFacts;

use super::parts::{Section, labelled, letters, notes, paragraph, text};

/// So many errors are open from the start.
const MOST_OPEN: usize = 5;

/// Nothing where nothing was found, and nothing refused.
pub(super) fn section(report: &Report) -> Option<Section> {
    let databases = report.databases.iter().zip(&report.aside.databases);
    let told: Vec<_> =
        databases.filter(|(database, aside)| is_told(database, aside, report)).collect();
    if told.is_empty() && report.findings.is_empty() && report.refusals.is_empty() {
        return None;
    }
    let body = html! {
        @for refusal in &report.refusals { (refused(refusal)) }
        @for (database, aside) in told {
            h3 { (shown(&database.path)) }
            (findings(before(database, aside), aside.found_before.is_some()))
            @if let Some(pages) = &database.pages { (pages_of(pages)) }
            @if report.command == CommandName::Check { (notes(&aside.notes)) }
        }
        @if !report.findings.is_empty() {
            h3 { "Logs and checkpoint" }
            (findings(&report.findings, false))
        }
    };
    Some(Section { id: "findings", title: "What was found", body })
}

fn is_told(database: &DatabaseReport, aside: &DatabaseAside, report: &Report) -> bool {
    let has_notes = report.command == CommandName::Check && !aside.notes.is_empty();
    has_notes || database.pages.is_some() || !before(database, aside).is_empty()
}

/// After a deed those in the report are what is left.
fn before<'a>(database: &'a DatabaseReport, aside: &'a DatabaseAside) -> &'a [Finding] {
    aside.found_before.as_ref().unwrap_or(&database.findings)
}

/// A list of findings, of which the first errors are open where they are not mended.
pub(super) fn findings(findings: &[Finding], are_mended: bool) -> Markup {
    let is_open = |index, finding: &Finding| {
        !are_mended && finding.severity == Severity::Error && index < MOST_OPEN
    };
    html! {
        @for (index, finding) in findings.iter().enumerate() {
            (finding_of(finding, is_open(index, finding)))
        }
    }
}

fn finding_of(finding: &Finding, open: bool) -> Markup {
    let severity = finding.severity.name();
    html! {
        details.finding.(severity) open[open] {
            summary {
                span.severity { (severity) } " " (finding.id.name())
                span.message { (shown(&finding.message)) }
            }
            (labelled(&[
                ("Means", Some(text(&finding.consequence))),
                ("Mend", Some(paragraph(&finding.remedy))),
            ]))
        }
    }
}

fn refused(refusal: &Refusal) -> Markup {
    let word = if refusal.id.is_guard() { "refused" } else { "stopped" };
    let is_of_file = !refusal.path.as_os_str().is_empty();
    html! {
        div.finding.error {
            h3 { span.severity { (word) } " " (refusal.id.name()) }
            (labelled(&[
                ("File", is_of_file.then(|| letters(refusal.path.display()))),
                ("Found", Some(text(&refusal.message))),
                ("Do", (!refusal.remedy.is_empty()).then(|| paragraph(&refusal.remedy))),
            ]))
        }
    }
}

fn pages_of(pages: &PageFacts) -> Markup {
    labelled(&[
        ("Pages seen", Some(text(pages.total))),
        ("Bad checksums", Some(text(pages.bad_checksums))),
        ("Correctable checksums", Some(text(pages.correctable))),
        ("Uninitialized pages", Some(text(pages.empty))),
        ("Wrong page numbers", Some(text(pages.wrong_page_numbers))),
        ("Unreadable pages", (pages.unreadable > 0).then(|| text(pages.unreadable))),
    ])
}
