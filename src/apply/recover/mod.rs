//! Finishes an operation that was interrupted, or rolls it back. What the journal promises and what
//! the disk shows decide; where they do not fit, nothing is touched.

mod carry;
mod direction;
mod find;
mod header;
mod pending;
mod reset;

use std::path::{Path, PathBuf};

use crate::plan::{Direction, OperationRef, Steps};
use crate::refusal::Refusal;
use crate::storage::{Access, File, Storage};

use super::context::Context;
use super::lock::{ExclusiveFile, probe};
use super::outcome::{Applied, reason};
use super::reset::{changed_databases, lock_databases};

use pending::read_pending;

pub use find::{empty_folders, find_pending};
pub use pending::journal_damaged;

/// A pending operation, and what will be done with it.
pub struct Assessment {
    /// What it works on: the database, or the log folder with the base name. Absolute.
    pub subject: PathBuf,
    /// The operation; `None` where its marker had not been written yet.
    pub operation: Option<OperationRef>,
    /// What will be done.
    pub direction: Direction,
    /// The steps of the operation's plan; none where it never was prepared.
    pub steps: Steps,
}

/// What is kept from everybody else while it is decided and done.
enum Held {
    Database(Box<dyn File>),
    Exclusively(ExclusiveFile),
    /// Logs: the databases are held beside this value, or nothing needs holding.
    Nothing,
}

impl Held {
    fn file(&self) -> Option<&dyn File> {
        match self {
            Self::Database(file) => Some(file.as_ref()),
            Self::Exclusively(exclusive) => Some(exclusive.file()),
            Self::Nothing => None,
        }
    }
}

/// Says what will be done with the pending operation on `subject`. Touches nothing.
pub fn assess(storage: &dyn Storage, subject: &Path, back: bool) -> Result<Assessment, Refusal> {
    let pending = read_pending(storage, subject)?;
    let held = match pending.works_on_a_file(storage)? {
        true => {
            Held::Database(storage.open(&pending.subject, Access::Read).map_err(|e| reason(&e))?)
        }
        false => Held::Nothing,
    };
    let direction = direction::decide(storage, &pending, held.file(), back)?;
    let steps = pending.stored.map_or_else(Steps::default, |stored| stored.steps());
    Ok(Assessment { subject: pending.subject, operation: pending.operation, direction, steps })
}

/// Why the files of a pending operation cannot be had exclusively now. Nothing is opened for writing.
pub fn recover_refusals(
    storage: &dyn Storage,
    subject: &Path,
    allow_unproven: bool,
) -> Vec<Refusal> {
    let pending = match read_pending(storage, subject) {
        Ok(pending) => pending,
        Err(refusal) => return vec![refusal],
    };
    let databases = pending.unfinished_reset().map(|plan| {
        plan.databases.iter().filter_map(|database| database.path.to_path()).collect::<Vec<_>>()
    });
    let own = match pending.works_on_a_file(storage) {
        Ok(works_on_a_file) => works_on_a_file.then(|| pending.subject.clone()),
        Err(refusal) => return vec![refusal],
    };
    let files = own.into_iter().chain(databases.unwrap_or_default());
    files.filter_map(|path| probe(storage, &path, allow_unproven).err()).collect()
}

/// Carries out what [`assess`] says, after looking again under exclusive access.
pub fn recover(context: Context, subject: &Path, back: bool, allow_unproven: bool) -> Applied {
    match recover_or_refuse(context, subject, back, allow_unproven) {
        Ok(applied) => applied,
        Err(refusals) => Applied::stopped(refusals),
    }
}

fn recover_or_refuse(
    context: Context,
    subject: &Path,
    back: bool,
    allow_unproven: bool,
) -> Result<Applied, Vec<Refusal>> {
    let storage = context.storage;
    let one = |refusal| vec![refusal];
    context.observer.stage("taking exclusive access");
    let pending = read_pending(storage, subject).map_err(one)?;
    let held = match pending.works_on_a_file(storage).map_err(one)? {
        true => Held::Exclusively(
            ExclusiveFile::acquire(storage, &pending.subject, allow_unproven).map_err(one)?,
        ),
        false => Held::Nothing,
    };
    // Held until the end of this function.
    let _locks = match pending.unfinished_reset() {
        Some(plan) => {
            let locks = lock_databases(storage, plan, allow_unproven)?;
            let changed = changed_databases(plan, &locks);
            if !changed.is_empty() {
                return Err(changed);
            }
            locks
        }
        None => Vec::new(),
    };
    // A second edbmend may have finished it while this one waited.
    let pending = read_pending(storage, subject).map_err(one)?;
    let direction = direction::decide(storage, &pending, held.file(), back).map_err(one)?;
    context.observer.stage(direction.in_words());
    Ok(carry::conclude(storage, pending, held.file(), direction))
}
