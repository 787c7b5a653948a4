//! A storage group: the databases, logs and checkpoints of one or more folders, as facts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::ese::attach_list::ATTACH_LIST_BYTES;
use crate::ese::checkpoint::CHECKPOINT_ATTACH_LIST_OFFSET;
use crate::ese::log_header::LOG_ATTACH_LIST_OFFSET;
use crate::ese::{
    AttachListError, AttachedDatabase, Checkpoint, CheckpointCopies, LogBase, LogFileName,
    LogHeader, LogNaming, Signature,
};
use crate::machine::restore_keys;
use crate::storage::{
    Access, FileKind, Result, Status, Storage, StorageError, on_all_cores, read_full,
};

use super::log_file::survey_log_file;
use super::{DatabaseFacts, Digests, Listings, LogContent, LogFacts, LogFile};

/// Where the parts of a storage group lie. All absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupFolders {
    /// Transaction logs, temporary and reserve logs.
    pub log_dir: PathBuf,
    /// The checkpoint.
    pub system_dir: PathBuf,
}

/// A storage group, or several that share a folder.
pub struct GroupFacts {
    /// Where it was looked for.
    pub folders: GroupFolders,
    /// The log streams, by base name.
    pub streams: Vec<StreamOfLogs>,
    /// The databases that were named or found.
    pub databases: Vec<DatabaseFacts>,
    /// `res1.log` and `res2.log`, which belong to no base name.
    pub shared_reserves: Vec<LogFile>,
    /// `restore.env` and `*.pat` in any of the folders: a restore is under way.
    pub restore_files: Vec<PathBuf>,
    /// Registry keys of this machine that say the same; empty where that is not known.
    pub restore_keys: Vec<String>,
    /// Markers of interrupted operations in the log folder (`E00.edbmend-pending`).
    pub pending: Vec<PathBuf>,
}

/// The files of one base name.
#[derive(Clone, Default)]
pub struct StreamOfLogs {
    /// Base name, as it is written on the disk: `E00`.
    pub base: String,
    /// Closed logs, ascending by the generation in their names.
    pub archives: Vec<LogFile>,
    /// The current log.
    pub current: Option<LogFile>,
    /// Further files under the name of the current log: in another letter case, or with the other
    /// family of extensions.
    pub rivals: Vec<LogFile>,
    /// The next log, being prepared, or left over.
    pub temporary: Option<LogFile>,
    /// Reserve logs of this base name.
    pub reserves: Vec<LogFile>,
    /// Shadow logs.
    pub shadows: Vec<LogFile>,
    /// The checkpoint.
    pub checkpoint: Option<CheckpointFile>,
    /// The databases that were attached when the current log was created.
    pub attached: Vec<AttachedDatabase>,
    /// Where the list of these cannot be read: which databases there are is then not known.
    pub attached_fault: Option<AttachListError>,
}

/// A checkpoint file.
#[derive(Clone)]
pub struct CheckpointFile {
    /// Absolute path.
    pub path: PathBuf,
    /// What the file system says.
    pub status: Status,
    /// SHA-256 of its first 4096 bytes.
    pub header_sha256: [u8; 32],
    /// The copy that the engine uses; `None` where neither is valid, or the file could not be read.
    pub elected: Option<(Checkpoint, CheckpointCopies)>,
    /// Why it could not be read.
    pub read_error: Option<Arc<StorageError>>,
}

/// An attach list that cannot be read to its end.
pub struct AttachListFault<'a> {
    /// The log, or the checkpoint.
    pub path: &'a Path,
    /// Whether it is that of the checkpoint.
    pub of_checkpoint: bool,
    /// Offset in the file of the record that does not fit.
    pub record_offset: usize,
    /// Offset in the file at which the list ends at the latest.
    pub end_offset: usize,
}

impl<'a> AttachListFault<'a> {
    fn new(path: &'a Path, list_offset: usize, fault: AttachListError) -> Self {
        let record_offset = list_offset + fault.offset;
        let of_checkpoint = list_offset == CHECKPOINT_ATTACH_LIST_OFFSET;
        Self { path, of_checkpoint, record_offset, end_offset: list_offset + ATTACH_LIST_BYTES }
    }

    /// What brings a good list.
    pub fn way_out(&self) -> &'static str {
        match self.of_checkpoint {
            true => {
                "Mount all stores of the group and dismount them: the engine writes the checkpoint anew."
            }
            false => {
                "The engine writes the list anew with each log: mount all stores of the group until the \
                 next log has begun, and dismount them. If they do not mount, bring a good copy of this \
                 log back from a backup."
            }
        }
    }
}

impl std::fmt::Display for AttachListFault<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the attach list is damaged: found a record at offset {} that leaves the list, expected all \
             of them to end before offset {}",
            self.record_offset, self.end_offset
        )
    }
}

impl CheckpointFile {
    /// Whether it is a file at all, and no folder or link under a checkpoint's name.
    pub fn is_regular(&self) -> bool {
        self.status.kind == FileKind::Regular
    }
}

