//! Generations to units of a drawing.
//!
//! To scale, but for what would vanish: everything that begins or ends somewhere is at least one unit wide, as long as
//! there are so many units. Where there are not, a unit shows the worst of what falls into it.

use std::ops::Range;

use super::{Mark, Picture, Row, Run, Span};

/// Where the generations of a picture lie in so many units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scale {
    axis: Span,
    units: usize,
    /// Where something begins, ascending; the first is the first of the axis.
    starts: Vec<i64>,
    /// The unit that each of them begins with; behind the last the number of units.
    at: Vec<usize>,
}

/// Some units of a row that are drawn alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Which units.
    pub units: Range<usize>,
    /// What is drawn.
    pub mark: Mark,
    /// It begins before the first generation that is drawn.
    pub from_before: bool,
    /// It goes on behind the last generation that is drawn.
    pub goes_on: bool,
}

/// A generation to be named above the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// The unit that its name begins with.
    pub unit: usize,
    /// Which.
    pub generation: i64,
}

impl Picture {
    /// A scale of so many units, at least one.
    pub fn scale(&self, units: usize) -> Scale {
        Scale::new(self, units)
    }
}

impl Scale {
    fn new(picture: &Picture, units: usize) -> Self {
        let (axis, units) = (picture.axis, units.max(1));
        let starts = starts(picture);
        let starts = if starts.len() <= units { starts } else { vec![axis.first] };
        let at = units_of(&starts, axis, units);
        Self { axis, units, starts, at }
    }

    /// How many units there are.
    pub fn units(&self) -> usize {
        self.units
    }

    /// The units of some generations, at least one; `None` where none of them is drawn.
    pub fn place(&self, span: Span) -> Option<Range<usize>> {
        let span = span.cut(self.axis)?;
        let start = self.unit_of(span.first).min(self.units - 1);
        Some(start..self.end_of(span.last).clamp(start + 1, self.units))
    }

    /// What is drawn in a row, from left to right; at most one cell for each unit.
    pub fn cells(&self, row: &Row) -> Vec<Cell> {
        let mut marks: Vec<Option<Mark>> = vec![None; self.units];
        for run in &row.runs {
            for unit in self.place(run.span).into_iter().flatten() {
                marks[unit] = marks[unit].max(Some(run.mark));
            }
        }
        let mut cells = cells_of(&marks);
        self.mark_ends(&mut cells, &row.runs);
        cells
    }

    /// What goes on beyond the axis says so in its first or last unit.
    fn mark_ends(&self, cells: &mut [Cell], runs: &[Run]) {
        let drawn = || runs.iter().filter(|run| run.span.cut(self.axis).is_some());
        let before = drawn().any(|run| run.span.first < self.axis.first);
        let behind = drawn().any(|run| run.span.last > self.axis.last);
        if let Some(first) = cells.first_mut() {
            first.from_before = before;
        }
        if let Some(last) = cells.last_mut() {
            last.goes_on = behind;
        }
    }

    /// The generations to be named where a name takes so many units: the ends first, then where a gap ends or
    /// begins, then round numbers. One unit at least is free between two names.
    pub fn ticks(&self, width: impl Fn(i64) -> usize) -> Vec<Tick> {
        let mut taken: Vec<(Range<usize>, i64)> = Vec::new();
        let mut place = |generation: i64| {
            let wide = width(generation);
            let Some(units) = self.place(Span { first: generation, last: generation }) else {
                return;
            };
            let start = units.start.min(self.units.saturating_sub(wide));
            let name = start..start + wide;
            let is_free =
                |(other, _): &(Range<usize>, i64)| name.end < other.start || other.end < name.start;
            if name.end <= self.units && taken.iter().all(is_free) {
                taken.push((name, generation));
            }
        };
        place(self.axis.first);
        place(self.axis.last);
        self.starts.iter().take(self.units).for_each(|start| place(*start));
        round_numbers(self.axis, self.units, width(self.axis.last) + 1).for_each(place);
        let ticks =
            taken.into_iter().map(|(units, generation)| Tick { unit: units.start, generation });
        let mut ticks: Vec<Tick> = ticks.collect();
        ticks.sort_by_key(|tick| tick.unit);
        ticks
    }

