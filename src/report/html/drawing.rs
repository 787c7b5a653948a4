//! The picture of the log numbers, a bar for each row. A bar is as wide as there is room; what it shows is said
//! beside it in words.

use maud::{Markup, html};

use crate::report::picture::{Cell, Mark, Picture, Row, Scale};
use crate::show::shown;

/// A bar has so many units: each of them is seen on a phone.
const UNITS: usize = 160;

/// A digit above a bar takes so many of them, on a phone.
const UNITS_OF_DIGIT: usize = 4;

/// The rows from top to bottom, under the numbers.
pub(super) fn drawn(picture: &Picture) -> Markup {
    let scale = picture.scale(UNITS);
    let ticks = scale.ticks(|generation| generation.to_string().len() * UNITS_OF_DIGIT);
    html! {
        figure {
            figcaption { "Log generations " (picture.axis.first) " to " (picture.axis.last) }
            div.ticks aria-hidden="true" {
                @for tick in ticks {
                    span style={ "left:" (per_cent(tick.unit)) "%" } { (tick.generation) }
                }
            }
            dl.picture {
                @for row in &picture.rows {
                    div { dt { (row.kind.label()) } dd { (bar(picture, &scale, row)) p { (shown(&row.legend)) } } }
                }
            }
            (key(picture))
        }
    }
}

fn per_cent(unit: usize) -> f64 {
    unit as f64 * 100.0 / UNITS as f64
}

fn bar(picture: &Picture, scale: &Scale, row: &Row) -> Markup {
    html! {
        svg role="img" viewBox={ "0 0 " (scale.units()) " 10" } preserveAspectRatio="none" {
            title {
                (row.kind.label()) ", drawn from generation " (picture.axis.first) " to " (picture.axis.last)
            }
            desc { (shown(&row.legend)) }
            @for cell in scale.cells(row) { (cell_of(&cell, scale.units())) }
        }
    }
}

/// A box by its mark; an arrow where it goes on beyond the bar.
fn cell_of(cell: &Cell, units: usize) -> Markup {
    let (start, end) = (cell.units.start, cell.units.end);
    html! {
        (mark_of(cell.mark, start, end - start))
        @if cell.from_before { path.beyond d="M3 1 L0.5 5 L3 9" {} }
        @if cell.goes_on { path.beyond d={ "M" (units - 3) " 1 l2.5 4 l-2.5 4" } {} }
    }
}

/// The marks differ in their shape, not in their colour alone.
fn mark_of(mark: Mark, x: usize, width: usize) -> Markup {
    let (class, y, height) = match mark {
        Mark::In => ("in", 0, 10),
        Mark::Held => ("held", 5, 5),
        Mark::Impossible => ("impossible", 0, 10),
        Mark::Damaged => ("damaged", 0, 10),
        Mark::Unread => ("unread", 0, 10),
        Mark::Missing => ("missing", 0, 10),
    };
    html! {
        rect class=(class) x=(x) y=(y) width=(width) height=(height) {}
        @if mark == Mark::Damaged {
            path.crossed d={ "M" (x) " 0 l" (width) " 10 m0 -10 l-" (width) " 10" } {}
        }
    }
}

/// What the marks mean that are in the picture.
fn key(picture: &Picture) -> Markup {
    let marks = [
        (Mark::Held, "held back"),
        (Mark::Impossible, "no log can have that number"),
        (Mark::Damaged, "damaged"),
        (Mark::Unread, "could not be read"),
        (Mark::Missing, "missing"),
    ];
    let runs = || picture.rows.iter().flat_map(|row| &row.runs);
    let drawn = marks.into_iter().filter(|(mark, _)| runs().any(|run| run.mark == *mark));
    html! {
        p.key aria-hidden="true" {
            @for (mark, words) in drawn {
                span { svg viewBox="0 0 20 10" { (mark_of(mark, 1, 18)) } (words) }
            }
        }
    }
}
