//! The log streams of a folder: the files of each base name, read as far as their headers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ese::checkpoint::CHECKPOINT_ATTACH_LIST_OFFSET;
use crate::ese::log_header::LOG_ATTACH_LIST_OFFSET;
use crate::ese::{
    AttachListError, AttachedDatabase, LogBase, LogFileName, LogHeader, LogNaming, Signature,
};
use crate::storage::{Access, Result, Storage, StorageError, on_all_cores, read_full};

use super::attach_list::{AttachListFault, AttachListHolder};
use super::checkpoint_file::{CheckpointFile, checkpoint_paths, read_checkpoint};
use super::log_file::survey_log_file;
use super::{Digests, Listings, LogContent, LogFile};

/// The files of one base name.
#[derive(Clone)]
pub struct LogStream {
    /// Base name, as it is written on the disk: `E00`.
    pub base: LogBase,
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

impl LogStream {
    /// A stream of which no file is known yet.
    pub fn new(base: LogBase) -> Self {
        Self {
            base,
            archives: Vec::new(),
            current: None,
            rivals: Vec::new(),
            temporary: None,
            reserves: Vec::new(),
            shadows: Vec::new(),
            checkpoint: None,
            attached: Vec::new(),
            attached_fault: None,
        }
    }

    /// The log signature: of the current log, else of the newest closed one that has a header. Where the checkpoint
    /// and that one agree on another signature than the current log has, it is the current log that came from elsewhere.
    pub fn signature(&self) -> Option<Signature> {
        let of_log = |log: &LogFile| log.summary().map(|summary| summary.signature);
        let closed = self.archives.iter().rev().find_map(of_log);
        let current = self.current.as_ref().and_then(of_log);
        match (current, closed) {
            (Some(_), Some(own)) if self.checkpoint_signature() == Some(own) => closed,
            (current, closed) => current.or(closed),
        }
    }

    fn checkpoint_signature(&self) -> Option<Signature> {
        let (checkpoint, _) = self.checkpoint.as_ref()?.elected.as_ref()?;
        Some(checkpoint.raw.log_signature)
    }

