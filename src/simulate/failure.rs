//! Where a start ends, and why.

use std::path::PathBuf;

use crate::ese::log_body::BodyDamage;
use crate::ese::{DbState, LgPos, Signature};

/// Why a start does not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The engine stops.
    Fails(Failure),
    /// A file that it needs could not be read here, so that nothing can be said.
    Unknown(PathBuf),
}

/// The engine's error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// JET error number.
    pub error: i32,
    /// The event that tells of it.
    pub event: Option<u32>,
    /// What it met.
    pub cause: Cause,
}

/// What the engine met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Closed logs, but neither the current nor the temporary log.
    CurrentLogMissing,
    /// The log that the checkpoint names is not there.
    CheckpointLogMissing {
        /// Its generation.
        generation: i32,
    },
    /// The next log is not there.
    LogMissing {
        /// Its generation.
        generation: i32,
    },
    /// The header of a log is refused.
    LogHeader {
        /// The log.
        path: PathBuf,
    },
    /// A log of another log stream.
    ForeignLog {
        /// The log.
        path: PathBuf,
        /// Its log signature.
        found: Signature,
    },
    /// A log does not join the one before.
    OutOfSequence {
        /// The log.
        path: PathBuf,
        /// The generation that it should have.
        expected: i32,
    },
    /// The checksum of all segments of a log is not what the next one says.
    SumMismatch {
        /// The next log.
        path: PathBuf,
    },
    /// The body of a log.
    LogBody {
        /// The log.
        path: PathBuf,
        /// Where, and which rule.
        damage: BodyDamage,
        /// Whether it holds only what was committed behind the required logs.
        only_committed: bool,
    },
    /// Recovery begins behind the first log that a database needs.
    BeginsTooLate {
        /// The database.
        path: PathBuf,
        /// First generation that it needs.
        min_required: i32,
        /// Where recovery comes to it.
        generation: i32,
    },
    /// The logs end before the last one that a database needs, or has committed.
    EndsTooEarly {
        /// The database.
        path: PathBuf,
        /// The generation that is needed.
        needed: i32,
        /// The last one there.
        last: i32,
    },
    /// A database that the logs leave attached is not there.
    DatabaseMissing {
        /// Its path on the server.
        server_path: String,
    },
    /// A file of its name is there, but is not, or is no longer, what the logs left attached.
    DatabaseReplaced {
        /// The file.
        path: PathBuf,
    },
    /// The logs know a later state of a database than the file is.
    DatabaseOlder {
        /// The file.
        path: PathBuf,
        /// Its last consistency.
        found: LgPos,
        /// That of the logs.
        expected: LgPos,
    },
    /// No valid copy of the header.
    HeaderDestroyed {
        /// The file.
        path: PathBuf,
    },
    /// The file ends before pages that the logs change.
    FileCutOff {
        /// The file.
        path: PathBuf,
        /// The highest page that the logs change.
        page: u32,
    },
    /// The copy that a streaming backup made.
    BackupCopy {
        /// The file.
        path: PathBuf,
    },
    /// A database that no log of these made clean.
    NotClean {
        /// The file.
        path: PathBuf,
        /// Its state.
        state: DbState,
    },
    /// No generation is left.
    SequenceEnd {
        /// Generation of the current log.
        generation: i32,
    },
}

impl Failure {
    pub(super) fn stop(error: i32, event: impl Into<Option<u32>>, cause: Cause) -> Stop {
        Stop::Fails(Self { error, event: event.into(), cause })
    }
}
