//! One file that, by its name, belongs to a log stream.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::ese::log_header::LOG_FLAG_CIRCULAR_NOW;
use crate::ese::{LogFileName, LogHeader, LogHeaderFault, LogTime, LogVersion, Signature};
use crate::storage::{Access, File, FileKind, Status, Storage, StorageError, read_full};

/// Size of a log header, in bytes.
const LOG_HEADER_BYTES: usize = 4096;

/// A file of a log stream.
#[derive(Clone, Debug)]
pub struct LogFile {
    /// Absolute path.
    pub path: PathBuf,
    /// What its name says.
    pub name: LogFileName,
    /// What the file system says; `None` where it went away meanwhile.
    pub status: Option<Status>,
    /// What its first bytes say.
    pub content: LogContent,
    /// SHA-256 of its first 4096 bytes: together with its length, what it is known by.
    pub header_sha256: [u8; 32],
}

/// What stands at the start of a file that is named like a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogContent {
    /// A valid log header.
    Header(LogSummary),
    /// Zeros, or the fill pattern of a reserve log: space that was never written to.
    Blank,
    /// A header with a fault.
    Damaged(LogHeaderFault),
    /// The file could not be read; the error in words.
    Unreadable(String),
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
}

impl LogFile {
    /// The summary of its header, where it has a valid one.
    pub fn summary(&self) -> Option<&LogSummary> {
        match &self.content {
            LogContent::Header(summary) => Some(summary),
            _ => None,
        }
    }
}

/// Reads the header of a file that is named like a log.
pub(super) fn survey_log_file(storage: &dyn Storage, path: PathBuf, name: LogFileName) -> LogFile {
    let mut header_sha256 = [0; 32];
    let (status, content) = match storage.status(&path) {
        Err(error) => (None, LogContent::Unreadable(error.to_string())),
        Ok(status) if status.kind != FileKind::Regular => {
            let kind = status.kind;
            (Some(status), LogContent::NotRegular(kind))
        }
        Ok(status) => match storage.open(&path, Access::Read) {
            Err(error) => (Some(status), LogContent::Unreadable(error.to_string())),
            Ok(file) => {
                let length_bytes = status.length_bytes;
                let content = content_of(file.as_ref(), length_bytes, &mut header_sha256);
                (Some(status), content.unwrap_or_else(|e| LogContent::Unreadable(e.to_string())))
            }
        },
    };
    LogFile { path, name, status, content, header_sha256 }
}

fn content_of(
    file: &dyn File,
    length_bytes: u64,
    header_sha256: &mut [u8; 32],
) -> Result<LogContent, StorageError> {
    let mut start = [0; LOG_HEADER_BYTES];
    let read = read_full(file, &mut start, 0)?;
    let start = &start[..read];
    *header_sha256 = Sha256::digest(start).into();
    Ok(match LogHeader::validate(start, length_bytes) {
        Ok(header) => LogContent::Header(LogSummary {
            generation: header.generation(),
            created: header.raw.create_time,
            previous_created: header.raw.previous_create_time,
            signature: header.raw.log_signature,
            version: header.version(),
            circular_logging: header.raw.flags & LOG_FLAG_CIRCULAR_NOW != 0,
        }),
        Err(_) if is_blank(start) => LogContent::Blank,
        Err(fault) => LogContent::Damaged(fault),
    })
}

/// Zeros, or the pattern that old engines fill prepared logs with: 0xDA, every 16th byte counting
/// up by 0x10.
fn is_blank(start: &[u8]) -> bool {
    let pattern = |at: usize| if at.is_multiple_of(16) { (0xda + at) as u8 } else { 0xda };
    !start.is_empty()
        && (start.iter().all(|&byte| byte == 0)
            || start.iter().enumerate().all(|(at, &byte)| byte == pattern(at)))
}
