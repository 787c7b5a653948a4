//! The log numbers, drawn in columns.

use crate::report::picture::{Cell, Mark, Picture, Row, RowKind, Scale};
use crate::report::text::page::{Ink, Page};
use crate::show::{Colour, shown};

use super::density::Density;

/// Of a label with the space behind it.
const LABEL: usize = 12;
/// A bar is never narrower.
const NARROWEST_BAR: usize = 20;
/// Columns of one log, where there are few.
const WIDEST_LOG: usize = 6;
/// A legend that has less room stands below its bar.
const NARROWEST_LEGEND: usize = 24;
/// So many pictures are drawn unless all are asked for.
const MOST_PICTURES: usize = 3;

impl Page {
    pub(in crate::report::text) fn all_pictures(&mut self, pictures: &[Picture]) {
        for picture in pictures {
            self.picture(picture, Density::Roomy, true);
            self.blank();
        }
    }

    /// Those of the worst groups first.
    pub(super) fn pictures(&mut self, pictures: &[Picture], density: Density) {
        let with_folder = pictures.len() > 1;
        for picture in pictures.iter().take(MOST_PICTURES) {
            self.blank();
            self.picture(picture, density, with_folder);
        }
        if pictures.len() > MOST_PICTURES {
            self.blank();
            let more = pictures.len() - MOST_PICTURES;
            self.line(format!("  and the logs of {more} more groups (--verbose shows all)"));
        }
    }

    fn picture(&mut self, picture: &Picture, density: Density, with_folder: bool) {
        if with_folder {
            self.line(format!("  Logs {} in {}", picture.base, picture.folder));
        }
        let rows: Vec<&Row> = picture.rows.iter().filter(|row| density.has(row)).collect();
        let bar = self.bar(picture, &rows);
        let scale = picture.scale(bar);
        let label =
            if with_folder { String::new() } else { format!("Logs {}", shown(&picture.base)) };
        self.line(format!("  {label:LABEL$}{}", numbers(&scale)));
        for row in rows {
            self.row_of_picture(row, &scale);
        }
    }

    /// How wide the bars are: as wide as the longest legend beside them leaves them.
    fn bar(&self, picture: &Picture, rows: &[&Row]) -> usize {
        let legends = rows.iter().map(|row| textwrap::core::display_width(&row.legend));
        let room = self.style.columns.saturating_sub(2 + LABEL);
        let beside = room.saturating_sub(2 + legends.max().unwrap_or_default());
        let logs = usize::try_from(picture.axis.count()).unwrap_or(usize::MAX);
        let widest = logs.saturating_mul(WIDEST_LOG).max(NARROWEST_BAR);
        beside.max(NARROWEST_BAR).min(widest).min(room.max(1))
    }

    fn row_of_picture(&mut self, row: &Row, scale: &Scale) {
        let bar = Ink::from(format!("  {:LABEL$}", row.kind.label())) + self.drawn(row, scale);
        let legend = Ink::from(row.legend.as_str());
        let room = self.style.columns.saturating_sub(2 + LABEL + scale.units() + 2);
        if legend.columns() > room && room < NARROWEST_LEGEND {
            self.line(bar);
            return self.words(4, "", legend);
        }
        self.beside(bar + "  ", legend, self.style.columns, Colour::new());
    }

    /// A bar of the width of the scale.
    fn drawn(&self, row: &Row, scale: &Scale) -> Ink {
        let mut bar = Ink::from("");
        let mut next = 0;
        for cell in scale.cells(row) {
            bar = bar + " ".repeat(cell.units.start - next);
            next = cell.units.end;
            let colour = match cell.mark {
                Mark::In | Mark::Held => Colour::new(),
                Mark::Missing | Mark::Damaged | Mark::Unread | Mark::Impossible => {
                    Colour::new().red()
                }
            };
            let text = self.letters(row.kind, &cell);
            bar = bar + self.painted(text, colour);
        }
        bar + " ".repeat(scale.units() - next)
    }

    fn letters(&self, kind: RowKind, cell: &Cell) -> String {
        let letter = match (cell.mark, kind, self.style.unicode) {
            (Mark::In, _, true) => '\u{25a0}',
            (Mark::In, _, false) => '#',
            (Mark::Held, _, true) => '\u{25a1}',
            (Mark::Held, _, false) => '-',
            (Mark::Missing, RowKind::OnDisk, true) => '\u{2591}',
            (Mark::Missing, RowKind::OnDisk, false) => '.',
            (Mark::Missing, ..) => 'x',
            (Mark::Damaged, ..) => '!',
            (Mark::Unread, ..) => '~',
            (Mark::Impossible, ..) => '?',
        };
        let mut letters = vec![letter; cell.units.len()];
        if cell.from_before {
            letters[0] = '<';
        }
        if let (true, Some(last)) = (cell.goes_on, letters.last_mut()) {
            *last = '>';
        }
        letters.into_iter().collect()
    }
}

/// The line of generations above the bars.
fn numbers(scale: &Scale) -> String {
    let mut line = String::new();
    for tick in scale.ticks(|generation| generation.to_string().len()) {
        line = format!("{line:width$}{}", tick.generation, width = tick.unit);
    }
    line
}
