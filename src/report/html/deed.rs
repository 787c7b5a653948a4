//! What was planned, or done.

use maud::{Markup, html};

use crate::plan::{OperationRef, Step, WriteStep};
use crate::report::Report;
use crate::report::aside::DatabaseAside;
use crate::report::model::{DatabaseReport, Outcome};
use crate::report::text::{are_whole_pages, backup_in_words, step_in_words, verdict_of_database};
use crate::show::shown;

use super::fields::fields;
use super::findings::findings;
use super::moves::moves;
use super::parts::{Section, labelled, letters, text};

/// Nothing where nothing would be changed.
pub(super) fn section(report: &Report) -> Option<Section> {
    let of_group = report.steps.moves().filter(|_| report.aside.group.is_some());
    let databases = report.databases.iter().zip(&report.aside.databases);
    let changed: Vec<_> = databases.filter(|(database, _)| is_changed(database)).collect();
    if of_group.is_none() && changed.is_empty() {
        return None;
    }
    let body = html! {
        @if let Some(plan) = of_group {
            (moves(plan))
            (labelled(&[("Operation folder", report.operation.as_ref().map(folder))]))
        }
        @for (database, aside) in changed { (one(database, aside, report)) }
    };
    Some(Section { id: "deed", title: title(report.outcome), body })
}

fn folder(operation: &OperationRef) -> Markup {
    letters(operation.dir.display())
}

fn is_changed(database: &DatabaseReport) -> bool {
    database.operation.is_some() || !database.steps.of_header().is_empty()
}

fn title(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Committed | Outcome::Overtaken => "What was done",
        Outcome::RolledBack => "What was begun, and rolled back",
        Outcome::Pending => "What was begun",
        Outcome::Planned | Outcome::NothingToDo | Outcome::Ok | Outcome::Findings => {
            "What would be done"
        }
        Outcome::Refused | Outcome::Failed | Outcome::Declined | Outcome::Usage => {
            "What was planned"
        }
    }
}

fn one(database: &DatabaseReport, aside: &DatabaseAside, report: &Report) -> Markup {
    let write = database.steps.of_header().iter().find_map(as_write);
    let is_done = database.outcome == Outcome::Committed;
    html! {
        h3 { (shown(&database.path)) }
        p { (verdict_of_database(database, report)) }
        @for found in database.rebuild.iter().flat_map(|rebuild| &rebuild.evidence) { p { (shown(found)) } }
        @if let Some(plan) = database.steps.moves() { (moves(plan)) }
        @if let Some(write) = write {
            @if write.changes.is_empty() { p { (unchanged(database)) } } @else { (fields(write, is_done)) }
            (steps(database))
        }
        (operation(database))
        @if aside.found_before.is_some() { (left(database)) }
    }
}

fn as_write(step: &Step) -> Option<&WriteStep> {
    match step {
        Step::Write(write) => Some(write),
        Step::Copy { .. } | Step::Move(_) => None,
    }
}

fn unchanged(database: &DatabaseReport) -> &'static str {
    match are_whole_pages(database) {
        true => "Both pages as a whole, as they were saved.",
        false => "No field changes; a damaged copy is rewritten from the other.",
    }
}

fn steps(database: &DatabaseReport) -> Markup {
    let are_whole = are_whole_pages(database);
    html! {
        h4 { "Steps" }
        ol {
            @for step in database.steps.of_header() {
                li {
                    (shown(&step_in_words(step, are_whole)))
                    @if let Some(write) = as_write(step) {
                        (labelled(&[
                            ("SHA-256 before", Some(letters(write.before_sha256))),
                            ("SHA-256 after", Some(letters(write.after_sha256))),
                        ]))
                    }
                }
            }
        }
    }
}

fn operation(database: &DatabaseReport) -> Markup {
    let (backup, operation) = (database.backup.as_ref(), database.operation.as_ref());
    labelled(&[
        ("Backup", backup.map(|backup| text(backup_in_words(backup)))),
        ("Its file", backup.map(|backup| letters(backup.path.display()))),
        ("Its SHA-256", backup.map(|backup| letters(backup.sha256))),
        ("Operation folder", operation.map(folder)),
    ])
}

/// What a second check found, once something was written.
fn left(database: &DatabaseReport) -> Markup {
    html! {
        h4 { "Checked again" }
        @if database.findings.is_empty() { p { "Nothing was found." } }
        (findings(&database.findings, false))
    }
}
