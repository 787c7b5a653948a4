//! One log, its records shown to whoever wants them.

use crate::ese::LogHeader;
use crate::ese::log_body::{BodyReport, LogRole};
use crate::ese::log_records::{RecordVisitor, WalkReport};
use crate::storage::{Access, Storage, StorageError, read_full};

use super::LogFile;
use super::log_body::read_body;

/// Size of a log header, in bytes.
const HEADER_BYTES: usize = 4096;

/// A log of which all records were shown to a visitor.
pub struct WalkedLog<V> {
    /// Its header.
    pub header: LogHeader,
    /// What recovery and a backup say of its body.
    pub report: BodyReport,
    /// How far its records could be read.
    pub walk: WalkReport,
    /// Who saw the records.
    pub visitor: V,
}

/// Shows all records of a log to the visitor that is made for its header; `None` where it has no valid header.
///
/// # Errors
///
/// It cannot be opened, or its header not be read. What is unreadable behind that is damage.
pub fn walk_log<V: RecordVisitor>(
    storage: &dyn Storage,
    log: &LogFile,
    role: LogRole,
    visitor_of: impl FnOnce(&LogHeader) -> V,
) -> Result<Option<WalkedLog<V>>, StorageError> {
    let file = storage.open(&log.path, Access::Read)?;
    let mut start = [0; HEADER_BYTES];
    let read = read_full(file.as_ref(), &mut start, 0)?;
    let Ok(header) = LogHeader::validate(&start[..read], log.length_bytes) else {
        return Ok(None);
    };
    let visitor = visitor_of(&header);
    let walked = read_body(file.as_ref(), &header, role, visitor);
    Ok(walked.map(|(report, walk, visitor)| WalkedLog { header, report, walk, visitor }))
}
