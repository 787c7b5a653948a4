//! Where the things are that an operation works on: where its plan says; or, where its folder was moved or
//! copied together with them, beside that folder. What was left behind at the old place is then another's.

use std::path::{Path, PathBuf};

use crate::plan::{Plan, Refusal, RefusalId, ResetPlan};
use crate::storage::{FileKind, Storage, StoredPath, shown};

use super::folder::DEFAULT_BACKUP_DIR;

/// The folder that an operation folder in the default place belongs to: two levels up.
fn home_of(operation_dir: &Path) -> Option<&Path> {
    let backup_dir = operation_dir.parent()?;
    let is_default = backup_dir.file_name().is_some_and(|name| name == DEFAULT_BACKUP_DIR);
    backup_dir.parent().filter(|_| is_default)
}

/// The database that a plan in `operation_dir` writes to; `None` where its path cannot be decoded.
pub fn database_of(storage: &dyn Storage, operation_dir: &Path, plan: &Plan) -> Option<PathBuf> {
    let planned = plan.database.to_path()?;
    let name = planned.file_name()?;
    let beside = home_of(operation_dir).map(|home| home.join(name));
    Some(beside.filter(|path| storage.status(path).is_ok()).unwrap_or(planned))
}

/// A plan of moves, as it stands in `operation_dir`. It stays as it is unless the folder that its files
/// are away in was moved along.
pub fn at_home(storage: &dyn Storage, operation_dir: &Path, plan: ResetPlan) -> ResetPlan {
    moved_along(storage, operation_dir, &plan).unwrap_or(plan)
}

fn moved_along(storage: &dyn Storage, operation_dir: &Path, plan: &ResetPlan) -> Option<ResetPlan> {
    let (home, old) = (home_of(operation_dir)?, plan.log_dir.to_path()?);
    let moved = plan.moved_to(home)?;
    let is_along = is_dir(storage, &moved.away.to_path()?);
    (is_along && !is_same(storage, home, &old)).then_some(moved)
}

/// Refuses a plan of moves whose folders are not where it says: to look for its files there would say that
/// they are lost, or find those of a group that this one is a copy of.
pub fn expect_at_home(
    storage: &dyn Storage,
    operation_dir: &Path,
    plan: &ResetPlan,
) -> Result<(), Refusal> {
    let (Some(away), Some(log_dir)) = (plan.away.to_path(), plan.log_dir.to_path()) else {
        return Ok(());
    };
    // A reset moves into its own folder; its undo out of that of the reset.
    let is_own = |dir: &Path| plan.undoes.is_some() || is_same(storage, dir, operation_dir);
    let is_there = is_dir(storage, &log_dir) && away.parent().is_some_and(is_own);
    if is_there { Ok(()) } else { Err(elsewhere(operation_dir, plan)) }
}

/// The refusal where the folders of a plan of moves are not where it says.
pub fn elsewhere(operation_dir: &Path, plan: &ResetPlan) -> Refusal {
    let shown = |path: &StoredPath| shown(&path.to_path().unwrap_or_default()).to_string();
    Refusal::new(
        RefusalId::JournalDamaged,
        operation_dir,
        format!(
            "its plan moves files between {} and {}, and this folder lies elsewhere now",
            shown(&plan.log_dir),
            shown(&plan.away)
        ),
        "Nothing was touched, and no file is lost: they are in the folder logs of an operation folder. Bring \
         the folders back to these places, or attach their disk there, and run the same command again. If \
         these are a copy, work on the original.",
    )
}

/// Whether two paths name the same thing; one that is not there is the same as none.
pub fn is_same(storage: &dyn Storage, one: &Path, other: &Path) -> bool {
    let identity = |path| storage.status(path).ok().map(|status| status.identity);
    one == other || identity(one).is_some() && identity(one) == identity(other)
}

/// Whether a folder is there.
pub fn is_dir(storage: &dyn Storage, path: &Path) -> bool {
    storage.status(path).is_ok_and(|status| status.kind == FileKind::Directory)
}
