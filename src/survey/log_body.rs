//! The bodies of logs: what recovery and a backup would say of them, and what their records tell.

use std::sync::Arc;

use crate::ese::log_body::{BodyReader, BodyReport, LogRole};
use crate::ese::log_events::LogEvents;
use crate::ese::log_records::{RecordVisitor, RecordWalk, WalkReport};
use crate::ese::{AttachListError, AttachedDatabase, LogHeader};
use crate::storage::{Access, AlignedBuffer, File, Storage, StorageError, on_all_cores, read_full};

use super::{LogContent, LogFile, LogStream};

/// Bytes of a log that are read at once.
const CHUNK_BYTES: usize = 1024 * 1024;

/// Size of a log header, in bytes.
const HEADER_BYTES: usize = 4096;

/// Which bodies are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bodies {
    /// Those that the next mount reads: of the current log, and from the checkpoint on where recovery has
    /// something to replay.
    #[default]
    OfNextMount,
    /// Those of all closed logs and of the current one.
    All,
}

/// Reads bodies of the logs of a stream. `advance` is told how many more were read.
///
/// # Errors
///
/// None: a log that cannot be opened any more is unread, as it would be with its header.
pub fn read_bodies(
    storage: &dyn Storage,
    stream: &mut LogStream,
    wanted: Bodies,
    advance: &(dyn Fn(u64) + Sync),
) {
    if let Some(current) = &mut stream.current {
        take_body(storage, current, LogRole::Current);
        advance(1);
    }
    let from = match wanted {
        Bodies::All => Some(0),
        Bodies::OfNextMount => first_replayed(stream),
    };
    let Some(from) = from else { return };
    let closed = stream.archives.iter_mut().filter(|log| log.name.generation() >= Some(from));
    let read = on_all_cores(closed.collect(), |log| {
        take_body(storage, log, LogRole::Closed);
        advance(1);
        Some(())
    });
    read.for_each(drop);
}

/// The generation from which on the next mount reads closed logs; `None` where it reads none.
fn first_replayed(stream: &LogStream) -> Option<u32> {
    let checkpoint = stream.checkpoint.as_ref().and_then(|file| file.elected.as_ref());
    let position = checkpoint.map(|(checkpoint, _)| checkpoint.checkpoint());
    let events = stream.current.as_ref().and_then(|log| Some(&log.body.as_ref()?.events));
    let is_at_rest =
        |events: &LogEvents| events.clean_end().is_some() && events.clean_end() == position;
    if events.is_some_and(is_at_rest) {
        return None;
    }
    // The end of a run may stand in the log before one that has no record yet.
    let generation = position.and_then(|position| u32::try_from(position.generation).ok());
    Some(generation.unwrap_or(0))
}

fn take_body(storage: &dyn Storage, log: &mut LogFile, role: LogRole) {
    if log.summary().is_none() {
        return;
    }
    match read_log_body(storage, log, role) {
        Ok(body) => log.body = body.map(Arc::new),
        Err(error) => log.content = LogContent::Unreadable(Arc::new(error)),
    }
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

/// Reads all of a log; `None` where it has no valid header.
///
/// # Errors
///
/// It cannot be opened, or its header not be read. What is unreadable behind that is damage.
pub fn read_log_body(
    storage: &dyn Storage,
    log: &LogFile,
    role: LogRole,
) -> Result<Option<LogBody>, StorageError> {
    let walked = walk_log(storage, log, role, |_| LogEvents::default())?;
    Ok(walked.map(|WalkedLog { header, report, walk, visitor: events }| LogBody {
        report,
        walk,
        events,
        attached: header.attached(),
    }))
}

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
    let walk = RecordWalk::new(visitor_of(&header));
    let Ok(mut reader) = BodyReader::new(&header, role, walk) else { return Ok(None) };
    feed(file.as_ref(), log.length_bytes, &mut reader);
    let (report, walk) = reader.finish();
    let (walk, visitor) = walk.finish();
    Ok(Some(WalkedLog { header, report, walk, visitor }))
}

fn feed<V: RecordVisitor>(
    file: &dyn File,
    length_bytes: u64,
    reader: &mut BodyReader<RecordWalk<V>>,
) {
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
