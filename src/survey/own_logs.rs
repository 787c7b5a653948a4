//! The transaction logs of a database's own log stream: whether there are any, and how far they reach.

use std::path::Path;

use crate::ese::{LogNaming, Signature};
use crate::storage::{Result, Storage};

use super::log_stream::survey_log_streams;
use super::{Digests, Listings, LogFile, LogStream, LogSummary};

/// What the logs in a folder say about the log stream of one database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnLogs {
    /// How the logs of the stream are named, where one was found.
    pub naming: Option<LogNaming>,
    /// Generations of the stream's logs, ascending, the current log last.
    pub generations: Vec<i32>,
    /// Whether a log could not be read: its generation is then missing from the list.
    pub unread: bool,
    /// Whether there are logs, but none of this stream.
    pub only_foreign: bool,
    /// Whether no file at all is named like a closed or current log.
    pub none_there: bool,
}

impl OwnLogs {
    /// The logs of the stream `signature`, whatever their base name. Temporary and reserve logs are
    /// no part of a stream, nor is a log that the engine would not find under its name, nor are old
    /// logs beside a current one of another stream.
    pub fn among(streams: &[LogStream], signature: &Signature) -> Self {
        let (mut generations, mut foreign) = (Vec::new(), false);
        for stream in streams {
            let current = stream.current.as_ref().and_then(LogFile::summary);
            let is_ours = |log: &LogSummary| {
                log.signature == *signature
                    && current.is_none_or(|current| current.signature == *signature)
            };
            for log in stream.in_order() {
                let Some(summary) = log.summary() else { continue };
                if !is_ours(summary) {
                    foreign = true;
                } else if is_named_right(log, summary) {
                    generations.push(summary.generation);
                }
            }
        }
        generations.sort_unstable();
        generations.dedup();
        let own = streams.iter().find(|stream| stream.identity() == Some(*signature));
        let all = || streams.iter().flat_map(LogStream::in_order);
        let unread = all().any(|log| log.read_error().is_some());
        Self {
            naming: own.map(LogStream::naming),
            only_foreign: generations.is_empty() && foreign && !unread,
            unread,
            none_there: all().next().is_none(),
            generations,
        }
    }

    /// The lowest generation from which on the run to the last log has no gap.
    pub fn unbroken_from(&self) -> Option<i32> {
        let mut lowest = *self.generations.last()?;
        for &generation in self.generations.iter().rev().skip(1) {
            if generation != lowest - 1 {
                break;
            }
            lowest = generation;
        }
        Some(lowest)
    }
}

fn is_named_right(log: &LogFile, summary: &LogSummary) -> bool {
    log.name.generation().is_none_or(|named| i32::try_from(named) == Ok(summary.generation))
}

/// Reads the headers of the logs in `dir` and keeps those of the log stream `signature`.
pub fn survey_own_logs(
    storage: &dyn Storage,
    dir: &Path,
    signature: &Signature,
) -> Result<OwnLogs> {
    let listings = Listings::new(storage);
    let found = survey_log_streams(&listings, dir, dir, Digests::NotWanted, &|_| {})?;
    Ok(OwnLogs::among(&found.streams, signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_ends_the_unbroken_run() {
        let facts =
            |generations: &[i32]| OwnLogs { generations: generations.into(), ..OwnLogs::default() };
        assert_eq!(facts(&[]).unbroken_from(), None);
        assert_eq!(facts(&[5]).unbroken_from(), Some(5));
        assert_eq!(facts(&[1, 2, 4, 5, 6]).unbroken_from(), Some(4));
    }
}