impl StreamOfLogs {
    /// The log signature: of the current log, else of the newest closed one that has a header.
    pub fn signature(&self) -> Option<Signature> {
        self.in_order().rev().find_map(|log| log.summary().map(|summary| summary.signature))
    }

    /// Closed logs and the current one, in order.
    pub fn in_order(&self) -> impl DoubleEndedIterator<Item = &LogFile> {
        self.archives.iter().chain(&self.current)
    }

    /// Every log that belongs to it and holds, or held, its records: all but reserve logs.
    pub fn moving_logs(&self) -> impl Iterator<Item = &LogFile> {
        let before = self.temporary.iter().chain(&self.current).chain(&self.rivals);
        before.chain(&self.archives).chain(&self.shadows)
    }

    /// How its logs are named: as the first closed log, else as the current one, else as in Exchange
    /// 2003.
    pub fn naming(&self) -> Option<LogNaming> {
        let of_base = || LogBase::new(&self.base).map(LogNaming::legacy);
        self.in_order().find_map(|log| log.name.naming()).or_else(of_base)
    }

    /// The identity of the stream: its log signature, else that of its checkpoint.
    pub fn identity(&self) -> Option<Signature> {
        let of_checkpoint = || {
            let (checkpoint, _) = self.checkpoint.as_ref()?.elected.as_ref()?;
            Some(checkpoint.raw.log_signature)
        };
        self.signature().or_else(of_checkpoint)
    }

    /// The logs with a place in the sequence, and the checkpoint, that could not be read.
    pub fn unread(&self) -> impl Iterator<Item = (&Path, &StorageError)> {
        self.unread_among(self.in_order())
    }

    /// Those of some logs of the stream, and the checkpoint, that could not be read.
    pub fn unread_among<'a>(
        &'a self,
        logs: impl Iterator<Item = &'a LogFile>,
    ) -> impl Iterator<Item = (&'a Path, &'a StorageError)> {
        let logs = logs.filter_map(|log| Some((&*log.path, log.read_error()?)));
        let checkpoint = self.checkpoint.as_ref();
        logs.chain(checkpoint.and_then(|file| Some((&*file.path, file.read_error.as_deref()?))))
    }

    /// The attach lists that cannot be read to their end: of the current log, of the checkpoint.
    pub fn attach_list_faults(&self) -> Vec<AttachListFault<'_>> {
        let log = self.current.as_ref().zip(self.attached_fault);
        let of_log =
            log.map(|(log, fault)| AttachListFault::new(&log.path, LOG_ATTACH_LIST_OFFSET, fault));
        let checkpoint = self.checkpoint.as_ref().and_then(|file| {
            let fault = file.elected.as_ref()?.0.attached().err()?;
            Some(AttachListFault::new(&file.path, CHECKPOINT_ATTACH_LIST_OFFSET, fault))
        });
        of_log.into_iter().chain(checkpoint).collect()
    }

    /// The generation of the current log, else of the newest closed one.
    pub fn last_generation(&self) -> Option<i32> {
        self.in_order().rev().find_map(|log| log.summary().map(|summary| summary.generation))
    }
}

/// Surveys the logs and checkpoints of a storage group; the databases are given, and learn of the
/// logs of their streams. `advance` is told how many more logs were read.
pub fn survey_group(
    storage: &dyn Storage,
    folders: GroupFolders,
    databases: Vec<DatabaseFacts>,
    digests: Digests,
    advance: &(dyn Fn(u64) + Sync),
) -> Result<GroupFacts> {
    survey_group_among(&Listings::new(storage), folders, databases, digests, advance)
}

/// The same in folders that are listed once.
pub fn survey_group_among(
    listings: &Listings,
    folders: GroupFolders,
    mut databases: Vec<DatabaseFacts>,
    digests: Digests,
    advance: &(dyn Fn(u64) + Sync),
) -> Result<GroupFacts> {
    let storage = listings.storage;
    let mut streams = BTreeMap::new();
    let mut shared_reserves = Vec::new();
    for file in read_logs(listings, &folders.log_dir, digests, advance)? {
        sort_in(&mut streams, &mut shared_reserves, file);
    }
    for (base, path) in checkpoints(listings, &folders.system_dir)? {
        let stream: &mut StreamOfLogs = streams.entry(base.to_uppercase()).or_default();
        if stream.base.is_empty() {
            stream.base = base;
        }
        stream.checkpoint = read_checkpoint(storage, &path)?;
    }
    let mut streams: Vec<StreamOfLogs> = streams.into_values().collect();
    for stream in &mut streams {
        stream.archives.sort_by_key(|log| log.name.generation());
        read_attach_list(storage, stream);
    }
    for database in &mut databases {
        database.logs =
            database.pair.as_ref().map(|p| LogFacts::of(&streams, &p.header.raw.log_signature));
    }
    let pending = listings.group_markers(&folders.log_dir);
    for database in &mut databases {
        database.group_pending = database.group_pending.take().or_else(|| pending.first().cloned());
    }
    Ok(GroupFacts {
        restore_files: restore_files(listings, &folders, &databases),
        restore_keys: restore_keys(&folders.log_dir).unwrap_or_default(),
        folders,
        streams,
        databases,
        shared_reserves,
        pending,
    })
}

