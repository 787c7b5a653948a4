//! The way out, as the last thing on the screen.

use std::cmp::Reverse;

use crate::diagnose::{Action, WayOutStep};
use crate::report::Report;
use crate::report::text::page::Page;
use crate::show::Colour;

use super::folders::Folders;
use super::ranks::Ranks;

/// How many groups are led out.
const MOST_GROUPS: usize = 3;
/// How many steps of a group are shown.
const MOST_STEPS: usize = 10;

impl Page {
    /// The worst groups first.
    pub(super) fn what_to_do(&mut self, report: &Report, folders: &Folders, ranks: &Ranks) {
        let pairs: Vec<_> = report.way_out.iter().zip(&report.aside.steps).collect();
        let mut groups: Vec<_> =
            pairs.chunk_by(|(one, _), (next, _)| one.group == next.group).collect();
        groups.sort_by_key(|steps| Reverse(ranks.of_group(*steps[0].1)));
        for steps in groups.iter().take(MOST_GROUPS) {
            self.blank();
            let of_which = match (groups.len(), steps.first()) {
                (2.., Some((step, _))) => format!(" in {}", step.group),
                _ => String::new(),
            };
            let heading = self.painted(format!("What to do{of_which}"), Colour::new().bold());
            self.line(heading);
            steps.iter().take(MOST_STEPS).for_each(|(step, _)| self.one_step(step, folders));
            self.more_of(steps.len(), MOST_STEPS);
        }
        if groups.len() > MOST_GROUPS {
            let more = groups.len() - MOST_GROUPS;
            self.line(format!("and in {more} more folders (check each by itself, or --verbose)"));
        }
    }

    fn one_step(&mut self, step: &WayOutStep, folders: &Folders) {
        let label = format!("{}. ", step.step);
        let order = step.action.in_words();
        if let (Some(command), true) = (&step.command, speaks_for_itself(step.action)) {
            let line = format!("  {label}{order}: {command}");
            if line.chars().count() <= self.style.width {
                return self.line(line);
            }
        }
        let loses = step.loses.as_ref().map(|loses| format!(" Loses {loses}."));
        let why = folders.left_out_of(&step.why);
        self.words(2, &label, format!("{order}. {why}{}", loses.unwrap_or_default()));
        if let Some(command) = &step.command {
            self.line(format!("     {command}"));
        }
    }
}

/// Whether the command alone says what a step is for.
fn speaks_for_itself(action: Action) -> bool {
    matches!(
        action,
        Action::CopyAside | Action::RepairHeader | Action::CheckAgain | Action::FinishOperation
    )
}
