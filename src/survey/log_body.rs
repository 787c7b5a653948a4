//! The bodies of logs: what recovery and a backup would say of them, and what their records tell.

use std::sync::{Arc, Mutex, PoisonError};

use crate::ese::log_body::{BodyReader, BodyReport, BodySink, LogRole};
use crate::ese::log_events::LogEvents;
use crate::ese::log_records::{RecordVisitor, RecordWalk, WalkReport};
use crate::ese::{AttachListError, AttachedDatabase, LogHeader};
use crate::storage::{Access, AlignedBuffer, File, Storage, StorageError, read_full, work_watched};

use super::pace::Pace;
use super::{LogContent, LogFile, LogStream};

/// Bytes of a log that are read at once; they stay in the second-level cache until they are judged.
const CHUNK_BYTES: usize = 128 * 1024;

/// Size of a log header, in bytes.
const HEADER_BYTES: usize = 4096;

/// What of a log is given up at least where the medium cannot read it, in bytes.
const MEDIUM_BLOCK_BYTES: usize = 4096;

/// Which bodies are read, and what is kept of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bodies {
    /// Those that the next mount reads: of the current log, and from the checkpoint on where recovery has
    /// something to replay.
    #[default]
    OfNextMount,
    /// Those of all closed logs and of the current one.
    All,
    /// Of all of them, too; but what records tell of databases is not kept.
    Verdicts,
}

/// Bodies that are to be read.
pub struct BodyPass<'a> {
    storage: &'a dyn Storage,
    logs: Vec<(&'a mut LogFile, LogRole)>,
    kept: Bodies,
}

impl<'a> BodyPass<'a> {
    /// Of those log streams. Which bodies the next mount reads, the current log tells: it is read at once.
    pub fn new(storage: &'a dyn Storage, streams: &'a mut [LogStream], wanted: Bodies) -> Self {
        let mut logs = Vec::new();
        let mut buffer = AlignedBuffer::new(CHUNK_BYTES);
        for stream in streams {
            let mut from = Some(0);
            if wanted == Bodies::OfNextMount {
                if let Some(current) = &mut stream.current {
                    take_body(storage, current, LogRole::Current, wanted, &mut buffer);
                }
                from = first_replayed(stream);
            } else {
                logs.extend(stream.current.iter_mut().map(|log| (log, LogRole::Current)));
            }
            let Some(from) = from else { continue };
            let closed = stream.archives.iter_mut();
            let wanted = closed.filter(|log| log.name.generation() >= Some(from));
            logs.extend(wanted.map(|log| (log, LogRole::Closed)));
        }
        Self { storage, logs, kept: wanted }
    }

    /// How much there is to read.
    pub fn bytes(&self) -> u64 {
        self.logs.iter().map(|(log, _)| log.length_bytes).sum()
    }

    /// Reads them with so many threads. `advance` is told the bytes done and says whether to go on; `false` where
    /// it said no. A log that cannot be opened any more is unread, as it would be with its header.
    pub fn read(self, threads: usize, advance: &mut dyn FnMut(u64) -> bool) -> bool {
        let Self { storage, logs, kept } = self;
        let pace = Pace::default();
        let waiting = Mutex::new(logs.into_iter());
        let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
        let work = |after_each: &mut dyn FnMut()| {
            let mut buffer = AlignedBuffer::new(CHUNK_BYTES);
            while let Some((log, role)) = next().filter(|_| !pace.is_stopped()) {
                take_body(storage, log, role, kept, &mut buffer);
                pace.advance(log.length_bytes);
                after_each();
            }
        };
        work_watched(threads, work, &mut || pace.tell(advance));
        !pace.is_stopped()
    }
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

fn take_body(
    storage: &dyn Storage,
    log: &mut LogFile,
    role: LogRole,
    kept: Bodies,
    buffer: &mut AlignedBuffer,
) {
    if log.summary().is_none() {
        return;
    }
    match read_log_body(storage, log, role, kept, buffer) {
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

/// Reads all of a log; `None` where it has no valid header any more.
fn read_log_body(
    storage: &dyn Storage,
    log: &LogFile,
    role: LogRole,
    kept: Bodies,
    buffer: &mut AlignedBuffer,
) -> Result<Option<LogBody>, StorageError> {
    let file = storage.open(&log.path, Access::Read)?;
    let mut start = [0; HEADER_BYTES];
    let read = read_full(file.as_ref(), &mut start, 0)?;
    let Ok(header) = LogHeader::validate(&start[..read], log.length_bytes) else { return Ok(None) };
    if kept == Bodies::Verdicts {
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
