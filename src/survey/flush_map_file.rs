//! The flush map beside a database: which of its pages were ever written.

use std::path::Path;

use crate::ese::flush_map::{FLUSH_MAP_PAGE_BYTES, PAGES_IN_MAP_PAGE, is_written};
use crate::ese::page::check_page;
use crate::ese::{FlushMapHeader, PageVerdict, RawDbHeader};
use crate::storage::{Access, File, Storage, read_full};

/// The version of a map that engines read.
const KNOWN_VERSION: u32 = 3;

/// A flush map that the engine would take for that of its database.
pub struct FlushMapFile {
    file: Box<dyn File>,
    length_bytes: u64,
}

impl FlushMapFile {
    /// The map beside the database of that path and header; `None` where there is none that the engine would use.
    pub fn beside(storage: &dyn Storage, path: &Path, database: &RawDbHeader) -> Option<Self> {
        let path = path.with_extension("jfm");
        let (file, status) = storage.open_with_status(&path, Access::Read).ok()?;
        let mut start = vec![0; FLUSH_MAP_PAGE_BYTES];
        let read = read_full(file.as_ref(), &mut start, 0).ok()?;
        let header = FlushMapHeader::parse(&start[..read])?;
        let is_known = header.raw.version_major.get() == KNOWN_VERSION;
        let is_its_own = header.belongs_to(database);
        (is_known && is_its_own).then_some(Self { file, length_bytes: status.length_bytes })
    }

    /// How many pages of the database it covers.
    fn covered_pages(&self) -> u64 {
        let map_pages = (self.length_bytes / FLUSH_MAP_PAGE_BYTES as u64).saturating_sub(1);
        map_pages * PAGES_IN_MAP_PAGE
    }

    /// A data page of the map, where it is sound. One that is not knows of nothing: so the engine takes it.
    fn read(&self, number: u64) -> Option<Vec<u8>> {
        let mut page = vec![0; FLUSH_MAP_PAGE_BYTES];
        let offset = number.checked_add(1)?.checked_mul(FLUSH_MAP_PAGE_BYTES as u64)?;
        let read = read_full(self.file.as_ref(), &mut page, offset).ok()?;
        let is_sound =
            || check_page(&page, u32::try_from(number).unwrap_or(u32::MAX)) == PageVerdict::Ok;
        (read == page.len() && is_sound()).then_some(page)
    }
}

/// What one thread asks of a flush map. It keeps the page that it asked last.
pub(super) struct Written<'a> {
    map: Option<&'a FlushMapFile>,
    page: Option<(u64, Option<Vec<u8>>)>,
}

impl<'a> Written<'a> {
    pub(super) fn new(map: Option<&'a FlushMapFile>) -> Self {
        Self { map, page: None }
    }

    /// Whether there is a map to ask.
    pub(super) fn is_known(&self) -> bool {
        self.map.is_some()
    }

    /// Whether a page of the database was ever written, as far as the map knows.
    pub(super) fn has(&mut self, database_page: u64) -> bool {
        let Some(map) = self.map else { return false };
        let number = database_page / PAGES_IN_MAP_PAGE;
        if self.page.as_ref().is_none_or(|(kept, _)| *kept != number) {
            self.page = Some((number, map.read(number)));
        }
        let page = self.page.as_ref().and_then(|(_, page)| page.as_deref());
        page.is_some_and(|page| is_written(page, database_page))
    }

    /// Those pages from the one behind the end of the file on that were written.
    pub(super) fn beyond(&mut self, first: u64) -> impl Iterator<Item = u64> {
        let covered = self.map.map_or(0, FlushMapFile::covered_pages);
        (first..covered).filter(|&page| self.has(page))
    }
}
