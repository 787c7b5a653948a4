//! The journal: what state an operation has reached. It is replaced as a whole, never appended to,
//! so that it is always either the old or the new one, and any damage is damage.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::storage::{Access, Storage, StorageError, stored_path_if_any};

use super::files::{JOURNAL_NAME, read_sealed};
use super::sealed::{self, Unsealed};

const JOURNAL_SCHEMA: &str = "edbmend-journal/1";

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Everything is what was planned, verified.
    Committed,
    /// Everything is as it was before, verified.
    RolledBack,
    /// Somebody else has written since, and what he wrote is whole: nothing was put over it.
    Overtaken,
}

/// How far an operation is. There is no journal before `Prepared`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Word", into = "Word")]
pub enum State {
    /// Everything is ready and durable; the change may have begun.
    Prepared,
    /// It is over.
    Ended(End),
}

/// The state as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    Prepared,
    Committed,
    RolledBack,
    Overtaken,
}

impl From<Word> for State {
    fn from(word: Word) -> Self {
        match word {
            Word::Prepared => Self::Prepared,
            Word::Committed => Self::Ended(End::Committed),
            Word::RolledBack => Self::Ended(End::RolledBack),
            Word::Overtaken => Self::Ended(End::Overtaken),
        }
    }
}

impl From<State> for Word {
    fn from(state: State) -> Self {
        match state {
            State::Prepared => Self::Prepared,
            State::Ended(End::Committed) => Self::Committed,
            State::Ended(End::RolledBack) => Self::RolledBack,
            State::Ended(End::Overtaken) => Self::Overtaken,
        }
    }
}

impl State {
    /// How it ended; `None` where it has not.
    pub fn end(self) -> Option<End> {
        match self {
            Self::Prepared => None,
            Self::Ended(end) => Some(end),
        }
    }
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
    /// The operation's folder when it was made, absolute, links resolved: it tells whether the folder was moved
    /// or copied since. `None` where the journal does not say, or it was on another operating system.
    #[serde(default, with = "stored_path_if_any")]
    pub dir: Option<PathBuf>,
    /// SHA-256 of the stored `SHA256SUMS`, in hexadecimal, which has those of all files that never change again.
    /// `None` where the journal does not say: then nothing vouches for those that the plan does not name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sums_sha256: Option<String>,
}

impl Journal {
    /// The journal of an operation that is ready to write: its id, the SHA-256 of its plan and of its `SHA256SUMS`,
    /// its folder.
    pub fn prepared(
        storage: &dyn Storage,
        operation: String,
        plan_sha256: &str,
        sums_sha256: String,
        dir: &Path,
    ) -> Self {
        let dir = storage.canonical(dir).unwrap_or_else(|_| dir.to_owned());
        Self {
            schema: JOURNAL_SCHEMA.into(),
            operation,
            state: State::Prepared,
            plan_sha256: plan_sha256.into(),
            dir: Some(dir),
            sums_sha256: Some(sums_sha256),
        }
    }

    /// The last word of this journal.
    pub fn ended(&self, end: End) -> Self {
        Self { state: State::Ended(end), ..self.clone() }
    }

    /// Puts this journal in place of the one before, durably.
    pub fn store(&self, storage: &dyn Storage, dir: &Path) -> Result<(), StorageError> {
        let fresh = dir.join("journal.new");
        match storage.remove_file(&fresh) {
            Err(error) if !error.is_not_found() => return Err(error),
            _ => {}
        }
        let file = storage.create(&fresh)?;
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
    /// One that another version wrote, with its schema.
    OtherVersion(String),
    /// One that is damaged.
    Damaged,
}

/// Reads the journal of an operation folder.
pub fn read(storage: &dyn Storage, dir: &Path) -> Result<Found, StorageError> {
    let file = storage.open(&dir.join(JOURNAL_NAME), Access::Read);
    match file.and_then(|file| read_sealed(file.as_ref())) {
        Ok(bytes) => Ok(match sealed::unseal(&bytes, JOURNAL_SCHEMA) {
            Unsealed::Whole(journal) => Found::Whole(journal),
            Unsealed::OtherVersion(schema) => Found::OtherVersion(schema),
            Unsealed::Broken => Found::Damaged,
        }),
        Err(error) if error.is_not_found() => Ok(Found::Nothing),
        Err(error) => Err(error),
    }
}
