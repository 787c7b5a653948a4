//! Finishes an operation that was interrupted, or rolls it back. What the journal promises and what
//! the disk shows decide; where they do not fit, nothing is touched.

mod header;
mod reset;

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::{Refusal, RefusalId, Steps};
use crate::storage::{Access, File, FileKind, Storage, StorageError, quoted, shown};
use crate::survey::{group_markers, pending_marker};

use super::context::Context;
use super::folder::{
    self, Deed, OperationRef, Stored, StoredOperation, is_operation_folder, read_stored,
};
use super::journal::State;
use super::lock::{ExclusiveFile, probe};
use super::marker::{self, Found, Marker};
use super::outcome::{Applied, Ending, reason};
use super::reset::{changed_databases, lock_databases};

/// What `recover` will do with a pending operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// It never was prepared: its unfinished backup is removed.
    Discard,
    /// Nothing was changed yet, or the undo was asked for: back to what was before.
    Back,
    /// The change had begun (a header), or was complete (logs): on to what was planned.
    Forward,
    /// It was finished; only the marker is left.
    Finish,
}

impl Direction {
    /// In words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Discard => {
                "discard: it was interrupted before it was ready to write; its unfinished backup is \
                 removed"
            }
            Self::Back => "roll back: everything becomes what it was before",
            Self::Forward => "roll forward: everything becomes what was planned",
            Self::Finish => "finish: all is done, only the marker is removed",
        }
    }
}

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

