//! The unbroken tail of a log stream: from the oldest log that all newer ones follow to the current one.

use std::path::PathBuf;

use crate::ese::log_body::{BodyReport, BodyVerdict};
use crate::ese::{LgPos, LogBase, LogTime, Signature};

use super::tale::{DatabaseTale, StreamTale};

/// Why the logs of a stream prove nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailFault {
    /// The log, the checkpoint, or their folder.
    pub path: PathBuf,
    /// What was found and what was expected.
    pub what: String,
}

/// A log that may not be the newest one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The current log, or the one that stands above it.
    pub path: PathBuf,
    /// What speaks for it.
    pub what: String,
}

/// The tail of one stream, as far as it was read.
#[derive(Clone, Debug)]
pub struct LogTail {
    /// Base name: `E00`.
    pub base: LogBase,
    /// Where its logs are.
    pub folder: PathBuf,
    /// Identity of the stream.
    pub signature: Signature,
    /// The oldest generation of the tail.
    pub first: i32,
    /// Whether older logs are there that do not belong to the tail, and why not.
    pub broken_before: Option<TailFault>,
    /// Generation of the current log.
    pub newest: i32,
    /// When that was created.
    pub newest_created: LogTime,
    /// The checkpoint, where it can be read.
    pub checkpoint: Option<LgPos>,
    /// Why nothing can be proven from it.
    pub fault: Option<TailFault>,
    /// Why the current log may not be the newest that there was.
    pub doubt: Option<Doubt>,
    /// What it tells.
    pub tale: StreamTale,
}

impl LogTail {
    /// The oldest generation that recovery needs at the most: that of the checkpoint, else the whole tail.
    pub fn first_required(&self) -> i32 {
        self.checkpoint.map_or(self.first, |checkpoint| checkpoint.generation)
    }

    /// `E00 0x1a2-0x1b7`.
    pub fn in_words(&self) -> String {
        format!("{} 0x{:x}-0x{:x}", self.base, self.first, self.newest)
    }

    /// The databases of the stream.
    pub fn databases(&self) -> &[DatabaseTale] {
        self.tale.databases()
    }
}

/// Whether all of a log was read and is sound; else what is wrong with it. `is_current`: a last write that a
/// crash cut short is then no fault, as recovery mends it.
pub fn body_fault(report: &BodyReport, is_current: bool) -> Option<String> {
    match report.verdict {
        BodyVerdict::Sound | BodyVerdict::Corrected => None,
        BodyVerdict::Empty | BodyVerdict::Torn { mended: true, .. } if is_current => None,
        BodyVerdict::Empty | BodyVerdict::Lost => Some("it holds no record".to_owned()),
        BodyVerdict::Torn { offset, .. } => {
            Some(format!("its last write at offset {offset} did not come to its end"))
        }
        BodyVerdict::Damaged(damage) => Some(format!("offset {}: {}", damage.offset, damage.fault)),
    }
}

/// Whether every sector or segment of a log is used up: an engine rarely stops at that very moment, but an
/// archived log always looks so.
pub fn is_full(report: &BodyReport, all: u32, is_segmented: bool) -> bool {
    // In the old format the last sector is kept for a copy of the one before.
    let kept_free = u32::from(!is_segmented);
    report.used + kept_free >= all
}
