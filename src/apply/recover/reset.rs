//! What `recover` does with logs that were being moved.

use crate::plan::{Refusal, ResetPlan};
use crate::storage::Storage;

use super::super::moves::{self, Place, Route};
use super::super::outcome::reason;
use super::super::reset::{carry_all_back, foreign_paths, unplanned_files};
use super::Direction;

/// The way a pending reset goes, from where its files are now: forward only where every one has
/// moved. A name that another file holds belongs to a mounted store.
pub fn assess(storage: &dyn Storage, plan: &ResetPlan, back: bool) -> Result<Direction, Refusal> {
    let routes = routes(plan)?;
    if let Some(refusal) = unplanned_files(storage, plan, &routes) {
        return Err(refusal);
    }
    let mut all_moved = true;
    for route in &routes {
        for file in route.files {
            match route.place(storage, file).map_err(|error| reason(&error))? {
                Place::Target => {}
                Place::Origin | Place::Both => all_moved = false,
                Place::Nowhere => return Err(moves::misplaced(route, file)),
                Place::ForeignAtOrigin => {
                    return Err(moves::name_is_taken(&route.from.join(&file.name)));
                }
                Place::ForeignAtTarget => {
                    return Err(moves::name_is_taken(&route.to.join(&file.name)));
                }
            }
        }
    }
    Ok(if all_moved && !back { Direction::Forward } else { Direction::Back })
}

/// Puts every file back.
pub fn carry_back(storage: &dyn Storage, plan: &ResetPlan) -> Result<(), Refusal> {
    carry_all_back(storage, &routes(plan)?)
}

/// Forward means that every file has moved already; but perhaps nobody made that durable, and a way
/// back that was cut off may have left a copy that it had begun.
pub fn complete(storage: &dyn Storage, plan: &ResetPlan) -> Result<(), Refusal> {
    let routes = routes(plan)?;
    routes.iter().try_for_each(|route| moves::sync_both(storage, route))?;
    moves::remove_unfinished(storage, &routes).map_err(|error| reason(&error))
}

fn routes(plan: &ResetPlan) -> Result<Vec<Route<'_>>, Refusal> {
    moves::routes(plan).ok_or_else(|| foreign_paths(plan))
}
