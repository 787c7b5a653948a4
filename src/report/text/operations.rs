//! The operations of `list`: a table where it fits, else one below the other; their folders; what comes next.

use crate::report::Report;
use crate::report::model::{OperationReport, Outcome};
use crate::show::{Colour, shown};

use super::page::{Ink, Page};

/// Columns between two cells.
const GAP: usize = 2;

/// Columns in front of a row.
const INDENT: usize = 2;

const TITLES: [&str; 6] = ["#", "planned (UTC)", "command", "of", "outcome", "folder"];

/// Cells in front of the folder, which a wide table has alone.
const WITHOUT_FOLDER: usize = TITLES.len() - 1;

/// One operation as a row: number, time, command, what it works on, outcome, folder.
type Row = [String; TITLES.len()];

impl Page {
    /// All of them; quietly, those that are not finished or cannot be told.
    pub(super) fn operations(&mut self, report: &Report) {
        let Some(operations) = &report.operations else { return };
        let is_wrong =
            |one: &OperationReport| matches!(one.outcome, Outcome::Pending | Outcome::Failed);
        let is_told = |one: &OperationReport| !self.style.quiet || is_wrong(one);
        let told: Vec<_> = operations.iter().enumerate().filter(|(_, one)| is_told(one)).collect();
        if told.is_empty() {
            return self.no_operations(report);
        }
        let rows: Vec<Row> =
            told.iter().map(|(at, operation)| row(*at, operation, operations)).collect();
        let widths = widths(&rows);
        let fits = |cells: usize| {
            let columns = INDENT + widths[..cells].iter().sum::<usize>() + GAP * (cells - 1);
            columns <= self.style.columns
        };
        let is_wide = fits(TITLES.len());
        if is_wide {
            self.table_of_operations(&rows, &widths);
        } else if fits(WITHOUT_FOLDER) {
            self.table_of_operations(&rows, &widths[..WITHOUT_FOLDER]);
            self.blank();
        } else {
            rows.iter().for_each(|row| self.operation_alone(row));
            self.blank();
        }
        for ((_, operation), row) in told.iter().zip(&rows) {
            if !is_wide {
                self.folder(row);
            }
            self.shared(operation, row);
        }
        self.blank();
    }

    fn no_operations(&mut self, report: &Report) {
        if self.style.quiet || !report.refusals.is_empty() {
            return;
        }
        self.line("No operation of edbmend is known of there.");
        self.words(
            0,
            "",
            "Looked at: the folder itself, the folder edbmend in it, and where the markers of operations lead. One \
             that was begun with --backup-dir and has ended is found by the name of that folder.",
        );
    }

    /// As many cells of each row as there are widths.
    fn table_of_operations(&mut self, rows: &[Row], widths: &[usize]) {
        let titles = TITLES.map(str::to_owned);
        let line = |row: &Row| {
            let cells = row.iter().zip(widths).map(|(cell, width)| padded(cell, *width));
            let cells = cells.collect::<Vec<_>>().join(&" ".repeat(GAP));
            format!("{:INDENT$}{}", "", cells.trim_end())
        };
        self.heading(line(&titles));
        rows.iter().for_each(|row| self.line(line(row)));
    }

    fn operation_alone(&mut self, [number, time, command, of, outcome, _]: &Row) {
        self.line(format!("{number}. {time}"));
        self.words(3, "", format!("{command}, {of}: {outcome}"));
    }

    fn folder(&mut self, [number, .., folder]: &Row) {
        if !folder.is_empty() {
            self.line(format!("{:INDENT$}{number}  {folder}", ""));
        }
    }

    fn shared(&mut self, operation: &OperationReport, [number, ..]: &Row) {
        if let Some(who) = &operation.shared_with {
            let warning = format!("{who}: what its folder says proves nothing");
            let warning: Ink = self.painted(warning, Colour::new().yellow());
            self.words(INDENT, &format!("{number}  "), warning);
        }
    }

    /// What is not finished comes before everything else; else the newest that can be undone, where each could be
    /// told, and so it is the newest.
    pub(super) fn after_operations(&mut self, report: &Report) {
        let operations = report.operations.as_deref().unwrap_or_default();
        let commands = |outcome| {
            let those = operations.iter().filter(move |operation| operation.outcome == outcome);
            those.filter_map(|operation| operation.next.as_ref())
        };
        let mut pending = commands(Outcome::Pending).peekable();
        if pending.peek().is_some() {
            if !report.refusals.is_empty() {
                self.blank();
            }
            self.words(0, "", "Not finished. Before anything else, and before a mount:");
            pending.for_each(|command| self.paragraph(INDENT, "", command));
        } else if let (Some(undo), Outcome::Ok, false) =
            (commands(Outcome::Committed).next(), report.outcome, self.style.quiet)
        {
            self.line("To undo the newest that was not undone:");
            self.paragraph(INDENT, "", undo);
        }
    }
}

fn row(at: usize, operation: &OperationReport, all: &[OperationReport]) -> Row {
    let number_of = |id: &Option<String>| {
        let id = id.as_ref()?;
        all.iter().position(|other| other.id.as_ref() == Some(id)).map(|at| at + 1)
    };
    let command = operation.command.as_ref().map_or("unknown", |command| command.as_str());
    let command = match number_of(&operation.undoes) {
        Some(undone) => format!("{command} of {undone}"),
        None => command.to_owned(),
    };
    let name = operation.path.as_deref().and_then(|path| path.file_name());
    let outcome = match number_of(&operation.undone_by) {
        Some(by) => format!("undone by {by}"),
        None => in_words(operation.outcome).to_owned(),
    };
    let time = operation.created.as_deref().map_or("unknown".to_owned(), without_letters);
    let of = name.map_or("unknown".to_owned(), |name| shown(name).to_string());
    let folder = operation.dir.as_deref().map_or(String::new(), |dir| shown(dir).to_string());
    [(at + 1).to_string(), shown(&time).to_string(), command, of, outcome, folder]
}

/// `2026-11-23T02:32:23Z` as people write it.
fn without_letters(time: &str) -> String {
    time.trim_end_matches('Z').replacen('T', " ", 1)
}

fn in_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Committed => "done",
        Outcome::RolledBack => "rolled back",
        Outcome::Overtaken => "closed",
        Outcome::Pending => "NOT FINISHED",
        Outcome::NothingToDo => "never begun",
        _ => "cannot be told",
    }
}

fn widths(rows: &[Row]) -> [usize; TITLES.len()] {
    let mut widths = TITLES.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(textwrap::core::display_width(cell));
        }
    }
    widths
}

fn padded(cell: &str, width: usize) -> String {
    let columns = textwrap::core::display_width(cell);
    format!("{cell}{:1$}", "", width.saturating_sub(columns))
}
