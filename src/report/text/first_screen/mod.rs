//! The first screen of `check`: the answer, a table, pictures of the log numbers, what was found in short, and the way
//! out as the last thing. `--verbose` has the rest.

mod density;
mod findings;
mod folders;
mod picture;
mod table;
mod way_out;
mod what_was_read;

use crate::report::Report;
use crate::report::model::VerdictId;
use crate::report::overview::Overview;
use crate::report::picture::Picture;
use crate::show::Colour;

use super::page::{Page, Style};
use density::Density;
use findings::Shown;
use folders::Folders;

/// Lines of the smallest terminal, less the one where the next command is typed.
const LINES: usize = 23;

/// The report of a check. Where it does not fit the smallest terminal, less is said.
pub(super) fn render(report: &Report, style: Style) -> String {
    let screens = Density::ALL.map(|density| screen(report, style, density));
    let [.., tight] = &screens;
    let fits = |screen: &&String| screen.lines().count() <= LINES;
    screens.iter().find(fits).unwrap_or(tight).clone()
}

fn screen(report: &Report, style: Style, density: Density) -> String {
    let overview = Overview::of(report);
    let pictures = Picture::of_report(report);
    let folders = Folders::of(report);
    let mut page = Page::new(style);
    page.answer(&overview);
    page.table(&overview.lines, density);
    page.pictures(&pictures, density);
    page.found(&Shown::of(report, &overview, density), &folders);
    page.unread(report);
    page.pages_and_logs(report);
    page.what_to_do(report, &folders);
    page.what_was_read(report);
    page.text()
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
            self.refusal(refusal, std::path::Path::new(""));
        }
        self.more_of(report.refusals.len(), MOST);
    }

    /// What reading all pages came to, and what it means that there are no logs.
    fn pages_and_logs(&mut self, report: &Report) {
        for aside in report.aside.databases.iter().filter(|aside| !aside.notes.is_empty()) {
            self.blank();
            self.notes(&aside.notes);
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
