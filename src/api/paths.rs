//! From the paths that were named to those that are used.

use std::path::{Path, PathBuf};

use crate::apply::DEFAULT_BACKUP_DIR;
use crate::guards::{not_found, unreadable};
use crate::refusal::{Refusal, RefusalId};
use crate::show::quoted;
use crate::storage::{FileKind, absolute, canonical};

use super::run::Run;

impl Run<'_> {
    /// The absolute form of a folder that was named, links resolved.
    pub fn resolve_dir(&self, path: &Path) -> Result<PathBuf, Refusal> {
        let path = self.resolve(path)?;
        let dir = canonical(&path).map_err(|_| not_found(self.storage(), &path))?;
        match self.storage().status(&dir).map_err(|error| unreadable(&error))?.kind {
            FileKind::Directory => Ok(dir),
            _ => Err(Refusal::new(
                RefusalId::NotFound,
                &path,
                "this is a file, expected a folder",
                format!("Name its folder: {}", quoted(dir.parent().unwrap_or(Path::new("/")))),
            )),
        }
    }

    /// The absolute form of a path that was named.
    pub fn resolve(&self, path: &Path) -> Result<PathBuf, Refusal> {
        absolute(path).map_err(|error| {
            let text = format!("its whole path cannot be found out: {error}");
            Refusal::new(RefusalId::NotFound, path, text, "Name it with its whole path.")
        })
    }

    /// The folder that a link leads to: what is asked about the name must be asked about the folder. A link that
    /// is not trusted, or leads nowhere, stays one, and is refused where it is opened.
    fn led_to(&self, dir: PathBuf) -> PathBuf {
        match self.storage().hold_folder(&dir) {
            Ok(_held) => canonical(&dir).unwrap_or(dir),
            Err(_) => dir,
        }
    }

    /// The backup folder that was named, or the default beside the database.
    pub fn backup_dir(&self, named: Option<&Path>, database: &Path) -> Result<PathBuf, Refusal> {
        match named {
            Some(dir) => Ok(self.led_to(self.resolve(dir)?)),
            None => Ok(database.with_file_name(DEFAULT_BACKUP_DIR)),
        }
    }
}