/// A pending operation as its marker and its folder describe it.
struct Pending {
    subject: PathBuf,
    operation: Option<OperationRef>,
    created_backup_dir: bool,
    /// `None` where it never was prepared.
    stored: Option<Box<StoredOperation>>,
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

/// The subjects with a pending operation that `path` stands for: a database, a marker, an operation
/// folder, or a folder of databases or logs. An operation that is pending though its marker is gone
/// stands for itself, by its folder.
pub fn find_pending(storage: &dyn Storage, path: &Path) -> Result<Vec<PathBuf>, Refusal> {
    let not_found = |error: &StorageError| match error.is_not_found() {
        true => super::not_found(storage, path),
        false => reason(error),
    };
    let only_if_pending =
        |subject: PathBuf| has_marker(storage, &subject).then_some(subject).into_iter().collect();
    if let Some(subject) = marker::subject_of(path) {
        return Ok(only_if_pending(subject));
    }
    let kind = match storage.status(path) {
        Ok(status) => status.kind,
        // The database may be gone while its marker is still there.
        Err(_) if has_marker(storage, path) => FileKind::Regular,
        Err(error) => return Err(not_found(&error)),
    };
    if kind != FileKind::Directory {
        let own: Vec<PathBuf> = only_if_pending(path.to_owned());
        return Ok(if own.is_empty() { logs_on_the_move_beside(storage, path) } else { own });
    }
    if is_operation_folder(storage, path) {
        return Ok(subject_of_operation(storage, path)?.into_iter().collect());
    }
    let names = storage.list(path).map_err(|error| not_found(&error))?;
    let mut found: Vec<_> =
        names.iter().filter_map(|name| marker::subject_of(&path.join(name))).collect();
    found.sort();
    Ok(found)
}

/// The operations on logs that keep a database waiting.
fn logs_on_the_move_beside(storage: &dyn Storage, database: &Path) -> Vec<PathBuf> {
    let dir = database.parent().unwrap_or(Path::new("/"));
    group_markers(storage, dir).iter().filter_map(|marker| marker::subject_of(marker)).collect()
}

fn has_marker(storage: &dyn Storage, subject: &Path) -> bool {
    storage.status(&pending_marker(subject)).is_ok()
}

fn subject_of_operation(storage: &dyn Storage, dir: &Path) -> Result<Option<PathBuf>, Refusal> {
    let subject = match read_stored(storage, dir)? {
        Stored::Whole(stored) => match stored.subject() {
            Some(subject) if !names_folder(storage, &subject, dir) => {
                let pending = stored.journal.state == State::Prepared;
                return Ok(pending.then(|| dir.to_owned()));
            }
            subject => subject,
        },
        // Two levels up is where the default backup folder lies.
        Stored::Unprepared => {
            let beside = dir.parent().and_then(Path::parent).unwrap_or(Path::new("/"));
            let subjects = find_pending(storage, beside).unwrap_or_default();
            subjects.into_iter().find(|subject| names_folder(storage, subject, dir))
        }
    };
    Ok(subject.filter(|subject| has_marker(storage, subject)))
}

fn names_folder(storage: &dyn Storage, subject: &Path, dir: &Path) -> bool {
    match marker::read(storage, &pending_marker(subject)) {
        Ok(Found::Whole(marker)) => marker.dir.to_path().as_deref() == Some(dir),
        _ => false,
    }
}

/// Says what will be done with the pending operation on `subject`. Touches nothing.
pub fn assess(storage: &dyn Storage, subject: &Path, back: bool) -> Result<Assessment, Refusal> {
    let pending = read_pending(storage, subject)?;
    let held = match pending.works_on_a_file(storage) {
        true => {
            Held::Database(storage.open(&pending.subject, Access::Read).map_err(|e| reason(&e))?)
        }
        false => Held::Nothing,
    };
    let direction = decide(storage, &pending, &held, back)?;
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
    let own = pending.works_on_a_file(storage).then(|| pending.subject.clone());
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
    let held = match pending.works_on_a_file(storage) {
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
    let direction = decide(storage, &pending, &held, back).map_err(one)?;
    context.observer.stage(direction.in_words());
    Ok(conclude(storage, pending, &held, direction))
}

fn conclude(storage: &dyn Storage, pending: Pending, held: &Held, direction: Direction) -> Applied {
    let kept = direction != Direction::Discard;
    let done = match direction {
        Direction::Discard => discard(storage, &pending),
        Direction::Finish => finish(storage, &pending),
        Direction::Back => bring_to(storage, &pending, held, State::RolledBack),
        Direction::Forward => bring_to(storage, &pending, held, State::Committed),
    };
    let operation = pending.operation.clone();
    match done {
        Ok(ending) => Applied {
            ending,
            reasons: Vec::new(),
            operation: operation.filter(|_| kept),
            backup: None,
            pages: None,
        },
        Err(refusal) => {
            let remedy =
                format!("Mend the cause, then: edbmend recover {}", quoted(&pending.subject));
            let reasons = vec![Refusal { remedy, ..refusal }];
            Applied { ending: Ending::Pending, reasons, operation, backup: None, pages: None }
        }
    }
}

impl Pending {
    /// Whether exclusive access to the subject itself is needed: it is a database.
    fn works_on_a_file(&self, storage: &dyn Storage) -> bool {
        match self.stored.as_ref().map(|stored| &stored.deed) {
            Some(Deed::Header { .. }) => true,
            Some(Deed::Reset(_)) => false,
            None => storage.status(&self.subject).is_ok_and(|s| s.kind == FileKind::Regular),
        }
    }

    /// The plan of a reset that is neither finished nor rolled back.
    fn unfinished_reset(&self) -> Option<&crate::plan::ResetPlan> {
        let stored =
            self.stored.as_ref().filter(|stored| stored.journal.state == State::Prepared)?;
        match &stored.deed {
            Deed::Reset(plan) => Some(plan),
            Deed::Header { .. } => None,
        }
    }

    fn finished_as(&self) -> Ending {
        match self.stored.as_ref().map(|stored| stored.journal.state) {
            Some(State::RolledBack) => Ending::RolledBack,
            _ => Ending::Committed,
        }
    }
}

fn read_pending(storage: &dyn Storage, subject: &Path) -> Result<Pending, Refusal> {
    if is_operation_folder(storage, subject) {
        return read_pending_in(storage, subject);
    }
    let path = pending_marker(subject);
    let marker = match marker::read(storage, &path).map_err(|error| reason(&error))? {
        Found::Whole(marker) => marker,
        Found::Damaged => return Err(journal_damaged(&path, "the marker does not match its seal")),
        Found::Torn => {
            if let Some(dir) = prepared_beside(storage, subject) {
                return Err(marker_lies(&path, &dir));
            }
            let subject = subject.to_owned();
            return Ok(Pending {
                subject,
                operation: None,
                created_backup_dir: false,
                stored: None,
            });
        }
    };
    let dir = operation_dir(storage, subject, &marker)?;
    let stored = match read_stored(storage, &dir)? {
        Stored::Whole(stored) => Some(stored),
        Stored::Unprepared => None,
    };
    if stored.as_ref().is_some_and(|stored| stored.journal.operation != marker.operation) {
        return Err(journal_damaged(&dir, "it belongs to another operation than the marker names"));
    }
    Ok(Pending {
        subject: subject.to_owned(),
        operation: Some(OperationRef { id: marker.operation, dir }),
        created_backup_dir: marker.created_backup_dir,
        stored,
    })
}

/// The pending operation of a folder whose marker is gone or damaged.
fn read_pending_in(storage: &dyn Storage, dir: &Path) -> Result<Pending, Refusal> {
    let stored = match read_stored(storage, dir)? {
        Stored::Whole(stored) => stored,
        Stored::Unprepared => return Err(journal_damaged(dir, "it holds no journal")),
    };
    let subject = stored.subject();
    let subject = subject.ok_or_else(|| journal_damaged(dir, "its paths are of another system"))?;
    let operation =
        Some(OperationRef { id: stored.journal.operation.clone(), dir: dir.to_owned() });
    Ok(Pending { subject, operation, created_backup_dir: false, stored: Some(stored) })
}

/// An operation on `subject`, in the default place, that was ready to write.
fn prepared_beside(storage: &dyn Storage, subject: &Path) -> Option<PathBuf> {
    let backup_dir = subject.with_file_name(folder::DEFAULT_BACKUP_DIR);
    let names = storage.list(&backup_dir).unwrap_or_default();
    names.into_iter().map(|name| backup_dir.join(name)).find(|dir| {
        matches!(read_stored(storage, dir), Ok(Stored::Whole(stored))
            if stored.journal.state == State::Prepared && stored.subject().as_deref() == Some(subject))
    })
}

/// A marker that looks as if nothing had begun, beside an operation that had.
fn marker_lies(marker: &Path, dir: &Path) -> Refusal {
    Refusal::new(
        RefusalId::JournalDamaged,
        marker,
        format!("the marker is damaged, though the operation {} was ready to write", shown(dir)),
        format!("edbmend recover {}", quoted(dir)),
    )
}

/// The folder that the marker names, or, on another machine, the default place of that name.
fn operation_dir(
    storage: &dyn Storage,
    subject: &Path,
    marker: &Marker,
) -> Result<PathBuf, Refusal> {
    let named = marker.dir.to_path();
    let beside = subject.with_file_name(folder::DEFAULT_BACKUP_DIR).join(&marker.operation);
    let candidates = named.clone().into_iter().chain([beside]);
    let is_there = |dir: &PathBuf| storage.status(dir).is_ok_and(|s| s.kind == FileKind::Directory);
    let found = candidates.into_iter().find(is_there);
    found.ok_or_else(|| out_of_reach(storage, subject, &named.unwrap_or_default()))
}

/// The refusal where the folder that knows how far the operation was cannot be looked at.
fn out_of_reach(storage: &dyn Storage, subject: &Path, dir: &Path) -> Refusal {
    let why = match storage.status(dir) {
        Err(error) if !error.is_not_found() => error.to_string(),
        _ => format!("{} is not there", shown(dir)),
    };
    let marker = pending_marker(subject);
    Refusal::new(
        RefusalId::JournalDamaged,
        dir,
        format!("the operation folder that {} names cannot be reached: {why}", shown(&marker)),
        format!(
            "Nothing was touched. Attach the disk or share that holds it, at the same place, then: edbmend \
             recover {}. Keep the marker until then: only that folder knows how far the operation was. If \
             the folder is lost for good: docs/recover.md.",
            quoted(subject)
        ),
    )
}

fn journal_damaged(path: &Path, what: &str) -> Refusal {
    Refusal::new(
        RefusalId::JournalDamaged,
        path,
        format!("the operation cannot be trusted: {what}"),
        "Nothing was touched. Put the undamaged operation folder back and try again; compare the \
         header with edbmend inspect.",
    )
}

fn decide(
    storage: &dyn Storage,
    pending: &Pending,
    held: &Held,
    back: bool,
) -> Result<Direction, Refusal> {
    let Some(stored) = &pending.stored else {
        if let (Some(operation), Some(file)) = (&pending.operation, held.file()) {
            header::prove_untouched(storage, &operation.dir, file)?;
        }
        return Ok(Direction::Discard);
    };
    if stored.journal.state != State::Prepared {
        return Ok(Direction::Finish);
    }
    match (&stored.deed, held.file()) {
        (Deed::Header { plan, images }, Some(file)) => {
            header::assess(&pending.subject, file, plan, images, back)
        }
        (Deed::Header { .. }, None) => {
            Err(journal_damaged(&stored.dir, "its database is not there"))
        }
        (Deed::Reset(plan), _) => reset::assess(storage, &pending.subject, plan, back),
    }
}

fn bring_to(
    storage: &dyn Storage,
    pending: &Pending,
    held: &Held,
    goal: State,
) -> Result<Ending, Refusal> {
    let Some(stored) = &pending.stored else { return Ok(Ending::RolledBack) };
    match (&stored.deed, held.file()) {
        (Deed::Header { plan, images }, Some(file)) => {
            header::write_images(file, plan, images, goal)?;
        }
        (Deed::Reset(plan), _) if goal == State::RolledBack => reset::carry_back(storage, plan)?,
        (Deed::Reset(plan), _) => reset::complete(storage, plan)?,
        (Deed::Header { .. }, None) => {}
    }
    let journal = stored.journal.in_state(goal);
    journal.store(storage, &stored.dir).map_err(|error| reason(&error))?;
    remove_marker(storage, pending)?;
    Ok(if goal == State::Committed { Ending::Committed } else { Ending::RolledBack })
}

/// The journal's last word may be in the cache alone; without the marker nobody would say it again.
fn finish(storage: &dyn Storage, pending: &Pending) -> Result<Ending, Refusal> {
    if let Some(stored) = &pending.stored {
        storage.sync_dir(&stored.dir).map_err(|error| reason(&error))?;
    }
    remove_marker(storage, pending)?;
    Ok(pending.finished_as())
}

fn remove_marker(storage: &dyn Storage, pending: &Pending) -> Result<bool, Refusal> {
    marker::remove(storage, &pending.subject).map_err(|error| reason(&error))
}

fn discard(storage: &dyn Storage, pending: &Pending) -> Result<Ending, Refusal> {
    let dir = pending.operation.as_ref().map(|operation| operation.dir.as_path());
    if let Some(dir) = dir {
        folder::remove_unprepared(storage, dir).map_err(|error| reason(&error))?;
    }
    match (remove_marker(storage, pending)?, dir) {
        // The marker may come back, and then needs its folder.
        (false, _) => {}
        (true, Some(dir)) => folder::remove_empty(storage, dir, pending.created_backup_dir),
        (true, None) => folder::remove_empty_beside(storage, &pending.subject),
    }
    Ok(Ending::RolledBack)
}
