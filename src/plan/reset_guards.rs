//! The guards of a log reset that facts alone decide.

use std::path::{Path, PathBuf};

use crate::diagnose::{
    CopyFault, NamedDatabase, StreamingFileFault, attach_list_way_out, copy_fault, is_of_stream,
    known_later, later_self, missing_databases, repair_command, streaming_file_fault,
};
use crate::ese::{DbState, LogBase, Signature};
use crate::show::{CommandLine, Paragraph, quoted, shown};
use crate::storage::FileKind;
use crate::survey::{DatabaseFacts, GroupFacts, LogContent, LogStream};

use super::content_refusals;
use crate::refusal::{ALLOW_GROUP_INCOMPLETE, ALLOW_OLDER_DATABASE, Refusal, RefusalId};

/// What the person said about the storage group.
#[derive(Default)]
pub struct GroupRequest {
    /// Base name as it was typed, where the folder holds several.
    pub prefix: Option<String>,
    /// The databases that were named, absolute.
    pub named: Vec<PathBuf>,
    /// Whether nobody will be asked, so that every database must have been named.
    pub unattended: bool,
    /// Databases that may be missing, by the random number of their signature.
    pub may_be_missing: Vec<u32>,
    /// Whether what the logs hold beyond an older database may be given up.
    pub allow_older_database: bool,
}

impl GroupRequest {
    fn names(&self, database: &DatabaseFacts) -> bool {
        self.named.contains(&database.path)
    }
}

