//! The table of a run, as `docs/proof.md` has it.

use std::sync::Once;

use super::explore::{Face, Row};

static HEAD: Once = Once::new();

const HEADS: [&str; 16] = [
    "points",
    "sampled",
    "drawn",
    "of recover",
    "sampled",
    "drawn",
    "states",
    "after recover",
    "old",
    "new",
    "between",
    "dead",
    "collisions",
    "pending",
    "recovered",
    "lost",
];

/// Prints a line, and the heads of the columns before the first.
pub fn print_row(row: &Row) {
    HEAD.call_once(|| {
        println!("| operation | {} |", HEADS.join(" | "));
        println!("|{}", "---|".repeat(HEADS.len() + 1));
    });
    let points = row.points.iter().flat_map(|points| [points.all, points.sampled, points.drawn]);
    let faces = [Face::Old, Face::New, Face::Between, Face::Dead, Face::Collision];
    let cells: Vec<String> = points
        .chain([row.states, row.of_recovery])
        .chain(faces.map(|face| row.count(face)))
        .chain([row.pending, row.recovered, row.lost])
        .map(|count| count.to_string())
        .collect();
    assert_eq!(cells.len(), HEADS.len());
    println!("| {} | {} |", row.name, cells.join(" | "));
}
