//! The headers of what was surveyed, as `eseutil` prints them: for a page, where they are folded.

use std::path::{Path, PathBuf};

use crate::survey::{DatabaseFacts, GroupFacts, LogStream};

use super::dump::{CopyDump, dump_checkpoint, dump_database_header, dump_log_set};

/// Most logs of a stream that are listed one by one.
const MOST_LISTED_LOGS: usize = 1000;

/// What `eseutil` prints of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderDump {
    /// The file; of logs their folder with the base name.
    pub path: PathBuf,
    /// The text.
    pub text: String,
}

/// The header copy that the engine uses; empty where none is valid.
pub fn header_of(facts: &DatabaseFacts) -> String {
    let copy = facts.pair.as_ref().and_then(|pair| {
        let page = facts.copy(pair.elected)?;
        Some(CopyDump { page, which: pair.elected, pair: Some(pair), trailer: None })
    });
    copy.map_or_else(String::new, |copy| dump_database_header(&copy))
}

/// The checkpoints of a group, and the lists of its logs.
pub fn headers_of_logs(group: &GroupFacts) -> impl Iterator<Item = HeaderDump> {
    let dir = &group.folders.log_dir;
    group.streams.iter().flat_map(|stream| [checkpoint(stream), logs(stream, dir)]).flatten()
}

fn checkpoint(stream: &LogStream) -> Option<HeaderDump> {
    let file = stream.checkpoint.as_ref()?;
    let (checkpoint, _) = file.elected.as_ref()?;
    Some(HeaderDump { path: file.path.clone(), text: dump_checkpoint(checkpoint) })
}

fn logs(stream: &LogStream, dir: &Path) -> Option<HeaderDump> {
    let count = stream.in_order().count();
    let is_listed = (1..=MOST_LISTED_LOGS).contains(&count);
    is_listed.then(|| HeaderDump { path: dir.join(stream.base), text: dump_log_set(stream) })
}
