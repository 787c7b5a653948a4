//! What reports say of an operation: its folder, its backup, the way that `recover` takes.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use crate::show::{Sha256Hex, serialize_shown};

/// An operation, as reports name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OperationRef {
    /// Its id, which is the name of its folder.
    pub id: String,
    /// Its folder, absolute.
    #[serde(serialize_with = "serialize_shown")]
    #[schemars(with = "String")]
    pub dir: PathBuf,
}

/// How the backup was made. A reflink, and any copy on the same volume, protects against this
/// tool, not against the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BackupMethod {
    /// A clone that shares its extents with the database.
    Reflink,
    /// A full copy.
    Copy,
    /// Both header pages only.
    Header,
}

/// A backup as reports name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BackupRecord {
    /// Where it lies, absolute.
    #[serde(serialize_with = "serialize_shown")]
    #[schemars(with = "String")]
    pub path: PathBuf,
    /// SHA-256 of its content, in hexadecimal, of what was read back from the medium.
    pub sha256: Sha256Hex,
    /// Its length in bytes.
    pub bytes: u64,
    /// How it was made.
    pub method: BackupMethod,
}

/// What `recover` will do with a pending operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// It never was prepared: its unfinished backup is removed.
    Discard,
    /// Nothing was changed yet, or the undo was asked for: back to what was before.
    Back,
    /// The change had begun (a header), or was complete (logs): on to what was planned.
    Forward,
    /// It was finished; only the marker is left.
    Finish,
    /// Somebody else has written since, and that is accepted: the operation is closed, nothing is put back.
    Accept,
}

impl Direction {
    /// In words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Discard => {
                "discard: it was interrupted before it was ready to write; its unfinished backup is \
                 removed"
            }
            Self::Back => "roll back: everything becomes what it was before",
            Self::Forward => "roll forward: everything becomes what was planned",
            Self::Finish => "finish: all is done, only the marker is removed",
            Self::Accept => {
                "accept: what somebody else wrote since stays as it is; the operation is closed, and its marker \
                 removed"
            }
        }
    }
}
