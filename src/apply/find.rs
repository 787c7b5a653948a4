//! From a path that was named to what is pending there.

use std::path::{Path, PathBuf};

use crate::guards::{not_found, reason};
use crate::refusal::{Refusal, RefusalId};
use crate::storage::{FileKind, Storage, StorageError};
use crate::survey::{Listings, group_markers, pending_marker};

use super::operation::files::{DEFAULT_BACKUP_DIR, is_empty_operation, is_operation_folder};
use super::operation::journal::State;
use super::operation::marker::{self, Found};
use super::operation::moved_along::is_same;
use super::pending::{damaged_marker_at_home, marker_among, operation_dir};
use super::stored::{planned_subject, read_stored};

/// The subjects with a pending operation that `path` stands for: a database, a marker, an operation
/// folder, or a folder of databases or logs. An operation that is pending though its marker is gone
/// stands for itself, by its folder.
pub fn find_pending(storage: &dyn Storage, path: &Path) -> Result<Vec<PathBuf>, Refusal> {
    let not_there = |error: &StorageError| {
        if error.is_not_found() { not_found(storage, path) } else { reason(error) }
    };
    let only_if_pending =
        |subject: PathBuf| has_marker(storage, &subject).then_some(subject).into_iter().collect();
    if let Some(subject) = marker::subject_of(path) {
        return Ok(each_operation_once(storage, only_if_pending(subject)));
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
        return Ok(each_operation_once(storage, own));
    }
    if is_operation_folder(storage, path) || is_empty_operation(storage, path) {
        return Ok(subject_of_operation(storage, path)?.into_iter().collect());
    }
    let names = storage.list(path).map_err(|error| not_there(&error))?;
    let mut found: Vec<_> =
        names.iter().filter_map(|name| marker::subject_of(&path.join(name))).collect();
    if found.len() > MOST_MARKERS {
        return Err(too_many_markers(path, found.len()));
    }
    found.sort();
    Ok(each_operation_once(storage, found))
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
fn each_operation_once(storage: &dyn Storage, subjects: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut operations: Vec<(PathBuf, Option<String>)> = Vec::new();
    for subject in subjects {
        let found = marker_among(storage, &subject);
        let id = found.as_ref().map(|(_, marker)| marker.operation.clone());
        if id.is_some() && operations.iter().any(|(_, known)| *known == id) {
            continue;
        }
        let known_as = found.map(|(beside, marker)| {
            let first = marker.marked(storage, &beside).into_iter().next();
            let is_whole = |first: &PathBuf| {
                matches!(marker::read(storage, &pending_marker(first)),
                    Ok(Found::Whole(other)) if other.operation == marker.operation)
            };
            first.filter(is_whole).unwrap_or(beside)
        });
        operations.push((known_as.unwrap_or(subject), id));
    }
    operations.into_iter().map(|(subject, _)| subject).collect()
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
fn subject_of_operation(storage: &dyn Storage, dir: &Path) -> Result<Option<PathBuf>, Refusal> {
    let stored = read_stored(storage, dir)?;
    let planned = match &stored {
        Some(stored) => Some(stored.deed.as_deed().subject()),
        None => planned_subject(storage, dir).map_err(|error| reason(&error))?,
    };
    let marked = planned
        .filter(|subject| is_marked_for(storage, subject, dir))
        .or_else(|| marked_beside(storage, dir));
    let itself = || Some(dir.to_owned());
    Ok(match (marked, stored) {
        // The folder that its marker names is gone, but this is it.
        (Some(subject), Some(_)) if !reaches(storage, &subject) => itself(),
        (None, Some(stored)) if stored.journal.state == State::Prepared => itself(),
        (None, None) if damaged_marker_at_home(storage, dir).is_some() => itself(),
        (marked, _) => marked,
    })
}

/// The subject whose marker stands two levels up, beside the default backup folder: the journal may not
/// name it yet, or all of it was moved since.
fn marked_beside(storage: &dyn Storage, dir: &Path) -> Option<PathBuf> {
    let beside = dir.parent()?.parent()?;
    let subjects = find_pending(storage, beside).unwrap_or_default();
    subjects.into_iter().find(|subject| is_marked_for(storage, subject, dir))
}

/// Whether this folder is the one that the marker of a subject stands for; or it has the name of one that
/// is not to be found.
fn is_marked_for(storage: &dyn Storage, subject: &Path, dir: &Path) -> bool {
    let Ok(Found::Whole(marker)) = marker::read(storage, &pending_marker(subject)) else {
        return false;
    };
    match operation_dir(storage, subject, &marker) {
        Ok(found) => is_same(storage, &found, dir),
        Err(_) => dir.file_name().is_some_and(|name| *name == *marker.operation),
    }
}

/// Whether the marker of a subject leads to a folder that is there.
fn reaches(storage: &dyn Storage, subject: &Path) -> bool {
    match marker::read(storage, &pending_marker(subject)) {
        Ok(Found::Whole(marker)) => operation_dir(storage, subject, &marker).is_ok(),
        _ => false,
    }
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
