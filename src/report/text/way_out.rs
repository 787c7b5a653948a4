//! The way out, as the last thing on the screen.

use crate::diagnose::WayOutStep;
use crate::report::Report;

use super::page::{Ink, Page};

/// How many steps of a group are shown, unless all are asked for.
const MOST_STEPS: usize = 10;

impl Page {
    /// The steps of each group, in their order.
    pub(super) fn way_out(&mut self, report: &Report) {
        let groups: Vec<&[WayOutStep]> =
            report.way_out.chunk_by(|one, next| one.group == next.group).collect();
        for steps in &groups {
            let of_which =
                if groups.len() > 1 { format!(" of {}", steps[0].group) } else { String::new() };
            self.blank();
            self.heading(format!("The way out{of_which}"));
            let most = if self.style.verbose { steps.len() } else { MOST_STEPS };
            steps.iter().take(most).for_each(|step| self.step(step));
            if let Some(more) = steps.len().checked_sub(most).filter(|more| *more > 0) {
                self.line(format!("  and {more} more (--verbose lists all)"));
            }
        }
    }

    fn step(&mut self, step: &WayOutStep) {
        let label = format!("{}. ", step.step);
        self.words(2, &label, Ink::from(step.action.in_words()) + ". " + step.why.as_str());
        if let Some(command) = &step.command {
            self.line(format!("       {command}"));
        }
        if let Some(loses) = &step.loses {
            self.words(5, "loses: ", loses.as_str());
        }
    }
}
