//! From what was surveyed to what a start meets.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ese::DbHeader;
use crate::ese::content::ContentKind;
use crate::survey::{CheckpointFile, DatabaseFacts, LogContent, LogFile, LogStream};

use super::set::{CheckpointState, DatabaseContent, DatabaseFile, HeaderState, Log, LogHead, Set};

impl Set {
    /// The set of a log stream and the databases that are attached to it: all that are given, but those of
    /// another one of the `streams` of the folder.
    pub fn of(stream: &LogStream, streams: &[LogStream], databases: &[DatabaseFacts]) -> Self {
        let own = stream.identity();
        let of_another = |facts: &&DatabaseFacts| {
            let header = facts.pair.as_ref().map(|pair| &pair.header);
            let signature = header.map(|header| header.raw.log_signature);
            let is_theirs = |other: &LogStream| other.identity() == signature;
            signature.is_some() && own != signature && streams.iter().any(is_theirs)
        };
        let databases = in_order(databases.iter().filter(|facts| !of_another(facts)));
        let numbered =
            |log: &LogFile| Some((i32::try_from(log.name.generation()?).ok()?, of_log(log)));
        Self {
            archives: Arc::new(stream.archives.iter().filter_map(numbered).collect()),
            current: stream.current.as_ref().map(of_log),
            has_temporary: stream.temporary.is_some(),
            checkpoint: stream.checkpoint.as_ref().and_then(checkpoint),
            unread_checkpoint: stream.checkpoint.as_ref().and_then(unread),
            databases,
            at_rest: None,
        }
    }

    /// The set of databases of which no log is there.
    pub fn of_databases(databases: &[DatabaseFacts]) -> Self {
        Self { databases: in_order(databases.iter()), ..Self::default() }
    }
}

fn in_order<'a>(databases: impl Iterator<Item = &'a DatabaseFacts>) -> Vec<DatabaseFile> {
    let mut files: Vec<DatabaseFile> = databases.filter_map(database).collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

fn of_log(log: &LogFile) -> Log {
    let head = match &log.content {
        LogContent::Header(summary) => LogHead::Valid(*summary),
        LogContent::Unreadable(_) | LogContent::NotRegular(_) => LogHead::Unread,
        LogContent::Blank => LogHead::Refused(-501),
        LogContent::Damaged(fault) => LogHead::Refused(fault.jet_error()),
    };
    Log { path: log.path.clone(), head, body: log.body.clone() }
}

fn unread(file: &CheckpointFile) -> Option<PathBuf> {
    file.read_error.as_ref().map(|_| file.path.clone())
}

fn checkpoint(file: &CheckpointFile) -> Option<CheckpointState> {
    let (checkpoint, _) = file.elected.as_ref()?;
    Some(CheckpointState {
        path: file.path.clone(),
        position: checkpoint.checkpoint(),
        signature: checkpoint.raw.log_signature,
        attached: checkpoint.attached().unwrap_or_default(),
    })
}

fn database(facts: &DatabaseFacts) -> Option<DatabaseFile> {
    let header = facts.pair.as_ref().map(|pair| &pair.header);
    if header.is_some_and(DbHeader::is_temporary) {
        return None;
    }
    if header.is_some() && facts.kind != ContentKind::Database {
        return None;
    }
    let content = match header {
        Some(header) => DatabaseContent::Header(HeaderState::of(header)),
        None => DatabaseContent::Destroyed,
    };
    let path = Path::to_path_buf(&facts.path);
    Some(DatabaseFile { path, length_bytes: facts.status.length_bytes, content })
}
