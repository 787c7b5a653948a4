//! From the paths that were named to those that are used.

use std::io;
use std::path::{Path, PathBuf};

use crate::apply::DEFAULT_BACKUP_DIR;
use crate::guards::{not_found, reason, unreadable};
use crate::refusal::{Refusal, RefusalId};
use crate::show::quoted;
use crate::storage::{FileKind, StorageError};

use super::run::Run;

impl Run<'_> {
    /// The absolute form of a folder that was named, links resolved.
    pub fn resolve_dir(&self, path: &Path) -> Result<PathBuf, Refusal> {
        let path = self.resolve(path)?;
        let dir = self.real(&path).map_err(|error| self.not_reached(&path, error))?;
        match self.storage().status(&dir).map_err(|error| unreadable(&error))?.kind {
            FileKind::Directory => Ok(dir),
            _ => Err(not_a_folder(&path)),
        }
    }

    /// The absolute form of a path that was named.
    pub fn resolve(&self, path: &Path) -> Result<PathBuf, Refusal> {
        let storage = self.storage();
        let found =
            if self.writes { storage.absolute_by_own_links(path) } else { storage.absolute(path) };
        found.map_err(|error| {
            let error = StorageError::new("open the folder of", path, error);
            if error.is_foreign_link() {
                return reason(&error);
            }
            let text = format!("its whole path cannot be found out: {}", error.source);
            Refusal::new(RefusalId::NotFound, path, text, "Name it with its whole path.")
        })
    }

    /// Where a folder is, links resolved.
    fn real(&self, dir: &Path) -> io::Result<PathBuf> {
        let storage = self.storage();
        if self.writes { storage.canonical_by_own_links(dir) } else { storage.canonical(dir) }
    }

    fn not_reached(&self, dir: &Path, error: io::Error) -> Refusal {
        let error = StorageError::new("open the folder", dir, error);
        if error.is_foreign_link() {
            return reason(&error);
        }
        let is_there = self.storage().status(dir).is_ok();
        let is_file = is_there && error.source.kind() == io::ErrorKind::NotADirectory;
        if is_file { not_a_folder(dir) } else { not_found(self.storage(), dir) }
    }

    /// What a link to a folder leads to, and every other path as it is.
    pub fn resolve_link(&self, path: &Path) -> Result<PathBuf, Refusal> {
        let path = self.resolve(path)?;
        match self.resolve_dir(&path) {
            Err(refusal) if refusal.id == RefusalId::NotARegularFile => Err(refusal),
            dir => Ok(dir.unwrap_or(path)),
        }
    }

    /// The backup folder that was named, or the default beside the database.
    pub fn backup_dir(&self, named: Option<&Path>, database: &Path) -> Result<PathBuf, Refusal> {
        match named {
            // What is asked about a link must be asked about the folder. One that is not trusted, or leads nowhere,
            // stays, and is refused where it is opened.
            Some(dir) => self.resolve(dir).map(|dir| self.real(&dir).unwrap_or(dir)),
            None => Ok(database.with_file_name(DEFAULT_BACKUP_DIR)),
        }
    }
}

/// The refusal of a file, or of a link to one, in place of a folder.
fn not_a_folder(path: &Path) -> Refusal {
    Refusal::new(
        RefusalId::NotFound,
        path,
        "this is a file, expected a folder",
        format!("Name its folder: {}", quoted(path.parent().unwrap_or(Path::new("/")))),
    )
}
