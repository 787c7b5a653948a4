//! What an error of the storage comes to: a guard that refuses, or a failure.

use std::path::Path;

use crate::refusal::{Refusal, RefusalId};
use crate::show::{Paragraph, WITH_MORE_RIGHTS};
use crate::storage::{Storage, StorageError};

use super::in_use::in_use;
use super::not_found::{NOT_EXPANDED, not_found};

/// A storage error as a reason: a full or protected disk or a file in use is a guard's matter, all else a failure.
pub fn reason(error: &StorageError) -> Refusal {
    if error.is_busy() {
        return in_use(&error.path);
    }
    if error.is_invalid_name() {
        return invalid_name(error);
    }
    let (id, remedy) = if error.is_not_regular() {
        (RefusalId::NotARegularFile, NO_FILE)
    } else if error.is_foreign_link() {
        (
            RefusalId::NotARegularFile,
            "Whoever made it can let it lead elsewhere at any moment. Look where it leads, and name that place \
             itself. Nothing was changed.",
        )
    } else if error.is_full() {
        (RefusalId::NoSpace, "Free space on that volume, or name another with --backup-dir.")
    } else if error.is_on_read_only_volume() {
        (
            RefusalId::ReadOnly,
            "The volume is mounted read-only: mount it writable, or work on a copy elsewhere. Nothing was changed.",
        )
    } else if error.is_forbidden() {
        let remedy = format!(
            "Run edbmend {WITH_MORE_RIGHTS}, or as a user who may write there. Nothing was changed."
        );
        return Refusal::new(RefusalId::ReadOnly, &error.path, error.to_string(), remedy);
    } else if error.is_too_large() {
        (
            RefusalId::IoError,
            "Nothing was changed. That file system, or a limit of this process (ulimit -f), allows no file \
             of such a size. Name a folder on another volume with --backup-dir, or lift the limit.",
        )
    } else {
        (
            RefusalId::IoError,
            "Nothing was changed. Look into the system's log for what the disk said, mend it, and try again.",
        )
    };
    Refusal::new(id, &error.path, error.to_string(), remedy)
}

/// What to do about something else in the place of a file.
const NO_FILE: &str = "Something else stands under that name. Find out who put it there, and move it away. Nothing was \
     changed.";

/// The refusal of a name that Windows cannot have, and what is wrong with it.
fn invalid_name(error: &StorageError) -> Refusal {
    let remedy = flaw_of_name(&error.path.to_string_lossy());
    Refusal::new(RefusalId::NotFound, &error.path, error.to_string(), remedy)
}

/// What is wrong with a name that Windows calls wrong.
fn flaw_of_name(path: &str) -> Paragraph {
    let is_drive = |at: usize| at == 1 || path.starts_with(r"\\?\") && at == 5;
    let found = path.char_indices().find(|(at, letter)| match letter {
        ':' => !is_drive(*at),
        '?' => !(path.starts_with(r"\\?\") && *at == 2),
        letter => "*\"<>|".contains(*letter) || letter.is_control(),
    });
    match found {
        Some((_, '*' | '?')) => NOT_EXPANDED.into(),
        Some((_, '"')) => r#"A " is in the name: before a closing quote, \ has to be typed twice, or left out ("D:\mdbdata")."#.into(),
        Some((_, letter)) => {
            format!("No name on Windows has a {}. Type it once more.", letter.escape_debug()).into()
        }
        None => "Windows knows no such name. Look for a character that does not belong there, and type it once more."
            .into(),
    }
}

/// A storage error as the reason why a write or a move that had begun failed: never a guard's matter.
pub fn failure(error: &StorageError) -> Refusal {
    let remedy =
        "Look into the system's log for what the disk said, and mend that before you try again."
            .into();
    Refusal { id: RefusalId::IoError, remedy, ..reason(error) }
}

/// The reason where a file or folder could not be read at all.
pub fn unreadable(error: &StorageError) -> Refusal {
    if error.is_invalid_name() {
        return invalid_name(error);
    }
    if error.is_not_regular() {
        return Refusal::new(RefusalId::NotARegularFile, &error.path, error.to_string(), NO_FILE);
    }
    if error.is_forbidden() {
        let remedy = format!("Run edbmend {WITH_MORE_RIGHTS}, or as a user who may read it.");
        return Refusal::new(RefusalId::IoError, &error.path, error.to_string(), remedy);
    }
    let remedy = "The disk, or the way to it, fails: look into the system's log. Copy the file to a sound disk before \
         anything else.";
    Refusal::new(RefusalId::IoError, &error.path, error.to_string(), remedy)
}

/// The refusal of a file that could not be read: a database, a log or a checkpoint.
pub fn unread(storage: &dyn Storage, path: &Path, error: &StorageError) -> Refusal {
    if error.is_not_found() {
        not_found(storage, path)
    } else if error.is_busy() {
        in_use(path)
    } else {
        unreadable(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_name_is_said() {
        for (path, part) in [
            (r"D:\mdbdata\*.edb", "Get-ChildItem *.edb"),
            (r"\\?\D:\mdbdata\priv?.edb", "do not expand * and ?"),
            (r#"D:\mdbdata" --yes"#, "has to be typed twice"),
            (r"D:\mdbdata\priv1.edb:x", "has a :"),
            ("D:\\mdb|data", "has a |"),
            ("D:\\a\n", r"has a \n"),
            (r"\\?\D:\mdbdata", "Windows knows no such name"),
        ] {
            let remedy = flaw_of_name(path);
            assert!(remedy.contains(part), "{path}: {remedy}");
        }
    }
}
