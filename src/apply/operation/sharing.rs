//! Who else can change what an operation is known by: its folder, what in it decides, and its markers.

use std::io::ErrorKind::{NotADirectory, NotFound};
use std::path::Path;

use crate::guards::{reason, shared_by};
use crate::plan::LOGS_FOLDER;
use crate::refusal::Refusal;
use crate::storage::{File, Others, Sharing, Storage, StorageError};

use super::files::{
    FINGERPRINT_NAME, HEADER_AFTER_NAME, HEADER_BEFORE_NAME, JOURNAL_NAME, PLAN_NAME, SUMS_NAME,
    is_header_name,
};

/// What in an operation folder decides. The full copy and the logs that were moved have the owners of their
/// originals, and decide nothing: they are known by what is recorded of them.
const DECIDING: [&str; 7] = [
    JOURNAL_NAME,
    PLAN_NAME,
    SUMS_NAME,
    HEADER_BEFORE_NAME,
    HEADER_AFTER_NAME,
    FINGERPRINT_NAME,
    LOGS_FOLDER,
];

/// Why an operation folder cannot be believed: somebody else can change it, or what in it decides. As long as the
/// folder is held ([`Storage::hold_folder`]) and nobody else's, nobody can exchange what was asked here. `None` also
/// where there is no such folder.
pub fn shared_in(storage: &dyn Storage, dir: &Path) -> Option<Refusal> {
    // Whoever can write to the folder can exchange all of it.
    shared_at(storage, dir).or_else(|| match storage.list(dir) {
        Ok(names) => {
            let decides = |name: &str| DECIDING.contains(&name) || is_header_name(name);
            let mut deciding = names.iter().filter(|name| name.to_str().is_some_and(decides));
            deciding.find_map(|name| shared_at(storage, &dir.join(name)))
        }
        Err(error) if matches!(error.source.kind(), NotFound | NotADirectory) => None,
        Err(error) => Some(reason(&error)),
    })
}

/// Why what a path names cannot be believed; `None` also where nothing is there.
pub fn shared_at(storage: &dyn Storage, path: &Path) -> Option<Refusal> {
    judged(path, storage.sharing(path))
}

/// Why an open file cannot be believed.
pub fn shared_file(file: &dyn File) -> Option<Refusal> {
    judged(file.path(), file.sharing())
}

fn judged(path: &Path, asked: Result<Sharing, StorageError>) -> Option<Refusal> {
    let sharing = match asked {
        Ok(sharing) => sharing,
        Err(error) if error.is_not_found() => return None,
        Err(error) => return Some(reason(&error)),
    };
    let instead = match sharing.by? {
        Others::Owner(_) => {
            "Run edbmend as that user, or look at all of it and then give it to yourself (chown -R)"
        }
        _ => "Look at all of it, and take that right away",
    };
    shared_by(path, sharing, instead)
}
