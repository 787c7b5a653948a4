//! From an operation folder to the plan that undoes it.

use std::path::Path;
use std::sync::Arc;

use crate::ese::shadow::Which;
use crate::guards::{not_found, reason};
use crate::plan::{
    Batch, DatabaseIdentity, FileIdentity, MoveMethod, OperationStamp, Plan, ResetPlan, inverse,
    inverse_reset,
};
use crate::refusal::{Refusal, RefusalId};
use crate::show::{CommandLine, Paragraph};
use crate::storage::{Storage, StorageError};
use crate::survey::{DatabaseFacts, PagesPrint};

use super::header::commit::{CopyImage, classify};
use super::header::deed::HeaderDeed;
use super::known_deed::KnownDeed;
use super::known_operations::{Standing, newest_first, operations_at};
use super::logs::deed::LogsDeed;
use super::operation::files::{
    FINGERPRINT_NAME, REPORT_NAME, SUMS_NAME, header_name, is_operation_folder, read_if_there,
    sha256, sums_in,
};
use super::operation::journal::{End, Journal, State};
use super::operation::moved_along::expect_at_home;
use super::operation::trouble::{damaged, journal_damaged};
use super::stored::{StoredOperation, read_stored};

/// Reads a finished operation and plans its undo; `None` where it was rolled back, and so changed nothing.
pub fn undo_of(
    storage: &dyn Storage,
    dir: &Path,
    stamp: &OperationStamp,
) -> Result<Option<KnownDeed>, Refusal> {
    let stored = read_operation(storage, dir)?;
    match stored.journal.state {
        State::Ended(End::RolledBack) => return Ok(None),
        State::Prepared => return Err(unfinished(dir)),
        State::Ended(End::Overtaken) => return Err(overtaken(dir)),
        State::Ended(End::Committed) => {}
    }
    Ok(Some(match stored.deed {
        KnownDeed::Header(deed) => {
            let HeaderDeed { database, plan, images, .. } = *deed;
            let (plan, images) = inverse(&plan, images, stamp);
            let plan = Plan { database: database.clone(), ..plan };
            KnownDeed::Header(Box::new(HeaderDeed { database, plan, images, rests_on: None }))
        }
        KnownDeed::Logs(LogsDeed { plan }) => {
            expect_at_home(storage, dir, &plan)?;
            let mut undo = inverse_reset(&plan, stamp);
            // Mounts may have changed since.
            for batch in &mut undo.batches {
                if batch.method == MoveMethod::Rename && !storage.may_rename(&batch.from, &batch.to)
                {
                    copy_instead(storage, batch).map_err(|error| reason(&error))?;
                }
            }
            KnownDeed::Logs(LogsDeed { plan: Arc::new(undo) })
        }
    }))
}

/// Copies what would have been renamed. A copy has another number; one that is not the file that was renamed keeps
/// what it would have to be, and is refused by that.
fn copy_instead(storage: &dyn Storage, batch: &mut Batch) -> Result<(), StorageError> {
    batch.method = MoveMethod::Copy;
    for file in &mut batch.files {
        let now = storage.status(&batch.from.join(&file.name))?;
        file.identity = file.identity.filter(|planned| *planned != FileIdentity::of(&now));
    }
    Ok(())
}

/// The header that an operation left, and the pages that it was the header of.
pub struct HeaderLeft {
    /// Both header pages.
    pub image: Vec<u8>,
    /// What the pages were known by, where the operation read all of them.
    pub print: Option<PagesPrint>,
}

/// The header that a finished operation left in `database`. A log reset leaves those of all its databases, which are
/// told apart by their names.
pub fn header_left_by(
    storage: &dyn Storage,
    dir: &Path,
    database: &Path,
) -> Result<HeaderLeft, Refusal> {
    let stored = read_operation(storage, dir)?;
    let left_none = || not_an_operation(storage, dir, "it left no header of this database");
    let print = stored_print(storage, dir, &stored.journal)?;
    let image = match (stored.journal.state, stored.deed) {
        (State::Prepared, _) => return Err(unfinished(dir)),
        (State::Ended(End::Committed), KnownDeed::Header(deed)) => deed.images.after,
        (State::Ended(End::RolledBack), KnownDeed::Header(deed)) => deed.images.before,
        (State::Ended(End::Committed | End::RolledBack), KnownDeed::Logs(deed)) => {
            header_beside_logs(storage, dir, &deed.plan, database)?.ok_or_else(left_none)?
        }
        (State::Ended(End::Overtaken), _) => return Err(left_none()),
    };
    Ok(HeaderLeft { image, print })
}