/// Reads the headers of the files in a folder that are named like logs.
fn read_logs(
    listings: &Listings,
    dir: &Path,
    digests: Digests,
    advance: &(dyn Fn(u64) + Sync),
) -> Result<impl Iterator<Item = LogFile> + use<>> {
    let (storage, listing) = (listings.storage, listings.of(dir)?);
    let mut named = Vec::with_capacity(listing.len());
    for (name, kind) in &*listing {
        match name.to_str().and_then(LogFileName::parse) {
            None | Some(LogFileName::Checkpoint { .. }) => {}
            Some(parsed) => named.push((name.as_os_str(), parsed, *kind)),
        }
    }
    Ok(on_all_cores(named, |(name, parsed, kind)| {
        advance(1);
        // Of a hundred thousand paths each is as long as it must be.
        let mut path = PathBuf::with_capacity(dir.as_os_str().len() + 1 + name.len());
        path.extend([dir.as_os_str(), name]);
        survey_log_file(storage, path, parsed, kind, digests)
    }))
}

fn sort_in(
    streams: &mut BTreeMap<String, StreamOfLogs>,
    shared_reserves: &mut Vec<LogFile>,
    file: LogFile,
) {
    let Some(base) = file.name.base().map(|base| base.to_string()) else {
        return shared_reserves.push(file);
    };
    let stream = streams.entry(base.to_uppercase()).or_default();
    if stream.base.is_empty() {
        stream.base = base;
    }
    match file.name {
        LogFileName::Archive { .. } => stream.archives.push(file),
        LogFileName::Current { .. } if stream.current.is_some() => stream.rivals.push(file),
        LogFileName::Current { .. } => stream.current = Some(file),
        LogFileName::Temporary { .. } => stream.temporary = Some(file),
        LogFileName::Reserve { .. } => stream.reserves.push(file),
        LogFileName::Shadow { .. } => stream.shadows.push(file),
        LogFileName::Checkpoint { .. } | LogFileName::SharedReserve { .. } => {}
    }
}

fn checkpoints(listings: &Listings, dir: &Path) -> Result<Vec<(String, PathBuf)>> {
    let listing = listings.of(dir)?;
    let found = listing.iter().filter_map(|(name, _)| match LogFileName::parse(name.to_str()?)? {
        LogFileName::Checkpoint { base, .. } => Some((base.to_string(), dir.join(name))),
        _ => None,
    });
    Ok(found.collect())
}

/// `None` where it went away meanwhile.
fn read_checkpoint(storage: &dyn Storage, path: &Path) -> Result<Option<CheckpointFile>> {
    let status = match storage.status(path) {
        Err(error) if error.is_not_found() => return Ok(None),
        status => status?,
    };
    let mut bytes = vec![0; 8192];
    let read = storage.open(path, Access::Read).and_then(|f| read_full(f.as_ref(), &mut bytes, 0));
    bytes.truncate(*read.as_ref().unwrap_or(&0));
    // What is no file is judged by its kind.
    let read_error = read.err().filter(|_| status.kind == FileKind::Regular).map(Arc::new);
    Ok(Some(CheckpointFile {
        path: path.to_owned(),
        status,
        header_sha256: Sha256::digest(&bytes[..bytes.len().min(4096)]).into(),
        elected: Checkpoint::elect(&bytes),
        read_error,
    }))
}

/// Reads the attach list of the current log. It is the state when that log was created.
fn read_attach_list(storage: &dyn Storage, stream: &mut StreamOfLogs) {
    let Some(current) = stream.current.as_mut().filter(|log| log.summary().is_some()) else {
        return;
    };
    let mut start = vec![0; 4096];
    let read = storage
        .open(&current.path, Access::Read)
        .and_then(|f| read_full(f.as_ref(), &mut start, 0));
    match read.map(|read| LogHeader::parse(&start[..read])) {
        Err(error) => current.content = LogContent::Unreadable(Arc::new(error)),
        Ok(None) => {}
        Ok(Some(header)) => match header.attached() {
            Ok(attached) => stream.attached = attached,
            Err(fault) => stream.attached_fault = Some(fault),
        },
    }
}

fn restore_files(
    listings: &Listings,
    folders: &GroupFolders,
    databases: &[DatabaseFacts],
) -> Vec<PathBuf> {
    let beside = databases.iter().filter_map(|database| database.path.parent());
    let mut dirs: Vec<&Path> =
        [&*folders.log_dir, &*folders.system_dir].into_iter().chain(beside).collect();
    dirs.sort();
    dirs.dedup();
    let is_restore = |name: &str| {
        name.eq_ignore_ascii_case("restore.env") || name.to_ascii_lowercase().ends_with(".pat")
    };
    let mut found = Vec::new();
    for dir in dirs {
        let Ok(listing) = listings.of(dir) else { continue };
        let names = listing.iter().map(|(name, _)| name);
        let ours = names.filter(|name| name.to_str().is_some_and(is_restore));
        found.extend(ours.map(|name| dir.join(name)));
    }
    found
}
