//! The guards of a log reset that facts alone decide.

use std::path::{Path, PathBuf};

use crate::ese::{AttachedDatabase, Signature};
use crate::storage::{FileKind, shown};
use crate::survey::{DatabaseFacts, GroupFacts, LogContent, LogFile, StreamOfLogs};

use super::reset::is_of_stream;
use super::{Refusal, RefusalId, content_refusals};

/// What the person said about the storage group.
#[derive(Default)]
pub struct GroupRequest {
    /// Base name, where the folder holds several.
    pub prefix: Option<String>,
    /// The databases that were named, absolute.
    pub named: Vec<PathBuf>,
    /// Whether nobody will be asked, so that every database must have been named.
    pub unattended: bool,
    /// Databases that may be missing, by the random number of their signature.
    pub may_be_missing: Vec<u32>,
}

/// Picks the log stream to reset.
pub fn choose_stream<'a>(
    group: &'a GroupFacts,
    request: &GroupRequest,
) -> Result<Option<&'a StreamOfLogs>, Refusal> {
    let has_logs = |stream: &&StreamOfLogs| {
        stream.in_order().next().is_some()
            || stream.temporary.is_some()
            || stream.checkpoint.is_some()
    };
    let streams: Vec<_> = group.streams.iter().filter(has_logs).collect();
    let dir = &group.folders.log_dir;
    if let Some(prefix) = &request.prefix {
        return Ok(streams.into_iter().find(|stream| stream.base.eq_ignore_ascii_case(prefix)));
    }
    match streams.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        several => {
            let names: Vec<_> = several.iter().map(|stream| stream.base.as_str()).collect();
            Err(Refusal::new(
                RefusalId::MixedPrefixes,
                dir,
                format!(
                    "the folder holds the logs of several storage groups: {}",
                    names.join(", ")
                ),
                format!("Name the one that is meant, for example: --prefix {}", names[0]),
            ))
        }
    }
}

/// Every reason in the facts not to reset a stream. All are evaluated.
pub fn reset_refusals(
    group: &GroupFacts,
    stream: &StreamOfLogs,
    request: &GroupRequest,
) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    refusals.extend(pending(group, stream));
    refusals.extend(restore_pending(group));
    for database in &group.databases {
        refusals.extend(content_refusals(database));
        refusals.extend(header_damaged(database));
        refusals.extend(wrong_stream(database, stream, request));
        refusals.extend(stream_file(database));
    }
    refusals.extend(incomplete(group, stream, request));
    refusals.extend(odd_files(stream));
    refusals
}

fn pending(group: &GroupFacts, stream: &StreamOfLogs) -> Option<Refusal> {
    let name = format!("{}.edbmend-pending", stream.base);
    let marker = group.pending.iter().find(|marker| {
        marker.file_name().is_some_and(|found| found.to_string_lossy().eq_ignore_ascii_case(&name))
    })?;
    Some(Refusal::new(
        RefusalId::OperationPending,
        marker,
        "an earlier edbmend operation on these logs was interrupted",
        format!("edbmend recover {}", crate::storage::quoted(&group.folders.log_dir)),
    ))
}

fn restore_pending(group: &GroupFacts) -> Option<Refusal> {
    let file = group.restore_files.first()?;
    Some(Refusal::new(
        RefusalId::RestorePending,
        file,
        "a restore is under way, or was left unfinished: it needs exactly these logs",
        "Finish the restore (eseutil /cc), or remove the file if it is certainly left over.",
    ))
}

fn header_damaged(database: &DatabaseFacts) -> Option<Refusal> {
    let pair = database.pair.as_ref().filter(|pair| !pair.is_sound())?;
    Some(Refusal::new(
        RefusalId::HeaderDamaged,
        &database.path,
        format!(
            "only the {} header copy is usable (primary: {:?}, shadow: {:?})",
            pair.elected.name(),
            pair.primary,
            pair.shadow
        ),
        format!("Mend it first: edbmend repair {}", crate::storage::quoted(&database.path)),
    ))
}

/// A database of another stream is not endangered, but somebody is in the wrong folder.
fn wrong_stream(
    database: &DatabaseFacts,
    stream: &StreamOfLogs,
    request: &GroupRequest,
) -> Option<Refusal> {
    let header = &database.pair.as_ref()?.header;
    let own = header.raw.log_signature;
    let signature = stream.signature();
    if own.is_unset() {
        return (!request.named.contains(&database.path)).then(|| unsigned(database));
    }
    if let Some(logs) = signature.filter(|logs| *logs != own) {
        return Some(Refusal::new(
            RefusalId::LogSignatureMismatch,
            &database.path,
            format!("Log Signature {own}, but the logs {} have {logs}", stream.base),
            "This database belongs to other logs. Name the right log folder (--log-dir), or leave this \
             database out.",
        ));
    }
    let last = stream.last_generation()?;
    let detached = header.last_detach().generation;
    (is_of_stream(database, signature) && detached > last).then(|| {
        Refusal::new(
            RefusalId::LogSignatureMismatch,
            &database.path,
            format!("Last Detach is in generation {detached}, but the newest log there is {last}"),
            "The newest logs are elsewhere. Name their folder with --log-dir.",
        )
    })
}

