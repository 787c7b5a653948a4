//! What an operation does to a disk. [`execute`](super::execute()) and [`recover`](super::recover()) carry
//! deeds out, whatever they are; what they are is said by the two that there are: header copies, and logs.

use std::path::{Path, PathBuf};

use crate::guards::{BackupTerms, Held};
use crate::plan::{BackupRecord, OperationStamp, Steps};
use crate::refusal::Refusal;
use crate::storage::{Access, Storage, StorageError};
use crate::survey::PageFacts;

use super::context::Context;
use super::operation::folder::OperationFolder;
use super::operation::journal::End;
use super::outcome::Bodies;

/// What was agreed with the person: how a deed may be done.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// Where the operation folder goes, absolute.
    pub backup_dir: PathBuf,
    /// Whether to go on where exclusive access cannot be proven.
    pub allow_unproven_lock: bool,
    /// What was agreed about the backup folder.
    pub backup_terms: BackupTerms,
}

/// A copy that is no longer wanted once an operation ends, and what it was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BegunCopy {
    /// The copy, or what there is of it.
    pub copy: PathBuf,
    /// Its original.
    pub original: PathBuf,
}

/// A planned change of a disk that can be undone.
pub trait Deed {
    /// Id and time of its operation.
    fn stamp(&self) -> OperationStamp;

    /// What its marker stands beside: the database, or the log folder with the base name. Absolute.
    fn subject(&self) -> PathBuf;

    /// What markers stand beside: the subject first, then every other file that nobody may work on meanwhile.
    fn marked(&self) -> Vec<PathBuf> {
        vec![self.subject()]
    }

    /// SHA-256 of both header pages before, in hexadecimal, where it writes them.
    fn header_before(&self) -> Option<String> {
        None
    }

    /// What a person names to `recover`: the database, or the log folder. Absolute.
    fn named(&self) -> PathBuf;

    /// The rule that its plan breaks, in words; `None` where it keeps them all.
    fn flaw(&self) -> Option<String>;

    /// The folders that its files are in, whether they are there or not.
    fn folders(&self) -> Vec<PathBuf>;

    /// The steps of its plan.
    fn steps(&self) -> Steps;

    /// The files that nobody else may have while it is done, and how they are opened.
    fn files(&self, storage: &dyn Storage) -> Vec<(PathBuf, Access)>;

    /// Every guard again, now that nobody else can write.
    fn refusals(&self, context: Context, held: &Held, terms: &Terms) -> Vec<Refusal>;

    /// Everything up to the journal: what the folder of the operation holds. No original is touched.
    fn prepare<'a>(
        &'a self,
        context: Context,
        held: &'a Held,
        folder: &mut OperationFolder,
    ) -> Result<Box<dyn Ready + 'a>, Refusal>;

    /// Removes what was begun outside of the operation folder and is no longer wanted, durably.
    fn tidy(&self, storage: &dyn Storage) -> Result<(), StorageError>;

    /// The files that must be nobody else's while a pending operation is ended. `end` is the journal's word
    /// where it has one.
    fn files_to_recover(
        &self,
        storage: &dyn Storage,
        end: Option<End>,
    ) -> Result<Vec<(PathBuf, Access)>, Refusal>;

    /// Refuses where this is the operation of something else than `subject`: of the files that it is a copy
    /// of, or of logs in a folder that is not this one. `is_beside` says that the operation folder `dir` lies
    /// in the default place beside it.
    fn expect_own(
        &self,
        storage: &dyn Storage,
        subject: &Path,
        dir: &Path,
        is_beside: bool,
    ) -> Result<(), Refusal>;

    /// The end that a pending operation, in the folder `dir`, comes to, from what the disk shows now; `back` asks
    /// for the undo.
    fn look(
        &self,
        storage: &dyn Storage,
        held: &Held,
        dir: &Path,
        back: bool,
    ) -> Result<End, Vec<Refusal>>;

    /// The copies outside of the operation folder's own files that may have been begun, and are removed when the
    /// operation ends.
    fn begun_copies(&self) -> Vec<BegunCopy> {
        Vec::new()
    }

    /// Refuses where what somebody else wrote since is not whole, so that a pending operation cannot be closed
    /// over it. Asked only where [`look`](Self::look) refuses because of that.
    fn expect_overtaken(&self, storage: &dyn Storage, held: &Held) -> Result<(), Refusal>;

    /// Makes everything what it is to be at that end, durably.
    fn bring_to(&self, storage: &dyn Storage, held: &Held, end: End) -> Result<(), Refusal>;

    /// Refuses where the journal, in the operation folder `dir`, calls finished what the disk does not.
    fn expect_ended(
        &self,
        storage: &dyn Storage,
        held: &Held,
        dir: &Path,
        end: End,
    ) -> Result<(), Refusal>;

    /// Refuses where something was changed, though the operation folder `dir` has no journal yet.
    fn expect_untouched(
        &self,
        storage: &dyn Storage,
        held: &Held,
        dir: &Path,
    ) -> Result<(), Refusal>;
}

/// A deed that is ready to be done: what must be saved first is saved, synced and compared. Only
/// [`Deed::prepare`] makes one.
pub trait Ready {
    /// SHA-256 of the stored plan, in hexadecimal.
    fn plan_sha256(&self) -> &str;

    /// The files in the operation folder that never change again, as lines of `SHA256SUMS`.
    fn sums(&self) -> String;

    /// Does it.
    fn carry(&self, context: Context) -> Carried;

    /// The backup, where one is made.
    fn backup(&self) -> Option<BackupRecord> {
        None
    }

    /// The pages of the database, where all were read.
    fn pages(&self) -> Option<PageFacts> {
        None
    }

    /// What recovery says of the logs that were read to their end, which copying them does.
    fn bodies(&self) -> Bodies {
        Bodies::new()
    }
}

/// How far a deed came.
pub enum Carried {
    /// All is done, durable, and was looked at once more.
    All,
    /// Nothing was changed.
    Nothing(Refusal),
    /// Something went wrong; everything is as it was before, durably.
    Undone(Refusal),
    /// Something went wrong, and only `recover` can find out what the disk holds: the cause, and what else
    /// went wrong after it.
    Stuck(Refusal, Option<Refusal>),
}
