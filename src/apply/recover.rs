//! Finishes an operation that was interrupted, or rolls it back. The journal's images decide.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::ese::shadow::Which;
use crate::plan::{Refusal, RefusalId, WriteStep};
use crate::storage::{Access, File, FileKind, Storage, StorageError, quoted, read_full, shown};
use crate::survey::pending_marker;

use super::commit::{self, CopyImage, classify};
use super::context::Context;
use super::folder::{
    self, OperationRef, Stored, StoredOperation, is_operation_folder, read_stored,
};
use super::journal::State;
use super::lock::ExclusiveFile;
use super::marker::{self, Found, Marker};
use super::outcome::{Applied, Ending, reason};

/// What `recover` will do with a pending operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// It never was prepared: its unfinished backup is removed.
    Discard,
    /// No header byte was written, or the undo was asked for: back to the old header.
    Back,
    /// At least one copy was written: on to the new header.
    Forward,
    /// It was finished; only the marker is left.
    Finish,
}

impl Direction {
    /// In words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Discard => {
                "discard: it was interrupted before it was ready to write; its unfinished backup is removed"
            }
            Self::Back => "roll back: the header becomes what it was before",
            Self::Forward => "roll forward: the header becomes what was planned",
            Self::Finish => "finish: the header is done, only the marker is removed",
        }
    }
}

/// A pending operation, and what will be done with it.
pub struct Assessment {
    /// The database, absolute.
    pub database: PathBuf,
    /// The operation; `None` where its marker had not been written yet.
    pub operation: Option<OperationRef>,
    /// What will be done.
    pub direction: Direction,
    /// Primary and shadow, as found.
    pub found: [CopyImage; 2],
    stored: Option<Box<StoredOperation>>,
    created_backup_dir: bool,
}

/// The databases with a pending operation that `path` stands for: a database, its marker, an
/// operation folder, or a folder of databases. Absolute paths; an operation folder whose database
/// has no marker gives nothing.
pub fn find_pending(storage: &dyn Storage, path: &Path) -> Result<Vec<PathBuf>, Refusal> {
    let not_found = |error: &StorageError| match error.is_not_found() {
        true => Refusal::new(RefusalId::NotFound, path, error.to_string(), "Check the path."),
        false => reason(error),
    };
    if let Some(database) = marker::database_of(path) {
        return Ok(has_marker(storage, &database).then_some(database).into_iter().collect());
    }
    let kind = match storage.status(path) {
        Ok(status) => status.kind,
        // The database may be gone while its marker is still there.
        Err(_) if has_marker(storage, path) => FileKind::Regular,
        Err(error) => return Err(not_found(&error)),
    };
    if kind != FileKind::Directory {
        return Ok(has_marker(storage, path).then(|| path.to_owned()).into_iter().collect());
    }
    if is_operation_folder(storage, path) {
        return Ok(database_of_operation(storage, path)?.into_iter().collect());
    }
    let names = storage.list(path).map_err(|error| not_found(&error))?;
    let mut found: Vec<_> =
        names.iter().filter_map(|name| marker::database_of(&path.join(name))).collect();
    found.sort();
    Ok(found)
}

fn has_marker(storage: &dyn Storage, database: &Path) -> bool {
    storage.status(&pending_marker(database)).is_ok()
}

fn database_of_operation(storage: &dyn Storage, dir: &Path) -> Result<Option<PathBuf>, Refusal> {
    let database = match read_stored(storage, dir)? {
        Stored::Whole(stored) => stored.plan.database.to_path(),
        // Two levels up is where the default backup folder lies.
        Stored::Unprepared => {
            let beside = dir.parent().and_then(Path::parent).unwrap_or(Path::new("/"));
            let databases = find_pending(storage, beside).unwrap_or_default();
            databases.into_iter().find(|database| names_folder(storage, database, dir))
        }
    };
    Ok(database.filter(|database| has_marker(storage, database)))
}

fn names_folder(storage: &dyn Storage, database: &Path, dir: &Path) -> bool {
    match marker::read(storage, &pending_marker(database)) {
        Ok(Found::Whole(marker)) => marker.dir.to_path().as_deref() == Some(dir),
        _ => false,
    }
}

/// Says what will be done with the pending operation on `database`. Touches nothing.
pub fn assess(storage: &dyn Storage, database: &Path, back: bool) -> Result<Assessment, Refusal> {
    let file = storage.open(database, Access::Read);
    let file = file.as_ref().map_err(reason).map(|file| file.as_ref());
    assess_open(storage, database, file, back)
}

