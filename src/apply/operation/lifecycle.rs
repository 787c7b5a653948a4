//! An operation under way: its folder, its markers, and how it ends. Shared by everything that changes
//! a disk.

use std::cell::RefCell;
use std::path::PathBuf;

use crate::guards::reason;
use crate::refusal::{Refusal, RefusalId};
use crate::show::CommandLine;
use crate::storage::{File, Storage, StorageError};

use super::super::deed::{Deed, Terms};
use super::super::outcome::{Applied, Bodies, Ending};
use super::folder::OperationFolder;
use super::journal::{End, Journal};
use super::marker::{self, Marker, NotCreated};

/// An operation that has its folder and its markers.
pub struct Operation<'a> {
    storage: &'a dyn Storage,
    /// What its markers stand beside, the one that it is known by first.
    marked: Vec<PathBuf>,
    /// What `recover` is to be given.
    recover_with: PathBuf,
    /// Its folder.
    pub folder: OperationFolder<'a>,
    /// The markers, kept open so that others see that it is under way.
    held: RefCell<Vec<Box<dyn File>>>,
}

impl<'a> Operation<'a> {
    /// Creates folder and markers, durably. Whoever comes second is refused and leaves no trace.
    pub fn begin(
        storage: &'a dyn Storage,
        deed: &dyn Deed,
        terms: &Terms,
    ) -> Result<Self, Box<Applied>> {
        let Terms { backup_dir, backup_terms, .. } = terms;
        let stamp = deed.stamp();
        let folder = OperationFolder::create(storage, backup_dir, &stamp.id, *backup_terms)
            .map_err(|error| Box::new(Applied::stopped(vec![reason(&error)])))?;
        let marker = Marker::of(deed, &folder);
        let (marked, recover_with) = (Vec::new(), deed.named());
        let held = RefCell::default();
        let mut begun = Self { storage, marked, recover_with, folder, held };
        for subject in deed.marked() {
            begun.mark(subject, &marker)?;
        }
        Ok(begun)
    }

    fn mark(&mut self, subject: PathBuf, marker: &Marker) -> Result<(), Box<Applied>> {
        let created = marker::create(self.storage, &subject, marker);
        if !matches!(created, Err(NotCreated::Taken(_))) {
            self.marked.push(subject);
        }
        match created {
            Ok(held) => {
                self.held.borrow_mut().push(held);
                Ok(())
            }
            Err(NotCreated::Failed(refusal) | NotCreated::Taken(refusal)) => {
                Err(Box::new(self.give_up(refusal, Ok(()))))
            }
        }
    }

    /// The journal's last word, then the markers go.
    pub fn close(&self, journal: &Journal, end: End) -> Result<(), Refusal> {
        let stored = journal.ended(end).store(self.storage, &self.folder.dir);
        let removed = stored.and_then(|()| self.remove_markers());
        removed.map(|_| ()).map_err(|error| reason(&error))
    }

    /// Removes every trace; where even that fails, the operation is pending. `others_removed` tells
    /// of what had to go before.
    pub fn give_up(&self, refusal: Refusal, others_removed: Result<(), StorageError>) -> Applied {
        let removed = others_removed
            .and_then(|()| self.folder.remove_files())
            .and_then(|()| self.remove_markers());
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

    /// An open file cannot be removed everywhere. The databases are still held, so nobody begins in between.
    /// The marker that the operation is known by goes last.
    fn remove_markers(&self) -> Result<bool, StorageError> {
        self.held.borrow_mut().clear();
        marker::remove(self.storage, self.marked.iter().rev().map(PathBuf::as_path))
    }

    /// An end that leaves the folder.
    pub fn ended(&self, ending: Ending, reasons: Vec<Refusal>) -> Applied {
        let operation = Some(self.folder.as_ref());
        let bodies = Bodies::new();
        Applied { ending, reasons, operation, backup: None, pages: None, bodies }
    }

    /// The reason of an operation that only `recover` can end.
    pub fn pending(&self, cause: Refusal) -> Refusal {
        let remedy = CommandLine::new("recover").path(&self.recover_with).into();
        Refusal { remedy, id: RefusalId::IoError, ..cause }
    }
}
