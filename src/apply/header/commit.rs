//! The writes of a header, and the way back.
//!
//! Invariants, checked in pairs, right before writing and right after reading back:
//! 1. Before the first write both copies are what the plan says they are.
//! 2. While one copy is being written, the other one is valid and synced (the plan's order).
//! 3. After each write the copy is synced, then read back and compared.
//! 4. A sync that failed is neither repeated nor believed: the operation stays pending.

use crate::ese::shadow::Which;
use crate::guards::{failure, in_use, reason, written_meanwhile};
use crate::plan::{HeaderImages, Plan, WriteStep};
use crate::refusal::{Refusal, RefusalId};
use crate::storage::{File, read_full};

/// How the writes ended.
pub enum Written {
    /// All copies are the new ones, synced and read back.
    All,
    /// Not one byte was written.
    Nothing(Refusal),
    /// Something went wrong; all copies are the old ones again, synced and read back.
    Undone(Refusal),
    /// Something went wrong, and nobody can say what the medium holds.
    Stuck(Refusal),
}

/// Writes the copies of a plan in its order.
pub fn write_all(file: &dyn File, plan: &Plan, images: &HeaderImages) -> Written {
    if let Err(refusal) = check_before(file, images) {
        return Written::Nothing(refusal);
    }
    if !file.lock_is_undisputed() {
        return Written::Nothing(in_use(file.path()));
    }
    let writes: Vec<&WriteStep> = plan.writes().collect();
    // From here on the copies are finished whoever knocks: the kernel lets them wait.
    for (index, write) in writes.iter().enumerate() {
        match write_copy(file, write.offset, images.after_of(write.copy)) {
            Ok(()) => {}
            Err(Trouble::Unsynced(refusal)) => return Written::Stuck(refusal),
            Err(Trouble::Unwritten(refusal)) => {
                return undo(file, &writes[..=index], images, refusal);
            }
        }
    }
    Written::All
}

fn check_before(file: &dyn File, images: &HeaderImages) -> Result<(), Refusal> {
    let mut found = vec![0; images.before.len()];
    read_full(file, &mut found, 0).map_err(|error| reason(&error))?;
    if found == images.before {
        return Ok(());
    }
    Err(written_meanwhile(file.path(), "the header changed after the plan was made"))
}

fn undo(file: &dyn File, begun: &[&WriteStep], images: &HeaderImages, cause: Refusal) -> Written {
    for write in begun.iter().rev() {
        if let Err(Trouble::Unwritten(_) | Trouble::Unsynced(_)) =
            write_copy(file, write.offset, images.before_of(write.copy))
        {
            return Written::Stuck(cause);
        }
    }
    Written::Undone(cause)
}

/// Why a copy could not be written.
pub enum Trouble {
    /// The write failed or something else was read back; the old content can be tried.
    Unwritten(Refusal),
    /// The sync failed: what the medium holds is unknown.
    Unsynced(Refusal),
}

impl Trouble {
    /// The reason.
    pub fn refusal(self) -> Refusal {
        match self {
            Self::Unwritten(refusal) | Self::Unsynced(refusal) => refusal,
        }
    }
}

/// Writes one header copy, syncs it, reads it back from the medium and compares.
pub fn write_copy(file: &dyn File, offset: u64, page: &[u8]) -> Result<(), Trouble> {
    file.write_at(page, offset).map_err(|error| Trouble::Unwritten(failure(&error)))?;
    file.sync().map_err(|error| Trouble::Unsynced(failure(&error)))?;
    file.drop_cache();
    let mut found = vec![0; page.len()];
    read_full(file, &mut found, offset).map_err(|error| Trouble::Unwritten(failure(&error)))?;
    if found == page {
        return Ok(());
    }
    Err(Trouble::Unwritten(Refusal::new(
        RefusalId::IoError,
        file.path(),
        format!("the header page at offset {offset} was written, but something else was read back"),
        "The disk cannot be trusted: copy the database and its operation folder to a sound one.",
    )))
}

/// What one header copy on the medium is, against the images of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyImage {
    /// The image before.
    Before,
    /// The image after.
    After,
    /// The operation does not change this copy, and it is as it was.
    Untouched,
    /// Each byte is that of the image before or after: a torn write.
    Torn,
    /// Something else.
    Foreign,
}

/// Compares a header copy with the images of an operation.
pub fn classify(found: &[u8], images: &HeaderImages, which: Which) -> CopyImage {
    let (before, after) = (images.before_of(which), images.after_of(which));
    let torn = || found.iter().zip(before.iter().zip(after)).all(|(f, (b, a))| f == b || f == a);
    match () {
        () if before == after && found == before => CopyImage::Untouched,
        () if found == after => CopyImage::After,
        () if found == before => CopyImage::Before,
        () if found.len() == before.len() && torn() => CopyImage::Torn,
        () => CopyImage::Foreign,
    }
}
