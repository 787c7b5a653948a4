//! The writes of a header, and the way back.
//!
//! Invariants, checked in pairs, right before writing and right after reading back:
//! 1. Before the first write both copies are what the plan says they are.
//! 2. While one copy is being written, the other one is valid and synced (the plan's order).
//! 3. After each write the copy is synced, then read back and compared.
//! 4. A sync that failed is neither repeated nor believed: the operation stays pending.
//! 5. A copy is written only while nobody else can have been let in, and never over what neither the plan
//!    nor a torn write of it left there. That holds for the way back, and for recovery, too.

use crate::ese::shadow::Which;
use crate::guards::{Held, failure, reason, written_meanwhile};
use crate::plan::{HeaderImages, Plan, WriteStep};
use crate::refusal::{Refusal, RefusalId};
use crate::storage::{File, read_full};

use super::super::operation::journal::End;

/// How the writes ended.
pub enum Written {
    /// All copies are the new ones, synced and read back.
    All,
    /// Not one byte was written.
    Nothing(Refusal),
    /// Something went wrong; all copies are the old ones again, synced and read back.
    Undone(Refusal),
    /// Something went wrong, and nobody can say what the medium holds: the cause, and what stood in the way
    /// back.
    Stuck(Refusal, Option<Refusal>),
}

/// Why a copy could not be written.
pub enum Trouble {
    /// The write failed or something else was read back; the old content can be tried.
    Unwritten(Refusal),
    /// Nothing more may be written: a sync failed, so that nobody knows what the medium holds; or somebody else
    /// was let in, or wrote this copy.
    Stopped(Refusal),
}

impl Trouble {
    /// The reason.
    pub fn refusal(self) -> Refusal {
        match self {
            Self::Unwritten(refusal) | Self::Stopped(refusal) => refusal,
        }
    }
}

/// The header of a database that is held.
pub struct HeldHeader<'a> {
    /// What it is held with.
    pub held: &'a Held<'a>,
    /// The database.
    pub file: &'a dyn File,
    /// What its copies are before and after.
    pub images: &'a HeaderImages,
}

impl HeldHeader<'_> {
    /// Writes the copies of a plan in its order.
    pub fn write_all(&self, plan: &Plan) -> Written {
        if let Err(refusal) = self.expect_before().and_then(|()| self.held.undisputed()) {
            return Written::Nothing(refusal);
        }
        let writes: Vec<&WriteStep> = plan.writes().collect();
        // From here on the copies are finished whoever knocks, as long as the kernel lets them wait.
        for (index, write) in writes.iter().enumerate() {
            match self.write_copy(write, End::Committed) {
                Ok(()) => {}
                Err(Trouble::Stopped(refusal)) => return Written::Stuck(refusal, None),
                Err(Trouble::Unwritten(refusal)) => return self.undo(&writes[..=index], refusal),
            }
        }
        Written::All
    }

    fn expect_before(&self) -> Result<(), Refusal> {
        let mut found = vec![0; self.images.before.len()];
        read_full(self.file, &mut found, 0).map_err(|error| reason(&error))?;
        if found == self.images.before {
            return Ok(());
        }
        Err(written_meanwhile(self.file.path(), "the header changed after the plan was made"))
    }

    fn undo(&self, begun: &[&WriteStep], cause: Refusal) -> Written {
        let mut back = begun.iter().rev();
        let undone = back
            .try_for_each(|write| self.write_copy(write, End::RolledBack))
            .map_err(Trouble::refusal)
            .and_then(|()| self.expect_before())
            .and_then(|()| self.held.still_ours());
        match undone {
            Ok(()) => Written::Undone(cause),
            Err(second) => Written::Stuck(cause, Some(second)),
        }
    }

    /// Makes one header copy what it is to be at that end: writes it, syncs it, reads it back from the medium and
    /// compares.
    pub fn write_copy(&self, write: &WriteStep, end: End) -> Result<(), Trouble> {
        let Self { held, file, images } = *self;
        let page = match end {
            End::RolledBack => images.before_of(write.copy),
            End::Committed => images.after_of(write.copy),
            End::Overtaken => return Ok(()),
        };
        let found = self.read(write.offset, page.len())?;
        if classify(&found, images, write.copy) == CopyImage::Foreign {
            return Err(Trouble::Stopped(written_by_others(file, write)));
        }
        held.still_ours().map_err(Trouble::Stopped)?;
        file.write_at(page, write.offset).map_err(|error| Trouble::Unwritten(failure(&error)))?;
        file.sync().map_err(|error| Trouble::Stopped(failure(&error)))?;
        file.drop_cache();
        let found = self.read(write.offset, page.len())?;
        held.still_ours().map_err(Trouble::Stopped)?;
        if found == page { Ok(()) } else { Err(Trouble::Unwritten(misread(file, write.offset))) }
    }

    fn read(&self, offset: u64, bytes: usize) -> Result<Vec<u8>, Trouble> {
        let mut found = vec![0; bytes];
        let read = read_full(self.file, &mut found, offset);
        let read = read.map_err(|error| Trouble::Unwritten(failure(&error)))?;
        found.truncate(read);
        Ok(found)
    }
}

fn misread(file: &dyn File, offset: u64) -> Refusal {
    Refusal::new(
        RefusalId::IoError,
        file.path(),
        format!("the header page at offset {offset} was written, but something else was read back"),
        "The disk cannot be trusted: copy the database and its operation folder to a sound one.",
    )
}

/// The refusal where a copy is neither what the plan found nor what it writes, nor torn between the two.
fn written_by_others(file: &dyn File, write: &WriteStep) -> Refusal {
    let what = format!(
        "another process has written the {} header copy at offset {}: it is neither what it was before nor what \
         was planned. It was not written over",
        write.copy.name(),
        write.offset
    );
    let remedy = "Dismount the store, and look at both copies: edbmend inspect --copy primary, and --copy shadow.";
    Refusal::new(RefusalId::DatabaseChanged, file.path(), what, remedy)
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
