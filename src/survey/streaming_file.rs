//! The streaming file of an Exchange 2000 or 2003 database.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ese::shadow::{self, HeaderPair};
use crate::ese::{ContentKind, DbHeader, content};
use crate::storage::{Access, FileKind, Storage, StorageError};

use super::read_header_area;

/// What was found where the header says that there is a streaming file.
#[derive(Clone)]
pub struct StreamingFile {
    /// Where it was looked for.
    pub path: PathBuf,
    /// Whether a regular file is there.
    pub found: bool,
    /// Why it could not be read: of what it holds nothing is known.
    pub read_error: Option<Arc<StorageError>>,
    /// Its header, where one copy is valid and says that it is a streaming file.
    pub header: Option<HeaderPair>,
}

impl StreamingFile {
    /// Whether the file's header names the same pair as the database's.
    pub fn belongs_to(&self, database: &DbHeader) -> bool {
        let signature = self.header.as_ref().map(|pair| pair.header.raw.slv_signature);
        signature == Some(database.raw.slv_signature)
    }
}

/// `priv1.stm` for `priv1.edb`, in the letter case of the database's own extension.
pub fn streaming_file_path(database: &Path) -> PathBuf {
    let upper =
        database.extension().is_some_and(|e| e.to_string_lossy().chars().all(char::is_uppercase));
    database.with_extension(if upper { "STM" } else { "stm" })
}

pub(super) fn survey_streaming_file(storage: &dyn Storage, database: &Path) -> StreamingFile {
    let path = streaming_file_path(database);
    let area = storage.open(&path, Access::Read).and_then(|file| read_header_area(file.as_ref()));
    let was_read = area.is_ok();
    let header = area.as_ref().ok().and_then(|area| match content::identify(area) {
        ContentKind::Streaming => shadow::elect(area),
        _ => None,
    });
    let is_file = || storage.status(&path).is_ok_and(|status| status.kind == FileKind::Regular);
    let read_error = area.err().filter(|_| is_file()).map(Arc::new);
    StreamingFile { path, found: was_read || read_error.is_some(), read_error, header }
}
