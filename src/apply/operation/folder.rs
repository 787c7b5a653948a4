//! The operation folder: how it is made, filled, and given up.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::guards::BackupTerms;
use crate::plan::{LOGS_FOLDER, OperationRef};
use crate::storage::{File, HeldFolder, Storage, StorageError, write_stream};

use super::files::{DEFAULT_BACKUP_DIR, JOURNAL_NAME, PLAN_NAME, has_operation_name};

/// A folder that this run created.
pub struct OperationFolder<'a> {
    storage: &'a dyn Storage,
    /// Absolute path.
    pub dir: PathBuf,
    /// Whether the folder around it was created too.
    pub created_backup_dir: bool,
    names: Vec<String>,
    held: Vec<HeldFolder>,
}

/// How often a folder is created anew: another run that gives up removes the backup folder while it is empty.
const CREATE_TRIES: u32 = 5;

impl<'a> OperationFolder<'a> {
    /// Creates `<backup_dir>/<id>`, and the backup folder itself where it is missing, durably. Both stay open,
    /// so that everything in them is reached whatever becomes of their names. They belong to the user of this
    /// process, and are for him alone: whoever owns the database may be shut out by a folder above it.
    pub fn create(
        storage: &'a dyn Storage,
        backup_dir: &Path,
        id: &str,
        terms: BackupTerms,
    ) -> Result<Self, StorageError> {
        let mut more_tries = 1..CREATE_TRIES;
        loop {
            match Self::try_create(storage, backup_dir, id, terms) {
                Err(error) if error.is_not_found() && more_tries.next().is_some() => {}
                made => return made,
            }
        }
    }

    fn try_create(
        storage: &'a dyn Storage,
        backup_dir: &Path,
        id: &str,
        terms: BackupTerms,
    ) -> Result<Self, StorageError> {
        let created_backup_dir = match storage.create_dir(backup_dir) {
            Ok(()) => true,
            Err(error) if error.is_already_there() => false,
            Err(error) => return Err(error),
        };
        let dir = backup_dir.join(id);
        let (names, held) = (Vec::new(), Vec::new());
        let mut made = Self { storage, dir, created_backup_dir, names, held };
        if let Err(error) = made.establish(backup_dir, terms) {
            made.remove_dirs();
            return Err(error);
        }
        Ok(made)
    }

    fn establish(&mut self, backup_dir: &Path, terms: BackupTerms) -> Result<(), StorageError> {
        let storage = self.storage;
        self.held.push(storage.hold_folder(backup_dir)?);
        if self.created_backup_dir {
            storage.sync_dir(backup_dir.parent().unwrap_or(Path::new("/")))?;
        }
        if !terms.allow_shared {
            expect_own(storage, backup_dir)?;
        }
        storage.create_dir(&self.dir)?;
        self.hold_new(&self.dir.clone(), terms)?;
        storage.sync_dir(backup_dir)
    }

    /// Keeps a folder open that was just created, after a look that it is that one: empty, and nobody else's.
    fn hold_new(&mut self, dir: &Path, terms: BackupTerms) -> Result<(), StorageError> {
        self.held.push(self.storage.hold_folder(dir)?);
        if !terms.allow_shared {
            expect_own(self.storage, dir)?;
        }
        if self.storage.list(dir)?.is_empty() {
            return Ok(());
        }
        Err(exchanged(dir))
    }

    /// Creates an empty file in the folder; whatever happens next, it belongs to the operation.
    pub fn create_file(&mut self, name: &str) -> Result<Box<dyn File>, StorageError> {
        let file = self.storage.create(&self.dir.join(name))?;
        self.names.push(name.to_owned());
        Ok(file)
    }

    /// Creates a folder inside, which goes with [`Self::remove_dirs`] as long as it is empty.
    pub fn create_subfolder(&mut self, name: &str) -> Result<(), StorageError> {
        let dir = self.dir.join(name);
        self.storage.create_dir(&dir)?;
        // Those of a folder that others may write to were agreed to when it was created.
        self.hold_new(&dir, BackupTerms { allow_shared: true, ..BackupTerms::default() })
    }

