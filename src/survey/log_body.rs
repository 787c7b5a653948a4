//! The body of a log: what recovery and a backup would say of it, and what its records tell.

use std::path::Path;

use crate::ese::log_body::{BodyReader, BodyReport, BodySink, LogRole};
use crate::ese::log_events::LogEvents;
use crate::ese::log_records::{RecordVisitor, RecordWalk, WalkReport};
use crate::ese::{AttachListError, AttachedDatabase, LogHeader};
use crate::storage::{Access, AlignedBuffer, File, Storage, StorageError, read_full};

/// Bytes of a log that are read at once; they stay in the second-level cache until they are judged.
pub(super) const CHUNK_BYTES: usize = 128 * 1024;

/// Size of a log header, in bytes.
const HEADER_BYTES: usize = 4096;

/// What of a log is given up at least where the medium cannot read it, in bytes.
const MEDIUM_BLOCK_BYTES: usize = 4096;

/// What is kept of what records tell.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    Everything,
    Verdicts,
}

/// What was found when all of a log was read.
#[derive(Clone, Debug)]
pub struct LogBody {
    /// What recovery and a backup say.
    pub report: BodyReport,
    /// How far its records could be read.
    pub walk: WalkReport,
    /// What its records tell of whole databases.
    pub events: LogEvents,
    /// The databases that were attached when the log was created, or why the list cannot be read.
    pub attached: Result<Vec<AttachedDatabase>, AttachListError>,
}

/// Reads all of a log of that length; `None` where it has no valid header any more.
pub(super) fn read_log_body(
    storage: &dyn Storage,
    (path, length_bytes): (&Path, u64),
    role: LogRole,
    kept: Kept,
    buffer: &mut AlignedBuffer,
) -> Result<Option<LogBody>, StorageError> {
    let file = storage.open(path, Access::Read)?;
    let mut start = [0; HEADER_BYTES];
    let read = read_full(file.as_ref(), &mut start, 0)?;
    let Ok(header) = LogHeader::validate(&start[..read], length_bytes) else { return Ok(None) };
    if kept == Kept::Verdicts {
        let nothing = |(report, walk, ())| LogBody {
            report,
            walk,
            events: LogEvents::default(),
            attached: Ok(Vec::new()),
        };
        return Ok(read_with(file.as_ref(), &header, role, (), buffer).map(nothing));
    }
    let all =
        |(report, walk, events)| LogBody { report, walk, events, attached: header.attached() };
    Ok(read_with(file.as_ref(), &header, role, LogEvents::default(), buffer).map(all))
}

/// Reads all of a log behind its `header`, and shows its records to a visitor. What cannot be read is damage; `None`
/// where the header is not valid.
pub fn read_body<V: RecordVisitor>(
    file: &dyn File,
    header: &LogHeader,
    role: LogRole,
    visitor: V,
) -> Option<(BodyReport, WalkReport, V)> {
    read_with(file, header, role, visitor, &mut AlignedBuffer::new(CHUNK_BYTES))
}

fn read_with<V: RecordVisitor>(
    file: &dyn File,
    header: &LogHeader,
    role: LogRole,
    visitor: V,
    buffer: &mut AlignedBuffer,
) -> Option<(BodyReport, WalkReport, V)> {
    let mut reader = BodyReader::new(header, role, RecordWalk::new(visitor)).ok()?;
    feed(file, header.stated_file_bytes(), &mut reader, buffer.bytes_mut());
    let (report, walk) = reader.finish();
    let (walk, visitor) = walk.finish();
    Some((report, walk, visitor))
}

fn feed(
    file: &dyn File,
    length_bytes: u64,
    reader: &mut BodyReader<impl BodySink>,
    buffer: &mut [u8],
) {
    let mut offset = HEADER_BYTES as u64;
    while offset < length_bytes {
        let wanted = buffer.len().min((length_bytes - offset) as usize);
        let chunk = &mut buffer[..wanted];
        match read_full(file, chunk, offset) {
            Ok(0) => return,
            Ok(read) => reader.feed(&chunk[..read]),
            Err(_) => feed_block_by_block(file, offset, reader, chunk),
        }
        offset += wanted as u64;
    }
}

/// After a read error: each sector of the medium by itself, so that only the unreadable ones are given up.
fn feed_block_by_block(
    file: &dyn File,
    offset: u64,
    reader: &mut BodyReader<impl BodySink>,
    chunk: &mut [u8],
) {
    let blocks = (offset..).step_by(MEDIUM_BLOCK_BYTES).zip(chunk.chunks_mut(MEDIUM_BLOCK_BYTES));
    for (at, block) in blocks {
        match read_full(file, block, at) {
            Ok(read) => reader.feed(&block[..read]),
            Err(_) => reader.unreadable(block.len() as u64),
        }
    }
}
