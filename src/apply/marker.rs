//! The marker beside a database: the lock between two edbmend, and the way to a pending operation.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::plan::{Refusal, RefusalId};
use crate::storage::{Access, Exclusive, File, Storage, StorageError, StoredPath, quoted, shown};
use crate::survey::pending_marker;

use super::outcome::reason;
use super::sealed;

/// Ending of a marker's name.
const SUFFIX: &str = ".edbmend-pending";

/// What a marker says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The operation's id.
    pub operation: String,
    /// Its folder, absolute.
    pub dir: StoredPath,
    /// Whether the operation created the folder that its own lies in.
    pub created_backup_dir: bool,
}

/// Why a marker could not be created.
pub enum NotCreated {
    /// Another operation's marker is there.
    Taken(Refusal),
    /// The storage failed; a marker of our own may be there.
    Failed(Refusal),
}

/// Creates the marker of a database, durably; it must not exist. As long as the file is kept, others
/// see that the operation is under way ([`at_work`]).
pub fn create(
    storage: &dyn Storage,
    database: &Path,
    marker: &Marker,
) -> Result<Box<dyn File>, NotCreated> {
    let path = pending_marker(database);
    let file = storage.create(&path).map_err(|error| match error.is_already_there() {
        true => NotCreated::Taken(taken(database, &path)),
        false => NotCreated::Failed(reason(&error)),
    })?;
    let written = file
        .write_at(&sealed::seal(marker), 0)
        .and_then(|()| file.sync())
        .and_then(|()| sync_folder(storage, &path));
    match written {
        Ok(()) => Ok(file),
        Err(error) => Err(NotCreated::Failed(reason(&error))),
    }
}

/// The refusal where another edbmend is at work on the database right now. It is known by its open
/// marker: to open the database itself would dispute its exclusive access, and both would lose.
pub fn at_work(storage: &dyn Storage, database: &Path) -> Option<Refusal> {
    let path = pending_marker(database);
    let file = storage.open(&path, Access::Read).ok()?;
    (file.lock() == Exclusive::InUse).then(|| {
        let message = format!("another edbmend is at work: it has {} open", shown(&path));
        Refusal::new(RefusalId::OperationPending, database, message, "Wait until it is done.")
    })
}

fn taken(database: &Path, marker: &Path) -> Refusal {
    Refusal::new(
        RefusalId::OperationPending,
        database,
        format!("another edbmend operation holds it: {} exists", shown(marker)),
        format!("Wait for it, or if none is running: edbmend recover {}", quoted(database)),
    )
}

/// Removes the marker of a database. A marker that is gone already is fine.
///
/// `Ok(false)` where it is gone, but may come back after a power loss: the folder could not be
/// synced. `recover` then finds the operation finished, as long as its folder still exists.
pub fn remove(storage: &dyn Storage, database: &Path) -> Result<bool, StorageError> {
    let path = pending_marker(database);
    match storage.remove_file(&path) {
        Err(error) if !error.is_not_found() && !error.is_impossible_name() => Err(error),
        _ => Ok(sync_folder(storage, &path).is_ok()),
    }
}

/// What stands where a marker should be.
pub enum Found {
    /// A marker that is whole.
    Whole(Marker),
    /// A marker whose writing was cut off. It is synced before anything else is done, so its
    /// operation had not begun.
    Torn,
    /// A marker that is damaged in another way.
    Damaged,
}

/// Reads the marker at `path`.
pub fn read(storage: &dyn Storage, path: &Path) -> Result<Found, StorageError> {
    let bytes = super::folder::read_small(storage, path)?;
    Ok(match sealed::unseal(&bytes) {
        Some(marker) => Found::Whole(marker),
        None if is_torn(&bytes) => Found::Torn,
        None => Found::Damaged,
    })
}

/// Whether a write that was cut off left this: a start of the marker, or words that are still zero.
///
/// A bit that flipped later does not look like it, and must not: the operation of a torn marker had
/// not begun, that of a damaged one may have written a header.
fn is_torn(bytes: &[u8]) -> bool {
    const WORD_BYTES: usize = 4;
    let is_start = || match serde_json::from_slice::<Marker>(sealed::body(bytes)) {
        Err(error) => error.is_eof() && !bytes.ends_with(b"}\n"),
        Ok(_) => false,
    };
    bytes.chunks(WORD_BYTES).any(|word| word.iter().all(|byte| *byte == 0)) || is_start()
}

fn sync_folder(storage: &dyn Storage, path: &Path) -> Result<(), StorageError> {
    storage.sync_dir(path.parent().unwrap_or(Path::new(".")))
}

/// What a marker file stands for; `None` where `marker` is not named like one.
pub fn subject_of(marker: &Path) -> Option<PathBuf> {
    let name = marker.file_name()?;
    match name.to_str() {
        Some(text) => Some(marker.with_file_name(text.strip_suffix(SUFFIX)?)),
        None => {
            let stem = name.as_encoded_bytes().strip_suffix(SUFFIX.as_bytes())?;
            let stem = StoredPath::Encoded { hex: hex::encode(stem) }.to_path()?;
            Some(marker.with_file_name(stem))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_marker_and_a_damaged_one_are_told_apart() {
        let dir = StoredPath::from(Path::new("/mdbdata/edbmend/edbmend-test-repair-0000"));
        let operation = "edbmend-test-repair-0000".to_owned();
        let whole = sealed::seal(&Marker { operation, dir, created_backup_dir: true });
        for length in 0..whole.len() - 2 {
            assert!(is_torn(&whole[..length]), "length {length}");
        }
        for start in (0..whole.len()).step_by(4) {
            let mut torn = whole.clone();
            torn[start..].iter_mut().take(4).for_each(|byte| *byte = 0);
            assert!(is_torn(&torn), "a hole at {start}");
        }
        for bit in 0..whole.len() * 8 {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(!is_torn(&damaged), "bit {bit}");
        }
    }
}