    /// Writes a small file, durably but for its name.
    pub fn write_file(&mut self, name: &str, bytes: &[u8]) -> Result<(), StorageError> {
        let file = self.create_file(name)?;
        file.write_at(bytes, 0)?;
        file.sync()
    }

    /// Writes a value as JSON, durably but for its name, piece by piece: it may be large. Gives back its
    /// SHA-256 in hexadecimal.
    pub fn write_json(
        &mut self,
        name: &str,
        value: &impl Serialize,
    ) -> Result<String, StorageError> {
        let file = self.create_file(name)?;
        let mut hasher = Sha256::new();
        write_stream(file.as_ref(), |out| {
            let hashing = Hashing { out, hasher: &mut hasher };
            Ok(serde_json::to_writer(hashing, value)?)
        })?;
        file.sync()?;
        Ok(hex::encode(hasher.finalize()))
    }

    /// Removes every file of the operation and the journal, durably; the folders follow with
    /// [`Self::remove_dirs`], once the marker is gone.
    ///
    /// The journal goes first: it vouches for what goes after it. The plan goes last: `recover` finds
    /// the full copy by it.
    pub fn remove_files(&self) -> Result<(), StorageError> {
        let others = self.names.iter().map(String::as_str).filter(|name| *name != PLAN_NAME);
        remove_durably(self.storage, &self.dir, [JOURNAL_NAME, "journal.new"])?;
        remove_durably(self.storage, &self.dir, others)?;
        remove_durably(self.storage, &self.dir, [PLAN_NAME])
    }

    /// Removes the empty folders, as far as this operation created them.
    pub fn remove_dirs(&self) {
        remove_empty(self.storage, &self.dir, self.created_backup_dir);
    }

    /// How reports name it.
    pub fn as_ref(&self) -> OperationRef {
        let id = self.dir.file_name().map(|name| name.to_string_lossy().into_owned());
        OperationRef { id: id.unwrap_or_default(), dir: self.dir.clone() }
    }
}

/// Fails where somebody else can change what is in a folder. The guards have asked; it may have been exchanged
/// since.
fn expect_own(storage: &dyn Storage, dir: &Path) -> Result<(), StorageError> {
    if storage.sharing(dir)?.by.is_none() { Ok(()) } else { Err(exchanged(dir)) }
}

fn exchanged(dir: &Path) -> StorageError {
    let what = "it was exchanged, or written to, by somebody else meanwhile";
    StorageError::new("use the folder", dir, io::Error::other(what))
}

/// Hashes what it passes on.
struct Hashing<'a> {
    out: &'a mut dyn io::Write,
    hasher: &'a mut Sha256,
}

impl io::Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Removes an empty operation folder, and the one around it where the operation created that too.
/// One that stays is not empty, or in nobody's way.
pub fn remove_empty(storage: &dyn Storage, dir: &Path, and_parent: bool) {
    let _ = storage.remove_dir(&dir.join(LOGS_FOLDER));
    let _ = storage.remove_dir(dir);
    if let (true, Some(parent)) = (and_parent, dir.parent()) {
        let _ = storage.remove_dir(parent);
    }
}

/// Removes the empty operation folders in the default place beside a database.
pub fn remove_empty_beside(storage: &dyn Storage, database: &Path) {
    let backup_dir = database.with_file_name(DEFAULT_BACKUP_DIR);
    let names = storage.list(&backup_dir).unwrap_or_default();
    let folders = names.into_iter().map(|name| backup_dir.join(name));
    for folder in folders.filter(|folder| has_operation_name(folder)) {
        let _ = storage.remove_dir(&folder);
    }
    let _ = storage.remove_dir(&backup_dir);
}

fn remove_if_there(storage: &dyn Storage, path: &Path) -> Result<(), StorageError> {
    match storage.remove_file(path) {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

/// Removes files of one folder; none of them comes back after a power loss.
pub fn remove_durably<'a>(
    storage: &dyn Storage,
    dir: &Path,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<(), StorageError> {
    for name in names {
        remove_if_there(storage, &dir.join(name))?;
    }
    storage.sync_dir(dir)
}