    /// The part that a generation of the axis lies in, and how far into it.
    fn part(&self, generation: i64) -> (usize, i64) {
        let part = self.starts.partition_point(|start| *start <= generation).saturating_sub(1);
        (part, generation - self.starts[part])
    }

    fn unit_of(&self, generation: i64) -> usize {
        let (part, into) = self.part(generation);
        self.at[part] + self.share(part, into, false)
    }

    /// The unit behind a generation.
    fn end_of(&self, generation: i64) -> usize {
        let (part, into) = self.part(generation);
        self.at[part] + self.share(part, into + 1, true)
    }

    /// How many units of a part so many of its generations take, rounded up or down.
    fn share(&self, part: usize, generations: i64, up: bool) -> usize {
        let end = self.starts.get(part + 1).copied().unwrap_or(self.axis.last + 1);
        let (all, units) = (end - self.starts[part], self.at[part + 1] - self.at[part]);
        proportion(generations, all, units, up)
    }
}

/// Multiples of 1, 2, 5, 10, 20, ..., of which each has so much room.
fn round_numbers(axis: Span, units: usize, room: usize) -> impl Iterator<Item = i64> {
    let is_wide = |step: &i64| proportion(*step, axis.count(), units, false) >= room;
    let powers = std::iter::successors(Some(1i64), |power| power.checked_mul(10));
    let mut steps = powers.flat_map(|power| [1, 2, 5].map(|times| power.saturating_mul(times)));
    let step = steps.find(is_wide).unwrap_or(i64::MAX);
    let first = axis.first.div_euclid(step).saturating_add(1).saturating_mul(step);
    std::iter::successors(Some(first), move |number| number.checked_add(step))
        .take_while(move |number| *number <= axis.last)
}

fn proportion(part: i64, all: i64, units: usize, up: bool) -> usize {
    let (part, all, units) = (i128::from(part), i128::from(all.max(1)), units as i128);
    let rounding = if up { all - 1 } else { 0 };
    usize::try_from((part * units + rounding) / all).unwrap_or_default()
}

/// Every generation of the axis at which something begins, or behind which something ends.
fn starts(picture: &Picture) -> Vec<i64> {
    let axis = picture.axis;
    let runs = picture.rows.iter().flat_map(|row| &row.runs);
    let ends = runs.flat_map(|run| [run.span.first, run.span.last + 1]);
    let inside = ends.filter(|start| (axis.first..=axis.last).contains(start));
    let mut starts: Vec<i64> = inside.chain([axis.first]).collect();
    starts.sort_unstable();
    starts.dedup();
    starts
}

/// The unit that each part begins with: in proportion, and none narrower than one unit where there is room.
fn units_of(starts: &[i64], axis: Span, units: usize) -> Vec<usize> {
    let mut at: Vec<usize> = starts
        .iter()
        .map(|start| proportion(start - axis.first, axis.count(), units, false))
        .chain([units])
        .collect();
    for part in 1..at.len() {
        at[part] = at[part].max(at[part - 1] + 1);
    }
    let last = at.len() - 1;
    at[last] = units;
    for part in (0..last).rev() {
        at[part] = at[part].min(at[part + 1].saturating_sub(1));
    }
    at
}

fn cells_of(marks: &[Option<Mark>]) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    for (unit, mark) in marks.iter().enumerate() {
        let Some(mark) = *mark else { continue };
        match cells.last_mut() {
            Some(cell) if cell.mark == mark && cell.units.end == unit => cell.units.end = unit + 1,
            _ => {
                cells.push(Cell { units: unit..unit + 1, mark, from_before: false, goes_on: false })
            }
        }
    }
    cells
}