fn unsigned(database: &DatabaseFacts) -> Refusal {
    Refusal::new(
        RefusalId::LogSignatureMismatch,
        &database.path,
        "Log Signature is all zero (as after eseutil /p): nothing shows that these are its logs",
        format!("If they are, name it: --db {}", crate::storage::quoted(&database.path)),
    )
}

fn stream_file(database: &DatabaseFacts) -> Option<Refusal> {
    let header = &database.pair.as_ref()?.header;
    let stream = database.stream.as_ref().filter(|stream| !stream.belongs_to(header))?;
    let found = if stream.found { "is not its streaming file" } else { "is not there" };
    Some(Refusal::new(
        RefusalId::StreamFileMissing,
        &database.path,
        format!("Streaming File: Yes, but {} {found}", shown(&stream.path)),
        "Put the .edb and the .stm of the same moment together.",
    ))
}

/// No file lists all databases of a storage group; what the logs name must be there, and without a
/// person every database must have been named.
fn incomplete(group: &GroupFacts, stream: &StreamOfLogs, request: &GroupRequest) -> Vec<Refusal> {
    let refuse = |path: &Path, what: String, remedy: String| {
        Refusal::new(RefusalId::GroupIncomplete, path, what, remedy)
    };
    let mut refusals = Vec::new();
    if group.databases.is_empty() {
        refusals.push(refuse(
            &group.folders.log_dir,
            "no database of the storage group was found or named".into(),
            "Name each database with --db: all of them must be checked for Clean Shutdown.".into(),
        ));
    }
    for attached in missing(group, stream, request) {
        let random = attached.db_signature.random.get();
        refusals.push(refuse(
            &group.folders.log_dir,
            format!(
                "the logs name a database that was not given: {} (DB Signature {})",
                attached.database_path, attached.db_signature
            ),
            format!(
                "Name it with --db. If that store was deleted since: --allow-group-incomplete {random}"
            ),
        ));
    }
    let unnamed = |database: &&DatabaseFacts| !request.named.contains(&database.path);
    for database in group.databases.iter().filter(|_| request.unattended).filter(unnamed) {
        refusals.push(refuse(
            &database.path,
            "with --yes every database of the storage group must be named".into(),
            format!("Add --db {}", crate::storage::quoted(&database.path)),
        ));
    }
    refusals
}

/// The databases that an attach list of the stream names, by signature, and that were not given.
fn missing(
    group: &GroupFacts,
    stream: &StreamOfLogs,
    request: &GroupRequest,
) -> Vec<AttachedDatabase> {
    let given: Vec<Signature> = group
        .databases
        .iter()
        .filter_map(|database| database.pair.as_ref().map(|pair| pair.header.raw.db_signature))
        .collect();
    let checkpoint = stream.checkpoint.as_ref().and_then(|file| file.elected.as_ref());
    let at_checkpoint = checkpoint.and_then(|(checkpoint, _)| checkpoint.attached().ok());
    let mut missing: Vec<AttachedDatabase> = Vec::new();
    for attached in stream.attached.iter().cloned().chain(at_checkpoint.unwrap_or_default()) {
        let signature = attached.db_signature;
        let known = given.contains(&signature)
            || request.may_be_missing.contains(&signature.random.get())
            || missing.iter().any(|other| other.db_signature == signature);
        if !known {
            missing.push(attached);
        }
    }
    missing
}

/// Something else under a log's name.
fn odd_files(stream: &StreamOfLogs) -> Vec<Refusal> {
    let logs =
        stream.in_order().chain(&stream.temporary).chain(&stream.shadows).chain(&stream.rivals);
    let odd = logs.filter_map(|log: &LogFile| match &log.content {
        LogContent::NotRegular(kind) => {
            let what = match kind {
                FileKind::Directory => "a folder",
                FileKind::Symlink => "a symbolic link",
                _ => "a FIFO, a socket or a device",
            };
            Some(Refusal::new(
                RefusalId::NotARegularFile,
                &log.path,
                format!("it is named like a transaction log, but is {what}"),
                "Find out what it is, and move it out of the folder.",
            ))
        }
        LogContent::Unreadable(error) => Some(Refusal::new(
            RefusalId::IoError,
            &log.path,
            error.clone(),
            "Check its permissions and the disk.",
        )),
        _ => None,
    });
    odd.collect()
}
