//! What all of a log says, as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::ese::LgPos;
use crate::ese::log_body::{BackupVerdict, BodyReport, BodyVerdict, LogVerdict};
use crate::ese::log_records::{WalkReport, WalkStop};
use crate::show::Hex;

/// The body of a log.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LogBodyReport {
    /// What recovery says.
    pub verdict: LogVerdict,
    /// Where it is damaged or torn, bytes from the start of the file.
    pub offset: Option<u64>,
    /// What is damaged there.
    pub fault: Option<String>,
    /// Of a torn log whether the engine mends it.
    pub mended: Option<bool>,
    /// Where a backup that reads the log ends with -612 or a read error, bytes from the start of the file; `null`
    /// where it copies the log. It looks at other things than recovery.
    pub backup_stops_at: Option<u64>,
    /// Behind the last valid byte.
    pub last_lgpos: LgPos,
    /// Accumulated segment checksum; `null` in formats that have none.
    pub segment_checksum: Option<Hex<u64, 16>>,
    /// Segments with a flipped bit that was corrected.
    pub corrected_segments: u32,
    /// Records, padding not counted.
    pub records: u64,
    /// Where the records cannot be read any further; `null` where all were read.
    pub records_stop: Option<RecordsStop>,
    /// Number of database page references; `null` where nobody counted them.
    pub page_references: Option<u64>,
}

/// A place behind which no record can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RecordsStop {
    /// Where the record begins.
    pub position: LgPos,
    /// What is wrong with it.
    pub reason: String,
}

impl From<WalkStop> for RecordsStop {
    fn from(stop: WalkStop) -> Self {
        Self { position: stop.at, reason: stop.reason.to_string() }
    }
}

impl LogBodyReport {
    /// The report of a body and its records.
    pub(crate) fn new(body: &BodyReport, walk: &WalkReport, page_references: Option<u64>) -> Self {
        let (offset, fault, mended) = match body.verdict {
            BodyVerdict::Damaged(damage) => {
                (Some(damage.offset), Some(damage.fault.to_string()), None)
            }
            BodyVerdict::Torn { offset, mended } => (Some(offset), None, Some(mended)),
            _ => (None, None, None),
        };
        let backup_stops_at = match body.backup {
            BackupVerdict::Copied => None,
            BackupVerdict::Refused { offset } | BackupVerdict::Unreadable { offset } => {
                Some(offset)
            }
        };
        Self {
            verdict: body.verdict.into(),
            offset,
            fault,
            mended,
            backup_stops_at,
            last_lgpos: body.end,
            segment_checksum: body.segment_checksum.map(Hex),
            corrected_segments: body.corrected.segments,
            records: walk.records,
            records_stop: walk.stop.map(RecordsStop::from),
            page_references,
        }
    }
}
