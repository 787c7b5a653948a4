//! The facts of one database.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::ese::shadow::{self, HeaderArea, HeaderPair, Which};
use crate::ese::{ContentKind, content};
use crate::storage::{Access, File, FileKind, Status, Storage};

use super::owned_pages::last_owned_page;
use super::pending_marker::pending_marker;
use super::streaming_file::survey_streaming_file;
use super::{
    Listings, LostHeader, OwnLogs, PageFacts, StreamingFile, SurveyError, read_header_area,
};

/// Everything that is known of a database: without reading its data pages, but for those
/// that say where it ends, unless that was asked for.
#[derive(Clone)]
pub struct DatabaseFacts {
    /// Absolute path.
    pub path: PathBuf,
    /// What the file system says.
    pub status: Status,
    /// Kind of the file, from its content.
    pub kind: ContentKind,
    /// Its first bytes.
    pub area: HeaderArea,
    /// Its header, where at least one copy is valid.
    pub pair: Option<HeaderPair>,
    /// The last page that it owns, as the engine numbers it, where its pages say so.
    pub last_owned_page: Option<u32>,
    /// What of its header is proven, where it is lost and that was looked for.
    pub lost_header: Option<LostHeader>,
    /// Its streaming file, where the header says that it has one.
    pub streaming: Option<StreamingFile>,
    /// All its pages, where they were read.
    pub pages: Option<Arc<PageFacts>>,
    /// The logs of its log stream, where they were looked for.
    pub logs: Option<OwnLogs>,
    /// The marker of an operation that was interrupted, if there is one.
    pub pending: Option<PathBuf>,
    /// How many names (hard links) it has.
    pub names: u64,
    /// How many names it has in other folders.
    pub names_elsewhere: u64,
    /// The marker of an interrupted operation on logs beside it, or in the log folder.
    pub group_pending: Option<PathBuf>,
    /// This process may write the file and create names beside it.
    pub may_write: bool,
}

/// What must be the same between the survey that a plan rests on and the moment of writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    status: Status,
    names: u64,
    header_sha256: [u8; 32],
}

impl DatabaseFacts {
    /// Identity, names, length, time of change and header bytes, for comparison.
    pub fn fingerprint(&self) -> Fingerprint {
        let header_sha256 = Sha256::digest(&self.area.bytes).into();
        Fingerprint { status: self.status.clone(), names: self.names, header_sha256 }
    }

    /// The page-sized bytes of a header copy; `None` where no page size is known or the file ends.
    pub fn copy(&self, which: Which) -> Option<&[u8]> {
        self.area.block(which, self.pair.as_ref()?.page_size_bytes)
    }
}

/// Reads the facts of the database at an absolute `path`.
pub fn survey_database(storage: &dyn Storage, path: &Path) -> Result<DatabaseFacts, SurveyError> {
    survey_database_among(&Listings::new(storage), path)
}

/// Reads the facts of one of several databases, whose folders are listed once for all of them.
pub fn survey_database_among(
    listings: &Listings,
    path: &Path,
) -> Result<DatabaseFacts, SurveyError> {
    let storage = listings.storage;
    let status = storage.status(path)?;
    if status.kind != FileKind::Regular {
        let target = storage.link_target(path);
        return Err(SurveyError::NotRegular { kind: status.kind, target });
    }
    let file = storage.open(path, Access::Read)?;
    facts_of(listings, file.as_ref(), path)
}

/// Reads the facts of a database through a file that is open already: a second open would break its own
/// lease.
pub fn survey_open_file(
    storage: &dyn Storage,
    file: &dyn File,
    path: &Path,
) -> Result<DatabaseFacts, SurveyError> {
    facts_of(&Listings::new(storage), file, path)
}

fn facts_of(
    listings: &Listings,
    file: &dyn File,
    path: &Path,
) -> Result<DatabaseFacts, SurveyError> {
    let storage = listings.storage;
    let area = read_header_area(file)?;
    let pair = shadow::elect(&area);
    let is_streaming = pair.as_ref().is_some_and(|p| p.header.has_streaming_file());
    let has_pages = |pair: &&HeaderPair| pair.header.raw.attribute.get() == 0;
    let page_size = pair.as_ref().filter(has_pages).map(|pair| pair.page_size_bytes);
    let marker = pending_marker(path);
    let folder = path.parent().unwrap_or(Path::new("."));
    let status = file.status()?;
    Ok(DatabaseFacts {
        kind: content::identify(&area),
        streaming: is_streaming.then(|| survey_streaming_file(storage, path)),
        last_owned_page: page_size.and_then(|size| last_owned_page(file, size)),
        lost_header: None,
        pages: None,
        logs: None,
        pending: storage
            .status(&marker)
            .is_ok()
            .then_some(marker)
            .or_else(|| listings.marker_of_another_name(path)),
        names: storage.names_of(path),
        names_elsewhere: listings.names_elsewhere(path),
        group_pending: listings.group_markers(folder).into_iter().next(),
        may_write: !status.read_only
            && storage.may_write(path)
            && folder_is_writable(storage, folder),
        status,
        area,
        pair,
        path: path.to_owned(),
    })
}

fn folder_is_writable(storage: &dyn Storage, folder: &Path) -> bool {
    storage.status(folder).is_ok_and(|status| !status.read_only) && storage.may_write(folder)
}
