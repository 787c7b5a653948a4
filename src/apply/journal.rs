//! The journal: what state an operation has reached. It is replaced as a whole, never appended to,
//! so that it is always either the old or the new one, and any damage is damage.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::storage::{Storage, StorageError, StoredPath, canonical};

use super::folder::{JOURNAL_NAME, read_small};
use super::sealed;

const JOURNAL_SCHEMA: &str = "edbmend-journal/1";

/// How far an operation is. There is no journal before `Prepared`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Everything is ready and durable; header bytes may have been written.
    Prepared,
    /// Both header copies are the new ones, verified.
    Committed,
    /// Both header copies are the old ones, verified.
    RolledBack,
}

/// The journal of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    schema: String,
    /// The operation's id.
    pub operation: String,
    /// How far it is.
    pub state: State,
    /// SHA-256 of the stored plan, in hexadecimal. The plan holds those of both header images.
    pub plan_sha256: String,
    /// The operation's folder when it was made, absolute, links resolved: whether it was moved or copied since.
    #[serde(default)]
    pub dir: Option<StoredPath>,
}

impl Journal {
    /// The journal of an operation that is ready to write.
    pub fn prepared(operation: &str, plan_sha256: String, dir: &Path) -> Self {
        let (schema, operation) = (JOURNAL_SCHEMA.into(), operation.into());
        let dir = canonical(dir).unwrap_or_else(|_| dir.to_owned());
        let dir = Some(StoredPath::from(dir.as_path()));
        Self { schema, operation, state: State::Prepared, plan_sha256, dir }
    }

    /// Where its folder was made; `None` where it does not say, or it was on another operating system.
    pub fn made_in(&self) -> Option<PathBuf> {
        self.dir.as_ref()?.to_path()
    }

    /// The same, one state on.
    pub fn in_state(&self, state: State) -> Self {
        Self { state, ..self.clone() }
    }

    /// Puts this journal in place of the one before, durably.
    pub fn store(&self, storage: &dyn Storage, dir: &Path) -> Result<(), StorageError> {
        let fresh = dir.join("journal.new");
        match storage.remove_file(&fresh) {
            Err(error) if !error.is_not_found() => return Err(error),
            _ => {}
        }
        let file = storage.create(&fresh)?;
        storage.adopt_owner(&fresh, dir)?;
        file.write_at(&sealed::seal(self), 0)?;
        file.sync()?;
        // An open file cannot be renamed everywhere.
        drop(file);
        storage.replace(&fresh, &dir.join(JOURNAL_NAME))?;
        storage.sync_dir(dir)
    }
}

/// What stands where a journal should be.
pub enum Found {
    /// A journal that is whole.
    Whole(Journal),
    /// None: the operation never was prepared.
    Nothing,
    /// One that is damaged.
    Damaged,
}

/// Reads the journal of an operation folder.
pub fn read(storage: &dyn Storage, dir: &Path) -> Result<Found, StorageError> {
    match read_small(storage, &dir.join(JOURNAL_NAME)) {
        Ok(bytes) => Ok(match sealed::unseal::<Journal>(&bytes) {
            Some(journal) if journal.schema == JOURNAL_SCHEMA => Found::Whole(journal),
            _ => Found::Damaged,
        }),
        Err(error) if error.is_not_found() => Ok(Found::Nothing),
        Err(error) => Err(error),
    }
}
