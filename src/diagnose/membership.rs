//! Which databases a log stream has: by their signatures, and by the lists of attached databases.

use crate::ese::log_events::LogEvent;
use crate::ese::{AttachedDatabase, DbHeader, DbState, Signature};
use crate::simulate::last_component;
use crate::survey::{DatabaseFacts, GroupFacts, LogStream, LostHeader};

/// Whether a database belongs to the log stream of a signature: it has the same one, and not zero.
pub fn is_of_stream(header: &DbHeader, signature: Option<Signature>) -> bool {
    let own = header.raw.log_signature;
    !own.is_unset() && signature == Some(own)
}

/// Whether closed logs alone are there, and no database to be mounted with them: a backup set, or logs put aside. A
/// temporary log beside a checkpoint is that of an engine that was killed here.
pub fn is_archive(stream: &LogStream, databases: &[DatabaseFacts]) -> bool {
    let was_killed_here = stream.temporary.is_some() && stream.checkpoint.is_some();
    let is_of_closed_logs =
        stream.current.is_none() && !stream.archives.is_empty() && !was_killed_here;
    let is_theirs = |facts: &DatabaseFacts| {
        let header = facts.pair.as_ref().map(|pair| &pair.header);
        header.is_some_and(|own| is_of_stream(own, stream.identity()) || is_of_none(own))
    };
    is_of_closed_logs && !databases.iter().any(is_theirs)
}

/// Whether a database belongs to no log stream, as after `eseutil /p`, and can be mounted with any.
pub(super) fn is_of_none(header: &DbHeader) -> bool {
    header.raw.log_signature.is_unset()
        && header.state() == DbState::CleanShutdown
        && !header.is_temporary()
        && header.current_full_backup().gen_low == 0
}

/// A database as logs name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedDatabase {
    /// Its path on the server.
    pub path: String,
    /// Its identity.
    pub signature: Signature,
}

impl NamedDatabase {
    fn listed(attached: &AttachedDatabase) -> Self {
        Self { path: attached.database_path.clone(), signature: attached.db_signature }
    }

    fn recorded(event: &LogEvent) -> Option<Self> {
        match event {
            LogEvent::Create { db_signature, path, .. }
            | LogEvent::Attach { db_signature, path, .. } => {
                Some(Self { path: path.clone(), signature: *db_signature })
            }
            _ => None,
        }
    }

    /// Whether a file has its name, letter case aside.
    pub fn is_named_as(&self, facts: &DatabaseFacts) -> bool {
        let own = facts.path.file_name().unwrap_or_default().to_string_lossy();
        own.eq_ignore_ascii_case(last_component(&self.path))
    }
}

/// The databases that a stream names: the attach lists of its current log and its checkpoint, and the records of
/// that log where they were read. Each once, under the last of its names.
pub fn named_databases(stream: &LogStream) -> Vec<NamedDatabase> {
    let checkpoint = stream.checkpoint.as_ref().and_then(|file| file.elected.as_ref());
    // One of another log stream says nothing of this one.
    let is_ours = |signature| stream.signature().is_none_or(|logs| logs == signature);
    let checkpoint = checkpoint.filter(|(found, _)| is_ours(found.raw.log_signature));
    let at_checkpoint = checkpoint.and_then(|(found, _)| found.attached().ok()).unwrap_or_default();
    let body = stream.own_current().and_then(|log| log.body.as_deref());
    let records = body.map(|body| body.events.all());
    let recorded =
        records.into_iter().flatten().filter_map(|(_, event)| NamedDatabase::recorded(event));
    let listed = at_checkpoint.iter().chain(&stream.attached).map(NamedDatabase::listed);
    let mut named: Vec<NamedDatabase> = Vec::new();
    for one in listed.chain(recorded) {
        match named.iter_mut().find(|known| known.signature == one.signature) {
            Some(known) => known.path = one.path,
            None => named.push(one),
        }
    }
    named
}

/// Those of the missing databases of which no file is there that is the same after `eseutil /p` or `/d`.
pub fn absent_databases(group: &GroupFacts, stream: &LogStream) -> Vec<NamedDatabase> {
    let mut missing = missing_databases(group, stream);
    missing.retain(|named| later_self(group, named).is_none());
    missing
}

/// The file that a database became by `eseutil /p` or `/d`: it has the same name, another signature, and belongs to
/// no log stream.
pub fn later_self<'a>(group: &'a GroupFacts, named: &NamedDatabase) -> Option<&'a DatabaseFacts> {
    group.databases.iter().find(|facts| {
        let pair = facts.pair.as_ref();
        let is_unsigned = pair.is_some_and(|pair| pair.header.raw.log_signature.is_unset());
        is_unsigned && named.is_named_as(facts)
    })
}

/// The databases that a stream names and that are not among those of the group, known by their signatures.
pub fn missing_databases(group: &GroupFacts, stream: &LogStream) -> Vec<NamedDatabase> {
    let mut named = named_databases(stream);
    named.retain(|one| !group.databases.iter().any(|facts| has_signature(facts, one.signature)));
    named
}

/// Whether it is the database of a signature, by its header or by the one that is proven for it.
pub(super) fn has_signature(facts: &DatabaseFacts, signature: Signature) -> bool {
    let lost = || facts.lost_header.as_ref().and_then(LostHeader::header);
    let header = facts.pair.as_ref().map(|pair| &pair.header).or_else(lost);
    header.is_some_and(|header| header.raw.db_signature == signature)
}
