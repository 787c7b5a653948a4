//! One line for each database: name, state, what is to be expected.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};

use crate::report::model::VerdictId;
use crate::report::overview::Line;
use crate::report::text::page::{Ink, Page};
use crate::show::{Colour, shown};

use super::density::Density;

/// At most this many lines; the worst stay.
const MOST_LINES: usize = 12;

/// Between two columns.
const GAP: usize = 2;

/// Where a verdict has less room, it stands below the name.
const NARROWEST_VERDICT: usize = 28;

const HEADINGS: [&str; 3] = ["database", "state", "verdict"];

impl Page {
    pub(super) fn table(&mut self, lines: &[Line], density: Density) {
        if lines.is_empty() {
            return;
        }
        if !density.is_tight() {
            self.blank();
        }
        let rows: Vec<Row> = worst(lines).into_iter().map(|line| Row::of(line, lines)).collect();
        let widths = [0, 1].map(|column| {
            let cells = rows.iter().map(|row| row.cells[column].columns());
            let headings = (rows.len() > 1).then(|| HEADINGS[column].len());
            cells.chain(headings).max().unwrap_or_default()
        });
        let before = 2 + widths[0] + widths[1] + 2 * GAP;
        let fits = self.style.columns.saturating_sub(before) >= NARROWEST_VERDICT;
        if fits && rows.len() > 1 && !density.is_tight() {
            let headings = Row { cells: HEADINGS.map(Ink::from), id: VerdictId::Sound };
            self.row(headings, widths, Colour::new().dim());
        }
        for row in rows {
            let colour =
                if row.id > VerdictId::GroupFails { Colour::new().red() } else { Colour::new() };
            if fits { self.row(row, widths, colour) } else { self.stacked(row, colour) }
        }
        if let Some(more) = lines.len().checked_sub(MOST_LINES).filter(|more| *more > 0) {
            self.line(format!("  and {more} more that are no worse (--brief lists all)"));
        }
    }

    fn row(&mut self, row: Row, widths: [usize; 2], colour: Colour) {
        let [name, state, words] = row.cells;
        let padded = |cell: Ink, width: usize| {
            let space = " ".repeat(width.saturating_sub(cell.columns()) + GAP);
            cell + space
        };
        let before = Ink::from("  ") + padded(name, widths[0]) + padded(state, widths[1]);
        self.beside(before, words, self.style.columns, colour);
    }

    /// Where the terminal is too narrow for a line.
    fn stacked(&mut self, row: Row, colour: Colour) {
        let [name, state, words] = row.cells;
        self.line(Ink::from("  ") + name);
        let words = self.painted(words, colour);
        self.words(4, "", state + ": " + words);
    }
}

/// A line of the table.
struct Row {
    cells: [Ink; 3],
    id: VerdictId,
}

impl Row {
    fn of(line: &Line, all: &[Line]) -> Self {
        let name = shown(&name(line, all)).to_string();
        let state = line.verdict.state.label();
        let cells = [name.into(), state.into(), line.verdict.words.as_str().into()];
        Self { cells, id: line.verdict.id }
    }
}

/// All in their order; of too many the worst.
fn worst(lines: &[Line]) -> Vec<&Line> {
    let mut all: Vec<&Line> = lines.iter().collect();
    if all.len() > MOST_LINES {
        all.sort_by_key(|line| Reverse(line.verdict.id));
        all.truncate(MOST_LINES);
    }
    all
}

/// The path from the folder that all of them are in.
fn name(line: &Line, all: &[Line]) -> PathBuf {
    let folders = all.iter().filter_map(|line| line.path.parent());
    let common = folders.reduce(common_folder);
    let inside = common.and_then(|folder| line.path.strip_prefix(folder).ok());
    inside.unwrap_or(&line.path).to_owned()
}

fn common_folder<'a>(one: &'a Path, other: &Path) -> &'a Path {
    one.ancestors().find(|folder| other.starts_with(folder)).unwrap_or(Path::new(""))
}
