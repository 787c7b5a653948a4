//! The first screen of `check`: the answer, a table, pictures of the log numbers, what was found in short, and the way
//! out as the last thing. `--verbose` has the rest.

mod density;
mod findings;
mod folders;
mod picture;
mod ranks;
mod table;
mod way_out;
mod what_was_read;

use std::cmp::Reverse;
use std::path::Path;

use crate::report::Note;
use crate::report::Report;
use crate::report::model::VerdictId;
use crate::report::overview::Overview;
use crate::report::picture::Picture;
use crate::show::{Colour, shown};

use super::page::{Page, Style};
use density::Density;
use findings::Shown;
use folders::Folders;
use ranks::Ranks;

/// Lines of the smallest terminal, less the one where the next command is typed.
const LINES: usize = 23;

/// The report of a check. Where it does not fit the smallest terminal, less is said.
pub(super) fn render(report: &Report, style: Style) -> String {
    let screens = Density::TRIED.map(|density| screen(report, style, density));
    let mut fitting = screens.into_iter().filter(|screen| screen.lines().count() <= LINES);
    fitting.next().unwrap_or_else(|| screen(report, style, Density::TooMuch))
}

fn screen(report: &Report, style: Style, density: Density) -> String {
    let overview = Overview::of(report);
    let ranks = Ranks::of(&overview);
    let folders = Folders::of(report);
    let mut page = Page::new(style);
    page.answer(&overview);
    page.table(&overview.lines, density);
    page.pictures(&pictures(report, &ranks), density);
    page.found(&Shown::of(report, &overview, density), &folders);
    page.unread(report);
    if density.has_more() {
        page.more(report);
    }
    page.pages_and_logs(report);
    page.what_to_do(report, &folders, &ranks);
    page.what_was_read(report);
    page.text()
}

/// Those of the worst groups first.
fn pictures(report: &Report, ranks: &Ranks) -> Vec<Picture> {
    let drawn = report.streams().filter_map(|(stream, aside)| {
        let picture = Picture::of_stream(stream, &report.databases, &aside.checkpoint)?;
        Some((ranks.of_group(aside.group), picture))
    });
    let mut drawn: Vec<_> = drawn.collect();
    drawn.sort_by_key(|(rank, _)| Reverse(*rank));
    drawn.into_iter().map(|(_, picture)| picture).collect()
}

impl Page {
    fn answer(&mut self, overview: &Overview) {
        let colour = match overview.verdict.id {
            id if id.is_good() => Colour::new().green().bold(),
            VerdictId::FullBackupFirst | VerdictId::NeedsRecovery | VerdictId::GroupFails => {
                Colour::new().yellow().bold()
            }
            _ => Colour::new().red().bold(),
        };
        self.painted_words(0, &overview.verdict.words, colour);
    }

    /// Why something could not be read.
    fn unread(&mut self, report: &Report) {
        const MOST: usize = 4;
        if report.refusals.is_empty() {
            return;
        }
        self.blank();
        for refusal in report.refusals.iter().take(MOST) {
            self.refusal(refusal, Path::new(""));
        }
        self.more_of(report.refusals.len(), MOST);
    }

    /// What reading all pages came to, and what it means that there are no logs.
    fn pages_and_logs(&mut self, report: &Report) {
        let is_alone = report.databases.len() == 1;
        for (database, aside) in report.databases.iter().zip(&report.aside.databases) {
            let told = |note: &&Note| is_alone || note.is_warning();
            let notes: Vec<Note> = aside.notes.iter().filter(told).cloned().collect();
            if notes.is_empty() {
                continue;
            }
            self.blank();
            if !is_alone {
                self.line(format!("  {}", shown(&database.path)));
            }
            self.notes(&notes);
        }
        for dir in &report.aside.no_logs_in {
            self.blank();
            self.no_logs(dir);
        }
    }

    /// `and 3 more (--verbose lists all)`, where there are more than so many.
    fn more_of(&mut self, all: usize, most: usize) {
        if let Some(more) = all.checked_sub(most).filter(|more| *more > 0) {
            self.line(format!("  and {more} more (--verbose lists all)"));
        }
    }
}
