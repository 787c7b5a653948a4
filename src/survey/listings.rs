//! What folders hold, each listed once for one survey: a folder may hold a hundred thousand logs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::ese::LogBase;
use crate::storage::{FileKind, Result, Storage, without};

use super::known::Known;
use super::pending_marker::{MARKER_SUFFIX, pending_marker};

/// What a folder holds: names, and their kinds where the folder tells them.
pub type Listing = Rc<Vec<(OsString, Option<FileKind>)>>;

/// The folders of one survey.
pub struct Listings<'a> {
    /// Where they lie.
    pub storage: &'a dyn Storage,
    known: Known<Vec<(OsString, Option<FileKind>)>>,
}

impl<'a> Listings<'a> {
    /// No folder is listed yet.
    pub fn new(storage: &'a dyn Storage) -> Self {
        Self { storage, known: Known::default() }
    }

    /// What a folder holds, unordered.
    pub fn of(&self, dir: &Path) -> Result<Listing> {
        self.known.of(dir, || self.storage.list_kinds(dir))
    }

    /// The marker of a pending operation on the same file under another name in its folder (a hard link).
    pub fn marker_of_another_name(&self, path: &Path) -> Option<PathBuf> {
        if self.storage.names_of(path) < 2 {
            return None;
        }
        let identity = |path: &Path| self.storage.status(path).ok().map(|status| status.identity);
        let (dir, own) = (path.parent()?, identity(path)?);
        let listing = self.of(dir).ok()?;
        let markers = listing.iter().map(|(name, _)| dir.join(name));
        let mut subjects = markers.filter_map(|marker| without(&marker, MARKER_SUFFIX));
        let other = subjects.find(|other| other != path && identity(other) == Some(own))?;
        Some(pending_marker(&other))
    }

    /// How many names the file has outside of its folder.
    pub fn names_elsewhere(&self, path: &Path) -> u64 {
        let names = self.storage.names_of(path);
        if names < 2 {
            return 0;
        }
        let identity = |path: &Path| self.storage.status(path).ok().map(|status| status.identity);
        let own = identity(path);
        let here = path.parent().and_then(|dir| Some((dir, self.of(dir).ok()?)));
        let here = here.map_or(1, |(dir, listing)| {
            listing.iter().filter(|(name, _)| identity(&dir.join(name)) == own).count() as u64
        });
        names.saturating_sub(here)
    }

    /// The markers of pending operations on logs in a folder (`E00.edbmend-pending`), in order.
    pub(super) fn group_markers(&self, dir: &Path) -> Vec<PathBuf> {
        // A folder that cannot be listed is met by whoever wants to write to it.
        let Ok(listing) = self.of(dir) else { return Vec::new() };
        let names = listing.iter().filter_map(|(name, _)| name.to_str());
        let mut found: Vec<_> =
            names.filter(|name| is_group_marker(name)).map(|name| dir.join(name)).collect();
        found.sort();
        found
    }
}

/// The markers of pending operations on logs in a folder (`E00.edbmend-pending`).
pub fn group_markers(storage: &dyn Storage, dir: &Path) -> Vec<PathBuf> {
    Listings::new(storage).group_markers(dir)
}

fn is_group_marker(name: &str) -> bool {
    name.strip_suffix(MARKER_SUFFIX).is_some_and(|base| LogBase::new(base).is_some())
}
