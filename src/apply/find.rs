//! From a path that was named to what is pending there.

use std::path::{Path, PathBuf};

use crate::guards::{not_found, reason};
use crate::refusal::{Refusal, RefusalId};
use crate::storage::{FileKind, Storage, StorageError};
use crate::survey::{Listings, group_markers, pending_marker};

use super::around::Around;
use super::operation::files::{DEFAULT_BACKUP_DIR, is_empty_operation, is_operation_folder};
use super::operation::journal::State;
use super::operation::marker::{self, Marker};
use super::operation::moved_along::is_same;
use super::pending::{damaged_marker_at_home, operation_dir};
use super::stored::{planned_subject, read_stored};

/// The subjects with a pending operation that `path` stands for: a database, a marker, an operation
/// folder, or a folder of databases or logs. An operation that is pending though its marker is gone
/// stands for itself, by its folder.
pub fn find_pending(storage: &dyn Storage, path: &Path) -> Result<Vec<PathBuf>, Refusal> {
    find_pending_among(&Around::new(storage), path)
}

/// The subjects with a pending operation that one of several paths stands for.
pub fn find_pending_among(around: &Around, path: &Path) -> Result<Vec<PathBuf>, Refusal> {
    let storage = around.storage;
    let not_there = |error: &StorageError| {
        if error.is_not_found() { not_found(storage, path) } else { reason(error) }
    };
    let only_if_pending =
        |subject: PathBuf| has_marker(storage, &subject).then_some(subject).into_iter().collect();
    if let Some(subject) = marker::subject_of(path) {
        return Ok(each_operation_once(around, only_if_pending(subject)));
    }
    let kind = match storage.status(path) {
        Ok(status) => status.kind,
        // The database may be gone while its marker is still there.
        Err(_) if has_marker(storage, path) => FileKind::Regular,
        Err(error) => return Err(not_there(&error)),
    };
    if kind != FileKind::Directory {
        let own: Vec<PathBuf> = only_if_pending(path.to_owned());
        let own = if own.is_empty() { marked_by_another_name(storage, path) } else { own };
        let own = if own.is_empty() { logs_on_the_move_beside(storage, path) } else { own };
        return Ok(each_operation_once(around, own));
    }
    if is_operation_folder(storage, path) || is_empty_operation(storage, path) {
        return Ok(subject_of_operation(around, path)?.into_iter().collect());
    }
    let found = around.marked_in(path).map_err(|error| not_there(&error))?;
    if found.len() > MOST_MARKERS {
        return Err(too_many_markers(path, found.len()));
    }
    Ok(each_operation_once(around, found.to_vec()))
}

/// Most markers in one folder: more databases than any server has. Each is compared with each other.
const MOST_MARKERS: usize = 256;

fn too_many_markers(dir: &Path, found: usize) -> Refusal {
    Refusal::new(
        RefusalId::JournalDamaged,
        dir,
        format!(
            "{found} files here are named like markers of edbmend, expected at most {MOST_MARKERS}"
        ),
        "Nothing was touched. Name the database whose operation was interrupted, or its operation folder.",
    )
}

/// The operations of several markers, each by what it is known by, and once.
fn each_operation_once(around: &Around, subjects: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut operations: Vec<(PathBuf, Option<String>)> = Vec::new();
    for subject in subjects {
        let found = around.marker_of(&subject);
        let id = found.as_ref().map(|(_, marker)| marker.operation.clone());
        if id.is_some() && operations.iter().any(|(_, known)| *known == id) {
            continue;
        }
        let known_as = found.map(|(beside, marker)| known_as(around, beside, &marker));
        operations.push((known_as.unwrap_or(subject), id));
    }
    operations.into_iter().map(|(subject, _)| subject).collect()
}

/// What the operation of a marker beside a subject is known by.
fn known_as(around: &Around, beside: PathBuf, marker: &Marker) -> PathBuf {
    let is_its_own = |first: &PathBuf| {
        around.whole(first).is_some_and(|other| other.operation == marker.operation)
    };
    let first = around.marked_by(marker, &beside).into_iter().next();
    first.filter(is_its_own).unwrap_or(beside)
}

