//! The body of a log: what recovery and a backup would say of it, and what its records tell.

use std::path::Path;

use crate::ese::log_body::{BodyReader, BodyReport, LogRole};
use crate::ese::log_events::LogEvents;
use crate::ese::log_records::{RecordWalk, WalkReport};
use crate::ese::{AttachListError, AttachedDatabase, LogHeader};
use crate::storage::{Access, AlignedBuffer, File, Storage, StorageError, read_full};

/// Bytes of a log that are read at once.
const CHUNK_BYTES: usize = 1024 * 1024;

/// Size of a log header, in bytes.
const HEADER_BYTES: usize = 4096;

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

/// Reads all of a log of that length; `None` where it has no valid header.
///
/// # Errors
///
/// It cannot be opened, or its header not be read. What is unreadable behind that is damage.
pub fn read_log_body(
    storage: &dyn Storage,
    path: &Path,
    length_bytes: u64,
    role: LogRole,
) -> Result<Option<LogBody>, StorageError> {
    let file = storage.open(path, Access::Read)?;
    let mut start = [0; HEADER_BYTES];
    let read = read_full(file.as_ref(), &mut start, 0)?;
    let Ok(header) = LogHeader::validate(&start[..read], length_bytes) else {
        return Ok(None);
    };
    let walk = RecordWalk::new(LogEvents::default());
    let Ok(mut reader) = BodyReader::new(&header, role, walk) else { return Ok(None) };
    feed(file.as_ref(), length_bytes, &mut reader);
    let (report, walk) = reader.finish();
    let (walk, events) = walk.finish();
    Ok(Some(LogBody { report, walk, events, attached: header.attached() }))
}

fn feed(file: &dyn File, length_bytes: u64, reader: &mut BodyReader<RecordWalk<LogEvents>>) {
    let mut buffer = AlignedBuffer::new(CHUNK_BYTES);
    let mut offset = HEADER_BYTES as u64;
    while offset < length_bytes {
        let wanted = CHUNK_BYTES.min((length_bytes - offset) as usize);
        let chunk = &mut buffer.bytes_mut()[..wanted];
        match read_full(file, chunk, offset) {
            Ok(0) => return,
            Ok(read) => reader.feed(&chunk[..read]),
            Err(_) => reader.unreadable(wanted as u64),
        }
        offset += wanted as u64;
    }
}
