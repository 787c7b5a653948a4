//! The transaction logs beside a database: whether they are of its stream, and how far they reach.

use std::path::Path;

use crate::ese::{LogFileName, LogHeader, Signature};
use crate::storage::{Access, Result, Storage, read_full};

/// Size of a log header, in bytes.
const LOG_HEADER_BYTES: usize = 4096;

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

/// Reads the headers of the logs in `dir` and keeps those of the stream `signature`. Temporary and
/// reserve logs are no part of a stream.
pub fn survey_logs(storage: &dyn Storage, dir: &Path, signature: &Signature) -> Result<LogFacts> {
    let mut facts = LogFacts::default();
    let mut foreign = false;
    for name in storage.list(dir)? {
        let Some(parsed) = name.to_str().and_then(LogFileName::parse) else { continue };
        let (LogFileName::Archive { base, .. } | LogFileName::Current { base, .. }) = parsed else {
            continue;
        };
        let Some(header) = read_log_header(storage, &dir.join(&name)) else { continue };
        if header.raw.log_signature == *signature {
            facts.base = Some(base.to_string());
            facts.generations.push(header.generation());
        } else {
            foreign = true;
        }
    }
    facts.generations.sort_unstable();
    facts.generations.dedup();
    facts.only_foreign = foreign && facts.generations.is_empty();
    Ok(facts)
}

fn read_log_header(storage: &dyn Storage, path: &Path) -> Option<LogHeader> {
    let file = storage.open(path, Access::Read).ok()?;
    let mut start = vec![0; LOG_HEADER_BYTES];
    let read = read_full(file.as_ref(), &mut start, 0).ok()?;
    let length_bytes = file.status().ok()?.length_bytes;
    LogHeader::validate(&start[..read], length_bytes).ok()
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
