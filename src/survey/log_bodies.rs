//! Which log bodies are read, and the reading of them.

use std::sync::Arc;

use crate::ese::log_body::LogRole;
use crate::ese::log_events::LogEvents;
use crate::storage::{Storage, on_all_cores};

use super::log_body::read_log_body;
use super::{LogContent, LogFile, LogStream};

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
    match read_log_body(storage, &log.path, log.length_bytes, role) {
        Ok(body) => log.body = body.map(Arc::new),
        Err(error) => log.content = LogContent::Unreadable(Arc::new(error)),
    }
}
