//! What `recover` does with logs that were being moved.

use std::path::Path;

use crate::plan::{Direction, LOGS_FOLDER, ResetPlan};
use crate::refusal::{Refusal, RefusalId};
use crate::show::quoted;
use crate::storage::Storage;
use crate::survey::pending_marker;

use super::super::folder;
use super::super::journal::State;
use super::super::moves::{self, Place, Route};
use super::super::outcome::reason;
use super::super::reset::{carry_all_back, foreign_paths, unplanned_files};
use super::pending::journal_contradicted;

/// The way a pending reset goes, from where its files are now: forward only where every one has
/// moved. A name that another file holds belongs to a mounted store.
pub fn assess(
    storage: &dyn Storage,
    subject: &Path,
    plan: &ResetPlan,
    back: bool,
) -> Result<Direction, Refusal> {
    let routes = routes(plan)?;
    let looked = look(storage, plan, &routes, back);
    looked.map_err(|refusal| match refusal.id {
        RefusalId::NewLogStream => overtaken(storage, subject, &routes, refusal),
        _ => refusal,
    })
}

/// Without a journal no file can have moved; prove it. A copy that was made ahead has another name.
pub fn prove_untouched(
    storage: &dyn Storage,
    dir: &Path,
    made_in: Option<&Path>,
) -> Result<(), Refusal> {
    let plan = folder::read_unprepared_moves(storage, dir, made_in);
    let has_moved = match plan.map_err(|error| reason(&error))? {
        Some(plan) => any_is(storage, &plan, |place| matches!(place, Place::Target | Place::Both))?,
        None => {
            let away = moves::is_any_away(storage, &dir.join(LOGS_FOLDER));
            away.map_err(|error| reason(&error))?
        }
    };
    match has_moved {
        true => Err(moved_without_journal(dir)),
        false => Ok(()),
    }
}

/// What the journal calls finished must not be undone by where the files are.
pub fn prove_finished(
    storage: &dyn Storage,
    dir: &Path,
    plan: &ResetPlan,
    state: State,
) -> Result<(), Refusal> {
    let wrong = if state == State::RolledBack { Place::Target } else { Place::Origin };
    match any_is(storage, plan, |place| place == wrong)? {
        true => Err(journal_contradicted(dir, state, "its files do")),
        false => Ok(()),
    }
}

fn any_is(
    storage: &dyn Storage,
    plan: &ResetPlan,
    is_meant: impl Fn(Place) -> bool,
) -> Result<bool, Refusal> {
    for route in moves::routes(plan).unwrap_or_default() {
        for file in route.files {
            if is_meant(route.place(storage, file).map_err(|error| reason(&error))?) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn moved_without_journal(dir: &Path) -> Refusal {
    Refusal::new(
        RefusalId::JournalDamaged,
        dir,
        "its journal is missing, though files were moved",
        "Nothing was touched. Put the journal back from a copy of this folder, and run the same command again. \
         Without it: plan.json names each file, where it was and where it went; move back by hand what was \
         moved, then remove the marker.",
    )
}

/// Says what is left to do where a store was mounted over a reset that had moved everything.
fn overtaken(storage: &dyn Storage, subject: &Path, routes: &[Route], refusal: Refusal) -> Refusal {
    let has_moved =
        |route: &Route| route.files.iter().all(|file| storage.status(&route.target(file)).is_ok());
    let keep = "Keep the marker and the operation folder.".to_owned();
    let next = match routes.iter().all(has_moved) {
        false => keep,
        true => format!(
            "Every log of before has been moved: the operation was overtaken. Once edbmend check {} finds \
             the new logs in order, only the marker is left. Remove it by hand: rm {}.",
            quoted(subject.parent().unwrap_or(Path::new("/"))),
            quoted(&pending_marker(subject))
        ),
    };
    Refusal { remedy: format!("{} {next}", refusal.remedy).into(), ..refusal }
}

fn look(
    storage: &dyn Storage,
    plan: &ResetPlan,
    routes: &[Route],
    back: bool,
) -> Result<Direction, Refusal> {
    if let Some(refusal) = unplanned_files(storage, plan, routes) {
        return Err(refusal);
    }
    let mut all_moved = true;
    for route in routes {
        for file in route.files {
            match route.place(storage, file).map_err(|error| reason(&error))? {
                Place::Target => {}
                Place::Origin => all_moved = false,
                Place::Both if moves::may_be_in_both(storage, route, file)? => all_moved = false,
                // Somebody put another file of the same header there.
                Place::Both => return Err(moves::name_is_taken(&route.from.join(&file.name))),
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
    tidy(storage, plan)
}

/// Removes copies that were begun and never got their name.
pub fn tidy(storage: &dyn Storage, plan: &ResetPlan) -> Result<(), Refusal> {
    moves::remove_unfinished(storage, &routes(plan)?).map_err(|error| reason(&error))
}

fn routes(plan: &ResetPlan) -> Result<Vec<Route<'_>>, Refusal> {
    moves::routes(plan).ok_or_else(|| foreign_paths(plan))
}
