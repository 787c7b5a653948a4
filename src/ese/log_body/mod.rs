//! The body of a transaction log: everything behind its header.
//!
//! [`BodyReader`] is fed the file, from behind its header to its end, in chunks of any size; it holds
//! one segment or sector at most. It judges as recovery does and as a backup does, which is not
//! alike, and hands the records on to a [`BodySink`].
//!
//! What no checksum covers, and so no verdict notices: in format 8 one bit, the lowest of a shadow copy
//! in a segment with an odd number, with which that copy is empty all the same; in format 7 the rest
//! of the last sector behind the last range, and the sector behind it, which is kept for a shadow
//! copy.

mod blocks;
mod bytes;
mod checksum_record;
mod sector_layout;
mod sector_recovery;
mod sectors;
mod segment;
mod segments;
mod sink;
mod verdict;

pub use checksum_record::{
    CHECKSUM_RECORD_BYTES, CHECKSUM_RECORD_TYPE, ONE_SECTOR, RawChecksumRecord, SEVERAL_SECTORS,
};
pub use segment::{RawSegmentHeader, SEGMENT_BYTES, SEGMENT_HEADER_BYTES};
pub use sink::BodySink;
pub use verdict::{
    BackupVerdict, BodyDamage, BodyFault, BodyReport, BodyVerdict, CorrectedBits, LogRole,
    LogVerdict,
};

use blocks::Blocks;
use sectors::Sectors;
use segments::Segments;

use super::{LgPos, LogHeader, LogHeaderFault};

/// Reads one body.
pub struct BodyReader<S> {
    blocks: Blocks,
    body: Body,
    generation: i32,
    role: LogRole,
    sink: S,
}

enum Body {
    Segments(Segments),
    Sectors(Sectors),
}

impl Body {
    fn block(&mut self, number: u32, bytes: Option<&[u8]>, sink: &mut impl BodySink) {
        match self {
            Self::Segments(segments) => segments.segment(number, bytes, sink),
            Self::Sectors(sectors) => sectors.sector(number, bytes, sink),
        }
    }
}

impl<S: BodySink> BodyReader<S> {
    /// A reader for the body behind a header. The length of the file is not looked at.
    ///
    /// # Errors
    /// The fault of the header, if it has one.
    pub fn new(header: &LogHeader, role: LogRole, sink: S) -> Result<Self, LogHeaderFault> {
        if let Some(fault) = header.fault(header.stated_file_bytes()) {
            return Err(fault);
        }
        let body = if header.version().is_segmented() {
            Body::Segments(Segments::new(header))
        } else {
            Body::Sectors(Sectors::new(header))
        };
        let raw = &header.raw;
        let first = raw.header_sectors.get().into();
        let blocks =
            Blocks::new(raw.sector_bytes.get().into(), first, raw.file_sectors.get().into());
        Ok(Self { blocks, body, generation: header.generation(), role, sink })
    }

    /// The next bytes of the file. Bytes behind the length that the header states do not count.
    pub fn feed(&mut self, bytes: &[u8]) {
        let Self { blocks, body, sink, .. } = self;
        blocks.feed(bytes, |number, block| body.block(number, block, sink));
    }

    /// The next `bytes` of the file could not be read.
    pub fn unreadable(&mut self, bytes: u64) {
        let Self { blocks, body, sink, .. } = self;
        blocks.skip(bytes, |number, block| body.block(number, block, sink));
    }

    /// The file is at its end: what it says, and the sink.
    pub fn finish(mut self) -> (BodyReport, S) {
        let (next, count) = self.blocks.progress();
        let missing = (next < count).then(|| u64::from(next) * self.blocks.block_bytes() as u64);
        let mut report = match &mut self.body {
            Body::Segments(segments) => segments_report(segments, self.generation),
            Body::Sectors(sectors) => {
                sectors.finish(missing.is_none(), &mut self.sink);
                sectors_report(sectors)
            }
        };
        report.verdict = in_role(report.verdict, self.role, report.segment_checksum.is_some());
        if let Some(offset) = missing {
            report.note_missing(offset);
        }
        (report, self.sink)
    }
}

impl BodyReport {
    /// The file has fewer bytes than its header states.
    fn note_missing(&mut self, offset: u64) {
        if !matches!(self.verdict, BodyVerdict::Damaged(_)) {
            self.verdict = BodyVerdict::Damaged(BodyDamage { offset, fault: BodyFault::FileEnds });
        }
        if self.backup == BackupVerdict::Copied {
            self.backup = BackupVerdict::Refused { offset };
        }
    }
}

fn segments_report(segments: &Segments, generation: i32) -> BodyReport {
    let sector = u16::try_from(segments.end()).unwrap_or(u16::MAX);
    BodyReport {
        verdict: segments.verdict(),
        backup: segments.backup(),
        end: LgPos { generation, sector, offset: 0 },
        used: segments.used(),
        segment_checksum: Some(segments.checksum()),
        corrected: segments.corrected(),
        lost_write: segments.lost_write(),
    }
}

fn sectors_report(sectors: &Sectors) -> BodyReport {
    BodyReport {
        verdict: sectors.verdict(),
        backup: sectors.backup(),
        end: sectors.end_of_data(),
        used: sectors.used(),
        segment_checksum: None,
        corrected: CorrectedBits::default(),
        lost_write: None,
    }
}

/// The verdict with what depends on the role of the log.
fn in_role(verdict: BodyVerdict, role: LogRole, segmented: bool) -> BodyVerdict {
    match verdict {
        BodyVerdict::Empty if role == LogRole::Closed => BodyVerdict::Lost,
        BodyVerdict::Torn { offset, .. } => {
            BodyVerdict::Torn { offset, mended: segmented || role == LogRole::Current }
        }
        other => other,
    }
}
