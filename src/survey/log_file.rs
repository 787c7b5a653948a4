//! One file that, by its name, belongs to a log stream.

use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::LogBody;
use crate::ese::log_header::LOG_FLAG_CIRCULAR_NOW;
use crate::ese::{LogFileName, LogHeader, LogHeaderFault, LogTime, LogVersion, Signature};
use crate::storage::{Access, FileKind, Status, Storage, StorageError, read_full};

/// Size of a log header, in bytes.
const LOG_HEADER_BYTES: usize = 4096;

/// A file of a log stream.
#[derive(Clone, Debug)]
pub struct LogFile {
    /// Absolute path.
    pub path: PathBuf,
    /// What its name says.
    pub name: LogFileName,
    /// Its volume; 0 where it went away meanwhile.
    pub volume: u64,
    /// Its number in its volume; 0 where it went away meanwhile.
    pub number: u128,
    /// Time of the last change of its content, nanoseconds since 1970.
    pub modified_ns: i128,
    /// Its length in bytes; 0 where it went away meanwhile.
    pub length_bytes: u64,
    /// What its first bytes say.
    pub content: LogContent,
    /// SHA-256 of its first 4096 bytes, where [`Digests::Wanted`] and readable: together with its
    /// length, what it is known by.
    pub header_sha256: Option<Box<[u8; 32]>>,
    /// What all of it says, where it was read.
    pub body: Option<Arc<LogBody>>,
}

/// Whether a survey is to take the digest of each log's header. Only what moves logs needs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digests {
    /// It is.
    Wanted,
    /// It is not, and is done sooner.
    NotWanted,
}

/// What stands at the start of a file that is named like a log.
#[derive(Clone, Debug)]
pub enum LogContent {
    /// A valid log header.
    Header(LogSummary),
    /// Zeros, or the fill pattern of a reserve log: space that was never written to.
    Blank,
    /// A header with a fault.
    Damaged(LogHeaderFault),
    /// The file could not be read: of what it holds nothing is known.
    Unreadable(Arc<StorageError>),
    /// A directory, symlink, FIFO or device under a log's name.
    NotRegular(FileKind),
}

/// What is kept of a log header: a storage group may have a hundred thousand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSummary {
    /// Log generation, the authoritative one.
    pub generation: i32,
    /// Creation time.
    pub created: LogTime,
    /// Creation time of the log before; unset in the first log of a stream.
    pub previous_created: LogTime,
    /// Identity of the log stream.
    pub signature: Signature,
    /// Format of the log.
    pub version: LogVersion,
    /// Circular logging was on when it was created.
    pub circular_logging: bool,
    /// The checksum of all segments of the log before; `None` where the version keeps none.
    pub previous_checksum: Option<u64>,
    /// Page size of the databases of its engine, bytes.
    pub page_bytes: u32,
}

impl LogFile {
    /// The summary of its header, where it has a valid one.
    pub fn summary(&self) -> Option<&LogSummary> {
        match &self.content {
            LogContent::Header(summary) => Some(summary),
            _ => None,
        }
    }

    /// Whether its checksums hold, as far as they were looked at, and a record is damaged all the same.
    pub fn has_bad_record(&self) -> bool {
        let stop = self.body.as_ref().and_then(|body| body.walk.stop);
        stop.is_some_and(|stop| stop.reason.is_damage())
    }

    /// Why it could not be read.
    pub fn read_error(&self) -> Option<&StorageError> {
        match &self.content {
            LogContent::Unreadable(error) => Some(error),
            _ => None,
        }
    }
}

/// Reads the header of a file that is named like a log, and of whose kind the folder may have told.
pub(super) fn survey_log_file(
    storage: &dyn Storage,
    path: PathBuf,
    name: LogFileName,
    kind: Option<FileKind>,
    digests: Digests,
) -> LogFile {
    let ((mut volume, mut number), mut modified_ns) = ((0, 0), 0);
    let (mut length_bytes, mut header_sha256) = (0, None);
    let mut note = |status: &Status| {
        (volume, number) = status.identity;
        (length_bytes, modified_ns) = (status.length_bytes, status.modified_ns);
    };
    let mut read = || -> Result<LogContent, StorageError> {
        // Opening a FIFO or a device may have effects: a file that may be one is looked at before.
        if kind != Some(FileKind::Regular) {
            let status = storage.status(&path)?;
            note(&status);
            if status.kind != FileKind::Regular {
                return Ok(LogContent::NotRegular(status.kind));
            }
        }
        let (file, status) = storage.open_with_status(&path, Access::Read)?;
        note(&status);
        let mut start = [0; LOG_HEADER_BYTES];
        let read = read_full(file.as_ref(), &mut start, 0)?;
        if digests == Digests::Wanted {
            header_sha256 = Some(Box::new(Sha256::digest(&start[..read]).into()));
        }
        Ok(content_of(&start[..read], status.length_bytes))
    };
    let content = read().unwrap_or_else(|error| LogContent::Unreadable(Arc::new(error)));
    LogFile {
        path,
        name,
        volume,
        number,
        modified_ns,
        length_bytes,
        content,
        header_sha256,
        body: None,
    }
}

fn content_of(start: &[u8], length_bytes: u64) -> LogContent {
    match LogHeader::validate(start, length_bytes) {
        Ok(header) => LogContent::Header(LogSummary {
            generation: header.generation(),
            created: header.raw.create_time,
            previous_created: header.raw.previous_create_time,
            signature: header.raw.log_signature,
            version: header.version(),
            circular_logging: header.raw.flags & LOG_FLAG_CIRCULAR_NOW != 0,
            previous_checksum: header.previous_segment_checksum(),
            page_bytes: header.page_size_bytes(),
        }),
        Err(_) if is_blank(start) => LogContent::Blank,
        Err(fault) => LogContent::Damaged(fault),
    }
}

/// Zeros, or the pattern that old engines fill prepared logs with: 0xDA, every 16th byte counting
/// up by 0x10.
fn is_blank(start: &[u8]) -> bool {
    let pattern = |at: usize| if at.is_multiple_of(16) { (0xda + at) as u8 } else { 0xda };
    !start.is_empty()
        && (start.iter().all(|&byte| byte == 0)
            || start.iter().enumerate().all(|(at, &byte)| byte == pattern(at)))
}
