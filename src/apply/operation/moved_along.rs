//! Where the things are that an operation works on: where its plan says; or, where its folder was moved or
//! copied together with them, beside that folder. What was left behind at the old place is then another's.
//!
//! Only a folder that was made in the default place can have gone along, and only the journal, or the marker,
//! knows where it was made.

use std::path::{Path, PathBuf};

use crate::plan::{Batch, FileIdentity, MovedFile, Plan, ResetPlan};
use crate::refusal::{Refusal, RefusalId};
use crate::show::shown;
use crate::storage::{FileKind, Storage};

use super::files::DEFAULT_BACKUP_DIR;

/// Where the things beside an operation folder are now, if it was moved or copied along with them from
/// `old_home`; `None` where it is where it was made, or was made elsewhere.
fn new_home<'a>(
    storage: &dyn Storage,
    operation_dir: &'a Path,
    made_in: Option<&Path>,
    old_home: &Path,
) -> Option<&'a Path> {
    let was_beside = made_in?.parent()? == old_home.join(DEFAULT_BACKUP_DIR);
    if !was_beside || is_same(storage, made_in?, operation_dir) {
        return None;
    }
    let backup_dir = operation_dir.parent()?;
    let is_default = backup_dir.file_name()? == DEFAULT_BACKUP_DIR;
    backup_dir.parent().filter(|_| is_default)
}

/// The database that a plan in `operation_dir` writes to, whether it is there or not.
pub fn database_of(
    storage: &dyn Storage,
    operation_dir: &Path,
    made_in: Option<&Path>,
    plan: &Plan,
) -> PathBuf {
    let planned = &plan.database;
    let moved = || {
        let home = new_home(storage, operation_dir, made_in, planned.parent()?)?;
        Some(home.join(planned.file_name()?))
    };
    moved().unwrap_or_else(|| planned.clone())
}

/// A plan of moves, as it stands in `operation_dir`. It stays as it is unless the folder that its files
/// are away in was moved along.
pub fn at_home(
    storage: &dyn Storage,
    operation_dir: &Path,
    made_in: Option<&Path>,
    plan: ResetPlan,
) -> ResetPlan {
    let moved = || {
        let home = new_home(storage, operation_dir, made_in, &plan.log_dir)?;
        let moved = plan.moved_to(home)?;
        is_dir(storage, &moved.away).then_some(moved)
    };
    moved().unwrap_or_else(|| where_it_is(storage, plan))
}

/// The plan of files that are where it says. Where all of them were copied there, with their times, as to a new disk,
/// they have other numbers: then nothing is known by these.
fn where_it_is(storage: &dyn Storage, mut plan: ResetPlan) -> ResetPlan {
    let files =
        plan.batches.iter().flat_map(|batch| batch.files.iter().map(move |file| (batch, file)));
    let mut found = files.filter_map(|(batch, file)| is_copied(storage, batch, file)).peekable();
    let are_copied = found.peek().is_some() && found.all(|is_copied| is_copied);
    if are_copied {
        let files = plan.batches.iter_mut().flat_map(|batch| &mut batch.files);
        files.for_each(|file| file.identity = None);
    }
    plan
}

/// Whether a file is another one than the plan knew, with its length and its time; `None` where it is not there, or
/// was not known by a number.
fn is_copied(storage: &dyn Storage, batch: &Batch, file: &MovedFile) -> Option<bool> {
    let planned = file.identity?;
    let places = [&batch.to, &batch.from].into_iter();
    let now = places.map(|dir| storage.status(&dir.join(&file.name))).find_map(Result::ok)?;
    let found = FileIdentity::of(&now);
    let is_alike = (now.length_bytes, found.modified_ns) == (file.bytes, planned.modified_ns);
    Some(is_alike && found.number != planned.number)
}

/// Refuses a plan of moves whose folders are not where it says: to look for its files there would say that
/// they are lost, or find those of a group that this one is a copy of.
pub fn expect_at_home(
    storage: &dyn Storage,
    operation_dir: &Path,
    plan: &ResetPlan,
) -> Result<(), Refusal> {
    // A reset moves into its own folder; its undo out of that of the reset.
    let is_own = |dir: &Path| plan.undoes.is_some() || is_same(storage, dir, operation_dir);
    let is_there = is_dir(storage, &plan.log_dir) && plan.away.parent().is_some_and(is_own);
    if is_there { Ok(()) } else { Err(elsewhere(operation_dir, plan)) }
}

/// The refusal where the folders of a plan of moves are not where it says.
pub fn elsewhere(operation_dir: &Path, plan: &ResetPlan) -> Refusal {
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