/// The image of the header of one database that a log reset saved; `None` where it saved none.
fn header_beside_logs(
    storage: &dyn Storage,
    dir: &Path,
    plan: &ResetPlan,
    database: &Path,
) -> Result<Option<Vec<u8>>, Refusal> {
    let is_named =
        |of: &DatabaseIdentity| of.path == database || of.path.file_name() == database.file_name();
    let named: Vec<usize> =
        (0..plan.databases.len()).filter(|&place| is_named(&plan.databases[place])).collect();
    let &[place] = named.as_slice() else { return Ok(None) };
    let path = dir.join(header_name(place));
    match read_if_there(storage, &path).map_err(|error| reason(&error))? {
        Some(image) if sha256(&image) != plan.databases[place].header_sha256 => {
            Err(damaged(&path, "its SHA-256 is not that of the plan"))
        }
        image => Ok(image),
    }
}

/// What the pages were known by, as the operation stored it: its journal vouches for `SHA256SUMS`, and that for this
/// file. `None` where there is no such file, or the journal is of a version that vouched for none.
fn stored_print(
    storage: &dyn Storage,
    dir: &Path,
    journal: &Journal,
) -> Result<Option<PagesPrint>, Refusal> {
    let Some(sums_sha256) = &journal.sums_sha256 else { return Ok(None) };
    let path = dir.join(FINGERPRINT_NAME);
    let read = |path: &Path| read_if_there(storage, path).map_err(|error| reason(&error));
    let Some(bytes) = read(&path)? else { return Ok(None) };
    let sums_path = dir.join(SUMS_NAME);
    let sums = read(&sums_path)?.unwrap_or_default();
    if sha256(&sums) != *sums_sha256 {
        return Err(damaged(&sums_path, "its SHA-256 is not that in the journal"));
    }
    let mut recorded = sums_in(&sums).filter(|(name, _)| *name == FINGERPRINT_NAME);
    if recorded.next().is_none_or(|(_, recorded)| recorded.to_string() != sha256(&bytes)) {
        return Err(damaged(&path, "its SHA-256 is not that in SHA256SUMS"));
    }
    let print = serde_json::from_slice(&bytes);
    print.map(Some).map_err(|error| damaged(&path, &error.to_string()))
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
        Some(stored) => Ok(*stored),
        None if storage.status(&dir.join(REPORT_NAME)).is_ok() => {
            Err(journal_damaged(dir, "it has no journal, though its report says how it ended"))
        }
        None => Err(not_an_operation(storage, dir, "the operation was never carried out")),
    }
}

fn not_an_operation(storage: &dyn Storage, dir: &Path, what: &str) -> Refusal {
    let message = format!("this is no finished edbmend operation: {what}");
    Refusal::new(RefusalId::NotAnOperation, dir, message, instead(storage, dir))
}

/// What whoever names the folder of a database may mean: the newest operation there.
fn instead(storage: &dyn Storage, dir: &Path) -> Paragraph {
    let found = newest_first(operations_at(storage, dir).unwrap_or_default());
    let recover = found.iter().find_map(|operation| match &operation.standing {
        Standing::Pending(subject) => Some(CommandLine::new("recover").path(subject)),
        _ => None,
    });
    let newest = found.iter().filter(|operation| operation.is_in_effect());
    let restore = newest.filter_map(|operation| operation.dir.as_deref()).next();
    let restore = restore.map(|dir| CommandLine::new("restore").path(dir));
    match recover.or(restore) {
        Some(command) => command.into(),
        None if found.is_empty() => "Name the folder that the report of the operation named: \
                                     edbmend/edbmend-<time>-<command>-<id>."
            .into(),
        None => CommandLine::new("list").path(dir).into(),
    }
}

fn unfinished(dir: &Path) -> Refusal {
    Refusal::new(
        RefusalId::OperationPending,
        dir,
        "the operation was interrupted and is not finished",
        CommandLine::new("recover").path(dir),
    )
}

fn overtaken(dir: &Path) -> Refusal {
    Refusal::new(
        RefusalId::DatabaseChanged,
        dir,
        "somebody else wrote after the operation had begun, and that was accepted: there is nothing to go back to",
        "Nothing to undo here. How to use the full copy by hand: docs/restore.md.",
    )
}

/// Refuses an undo unless both copies are, byte for byte, what the operation left.
pub fn not_as_left(undo: &HeaderDeed, facts: &DatabaseFacts) -> Option<Refusal> {
    let images = &undo.images;
    let found = |which| facts.area.block(which, images.page_size_bytes).unwrap_or_default();
    let both = [Which::Primary, Which::Shadow].map(|which| classify(found(which), images, which));
    let is_left = |image: &CopyImage| matches!(image, CopyImage::Before | CopyImage::Untouched);
    if both.iter().all(is_left) && facts.status.length_bytes == undo.plan.length_bytes {
        return None;
    }
    let is_undone = |image: &CopyImage| matches!(image, CopyImage::After | CopyImage::Untouched);
    let message = if both.iter().all(is_undone) {
        "the header is already what it was before that operation: it has been undone"
    } else {
        "the header is no longer what that operation left: the database was mounted, or changed by another \
         program, since"
    };
    Some(Refusal::new(
        RefusalId::DatabaseChanged,
        &facts.path,
        message,
        "Nothing to undo here. How to use the full copy by hand: docs/restore.md.",
    ))
}
