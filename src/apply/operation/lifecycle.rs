//! An operation under way: its folder, its marker, and how it ends. Shared by everything that changes
//! a disk.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use crate::guards::reason;
use crate::plan::OperationStamp;
use crate::refusal::{Refusal, RefusalId};
use crate::show::CommandLine;
use crate::storage::{File, Storage, StorageError};

use super::super::outcome::{Applied, Ending};
use super::folder::OperationFolder;
use super::journal::{End, Journal};
use super::marker::{self, Holder, Marker, NotCreated};

/// An operation that has its folder and its marker.
pub struct Operation<'a> {
    storage: &'a dyn Storage,
    /// What the marker stands for: the database, or the log folder with the base name.
    subject: PathBuf,
    /// What `recover` is to be given.
    recover_with: PathBuf,
    /// Its folder.
    pub folder: OperationFolder<'a>,
    /// Kept open, so that others see that it is under way.
    held: Cell<Option<Box<dyn File>>>,
}

impl<'a> Operation<'a> {
    /// Creates folder and marker, durably. Whoever comes second is refused and leaves no trace.
    pub fn begin(
        storage: &'a dyn Storage,
        subject: &Path,
        recover_with: &Path,
        backup_dir: &Path,
        stamp: &OperationStamp,
    ) -> Result<Self, Box<Applied>> {
        let folder = OperationFolder::create(storage, backup_dir, &stamp.id, recover_with)
            .map_err(|error| Box::new(Applied::stopped(vec![reason(&error)])))?;
        let marker = Marker {
            operation: stamp.id.clone(),
            dir: folder.dir.clone(),
            created_backup_dir: folder.created_backup_dir,
            holder: Some(Holder::this_process(&stamp.created)),
        };
        let (subject, recover_with) = (subject.to_owned(), recover_with.to_owned());
        let begun = Self { storage, subject, recover_with, folder, held: Cell::default() };
        match marker::create(storage, &begun.subject, &marker) {
            Ok(held) => {
                begun.held.set(Some(held));
                Ok(begun)
            }
            Err(NotCreated::Failed(refusal)) => Err(Box::new(begun.give_up(refusal, Ok(())))),
            Err(NotCreated::Taken(refusal)) => {
                begun.folder.remove_dirs();
                Err(Box::new(Applied::stopped(vec![refusal])))
            }
        }
    }

    /// The journal's last word, then the marker goes.
    pub fn close(&self, journal: &Journal, end: End) -> Result<(), Refusal> {
        let stored = journal.ended(end).store(self.storage, &self.folder.dir);
        let removed = stored.and_then(|()| self.remove_marker());
        removed.map(|_| ()).map_err(|error| reason(&error))
    }

    /// Removes every trace; where even that fails, the operation is pending. `others_removed` tells
    /// of what had to go before.
    pub fn give_up(&self, refusal: Refusal, others_removed: Result<(), StorageError>) -> Applied {
        let removed = others_removed
            .and_then(|()| self.folder.remove_files())
            .and_then(|()| self.remove_marker());
        match removed {
            Ok(durably) => {
                if durably {
                    self.folder.remove_dirs();
                }
                Applied::stopped(vec![refusal])
            }
            Err(error) => self.ended(Ending::Pending, vec![refusal, self.pending(reason(&error))]),
        }
    }

    /// An open file cannot be removed everywhere. The database is still held, so nobody begins in between.
    fn remove_marker(&self) -> Result<bool, StorageError> {
        drop(self.held.take());
        marker::remove(self.storage, &self.subject)
    }

    /// An end that leaves the folder.
    pub fn ended(&self, ending: Ending, reasons: Vec<Refusal>) -> Applied {
        let operation = Some(self.folder.as_ref());
        Applied { ending, reasons, operation, backup: None, pages: None }
    }

    /// The reason of an operation that only `recover` can end.
    pub fn pending(&self, cause: Refusal) -> Refusal {
        let remedy = CommandLine::new("recover").path(&self.recover_with).into();
        Refusal { remedy, id: RefusalId::IoError, ..cause }
    }
}
