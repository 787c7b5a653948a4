//! A storage group: the databases, logs and checkpoints of one or more folders, as facts.

use std::path::{Path, PathBuf};

use crate::machine::restore_keys;
use crate::storage::{Result, Storage};

use super::log_stream::{LogStreams, survey_log_streams};
use super::patch_file::survey_patch_file;
use super::{DatabaseFacts, Digests, Listings, LogFile, LogStream, OwnLogs, PatchFile};

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
    pub streams: Vec<LogStream>,
    /// The databases that were named or found.
    pub databases: Vec<DatabaseFacts>,
    /// `res1.log` and `res2.log`, which belong to no base name.
    pub shared_reserves: Vec<LogFile>,
    /// `restore.env` in any of the folders: a restore is under way.
    pub restore_files: Vec<PathBuf>,
    /// What streaming backups left in any of the folders.
    pub patch_files: Vec<PatchFile>,
    /// Registry keys of this machine that say that a restore is under way; empty where that is not known.
    pub restore_keys: Vec<String>,
    /// Markers of interrupted operations in the log folder (`E00.edbmend-pending`).
    pub pending: Vec<PathBuf>,
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

/// Surveys a storage group as [`survey_group`] does, in folders that are listed once for all surveys.
pub fn survey_group_among(
    listings: &Listings,
    folders: GroupFolders,
    mut databases: Vec<DatabaseFacts>,
    digests: Digests,
    advance: &(dyn Fn(u64) + Sync),
) -> Result<GroupFacts> {
    let GroupFolders { log_dir, system_dir } = &folders;
    let LogStreams { streams, shared_reserves } =
        survey_log_streams(listings, log_dir, system_dir, digests, advance)?;
    let pending = listings.group_markers(log_dir);
    for database in &mut databases {
        database.logs =
            database.pair.as_ref().map(|p| OwnLogs::among(&streams, &p.header.raw.log_signature));
        database.group_pending = database.group_pending.take().or_else(|| pending.first().cloned());
    }
    let beside = Beside { listings, folders: &folders, databases: &databases };
    let (restore_files, patch_files) = (beside.restore_files(), beside.patch_files());
    Ok(GroupFacts {
        restore_files,
        patch_files,
        restore_keys: restore_keys(log_dir).unwrap_or_default(),
        folders,
        streams,
        databases,
        shared_reserves,
        pending,
    })
}

/// The folders of a group.
struct Beside<'a> {
    listings: &'a Listings<'a>,
    folders: &'a GroupFolders,
    databases: &'a [DatabaseFacts],
}

impl Beside<'_> {
    fn restore_files(&self) -> Vec<PathBuf> {
        self.named(|name| name.eq_ignore_ascii_case("restore.env"))
    }

    fn patch_files(&self) -> Vec<PatchFile> {
        let found = self.named(|name| name.to_ascii_lowercase().ends_with(".pat")).into_iter();
        found.filter_map(|path| survey_patch_file(self.listings.storage, path)).collect()
    }

    /// The files of such names in all folders.
    fn named(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
        let GroupFolders { log_dir, system_dir } = self.folders;
        let of_databases = self.databases.iter().filter_map(|database| database.path.parent());
        let mut dirs: Vec<&Path> =
            [&**log_dir, &**system_dir].into_iter().chain(of_databases).collect();
        dirs.sort();
        dirs.dedup();
        let mut found = Vec::new();
        for dir in dirs {
            let Ok(listing) = self.listings.of(dir) else { continue };
            let names = listing.iter().map(|(name, _)| name);
            let ours = names.filter(|name| name.to_str().is_some_and(&is_wanted));
            found.extend(ours.map(|name| dir.join(name)));
        }
        found
    }
}
