//! The scan of all pages on several cores, or on one where the system starts no thread.
//!
//! Positioned reads, never a map: a file that shrinks and a sector that fails are errors, not signals.

use std::sync::{Mutex, PoisonError};

use crate::storage::{
    AlignedBuffer, File, Piece, Pieces, Result, StorageError, read_full, work_watched,
};

use super::flush_map_file::{FlushMapFile, Written};
use super::pace::Pace;
use super::page_facts::{PageFacts, PageLayout};

/// Bytes read at once; they stay in the second-level cache until they are judged. A whole number of
/// pages of every size.
const READ_BYTES: usize = 128 * 1024;

/// Scans every page of a file, header copies included, with so many threads. `advance` is told the
/// bytes done and says whether to go on; `None` where it said no.
pub fn scan_pages(
    file: &dyn File,
    layout: PageLayout,
    threads: usize,
    advance: impl FnMut(u64) -> bool,
) -> Result<Option<PageFacts>> {
    scan_pages_against(file, None, layout, threads, advance)
}

/// Scans every page of a database as [`scan_pages`] does, and tells of the pages that are empty, or behind the end of
/// the file, though its flush map knows that they were written.
pub fn scan_pages_against(
    file: &dyn File,
    map: Option<&FlushMapFile>,
    layout: PageLayout,
    threads: usize,
    mut advance: impl FnMut(u64) -> bool,
) -> Result<Option<PageFacts>> {
    let scan = Scan {
        file,
        map,
        layout,
        pieces: Mutex::new(Pieces::of(file, layout.end_bytes())?),
        pace: Pace::default(),
    };
    let parts = work_watched(threads, |after_each| scan.work(after_each), &mut || {
        scan.pace.tell(&mut advance);
    });
    let mut facts = PageFacts::default();
    for part in parts {
        facts.merge(part?);
    }
    facts.judge_beyond(layout, &mut Written::new(map));
    Ok((!scan.pace.is_stopped()).then_some(facts))
}

/// What all threads of a scan share.
struct Scan<'a> {
    file: &'a dyn File,
    map: Option<&'a FlushMapFile>,
    layout: PageLayout,
    pieces: Mutex<Pieces>,
    pace: Pace,
}

impl Scan<'_> {
    /// As [`Self::judge_pieces`]; after a failure no other thread goes on.
    fn work(&self, after_each: &mut dyn FnMut()) -> Result<PageFacts> {
        self.judge_pieces(after_each).inspect_err(|_| self.pace.stop())
    }

    /// Takes one piece after the other until none is left; `after_each` is called behind each.
    fn judge_pieces(&self, after_each: &mut dyn FnMut()) -> Result<PageFacts> {
        let mut facts = PageFacts::default();
        let mut buffer = AlignedBuffer::new(READ_BYTES);
        let mut written = Written::new(self.map);
        while let Some(piece) = self.take()? {
            match piece {
                Piece::Data(range) => {
                    for offset in range.clone().step_by(READ_BYTES) {
                        let wanted = READ_BYTES.min((range.end - offset) as usize);
                        let block = &mut buffer.bytes_mut()[..wanted];
                        self.judge_from_disk(&mut facts, &mut written, block, offset)?;
                        self.pace.advance(wanted as u64);
                    }
                }
                Piece::Hole(range) => {
                    facts.judge_hole_against(self.layout, range.start, range.end, &mut written);
                    self.pace.advance(range.end - range.start);
                }
            }
            after_each();
        }
        Ok(facts)
    }

    fn take(&self) -> Result<Option<Piece>> {
        if self.pace.is_stopped() {
            return Ok(None);
        }
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner).next(self.file)
    }

    fn judge_from_disk(
        &self,
        facts: &mut PageFacts,
        written: &mut Written,
        block: &mut [u8],
        offset: u64,
    ) -> Result<()> {
        match read_full(self.file, block, offset) {
            Ok(read) if read == block.len() => {
                facts.judge_against(self.layout, block, offset, written);
                Ok(())
            }
            Ok(read) => Err(ends_early(self.file, offset + read as u64)),
            Err(_) => self.judge_page_by_page(facts, written, block, offset),
        }
    }

    /// After a read error: each page by itself, so that only the unreadable ones are given up.
    fn judge_page_by_page(
        &self,
        facts: &mut PageFacts,
        written: &mut Written,
        block: &mut [u8],
        offset: u64,
    ) -> Result<()> {
        let (file, layout) = (self.file, self.layout);
        let mut at = offset;
        for page in block.chunks_exact_mut(layout.page_size_bytes) {
            match read_full(file, page, at) {
                Ok(read) if read == page.len() => facts.judge_against(layout, page, at, written),
                Ok(read) => return Err(ends_early(file, at + read as u64)),
                Err(_) => facts.note_unreadable(layout, at),
            }
            at += page.len() as u64;
        }
        Ok(())
    }
}

fn ends_early(file: &dyn File, at: u64) -> StorageError {
    let error = std::io::Error::other("the file became shorter while it was read");
    StorageError::at("read", file.path(), at, error)
}
