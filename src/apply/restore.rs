//! From an operation folder to the plan that undoes it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ese::shadow::Which;
use crate::plan::{HeaderImages, OperationStamp, Plan, ResetPlan, inverse, inverse_reset};
use crate::refusal::{Refusal, RefusalId};
use crate::show::{CommandLine, shown};
use crate::storage::{Storage, StoredPath};
use crate::survey::DatabaseFacts;

use super::commit::{CopyImage, classify};
use super::folder::{
    DEFAULT_BACKUP_DIR, Deed, REPORT_NAME, Stored, StoredOperation, is_operation_folder,
    read_stored,
};
use super::home;
use super::journal::State;
use super::missing::not_found;
use super::recover::journal_damaged;

/// What a restore would do.
pub struct RestoreJob {
    /// The database, absolute.
    pub database: PathBuf,
    /// The inverse plan.
    pub plan: Plan,
    /// Its images.
    pub images: HeaderImages,
}

/// The undo of a finished operation.
pub enum Undo {
    /// Of header copies.
    Header(Box<RestoreJob>),
    /// Of a log reset.
    Reset(Arc<ResetPlan>),
    /// The operation was rolled back: it changed nothing.
    Nothing,
}

/// Reads a finished operation and plans its undo.
pub fn restore_job(
    storage: &dyn Storage,
    dir: &Path,
    stamp: &OperationStamp,
) -> Result<Undo, Refusal> {
    let stored = read_operation(storage, dir)?;
    match stored.journal.state {
        State::RolledBack => return Ok(Undo::Nothing),
        State::Prepared => return Err(unfinished(dir)),
        State::Committed => {}
    }
    let Some(database) = stored.subject(storage) else {
        return Err(not_an_operation(
            storage,
            dir,
            "the plan names paths of another operating system",
        ));
    };
    Ok(match stored.deed {
        Deed::Header { plan, images } => {
            let (plan, images) = inverse(&plan, images, stamp);
            let plan = Plan { database: StoredPath::from(database.as_path()), ..plan };
            Undo::Header(Box::new(RestoreJob { database, plan, images }))
        }
        Deed::Reset(plan) => {
            home::expect_at_home(storage, dir, &plan)?;
            Undo::Reset(Arc::new(inverse_reset(&plan, stamp)))
        }
    })
}

fn read_operation(storage: &dyn Storage, dir: &Path) -> Result<StoredOperation, Refusal> {
    if let Err(error) = storage.list(dir) {
        if error.is_not_found() {
            return Err(not_found(storage, dir));
        }
        return Err(not_an_operation(storage, dir, &error.to_string()));
    }
    if !is_operation_folder(storage, dir) {
        return Err(not_an_operation(storage, dir, "it holds no journal"));
    }
    match read_stored(storage, dir)? {
        Stored::Whole(stored) => Ok(*stored),
        Stored::Unprepared if storage.status(&dir.join(REPORT_NAME)).is_ok() => {
            Err(journal_damaged(dir, "it has no journal, though its report says how it ended"))
        }
        Stored::Unprepared => {
            Err(not_an_operation(storage, dir, "the operation was never carried out"))
        }
    }
}

fn not_an_operation(storage: &dyn Storage, dir: &Path, what: &str) -> Refusal {
    let remedy = match latest_inside(storage, dir) {
        Some(latest) => format!("The latest operation folder in it: {}", shown(&latest)),
        None => "Name the folder that the report of the operation named: \
                 edbmend/edbmend-<time>-<command>-<id>."
            .to_owned(),
    };
    let message = format!("this is no finished edbmend operation: {what}");
    Refusal::new(RefusalId::NotAnOperation, dir, message, remedy)
}

/// The latest operation folder in a folder, or in the default place inside it: whoever names the folder
/// of a database means one of these. The names begin with the time.
fn latest_inside(storage: &dyn Storage, dir: &Path) -> Option<PathBuf> {
    let inside = |dir: &Path| {
        let names = storage.list(dir).unwrap_or_default().into_iter().max();
        names.map(|name| dir.join(name)).filter(|dir| is_operation_folder(storage, dir))
    };
    inside(dir).or_else(|| inside(&dir.join(DEFAULT_BACKUP_DIR)))
}

fn unfinished(dir: &Path) -> Refusal {
    Refusal::new(
        RefusalId::OperationPending,
        dir,
        "the operation was interrupted and is not finished",
        CommandLine::new("recover").path(dir),
    )
}

impl RestoreJob {
    /// Refuses unless both copies are, byte for byte, what the operation left.
    pub fn database_refusal(&self, facts: &DatabaseFacts) -> Option<Refusal> {
        let found =
            |which| facts.area.block(which, self.images.page_size_bytes).unwrap_or_default();
        let image = |which| classify(found(which), &self.images, which);
        let both = [Which::Primary, Which::Shadow].map(image);
        let untouched = |i: &CopyImage| matches!(i, CopyImage::Before | CopyImage::Untouched);
        if both.iter().all(untouched) && facts.status.length_bytes == self.plan.length_bytes {
            return None;
        }
        let undone = both.iter().all(|i| matches!(i, CopyImage::After | CopyImage::Untouched));
        let message = if undone {
            "the header is already what it was before that operation: it has been undone".to_owned()
        } else {
            "the header is no longer what that operation left: the database was mounted, or changed \
             by another program, since"
                .to_owned()
        };
        Some(Refusal::new(
            RefusalId::DatabaseChanged,
            &facts.path,
            message,
            "Nothing to undo here. How to use the full copy by hand: docs/restore.md.",
        ))
    }
}
