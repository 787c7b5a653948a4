//! A log is checked in the pass that copies it: its blocks come by only once.

use crate::ese::log_body::{BodyReader, LogRole, LogVerdict};
use crate::ese::log_header::LOG_HEADER_BYTES;
use crate::ese::{LogFileName, LogHeader};
use crate::plan::MovedFile;

/// The body of a file that is copied, block by block.
pub struct CopiedBody {
    bytes: u64,
    role: Option<LogRole>,
    reader: Option<BodyReader<()>>,
}

impl CopiedBody {
    /// Of a file that may be a log.
    pub fn new(file: &MovedFile) -> Self {
        let role = match LogFileName::parse(&file.name) {
            Some(LogFileName::Archive { .. }) => Some(LogRole::Closed),
            Some(LogFileName::Current { .. }) => Some(LogRole::Current),
            _ => None,
        };
        Self { bytes: file.bytes, role, reader: None }
    }

    /// The next block of the file, the first one with the whole header.
    pub fn feed(&mut self, block: &[u8], offset: u64) {
        if offset > 0 {
            return self.reader.iter_mut().for_each(|reader| reader.feed(block));
        }
        let (Some(role), Some((_, body))) = (self.role, block.split_at_checked(LOG_HEADER_BYTES))
        else {
            return;
        };
        let header = LogHeader::validate(block, self.bytes).ok();
        self.reader = header.and_then(|header| BodyReader::new(&header, role, ()).ok());
        self.reader.iter_mut().for_each(|reader| reader.feed(body));
    }

    /// What recovery says, where it was a log with a valid header.
    pub fn verdict(self) -> Option<LogVerdict> {
        let (report, ()) = self.reader?.finish();
        Some(report.verdict.into())
    }
}
