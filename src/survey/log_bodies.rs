//! Which log bodies are read, and the reading of them.

use std::sync::{Arc, Mutex, PoisonError};

use crate::ese::log_body::LogRole;
use crate::ese::log_events::LogEvents;
use crate::storage::{AlignedBuffer, Storage, work_watched};

use super::log_body::{CHUNK_BYTES, Kept, read_log_body};
use super::pace::Pace;
use super::{LogContent, LogFile, LogStream};

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
    kept: Kept,
}

impl<'a> BodyPass<'a> {
    /// Of those log streams. Which bodies the next mount reads, the current log tells: it is read at once.
    pub fn new(
        storage: &'a dyn Storage,
        streams: impl IntoIterator<Item = &'a mut LogStream>,
        wanted: Bodies,
    ) -> Self {
        let kept = if wanted == Bodies::Verdicts { Kept::Verdicts } else { Kept::Everything };
        let mut logs = Vec::new();
        let mut buffer = AlignedBuffer::new(CHUNK_BYTES);
        for stream in streams {
            let mut from = Some(0);
            if wanted == Bodies::OfNextMount {
                if let Some(current) = &mut stream.current {
                    take_body(storage, current, LogRole::Current, kept, &mut buffer);
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
        Self { storage, logs, kept }
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
    kept: Kept,
    buffer: &mut AlignedBuffer,
) {
    if log.summary().is_none() {
        return;
    }
    match read_log_body(storage, (&log.path, log.length_bytes), role, kept, buffer) {
        Ok(body) => log.body = body.map(Arc::new),
        Err(error) => log.content = LogContent::Unreadable(Arc::new(error)),
    }
}