/// The databases beside it that are the same file under another name (a hard link), and have a marker.
fn marked_by_another_name(storage: &dyn Storage, database: &Path) -> Vec<PathBuf> {
    let marker = Listings::new(storage).marker_of_another_name(database);
    marker.and_then(|marker| marker::subject_of(&marker)).into_iter().collect()
}

/// The operations on logs that keep a database waiting.
fn logs_on_the_move_beside(storage: &dyn Storage, database: &Path) -> Vec<PathBuf> {
    let dir = database.parent().unwrap_or(Path::new("/"));
    group_markers(storage, dir).iter().filter_map(|marker| marker::subject_of(marker)).collect()
}

fn has_marker(storage: &dyn Storage, subject: &Path) -> bool {
    storage.status(&pending_marker(subject)).is_ok()
}

/// What an operation folder stands for: what its marker stands beside, or, where it is pending though its
/// marker is gone, the folder itself.
fn subject_of_operation(around: &Around, dir: &Path) -> Result<Option<PathBuf>, Refusal> {
    let storage = around.storage;
    let stored = read_stored(storage, dir)?;
    let planned = match &stored {
        Some(stored) => Some(stored.deed.as_deed().subject()),
        None => planned_subject(storage, dir).map_err(|error| reason(&error))?,
    };
    let marked = planned
        .filter(|subject| is_marked_for(around, subject, dir))
        .or_else(|| marked_beside(around, dir));
    let itself = || Some(dir.to_owned());
    Ok(match (marked, stored) {
        // The folder that its marker names is gone, but this is it.
        (Some(subject), Some(_)) if !reaches(around, &subject) => itself(),
        (None, Some(stored)) if stored.journal.state == State::Prepared => itself(),
        (None, None) if damaged_marker_at_home(around, dir).is_some() => itself(),
        (marked, _) => marked,
    })
}

/// The subject whose marker stands two levels up, beside the default backup folder: the journal may not
/// name it yet, or all of it was moved since.
fn marked_beside(around: &Around, dir: &Path) -> Option<PathBuf> {
    let is_it = |subject: &Path, marker: &Marker| leads_to(around, subject, marker, dir);
    let (beside, marker) = around.whole_in(dir.parent()?.parent()?, is_it)?;
    Some(known_as(around, beside, &marker))
}

/// Whether this folder is the one that the marker of a subject stands for; or it has the name of one that
/// is not to be found.
fn is_marked_for(around: &Around, subject: &Path, dir: &Path) -> bool {
    around.whole(subject).is_some_and(|marker| leads_to(around, subject, &marker, dir))
}

fn leads_to(around: &Around, subject: &Path, marker: &Marker, dir: &Path) -> bool {
    match operation_dir(around.storage, subject, marker) {
        Ok(found) => is_same(around.storage, &found, dir),
        Err(_) => dir.file_name().is_some_and(|name| *name == *marker.operation),
    }
}

/// Whether the marker of a subject leads to a folder that is there.
fn reaches(around: &Around, subject: &Path) -> bool {
    let marker = around.whole(subject);
    marker.is_some_and(|marker| operation_dir(around.storage, subject, &marker).is_ok())
}

/// Empty operation folders in the places where `path` may have one. A power loss may leave such a folder
/// before the marker is durable: nothing had begun, and nothing depends on it.
pub fn empty_folders(storage: &dyn Storage, path: &Path) -> Vec<PathBuf> {
    let beside = [path.join(DEFAULT_BACKUP_DIR), path.with_file_name(DEFAULT_BACKUP_DIR)];
    let inside = beside.iter().map(PathBuf::as_path).chain([path]).flat_map(|dir| {
        let names = storage.list(dir).unwrap_or_default();
        names.into_iter().map(move |name| dir.join(name))
    });
    let mut found: Vec<_> =
        inside.chain([path.to_owned()]).filter(|dir| is_empty_operation(storage, dir)).collect();
    found.sort();
    found.dedup();
    found
}