fn assess_open(
    storage: &dyn Storage,
    database: &Path,
    file: Result<&dyn File, Refusal>,
    back: bool,
) -> Result<Assessment, Refusal> {
    let path = pending_marker(database);
    let marker = match marker::read(storage, &path).map_err(|error| reason(&error))? {
        Found::Whole(marker) => marker,
        Found::Torn => return Ok(not_begun(database)),
        Found::Damaged => return Err(journal_damaged(&path, "the marker does not match its seal")),
    };
    let dir = operation_dir(storage, database, &marker)?;
    let operation = OperationRef { id: marker.operation.clone(), dir: dir.clone() };
    let assessment = |direction, found, stored| Assessment {
        database: database.to_owned(),
        operation: Some(operation.clone()),
        direction,
        found,
        stored,
        created_backup_dir: marker.created_backup_dir,
    };
    let stored = match read_stored(storage, &dir)? {
        Stored::Whole(stored) => stored,
        Stored::Unprepared => {
            header_is_untouched(storage, &dir, file)?;
            return Ok(assessment(Direction::Discard, [CopyImage::Before; 2], None));
        }
    };
    if stored.plan.operation != marker.operation {
        return Err(journal_damaged(&dir, "it belongs to another operation than the marker names"));
    }
    if stored.journal.state != State::Prepared {
        return Ok(assessment(Direction::Finish, [CopyImage::Untouched; 2], Some(stored)));
    }
    let found = read_copies(file?, &stored)?;
    let direction = direction(database, found, back)?;
    Ok(assessment(direction, found, Some(stored)))
}

