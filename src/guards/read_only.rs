//! What a read-only volume, a missing right, or an attribute of a file forbids. It is asked of each file and folder
//! that will be changed, so that a plan knows it.

use std::path::Path;

use crate::refusal::{Refusal, RefusalId};
use crate::show::quoted;
use crate::storage::Storage;

/// The refusal of a folder in which no name can be created, renamed or removed.
pub fn read_only_folder(storage: &dyn Storage, dir: &Path) -> Option<Refusal> {
    let is_writable = storage.status(dir).is_ok_and(|s| !s.read_only) && storage.may_write(dir);
    let message =
        "the folder is read-only: nothing can be moved out of it, created or removed in it";
    (!is_writable).then(|| refusal(storage, dir, message))
}

/// The refusal of a file that cannot be written over.
pub fn read_only_file(storage: &dyn Storage, path: &Path) -> Option<Refusal> {
    let is_writable = storage.may_write(path);
    (!is_writable).then(|| refusal(storage, path, "the file is read-only: it cannot be written"))
}

/// The refusal of a file that nobody can move, replace or remove.
pub fn fixed_file(storage: &dyn Storage, path: &Path) -> Option<Refusal> {
    let message = "the file is immutable or append-only: it can be neither moved nor removed";
    storage.is_fixed(path).then(|| refusal(storage, path, message))
}

fn refusal(storage: &dyn Storage, path: &Path, message: &str) -> Refusal {
    let remedy = if storage.is_fixed(path) {
        format!("Take its attribute away: chattr -ia {}", quoted(path))
    } else {
        "Run edbmend as a user who may write there, and mount its volume writable.".to_owned()
    };
    Refusal::new(RefusalId::ReadOnly, path, message, remedy)
}
