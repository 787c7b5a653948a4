//! Which databases a log stream has: by their signatures, and by the lists of attached databases.

use crate::ese::{AttachedDatabase, DbHeader, Signature};
use crate::simulate::last_component;
use crate::survey::{DatabaseFacts, GroupFacts, LogStream};

/// Whether a database belongs to the log stream of a signature: it has the same one, and not zero.
pub fn is_of_stream(header: &DbHeader, signature: Option<Signature>) -> bool {
    let own = header.raw.log_signature;
    !own.is_unset() && signature == Some(own)
}

/// Those of the missing databases of which no file is there that is the same after `eseutil /p` or `/d`.
pub fn absent_databases(group: &GroupFacts, stream: &LogStream) -> Vec<AttachedDatabase> {
    let mut missing = missing_databases(group, stream);
    missing.retain(|attached| later_self(group, attached).is_none());
    missing
}

/// The file that a database became by `eseutil /p` or `/d`: it has the same name, another signature, and belongs to
/// no log stream.
pub fn later_self<'a>(
    group: &'a GroupFacts,
    attached: &AttachedDatabase,
) -> Option<&'a DatabaseFacts> {
    let name = last_component(&attached.database_path);
    group.databases.iter().find(|facts| {
        let own = facts.path.file_name().unwrap_or_default().to_string_lossy();
        let is_unsigned =
            facts.pair.as_ref().is_some_and(|pair| pair.header.raw.log_signature.is_unset());
        is_unsigned && own.eq_ignore_ascii_case(name)
    })
}

/// The databases that the current log or the checkpoint of a stream names and that are not among those
/// of the group; each once, known by its signature.
pub fn missing_databases(group: &GroupFacts, stream: &LogStream) -> Vec<AttachedDatabase> {
    let pairs = group.databases.iter().filter_map(|database| database.pair.as_ref());
    let mut known: Vec<Signature> = pairs.map(|pair| pair.header.raw.db_signature).collect();
    let checkpoint = stream.checkpoint.as_ref().and_then(|file| file.elected.as_ref());
    // One of another log stream says nothing of this one.
    let is_ours = |signature| stream.signature().is_none_or(|logs| logs == signature);
    let checkpoint = checkpoint.filter(|(found, _)| is_ours(found.raw.log_signature));
    let at_checkpoint = checkpoint.and_then(|(checkpoint, _)| checkpoint.attached().ok());
    let mut missing = Vec::new();
    for attached in stream.attached.iter().cloned().chain(at_checkpoint.unwrap_or_default()) {
        if !known.contains(&attached.db_signature) {
            known.push(attached.db_signature);
            missing.push(attached);
        }
    }
    missing
}
