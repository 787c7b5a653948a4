//! What comes next: the way out, and what a deed has to tell the person who goes on.

use maud::{Markup, html};

use crate::diagnose::WayOutStep;
use crate::report::Report;
use crate::report::model::CommandName;
use crate::show::shown;

use super::parts::{Section, command, notes};

/// Nothing where nothing is to be done.
pub(super) fn section(report: &Report) -> Option<Section> {
    let of_databases = report.aside.databases.iter().map(|aside| &aside.notes);
    // Those of a check say what was found.
    let of_databases = of_databases.filter(|_| report.command != CommandName::Check);
    let told: Vec<_> =
        report.databases.iter().zip(of_databases).filter(|(_, notes)| !notes.is_empty()).collect();
    let of_group = report.aside.group.iter().flat_map(|group| &group.notes).collect::<Vec<_>>();
    if told.is_empty() && of_group.is_empty() && report.way_out.is_empty() {
        return None;
    }
    let are_several = told.len() > 1;
    let body = html! {
        @for (database, of_database) in &told {
            @if are_several { h3 { (shown(&database.path)) } }
            (notes(*of_database))
        }
        (notes(of_group))
        (way_out(&report.way_out))
    };
    let title = if report.command == CommandName::Check { "What to do" } else { "What comes next" };
    Some(Section { id: "next", title, body })
}

fn way_out(steps: &[WayOutStep]) -> Markup {
    let groups: Vec<&[WayOutStep]> = steps.chunk_by(|one, next| one.group == next.group).collect();
    html! {
        @for steps in &groups {
            @if groups.len() > 1 { h3 { (shown(&steps[0].group)) } }
            ol.steps { @for step in *steps { li { (step_of(step)) } } }
        }
    }
}

fn step_of(step: &WayOutStep) -> Markup {
    html! {
        p { strong { (step.action.in_words()) "." } " " (shown(&step.why)) }
        @if let Some(line) = &step.command { (command(line)) }
        @if let Some(loses) = &step.loses { p.loses { strong { "Loses: " } (shown(loses)) } }
    }
}
