//! The plan and its steps.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ese::log_body::LogVerdict;
use crate::ese::shadow::{self, HeaderArea, Which};
use crate::show::Sha256Hex;
use crate::storage::{StoredPath, stored_path};
use crate::survey::PagesPrint;

use super::Change;

/// Version of the stored form of a plan.
pub const PLAN_SCHEMA: &str = "edbmend-plan/1";

/// The guarded command that a plan belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Clears or restores backup fields, mends a header copy.
    Repair,
    /// Writes a header that both copies have lost.
    RebuildHeader,
    /// Moves the logs of a storage group away.
    ResetLogs,
    /// Undoes a finished operation.
    Restore,
}

impl Command {
    /// The word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Repair => "repair",
            Self::RebuildHeader => "rebuild-header",
            Self::ResetLogs => "reset-logs",
            Self::Restore => "restore",
        }
    }
}

/// How much of the database is backed up before the first byte is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BackupScope {
    /// The whole file.
    #[default]
    Full,
    /// The two header pages, which are all that is written.
    Header,
}

/// How much is verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerifyScope {
    /// Both header pages.
    #[default]
    Header,
    /// Every page before, and that all behind the header pages is unchanged after.
    Full,
}

/// The name and time of an operation, given by the caller: planning has no clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationStamp {
    /// `edbmend-20261123T015812Z-repair-3fa9`, the name of the operation folder.
    pub id: String,
    /// The time in the name: RFC 3339, UTC, to the second.
    pub created: String,
}

/// What will be done to one database, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// [`PLAN_SCHEMA`].
    pub schema: String,
    /// Version of the program that made the plan.
    pub version: String,
    /// The operation's id.
    pub operation: String,
    /// When it was planned, UTC.
    pub created: String,
    /// The command.
    pub command: Command,
    /// For a restore: the operation that it undoes.
    pub undoes: Option<String>,
    /// The database, absolute.
    #[serde(with = "stored_path")]
    pub database: PathBuf,
    /// Its length in bytes; it never changes.
    pub length_bytes: u64,
    /// Its page size in bytes.
    pub page_size_bytes: usize,
    /// How much is backed up.
    pub backup: BackupScope,
    /// How much is verified.
    pub verify: VerifyScope,
    /// The guards that were overridden, by their flag.
    pub overrides: Vec<String>,
    /// The steps.
    pub steps: Vec<Step>,
    /// SHA-256 of both header pages before, in hexadecimal.
    pub header_before_sha256: String,
    /// SHA-256 of both header pages after, in hexadecimal.
    pub header_after_sha256: String,
    /// The pages that a rebuilt header rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<PagesPrint>,
}

impl Plan {
    /// Id and time of its operation.
    pub fn stamp(&self) -> OperationStamp {
        OperationStamp { id: self.operation.clone(), created: self.created.clone() }
    }

    /// The writes of the plan, in their order.
    pub fn writes(&self) -> impl DoubleEndedIterator<Item = &WriteStep> {
        self.steps.iter().filter_map(|step| match step {
            Step::Write(write) => Some(write),
            Step::Copy { .. } | Step::Move(_) => None,
        })
    }

    /// The name of the full copy in the operation folder; `None` where none is made.
    pub fn full_copy(&self) -> Option<&str> {
        self.steps.iter().find_map(|step| match step {
            Step::Copy { scope: BackupScope::Full, to, .. } => Some(to.as_str()),
            _ => None,
        })
    }
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Step {
    /// Copies the database, or its header pages, into the operation folder.
    Copy {
        /// How much.
        scope: BackupScope,
        /// Bytes to copy.
        bytes: u64,
        /// Name in the operation folder.
        to: String,
    },
    /// Writes one header copy.
    Write(WriteStep),
    /// Moves one file of a log stream; never replaces one.
    Move(MoveStep),
}

/// How a file gets into the other folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MoveMethod {
    /// Renamed, on the same volume.
    Rename,
    /// Copied, hashed and synced; removed when all are.
    Copy,
}

/// One file of a log stream that goes to another folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct MoveStep {
    /// Where it is, absolute.
    #[serde(with = "stored_path")]
    #[schemars(with = "StoredPath")]
    pub from: PathBuf,
    /// Where it goes, absolute.
    #[serde(with = "stored_path")]
    #[schemars(with = "StoredPath")]
    pub to: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    /// How it goes.
    pub method: MoveMethod,
    /// SHA-256 of its first 4096 bytes, in hexadecimal.
    pub header_sha256: Sha256Hex,
    /// What recovery says of the log: an older backup is rolled forward by sound ones. Absent of a checkpoint, and of a
    /// log of which only the header was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<LogVerdict>,
}

/// One aligned, positioned write of a whole header page, followed by a sync and a read-back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct WriteStep {
    /// Which header copy.
    pub copy: Which,
    /// Offset in the file, in bytes.
    pub offset: u64,
    /// Bytes written.
    pub bytes: usize,
    /// Whether a damaged copy is rewritten from the other, rather than a few fields changed.
    pub rewrites_copy: bool,
    /// SHA-256 of the page before, in hexadecimal.
    pub before_sha256: Sha256Hex,
    /// SHA-256 of the page after, in hexadecimal.
    pub after_sha256: Sha256Hex,
    /// The fields that change, against the header that the engine uses now.
    pub changes: Vec<Change>,
}

/// Both header pages before and after, page by page as they lie in the file.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderImages {
    /// Page size in bytes.
    pub page_size_bytes: usize,
    /// Two pages as they are.
    pub before: Vec<u8>,
    /// Two pages as they will be.
    pub after: Vec<u8>,
}

impl HeaderImages {
    /// One page of the image before.
    pub fn before_of(&self, which: Which) -> &[u8] {
        self.page(&self.before, which)
    }

    /// One page of the image after.
    pub fn after_of(&self, which: Which) -> &[u8] {
        self.page(&self.after, which)
    }

    fn page<'a>(&self, image: &'a [u8], which: Which) -> &'a [u8] {
        let start = which.offset(self.page_size_bytes) as usize;
        &image[start..start + self.page_size_bytes]
    }

    /// Whether one side has no valid header copy: a header is rebuilt, or given up again.
    pub fn is_of_rebuild(&self) -> bool {
        [&self.before, &self.after]
            .iter()
            .any(|image| shadow::elect(&HeaderArea::of(image.to_vec())).is_none())
    }

    /// The change the other way round: from what is planned back to what is.
    pub fn reversed(self) -> Self {
        Self { page_size_bytes: self.page_size_bytes, before: self.after, after: self.before }
    }
}
