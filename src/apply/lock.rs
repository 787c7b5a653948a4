//! Exclusive access to the database, through the one file that does everything.

use std::path::Path;
use std::time::Duration;

use crate::plan::{Refusal, RefusalId};
use crate::storage::{Access, Exclusive, File, Storage, quoted};

use super::outcome::reason;

/// How often, and how long apart, access is asked for again: a virus scanner lets go in that time.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// The database, open for writing, with exclusive access as far as the file system can prove it.
pub struct ExclusiveFile {
    file: Box<dyn File>,
}

impl ExclusiveFile {
    /// Opens the database for writing and takes exclusive access.
    pub fn acquire(
        storage: &dyn Storage,
        path: &Path,
        allow_unproven: bool,
    ) -> Result<Self, Refusal> {
        Self::open(storage, path, Access::ReadWrite, allow_unproven)
    }

    /// The same for a file that must be nobody else's, but will not be written.
    pub fn acquire_reading(
        storage: &dyn Storage,
        path: &Path,
        allow_unproven: bool,
    ) -> Result<Self, Refusal> {
        Self::open(storage, path, Access::Read, allow_unproven)
    }

    fn open(
        storage: &dyn Storage,
        path: &Path,
        access: Access,
        allow_unproven: bool,
    ) -> Result<Self, Refusal> {
        let file = storage.open(path, access).map_err(|error| reason(&error))?;
        lock(file.as_ref(), path, allow_unproven)?;
        Ok(Self { file })
    }

    /// The open file.
    pub fn file(&self) -> &dyn File {
        self.file.as_ref()
    }
}

/// Whether exclusive access could be had now. Opens for reading only, and lets go again.
pub fn probe(storage: &dyn Storage, path: &Path, allow_unproven: bool) -> Result<(), Refusal> {
    let file = storage.open(path, Access::Read).map_err(|error| reason(&error))?;
    lock(file.as_ref(), path, allow_unproven)?;
    file.unlock();
    Ok(())
}

fn lock(file: &dyn File, path: &Path, allow_unproven: bool) -> Result<(), Refusal> {
    for attempt in 1..=TRIES {
        match file.lock() {
            Exclusive::Granted => return Ok(()),
            Exclusive::Unproven(_) if allow_unproven => return Ok(()),
            Exclusive::Unproven(why) => return Err(unproven(path, &why)),
            Exclusive::InUse if attempt < TRIES => std::thread::sleep(PAUSE),
            Exclusive::InUse => {}
        }
    }
    Err(in_use(path))
}

/// The refusal where somebody else has the file open.
pub fn in_use(path: &Path) -> Refusal {
    Refusal::new(
        RefusalId::InUse,
        path,
        "another process has the file open",
        format!(
            "Dismount the store, and stop backup and virus scanners. To see who it is: fuser -v {}",
            quoted(path)
        ),
    )
}

fn unproven(path: &Path, why: &str) -> Refusal {
    Refusal::new(
        RefusalId::InUseUnproven,
        path,
        format!("it cannot be proven that nobody else has the file open: {why}"),
        "If you are sure that the store is dismounted on every machine that can reach this file, add \
         --allow-unproven-lock.",
    )
}
