//! The transaction logs beside a database: whether they are of its stream, and how far they reach.

use std::path::Path;

use crate::ese::Signature;
use crate::storage::{Result, Storage};

use super::{GroupFolders, LogFile, LogSummary, StreamOfLogs, survey_group};

/// What the logs in a folder say about one log stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFacts {
    /// Base name of the stream (`E00`), where a log of it was found.
    pub base: Option<String>,
    /// Generations of the stream's logs, ascending, the current log last.
    pub generations: Vec<i32>,
    /// Whether there are logs, but none of this stream.
    pub only_foreign: bool,
}

impl LogFacts {
    /// The logs of the stream `signature`, whatever their base name. Temporary and reserve logs are
    /// no part of a stream.
    pub fn of(streams: &[StreamOfLogs], signature: &Signature) -> Self {
        let logs = streams.iter().flat_map(StreamOfLogs::in_order);
        let (ours, foreign): (Vec<&LogSummary>, Vec<&LogSummary>) =
            logs.filter_map(LogFile::summary).partition(|log| log.signature == *signature);
        let mut generations: Vec<i32> = ours.iter().map(|log| log.generation).collect();
        generations.sort_unstable();
        generations.dedup();
        let base = streams.iter().find(|stream| stream.identity() == Some(*signature));
        Self {
            base: base.map(|stream| stream.base.clone()),
            only_foreign: generations.is_empty() && !foreign.is_empty(),
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

/// Reads the headers of the logs in `dir` and keeps those of the stream `signature`.
pub fn survey_logs(storage: &dyn Storage, dir: &Path, signature: &Signature) -> Result<LogFacts> {
    let folders = GroupFolders { log_dir: dir.to_owned(), system_dir: dir.to_owned() };
    let group = survey_group(storage, folders, Vec::new(), &|_| {})?;
    Ok(LogFacts::of(&group.streams, signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_ends_the_unbroken_run() {
        let facts = |generations: &[i32]| LogFacts {
            generations: generations.into(),
            ..LogFacts::default()
        };
        assert_eq!(facts(&[]).unbroken_from(), None);
        assert_eq!(facts(&[5]).unbroken_from(), Some(5));
        assert_eq!(facts(&[1, 2, 4, 5, 6]).unbroken_from(), Some(4));
    }
}