    /// The current log, where it is of this stream.
    pub fn own_current(&self) -> Option<&LogFile> {
        let is_own = |log: &&LogFile| {
            log.summary().is_some_and(|summary| Some(summary.signature) == self.signature())
        };
        self.current.as_ref().filter(is_own)
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

    /// Takes out every log that belongs to it and holds, or held, its records: all but reserve logs.
    pub fn into_moving_logs(self) -> impl Iterator<Item = LogFile> {
        let before = self.temporary.into_iter().chain(self.current).chain(self.rivals);
        before.chain(self.archives).chain(self.shadows)
    }

    /// How its logs are named: as the first closed log, else as the current one, else as in Exchange
    /// 2003.
    pub fn naming(&self) -> LogNaming {
        let of_logs = self.in_order().find_map(|log| log.name.naming());
        of_logs.unwrap_or_else(|| LogNaming::legacy(self.base))
    }

    /// The identity of the stream: its log signature, else that of its checkpoint.
    pub fn identity(&self) -> Option<Signature> {
        self.signature().or_else(|| self.checkpoint_signature())
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
        let of_log = self.current.as_ref().zip(self.attached_fault).map(|(log, fault)| {
            AttachListFault::new(AttachListHolder::Log, &log.path, LOG_ATTACH_LIST_OFFSET, fault)
        });
        let of_checkpoint = self.checkpoint.as_ref().and_then(|file| {
            let fault = file.elected.as_ref()?.0.attached().err()?;
            let (holder, offset) = (AttachListHolder::Checkpoint, CHECKPOINT_ATTACH_LIST_OFFSET);
            Some(AttachListFault::new(holder, &file.path, offset, fault))
        });
        of_log.into_iter().chain(of_checkpoint).collect()
    }

    /// The generation of the current log, else of the newest closed one.
    pub fn last_generation(&self) -> Option<i32> {
        self.in_order().rev().find_map(|log| log.summary().map(|summary| summary.generation))
    }

    fn take_in(&mut self, file: LogFile) {
        match file.name {
            LogFileName::Archive { .. } => self.archives.push(file),
            LogFileName::Current { .. } if self.current.is_some() => self.rivals.push(file),
            LogFileName::Current { .. } => self.current = Some(file),
            LogFileName::Temporary { .. } => self.temporary = Some(file),
            LogFileName::Reserve { .. } => self.reserves.push(file),
            LogFileName::Shadow { .. } => self.shadows.push(file),
            LogFileName::Checkpoint { .. } | LogFileName::SharedReserve { .. } => {}
        }
    }

    /// Reads the attach list of the current log, where that is of this stream. It is the state when that log was
    /// created.
    fn read_attach_list(&mut self, storage: &dyn Storage) {
        let is_own = self.own_current().is_some();
        let Some(current) = self.current.as_mut().filter(|_| is_own) else { return };
        let mut start = vec![0; 4096];
        let read = storage
            .open(&current.path, Access::Read)
            .and_then(|f| read_full(f.as_ref(), &mut start, 0));
        match read.map(|read| LogHeader::parse(&start[..read])) {
            Err(error) => current.content = LogContent::Unreadable(Arc::new(error)),
            Ok(None) => {}
            Ok(Some(header)) => match header.attached() {
                Ok(attached) => self.attached = attached,
                Err(fault) => self.attached_fault = Some(fault),
            },
        }
    }
}

/// The log streams of a folder.
pub(super) struct LogStreams {
    /// By base name.
    pub streams: Vec<LogStream>,
    /// `res1.log` and `res2.log`, which belong to no base name.
    pub shared_reserves: Vec<LogFile>,
}

/// Surveys the logs in one folder and the checkpoints in another, or the same. `advance` is told how
/// many more logs were read.
pub(super) fn survey_log_streams(
    listings: &Listings,
    log_dir: &Path,
    system_dir: &Path,
    digests: Digests,
    advance: &(dyn Fn(u64) + Sync),
) -> Result<LogStreams> {
    let storage = listings.storage;
    let mut streams = BTreeMap::new();
    let mut shared_reserves = Vec::new();
    let mut files = read_logs(listings, log_dir, digests, advance)?;
    // Most often all closed logs are of one stream: they stay where they are.
    let base = files.iter().find(|file| is_closed(file)).and_then(|file| file.name.base());
    let of_others = |file: &mut LogFile| !is_closed(file) || file.name.base() != base;
    let others: Vec<LogFile> = files.extract_if(.., of_others).collect();
    if let Some(base) = base {
        stream_of(&mut streams, base).archives = files;
    }
    for file in others {
        match file.name.base() {
            Some(base) => stream_of(&mut streams, base).take_in(file),
            None => shared_reserves.push(file),
        }
    }
    for (base, path) in checkpoint_paths(listings, system_dir)? {
        stream_of(&mut streams, base).checkpoint = read_checkpoint(storage, &path)?;
    }
    let mut streams: Vec<LogStream> = streams.into_values().collect();
    for stream in &mut streams {
        // In place: there may be a hundred thousand. Of two for one generation the shorter name comes first.
        let order = |log: &LogFile| (log.name.generation(), log.path.as_os_str().len());
        stream.archives.sort_unstable_by(|one, other| {
            order(one).cmp(&order(other)).then_with(|| one.path.cmp(&other.path))
        });
        stream.read_attach_list(storage);
    }
    Ok(LogStreams { streams, shared_reserves })
}

fn is_closed(file: &LogFile) -> bool {
    matches!(file.name, LogFileName::Archive { .. })
}

fn stream_of(streams: &mut BTreeMap<LogBase, LogStream>, base: LogBase) -> &mut LogStream {
    streams.entry(base).or_insert_with(|| LogStream::new(base))
}

/// Reads the headers of the files in a folder that are named like logs.
fn read_logs(
    listings: &Listings,
    dir: &Path,
    digests: Digests,
    advance: &(dyn Fn(u64) + Sync),
) -> Result<Vec<LogFile>> {
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
