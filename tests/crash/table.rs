//! The table of a run.

use super::explore::{Face, Row};

/// Prints the heads of the columns.
pub fn print_head() {
    println!(
        "{:<46} {:>6} {:>7} {:>8} {:>8} {:>8} {:>8} {:>7} {:>5} {:>6} {:>8} {:>9} {:>5}",
        "operation",
        "points",
        "sampled",
        "states",
        "recover",
        "old",
        "new",
        "between",
        "dead",
        "collis",
        "pending",
        "recovered",
        "lost"
    );
}

/// Prints a line, and examples of what was lost.
pub fn print_row(row: &Row) {
    let count = |face| row.count(face);
    println!(
        "{:<46} {:>6} {:>7} {:>8} {:>8} {:>8} {:>8} {:>7} {:>5} {:>6} {:>8} {:>9} {:>5}",
        row.name,
        row.crash_points,
        row.sampled,
        row.states,
        row.of_recovery,
        count(Face::Old),
        count(Face::New),
        count(Face::Between),
        count(Face::Dead),
        count(Face::Collision),
        row.pending,
        row.recovered,
        row.lost
    );
}
