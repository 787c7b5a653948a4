//! The streaming file of an Exchange 2000 or 2003 database.

use std::path::{Path, PathBuf};

use crate::ese::shadow::{self, HeaderPair};
use crate::ese::{ContentKind, DbHeader, content};
use crate::storage::{Access, Storage};

use super::read_header_area;

/// What was found where the header says that there is a streaming file.
#[derive(Clone)]
pub struct StreamFacts {
    /// Where it was looked for.
    pub path: PathBuf,
    /// Whether a regular file is there.
    pub found: bool,
    /// Its header, where one copy is valid and says that it is a streaming file.
    pub header: Option<HeaderPair>,
}

impl StreamFacts {
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

pub(super) fn survey_stream(storage: &dyn Storage, database: &Path) -> StreamFacts {
    let path = streaming_file_path(database);
    let area = storage.open(&path, Access::Read).and_then(|file| read_header_area(file.as_ref()));
    let header = area.as_ref().ok().and_then(|area| match content::identify(area) {
        ContentKind::Streaming => shadow::elect(area),
        _ => None,
    });
    StreamFacts { path, found: area.is_ok(), header }
}
