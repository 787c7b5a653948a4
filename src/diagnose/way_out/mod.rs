//! The way out: one ordered list of steps for a storage group, computed from what its findings and its forecast
//! are computed from.
//!
//! What can be tried is tried: each way is run by [`crate::simulate`] on the facts as its steps leave them, and
//! stands here only if the next mount succeeds behind it. What brings something back that is not there cannot be
//! tried, and says so by the check that follows it.
//!
//! What helps in which damage was measured with the published engine.

mod commands;
mod moves;
mod place;
mod search;
mod step;
mod words;

use moves::Move;
pub(super) use place::Place;
pub use step::{Action, WayOutStep};

/// The way out of a group; empty where nothing is wrong.
pub(super) fn way_out(place: &Place) -> Vec<WayOutStep> {
    let moves = copied_once(search::moves(place));
    (0..moves.len()).map(|index| words::step(&moves, index, place)).collect()
}

/// What is copied aside stays there: the first copy is that of what was found.
fn copied_once(mut moves: Vec<Move>) -> Vec<Move> {
    let mut is_copied = false;
    moves.retain(|step| {
        !matches!(step, Move::CopyAside) || !std::mem::replace(&mut is_copied, true)
    });
    moves
}
