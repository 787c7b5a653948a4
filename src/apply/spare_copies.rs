//! Copies that go with an operation which is not finished: each is removed only where everything in it is in its
//! original, too. The original may have been damaged since, and the copy be all that is left of it.

use std::ops::Range;
use std::path::Path;

use crate::guards::{Held, reason};
use crate::refusal::{Refusal, RefusalId};
use crate::show::{CommandLine, shown};
use crate::storage::{Access, File, Piece, Pieces, Storage, StorageError, read_full};

use super::context::Context;
use super::deed::{BegunCopy, Deed};
use super::operation::files::read_sums;
use super::outcome::interrupted;
use super::stored::full_copy_in;

/// Refuses where the full copy in the folder of an operation that never was prepared holds something that the
/// database does not. One that is listed in `SHA256SUMS` is whole, and must be the same to its last byte.
pub fn expect_database_has_all(
    context: Context,
    held: &Held,
    dir: &Path,
    database: &Path,
) -> Result<(), Refusal> {
    let io = |error: StorageError| reason(&error);
    let Some(copy) = full_copy_in(context.storage, dir).map_err(io)? else { return Ok(()) };
    let file = context.storage.open(&copy, Access::Read).map_err(io)?;
    let is_whole = !read_sums(context.storage, dir, |name| dir.join(name) == copy).is_empty();
    let parts = Parts { copy: file.as_ref(), original: held.file(database) };
    context.observer.stage("comparing the full copy with the database");
    let Some(at) = parts.first_difference(context, is_whole)? else { return Ok(()) };
    let copy = shown(&copy);
    let message = match held.file(database) {
        Some(_) => format!(
            "it is no longer what the operation had copied: from offset {at} on, the full copy {copy} holds something \
             else"
        ),
        None => format!("it is not there, and the full copy {copy} may be all that is left of it"),
    };
    Err(not_in_database(database, message, is_whole))
}

/// Refuses where a copy of a log holds something that the log does not.
pub fn expect_logs_have_all(context: Context, deed: &dyn Deed) -> Result<(), Refusal> {
    let storage = context.storage;
    for BegunCopy { copy, original } in deed.begun_copies() {
        let Some(file) = open_if_there(storage, &copy)? else { continue };
        let log = open_if_there(storage, &original)?;
        let parts = Parts { copy: file.as_ref(), original: log.as_deref() };
        if let Some(at) = parts.first_difference(context, false)? {
            return Err(not_in_log(&original, &copy, at));
        }
    }
    Ok(())
}

fn open_if_there(storage: &dyn Storage, path: &Path) -> Result<Option<Box<dyn File>>, Refusal> {
    match storage.open(path, Access::Read) {
        Err(error) if error.is_not_found() => Ok(None),
        opened => opened.map(Some).map_err(|error| reason(&error)),
    }
}

/// What is compared.
struct Parts<'a> {
    copy: &'a dyn File,
    /// `None` where it is gone.
    original: Option<&'a dyn File>,
}

impl Parts<'_> {
    /// The offset of the first byte of the copy that the original does not have in its place; `None` where it has
    /// all. What of a copy never was written reads as zero; `is_whole` says that all of it was written.
    fn first_difference(&self, context: Context, is_whole: bool) -> Result<Option<u64>, Refusal> {
        let io = |error: StorageError| reason(&error);
        let length = self.copy.status().map_err(io)?.length_bytes;
        let mut pieces = Pieces::of(self.copy, length).map_err(io)?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        while let Some(piece) = pieces.next(self.copy).map_err(io)? {
            if context.is_interrupted() {
                return Err(interrupted(self.copy.path()));
            }
            // A hole of a whole copy is a hole of its original, or zeros of it: nothing of it can be lost.
            let Piece::Data(range) = piece else { continue };
            read_range(self.copy, &range, &mut ours).map_err(io)?;
            theirs.clear();
            if let Some(original) = self.original {
                read_range(original, &range, &mut theirs).map_err(io)?;
            }
            if let Some(index) = first_lost(&ours, &theirs, is_whole) {
                return Ok(Some(range.start + index as u64));
            }
        }
        Ok(None)
    }
}

/// Reads a range of a file, or what there is of it.
fn read_range(file: &dyn File, range: &Range<u64>, into: &mut Vec<u8>) -> Result<(), StorageError> {
    into.resize((range.end - range.start) as usize, 0);
    let read = read_full(file, into, range.start)?;
    into.truncate(read);
    Ok(())
}

/// The index of the first byte that would be lost with the copy.
fn first_lost(ours: &[u8], theirs: &[u8], is_whole: bool) -> Option<usize> {
    if ours == theirs {
        return None;
    }
    let is_kept =
        |(index, byte): (usize, &u8)| theirs.get(index) == Some(byte) || (*byte == 0 && !is_whole);
    ours.iter().enumerate().position(|at| !is_kept(at))
}

/// The refusal where the full copy of a database may be the only whole one.
fn not_in_database(database: &Path, message: String, is_whole: bool) -> Refusal {
    let damaged = if is_whole {
        "put it aside, and the copy in its place"
    } else {
        "look for a backup first; the copy was not finished, and may hold a part of the file only"
    };
    let remedy = format!(
        "Nothing was touched, and the copy stays. If the database was damaged, cut off or lost since: {damaged}. If \
         it is as it must be: move the copy to another folder. Then: {}",
        CommandLine::new("recover").path(database)
    );
    Refusal::new(RefusalId::DatabaseChanged, database, message, remedy)
}

/// The refusal where the copy of a log may be the only whole one.
fn not_in_log(log: &Path, copy: &Path, at: u64) -> Refusal {
    Refusal::new(
        RefusalId::NewLogStream,
        log,
        format!(
            "it is no longer what the operation had copied: from offset {at} on, the copy {} holds something else",
            shown(copy)
        ),
        "Nothing was touched, and the copy stays. If the log was damaged since, put the copy in its place; if it is \
         as it must be, move the copy to another folder. Then run the same command again.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_written_is_not_lost_and_all_else_is() {
        assert_eq!(first_lost(b"abc", b"abc", true), None);
        assert_eq!(first_lost(b"ab\0\0", b"abcd", false), None);
        assert_eq!(first_lost(b"ab\0\0", b"abcd", true), Some(2));
        assert_eq!(first_lost(b"abcd", b"abxd", false), Some(2));
        assert_eq!(first_lost(b"abcd", b"ab", false), Some(2));
        assert_eq!(first_lost(b"ab\0\0", b"ab", false), None);
        assert_eq!(first_lost(b"\0\0", b"", false), None);
    }
}