/// Picks the log stream to reset.
pub fn choose_stream<'a>(
    group: &'a GroupFacts,
    request: &GroupRequest,
) -> Result<Option<&'a LogStream>, Refusal> {
    let has_logs = |stream: &&LogStream| {
        stream.in_order().next().is_some()
            || stream.temporary.is_some()
            || stream.checkpoint.is_some()
    };
    let streams: Vec<_> = group.streams.iter().filter(has_logs).collect();
    let dir = &group.folders.log_dir;
    if let Some(prefix) = &request.prefix {
        let base = LogBase::new(prefix);
        let named = streams.iter().find(|stream| Some(stream.base) == base);
        return match named {
            None if !streams.is_empty() => Err(no_such_prefix(dir, prefix, &streams)),
            named => Ok(named.copied()),
        };
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

fn no_such_prefix(dir: &Path, prefix: &str, streams: &[&LogStream]) -> Refusal {
    let names: Vec<_> = streams.iter().map(|stream| stream.base.as_str()).collect();
    Refusal::new(
        RefusalId::NotFound,
        dir,
        format!("no logs named {prefix} are there; found: {}", names.join(", ")),
        format!("Name one of them, for example: --prefix {}", names[0]),
    )
}

/// Leaves databases out that are of another storage group in the same folder: those that were found
/// there, not named, and have the signature of another stream.
pub fn leave_other_groups_out(group: &mut GroupFacts, base: LogBase, request: &GroupRequest) {
    let streams = std::mem::take(&mut group.streams);
    let (own, others): (Vec<_>, Vec<_>) =
        streams.iter().map(|stream| (stream.base == base, stream.identity())).partition(|s| s.0);
    let is_of = |database: &DatabaseFacts, streams: &[(bool, Option<Signature>)]| {
        let header = database.pair.as_ref().map(|pair| &pair.header);
        let is_of = |header| streams.iter().any(|(_, identity)| is_of_stream(header, *identity));
        header.is_some_and(is_of)
    };
    group.databases.retain(|database| {
        request.names(database) || is_of(database, &own) || !is_of(database, &others)
    });
    group.streams = streams;
}

/// Every reason in the facts not to reset a stream. All are evaluated; those that need the stream
/// only where it is known which one is meant.
pub fn reset_refusals(
    group: &GroupFacts,
    stream: Option<&LogStream>,
    request: &GroupRequest,
) -> Vec<Refusal> {
    let mut refusals = pending_refusals(group, stream, request);
    refusals.extend(restore_pending(group));
    refusals.extend(restore_registered(group));
    for database in &group.databases {
        refusals.extend(content_refusals(database));
        refusals.extend(logs_still_required(database));
        refusals.extend(header_damaged(database));
        refusals.extend(stream.and_then(|stream| wrong_stream(database, stream, request)));
        refusals.extend(stream.and_then(|stream| older_than_logs(database, stream, request)));
        refusals.extend(streaming_file(database));
    }
    refusals.extend(no_database(group));
    refusals.extend(stream.into_iter().flat_map(|stream| not_given(group, stream, request)));
    refusals.extend(unnamed(group, request));
    refusals.extend(stream.into_iter().flat_map(odd_files));
    refusals
}

/// The operations on the logs of this stream, or of any where none was named, that were interrupted.
pub fn pending_refusals(
    group: &GroupFacts,
    stream: Option<&LogStream>,
    request: &GroupRequest,
) -> Vec<Refusal> {
    let base_of = |marker: &Path| LogBase::new(marker.file_stem()?.to_str()?);
    let concerns = |marker: &&PathBuf| match (stream, &request.prefix) {
        (Some(stream), _) => base_of(marker) == Some(stream.base),
        (None, Some(prefix)) => base_of(marker) == LogBase::new(prefix),
        (None, None) => true,
    };
    let refuse = |marker: &PathBuf| {
        Refusal::new(
            RefusalId::OperationPending,
            marker,
            "an earlier edbmend operation on these logs was interrupted",
            CommandLine::new("recover").path(marker),
        )
    };
    group.pending.iter().filter(concerns).map(refuse).collect()
}

fn restore_pending(group: &GroupFacts) -> Vec<Refusal> {
    let refuse = |file: &PathBuf| {
        Refusal::new(
            RefusalId::RestorePending,
            file,
            "a restore is under way, or was left unfinished: it needs exactly these logs",
            "Finish the restore (eseutil /cc), or remove the file if it is certainly left over.",
        )
    };
    group.restore_files.iter().map(refuse).collect()
}

/// What the logs hold beyond an older copy would be lost for good.
fn older_than_logs(
    database: &DatabaseFacts,
    stream: &LogStream,
    request: &GroupRequest,
) -> Option<Refusal> {
    let known = known_later(stream, database).filter(|_| !request.allow_older_database)?;
    let own = database.pair.as_ref()?.header.last_consistent();
    Some(Refusal::new(
        RefusalId::DatabaseOlderThanLogs,
        &database.path,
        format!(
            "it is an older copy: Last Consistent: {own}, and the logs know it consistent at {known}: they hold \
             what it lacks"
        ),
        format!(
            "Bring the newest copy back, or let recovery roll this one forward: edbmend explain \
             database-older-than-logs. Only if the rest is worthless: {ALLOW_OLDER_DATABASE}"
        ),
    ))
}

/// A clean database needs no log. Where its header still names some, it is not as clean as it says.
fn logs_still_required(database: &DatabaseFacts) -> Option<Refusal> {
    let header = &database.pair.as_ref()?.header;
    let (min, max) = (header.raw.gen_min_required.get(), header.raw.gen_max_required.get());
    let committed = header.raw.gen_max_committed.get();
    let clean = header.state() == DbState::CleanShutdown;
    if !clean || (min, max, committed) == (0, 0, 0) {
        return None;
    }
    Some(Refusal::new(
        RefusalId::DirtyShutdown,
        &database.path,
        format!(
            "State: Clean Shutdown, but Log Required: {min}-{max}, Log Committed: 0-{committed}, \
             expected 0-0 in both"
        ),
        "Mount the store and dismount it, then try again.",
    ))
}

/// Exchange 5.5 and before keep a restore in the registry.
fn restore_registered(group: &GroupFacts) -> Option<Refusal> {
    let key = group.restore_keys.first()?;
    Some(Refusal::new(
        RefusalId::RestorePending,
        &group.folders.log_dir,
        format!("the registry of this machine says that a restore is under way: {key} exists"),
        "Finish the restore, or remove the key if it is certainly left over.",
    ))
}

fn header_damaged(database: &DatabaseFacts) -> Option<Refusal> {
    let what = match copy_fault(database.pair.as_ref()?)? {
        CopyFault::Differ => "primary header and shadow header are not identical".to_owned(),
        CopyFault::Damaged(which) => format!("only the {} header is valid", which.other().name()),
    };
    Some(Refusal::new(
        RefusalId::HeaderDamaged,
        &database.path,
        what,
        repair_command(database, None)
            .map_or_else(|first| first, |repair| format!("Mend it first: {repair}").into()),
    ))
}

/// A database of another stream is not endangered, but somebody is in the wrong folder.
fn wrong_stream(
    database: &DatabaseFacts,
    stream: &LogStream,
    request: &GroupRequest,
) -> Option<Refusal> {
    let header = &database.pair.as_ref()?.header;
    let own = header.raw.log_signature;
    let signature = stream.signature();
    if own.is_unset() {
        return (!request.names(database)).then(|| unsigned(database));
    }
    let logs = signature.filter(|logs| *logs != own)?;
    Some(Refusal::new(
        RefusalId::LogSignatureMismatch,
        &database.path,
        format!("Log Signature {own}, but the logs {} have {logs}", stream.base),
        "This database belongs to other logs. Name the right log folder (--log-dir), or leave this database out.",
    ))
}

fn unsigned(database: &DatabaseFacts) -> Refusal {
    Refusal::new(
        RefusalId::LogSignatureMismatch,
        &database.path,
        "Log Signature is all zero (as after eseutil /p): nothing shows that these are its logs",
        format!("If they are, name it: --db {}", quoted(&database.path)),
    )
}

fn streaming_file(database: &DatabaseFacts) -> Option<Refusal> {
    let (streaming, fault) = streaming_file_fault(database)?;
    let found = match fault {
        StreamingFileFault::Missing => "is not there",
        StreamingFileFault::Foreign => "is not its streaming file",
    };
    Some(Refusal::new(
        RefusalId::StreamFileMissing,
        &database.path,
        format!("Streaming File: Yes, but {} {found}", shown(&streaming.path)),
        "Put the .edb and the .stm of the same moment together.",
    ))
}

fn group_incomplete(path: &Path, what: impl Into<String>, remedy: impl Into<Paragraph>) -> Refusal {
    Refusal::new(RefusalId::GroupIncomplete, path, what, remedy)
}

fn no_database(group: &GroupFacts) -> Option<Refusal> {
    group.databases.is_empty().then(|| {
        group_incomplete(
            &group.folders.log_dir,
            "no database of the storage group was found or named",
            "Name each database with --db: all of them must be checked for Clean Shutdown.",
        )
    })
}

/// No file lists all databases of a storage group, but what the logs name must be there.
fn not_given(group: &GroupFacts, stream: &LogStream, request: &GroupRequest) -> Vec<Refusal> {
    let refuse = |named: NamedDatabase| {
        let random = named.signature.random.get();
        group_incomplete(
            &group.folders.log_dir,
            format!(
                "the logs name a database that was not given: {} (DB Signature {})",
                named.path, named.signature
            ),
            format!(
                "Name it with --db. If that store was deleted since: {ALLOW_GROUP_INCOMPLETE} {random}"
            ),
        )
    };
    let unread = stream.attach_list_faults().into_iter().map(|fault| {
        let what = format!("which databases it names cannot be read: {fault}");
        group_incomplete(fault.path, what, attach_list_way_out(fault.holder))
    });
    let may_be_missing =
        |named: &NamedDatabase| request.may_be_missing.contains(&named.signature.random.get());
    // What a database became by eseutil /p or /d is accepted in its place where it was named.
    let is_named_anew = |named: &NamedDatabase| {
        later_self(group, named).is_some_and(|database| request.names(database))
    };
    let mut missing = missing_databases(group, stream);
    missing.retain(|named| !may_be_missing(named) && !is_named_anew(named));
    unread.chain(missing.into_iter().map(refuse)).collect()
}

/// Without a person every database must have been named.
fn unnamed(group: &GroupFacts, request: &GroupRequest) -> Vec<Refusal> {
    let unnamed = |database: &&DatabaseFacts| request.unattended && !request.names(database);
    let refuse = |database: &DatabaseFacts| {
        group_incomplete(
            &database.path,
            "with --yes every database of the storage group must be named",
            format!("Add --db {}", quoted(&database.path)),
        )
    };
    group.databases.iter().filter(unnamed).map(refuse).collect()
}

/// Something else under the name of a log or of the checkpoint.
fn odd_files(stream: &LogStream) -> Vec<Refusal> {
    let odd = stream.moving_logs().filter_map(|log| match log.content {
        LogContent::NotRegular(kind) => Some(odd_file(&log.path, "a transaction log", kind)),
        _ => None,
    });
    let checkpoint = stream.checkpoint.iter().filter(|file| !file.is_regular());
    let checkpoint = checkpoint.map(|file| odd_file(&file.path, "a checkpoint", file.status.kind));
    odd.chain(checkpoint).collect()
}

fn odd_file(path: &Path, named_like: &str, kind: FileKind) -> Refusal {
    let what = match kind {
        FileKind::Directory => "a folder",
        FileKind::Symlink => "a symbolic link",
        _ => "a FIFO, a socket or a device",
    };
    Refusal::new(
        RefusalId::NotARegularFile,
        path,
        format!("it is named like {named_like}, but is {what}"),
        "Find out what it is, and move it out of the folder.",
    )
}