fn not_begun(database: &Path) -> Assessment {
    Assessment {
        database: database.to_owned(),
        operation: None,
        direction: Direction::Discard,
        found: [CopyImage::Untouched; 2],
        stored: None,
        created_backup_dir: false,
    }
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

/// The folder that the marker names, or, on another machine, the default place of that name.
fn operation_dir(
    storage: &dyn Storage,
    database: &Path,
    marker: &Marker,
) -> Result<PathBuf, Refusal> {
    let named = marker.dir.to_path();
    let beside = database.with_file_name(folder::DEFAULT_BACKUP_DIR).join(&marker.operation);
    let candidates = named.clone().into_iter().chain([beside]);
    let is_there = |dir: &PathBuf| storage.status(dir).is_ok_and(|s| s.kind == FileKind::Directory);
    candidates.into_iter().find(is_there).ok_or_else(|| {
        let dir = named.unwrap_or_default();
        Refusal::new(
            RefusalId::JournalDamaged,
            &dir,
            format!("the operation folder that {} names is not there", shown(&pending_marker(database))),
            "Attach the disk that holds it, or put the folder back, and try again. Nothing was touched.",
        )
    })
}

/// Without a journal no header byte can have been written; where an image was saved, prove it.
fn header_is_untouched(
    storage: &dyn Storage,
    dir: &Path,
    file: Result<&dyn File, Refusal>,
) -> Result<(), Refusal> {
    let Ok(image) = folder::read_small(storage, &dir.join(folder::HEADER_BEFORE_NAME)) else {
        return Ok(());
    };
    let after =
        folder::read_small(storage, &dir.join(folder::HEADER_AFTER_NAME)).unwrap_or_default();
    let mut found = vec![0; image.len()];
    read_full(file?, &mut found, 0).map_err(|error| reason(&error))?;
    if found == image || after.len() != image.len() || found != after {
        return Ok(());
    }
    Err(journal_damaged(dir, "the journal is missing, though the header was written"))
}

fn read_copies(file: &dyn File, stored: &StoredOperation) -> Result<[CopyImage; 2], Refusal> {
    let page = stored.plan.page_size_bytes;
    let mut found = vec![0; 2 * page];
    let read = read_full(file, &mut found, 0).map_err(|error| reason(&error))?;
    found.truncate(read);
    let classified = |which: Which| {
        let start = (which.offset(page) as usize).min(found.len());
        let end = (start + page).min(found.len());
        classify(&found[start..end], &stored.images, which)
    };
    Ok([classified(Which::Primary), classified(Which::Shadow)])
}

fn direction(database: &Path, found: [CopyImage; 2], back: bool) -> Result<Direction, Refusal> {
    if found.contains(&CopyImage::Foreign) {
        return Err(Refusal::new(
            RefusalId::DatabaseChanged,
            database,
            format!(
                "the header is neither what it was before the operation nor what was planned \
                 (primary: {:?}, shadow: {:?})",
                found[0], found[1]
            )
            .to_lowercase(),
            "Nothing was touched. Somebody else has written the header since: look at it with edbmend \
             inspect, and keep the operation folder.",
        ));
    }
    let begun = found.iter().any(|image| matches!(image, CopyImage::After | CopyImage::Torn));
    Ok(if begun && !back { Direction::Forward } else { Direction::Back })
}

/// Carries out what [`assess`] said, after looking again under exclusive access.
pub fn recover(context: Context, database: &Path, back: bool, allow_unproven: bool) -> Applied {
    let storage = context.storage;
    let exclusive = match ExclusiveFile::acquire(storage, database, allow_unproven) {
        Ok(exclusive) => exclusive,
        Err(refusal) => return Applied::stopped(vec![refusal]),
    };
    let assessment = match assess_open(storage, database, Ok(exclusive.file()), back) {
        Ok(assessment) => assessment,
        Err(refusal) => return Applied::stopped(vec![refusal]),
    };
    let ending = match assessment.direction {
        Direction::Discard => discard(storage, &assessment),
        Direction::Finish => remove_marker(storage, database).map(|_| finished(&assessment)),
        Direction::Back => write_images(storage, exclusive.file(), &assessment, State::RolledBack),
        Direction::Forward => {
            write_images(storage, exclusive.file(), &assessment, State::Committed)
        }
    };
    let kept = assessment.direction != Direction::Discard;
    let operation = assessment.operation.clone().filter(|_| kept);
    match ending {
        Ok(ending) => Applied { ending, reasons: Vec::new(), operation, backup: None },
        Err(refusal) => {
            let remedy = format!("Mend the cause, then: edbmend recover {}", quoted(database));
            let reasons = vec![Refusal { remedy, ..refusal }];
            Applied {
                ending: Ending::Pending,
                reasons,
                operation: assessment.operation,
                backup: None,
            }
        }
    }
}

fn finished(assessment: &Assessment) -> Ending {
    match assessment.stored.as_ref().map(|stored| stored.journal.state) {
        Some(State::RolledBack) => Ending::RolledBack,
        _ => Ending::Committed,
    }
}

fn remove_marker(storage: &dyn Storage, database: &Path) -> Result<bool, Refusal> {
    marker::remove(storage, database).map_err(|error| reason(&error))
}

fn discard(storage: &dyn Storage, assessment: &Assessment) -> Result<Ending, Refusal> {
    let dir = assessment.operation.as_ref().map(|operation| operation.dir.as_path());
    if let Some(dir) = dir {
        folder::remove_unprepared(storage, dir).map_err(|error| reason(&error))?;
    }
    match (remove_marker(storage, &assessment.database)?, dir) {
        // The marker may come back, and then needs its folder.
        (false, _) => {}
        (true, Some(dir)) => folder::remove_empty(storage, dir, assessment.created_backup_dir),
        (true, None) => folder::remove_empty_beside(storage, &assessment.database),
    }
    Ok(Ending::RolledBack)
}

/// Makes both copies what `goal` says, in the plan's order or its reverse, and closes the journal.
fn write_images(
    storage: &dyn Storage,
    file: &dyn File,
    assessment: &Assessment,
    goal: State,
) -> Result<Ending, Refusal> {
    let stored = assessment.stored.as_ref().expect("only a prepared operation has a direction");
    let forward = goal == State::Committed;
    let mut writes: Vec<&WriteStep> = stored.plan.writes().collect();
    if !forward {
        writes.reverse();
    }
    for write in writes {
        let image = match forward {
            true => stored.images.after_of(write.copy),
            false => stored.images.before_of(write.copy),
        };
        let found = assessment.found[usize::from(write.copy == Which::Shadow)];
        let done = if forward { CopyImage::After } else { CopyImage::Before };
        if found != done {
            commit::write_copy(file, write.offset, image).map_err(commit::Trouble::refusal)?;
        }
    }
    let journal = stored.journal.in_state(goal);
    journal.store(storage, &stored.dir).map_err(|error| reason(&error))?;
    remove_marker(storage, &assessment.database)?;
    Ok(if forward { Ending::Committed } else { Ending::RolledBack })
}
